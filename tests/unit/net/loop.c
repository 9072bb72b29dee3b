/* The loop: what starts when, what is left, and what is written down. */
#include "rig.h"

ASK(a)
ASK(b)
ASK(c)
ASK(d)

static const struct step a_row_starts_when_its_last_need_has_ended_rows[] = {
	{ .name = "a", .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .ask = ask_b, .hear = rig_hear },
	{ .name = "c", .needs = NEEDS("a"), .ask = ask_c, .hear = rig_hear },
	{ .name = "d", .needs = NEEDS("b", "a"), .ask = ask_d, .hear = rig_hear },
};

static void a_row_starts_when_its_last_need_has_ended(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "b", "done+50");
	RUN(r, &d, a_row_starts_when_its_last_need_has_ended_rows);
	assert_int_equal(d.rc, 0);
	assert_int_equal(started_ms(r, "a", 0), 0);
	assert_int_equal(started_ms(r, "b", 0), 0);
	assert_int_equal(started_ms(r, "c", 0), 100);
	assert_int_equal(started_ms(r, "d", 0), 150);
	assert_int_equal(graph_depth(&d.g), 2);
	assert_int_equal(graph_sent(&d.g), 4);
	assert_int_equal(graph_track(&d.g, "d")->start_ms, 150);
	assert_int_equal(graph_track(&d.g, "d")->end_ms, 250);
	assert_null(graph_track(&d.g, "d")->run);
	assert_null(graph_track(&d.g, "nobody"));
}

static const struct step a_row_that_is_not_due_ends_at_once_rows[] = {
	{ .name = "a", .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .needs = NEEDS("a"), .due = never_due, .ask = ask_b, .hear = rig_hear },
	{ .name = "c", .needs = NEEDS("b"), .ask = ask_c, .hear = rig_hear },
};

static void a_row_that_is_not_due_ends_at_once(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	RUN(r, &d, a_row_that_is_not_due_ends_at_once_rows);
	assert_int_equal(d.rc, 0);
	assert_int_equal(STATE(&d, "b"), STEP_NOT_DUE);
	assert_int_equal(fake_transport_count(&r->net, "b"), 0);
	assert_int_equal(started_ms(r, "c", 0), 100);
	assert_int_equal(graph_track(&d.g, "b")->depth, 1);
	assert_int_equal(graph_depth(&d.g), 2);
	assert_string_equal(r->told, "a:running a:done b:not-due c:running c:done ");
}

static const struct step change_rows[] = {
	{ .name = "a", .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .needs = NEEDS("a"), .due = not_seen, .change = "make it", .settle = "a",
	  .ask = ask_b, .hear = rig_hear },
	{ .name = "c", .needs = NEEDS("b"), .ask = ask_c, .hear = rig_hear },
	{ .name = "d", .needs = NEEDS("b"), .due = never_due, .ask = ask_d, .hear = rig_hear },
};

static void a_plan_reads_and_changes_nothing(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->loop.plan_only = true;
	rig_says(r, "a", "look");
	RUN(r, &d, change_rows);
	assert_int_equal(d.rc, 0);
	assert_int_equal(STATE(&d, "b"), STEP_PLANNED);
	assert_int_equal(STATE(&d, "c"), STEP_DONE);
	assert_int_equal(STATE(&d, "d"), STEP_NOT_DUE);
	assert_int_equal(fake_transport_count(&r->net, "b"), 0);
	assert_false(r->there);
}

static void a_plan_of_what_is_there_is_empty(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->loop.plan_only = r->there = true;
	rig_says(r, "a", "look");
	RUN(r, &d, change_rows);
	assert_int_equal(STATE(&d, "b"), STEP_NOT_DUE);
}

static const struct step a_failure_leaves_those_who_need_it_and_starts_no_change_rows[] = {
	{ .name = "a", .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .needs = NEEDS("a"), .ask = ask_b, .hear = rig_hear },
	{ .name = "c", .ask = ask_c, .hear = rig_hear },
	{ .name = "read on", .needs = NEEDS("c"), .ask = ask_d, .hear = rig_hear },
	{ .name = "change", .needs = NEEDS("c"), .change = "x", .ask = ask_b, .hear = rig_hear },
	{ .name = "not due", .needs = NEEDS("c"), .due = never_due, .change = "y", .ask = ask_b,
	  .hear = rig_hear },
};

static void a_failure_leaves_those_who_need_it_and_starts_no_change(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "refused");
	rig_says(r, "c", "done+100");
	RUN(r, &d, a_failure_leaves_those_who_need_it_and_starts_no_change_rows);
	assert_int_equal(d.rc, -1);
	assert_int_equal(d.e.kind, ERR_DENIED);
	assert_string_equal(d.e.text, "a: refused");
	assert_int_equal(STATE(&d, "a"), STEP_FAILED);
	assert_string_equal(graph_track(&d.g, "a")->err.text, "refused");
	assert_int_equal(STATE(&d, "b"), STEP_LEFT);
	assert_int_equal(STATE(&d, "read on"), STEP_DONE);
	assert_int_equal(STATE(&d, "change"), STEP_LEFT);
	assert_int_equal(STATE(&d, "not due"), STEP_NOT_DUE);
	assert_int_equal(fake_transport_count(&r->net, "b"), 0);
}

static void of_two_failures_the_first_is_told(void **state)
{
	static const struct step rows[] = {
		{ .name = "a", .ask = ask_a, .hear = rig_hear },
		{ .name = "b", .ask = ask_b, .hear = rig_hear },
	};
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "refused+50");
	rig_says(r, "b", "refused");
	RUN(r, &d, rows);
	assert_string_equal(d.e.text, "b: refused");
	assert_int_equal(STATE(&d, "a"), STEP_FAILED);
}

static const struct step what_may_fail_fails_nobody_else_rows[] = {
	{ .name = "a", .may_fail = true, .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .needs = NEEDS("a"), .change = "x", .ask = ask_b, .hear = rig_hear },
};

static void what_may_fail_fails_nobody_else(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "refused");
	RUN(r, &d, what_may_fail_fails_nobody_else_rows);
	assert_int_equal(d.rc, 0);
	assert_int_equal(STATE(&d, "a"), STEP_FAILED);
	assert_int_equal(STATE(&d, "b"), STEP_DONE);
}

static int before(void *world, size_t item, struct err *e)
{
	struct rig *r = world;

	(void)item;
	r->befores++;
	return r->odd_out ? err_set(e, ERR_CONFIG, 0, "the disk is full") : 0;
}

static void before_comes_once_and_can_refuse(void **state)
{
	static const struct step rows[] = {
		{ .name = "a", .change = "x", .before = before, .ask = ask_a, .hear = rig_hear },
	};

	(void)state;
	for (size_t refuse = 0; refuse < 2; refuse++) {
		AUTO(rig) struct rig *r = rig_new();
		AUTO(ride) struct ride d = { 0 };

		r->odd_out = refuse;
		rig_says(r, "a", "busy busy done");
		RUN(r, &d, rows);
		assert_int_equal(r->befores, 1);
		assert_int_equal(d.rc, refuse ? -1 : 0);
		assert_int_equal(fake_transport_count(&r->net, "a"), refuse ? 0 : 3);
	}
}

static const struct step depth_counts_pages_but_no_polls_and_no_repeats_rows[] = {
	{ .name = "a", .ask = ask_a, .hear = rig_hear, .patience_s = 10 },
	{ .name = "b", .needs = NEEDS("a"), .ask = ask_b, .hear = rig_hear },
	{ .name = "c", .needs = NEEDS("b"), .ask = ask_c, .hear = rig_hear },
};

static void depth_counts_pages_but_no_polls_and_no_repeats(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	rig_says(r, "a", "not-yet not-yet done");
	rig_says(r, "b", "busy renew 5xx done");
	rig_says(r, "c", "more more done");
	RUN(r, &d, depth_counts_pages_but_no_polls_and_no_repeats_rows);
	assert_int_equal(d.rc, 0);
	assert_int_equal(graph_track(&d.g, "a")->depth, 1);
	assert_int_equal(graph_track(&d.g, "b")->depth, 2);
	assert_int_equal(graph_track(&d.g, "c")->depth, 5);
	assert_int_equal(graph_track(&d.g, "b")->sent, 4);
	assert_int_equal(graph_track(&d.g, "b")->again, 3);
	assert_int_equal(graph_track(&d.g, "c")->again, 0);
	assert_int_equal(started_ms(r, "c", 1), started_ms(r, "c", 0) + 100);
}

static size_t item_count(const void *world)
{
	return ((const struct rig *)world)->n_items;
}

static bool all_but_one(const void *world, size_t item)
{
	return item != ((const struct rig *)world)->odd_out;
}

static const struct step items_go_sixteen_at_a_time_rows[] = {
	{ .name = "a", .count = item_count, .due = all_but_one, .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .needs = NEEDS("a"), .ask = ask_b, .hear = rig_hear },
};

static void items_go_sixteen_at_a_time(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->n_items = 41;
	r->odd_out = 7;
	RUN(r, &d, items_go_sixteen_at_a_time_rows);
	assert_int_equal(d.rc, 0);
	assert_int_equal(fake_transport_count(&r->net, "a"), 40);
	assert_int_equal(fake_transport_width(&r->net, "a"), STEP_ITEMS_IN_FLIGHT);
	assert_int_equal(started_ms(r, "b", 0), 300);
	assert_int_equal(graph_track(&d.g, "a")->depth, 3);
	assert_int_equal(graph_depth(&d.g), 4);
}

static const struct step a_row_says_how_many_items_go_at_once_rows[] = {
	{ .name = "a", .count = item_count, .abreast = 30, .due = all_but_one, .ask = ask_a, .hear = rig_hear },
};

static void a_row_says_how_many_items_go_at_once(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	r->n_items = 41;
	r->odd_out = 7;
	RUN(r, &d, a_row_says_how_many_items_go_at_once_rows);
	assert_int_equal(d.rc, 0);
	assert_int_equal(fake_transport_count(&r->net, "a"), 40);
	assert_int_equal(fake_transport_width(&r->net, "a"), 30);
	assert_int_equal(graph_depth(&d.g), 2);
}

static const struct step no_items_are_not_due_rows[] = {
	{ .name = "a", .count = item_count, .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .needs = NEEDS("a"), .ask = ask_b, .hear = rig_hear },
};

static void no_items_are_not_due(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	RUN(r, &d, no_items_are_not_due_rows);
	assert_int_equal(STATE(&d, "a"), STEP_NOT_DUE);
	assert_int_equal(STATE(&d, "b"), STEP_DONE);
}

static void an_item_that_fails_stops_further_changes_but_no_reads(void **state)
{
	static const struct step reads[] = {
		{ .name = "a", .count = item_count, .ask = ask_a, .hear = rig_hear },
	};
	static const struct step changes[] = {
		{ .name = "a", .count = item_count, .change = "x", .ask = ask_a, .hear = rig_hear },
	};

	(void)state;
	for (int change = 0; change < 2; change++) {
		AUTO(rig) struct rig *r = rig_new();
		AUTO(ride) struct ride d = { 0 };

		r->n_items = 20;
		rig_says(r, "a", "refused done");
		rig_run(r, &d, change ? changes : reads, 1);
		assert_int_equal(STATE(&d, "a"), STEP_FAILED);
		assert_int_equal(fake_transport_count(&r->net, "a"), change ? 16 : 20);
		assert_int_equal(r->heard, change ? 16 : 20);
	}
}

static const struct step many_graphs_run_side_by_side_rows[] = {
	{ .name = "a", .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .needs = NEEDS("a"), .ask = ask_b, .hear = rig_hear },
};

static void many_graphs_run_side_by_side(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(err) struct err e = { 0 };
	struct track tracks[100][2] = { 0 };
	struct graph graphs[100];

	(void)state;
	for (size_t i = 0; i < 100; i++)
		graphs[i] = (struct graph){ many_graphs_run_side_by_side_rows, 2, r, tracks[i] };
	assert_int_equal(loop_run(&r->loop, graphs, 100, &e), 0);
	assert_int_equal(r->net.now_ms, 200);
	assert_int_equal(fake_transport_count(&r->net, "b"), 100);
}

/* Each has its time to itself: none waits between its rows for another one's. */
static void few_graphs_at_a_time(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(err) struct err e = { 0 };
	struct track tracks[100][2] = { 0 };
	struct graph graphs[100];

	(void)state;
	for (size_t i = 0; i < 100; i++)
		graphs[i] = (struct graph){ many_graphs_run_side_by_side_rows, 2, r, tracks[i] };
	r->loop.graphs_max = 10;
	assert_int_equal(loop_run(&r->loop, graphs, 100, &e), 0);
	assert_int_equal(fake_transport_count(&r->net, "a"), 100);
	assert_int_equal(fake_transport_count(&r->net, "b"), 100);
	assert_int_equal(fake_transport_width(&r->net, "a"), 10);
	assert_true(tracks[0][1].end_ms <= 300);
	assert_int_equal(r->net.now_ms, 2000);
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(tracks[i][0].start_ms - tracks[0][0].start_ms, (int64_t)(i / 10) * 200);
		assert_int_equal(tracks[i][1].end_ms - tracks[i][0].start_ms, 200);
	}
}

static void graphs_that_never_began_are_left_when_it_stops(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(err) struct err e = { 0 };
	struct track tracks[5][2] = { 0 };
	struct graph graphs[5];

	(void)state;
	for (size_t i = 0; i < 5; i++)
		graphs[i] = (struct graph){ many_graphs_run_side_by_side_rows, 2, r, tracks[i] };
	r->loop.graphs_max = 2;
	r->loop.deadline_ms = r->net.now_ms + 150;
	assert_int_equal(loop_run(&r->loop, graphs, 5, &e), -1);
	assert_int_equal(e.kind, ERR_LATE);
	assert_int_equal(fake_transport_count(&r->net, "a"), 2);
	for (size_t i = 2; i < 5; i++)
		assert_int_equal(tracks[i][0].state, STEP_LEFT);
}

struct endings {
	struct graph *at[3];
	size_t n;
};

static void note_end(void *to, struct graph *g)
{
	struct endings *x = to;

	assert_true(x->n < 3);
	for (size_t i = 0; i < g->n; i++) {
		assert_true(g->tracks[i].state == STEP_DONE || g->tracks[i].state == STEP_FAILED || g->tracks[i].state == STEP_LEFT);
		assert_null(g->tracks[i].run);
	}
	x->at[x->n++] = g;
}

static void each_graph_ends_once(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(err) struct err e = { 0 };
	struct track tracks[3][2] = { 0 };
	struct graph graphs[3];
	struct endings x = { .n = 0 };
	struct loop l = r->loop;

	(void)state;
	rig_says(r, "a", "done+500 done refused");
	for (size_t i = 0; i < 3; i++)
		graphs[i] = (struct graph){ many_graphs_run_side_by_side_rows, 2, r, tracks[i] };
	l.ended = note_end;
	l.tell = NULL;
	l.renew = NULL;
	l.to = &x;
	assert_int_equal(loop_run(&l, graphs, 3, &e), -1);
	assert_int_equal(x.n, 3);
	assert_ptr_equal(x.at[2], &graphs[0]);
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 2; k++)
			track_release(&tracks[i][k]);
}

static const struct step row = {
	.name = "a", .needs = NEEDS("elsewhere"), .ask = ask_a, .hear = rig_hear
};

static void one_request_alone(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(err) struct err e = { 0 };

	(void)state;
	rig_says(r, "a", "busy done refused");
	assert_int_equal(loop_ask(&r->loop, &row, r, &e), 0);
	assert_int_equal(fake_transport_count(&r->net, "a"), 2);
	assert_int_equal(loop_ask(&r->loop, &row, r, &e), -1);
	assert_string_equal(e.text, "a: refused");
}

static const struct step a_broken_table_is_not_run_rows[] = {
	{ .name = "a", .needs = NEEDS("b"), .ask = ask_a, .hear = rig_hear },
};

static void a_broken_table_is_not_run(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	RUN(r, &d, a_broken_table_is_not_run_rows);
	assert_int_equal(d.e.kind, ERR_BUG);
	assert_int_equal(r->net.n_calls, 0);
}

static int ask_nothing(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)world, (void)item, (void)rq;
	return err_set(e, ERR_CONFIG, 0, "there is no address");
}

static const struct step an_ask_can_refuse_rows[] = {
	{ .name = "a", .ask = ask_nothing, .hear = rig_hear },
	{ .name = "b", .needs = NEEDS("a"), .ask = ask_b, .hear = rig_hear },
};

static void an_ask_can_refuse(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	RUN(r, &d, an_ask_can_refuse_rows);
	assert_string_equal(d.e.text, "a: there is no address");
	assert_int_equal(STATE(&d, "b"), STEP_LEFT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_starts_when_its_last_need_has_ended),
		cmocka_unit_test(a_row_that_is_not_due_ends_at_once),
		cmocka_unit_test(a_plan_reads_and_changes_nothing),
		cmocka_unit_test(a_plan_of_what_is_there_is_empty),
		cmocka_unit_test(a_failure_leaves_those_who_need_it_and_starts_no_change),
		cmocka_unit_test(of_two_failures_the_first_is_told),
		cmocka_unit_test(what_may_fail_fails_nobody_else),
		cmocka_unit_test(before_comes_once_and_can_refuse),
		cmocka_unit_test(depth_counts_pages_but_no_polls_and_no_repeats),
		cmocka_unit_test(items_go_sixteen_at_a_time),
		cmocka_unit_test(a_row_says_how_many_items_go_at_once),
		cmocka_unit_test(no_items_are_not_due),
		cmocka_unit_test(an_item_that_fails_stops_further_changes_but_no_reads),
		cmocka_unit_test(many_graphs_run_side_by_side),
		cmocka_unit_test(few_graphs_at_a_time),
		cmocka_unit_test(graphs_that_never_began_are_left_when_it_stops),
		cmocka_unit_test(each_graph_ends_once),
		cmocka_unit_test(one_request_alone),
		cmocka_unit_test(a_broken_table_is_not_run),
		cmocka_unit_test(an_ask_can_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
