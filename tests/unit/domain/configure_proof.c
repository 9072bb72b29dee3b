/* What must hold before a root token goes: the operator may write all of it and, on Vault 2.x, begin generate-root. */
#include "unit/domain/configure_scene.h"

static const char FILE_TEXT[] =
    "kv: {secret: {version: 2}}\n"
    "kubernetes: {kubernetes: }\n"
    "userpass: {up: {users: {a: {password: {env: P}}}}}\n"
    "entities: {a: {aliases: {up: a}}}\n"
    "groups: {g: {members: [a]}}\n"
    "operator: {}\n";

static const char TWO[] = "{\"initialized\":true,\"sealed\":false,\"type\":\"awskms\",\"version\":\"2.0.0\"}";

/* The rights and generate-root, asked as configure does with the operator's token. */
static int ask_rights(const char *status, const char *denied, const char **lacks, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct want want = { .namespace_ = "vault", .release = "vault" };
	struct configure w = { 0 };
	struct scene s;
	const struct step *all;
	size_t n;
	int result;

	scene_open(&s);
	s.vault.status = status;
	s.vault.denied = denied;
	value_set(&s.vault.mem, s.vault.held, "sys/generate-root/attempt", value_new_map(&s.vault.mem));
	fake_host_env(&s.machine, "P", "x");
	world_open(&s, &w, &a, &want, FILE_TEXT);
	all = boot_table(&a, configure_rights, n_configure_rights, &n);
	result = loop_rows(&s, &w, all, n, e);
	/* what is denied, or something that the test did not deny */
	*lacks = !w.denied ? NULL : text_same(w.denied, denied) ? denied : "another path";
	configure_release(&w);
	scene_close(&s);
	return result;
}

static void with_all_rights_nothing_is_lacking(void **state)
{
	static const char *const versions[] = { NULL, TWO };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		AUTO(err) struct err e = { 0 };
		const char *lacks;

		assert_int_equal(ask_rights(versions[i], NULL, &lacks, &e), 0);
		assert_null(lacks);
	}
}

static void each_write_is_asked_for(void **state)
{
	static const char *const paths[] = { "sys/mounts/secret", "sys/auth/up", "auth/up/users/a", "identity/entity/name/a",
	                                     "identity/entity-alias", "identity/group/name/g", "sys/audit/stdout",
	                                     "auth/kubernetes/role/vault-operator", "vault-aws/data/configure" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		AUTO(err) struct err e = { 0 };
		const char *lacks;

		assert_int_equal(ask_rights(NULL, paths[i], &lacks, &e), 0);
		assert_text(lacks, paths[i]);
	}
}

/* On 1.x it is open to all; on 2.x it may be read by who could not begin it. */
static void generate_root_is_proven_where_it_takes_a_token(void **state)
{
	AUTO(err) struct err e = { 0 };
	const char *lacks;

	(void)state;
	assert_int_equal(ask_rights(NULL, "sys/generate-root/update", &lacks, &e), 0);
	assert_null(lacks);
	assert_int_equal(ask_rights(TWO, "sys/generate-root/update", &lacks, &e), 0);
	assert_text(lacks, "sys/generate-root/update");
	assert_int_equal(ask_rights(TWO, "sys/generate-root/attempt", &lacks, &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_non_null(strstr(e.text, "asking for generate-root"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_all_rights_nothing_is_lacking),
		cmocka_unit_test(each_write_is_asked_for),
		cmocka_unit_test(generate_root_is_proven_where_it_takes_a_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
