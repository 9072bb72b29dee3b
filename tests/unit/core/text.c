#include "unit/unit.h"

#include "core/text.h"
#include "core/utf8.h"
#include "core/view.h"

static void texts_compare_with_null_as_itself(void **state)
{
	(void)state;
	assert_true(text_same(NULL, NULL));
	assert_false(text_same(NULL, ""));
	assert_true(text_same("a", "a"));
	assert_false(text_same("a", "A"));
	assert_true(text_same_nocase("a", "A"));
	assert_false(text_same_nocase("a", NULL));
	assert_true(text_starts("abc", "ab"));
	assert_false(text_starts("a", "ab"));
	assert_true(text_ends("abc", "bc"));
	assert_false(text_ends("c", "bc"));
	assert_true(text_empty(NULL));
	assert_true(text_empty(""));
	assert_false(text_empty(" "));
}

static void nearest_is_what_was_meant(void **state)
{
	static const char *const keys[] = { "region", "replicas", "release", "tags",
										"kms_deletion_window_days" };
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{ "regoin", "region" }, /* swapped neighbours are one mistake */
		{ "rgion", "region" },  { "kms_deletion_windw_days", "kms_deletion_window_days" },
		{ "tag", "tags" },      { "replica", "replicas" },
		{ "tags", "tags" },     { "x", NULL },
		{ "password", NULL },   { "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *found = text_nearest(rows[i].word, keys, COUNT_OF(keys));

		assert_text(found, rows[i].nearest ? rows[i].nearest : "(null)");
	}
	assert_null(text_nearest("region", NULL, 0));
}

static void views_trim_and_cut(void **state)
{
	struct view rest = view_text("a,,b"), all = view_text("abc");
	const char *const want[] = { "a", "", "b" };
	size_t n = 0;

	(void)state;
	while (rest.p)
		assert_true(view_is(view_cut(&rest, ','), want[n++]));
	assert_int_equal(n, 3);
	assert_true(view_is(view_cut(&all, ','), "abc"));
	assert_null(all.p);
	assert_true(view_is(view_trim(view_text(" \t a b\r\n")), "a b"));
	assert_int_equal(view_trim(view_text("  ")).n, 0);
	assert_true(view_same(view_text(NULL), view_of(NULL, 0)));
	assert_true(view_starts(view_text("abc"), "ab"));
	assert_false(view_starts(view_of("abc", 1), "ab"));
	assert_true(view_ends(view_text("abc"), ""));
}

static void utf8_is_strict(void **state)
{
	static const struct {
		const char *text;
		size_t fault;
	} rows[] = {
		{ "plain", 5 },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91", 9 },
		{ "a\xc0\x80", 1 }, /* overlong */
		{ "a\xe0\x80\x80", 1 },
		{ "a\xed\xa0\x80", 1 },     /* a surrogate */
		{ "a\xf4\x90\x80\x80", 1 }, /* above U+10FFFF */
		{ "a\xf0\x9f\x94", 1 },     /* cut off */
		{ "a\x80", 1 },
		{ "a\xff", 1 },
	};
	uint32_t code;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(utf8_fault(view_text(rows[i].text)), rows[i].fault);
	assert_int_equal(utf8_next(view_text("\xf0\x9f\x94\x91x"), &code), 4);
	assert_int_equal(code, 0x1f511);
	assert_int_equal(utf8_next(view_text(""), &code), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_compare_with_null_as_itself),
		cmocka_unit_test(nearest_is_what_was_meant),
		cmocka_unit_test(views_trim_and_cut),
		cmocka_unit_test(utf8_is_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
