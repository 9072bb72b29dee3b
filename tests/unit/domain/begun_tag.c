/* The note as a tag: there and back, and what is none of ours. */
#include "domain/begun_tag.h"

#include "unit/unit.h"

#define ID "0123456789abcdef0123456789abcdef"

static void there_and_back(void **state)
{
	static const struct {
		enum begun_stage stage;
		const char *text;
	} cases[] = {
		{ BEGUN_BEGUN, "begun 2026-11-24T12:00:00Z " ID },
		{ BEGUN_LOST, "lost 2026-11-24T12:00:00Z " ID },
		{ BEGUN_KEYS, "keys 2026-11-24T12:00:00Z " ID },
	};
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct value *tags = value_new_map(&a);
		struct begun_tag t;

		value_set_text(&a, tags, "Environment", "x");
		value_set_text(&a, tags, TAG_BEGUN, cases[i].text);
		assert_int_equal(begun_tag_read(&t, &a, tags, &e), 0);
		assert_int_equal(t.stage, cases[i].stage);
		assert_string_equal(t.id, ID);
		assert_string_equal(t.since, "2026-11-24T12:00:00Z");
		assert_true(t.since_ms == INT64_C(1795521600000));
		assert_string_equal(begun_tag_print(&a, &t), cases[i].text);
	}
}

static void none_is_none(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0};
	struct begun_tag t = { .stage = BEGUN_KEYS };

	(void)state;
	assert_int_equal(begun_tag_read(&t, &a, value_new_map(&a), &e), 0);
	assert_int_equal(t.stage, BEGUN_NONE);
}

static void what_we_do_not_write_is_a_guard(void **state)
{
	static const char *const texts[] = {
		"", "begun", "begun 2026-11-24T12:00:00Z", "begun yesterday " ID, "done 2026-11-24T12:00:00Z " ID,
		"begun 2026-11-24T12:00:00Z " ID "0", "begun 2026-11-24T12:00:00Z 0123456789ABCDEF0123456789abcdef",
		"begun 2026-11-24T12:00:00Z " ID " ",
	};
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		AUTO(err) struct err e = {0};
		struct value *tags = value_new_map(&a);
		struct begun_tag t;

		value_set_text(&a, tags, TAG_BEGUN, texts[i]);
		assert_int_equal(begun_tag_read(&t, &a, tags, &e), -1);
		assert_int_equal(err_exit_code(&e), 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(none_is_none),
		cmocka_unit_test(what_we_do_not_write_is_a_guard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
