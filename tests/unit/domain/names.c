/* What things are called: cut with a hash, no word that the chart rewrites, and the tags. */
#include "unit/domain/fixture.h"

#include "unit/unit.h"

static int make(struct given *g, struct names *names)
{
	return names_make(&g->mem, &g->in, "eu-central-1", "vault", "vault", names, &g->e);
}

static void names_come_from_the_cluster(void **state)
{
	AUTO(given) struct given g;
	struct names names;

	(void)state;
	given_init(&g);
	assert_int_equal(GIVE_ALL(&g, NULL), 0);
	assert_int_equal(make(&g, &names), 0);
	assert_string_equal(names.alias, "alias/prod-vault-unseal");
	assert_string_equal(names.table, "prod-vault");
	assert_string_equal(names.role, "prod-vault-eu-central-1");
}

static void a_prefix_and_single_names_win(void **state)
{
	AUTO(given) struct given g;
	struct names names;

	(void)state;
	given_init(&g);
	assert_int_equal(GIVE_ALL(&g, "name_prefix=team-a", "iam_role_name=pod-role"), 0);
	assert_int_equal(make(&g, &names), 0);
	assert_string_equal(names.alias, "alias/team-a-unseal");
	assert_string_equal(names.table, "team-a");
	assert_string_equal(names.role, "pod-role");
}

static void what_is_too_long_is_cut_and_ends_in_a_hash(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *fits = "0123456789", *one, *two;

	(void)state;
	assert_string_equal(names_fit(&a, fits, 10), fits);
	one = names_fit(&a, "01234567890", 10);
	two = names_fit(&a, "01234567891", 10);
	assert_int_equal(strlen(one), 10);
	assert_int_equal(strncmp(one, "0-", 2), 0);
	assert_string_not_equal(one, two);
	/* The first eight digits of sha256("01234567890"). */
	assert_string_equal(one, "0-ee29eb4a");
}

static void a_long_cluster_has_a_role_that_iam_takes(void **state)
{
	static const char cluster[] = "cluster_name=platform-production-eu-central-1-shared-services-0001";
	AUTO(given) struct given g;
	struct names names;

	(void)state;
	given_init(&g);
	assert_int_equal(GIVE(&g, NULL, cluster, "environment=e", "region=eu-central-1"), 0);
	assert_int_equal(make(&g, &names), 0);
	assert_int_equal(strlen(names.role), ROLE_NAME_MAX);
	assert_true(text_starts(names.role, "platform-production-eu-central-1-shared-services-0001-v"));
	assert_string_equal(names.table, "platform-production-eu-central-1-shared-services-0001-vault");
}

static void words_of_the_start_script_are_refused(void **state)
{
	static const char *const words[] = { "HOST_IP", "POD_IP", "HOSTNAME", "API_ADDR", "TRANSIT_ADDR", "RAFT_ADDR" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		AUTO(text) char *table = xasprintf("dynamodb_table_name=my-%s-table", words[i]);
		AUTO(given) struct given g;

		assert_string_equal(names_rewritten_word(table), words[i]);
		given_init(&g);
		assert_int_equal(GIVE_ALL(&g, table), -1);
		assert_int_equal(g.e.kind, ERR_CONFIG);
		assert_non_null(strstr(g.e.text, words[i]));
	}
	assert_null(names_rewritten_word("host_ip-hostname"));
	assert_null(names_rewritten_word(NULL));
}

static void tags_are_the_users_and_ours(void **state)
{
	AUTO(given) struct given g;
	struct names names;

	(void)state;
	given_init(&g);
	assert_int_equal(GIVE_ALL(&g, "tags=Team=platform", "tags=Environment=prod-eu"), 0);
	assert_int_equal(make(&g, &names), 0);
	assert_int_equal(names.tags->n, 6);
	assert_text(value_text_or(names.tags, "Environment", NULL), "prod-eu");
	assert_text(value_text_or(names.tags, "Team", NULL), "platform");
	assert_text(value_text_or(names.tags, "ManagedBy", NULL), "helm-vault-aws");
	assert_text(value_text_or(value_get(names.tags, TAG_CLUSTER), "", NULL), "prod");
	assert_text(value_text_or(value_get(names.tags, TAG_NAMESPACE), "", NULL), "vault");
	assert_text(value_text_or(value_get(names.tags, TAG_RELEASE), "", NULL), "vault");
}

static void more_tags_than_aws_takes_are_refused(void **state)
{
	AUTO(given) struct given g;
	char *lines[TAGS_MAX + 1] = { NULL };
	struct names names;

	(void)state;
	given_init(&g);
	for (int i = 0; i < TAGS_MAX; i++)
		lines[i] = arena_printf(&g.mem, "tags=k%d=v", i);
	assert_int_equal(give(&g, (const char *const *)lines, NULL), 0);
	inputs_find(&g.in, "cluster_name", "prod", "test");
	assert_int_equal(make(&g, &names), -1);
	assert_int_equal(g.e.kind, ERR_CONFIG);
	assert_non_null(strstr(g.e.text, "50"));
}

static void the_role_of_an_arn(void **state)
{
	(void)state;
	assert_string_equal(role_name_of_arn("arn:aws:iam::1:role/vault"), "vault");
	assert_string_equal(role_name_of_arn("arn:aws:iam::1:role/a/b/vault"), "vault");
	assert_string_equal(role_name_of_arn("vault"), "vault");
	assert_null(role_name_of_arn(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_from_the_cluster),
		cmocka_unit_test(a_prefix_and_single_names_win),
		cmocka_unit_test(what_is_too_long_is_cut_and_ends_in_a_hash),
		cmocka_unit_test(a_long_cluster_has_a_role_that_iam_takes),
		cmocka_unit_test(words_of_the_start_script_are_refused),
		cmocka_unit_test(tags_are_the_users_and_ours),
		cmocka_unit_test(more_tags_than_aws_takes_are_refused),
		cmocka_unit_test(the_role_of_an_arn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
