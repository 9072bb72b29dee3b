/* An item that failed for good, written down in the world. */
#include "rig.h"

ASK(a)
ASK(b)

static size_t three_items(const void *world)
{
	(void)world;
	return 3;
}

static unsigned missed_mask;
static bool note_it;

static bool note_missed(void *world, size_t item, const struct err *why)
{
	(void)world;
	assert_non_null(why->text);
	missed_mask |= 1u << item;
	return note_it;
}

static const struct step rows[] = {
	{ .name = "a", .count = three_items, .missed = note_missed, .ask = ask_a, .hear = rig_hear },
	{ .name = "b", .needs = NEEDS("a"), .ask = ask_b, .hear = rig_hear },
};

static void a_missed_item_counts_as_done(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	missed_mask = 0;
	note_it = true;
	rig_says(r, "a", "refused done refused");
	RUN(r, &d, rows);
	assert_int_equal(d.rc, 0);
	assert_int_equal(STATE(&d, "a"), STEP_DONE);
	assert_int_equal(STATE(&d, "b"), STEP_DONE);
	assert_int_equal(missed_mask, 1 | 4);
}

static void what_is_not_noted_fails_the_row(void **state)
{
	AUTO(rig) struct rig *r = rig_new();
	AUTO(ride) struct ride d = { 0 };

	(void)state;
	missed_mask = 0;
	note_it = false;
	rig_says(r, "a", "done refused done");
	RUN(r, &d, rows);
	assert_int_equal(d.rc, -1);
	assert_int_equal(STATE(&d, "a"), STEP_FAILED);
	assert_int_equal(STATE(&d, "b"), STEP_LEFT);
	assert_int_equal(missed_mask, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missed_item_counts_as_done),
		cmocka_unit_test(what_is_not_noted_fails_the_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
