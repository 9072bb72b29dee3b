#include "unit/cli/program.h"

#include "cli/text_width.h"

static void columns(void **state)
{
	(void)state;
	assert_int_equal(text_columns(view_text("")), 0);
	assert_int_equal(text_columns(view_text("vault")), 5);
	assert_int_equal(text_columns(view_text("é")), 1);
	assert_int_equal(text_columns(view_text("e\xCC\x81")), 1);
	assert_int_equal(text_columns(view_text("表格")), 4);
	assert_int_equal(text_columns(view_text("한글")), 4);
	assert_int_equal(text_columns(view_text("🔑")), 2);
	assert_int_equal(text_columns(view_text("\xff\xc3")), 2);
}

static void expect_fit(const char *text, size_t width, const char *want)
{
	AUTO(buf) struct buf out = BUF_MAX(256);

	text_fit(&out, view_text(text), width);
	assert_string_equal(buf_str(&out), want);
	assert_true(text_columns(buf_bytes(&out)) <= width);
}

static void fitting(void **state)
{
	(void)state;
	expect_fit("vault", 5, "vault");
	expect_fit("vault-0", 5, "va...");
	expect_fit("表格表格", 6, "表...");
	expect_fit("表格", 3, "表");
	expect_fit("vault", 0, "");
}

static void expect_safe(const char *text, const char *want)
{
	AUTO(buf) struct buf out = BUF_MAX(256);

	text_safe(&out, view_text(text));
	assert_string_equal(buf_str(&out), want);
}

static void safety(void **state)
{
	(void)state;
	expect_safe("a\tb\nc", "a b c");
	expect_safe("\033[31mred\a\x7f", "?[31mred??");
	expect_safe("\xC2\x9B" "31m", "?31m");      /* C1: CSI in one character */
	expect_safe("gr\xFC\xDF" "e", "gr??e");
	expect_safe("Größe", "Größe");
}

static void expect_wrapped(const char *text, size_t indent, const char *want)
{
	AUTO(buf) struct buf out = BUF_MAX(256);

	text_wrap(&out, text, 12, indent);
	assert_string_equal(buf_str(&out), want);
}

static void wrapping(void **state)
{
	(void)state;
	expect_wrapped("one two three four", 0, "one two\nthree four");
	expect_wrapped("one two three", 4, "one two\n    three");
	expect_wrapped("a\n\nb", 0, "a\n\nb");
	expect_wrapped("averyverylongword x", 0, "averyverylongword\nx");
	expect_wrapped("", 3, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns),
		cmocka_unit_test(fitting),
		cmocka_unit_test(safety),
		cmocka_unit_test(wrapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
