/* Leaving: failure, stops and the deadline, and who gets how long. */
#include "rig.h"

ASK(a)
ASK(b)
ASK(c)

static const struct step two_rows[] = {
	{ .name = "a", .ask = ask_a, .hear = rig_hear, .patience_s = 600 },
	{ .name = "b", .needs = NEEDS("a"), .ask = ask_b, .hear = rig_hear },
};

static void a_stop_lets_the_call_in_flight_end_and_starts_nothing(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "done+2000");
	fake_transport_stop_at(&r->net, 500, SIGINT);
	RUN(r, &d, two_rows);
	assert_int_equal(d.rc, -1);
	assert_int_equal(d.e.kind, ERR_STOPPED);
	assert_int_equal(d.e.status, SIGINT);
	assert_int_equal(err_exit_code(&d.e), 130);
	assert_int_equal(STATE(&d, "a"), STEP_DONE);
	assert_int_equal(STATE(&d, "b"), STEP_LEFT);
	assert_int_equal(r->net.now_ms, 2100);
}

static void after_five_seconds_the_call_is_dropped(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "done+9000");
	fake_transport_stop_at(&r->net, 500, SIGTERM);
	RUN(r, &d, two_rows);
	assert_int_equal(d.e.status, SIGTERM);
	assert_int_equal(STATE(&d, "a"), STEP_LEFT);
	assert_true(fake_transport_call(&r->net, "a", 0)->dropped);
	assert_int_equal(r->net.now_ms, 5500);
}

static void a_second_stop_leaves_at_once(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "done+9000");
	fake_transport_stop_at(&r->net, 500, SIGINT);
	fake_transport_stop_at(&r->net, 700, SIGINT);
	RUN(r, &d, two_rows);
	assert_int_equal(d.e.kind, ERR_STOPPED);
	assert_int_equal(r->net.now_ms, 700);
	assert_true(fake_transport_call(&r->net, "a", 0)->dropped);
}

static void what_waits_for_its_next_poll_is_left_at_once(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "not-yet");
	fake_transport_stop_at(&r->net, 150, SIGINT);
	RUN(r, &d, two_rows);
	assert_int_equal(r->net.now_ms, 150);
	assert_int_equal(d.tracks[0].sent, 1);
	assert_int_equal(STATE(&d, "a"), STEP_LEFT);
	assert_string_equal(d.tracks[0].err.text, "not-yet");
}

static void stopped_before_it_began_it_sends_nothing(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	fake_transport_stop_at(&r->net, 0, SIGHUP);
	RUN(r, &d, two_rows);
	assert_int_equal(d.e.kind, ERR_STOPPED);
	assert_string_equal(d.e.text, "stopped by signal 1");
	assert_int_equal(r->net.n_calls, 0);
}

static void stopped_when_all_was_done_is_done(void **state)
{
	static const struct step rows[] = { { .name = "a", .ask = ask_a, .hear = rig_hear } };
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	fake_transport_stop_at(&r->net, 50, SIGINT);
	RUN(r, &d, rows);
	assert_int_equal(d.rc, 0);
}

static void the_deadline_is_kept(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->loop.deadline_ms = 3000;
	rig_says(r, "a", "not-yet");
	RUN(r, &d, two_rows);
	assert_int_equal(d.e.kind, ERR_LATE);
	assert_int_equal(err_exit_code(&d.e), 5);
	assert_string_equal(d.e.text, "time ran out: a: not-yet");
	assert_in_range(r->net.now_ms, 3000, 3100);
	assert_int_equal(STATE(&d, "b"), STEP_LEFT);
}

static void the_deadline_gives_calls_in_flight_five_seconds(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->loop.deadline_ms = 3000;
	rig_says(r, "a", "done+20000");
	RUN(r, &d, two_rows);
	assert_int_equal(d.e.kind, ERR_LATE);
	assert_string_equal(d.e.text, "time ran out during 'a'");
	assert_int_equal(r->net.now_ms, 8000);
}

/* ---- failure ---- */

static const struct step failing_rows[] = {
	{ .name = "a", .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .change = "x", .ask = ask_b, .hear = rig_hear, .patience_s = 600 },
	{ .name = "c", .ask = ask_c, .hear = rig_hear },
};

static void after_a_failure_changes_get_five_seconds_and_reads_all_they_need(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "refused");
	rig_says(r, "b", "done+20000");
	rig_says(r, "c", "done+20000");
	RUN(r, &d, failing_rows);
	assert_string_equal(d.e.text, "a: refused");
	assert_int_equal(STATE(&d, "b"), STEP_LEFT);
	assert_int_equal(graph_track(&d.g, "b")->end_ms, 5100);
	assert_string_equal(graph_track(&d.g, "b")->err.text,
	                    "whether it was done is not known: no reply came in time");
	assert_int_equal(STATE(&d, "c"), STEP_DONE);
}

static void a_change_that_ends_in_these_five_seconds_is_done(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "refused");
	rig_says(r, "b", "done+4000");
	RUN(r, &d, failing_rows);
	assert_int_equal(d.rc, -1);
	assert_int_equal(STATE(&d, "b"), STEP_DONE);
}

static void a_change_that_would_be_asked_again_is_left(void **state)
{
	static const char *const words[] = { "busy+100 done", "not-yet+100 done", "more+100 done" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		AUTO(rig) struct rig *r = rig_new();
		AUTO(ride) struct ride d = { 0 };

		rig_says(r, "a", "refused");
		rig_says(r, "b", words[i]);
		RUN(r, &d, failing_rows);
		assert_int_equal(STATE(&d, "b"), STEP_LEFT);
		assert_int_equal(fake_transport_count(&r->net, "b"), 1);
	}
}

static void a_read_is_asked_again_after_a_failure(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "refused");
	rig_says(r, "c", "busy more+3000 renew 5xx done+9000");
	RUN(r, &d, failing_rows);
	assert_int_equal(STATE(&d, "c"), STEP_DONE);
	assert_int_equal(fake_transport_count(&r->net, "c"), 5);
}

/* ---- settling while leaving ---- */

static const struct step settling_rows[] = {
	{ .name = "a", .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .needs = NEEDS("a"), .due = not_seen, .change = "make it", .settle = "a",
	  .settle_s = 60, .ask = ask_b, .hear = rig_hear, .timeout_ms = 1000 },
	{ .name = "c", .ask = ask_c, .hear = rig_hear },
};

static void settling_goes_on_for_five_seconds(void **state)
{
	(void)state;
	for (int shows = 0; shows < 2; shows++) {
		for (int stop = 0; stop < 2; stop++) {
			AUTO(rig) struct rig *r = rig_new();
			AUTO(ride) struct ride d = { 0 };

			rig_says(r, "a", shows ? "absent absent absent there" : "absent");
			rig_says(r, "b", "late make");        /* lost at 1100 */
			rig_says(r, "c", stop ? "done" : "refused+1100");
			if (stop)
				fake_transport_stop_at(&r->net, 1200, SIGINT);
			RUN(r, &d, settling_rows);
			assert_int_equal(d.rc, stop && shows ? 0 : -1);
			assert_int_equal(fake_transport_count(&r->net, "b"), 1);
			assert_int_equal(STATE(&d, "b"), shows ? STEP_DONE : STEP_LEFT);
			if (shows)
				continue;
			assert_int_equal(graph_track(&d.g, "b")->end_ms, 6200);
			assert_true(text_starts(graph_track(&d.g, "b")->err.text,
			                        "whether it was done is not known: "));
		}
	}
}

static const struct step settled_rows[] = {
	{ .name = "a", .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .needs = NEEDS("a"), .due = not_seen, .change = "make it", .settle = "a",
	  .ask = ask_b, .hear = rig_hear, .timeout_ms = 1000 },
};

/* Looked for and absent: what is left while it waits for its next try was not done. */
static void what_was_settled_as_absent_is_known(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "absent");
	rig_says(r, "b", "late");                     /* lost at 1100, settled at 1200 */
	fake_transport_stop_at(&r->net, 1500, SIGINT);
	RUN(r, &d, settled_rows);
	assert_int_equal(STATE(&d, "b"), STEP_LEFT);
	assert_string_equal(d.tracks[1].err.text, "no reply in time");
}

static void killed_leaves_at_once(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	fake_transport_fault(&r->net, 1, FAULT_KILLED, REACH_ONCE);
	RUN(r, &d, two_rows);
	assert_int_equal(d.e.kind, ERR_STOPPED);
	assert_int_equal(r->net.now_ms, 0);
}

static void no_credentials_are_renewed_for_one_who_leaves(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "renew+500 done");
	fake_transport_stop_at(&r->net, 300, SIGINT);
	RUN(r, &d, two_rows);
	assert_int_equal(d.e.kind, ERR_STOPPED);
	assert_int_equal(r->renewed, 0);
	assert_int_equal(STATE(&d, "a"), STEP_LEFT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stop_lets_the_call_in_flight_end_and_starts_nothing),
		cmocka_unit_test(after_five_seconds_the_call_is_dropped),
		cmocka_unit_test(a_second_stop_leaves_at_once),
		cmocka_unit_test(what_waits_for_its_next_poll_is_left_at_once),
		cmocka_unit_test(stopped_before_it_began_it_sends_nothing),
		cmocka_unit_test(stopped_when_all_was_done_is_done),
		cmocka_unit_test(the_deadline_is_kept),
		cmocka_unit_test(the_deadline_gives_calls_in_flight_five_seconds),
		cmocka_unit_test(after_a_failure_changes_get_five_seconds_and_reads_all_they_need),
		cmocka_unit_test(a_change_that_ends_in_these_five_seconds_is_done),
		cmocka_unit_test(a_change_that_would_be_asked_again_is_left),
		cmocka_unit_test(a_read_is_asked_again_after_a_failure),
		cmocka_unit_test(settling_goes_on_for_five_seconds),
		cmocka_unit_test(what_was_settled_as_absent_is_known),
		cmocka_unit_test(killed_leaves_at_once),
		cmocka_unit_test(no_credentials_are_renewed_for_one_who_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
