/* TLS and proxies: who is trusted, what is checked, and that the environment has no say. */
#include "rig.h"

#include <unistd.h>

struct files {
	struct buf ca, stranger, cert, key, second, second_key, locked;
	struct secret key_pem, second_key_pem, locked_key_pem;
};

static struct buf read_pem(const struct rig *r, const char *name)
{
	AUTO(text) char *path = xasprintf("%s/%s", rig_env(r, "WIRE_DIR"), name);
	AUTO(err) struct err e = { 0 };
	struct buf b = BUF_MAX(1 << 16);

	assert_int_equal(host_read_file(&r->host, path, &b, &e), 0);
	return b;
}

static void files_open(struct files *f, const struct rig *r)
{
	f->ca = read_pem(r, "ca.pem");
	f->stranger = read_pem(r, "stranger.pem");
	f->cert = read_pem(r, "client.pem");
	f->key = read_pem(r, "client.key");
	f->second = read_pem(r, "client-2.pem");
	f->second_key = read_pem(r, "client-2.key");
	f->locked = read_pem(r, "client-locked.key");
	secret_set(&f->key_pem, buf_bytes(&f->key));
	secret_set(&f->second_key_pem, buf_bytes(&f->second_key));
	secret_set(&f->locked_key_pem, buf_bytes(&f->locked));
}

static void files_close(struct files *f)
{
	buf_release(&f->ca);
	buf_release(&f->stranger);
	buf_release(&f->cert);
	buf_release(&f->key);
	buf_release(&f->second);
	buf_release(&f->second_key);
	buf_release(&f->locked);
	secret_release(&f->key_pem);
	secret_release(&f->second_key_pem);
	secret_release(&f->locked_key_pem);
}
SCOPE_END(files, struct files, files_close(v))

static struct call *get_tls(const struct rig *r, const char *port, const char *path,
                            const struct tls *tls)
{
	struct call *call = call_to(r, "GET", "https", port, path);

	call->rq.tls = tls;
	return ask(r, call);
}

static void a_certificate_that_is_right_is_accepted(void **state)
{
	AUTO(rig) struct rig r = { 0 };

	(void)state;
	rig_open(&r);
	for (int i = 0; i < 3; i++) {
		AUTO(call) struct call *call = get_tls(&r, "TLS", "/ok", NULL);

		assert_body(call, 200, "ok");
		assert_int_equal(call->fresh, i == 0);
	}
}

static void a_certificate_that_is_wrong_is_unsent_and_no_matter_of_the_net(void **state)
{
	static const struct { const char *port, *why; } cases[] = {
		{ "OTHER_NAME", "the certificate of '127.0.0.1' is not accepted: "
		                "no alternative certificate subject name matches target host name "
		                "'127.0.0.1'" },
		{ "EXPIRED", "the certificate of '127.0.0.1' is not accepted: certificate has expired" },
		{ "UNKNOWN", "the certificate of '127.0.0.1' is not accepted: "
		             "unable to get local issuer certificate" },
	};
	AUTO(rig) struct rig r = { 0 };

	(void)state;
	rig_open(&r);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(text) char *path = xasprintf("/ok/never/%zu", i);
		AUTO(call) struct call *call = get_tls(&r, cases[i].port, path, NULL);

		assert_int_equal(call->end, CALL_UNSENT);
		assert_int_equal(call->err.kind, ERR_REMOTE);
		assert_string_equal(call->err.text, cases[i].why);
		assert_non_null(strstr(call->err.hint, r.ca_file));
		assert_int_equal(hits(&r, path), 0);
	}
}

static void the_system_does_not_trust_our_authority(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *call = NULL;
	AUTO(err) struct err e = { 0 };

	(void)state;
	rig_open(&r);
	r.t.ops->close(r.t.self);
	r.config.ca_file = NULL;
	assert_int_equal(engine_curl_open(&r.config, &r.t, &e), 0);
	call = get_tls(&r, "TLS", "/ok", NULL);
	assert_int_equal(call->end, CALL_UNSENT);
	assert_int_equal(call->err.kind, ERR_REMOTE);
}

static void a_request_brings_its_own_trust(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(files) struct files f = { 0 };
	AUTO(call) struct call *known = NULL, *ours = NULL, *strange = NULL;
	struct tls stranger = { 0 }, own = { 0 };

	(void)state;
	rig_open(&r);
	files_open(&f, &r);
	stranger.ca_pem = buf_bytes(&f.stranger);
	own.ca_pem = buf_bytes(&f.ca);
	known = get_tls(&r, "TLS", "/ok", &own);
	assert_body(known, 200, "ok");
	ours = get_tls(&r, "UNKNOWN", "/ok", &stranger);
	assert_body(ours, 200, "ok");
	/* A connection that another trust has opened is not reused; the engine's file does not count. */
	strange = get_tls(&r, "TLS", "/ok", &stranger);
	assert_int_equal(strange->end, CALL_UNSENT);
	assert_int_equal(strange->err.kind, ERR_REMOTE);
}

static void a_client_shows_its_certificate(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(files) struct files f = { 0 };
	AUTO(call) struct call *with = NULL, *without = NULL, *broken = NULL;
	struct tls tls = { 0 }, mute = { 0 }, odd = { 0 };

	(void)state;
	rig_open(&r);
	files_open(&f, &r);
	tls = (struct tls){ .ca_pem = buf_bytes(&f.ca), .cert_pem = buf_bytes(&f.cert),
		                .key_pem = &f.key_pem };
	mute.ca_pem = tls.ca_pem;
	without = get_tls(&r, "CLIENT", "/ok/client", &mute);
	assert_int_not_equal(without->end, CALL_REPLY);
	with = get_tls(&r, "CLIENT", "/ok/client", &tls);
	assert_body(with, 200, "ok");
	assert_int_equal(hits(&r, "/ok/client"), 1);
	odd = tls;
	odd.cert_pem = VIEW_LITERAL("no certificate");
	broken = get_tls(&r, "CLIENT", "/ok", &odd);
	assert_int_equal(broken->end, CALL_UNSENT);
	assert_int_equal(broken->err.kind, ERR_CONFIG);
}

/* Two users of one server: what one has opened is not the other's. */
static void who_shows_another_certificate_has_another_connection(void **state)
{
	static const bool fresh[] = { true, false, true, false };
	AUTO(rig) struct rig r = { 0 };
	AUTO(files) struct files f = { 0 };
	struct tls users[2];

	(void)state;
	rig_open(&r);
	files_open(&f, &r);
	users[0] = (struct tls){ .ca_pem = buf_bytes(&f.ca), .cert_pem = buf_bytes(&f.cert), .key_pem = &f.key_pem };
	users[1] = (struct tls){ .ca_pem = buf_bytes(&f.ca), .cert_pem = buf_bytes(&f.second), .key_pem = &f.second_key_pem };
	for (size_t i = 0; i < COUNT_OF(fresh); i++) {
		AUTO(call) struct call *call = get_tls(&r, "CLIENT", "/ok", &users[i / 2]);

		assert_body(call, 200, "ok");
		assert_int_equal(call->fresh, fresh[i]);
	}
	for (size_t i = 0; i < COUNT_OF(users); i++) {
		AUTO(call) struct call *call = get_tls(&r, "CLIENT", "/ok", &users[i]);

		assert_false(call->fresh);
	}
}

/* Another's key, and one with a passphrase, for which nobody is asked. */
static void a_key_that_does_not_fit_is_told(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(files) struct files f = { 0 };
	const struct secret *keys[2] = { &f.second_key_pem, &f.locked_key_pem };

	(void)state;
	rig_open(&r);
	files_open(&f, &r);
	for (size_t i = 0; i < 2 * COUNT_OF(keys); i++) {
		struct tls tls = { .ca_pem = buf_bytes(&f.ca), .cert_pem = buf_bytes(&f.cert), .key_pem = keys[i / 2] };
		AUTO(call) struct call *call = get_tls(&r, "CLIENT", "/ok", &tls);

		assert_int_equal(call->end, CALL_UNSENT);
		assert_int_equal(call->err.kind, ERR_CONFIG);
		assert_string_equal(call->err.text, "the client certificate for '127.0.0.1' cannot be used");
	}
}

/* As a kubeconfig's tls-server-name: another name is checked and sent, the Host header stays. */
static void a_server_may_have_another_name(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *call = NULL, *wrong = NULL;
	AUTO(text) char *host = NULL;
	struct tls tls = { .server_name = "other.test" }, bad = { .server_name = "third.test" };

	(void)state;
	rig_open(&r);
	host = xasprintf("\nhost: 127.0.0.1:%s\n", rig_env(&r, "WIRE_OTHER_NAME"));
	call = get_tls(&r, "OTHER_NAME", "/echo", &tls);
	assert_int_equal(call->end, CALL_REPLY);
	assert_non_null(strstr(buf_str(&call->reply.body), host));
	wrong = get_tls(&r, "OTHER_NAME", "/echo", &bad);
	assert_int_equal(wrong->end, CALL_UNSENT);
}

/* ---- proxies ---- */

static struct call *get_by_proxy(const struct rig *r, const char *url, const struct tls *tls)
{
	struct call *call = call_new();

	request_http(&call->rq, "GET", url);
	call->rq.tls = tls;
	return ask(r, call);
}

static void rig_open_with_proxy(struct rig *r, const char *proxy, const char *no_proxy)
{
	AUTO(text) char *url = NULL;

	r->host = host_system();
	url = url_of(r, "http", proxy, "");
	r->config.https_proxy = r->config.http_proxy = url;
	r->config.no_proxy = no_proxy;
	rig_open(r);
	r->config.https_proxy = r->config.http_proxy = NULL;
}

static void a_proxy_leads_to_the_server(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(call) struct call *secure = NULL, *plain = NULL;

	(void)state;
	rig_open_with_proxy(&r, "PROXY", NULL);
	{
		struct tls tls = { .server_name = "localhost" };

		secure = get_by_proxy(&r, "https://far-away.invalid/ok", &tls);
	}
	assert_body(secure, 200, "ok");
	assert_null(reply_header(&secure->reply, &a, "X-Proxy"));
	assert_int_equal(hits(&r, "/proxy/CONNECT/far-away.invalid:443"), 1);
	plain = get_by_proxy(&r, "http://far-away.invalid/ok", NULL);
	assert_body(plain, 200, "by the proxy");
}

static void a_proxy_that_refuses_is_unsent(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *call = NULL;

	(void)state;
	rig_open_with_proxy(&r, "NO_PROXY", NULL);
	call = get_by_proxy(&r, "https://far-away.invalid/ok", NULL);
	assert_int_equal(call->end, CALL_UNSENT);
	assert_string_equal(call->err.text, "the proxy does not lead to 'far-away.invalid' (403)");
}

static void a_proxy_that_is_not_there_is_unsent(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *call = NULL;

	(void)state;
	rig_open_with_proxy(&r, "CLOSED", NULL);
	call = get_by_proxy(&r, "https://far-away.invalid/ok", NULL);
	assert_int_equal(call->end, CALL_UNSENT);
	assert_int_equal(call->err.kind, ERR_NET);
}

static void what_is_near_needs_no_proxy(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *near = NULL, *excepted = NULL, *without = NULL;
	struct tls none = { .proxy_url = "" };

	(void)state;
	rig_open_with_proxy(&r, "NO_PROXY", "intern.invalid,.corp.invalid");
	near = get_tls(&r, "TLS", "/ok", NULL);
	assert_body(near, 200, "ok");
	excepted = get_by_proxy(&r, "https://x.corp.invalid/", NULL);
	assert_string_equal(excepted->err.text, "no address is known for 'x.corp.invalid'");
	without = get_by_proxy(&r, "https://far-away.invalid/", &none);
	assert_string_equal(without->err.text, "no address is known for 'far-away.invalid'");
}

static void a_request_brings_its_own_proxy(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *call = NULL;
	AUTO(text) char *proxy = NULL;
	struct tls tls = { .server_name = "localhost" };

	(void)state;
	rig_open(&r);
	proxy = url_of(&r, "http", "PROXY", "");
	tls.proxy_url = proxy;
	call = get_by_proxy(&r, "https://own-proxy.invalid/ok", &tls);
	assert_body(call, 200, "ok");
	assert_int_equal(hits(&r, "/proxy/CONNECT/own-proxy.invalid:443"), 1);
}

/* ---- what the engine is opened with ---- */

static void a_bundle_that_is_not_there_is_told(void **state)
{
	struct engine_config config = { .ca_file = "/nowhere/ca.pem" };
	AUTO(err) struct err e = { 0 };
	struct transport t;

	(void)state;
	assert_int_equal(engine_curl_open(&config, &t, &e), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_string_equal(e.text, "the CA bundle '/nowhere/ca.pem' cannot be read: "
	                            "No such file or directory");
}

/* run.py sets proxies in the environment that lead nowhere, and a file for the keys of TLS sessions. */
static void the_environment_has_no_say(void **state)
{
	AUTO(rig) struct rig r = { 0 };
	AUTO(call) struct call *call = NULL, *secure = NULL;
	AUTO(text) char *keys = NULL;

	(void)state;
	rig_open(&r);
	keys = xasprintf("%s/tls-keys", rig_env(&r, "WIRE_DIR"));
	secure = get_tls(&r, "TLS", "/ok", NULL);
	assert_body(secure, 200, "ok");
	assert_int_equal(access(keys, F_OK), -1);
	assert_non_null(host_env(&r.host, "https_proxy"));
	call = get_by_proxy(&r, "https://far-away.invalid/", NULL);
	assert_string_equal(call->err.text, "no address is known for 'far-away.invalid'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_that_is_right_is_accepted),
		cmocka_unit_test(a_certificate_that_is_wrong_is_unsent_and_no_matter_of_the_net),
		cmocka_unit_test(the_system_does_not_trust_our_authority),
		cmocka_unit_test(a_request_brings_its_own_trust),
		cmocka_unit_test(a_client_shows_its_certificate),
		cmocka_unit_test(who_shows_another_certificate_has_another_connection),
		cmocka_unit_test(a_key_that_does_not_fit_is_told),
		cmocka_unit_test(a_server_may_have_another_name),
		cmocka_unit_test(a_proxy_leads_to_the_server),
		cmocka_unit_test(a_proxy_that_refuses_is_unsent),
		cmocka_unit_test(a_proxy_that_is_not_there_is_unsent),
		cmocka_unit_test(what_is_near_needs_no_proxy),
		cmocka_unit_test(a_request_brings_its_own_proxy),
		cmocka_unit_test(a_bundle_that_is_not_there_is_told),
		cmocka_unit_test(the_environment_has_no_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
