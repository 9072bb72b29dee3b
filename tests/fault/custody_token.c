/*
 * The root token that init left, looked for in one place after another: which
 * one counts, what is asked and what is not, and what is said when none has it.
 */
#include "domain/boot_custody.h"
#include "fault/run.h"

#include "core/text.h"
#include "unit/unit.h"

#define NAME   "helm-vault-aws/prod/vault/vault/root-token"
#define BUCKET "vault-keys"
#define TOKEN  "hvs.root-of-this-vault"

enum { IN_BUCKET = 1, IN_SECRETS = 2, IN_PARAMETERS = 4 };

static const char *const reads[] = { "s3:GetObject", "secretsmanager:GetSecretValue", "ssm:GetParameter" };

/* A process that looks for a token. */
struct seeker {
	struct account account;
	struct run run;
	struct boot boot;
};

static void seeker_init(struct seeker *s, unsigned where, const char *bucket)
{
	struct fake_cloud *c = &s->account.cloud;
	struct boot_options options = { .custody_bucket = bucket };
	AUTO(err) struct err e = {0};

	account_init(&s->account);
	c->bucket = (struct cloud_bucket){ .name = BUCKET, .versioning = "Enabled" };
	if (where & IN_BUCKET)
		c->objects[c->n_objects++] = (struct cloud_kept){ .name = NAME, .value = TOKEN "-s3" };
	if (where & IN_SECRETS)
		c->secrets[c->n_secrets++] = (struct cloud_secret){ .name = NAME, .arn = NAME, .value = TOKEN "-secrets" };
	if (where & IN_PARAMETERS)
		c->parameters[c->n_parameters++] = (struct cloud_kept){ .name = "/" NAME, .value = TOKEN "-ssm" };
	run_open(&s->run, c, &s->account.machine, NULL);
	if (boot_init(&s->boot, &s->run.world, &options, &e) < 0)
		fail_msg("%s", e.text);
	fake_transport_heal(&c->net);
}

static void seeker_release(struct seeker *s)
{
	boot_release(&s->boot);
	run_close(&s->run);
	account_release(&s->account);
}
SCOPE_END(seeker, struct seeker, seeker_release(v))

static int seek(struct seeker *s)
{
	struct run *r = &s->run;
	struct loop loop = { .transport = &r->cloud->transport, .host = &r->machine->host };
	struct boot_custody c;
	int result;

	boot_custody_init(&c, &s->boot);
	r->graph = (struct graph){
		.steps = boot_custody_steps, .n = BOOT_CUSTODY_PLACES, .world = &c,
		.tracks = ARENA_ARRAY(&r->mem, struct track, BOOT_CUSTODY_PLACES),
	};
	result = loop_run(&loop, &r->graph, 1, &r->e);
	if (result == 0)
		result = boot_custody_take(&c, &r->e);
	boot_custody_release(&c);
	return result;
}

static unsigned asked(const struct seeker *s, const char *call)
{
	return fake_transport_count(&s->account.cloud.net, call);
}

/* No word of what is kept, in any problem. */
static void assert_silent(const struct err *e)
{
	for (; e; e = e->more) {
		assert_null(strstr(e->text ? e->text : "", TOKEN));
		assert_null(strstr(e->hint ? e->hint : "", TOKEN));
	}
}

static void the_first_place_that_holds_it_counts(void **state)
{
	static const struct {
		unsigned where;
		const char *bucket, *token, *from;
		unsigned asked[COUNT_OF(reads)];
	} cases[] = {
		{ IN_SECRETS, NULL, TOKEN "-secrets", "'" NAME "' in Secrets Manager", { 0, 1, 0 } },
		{ IN_SECRETS | IN_PARAMETERS, NULL, TOKEN "-secrets", "'" NAME "' in Secrets Manager", { 0, 1, 0 } },
		{ IN_PARAMETERS, NULL, TOKEN "-ssm", "'" NAME "' in Parameter Store", { 0, 1, 1 } },
		{ IN_BUCKET | IN_PARAMETERS, NULL, TOKEN "-ssm", "'" NAME "' in Parameter Store", { 0, 1, 1 } },
		{ IN_BUCKET, BUCKET, TOKEN "-s3", "'" NAME "' in the bucket '" BUCKET "'", { 1, 0, 0 } },
		{ IN_BUCKET | IN_SECRETS, BUCKET, TOKEN "-s3", "'" NAME "' in the bucket '" BUCKET "'", { 1, 0, 0 } },
		{ IN_PARAMETERS, BUCKET, TOKEN "-ssm", "'" NAME "' in Parameter Store", { 1, 1, 1 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(seeker) struct seeker s;

		seeker_init(&s, cases[i].where, cases[i].bucket);
		if (seek(&s) < 0)
			fail_msg("case %zu: %s", i, s.run.e.text);
		assert_string_equal(secret_expose(&s.boot.token).p, cases[i].token);
		assert_string_equal(s.boot.token_from, cases[i].from);
		for (size_t k = 0; k < COUNT_OF(reads); k++)
			assert_int_equal(asked(&s, reads[k]), cases[i].asked[k]);
		assert_int_equal(s.account.cloud.writes, 0);
	}
}

static void nowhere_is_said_with_all_that_was_tried(void **state)
{
	AUTO(seeker) struct seeker s, bucket;

	(void)state;
	seeker_init(&s, IN_BUCKET, NULL);
	assert_int_equal(seek(&s), -1);
	assert_int_equal(s.run.e.kind, ERR_AUTH);
	assert_string_equal(s.run.e.text, "custody: there is no '" NAME "' in Secrets Manager or Parameter Store");
	assert_string_equal(s.run.e.hint, "--custody-bucket BUCKET has it looked for in S3 too");
	assert_null(s.run.e.more);

	seeker_init(&bucket, 0, BUCKET);
	assert_int_equal(seek(&bucket), -1);
	assert_string_equal(bucket.run.e.text,
	                    "custody: there is no '" NAME "' in the bucket '" BUCKET "', Secrets Manager or Parameter Store");
	assert_null(bucket.run.e.hint);
}

static void a_bucket_that_is_not_there_is_told_apart(void **state)
{
	AUTO(seeker) struct seeker s;

	(void)state;
	seeker_init(&s, 0, "vault-kyes");
	assert_int_equal(seek(&s), -1);
	assert_string_equal(s.run.e.text, "custody: there is no '" NAME "' in Secrets Manager or Parameter Store");
	assert_non_null(s.run.e.more);
	assert_non_null(strstr(s.run.e.more->text, "the bucket 'vault-kyes'"));
	assert_non_null(strstr(s.run.e.more->text, "NoSuchBucket"));
}

/* Who may not read the one may read the other; and where none is left, the refusal is said beside what was not there. */
static void a_refusal_is_no_end_but_is_told(void **state)
{
	AUTO(seeker) struct seeker s, none;

	(void)state;
	seeker_init(&s, IN_SECRETS | IN_PARAMETERS, NULL);
	s.account.cloud.denied = reads[1];
	assert_int_equal(seek(&s), 0);
	assert_string_equal(secret_expose(&s.boot.token).p, TOKEN "-ssm");

	seeker_init(&none, IN_SECRETS, NULL);
	none.account.cloud.denied = reads[1];
	assert_int_equal(seek(&none), -1);
	assert_string_equal(none.run.e.text, "custody: there is no '" NAME "' in Parameter Store");
	assert_non_null(none.run.e.more);
	assert_int_equal(none.run.e.more->kind, ERR_DENIED);
	assert_non_null(strstr(none.run.e.more->text, "custody: Secrets Manager: reading '" NAME "'"));
	assert_silent(&none.run.e);
}

static void what_holds_no_token_is_passed_over(void **state)
{
	static const struct { const char *value, *said; } cases[] = {
		{ "{\"helm-vault-aws-init\":\"0123456789abcdef0123456789abcdef\"}", "holds no token yet" },
		{ "two words " TOKEN, "is no token" },
		{ " ", "is empty" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(seeker) struct seeker s, both;

		seeker_init(&s, IN_SECRETS, NULL);
		s.account.cloud.secrets[0].value = cases[i].value;
		assert_int_equal(seek(&s), -1);
		assert_non_null(s.run.e.more);
		if (!strstr(s.run.e.more->text, cases[i].said))
			fail_msg("'%s' instead of '%s'", s.run.e.more->text, cases[i].said);
		assert_silent(&s.run.e);

		seeker_init(&both, IN_SECRETS | IN_PARAMETERS, NULL);
		both.account.cloud.secrets[0].value = cases[i].value;
		assert_int_equal(seek(&both), 0);
		assert_string_equal(secret_expose(&both.boot.token).p, TOKEN "-ssm");
	}
}

static void a_fault_of_a_call_is_absorbed(void **state)
{
	(void)state;
	for (unsigned at = 1; at <= 2; at++)
		for (enum fault fault = FAULT_RESET; fault <= FAULT_SLOW; fault++) {
			AUTO(seeker) struct seeker s;

			seeker_init(&s, IN_PARAMETERS, NULL);
			fake_transport_fault(&s.account.cloud.net, at, fault, REACH_ONCE);
			if (seek(&s) < 0)
				fail_msg("call %u: %s", at, s.run.e.text);
			assert_string_equal(secret_expose(&s.boot.token).p, TOKEN "-ssm");
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_place_that_holds_it_counts),
		cmocka_unit_test(nowhere_is_said_with_all_that_was_tried),
		cmocka_unit_test(a_bucket_that_is_not_there_is_told_apart),
		cmocka_unit_test(a_refusal_is_no_end_but_is_told),
		cmocka_unit_test(what_holds_no_token_is_passed_over),
		cmocka_unit_test(a_fault_of_a_call_is_absorbed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
