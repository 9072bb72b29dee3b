/* Port-forward: the upgrade that is asked for, how a refusal is read, and the two channels of v4.channel.k8s.io. */
#include "common.h"

#include "kube/portforward.h"

static void the_upgrade_is_asked_for_as_anything_is(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct kube k = { .server = "https://api:6443", .context = "c", .as_user = "ops" };
	struct kube_pod_port p;
	struct request rq = { 0 }, inner = { 0 };

	(void)state;
	secret_set(&k.token, view_text("t0ken"));
	kube_pod_port_init(&p, &a, &k, "va", "vault-0", 8200);
	assert_int_equal(p.tunnel.ask(&p.tunnel, &rq, &e), 0);
	assert_string_equal(rq.method, "GET");
	assert_string_equal(rq.url, "https://api:6443/api/v1/namespaces/va/pods/vault-0/portforward?ports=8200");
	assert_string_equal(request_header_get(&rq, "Authorization"), "Bearer t0ken");
	assert_string_equal(request_header_get(&rq, "Impersonate-User"), "ops");
	assert_string_equal(request_header_get(&rq, "Sec-WebSocket-Protocol"), "v4.channel.k8s.io");
	assert_string_equal(request_header_get(&rq, "Accept"), "*/*");
	assert_ptr_equal(rq.tls, &k.tls);
	assert_int_equal(kube_ask_pod(&p, &inner, "GET", "http", "/v1/sys/leader", NULL, &e), 0);
	assert_string_equal(inner.url, "http://vault-0.va:8200/v1/sys/leader");
	assert_ptr_equal(inner.tunnel, &p.tunnel);
	assert_null(inner.tls);
	assert_null(request_header_get(&inner, "Authorization"));
	assert_int_equal(kube_ask_pod(&p, &inner, "GET", "http", "v1", NULL, &e), -1);
	request_release(&inner);
	request_release(&rq);
	kube_release(&k);
}

static void a_refusal_says_why_and_whether_to_try_again(void **state)
{
	static const struct { int status; const char *body; enum err_kind kind; const char *words; } cases[] = {
		{ 404, "{\"kind\":\"Status\",\"message\":\"pods \\\"x\\\" not found\"}", ERR_ABSENT, "pods \"x\" not found" },
		{ 403, "{\"kind\":\"Status\",\"message\":\"no\"}", ERR_DENIED, "not allowed (403): no" },
		{ 401, "", ERR_AUTH, "not logged in" },
		{ 429, "", ERR_NET, "asked too often" },
		{ 500, "error dialing backend", ERR_NET, "error dialing backend" },
		{ 502, "", ERR_NET, "failed" },
		{ 406, "406: Not Acceptable", ERR_REMOTE, "406: Not Acceptable" },
		{ 200, "{}", ERR_REMOTE, "no WebSocket was opened (200)" },
		{ 403, "{\"kind\":", ERR_REMOTE, "the API server's reply (403)" },
	};
	AUTO(arena) struct arena a = ARENA_INIT;
	struct kube k = { .server = "https://api" };
	struct kube_pod_port p;

	(void)state;
	kube_pod_port_init(&p, &a, &k, "va", "vault-0", 8200);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct reply reply = { .status = cases[i].status, .head = BUF_MAX(100), .body = BUF_MAX(1000) };
		AUTO(err) struct err e = { 0 };

		buf_text(&reply.body, cases[i].body);
		p.tunnel.refused(&p.tunnel, &reply, &e);
		assert_int_equal(e.kind, cases[i].kind);
		assert_holds(e.text, cases[i].words);
		assert_holds(e.text, "'vault-0'");
		reply_release(&reply);
	}
}

struct said {
	const char *message;
	size_t n;
	enum tunnel_said said;
	const char *bytes, *words;
};

#define SAYS(text) text, sizeof(text) - 1

static void assert_said(const struct said *rows, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct kube k = { .server = "https://api" };
	struct kube_pod_port p;
	unsigned seen = 0;

	kube_pod_port_init(&p, &a, &k, "va", "vault-0", 8200);
	for (size_t i = 0; i < n; i++) {
		AUTO(err) struct err e = { 0 };
		struct view bytes = { 0 };

		assert_int_equal(p.tunnel.hear(8200, &seen, view_of(rows[i].message, rows[i].n), &bytes, &e), rows[i].said);
		assert_true(view_is(bytes, rows[i].bytes ? rows[i].bytes : ""));
		if (rows[i].words)
			assert_holds(e.text, rows[i].words);
		else
			assert_null(e.text);
	}
}

static void each_channel_begins_with_the_port(void **state)
{
	static const struct said good[] = {
		{ SAYS("\x01\x08\x20"), TUNNEL_BYTES, NULL, NULL }, { SAYS(""), TUNNEL_BYTES, NULL, NULL },
		{ SAYS("\x00\x08\x20"), TUNNEL_BYTES, NULL, NULL }, { SAYS("\x00HTTP"), TUNNEL_BYTES, "HTTP", NULL },
		{ SAYS("\x01"), TUNNEL_BYTES, NULL, NULL },         { SAYS("\x00"), TUNNEL_BYTES, NULL, NULL },
	};
	static const struct said other[] = { { SAYS("\x00\x09\x20"), TUNNEL_BROKEN, NULL, "does not begin with port 8200" } };
	static const struct said none[] = { { SAYS("\x00HTTP"), TUNNEL_BROKEN, NULL, "does not begin with port 8200" } };
	static const struct said strange[] = { { SAYS("\x02\x08\x20"), TUNNEL_BROKEN, NULL, "unknown channel 2" } };

	(void)state;
	assert_said(good, COUNT_OF(good));
	assert_said(other, COUNT_OF(other));
	assert_said(none, COUNT_OF(none));
	assert_said(strange, COUNT_OF(strange));
}

/* What containerd says (sandbox), socat in older runtimes, and what is no refusal. */
static void nobody_there_is_told_from_a_broken_way(void **state)
{
	static const struct said refused[] = {
		{ SAYS("\x01\x08\x20"), TUNNEL_BYTES, NULL, NULL },
		{ SAYS("\x01" "error forwarding port 8200 to pod 6dcc, uid : failed to execute portforward in network namespace "
		       "\"/var/run/netns/x\": failed to connect to localhost:8200 inside namespace \"6dcc\", IPv4: dial tcp4 "
		       "127.0.0.1:8200: connect: connection refused"),
		  TUNNEL_ABSENT, NULL, "nobody listens on port 8200 of the pod (connection refused)" },
		{ SAYS("\x01" "exit status 1: socat[7] E connect(5, AF=2 127.0.0.1:8200, 16): Connection refused"),
		  TUNNEL_ABSENT, NULL, "nobody listens" },
	};
	static const struct said broken[] = {
		{ SAYS("\x01\x08\x20"), TUNNEL_BYTES, NULL, NULL },
		{ SAYS("\x01" "error forwarding port 8200 to pod 6dcc, uid : read: connection reset by peer"), TUNNEL_BROKEN, NULL,
		  "connection reset by peer" },
		{ SAYS("\x01" "a\nb\0connection refused"), TUNNEL_BROKEN, NULL, "broke: a b" },
	};

	(void)state;
	assert_said(refused, COUNT_OF(refused));
	assert_said(broken, COUNT_OF(broken));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_upgrade_is_asked_for_as_anything_is),
		cmocka_unit_test(a_refusal_says_why_and_whether_to_try_again),
		cmocka_unit_test(each_channel_begins_with_the_port),
		cmocka_unit_test(nobody_there_is_told_from_a_broken_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
