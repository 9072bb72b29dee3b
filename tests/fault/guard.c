/*
 * What stands against a run: then nothing is written at all, the error is a
 * guard's, and it names both sides.
 */
#include "fault/run.h"

#include "core/text.h"
#include "domain/names.h"
#include "unit/unit.h"

#define TABLE "prod-vault"
#define ALIAS "alias/prod-vault-unseal"
#define ROLE  "prod-vault-eu-central-1"
#define KEY_1 "key/1234abcd-12ab-34cd-56ef-000000000001"
#define KEY_2 "key/1234abcd-12ab-34cd-56ef-000000000002"

static struct cloud_tags ours(struct fake_cloud *c)
{
	return fake_cloud_tags(c, TAG_CLUSTER, CLOUD_CLUSTER, TAG_NAMESPACE, "vault", TAG_RELEASE, "vault", TAG_LIVE, "true", NULL);
}

static struct cloud_tags of_release(struct fake_cloud *c, const char *release)
{
	return fake_cloud_tags(c, TAG_CLUSTER, CLOUD_CLUSTER, TAG_NAMESPACE, "vault", TAG_RELEASE, release, TAG_LIVE, "true", NULL);
}

static struct cloud_key *our_key(struct fake_cloud *c)
{
	struct cloud_key *key = fake_cloud_add_key(c, ours(c));

	fake_cloud_add_alias(c, ALIAS, key);
	return key;
}

static struct cloud_table *our_table(struct fake_cloud *c)
{
	return fake_cloud_add_table(c, TABLE, ours(c));
}

static void foreign_table(struct fake_cloud *c)
{
	fake_cloud_add_table(c, TABLE, fake_cloud_tags(c, "Owner", "billing", NULL));
}

static void table_of_another_release(struct fake_cloud *c)
{
	fake_cloud_add_table(c, TABLE, of_release(c, "vault-two"));
}

static void table_of_another_kind(struct fake_cloud *c)
{
	our_table(c)->range_key = "Version";
}

static void table_going_away(struct fake_cloud *c)
{
	our_table(c)->status = "DELETING";
}

static void table_unreadable(struct fake_cloud *c)
{
	our_table(c)->status = "INACCESSIBLE_ENCRYPTION_CREDENTIALS";
}

static void key_without_table(struct fake_cloud *c)
{
	our_key(c);
}

static void marked_key_without_table(struct fake_cloud *c)
{
	fake_cloud_add_key(c, ours(c));
}

static void backup_without_table(struct fake_cloud *c)
{
	c->backups[c->n_backups++] = (struct cloud_backup){ .table = TABLE, .name = TABLE "$DeletedTableBackup" };
}

static void secret_without_table(struct fake_cloud *c)
{
	c->others[c->n_others++] = (struct cloud_other){
		"arn:aws:secretsmanager:" CLOUD_REGION ":" CLOUD_ACCOUNT ":secret:prod-vault-AbCdEf", ours(c),
	};
}

static void recovery_point_without_table(struct fake_cloud *c)
{
	c->others[c->n_others++] = (struct cloud_other){
		"arn:aws:backup:" CLOUD_REGION ":" CLOUD_ACCOUNT ":recovery-point:1", ours(c),
	};
}

static void data_without_key(struct fake_cloud *c)
{
	our_table(c)->items = 412;
}

static void disabled_key(struct fake_cloud *c)
{
	our_table(c);
	our_key(c)->state = "Disabled";
}

static void pending_key(struct fake_cloud *c)
{
	our_table(c);
	our_key(c)->state = "PendingDeletion";
}

static void marked_key_disabled(struct fake_cloud *c)
{
	our_table(c);
	fake_cloud_add_key(c, ours(c))->state = "Disabled";
}

static void signing_key(struct fake_cloud *c)
{
	struct cloud_key *key = our_key(c);

	our_table(c);
	key->usage = "SIGN_VERIFY";
	key->spec = "RSA_2048";
}

static void alias_to_a_foreign_key(struct fake_cloud *c)
{
	our_table(c);
	fake_cloud_add_alias(c, ALIAS, fake_cloud_add_key(c, fake_cloud_tags(c, "Owner", "billing", NULL)));
}

static void alias_to_the_key_of_another_release(struct fake_cloud *c)
{
	our_table(c);
	fake_cloud_add_alias(c, ALIAS, fake_cloud_add_key(c, of_release(c, "vault-two")));
}

static void mark_and_alias_disagree(struct fake_cloud *c)
{
	struct cloud_key *key = our_key(c);

	our_table(c);
	fake_cloud_tag(c, &key->tags, TAG_LIVE, NULL);
	key->tags.before = key->tags.now;
	fake_cloud_add_key(c, ours(c));
}

static void two_keys_are_marked(struct fake_cloud *c)
{
	our_table(c);
	fake_cloud_add_key(c, ours(c));
	fake_cloud_add_key(c, ours(c));
}

static void table_names_another_key(struct fake_cloud *c)
{
	struct cloud_table *table = our_table(c);
	struct cloud_key *other;

	our_key(c);
	other = fake_cloud_add_key(c, fake_cloud_tags(c, NULL));
	fake_cloud_tag(c, &table->tags, TAG_KEY, other->arn);
}

/* The table names a key that carries no tags of ours. */
static void table_names_a_foreign_key(struct fake_cloud *c)
{
	struct cloud_table *table = our_table(c);

	fake_cloud_tag(c, &table->tags, TAG_KEY, fake_cloud_add_key(c, fake_cloud_tags(c, "Owner", "billing", NULL))->arn);
}

static void two_tables_are_marked(struct fake_cloud *c)
{
	our_table(c);
	fake_cloud_add_table(c, "prod-vault-restored", ours(c));
	our_key(c);
}

static void foreign_role(struct fake_cloud *c)
{
	struct cloud_role *role = &c->roles[c->n_roles++];

	*role = (struct cloud_role){ .name = ROLE, .path = "/", .arn = "arn:aws:iam::" CLOUD_ACCOUNT ":role/" ROLE,
	                             .trust = "{}", .tags = fake_cloud_tags(c, "Owner", "billing", NULL), .made_ms = -86400000 };
	role->policies = value_new_map(&c->mem);
}

static void provider_without_audience(struct fake_cloud *c)
{
	c->providers[c->n_providers++] = (struct cloud_provider){ CLOUD_SITE, value_new_list(&c->mem) };
}

static const struct guard_case {
	const char *what;
	void (*make)(struct fake_cloud *c);
	const char *says, *and_says;
} cases[] = {
	{ "foreign table", foreign_table, "the table '" TABLE "'", "without our tags" },
	{ "table of another release", table_of_another_release, "the table '" TABLE "'", "'vault-two'" },
	{ "table of another kind", table_of_another_kind, "'Path', 'Version'", "'Path', 'Key'" },
	{ "table going away", table_going_away, "'" TABLE "'", "is being deleted" },
	{ "table unreadable", table_unreadable, "'" TABLE "'", "INACCESSIBLE_ENCRYPTION_CREDENTIALS" },
	{ "key without table", key_without_table, "the table '" TABLE "' is gone", KEY_1 },
	{ "marked key without table", marked_key_without_table, "the table '" TABLE "' is gone", KEY_1 },
	{ "backup without table", backup_without_table, "the table '" TABLE "' is gone", "$DeletedTableBackup" },
	{ "secret without table", secret_without_table, "the table '" TABLE "' is gone", "secret:prod-vault-AbCdEf" },
	{ "recovery point without table", recovery_point_without_table, "the table '" TABLE "' is gone", "recovery-point:1" },
	{ "data without key", data_without_key, "the table '" TABLE "' holds data", "seal key is not to be found" },
	{ "disabled key", disabled_key, KEY_1, "not enabled (Disabled)" },
	{ "key pending deletion", pending_key, KEY_1, "pending deletion" },
	{ "marked key disabled", marked_key_disabled, KEY_1, "not enabled (Disabled)" },
	{ "signing key", signing_key, KEY_1, "SIGN_VERIFY" },
	{ "alias to a foreign key", alias_to_a_foreign_key, ALIAS, "without our tags" },
	{ "alias to another release's key", alias_to_the_key_of_another_release, ALIAS, "'vault-two'" },
	{ "mark and alias disagree", mark_and_alias_disagree, KEY_1, KEY_2 },
	{ "two keys are marked", two_keys_are_marked, KEY_1, KEY_2 },
	{ "table names another key", table_names_another_key, KEY_1, KEY_2 },
	{ "table names a foreign key", table_names_a_foreign_key, KEY_1, "without our tags" },
	{ "two tables are marked", two_tables_are_marked, "table/prod-vault'", "table/prod-vault-restored'" },
	{ "foreign role", foreign_role, "the role '" ROLE "'", "without our tags" },
};

static void must_be_guarded(const struct guard_case *g, bool plan)
{
	AUTO(account) struct account a;
	AUTO(run) struct run r;

	account_init(&a);
	g->make(&a.cloud);
	run_open(&r, &a.cloud, &a.machine, NULL);
	if ((plan ? run_plan(&r) : run_apply(&r)) == 0)
		fail_msg("%s: let through", g->what);
	if (r.e.kind != ERR_GUARD)
		fail_msg("%s: no guard: %s", g->what, r.e.text);
	if (!strstr(r.e.text, g->says) || !strstr(r.e.text, g->and_says))
		fail_msg("%s: '%s' and '%s' are not in: %s", g->what, g->says, g->and_says, r.e.text);
	if (a.cloud.writes)
		fail_msg("%s: %u writes", g->what, a.cloud.writes);
	assert_int_equal(err_exit_code(&r.e), 4);
}

static void a_guard_lets_nothing_be_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		must_be_guarded(&cases[i], false);
}

static void a_plan_meets_the_same_guards(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		must_be_guarded(&cases[i], true);
}

/* Whose name is known in the second round only: the table may be under way by then, and the run ends all the same. */
static void a_provider_without_the_audience_is_said_so(void **state)
{
	AUTO(account) struct account a;
	AUTO(run) struct run r;

	(void)state;
	account_init(&a);
	provider_without_audience(&a.cloud);
	run_open(&r, &a.cloud, &a.machine, NULL);
	assert_int_equal(run_apply(&r), -1);
	assert_int_equal(r.e.kind, ERR_GUARD);
	assert_non_null(strstr(r.e.text, "does not list the audience 'sts.amazonaws.com'"));
	assert_int_equal(a.cloud.n_keys, 0);
	assert_int_equal(a.cloud.providers[0].audiences->n, 0);
}

/* A read that is refused is a failure, and never "there is none". */
static void a_refused_read_is_not_absence(void **state)
{
	static const char *const reads[] = {
		"sts:GetCallerIdentity", "eks:DescribeCluster", "kms:DescribeKey", "tag:GetResources", "dynamodb:DescribeTable",
		"dynamodb:DescribeContinuousBackups", "dynamodb:ListBackups", "iam:GetRole", "iam:GetRolePolicy",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(reads); i++) {
		AUTO(account) struct account a;
		AUTO(run) struct run r;

		account_init(&a);
		a.cloud.denied = reads[i];
		run_open(&r, &a.cloud, &a.machine, NULL);
		assert_int_equal(run_apply(&r), -1);
		if (r.e.kind != ERR_DENIED || a.cloud.writes || !strstr(r.e.hint ? r.e.hint : "", reads[i]))
			fail_msg("%s: %u writes: %s (hint: %s)", reads[i], a.cloud.writes, r.e.text, r.e.hint);
	}
}

static void another_account_is_refused(void **state)
{
	static const char *const settings[] = { "account=999988887777", NULL };
	AUTO(account) struct account a;
	AUTO(run) struct run r;

	(void)state;
	account_init(&a);
	run_open(&r, &a.cloud, &a.machine, settings);
	assert_int_equal(run_apply(&r), -1);
	assert_int_equal(r.e.kind, ERR_GUARD);
	assert_non_null(strstr(r.e.text, CLOUD_ACCOUNT));
	assert_non_null(strstr(r.e.text, "999988887777"));
	assert_int_equal(a.cloud.writes, 0);
}

static void a_cluster_that_is_not_there_is_said_so(void **state)
{
	AUTO(account) struct account a;
	AUTO(run) struct run r;

	(void)state;
	account_init(&a);
	a.cloud.cluster_status = NULL;
	run_open(&r, &a.cloud, &a.machine, NULL);
	assert_int_equal(run_apply(&r), -1);
	assert_int_equal(r.e.kind, ERR_ABSENT);
	assert_non_null(strstr(r.e.text, "no EKS cluster 'prod' in eu-central-1"));
	assert_int_equal(a.cloud.writes, 0);
}

/* What is not ours to change is told and left. */
static void differences_that_stay_are_warned_of(void **state)
{
	AUTO(account) struct account a;
	AUTO(run) struct run r;
	AUTO(err) struct err warnings = { 0 };

	(void)state;
	account_init(&a);
	assert_int_equal(apply_once(&a.cloud, &a.machine, NULL, NULL), 0);
	a.cloud.tables[0].billing = "PROVISIONED";
	a.cloud.keys[0].multi_region = true;
	run_open(&r, &a.cloud, &a.machine, NULL);
	assert_int_equal(run_apply(&r), 0);
	provision_warnings(&r.world, &warnings);
	assert_int_equal(err_count(&warnings), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guard_lets_nothing_be_written),
		cmocka_unit_test(a_plan_meets_the_same_guards),
		cmocka_unit_test(a_provider_without_the_audience_is_said_so),
		cmocka_unit_test(a_refused_read_is_not_absence),
		cmocka_unit_test(another_account_is_refused),
		cmocka_unit_test(a_cluster_that_is_not_there_is_said_so),
		cmocka_unit_test(differences_that_stay_are_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
