/*
 * What a run costs and what it may touch: round trips, writes, and the consent
 * without which nothing that exists is changed and nothing is made either.
 */
#include "fault/run.h"

#include "core/text.h"
#include "domain/names.h"
#include "domain/provision.h"
#include "domain/workflow.h"
#include "unit/unit.h"

#define OTHER_POLICY "{\"Version\":\"2012-10-17\",\"Statement\":[]}"

static void must_apply(struct account *a, struct run *r, const char *const *settings)
{
	run_open(r, &a->cloud, &a->machine, settings);
	if (run_apply(r) < 0)
		fail_msg("%s", r->e.text);
}

/* A finished account, an hour later. */
static void finished(struct account *a)
{
	AUTO(err) struct err e = { 0 };

	account_init(a);
	if (apply_once(&a->cloud, &a->machine, NULL, &e) < 0)
		fail_msg("%s", e.text);
	fake_cloud_pass(&a->cloud, 3600000);
	fake_transport_heal(&a->cloud.net);
	a->cloud.writes = 0;
}

static void a_new_account_takes_four_round_trips(void **state)
{
	AUTO(account) struct account a;
	AUTO(run) struct run r;
	const struct cloud_role *role = a.cloud.roles;

	(void)state;
	account_init(&a);
	must_apply(&a, &r, NULL);
	assert_int_equal(graph_depth(&r.graph), 4);
	fake_cloud_assert_one_of_each(&a.cloud);
	assert_string_equal(a.cloud.tables[0].name, "prod-vault");
	assert_true(a.cloud.tables[0].protection && a.cloud.tables[0].pitr);
	assert_string_equal(a.cloud.aliases[0].name, "alias/prod-vault-unseal");
	assert_true(a.cloud.keys[0].rotation && a.cloud.keys[0].rotation_days == 365);
	assert_string_equal(role->name, "prod-vault-eu-central-1");
	assert_non_null(value_get(role->policies, "vault-policy"));
	assert_non_null(strstr(value_get(role->policies, "vault-policy")->text, a.cloud.keys[0].arn));
	assert_non_null(strstr(role->trust, "system:serviceaccount:vault:vault"));
}

/* A role of the collector's own, that may send lines to one place and nothing else; Vault's keeps its nine actions. */
static void a_collector_has_its_own_role(void **state)
{
	static const struct { const char *settings[3], *policy; unsigned groups; } places[] = {
		{ { "audit_to=cloudwatch" }, "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"VaultAudit\",\"Effect\":\"Allow\","
		  "\"Action\":[\"logs:CreateLogStream\",\"logs:PutLogEvents\"],\"Resource\":\"arn:aws:logs:" CLOUD_REGION ":"
		  CLOUD_ACCOUNT ":log-group:/vault/prod-vault/audit:*\"}]}", 1 },
		{ { "audit_to=s3", "audit_bucket=prod-audit" }, "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"VaultAudit\","
		  "\"Effect\":\"Allow\",\"Action\":[\"s3:PutObject\"],\"Resource\":\"arn:aws:s3:::prod-audit/vault/prod-vault/audit/*\"}]}",
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		AUTO(account) struct account a;
		AUTO(run) struct run r, again;
		const struct cloud_role *role;

		account_init(&a);
		must_apply(&a, &r, places[i].settings);
		assert_int_equal(graph_depth(&r.graph), 4);
		assert_int_equal(a.cloud.n_roles, 2);
		role = &a.cloud.roles[text_same(a.cloud.roles[0].name, "prod-vault-audit-eu-central-1") ? 0 : 1];
		assert_string_equal(role->name, "prod-vault-audit-eu-central-1");
		assert_string_equal(value_get(role->policies, "vault-audit-policy")->text, places[i].policy);
		assert_non_null(strstr(role->trust, "\":\"system:serviceaccount:vault:vault-audit-collector\""));
		assert_int_equal(a.cloud.n_groups, places[i].groups);
		if (a.cloud.n_groups) {
			assert_string_equal(a.cloud.groups[0].name, "/vault/prod-vault/audit");
			assert_text(value_text_or(value_get(a.cloud.groups[0].tags, "ManagedBy"), "", NULL), "helm-vault-aws");
		}
		fake_cloud_pass(&a.cloud, 3600000);
		a.cloud.writes = 0;
		must_apply(&a, &again, places[i].settings);
		assert_int_equal(graph_depth(&again.graph), 2);
		assert_int_equal(a.cloud.writes, 0);
	}
}

/* Sent elsewhere: that is a change of what exists. */
static void another_place_needs_consent(void **state)
{
	static const char *const logs[] = { "audit_to=cloudwatch", NULL },
	                  *const bucket[] = { "audit_to=s3", "audit_bucket=prod-audit", NULL };
	AUTO(account) struct account a;
	AUTO(run) struct run r, held, done;

	(void)state;
	account_init(&a);
	must_apply(&a, &r, logs);
	fake_cloud_pass(&a.cloud, 3600000);
	a.cloud.writes = 0;
	run_open(&held, &a.cloud, &a.machine, bucket);
	assert_int_equal(run_apply(&held), -1);
	assert_int_equal(provision_modifications(&held.world), 1);
	assert_int_equal(a.cloud.writes, 0);
	run_open(&done, &a.cloud, &a.machine, bucket);
	done.world.consent = true;
	assert_int_equal(run_apply(&done), 0);
	assert_int_equal(a.cloud.writes, 1);
}

static void everything_is_tagged(void **state)
{
	AUTO(account) struct account a;
	const struct cloud_tags *all[3] = { &a.cloud.keys[0].tags, &a.cloud.tables[0].tags, &a.cloud.roles[0].tags };

	(void)state;
	finished(&a);
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		assert_text(fake_cloud_tag_of(all[i], "Environment"), "production");
		assert_text(fake_cloud_tag_of(all[i], "ManagedBy"), "helm-vault-aws");
		assert_text(fake_cloud_tag_of(all[i], TAG_CLUSTER), "prod");
		assert_text(fake_cloud_tag_of(all[i], TAG_NAMESPACE), "vault");
		assert_text(fake_cloud_tag_of(all[i], TAG_RELEASE), "vault");
	}
	assert_text(fake_cloud_tag_of(all[0], TAG_LIVE), "true");
	assert_text(fake_cloud_tag_of(all[1], TAG_LIVE), "true");
	assert_text(fake_cloud_tag_of(all[1], TAG_KEY), a.cloud.keys[0].arn);
	assert_text(fake_cloud_tag_of(all[1], TAG_ROLE), a.cloud.roles[0].arn);
}

static void again_takes_two_and_writes_nothing(void **state)
{
	AUTO(account) struct account a;
	AUTO(run) struct run r;

	(void)state;
	finished(&a);
	must_apply(&a, &r, NULL);
	assert_int_equal(graph_depth(&r.graph), 2);
	assert_int_equal(a.cloud.writes, 0);
	assert_null(a.machine.files.files);     /* no note is left */
}

static unsigned planned(const struct run *r)
{
	unsigned n = 0;

	for (size_t i = 0; i < r->graph.n; i++)
		n += r->graph.tracks[i].state == STEP_PLANNED;
	return n;
}

static void a_plan_writes_nothing(void **state)
{
	static const char *const changes[] = {
		"table.create", "role.create", "provider.create", "key.create", "alias.create", "rotation.set", "pitr.set",
		"policy.put", "table.mark",
	};
	AUTO(account) struct account a;
	AUTO(run) struct run r;

	(void)state;
	account_init(&a);
	run_open(&r, &a.cloud, &a.machine, NULL);
	assert_int_equal(run_plan(&r), 0);
	for (size_t i = 0; i < COUNT_OF(changes); i++)
		assert_int_equal(graph_track(&r.graph, changes[i])->state, STEP_PLANNED);
	assert_int_equal(planned(&r), COUNT_OF(changes));
	assert_int_equal(a.cloud.writes, 0);
	assert_int_equal(a.machine.files.writes, 0);
}

static void a_plan_after_apply_is_empty(void **state)
{
	AUTO(account) struct account a;
	AUTO(run) struct run r;

	(void)state;
	finished(&a);
	run_open(&r, &a.cloud, &a.machine, NULL);
	assert_int_equal(run_plan(&r), 0);
	assert_int_equal(planned(&r), 0);
	assert_int_equal(a.cloud.writes, 0);
}

static void pitr_off(struct fake_cloud *c) { c->tables[0].pitr = false; }
static void pitr_days(struct fake_cloud *c) { c->tables[0].pitr_days = 7; }
static void protection_off(struct fake_cloud *c) { c->tables[0].protection = false; }
static void rotation_off(struct fake_cloud *c) { c->keys[0].rotation = false; }
static void rotation_days(struct fake_cloud *c) { c->keys[0].rotation_days = 90; }
static void other_trust(struct fake_cloud *c) { c->roles[0].trust = OTHER_POLICY; }

static void other_policy(struct fake_cloud *c)
{
	struct value *policies = value_new_map(&c->mem);

	value_set_text(&c->mem, policies, "vault-policy", OTHER_POLICY);
	c->roles[0].policies = policies;
}

static const struct drift {
	const char *what, *call;
	void (*make)(struct fake_cloud *c);
} drifts[] = {
	{ "PITR off", "dynamodb:UpdateContinuousBackups", pitr_off },
	{ "PITR days", "dynamodb:UpdateContinuousBackups", pitr_days },
	{ "protection off", "dynamodb:UpdateTable", protection_off },
	{ "rotation off", "kms:EnableKeyRotation", rotation_off },
	{ "rotation days", "kms:EnableKeyRotation", rotation_days },
	{ "trust", "iam:UpdateAssumeRolePolicy", other_trust },
	{ "policy", "iam:PutRolePolicy", other_policy },
};

/* What is missing would be made without asking; but not while a change waits for an answer. */
static void without_consent_nothing_is_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(drifts); i++) {
		const struct drift *drift = &drifts[i / 2];
		AUTO(account) struct account a;
		AUTO(run) struct run r;

		finished(&a);
		drift->make(&a.cloud);
		if (i % 2)
			a.cloud.n_aliases = a.cloud.n_providers = 0;
		run_open(&r, &a.cloud, &a.machine, NULL);
		assert_int_equal(run_apply(&r), -1);
		if (!provision_held(&r.world) || provision_modifications(&r.world) != 1)
			fail_msg("%s: %s", drift->what, r.e.text);
		if (a.cloud.writes)
			fail_msg("%s: %u writes without consent", drift->what, a.cloud.writes);
	}
}

static void with_consent_exactly_that_is_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(drifts); i++) {
		AUTO(account) struct account a;
		AUTO(run) struct run r;

		finished(&a);
		drifts[i].make(&a.cloud);
		run_open(&r, &a.cloud, &a.machine, NULL);
		assert_int_equal(run_apply(&r), -1);
		err_release(&r.e);
		r.world.consent = true;      /* as a session does after the question: the same world once more */
		if (run_apply(&r) < 0)
			fail_msg("%s: %s", drifts[i].what, r.e.text);
		assert_int_equal(a.cloud.writes, 1);
		assert_int_equal(fake_transport_count(&a.cloud.net, drifts[i].call), 1);
	}
}

static void all_at_once(void **state)
{
	AUTO(account) struct account a;
	AUTO(run) struct run r;

	(void)state;
	finished(&a);
	pitr_off(&a.cloud);
	protection_off(&a.cloud);
	rotation_off(&a.cloud);
	other_trust(&a.cloud);
	other_policy(&a.cloud);
	a.cloud.n_aliases = 0;
	run_open(&r, &a.cloud, &a.machine, NULL);
	r.world.consent = true;
	if (run_apply(&r) < 0)
		fail_msg("%s", r.e.text);
	assert_int_equal(a.cloud.writes, 6);
	fake_cloud_assert_one_of_each(&a.cloud);
}

/* A run that was cut short had not set everything yet: finishing it is no change. */
static void finishing_asks_nothing(void **state)
{
	AUTO(account) struct account a;
	AUTO(run) struct run r;

	(void)state;
	finished(&a);
	pitr_off(&a.cloud);
	rotation_off(&a.cloud);
	fake_cloud_tag(&a.cloud, &a.cloud.tables[0].tags, TAG_KEY, NULL);
	must_apply(&a, &r, NULL);
	assert_int_equal(a.cloud.writes, 3);
	assert_true(a.cloud.tables[0].pitr && a.cloud.keys[0].rotation);
}

static void a_given_key_is_used_and_left_alone(void **state)
{
	const char *settings[] = { NULL, NULL };
	AUTO(account) struct account a;
	AUTO(text) char *given = NULL;
	AUTO(run) struct run r;

	(void)state;
	account_init(&a);
	given = xasprintf("kms_key_id=%s", fake_cloud_add_key(&a.cloud, fake_cloud_tags(&a.cloud, NULL))->arn);
	settings[0] = given;
	must_apply(&a, &r, settings);
	assert_int_equal(a.cloud.n_keys, 1);
	assert_int_equal(a.cloud.n_aliases, 0);
	assert_false(a.cloud.keys[0].rotation);
	assert_text(fake_cloud_tag_of(&a.cloud.tables[0].tags, TAG_KEY), a.cloud.keys[0].arn);
}

/* Nothing is in the table that only that key could read. */
static void an_empty_table_gets_a_new_key_when_its_own_is_gone(void **state)
{
	AUTO(account) struct account a;
	AUTO(run) struct run r;
	char *gone;

	(void)state;
	finished(&a);
	gone = arena_printf(&a.cloud.mem, "%s-gone", a.cloud.keys[0].arn);
	fake_cloud_tag(&a.cloud, &a.cloud.tables[0].tags, TAG_KEY, gone);
	a.cloud.n_keys = a.cloud.n_aliases = 0;
	run_open(&r, &a.cloud, &a.machine, NULL);
	r.world.consent = true;
	if (run_apply(&r) < 0)
		fail_msg("%s", r.e.text);
	fake_cloud_assert_one_of_each(&a.cloud);
	assert_text(fake_cloud_tag_of(&a.cloud.tables[0].tags, TAG_KEY), a.cloud.keys[0].arn);
}

static void a_search_of_many_pages_is_read_to_its_end(void **state)
{
	AUTO(account) struct account a;
	AUTO(run) struct run r;

	(void)state;
	finished(&a);
	a.cloud.page = 1;
	a.cloud.n_aliases = 0;      /* so that only the search leads to the key */
	must_apply(&a, &r, NULL);
	assert_int_equal(fake_transport_count(&a.cloud.net, "tag:GetResources"), 2);
	fake_cloud_assert_one_of_each(&a.cloud);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_account_takes_four_round_trips),
		cmocka_unit_test(a_collector_has_its_own_role),
		cmocka_unit_test(another_place_needs_consent),
		cmocka_unit_test(everything_is_tagged),
		cmocka_unit_test(again_takes_two_and_writes_nothing),
		cmocka_unit_test(a_plan_writes_nothing),
		cmocka_unit_test(a_plan_after_apply_is_empty),
		cmocka_unit_test(without_consent_nothing_is_written),
		cmocka_unit_test(with_consent_exactly_that_is_changed),
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(finishing_asks_nothing),
		cmocka_unit_test(a_given_key_is_used_and_left_alone),
		cmocka_unit_test(an_empty_table_gets_a_new_key_when_its_own_is_gone),
		cmocka_unit_test(a_search_of_many_pages_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
