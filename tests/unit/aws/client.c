/* Renewing: expired credentials and a wrong clock, alone and through the loop. */
#include "aws/protocol.h"
#include "aws/services.h"
#include "unit/aws/fixture.h"

#define EXPIRED "{\"__type\":\"ExpiredTokenException\",\"message\":\"The security token is expired\"}"
#define SKEWED "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired: 20261124T053624Z is " \
	"now earlier than 20261124T062124Z\"}"

static void reply_init(struct reply *reply, int status, const char *date, const char *body)
{
	*reply = (struct reply){ .status = status, .head = BUF_MAX(REPLY_HEAD_MAX), .body = BUF_MAX(REPLY_BODY_MAX),
	                         .talk = BUF_MAX(REPLY_HEAD_MAX) };
	if (date)
		buf_printf(&reply->head, "Date: %s\n", date);
	buf_text(&reply->body, body);
}

static int renew_after(struct machine *m, int status, const char *date, const char *body, struct err *e)
{
	struct reply reply;
	int result;

	reply_init(&reply, status, date, body);
	result = aws_renew(&m->aws, &m->transport, &reply, e);
	reply_release(&reply);
	return result;
}

static void log_in(struct machine *m, const char *key_id, const char *token)
{
	AUTO(err) struct err e = {0};

	machine_init(m);
	fake_host_env(&m->files, "AWS_ACCESS_KEY_ID", key_id);
	fake_host_env(&m->files, "AWS_SECRET_ACCESS_KEY", "k");
	fake_host_env(&m->files, "AWS_SESSION_TOKEN", token);
	if (machine_login(m, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static void expired_credentials_are_fetched_anew(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	(void)state;
	log_in(&m, "ASIAONE", "t1");
	fake_host_env(&m.files, "AWS_ACCESS_KEY_ID", "ASIATWO");
	fake_host_env(&m.files, "AWS_SESSION_TOKEN", "t2");
	assert_int_equal(renew_after(&m, 400, NULL, EXPIRED, &e), 0);
	assert_string_equal(m.aws.creds.key_id, "ASIATWO");
	assert_string_equal(secret_expose(&m.aws.creds.session_token).p, "t2");
}

static void an_answer_of_sts_gives_credentials_of_its_own(void **state)
{
	static const struct {
		const char *token;
		enum err_kind kind;
		const char *says;
	} wrong[] = {
		{ NULL, ERR_REMOTE, "the answer of sts:AssumeRole" },
		{ "two words", ERR_AUTH, "the credentials of the role hold spaces" },
	};
	AUTO(machine) struct machine m;
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(err) struct err e = {0};
	struct value *given = value_new_map(&mem), *body = value_new_map(&mem);
	struct aws as;

	(void)state;
	log_in(&m, "ASIAONE", "t1");
	value_set(&mem, body, "Credentials", given);
	value_set_text(&mem, given, "AccessKeyId", "ASIATWO");
	value_set_text(&mem, given, "SecretAccessKey", "k2");
	value_set_text(&mem, given, "Expiration", "2026-11-24T06:00:00Z");
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		AUTO(err) struct err why = {0};

		if (wrong[i].token)
			value_set_text(&mem, given, "SessionToken", wrong[i].token);
		assert_int_equal(aws_as_answered(&m.aws, &sts_assume_role, body, "the role", &as, &why), -1);
		assert_int_equal(why.kind, wrong[i].kind);
		assert_non_null(strstr(why.text, wrong[i].says));
		assert_null(as.creds.key_id);
	}
	value_set_text(&mem, given, "SessionToken", "t2");
	assert_int_equal(aws_as_answered(&m.aws, &sts_assume_role, body, "the role", &as, &e), 0);
	assert_string_equal(as.creds.key_id, "ASIATWO");
	assert_string_equal(secret_expose(&as.creds.session_token).p, "t2");
	assert_null(as.origin);
	assert_string_equal(as.region, m.aws.region);
	assert_string_equal(m.aws.creds.key_id, "ASIAONE");
	credentials_release(&as.creds);
}

static void the_same_expired_credentials_again_are_an_error(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	(void)state;
	log_in(&m, "ASIAONE", "t1");
	assert_int_equal(renew_after(&m, 400, NULL, EXPIRED, &e), -1);
	assert_int_equal(e.kind, ERR_AUTH);
	assert_string_equal(e.text, "the AWS credentials of environment have expired");
	assert_string_equal(e.hint, "get new ones, then run this again: what was done stays done");
}

static void expired_credentials_that_are_gone(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	(void)state;
	log_in(&m, "ASIAONE", "t1");
	fake_host_env(&m.files, "AWS_ACCESS_KEY_ID", NULL);
	assert_int_equal(renew_after(&m, 400, NULL, EXPIRED, &e), -1);
	assert_true(text_starts(e.text, "no AWS credentials: environment (AWS_ACCESS_KEY_ID is not set)"));
	assert_null(m.aws.creds.key_id);
}

static void the_clock_follows_the_servers(void **state)
{
	static const struct {
		const char *date;
		int64_t skew_s;
	} cases[] = {
		{ "Tue, 24 Nov 2026 06:36:24 GMT", 3600 },
		{ "Tue, 24 Nov 2026 05:31:24 GMT", -300 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(machine) struct machine m;
		AUTO(err) struct err e = {0};

		log_in(&m, "AKIA", NULL);
		assert_int_equal(renew_after(&m, 400, cases[i].date, SKEWED, &e), 0);
		assert_int_equal(m.aws.skew_ms, cases[i].skew_s * 1000);
		assert_string_equal(m.aws.creds.key_id, "AKIA");
	}
}

static void a_clock_that_is_right_is_not_put_right(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0}, silent = {0};

	(void)state;
	log_in(&m, "AKIA", NULL);
	assert_int_equal(renew_after(&m, 400, "Tue, 24 Nov 2026 05:37:24 GMT", SKEWED, &e), -1);
	assert_true(text_starts(e.text, "AWS refused the signature's time, though the clocks agree: Signature expired"));
	assert_int_equal(renew_after(&m, 400, NULL, SKEWED, &silent), -1);
	assert_string_equal(silent.text, "AWS refused the signature's time, and did not tell its own");
	assert_int_equal(m.aws.skew_ms, 0);
}

/* A step as domain/ writes them, whose AWS is an hour ahead. */
static int ask_key(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct machine *m = world;

	(void)item;
	return aws_ask(&m->aws, rq, &kms_describe_key, NULL, e);
}

static enum heard hear_key(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct machine *m = world;
	struct aws_answer answer;

	(void)item;
	if (aws_read(&m->mem, &kms_describe_key, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	return aws_heard(&kms_describe_key, &answer, e);
}

static int renew(void *to, const void *login, const struct reply *reply, struct err *e)
{
	struct machine *m = to;

	(void)login;
	return aws_renew(&m->aws, &m->transport, reply, e);
}

static void serve_an_hour_ahead(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	(void)to;
	(void)latency_ms;
	fake_reply_header(reply, "Date", "Tue, 24 Nov 2026 06:36:24 GMT");
	if (text_same(request_header_get(rq, "X-Amz-Date"), "20261124T063624Z"))
		fake_reply(reply, 200, "{\"KeyMetadata\":{}}");
	else
		fake_reply(reply, 400, SKEWED);
}

static void a_step_goes_on_with_the_right_time(void **state)
{
	static const struct step row = { .name = "key.read", .ask = ask_key, .hear = hear_key };
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};
	struct loop loop = { .transport = &m.transport, .host = &m.host, .renew = renew, .to = &m };

	(void)state;
	log_in(&m, "AKIA", NULL);
	m.net.serve = serve_an_hour_ahead;
	if (loop_ask(&loop, &row, &m, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(fake_transport_count(&m.net, "kms:DescribeKey"), 2);
	assert_int_equal(m.aws.skew_ms, 3600 * 1000);
}

/* Throttled once: sorted as busy, so the loop asks again. */
static void serve_throttled_once(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct machine *m = to;

	(void)rq;
	(void)latency_ms;
	if (m->net.n_calls == 1)
		fake_reply(reply, 400, "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}");
	else
		fake_reply(reply, 200, "{\"KeyMetadata\":{}}");
}

static void a_throttled_step_is_asked_again(void **state)
{
	static const struct step row = { .name = "key.read", .ask = ask_key, .hear = hear_key };
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};
	struct loop loop = { .transport = &m.transport, .host = &m.host, .renew = renew, .to = &m };

	(void)state;
	log_in(&m, "AKIA", NULL);
	m.net.serve = serve_throttled_once;
	if (loop_ask(&loop, &row, &m, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(fake_transport_count(&m.net, "kms:DescribeKey"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expired_credentials_are_fetched_anew),
		cmocka_unit_test(an_answer_of_sts_gives_credentials_of_its_own),
		cmocka_unit_test(the_same_expired_credentials_again_are_an_error),
		cmocka_unit_test(expired_credentials_that_are_gone),
		cmocka_unit_test(the_clock_follows_the_servers),
		cmocka_unit_test(a_clock_that_is_right_is_not_put_right),
		cmocka_unit_test(a_step_goes_on_with_the_right_time),
		cmocka_unit_test(a_throttled_step_is_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
