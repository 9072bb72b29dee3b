/*
 * Our client, signer and credentials against the strict AWS front of tests/aws,
 * which checks every signature anew: each protocol, profile and clock once.
 */
#include "aws/services.h"
#include "core/text.h"
#include "formats/json.h"
#include "net/engine_curl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ACCOUNT "123456789012"

/* One caller: an engine, the profile's credentials, and the last answer. */
struct caller {
	struct host host;
	struct host_ops ops;             /* the host's, with a clock of ours */
	struct transport transport;
	struct arena mem;
	struct aws aws;
	const struct aws_op *op;
	const struct value *params;
	struct aws_answer answer;
};

static int64_t an_hour_ahead(void *self)
{
	struct host real = host_system();

	(void)self;
	return host_wall_ms(&real) + 3600 * 1000;
}

static int caller_open(struct caller *c, const char *profile, bool clock_is_off, struct err *e)
{
	struct aws_flags flags = { .profile = profile };
	struct engine_config config;

	*c = (struct caller){ .host = host_system() };
	c->ops = *c->host.ops;
	if (clock_is_off)
		c->ops.wall_ms = an_hour_ahead;
	c->host.ops = &c->ops;
	config = engine_config_from_host(&c->host);
	assert_int_equal(engine_curl_open(&config, &c->transport, e), 0);
	if (aws_open(&c->aws, &c->host, &c->mem, &flags, e) < 0)
		return -1;
	return aws_login(&c->aws, &c->transport, e);
}

static void caller_release(struct caller *c)
{
	c->transport.ops->close(c->transport.self);
	aws_release(&c->aws);
	arena_wipe(&c->mem);
}
SCOPE_END(caller, struct caller, caller_release(v))

static int ask(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct caller *c = world;

	(void)item;
	return aws_ask(&c->aws, rq, c->op, c->params, e);
}

static enum heard hear(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct caller *c = world;

	(void)item;
	if (aws_read(&c->mem, c->op, reply, &c->answer, e) < 0)
		return HEARD_UNSURE;
	return aws_heard(c->op, &c->answer, e);
}

static int renew(void *to, const void *login, const struct reply *reply, struct err *e)
{
	struct caller *c = to;

	(void)login;
	return aws_renew(&c->aws, &c->transport, reply, e);
}

static int call(struct caller *c, const struct aws_op *op, const char *params, struct err *e)
{
	static const struct step row = { .name = "call", .ask = ask, .hear = hear };
	struct loop loop = {
		.transport = &c->transport, .host = &c->host, .renew = renew, .to = c,
	};
	struct value *map;

	if (va_json_parse(&c->mem, view_text(params), NULL, &map, e) < 0)
		fail_msg("%s", e->text);
	c->op = op;
	c->params = map;
	return loop_ask(&loop, &row, c, e);
}

static const struct value *called(struct caller *c, const struct aws_op *op, const char *params)
{
	AUTO(err) struct err e = { 0 };

	if (call(c, op, params, &e) < 0)
		fail_msg("%s", e.text);
	assert_non_null(c->answer.request_id);
	return c->answer.body;
}

static void open_or_fail(struct caller *c, const char *profile, bool clock_is_off)
{
	AUTO(err) struct err e = { 0 };

	if (caller_open(c, profile, clock_is_off, &e) < 0)
		fail_msg("%s", e.text);
}

static void check_caller(struct caller *c, const char *arn)
{
	const struct value *me = called(c, &sts_get_caller_identity, "{}");

	assert_string_equal(value_text_or(me, "Arn", ""), arn);
	assert_string_equal(value_text_or(me, "Account", ""), ACCOUNT);
}

static void every_service_takes_our_signature(void **state)
{
	AUTO(caller) struct caller c;
	const struct value *key;
	const char *id;

	(void)state;
	open_or_fail(&c, "base", false);
	check_caller(&c, "arn:aws:iam::" ACCOUNT ":user/admin");
	key = called(&c, &kms_create_key, "{\"Description\":\"Schl\\u00fcssel\",\"Tags\":[{\"TagKey\":\"wire\","
	             "\"TagValue\":\"a b+c\"}]}");
	id = value_text_or(key, "KeyMetadata.KeyId", "");
	key = called(&c, &kms_describe_key, arena_printf(&c.mem, "{\"KeyId\":\"%s\"}", id));
	assert_string_equal(value_text_or(key, "KeyMetadata.Description", ""), "Schl\xc3\xbcssel");
	assert_int_equal(value_count(called(&c, &tagging_get_resources, "{\"TagFilters\":[{\"Key\":\"wire\","
	                                    "\"Values\":[\"a b+c\"]}]}"), "ResourceTagMappingList"), 1);
	assert_string_equal(value_text_or(called(&c, &iam_get_role, "{\"RoleName\":\"wire\"}"), "Role.RoleName", ""),
	                    "wire");
	called(&c, &eks_list_clusters, "{\"maxResults\":10}");
}

/* What must be encoded twice in the canonical path is where signers differ. */
static void absent_things_are_absent(void **state)
{
	static const struct {
		const struct aws_op *op;
		const char *params;
	} cases[] = {
		{ &kms_describe_key, "{\"KeyId\":\"alias/nothing\"}" },
		{ &dynamodb_describe_table, "{\"TableName\":\"nothing\"}" },
		{ &iam_get_role, "{\"RoleName\":\"nothing\"}" },
		{ &eks_describe_cluster, "{\"name\":\"no thing\"}" },
	};
	AUTO(caller) struct caller c;

	(void)state;
	open_or_fail(&c, "base", false);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(err) struct err e = { 0 };

		assert_int_equal(call(&c, cases[i].op, cases[i].params, &e), -1);
		assert_int_equal(e.kind, ERR_ABSENT);
	}
}

static void a_role_by_its_source_profile(void **state)
{
	AUTO(caller) struct caller c;
	AUTO(err) struct err e = { 0 };

	(void)state;
	open_or_fail(&c, "role", false);
	check_caller(&c, "arn:aws:sts::" ACCOUNT ":assumed-role/wire/tester");
	assert_int_equal(call(&c, &kms_create_key, "{}", &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_string_equal(e.hint, "allow kms:CreateKey on * for arn:aws:sts::" ACCOUNT ":assumed-role/wire/tester");
}

static void a_program_gives_credentials(void **state)
{
	AUTO(caller) struct caller c;

	(void)state;
	open_or_fail(&c, "process", false);
	check_caller(&c, "arn:aws:iam::" ACCOUNT ":user/admin");
}

static void a_wrong_secret_is_said_to_be_wrong(void **state)
{
	AUTO(caller) struct caller c;
	AUTO(err) struct err e = { 0 };

	(void)state;
	open_or_fail(&c, "wrong", false);
	assert_int_equal(call(&c, &sts_get_caller_identity, "{}", &e), -1);
	assert_int_equal(e.kind, ERR_AUTH);
	assert_string_equal(e.hint, "the secret key does not belong to the access key id");
}

/* An hour off, for the client's own call and for the one that assumes the role. */
static void a_clock_that_is_off_is_put_right(void **state)
{
	static const char *const profiles[] = { "base", "role" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(profiles); i++) {
		AUTO(caller) struct caller c;

		open_or_fail(&c, profiles[i], true);
		called(&c, &sts_get_caller_identity, "{}");
		assert_true(c.aws.skew_ms < -3500 * 1000 && c.aws.skew_ms > -3700 * 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_service_takes_our_signature),
		cmocka_unit_test(absent_things_are_absent),
		cmocka_unit_test(a_role_by_its_source_profile),
		cmocka_unit_test(a_program_gives_credentials),
		cmocka_unit_test(a_wrong_secret_is_said_to_be_wrong),
		cmocka_unit_test(a_clock_that_is_off_is_put_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
