#include "unit/unit.h"

#include "core/text.h"
#include "formats/goregexp.h"

/* What Go's regexp makes of these: MatchString and ReplaceAllString. */
static const struct {
	const char *source, *text, *target;
	bool matches;
	const char *out;
} right[] = {
	{ "(.*)", "password", "db_$1", true, "db_password" },
	{ "^app/", "app/database", "", true, "database" },
	{ "/", "a/b/c", "_", true, "a_b_c" },
	{ "(a|ab)(c|bcd)", "abcd", "$2-$1", true, "bcd-a" },
	{ "[^a-z0-9]", "A-b_c.9", "x", true, "xxbxcx9" },
	{ ".*", "abc", "x", true, "x" },
	{ "x*", "axb", "-", true, "-a-b-" },
	{ "(a+?)(b?)", "aab", "[$1|$2]", true, "[a|][a|b]" },
	{ "^(.+)-(\\d+)$", "node-12", "${2}_$1", true, "12_node" },
	{ "$", "abc", "!", true, "abc!" },
	{ "^", "abc", "!", true, "!abc" },
	{ "a|", "bab", "-", true, "-b-b-" },
	{ "\\.", "a.b.c", "$$", true, "a$b$c" },
	{ "(x)?y", "y", "<$1>", true, "<>" },
	{ "\\W+", "a--b!c", "_", true, "a_b_c" },
	{ "(foo|bar)-(.+)", "foo-x", "$2.$3$1x", true, "x." },
	{ "(?:[a-c]?\?)c+?|b*a??c", "ccca", "<$1>", true, "<><><>a" },
	{ "b?|[a-c][ab]", "bbcab", "x", true, "xxcxax" },
	{ "b*b|c(?:|c*|c*cc?\?)?a(a*)", "cbc1", "[$0|$2]", true, "c[b|]c1" },
	{ "^(^??$(?:\\d*?c+)+b*?|c+a+[ab]?)*", "1111c1", "[$0|$2]", true, "[|]1111c1" },
	{ "(b?bb*a*?|c)??..", "1bab1", "[$0|$2]", true, "[1b|][ab|]1" },
	{ "a((a+|a+aa*?b*)+?.*)*?b*|.??|(?:.??a+?.?\?)?.*", "cbbb1", "${1}y$$", true, "y$cy$by$by$by$1y$" },
	{ "b*?b|\\wc.+c*|a*?[^a]?a+", "aacaa", "<$1>", true, "<><>" },
	{ "(?:b+|ba?\?(?:(?:.)?|.|a(a+?)+)|$??c)?ab*^|[ab]*\\w*\\d|b*ba*^?", "cba", "${1}y$$", true, "cy$" },
	{ "b+|[^a](.*?c|a+?)+?[a-c]a*?|a.?c*?c+?", "aaba11", "${1}y$$", true, "aay$a11" },
	{ "a.|(b+)a*|(b*a??ba?\?)*b??", "caa", "x", true, "xcx" },
	{ "b+?a*[^a]*?$?|.a?c+?", "bb1a", "${1}y$$", true, "y$y$1a" },
	{ "^b(?:c*?|c??a??|b(b?))", "bb1", "[$0|$2]", true, "[b|]b1" },
	{ "a??b+?ba*?|c*", "abc", "<$1>", true, "<>a<>b<>" },
	{ "[a-c]?a([^a]??c?.+?b?|.[^a])?", "1ab1ac", "${1}y$$", true, "1by$1cy$" },
	{ ".+c?b+?|\\w+(?:.+)+|(b$(b+)*a+)??", "b", "${1}y$$", true, "y$by$" },
	{ "c*?a*?.*?|.*?", "1aaa", "<$1>", true, "<>1<>a<>a<>a<>" },
	{ "\\w??[ab]+b?a|a?|\\d?.*(c+?|a*|ba+b*?)", "abba1a1", "[$0|$2]", true, "[abba|]1[a|]1[|]" },
	{ ".+b??c*|.+?b??", "ba", "[$0|$2]", true, "[ba|]" },
	{ "|(?:.+?.*?.*?.)??a", "ca11ba", "${1}y$$", true, "y$cy$ay$1y$1y$by$ay$" },
	{ ".??|$?\?()b??|.??", "a1", "${1}y$$", true, "y$ay$1y$" },
	{ "a+?|b*?a?.+b*?|b+?", "ac", "x", true, "xx" },
	{ ".*a??b(?:b[ab]*?|a*?c+)*", "bacc1a", "[$0|$2]", true, "[bacc|]1a" },
	{ "(.+?\\w+?)+\\w*?|(?:c*|a*?|(?:a+?(c?a?\?)?a+)\\d)", "b", "${1}y$$", true, "y$by$" },
	{ ".b??b+c?|a+?|^??", "ac", "${1}y$$", true, "y$cy$" },
};

static const struct { const char *source; size_t at; const char *flaw; } wrong[] = {
	{ "a{2}", 1, "counted repetitions are not read here" },
	{ "(?i)a", 1, "flags and names of groups are not read here" },
	{ "(?P<n>a)", 1, "flags and names of groups are not read here" },
	{ "(a*)*", 4, "a repetition of what may be empty is not read here" },
	{ "^*", 1, "a repetition of what may be empty is not read here" },
	{ "a**", 2, "a repetition of a repetition" },
	{ "*a", 0, "a repetition that is not read here" },
	{ "(a", 2, "a group without its ')'" },
	{ "a)", 1, "a ')' without its group" },
	{ "[a", 2, "a set without its ']'" },
	{ "[[:alpha:]]", 1, "classes in words are not read here" },
	{ "[b-a]", 4, "a set that is not read here" },
	{ "\\bx", 0, "a character or escape that is not read here" },
	{ "\\", 0, "a character or escape that is not read here" },
	{ "\xc3\xa4", 0, "a character or escape that is not read here" },
};

static void what_go_makes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(right); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(buf) struct buf out = BUF_MAX(1000);
		const char *flaw;
		size_t at;
		const struct goregexp *re = goregexp_compile(&a, right[i].source, &at, &flaw);

		if (!re)
			fail_msg("%s: %zu: %s", right[i].source, at, flaw);
		assert_int_equal(goregexp_match(re, right[i].text), right[i].matches);
		goregexp_replace(re, right[i].text, right[i].target, &out);
		if (!text_same(buf_str(&out), right[i].out))
			fail_msg("%s on %s: '%s', not '%s'", right[i].source, right[i].text, buf_str(&out), right[i].out);
	}
}

static void what_lies_outside(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		const char *flaw;
		size_t at;

		if (goregexp_compile(&a, wrong[i].source, &at, &flaw))
			fail_msg("%s: was taken", wrong[i].source);
		if (at != wrong[i].at || !text_same(flaw, wrong[i].flaw))
			fail_msg("%s: %zu: %s", wrong[i].source, at, flaw);
	}
}

/* Ways that are tried again and again would take longer than anybody lives. */
static void time_is_bounded(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf text = BUF_MAX(GOREGEXP_TEXT_MAX);
	const char *flaw;
	size_t at;
	const struct goregexp *re = goregexp_compile(&a, "(a|a)+(aa|a)+(a+|aa)+b", &at, &flaw);

	(void)state;
	for (int i = 0; i < GOREGEXP_TEXT_MAX; i++)
		buf_char(&text, 'a');
	assert_true(goregexp_takes(buf_str(&text)));
	assert_false(goregexp_match(re, buf_str(&text)));
	assert_false(goregexp_takes("\xc3\xa4"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_go_makes), cmocka_unit_test(what_lies_outside), cmocka_unit_test(time_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
