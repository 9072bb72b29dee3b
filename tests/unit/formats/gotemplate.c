#include "unit/unit.h"

#include "core/text.h"
#include "formats/gotemplate.h"

/* What text/template with sprig 3.3.0 makes of these, with missingkey=error and the values of `values`. */
static const struct { const char *in, *out; } right[] = {
	{ "plain", "plain" },
	{ "{{ .user }}", "app" },
	{ "{{.user}}:{{ .password }}", "app:s3cr\"et<&>\n" },
	{ "a {{- .user -}} b", "aappb" },
	{ "a {{-  .user }} b", "aapp b" },
	{ " x {{- /* c */ -}} y", " xy" },
	{ "{{/* a comment */}}z", "z" },
	{ "{{ index . \"a-b\" }}", "dash" },
	{ "{{ index . \"absent\" }}|", "|" },
	{ "{{ index $ `a-b` }}", "dash" },
	{ "{{ $.user }}", "app" },
	{ "{{ .password | quote }}", "\"s3cr\\\"et<&>\\n\"" },
	{ "{{ quote .user .pin }}", "\"app\" \"007\"" },
	{ "{{ .umlaut | quote }}", "\"Stra\xc3\x9f" "e\"" },
	{ "{{ .ctl | quote }}", "\"\\x01\\x02\\x7f\\t\\b\\f\"" },
	{ "{{ .user | squote }}", "'app'" },
	{ "{{ .user | b64enc }}", "YXBw" },
	{ "{{ .enc | b64dec }}", "hello" },
	{ "{{ .user | upper | lower | upper }}", "APP" },
	{ "{{ .spaced | trim }}|", "x y|" },
	{ "{{ .url | trimSuffix \"/\" | trimPrefix \"https://\" }}", "db.example" },
	{ "{{ .url | trimSuffix \"x\" }}", "https://db.example/" },
	{ "{{ .lines | indent 2 }}", "  one\n  two\n  " },
	{ "{{ nindent 4 .lines }}", "\n    one\n    two\n    " },
	{ "{{ .url | replace \"/\" \"_\" }}", "https:__db.example_" },
	{ "{{ replace \"aa\" \"b\" \"aaaaa\" }}", "bba" },
	{ "{{ .empty | default \"none\" }}", "none" },
	{ "{{ .user | default \"none\" }}", "app" },
	{ "{{ default 3 .empty }}", "3" },
	{ "{{ .pin | toString }}", "007" },
	{ "{{ .password | toJson }}", "\"s3cr\\\"et\\u003c\\u0026\\u003e\\n\"" },
	{ "{{ .password | toRawJson }}", "\"s3cr\\\"et<&>\\n\"" },
	{ "{{ .ctl | toJson }}", "\"\\u0001\\u0002\x7f\\t\\b\\f\"" },
	{ "{{ (.json | fromJson).host }}", "db" },
	{ "{{ (fromJson .json).port }}", "5432" },
	{ "{{ (.json | fromJson).on }}", "true" },
	{ "{{ (.json | fromJson).deep | toJson }}", "{\"a\":[\"x\",null],\"z\":1}" },
	{ "{{ index (fromJson .json) \"host\" }}", "db" },
	{ "{{ index (index (fromJson .json) \"deep\") \"z\" }}", "1" },
	{ "{{ fromJson .json | toJson }}",
	  "{\"deep\":{\"a\":[\"x\",null],\"z\":1},\"host\":\"db\",\"on\":true,\"port\":5432}" },
	{ "{{ printf \"%s:%s@%s\" .user .pin \"h\" }}", "app:007@h" },
	{ "{{ printf \"%d%% %v\" 5 .user }}", "5% app" },
	{ "{{ .user | printf \"<%s>\" }}", "<app>" },
	{ "{{ if .empty }}a{{ else }}b{{ end }}", "b" },
	{ "{{ if eq .user \"app\" }}yes{{ end }}", "yes" },
	{ "{{ if eq .user \"x\" }}1{{ else if ne .pin \"007\" }}2{{ else }}3{{ end }}", "3" },
	{ "{{ if .empty }}{{ .missing }}{{ end }}ok", "ok" },
	{ "{{ if .empty }}{{ if .user }}1{{ else }}2{{ end }}{{ else if .user }}{{ if .empty }}3{{ else }}4{{ end }}{{ else }}5{{ end }}",
	  "4" },
	{ "{{ if (contains \"p\" .user) }}c{{ end }}", "c" },
	{ "{{ hasPrefix \"a\" .user }} {{ hasSuffix \"a\" .user }} {{ empty .empty }} {{ not .user }}",
	  "true false true false" },
	{ "{{ true }} {{ false | not }}", "true true" },
	{ "{{ \"a\\tb\\\\\\x41\\\"\" }}{{ `raw\\n` }}", "a\tb\\A\"raw\\n" },
	{ "{{ 42 }} {{ -7 }}", "42 -7" },
	{ "{{ \"}}\" }} {", "}} {" },
	{ "{{ upper (printf \"%s-%s\" .user (.pin | b64enc)) }}", "APP-MDA3" },
	{ "{{ (.user) }}", "app" },
	{ "{{- .user }}", "app" },
	{ "{{ .user -}}", "app" },
	{ "{{ .lines | trim | replace \"\\n\" \",\" | quote }}", "\"one,two\"" },
	{ " {{ if .user -}} x {{- else -}} y {{- end }} z", " x z" },
	{ "{ {{ .user }} }", "{ app }" },
	{ "{{ toString 3 }}{{ toString true }}", "3true" },
	{ "{{ eq 1 1 }} {{ ne true false }}", "true true" },
	{ "{{ contains \"\" \"\" }}", "true" },
	{ "{{ \"\" | trim }}|{{ \"\" | indent 2 }}|", "|  |" },
	{ "{{\n  .user\n  | upper\n}}", "APP" },
	{ "a\n {{- .user }}\n{{ .pin -}}\n b\n", "aapp\n007b\n" },
	{ "x{{- \"y\" }}", "xy" },
	{ "{{- /* a\nb */ -}}\n\nq", "q" },
};

/* What lies outside, and where. */
static const struct { const char *in; size_t at; const char *flaw, *hint; } wrong[] = {
	{ "{{ .passwort }}", 3, "there is no key 'passwort'", "did you mean 'password'?" },
	{ "a{{ .a-b }}", 6, "this character cannot follow a name",
	  "a key with other characters than letters and digits: index . \"KEY\"" },
	{ "{{ $x := .user }}", 3, "variables are not rendered here", NULL },
	{ "{{ range .user }}x{{ end }}", 3, "'range' is not rendered here", NULL },
	{ "{{ .user | qoute }}", 11, "'qoute' is no function that is rendered here", "did you mean 'quote'?" },
	{ "{{ .user | sha256sum }}", 11, "'sha256sum' is no function that is rendered here", NULL },
	{ "{{ .user", 0, "an action that does not end", NULL },
	{ "{{ .user \"}}", 0, "an action that does not end", NULL },
	{ "{{ }}", 0, "an action without a command", NULL },
	{ "{{/* x */ .user }}", 0, "a comment that does not end where its action ends", NULL },
	{ "{{ if .user }}x", 3, "an if without its end", NULL },
	{ "x{{ end }}", 4, "an end without its if", NULL },
	{ "{{ else }}", 3, "an else without its if", NULL },
	{ "{{ if .user }}{{ else }}{{ else }}{{ end }}", 27, "an else without its if", NULL },
	{ "{{ if .user }}{{ else with }}{{ end }}", 22, "nothing but 'if' can follow else", NULL },
	{ "{{ (.user }}", 3, "a parenthesis that is not closed", NULL },
	{ "{{ .user) }}", 8, "a parenthesis that was not opened", NULL },
	{ "{{ .user .pin }}", 9, "a value takes no arguments", NULL },
	{ "{{ .user | .pin }}", 11, "what follows '|' must be a function", NULL },
	{ "{{ .user | }}", 11, "what follows '|' must be a function", NULL },
	{ "{{ .user.name }}", 8, "'.name' of a text", NULL },
	{ "{{ . }}", 3, "a map is not printed here", "toJson writes it as JSON" },
	{ "{{ upper }}", 3, "'upper' takes 1 values, and got 0", NULL },
	{ "{{ upper 3 }}", 3, "'upper' takes a text there, and got an integer", NULL },
	{ "{{ .umlaut | upper }}", 13, "'upper': letters beyond ASCII are not changed here", NULL },
	{ "{{ .key | quote }}", 10, "'quote': of characters past U+024F is not known here whether Go escapes them", NULL },
	{ "{{ .user | b64dec }}", 11, "'b64dec': this is no base64, and the error's text would become the value", NULL },
	{ "{{ printf \"%5s\" .user }}", 3, "'printf' takes %s of texts, %d of whole numbers and %% here", NULL },
	{ "{{ printf \"%s\" }}", 3, "'printf' has fewer values than its text has verbs", NULL },
	{ "{{ printf \"x\" .user }}", 3, "'printf' has more values than its text has verbs", NULL },
	{ "{{ eq .user 1 }}", 3, "'eq': a text and an integer are not compared", NULL },
	{ "{{ .user | fromJson }}", 11, "'fromJson': this is no JSON", NULL },
	{ "{{ (.json | fromJson).none }}", 21, "there is no key 'none'", NULL },
	{ "{{ 0x10 }}", 3, "this number is not read here", "up to 8 decimal digits" },
	{ "{{ \"a\\q\" }}", 3, "a text in quotes that Go does not take", NULL },
	{ "{{ nil }}", 3, "'nil' is no function that is rendered here", NULL },
	{ "{{ index .\"a-b\" }}", 10, "a space is missing here", NULL },
};

static const char *const values[][2] = {
	{ "user", "app" }, { "password", "s3cr\"et<&>\n" }, { "a-b", "dash" }, { "empty", "" }, { "pin", "007" },
	{ "spaced", " \t x y \n" }, { "umlaut", "Stra\xc3\x9f" "e" }, { "key", "\xf0\x9f\x94\x91" }, { "enc", "aGVsbG8=" },
	{ "json", "{\"host\":\"db\",\"port\":5432,\"on\":true,\"deep\":{\"z\":1,\"a\":[\"x\",null]}}" }, { "url", "https://db.example/" },
	{ "lines", "one\ntwo\n" }, { "ctl", "\x01\x02\x7f\t\b\f" },
};

static struct value *dot_of(struct arena *a)
{
	struct value *dot = value_new_map(a);

	for (size_t i = 0; i < COUNT_OF(values); i++)
		value_set_text(a, dot, values[i][0], values[i][1]);
	return dot;
}

static void what_go_renders(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *dot = dot_of(&a);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(right); i++) {
		AUTO(buf) struct buf out = BUF_MAX(1000);
		struct template_flaws flaws = { .n = 0 };

		if (!gotemplate_render(&a, view_text(right[i].in), dot, &out, &flaws))
			fail_msg("%s: %s", right[i].in, flaws.at[0].text);
		if (!text_same(buf_str(&out), right[i].out))
			fail_msg("%s: '%s', not '%s'", right[i].in, buf_str(&out), right[i].out);
	}
}

static void what_lies_outside(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *dot = dot_of(&a);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		AUTO(buf) struct buf out = BUF_MAX(1000);
		struct template_flaws flaws = { .n = 0 };

		if (gotemplate_render(&a, view_text(wrong[i].in), dot, &out, &flaws))
			fail_msg("%s: rendered", wrong[i].in);
		if (flaws.n != 1 || flaws.at[0].at != wrong[i].at || !text_same(flaws.at[0].text, wrong[i].flaw) ||
		    !text_same(flaws.at[0].hint, wrong[i].hint))
			fail_msg("%s: %zu flaws, %zu: %s (%s)", wrong[i].in, flaws.n, flaws.at[0].at, flaws.at[0].text,
			         flaws.at[0].hint ? flaws.at[0].hint : "");
	}
}

/* Each action is looked at, whatever was wrong before it; what a dead branch holds must be words that are known. */
static void every_flaw_at_once(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf out = BUF_MAX(1000);
	struct template_flaws flaws = { .n = 0 };

	(void)state;
	assert_false(gotemplate_render(&a, view_text("{{ .no }}{{ if .empty }}{{ nope .no }}{{ end }}{{ .pin | 3 }}"), dot_of(&a), &out,
	                               &flaws));
	assert_int_equal(flaws.n, 3);
	assert_int_equal(flaws.at[0].at, 3);
	assert_int_equal(flaws.at[1].at, 27);
	assert_int_equal(flaws.at[2].at, 57);
}

/* Without values nothing is carried out, and what needs none is told. */
static void without_values(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf out = BUF_MAX(1000);
	struct template_flaws flaws = { .n = 0 };

	(void)state;
	assert_true(gotemplate_render(&a, view_text("{{ .any.thing | b64dec }}{{ if .x }}y{{ else }}{{ upper .z }}{{ end }}"), NULL,
	                              &out, &flaws));
	assert_int_equal(out.n, 0);
	assert_false(gotemplate_render(&a, view_text("{{ .any | nope }}"), NULL, &out, &flaws));
	assert_int_equal(flaws.at[0].at, 10);
}

/* The list of names is that of the functions that there are. */
static void every_name_is_a_function(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (const char *const *name = gotemplate_functions; *name; name++) {
		AUTO(buf) struct buf out = BUF_MAX(1000);
		struct template_flaws flaws = { .n = 0 };

		assert_false(gotemplate_render(&a, view_text(arena_printf(&a, "{{ %s }}", *name)), dot_of(&a), &out, &flaws));
		if (!strstr(flaws.at[0].text, " takes "))
			fail_msg("%s: %s", *name, flaws.at[0].text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_go_renders), cmocka_unit_test(what_lies_outside), cmocka_unit_test(every_flaw_at_once),
		cmocka_unit_test(without_values), cmocka_unit_test(every_name_is_a_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
