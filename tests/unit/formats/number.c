#include "unit/unit.h"

#include "core/scope.h"
#include "formats/number.h"

#include <float.h>

static void integers_fit_or_are_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned base;
		bool good;
		int64_t want;
	} rows[] = {
		{ "0", 10, true, 0 },
		{ "-0", 10, true, 0 },
		{ "+17", 10, true, 17 },
		{ "9223372036854775807", 10, true, INT64_MAX },
		{ "-9223372036854775808", 10, true, INT64_MIN },
		{ "9223372036854775808", 10, false, 0 },
		{ "-9223372036854775809", 10, false, 0 },
		{ "fF", 16, true, 255 },
		{ "8", 8, false, 0 },
		{ "", 10, false, 0 },
		{ "-", 10, false, 0 },
		{ "1 ", 10, false, 0 },
		{ "--1", 10, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t n = 0;

		assert_int_equal(number_int(view_text(rows[i].text), rows[i].base, &n), rows[i].good);
		assert_int_equal(n, rows[i].want);
	}
}

static void reals_have_one_grammar(void **state)
{
	static const char *const good[] = { "1", "1.5", ".5", "1.", "-1e3", "+1E-3", "1e308" };
	static const char *const bad[] = { "",    ".",    "e3",    "1e",   "1e+", "inf",
									   "nan", "0x10", "1e999", "1.5 ", " 1",  "1_0" };
	double real;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_true(number_real(view_text(good[i]), &real));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(number_real(view_text(bad[i]), &real));
	assert_true(number_real(view_of("1.259", 4), &real));
	assert_true(real == 1.25);
}

static void json_numbers_end_where_they_end(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} rows[] = {
		{ "0", 1 },  { "-0,", 2 }, { "10]", 2 }, { "1.5e+3x", 6 }, { "1E9", 3 },
		{ "01", 0 }, { "+1", 0 },  { ".5", 0 },  { "1.", 0 },      { "1e", 0 },
		{ "-", 0 },  { "", 0 },    { "NaN", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(number_json(view_text(rows[i].text)), rows[i].n);
}

static void printed_reals_read_back_the_same(void **state)
{
	static const struct {
		double real;
		const char *text;
	} rows[] = {
		{ 0.1, "0.1" },
		{ 1, "1.0" },
		{ -2.5, "-2.5" },
		{ 1e300, "1.0e+300" },
		{ 1.5e-9, "1.5e-09" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ DBL_MAX, "1.7976931348623157e+308" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(buf) struct buf b = BUF_MAX(100);
		double back = 0;

		number_print_real(&b, rows[i].real);
		assert_string_equal(buf_str(&b), rows[i].text);
		assert_true(number_real(buf_bytes(&b), &back));
		assert_true(back == rows[i].real);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_fit_or_are_refused),
		cmocka_unit_test(reals_have_one_grammar),
		cmocka_unit_test(json_numbers_end_where_they_end),
		cmocka_unit_test(printed_reals_read_back_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
