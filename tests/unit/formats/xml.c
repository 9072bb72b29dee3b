#include "unit/unit.h"

#include "core/buf.h"
#include "core/text.h"
#include "formats/xml.h"

static struct value *parse(struct arena *a, const char *text, const char **root)
{
	AUTO(err) struct err e = { 0 };
	struct value *v = NULL;

	if (va_xml_parse(a, view_text(text), root, &v, &e) < 0)
		fail_msg("%s", e.text);
	return v;
}

static void a_reply_of_iam(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *root;
	const struct value *v =
		parse(&a,
			  "<GetRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n"
			  "  <GetRoleResult>\n"
			  "    <Role>\n"
			  "      <Path>/</Path>\n"
			  "      <RoleName>a &amp; b</RoleName>\n"
			  "      <Tags>\n"
			  "        <member><Key>one</Key><Value>1</Value></member>\n"
			  "        <member><Key>two</Key><Value/></member>\n"
			  "      </Tags>\n"
			  "      <Empty/>\n"
			  "    </Role>\n"
			  "  </GetRoleResult>\n"
			  "</GetRoleResponse>\n",
			  &root);

	(void)state;
	assert_string_equal(root, "GetRoleResponse");
	assert_string_equal(value_text_or(v, "GetRoleResult.Role.RoleName", ""), "a & b");
	assert_int_equal(value_count(v, "GetRoleResult.Role.Tags"), 2);
	assert_string_equal(value_text_or(v, "GetRoleResult.Role.Tags.1.Key", ""), "two");
	assert_string_equal(value_text_or(v, "GetRoleResult.Role.Tags.1.Value", "?"), "");
	assert_string_equal(value_text_or(v, "GetRoleResult.Role.Empty", "?"), "");
	assert_int_equal(value_at(v, "GetRoleResult.Role")->n, 4);
}

static void lists(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *v =
		parse(&a,
			  "<r><one><member>x</member></one><two><i>1</i><i>2</i><j>3</j></two>"
			  "<deep><member><member>y</member></member></deep></r>",
			  NULL);

	(void)state;
	assert_int_equal(value_at(v, "one")->type, VALUE_LIST);
	assert_string_equal(value_text_or(v, "one.0", ""), "x");
	assert_int_equal(value_at(v, "two.i")->type, VALUE_LIST);
	assert_string_equal(value_text_or(v, "two.i.1", ""), "2");
	assert_string_equal(value_text_or(v, "two.j", ""), "3");
	assert_string_equal(value_text_or(v, "deep.0.0", ""), "y");
}

static void texts_namespaces_and_cdata(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *root;
	const struct value *v = parse(&a,
								  "<?xml version=\"1.0\"?><!-- c --><x:r xmlns:x=\"u\"> lost <x:a "
								  "b=\"c\"> t &lt;<![CDATA[<&>]]>&#233; </x:a> lost </x:r>",
								  &root);

	(void)state;
	assert_string_equal(root, "r");
	assert_string_equal(value_text_or(v, "a", ""), " t <<&>\xc3\xa9 ");
	assert_int_equal(parse(&a, "<r>only text</r>", NULL)->type, VALUE_TEXT);
}

static void what_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "", "1:1: no element found" },
		{ "<a>\n  <b></a>", "2:7: mismatched tag" },
		{ "<a/><b/>", "1:5: junk after document element" },
		{ "<a>&b;</a>", "1:4: undefined entity" },
		{ "<!DOCTYPE a><a/>", "1:1: a document type has no place here" },
		{ "<!DOCTYPE a [<!ENTITY b \"cc\">]><a>&b;</a>", "1:1: a document type has no place here" },
		{ "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
		  "1:1: a document type has no place here" },
		{ "<a>\xff</a>", "1:4: not well-formed (invalid token)" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct value *v = NULL;

		assert_int_equal(va_xml_parse(&a, view_text(rows[i][0]), NULL, &v, &e), -1);
		assert_int_equal(e.kind, ERR_REMOTE);
		assert_true(text_ends(e.text, strchr(rows[i][1], ' ') + 1));
		assert_null(v);
	}
}

static void depth_and_names_are_bounded(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	AUTO(buf) struct buf text = BUF_MAX(1 << 20);
	struct value *v;

	(void)state;
	for (int i = 0; i < XML_DEPTH_LIMIT; i++)
		buf_text(&text, "<a>");
	for (int i = 0; i < XML_DEPTH_LIMIT; i++)
		buf_text(&text, "</a>");
	assert_int_equal(va_xml_parse(&a, buf_bytes(&text), NULL, &v, &e), 0);
	buf_cut(&text, 0);
	for (int i = 0; i < XML_DEPTH_LIMIT; i++)
		buf_text(&text, "<a>");
	buf_text(&text, "<b/>");
	assert_int_equal(va_xml_parse(&a, buf_bytes(&text), NULL, &v, &e), -1);
	assert_string_equal(e.text, "1:193: elements nested too deep");
	buf_cut(&text, 0);
	buf_text(&text, "<a>");
	for (int i = 0; i < XML_NAMES_LIMIT + 1; i++)
		buf_printf(&text, "<n%d/>", i);
	buf_text(&text, "</a>");
	assert_int_equal(va_xml_parse(&a, buf_bytes(&text), NULL, &v, &e), -1);
	assert_non_null(strstr(e.text, "too many different names"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reply_of_iam),
		cmocka_unit_test(lists),
		cmocka_unit_test(texts_namespaces_and_cdata),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(depth_and_names_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
