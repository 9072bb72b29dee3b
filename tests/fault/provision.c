/*
 * Every call of a clean `apply` fails in every way: on that call only, on all
 * from there on, and with the process killed there. The first run ends cleanly,
 * the second converges, the third changes nothing; there is one of each.
 */
#include "fault/run.h"

#include "core/text.h"
#include "unit/unit.h"

static size_t calls_of_a_clean_run(const char *const *settings)
{
	AUTO(account) struct account a;

	account_init(&a);
	assert_int_equal(apply_once(&a.cloud, &a.machine, settings, NULL), 0);
	assert_int_equal(a.cloud.n_groups, settings != NULL);
	fake_cloud_assert_one_of_each(&a.cloud);
	return a.cloud.net.n_calls;
}

static void must_converge(struct account *a, const char *const *settings, const char *when)
{
	AUTO(err) struct err e = { 0 };
	unsigned writes;

	if (apply_once(&a->cloud, &a->machine, settings, &e) < 0)
		fail_msg("%s: the second run: %s", when, e.text);
	writes = a->cloud.writes;
	fake_cloud_pass(&a->cloud, 60000);
	if (apply_once(&a->cloud, &a->machine, settings, &e) < 0)
		fail_msg("%s: the third run: %s", when, e.text);
	if (a->cloud.writes != writes)
		fail_msg("%s: the third run wrote", when);
	if (a->cloud.n_keys != 1)
		fail_msg("%s: %u keys", when, a->cloud.n_keys);
	fake_cloud_assert_one_of_each(&a->cloud);
	assert_true(a->cloud.tables[0].pitr && a->cloud.keys[0].rotation);
	assert_int_equal(a->cloud.n_groups, settings != NULL);
	for (unsigned i = 0; i < a->cloud.n_roles; i++)
		assert_int_equal(a->cloud.roles[i].policies->n, 1);
}

/* Gives whether the first run ended well. */
static bool ends_well(const char *const *settings, unsigned at, enum fault fault, enum reach reach)
{
	static const char *const faults[FAULT_KINDS] = {
		[FAULT_RESET] = "reset", [FAULT_LOST_REPLY] = "lost reply", [FAULT_THROTTLE] = "throttle", [FAULT_5XX] = "5xx",
		[FAULT_GARBAGE] = "garbage", [FAULT_SLOW] = "slow", [FAULT_LOST_REQUEST] = "lost request", [FAULT_KILLED] = "killed",
		[FAULT_KILLED_BEFORE] = "killed before",
	};
	AUTO(account) struct account a;
	AUTO(err) struct err e = { 0 };
	AUTO(text) char *when = NULL;
	int first;

	account_init(&a);
	fake_transport_fault(&a.cloud.net, at, fault, reach);
	first = apply_once(&a.cloud, &a.machine, settings, &e);
	when = xasprintf("call %u (%s), %s%s", at, a.cloud.net.n_calls >= at ? a.cloud.net.calls[at - 1].label : "none",
	                 faults[fault], reach == REACH_ONCE ? " once" : " from there on");
	if (first < 0 && (!e.kind || text_empty(e.text)))
		fail_msg("%s: failed without a reason", when);
	if (first < 0 && reach == REACH_ONCE && fault <= FAULT_SLOW)
		fail_msg("%s: %s", when, e.text);
	fake_transport_heal(&a.cloud.net);
	must_converge(&a, settings, when);
	return first == 0;
}

static void a_single_fault_is_absorbed(void **state)
{
	size_t n = calls_of_a_clean_run(*state);

	for (unsigned at = 1; at <= n; at++)
		for (enum fault fault = FAULT_RESET; fault <= FAULT_SLOW; fault++)
			assert_true(ends_well(*state, at, fault, REACH_ONCE));
}

/* Then a row that settles finds nothing and asks again; for the key the time to do so is over by then. */
static void a_request_that_is_lost_is_made_again_but_for_the_key(void **state)
{
	size_t n = calls_of_a_clean_run(*state);
	unsigned failed = 0;

	for (unsigned at = 1; at <= n; at++)
		failed += !ends_well(*state, at, FAULT_LOST_REQUEST, REACH_ONCE);
	assert_int_equal(failed, 1);
}

static void a_lasting_fault_ends_cleanly(void **state)
{
	size_t n = calls_of_a_clean_run(*state);

	for (unsigned at = 1; at <= n; at++)
		for (enum fault fault = FAULT_RESET; fault <= FAULT_LOST_REQUEST; fault++)
			ends_well(*state, at, fault, REACH_LASTING);
}

static void killed_anywhere_the_next_run_finishes(void **state)
{
	size_t n = calls_of_a_clean_run(*state);

	for (unsigned at = 1; at <= n; at++) {
		assert_false(ends_well(*state, at, FAULT_KILLED, REACH_ONCE));
		assert_false(ends_well(*state, at, FAULT_KILLED_BEFORE, REACH_ONCE));
	}
}

/* With a collector of audit lines as well: a second role, and a log group. */
static const char *const collected[] = { "audit_to=cloudwatch", NULL };

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_single_fault_is_absorbed),
		cmocka_unit_test(a_request_that_is_lost_is_made_again_but_for_the_key),
		cmocka_unit_test(a_lasting_fault_ends_cleanly),
		cmocka_unit_test(killed_anywhere_the_next_run_finishes),
		cmocka_unit_test_prestate(a_single_fault_is_absorbed, (void *)collected),
		cmocka_unit_test_prestate(a_request_that_is_lost_is_made_again_but_for_the_key, (void *)collected),
		cmocka_unit_test_prestate(a_lasting_fault_ends_cleanly, (void *)collected),
		cmocka_unit_test_prestate(killed_anywhere_the_next_run_finishes, (void *)collected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
