#include "unit/unit.h"

#include "core/buf.h"

static void grows_and_stays_terminated(void **state)
{
	AUTO(buf) struct buf b = BUF_MAX(1 << 20);
	AUTO(err) struct err e = { 0 };

	(void)state;
	assert_string_equal(buf_str(&b), "");
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%04d,", i);
	assert_int_equal(b.n, 50000);
	assert_int_equal(strlen(buf_str(&b)), b.n);
	assert_true(view_ends(buf_bytes(&b), "9998,9999,"));
	assert_int_equal(buf_whole(&b, "it", &e), 0);
}

static void holds_exactly_its_ceiling(void **state)
{
	AUTO(buf) struct buf b = BUF_MAX(5);
	AUTO(err) struct err e = { 0 };

	(void)state;
	buf_text(&b, "12345");
	assert_false(b.full);
	buf_char(&b, '6');
	buf_text(&b, "");
	assert_true(b.full);
	assert_string_equal(buf_str(&b), "12345");
	assert_int_equal(buf_whole(&b, "the reply", &e), -1);
	assert_int_equal(e.kind, ERR_REMOTE);
	assert_string_equal(e.text, "the reply is longer than 5 bytes");
}

static void an_append_fits_whole_or_not_at_all(void **state)
{
	AUTO(buf) struct buf b = BUF_MAX(8);

	(void)state;
	buf_text(&b, "1234");
	buf_printf(&b, "%s", "56789");
	buf_text(&b, "5");
	assert_string_equal(buf_str(&b), "1234");
}

static void a_buffer_without_ceiling_takes_nothing(void **state)
{
	AUTO(buf) struct buf b = { 0 };

	(void)state;
	buf_char(&b, 'x');
	assert_true(b.full);
	assert_int_equal(b.n, 0);
}

static void a_cut_front_leaves_nothing_behind(void **state)
{
	AUTO(buf) struct buf b = BUF_MAX(100);

	(void)state;
	buf_cut_front(&b, 3);
	assert_null(b.p);
	buf_text(&b, "secret rest");
	buf_cut_front(&b, 0);
	assert_string_equal(buf_str(&b), "secret rest");
	buf_cut_front(&b, 7);
	assert_string_equal(buf_str(&b), "rest");
	assert_memory_equal(b.p + 4, "\0\0\0\0\0\0\0", 7);
	buf_cut_front(&b, 50);
	assert_int_equal(b.n, 0);
	assert_string_equal(b.p, "");
}

static void cut_take_and_wipe(void **state)
{
	AUTO(buf) struct buf b = BUF_MAX(100);
	AUTO(text) char *taken = NULL, *nothing = NULL;

	(void)state;
	buf_text(&b, "one two");
	buf_cut(&b, 50);
	assert_int_equal(b.n, 7);
	buf_cut(&b, 3);
	taken = buf_take(&b);
	assert_string_equal(taken, "one");
	assert_null(b.p);
	nothing = buf_take(&b);
	assert_string_equal(nothing, "");
	buf_put(&b, "a\0b", 3);
	assert_int_equal(buf_bytes(&b).n, 3);
	assert_memory_equal(buf_bytes(&b).p, "a\0b", 4);
	buf_wipe(&b);
	assert_null(b.p);
	assert_int_equal(b.max, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_stays_terminated),
		cmocka_unit_test(holds_exactly_its_ceiling),
		cmocka_unit_test(an_append_fits_whole_or_not_at_all),
		cmocka_unit_test(a_buffer_without_ceiling_takes_nothing),
		cmocka_unit_test(a_cut_front_leaves_nothing_behind),
		cmocka_unit_test(cut_take_and_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
