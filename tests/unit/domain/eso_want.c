/* What `eso` is given, and what it makes of it. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/eso.h"
#include "unit/domain/quoted.h"

static const struct eso_want usual = { .store = "vault-backend", .mount = "kubernetes", .role = "external-secrets", .path = "secret" };

#define NAMES(...) (const char *const[]){ __VA_ARGS__, NULL }

static const struct {
	const char *store, *mount, *role, *path, *operator_namespace;
	const char *const *namespaces, *const *examples;
	const char *problems;       /* a piece of each, one a line; "": none */
} given[] = {
	{ .problems = "" },
	{ .mount = "team/kubernetes", .path = "team/kv", .role = "App_1.x", .store = "a.b-c", .problems = "" },
	{ .store = "Vault", .problems = "--store: 'Vault'\n" },
	{ .store = "-a", .mount = "/k", .role = "a b", .path = "secret/", .operator_namespace = "a.b",
	  .problems = "--store: '-a'\n--auth-mount: '/k'\n--role: 'a b'\n--path: 'secret/'\n--operator-namespace: 'a.b'\n" },
	{ .role = "", .path = "a//b", .mount = "a?b", .problems = "--auth-mount: 'a?b'\n--role: ''\n--path: 'a//b'\n" },
	{ .role = "default", .problems = "'default' is one of Vault's own\n" },
	{ .path = "secret/data", .problems = "--path: 'secret/data' ends in /data\n" },
	{ .namespaces = NAMES("team-a", "Team", "team-a"), .problems = "'Team' is no name for a namespace\n'team-a' stands here twice\n" },
	{ .examples = NAMES("app/database", "app"), .problems = "" },
	{ .examples = NAMES("data/app", "secret/app", "secret/data/app", "", "/x", "x/", "metadata/app"),
	  .problems = "'data/app': the key begins with data/\n'secret/app': the key begins with the engine's own path\n"
	              "'secret/data/app': the key begins with the engine's own path\n'' is no key\n'/x' is no key\n'x/' is no key\n"
	              "'metadata/app': the key begins with metadata/\n" },
};

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static void every_problem_is_told_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(given); i++) {
		AUTO(arena) struct arena mem = ARENA_INIT;
		AUTO(err) struct err e = {0};
		struct eso_want want = usual;
		struct view rest = view_text(given[i].problems);
		const struct err *one = &e;
		int result;

		want.store = given[i].store ? given[i].store : want.store;
		want.mount = given[i].mount ? given[i].mount : want.mount;
		want.role = given[i].role ? given[i].role : want.role;
		want.path = given[i].path ? given[i].path : want.path;
		want.operator_namespace = given[i].operator_namespace;
		want.namespaces = given[i].namespaces;
		want.n_namespaces = count(given[i].namespaces);
		want.examples = given[i].examples;
		want.n_examples = count(given[i].examples);
		result = eso_want_check(&want, &mem, &e);
		assert_int_equal(result, *given[i].problems ? -1 : 0);
		for (struct view piece = view_cut(&rest, '\n'); piece.n; piece = view_cut(&rest, '\n'), one = one->more) {
			if (!one || !one->text || !strstr(one->text, arena_view(&mem, piece)))
				fail_msg("case %zu: no '%s' in: %s", i, arena_view(&mem, piece), one && one->text ? one->text : "nothing");
			assert_int_equal(one->kind, ERR_USAGE);
		}
		if (result < 0)
			assert_null(one);
	}
}

static void the_policy_says_no_more_than_it_must(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct eso_world w = { .want = usual, .version = 2 };

	(void)state;
	assert_text(eso_policy_text(&w, &a), "path \"secret/data/*\" {\n  capabilities = [\"read\"]\n}\n");
	w.want.find = true;
	assert_text(eso_policy_text(&w, &a), "path \"secret/data/*\" {\n  capabilities = [\"read\"]\n}\n\n"
	            "path \"secret/metadata/*\" {\n  capabilities = [\"read\", \"list\"]\n}\n");
	w.version = 1;
	assert_text(eso_policy_text(&w, &a), "path \"secret/*\" {\n  capabilities = [\"read\", \"list\"]\n}\n");
	w.want.find = false;
	assert_text(eso_policy_text(&w, &a), "path \"secret/*\" {\n  capabilities = [\"read\"]\n}\n");
}

static void a_policy_of_others_is_shown_beside_ours(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct eso_world w = { .want = usual, .version = 2, .have_policy = "\n# all\npath \"secret/*\"  {\n\tcapabilities = [\"read\"]\n}\n" };

	(void)state;
	assert_text(eso_policy_differs(&w, &a), "# all path \"secret/*\" { capabilities = [\"read\"] } -> "
	            "path \"secret/data/*\" { capabilities = [\"read\"] }");
}

/* The operator's own pod knows no authority of ours: the store carries it, where there is TLS. */
static void the_store_carries_the_authority(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct eso_world w = { .want = usual, .version = 1, .server = "https://vault-active.vault.svc:8200" };
	struct eso_target t = { .role = "r", .account = "a", .account_namespace = "n" };
	const struct value *vault;

	(void)state;
	w.boot.tls.ca_pem = view_text("PEM\n");
	vault = value_at(eso_store_object(&w, &t, &a), "spec.provider.vault");
	assert_text(value_text_or(vault, "caBundle", ""), "UEVNCg==");
	assert_text(value_text_or(vault, "version", ""), "v1");
	w.server = "http://vault-active.vault.svc:8200";
	assert_null(value_at(eso_store_object(&w, &t, &a), "spec.provider.vault.caBundle"));
}

static void an_example_has_a_name_that_is_allowed(void **state)
{
	static const struct { const char *key, *name; } keys[] = {
		{ "app/database", "app-database" }, { "App/DB_1", "app-db-1" }, { "_x_", "x" }, { "__", "secret" }, { "ü", "secret" },
	};
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const struct value *example = eso_example(&usual, keys[i].key, &a);

		assert_text(value_text_or(example, "metadata.name", ""), keys[i].name);
		assert_text(value_text_or(example, "spec.dataFrom.0.extract.key", ""), keys[i].key);
		assert_text(value_text_or(example, "apiVersion", ""), "external-secrets.io/v1");
	}
}

static void only_what_is_wanted_is_compared(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *want = quoted(&a, "{'a':'x','b':{'c':[1],'d':true}}");

	(void)state;
	assert_null(eso_differs(&a, want, quoted(&a, "{'more':1,'b':{'d':true,'c':[1],'e':null},'a':'x'}")));
	assert_text(eso_differs(&a, want, quoted(&a, "{'a':'y','b':{'c':[],'d':false}}")), "a: y -> x, c: none -> ?, d: false -> true");
	assert_text(eso_differs(&a, want, quoted(&a, "{'a':'x'}")), "b: absent -> another");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_problem_is_told_at_once),
		cmocka_unit_test(the_policy_says_no_more_than_it_must),
		cmocka_unit_test(a_policy_of_others_is_shown_beside_ours),
		cmocka_unit_test(the_store_carries_the_authority),
		cmocka_unit_test(an_example_has_a_name_that_is_allowed),
		cmocka_unit_test(only_what_is_wanted_is_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
