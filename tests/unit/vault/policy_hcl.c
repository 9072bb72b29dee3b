/* Policies in HCL: what Vault takes, what it refuses, and what it takes though it grants nothing. */
#include "unit/unit.h"

#include "core/buf.h"
#include "core/text.h"
#include "vault/policy_hcl.h"

static void rules_are_read(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	static const char text[] =
	    "# one\nname = \"app\"\n"
	    "path \"/secret/data/{{identity.entity.id}}/*\" { capabilities = [\"read\", \"create\",] }\n"
	    "/* two */ path \"a/+/b\" {\n\tcapabilities = [\"list\", \"sudo\"] // three\n"
	    "\tallowed_parameters = { \"x\" = [], \"*\" = [\"1\", 2, true] }\n\tmin_wrapping_ttl = \"1h\"\n}\n"
	    "path \"old\" { policy = \"write\" }\n";
	struct policy p;

	(void)state;
	assert_int_equal(policy_hcl_parse(&a, view_text(text), "app.hcl", &p, &e), 0);
	assert_int_equal(p.n, 3);
	assert_text(p.rules[0].path, "secret/data/{{identity.entity.id}}/*");
	assert_int_equal(p.rules[0].capabilities, POLICY_READ | POLICY_CREATE);
	assert_int_equal(p.rules[0].mark.line, 3);
	assert_int_equal(p.rules[0].mark.column, 6);
	assert_int_equal(p.rules[1].capabilities, POLICY_LIST | POLICY_SUDO);
	assert_int_equal(p.rules[2].capabilities, POLICY_CREATE | POLICY_READ | POLICY_UPDATE | POLICY_DELETE | POLICY_LIST);
}

static const struct {
	const char *text, *error, *hint;
} refused[] = {
	{ "", "p:1:1: the policy has no 'path \"...\" { ... }'", NULL },
	{ "# nothing\n", "p:2:1: the policy has no 'path \"...\" { ... }'", NULL },
	{ "{\"path\": {}}", "p:1:1: a policy must be HCL here, not JSON", NULL },
	{ "paths \"a\" {}", "p:1:1: only 'path \"...\" { ... }' may stand here", NULL },
	{ "path a {}", "p:1:6: behind 'path' a path in quotes must stand", NULL },
	{ "path \"a\" [", "p:1:10: behind the path a '{' must stand", NULL },
	{ "path \"a {", "p:1:6: this text has no closing '\"' on its line", NULL },
	{ "path \"a\\q\" {}", "p:1:8: this escape is not known", NULL },
	{ "path \"a\" { capabilities = [\"read\" }", "p:1:35: a ',' or ']' must stand here", NULL },
	{ "path \"a\" { capabilities [\"read\"] }", "p:1:25: a '=' must stand here", NULL },
	{ "path \"a\" { capabilities = [read] }", "p:1:28: a text must stand in quotes", NULL },
	{ "path \"a\" { capabilities = <<X\nX\n }", "p:1:27: a heredoc has no place in a policy; write the text in quotes", NULL },
	{ "path \"a\" { capabilities = [\"read\"]", "p:1:35: a name must stand here", NULL },
	{ "/* path", "p:1:1: this comment has no end", NULL },
	{ "path \"a\" { comment = -x capabilities = [] }", "p:1:22: this is no number", NULL },
	{ "path \"a\" { capabilities = [] capabilities = [] }", "p:1:30: the name 'capabilities' stands here twice", NULL },
	{ "path \"a\" {}", "p:1:6: the path 'a' has no 'capabilities'", NULL },
	{ "path \"\" { capabilities = [] }", "p:1:6: a path must not be empty", NULL },
	{ "path \"a/+*\" { capabilities = [] }", "p:1:6: '+*' is forbidden in a path ('a/+*')", NULL },
	{ "path \"a/*/b\" { capabilities = [] }", "p:1:6: a '*' that is not at the end stands for itself ('a/*/b')",
	  "'+' stands for one segment of a path" },
	{ "path \"a\" { capabilities = [\"reed\"] }", "p:1:28: 'reed' is no capability", "did you mean 'read'?" },
	{ "path \"a\" { capabilities = [1] }", "p:1:28: a capability must be a text, not an integer", NULL },
	{ "path \"a\" { capabilities = \"read\" }", "p:1:27: 'capabilities' must be a list, not a text", NULL },
	{ "path \"a\" { capabilitys = [\"read\"] policy = \"read\" }", "p:1:12: 'capabilitys' is no key of a path",
	  "did you mean 'capabilities'?" },
	{ "path \"a\" { policy = \"wirte\" }", "p:1:21: 'wirte' is no word of the old 'policy'", "did you mean 'write'?" },
	{ "path \"a\" { policy = \"read\" }\npath \"/a\" { policy = \"read\" }", "p:2:6: the path 'a' stands here twice", NULL },
};

static void what_is_wrong_has_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct policy p;

		assert_int_equal(policy_hcl_parse(&a, view_text(refused[i].text), "p", &p, &e), -1);
		assert_int_equal(e.kind, ERR_CONFIG);
		assert_text(e.text, refused[i].error);
		assert_int_equal(err_count(&e), 1);
		if (refused[i].hint)
			assert_text(e.hint, refused[i].hint);
	}
}

static void all_that_is_wrong_is_told_at_once(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct policy p;

	(void)state;
	assert_int_equal(policy_hcl_parse(&a, view_text("path \"a\" { capabilities = [\"reed\"] }\npath \"b\" { x = 1 }\n"), "p", &p,
	                                  &e), -1);
	assert_int_equal(err_count(&e), 3);
}

static void deep_nesting_ends(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	AUTO(buf) struct buf text = BUF_MAX(1 << 20);
	struct policy p;

	(void)state;
	buf_text(&text, "path \"a\" { allowed_parameters = ");
	for (int i = 0; i < 100000; i++)
		buf_char(&text, '[');
	assert_int_equal(policy_hcl_parse(&a, buf_bytes(&text), "p", &p, &e), -1);
	assert_non_null(strstr(e.text, "nested too deep"));
}

static const struct {
	const char *path, *capability, *wrong, *doubtful;   /* NULL: nothing of the kind; else the hint */
} traps[] = {
	{ "secret/data/app/*", "read", NULL, NULL },
	{ "secret/metadata/app/*", "list", NULL, NULL },
	{ "secret/metadata", "list", NULL, NULL },
	{ "secret/*", "read", NULL, NULL },
	{ "secret/+/app", "read", NULL, NULL },
	{ "secret/d*", "read", NULL, NULL },
	{ "secret/config", "read", NULL, NULL },
	{ "secret/app/*", "deny", NULL, NULL },
	{ "secrets/app", "read", NULL, NULL },
	{ "secret/app/*", "read", "write 'secret/data/app/*'", NULL },
	{ "secret/app", "list", "write 'secret/metadata/app'", NULL },
	{ "secret/app", "read\", \"list", "write 'secret/data/app', and 'secret/metadata/app' for the lists", NULL },
	{ "secret/data/app/*", "list", "KV version 2 lists at 'secret/metadata/app/*'", NULL },
	{ "secret/data/app/*", "read\", \"list", NULL, "KV version 2 lists at 'secret/metadata/app/*'" },
	{ "team/kv/app", "read", "write 'team/kv/data/app'", NULL },
	{ "old/app", "read", NULL, NULL },
	{ "old/data/app", "read", NULL, "write 'old/app'" },
	{ "old/metadata/app", "list", NULL, "write 'old/app'" },
};

static void paths_of_the_other_version_are_found(void **state)
{
	static const struct policy_kv mounts[] = { { "secret", 2 }, { "old", 1 }, { "team/kv", 2 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(traps); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 }, wrong = { 0 }, doubtful = { 0 };
		const char *text = arena_printf(&a, "path \"%s\" { capabilities = [\"%s\"] }", traps[i].path, traps[i].capability);
		struct policy p;

		assert_int_equal(policy_hcl_parse(&a, view_text(text), "p", &p, &e), 0);
		policy_kv_traps(&a, &p, mounts, COUNT_OF(mounts), &wrong, &doubtful);
		assert_int_equal(err_count(&wrong), traps[i].wrong != NULL);
		assert_int_equal(err_count(&doubtful), traps[i].doubtful != NULL);
		if (traps[i].wrong)
			assert_text(wrong.hint, traps[i].wrong);
		if (traps[i].doubtful)
			assert_text(doubtful.hint, traps[i].doubtful);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_read),
		cmocka_unit_test(what_is_wrong_has_its_place),
		cmocka_unit_test(all_that_is_wrong_is_told_at_once),
		cmocka_unit_test(deep_nesting_ends),
		cmocka_unit_test(paths_of_the_other_version_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
