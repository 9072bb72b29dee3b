/* The file of configure: what it means, and all that can be wrong in it. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/configure.h"
#include "formats/yaml.h"

static int read_yaml(struct arena *a, const char *text, struct config *c, struct err *warnings, struct err *e)
{
	struct value *tree;

	assert_int_equal(va_yaml_parse(a, view_text(text), "f", &tree, e), 0);
	return configure_read(a, tree, c, warnings, e);
}

static void the_example_is_right(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 }, warnings = { 0 };
	const struct config_item *role;
	struct config c;

	(void)state;
	assert_int_equal(read_yaml(&a, configure_example, &c, &warnings, &e), 0);
	assert_int_equal(err_count(&warnings), 0);
	role = config_find(&c, CONFIG_ROLE, "kubernetes", "app");
	assert_non_null(role);
	assert_text(value_text_or(role->want, "audience", NULL), "vault");
	assert_int_equal(value_int_or(role->want, "token_ttl", 0), 86400);
	assert_non_null(config_find(&c, CONFIG_POLICY, NULL, CONFIGURE_OPERATOR));
	assert_non_null(config_find(&c, CONFIG_ROLE, "kubernetes", CONFIGURE_OPERATOR));
	assert_text(c.operator_mount, "kubernetes");
}

/* So little a file still gives an audit device, and the newer KV. */
static void defaults_are_safe(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 }, warnings = { 0 };
	const struct config_item *item;
	struct config c;

	(void)state;
	assert_int_equal(read_yaml(&a, "kv: {secret: }\nkubernetes: {kubernetes: }\n", &c, &warnings, &e), 0);
	item = config_find(&c, CONFIG_KV, NULL, "secret");
	assert_text(value_text_or(item->want, "version", NULL), "2");
	item = config_find(&c, CONFIG_AUDIT, NULL, "stdout");
	assert_text(value_text_or(item->want, "file_path", NULL), "stdout");
	item = config_find(&c, CONFIG_AUTH_CONFIG, "kubernetes", "kubernetes");
	assert_text(value_text_or(item->want, "kubernetes_host", NULL), "https://kubernetes.default.svc");
	assert_null(c.operator_account);
}

#define ROLE "kubernetes: {k: {roles: {app: {bound_service_account_names: a, bound_service_account_namespaces: b, "
#define POLICY "policies: {app: 'path \"x\" { capabilities = [\"read\"] }'}\n"

static const struct {
	const char *text, *error, *hint;
} refused[] = {
	{ "[]", "f:1:1: the file must be a map with kv, kubernetes, policies, audit or operator", NULL },
	{ "polices: {}", "f:1:1: unknown key 'polices'", "did you mean 'policies'?" },
	{ "kv: []", "f:1:5: 'kv' must be a map, not a list", NULL },
	{ "kv: {secret: {version: 3}}", "f:1:24: 'version' must be 1 or 2", NULL },
	{ "kv: {secret: {versoin: 2}}", "f:1:15: unknown key 'versoin'", "did you mean 'version'?" },
	{ "kv: {'../sys': }", "f:1:6: '../sys' is no name of a mount", NULL },
	{ "kv: {a/: }", "f:1:6: 'a/' is no name of a mount", NULL },
	{ "kv: {vault-aws: }", "f:1:6: the mount 'vault-aws' is this command's own", NULL },
	{ "kubernetes: {k: {kubernetes_host: 1}}", "f:1:35: 'kubernetes_host' must be a text that is not empty, not an integer", NULL },
	{ "kubernetes: {k: {max_lease_ttl: soon}}", "f:1:33: 'max_lease_ttl' must be a time such as 24h, 30m or 3600 (seconds)",
	  NULL },
	{ ROLE "audience: v, token_policies: [x]}}}}\n", "f:1:131: the role 'app' names the policy 'x', which the file does not have",
	  "write it below 'policies'" },
	{ POLICY ROLE "audience: v, token_policies: [ap]}}}}\n",
	  "f:2:131: the role 'app' names the policy 'ap', which the file does not have", "did you mean 'app'?" },
	{ POLICY ROLE "token_policies: [app]}}}}\n", "f:2:26: 'audience' is missing", NULL },
	{ POLICY ROLE "audience: v, token_policies: []}}}}\n", "f:2:130: 'token_policies' must not be empty", NULL },
	{ POLICY ROLE "audience: v, token_policies: [app, 1]}}}}\n", "f:2:136: 'token_policies' must hold texts, not an integer",
	  NULL },
	{ POLICY ROLE "audience: v, token_policies: ['']}}}}\n", "f:2:131: 'token_policies' must hold no empty text", NULL },
	{ POLICY ROLE "audience: v, token_policies: app, token_no_default_policy: 1}}}}\n",
	  "f:2:160: 'token_no_default_policy' must be true or false, not an integer", NULL },
	{ "policies: {App: 'path \"x\" { capabilities = [] }'}",
	  "f:1:12: the policy 'App' must be written in small letters, as Vault keeps it", NULL },
	{ "policies: {root: 'path \"x\" { capabilities = [] }'}", "f:1:12: the policy 'root' cannot be written", NULL },
	{ "policies: {a: 1}", "f:1:15: 'a' must be a text of HCL, not an integer", NULL },
	{ "policies: {a: 'path \"x\" { capabilities = [\"rread\"] }'}", "f:1:15: policy 'a':1:28: 'rread' is no capability",
	  "did you mean 'read'?" },
	{ "kv: {s: }\npolicies: {a: 'path \"s/x\" { capabilities = [\"read\"] }'}",
	  "f:2:15: policy 'a':1:6: the path 's/x' grants nothing: 's' is KV version 2", "write 's/data/x'" },
	{ "audit: {a: {type: syslog, file_path: stdout}}", "f:1:9: an audit device is of type file or socket, not 'syslog'", NULL },
	{ "audit: {a: {type: file}}", "f:1:9: 'file_path' is missing", NULL },
	{ "audit: {a: {type: file, file_path: logs}}",
	  "f:1:9: 'file_path' must be stdout, discard or an absolute path, not 'logs'", NULL },
	{ "audit: {a: {type: socket, address: 'h:1', socket_type: tls}}",
	  "f:1:9: 'socket_type' must be tcp, udp or unix, not 'tls'", NULL },
	{ "operator: {}", "f:1:1: an operator logs in by kubernetes auth, of which the file makes none", NULL },
	{ "kubernetes: {k: }\noperator: {account: x}", "f:2:12: unknown key 'account'", "known here: service_account, namespace" },
	{ "kubernetes: {k: }\noperator: {}\npolicies: {vault-operator: 'path \"x\" { capabilities = [] }'}",
	  "f:3:12: the policy 'vault-operator' is made by the section 'operator'", NULL },
};

static void what_is_wrong_has_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 }, warnings = { 0 };
		struct config c;

		assert_int_equal(read_yaml(&a, refused[i].text, &c, &warnings, &e), -1);
		assert_text(e.text, refused[i].error);
		assert_int_equal(e.kind, ERR_CONFIG);
		assert_int_equal(err_count(&e), 1);
		if (refused[i].hint)
			assert_text(e.hint, refused[i].hint);
	}
}

static void all_that_is_wrong_is_told_at_once(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 }, warnings = { 0 };
	struct config c;

	(void)state;
	assert_int_equal(read_yaml(&a, "kvs: {}\nkv: {secret: {version: 3}}\npolicies: {a: 1, b: 'path', c: 2}\n", &c, &warnings,
	                           &e), -1);
	assert_int_equal(err_count(&e), 5);
}

static const struct {
	const char *text, *warning;
} doubtful[] = {
	{ "audit: {a: {type: file, file_path: /vault/audit/a.log}}",
	  "f:1:9: nobody rotates '/vault/audit/a.log', and a full disk stops Vault" },
	{ "audit: {a: {type: socket, address: 'h:1'}}",
	  "f:1:8: sockets alone: Vault answers nobody while no device takes its lines" },
	{ "audit: {}", "f:1:8: without an audit device nobody can tell who read what" },
	{ POLICY ROLE "audience: , token_policies: app}}}}\n", "f:2:26: the role 'app' takes tokens for any audience" },
	{ "kv: {s: }\npolicies: {a: 'path \"s/data/x\" { capabilities = [\"read\", \"list\"] }'}",
	  "f:2:15: policy 'a':1:6: list has no effect on 's/data/x'" },
};

static void what_is_hardly_meant_is_a_warning(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(doubtful); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 }, warnings = { 0 };
		struct config c;

		assert_int_equal(read_yaml(&a, doubtful[i].text, &c, &warnings, &e), 0);
		assert_int_equal(err_count(&warnings), 1);
		assert_text(warnings.text, doubtful[i].warning);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_is_right),
		cmocka_unit_test(defaults_are_safe),
		cmocka_unit_test(what_is_wrong_has_its_place),
		cmocka_unit_test(all_that_is_wrong_is_told_at_once),
		cmocka_unit_test(what_is_hardly_meant_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
