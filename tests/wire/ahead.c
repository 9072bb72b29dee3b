/* Connections that were made before a call needs them. */
#include "cluster.h"

enum { SOON_MS = 20 };

static void ahead(const struct rig *r, const char *scheme, const char *port, unsigned n)
{
	AUTO(text) char *origin = url_of(r, scheme, port, "");
	struct ahead a = { .origin = origin, .n = n };

	transport_ahead(&r->t, &a);
}

/* Lets the engine work until so many connections are there; the whole test is too late when they never are. */
static void await_connections(const struct rig *r, unsigned n)
{
	while (engine_curl_counts(&r->t).connections < n)
		assert_null(r->t.ops->wait(r->t.self, r->t.ops->now_ms(r->t.self) + SOON_MS));
}

static void await_trace(const struct rig *r, const char *words)
{
	while (!strstr(buf_str((struct buf *)&r->trace), words))
		assert_null(r->t.ops->wait(r->t.self, r->t.ops->now_ms(r->t.self) + SOON_MS));
}

static void calls_find_their_connections(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *first = NULL, *second = NULL;
	int pings;

	(void)state;
	rig_open(&r);
	pings = hits(&r, "/ping");
	ahead(&r, "https", "TLS", 2);
	await_connections(&r, 3);        /* hits made one */
	first = call_to(&r, "GET", "https", "TLS", "/ok");
	second = call_to(&r, "GET", "https", "TLS", "/ok");
	start(&r, first);
	start(&r, second);
	for (int i = 0; i < 2; i++)
		assert_non_null(r.t.ops->wait(r.t.self, INT64_MAX));
	assert_body(first, 200, "ok");
	assert_body(second, 200, "ok");
	assert_false(first->fresh || second->fresh);
	assert_int_equal(engine_curl_counts(&r.t).connections, 3);
	assert_int_equal(hits(&r, "/ping"), pings + 2);
}

/* Nothing of ours goes along: neither words nor keys. */
static void what_asks_for_it_says_nothing(void **state)
{
	AUTO(rig) struct rig r = { 0 };

	(void)state;
	rig_open(&r);
	ahead(&r, "http", "PLAIN", 1);
	await_trace(&r, "< connected 127.0.0.1 ahead");
	assert_non_null(strstr(buf_str(&r.trace), "> GET 127.0.0.1:"));
	assert_non_null(strstr(buf_str(&r.trace), "/ping ahead"));
}

static void whoever_needs_one_that_failed_is_told_as_always(void **state)
{
	static const char *const ports[] = { "CLOSED", "UNKNOWN" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ports); i++) {
		AUTO(rig) struct rig r = { 0 };
		AUTO(call) struct call *call = NULL;

		rig_open(&r);
		ahead(&r, "https", ports[i], 3);
		await_trace(&r, "< unsent 127.0.0.1 ahead");
		call = ask(&r, call_to(&r, "GET", "https", ports[i], "/ok"));
		assert_int_equal(call->end, CALL_UNSENT);
		assert_int_equal(call->err.kind, i == 0 ? ERR_NET : ERR_REMOTE);
	}
}

static struct call *pod_call(struct cluster *c, const struct kube *kube, const char *pod)
{
	struct kube_pod_port *p = ARENA_NEW(&c->mem, struct kube_pod_port);
	struct call *call = call_new();
	AUTO(err) struct err e = { 0 };

	kube_pod_port_init(p, &c->mem, kube, "vault", pod, 8200);
	assert_int_equal(kube_ask_pod(p, &call->rq, "GET", "http", "/ok", NULL, &e), 0);
	return call;
}

static size_t count(const struct rig *r, const char *words)
{
	size_t n = 0;

	for (const char *p = buf_str((struct buf *)&r->trace); (p = strstr(p, words)); p++)
		n++;
	return n;
}

static const char taken[] = "over a connection made ahead";

/* While it is still being made, and when it was made long ago. */
static void a_tunnel_takes_what_is_there(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		AUTO(cluster) struct cluster c = { 0 };
		AUTO(call) struct call *call = NULL, *again = NULL;
		int before;

		cluster_open(&c);
		before = hits(&c.rig, "/pods/good");
		kube_ahead(&c.kube, &c.rig.t, 1);
		for (int i = 0; late && i < 10; i++)
			assert_null(c.rig.t.ops->wait(c.rig.t.self, c.rig.t.ops->now_ms(c.rig.t.self) + SOON_MS));
		call = ask(&c.rig, pod_call(&c, &c.kube, "good"));
		assert_body(call, 200, "ok");
		again = ask(&c.rig, pod_call(&c, &c.kube, "good"));
		assert_body(again, 200, "ok");
		assert_int_equal(count(&c.rig, taken), 1);
		assert_int_equal(hits(&c.rig, "/pods/good"), before + 1);
	}
}

static void nobody_gets_one_that_trusts_others(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *call = NULL;
	struct kube other;

	(void)state;
	cluster_open(&c);
	other = c.kube;
	kube_ahead(&c.kube, &c.rig.t, 2);
	call = ask(&c.rig, pod_call(&c, &other, "good"));
	assert_body(call, 200, "ok");
	assert_int_equal(count(&c.rig, taken), 0);
}

static void the_end_may_come_at_any_time(void **state)
{
	(void)state;
	for (int turns = 0; turns < 4; turns++) {
		AUTO(cluster) struct cluster c = { 0 };

		cluster_open(&c);
		kube_ahead(&c.kube, &c.rig.t, 3);
		ahead(&c.rig, "https", "TLS", 3);
		for (int i = 0; i < turns; i++)
			assert_null(c.rig.t.ops->wait(c.rig.t.self, c.rig.t.ops->now_ms(c.rig.t.self) + i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_find_their_connections),
		cmocka_unit_test(what_asks_for_it_says_nothing),
		cmocka_unit_test(whoever_needs_one_that_failed_is_told_as_always),
		cmocka_unit_test(a_tunnel_takes_what_is_there),
		cmocka_unit_test(nobody_gets_one_that_trusts_others),
		cmocka_unit_test(the_end_may_come_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
