/* Commands in a pod's container through a WebSocket of the API server, against exec.py. */
#include "rig.h"

#include "kube/exec.h"

struct cluster {
	struct rig rig;
	struct arena mem;
	struct kube kube;
	struct buf ca;
};

static void cluster_open(struct cluster *c)
{
	AUTO(err) struct err e = { 0 };

	rig_open(&c->rig);
	c->ca = (struct buf)BUF_MAX(1 << 20);
	assert_int_equal(host_read_file(&c->rig.host, c->rig.ca_file, &c->ca, &e), 0);
	c->kube = (struct kube){ .context = "c", .user_name = "u", .tls.ca_pem = buf_bytes(&c->ca),
		                     .server = arena_printf(&c->mem, "https://127.0.0.1:%s", rig_env(&c->rig, "WIRE_API")) };
	secret_set(&c->kube.token, view_text("t0ken"));
}

static void cluster_close(struct cluster *c)
{
	rig_close(&c->rig);
	secret_release(&c->kube.token);
	buf_release(&c->ca);
	arena_release(&c->mem);
}
SCOPE_END(cluster, struct cluster, cluster_close(v))

static struct call *exec_call(struct cluster *c, const char *pod)
{
	static const char *const words[] = { "sh", "-c", "echo a&b=c  ?#%", "", NULL };
	struct call *call = call_new();
	AUTO(err) struct err e = { 0 };

	assert_int_equal(kube_ask_exec(&c->kube, &call->rq, "vault", pod, "vault", words, &e), 0);
	return call;
}

static struct kube_ran read_ran(struct cluster *c, const struct call *call)
{
	AUTO(err) struct err e = { 0 };
	struct kube_ran ran = { 0 };

	if (call->end != CALL_REPLY)
		fail_msg("no reply: %s", call->err.text);
	if (kube_read_exec(&c->mem, &call->reply, &ran, &e) < 0)
		fail_msg("%s", e.text);
	return ran;
}

static void output_and_code_come_back(void **state)
{
	static const char *const pods[] = { "echo", "old" };
	AUTO(cluster) struct cluster c = { 0 };

	(void)state;
	cluster_open(&c);
	for (size_t i = 0; i < COUNT_OF(pods); i++) {
		AUTO(call) struct call *call = ask(&c.rig, exec_call(&c, pods[i]));
		struct kube_ran ran = read_ran(&c, call);

		assert_true(ran.started);
		assert_int_equal(ran.code, 0);
		assert_true(view_is(ran.out, "vault\nsh\n-c\necho a&b=c  ?#%\n\n"));
		assert_true(view_is(ran.talk, "said vault\nsaid sh\nsaid -c\nsaid echo a&b=c  ?#%\nsaid \n"));
		assert_true(call->fresh);
	}
	assert_null(strstr(buf_str(&c.rig.trace), "t0ken"));
}

static void each_way_to_end_is_told(void **state)
{
	static const struct { const char *pod; int code; const char *out, *talk; } cases[] = {
		{ "fails", 3, "", "no such luck\n" },
		{ "parts", 0, "in many parts", "" },
		{ "missing", EXEC_NOT_FOUND, "", "" },
	};
	AUTO(cluster) struct cluster c = { 0 };

	(void)state;
	cluster_open(&c);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(call) struct call *call = ask(&c.rig, exec_call(&c, cases[i].pod));
		struct kube_ran ran = read_ran(&c, call);

		assert_true(ran.started);
		assert_int_equal(ran.code, cases[i].code);
		assert_true(view_is(ran.out, cases[i].out));
		assert_true(view_is(ran.talk, cases[i].talk));
	}
}

static void output_has_ceilings(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *whole = NULL, *endless = NULL;
	struct kube_ran ran;

	(void)state;
	cluster_open(&c);
	whole = ask(&c.rig, exec_call(&c, "long"));
	ran = read_ran(&c, whole);
	assert_int_equal(ran.out.n, 20 * (32 << 10));
	assert_int_equal(ran.talk.n, EXEC_TALK_MAX);
	endless = ask(&c.rig, exec_call(&c, "endless"));
	assert_int_equal(endless->end, CALL_LOST);
	assert_int_equal(endless->err.kind, ERR_REMOTE);
	assert_non_null(strstr(endless->err.text, "longer than"));
}

static void a_refused_upgrade_is_an_answer(void **state)
{
	static const struct { const char *pod; int status; enum err_kind kind; const char *words; } cases[] = {
		{ "absent", 404, ERR_ABSENT, "pods \"absent\" not found" },
		{ "forbidden", 403, ERR_DENIED, "is forbidden" },
		{ "unauthorized", 401, ERR_DENIED, "not logged in" },
		{ "unready", 503, ERR_THROTTLED, "shutting down" },
		{ "broken", 500, ERR_REMOTE, "error dialing backend" },
		{ "other-container", 400, ERR_REMOTE, "container nope is not valid" },
	};
	AUTO(cluster) struct cluster c = { 0 };

	(void)state;
	cluster_open(&c);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(call) struct call *call = ask(&c.rig, exec_call(&c, cases[i].pod));
		struct kube_ran ran = read_ran(&c, call);
		AUTO(err) struct err e = { 0 };

		assert_false(ran.started);
		assert_int_equal(ran.answer.status, cases[i].status);
		assert_int_not_equal(kube_heard(&ran.answer, "running it", &e), HEARD_DONE);
		assert_int_equal(e.kind, cases[i].kind);
		assert_non_null(strstr(e.text, cases[i].words));
	}
}

static void what_is_cut_off_is_lost(void **state)
{
	static const struct { const char *pod, *words; enum err_kind kind; } cases[] = {
		{ "cut", "ended before its end", ERR_NET },
		{ "vanishes", "", ERR_NET },
		{ "hangs-up", "before a WebSocket was opened", ERR_NET },
		{ "strange", "unknown channel 7", ERR_REMOTE },
		{ "other-protocol", "was not taken", ERR_REMOTE },
	};
	AUTO(cluster) struct cluster c = { 0 };

	(void)state;
	cluster_open(&c);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int before = 0;
		AUTO(text) char *path = xasprintf("/exec/%s", cases[i].pod);
		AUTO(call) struct call *call = NULL;

		before = hits(&c.rig, path);
		call = ask(&c.rig, exec_call(&c, cases[i].pod));
		assert_int_equal(call->end, CALL_LOST);
		assert_int_equal(call->err.kind, cases[i].kind);
		assert_non_null(strstr(call->err.text, cases[i].words));
		assert_int_equal(hits(&c.rig, path), before + 1);
	}
}

static void a_result_without_a_code_is_none(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *call = NULL;
	AUTO(err) struct err e = { 0 };
	struct kube_ran ran;

	(void)state;
	cluster_open(&c);
	call = ask(&c.rig, exec_call(&c, "no-code"));
	assert_int_equal(call->end, CALL_REPLY);
	assert_int_equal(kube_read_exec(&c.mem, &call->reply, &ran, &e), -1);
	assert_int_equal(e.kind, ERR_REMOTE);
}

static void a_time_limit_holds_in_every_state(void **state)
{
	static const char *const pods[] = { "hangs", "silent" };
	AUTO(cluster) struct cluster c = { 0 };

	(void)state;
	cluster_open(&c);
	for (size_t i = 0; i < COUNT_OF(pods); i++) {
		AUTO(call) struct call *call = exec_call(&c, pods[i]);

		call->rq.timeout_ms = 300;
		ask(&c.rig, call);
		assert_int_equal(call->end, CALL_LOST);
		assert_int_equal(call->err.kind, ERR_NET);
		assert_int_equal(call->err.status, ETIMEDOUT);
	}
}

static void who_is_not_there_was_sent_nothing(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *closed = NULL, *unknown = NULL;

	(void)state;
	cluster_open(&c);
	c.kube.server = arena_printf(&c.mem, "https://127.0.0.1:%s", rig_env(&c.rig, "WIRE_CLOSED"));
	closed = ask(&c.rig, exec_call(&c, "echo"));
	assert_int_equal(closed->end, CALL_UNSENT);
	assert_int_equal(closed->err.kind, ERR_NET);
	c.kube.server = arena_printf(&c.mem, "https://127.0.0.1:%s", rig_env(&c.rig, "WIRE_UNKNOWN"));
	unknown = ask(&c.rig, exec_call(&c, "echo"));
	assert_int_equal(unknown->end, CALL_UNSENT);
	assert_int_equal(unknown->err.kind, ERR_REMOTE);
}

static void one_can_be_given_up(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *dropped = NULL, *call = NULL;

	(void)state;
	cluster_open(&c);
	dropped = exec_call(&c, "hangs");
	start(&c.rig, dropped);
	while (!strstr(buf_str(&c.rig.trace), "the WebSocket of hangs: sh is open"))
		assert_null(c.rig.t.ops->wait(c.rig.t.self, c.rig.t.ops->now_ms(c.rig.t.self) + 10));
	call = ask(&c.rig, exec_call(&c, "fails"));
	assert_int_equal(read_ran(&c, call).code, 3);
	c.rig.t.ops->drop(c.rig.t.self, dropped);
	assert_null(c.rig.t.ops->wait(c.rig.t.self, c.rig.t.ops->now_ms(c.rig.t.self)));
	while (hits(&c.rig, "/exec/hangs/1000") == 0)
		;
}

static void many_run_side_by_side(void **state)
{
	enum { N = 8 };
	AUTO(cluster) struct cluster c = { 0 };
	struct call *calls[N];

	(void)state;
	cluster_open(&c);
	for (size_t i = 0; i < N; i++) {
		calls[i] = exec_call(&c, i % 2 ? "fails" : "long");
		calls[i]->user = (void *)(i % 2);
		start(&c.rig, calls[i]);
	}
	for (size_t i = 0; i < N; i++) {
		struct call *call = c.rig.t.ops->wait(c.rig.t.self, INT64_MAX);

		assert_int_equal(read_ran(&c, call).code, call->user ? 3 : 0);
		call_free(call);
	}
}

static void what_nobody_hears_is_not_sent(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *call = NULL;
	AUTO(err) struct err e = { 0 };

	(void)state;
	cluster_open(&c);
	call = exec_call(&c, "echo");
	call->rq.hear = NULL;
	assert_int_equal(c.rig.t.ops->start(c.rig.t.self, call, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_code_come_back),
		cmocka_unit_test(each_way_to_end_is_told),
		cmocka_unit_test(output_has_ceilings),
		cmocka_unit_test(a_refused_upgrade_is_an_answer),
		cmocka_unit_test(what_is_cut_off_is_lost),
		cmocka_unit_test(a_result_without_a_code_is_none),
		cmocka_unit_test(a_time_limit_holds_in_every_state),
		cmocka_unit_test(who_is_not_there_was_sent_nothing),
		cmocka_unit_test(one_can_be_given_up),
		cmocka_unit_test(many_run_side_by_side),
		cmocka_unit_test(what_nobody_hears_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
