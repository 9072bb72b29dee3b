/* What can be wrong with a kubeconfig, and what is said about it. */
#include "common.h"

#define EXEC(more) "exec: {command: x, apiVersion: client.authentication.k8s.io/v1" more "}"

#define GOOD \
	"current-context: prod-west\n" \
	"contexts: [{name: prod-west, context: {cluster: k}}]\n" \
	"clusters: [{name: k, cluster: {server: 'https://k.example'}}]\n"

static const struct {
	const char *what, *config, *context, *text, *hint;
} wrong[] = {
	{ "context misspelt", GOOD, "prod-we",
	  "there is no context 'prod-we' in the kubeconfig '" HOME_CONFIG "'",
	  "did you mean 'prod-west'?" },
	{ "context unlike any", GOOD, "production", "no context 'production'",
	  "there are: 'prod-west'" },
	{ "no current context", "contexts: [{name: only, context: {cluster: k}}]", NULL,
	  "has no current context", "--context only" },
	{ "cluster misspelt",
	  "current-context: c\ncontexts: [{name: c, context: {cluster: prodd}}]\n"
	  "clusters: [{name: prod, cluster: {server: 'https://k'}}]\n",
	  NULL, "the context 'c': there is no cluster 'prodd'", "did you mean 'prod'?" },
	{ "user missing",
	  "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: bob}}]\n"
	  "clusters: [{name: k, cluster: {server: 'https://k'}}]\n",
	  NULL, "there is no user 'bob'", NULL },
	{ "no cluster",
	  "current-context: c\ncontexts: [{name: c, context: {user: u}}]\nusers: [{name: u}]\n", NULL,
	  "the context 'c' names no cluster", NULL },
	{ "no server",
	  "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"
	  "clusters: [{name: k, cluster: {}}]\n",
	  NULL, "the cluster 'k' has no server", NULL },
	{ "twice", "clusters: [{name: k, cluster: {}}, {name: k, cluster: {}}]\n", NULL,
	  HOME_CONFIG ":1:", NULL },
	{ "not a kubeconfig", "kind: Pod\n", NULL, "its kind is 'Pod'", NULL },
	{ "a list", "[1]\n", NULL, "is no kubeconfig", NULL },
	{ "broken", "a: [\n", NULL, HOME_CONFIG, NULL },
	{ "current context of the wrong type", "current-context: 12\n", NULL,
	  "'current-context' must be a text", NULL },
	{ "clusters of the wrong type", "clusters: 7\n", NULL, "'clusters' must be a list", NULL },
	{ "token of the wrong type", SMALL("", "", "token: 123456"), NULL, "'token' must be a text",
	  NULL },
	{ "unverified", SMALL(", insecure-skip-tls-verify: true", "", ""), NULL,
	  "insecure-skip-tls-verify", "--certificate-authority=FILE" },
	{ "no scheme",
	  "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"
	  "clusters: [{name: k, cluster: {server: '10.0.0.1:6443'}}]\n",
	  NULL, "has no scheme", "write https://10.0.0.1:6443" },
	{ "ftp",
	  "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"
	  "clusters: [{name: k, cluster: {server: 'ftp://x'}}]\n",
	  NULL, "neither https nor http", NULL },
	{ "proxy", SMALL(", proxy-url: 'ftp://p'", "", ""), NULL, "'proxy-url' of the cluster 'k'",
	  NULL },
	{ "CA twice", SMALL(", certificate-authority: a, certificate-authority-data: QQ==", "", ""),
	  NULL, "both 'certificate-authority' and 'certificate-authority-data'", NULL },
	{ "CA gone", SMALL(", certificate-authority: gone.crt", "", ""), NULL,
	  "/home/ops/.kube/gone.crt", NULL },
	{ "CA no base64", SMALL(", certificate-authority-data: '*'", "", ""), NULL,
	  "reading 'certificate-authority-data' of the cluster 'k'", NULL },
	{ "CA no PEM", SMALL(", certificate-authority-data: QUFB", "", ""), NULL, "holds no PEM block",
	  NULL },
	{ "certificate without key", SMALL("", "", "client-certificate-data: " CERT64), NULL,
	  "without its key", NULL },
	{ "key no PEM", SMALL("", "", "client-key-data: QUFB, client-certificate-data: " CERT64), NULL,
	  "the 'client-key' of the user 'u'", NULL },
	{ "token and password", SMALL("", "", "token: t, username: u, password: p"), NULL,
	  "a token and a password", NULL },
	{ "token with a line break", SMALL("", "", "token: \"a\\nb\""), NULL,
	  "control character at byte 2", NULL },
	{ "auth-provider", SMALL("", "", "auth-provider: {name: gcp}"), NULL, "the auth-provider 'gcp'",
	  "exec plugin" },
	{ "groups without user", SMALL("", "", "as-groups: [x]"), NULL, "but no user", "--as" },
	{ "v1alpha1",
	  SMALL("", "", "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1alpha1}"),
	  NULL, "no longer spoken", "aws eks update-kubeconfig" },
	{ "version unknown", SMALL("", "", "exec: {command: aws, apiVersion: v9}"), NULL, "not known",
	  NULL },
	{ "no interactiveMode", SMALL("", "", EXEC("")), NULL, "no interactiveMode",
	  "Never, IfAvailable or Always" },
	{ "mode unknown", SMALL("", "", EXEC(", interactiveMode: Perhaps")), NULL, "'Perhaps'",
	  "Never" },
	{ "no command", SMALL("", "", "exec: {apiVersion: client.authentication.k8s.io/v1}"), NULL,
	  "has no command", NULL },
	{ "env without value", SMALL("", "", EXEC(", interactiveMode: Never, env: [{name: A}]")), NULL,
	  "'value' is missing", NULL },
	{ "args of the wrong type", SMALL("", "", EXEC(", interactiveMode: Never, args: [1]")), NULL,
	  "among its 'args'", NULL },
};

static void each_mistake_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		AUTO(bench) struct bench b;

		bench_start(&b, wrong[i].config);
		b.flags.context = wrong[i].context;
		if (bench_open(&b) == 0)
			fail_msg("%s: taken for good", wrong[i].what);
		if (b.e.kind != ERR_CONFIG)
			fail_msg("%s: kind %s: %s", wrong[i].what, err_kind_name(b.e.kind), b.e.text);
		assert_holds(b.e.text, wrong[i].text);
		if (wrong[i].hint)
			assert_holds(b.e.hint, wrong[i].hint);
	}
}

static void nothing_configured_is_absent(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, NULL);
	assert_int_equal(bench_open(&b), -1);
	assert_int_equal(b.e.kind, ERR_ABSENT);
	assert_holds(b.e.text, "'" HOME_CONFIG "' is not there");
	assert_holds(b.e.hint, "aws eks update-kubeconfig");
	fake_host_env(&b.machine, "KUBECONFIG", "/x:/y");
	assert_int_equal(bench_open(&b), -1);
	assert_int_equal(b.e.kind, ERR_ABSENT);
	assert_holds(b.e.text, "'/x', '/y'");
}

static void a_named_file_must_be_there(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, GOOD);
	b.flags.kubeconfig = "/gone";
	assert_int_equal(bench_open(&b), -1);
	assert_int_equal(b.e.kind, ERR_CONFIG);
	assert_holds(b.e.text, "/gone");
	b.flags.kubeconfig = "/closed";
	fake_host_deny(&b.machine, "/closed");
	assert_int_equal(bench_open(&b), -1);
	assert_int_equal(b.e.kind, ERR_CONFIG);
}

/* A mistake beside a secret must not print it. */
static void errors_keep_secrets(void **state)
{
	static const char *const configs[] = {
		SMALL("", "", "token: \"hunter2\\x01\""),
		SMALL("", "", "token: hunter2, password: hunter2"),
		SMALL("", "", "client-key-data: hunter2, client-certificate-data: " CERT64),
		"users: [{name: u, user: {token: hunter2}}\n",
		("clusters: [{name: k, cluster: {server: 'https://joe:hunter2@k'}}]\n"
		 "contexts: [{name: c, context: {cluster: k}}]\ncurrent-context: c\n"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(configs); i++) {
		AUTO(bench) struct bench b;

		bench_start(&b, configs[i]);
		assert_int_equal(bench_open(&b), -1);
		if (strstr(b.e.text, "hunter2") || (b.e.hint && strstr(b.e.hint, "hunter2")))
			fail_msg("case %zu tells the secret: %s", i, b.e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_named),
		cmocka_unit_test(nothing_configured_is_absent),
		cmocka_unit_test(a_named_file_must_be_there),
		cmocka_unit_test(errors_keep_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
