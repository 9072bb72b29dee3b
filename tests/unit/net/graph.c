/* Tables: graph_check finds what is wrong with one. */
#include "rig.h"

ASK(a)

#define ROW(...) { .ask = ask_a, .hear = rig_hear, __VA_ARGS__ }
#define A ROW(.name = "a")
#define CHANGE .change = "x", .due = never_due

static const struct step sound[] = {
	A,
	ROW(.name = "b", .needs = NEEDS("a"), CHANGE, .settle = "a", .settle_s = 5),
	ROW(.name = "c", .needs = NEEDS("a", "b"), .change = "y"),
};

static const struct step unnamed[] = { ROW(.name = "") };
static const struct step twins[] = { A, A };
static const struct step deaf[] = { { .name = "a", .ask = ask_a } };
static const struct step dumb[] = { { .name = "a", .hear = rig_hear } };
static const struct step needs_itself[] = { ROW(.name = "a", .needs = NEEDS("a")) };
static const struct step needs_later[] = { ROW(.name = "b", .needs = NEEDS("a")), A };
static const struct step settles_later[] = { ROW(.name = "b", CHANGE, .settle = "a"), A };
static const struct step settles_by_change[] = {
	ROW(.name = "a", CHANGE), ROW(.name = "b", CHANGE, .settle = "a")
};
static const struct step settles_blindly[] = { A, ROW(.name = "b", .change = "x", .settle = "a") };
static const struct step read_settles[] = { A, ROW(.name = "b", .due = never_due, .settle = "a") };
static const struct step settle_time_alone[] = { ROW(.name = "a", CHANGE, .settle_s = 5) };

static void a_sound_table_passes(void **state)
{
	AUTO(err) struct err e = { 0 };

	(void)state;
	assert_int_equal(graph_check(sound, COUNT_OF(sound), &e), 0);
	assert_int_equal(graph_check(NULL, 0, &e), 0);
}

static void a_broken_table_is_told(void **state)
{
	static const struct { const struct step *steps; size_t n; const char *text; } cases[] = {
		{ unnamed, 1, "step number 0 has no name" },
		{ twins, 2, "two steps are called 'a'" },
		{ deaf, 1, "step 'a' has no hear" },
		{ dumb, 1, "step 'a' has no ask" },
		{ needs_itself, 1, "step 'a' needs 'a', which is no earlier row" },
		{ needs_later, 2, "step 'b' needs 'a', which is no earlier row" },
		{ settles_later, 2, "step 'b' settles by 'a', which is no earlier row" },
		{ settles_by_change, 2, "step 'b' settles by 'a', which is a change" },
		{ settles_blindly, 2, "step 'b' has settle, but no due" },
		{ read_settles, 2, "step 'b' has settle, but no change" },
		{ settle_time_alone, 1, "step 'a' has settle_s and no settle" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(err) struct err e = { 0 };

		assert_int_equal(graph_check(cases[i].steps, cases[i].n, &e), -1);
		assert_int_equal(e.kind, ERR_BUG);
		assert_string_equal(e.text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_table_passes),
		cmocka_unit_test(a_broken_table_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
