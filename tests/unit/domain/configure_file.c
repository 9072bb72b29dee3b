/* The file of configure: what it means, and all that can be wrong in it. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/configure.h"
#include "fake/host.h"
#include "formats/yaml.h"

#define ROLE "kubernetes: {k: {roles: {app: {bound_service_account_names: a, bound_service_account_namespaces: b, "
#define USER "userpass: {u: {users: {a: {password: "
#define OIDC "oidc: {o: {oidc_discovery_url: 'https://i', oidc_client_id: c, oidc_client_secret: {env: S}"
#define POLICY "policies: {app: 'path \"x\" { capabilities = [\"read\"] }'}\n"

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

static void the_example_with_people_is_right(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 }, warnings = { 0 };
	const struct config_item *item;
	struct config c;

	(void)state;
	assert_int_equal(read_yaml(&a, configure_example_people, &c, &warnings, &e), 0);
	assert_int_equal(err_count(&warnings), 0);
	item = config_find(&c, CONFIG_USER, "userpass", "alice");
	assert_text(item->secret->attr, "password");
	assert_int_equal(item->secret->source, SECRET_ENV);
	assert_text(item->secret->from, "ALICE_PASSWORD");
	item = config_find(&c, CONFIG_AUTH_CONFIG, "oidc", "oidc");
	assert_int_equal(item->secret->source, SECRET_MANAGER);
	assert_text(item->secret->key, "client_secret");
	item = config_find(&c, CONFIG_ALIAS, "oidc", "alice@example.com");
	assert_text(value_text_or(item->want, "entity", NULL), "alice");
	item = config_find(&c, CONFIG_GROUP, NULL, "administrators");
	assert_text(value_text_or(item->want, "alias", NULL), "oidc/vault-administrators");
	assert_text(value_text_or(config_find(&c, CONFIG_ROLE, "oidc", "people")->want, "role_type", NULL), "oidc");
}

/* A file of this content and mode, and the error that the secret in it gives; NULL: none. */
static void resolve(const char *place, const char *content, unsigned mode, const char *error)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 }, warnings = { 0 };
	AUTO(fake_host) struct fake_host machine = { 0 };
	struct host host = fake_host(&machine);
	struct config c;

	if (content && mode)
		assert_int_equal(host_write_file(&host, "/s", view_text(content), mode, &e), 0);
	fake_host_env(&machine, "S", content);
	assert_int_equal(read_yaml(&a, arena_printf(&a, USER "{%s}}}}}", place), &c, &warnings, &e), 0);
	configure_resolve(&host, &c, &e);
	if (error)
		assert_text(e.text, error);
	else
		assert_null(e.text);
	if (!error)
		assert_text(secret_expose(&c.lists[CONFIG_USER].at[0].secret->value).p, "value");
	configure_release_secrets(&c);
}

static void secrets_are_where_the_file_says(void **state)
{
	static const char long_one[] = "0123456789012345678901234567890123456789012345678901234567890123456789012";

	(void)state;
	resolve("env: S", "value", 0, NULL);
	resolve("file: /s", "value", 0600, NULL);
	resolve("file: /s", "value\n", 0400, NULL);
	resolve("file: /s", "value\r\n", 0600, NULL);
	resolve("env: S", NULL, 0, "f:1:38: 'password': the variable 'S' is not set");
	resolve("env: S", long_one, 0, "f:1:38: 'password': the variable 'S' is longer than the 72 bytes that a password may have");
	resolve("file: /s", NULL, 0, "f:1:38: 'password': reading '/s': No such file or directory");
	resolve("file: /s", "value", 0640, "f:1:38: 'password': '/s' may be read by others (mode 0640)");
	resolve("file: /s", "\n", 0600, "f:1:38: 'password': the file '/s' is empty");
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

static const struct {
	const char *text, *error, *hint;
} refused[] = {
	{ "[]", "f:1:1: the file must be a map with kv, kubernetes, policies, audit and so on", NULL },
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
	/* people */
	{ USER "hunter}}}}", "f:1:38: 'password' is a secret, and must not stand here itself",
	  "say where it is: {env: NAME}, {file: PATH} or {secretsmanager: NAME, key: KEY}" },
	{ USER "[hunter]}}}}", "f:1:38: 'password' is a secret, and must not stand here itself", NULL },
	{ USER "}}}}", "f:1:38: 'password' is a secret, and must not stand here itself", NULL },
	{ USER "{enf: X}}}}}", "f:1:39: unknown key 'enf'", "did you mean 'env'?" },
	{ USER "{key: X}}}}}", "f:1:38: 'password' must have one of env, file and secretsmanager", NULL },
	{ USER "{env: X, file: P}}}}}", "f:1:38: 'password' must have one of env, file and secretsmanager", NULL },
	{ USER "{env: X, key: P}}}}}", "f:1:38: 'key' goes with secretsmanager alone", NULL },
	{ USER "{env: 1X}}}}}", "f:1:38: 'env' of 'password' is no name of a variable", NULL },
	{ USER "{file: 1}}}}}", "f:1:45: 'file' must be a text that is not empty, not an integer", NULL },
	{ "userpass: {u: {users: {A: {password: {env: X}}}}}",
	  "f:1:24: the user 'A' must be written in small letters, as Vault keeps it", NULL },
	{ "userpass: {u: {users: {a: {}}}}", "f:1:24: 'password' is missing", NULL },
	{ USER "{env: X}, token_policies: [p]}}}}", "f:1:65: the user 'a' names the policy 'p', which the file does not have",
	  "write it below 'policies'" },
	{ USER "{env: X}, token_num_uses: -1}}}}", "f:1:64: 'token_num_uses' must be a number, 0 or more", NULL },
	{ USER "{env: X}, token_type: servce}}}}",
	  "f:1:60: 'token_type' must be one of default, default-service, default-batch, service, batch", "did you mean 'service'?" },
	{ "userpass: {u: {listing_visibility: all}}", "f:1:36: 'listing_visibility' must be one of unauth, hidden", NULL },
	{ "userpass: {k: }\nkubernetes: {k: }", "f:1:12: the auth method 'k' is there twice", NULL },
	{ "oidc: {o: {oidc_discovery_url: u, oidc_client_id: c, oidc_client_secret: s}}",
	  "f:1:74: 'oidc_client_secret' is a secret, and must not stand here itself", NULL },
	{ OIDC ", default_role: pepole, roles: {people: {user_claim: s, allowed_redirect_uris: u}}}}",
	  "f:1:108: the file has no role 'pepole'", "did you mean 'people'?" },
	{ OIDC ", roles: {people: {user_claim: s}}}}", "f:1:102: 'allowed_redirect_uris' is missing", NULL },
	{ OIDC ", roles: {people: {allowed_redirect_uris: u}}}}", "f:1:102: 'user_claim' is missing", NULL },
	{ OIDC ", roles: {p: {user_claim: s, allowed_redirect_uris: u, bound_claims: {a: 1}}}}}",
	  "f:1:165: 'a' must be a text that is not empty, not an integer", NULL },
	{ "jwt: {j: }", "f:1:7: 'j' must have one of oidc_discovery_url, jwks_url and jwt_validation_pubkeys", NULL },
	{ "jwt: {j: {jwks_url: a, oidc_discovery_url: b}}",
	  "f:1:7: 'j' must have one of oidc_discovery_url, jwks_url and jwt_validation_pubkeys", NULL },
	{ "jwt: {j: {jwks_url: a, roles: {ci: {user_claim: sub}}}}",
	  "f:1:32: the role 'ci' would let in every token of its issuer",
	  "it needs one of bound_audiences, bound_subject, bound_claims and token_bound_cidrs" },
	{ "entities: {a: {aliases: {up: a}}}", "f:1:26: the file has no auth method 'up'", NULL },
	{ "userpass: {up: }\nentities: {a: {aliases: {op: a}}}", "f:2:26: the file has no auth method 'op'", "did you mean 'up'?" },
	{ "jwt: {j: {jwks_url: u}}\nentities: {a: {aliases: {j: x}}, b: {aliases: {j: x}}}",
	  "f:2:51: the login 'x' of 'j' belongs to another entity already", NULL },
	{ "jwt: {j: {jwks_url: u}}\nentities: {a: {aliases: {j: \"x\\ny\"}}}",
	  "f:2:29: that is no name that somebody logs in with", NULL },
	{ "entities: {a/b: }", "f:1:12: 'a/b' is no name of an entity", NULL },
	{ "entities: {a: }\ngroups: {g: {members: [b]}}", "f:2:24: the file has no entity 'b'", NULL },
	{ "entities: {alice: }\ngroups: {g: {members: [alise]}}", "f:2:24: the file has no entity 'alise'", "did you mean 'alice'?" },
	{ "groups: {g: {policies: [p]}}", "f:1:25: the group 'g' names the policy 'p', which the file does not have", NULL },
	{ "groups: {g: {type: external}}", "f:1:10: 'alias' is missing: what the provider calls the group 'g'", NULL },
	{ "jwt: {j: {jwks_url: u}}\ngroups: {g: {alias: {mount: j, name: nn}}}",
	  "f:2:21: only a group of type external has an alias", NULL },
	{ "jwt: {j: {jwks_url: u}}\ngroups: {g: {type: external, members: [], alias: {mount: j, name: nn}}}",
	  "f:2:39: the members of an external group are its provider's to say", NULL },
	{ "jwt: {j: {jwks_url: u}}\ngroups: {g: {type: external, alias: {mount: k, name: nn}}}",
	  "f:2:45: the file has no auth method 'k'", NULL },
	{ "jwt: {j: {jwks_url: u}}\ngroups: {g: {type: external, alias: {mount: j}}}", "f:2:37: 'name' is missing", NULL },
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
	{ "userpass: {up: }\nentities: {a: {aliases: {up: a}}}", "f:2:30: 'up' has no user 'a' in the file" },
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
		cmocka_unit_test(the_example_with_people_is_right),
		cmocka_unit_test(secrets_are_where_the_file_says),
		cmocka_unit_test(defaults_are_safe),
		cmocka_unit_test(what_is_wrong_has_its_place),
		cmocka_unit_test(all_that_is_wrong_is_told_at_once),
		cmocka_unit_test(what_is_hardly_meant_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
