/* init under every fault of every call (init_scene.h), and what stands against it. */
#include "fault/init_scene.h"

static const struct chosen in_files = { { "file" }, false, false };
static const struct chosen in_both = { { "secretsmanager", "file" }, false, false }, in_ssm = { { "ssm" }, false, false };
static const struct chosen in_s3 = { { "s3" }, false, false }, in_pgp = { { "pgp" }, false, false };
static const struct chosen everywhere = { { "ssm", "s3", "pgp", "file" }, false, false };
static const struct chosen split_ssm = { { "ssm", "file" }, true, false }, split_s3 = { { "s3" }, true, false };

static void init_goes_through(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	enum init_plan plan;

	(void)state;
	place_init(&p);
	if (init_once(&p, &e, &plan) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(plan, INIT_FRESH);
	assert_true(in_custody(&p));
	assert_null(spool_text(&p));
	assert_int_equal(p.vault.shares, 5);
	assert_int_equal(p.vault.threshold, 3);
	assert_string_equal(fake_cloud_tag_of(&entry(&p, "root-token")->tags, "helm-vault-aws/cluster"), "prod");
	assert_int_equal(value_count(entry(&p, "recovery-keys")->copies, NULL), 2);
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "vault:/v1/sys/init"), 1);
}

static void a_second_run_changes_nothing(void **state)
{
	AUTO(place) struct place p;
	enum init_plan plan;
	unsigned writes;

	(void)state;
	place_init(&p);
	assert_int_equal(init_once(&p, NULL, NULL), 0);
	writes = p.account.cloud.writes;
	fake_transport_heal(&p.account.cloud.net);
	assert_int_equal(init_once(&p, NULL, &plan), 0);
	assert_int_equal(plan, INIT_DONE);
	assert_int_equal(p.account.cloud.writes, writes);
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "vault:/v1/sys/init"), 0);
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "secretsmanager:GetSecretValue"), 0);
}

static void any_call_may_fail_in_any_way(void **state)
{
	static const struct chosen *const custodies[] = { &in_secrets, &in_files, &in_both, &in_ssm, &in_s3, &in_pgp, &everywhere,
	                                                 &split_ssm, &split_s3 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(custodies); i++)
		for (enum fault fault = FAULT_RESET; fault < FAULT_KINDS; fault++) {
			unsigned calls = 1;

			while (one_fault(custodies[i], calls, fault, false))
				calls++;
			assert_true(calls > 15);
		}
}

/* Custody in files asks nothing of KMS but the seal key's proof, and nothing of Secrets Manager. */
static void files_alone_need_no_other_custody(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	enum init_plan plan;

	(void)state;
	place_init(&p);
	p.custody = &in_files;
	if (init_once(&p, &e, NULL) < 0)
		fail_msg("%s", e.text);
	assert_true(in_custody(&p));
	assert_null(spool_text(&p));
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "kms:GenerateDataKey"), 0);
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "secretsmanager:DescribeSecret"), 0);
	assert_int_equal(init_once(&p, NULL, &plan), 0);
	assert_int_equal(plan, INIT_DONE);
}

static void files_that_are_there_stay(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.custody = &in_files;
	fake_host_file(&p.account.machine.files, FOLDER "/root-token.age", "of another Vault");
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "'" FOLDER "/root-token.age' is there already"));
	assert_string_equal(fake_host_content(&p.account.machine.files, FOLDER "/root-token.age", NULL), "of another Vault");
	assert_int_equal(p.vault.inits, 0);
}

/* ---- what stands against it ---- */

static void refuse_before(void (*make)(struct place *), const char *says, bool begun)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	place_init(&p);
	make(&p);
	if (init_once(&p, &e, NULL) == 0 || !strstr(e.text, says))
		fail_msg("'%s' was expected: %s", says, e.text ? e.text : "it went through");
	assert_int_equal(p.vault.inits, 0);
	assert_int_equal(err_exit_code(&e), begun ? 1 : 4);
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "vault:/v1/sys/init"), 0);
}

static void table_in_use(struct place *p)
{
	p->account.cloud.tables[0].items = 3;
}

static void shamir(struct place *p)
{
	p->vault.seal = "shamir";
}

static void initialised_elsewhere(struct place *p)
{
	p->vault.initialized = true;
}

static void decrypt_denied(struct place *p)
{
	p->account.cloud.denied = "dynamodb:DeleteItem";
}

static void no_data_key(struct place *p)
{
	p->account.cloud.denied = "kms:GenerateDataKey";
}

static void custody_denied(struct place *p)
{
	p->account.cloud.denied = "secretsmanager:CreateSecret";
}

static void custody_unreadable(struct place *p)
{
	p->account.cloud.denied = "secretsmanager:GetSecretValue";
}

static void custody_disabled(struct place *p)
{
	p->account.cloud.keys[1].state = "Disabled";
}

static void what_stands_against_it_is_said_before_the_call(void **state)
{
	(void)state;
	refuse_before(table_in_use, "'core/item-0', 'core/item-1', 'core/item-2'", false);
	refuse_before(shamir, "seal is 'shamir'", false);
	refuse_before(initialised_elsewhere, "initialised already, by somebody else", false);
	refuse_before(decrypt_denied, "may not do dynamodb:DeleteItem", false);
	refuse_before(custody_disabled, "Disabled", false);
	refuse_before(no_data_key, "making a key for the spool", true);
	refuse_before(custody_denied, "making 'helm-vault-aws/prod/vault/vault/", true);
	refuse_before(custody_unreadable, "reading 'helm-vault-aws/prod/vault/vault/", true);
}

static void bucket_without_versions(struct place *p)
{
	p->custody = &in_s3;
	p->account.cloud.bucket.versioning = "Suspended";
}

static void bucket_open(struct place *p)
{
	p->custody = &in_s3;
	p->account.cloud.bucket.open = true;
}

static void bucket_of_nobody(struct place *p)
{
	p->custody = &in_s3;
	p->account.cloud.bucket.name = "another";
}

static void object_of_another(struct place *p)
{
	struct fake_cloud *c = &p->account.cloud;

	p->custody = &in_s3;
	c->objects[c->n_objects++] = (struct cloud_kept){ .name = NAME "root-token", .value = "theirs", .says = "holds", .owner = "x" };
}

static void parameter_of_another(struct place *p)
{
	struct fake_cloud *c = &p->account.cloud;

	p->custody = &in_ssm;
	c->parameters[c->n_parameters++] = (struct cloud_kept){ .name = "/" NAME "recovery-keys", .value = "theirs",
	                                                        .says = "theirs", .version = 1 };
}

static void one_share_key_twice(struct place *p)
{
	p->custody = &split_ssm;
	p->account.cloud.aliases[3].key = p->account.cloud.aliases[2].key;
}

static void parameter_denied(struct place *p)
{
	p->custody = &everywhere;
	p->account.cloud.denied = "ssm:PutParameter";
}

static void object_unreadable(struct place *p)
{
	p->custody = &everywhere;
	p->account.cloud.denied = "s3:GetObject";
}

static void each_place_is_looked_at_before_the_call(void **state)
{
	(void)state;
	refuse_before(bucket_without_versions, "keeps no versions of what is in it (versioning is suspended)", false);
	refuse_before(bucket_open, "could be opened to everybody", false);
	refuse_before(bucket_of_nobody, "The specified bucket does not exist", true);
	refuse_before(object_of_another, "root-token' (s3) is there without our tags", false);
	refuse_before(parameter_of_another, "recovery-keys' (ssm) is there without our tags", false);
	refuse_before(parameter_denied, "making 'helm-vault-aws/prod/vault/vault/", true);
	refuse_before(object_unreadable, "reading 'helm-vault-aws/prod/vault/vault/", true);
}

static void shares_under_one_key_are_no_split(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	one_share_key_twice(&p);
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 2);
	assert_non_null(strstr(e.text, "'alias/share-1' and 'alias/share-2' are the same key"));
	assert_int_equal(p.vault.inits, 0);
}

/* Between the look and the call somebody else writes there: what was read is not there any more, and stays. */
static void what_somebody_else_put_into_the_bucket_stays(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	struct cloud_kept *o;

	(void)state;
	place_init(&p);
	p.custody = &in_s3;
	p.account.cloud.denied = "s3:PutObject";
	assert_int_equal(init_once(&p, NULL, NULL), -1);
	p.account.cloud.denied = NULL;
	o = &p.account.cloud.objects[p.account.cloud.n_objects++];
	*o = (struct cloud_kept){ .name = NAME "recovery-keys", .value = "theirs", .says = "prepared", .owner = "prod/vault/vault",
	                          .version = 1 };
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "holds something else"));
	assert_string_equal(o->value, "theirs");
	assert_int_equal(p.vault.inits, 0);
}

/* With PGP nothing that can be read is anywhere, not even in what KMS alone would open. */
static void with_pgp_nobody_sees_a_share(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.custody = &everywhere;
	if (init_once(&p, &e, NULL) < 0)
		fail_msg("%s", e.text);
	assert_true(in_custody(&p));
	assert_true(p.vault.pgp);
	assert_true(fake_transport_count(&p.account.cloud.net, "gpg:show-keys") > 1);
	assert_int_equal(fake_transport_width(&p.account.cloud.net, "gpg:show-keys"), 1);
	for (unsigned i = 0; i < p.account.cloud.n_parameters; i++)
		assert_null(strstr(p.account.cloud.parameters[i].value, "5ec2e7"));
	for (unsigned i = 0; i < p.account.cloud.n_objects; i++)
		assert_null(strstr(p.account.cloud.objects[i].value, "5ec2e7"));
}

static void one_pgp_key_for_two_shares_is_refused(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.custody = &in_pgp;
	fake_host_file(&p.account.machine.files, "/home/ops/pgp-4", "armoured key 2");
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 2);
	assert_non_null(strstr(e.text, "'/home/ops/pgp-2' and '/home/ops/pgp-4' are the same key"));
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "vault:/v1/sys/seal-status"), 0);
}

/* Custody that is taken away after the call: the keys wait in the spool, and the next run stores them. */
static void custody_denied_after_the_call(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	enum init_plan plan;

	(void)state;
	place_init(&p);
	p.account.cloud.denied = "secretsmanager:UpdateSecret";
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_non_null(strstr(e.text, "the keys wait encrypted in '" SPOOL "'"));
	assert_kept(&p, false, "custody denied after the call");
	p.account.cloud.denied = NULL;
	fake_transport_heal(&p.account.cloud.net);
	assert_int_equal(init_once(&p, NULL, &plan), 0);
	assert_int_equal(plan, INIT_STORE);
	assert_true(in_custody(&p));
	assert_null(spool_text(&p));
}

/* What is in custody stays, whatever happens to Vault. */
static void keys_in_custody_are_never_written_over(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	assert_int_equal(init_once(&p, NULL, NULL), 0);
	p.vault.initialized = false;
	p.account.cloud.tables[0].n_stored = 0;
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "custody holds keys for the cluster 'prod', namespace 'vault', release 'vault' since 20"));
	assert_true(in_custody(&p));
	assert_int_equal(p.vault.inits, 1);
}

static void foreign_entry_is_left(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	struct cloud_secret *s;

	(void)state;
	place_init(&p);
	s = &p.account.cloud.secrets[p.account.cloud.n_secrets++];
	*s = (struct cloud_secret){ .name = NAME "root-token", .arn = "arn:aws:x", .value = "theirs", .token = "t" };
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "without our tags"));
	assert_string_equal(s->value, "theirs");
	assert_int_equal(p.vault.inits, 0);
}

/* Two machines: whoever comes second finds the place taken, and says so. */
static void another_machine_finds_the_place_taken(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.account.cloud.denied = "secretsmanager:GetSecretValue";
	assert_int_equal(init_once(&p, NULL, NULL), -1);
	p.account.cloud.denied = NULL;
	fake_host_file(&p.account.machine.files, SPOOL, NULL);
	p.account.machine.files.random += 99;
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "is the place of another init that has begun"));
	assert_int_equal(p.vault.inits, 0);
}

static void keys_that_vault_lost_are_said_to_be_lost(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.vault.loses_keys = true;
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_non_null(strstr(e.text, "nobody has the keys"));
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "vault:/v1/sys/init"), 1);
	second_run(&p, true, "keys lost");
}

static void both_tables_are_sound(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0};
	const struct step *table;
	size_t n;

	(void)state;
	table = boot_table(&a, init_find_rows, n_init_find_rows, &n);
	assert_int_equal(graph_check(table, n, &e), 0);
	table = init_table(&a, &n);
	if (graph_check(table, n, &e) < 0)
		fail_msg("%s", e.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_tables_are_sound),
		cmocka_unit_test(init_goes_through),
		cmocka_unit_test(a_second_run_changes_nothing),
		cmocka_unit_test(any_call_may_fail_in_any_way),
		cmocka_unit_test(files_alone_need_no_other_custody),
		cmocka_unit_test(files_that_are_there_stay),
		cmocka_unit_test(what_stands_against_it_is_said_before_the_call),
		cmocka_unit_test(each_place_is_looked_at_before_the_call),
		cmocka_unit_test(shares_under_one_key_are_no_split),
		cmocka_unit_test(what_somebody_else_put_into_the_bucket_stays),
		cmocka_unit_test(with_pgp_nobody_sees_a_share),
		cmocka_unit_test(one_pgp_key_for_two_shares_is_refused),
		cmocka_unit_test(custody_denied_after_the_call),
		cmocka_unit_test(keys_in_custody_are_never_written_over),
		cmocka_unit_test(foreign_entry_is_left),
		cmocka_unit_test(another_machine_finds_the_place_taken),
		cmocka_unit_test(keys_that_vault_lost_are_said_to_be_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
