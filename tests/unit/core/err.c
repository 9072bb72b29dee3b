#include "unit/unit.h"

#include "core/err.h"

static void set_replaces_and_may_use_what_was_there(void **state)
{
	AUTO(err) struct err e = { 0 };

	(void)state;
	assert_int_equal(err_set(&e, ERR_NET, 7, "first"), -1);
	err_hint(&e, "a hint");
	assert_int_equal(err_set(&e, ERR_DENIED, 403, "%s, and a second", e.text), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_int_equal(e.status, 403);
	assert_string_equal(e.text, "first, and a second");
	assert_null(e.hint);
	assert_null(e.more);
}

static void while_puts_context_in_front_of_every_problem(void **state)
{
	AUTO(err) struct err e = { 0 };

	(void)state;
	err_also(&e, ERR_CONFIG, "one");
	err_also(&e, ERR_CONFIG, "two");
	assert_int_equal(err_while(&e, "reading '%s'", "x"), -1);
	err_while(&e, "planning");
	assert_string_equal(e.text, "planning: reading 'x': one");
	assert_string_equal(e.more->text, "planning: reading 'x': two");
}

static void hint_nearest_the_cause_stays_and_is_the_last_problem_s(void **state)
{
	AUTO(err) struct err e = { 0 };

	(void)state;
	err_also(&e, ERR_CONFIG, "one");
	err_hint(&e, "for one");
	err_also(&e, ERR_CONFIG, "two");
	err_hint(&e, "for %s", "two");
	err_hint(&e, "too late");
	assert_string_equal(e.hint, "for one");
	assert_string_equal(e.more->hint, "for two");
}

static void append_move_and_copy_keep_all_problems(void **state)
{
	AUTO(err) struct err e = { 0 }, from = { 0 }, copy = { 0 }, none = { 0 };

	(void)state;
	err_append(&e, &none);
	assert_int_equal(err_count(&e), 0);
	err_also(&from, ERR_CONFIG, "one");
	err_also(&from, ERR_USAGE, "two");
	err_append(&e, &from);
	assert_int_equal(err_count(&from), 0);
	err_also(&from, ERR_BUG, "three");
	err_append(&e, &from);
	assert_int_equal(err_count(&e), 3);
	err_copy(&copy, &e);
	err_move(&from, &e);
	assert_int_equal(err_count(&e), 0);
	assert_int_equal(err_count(&from), 3);
	assert_string_equal(copy.more->more->text, "three");
	assert_ptr_not_equal(copy.text, from.text);
	err_move(&from, &from);
	assert_int_equal(err_count(&from), 3);
}

static void release_may_come_twice(void **state)
{
	struct err e = { 0 };

	(void)state;
	err_also(&e, ERR_CONFIG, "one");
	err_also(&e, ERR_CONFIG, "two");
	err_release(&e);
	err_release(&e);
	assert_int_equal(e.kind, ERR_NONE);
	assert_null(e.more);
}

static void each_kind_has_a_name_and_an_exit_code(void **state)
{
	static const struct {
		enum err_kind kind;
		int status, code;
	} rows[] = {
		{ ERR_NONE, 0, 0 },       { ERR_USAGE, 0, 2 },     { ERR_CONFIG, 0, 2 },
		{ ERR_AUTH, 0, 1 },       { ERR_DENIED, 403, 1 },  { ERR_ABSENT, 0, 1 },
		{ ERR_CONFLICT, 0, 4 },   { ERR_GUARD, 0, 4 },     { ERR_THROTTLED, 0, 1 },
		{ ERR_NET, 0, 1 },        { ERR_REMOTE, 0, 1 },    { ERR_LATE, 0, 5 },
		{ ERR_STOPPED, 15, 143 }, { ERR_STOPPED, 0, 130 }, { ERR_BUG, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct err e = { .kind = rows[i].kind, .status = rows[i].status };

		assert_int_equal(err_exit_code(&e), rows[i].code);
		assert_string_not_equal(err_kind_name(e.kind), "unknown");
	}
	assert_string_equal(err_kind_name(ERR_CONFLICT), "conflict");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_replaces_and_may_use_what_was_there),
		cmocka_unit_test(while_puts_context_in_front_of_every_problem),
		cmocka_unit_test(hint_nearest_the_cause_stays_and_is_the_last_problem_s),
		cmocka_unit_test(append_move_and_copy_keep_all_problems),
		cmocka_unit_test(release_may_come_twice),
		cmocka_unit_test(each_kind_has_a_name_and_an_exit_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
