/* Requests to a pod's port through a WebSocket of the API server, against portforward.py. */
#include "cluster.h"

#include <arpa/inet.h>
#include <unistd.h>

static struct call *pod_call_of(struct cluster *c, const struct kube *kube, const char *pod, unsigned port,
                                const char *method, const char *path, const struct tls *tls)
{
	struct kube_pod_port *p = ARENA_NEW(&c->mem, struct kube_pod_port);
	struct call *call = call_new();
	AUTO(err) struct err e = { 0 };

	kube_pod_port_init(p, &c->mem, kube, "vault", pod, port);
	assert_int_equal(kube_ask_pod(p, &call->rq, method, tls ? "https" : "http", path, tls, &e), 0);
	return call;
}

static struct call *pod_call(struct cluster *c, const char *pod, unsigned port, const char *method, const char *path,
                             const struct tls *tls)
{
	return pod_call_of(c, &c->kube, pod, port, method, path, tls);
}

static struct call *pod_get(struct cluster *c, const char *pod, const char *path)
{
	return ask(&c->rig, pod_call(c, pod, 8200, "GET", path, NULL));
}

/* Counts are made in the servers' own time: asked for until they are there, or the whole test is too late. */
static void await_hits(const struct rig *r, const char *path, int n)
{
	while (hits(r, path) != n)
		;
}

static void a_reply_comes_through(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *call = NULL;

	(void)state;
	cluster_open(&c);
	call = pod_call(&c, "good", 8200, "GET", "/echo/v1/sys/health?standbyok=true", NULL);
	request_header(&call->rq, "X-Vault-Token", "s.vault");
	ask(&c.rig, call);
	assert_int_equal(call->end, CALL_REPLY);
	assert_true(call->fresh);
	assert_non_null(strstr(buf_str(&call->reply.body), "GET /echo/v1/sys/health?standbyok=true\n"));
	assert_non_null(strstr(buf_str(&call->reply.body), "x-vault-token: s.vault\n"));
	assert_non_null(strstr(buf_str(&call->reply.body), "host: good.vault:8200\n"));
	assert_null(strstr(buf_str(&call->reply.body), "t0ken"));
	assert_null(strstr(buf_str(&c.rig.trace), "s.vault"));
	assert_null(strstr(buf_str(&c.rig.trace), "t0ken"));
	assert_int_equal(hits(&c.rig, "/token/t0ken") > 0, 1);
}

static void one_websocket_serves_one_call_after_the_other(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	int before;

	(void)state;
	cluster_open(&c);
	before = hits(&c.rig, "/pods/good");
	for (int i = 0; i < 5; i++) {
		AUTO(call) struct call *call = pod_get(&c, "good", "/ok");

		assert_body(call, 200, "ok");
		assert_int_equal(call->fresh, i == 0);
	}
	assert_int_equal(hits(&c.rig, "/pods/good"), before + 1);
}

/* In a hundred clusters there are a hundred pods of this name: neither a connection nor a refusal is another's. */
static void two_clusters_share_nothing(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *first = NULL, *second = NULL, *again = NULL;
	struct kube other;
	int before;

	(void)state;
	cluster_open(&c);
	other = c.kube;
	before = hits(&c.rig, "/pods/good");
	first = pod_get(&c, "good", "/ok");
	assert_body(first, 200, "ok");
	second = ask(&c.rig, pod_call_of(&c, &other, "good", 8200, "GET", "/ok", NULL));
	assert_body(second, 200, "ok");
	assert_true(second->fresh);
	assert_int_equal(hits(&c.rig, "/pods/good"), before + 2);
	again = pod_get(&c, "good", "/ok");
	assert_false(again->fresh);
}

/* What was kept for a cluster that is over goes; what is another's stays, and whoever asks again after all is answered. */
static void who_leaves_keeps_no_connection(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *first = NULL, *second = NULL, *again = NULL, *kept = NULL;
	struct kube other;
	int before;

	(void)state;
	cluster_open(&c);
	other = c.kube;
	before = hits(&c.rig, "/pods/good");
	first = pod_get(&c, "good", "/ok");
	assert_body(first, 200, "ok");
	second = ask(&c.rig, pod_call_of(&c, &other, "good", 8200, "GET", "/ok", NULL));
	assert_body(second, 200, "ok");
	transport_leave(&c.rig.t, &c.kube);
	kept = ask(&c.rig, pod_call_of(&c, &other, "good", 8200, "GET", "/ok", NULL));
	assert_body(kept, 200, "ok");
	assert_false(kept->fresh);
	again = pod_get(&c, "good", "/ok");
	assert_body(again, 200, "ok");
	assert_true(again->fresh);
	assert_int_equal(hits(&c.rig, "/pods/good"), before + 3);
}

static void a_crowd_takes_one_a_pod(void **state)
{
	enum { N = 4 };
	AUTO(cluster) struct cluster c = { 0 };
	struct kube_pod_port port;
	int before;

	(void)state;
	cluster_open(&c);
	before = hits(&c.rig, "/pods/good");
	kube_pod_port_init(&port, &c.mem, &c.kube, "vault", "good", 8200);
	assert_int_equal(port.abreast, 2);
	port.abreast = 1;
	for (size_t i = 0; i < N; i++) {
		struct call *call = call_new();
		AUTO(err) struct err e = { 0 };

		assert_int_equal(kube_ask_pod(&port, &call->rq, "GET", "http", "/ok", NULL, &e), 0);
		start(&c.rig, call);
	}
	for (size_t i = 0; i < N; i++) {
		AUTO(call) struct call *call = c.rig.t.ops->wait(c.rig.t.self, INT64_MAX);

		assert_body(call, 200, "ok");
	}
	assert_int_equal(hits(&c.rig, "/pods/good"), before + 1);
}

static void calls_side_by_side_take_two_a_pod(void **state)
{
	enum { N = 12 };
	AUTO(cluster) struct cluster c = { 0 };
	struct call *calls[N];
	int before;

	(void)state;
	cluster_open(&c);
	before = hits(&c.rig, "/pods/good");
	for (size_t i = 0; i < N; i++) {
		AUTO(text) char *path = xasprintf("/status/%zu", 200 + i);

		calls[i] = pod_call(&c, "good", (unsigned)(8200 + i % 3), "GET", path, NULL);
		calls[i]->user = (void *)i;
		start(&c.rig, calls[i]);
	}
	for (size_t i = 0; i < N; i++) {
		struct call *call = c.rig.t.ops->wait(c.rig.t.self, INT64_MAX);

		assert_int_equal(call->end, CALL_REPLY);
		assert_int_equal(call->reply.status, 200 + (size_t)call->user);
		call_free(call);
	}
	assert_int_equal(hits(&c.rig, "/pods/good"), before + 3 * 2);
}

static void large_bodies_go_out_and_come_back(void **state)
{
	enum { SIZE = 3 << 20 };
	static const char *const pods[] = { "good", "drip" };
	AUTO(cluster) struct cluster c = { 0 };

	(void)state;
	cluster_open(&c);
	for (size_t i = 0; i < COUNT_OF(pods); i++) {
		size_t n = i == 0 ? SIZE : 5000;
		AUTO(text) char *body = xmalloc(n + 1);
		AUTO(call) struct call *call = pod_call(&c, pods[i], 8200, "PUT", "/echo", NULL);

		for (size_t k = 0; k < n; k++)
			body[k] = (char)('a' + k * 7 % 26);
		body[n] = '\0';
		call->rq.once = true;
		request_body(&call->rq, view_of(body, n), NULL);
		ask(&c.rig, call);
		assert_int_equal(call->end, CALL_REPLY);
		assert_true(text_ends(buf_str(&call->reply.body), body));
	}
}

static void parts_are_put_together_and_pings_answered(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *call = NULL, *again = NULL;

	(void)state;
	cluster_open(&c);
	call = pod_get(&c, "drip", "/ok");
	assert_body(call, 200, "ok");
	again = pod_get(&c, "drip", "/interim");
	assert_body(again, 200, "ok");
	assert_int_equal(again->fresh, false);
	while (hits(&c.rig, "/pods/drip/pong") == 0)
		;
}

static void tls_goes_end_to_end(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *good = NULL, *other = NULL, *strangers = NULL;
	AUTO(buf) struct buf stranger = BUF_MAX(1 << 20);
	AUTO(text) char *path = NULL;
	AUTO(err) struct err e = { 0 };
	struct tls tls = { .server_name = "localhost" };

	(void)state;
	cluster_open(&c);
	tls.ca_pem = buf_bytes(&c.ca);
	good = ask(&c.rig, pod_call(&c, "good", 8443, "GET", "/ok", &tls));
	assert_body(good, 200, "ok");
	tls.server_name = "vault.test";
	other = ask(&c.rig, pod_call(&c, "good", 8443, "GET", "/ok", &tls));
	assert_int_equal(other->end, CALL_UNSENT);
	assert_int_equal(other->err.kind, ERR_REMOTE);
	path = xasprintf("%s/stranger.pem", rig_env(&c.rig, "WIRE_DIR"));
	assert_int_equal(host_read_file(&c.rig.host, path, &stranger, &e), 0);
	tls = (struct tls){ .server_name = "localhost", .ca_pem = buf_bytes(&stranger) };
	strangers = ask(&c.rig, pod_call(&c, "good", 8443, "GET", "/ok", &tls));
	assert_int_equal(strangers->end, CALL_UNSENT);
	assert_int_equal(strangers->err.kind, ERR_REMOTE);
}

/* Whatever certificate is shown is seen, and nobody's secret goes there. */
static void a_certificate_can_be_looked_at(void **state)
{
	static const struct { const char *port; } servers[] = { { "TLS" }, { "EXPIRED" }, { "OTHER_NAME" }, { "UNKNOWN" } };
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *inside = NULL, *again = NULL, *verified = NULL, *secret = NULL;
	AUTO(err) struct err e = { 0 };
	struct tls look = { .inspect = true }, ours = { .server_name = "localhost" };

	(void)state;
	cluster_open(&c);
	for (size_t i = 0; i < COUNT_OF(servers); i++) {
		AUTO(call) struct call *call = call_to(&c.rig, "GET", "https", servers[i].port, "/ok");

		call->rq.tls = &look;
		ask(&c.rig, call);
		assert_body(call, 200, "ok");
		assert_true(text_starts(buf_str(&call->reply.talk), "-----BEGIN CERTIFICATE-----\n"));
	}
	inside = ask(&c.rig, pod_call(&c, "good", 8443, "GET", "/ok", &look));
	assert_body(inside, 200, "ok");
	assert_true(text_ends(buf_str(&inside->reply.talk), "-----END CERTIFICATE-----\n"));
	again = ask(&c.rig, pod_call(&c, "good", 8443, "GET", "/ok", &look));
	assert_body(again, 200, "ok");
	assert_false(again->fresh);
	/* The connection that nobody verified serves no request that wants one verified. */
	ours.ca_pem = buf_bytes(&c.ca);
	verified = ask(&c.rig, pod_call(&c, "good", 8443, "GET", "/ok", &ours));
	assert_body(verified, 200, "ok");
	assert_true(verified->fresh);
	secret = pod_call(&c, "good", 8443, "GET", "/ok", &look);
	request_header(&secret->rq, "X-Vault-Token", "s.vault");
	assert_int_equal(c.rig.t.ops->start(c.rig.t.self, secret, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
}

static void what_never_reached_the_pod_is_unsent(void **state)
{
	static const struct { const char *pod; enum err_kind kind; const char *words; } cases[] = {
		{ "absent", ERR_ABSENT, "pods \"absent\" not found" },
		{ "forbidden", ERR_DENIED, "cannot create resource \"pods/portforward\"" },
		{ "unauthorized", ERR_AUTH, "not logged in" },
		{ "unready", ERR_NET, "shutting down" },
		{ "broken", ERR_NET, "error dialing backend" },
		{ "refused", ERR_ABSENT, "nobody listens on port 8200 of the pod (connection refused)" },
		{ "hangs-up", ERR_NET, "before a WebSocket was opened" },
		{ "wrong-accept", ERR_REMOTE, "not the one to our request" },
		{ "no-protocol", ERR_REMOTE, "'v4.channel.k8s.io' was not taken" },
	};
	AUTO(cluster) struct cluster c = { 0 };

	(void)state;
	cluster_open(&c);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(call) struct call *call = pod_get(&c, cases[i].pod, "/ok");

		if (call->end != CALL_UNSENT || call->err.kind != cases[i].kind || !strstr(call->err.text, cases[i].words))
			fail_msg("%s: end %d, kind %s: %s", cases[i].pod, call->end, err_kind_name(call->err.kind), call->err.text);
	}
	await_hits(&c.rig, "/pods/refused/1000", 1);
}

/* Whoever is there must have answered something else before; TLS sees to that by itself. */
static void a_secret_goes_to_nobody_unseen(void **state)
{
	static const struct { const char *pod, *words; } cases[] = {
		{ "gone", "nobody listens on port 8200 of the pod (connection refused)" },
		{ "talks", "does not answer 'OPTIONS *' as HTTP servers do" },
	};
	AUTO(cluster) struct cluster c = { 0 };

	(void)state;
	cluster_open(&c);
	for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
		const char *pod = cases[i / 2].pod;
		AUTO(text) char *logged = xasprintf("/pods/%s/logged", pod), *open = xasprintf("/pods/%s/open", pod);
		AUTO(call) struct call *call = pod_call(&c, pod, 8200, i % 2 ? "PUT" : "GET", "/ok", NULL);

		if (i % 2)
			request_body(&call->rq, view_text("{\"jwt\":\"secret\"}"), NULL);
		else
			request_header(&call->rq, "X-Vault-Token", "secret");
		ask(&c.rig, call);
		if (call->end != CALL_UNSENT || !strstr(call->err.text, cases[i / 2].words))
			fail_msg("%s: end %d: %s", pod, call->end, call->err.text);
		assert_int_equal(hits(&c.rig, open), 1 + i % 2);
		assert_int_equal(hits(&c.rig, logged), 0);
	}
}

static void what_breaks_afterwards_is_lost(void **state)
{
	static const struct { const char *pod, *path, *words; } cases[] = {
		{ "dies", "/ok", "connection reset by peer" },
		{ "crashes", "/ok", "connection reset by peer" },
		{ "ends", "/ok", "" },
		{ "vanishes", "/ok", "" },
		{ "good", "/close", "" },
		{ "good", "/partial", "" },
		{ "masked", "/ok", "masked" },
		{ "too-long", "/ok", "longer than" },
		{ "other-port", "/ok", "does not begin with port 8200" },
		{ "strange-channel", "/ok", "unknown channel 7" },
	};
	AUTO(cluster) struct cluster c = { 0 };

	(void)state;
	cluster_open(&c);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(call) struct call *call = pod_get(&c, cases[i].pod, cases[i].path);

		if (call->end != CALL_LOST || !strstr(call->err.text, cases[i].words))
			fail_msg("%s: end %d: %s", cases[i].pod, call->end, call->err.text);
	}
	/* What broke broke for itself: the next call is well. */
	AUTO(call) struct call *after = pod_get(&c, "good", "/ok");
	assert_body(after, 200, "ok");
}

/* libcurl opens another one at once, which is not yet there when it finds that it may not send again. */
static void what_a_reused_one_took_with_it_is_lost(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *first = NULL, *second = NULL;

	(void)state;
	cluster_open(&c);
	first = pod_get(&c, "tires", "/ok");
	assert_body(first, 200, "ok");
	second = pod_call(&c, "tires", 8200, "PUT", "/ok", NULL);
	second->rq.once = true;
	request_body(&second->rq, view_text("{}"), "application/json");
	ask(&c.rig, second);
	assert_int_equal(second->end, CALL_LOST);
	assert_int_equal(second->err.kind, ERR_NET);
}

static void slowness_ends_in_time(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *silent = NULL, *slow = NULL, *partial = NULL, *after = NULL;

	(void)state;
	cluster_open(&c);
	silent = pod_call(&c, "silent", 8200, "GET", "/ok", NULL);
	silent->rq.timeout_ms = 300;
	ask(&c.rig, silent);
	assert_int_equal(silent->end, CALL_UNSENT);
	assert_int_equal(silent->err.kind, ERR_NET);
	slow = pod_call(&c, "good", 8200, "GET", "/slow", NULL);
	slow->rq.timeout_ms = 300;
	ask(&c.rig, slow);
	assert_int_equal(slow->end, CALL_LOST);
	partial = pod_call(&c, "good", 8200, "GET", "/slow-body", NULL);
	partial->rq.timeout_ms = 300;
	ask(&c.rig, partial);
	assert_int_equal(partial->end, CALL_LOST);
	after = pod_get(&c, "good", "/ok");
	assert_body(after, 200, "ok");
}

static void a_call_can_be_dropped_at_any_time(void **state)
{
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *unborn = NULL, *slow = NULL, *other = NULL;

	(void)state;
	cluster_open(&c);
	unborn = pod_call(&c, "silent", 8200, "GET", "/ok", NULL);
	start(&c.rig, unborn);
	c.rig.t.ops->drop(c.rig.t.self, unborn);
	slow = pod_call(&c, "good", 8200, "GET", "/slow", NULL);
	start(&c.rig, slow);
	other = pod_get(&c, "good", "/ok");
	assert_body(other, 200, "ok");
	c.rig.t.ops->drop(c.rig.t.self, slow);
	assert_null(c.rig.t.ops->wait(c.rig.t.self, 0));
}

static void closing_says_goodbye(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	int before, opened = 0;

	(void)state;
	rig_open(&r);
	before = hits(&r, "/pods/good/1000");
	for (int i = 0; i < 3; i++) {
		AUTO(cluster) struct cluster c = { 0 };
		AUTO(call) struct call *call = NULL;

		cluster_open(&c);
		call = pod_get(&c, "good", "/ok");
		assert_body(call, 200, "ok");
		opened++;
	}
	while (hits(&r, "/pods/good/1000") < before + opened)
		;
}

/* The port of the loopback listener, as the trace has it. */
static unsigned listener_port(const struct rig *r)
{
	static const char words[] = "tunnel to vault/good:8200 from 127.0.0.1:";
	const char *at = strstr(buf_str(&r->trace), words);

	assert_non_null(at);
	return (unsigned)strtoul(at + strlen(words), NULL, 10);
}

static void strangers_are_turned_away(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	AUTO(cluster) struct cluster c = { 0 };
	AUTO(call) struct call *first = NULL, *second = NULL;
	char byte;
	int before, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	cluster_open(&c);
	first = pod_get(&c, "good", "/ok");
	before = hits(&c.rig, "/pods/good");
	a.sin_port = htons((uint16_t)listener_port(&c.rig));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	second = pod_get(&c, "good", "/ok");
	assert_body(second, 200, "ok");
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
	assert_non_null(strstr(buf_str(&c.rig.trace), "a stranger at the tunnel to vault/good:8200 was turned away"));
	assert_int_equal(hits(&c.rig, "/pods/good"), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reply_comes_through),
		cmocka_unit_test(a_secret_goes_to_nobody_unseen),
		cmocka_unit_test(one_websocket_serves_one_call_after_the_other),
		cmocka_unit_test(two_clusters_share_nothing),
		cmocka_unit_test(who_leaves_keeps_no_connection),
		cmocka_unit_test(a_crowd_takes_one_a_pod),
		cmocka_unit_test(calls_side_by_side_take_two_a_pod),
		cmocka_unit_test(large_bodies_go_out_and_come_back),
		cmocka_unit_test(parts_are_put_together_and_pings_answered),
		cmocka_unit_test(tls_goes_end_to_end),
		cmocka_unit_test(a_certificate_can_be_looked_at),
		cmocka_unit_test(what_never_reached_the_pod_is_unsent),
		cmocka_unit_test(what_breaks_afterwards_is_lost),
		cmocka_unit_test(what_a_reused_one_took_with_it_is_lost),
		cmocka_unit_test(slowness_ends_in_time),
		cmocka_unit_test(a_call_can_be_dropped_at_any_time),
		cmocka_unit_test(closing_says_goodbye),
		cmocka_unit_test(strangers_are_turned_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
