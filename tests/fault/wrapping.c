/*
 * The key that wraps the stored root key stays in the role's policy beside a new
 * seal key until the seal has moved. What it costs, what is asked for, and what
 * is refused when nobody can tell which key that is.
 */
#include "fault/run.h"

#include "core/text.h"
#include "domain/names.h"
#include "domain/plan.h"
#include "unit/unit.h"

#define GET_ITEM   "dynamodb:GetItem"
#define PUT_POLICY "iam:PutRolePolicy"
#define STAYS      "stays until recover seal-migrate has ended"

struct moved {
	struct account account;
	const char *old, *new;           /* ARNs */
	const char *settings[2];
};

static void moved_release(struct moved *m)
{
	account_release(&m->account);
}
SCOPE_END(moved, struct moved, moved_release(v))

/* A finished account whose Vault is initialised, and another key that is to take over. */
static void moved_init(struct moved *m)
{
	struct fake_cloud *c = &m->account.cloud;
	AUTO(err) struct err e = {0};

	account_init(&m->account);
	if (apply_once(c, &m->account.machine, NULL, &e) < 0)
		fail_msg("%s", e.text);
	m->old = c->keys[0].arn;
	m->new = fake_cloud_add_key(c, fake_cloud_tags(c, NULL))->arn;
	m->settings[0] = arena_printf(&c->mem, "kms_key_id=%s", m->new);
	m->settings[1] = NULL;
	c->tables[0].wrapped_by = m->old;
	fake_cloud_pass(c, 3600000);
	fake_transport_heal(&c->net);
	c->writes = 0;
}

static int apply(struct moved *m, struct run *r, const char *const *settings, bool consent)
{
	run_open(r, &m->account.cloud, &m->account.machine, settings);
	r->world.consent = consent;
	return run_apply(r);
}

static void must_apply(struct moved *m, const char *const *settings)
{
	AUTO(run) struct run r;

	if (apply(m, &r, settings, true) < 0)
		fail_msg("%s", r.e.text);
}

static const char *policy(const struct moved *m)
{
	return value_get(m->account.cloud.roles[0].policies, "vault-policy")->text;
}

static void assert_keys(const struct moved *m, bool old, bool new)
{
	assert_int_equal(strstr(policy(m), m->old) != NULL, old);
	assert_int_equal(strstr(policy(m), m->new) != NULL, new);
}

/* The key that the table says is in use. */
static const char *marked(const struct moved *m)
{
	return fake_cloud_tag_of(&m->account.cloud.tables[0].tags, TAG_KEY);
}

static unsigned count(const struct moved *m, const char *call)
{
	return fake_transport_count(&m->account.cloud.net, call);
}

static void the_old_key_stays_beside_the_new_one(void **state)
{
	AUTO(moved) struct moved m;
	AUTO(run) struct run again;

	(void)state;
	moved_init(&m);
	must_apply(&m, m.settings);
	assert_keys(&m, true, true);
	assert_int_equal(count(&m, PUT_POLICY), 1);
	assert_text(marked(&m), m.old);
	fake_cloud_pass(&m.account.cloud, 3600000);
	m.account.cloud.writes = 0;
	assert_int_equal(apply(&m, &again, m.settings, false), 0);
	assert_int_equal(graph_depth(&again.graph), 2);
	assert_int_equal(m.account.cloud.writes, 0);
	assert_keys(&m, true, true);
}

static void without_consent_it_is_held(void **state)
{
	AUTO(moved) struct moved m;
	AUTO(run) struct run r;

	(void)state;
	moved_init(&m);
	assert_int_equal(apply(&m, &r, m.settings, false), -1);
	assert_true(provision_held(&r.world));
	assert_int_equal(m.account.cloud.writes, 0);
	assert_keys(&m, true, false);
}

static void the_plan_says_what_stays(void **state)
{
	AUTO(moved) struct moved m;
	AUTO(run) struct run r;
	const struct plan_change *change = NULL;
	struct plan plan;

	(void)state;
	moved_init(&m);
	run_open(&r, &m.account.cloud, &m.account.machine, m.settings);
	r.world.consent = true;
	assert_int_equal(run_plan(&r), 0);
	plan = plan_make(&r.world, &r.graph);
	for (size_t i = 0; i < plan.n; i++)
		if (text_same(plan.changes[i].step, "policy.put"))
			change = &plan.changes[i];
	assert_non_null(change);
	assert_int_equal(change->n_attrs, 2);
	assert_non_null(strstr(change->attrs[0].new, m.old));
	assert_string_equal(change->attrs[1].name, STAYS);
	assert_string_equal(change->attrs[1].new, m.old);
	assert_int_equal(m.account.cloud.writes, 0);
}

static void once_the_seal_has_moved_it_goes(void **state)
{
	AUTO(moved) struct moved m;
	AUTO(run) struct run held;

	(void)state;
	moved_init(&m);
	must_apply(&m, m.settings);
	m.account.cloud.tables[0].wrapped_by = m.new;
	assert_int_equal(apply(&m, &held, m.settings, false), -1);
	assert_true(provision_held(&held.world));
	assert_keys(&m, true, true);
	must_apply(&m, m.settings);
	assert_keys(&m, false, true);
	assert_text(marked(&m), m.new);
}

/* Nothing is stored that only the old key opens. */
static void before_vault_is_initialised_nothing_stays(void **state)
{
	AUTO(moved) struct moved m;

	(void)state;
	moved_init(&m);
	m.account.cloud.tables[0].wrapped_by = NULL;
	must_apply(&m, m.settings);
	assert_keys(&m, false, true);
}

static void the_same_key_costs_nothing(void **state)
{
	AUTO(moved) struct moved m;
	AUTO(run) struct run r;

	(void)state;
	moved_init(&m);
	assert_int_equal(apply(&m, &r, NULL, false), 0);
	assert_int_equal(graph_depth(&r.graph), 2);
	assert_int_equal(count(&m, GET_ITEM), 0);
	assert_int_equal(m.account.cloud.writes, 0);
}

static void a_role_without_a_policy_gets_both(void **state)
{
	AUTO(moved) struct moved m;

	(void)state;
	moved_init(&m);
	m.account.cloud.roles[0].policies = value_new_map(&m.account.cloud.mem);
	must_apply(&m, m.settings);
	assert_keys(&m, true, true);
}

/* Neither the given key, nor the one that the table is marked with, nor one of KMS at all. */
static void a_key_that_the_seal_is_not_on_its_way_to_is_refused(void **state)
{
	static const char *const others[] = { "autounseal", "arn:aws:kms:eu-central-1:111122223333:key/other" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		AUTO(moved) struct moved m;
		AUTO(run) struct run r;

		moved_init(&m);
		m.account.cloud.tables[0].wrapped_by = others[i];
		assert_int_equal(apply(&m, &r, m.settings, true), -1);
		assert_int_equal(r.e.kind, ERR_GUARD);
		assert_non_null(strstr(r.e.text, m.old));
		assert_non_null(strstr(r.e.text, m.new));
		assert_int_equal(m.account.cloud.writes, 0);
	}
}

/* Without --kms-key-id the old key is found by its alias, but the table says that the new one is in use. */
static void after_the_move_the_new_key_is_to_be_given(void **state)
{
	AUTO(moved) struct moved m;
	AUTO(run) struct run r;

	(void)state;
	moved_init(&m);
	m.account.cloud.tables[0].wrapped_by = m.new;
	must_apply(&m, m.settings);
	m.account.cloud.writes = 0;
	assert_int_equal(apply(&m, &r, NULL, true), -1);
	assert_int_equal(r.e.kind, ERR_GUARD);
	assert_int_equal(m.account.cloud.writes, 0);
	assert_keys(&m, false, true);
}

static void a_refused_read_is_not_absent(void **state)
{
	AUTO(moved) struct moved m;
	AUTO(run) struct run r;

	(void)state;
	moved_init(&m);
	m.account.cloud.denied = GET_ITEM;
	assert_int_equal(apply(&m, &r, m.settings, true), -1);
	assert_int_equal(r.e.kind, ERR_DENIED);
	assert_non_null(strstr(r.e.text, "which key wraps the root key"));
	assert_int_equal(m.account.cloud.writes, 0);
	assert_keys(&m, true, false);
}

static void an_unreadable_root_key_is_a_guard(void **state)
{
	AUTO(moved) struct moved m;
	AUTO(run) struct run r;

	(void)state;
	moved_init(&m);
	m.account.cloud.tables[0].wrapped_by = "not a key";
	assert_int_equal(apply(&m, &r, m.settings, true), -1);
	assert_int_equal(r.e.kind, ERR_GUARD);
	assert_int_equal(m.account.cloud.writes, 0);
	assert_keys(&m, true, false);
}

/* At every call and in every way: the old key is never off the role, the second run converges, the third changes nothing. */
static void a_fault_anywhere_never_loses_the_key(void **state)
{
	size_t n;

	(void)state;
	{
		AUTO(moved) struct moved m;

		moved_init(&m);
		must_apply(&m, m.settings);
		n = m.account.cloud.net.n_calls;
	}
	for (unsigned at = 1; at <= n; at++)
		for (enum fault fault = FAULT_RESET; fault < FAULT_KINDS; fault++) {
			AUTO(moved) struct moved m;
			AUTO(run) struct run first;

			moved_init(&m);
			fake_transport_fault(&m.account.cloud.net, at, fault, REACH_ONCE);
			if (apply(&m, &first, m.settings, true) < 0)
				assert_int_not_equal(first.e.kind, 0);
			assert_non_null(strstr(policy(&m), m.old));
			fake_transport_heal(&m.account.cloud.net);
			must_apply(&m, m.settings);
			assert_keys(&m, true, true);
			m.account.cloud.writes = 0;
			must_apply(&m, m.settings);
			assert_int_equal(m.account.cloud.writes, 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_old_key_stays_beside_the_new_one),
		cmocka_unit_test(without_consent_it_is_held),
		cmocka_unit_test(the_plan_says_what_stays),
		cmocka_unit_test(once_the_seal_has_moved_it_goes),
		cmocka_unit_test(before_vault_is_initialised_nothing_stays),
		cmocka_unit_test(the_same_key_costs_nothing),
		cmocka_unit_test(a_role_without_a_policy_gets_both),
		cmocka_unit_test(a_key_that_the_seal_is_not_on_its_way_to_is_refused),
		cmocka_unit_test(after_the_move_the_new_key_is_to_be_given),
		cmocka_unit_test(a_refused_read_is_not_absent),
		cmocka_unit_test(an_unreadable_root_key_is_a_guard),
		cmocka_unit_test(a_fault_anywhere_never_loses_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
