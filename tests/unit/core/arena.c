#include "unit/unit.h"

#include "core/arena.h"
#include "core/text.h"

static void memory_is_aligned_and_zero(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t n = 0; n < 3000; n += 7) {
		unsigned char *p = arena_alloc(&a, n);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(p[i], 0);
			p[i] = 0xff; /* so that a piece given out twice is seen */
		}
	}
}

static void a_piece_larger_than_any_chunk(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	char *small = arena_text(&a, "small"), *large = ARENA_ARRAY(&a, char, 3 << 20), *again;

	(void)state;
	memset(large, 'x', 3 << 20);
	again = arena_printf(&a, "%s-%d", small, 7);
	assert_string_equal(small, "small");
	assert_string_equal(again, "small-7");
	assert_int_equal(a.used, 6 + (3 << 20) + 8);
}

static void copies_are_terminated(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	assert_null(arena_text(&a, NULL));
	assert_string_equal(arena_view(&a, view_of("abcdef", 3)), "abc");
	assert_string_equal(arena_view(&a, view_of(NULL, 0)), "");
}

/* Between pieces of other kinds, and none over another. */
static void texts_and_pieces_stay_apart(void **state)
{
	enum { N = 2000 };
	AUTO(arena) struct arena a = ARENA_INIT;
	char *texts[N];
	size_t *pieces[N];

	(void)state;
	for (size_t i = 0; i < N; i++) {
		texts[i] = arena_printf(&a, "text-%zu", i * i);
		pieces[i] = ARENA_ARRAY(&a, size_t, i % 5 + 1);
		for (size_t k = 0; k <= i % 5; k++) {
			assert_int_equal(pieces[i][k], 0);
			pieces[i][k] = i;
		}
	}
	for (size_t i = 0; i < N; i++) {
		AUTO(text) char *text = xasprintf("text-%zu", i * i);

		assert_string_equal(texts[i], text);
		for (size_t k = 0; k <= i % 5; k++)
			assert_int_equal(pieces[i][k], i);
	}
}

static void release_and_wipe_leave_an_arena_that_can_be_used(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	arena_text(&a, "secret");
	arena_wipe(&a);
	assert_null(a.last);
	assert_int_equal(a.used, 0);
	assert_string_equal(arena_text(&a, "again"), "again");
	arena_release(&a);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_aligned_and_zero),
		cmocka_unit_test(a_piece_larger_than_any_chunk),
		cmocka_unit_test(copies_are_terminated),
		cmocka_unit_test(texts_and_pieces_stay_apart),
		cmocka_unit_test(release_and_wipe_leave_an_arena_that_can_be_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
