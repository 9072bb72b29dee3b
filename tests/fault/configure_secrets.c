/*
 * The secrets that configure's file names in Secrets Manager, under every fault of every call: they are found, or each that
 * is not is told with its place in the file; nothing of theirs is in an error.
 */
#include "fault/run.h"

#include "core/text.h"
#include "domain/configure.h"
#include "formats/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define USERS "userpass: {u: {users: {\n"
#define ARN   "arn:aws:secretsmanager:" CLOUD_REGION ":" CLOUD_ACCOUNT ":secret:plain-AbCdEf"

static const char RIGHT[] = USERS
    "  a: {password: {secretsmanager: people, key: a}},\n"
    "  b: {password: {secretsmanager: " ARN "}}}}}\n";

static void add_secret(struct fake_cloud *c, const char *name, const char *arn, const char *value)
{
	c->secrets[c->n_secrets++] = (struct cloud_secret){ .name = name, .arn = arn, .value = value };
}

static void account_open(struct account *a)
{
	account_init(a);
	add_secret(&a->cloud, "people", "arn:aws:secretsmanager:" CLOUD_REGION ":" CLOUD_ACCOUNT ":secret:people-AbCdEf",
	           "{\"a\": \"value-5ec2e7\", \"number\": 7, \"empty\": \"\", \"long\": "
	           "\"5ec2e7-01234567890123456789012345678901234567890123456789012345678901234567890123456789\"}");
	add_secret(&a->cloud, "plain", ARN, "plain-5ec2e7");
}

/* 0, or -1 with why: as the command does it. values: of the file's users, in its order; NULL: not of interest. */
static int fetch(struct account *account, const char *text, const char *const *values, struct err *e)
{
	AUTO(run) struct run r;
	AUTO(err) struct err warnings = { 0 };
	struct configure w = { 0 };
	struct loop loop;
	struct value *tree;
	int result;

	run_open(&r, &account->cloud, &account->machine, NULL);
	assert_int_equal(va_yaml_parse(&r.mem, view_text(text), "f", &tree, &r.e), 0);
	assert_int_equal(configure_read(&r.mem, tree, &w.config, &warnings, &r.e), 0);
	w.boot = (struct boot){ .mem = &r.mem, .host = &account->machine.host, .aws = &r.aws, .want = &r.world.want };
	assert_int_equal(configure_init(&w, &r.e), 0);
	assert_true(configure_asks_aws(&w));
	loop = (struct loop){ .transport = &account->cloud.transport, .host = &account->machine.host };
	r.graph = (struct graph){ .steps = configure_secrets, .n = n_configure_secrets, .world = &w,
	                          .tracks = ARENA_ARRAY(&r.mem, struct track, n_configure_secrets) };
	result = loop_run(&loop, &r.graph, 1, e);
	if (result == 0 && w.unresolved.kind) {
		err_move(e, &w.unresolved);
		result = -1;
	}
	for (size_t i = 0; result == 0 && values && values[i]; i++)
		assert_string_equal(secret_expose(&w.config.lists[CONFIG_USER].at[i].secret->value).p, values[i]);
	configure_release(&w);
	return result;
}

static void they_are_found(void **state)
{
	static const char *const values[] = { "value-5ec2e7", "plain-5ec2e7", NULL };
	AUTO(account) struct account a;
	AUTO(err) struct err e = { 0 };

	(void)state;
	account_open(&a);
	if (fetch(&a, RIGHT, values, &e) < 0)
		fail_msg("%s", e.text);
}

static const struct {
	const char *from, *error;
} wrong[] = {
	{ "none", "f:2:17: 'password': reading 'none': " },
	{ "none, key: x", "f:2:17: 'password': reading 'none': " },
	{ "people, key: b", "f:2:17: 'password': 'people' in Secrets Manager has no text 'b'" },
	{ "people, key: number", "f:2:17: 'password': 'people' in Secrets Manager has no text 'number'" },
	{ "people, key: empty", "f:2:17: 'password': 'empty' of 'people' in Secrets Manager is empty" },
	{ "people, key: long", "f:2:17: 'password': 'long' of 'people' in Secrets Manager is longer than the 72 bytes" },
	{ "plain, key: a", "f:2:17: 'password': 'plain' in Secrets Manager is no JSON object, and so has no 'a'" },
	{ "'arn:aws:x'", "f:2:17: 'password': " },
};

static void what_is_not_there_has_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		AUTO(account) struct account a;
		AUTO(err) struct err e = { 0 };
		AUTO(text) char *text = xasprintf(USERS "  a: {password: {secretsmanager: %s}}}}}\n", wrong[i].from);

		account_open(&a);
		assert_int_equal(fetch(&a, text, NULL, &e), -1);
		if (!text_starts(e.text, wrong[i].error) || err_exit_code(&e) != 2 || strstr(e.text, "5ec2e7"))
			fail_msg("%s, exit %d", e.text, err_exit_code(&e));
	}
}

static void all_that_is_not_there_is_told_at_once(void **state)
{
	AUTO(account) struct account a;
	AUTO(err) struct err e = { 0 };

	(void)state;
	account_open(&a);
	assert_int_equal(fetch(&a, USERS "  a: {password: {secretsmanager: x}},\n  b: {password: {secretsmanager: plain}},\n"
	                       "  c: {password: {secretsmanager: other}}}}}\n", NULL, &e), -1);
	assert_int_equal(err_count(&e), 2);
}

static void any_call_may_fail(unsigned at, enum fault fault, enum reach reach)
{
	static const char *const values[] = { "value-5ec2e7", "plain-5ec2e7", NULL };
	AUTO(account) struct account a;
	AUTO(err) struct err e = { 0 };
	bool killed = fault == FAULT_KILLED || fault == FAULT_KILLED_BEFORE;

	account_open(&a);
	fake_transport_fault(&a.cloud.net, at, fault, reach);
	if (fetch(&a, RIGHT, values, &e) < 0 && ((reach == REACH_ONCE && !killed) || !e.text || strstr(e.text, "5ec2e7")))
		fail_msg("call %u, fault %d: %s", at, fault, e.text ? e.text : "without a word");
	fake_transport_heal(&a.cloud.net);
	err_release(&e);
	if (fetch(&a, RIGHT, values, &e) < 0)
		fail_msg("%s", e.text);
}

static void every_call_may_fail_in_every_way(void **state)
{
	(void)state;
	fake_transport_fail_each(2, any_call_may_fail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_are_found),
		cmocka_unit_test(what_is_not_there_has_its_place),
		cmocka_unit_test(all_that_is_not_there_is_told_at_once),
		cmocka_unit_test(every_call_may_fail_in_every_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
