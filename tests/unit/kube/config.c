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
	"- context:\n    cluster: minikube\n    namespace: team\n    user: minikube\n  name: " \
	"minikube\n" \
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
	"   \"certificate-authority-data\": \"" CERT64 \
	"\", \"server\": \"https://127.0.0.1:38211/\"}}],\n" \
	" \"users\": [{\"name\": \"kind-kind\", \"user\": {\n" \
	"   \"client-certificate-data\": \"" CERT64 "\", \"client-key-data\": \"" KEY64 "\"}}],\n" \
	" \"contexts\": [{\"name\": \"kind-kind\", \"context\": {\"cluster\": \"kind-kind\",\n" \
	"   \"user\": \"kind-kind\"}}]}\n"

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
	assert_string_equal(
		b.kube.server,
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
	fake_host_file(
		&b.machine, "/b/two",
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
	assert_int_equal(b.kube.tls.ca_pem.n, 0); /* whole entries, no mixing of fields */
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
	bench_start(&b,
				SMALL(", tls-server-name: inner, proxy-url: 'socks5://p:1080'", ", namespace: team",
					  "username: joe, password: pw, as: someone, as-groups: [x]"));
	fake_host_file(&b.machine, "/ca", CERT);
	b.flags = (struct kube_flags){
		.server = "https://other:6443/prefix/?q",
		.namespace_ = "vault",
		.ca_file = "/ca",
		.as_user = "admin",
		.as_groups = groups,
		.request_timeout_ms = 7000,
	};
	secret_set(&b.flags.token, view_text("from-flag"));
	assert_int_equal(bench_open(&b), 0);
	assert_string_equal(b.kube.server, "https://other:6443/prefix");
	assert_null(b.kube.tls.server_name); /* it was the replaced server's */
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
	bench_start(&b, SMALL("", "",
						  "token: t, exec: {command: x, "
						  "apiVersion: client.authentication.k8s.io/v1beta1}"));
	assert_int_equal(bench_open(&b), 0);
	assert_null(b.kube.exec);
}

static void plugin_path_starts_at_the_file(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b,
				SMALL("", "",
					  "exec: {command: bin/login, interactiveMode: Never, installHint: get it, "
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
	bench_start(&b, SMALL("", "",
						  "as: jane, as-uid: '7', as-groups: [a, b], "
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
	bench_start(&b, ""); /* an empty file is no configuration */
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
