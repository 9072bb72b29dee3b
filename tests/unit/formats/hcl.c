#include "unit/unit.h"

#include "core/text.h"
#include "formats/hcl.h"

static struct value *parse(struct arena *a, const char *text)
{
	AUTO(err) struct err e = { 0 };
	struct value *v = NULL;

	if (hcl_parse(a, view_text(text), "t.tfvars", &v, &e) < 0)
		fail_msg("%s", e.text);
	return v;
}

static void a_tfvars_file(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *v = parse(&a, "# comment\n"
									  "cluster_name = \"prod\" // here\n"
									  "kms_deletion_window_days=7\r\n"
									  "pitr = true /* and\n here */\n"
									  "nothing = null\n"
									  "share = -0.5e1\n"
									  "tags = {\n"
									  "  Team = \"x\", \"a b\" : \"y\"\n"
									  "  nested = { k = 1 }\n"
									  "}\n"
									  "zones = [\n  \"a\", # one\n  \"b\",\n]\n"
									  "empty = []\n"
									  "none = {}");

	(void)state;
	assert_int_equal(v->n, 9);
	assert_string_equal(value_text_or(v, "cluster_name", ""), "prod");
	assert_int_equal(value_int_or(v, "kms_deletion_window_days", 0), 7);
	assert_true(value_bool_or(v, "pitr", false));
	assert_int_equal(value_at(v, "nothing")->type, VALUE_NULL);
	assert_true(value_at(v, "share")->real == -5.0);
	assert_string_equal(value_text_or(v, "tags.a b", ""), "y");
	assert_int_equal(value_int_or(v, "tags.nested.k", 0), 1);
	assert_int_equal(value_count(v, "zones"), 2);
	assert_int_equal(value_at(v, "empty")->type, VALUE_LIST);
	assert_int_equal(value_at(v, "none")->type, VALUE_MAP);
	assert_int_equal(value_at(v, "zones.1")->mark.line, 14);
	assert_int_equal(value_at(v, "zones.1")->mark.column, 3);
	assert_int_equal(v->name_marks[1].line, 3);
}

static void texts_and_their_escapes(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *v =
		parse(&a, "a = \"\\n\\r\\t\\\"\\\\ \\u00e9\\U0001f511 $${x} %%{y} $x 5% $\"\n"
				  "b = <<EOT\n  one \\n\n$${two}\n\n EOT\n"
				  "c = <<-EOT\n    one\n\n      two\n    EOT\n"
				  "d = <<E\nE\n");

	(void)state;
	assert_string_equal(value_text_or(v, "a", ""),
						"\n\r\t\"\\ \xc3\xa9\xf0\x9f\x94\x91 ${x} %{y} $x 5% $");
	assert_string_equal(value_text_or(v, "b", ""), "  one \\n\n${two}\n\n");
	assert_string_equal(value_text_or(v, "c", ""), "one\n\n  two\n");
	assert_string_equal(value_text_or(v, "d", "?"), "");
}

static void what_is_no_literal_is_refused_with_its_place(void **state)
{
	static const char *const rows[][2] = {
		{ "a = var.b", "t.tfvars:1:5: only literal values are allowed here, no names or calls" },
		{ "a = f(1)", "t.tfvars:1:5: only literal values are allowed here, no names or calls" },
		{ "a = \"x ${b}\"",
		  "t.tfvars:1:8: only literal texts are allowed here; write $${ or %%{ for the signs" },
		{ "a = <<E\n%{if x}\nE\n",
		  "t.tfvars:1:5: only literal texts are allowed here; write $${ or %%{ for the signs" },
		{ "b \"x\" {\n}",
		  "t.tfvars:1:3: a '=' must stand here; blocks have no place in this file" },
		{ "b {\n}", "t.tfvars:1:3: a '=' must stand here; blocks have no place in this file" },
		{ "a = 1\nb = 2\na = 3", "t.tfvars:3:1: the name 'a' stands here twice" },
		{ "a = { x = 1, x = 2 }", "t.tfvars:1:14: the name 'x' stands here twice" },
		{ "a = 1 b = 2", "t.tfvars:1:7: only one 'name = value' may stand on a line" },
		{ "a = \"x\n\"", "t.tfvars:1:5: this text has no closing '\"' on its line" },
		{ "a = \"\\x\"", "t.tfvars:1:6: this escape is not known" },
		{ "a = \"\\ud800\"", "t.tfvars:1:6: this escape is not known" },
		{ "a = <<E\nx\n",
		  "t.tfvars:1:5: this text has no end: its word must stand alone on a line" },
		{ "a = << E\nx\nE\n", "t.tfvars:1:5: behind << one word must stand, alone on its line" },
		{ "/* a", "t.tfvars:1:1: this comment has no end" },
		{ "a = [1 2]", "t.tfvars:1:8: a ',' or ']' must stand here" },
		{ "a = {b = 1 c = 2}", "t.tfvars:1:12: a ',', a line end or '}' must stand here" },
		{ "a = 1.", "t.tfvars:1:5: this is no number" },
		{ "a = -", "t.tfvars:1:5: this is no number" },
		{ "a =", "t.tfvars:1:4: a value must stand here" },
		{ "a = 1 + 2", "t.tfvars:1:7: only one 'name = value' may stand on a line" },
		{ "\"a\" = 1", "t.tfvars:1:1: a name must stand here" },
		{ "a = \"\xff\"", "t.tfvars:1:6: this byte is no UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct value *v;

		if (hcl_parse(&a, view_text(rows[i][0]), "t.tfvars", &v, &e) == 0)
			fail_msg("'%s' was taken", rows[i][0]);
		assert_string_equal(e.text, rows[i][1]);
		assert_int_equal(e.kind, ERR_CONFIG);
	}
}

static void depth_is_bounded(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	AUTO(buf) struct buf text = BUF_MAX(1 << 20);
	struct value *v;

	(void)state;
	buf_text(&text, "a = ");
	for (int i = 0; i < 100000; i++)
		buf_char(&text, '[');
	assert_int_equal(hcl_parse(&a, buf_bytes(&text), "f", &v, &e), -1);
	assert_string_equal(e.text, "f:1:105: nested too deep");
}

static void quoted_texts_read_back(void **state)
{
	static const char *const rows[] = {
		"", "plain", "a \"b\" \\ c", "line\r\n\tend", "${x} %{y} $ % {", "\x01\x7f", "\xc3\xa9"
	};
	AUTO(buf) struct buf out = BUF_MAX(1000);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;

		buf_cut(&out, 0);
		buf_text(&out, "a = ");
		hcl_quote(&out, view_text(rows[i]));
		assert_string_equal(value_text_or(parse(&a, buf_str(&out)), "a", "?"), rows[i]);
	}
	buf_cut(&out, 0);
	hcl_quote(&out, view_text("${a}%{b}"));
	assert_string_equal(buf_str(&out), "\"$${a}%%{b}\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tfvars_file),
		cmocka_unit_test(texts_and_their_escapes),
		cmocka_unit_test(what_is_no_literal_is_refused_with_its_place),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(quoted_texts_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
