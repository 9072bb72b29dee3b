/* Tries: what is asked again, when, and how often. */
#include "rig.h"

ASK(a)
ASK(b)

static const struct step read_row[] = {
	{ .name = "a", .ask = ask_a, .hear = rig_hear, .patience_s = 60 },
};

/* Start of each call of "a", relative to the end of the one before. */
static int64_t pause_before(const struct rig *r, size_t nth)
{
	return started_ms(r, "a", nth) - fake_transport_call(&r->net, "a", nth - 1)->end_ms;
}

static void whatever_spoils_a_read_it_is_asked_again(void **state)
{
	static const char *const words[] = { "busy done", "429 done", "503 done", "5xx done",
		                                 "unsure done", "garbage done", "late done" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		AUTO(rig) struct rig *r = rig_new();
		AUTO(ride) struct ride d = { 0 };

		rig_says(r, "a", words[i]);
		RUN(r, &d, read_row);
		assert_int_equal(d.rc, 0);
		assert_int_equal(d.tracks[0].sent, 2);
		assert_int_equal(d.tracks[0].again, 1);
		assert_null(d.tracks[0].err.text);
		assert_int_equal(pause_before(r, 1), 1000);
	}
}

static void any_fault_of_one_call_is_absorbed(void **state)
{
	(void)state;
	for (enum fault fault = FAULT_RESET; fault < FAULT_KILLED; fault++) {
		AUTO(rig) struct rig *r = rig_new();
		AUTO(ride) struct ride d = { 0 };

		fake_transport_fault(&r->net, 1, fault, REACH_ONCE);
		RUN(r, &d, read_row);
		assert_int_equal(d.rc, 0);
		assert_int_equal(d.tracks[0].sent, 2);
	}
}

static void a_lasting_fault_fails_after_three_tries_and_says_why(void **state)
{
	(void)state;
	for (enum fault fault = FAULT_RESET; fault < FAULT_KILLED; fault++) {
		AUTO(rig) struct rig *r = rig_new();
		AUTO(ride) struct ride d = { 0 };

		fake_transport_fault(&r->net, 1, fault, REACH_LASTING);
		RUN(r, &d, read_row);
		assert_int_equal(d.rc, -1);
		assert_int_equal(d.tracks[0].sent, 3);
		assert_int_equal(d.tracks[0].state, STEP_FAILED);
	}
}

static void back_off_doubles_up_to_twenty_seconds(void **state)
{
	static const int64_t pauses[] = { 1000, 2000, 4000, 8000, 16000, 20000, 20000 };
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->loop.max_attempts = COUNT_OF(pauses) + 1;
	rig_says(r, "a", "busy");
	RUN(r, &d, read_row);
	assert_int_equal(d.e.kind, ERR_THROTTLED);
	assert_int_equal(d.tracks[0].sent, COUNT_OF(pauses) + 1);
	for (size_t i = 0; i < COUNT_OF(pauses); i++)
		assert_int_equal(pause_before(r, i + 1), pauses[i]);
}

static void back_off_takes_a_random_part(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->dice = 0x33;
	rig_says(r, "a", "busy busy done");
	RUN(r, &d, read_row);
	assert_int_equal(pause_before(r, 1), 200);
	assert_int_equal(pause_before(r, 2), 400);
}

static void one_try_only(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->loop.max_attempts = 1;
	rig_says(r, "a", "busy done");
	RUN(r, &d, read_row);
	assert_int_equal(d.rc, -1);
	assert_int_equal(d.tracks[0].sent, 1);
}

static void a_refusal_is_never_asked_again(void **state)
{
	static const char *const words[] = { "refused", "silent" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		AUTO(rig) struct rig *r = rig_new();
		AUTO(ride) struct ride d = { 0 };

		rig_says(r, "a", words[i]);
		RUN(r, &d, read_row);
		assert_int_equal(d.rc, -1);
		assert_int_equal(d.tracks[0].sent, 1);
	}
}

/* 500 at 5 a retry are 100 retries; at 10 a time-out, 50: of all graphs of the loop together. */
static void the_quota_is_shared(void **state)
{
	static const struct { const char *word; size_t retries; } cases[] = {
		{ "busy", 100 }, { "late", 50 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(rig) struct rig *r = rig_new();
		AUTO(err) struct err e = { 0 };
		struct track tracks[2] = { 0 };
		struct graph graphs[] = { { read_row, 1, r, &tracks[0] },
			                      { read_row, 1, r, &tracks[1] } };

		r->loop.max_attempts = 1000;
		rig_says(r, "a", cases[i].word);
		assert_int_equal(loop_run(&r->loop, graphs, 2, &e), -1);
		assert_int_equal(tracks[0].again + tracks[1].again, cases[i].retries);
		graph_release_tracks(&graphs[0]);
		graph_release_tracks(&graphs[1]);
	}
}

/* A retry that helped gives back what it cost: 250 of them in turn do not empty the quota. */
static void a_retry_that_helped_is_paid_back(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };
	AUTO(buf) struct buf words = BUF_MAX(1 << 16);

	(void)state;
	for (size_t i = 0; i < 250; i++)
		buf_text(&words, "busy more ");
	buf_text(&words, "done");
	rig_says(r, "a", buf_str(&words));
	RUN(r, &d, read_row);
	assert_int_equal(d.rc, 0);
	assert_int_equal(d.tracks[0].sent, 501);
}

static int64_t poll_after(int64_t waited)
{
	int64_t pause = waited / 12;

	return pause < 200 ? 200 : pause > 5000 ? 5000 : pause;
}

static void polls_come_after_a_twelfth_of_the_time_waited(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };
	size_t n;

	(void)state;
	r->loop.max_attempts = 1;     /* polls are no tries */
	rig_says(r, "a", "not-yet");
	RUN(r, &d, read_row);
	n = fake_transport_count(&r->net, "a");
	assert_int_equal(d.rc, -1);
	assert_int_equal(d.e.kind, ERR_LATE);
	assert_string_equal(d.e.text, "a: gave up after 60 s: not-yet");
	for (size_t i = 1; i + 1 < n; i++)
		assert_int_equal(pause_before(r, i),
		                 poll_after(fake_transport_call(&r->net, "a", i - 1)->end_ms));
	assert_int_equal(started_ms(r, "a", n - 1), 60000);    /* a last look when patience ends */
	assert_string_equal(r->told, "a:running a:running=not-yet a:failed=gave up after 60 s: not-yet ");
}

static void polls_never_come_later_than_five_seconds(void **state)
{
	static const struct step rows[] = {
		{ .name = "a", .ask = ask_a, .hear = rig_hear, .patience_s = 600 },
	};
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };
	int64_t longest = 0;

	(void)state;
	rig_says(r, "a", "not-yet");
	RUN(r, &d, rows);
	for (size_t i = 1; i < fake_transport_count(&r->net, "a"); i++)
		if (pause_before(r, i) > longest)
			longest = pause_before(r, i);
	assert_int_equal(longest, 5000);
}

/* The budget: of a table that takes 6 s, at most 0.5 s is lost. */
static void little_is_lost_to_polling(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };
	AUTO(buf) struct buf words = BUF_MAX(4096);

	(void)state;
	r->net.latency_ms = 0;
	for (int64_t t = 0; t < 6000; t += poll_after(t))
		buf_text(&words, "not-yet ");
	buf_text(&words, "done");
	rig_says(r, "a", buf_str(&words));
	RUN(r, &d, read_row);
	assert_int_equal(d.rc, 0);
	assert_in_range(r->net.now_ms, 6000, 6500);
}

static void no_patience_no_poll(void **state)
{
	static const struct step rows[] = { { .name = "a", .ask = ask_a, .hear = rig_hear } };
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "not-yet done");
	RUN(r, &d, rows);
	assert_int_equal(d.rc, -1);
	assert_int_equal(d.tracks[0].sent, 1);
}

static void a_row_has_its_own_time_limit(void **state)
{
	static const struct step rows[] = {
		{ .name = "a", .ask = ask_a, .hear = rig_hear, .timeout_ms = 700 },
		{ .name = "b", .ask = ask_b, .hear = rig_hear },
	};
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->loop.max_attempts = 1;
	rig_says(r, "a", "late");
	rig_says(r, "b", "late");
	RUN(r, &d, rows);
	assert_int_equal(fake_transport_call(&r->net, "a", 0)->end_ms, 700);
	assert_int_equal(fake_transport_call(&r->net, "b", 0)->end_ms, REQUEST_TIMEOUT_MS);
	assert_int_equal(d.e.status, ETIMEDOUT);
}

/* ---- renewing ---- */

static void credentials_are_renewed_once_and_that_is_no_try(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->loop.max_attempts = 1;
	rig_says(r, "a", "renew done");
	RUN(r, &d, read_row);
	assert_int_equal(d.rc, 0);
	assert_int_equal(r->renewed, 1);
	assert_int_equal(d.tracks[0].depth, 1);
	assert_int_equal(d.tracks[0].again, 1);
	assert_int_equal(started_ms(r, "a", 1), 200);
}

static void expired_at_once_again_is_a_refusal(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "renew renew done");
	RUN(r, &d, read_row);
	assert_int_equal(d.rc, -1);
	assert_int_equal(d.e.kind, ERR_AUTH);
	assert_int_equal(r->renewed, 1);
}

static void expired_again_after_a_good_reply_is_renewed_again(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "renew not-yet renew done");
	RUN(r, &d, read_row);
	assert_int_equal(d.rc, 0);
	assert_int_equal(r->renewed, 2);
}

static const struct step renewing_waits_until_nothing_is_in_flight_rows[] = {
	{ .name = "a", .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .ask = ask_b, .hear = rig_hear },
	{ .name = "a2", .needs = NEEDS("a"), .ask = ask_a, .hear = rig_hear },
};

static void renewing_waits_until_nothing_is_in_flight(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "renew done");
	rig_says(r, "b", "renew+900 done");
	RUN(r, &d, renewing_waits_until_nothing_is_in_flight_rows);
	assert_int_equal(d.rc, 0);
	assert_int_equal(r->renewed, 1);      /* one for both */
	assert_int_equal(r->renewed_ms, 1000);
	assert_int_equal(r->in_flight_at_renew, 0);
	assert_int_equal(started_ms(r, "a", 1), 1100);
	assert_int_equal(started_ms(r, "b", 1), 1100);
}

static void each_login_is_renewed_apart(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->loop.whose = rig_whose;
	r->renew_fails_of = &r->logins[1];
	rig_says(r, "a", "renew done");
	rig_says(r, "b", "renew+900 done");
	RUN(r, &d, renewing_waits_until_nothing_is_in_flight_rows);
	assert_int_equal(r->renewed, 2);
	assert_int_equal(d.tracks[0].state, STEP_DONE);
	assert_int_equal(d.rc, -1);
	assert_string_equal(d.e.text, "b: no credentials");
	assert_int_equal(d.tracks[1].sent, 1);
}

static void what_cannot_be_renewed_fails(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->renew_fails = 1;
	rig_says(r, "a", "renew done");
	RUN(r, &d, read_row);
	assert_int_equal(d.rc, -1);
	assert_string_equal(d.e.text, "a: no credentials");
	assert_int_equal(d.tracks[0].sent, 1);
}

static void without_renew_expired_is_a_refusal(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->loop.renew = NULL;
	rig_says(r, "a", "renew done");
	RUN(r, &d, read_row);
	assert_int_equal(d.rc, -1);
	assert_int_equal(d.tracks[0].sent, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_spoils_a_read_it_is_asked_again),
		cmocka_unit_test(any_fault_of_one_call_is_absorbed),
		cmocka_unit_test(a_lasting_fault_fails_after_three_tries_and_says_why),
		cmocka_unit_test(back_off_doubles_up_to_twenty_seconds),
		cmocka_unit_test(back_off_takes_a_random_part),
		cmocka_unit_test(one_try_only),
		cmocka_unit_test(a_refusal_is_never_asked_again),
		cmocka_unit_test(the_quota_is_shared),
		cmocka_unit_test(a_retry_that_helped_is_paid_back),
		cmocka_unit_test(polls_come_after_a_twelfth_of_the_time_waited),
		cmocka_unit_test(polls_never_come_later_than_five_seconds),
		cmocka_unit_test(little_is_lost_to_polling),
		cmocka_unit_test(no_patience_no_poll),
		cmocka_unit_test(a_row_has_its_own_time_limit),
		cmocka_unit_test(credentials_are_renewed_once_and_that_is_no_try),
		cmocka_unit_test(expired_at_once_again_is_a_refusal),
		cmocka_unit_test(expired_again_after_a_good_reply_is_renewed_again),
		cmocka_unit_test(renewing_waits_until_nothing_is_in_flight),
		cmocka_unit_test(each_login_is_renewed_apart),
		cmocka_unit_test(what_cannot_be_renewed_fails),
		cmocka_unit_test(without_renew_expired_is_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
