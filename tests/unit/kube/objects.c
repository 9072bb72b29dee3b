#include "common.h"

#include "formats/json.h"
#include "kube/objects.h"

static const struct value *parse(struct arena *a, const char *text)
{
	AUTO(err) struct err e = { 0 };
	struct value *v;

	if (va_json_parse(a, view_text(text), "test", &v, &e) < 0)
		fail_msg("%s", e.text);
	return v;
}

#define POD(status) \
	"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"vault-0\",\"namespace\":\"vault\"}," \
	"\"spec\":{\"nodeName\":\"n\",\"initContainers\":[{\"name\":\"prepare\",\"image\":\"i\"}]," \
	"\"containers\":[{\"name\":\"vault\",\"image\":\"hashicorp/vault:9\"}]},\"status\":{" status \
	"}}"

#define DONE \
	"\"initContainerStatuses\":[{\"name\":\"prepare\",\"state\":{\"terminated\":" \
	"{\"reason\":\"Completed\",\"exitCode\":0}}}],"
#define VAULT(state) \
	DONE "\"containerStatuses\":[{\"name\":\"vault\",\"restartCount\":4," state "}]"
#define WAITING(reason, message) \
	"\"state\":{\"waiting\":{\"reason\":\"" reason "\",\"message\":\"" message "\"}}"

static const struct {
	const char *status, *reason;
	bool stuck;
} reasons[] = {
	{ "\"phase\":\"Running\"," VAULT("\"ready\":false,\"state\":{\"running\":{}}"), NULL, false },
	{ "\"phase\":\"Succeeded\"," VAULT("\"state\":{\"terminated\":{\"exitCode\":0}}"), NULL,
	  false },
	{ "\"phase\":\"Pending\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"False\","
	  "\"reason\":\"Unschedulable\",\"message\":\"0/1 nodes are available: 1 Insufficient "
	  "memory.\"}]",
	  "unschedulable: 0/1 nodes are available: 1 Insufficient memory.", true },
	{ "\"phase\":\"Pending\"," VAULT(WAITING("ImagePullBackOff", "Back-off pulling image")),
	  "container 'vault' cannot get its image 'hashicorp/vault:9': ImagePullBackOff: Back-off "
	  "pulling image",
	  true },
	{ "\"phase\":\"Pending\"," VAULT(
		  WAITING("CreateContainerConfigError", "secret \\\"x\\\"\\nnot found")),
	  "container 'vault': CreateContainerConfigError: secret \"x\" not found", true },
	{ "\"phase\":\"Running\"," VAULT(WAITING(
		  "CrashLoopBackOff",
		  "back-off 40s") ",\"lastState\":{\"terminated\":{\"reason\":\"Error\",\"exitCode\":1}}"),
	  "container 'vault' keeps ending (4 restarts), last: Error, exit code 1", true },
	{ "\"phase\":\"Running\"," VAULT(WAITING("CrashLoopBackOff", "back-off 40s")),
	  "container 'vault': CrashLoopBackOff: back-off 40s", true },
	{ "\"phase\":\"Running\"," VAULT(
		  "\"state\":{\"terminated\":{\"reason\":\"OOMKilled\",\"exitCode\":137,"
		  "\"signal\":9,\"message\":\"m\"}}"),
	  "container 'vault' ended: OOMKilled, signal 9: m", true },
	{ "\"phase\":\"Failed\",\"reason\":\"Evicted\",\"message\":\"The node was low on memory.\"",
	  "Evicted: The node was low on memory.", true },
	{ "\"phase\":\"Pending\"," VAULT(WAITING("ContainerCreating", "")),
	  "container 'vault' is being created", false },
	{ "\"phase\":\"Pending\",\"initContainerStatuses\":[{\"name\":\"prepare\",\"state\":{"
	  "\"running\":{}}}],"
	  "\"containerStatuses\":[{\"name\":\"vault\"," WAITING("PodInitializing", "") "}]",
	  "init container 'prepare' has not ended yet", false },
	{ "\"phase\":\"Pending\",\"initContainerStatuses\":[{\"name\":\"prepare\",\"state\":{"
	  "\"terminated\":"
	  "{\"reason\":\"Error\",\"exitCode\":2}}}],\"containerStatuses\":[{\"name\":"
	  "\"vault\"," WAITING("PodInitializing", "") "}]",
	  "init container 'prepare' ended: Error, exit code 2", true },
	{ "\"phase\":\"Pending\"", "init container 'prepare' is being created", false },
};

static void each_pod_tells_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct pod pod;
		bool stuck;
		const char *reason;
		char *json = arena_printf(&a, POD("%s"), reasons[i].status);

		assert_int_equal(pod_read(&pod, &a, parse(&a, json), &e), 0);
		reason = pod_reason(&a, &pod, &stuck);
		if (!text_same(reason, reasons[i].reason))
			fail_msg("case %zu: '%s', not '%s'", i, reason ? reason : "(none)",
					 reasons[i].reason ? reasons[i].reason : "(none)");
		assert_int_equal(stuck, reasons[i].stuck);
	}
}

static void a_deleted_pod_says_so(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct pod pod;
	bool stuck;

	(void)state;
	assert_int_equal(
		pod_read(&pod, &a,
				 parse(&a, "{\"metadata\":{\"name\":\"p\",\"deletionTimestamp\":"
						   "\"2026-01-01T00:00:00Z\"},\"status\":{\"phase\":\"Running\"}}"),
				 &e),
		0);
	assert_true(pod.deleting);
	assert_string_equal(pod_reason(&a, &pod, &stuck), "it is being deleted");
	assert_false(stuck);
}

static const char irsa_pod[] =
	"{\"metadata\":{\"name\":\"vault-0\",\"labels\":{\"app.kubernetes.io/name\":\"vault\"}},"
	"\"spec\":{\"serviceAccountName\":\"vault\",\"containers\":[{\"name\":\"vault\",\"env\":["
	"{\"name\":\"HOST_IP\",\"valueFrom\":{}},{\"name\":\"AWS_ROLE_ARN\",\"value\":\"arn\"}],"
	"\"volumeMounts\":[{\"name\":\"aws-iam-token\",\"mountPath\":\"/var/run/"
	"token\"}]},{\"name\":\"side\"}],"
	"\"volumes\":[{\"name\":\"data\"},{\"name\":\"aws-iam-token\",\"projected\":{\"sources\":["
	"{\"serviceAccountToken\":{\"audience\":\"sts.amazonaws.com\",\"expirationSeconds\":86400,"
	"\"path\":\"token\"}}]}}]},\"status\":{\"phase\":\"Running\",\"podIP\":\"10.0.0.9\","
	"\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}";

static void web_identity_of_a_pod(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct token_volume token;
	struct pod pod;

	(void)state;
	assert_int_equal(pod_read(&pod, &a, parse(&a, irsa_pod), &e), 0);
	assert_string_equal(pod.service_account, "vault");
	assert_string_equal(pod.ip, "10.0.0.9");
	assert_true(pod.ready);
	assert_string_equal(object_label(pod.object, "app.kubernetes.io/name"), "vault");
	assert_string_equal(pod_env(&pod, "vault", "AWS_ROLE_ARN"), "arn");
	assert_string_equal(pod_env(&pod, NULL, "AWS_ROLE_ARN"), "arn");
	assert_null(pod_env(&pod, "vault", "HOST_IP"));
	assert_null(pod_env(&pod, "side", "AWS_ROLE_ARN"));
	assert_true(pod_find_token_volume(&pod, "vault", "aws-iam-token", &token));
	assert_string_equal(token.audience, "sts.amazonaws.com");
	assert_string_equal(token.path, "token");
	assert_string_equal(token.mount_path, "/var/run/token");
	assert_int_equal(token.expires_s, 86400);
	assert_true(pod_find_token_volume(&pod, "side", "aws-iam-token", &token));
	assert_null(token.mount_path);
	assert_false(pod_find_token_volume(&pod, "vault", "data", &token));
}

static const char tls_pod[] =
	"{\"metadata\":{\"name\":\"vault-0\"},\"spec\":{\"containers\":[{\"name\":\"vault\",\"volumeMounts\":["
	"{\"name\":\"config\",\"mountPath\":\"/vault\"},{\"name\":\"tls\",\"mountPath\":\"/vault/tls\"},"
	"{\"name\":\"some\",\"mountPath\":\"/some\"}]}],"
	"\"volumes\":[{\"name\":\"config\",\"configMap\":{\"name\":\"c\"}},"
	"{\"name\":\"tls\",\"secret\":{\"secretName\":\"mine\"}},"
	"{\"name\":\"some\",\"secret\":{\"secretName\":\"other\",\"items\":["
	"{\"key\":\"root.pem\",\"path\":\"ca/root.crt\"}]}}]}}";

static void a_file_of_a_secret_is_found(void **state)
{
	static const struct { const char *path, *secret, *key; } cases[] = {
		{ "/vault/tls/ca.crt", "mine", "ca.crt" }, { "/some/ca/root.crt", "other", "root.pem" },
		{ "/some/ca.crt", NULL, NULL },            { "/vault/tls", NULL, NULL },
		{ "/vault/tls2/ca.crt", NULL, NULL },      { "/vault/config.hcl", NULL, NULL },
		{ "", NULL, NULL },
	};
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct pod pod;

	(void)state;
	assert_int_equal(pod_read(&pod, &a, parse(&a, tls_pod), &e), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct secret_file at = { 0 };

		assert_int_equal(pod_find_secret_file(&pod, &a, "vault", cases[i].path, &at), cases[i].secret != NULL);
		if (!cases[i].secret)
			continue;
		assert_string_equal(at.secret, cases[i].secret);
		assert_string_equal(at.key, cases[i].key);
	}
}

static void pages_of_pods_add_up(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct pod_list pods = { 0 };

	(void)state;
	assert_int_equal(pod_list_read(&pods, &a,
								   parse(&a, "{\"metadata\":{\"continue\":\"next\"},\"items\":["
											 "{\"metadata\":{\"name\":\"a\"}}]}"),
								   &e),
					 0);
	assert_string_equal(pods.more, "next");
	assert_int_equal(
		pod_list_read(&pods, &a,
					  parse(&a,
							"{\"metadata\":{\"continue\":\"\"},\"items\":["
							"{\"metadata\":{\"name\":\"b\"}},{\"metadata\":{\"name\":\"c\"}}]}"),
					  &e),
		0);
	assert_null(pods.more);
	assert_int_equal(pods.n, 3);
	assert_string_equal(pods.at[0].name, "a");
	assert_string_equal(pod_list_find(&pods, "c")->name, "c");
	assert_null(pod_list_find(&pods, "d"));
	assert_int_equal(pod_list_read(&pods, &a, parse(&a, "{\"items\":[{}]}"), &e), -1);
	assert_int_equal(e.kind, ERR_REMOTE);
	assert_int_equal(pods.n, 3);
	assert_int_equal(pod_list_read(&pods, &a, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_REMOTE);
}

static void who_holds_a_service_account(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct service_account account;

	(void)state;
	assert_int_equal(
		service_account_read(
			&account,
			parse(&a,
				  "{\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"vault\",\"namespace\":"
				  "\"ns\","
				  "\"labels\":{\"app.kubernetes.io/managed-by\":\"Helm\"},\"annotations\":{"
				  "\"eks.amazonaws.com/role-arn\":\"arn:r\",\"meta.helm.sh/release-name\":\"v\","
				  "\"meta.helm.sh/release-namespace\":\"ns\"}}}"),
			&e),
		0);
	assert_string_equal(account.role_arn, "arn:r");
	assert_string_equal(account.managed_by, "Helm");
	assert_string_equal(account.release, "v");
	assert_string_equal(account.release_namespace, "ns");
	assert_int_equal(service_account_read(&account,
										  parse(&a, "{\"kind\":\"ServiceAccount\",\"metadata\":"
													"{\"name\":\"default\"}}"),
										  &e),
					 0);
	assert_null(account.role_arn);
	assert_null(account.managed_by);
	assert_int_equal(service_account_read(&account, parse(&a, "{\"kind\":\"Status\"}"), &e), -1);
	assert_holds(e.text, "a Status came where a ServiceAccount belongs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pod_tells_its_reason),   cmocka_unit_test(a_deleted_pod_says_so),
		cmocka_unit_test(web_identity_of_a_pod),       cmocka_unit_test(a_file_of_a_secret_is_found),
		cmocka_unit_test(pages_of_pods_add_up),
		cmocka_unit_test(who_holds_a_service_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
