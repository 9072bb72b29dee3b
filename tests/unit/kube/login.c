/* Exec plugins as real children: scripts that the test writes, run by the real engine. */
#include "common.h"

#include "core/digest.h"
#include "fake/transport.h"
#include "formats/json.h"
#include "net/engine_curl.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define V1 "client.authentication.k8s.io/v1"

struct stage {
	struct bench b;
	struct transport t;
	char dir[64];
	char *plugin;
};

/* A user whose plugin is this script; more goes into the exec map. */
static void stage_start(struct stage *s, const char *script, const char *more)
{
	struct engine_config config = { .user_agent = "test" };
	AUTO(err) struct err e = { 0 };
	AUTO(text) char *kubeconfig = NULL;
	FILE *f;

	*s = (struct stage){ .dir = P_tmpdir "/kube-login-XXXXXX" };
	assert_non_null(mkdtemp(s->dir));
	s->plugin = xasprintf("%s/plugin", s->dir);
	if (script) {
		f = fopen(s->plugin, "w");
		assert_non_null(f);
		fprintf(f, "#!/bin/sh\n%s\n", script);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(chmod(s->plugin, 0700), 0);
	}
	kubeconfig = xasprintf(
		"current-context: c\n"
		"contexts: [{name: c, context: {cluster: k, user: u}}]\n"
		"clusters: [{name: k, cluster: {server: 'https://k.example', tls-server-name: inner,\n"
		"  certificate-authority-data: " CERT64 ",\n"
		"  extensions: [{name: client.authentication.k8s.io/exec, extension: {level: 3}}]}}]\n"
		"users: [{name: u, user: {exec: {apiVersion: " V1 ", command: %s%s}}}]\n",
		s->plugin, more);
	bench_start(&s->b, kubeconfig);
	if (bench_open(&s->b) < 0 || engine_curl_open(&config, &s->t, &e) < 0)
		fail_msg("%s%s", s->b.e.text ? s->b.e.text : "", e.text ? e.text : "");
}

static void stage_end(struct stage *s)
{
	s->t.ops->close(s->t.self);
	unlink(s->plugin);
	assert_int_equal(rmdir(s->dir), 0);
	free(s->plugin);
	bench_end(&s->b);
}

static int login(struct stage *s)
{
	return kube_login(&s->b.kube, &s->t, &s->b.e);
}

static void assert_token(const struct kube *k, const char *want)
{
	assert_true(secret_held(&k->token));
	assert_string_equal(secret_expose(&k->token).p, want);
}

#define ANSWER(status) \
	"printf '%s' '{\"apiVersion\":\"" V1 "\",\"kind\":\"ExecCredential\",\"status\":{" status "}}" \
	"'"
#define NEVER ", interactiveMode: Never"

static void a_token_with_its_end(void **state)
{
	struct stage s;

	(void)state;
	stage_start(&s,
				"test \"$1 $2\" = 'get token' && test \"$WHO\" = 'a b' || exit 9\n" ANSWER(
					"\"token\":\"t-'$$'\",\"expirationTimestamp\":\"2025-11-24T16:10:00Z\""),
				NEVER ", args: [get, token], env: [{name: WHO, value: a b}]");
	if (login(&s) < 0)
		fail_msg("%s", s.b.e.text);
	assert_true(secret_held(&s.b.kube.token));
	assert_int_equal(s.b.kube.token_expires_ms, 1764000600000);
	assert_int_equal(engine_curl_counts(&s.t).children, 1);

	/* It is asked again only when its token has ended, or was refused. */
	assert_int_equal(login(&s), 0);
	assert_int_equal(engine_curl_counts(&s.t).children, 1);
	s.b.machine.wall_ms = 1764000595000;
	assert_int_equal(login(&s), 0);
	assert_int_equal(engine_curl_counts(&s.t).children, 2);
	s.b.machine.wall_ms = 1764000000000;
	assert_int_equal(kube_renew(&s.b.kube, &s.t, NULL, &s.b.e), 0);
	assert_int_equal(engine_curl_counts(&s.t).children, 3);
	stage_end(&s);
}

static void a_client_certificate(void **state)
{
	struct stage s;

	(void)state;
	stage_start(&s,
				"cat <<'END'\n{\"apiVersion\":\"" V1 "\",\"kind\":\"ExecCredential\",\"status\":{"
				"\"clientCertificateData\":\"-----BEGIN CERTIFICATE-----\\nQ0VSVA==\\n-----END "
				"CERTIFICATE-----\\n\","
				"\"clientKeyData\":\"-----BEGIN PRIVATE KEY-----\\nS0VZ\\n-----END PRIVATE "
				"KEY-----\\n\"}}\nEND",
				NEVER);
	if (login(&s) < 0)
		fail_msg("%s", s.b.e.text);
	assert_true(view_is(s.b.kube.tls.cert_pem, CERT));
	assert_ptr_equal(s.b.kube.tls.key_pem, &s.b.kube.key_pem);
	assert_string_equal(secret_expose(&s.b.kube.key_pem).p, KEY);
	assert_false(secret_held(&s.b.kube.token));
	assert_int_equal(login(&s), 0);
	assert_int_equal(engine_curl_counts(&s.t).children, 1);
	stage_end(&s);
}

/* The plugin's answer is what it was told, as the token: so the test can read it. */
static const struct value *what_it_is_told(struct stage *s, const char *more)
{
	AUTO(buf) struct buf text = BUF_MAX(1 << 16);
	struct value *info = NULL;

	stage_start(s,
				"info=$(printf %s \"$KUBERNETES_EXEC_INFO\" | base64 -w0)\n"
				"printf '{\"apiVersion\":\"" V1
				"\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"%s\"}}' \"$info\"",
				more);
	if (login(s) < 0 || base64_parse(&text, secret_expose(&s->b.kube.token), &s->b.e) < 0 ||
		va_json_parse(&s->b.mem, buf_bytes(&text), "told", &info, &s->b.e) < 0)
		fail_msg("%s", s->b.e.text);
	return info;
}

static void it_is_told_the_protocol(void **state)
{
	struct stage s;
	const struct value *info = what_it_is_told(&s, NEVER);

	(void)state;
	assert_string_equal(value_text_or(info, "kind", ""), "ExecCredential");
	assert_string_equal(value_text_or(info, "apiVersion", ""), V1);
	assert_false(value_bool_or(info, "spec.interactive", true));
	assert_null(value_at(info, "spec.cluster"));
	stage_end(&s);
}

static void it_is_told_the_cluster_when_it_asks(void **state)
{
	struct stage s;
	const struct value *info = what_it_is_told(&s, NEVER ", provideClusterInfo: true");

	(void)state;
	assert_string_equal(value_text_or(info, "spec.cluster.server", ""), "https://k.example");
	assert_string_equal(value_text_or(info, "spec.cluster.tls-server-name", ""), "inner");
	assert_string_equal(value_text_or(info, "spec.cluster.certificate-authority-data", ""), CERT64);
	assert_int_equal(value_int_or(info, "spec.cluster.config.level", 0), 3);
	stage_end(&s);
}

static const struct {
	const char *script, *more, *text, *hint;
} failures[] = {
	{ "echo 'Unable to locate credentials' >&2; printf '\\033[31mred\\n' >&2; exit 253", NEVER,
	  "it ended with exit code 253: Unable to locate credentials  [31mred", NULL },
	{ "exit 3", NEVER, "it ended with exit code 3", NULL },
	{ "kill -9 $$", NEVER, "it ended by signal 9", NULL },
	{ NULL, NEVER, "plugin'", "install '" },
	{ NULL, NEVER ", installHint: \"get it\\nfrom your admin\"", "plugin'",
	  "get it from your admin" },
	{ "echo nothing", NEVER, "it gave no JSON", NULL },
	{ "echo '{}'", NEVER, "it gave no ExecCredential", NULL },
	{ "echo "
	  "'{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":\"ExecCredential\"}'",
	  NEVER, "it speaks 'client.authentication.k8s.io/v1beta1', the kubeconfig wants '" V1 "'",
	  "update-kubeconfig" },
	{ "echo '{\"apiVersion\":\"" V1 "\",\"kind\":\"ExecCredential\"}'", NEVER,
	  "'status' is missing", NULL },
	{ ANSWER(""), NEVER, "neither a token nor a client certificate", NULL },
	{ ANSWER("\"clientKeyData\":\"hunter2\",\"token\":\"hunter2\""), NEVER,
	  "without its key, or a key alone", NULL },
	{ ANSWER("\"clientKeyData\":\"hunter2\",\"clientCertificateData\":\"x\""), NEVER,
	  "holds no PEM block", NULL },
	{ ANSWER("\"token\":\"hunter2\\r\\nX: y\""), NEVER, "control character", NULL },
	{ ANSWER("\"token\":\"hunter2\",\"expirationTimestamp\":\"soon\""), NEVER,
	  "its expirationTimestamp", NULL },
	{ ANSWER("\"token\":\"hunter2\""), ", interactiveMode: Always", "wants a terminal",
	  "log in where there is one" },
};

static void each_failure_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(failures); i++) {
		struct stage s;

		stage_start(&s, failures[i].script, failures[i].more);
		if (login(&s) == 0)
			fail_msg("case %zu: taken for good", i);
		assert_int_equal(s.b.e.kind, ERR_AUTH);
		assert_holds(s.b.e.text, "the credential plugin '");
		assert_holds(s.b.e.text, "of the user 'u'");
		assert_holds(s.b.e.text, failures[i].text);
		assert_null(strstr(s.b.e.text, "hunter2"));
		assert_null(strchr(s.b.e.text, '\033'));
		if (failures[i].hint)
			assert_holds(s.b.e.hint, failures[i].hint);
		assert_false(secret_held(&s.b.kube.token));
		stage_end(&s);
	}
}

static void token_files_are_read_at_each_login(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
					"clusters: [{name: k, cluster: {server: 'https://k'}}]\n"
					"users: [{name: u, user: {token: old, tokenFile: /t}}]\n");
	fake_host_file(&b.machine, "/t", " new \n");
	assert_int_equal(bench_open(&b), 0);
	assert_token(&b.kube, "old");
	assert_int_equal(kube_login(&b.kube, NULL, &b.e), 0);
	assert_token(&b.kube, "new");
	fake_host_file(&b.machine, "/t", "\n");
	assert_int_equal(kube_login(&b.kube, NULL, &b.e), -1);
	assert_int_equal(b.e.kind, ERR_AUTH);
	assert_holds(b.e.text, "'/t': it is empty");
	assert_token(&b.kube, "new");
	fake_host_file(&b.machine, "/t", NULL);
	assert_int_equal(kube_login(&b.kube, NULL, &b.e), -1);
	assert_int_equal(b.e.kind, ERR_AUTH);
}

static void what_cannot_be_renewed_says_so(void **state)
{
	struct kube k = { .server = "https://k", .user_name = "bob" };
	struct reply reply = { .status = 401 };
	AUTO(err) struct err e = { 0 };

	(void)state;
	assert_int_equal(kube_renew(&k, NULL, &reply, &e), -1);
	assert_int_equal(e.kind, ERR_AUTH);
	assert_int_equal(e.status, 401);
	assert_holds(e.text, "'https://k' does not accept the credentials of the user 'bob'");
	k = (struct kube){ .server = "http://k", .user_name = "" };
	assert_int_equal(kube_renew(&k, NULL, &reply, &e), -1);
	assert_holds(e.text, "a caller without credentials");
	assert_holds(e.hint, "https only");
}

/* ---- a login that ends while we work ---- */

struct cluster {
	unsigned logins;
	bool dialog;      /* the plugin had our terminal, at its last run */
	const char *good; /* the Authorization that is accepted */
};

static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct cluster *c = to;
	AUTO(text) char *text = NULL;

	(void)latency_ms;
	if (rq->kind == REQUEST_CHILD) {
		c->dialog = rq->input_shared && rq->talk == CHILD_SHARED;
		text = xasprintf("{\"apiVersion\":\"" V1
						 "\",\"kind\":\"ExecCredential\",\"status\":{\"token\":"
						 "\"t%u\"}}",
						 ++c->logins);
		fake_reply(reply, 0, text);
	} else if (text_same(request_header_get(rq, "Authorization"), c->good)) {
		fake_reply(reply, 200, "{\"kind\":\"Node\"}");
	} else {
		fake_reply(
			reply, 401,
			"{\"kind\":\"Status\",\"reason\":\"Unauthorized\",\"message\":\"Unauthorized\"}");
	}
}

static int ask_node(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return kube_ask(world, rq, "GET", "/api/v1/nodes/n", NULL, e);
}

static enum heard hear_node(void *world, size_t item, const struct reply *reply, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct kube_answer answer;

	(void)world;
	(void)item;
	if (kube_read(&a, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	return kube_heard(&answer, "reading the node", e);
}

struct session {
	struct kube *kube;
	struct transport t;
};

static int renew(void *to, const void *login, const struct reply *reply, struct err *e)
{
	struct session *s = to;

	(void)login;
	return kube_renew(s->kube, &s->t, reply, e);
}

static void start_session(struct bench *b, const char *user)
{
	AUTO(text)
	char *text = xasprintf("current-context: c\n"
						   "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
						   "clusters: [{name: k, cluster: {server: 'https://k'}}]\n"
						   "users: [{name: u, user: {%s}}]\n",
						   user);

	bench_start(b, text);
	if (bench_open(b) < 0)
		fail_msg("%s", b->e.text);
}

static int ask_once(struct bench *b, struct session *s, struct err *e)
{
	static const struct step row = { .name = "node.read", .ask = ask_node, .hear = hear_node };
	struct loop loop = { .transport = &s->t, .host = &b->host, .renew = renew, .to = s };

	return loop_ask(&loop, &row, &b->kube, e);
}

static void a_401_logs_in_anew_once(void **state)
{
	struct cluster cluster = { .good = "Bearer t2" };
	AUTO(bench) struct bench b;
	struct fake_transport net;
	struct session s = { .kube = &b.kube };

	(void)state;
	start_session(&b, "exec: {apiVersion: " V1 ", command: p" NEVER "}");
	fake_transport_init(&net, serve, &cluster);
	s.t = fake_transport(&net);
	assert_int_equal(kube_login(&b.kube, &s.t, &b.e), 0);
	if (ask_once(&b, &s, &b.e) < 0)
		fail_msg("%s", b.e.text);
	assert_int_equal(cluster.logins, 2);

	/* When the new credentials are refused as well, that is the end of it. */
	cluster.good = "never";
	assert_int_equal(ask_once(&b, &s, &b.e), -1);
	assert_int_equal(b.e.kind, ERR_DENIED);
	assert_holds(b.e.text, "reading the node: not logged in (401): Unauthorized");
	assert_int_equal(cluster.logins, 3);
	fake_transport_release(&net);
}

static void a_401_of_a_fixed_token_is_final(void **state)
{
	struct cluster cluster = { .good = "never" };
	AUTO(bench) struct bench b;
	struct fake_transport net;
	struct session s = { .kube = &b.kube };

	(void)state;
	start_session(&b, "token: t1");
	fake_transport_init(&net, serve, &cluster);
	s.t = fake_transport(&net);
	assert_int_equal(ask_once(&b, &s, &b.e), -1);
	assert_int_equal(b.e.kind, ERR_AUTH);
	assert_holds(b.e.text, "does not accept the credentials of the user 'u'");
	assert_holds(b.e.hint, "log in again");
	assert_int_equal(net.n_calls, 1);
	fake_transport_release(&net);
}

static void the_terminal_is_lent_as_the_mode_says(void **state)
{
	static const struct {
		const char *mode;
		bool interactive, dialog;
	} rows[] = {
		{ "Never", true, false },
		{ "IfAvailable", true, true },
		{ "IfAvailable", false, false },
		{ "Always", true, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(text)
		char *user = xasprintf("exec: {apiVersion: " V1 ", command: p, "
							   "interactiveMode: %s}",
							   rows[i].mode);
		struct cluster cluster = { 0 };
		AUTO(bench) struct bench b;
		struct fake_transport net;
		struct transport t;

		start_session(&b, user);
		b.kube.interactive = rows[i].interactive;
		fake_transport_init(&net, serve, &cluster);
		t = fake_transport(&net);
		assert_int_equal(kube_login(&b.kube, &t, &b.e), 0);
		assert_int_equal(cluster.dialog, rows[i].dialog);
		fake_transport_release(&net);
	}
}

static void a_hanging_plugin_is_given_up(void **state)
{
	struct cluster cluster = { 0 };
	AUTO(bench) struct bench b;
	struct fake_transport net;
	struct transport t;

	(void)state;
	start_session(&b, "exec: {apiVersion: " V1 ", command: p" NEVER "}");
	fake_transport_init(&net, serve, &cluster);
	fake_transport_fault(&net, 1, FAULT_SLOW, REACH_ONCE);
	t = fake_transport(&net);
	assert_int_equal(kube_login(&b.kube, &t, &b.e), -1);
	assert_int_equal(b.e.kind, ERR_AUTH);
	assert_holds(b.e.text, "the credential plugin 'p' of the user 'u'");
	assert_int_equal(net.n_calls, 1); /* not asked a second time */
	assert_true(net.now_ms >= 60000 && net.now_ms < 120000);
	fake_transport_release(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_with_its_end),
		cmocka_unit_test(a_client_certificate),
		cmocka_unit_test(it_is_told_the_protocol),
		cmocka_unit_test(it_is_told_the_cluster_when_it_asks),
		cmocka_unit_test(each_failure_is_told),
		cmocka_unit_test(token_files_are_read_at_each_login),
		cmocka_unit_test(what_cannot_be_renewed_says_so),
		cmocka_unit_test(a_401_logs_in_anew_once),
		cmocka_unit_test(a_401_of_a_fixed_token_is_final),
		cmocka_unit_test(the_terminal_is_lent_as_the_mode_says),
		cmocka_unit_test(a_hanging_plugin_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
