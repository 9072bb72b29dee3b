#include "unit/unit.h"

#include "core/text.h"
#include "formats/json.h"

static struct value *parse(struct arena *a, const char *text)
{
	AUTO(err) struct err e = { 0 };
	struct value *v = NULL;

	if (va_json_parse(a, view_text(text), "t.json", &v, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return v;
}

static void integers_keep_every_digit(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *v =
		parse(&a, "[9007199254740993, -9223372036854775808, 9223372036854775808, 1.0, 1e2, -0]");

	(void)state;
	assert_int_equal(value_int_or(v, "0", 0), 9007199254740993);
	assert_int_equal(value_int_or(v, "1", 0), INT64_MIN);
	assert_int_equal(value_at(v, "2")->type, VALUE_REAL);
	assert_int_equal(value_at(v, "3")->type, VALUE_REAL);
	assert_true(value_at(v, "4")->real == 100.0);
	assert_int_equal(value_at(v, "5")->type, VALUE_INT);
}

static void names_differ_by_case_and_keep_their_order(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *v = parse(&a, "{\"Key\":1,\"key\":2,\"\":3}");

	(void)state;
	assert_int_equal(v->n, 3);
	assert_int_equal(value_int_or(v, "Key", 0), 1);
	assert_int_equal(value_int_or(v, "key", 0), 2);
	assert_int_equal(value_get(v, "")->integer, 3);
}

static void escapes_and_zeros(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *v =
		parse(&a, "\"a\\u0000b\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\udd11\xc3\xa9!\"");
	static const char want[] = "a\0b\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91\xc3\xa9!";

	(void)state;
	assert_int_equal(v->n, sizeof(want) - 1);
	assert_memory_equal(v->text, want, sizeof(want));
}

static void marks_count_lines_and_characters(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *v = parse(&a, "{\n  \"\xc3\xa9\xc3\xa9\": [true,\n\t null],  \"x\": {}\n}");
	const struct value *null = value_at(v, "\xc3\xa9\xc3\xa9.1"), *x = value_at(v, "x");

	(void)state;
	assert_string_equal(null->mark.file, "t.json");
	assert_int_equal(null->mark.line, 3);
	assert_int_equal(null->mark.column, 3);
	assert_int_equal(x->mark.column, 16);
	assert_int_equal(v->name_marks[0].line, 2);
	assert_int_equal(v->name_marks[0].column, 3);
	assert_int_equal(value_at(v, "\xc3\xa9\xc3\xa9.0")->mark.column, 10);
}

static void without_a_file_there_are_no_marks(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct value *v;

	(void)state;
	assert_int_equal(va_json_parse(&a, view_text("{\"a\":1}"), NULL, &v, &e), 0);
	assert_null(v->name_marks);
	assert_int_equal(value_get(v, "a")->mark.line, 0);
	assert_int_equal(va_json_parse(&a, view_text("{\"a\":\n x}"), NULL, &v, &e), -1);
	assert_string_equal(e.text, "2:2: this is no JSON");
}

static void what_cjson_lets_pass_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "", "t.json:1:1: an empty text is no JSON" },
		{ "{\"a\":1} x", "t.json:1:9: something stands behind the document" },
		{ "{\"a\":1,\n \"b\":2,\"a\":3}", "t.json:2:8: the name 'a' stands here twice" },
		{ "[01]", "t.json:1:2: this is no number of JSON" },
		{ "[1.]", "t.json:1:2: this is no number of JSON" },
		{ "[1e999]", "t.json:1:2: this number is too large" },
		{ "{\x01\"a\":1}", "t.json:1:2: this is no JSON" },
		{ "\"a\nb\"", "t.json:1:3: a control character inside a text must be escaped" },
		{ "\"\\uZZZZ\"", "t.json:1:2: this escape is no character" },
		{ "{\"a\\u0000b\":1}", "t.json:1:2: a name must not hold a zero" },
		{ "\"\xff\"", "t.json:1:2: this byte is no UTF-8" },
		{ "\"\xed\xa0\x80\"", "t.json:1:2: this byte is no UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct value *v;

		assert_int_equal(va_json_parse(&a, view_text(rows[i][0]), "t.json", &v, &e), -1);
		assert_string_equal(e.text, rows[i][1]);
		assert_int_equal(e.kind, ERR_CONFIG);
	}
}

static void what_is_no_json_is_refused(void **state)
{
	static const char *const rows[] = {
		"{",     "[1,]",      "{\"a\":1,}", "{a:1}",       "'a'",         "tru",   "truex", "nul",
		"[1 2]", "{\"a\" 1}", "\"\\x\"",    "\"\\ud800\"", "\"\\udc00\"", "\"abc", "[NaN]", "[+1]",
		"[.5]",  "]",         "{]",         "[}",          "-",           "/**/1", " "
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct value *v = NULL;

		if (va_json_parse(&a, view_text(rows[i]), NULL, &v, &e) == 0)
			fail_msg("'%s' was taken", rows[i]);
		assert_true(e.kind == ERR_CONFIG && e.text);
		assert_null(v);
	}
}

static void depth_and_size_are_bounded(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	AUTO(buf) struct buf text = BUF_MAX(4 << 20);
	struct value *v;

	(void)state;
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_char(&text, '[');
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_char(&text, ']');
	assert_int_equal(va_json_parse(&a, buf_bytes(&text), NULL, &v, &e), 0);
	buf_cut(&text, 0);
	for (int i = 0; i < JSON_DEPTH_MAX + 1; i++)
		buf_char(&text, '[');
	assert_int_equal(va_json_parse(&a, buf_bytes(&text), NULL, &v, &e), -1);
	assert_string_equal(e.text, "1:101: nested too deep");
	buf_cut(&text, 0);
	buf_char(&text, '[');
	for (int i = 0; i < JSON_VALUES_MAX; i++)
		buf_text(&text, "0,");
	assert_int_equal(va_json_parse(&a, buf_bytes(&text), NULL, &v, &e), -1);
	assert_non_null(strstr(e.text, "too many values"));
}

static void a_long_map_takes_no_long_time(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	AUTO(buf) struct buf text = BUF_MAX(8 << 20);
	struct value *v;

	(void)state;
	buf_char(&text, '{');
	for (int i = 0; i < 300000; i++)
		buf_printf(&text, "\"name-%d\":%d,", i, i);
	buf_text(&text, "\"last\":1}");
	assert_int_equal(va_json_parse(&a, buf_bytes(&text), NULL, &v, &e), 0);
	assert_int_equal(v->n, 300001);
}

static void printing_and_reading_give_the_same(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf out = BUF_MAX(10000);
	static const char compact[] = "{\"a\":[1,-2.5,true,false,null,\"x\\\"\\\\\\n\\u0001\\u007f\"],"
								  "\"b\":{},\"c\":[],\"d\":{\"e\":1.0}}";
	const struct value *v = parse(&a, compact);

	(void)state;
	va_json_print(&out, v, false);
	assert_string_equal(buf_str(&out), compact);
	buf_cut(&out, 0);
	va_json_print(&out, v, true);
	assert_string_equal(buf_str(&out),
						"{\n  \"a\": [\n    1,\n    -2.5,\n    true,\n    false,\n    null,\n"
						"    \"x\\\"\\\\\\n\\u0001\\u007f\"\n  ],\n  \"b\": {},\n  \"c\": [],\n"
						"  \"d\": {\n    \"e\": 1.0\n  }\n}\n");
	assert_true(value_same(v, parse(&a, buf_str(&out))));
}

static void what_json_cannot_say(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf out = BUF_MAX(100);

	(void)state;
	va_json_print(&out, value_new_real(&a, 1.0 / 0.0), false);
	va_json_quote(&out, view_text("a\xff\xc3\xa9"));
	assert_string_equal(buf_str(&out), "null\"a\\ufffd\xc3\xa9\"");
}

static void a_byte_order_mark_is_skipped(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	assert_int_equal(parse(&a, "\xef\xbb\xbf 1")->mark.column, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_keep_every_digit),
		cmocka_unit_test(names_differ_by_case_and_keep_their_order),
		cmocka_unit_test(escapes_and_zeros),
		cmocka_unit_test(marks_count_lines_and_characters),
		cmocka_unit_test(without_a_file_there_are_no_marks),
		cmocka_unit_test(what_cjson_lets_pass_is_refused),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(depth_and_size_are_bounded),
		cmocka_unit_test(a_long_map_takes_no_long_time),
		cmocka_unit_test(printing_and_reading_give_the_same),
		cmocka_unit_test(what_json_cannot_say),
		cmocka_unit_test(a_byte_order_mark_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
