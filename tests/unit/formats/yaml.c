#include "unit/unit.h"

#include "core/text.h"
#include "formats/json.h"
#include "formats/yaml.h"

static struct value *parse(struct arena *a, const char *text)
{
	AUTO(err) struct err e = { 0 };
	struct value *v = NULL;

	if (va_yaml_parse(a, view_text(text), "v.yaml", &v, &e) < 0)
		fail_msg("%s\n%s", e.text, text);
	return v;
}

/* The document as JSON: types and content in one text. */
static const char *as_json(struct arena *a, const char *text)
{
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);

	va_json_print(&out, parse(a, text), false);
	return arena_text(a, buf_str(&out));
}

/* Bare words as sigs.k8s.io/yaml takes them. */
static void bare_words(void **state)
{
	static const char *const rows[][2] = {
		{ "y", "true" },
		{ "Yes", "true" },
		{ "ON", "true" },
		{ "True", "true" },
		{ "n", "false" },
		{ "no", "false" },
		{ "Off", "false" },
		{ "FALSE", "false" },
		{ "yEs", "\"yEs\"" },
		{ "oN", "\"oN\"" },
		{ "'yes'", "\"yes\"" },
		{ "\"on\"", "\"on\"" },
		{ "", "null" },
		{ "~", "null" },
		{ "Null", "null" },
		{ "nULL", "\"nULL\"" },
		{ "12", "12" },
		{ "-3", "-3" },
		{ "+4", "4" },
		{ "1_000", "1000" },
		{ "0x1F", "31" },
		{ "0X1f", "31" },
		{ "-0x10", "-16" },
		{ "0o17", "15" },
		{ "0123", "83" },
		{ "0b101", "5" },
		{ "0x", "\"0x\"" },
		{ "0x-1", "\"0x-1\"" },
		{ "08", "8.0" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "18446744073709551615", "1.8446744073709552e+19" },
		{ "1.5", "1.5" },
		{ "1.", "1.0" },
		{ ".5", "0.5" },
		{ "1e3", "1000.0" },
		{ "-1.5E-3", "-0.0015" },
		{ ".inf", "null" },
		{ "1e999", "\"1e999\"" },
		{ "_1", "\"_1\"" },
		{ "._5", "\"._5\"" },
		{ "12:30:00", "\"12:30:00\"" },
		{ "2001-01-01", "\"2001-01-01\"" },
		{ "2026-11-23T00:00:00Z", "\"2026-11-23T00:00:00Z\"" },
		{ "1.2.3", "\"1.2.3\"" },
		{ "1,000", "\"1,000\"" },
		{ "012345678901", "12345678901.0" },
		{ "=", "\"=\"" },
		{ "!!str 12", "\"12\"" },
		{ "!!int 12", "12" },
		{ "! 12", "\"12\"" },
		{ "!!float 3", "3" },
		{ "!!bool yes", "true" },
		{ "a b", "\"a b\"" },
		{ "|\n  a\n  b\n", "\"a\\nb\\n\"" },
		{ ">-\n  a\n  b\n", "\"a b\"" },
	};
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(as_json(&a, rows[i][0]), rows[i][1]);
}

static void names_are_texts(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	assert_string_equal(as_json(&a, "on: 1\n2: b\n'3': c\nplain: d\n\"yes\": e\n"),
						"{\"true\":1,\"2\":\"b\",\"3\":\"c\",\"plain\":\"d\",\"yes\":\"e\"}");
}

static void collections_aliases_and_merges(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	assert_string_equal(as_json(&a, "---\na: [1, {b: c}]\nd:\n- e\n- {}\n- []\n...\n"),
						"{\"a\":[1,{\"b\":\"c\"}],\"d\":[\"e\",{},[]]}");
	assert_string_equal(as_json(&a, "a: &x {k: 1}\nb: *x\nc: &x 2\nd: *x\n"),
						"{\"a\":{\"k\":1},\"b\":{\"k\":1},\"c\":2,\"d\":2}");
	assert_string_equal(as_json(&a, "base: &b {k: 1, l: 2}\none: {k: 3, <<: *b}\ntwo: {<<: [{l: "
									"4}, *b], m: 5}\nthree: {'<<': 6}\n"),
						"{\"base\":{\"k\":1,\"l\":2},\"one\":{\"k\":3,\"l\":2},\"two\":{\"m\":5,"
						"\"l\":4,\"k\":1},\"three\":{\"<<\":6}}");
	assert_string_equal(as_json(&a, ""), "null");
	assert_string_equal(as_json(&a, "# nothing\n"), "null");
	assert_string_equal(as_json(&a, "\xef\xbb\xbf"
									"a: 1"),
						"{\"a\":1}");
}

static void marks(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *v = parse(&a, "server:\n  \xc3\xa9\xc3\xa9: {ha: [1, 2]}\n");
	const struct value *two = value_at(v, "server.\xc3\xa9\xc3\xa9.ha.1");

	(void)state;
	assert_string_equal(two->mark.file, "v.yaml");
	assert_int_equal(two->mark.line, 2);
	assert_int_equal(two->mark.column, 16);
	assert_int_equal(value_get(v, "server")->name_marks[0].column, 3);
}

static void what_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "a: 1\nb: 2\na: 3\n", "v.yaml:3:1: the name 'a' stands here twice" },
		{ "1: a\n'1': b\n", "v.yaml:2:1: the name '1' stands here twice" },
		{ "a: 1\n---\nb: 2\n", "v.yaml:2:1: only one document is allowed" },
		{ "a: *x\n", "v.yaml:1:4: there is no anchor of this name" },
		{ "a: &x [*x]\n", "v.yaml:1:8: this alias holds itself" },
		{ "a: !foo b\n", "v.yaml:1:4: this tag does not fit here" },
		{ "a: !!int b\n", "v.yaml:1:4: this tag does not fit here" },
		{ "a: !!set {b}\n", "v.yaml:1:4: this tag does not fit here" },
		{ "? [a]\n: b\n", "v.yaml:1:3: a name must be a single word or text" },
		{ "~: b\n", "v.yaml:1:1: a name must be a text; write it in quotes" },
		{ "1.5: b\n", "v.yaml:1:1: a name must be a text; write it in quotes" },
		{ "\"a\\0b\": b\n", "v.yaml:1:1: a name must be a text; write it in quotes" },
		{ "<<: 1\n", "v.yaml:1:5: only maps can be merged" },
		{ "<<: {}\n<<: {}\n", "v.yaml:2:1: the name '<<' stands here twice" },
		{ "a: b: c\n", "v.yaml:1:5: mapping values are not allowed in this context" },
		{ "a: [1\n",
		  "v.yaml:2:1: while parsing a flow sequence: did not find expected ',' or ']'" },
		{ "a: \xff\n", "v.yaml:1:4: this byte is no UTF-8" },
		{ "a: \x01\n", "v.yaml:1:4: control characters are not allowed" },
		{ "\ta: 1\n", "v.yaml:1:1: while scanning for the next token: found character that cannot "
					  "start any token" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct value *v = NULL;

		if (va_yaml_parse(&a, view_text(rows[i][0]), "v.yaml", &v, &e) == 0)
			fail_msg("'%s' was taken", rows[i][0]);
		assert_string_equal(e.text, rows[i][1]);
		assert_int_equal(e.kind, ERR_CONFIG);
		assert_null(v);
	}
}

static void refuse(const struct buf *text, const char *why)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct value *v;

	assert_int_equal(va_yaml_parse(&a, buf_bytes(text), NULL, &v, &e), -1);
	if (!strstr(e.text, why))
		fail_msg("%s", e.text);
}

static void growth_and_depth_are_bounded(void **state)
{
	AUTO(buf) struct buf text = BUF_MAX(8 << 20);

	(void)state;
	buf_text(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 10; i++) {
		buf_printf(&text, "a%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			buf_printf(&text, "*a%d,", i - 1);
		buf_text(&text, "]\n");
	}
	refuse(&text, "aliases make too many values");
	buf_cut(&text, 0);
	for (int i = 0; i < YAML_DEPTH_MAX + 1; i++)
		buf_char(&text, '[');
	refuse(&text, "1:101: nested too deep");
	buf_cut(&text, 0);
	buf_text(&text, "a0: &a0 [x]\n");
	for (int i = 1; i <= YAML_DEPTH_MAX; i++)
		buf_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	refuse(&text, "nested too deep");
	buf_cut(&text, 0);
	for (int i = 0; i < YAML_NODES_MAX + 1; i++)
		buf_text(&text, "- 1\n");
	refuse(&text, "too many values");
	buf_cut(&text, 0);
	for (int i = 0; i < YAML_ANCHORS_MAX + 1; i++)
		buf_text(&text, "- &a 1\n");
	refuse(&text, "too many anchors");
}

/* Texts that some reader of YAML takes for something else when they stand bare. */
static const char *const traps[] = {
	"yes",
	"no",
	"y",
	"n",
	"on",
	"null",
	"~",
	"0123",
	"0o17",
	"0x1F",
	"1_000",
	"12:30:00",
	"190:20:30",
	"1e3",
	"1.",
	".5",
	".inf",
	".nan",
	"-.inf",
	"=",
	"<<",
	"*a",
	"&a",
	"!t",
	"#c",
	"a #c",
	"a: b",
	"a:",
	"- a",
	"-",
	"?",
	"? a",
	"[a]",
	"{a}",
	"@a",
	"`a",
	"%a",
	"|",
	">",
	"",
	" ",
	" a",
	"a ",
	"'",
	"\"",
	"a\tb",
	"\ta",
	"a\nb\n",
	"a\nb",
	"\na\n",
	" a\nb\n",
	"a\n\n\n",
	"2001-01-01",
	"2026-11-23T00:00:00Z",
	"+1",
	"-1",
	"1,000",
	"0b101",
	"\xc3\xa9",
	"\xe2\x80\xa8x",
	"\xc2\x85x",
	"\xf0\x9f\x94\x91",
	"a\x7f",
	"a\x1b[0m",
	"---",
	"...",
	"True",
	"NULL",
	"Off",
	"1:2",
	"{{ .Release.Name }}",
	"a\r\nb\n",
	"\xef\xbb\xbfx",
	"n\n",
	"\n",
	"\n\n",
	"a\n b\n",
	"a \nb\n",
	"a\n\tb\n",
	"\ta\nb\n",
	"a\n---\nb\n",
	"NaN",
	"Infinity",
	"a\xef\xbf\xbe\n",
	"# c\nb\n",
	"- x\n- y\n",
};

static void trap_texts_come_back_as_they_were(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);
	struct value *map = value_new_map(&a), *list = value_new_list(&a), *back;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(traps); i++) {
		struct value *text = value_new_text(&a, traps[i]);

		value_set(&a, map, traps[i], text);
		value_push(&a, list, text);
		buf_cut(&out, 0);
		assert_int_equal(va_yaml_print(&out, text, &e), 0);
		back = parse(&a, buf_str(&out));
		if (!value_same(text, back))
			fail_msg("'%s' alone became %s", traps[i], buf_str(&out));
	}
	value_set(&a, map, "list", list);
	value_push(&a, list, value_new_view(&a, view_of("a\0b", 3)));
	buf_cut(&out, 0);
	assert_int_equal(va_yaml_print(&out, map, &e), 0);
	assert_true(value_same(map, parse(&a, buf_str(&out))));
}

static void a_values_document(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	AUTO(buf) struct buf out = BUF_MAX(10000);
	struct value *root = value_new_map(&a), *list = value_new_list(&a);
	struct value *notes = value_new_map(&a), *item = value_new_map(&a);

	(void)state;
	value_put(&a, root, "injector.enabled", value_new_bool(&a, false));
	value_set_text(&a, notes, "eks.amazonaws.com/role-arn", "arn:aws:iam::1:role/x");
	value_put(&a, root, "server.annotations", notes);
	value_put(&a, root, "server.account", value_new_text(&a, "012345678901"));
	value_put(&a, root, "server.replicas", value_new_int(&a, 3));
	value_put(&a, root, "server.share", value_new_real(&a, 0.5));
	value_put(&a, root, "server.nothing", value_new_null(&a));
	value_put(&a, root, "server.empty", value_new_map(&a));
	value_put(&a, root, "server.config",
			  value_new_text(&a, "ui = false\nseal \"awskms\" {\n  region = \"r\"\n}\n"));
	value_push(&a, list, value_new_text(&a, "y"));
	value_set_text(&a, item, "name", "us-east-1");
	value_push(&a, list, item);
	value_put(&a, root, "server.list", list);
	assert_int_equal(va_yaml_print(&out, root, &e), 0);
	assert_non_null(strstr(
		buf_str(&out),
		"  config: |\n    ui = false\n    seal \"awskms\" {\n      region = \"r\"\n    }\n"));
	assert_non_null(
		strstr(buf_str(&out),
			   "  annotations:\n    eks.amazonaws.com/role-arn: \"arn:aws:iam::1:role/x\"\n"));
	assert_non_null(strstr(buf_str(&out), "injector:\n  enabled: false\n"));
	assert_non_null(strstr(buf_str(&out), "  account: \"012345678901\"\n  replicas: 3\n  share: "
										  "0.5\n  nothing: null\n  empty: {}\n"));
	assert_non_null(strstr(buf_str(&out), "  - \"y\"\n  - name: us-east-1\n"));
	assert_true(value_same(root, parse(&a, buf_str(&out))));
}

static void what_is_no_utf8_cannot_be_printed(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	AUTO(buf) struct buf out = BUF_MAX(1000);
	struct value *map = value_new_map(&a);

	(void)state;
	value_set_text(&a, map, "a", "\xff");
	buf_text(&out, "before");
	assert_int_equal(va_yaml_print(&out, map, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
	assert_string_equal(buf_str(&out), "before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bare_words),
		cmocka_unit_test(names_are_texts),
		cmocka_unit_test(collections_aliases_and_merges),
		cmocka_unit_test(marks),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(growth_and_depth_are_bounded),
		cmocka_unit_test(trap_texts_come_back_as_they_were),
		cmocka_unit_test(a_values_document),
		cmocka_unit_test(what_is_no_utf8_cannot_be_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
