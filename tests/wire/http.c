/* Plain HTTP: what is sent, what is heard, and every way in which a server can fail. */
#include "rig.h"

static bool echoed(const struct call *call, const char *line)
{
	return strstr(buf_str(&call->reply.body), line) != NULL;
}

static void methods_and_bodies_arrive(void **state)
{
	static const struct { const char *method, *body; } cases[] = {
		{ "GET", NULL }, { "DELETE", NULL }, { "POST", "x=1" }, { "POST", "" }, { "PUT", "{}" },
		{ "PATCH", "a: b\n" }, { "DELETE", "{}" },
	};
	AUTO(rig) struct rig r = { 0 };

	(void)state;
	rig_open(&r);
	for (size_t i = 0; i < COUNT_OF(cases) * 2; i++) {
		const char *method = cases[i / 2].method, *body = cases[i / 2].body;
		AUTO(call) struct call *call =
			call_to(&r, method, "http", "PLAIN", "/echo/a%2Fb/../c?q=1%202");
		AUTO(text) char *first = xasprintf("%s /echo/a%%2Fb/../c?q=1%%202\n", method);
		AUTO(text) char *end = xasprintf("\n\n%s", body ? body : "");

		call->rq.once = i % 2;
		if (body)
			request_body(&call->rq, view_text(body), NULL);
		ask(&r, call);
		assert_int_equal(call->end, CALL_REPLY);
		assert_true(text_starts(buf_str(&call->reply.body), first));
		assert_true(text_ends(buf_str(&call->reply.body), end));
		assert_false(echoed(call, "content-type:"));
		assert_false(echoed(call, "expect:"));
		assert_false(echoed(call, "transfer-encoding:"));
	}
}

static void headers_arrive_as_they_are(void **state)
{
	AUTO(rig) struct rig r = { .config.user_agent = "helm-vault-aws/1" };
	AUTO(call) struct call *call = NULL;

	(void)state;
	rig_open(&r);
	call = call_to(&r, "POST", "http", "PLAIN", "/echo");
	request_header(&call->rq, "X-Amz-Target", "Trent.X; a=b");
	request_header(&call->rq, "X-Empty", "");
	request_header(&call->rq, "Host", "kms.test");
	request_body(&call->rq, VIEW_LITERAL("{}"), "application/x-amz-json-1.1");
	ask(&r, call);
	assert_true(echoed(call, "x-amz-target: Trent.X; a=b\n"));
	assert_true(echoed(call, "x-empty: \n"));
	assert_true(echoed(call, "host: kms.test\n"));
	assert_true(echoed(call, "content-type: application/x-amz-json-1.1\n"));
	assert_true(echoed(call, "user-agent: helm-vault-aws/1\n"));
}

static void a_header_with_a_line_break_is_not_sent(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *call = NULL;
	AUTO(err) struct err e = { 0 };

	(void)state;
	rig_open(&r);
	call = call_to(&r, "GET", "http", "PLAIN", "/ok");
	request_header(&call->rq, "X-A", "b\r\nX-Smuggled: yes");
	assert_int_equal(r.t.ops->start(r.t.self, call, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
}

static void addresses_that_are_none_are_refused(void **state)
{
	static const char *const urls[] = { "", "http://", "ftp://127.0.0.1/", "file:///etc/passwd",
		                                "http://127.0.0.1:port/" };
	AUTO(rig) struct rig r = { 0 };

	(void)state;
	rig_open(&r);
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		AUTO(call) struct call *call = call_new();
		AUTO(err) struct err e = { 0 };

		request_http(&call->rq, "GET", urls[i]);
		assert_int_equal(r.t.ops->start(r.t.self, call, &e), -1);
		assert_int_equal(e.kind, ERR_CONFIG);
	}
}

static void statuses_are_replies_and_redirects_are_not_followed(void **state)
{
	static const int statuses[] = { 204, 302, 401, 404, 429, 500, 503 };
	AUTO(rig) struct rig r = { 0 };

	(void)state;
	rig_open(&r);
	for (size_t i = 0; i < COUNT_OF(statuses); i++) {
		AUTO(text) char *path = xasprintf("/status/%d", statuses[i]);
		AUTO(call) struct call *call = get(&r, path);

		assert_int_equal(call->end, CALL_REPLY);
		assert_int_equal(call->reply.status, statuses[i]);
	}
	{
		AUTO(call) struct call *call = get(&r, "/redirect");

		assert_body(call, 302, "");
		assert_int_equal(hits(&r, "/ok"), 0);
	}
}

static void only_the_final_head_is_kept(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(call) struct call *early = NULL, *late = NULL, *head = NULL;

	(void)state;
	rig_open(&r);
	early = get(&r, "/interim");
	assert_body(early, 200, "ok");
	assert_null(reply_header(&early->reply, &a, "X-Early"));
	assert_string_equal(reply_header(&early->reply, &a, "x-final"), "yes");
	late = get(&r, "/trailer");
	assert_body(late, 200, "ok");
	assert_string_equal(reply_header(&late->reply, &a, "date"), "in the head");
	head = ask(&r, call_to(&r, "HEAD", "http", "PLAIN", "/head-only"));
	assert_body(head, 200, "");
	assert_string_equal(reply_header(&head->reply, &a, "X-Length"), "told");
}

static void a_large_body_goes_out_and_comes_back(void **state)
{
	AUTO(rig) struct rig r = { 0 };

	(void)state;
	rig_open(&r);
	for (int once = 0; once < 2; once++) {
		AUTO(call) struct call *call = call_to(&r, "PUT", "http", "PLAIN", "/size");
		AUTO(buf) struct buf body = BUF_MAX(8 << 20);

		while (body.n < 5000000)
			buf_text(&body, "0123456789");
		request_body(&call->rq, buf_bytes(&body), "text/plain");
		call->rq.once = once;
		ask(&r, call);
		assert_body(call, 200, "5000000");
	}
}

static void one_connection_serves_many_calls(void **state)
{
	AUTO(rig) struct rig r = { 0 };

	(void)state;
	rig_open(&r);
	for (int i = 0; i < 5; i++) {
		AUTO(call) struct call *call = get(&r, "/ok");

		assert_body(call, 200, "ok");
		assert_int_equal(call->fresh, i == 0);
	}
	assert_int_equal(engine_curl_counts(&r.t).calls, 5);
	assert_int_equal(engine_curl_counts(&r.t).connections, 1);
}

/* ---- failing servers ---- */

static void what_breaks_after_the_request_is_lost(void **state)
{
	static const char *const paths[] = { "/reset", "/close", "/partial", "/garbage" };
	AUTO(rig) struct rig r = { 0 };

	(void)state;
	rig_open(&r);
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		AUTO(call) struct call *call = call_to(&r, "GET", "http", "PLAIN", paths[i]);

		call->rq.once = true;
		ask(&r, call);
		assert_int_equal(call->end, CALL_LOST);
		assert_int_equal(call->err.kind, ERR_NET);
		assert_non_null(call->err.text);
		assert_int_equal(hits(&r, paths[i]), 1);
	}
}

static void what_is_past_its_ceiling_is_lost(void **state)
{
	static const struct { const char *path, *why; } cases[] = {
		{ "/huge", "the reply of '127.0.0.1' is too long" },
		{ "/endless-head", "the head of the reply of '127.0.0.1' is too long" },
		{ "/endless-interim", "the head of the reply of '127.0.0.1' is too long" },
	};
	AUTO(rig) struct rig r = { 0 };

	(void)state;
	rig_open(&r);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(call) struct call *call = call_to(&r, "GET", "http", "PLAIN", cases[i].path);

		call->rq.body_max = 100000;
		ask(&r, call);
		assert_int_equal(call->end, CALL_LOST);
		assert_int_equal(call->err.kind, ERR_REMOTE);
		assert_string_equal(call->err.text, cases[i].why);
	}
}

static void what_just_fits_is_whole(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *fits = NULL, *long_by_one = NULL;

	(void)state;
	rig_open(&r);
	fits = call_to(&r, "GET", "http", "PLAIN", "/ok");
	fits->rq.body_max = 2;
	ask(&r, fits);
	assert_body(fits, 200, "ok");
	long_by_one = call_to(&r, "GET", "http", "PLAIN", "/ok");
	long_by_one->rq.body_max = 1;
	ask(&r, long_by_one);
	assert_int_equal(long_by_one->end, CALL_LOST);
}

static void a_slow_reply_is_lost_in_time(void **state)
{
	static const char *const paths[] = { "/slow", "/slow-body" };
	AUTO(rig) struct rig r = { 0 };

	(void)state;
	rig_open(&r);
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		AUTO(call) struct call *call = call_to(&r, "GET", "http", "PLAIN", paths[i]);

		call->rq.timeout_ms = 150;
		ask(&r, call);
		assert_int_equal(call->end, CALL_LOST);
		assert_int_equal(call->err.kind, ERR_NET);
		assert_int_equal(call->err.status, ETIMEDOUT);
		assert_true(call->ends_ms - call->start_ms >= 150);
	}
}

static void nobody_there_is_unsent(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *closed = NULL, *nowhere = NULL;

	(void)state;
	rig_open(&r);
	closed = ask(&r, call_to(&r, "POST", "http", "CLOSED", "/ok"));
	assert_int_equal(closed->end, CALL_UNSENT);
	assert_int_equal(closed->err.kind, ERR_NET);
	assert_string_equal(closed->err.text, "'127.0.0.1' cannot be reached: Connection refused");
	nowhere = call_new();
	request_http(&nowhere->rq, "GET", "http://no-such-host.invalid/");
	ask(&r, nowhere);
	assert_int_equal(nowhere->end, CALL_UNSENT);
	assert_string_equal(nowhere->err.text, "no address is known for 'no-such-host.invalid'");
}

/*
 * A reused connection dies before the reply: libcurl sends the request once
 * more by itself, which the loop must be able to forbid (request.once).
 */
static void a_request_is_not_sent_twice_behind_our_back(void **state)
{
	static const struct { bool once; const char *body; int hits; enum call_end end; } cases[] = {
		{ false, "{}", 2, CALL_REPLY },
		{ true, "{}", 1, CALL_LOST },
		{ false, "", 2, CALL_REPLY },
		{ true, "", 1, CALL_REPLY },    /* on a fresh connection */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(rig) struct rig r = { 0 };
		AUTO(text) char *path = xasprintf("/ok/twice/%zu", i);
		AUTO(call) struct call *first = NULL, *second = NULL;

		rig_open(&r);
		first = get(&r, "/doom");
		assert_body(first, 200, "ok");
		second = call_to(&r, "POST", "http", "PLAIN", path);
		request_body(&second->rq, view_text(cases[i].body), NULL);
		second->rq.once = cases[i].once;
		ask(&r, second);
		assert_int_equal(second->end, cases[i].end);
		assert_int_equal(hits(&r, path), cases[i].hits);
	}
}

/* ---- many at once ---- */

static void calls_run_side_by_side_and_can_be_dropped(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *slow = NULL, *quick = NULL;

	(void)state;
	rig_open(&r);
	slow = call_to(&r, "GET", "http", "PLAIN", "/slow");
	quick = call_to(&r, "GET", "http", "PLAIN", "/ok");
	start(&r, slow);
	start(&r, quick);
	assert_ptr_equal(r.t.ops->wait(r.t.self, INT64_MAX), quick);
	r.t.ops->drop(r.t.self, slow);
	assert_null(r.t.ops->wait(r.t.self, r.t.ops->now_ms(r.t.self) + 20));
}

static struct call *one_abreast(struct rig *r, const char *path)
{
	struct call *call = call_to(r, "GET", "http", "PLAIN", path);

	call->rq.abreast = 1;
	start(r, call);
	return call;
}

static void calls_of_one_server_take_turns(void **state)
{
	enum { WAITING = 4 };
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *slow = NULL, *other = NULL, *beside = NULL;
	struct call *waiting[WAITING];

	(void)state;
	rig_open(&r);
	slow = one_abreast(&r, "/slow");
	for (size_t i = 0; i < WAITING; i++)
		waiting[i] = one_abreast(&r, "/ok");
	other = call_to(&r, "GET", "http", "PLAIN", "/ok");   /* without a limit it waits for nobody */
	start(&r, other);
	assert_ptr_equal(r.t.ops->wait(r.t.self, INT64_MAX), other);
	assert_null(r.t.ops->wait(r.t.self, r.t.ops->now_ms(r.t.self) + 20));
	beside = one_abreast(&r, "/slow");                    /* enough wait already: one more goes, and does not wait */
	r.t.ops->drop(r.t.self, waiting[0]);
	r.t.ops->drop(r.t.self, slow);
	for (size_t i = 1; i < WAITING; i++) {
		assert_ptr_equal(r.t.ops->wait(r.t.self, INT64_MAX), waiting[i]);
		assert_int_equal(waiting[i]->fresh, i == 1);      /* that of the slow one was closed with it */
	}
	r.t.ops->drop(r.t.self, beside);
	for (size_t i = 0; i < WAITING; i++)
		call_free(waiting[i]);
	assert_int_equal(engine_curl_counts(&r.t).calls, 7);
}

/* A row of many calls leaves its connections for the next row. */
static void connections_of_many_calls_are_kept(void **state)
{
	enum { MANY = 24 };
	AUTO(rig) struct rig r = { 0 };

	(void)state;
	rig_open(&r);
	for (size_t round = 0; round < 2; round++) {
		struct call *calls[MANY];

		for (size_t i = 0; i < MANY; i++)
			start(&r, calls[i] = call_to(&r, "GET", "http", "PLAIN", "/ok"));
		for (size_t i = 0; i < MANY; i++)
			assert_int_equal(r.t.ops->wait(r.t.self, INT64_MAX)->reply.status, 200);
		for (size_t i = 0; i < MANY; i++)
			call_free(calls[i]);
	}
	assert_int_equal(engine_curl_counts(&r.t).calls, 2 * MANY);
	assert_int_equal(engine_curl_counts(&r.t).connections, MANY);
}

static void waiting_ends_when_it_is_time(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	int64_t until;

	(void)state;
	rig_open(&r);
	until = r.t.ops->now_ms(r.t.self) + 30;
	assert_null(r.t.ops->wait(r.t.self, until));
	assert_true(r.t.ops->now_ms(r.t.self) >= until);
}

static void the_trace_names_calls_and_no_secrets(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *call = NULL, *plain = NULL;

	(void)state;
	rig_open(&r);
	call = call_to(&r, "POST", "http", "PLAIN", "/ok?token=s3cret");
	request_header(&call->rq, "Authorization", "Bearer s3cret");
	request_body(&call->rq, VIEW_LITERAL("s3cret"), "text/plain");
	call->rq.label = "kms:DescribeKey";
	ask(&r, call);
	plain = get(&r, "/ok?token=s3cret");
	assert_non_null(strstr(buf_str(&r.trace), "> POST 127.0.0.1:"));
	assert_non_null(strstr(buf_str(&r.trace), "/ok kms:DescribeKey\n"));
	assert_non_null(strstr(buf_str(&r.trace), "< 200 kms:DescribeKey "));
	assert_null(strstr(buf_str(&r.trace), "s3cret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods_and_bodies_arrive),
		cmocka_unit_test(headers_arrive_as_they_are),
		cmocka_unit_test(a_header_with_a_line_break_is_not_sent),
		cmocka_unit_test(addresses_that_are_none_are_refused),
		cmocka_unit_test(statuses_are_replies_and_redirects_are_not_followed),
		cmocka_unit_test(only_the_final_head_is_kept),
		cmocka_unit_test(a_large_body_goes_out_and_comes_back),
		cmocka_unit_test(one_connection_serves_many_calls),
		cmocka_unit_test(what_breaks_after_the_request_is_lost),
		cmocka_unit_test(what_is_past_its_ceiling_is_lost),
		cmocka_unit_test(what_just_fits_is_whole),
		cmocka_unit_test(a_slow_reply_is_lost_in_time),
		cmocka_unit_test(nobody_there_is_unsent),
		cmocka_unit_test(a_request_is_not_sent_twice_behind_our_back),
		cmocka_unit_test(calls_run_side_by_side_and_can_be_dropped),
		cmocka_unit_test(calls_of_one_server_take_turns),
		cmocka_unit_test(connections_of_many_calls_are_kept),
		cmocka_unit_test(waiting_ends_when_it_is_time),
		cmocka_unit_test(the_trace_names_calls_and_no_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
