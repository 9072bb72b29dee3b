/* Inputs: sources and their order, files of every kind, and every problem in one run. */
#include "unit/domain/fixture.h"

#include "unit/unit.h"

static void the_first_source_that_speaks_wins(void **state)
{
	AUTO(given) struct given g;

	(void)state;
	given_init(&g);
	fake_host_env(&g.files, "VAULT_AWS_REPLICAS", "5");
	fake_host_env(&g.files, "VAULT_AWS_RELEASE", "by-env");
	fake_host_file(&g.files, "vault.yaml", "replicas: 7\nrelease: by-file\nkms_rotation_days: 180\nimage_tag: \"1.2\"\n");
	assert_int_equal(GIVE(&g, "vault.yaml", "replicas=1"), 0);
	assert_int_equal(inputs_int(&g.in, "replicas"), 1);
	assert_string_equal(inputs_at(&g.in, "replicas")->from, "replicas");
	assert_string_equal(inputs_text(&g.in, "release"), "by-env");
	assert_string_equal(inputs_at(&g.in, "release")->from, "VAULT_AWS_RELEASE");
	assert_int_equal(inputs_int(&g.in, "kms_rotation_days"), 180);
	assert_string_equal(inputs_at(&g.in, "kms_rotation_days")->from, "vault.yaml:3:1");
	assert_string_equal(inputs_text(&g.in, "image_tag"), "1.2");
	assert_int_equal(inputs_int(&g.in, "kms_deletion_window_days"), 7);
	assert_string_equal(inputs_at(&g.in, "kms_deletion_window_days")->from, "default");
	assert_false(inputs_at(&g.in, "kms_deletion_window_days")->given);
}

static void defaults_are_the_modules(void **state)
{
	AUTO(given) struct given g;

	(void)state;
	given_init(&g);
	assert_int_equal(GIVE(&g, NULL, NULL), 0);
	assert_string_equal(inputs_text(&g.in, "vault_namespace"), "vault");
	assert_string_equal(inputs_text(&g.in, "vault_service_account"), "vault");
	assert_int_equal(inputs_int(&g.in, "kms_deletion_window_days"), 7);
	assert_true(inputs_bool(&g.in, "kms_enable_key_rotation"));
	assert_true(inputs_bool(&g.in, "dynamodb_point_in_time_recovery"));
	assert_int_equal(inputs_tags(&g.in)->n, 0);
	assert_null(inputs_text(&g.in, "cluster_name"));
}

/* A default that its own row would refuse would silently be none. */
static void every_default_is_taken(void **state)
{
	AUTO(given) struct given g;

	(void)state;
	given_init(&g);
	assert_int_equal(GIVE(&g, NULL, NULL), 0);
	for (size_t i = 0; i < n_input_keys; i++)
		if (input_keys[i].fallback && !g.in.at[i].value)
			fail_msg("the default of '%s' is refused by its own row", input_keys[i].name);
}

static void the_ten_of_the_module_are_there(void **state)
{
	static const char *const names[] = {
		"cluster_name", "environment", "oidc_provider_arn", "oidc_provider_url", "vault_namespace",
		"vault_service_account", "kms_deletion_window_days", "kms_enable_key_rotation",
		"dynamodb_point_in_time_recovery", "tags",
	};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_true(input_keys[input_key_find(names[i])].flags & KEY_MODULE);
	for (size_t i = 0; i < n_input_keys; i++)
		n += !!(input_keys[i].flags & KEY_MODULE);
	assert_int_equal(n, COUNT_OF(names));
	assert_int_equal(input_key_find("kms_deletion_windw_days"), -1);
}

static void what_was_found_does_not_beat_what_was_given(void **state)
{
	AUTO(given) struct given g;

	(void)state;
	given_init(&g);
	assert_int_equal(GIVE(&g, NULL, "cluster_name=mine"), 0);
	inputs_find(&g.in, "cluster_name", "found", "kube context 'prod'");
	inputs_find(&g.in, "region", "eu-west-1", "kube context 'prod'");
	assert_string_equal(inputs_text(&g.in, "cluster_name"), "mine");
	assert_string_equal(inputs_text(&g.in, "region"), "eu-west-1");
	assert_string_equal(inputs_at(&g.in, "region")->from, "kube context 'prod'");
	inputs_find(&g.in, "region", "eu-west-2", "a better place");
	assert_string_equal(inputs_text(&g.in, "region"), "eu-west-2");
}

static void what_is_missing_is_said_all_at_once(void **state)
{
	AUTO(given) struct given g;

	(void)state;
	given_init(&g);
	assert_int_equal(GIVE(&g, NULL, NULL), 0);
	assert_int_equal(inputs_complete(&g.in, &g.e), -1);
	assert_int_equal(err_count(&g.e), 3);
	assert_string_equal(g.e.text, "'cluster_name' is missing");
	assert_true(text_starts(g.e.hint, "give --cluster-name NAME"));
	assert_string_equal(problem(&g.e, 1)->text, "'environment' is missing");
	assert_string_equal(problem(&g.e, 2)->text, "'region' is missing");
}

static void every_problem_of_all_sources_in_one_run(void **state)
{
	AUTO(given) struct given g;

	(void)state;
	given_init(&g);
	fake_host_env(&g.files, "VAULT_AWS_KMS_ROTATION_DAYS", "10");
	fake_host_file(&g.files, "vault.yaml",
	               "cluster_name: prod\n"
	               "kms_deletion_windw_days: 9\n"
	               "kms_enable_key_rotation: \"yes\"\n"
	               "account: 111122223333\n"
	               "tags:\n"
	               "  Team: platform\n"
	               "  Cost: 7\n"
	               "  aws:x: z\n"
	               "vault_namespace: Vault\n");
	assert_int_equal(GIVE(&g, "vault.yaml", "replicas=many"), -1);
	assert_int_equal(err_count(&g.e), 8);
	assert_int_equal(g.e.kind, ERR_CONFIG);
	assert_string_equal(g.e.text, "replicas: 'replicas' must be a whole number, not 'many'");
	assert_string_equal(problem(&g.e, 1)->text,
	                    "VAULT_AWS_KMS_ROTATION_DAYS: 'kms_rotation_days' must be 90 to 2560, not 10");
	assert_string_equal(problem(&g.e, 2)->text, "vault.yaml:2:1: unknown key 'kms_deletion_windw_days'");
	assert_string_equal(problem(&g.e, 2)->hint, "did you mean 'kms_deletion_window_days'?");
	assert_string_equal(problem(&g.e, 3)->text, "vault.yaml:3:1: 'kms_enable_key_rotation' must be true or false, not a text");
	assert_string_equal(problem(&g.e, 4)->text, "vault.yaml:4:1: 'account' must be a text, not an integer");
	assert_string_equal(problem(&g.e, 4)->hint, "write it in quotes");
	assert_true(text_starts(problem(&g.e, 5)->text, "vault.yaml:7:3: the tag 'Cost' must be a text"));
	assert_string_equal(problem(&g.e, 6)->text, "vault.yaml:8:3: the tag 'aws:x' is reserved");
	assert_true(text_starts(problem(&g.e, 7)->text, "vault.yaml:9:1: 'vault_namespace' is no Kubernetes name"));
}

static void a_tfvars_is_read_and_what_is_not_ours_is_warned_of(void **state)
{
	AUTO(given) struct given g;

	(void)state;
	given_init(&g);
	fake_host_file(&g.files, "prod.tfvars",
	               "# shared with other modules\n"
	               "cluster_name = \"prod\"\n"
	               "kms_deletion_window_days = 14\n"
	               "dynamodb_point_in_time_recovery = false\n"
	               "oidc_provider_arn = null\n"
	               "vpc_cidr = \"10.0.0.0/16\"\n"
	               "tags = {\n  Team = \"platform\"\n}\n");
	if (GIVE(&g, "prod.tfvars", NULL) < 0)
		fail_msg("%s", g.e.text);
	assert_string_equal(inputs_text(&g.in, "cluster_name"), "prod");
	assert_int_equal(inputs_int(&g.in, "kms_deletion_window_days"), 14);
	assert_false(inputs_bool(&g.in, "dynamodb_point_in_time_recovery"));
	assert_null(inputs_text(&g.in, "oidc_provider_arn"));
	assert_text(value_text_or(inputs_tags(&g.in), "Team", NULL), "platform");
	assert_int_equal(err_count(&g.in.warnings), 1);
	assert_string_equal(g.in.warnings.text, "prod.tfvars:6:1: unknown key 'vpc_cidr'");
}

static void json_and_standard_input_are_read(void **state)
{
	AUTO(given) struct given g, piped;

	(void)state;
	given_init(&g);
	fake_host_file(&g.files, "vault.json", "{\"cluster_name\": \"prod\", \"replicas\": 5, \"injector\": true}");
	assert_int_equal(GIVE(&g, "vault.json", NULL), 0);
	assert_int_equal(inputs_int(&g.in, "replicas"), 5);
	assert_true(inputs_bool(&g.in, "injector"));

	given_init(&piped);
	assert_int_equal(inputs_read(&piped.in, &piped.mem, &piped.host, NULL, "-", view_text("replicas: 1\n"), &piped.e), 0);
	assert_int_equal(inputs_int(&piped.in, "replicas"), 1);
	assert_string_equal(inputs_at(&piped.in, "replicas")->from, "standard input:1:1");
}

static void tags_come_in_every_form(void **state)
{
	AUTO(given) struct given g, bad;

	(void)state;
	given_init(&g);
	fake_host_env(&g.files, "VAULT_AWS_TAGS", "Team=platform,Cost=a=b,Empty=");
	assert_int_equal(GIVE(&g, NULL, NULL), 0);
	assert_int_equal(inputs_tags(&g.in)->n, 3);
	assert_text(value_text_or(inputs_tags(&g.in), "Cost", NULL), "a=b");
	assert_text(value_text_or(inputs_tags(&g.in), "Empty", NULL), "");

	given_init(&bad);
	assert_int_equal(GIVE(&bad, NULL, "tags=Team", "tags=ManagedBy=me", "tags=helm-vault-aws/live=no", "tags==x", "tags=a=<b>"),
	                 -1);
	assert_int_equal(err_count(&bad.e), 5);
	assert_string_equal(bad.e.text, "tags: 'Team' is no tag (KEY=VALUE)");
	assert_string_equal(problem(&bad.e, 1)->text, "tags: the tag 'ManagedBy' is reserved");
	assert_string_equal(problem(&bad.e, 2)->text, "tags: the tag 'helm-vault-aws/live' is reserved");
	assert_string_equal(problem(&bad.e, 4)->text, "tags: the tag 'a' is not one that AWS takes");
}

static void values_that_cannot_be_are_refused(void **state)
{
	static const char *const bad[] = {
		"cluster_name=-prod", "cluster_name=my-HOSTNAME", "oidc_provider_arn=arn", "oidc_provider_url=http://x",
		"oidc_provider_url=https://x/", "vault_namespace=-a", "vault_service_account=A", "kms_deletion_window_days=6",
		"kms_deletion_window_days=31", "kms_deletion_window_days=7x", "kms_enable_key_rotation=yes", "region=Frankfurt",
		"account=12345", "name_prefix=a/b", "release=", "replicas=0", "replicas=12", "permissions_boundary=x",
		"role_path=x", "iam_role_name=a/b", "kms_rotation_days=89", "dynamodb_table_name=ab", "dynamodb_billing=cheap",
		"dynamodb_pitr_days=36", "dynamodb_kms_key_id=alias/x",
		"audit_storage=true", "audit_storage=10", "audit_storage=0x10Gi", "audit_storage=10GB", "audit_storage=-1Gi",
		"audit_storage_class=GP3", "audit_storage_class=gp3-", "audit_to=stdout", "audit_bucket=a/b", "audit_bucket=ab",
		"network_policy=", "network_policy=apps,Shop",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		AUTO(given) struct given g;

		given_init(&g);
		if (GIVE(&g, NULL, bad[i]) == 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(g.e.kind, ERR_CONFIG);
		assert_int_equal(err_count(&g.e), 1);
	}
}

static void lists_come_in_every_form(void **state)
{
	static const char *const files[] = {
		"network_policy: [apps, shop]\n", "network_policy:\n  - apps\n  - shop\n  - apps\n",
	};
	AUTO(given) struct given by_flag, by_env, bad;
	const struct value *list;

	(void)state;
	given_init(&by_flag);
	assert_int_equal(GIVE(&by_flag, NULL, "network_policy=apps, shop,apps"), 0);
	list = inputs_list(&by_flag.in, "network_policy");
	assert_int_equal(list->n, 2);
	assert_string_equal(list->items[1]->text, "shop");
	given_init(&by_env);
	fake_host_env(&by_env.files, "VAULT_AWS_NETWORK_POLICY", "apps,shop");
	assert_int_equal(GIVE(&by_env, NULL, NULL), 0);
	assert_true(value_same(list, inputs_list(&by_env.in, "network_policy")));
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		AUTO(given) struct given by_file;

		given_init(&by_file);
		fake_host_file(&by_file.files, "vault.yaml", files[i]);
		assert_int_equal(GIVE(&by_file, "vault.yaml", NULL), 0);
		assert_true(value_same(list, inputs_list(&by_file.in, "network_policy")));
	}
	given_init(&bad);
	fake_host_file(&bad.files, "vault.yaml", "network_policy: [apps, 7, Shop]\naudit_storage: true\n");
	assert_int_equal(GIVE(&bad, "vault.yaml", NULL), -1);
	assert_int_equal(err_count(&bad.e), 3);
	assert_string_equal(bad.e.text, "vault.yaml:1:24: 'network_policy' must be a list of texts, and an integer is none");
	assert_non_null(strstr(problem(&bad.e, 1)->text, "vault.yaml:1:27: 'network_policy' is no Kubernetes name"));
	assert_non_null(strstr(problem(&bad.e, 2)->text, "vault.yaml:2:1: 'audit_storage' must be a text"));
}

static void keys_that_belong_together(void **state)
{
	AUTO(given) struct given g, s3;

	(void)state;
	given_init(&g);
	assert_int_equal(GIVE_ALL(&g, "audit_storage_class=gp3", "audit_bucket=prod-audit"), 0);
	assert_int_equal(inputs_complete(&g.in, &g.e), -1);
	assert_int_equal(err_count(&g.e), 2);
	given_init(&s3);
	assert_int_equal(GIVE_ALL(&s3, "audit_to=s3"), 0);
	assert_int_equal(inputs_complete(&s3.in, &s3.e), -1);
	assert_non_null(strstr(s3.e.text, "'audit_bucket' is missing"));
}

static void files_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *path, *text;
	} bad[] = {
		{ "gone.yaml", NULL }, { "list.yaml", "- a\n" }, { "twice.yaml", "replicas: 1\nreplicas: 2\n" },
		{ "half.json", "{\"replicas\":" }, { "half.tfvars", "tags = {\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		AUTO(given) struct given g;

		given_init(&g);
		fake_host_file(&g.files, bad[i].path, bad[i].text);
		if (GIVE(&g, bad[i].path, NULL) == 0)
			fail_msg("'%s' was taken", bad[i].path);
		assert_int_equal(g.e.kind, ERR_CONFIG);
		assert_non_null(strstr(g.e.text, bad[i].path));
	}
}

static void an_empty_file_says_nothing(void **state)
{
	AUTO(given) struct given g;

	(void)state;
	given_init(&g);
	fake_host_file(&g.files, "vault.yaml", "# nothing yet\n");
	assert_int_equal(GIVE(&g, "vault.yaml", NULL), 0);
	assert_int_equal(inputs_int(&g.in, "replicas"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_source_that_speaks_wins),
		cmocka_unit_test(defaults_are_the_modules),
		cmocka_unit_test(every_default_is_taken),
		cmocka_unit_test(the_ten_of_the_module_are_there),
		cmocka_unit_test(what_was_found_does_not_beat_what_was_given),
		cmocka_unit_test(what_is_missing_is_said_all_at_once),
		cmocka_unit_test(every_problem_of_all_sources_in_one_run),
		cmocka_unit_test(a_tfvars_is_read_and_what_is_not_ours_is_warned_of),
		cmocka_unit_test(json_and_standard_input_are_read),
		cmocka_unit_test(tags_come_in_every_form),
		cmocka_unit_test(values_that_cannot_be_are_refused),
		cmocka_unit_test(lists_come_in_every_form),
		cmocka_unit_test(keys_that_belong_together),
		cmocka_unit_test(files_that_are_none_are_refused),
		cmocka_unit_test(an_empty_file_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
