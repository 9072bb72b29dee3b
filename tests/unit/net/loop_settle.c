/* Settling: a change whose reply was lost is looked up before it is asked again. */
#include "rig.h"

ASK(read)
ASK(make)
ASK(after)

#define READ   { .name = "read", .ask = ask_read, .hear = rig_hear }
#define MAKE   .name = "make", .needs = NEEDS("read"), .due = not_seen, .change = "make it", \
	           .settle = "read", .ask = ask_make, .hear = rig_hear
#define AFTER  { .name = "after", .needs = NEEDS("make"), .ask = ask_after, .hear = rig_hear }

static const struct step slow_cloud[] = { READ, { MAKE, .settle_s = 60 }, AFTER };
static const struct step quick_cloud[] = { READ, { MAKE }, AFTER };

static struct rig *new_account(void)
{
	struct rig *r = rig_new();

	rig_says(r, "read", "look");
	rig_says(r, "make", "make");
	return r;
}

static void a_change_is_sent_once_and_told_so(void **state)
{
	AUTO(rig) struct rig *r = new_account();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	RUN(r, &d, slow_cloud);
	assert_int_equal(d.rc, 0);
	assert_false(fake_transport_call(&r->net, "read", 0)->once);
	assert_true(fake_transport_call(&r->net, "make", 0)->once);
	assert_int_equal(graph_depth(&d.g), 3);
}

static void a_lost_reply_is_settled_by_reading(void **state)
{
	static const enum fault faults[] = { FAULT_LOST_REPLY, FAULT_5XX, FAULT_GARBAGE, FAULT_SLOW };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		AUTO(rig) struct rig *r = new_account();
		AUTO(ride) struct ride d = { 0 };

		fake_transport_fault(&r->net, 2, faults[i], REACH_ONCE);
		RUN(r, &d, slow_cloud);
		assert_int_equal(d.rc, 0);
		assert_int_equal(fake_transport_count(&r->net, "make"), 1);
		assert_int_equal(fake_transport_count(&r->net, "read"), 2);
		assert_false(fake_transport_call(&r->net, "read", 1)->once);
		assert_int_equal(started_ms(r, "read", 1), fake_transport_call(&r->net, "make", 0)->end_ms);
		assert_int_equal(STATE(&d, "make"), STEP_DONE);
		assert_int_equal(graph_track(&d.g, "make")->sent, 2);
		assert_int_equal(graph_track(&d.g, "make")->again, 1);
		assert_int_equal(graph_depth(&d.g), 3);       /* settling is no depth */
		assert_null(graph_track(&d.g, "make")->err.text);
	}
}

static void what_was_not_sent_or_not_taken_is_asked_again_unread(void **state)
{
	static const enum fault faults[] = { FAULT_RESET, FAULT_THROTTLE };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		AUTO(rig) struct rig *r = new_account();
		AUTO(ride) struct ride d = { 0 };

		fake_transport_fault(&r->net, 2, faults[i], REACH_ONCE);
		RUN(r, &d, slow_cloud);
		assert_int_equal(d.rc, 0);
		assert_int_equal(fake_transport_count(&r->net, "make"), 2);
		assert_int_equal(fake_transport_count(&r->net, "read"), 1);
	}
}

static int64_t poll_after(int64_t waited)
{
	int64_t pause = waited / 12;

	return pause < 200 ? 200 : pause > 5000 ? 5000 : pause;
}

/* Absent must last settle_s before the change is asked again; till then it is polled for. */
static void absent_must_last(void **state)
{
	AUTO(rig) struct rig *r = new_account();
	AUTO(ride) struct ride d = { 0 };
	int64_t from;
	size_t reads;

	(void)state;
	rig_says(r, "make", "late make");
	RUN(r, &d, slow_cloud);
	assert_int_equal(d.rc, 0);
	assert_int_equal(fake_transport_count(&r->net, "make"), 2);
	from = fake_transport_call(&r->net, "make", 0)->end_ms;
	reads = fake_transport_count(&r->net, "read");
	for (size_t i = 2; i + 1 < reads; i++) {
		const struct fake_call *before = fake_transport_call(&r->net, "read", i - 1);

		assert_int_equal(started_ms(r, "read", i) - before->end_ms,
		                 poll_after(before->end_ms - from));
	}
	assert_int_equal(started_ms(r, "read", reads - 1), from + 60000);
	/* One more try: the first back-off. */
	assert_int_equal(started_ms(r, "make", 1), from + 60000 + 100 + 1000);
}

static void with_no_settling_time_one_look_is_enough(void **state)
{
	AUTO(rig) struct rig *r = new_account();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "make", "late make");
	RUN(r, &d, quick_cloud);
	assert_int_equal(d.rc, 0);
	assert_int_equal(fake_transport_count(&r->net, "read"), 2);
	assert_int_equal(fake_transport_count(&r->net, "make"), 2);
}

static void one_that_shows_late_is_found(void **state)
{
	AUTO(rig) struct rig *r = new_account();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "read", "absent absent absent absent look");
	fake_transport_fault(&r->net, 2, FAULT_LOST_REPLY, REACH_ONCE);
	RUN(r, &d, slow_cloud);
	assert_int_equal(d.rc, 0);
	assert_int_equal(fake_transport_count(&r->net, "make"), 1);
	assert_int_equal(fake_transport_count(&r->net, "read"), 5);
}

static void exists_already_is_looked_up(void **state)
{
	(void)state;
	for (int ours = 0; ours < 2; ours++) {
		AUTO(rig) struct rig *r = new_account();
		AUTO(ride) struct ride d = { 0 };

		rig_says(r, "read", ours ? "absent there" : "absent");
		rig_says(r, "make", "exists");
		RUN(r, &d, quick_cloud);
		assert_int_equal(d.rc, ours ? 0 : -1);
		assert_int_equal(fake_transport_count(&r->net, "make"), ours ? 1 : 3);
		if (!ours)
			assert_string_equal(d.e.text, "make: exists");
		if (!ours)
			assert_int_equal(d.e.kind, ERR_CONFLICT);
	}
}

static void tries_are_counted_across_settling(void **state)
{
	AUTO(rig) struct rig *r = new_account();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->loop.max_attempts = 2;
	rig_says(r, "make", "late");
	RUN(r, &d, quick_cloud);
	assert_int_equal(d.rc, -1);
	assert_int_equal(fake_transport_count(&r->net, "make"), 2);
	assert_int_equal(STATE(&d, "after"), STEP_LEFT);
}

static void a_settle_read_that_fails_is_repeated(void **state)
{
	AUTO(rig) struct rig *r = new_account();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "read", "absent 5xx busy look");
	fake_transport_fault(&r->net, 2, FAULT_LOST_REPLY, REACH_ONCE);
	RUN(r, &d, slow_cloud);
	assert_int_equal(d.rc, 0);
	assert_int_equal(fake_transport_count(&r->net, "make"), 1);
}

/* Not knowing is no reason to make a second one. */
static void without_an_answer_it_is_not_asked_again(void **state)
{
	static const char *const words[] = { "absent 5xx", "absent refused", "absent late" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		AUTO(rig) struct rig *r = new_account();
		AUTO(ride) struct ride d = { 0 };

		rig_says(r, "read", words[i]);
		fake_transport_fault(&r->net, 2, FAULT_LOST_REPLY, REACH_ONCE);
		RUN(r, &d, slow_cloud);
		assert_int_equal(d.rc, -1);
		assert_int_equal(fake_transport_count(&r->net, "make"), 1);
		assert_true(text_starts(d.e.text, "make: finding out whether it was done: "));
	}
}

static void settling_reads_all_pages_and_renews(void **state)
{
	AUTO(rig) struct rig *r = new_account();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "read", "absent more renew more look");
	fake_transport_fault(&r->net, 2, FAULT_LOST_REPLY, REACH_ONCE);
	RUN(r, &d, slow_cloud);
	assert_int_equal(d.rc, 0);
	assert_int_equal(r->renewed, 1);
	assert_int_equal(fake_transport_count(&r->net, "make"), 1);
	assert_int_equal(graph_depth(&d.g), 3);
}

static void a_change_that_may_be_repeated_is(void **state)
{
	static const struct step rows[] = {
		{ .name = "make", .change = "put it", .ask = ask_make, .hear = rig_hear },
	};
	AUTO(rig) struct rig *r = new_account();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	fake_transport_fault(&r->net, 1, FAULT_LOST_REPLY, REACH_ONCE);
	RUN(r, &d, rows);
	assert_int_equal(d.rc, 0);
	assert_int_equal(fake_transport_count(&r->net, "make"), 2);
	assert_false(fake_transport_call(&r->net, "make", 0)->once);
}

/*
 * Every call, every fault: the first run absorbs it or the process is killed,
 * a second one converges, and one was made.
 */
static void whatever_happens_one_is_made(void **state)
{
	(void)state;
	for (enum fault fault = NO_FAULT; fault < FAULT_KINDS; fault++) {
		for (unsigned at = 1; at <= 3; at++) {
			AUTO(rig) struct rig *r = new_account();
			AUTO(ride) struct ride first = { 0 }, second = { 0 };
			bool killed = fault == FAULT_KILLED || fault == FAULT_KILLED_BEFORE;
			size_t made = 0;

			fake_transport_fault(&r->net, at, fault, REACH_ONCE);
			RUN(r, &first, slow_cloud);
			assert_int_equal(first.rc, killed ? -1 : 0);
			for (size_t i = 0; i < r->net.n_calls; i++)
				made += strcmp(r->net.calls[i].label, "make") == 0 &&
				        r->net.calls[i].fault != FAULT_RESET &&
				        r->net.calls[i].fault != FAULT_THROTTLE &&
				        r->net.calls[i].fault != FAULT_LOST_REQUEST &&
				        r->net.calls[i].fault != FAULT_KILLED_BEFORE;
			fake_transport_heal(&r->net);
			r->seen = false;
			RUN(r, &second, slow_cloud);
			assert_int_equal(second.rc, 0);
			made += fake_transport_count(&r->net, "make");
			assert_int_equal(made, 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_sent_once_and_told_so),
		cmocka_unit_test(a_lost_reply_is_settled_by_reading),
		cmocka_unit_test(what_was_not_sent_or_not_taken_is_asked_again_unread),
		cmocka_unit_test(absent_must_last),
		cmocka_unit_test(with_no_settling_time_one_look_is_enough),
		cmocka_unit_test(one_that_shows_late_is_found),
		cmocka_unit_test(exists_already_is_looked_up),
		cmocka_unit_test(tries_are_counted_across_settling),
		cmocka_unit_test(a_settle_read_that_fails_is_repeated),
		cmocka_unit_test(without_an_answer_it_is_not_asked_again),
		cmocka_unit_test(settling_reads_all_pages_and_renews),
		cmocka_unit_test(a_change_that_may_be_repeated_is),
		cmocka_unit_test(whatever_happens_one_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
