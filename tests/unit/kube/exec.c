/* exec: the upgrade that is asked for, the channels, and how a command's end is read. */
#include "common.h"

#include "kube/exec.h"

static struct request asked(struct kube *k, const char *container, const char *const *argv)
{
	struct request rq = { 0 };
	AUTO(err) struct err e = { 0 };

	assert_int_equal(kube_ask_exec(k, &rq, "va", "vault-0", container, argv, &e), 0);
	return rq;
}

static void the_upgrade_is_asked_for_as_anything_is(void **state)
{
	static const char *const argv[] = { "sh", "-c", "echo \"$1\" & x=1\n", "sh", NULL };
	struct kube k = { .server = "https://api:6443", .context = "c", .as_user = "ops" };
	struct request rq;

	(void)state;
	secret_set(&k.token, view_text("t0ken"));
	rq = asked(&k, "vault", argv);
	assert_int_equal(rq.kind, REQUEST_MESSAGES);
	assert_string_equal(rq.method, "GET");
	assert_string_equal(rq.url, "https://api:6443/api/v1/namespaces/va/pods/vault-0/exec?stdout=true&stderr=true&container=vault"
	                            "&command=sh&command=-c&command=echo%20%22%241%22%20%26%20x%3D1%0A&command=sh");
	assert_string_equal(request_header_get(&rq, "Authorization"), "Bearer t0ken");
	assert_string_equal(request_header_get(&rq, "Impersonate-User"), "ops");
	assert_string_equal(request_header_get(&rq, "Sec-WebSocket-Protocol"), "v5.channel.k8s.io, v4.channel.k8s.io");
	assert_string_equal(request_header_get(&rq, "Accept"), "*/*");
	assert_ptr_equal(rq.tls, &k.tls);
	request_release(&rq);
	rq = asked(&k, NULL, argv);
	assert_null(strstr(rq.url, "container="));
	request_release(&rq);
	kube_release(&k);
}

static void commands_have_words_but_not_too_many(void **state)
{
	const char *many[EXEC_WORDS_MAX + 2] = { 0 };
	struct kube k = { .server = "https://api" };
	struct request rq = { 0 };
	AUTO(err) struct err e = { 0 }, none = { 0 };

	(void)state;
	assert_int_equal(kube_ask_exec(&k, &rq, "va", "p", NULL, many, &none), -1);
	assert_int_equal(none.kind, ERR_BUG);
	for (size_t i = 0; i <= EXEC_WORDS_MAX; i++)
		many[i] = "x";
	assert_int_equal(kube_ask_exec(&k, &rq, "va", "p", NULL, many, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
	request_release(&rq);
}

#define MESSAGE(text) { text, sizeof(text) - 1 }
#define RESULT(text) MESSAGE("\x03" text)

static const struct {
	struct { const char *p; size_t n; } messages[4];
	int code;                       /* -2: no end that could be read */
	const char *out, *talk, *words; /* words: of the message, or of the error */
} ends[] = {
	{ { MESSAGE("\x01"), MESSAGE("\x01yes\n"), MESSAGE("\x02hm"), RESULT("{\"metadata\":{},\"status\":\"Success\"}") }, 0, "yes\n", "hm", "" },
	{ { MESSAGE(""), MESSAGE("\x02"), RESULT("{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\",\"message\":\"exit code 137\","
	    "\"details\":{\"causes\":[{\"reason\":\"Other\",\"message\":\"1\"},{\"reason\":\"ExitCode\",\"message\":\"137\"}]}}") },
	  137, "", "", "exit code 137" },
	{ { RESULT("{\"status\":\"Failure\",\"reason\":\"InternalError\",\"code\":500,\"message\":\"exec: \\\"nosuch\\\": executable file "
	    "not found in $PATH\"}") }, EXEC_NOT_FOUND, "", "", "nosuch" },
	{ { RESULT("{\"status\":\"Failure\",\"reason\":\"InternalError\",\"message\":\"container not running\"}") }, -1, "", "", "not running" },
	{ { RESULT("{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\"}") }, -2, NULL, NULL, "has no exit code" },
	{ { RESULT("{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\",\"details\":{\"causes\":[{\"reason\":\"ExitCode\","
	    "\"message\":\"256\"}]}}") }, -2, NULL, NULL, "has no exit code" },
	{ { RESULT("{\"status\":") }, -2, NULL, NULL, "the result of the command" },
	{ { RESULT("") }, -2, NULL, NULL, "the result of the command" },
	{ { MESSAGE("\x01yes") }, -2, NULL, NULL, "without a result" },
};

static void each_end_is_read(void **state)
{
	static const char *const argv[] = { "true", NULL };
	struct kube k = { .server = "https://api" };
	struct request rq = asked(&k, NULL, argv);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct reply reply = { .status = 101, .head = BUF_MAX(1000), .body = BUF_MAX(100), .talk = BUF_MAX(100) };
		enum message_said said = MESSAGE_MORE;
		struct kube_ran ran = { 0 };

		for (size_t m = 0; m < COUNT_OF(ends[i].messages) && ends[i].messages[m].p; m++) {
			assert_int_equal(said, MESSAGE_MORE);
			said = rq.hear(&reply, view_of(ends[i].messages[m].p, ends[i].messages[m].n), &e);
			assert_null(e.text);
		}
		if (ends[i].code == -2) {
			assert_int_equal(kube_read_exec(&a, &reply, &ran, &e), -1);
			assert_int_equal(e.kind, ERR_REMOTE);
			assert_holds(e.text, ends[i].words);
		} else {
			assert_int_equal(said, MESSAGE_LAST);
			assert_int_equal(kube_read_exec(&a, &reply, &ran, &e), 0);
			assert_true(ran.started);
			assert_int_equal(ran.code, ends[i].code);
			assert_true(view_is(ran.out, ends[i].out));
			assert_true(view_is(ran.talk, ends[i].talk));
			assert_holds(ran.answer.message, ends[i].words);
		}
		reply_release(&reply);
	}
	request_release(&rq);
}

static void what_is_no_output_is_refused(void **state)
{
	static const struct { const char *p; size_t n; const char *words; } cases[] = {
		{ "\x00x", 2, "unknown channel 0" },
		{ "\x04{}", 3, "unknown channel 4" },
		{ "\xff", 1, "unknown channel 255" },
		{ "\x03{\n}", 4, "more than a line" },
		{ "\x01" "0123456789", 11, "longer than" },
	};
	static const char *const argv[] = { "true", NULL };
	struct kube k = { .server = "https://api" };
	struct request rq = asked(&k, NULL, argv);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct reply reply = { .status = 101, .head = BUF_MAX(100), .body = BUF_MAX(9), .talk = BUF_MAX(100) };
		AUTO(err) struct err e = { 0 };

		assert_int_equal(rq.hear(&reply, view_of(cases[i].p, cases[i].n), &e), MESSAGE_WRONG);
		assert_int_equal(e.kind, ERR_REMOTE);
		assert_holds(e.text, cases[i].words);
		reply_release(&reply);
	}
	request_release(&rq);
}

static void a_refusal_is_no_end(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct reply no = { .status = 403, .head = BUF_MAX(100), .body = BUF_MAX(1000) }, page = { .status = 200 };
	struct kube_ran ran;

	(void)state;
	buf_text(&no.body, "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"cannot create resource pods/exec\"}");
	assert_int_equal(kube_read_exec(&a, &no, &ran, &e), 0);
	assert_false(ran.started);
	assert_int_equal(kube_heard(&ran.answer, "running it", &e), HEARD_REFUSED);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_int_equal(kube_read_exec(&a, &page, &ran, &e), 0);
	assert_false(ran.started);
	assert_int_not_equal(kube_heard(&ran.answer, "running it", &e), HEARD_DONE);
	reply_release(&no);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_upgrade_is_asked_for_as_anything_is),
		cmocka_unit_test(commands_have_words_but_not_too_many),
		cmocka_unit_test(each_end_is_read),
		cmocka_unit_test(what_is_no_output_is_refused),
		cmocka_unit_test(a_refusal_is_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
