/*
 * One key, whoever makes it: runs that are killed after CreateKey while the
 * search does not show the key yet, runs started together, clocks that differ.
 */
#include "fault/run.h"

#include "core/text.h"
#include "domain/names.h"
#include "unit/unit.h"

#define TABLE "prod-vault"

/* Two machines and one cloud. */
struct site {
	struct fake_cloud cloud;
	struct fake_machine here, there;
};

static void site_init(struct site *a)
{
	fake_cloud_init(&a->cloud);
	fake_machine_init(&a->here, &a->cloud);
	fake_machine_init(&a->there, &a->cloud);
	a->there.files.random = 1;
}

static void site_release(struct site *a)
{
	fake_machine_release(&a->here);
	fake_machine_release(&a->there);
	fake_cloud_release(&a->cloud);
}
SCOPE_END(site, struct site, site_release(v))

/* The number of the nth (from 0) call of this label in a run of this account, which is used up by it. */
static unsigned call_number(struct site *a, const char *label, size_t nth)
{
	const struct fake_call *call;

	apply_once(&a->cloud, &a->here, NULL, NULL);
	call = fake_transport_call(&a->cloud.net, label, nth);
	assert_non_null(call);
	return (unsigned)(call - a->cloud.net.calls) + 1;
}

/* A table of ours of yesterday, empty, whose key is nowhere. */
static void make_old_table(struct site *a)
{
	fake_cloud_add_table(&a->cloud, TABLE, fake_cloud_tags(&a->cloud, TAG_CLUSTER, CLOUD_CLUSTER, TAG_NAMESPACE, "vault",
	                     TAG_RELEASE, "vault", TAG_LIVE, "true", TAG_CLAIM, "1795400000-00112233445566778899aabbccddeeff", NULL));
}

static unsigned create_key_of_a_new_account(void)
{
	AUTO(site) struct site a;

	site_init(&a);
	return call_number(&a, "kms:CreateKey", 0);
}

static unsigned create_key_beside_an_old_table(void)
{
	AUTO(site) struct site a;

	site_init(&a);
	make_old_table(&a);
	return call_number(&a, "kms:CreateKey", 0);
}

static void kill_at(struct site *a, unsigned at, enum fault fault)
{
	fake_transport_fault(&a->cloud.net, at, fault, REACH_ONCE);
	assert_int_equal(apply_once(&a->cloud, &a->here, NULL, NULL), -1);
	fake_transport_heal(&a->cloud.net);
}

static void must_apply(struct site *a, struct fake_machine *m)
{
	AUTO(err) struct err e = { 0 };

	if (apply_once(&a->cloud, m, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static void must_apply_both(struct site *a, bool consent)
{
	AUTO(run) struct run one, two;

	run_open(&one, &a->cloud, &a->here, NULL);
	run_open(&two, &a->cloud, &a->there, NULL);
	one.world.consent = two.world.consent = consent;
	if (run_both(&one, &two) < 0)
		fail_msg("%s%s", one.e.text ? one.e.text : "", two.e.text ? two.e.text : "");
}

static void killed_after_create_key_and_run_again_at_once(void **state)
{
	unsigned at = create_key_of_a_new_account();

	(void)state;
	for (int other = 0; other <= 1; other++) {
		AUTO(site) struct site a;

		site_init(&a);
		a.cloud.lags.tags = 7000;
		kill_at(&a, at, FAULT_KILLED);
		assert_int_equal(a.cloud.n_keys, 1);
		must_apply(&a, other ? &a.there : &a.here);
		fake_cloud_assert_one_of_each(&a.cloud);
	}
}

static void beside_an_old_table_too_with_the_note_and_without(void **state)
{
	unsigned at = create_key_beside_an_old_table();

	(void)state;
	for (int other = 0; other <= 1; other++) {
		AUTO(site) struct site a;

		site_init(&a);
		a.cloud.lags.tags = 7000;
		make_old_table(&a);
		kill_at(&a, at, FAULT_KILLED);
		assert_int_equal(a.cloud.n_keys, 1);
		must_apply(&a, other ? &a.there : &a.here);
		assert_int_equal(a.cloud.n_keys, 1);
	}
}

/* The claim of a run whose clock is late looks old; the note then tells. */
static void the_note_alone_is_enough(void **state)
{
	unsigned at = create_key_beside_an_old_table();
	AUTO(site) struct site a;

	(void)state;
	site_init(&a);
	make_old_table(&a);
	kill_at(&a, at, FAULT_KILLED);
	fake_cloud_tag(&a.cloud, &a.cloud.tables[0].tags, TAG_CLAIM, "1795400000-00112233445566778899aabbccddeeff");
	must_apply(&a, &a.here);
	assert_int_equal(a.cloud.n_keys, 1);
}

static void killed_before_create_key_a_later_run_takes_over(void **state)
{
	unsigned at = create_key_of_a_new_account();
	AUTO(site) struct site a;

	(void)state;
	site_init(&a);
	kill_at(&a, at, FAULT_KILLED_BEFORE);
	assert_int_equal(a.cloud.n_keys, 0);
	must_apply(&a, &a.there);
	fake_cloud_assert_one_of_each(&a.cloud);
}

static void two_runs_started_together(void **state)
{
	AUTO(site) struct site a;

	(void)state;
	site_init(&a);
	must_apply_both(&a, false);
	fake_cloud_assert_one_of_each(&a.cloud);
	assert_int_equal(fake_transport_count(&a.cloud.net, "kms:CreateKey"), 1);
}

/* Both find a table without a key and without a maker: only one may take over. */
static void two_runs_together_after_a_killed_one(void **state)
{
	unsigned at = create_key_of_a_new_account();
	AUTO(site) struct site a;

	(void)state;
	site_init(&a);
	kill_at(&a, at, FAULT_KILLED_BEFORE);
	must_apply_both(&a, false);
	fake_cloud_assert_one_of_each(&a.cloud);
	assert_int_equal(fake_transport_count(&a.cloud.net, "kms:CreateKey"), 1);
}

static void two_runs_together_beside_an_old_table(void **state)
{
	AUTO(site) struct site a;

	(void)state;
	site_init(&a);
	make_old_table(&a);
	must_apply_both(&a, false);
	assert_int_equal(a.cloud.n_keys, 1);
}

/* Whatever a killed run left behind: two that come together finish it, with one key. */
static void two_runs_finish_what_a_killed_one_left(void **state)
{
	size_t n;

	(void)state;
	{
		AUTO(site) struct site a;

		site_init(&a);
		must_apply(&a, &a.here);
		n = a.cloud.net.n_calls;
	}
	for (unsigned at = 1; at <= n; at++)
		for (enum fault fault = FAULT_KILLED; fault <= FAULT_KILLED_BEFORE; fault++) {
			AUTO(site) struct site a;

			site_init(&a);
			kill_at(&a, at, fault);
			must_apply_both(&a, true);   /* only the machine with the note knows that PITR was never set */
			fake_cloud_assert_one_of_each(&a.cloud);
		}
}

/* Two runs with a fault among their calls. Whoever comes too late for the lease ends and says so. */
static void together(struct site *a, unsigned at, enum fault fault)
{
	AUTO(run) struct run one, two;

	run_open(&one, &a->cloud, &a->here, NULL);
	run_open(&two, &a->cloud, &a->there, NULL);
	if (run_both(&one, &two) < 0 && (one.e.kind != ERR_LATE || fault <= FAULT_GARBAGE))
		fail_msg("call %u (%s), fault %d: %s", at, at ? a->cloud.net.calls[at - 1].label : "", fault, one.e.text);
}

/* A run that made the table and is held up must not come back and make a second key. */
static void any_fault_while_two_run_leaves_one_key(void **state)
{
	size_t n;

	(void)state;
	{
		AUTO(site) struct site a;

		site_init(&a);
		must_apply_both(&a, false);
		n = a.cloud.net.n_calls;
	}
	for (unsigned at = 1; at <= n; at++)
		for (enum fault fault = FAULT_RESET; fault <= FAULT_LOST_REQUEST; fault++) {
			AUTO(site) struct site a;

			site_init(&a);
			fake_transport_fault(&a.cloud.net, at, fault, REACH_ONCE);
			together(&a, at, fault);
			fake_transport_heal(&a.cloud.net);
			must_apply(&a, &a.here);
			fake_cloud_assert_one_of_each(&a.cloud);
		}
}

/* Two take over what a killed run left. Gives the number of calls, and of the first that claims. */
static size_t take_over(struct site *a, unsigned killed_at, unsigned at, enum fault fault, unsigned *first)
{
	const struct fake_call *claim;

	a->cloud.net.latency_ms = 1500;     /* so that one may be in the middle of it while the other claims */
	kill_at(a, killed_at, FAULT_KILLED_BEFORE);
	fake_transport_fault(&a->cloud.net, at, fault, REACH_ONCE);
	together(a, at, fault);
	claim = fake_transport_call(&a->cloud.net, "dynamodb:TagResource", 0);
	assert_non_null(claim);
	*first = (unsigned)(claim - a->cloud.net.calls) + 1;
	return a->cloud.net.n_calls;
}

/* Of the kinds that look alike to the loop, one each: the runs are long. */
static void any_fault_while_two_take_over_leaves_one_key(void **state)
{
	static const enum fault faults[] = { FAULT_THROTTLE, FAULT_LOST_REPLY, FAULT_SLOW, FAULT_LOST_REQUEST };
	unsigned killed_at = create_key_of_a_new_account(), first;
	size_t n;

	(void)state;
	{
		AUTO(site) struct site a;

		site_init(&a);
		n = take_over(&a, killed_at, 0, NO_FAULT, &first);
	}
	for (unsigned at = first; at <= n; at++)
		for (size_t i = 0; i < COUNT_OF(faults); i++) {
			AUTO(site) struct site a;
			unsigned any;

			site_init(&a);
			take_over(&a, killed_at, at, faults[i], &any);
			fake_transport_heal(&a.cloud.net);
			must_apply(&a, &a.here);
			if (a.cloud.n_keys != 1)
				fail_msg("call %u, fault %d: %u keys", at, faults[i], a.cloud.n_keys);
		}
}

/* AWS takes signatures of clocks that are up to five minutes off; creation times are the server's. */
static void clocks_that_are_off_do_not_matter(void **state)
{
	static const int64_t off_ms[] = { -240000, -70000, 70000, 240000 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(off_ms); i++) {
		AUTO(site) struct site a;

		site_init(&a);
		a.there.clock_off_ms = off_ms[i];
		must_apply_both(&a, false);
		fake_cloud_assert_one_of_each(&a.cloud);
	}
	for (size_t i = 0; i < COUNT_OF(off_ms); i++) {
		AUTO(site) struct site a;

		site_init(&a);
		a.here.clock_off_ms = -off_ms[i];
		a.there.clock_off_ms = off_ms[i];
		kill_at(&a, create_key_of_a_new_account(), FAULT_KILLED);
		must_apply(&a, &a.there);
		fake_cloud_assert_one_of_each(&a.cloud);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_after_create_key_and_run_again_at_once),
		cmocka_unit_test(beside_an_old_table_too_with_the_note_and_without),
		cmocka_unit_test(the_note_alone_is_enough),
		cmocka_unit_test(killed_before_create_key_a_later_run_takes_over),
		cmocka_unit_test(two_runs_started_together),
		cmocka_unit_test(two_runs_together_after_a_killed_one),
		cmocka_unit_test(two_runs_together_beside_an_old_table),
		cmocka_unit_test(two_runs_finish_what_a_killed_one_left),
		cmocka_unit_test(any_fault_while_two_run_leaves_one_key),
		cmocka_unit_test(any_fault_while_two_take_over_leaves_one_key),
		cmocka_unit_test(clocks_that_are_off_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
