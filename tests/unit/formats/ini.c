#include "unit/unit.h"

#include "core/buf.h"
#include "formats/ini.h"

static struct value *parse(struct arena *a, const char *text)
{
	AUTO(err) struct err e = { 0 };
	struct value *v = NULL;

	if (ini_parse(a, view_text(text), "config", &v, &e) < 0)
		fail_msg("%s", e.text);
	return v;
}

static void a_shared_config_file(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *v = parse(&a, "# mine\n"
									  "[default]\n"
									  "region = us-east-1   # here\n"
									  "output=json;no comment\n"
									  "\n"
									  "[profile   ops]  ; and this\r\n"
									  "role_arn = arn:aws:iam::111122223333:role/x=y\r\n"
									  "credential_process = \"/a b\" --flag\n"
									  "Empty =\n"
									  "services = s\n"
									  "[services s]\n"
									  "kms =\n"
									  "  endpoint_url = https://kms.example\n"
									  "\tother = 1 # c\n"
									  "# between\n"
									  "  third = 3\n"
									  "sts =\n"
									  "  endpoint_url = https://sts.example");
	const struct value *ops = value_get(v, "profile ops"), *kms = value_at(v, "services s.kms");

	(void)state;
	assert_int_equal(v->n, 3);
	assert_string_equal(value_text_or(v, "default.region", ""), "us-east-1");
	assert_string_equal(value_text_or(v, "default.output", ""), "json;no comment");
	assert_string_equal(value_text_or(ops, "role_arn", ""), "arn:aws:iam::111122223333:role/x=y");
	assert_string_equal(value_text_or(ops, "credential_process", ""), "\"/a b\" --flag");
	assert_string_equal(value_text_or(ops, "Empty", "?"), "");
	assert_null(value_get(ops, "empty"));
	assert_int_equal(kms->n, 3);
	assert_string_equal(value_text_or(kms, "other", ""), "1");
	assert_string_equal(value_text_or(v, "services s.sts.endpoint_url", ""), "https://sts.example");
	assert_int_equal(value_get(ops, "services")->mark.line, 10);
	assert_string_equal(value_get(ops, "services")->mark.file, "config");
}

static void sections_join_and_the_last_key_counts(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *v = parse(&a, "[a]\nx=1\ny=2\n[b]\n[a]\nx=3\n");

	(void)state;
	assert_string_equal(value_text_or(v, "a.x", ""), "3");
	assert_string_equal(value_text_or(v, "a.y", ""), "2");
	assert_int_equal(value_count(v, "b"), 0);
	assert_int_equal(parse(&a, "")->n, 0);
}

static void lines_indented_below_a_value_go_on_with_it(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf text = BUF_MAX(1 << 20);
	const struct value *v = parse(&a, "[a]\nx = one\n  two\n\tthree # c\ny = 1\n");

	(void)state;
	assert_string_equal(value_text_or(v, "a.x", ""), "one\ntwo\nthree");
	assert_string_equal(value_text_or(v, "a.y", ""), "1");
	buf_text(&text, "[a]\nx = 0\n");
	for (int i = 0; i < 100000; i++)
		buf_text(&text, " 1\n");
	v = parse(&a, buf_str(&text));
	assert_int_equal(value_at(v, "a.x")->n, 200001);
	assert_true(a.used < 8 << 20); /* and not the sum of all lengths */
}

static void every_broken_line_is_a_problem(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct value *v = NULL;

	(void)state;
	assert_int_equal(ini_parse(&a,
							   view_text("early = 1\n[a\nx = 1\n[b]\nno pair\n= 2\n[]\n[c] d\n"),
							   "f", &v, &e),
					 -1);
	assert_null(v);
	assert_int_equal(err_count(&e), 6);
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_string_equal(e.text, "f:1:1: a key before the first section");
	assert_string_equal(e.more->text, "f:2:1: a section is written as [name]");
	assert_string_equal(e.more->more->text, "f:5:1: a line must be 'key = value'");
	assert_int_equal(ini_parse(&a, view_text("[a]\n\xff = 1\n"), NULL, &v, &e), -1);
	assert_string_equal(e.text, "2:1: this byte is no UTF-8");
	assert_int_equal(ini_parse(&a, view_of("[a]\nx=\0y\n", 9), "f", &v, &e), -1);
	assert_string_equal(e.text, "f:2:1: a zero has no place in a line");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shared_config_file),
		cmocka_unit_test(sections_join_and_the_last_key_counts),
		cmocka_unit_test(lines_indented_below_a_value_go_on_with_it),
		cmocka_unit_test(every_broken_line_is_a_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
