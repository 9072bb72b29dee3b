/* ExternalSecrets rendered: what values become, what is refused, and that no value is told by accident. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/eso_render.h"
#include "formats/yaml.h"

#define HEAD "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: x, namespace: apps}\nspec:\n" \
	"  refreshInterval: 1h\n"
#define ITEM(ref) HEAD "  data:\n  - secretKey: k\n    remoteRef: {key: app/db, " ref "}\n"
#define EXTRACT(rest) HEAD "  dataFrom:\n  - extract: {key: app/odd" rest

static const char data_text[] =
	"secret/app/db: {user: s3cret-user, i: 42, truth: true, none: null,\n"
	"  list: [s3cret-a, 1], map: {z: '<s3cret>', a: {b.c: 1, d: s3cret-d}},\n"
	"  b64: czNjcmV0LT8_, std: czNjcmV0LT8/, loose: czNj, broken: czN, lines: \"czNj\\ncmV0\", json: '{\"a\": \"s3cret-j\"}'}\n"
	"secret/app/odd: {'a/b c': s3cret-1, d-e_f.g: s3cret-2}\n"
	"secret/team/one: {p: s3cret-o}\nsecret/team/two/deep: {p: s3cret-t}\nkv/app: {v: s3cret-kv}\n";

/* stringData or data as YAML, or the first error. */
static const struct { const char *name, *manifest, *result; } cases[] = {
	{ "a text", ITEM("property: user"), "k: s3cret-user\n" },
	{ "a number", ITEM("property: i"), "k: \"42\"\n" },
	{ "a truth", ITEM("property: truth"), "k: \"true\"\n" },
	{ "nothing", ITEM("property: none"), "k: \"\"\n" },
	{ "a list", ITEM("property: list"), "k: \"[\\\"s3cret-a\\\",1]\"\n" },
	{ "a map, names in order", ITEM("property: map"), "k: \"{\\\"a\\\":{\\\"b.c\\\":1,\\\"d\\\":\\\"s3cret-d\\\"},\\\"z\\\":\\\"\\\\u003cs3cret\\\\u003e\\\"}\"\n" },
	{ "within a map", ITEM("property: map.a.d"), "k: s3cret-d\n" },
	{ "within a list", ITEM("property: list.0"), "k: s3cret-a\n" },
	{ "Base64", ITEM("property: std, decodingStrategy: Base64"), "k: \"s3cret-??\"\n" },
	{ "Base64 of the other alphabet", ITEM("property: b64, decodingStrategy: Base64"), "f:8:63: the value is no Base64" },
	{ "Base64URL", ITEM("property: b64, decodingStrategy: Base64URL"), "k: \"s3cret-??\"\n" },
	{ "Base64 over lines", ITEM("property: lines, decodingStrategy: Base64"), "k: s3cret\n" },
	{ "Auto, one", ITEM("property: std, decodingStrategy: Auto"), "k: \"s3cret-??\"\n" },
	{ "Auto, the other", ITEM("property: b64, decodingStrategy: Auto"), "k: \"s3cret-??\"\n" },
	{ "Auto, none", ITEM("property: broken, decodingStrategy: Auto"), "k: czN\n" },
	{ "extract", EXTRACT("}\n"), "a_b_c: s3cret-1\nd-e_f.g: s3cret-2\n" },
	{ "extract, Unicode", EXTRACT(", conversionStrategy: Unicode}\n"), "a_U002f_b_U0020_c: s3cret-1\nd-e_f.g: s3cret-2\n" },
	{ "extract, rewritten, converts nothing", EXTRACT("}\n    rewrite: [{regexp: {source: e, target: x}}]\n"),
	  "f:7:14: 'a/b c': a key of a Secret has letters, digits, '-', '_' and '.' alone" },
	{ "extract, rewritten to nothing, is left out", EXTRACT("}\n    rewrite: [{regexp: {source: '^a.*', target: ''}}]\n"),
	  "d-e_f.g: s3cret-2\n" },
	{ "extract of JSON", HEAD "  dataFrom: [{extract: {key: app/db, property: json}}]\n", "a: s3cret-j\n" },
	{ "find", HEAD "  dataFrom: [{find: {path: team, name: {regexp: .}}}]\n",
	  "team_one: \"{\\\"p\\\":\\\"s3cret-o\\\"}\"\nteam_two_deep: \"{\\\"p\\\":\\\"s3cret-t\\\"}\"\n" },
	{ "data is stronger than dataFrom", HEAD "  data: [{secretKey: a, remoteRef: {key: app/db, property: i}}]\n"
	  "  dataFrom: [{extract: {key: app/db, property: json}}]\n", "a: \"42\"\n" },
	{ "a store's own engine", "apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {name: s, namespace: apps}\n"
	  "spec: {provider: {vault: {path: kv, version: v1}}}\n---\n" HEAD "  secretStoreRef: {name: s}\n"
	  "  dataFrom: [{extract: {key: app}}]\n", "v: s3cret-kv\n" },
	{ "a store of somebody else's", "apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {name: s, namespace: apps}\n"
	  "spec: {provider: {aws: {}}}\n---\n" HEAD "  secretStoreRef: {name: s}\n  dataFrom: [{extract: {key: app}}]\n",
	  "f:12:30: the store 's' is no Vault's" },
	{ "a template of what is not there", HEAD "  target: {template: {data: {k: '{{ .a | b64dec }}'}}}\n  data: [{secretKey: a, remoteRef: {key: app/db, property: raw}}]\n",
	  "f:7:60: there is no property 'raw'" },
	{ "of data and templateFrom the former stays", HEAD "  target: {template: {data: {a: '1{{ .k }}'}, templateFrom: "
	  "[{literal: 'a: \"2\"'}, {literal: 'b: \"3\"'}]}}\n  data: [{secretKey: k, remoteRef: {key: app/db, property: i}}]\n",
	  "a: \"142\"\nb: \"3\"\n" },
};

struct scene {
	struct arena *a;
	struct manifest file;
	struct eso_render r;
	struct err e;
};

static int render(struct scene *s, const char *manifest, bool show)
{
	struct value *objects = value_new_list(s->a), *data;

	s->r = (struct eso_render){ .mem = s->a, .files = &s->file, .n_files = 1, .objects = objects, .path = "secret",
		                        .show_values = show };
	if (va_yaml_parse(s->a, view_text(data_text), "d", &data, &s->e) < 0)
		fail_msg("%s", s->e.text);
	s->r.data = data;
	if (eso_render_check_data(&s->r, &s->e) < 0 || manifest_take(&s->file, s->a, "f", view_text(manifest), objects, &s->e) < 0)
		fail_msg("%s", s->e.text);
	return eso_render_all(&s->r, &s->e);
}

static void release(struct scene *s)
{
	err_release(&s->r.warnings);
	err_release(&s->e);
}

static void values_become(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(buf) struct buf out = BUF_MAX(10000);
		AUTO(err) struct err e = { 0 };
		struct scene s = { .a = &a };

		if (render(&s, cases[i].manifest, true) < 0)
			buf_text(&out, s.e.text);
		else if (va_yaml_print(&out, value_at(s.r.secrets, "0.stringData"), &e) < 0)
			fail_msg("%s", e.text);
		if (!text_same(buf_str(&out), cases[i].result))
			fail_msg("%s: '%s', not '%s'", cases[i].name, buf_str(&out), cases[i].result);
		release(&s);
	}
}

static void must_be_silent(const char *name, const char *text)
{
	if (text && strstr(text, "s3cret"))
		fail_msg("%s tells a value: %s", name, text);
}

static void all_silent(const char *name, const struct err *e)
{
	for (; e; e = e->more) {
		must_be_silent(name, e->text);
		must_be_silent(name, e->hint);
	}
}

/* Things that go wrong with a value in hand. */
static const char *const mishaps[] = {
	HEAD "  target: {template: {data: {a: '{{ .k | fromJson }}{{ .k | b64dec }}{{ .k | nope }}{{ printf .k }}'}}}\n"
	"  data: [{secretKey: k, remoteRef: {key: app/db, property: user}}]\n",
	HEAD "  target: {template: {templateFrom: [{literal: '{{ .k }}: ['}, {literal: '{{ .k }}'}, {literal: '{{ .k }}/: 1'}]}}\n"
	"  data: [{secretKey: k, remoteRef: {key: app/db, property: user}}]\n",
	HEAD "  target: {template: {metadata: {labels: {a: '{{ .k }}'}, annotations: {b: '{{ .k }}'}}}}\n"
	"  data: [{secretKey: k, remoteRef: {key: app/db, property: user}}]\n",
	HEAD "  dataFrom: [{extract: {key: app/db, property: user}}]\n",
	ITEM("property: user, decodingStrategy: Base64URL"),
};

static void no_value_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases) + COUNT_OF(mishaps); i++) {
		const char *manifest = i < COUNT_OF(cases) ? cases[i].manifest : mishaps[i - COUNT_OF(cases)];
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(buf) struct buf out = BUF_MAX(10000);
		AUTO(err) struct err e = { 0 };
		struct scene s = { .a = &a };

		if (render(&s, manifest, false) == 0 && va_yaml_print(&out, s.r.secrets, &e) < 0)
			fail_msg("%s", e.text);
		must_be_silent(manifest, buf_str(&out));
		all_silent(manifest, &s.e);
		all_silent(manifest, &s.r.warnings);
		release(&s);
	}
}

/* Places within templates: in a literal block, on the line of a word; else the word's own. */
static void places_within(void **state)
{
	static const struct { const char *text; unsigned line, column; } all[] = {
		{ "a: b {{ .x }}\n", 1, 9 }, { "a: 'b {{ .x }}'\n", 1, 10 }, { "a: |\n  b\n\n    {{ .x }}\n", 4, 8 },
		{ "a: |-\n  ä {{ .x }}\n", 2, 8 }, { "a: >\n  b\n  {{ .x }}\n", 1, 4 }, { "a: \"\\t{{ .x }}\"\n", 1, 4 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct value *list = value_new_list(&a);
		const struct value *v;
		struct manifest m;
		struct mark at;

		if (manifest_take(&m, &a, "f", view_text(all[i].text), list, &e) < 0)
			fail_msg("%s", e.text);
		v = value_at(list, "0.a");
		at = manifest_inside(&m, &v->mark, view_of(v->text, v->n), (size_t)(strstr(v->text, ".x") - v->text));
		if (at.line != all[i].line || at.column != all[i].column)
			fail_msg("%s: %u:%u", all[i].text, at.line, at.column);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_become), cmocka_unit_test(no_value_is_told), cmocka_unit_test(places_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
