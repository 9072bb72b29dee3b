/* What would be better though nothing is broken, and the score over it. */
#include "unit/domain/diag_fixture.h"

#include "domain/diag_base.h"
#include "domain/diag_cluster.h"
#include "domain/diag_custody.h"
#include "domain/diag_vault.h"

#define POLICY(statement) \
	"inline/vault-policy={\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"kms:Decrypt\"],\"Resource\":\"" KEY_ARN \
	"\"}," statement "]}"

static const struct wrong cases[] = {
	{ "hardening-rotation", VERDICT_INFO, "is not rotated", "", { "rotation={\"KeyRotationEnabled\":false}" } },
	{ "hardening-rotation", VERDICT_SKIP, "not read", "", { "rotation=null" } },
	{ "hardening-pitr", VERDICT_INFO, "is off", "", { "backups={\"PointInTimeRecoveryDescription\":{\"PointInTimeRecoveryStatus\":\"DISABLED\"}}" } },
	{ "hardening-pitr", VERDICT_SKIP, "not read", "", { "backups=null" } },
	{ "hardening-protection", VERDICT_INFO, "not protected", "", { "table/DeletionProtectionEnabled=false" } },
	{ "hardening-protection", VERDICT_SKIP, "not read", "", { "table=null" } },
	{ "hardening-privilege", VERDICT_PASS, "nothing else", "", { NULL } },
	{ "hardening-privilege", VERDICT_WARN, "in 1 ways", "put-role-policy --role-name prod-vault --policy-name vault-policy",
	  { POLICY("{\"Effect\":\"Allow\",\"Action\":\"dynamodb:CreateTable\",\"Resource\":\"" TABLE_ARN "\"}") } },
	{ "hardening-privilege", VERDICT_WARN, "in 2 ways", "put-role-policy",
	  { POLICY("{\"Effect\":\"Allow\",\"Action\":\"dynamodb:*\",\"Resource\":\"*\"}") } },
	{ "hardening-privilege", VERDICT_WARN, "in 1 ways", "put-role-policy",
	  { POLICY("{\"Effect\":\"Allow\",\"Action\":\"kms:Decrypt\",\"Resource\":\"arn:aws:kms:" R ":111122223333:key/*\"}") } },
	{ "hardening-privilege", VERDICT_WARN, "more than Vault needs", "put-role-policy",
	  { POLICY("{\"Effect\":\"Allow\",\"NotAction\":\"iam:*\",\"Resource\":\"" TABLE_ARN "\"}") } },
	/* what is denied takes nothing; case does not matter; a second key, which still wraps the root key, is no excess */
	{ "hardening-privilege", VERDICT_PASS, "nothing else", "",
	  { POLICY("{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}") } },
	{ "hardening-privilege", VERDICT_PASS, "nothing else", "",
	  { POLICY("{\"Effect\":\"Allow\",\"Action\":\"KMS:decrypt\",\"Resource\":\"" OTHER_ARN "\"}") } },
	{ "hardening-privilege", VERDICT_UNKNOWN, "were not read", "", { "policies_unread=true" } },
	{ "hardening-audit", VERDICT_SKIP, "takes a token", "", { NULL } },
	{ "hardening-root-token", VERDICT_SKIP, "sudo", "", { NULL } },
};

static void parts_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		fixture_try(&cases[i]);
}

static enum verdict with_config(const char *id, const char *config)
{
	AUTO(fixture) struct fixture x;

	fixture_init(&x, NULL);
	x.d.config = config;
	x.d.facts.tls_disable = strstr(config, "tls_disable") ? "true" : NULL;
	return fixture_judge(&x, id);
}

static void the_configuration_is_read(void **state)
{
	(void)state;
	assert_int_equal(with_config("hardening-ui", "ui = true\nlistener \"tcp\" {\n}\n"), VERDICT_INFO);
	assert_int_equal(with_config("hardening-ui", "ui=\"true\"\n"), VERDICT_INFO);
	assert_int_equal(with_config("hardening-ui", "ui = 1"), VERDICT_INFO);
	assert_int_equal(with_config("hardening-ui", "# ui = true\nui = false\n"), VERDICT_PASS);
	assert_int_equal(with_config("hardening-ui", "gui = true\n"), VERDICT_PASS);
	assert_int_equal(with_config("hardening-ui", ""), VERDICT_PASS);
	assert_int_equal(with_config("hardening-ui", "{\"ui\": true}"), VERDICT_INFO);
	assert_int_equal(with_config("hardening-ui", "{\"ui\": false}"), VERDICT_PASS);
	assert_int_equal(with_config("hardening-ui", "{"), VERDICT_PASS);
	assert_int_equal(with_config("hardening-tls", "tls_disable = \"true\""), VERDICT_INFO);
	assert_int_equal(with_config("hardening-tls", ""), VERDICT_PASS);
}

static void an_audit_device_counts(void **state)
{
	AUTO(fixture) struct fixture x;
	struct diag_vault vault = {0};

	(void)state;
	fixture_init(&x, NULL);
	x.d.part[DIAG_VAULT] = &vault;
	vault.audit = fixture_json(&x.mem, "{}");
	assert_int_equal(fixture_judge(&x, "hardening-audit"), VERDICT_INFO);
	vault.audit = fixture_json(&x.mem, "{\"file/\":{}}");
	assert_int_equal(fixture_judge(&x, "hardening-audit"), VERDICT_PASS);
}

static void image_and_network_are_seen(void **state)
{
	AUTO(fixture) struct fixture x;
	struct diag_cluster cluster = {0};

	(void)state;
	fixture_init(&x, NULL);
	x.d.part[DIAG_CLUSTER] = &cluster;
	x.d.release.statefulset = fixture_json(&x.mem, "{\"spec\":{\"template\":{\"metadata\":{\"labels\":{\"app\":\"vault\"}},"
	                                               "\"spec\":{\"containers\":[{\"image\":\"vault:1@sha256:00\"}]}}}}");
	assert_int_equal(fixture_judge(&x, "hardening-image"), VERDICT_PASS);
	assert_int_equal(fixture_judge(&x, "hardening-network"), VERDICT_SKIP);
	cluster.policies = (struct diag_list){ .items = fixture_json(&x.mem, "[]"), .read = true };
	assert_int_equal(fixture_judge(&x, "hardening-network"), VERDICT_INFO);
	cluster.policies.items = fixture_json(&x.mem, "[{\"metadata\":{\"name\":\"p\",\"namespace\":\"vault\"},\"spec\":{\"podSelector\":{}}}]");
	assert_int_equal(fixture_judge(&x, "hardening-network"), VERDICT_PASS);
}

#define SET(ns, name, labels, image, ready) \
	"{\"metadata\":{\"namespace\":\"" ns "\",\"name\":\"" name "\",\"labels\":{" labels "}},\"spec\":{\"template\":{\"spec\":" \
	"{\"containers\":[{\"image\":\"" image "\"}]}}},\"status\":{\"desiredNumberScheduled\":3,\"numberReady\":" ready "}}"
#define OURS(release) "\"app.kubernetes.io/name\":\"vault-audit-collector\",\"app.kubernetes.io/instance\":\"" release "\""
#define STDOUT_DEVICE "{\"a/\":{\"options\":{\"file_path\":\"/vault/audit/a\"}},\"b/\":{\"options\":{\"file_path\":\"stdout\"}}}"
#define FILE_DEVICE "{\"a/\":{\"options\":{\"file_path\":\"/vault/audit/a\"}}}"

static const struct {
	const char *sets, *devices, *beside;    /* NULL: not read; no token; an image in the servers' pods */
	enum verdict verdict;
	const char *cause;
} collectors[] = {
	{ NULL, NULL, NULL, VERDICT_SKIP, "were not read" },
	{ "", NULL, NULL, VERDICT_INFO, "nothing is seen that collects" },
	{ SET("kube-system", "kube-proxy", "", "registry.k8s.io/kube-proxy:v1", "3"), NULL, NULL, VERDICT_INFO, "nothing is seen" },
	{ SET("logging", "fb", "", "cr.fluentbit.io/fluent/fluent-bit:4.0", "3"), NULL, NULL, VERDICT_PASS, "'fb' reads" },
	{ SET("logging", "v", "", "timberio/vector:0.40", "1"), NULL, NULL, VERDICT_PASS, "'v' reads" },
	{ SET("logging", "fb", "", "cr.fluentbit.io/fluent/fluent-bit:4.0", "0"), NULL, NULL, VERDICT_INFO, "nothing is seen" },
	{ SET("logging", "fb", "", "fluent/fluentd:1", "3"), STDOUT_DEVICE, NULL, VERDICT_PASS, "'fb' reads" },
	{ SET("logging", "fb", "", "fluent/fluentd:1", "3"), FILE_DEVICE, NULL, VERDICT_INFO, "no audit device writes there" },
	{ SET("logging", "fb", "", "fluent/fluentd:1", "3"), "{}", NULL, VERDICT_PASS, "'fb' reads" },
	{ SET("vault", "c", OURS("vault"), "x", "3"), NULL, NULL, VERDICT_PASS, "'c' reads" },
	{ SET("vault", "c", OURS("vault"), "x", "2"), NULL, NULL, VERDICT_WARN, "ready on 2 of 3 nodes" },
	{ SET("vault", "c", OURS("other"), "x", "2"), NULL, NULL, VERDICT_INFO, "nothing is seen" },
	{ SET("other", "c", OURS("vault"), "x", "2"), NULL, NULL, VERDICT_INFO, "nothing is seen" },
	/* ours counts, whoever else is there */
	{ SET("logging", "fb", "", "fluent/fluentd:1", "3") "," SET("vault", "c", OURS("vault"), "x", "0"), NULL, NULL, VERDICT_WARN,
	  "'c' is ready on 0" },
	{ "", FILE_DEVICE, "grafana/promtail:3", VERDICT_PASS, "beside them: 'grafana/promtail:3'" },
	{ "", NULL, "hashicorp/vault:1.21.1", VERDICT_INFO, "nothing is seen" },
};

static void who_collects_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(collectors); i++) {
		AUTO(fixture) struct fixture x;
		struct diag_cluster cluster = {0};
		struct diag_vault vault = {0};

		fixture_init(&x, NULL);
		x.d.part[DIAG_CLUSTER] = &cluster;
		x.d.part[DIAG_VAULT] = &vault;
		x.d.release.statefulset = fixture_json(&x.mem, arena_printf(&x.mem, "{\"spec\":{\"template\":{\"spec\":{\"containers\":"
		    "[{\"image\":\"vault\"},{\"image\":\"%s\"}]}}}}", collectors[i].beside ? collectors[i].beside : ""));
		if (collectors[i].sets)
			cluster.daemon_sets = (struct diag_list){
				.items = fixture_json(&x.mem, arena_printf(&x.mem, "[%s]", collectors[i].sets)), .read = true,
			};
		if (collectors[i].devices)
			vault.audit = fixture_json(&x.mem, collectors[i].devices);
		if (fixture_judge(&x, "hardening-collector") != collectors[i].verdict || !strstr(x.f.cause, collectors[i].cause))
			fail_msg("case %zu: %s", i, x.f.cause);
	}
}

static void recovery_keys_are_looked_for(void **state)
{
	static const struct {
		const char *cluster;
		struct custody_seen secrets, parameters;
		enum verdict verdict;
		const char *cause, *right;
	} customs[] = {
		{ NULL, {0}, {0}, VERDICT_SKIP, "whose name is not known", NULL },
		{ "prod", { 2, "a/recovery-keys" }, {0}, VERDICT_PASS, "'a/recovery-keys' is in Secrets Manager", NULL },
		{ "prod", {0}, { 2, "a/recovery-key-1" }, VERDICT_PASS, "'a/recovery-key-1' is in Parameter Store", NULL },
		{ "prod", { 2, NULL }, { 2, NULL }, VERDICT_INFO, "a bucket or files may", NULL },
		{ "prod", { 1, NULL }, { 2, NULL }, VERDICT_UNKNOWN, "was not read", "secretsmanager:DescribeSecret" },
		{ "prod", { 2, NULL }, {0}, VERDICT_UNKNOWN, "was not read", "ssm:GetParameterHistory" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(customs); i++) {
		AUTO(fixture) struct fixture x;
		struct diag_custody custody = { .seen = { customs[i].secrets, customs[i].parameters } };

		fixture_init(&x, NULL);
		x.d.part[DIAG_HARDENING] = &custody;
		x.d.release = (struct release){ .name = "vault", .namespace_ = "vault" };
		x.d.options.cluster_name = customs[i].cluster;
		x.d.options.region = R;
		if (fixture_judge(&x, "hardening-recovery-keys") != customs[i].verdict || !strstr(x.f.cause, customs[i].cause))
			fail_msg("case %zu: %s", i, x.f.cause);
		if (customs[i].right)
			assert_text(x.f.right, customs[i].right);
	}
}

static void the_score_counts_what_is_seen(void **state)
{
	AUTO(fixture) struct fixture x;

	(void)state;
	fixture_init(&x, (const char *const[]){ "rotation={\"KeyRotationEnabled\":false}", "backups=null", NULL });
	assert_int_equal(fixture_judge(&x, "hardening-score"), VERDICT_INFO);
	assert_text(x.f.cause, "4 of 6 parts hold; lacking: image, rotation");
	assert_text(x.f.evidence->text, "audit, collector, root-token, recovery-keys, network, deletion-window, pitr");
	assert_null(x.f.fix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_told),
		cmocka_unit_test(the_configuration_is_read),
		cmocka_unit_test(an_audit_device_counts),
		cmocka_unit_test(image_and_network_are_seen),
		cmocka_unit_test(who_collects_is_found),
		cmocka_unit_test(recovery_keys_are_looked_for),
		cmocka_unit_test(the_score_counts_what_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
