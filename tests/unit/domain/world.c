/* Policies, values and outputs: the very texts, since a word too many here is a right too many. */
#include "domain/world.h"

#include "domain/netpol.h"
#include "domain/values.h"
#include "formats/json.h"
#include "formats/yaml.h"
#include "unit/domain/fixture.h"
#include "unit/domain/quoted.h"
#include "unit/unit.h"

#define KEY  "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"
#define ROLE "arn:aws:iam::111122223333:role/prod-vault-eu-central-1"

struct stage {
	struct given given;
	struct world w;
};

static void stage_init(struct stage *s, const char *setting)
{
	struct given *g = &s->given;

	given_init(g);
	if (GIVE_ALL(g, setting) < 0)
		fail_msg("%s", g->e.text);
	s->w = (struct world){
		.mem = &g->mem, .inputs = &g->in, .caller_account = "111122223333", .partition = "aws",
		.cluster.issuer = "https://oidc.eks.eu-central-1.amazonaws.com/id/ABC",
	};
	assert_int_equal(want_fill(&g->mem, &g->in, &s->w.want, &g->e), 0);
}

static void stage_release(struct stage *s)
{
	given_release(&s->given);
}
SCOPE_END(stage, struct stage, stage_release(v))

static void assert_json(const struct value *v, const char *text)
{
	AUTO(buf) struct buf out = BUF_MAX(1 << 16);

	va_json_print(&out, v, false);
	assert_string_equal(buf_str(&out), text);
}

static void the_role_may_do_nine_things(void **state)
{
	AUTO(stage) struct stage s;

	(void)state;
	stage_init(&s, NULL);
	assert_json(world_role_policy(&s.w, KEY),
	            "{\"Version\":\"2012-10-17\",\"Statement\":["
	            "{\"Sid\":\"VaultSeal\",\"Effect\":\"Allow\","
	            "\"Action\":[\"kms:DescribeKey\",\"kms:Encrypt\",\"kms:Decrypt\"],\"Resource\":\"" KEY "\"},"
	            "{\"Sid\":\"VaultStorage\",\"Effect\":\"Allow\",\"Action\":[\"dynamodb:DescribeTable\",\"dynamodb:GetItem\","
	            "\"dynamodb:Query\",\"dynamodb:BatchWriteItem\",\"dynamodb:UpdateItem\",\"dynamodb:DeleteItem\"],"
	            "\"Resource\":\"arn:aws:dynamodb:eu-central-1:111122223333:table/prod-vault\"}]}");
}

/* While the seal moves: the same three actions on both keys, and the new one only once. */
static void the_key_that_wraps_the_root_key_stays_beside_the_new_one(void **state)
{
	const char *keys[] = { KEY "-old", KEY }, *same[] = { KEY };
	AUTO(stage) struct stage s;

	(void)state;
	stage_init(&s, NULL);
	s.w.root_key = (struct have_root_key){ .read = PRESENT, .keys = keys, .n = COUNT_OF(keys) };
	assert_json(value_at(world_role_policy(&s.w, KEY), "Statement.0"),
	            "{\"Sid\":\"VaultSeal\",\"Effect\":\"Allow\","
	            "\"Action\":[\"kms:DescribeKey\",\"kms:Encrypt\",\"kms:Decrypt\"],"
	            "\"Resource\":[\"" KEY "\",\"" KEY "-old\"]}");
	s.w.root_key = (struct have_root_key){ .read = PRESENT, .keys = same, .n = COUNT_OF(same) };
	assert_string_equal(value_text_or(world_role_policy(&s.w, KEY), "Statement.0.Resource", NULL), KEY);
}

static void one_service_account_may_take_it(void **state)
{
	AUTO(stage) struct stage s;

	(void)state;
	stage_init(&s, "vault_namespace=secrets");
	assert_json(world_trust_policy(&s.w),
	            "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Federated\":"
	            "\"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC\"},"
	            "\"Action\":\"sts:AssumeRoleWithWebIdentity\",\"Condition\":{\"StringEquals\":{"
	            "\"oidc.eks.eu-central-1.amazonaws.com/id/ABC:sub\":\"system:serviceaccount:secrets:vault\","
	            "\"oidc.eks.eu-central-1.amazonaws.com/id/ABC:aud\":\"sts.amazonaws.com\"}}}]}");
}

static void arns_are_of_the_callers_partition(void **state)
{
	AUTO(stage) struct stage s;

	(void)state;
	stage_init(&s, "role_path=/vault/");
	s.w.partition = "aws-cn";
	assert_string_equal(world_role_arn(&s.w), "arn:aws-cn:iam::111122223333:role/vault/prod-vault-eu-central-1");
	assert_true(text_starts(world_table_arn(&s.w), "arn:aws-cn:dynamodb:eu-central-1:111122223333:table/"));
	assert_true(text_starts(world_provider_arn(&s.w), "arn:aws-cn:iam::111122223333:oidc-provider/oidc."));
	s.w.role.arn = ROLE;
	assert_string_equal(world_role_arn(&s.w), ROLE);
}

static void ours_is_what_agrees_in_three_tags(void **state)
{
	static const char *const names[] = { TAG_CLUSTER, TAG_NAMESPACE, TAG_RELEASE };
	AUTO(stage) struct stage s;

	(void)state;
	stage_init(&s, NULL);
	assert_true(world_tags_are_ours(&s.w, s.w.want.names.tags));
	assert_false(world_tags_are_ours(&s.w, NULL));
	assert_false(world_tags_are_live(s.w.want.names.tags));
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct value *tags = value_copy(&s.given.mem, s.w.want.names.tags);

		value_set_text(&s.given.mem, tags, names[i], "other");
		assert_false(world_tags_are_ours(&s.w, tags));
		value_unset(tags, names[i]);
		assert_false(world_tags_are_ours(&s.w, tags));
	}
}

static void tags_go_to_a_list_and_back(void **state)
{
	AUTO(stage) struct stage s;
	const struct value *list, *map;

	(void)state;
	stage_init(&s, "tags=Team=platform");
	list = tags_to_list(&s.given.mem, s.w.want.names.tags, "TagKey", "TagValue");
	map = tags_from_list(&s.given.mem, list);
	assert_true(value_same(map, s.w.want.names.tags));
	list = tags_to_list(&s.given.mem, map, "Key", "Value");
	assert_true(value_same(tags_from_list(&s.given.mem, list), map));
	assert_int_equal(tags_from_list(&s.given.mem, NULL)->n, 0);
}

static void assert_values(const char *setting, const char *want)
{
	AUTO(stage) struct stage s;
	AUTO(buf) struct buf out = BUF_MAX(1 << 16);

	stage_init(&s, setting);
	assert_int_equal(va_yaml_print(&out, values_make(&s.given.mem, &s.w.want, KEY, ROLE), &s.given.e), 0);
	assert_string_equal(buf_str(&out), want);
}

#define VALUES(more) \
	"injector:\n" \
	"  enabled: false\n" \
	"server:\n" \
	"  image:\n" \
	"    tag: \"1.21.1\"\n" \
	"  serviceAccount:\n" \
	"    create: true\n" \
	"    name: vault\n" \
	"    annotations:\n" \
	"      eks.amazonaws.com/role-arn: \"" ROLE "\"\n" \
	"  extraEnvironmentVars:\n" \
	"    AWS_DYNAMODB_REGION: eu-central-1\n" \
	"    AWS_STS_REGIONAL_ENDPOINTS: regional\n" \
	"  ha:\n" \
	"    enabled: true\n" \
	"    replicas: 3\n" \
	"    config: |\n" \
	"      ui = false\n" \
	"\n" \
	"      listener \"tcp\" {\n" \
	"        address = \"[::]:8200\"\n" \
	"        cluster_address = \"[::]:8201\"\n" \
	"        tls_disable = \"true\"\n" \
	"      }\n" \
	"\n" \
	"      storage \"dynamodb\" {\n" \
	"        ha_enabled = \"true\"\n" \
	"        region = \"eu-central-1\"\n" \
	"        table = \"prod-vault\"\n" \
	"      }\n" \
	"\n" \
	"      seal \"awskms\" {\n" \
	"        region = \"eu-central-1\"\n" \
	"        kms_key_id = \"" KEY "\"\n" \
	"      }\n" \
	"\n" \
	"      service_registration \"kubernetes\" {}\n" more

static void values_are_these(void **state)
{
	(void)state;
	assert_values(NULL, VALUES(""));
	assert_values("audit_storage=20Gi", VALUES("  auditStorage:\n    enabled: true\n    size: \"20Gi\"\n"));
}

/* What EKS would say is the cluster's region; the key's is what Vault must ask KMS in. */
static void the_region_of_a_far_key_is_named(void **state)
{
	static const char far_key[] = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";
	AUTO(stage) struct stage s;
	struct value *values, *vars;

	(void)state;
	stage_init(&s, NULL);
	values = values_make(&s.given.mem, &s.w.want, far_key, ROLE);
	vars = (struct value *)value_at(values, "server.extraEnvironmentVars");
	assert_string_equal(value_text_or(vars, "AWS_REGION", ""), "eu-west-1");
	assert_string_equal(value_text_or(vars, "AWS_DEFAULT_REGION", ""), "eu-west-1");
	assert_string_equal(value_text_or(vars, "AWS_DYNAMODB_REGION", ""), "eu-central-1");
	assert_non_null(strstr(value_text_or(values, "server.ha.config", ""), "region = \"eu-west-1\"\n  kms_key_id"));
	assert_non_null(strstr(value_text_or(values, "server.ha.config", ""), "region = \"eu-central-1\"\n  table"));
}

static struct net_end pod_of(struct arena *a, const char *namespace_, const char *labels)
{
	return (struct net_end){ .namespace_ = namespace_, .labels = labels ? quoted(a, labels) : NULL, .ip = "10.9.0.1" };
}

/* The chart's template around the values' lists. */
static struct value *policy_of(struct arena *a, const struct want *want)
{
	struct value *list = value_new_list(a), *policy = value_push(a, list, value_new_map(a));
	const struct value *values = value_at(values_make(a, want, KEY, ROLE), "server.networkPolicy");

	assert_true(value_bool_or(values, "enabled", false));
	value_put(a, policy, "metadata", quoted(a, "{'name':'vault','namespace':'vault'}"));
	value_put(a, policy, "spec.podSelector.matchLabels",
	          quoted(a, "{'app.kubernetes.io/name':'vault','app.kubernetes.io/instance':'vault'}"));
	value_put(a, policy, "spec.ingress", value_copy(a, value_get(values, "ingress")));
	value_put(a, policy, "spec.egress", value_copy(a, value_get(values, "egress")));
	return list;
}

static void the_network_policy_lets_in_and_out_what_it_must(void **state)
{
	AUTO(stage) struct stage s;
	struct arena *a = &s.given.mem;
	const struct value *policies;
	const char *servers = "{'app.kubernetes.io/name':'vault','app.kubernetes.io/instance':'vault','component':'server'}";
	struct net_end vault, peer, none = { .outside = true }, at;
	const struct {
		enum net_direction direction;
		unsigned port;
		const char *protocol, *namespace_, *labels, *ip;
		enum netpol_answer answer;
	} flows[] = {
		{ NET_INGRESS, 8200, "TCP", "apps", NULL, NULL, NETPOL_ALLOWED },
		{ NET_INGRESS, 8200, "TCP", "shop", "{'any':'pod'}", NULL, NETPOL_ALLOWED },
		{ NET_INGRESS, 8201, "TCP", "apps", NULL, NULL, NETPOL_DENIED },
		{ NET_INGRESS, 8200, "TCP", "other", NULL, NULL, NETPOL_DENIED },
		{ NET_INGRESS, 8200, "TCP", "vault", "{'app':'none of ours'}", NULL, NETPOL_DENIED },
		{ NET_INGRESS, 8200, "TCP", "vault", servers, NULL, NETPOL_ALLOWED },
		{ NET_INGRESS, 8201, "TCP", "vault", servers, NULL, NETPOL_ALLOWED },
		{ NET_INGRESS, 8200, "TCP", NULL, NULL, "10.0.0.1", NETPOL_ALLOWED },
		{ NET_INGRESS, 8200, "TCP", NULL, NULL, "fd00::1", NETPOL_ALLOWED },
		{ NET_INGRESS, 8200, "TCP", NULL, NULL, "10.0.0.2", NETPOL_DENIED },
		{ NET_EGRESS, 53, "UDP", "kube-system", "{'k8s-app':'kube-dns'}", NULL, NETPOL_ALLOWED },
		{ NET_EGRESS, 53, "TCP", "kube-system", "{'k8s-app':'kube-dns'}", NULL, NETPOL_ALLOWED },
		{ NET_EGRESS, 53, "UDP", NULL, NULL, "169.254.20.10", NETPOL_ALLOWED },
		{ NET_EGRESS, 53, "UDP", NULL, NULL, "8.8.8.8", NETPOL_DENIED },
		{ NET_EGRESS, 8201, "TCP", "vault", servers, NULL, NETPOL_ALLOWED },
		{ NET_EGRESS, 443, "TCP", NULL, NULL, NULL, NETPOL_ALLOWED },
		{ NET_EGRESS, 443, "TCP", NULL, NULL, "52.1.2.3", NETPOL_ALLOWED },
		{ NET_EGRESS, 443, "TCP", NULL, NULL, "2600:1f00::1", NETPOL_ALLOWED },
		{ NET_EGRESS, 6443, "TCP", NULL, NULL, "10.0.0.1", NETPOL_ALLOWED },
		{ NET_EGRESS, 443, "TCP", NULL, NULL, "169.254.169.254", NETPOL_DENIED },
		{ NET_EGRESS, 80, "TCP", NULL, NULL, "169.254.169.254", NETPOL_DENIED },
		{ NET_EGRESS, 443, "TCP", NULL, NULL, "fd00:ec2::254", NETPOL_DENIED },
		{ NET_EGRESS, 5432, "TCP", "apps", NULL, NULL, NETPOL_DENIED },
	};

	(void)state;
	stage_init(&s, "network_policy=apps,shop");
	s.w.want.api_addresses = quoted(a, "['10.0.0.1','fd00::1']");
	policies = policy_of(a, &s.w.want);
	vault = pod_of(a, "vault", servers);
	for (size_t i = 0; i < COUNT_OF(flows); i++) {
		struct net_flow flow = { flows[i].direction, flows[i].protocol, flows[i].port };

		peer = pod_of(a, flows[i].namespace_, flows[i].labels);
		at = none;
		at.ip = flows[i].ip;
		if (netpol_may(a, policies, &vault, &flow, flows[i].namespace_ ? &peer : &at, NULL) != flows[i].answer)
			fail_msg("flow %zu: %s %u, %s", i, flows[i].direction == NET_EGRESS ? "out" : "in", flows[i].port,
			         flows[i].namespace_ ? flows[i].namespace_ : flows[i].ip ? flows[i].ip : "AWS");
	}
}

static void outputs_are_the_modules_seven(void **state)
{
	static const char *const names[] = {
		"kms_key_id", "kms_key_arn", "dynamodb_table_name", "dynamodb_table_arn", "iam_role_arn", "iam_role_name",
		"vault_config",
	};
	AUTO(stage) struct stage s;
	struct value *outputs;

	(void)state;
	stage_init(&s, NULL);
	s.w.key = (struct have_key){ .presence = PRESENT, .id = "1234abcd", .arn = KEY };
	s.w.table = (struct have_table){ .presence = PRESENT, .arn = world_table_arn(&s.w) };
	s.w.role = (struct have_role){ .presence = PRESENT, .arn = ROLE };
	assert_int_equal(outputs_make(&s.w, &outputs, &s.given.e), 0);
	assert_int_equal(outputs->n, COUNT_OF(names));
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_string_equal(outputs->names[i], names[i]);
	assert_text(value_text_or(outputs, "kms_key_id", NULL), "1234abcd");
	assert_text(value_text_or(outputs, "iam_role_name", NULL), "prod-vault-eu-central-1");
	assert_text(value_text_or(outputs, "vault_config.namespace", NULL), "vault");
	assert_text(value_text_or(outputs, "vault_config.service_account", NULL), "vault");
	assert_text(value_text_or(outputs, "vault_config.region", NULL), "eu-central-1");
	assert_non_null(value_at(outputs, "vault_config.values.server.ha.config"));
}

static void outputs_of_nothing_say_what_is_missing(void **state)
{
	AUTO(stage) struct stage s;
	struct value *outputs;

	(void)state;
	stage_init(&s, NULL);
	s.w.table.presence = PRESENT;
	assert_int_equal(outputs_make(&s.w, &outputs, &s.given.e), -1);
	assert_int_equal(s.given.e.kind, ERR_ABSENT);
	assert_int_equal(err_count(&s.given.e), 2);
	assert_string_equal(s.given.e.text, "the seal key 'alias/prod-vault-unseal' does not exist yet");
	assert_string_equal(s.given.e.more->text, "the role 'prod-vault-eu-central-1' does not exist yet");
	assert_string_equal(s.given.e.more->hint, "make them with: helm vault-aws apply");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_role_may_do_nine_things),
		cmocka_unit_test(the_key_that_wraps_the_root_key_stays_beside_the_new_one),
		cmocka_unit_test(one_service_account_may_take_it),
		cmocka_unit_test(arns_are_of_the_callers_partition),
		cmocka_unit_test(ours_is_what_agrees_in_three_tags),
		cmocka_unit_test(tags_go_to_a_list_and_back),
		cmocka_unit_test(values_are_these),
		cmocka_unit_test(the_region_of_a_far_key_is_named),
		cmocka_unit_test(the_network_policy_lets_in_and_out_what_it_must),
		cmocka_unit_test(outputs_are_the_modules_seven),
		cmocka_unit_test(outputs_of_nothing_say_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
