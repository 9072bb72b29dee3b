#include "common.h"

/* What the tools write, shortened only in the certificates. */

#define AWS_CLI \
	"apiVersion: v1\nkind: Config\npreferences: {}\n" \
	"clusters:\n" \
	"- cluster:\n" \
	"    certificate-authority-data: " CERT64 "\n" \
	"    server: https://A1B2C3D4E5F6A7B8C9D0E1F2A3B4C5D6.gr7.eu-central-1.eks.amazonaws.com\n" \
	"  name: arn:aws:eks:eu-central-1:111122223333:cluster/prod\n" \
	"contexts:\n" \
	"- context:\n" \
	"    cluster: arn:aws:eks:eu-central-1:111122223333:cluster/prod\n" \
	"    user: arn:aws:eks:eu-central-1:111122223333:cluster/prod\n" \
	"  name: arn:aws:eks:eu-central-1:111122223333:cluster/prod\n" \
	"current-context: arn:aws:eks:eu-central-1:111122223333:cluster/prod\n" \
	"users:\n" \
	"- name: arn:aws:eks:eu-central-1:111122223333:cluster/prod\n" \
	"  user:\n" \
	"    exec:\n" \
	"      apiVersion: client.authentication.k8s.io/v1beta1\n" \
	"      args:\n      - --region\n      - eu-central-1\n      - eks\n      - get-token\n" \
	"      - --cluster-name\n      - prod\n      - --output\n      - json\n" \
	"      command: aws\n" \
	"      env:\n      - name: AWS_PROFILE\n        value: ops\n"

#define MINIKUBE \
	"apiVersion: v1\n" \
	"clusters:\n" \
	"- cluster:\n" \
	"    certificate-authority: ../.minikube/ca.crt\n" \
	"    extensions:\n    - extension:\n        provider: minikube.sigs.k8s.io\n" \
	"      name: cluster_info\n" \
	"    server: https://192.168.49.2:8443\n" \
	"  name: minikube\n" \
	"contexts:\n" \
	"- context:\n    cluster: minikube\n    namespace: team\n    user: minikube\n  name: minikube\n" \
	"current-context: minikube\n" \
	"kind: Config\n" \
	"users:\n" \
	"- name: minikube\n" \
	"  user:\n" \
	"    client-certificate: /home/ops/.minikube/client.crt\n" \
	"    client-key: ../.minikube/client.key\n"

#define KIND \
	"{\"apiVersion\": \"v1\", \"kind\": \"Config\", \"current-context\": \"kind-kind\",\n" \
	" \"clusters\": [{\"name\": \"kind-kind\", \"cluster\": {\n" \
	"   \"certificate-authority-data\": \"" CERT64 "\", \"server\": \"https://127.0.0.1:38211/\"}}],\n" \
	" \"users\": [{\"name\": \"kind-kind\", \"user\": {\n" \
	"   \"client-certificate-data\": \"" CERT64 "\", \"client-key-data\": \"" KEY64 "\"}}],\n" \
	" \"contexts\": [{\"name\": \"kind-kind\", \"context\": {\"cluster\": \"kind-kind\",\n" \
	"   \"user\": \"kind-kind\"}}]}\n"

/* A small one; the parts of cluster, context and user can be put in. */
#define SMALL(cluster, context, user) \
	"current-context: c\n" \
	"contexts: [{name: c, context: {cluster: k, user: u" context "}}]\n" \
	"clusters: [{name: k, cluster: {server: 'https://k.example'" cluster "}}]\n" \
	"users: [{name: u, user: {" user "}}]\n"

static const char *exposed(const struct secret *s)
{
	return secret_held(s) ? secret_expose(s).p : NULL;
}

static void aws_cli_gives_an_exec_plugin(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, AWS_CLI);
	assert_int_equal(bench_open(&b), 0);
	assert_string_equal(b.kube.context, "arn:aws:eks:eu-central-1:111122223333:cluster/prod");
	assert_string_equal(b.kube.server,
						"https://A1B2C3D4E5F6A7B8C9D0E1F2A3B4C5D6.gr7.eu-central-1.eks.amazonaws.com");
	assert_true(view_is(b.kube.tls.ca_pem, CERT));
	assert_null(b.kube.tls.key_pem);
	assert_non_null(b.kube.exec);
	assert_string_equal(b.kube.exec->command, "aws");
	assert_string_equal(b.kube.exec->args[4], "--cluster-name");
	assert_string_equal(b.kube.exec->args[5], "prod");
	assert_null(b.kube.exec->args[8]);
	assert_string_equal(b.kube.exec->env[0], "AWS_PROFILE=ops");
	assert_null(b.kube.exec->env[1]);
	assert_string_equal(b.kube.exec->interactive_mode, "IfAvailable");
	assert_string_equal(b.kube.namespace_, "default");
}

static void minikube_paths_start_at_the_file(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, MINIKUBE);
	fake_host_file(&b.machine, "/home/ops/.kube/../.minikube/ca.crt", CERT);
	fake_host_file(&b.machine, "/home/ops/.minikube/client.crt", CERT);
	fake_host_file(&b.machine, "/home/ops/.kube/../.minikube/client.key", KEY);
	assert_int_equal(bench_open(&b), 0);
	assert_true(view_is(b.kube.tls.ca_pem, CERT));
	assert_true(view_is(b.kube.tls.cert_pem, CERT));
	assert_ptr_equal(b.kube.tls.key_pem, &b.kube.key_pem);
	assert_text(exposed(&b.kube.key_pem), KEY);
	assert_null(b.kube.exec);
	assert_string_equal(b.kube.namespace_, "team");
	assert_string_equal(b.kube.context_namespace, "team");
}

static void kind_in_json(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, KIND);
	assert_int_equal(bench_open(&b), 0);
	assert_string_equal(b.kube.server, "https://127.0.0.1:38211");
	assert_text(exposed(&b.kube.key_pem), KEY);
}

static void the_first_of_several_files_wins(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, NULL);
	fake_host_env(&b.machine, "KUBECONFIG", "/a/one::/gone:/b/two:/a/one");
	fake_host_file(&b.machine, "/a/one",
				   "clusters: [{name: k, cluster: {server: 'https://first'}}]\n"
				   "users: [{name: u, user: {tokenFile: mine}}]\n");
	fake_host_file(&b.machine, "/b/two",
				   "current-context: c\n"
				   "contexts: [{name: c, context: {cluster: k, user: u}},\n"
				   "           {name: d, context: {cluster: l, user: v}}]\n"
				   "clusters: [{name: k, cluster: {server: 'https://second', "
				   "certificate-authority: ca}},\n"
				   "           {name: l, cluster: {server: 'https://third', certificate-authority: ca}}]\n"
				   "users: [{name: u, user: {token: no}}, {name: v, user: {tokenFile: mine}}]\n");
	fake_host_file(&b.machine, "/b/ca", CERT);
	assert_int_equal(bench_open(&b), 0);
	assert_string_equal(b.kube.server, "https://first");
	assert_int_equal(b.kube.tls.ca_pem.n, 0);        /* whole entries, no mixing of fields */
	assert_string_equal(b.kube.token_file, "/a/mine");
	assert_false(secret_held(&b.kube.token));

	kube_release(&b.kube);
	b.flags.context = "d";
	assert_int_equal(bench_open(&b), 0);
	assert_string_equal(b.kube.server, "https://third");
	assert_string_equal(b.kube.token_file, "/b/mine");
	assert_true(view_is(b.kube.tls.ca_pem, CERT));
}

static void kubeconfig_flag_reads_only_that_file(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, MINIKUBE);
	fake_host_env(&b.machine, "KUBECONFIG", "/never");
	fake_host_file(&b.machine, "conf", SMALL("", "", "tokenFile: t"));
	b.flags.kubeconfig = "conf";
	assert_int_equal(bench_open(&b), 0);
	assert_string_equal(b.kube.server, "https://k.example");
	assert_string_equal(b.kube.token_file, "./t");
}

static void flags_override_parts(void **state)
{
	static const char *const groups[] = { "ops", "system:masters", NULL };
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, SMALL(", tls-server-name: inner, proxy-url: 'socks5://p:1080'", ", namespace: team",
						  "username: joe, password: pw, as: someone, as-groups: [x]"));
	fake_host_file(&b.machine, "/ca", CERT);
	b.flags = (struct kube_flags){
		.server = "https://other:6443/prefix/?q", .namespace_ = "vault", .ca_file = "/ca",
		.as_user = "admin", .as_groups = groups, .request_timeout_ms = 7000,
	};
	secret_set(&b.flags.token, view_text("from-flag"));
	assert_int_equal(bench_open(&b), 0);
	assert_string_equal(b.kube.server, "https://other:6443/prefix");
	assert_null(b.kube.tls.server_name);             /* it was the replaced server's */
	assert_string_equal(b.kube.tls.proxy_url, "socks5://p:1080");
	assert_string_equal(b.kube.namespace_, "vault");
	assert_string_equal(b.kube.context_namespace, "team");
	assert_true(view_is(b.kube.tls.ca_pem, CERT));
	assert_text(exposed(&b.kube.token), "from-flag");
	assert_null(b.kube.username);
	assert_string_equal(b.kube.as_user, "admin");
	assert_string_equal(b.kube.as_groups[1], "system:masters");
	assert_int_equal(b.kube.request_timeout_ms, 7000);
}

static void server_and_user_by_flag_without_a_kubeconfig(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, NULL);
	b.flags.server = "https://api:6443";
	b.flags.tls_server_name = "kubernetes";
	assert_int_equal(bench_open(&b), 0);
	assert_string_equal(b.kube.server, "https://api:6443");
	assert_string_equal(b.kube.tls.server_name, "kubernetes");
	assert_string_equal(b.kube.context, "");
}

static void no_credentials_go_without_tls(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, SMALL("", "", "token: s3cret, as: other"));
	b.flags.server = "http://127.0.0.1:8080";
	assert_int_equal(bench_open(&b), 0);
	assert_false(secret_held(&b.kube.token));
	assert_string_equal(b.kube.as_user, "other");
}

static void static_credentials_make_the_plugin_needless(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, SMALL("", "", "token: t, exec: {command: x, "
						  "apiVersion: client.authentication.k8s.io/v1beta1}"));
	assert_int_equal(bench_open(&b), 0);
	assert_null(b.kube.exec);
}

static void plugin_path_starts_at_the_file(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, SMALL("", "", "exec: {command: bin/login, interactiveMode: Never, installHint: get it, "
						  "provideClusterInfo: true, apiVersion: client.authentication.k8s.io/v1}"));
	assert_int_equal(bench_open(&b), 0);
	assert_string_equal(b.kube.exec->command, "/home/ops/.kube/bin/login");
	assert_string_equal(b.kube.exec->interactive_mode, "Never");
	assert_string_equal(b.kube.exec->install_hint, "get it");
	assert_true(b.kube.exec->provide_cluster_info);
	assert_null(b.kube.exec->args);
}

static void impersonation_with_uid_and_extra(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, SMALL("", "", "as: jane, as-uid: '7', as-groups: [a, b], "
						  "as-user-extra: {Scopes: [view], example.com/x: [one, two]}"));
	assert_int_equal(bench_open(&b), 0);
	assert_string_equal(b.kube.as_uid, "7");
	assert_string_equal(b.kube.as_groups[1], "b");
	assert_string_equal(b.kube.as_extra[0].name, "Impersonate-Extra-scopes");
	assert_string_equal(b.kube.as_extra[0].value, "view");
	assert_string_equal(b.kube.as_extra[2].name, "Impersonate-Extra-example.com%2Fx");
	assert_string_equal(b.kube.as_extra[2].value, "two");
	assert_null(b.kube.as_extra[3].name);
}

#define ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount/"

static void in_a_pod(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, "");                             /* an empty file is no configuration */
	fake_host_env(&b.machine, "KUBERNETES_SERVICE_HOST", "fd00::1");
	fake_host_env(&b.machine, "KUBERNETES_SERVICE_PORT", "443");
	fake_host_file(&b.machine, ACCOUNT "token", "projected\n");
	fake_host_file(&b.machine, ACCOUNT "ca.crt", CERT);
	fake_host_file(&b.machine, ACCOUNT "namespace", "tools");
	assert_int_equal(bench_open(&b), 0);
	assert_string_equal(b.kube.server, "https://[fd00::1]:443");
	assert_string_equal(b.kube.namespace_, "tools");
	assert_string_equal(b.kube.context, "");
	assert_int_equal(kube_login(&b.kube, NULL, &b.e), 0);
	assert_text(exposed(&b.kube.token), "projected");

	/* The kubelet renews the file; so does each login. */
	fake_host_file(&b.machine, ACCOUNT "token", "renewed");
	assert_int_equal(kube_renew(&b.kube, NULL, NULL, &b.e), 0);
	assert_text(exposed(&b.kube.token), "renewed");
}

static void a_kubeconfig_wins_over_the_pod(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, KIND);
	fake_host_env(&b.machine, "KUBERNETES_SERVICE_HOST", "10.0.0.1");
	fake_host_env(&b.machine, "KUBERNETES_SERVICE_PORT", "443");
	fake_host_file(&b.machine, ACCOUNT "token", "t");
	assert_int_equal(bench_open(&b), 0);
	assert_string_equal(b.kube.server, "https://127.0.0.1:38211");
}

/* ---- what is wrong, and what is said about it ---- */

#define EXEC(more) "exec: {command: x, apiVersion: client.authentication.k8s.io/v1" more "}"

static const struct {
	const char *what, *config, *context, *text, *hint;
} wrong[] = {
	{ "context misspelt", MINIKUBE, "minikub", "there is no context 'minikub' in the kubeconfig '" HOME_CONFIG "'",
	  "did you mean 'minikube'?" },
	{ "context unlike any", MINIKUBE, "production", "no context 'production'", "there are: 'minikube'" },
	{ "no current context", "contexts: [{name: only, context: {cluster: k}}]", NULL, "has no current context",
	  "--context only" },
	{ "cluster misspelt", "current-context: c\ncontexts: [{name: c, context: {cluster: prodd}}]\n"
	  "clusters: [{name: prod, cluster: {server: 'https://k'}}]\n", NULL,
	  "the context 'c': there is no cluster 'prodd'", "did you mean 'prod'?" },
	{ "user missing", "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: bob}}]\n"
	  "clusters: [{name: k, cluster: {server: 'https://k'}}]\n", NULL, "there is no user 'bob'", NULL },
	{ "no cluster", "current-context: c\ncontexts: [{name: c, context: {user: u}}]\nusers: [{name: u}]\n", NULL,
	  "the context 'c' names no cluster", NULL },
	{ "no server", "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"
	  "clusters: [{name: k, cluster: {}}]\n", NULL, "the cluster 'k' has no server", NULL },
	{ "twice", "clusters: [{name: k, cluster: {}}, {name: k, cluster: {}}]\n", NULL,
	  HOME_CONFIG ":1:", NULL },
	{ "not a kubeconfig", "kind: Pod\n", NULL, "its kind is 'Pod'", NULL },
	{ "a list", "[1]\n", NULL, "is no kubeconfig", NULL },
	{ "broken", "a: [\n", NULL, HOME_CONFIG, NULL },
	{ "clusters of the wrong type", "clusters: 7\n", NULL, "'clusters' must be a list", NULL },
	{ "token of the wrong type", SMALL("", "", "token: 123456"), NULL, "'token' must be a text", NULL },
	{ "unverified", SMALL(", insecure-skip-tls-verify: true", "", ""), NULL, "insecure-skip-tls-verify",
	  "--certificate-authority=FILE" },
	{ "no scheme", "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"
	  "clusters: [{name: k, cluster: {server: '10.0.0.1:6443'}}]\n", NULL, "has no scheme",
	  "write https://10.0.0.1:6443" },
	{ "ftp", "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"
	  "clusters: [{name: k, cluster: {server: 'ftp://x'}}]\n", NULL, "neither https nor http", NULL },
	{ "proxy", SMALL(", proxy-url: 'ftp://p'", "", ""), NULL, "'proxy-url' of the cluster 'k'", NULL },
	{ "CA twice", SMALL(", certificate-authority: a, certificate-authority-data: QQ==", "", ""), NULL,
	  "both 'certificate-authority' and 'certificate-authority-data'", NULL },
	{ "CA gone", SMALL(", certificate-authority: gone.crt", "", ""), NULL, "/home/ops/.kube/gone.crt", NULL },
	{ "CA no base64", SMALL(", certificate-authority-data: '*'", "", ""), NULL,
	  "reading 'certificate-authority-data' of the cluster 'k'", NULL },
	{ "CA no PEM", SMALL(", certificate-authority-data: QUFB", "", ""), NULL, "holds no PEM block", NULL },
	{ "certificate without key", SMALL("", "", "client-certificate-data: " CERT64), NULL, "without its key", NULL },
	{ "key no PEM", SMALL("", "", "client-key-data: QUFB, client-certificate-data: " CERT64), NULL,
	  "the 'client-key' of the user 'u'", NULL },
	{ "token and password", SMALL("", "", "token: t, username: u, password: p"), NULL,
	  "a token and a password", NULL },
	{ "token with a line break", SMALL("", "", "token: \"a\\nb\""), NULL, "control character at byte 2", NULL },
	{ "auth-provider", SMALL("", "", "auth-provider: {name: gcp}"), NULL, "the auth-provider 'gcp'", "exec plugin" },
	{ "groups without user", SMALL("", "", "as-groups: [x]"), NULL, "but no user", "--as" },
	{ "v1alpha1", SMALL("", "", "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1alpha1}"), NULL,
	  "no longer spoken", "aws eks update-kubeconfig" },
	{ "version unknown", SMALL("", "", "exec: {command: aws, apiVersion: v9}"), NULL, "not known", NULL },
	{ "no interactiveMode", SMALL("", "", EXEC("")), NULL, "no interactiveMode", "Never, IfAvailable or Always" },
	{ "mode unknown", SMALL("", "", EXEC(", interactiveMode: Perhaps")), NULL, "'Perhaps'", "Never" },
	{ "no command", SMALL("", "", "exec: {apiVersion: client.authentication.k8s.io/v1}"), NULL, "has no command", NULL },
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
	bench_start(&b, MINIKUBE);
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
		"clusters:\n- name: k\n  cluster: {server: 'https://joe:hunter2@k'}\n"
		"contexts: [{name: c, context: {cluster: k}}]\ncurrent-context: c\n",
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
		cmocka_unit_test(aws_cli_gives_an_exec_plugin),
		cmocka_unit_test(minikube_paths_start_at_the_file),
		cmocka_unit_test(kind_in_json),
		cmocka_unit_test(the_first_of_several_files_wins),
		cmocka_unit_test(kubeconfig_flag_reads_only_that_file),
		cmocka_unit_test(flags_override_parts),
		cmocka_unit_test(server_and_user_by_flag_without_a_kubeconfig),
		cmocka_unit_test(no_credentials_go_without_tls),
		cmocka_unit_test(static_credentials_make_the_plugin_needless),
		cmocka_unit_test(plugin_path_starts_at_the_file),
		cmocka_unit_test(impersonation_with_uid_and_extra),
		cmocka_unit_test(in_a_pod),
		cmocka_unit_test(a_kubeconfig_wins_over_the_pod),
		cmocka_unit_test(each_mistake_is_named),
		cmocka_unit_test(nothing_configured_is_absent),
		cmocka_unit_test(a_named_file_must_be_there),
		cmocka_unit_test(errors_keep_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
