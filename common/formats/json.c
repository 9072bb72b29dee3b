/*
 * cJSON says whether a text is JSON and decodes its texts. What it does not keep
 * (places, every digit of integers, the length of texts that hold zeros) and
 * what it lets pass (other bytes as white space or inside texts, 01 for a
 * number, names that stand twice, what follows the document) comes from the
 * source, over which a cursor walks in step with cJSON's tree.
 */
#include "formats/json.h"

#include "core/secret.h"
#include "core/text.h"
#include "formats/cursor.h"
#include "formats/number.h"

#include <cjson/cJSON.h>

SCOPE_END(cjson, cJSON *, cJSON_Delete(*v))

struct walk {
	struct arena *a;
	struct cursor at;
	bool marks;
	struct err *e;
	struct mark *names;      /* where the names stand, of the maps that are being walked; n_names of them */
	size_t n_names, names_room;
};

static struct value *walk_value(struct walk *w, cJSON *node);

static int refuse_here(struct walk *w, const char *text)
{
	return mark_err(w->e, ERR_CONFIG, &w->at.mark, "%s", text);
}

static void skip_space(struct walk *w)
{
	int c = cursor_peek(&w->at);

	while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		cursor_skip(&w->at, 1);
		c = cursor_peek(&w->at);
	}
}

static int expect(struct walk *w, char wanted)
{
	skip_space(w);
	return cursor_take(&w->at, wanted) ? 0 : refuse_here(w, "this is no JSON");
}

/* The four hexadecimal digits at p; -1 when they are none (cJSON takes \uZZZZ for a zero). */
static int hex4(const char *p)
{
	int64_t code;

	return *p != '-' && *p != '+' && number_int(view_of(p, 4), 16, &code) ? (int)code : -1;
}

/* Moves over one escape; gives the bytes that it stands for, 0 for a broken one. */
static size_t skip_escape(struct walk *w)
{
	int code;

	if (w->at.rest.n < 6 || w->at.rest.p[1] != 'u') {
		cursor_skip(&w->at, 2);
		return 1;
	}
	code = hex4(w->at.rest.p + 2);
	if (code < 0)
		return 0;
	if (code >= 0xd800 && code <= 0xdfff) {
		cursor_skip(&w->at, 12); /* a pair */
		return 4;
	}
	cursor_skip(&w->at, 6);
	return code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
}

/* Moves over the text in the source; *n: the length of what it decodes to. */
static int skip_text(struct walk *w, size_t *n)
{
	if (expect(w, '"') < 0)
		return -1;
	for (*n = 0; cursor_peek(&w->at) != '"';) {
		if (cursor_peek(&w->at) < 0x20)
			return refuse_here(w, "a control character inside a text must be escaped");
		if (cursor_peek(&w->at) == '\\') {
			size_t held = skip_escape(w);

			if (held == 0)
				return refuse_here(w, "this escape is no character");
			*n += held;
			continue;
		}
		cursor_skip(&w->at, 1);
		++*n;
	}
	cursor_skip(&w->at, 1);
	return 0;
}

static struct value *walk_text(struct walk *w, cJSON *node)
{
	struct value *v;
	size_t n;

	if (skip_text(w, &n) < 0)
		return NULL;
	v = value_new_view(w->a, view_of(node->valuestring, n));
	wipe(node->valuestring, n); /* may be a secret, and cJSON only frees */
	return v;
}

static struct value *walk_number(struct walk *w)
{
	struct view digits = view_of(w->at.rest.p, number_json(w->at.rest));
	struct value *v = NULL;
	int64_t integer;
	double real;

	if (digits.n == 0)
		refuse_here(w, "this is no number of JSON");
	else if (number_int(digits, 10, &integer))
		v = value_new_int(w->a, integer);
	else if (number_real(digits, &real))
		v = value_new_real(w->a, real);
	else
		refuse_here(w, "this number is too large");
	cursor_skip(&w->at, digits.n);
	return v;
}

static size_t count_items(const cJSON *node)
{
	size_t n = 0;

	for (const cJSON *item = node->child; item; item = item->next)
		n++;
	return n;
}

static struct value *walk_list(struct walk *w, const cJSON *node)
{
	struct value *list = value_new_list(w->a);

	value_reserve(w->a, list, count_items(node));
	if (expect(w, '[') < 0)
		return NULL;
	for (cJSON *item = node->child; item; item = item->next) {
		struct value *v;

		if (item != node->child && expect(w, ',') < 0)
			return NULL;
		v = walk_value(w, item);
		if (!v)
			return NULL;
		value_push(w->a, list, v);
	}
	return expect(w, ']') < 0 ? NULL : list;
}

static void note_name(struct walk *w, const struct mark *mark)
{
	if (w->n_names == w->names_room) {
		w->names_room = w->names_room ? 2 * w->names_room : 64;
		w->names = xrealloc(w->names, w->names_room * sizeof(*w->names));
	}
	w->names[w->n_names++] = *mark;
}

static int walk_pair(struct walk *w, struct value *map, cJSON *item)
{
	struct value *v;
	struct mark mark;
	size_t n;

	skip_space(w);
	mark = w->at.mark;
	if (skip_text(w, &n) < 0)
		return -1;
	if (strlen(item->string) != n)
		return mark_err(w->e, ERR_CONFIG, &mark, "a name must not hold a zero");
	if (expect(w, ':') < 0)
		return -1;
	note_name(w, &mark);
	v = walk_value(w, item);
	if (!v)
		return -1;
	value_add(w->a, map, item->string, w->marks ? &mark : NULL, v);
	return 0;
}

static struct value *walk_map(struct walk *w, const cJSON *node)
{
	struct value *map = value_new_map(w->a);
	size_t first = w->n_names, twice;

	value_reserve(w->a, map, count_items(node));
	if (expect(w, '{') < 0)
		return NULL;
	for (cJSON *item = node->child; item; item = item->next) {
		if (item != node->child && expect(w, ',') < 0)
			return NULL;
		if (walk_pair(w, map, item) < 0)
			return NULL;
	}
	if (expect(w, '}') < 0)
		return NULL;
	twice = value_twice(map);
	if (twice < map->n) {
		mark_err(w->e, ERR_CONFIG, &w->names[first + twice], "the name '%s' stands here twice",
				 map->names[twice]);
		return NULL;
	}
	w->n_names = first;
	return map;
}

static struct value *walk_word(struct walk *w, const cJSON *node)
{
	if (cJSON_IsNull(node)) {
		cursor_skip(&w->at, strlen("null"));
		return value_new_null(w->a);
	}
	cursor_skip(&w->at, cJSON_IsTrue(node) ? strlen("true") : strlen("false"));
	return value_new_bool(w->a, cJSON_IsTrue(node));
}

static struct value *walk_value(struct walk *w, cJSON *node)
{
	struct value *v;
	struct mark mark;

	skip_space(w);
	mark = w->at.mark;
	if (cJSON_IsObject(node))
		v = walk_map(w, node);
	else if (cJSON_IsArray(node))
		v = walk_list(w, node);
	else if (cJSON_IsString(node))
		v = walk_text(w, node);
	else if (cJSON_IsNumber(node))
		v = walk_number(w);
	else
		v = walk_word(w, node);
	if (v && w->marks)
		v->mark = mark;
	return v;
}

/*
 * Depth and number of values, counted before cJSON makes a node of each: brackets
 * and commas outside of texts. Right for JSON; for anything else it only must end.
 */
static const char *check_size(struct view text, size_t *at)
{
	size_t depth = 0, values = 1;
	bool inside = false;

	for (*at = 0; *at < text.n; ++*at) {
		char c = text.p[*at];

		if (inside && c == '\\')
			++*at;
		else if (c == '"')
			inside = !inside;
		else if (!inside && (c == '{' || c == '['))
			depth++;
		else if (!inside && (c == '}' || c == ']') && depth)
			depth--;
		values += !inside && (c == ',' || c == '{' || c == '[');
		if (depth > JSON_DEPTH_MAX)
			return "nested too deep";
		if (values > JSON_VALUES_MAX)
			return "too many values";
	}
	return NULL;
}

static int refuse_at(struct view text, const char *file, size_t at, const char *why, struct err *e)
{
	struct mark mark = cursor_mark_of(text, file, at);

	return mark_err(e, ERR_CONFIG, &mark, "%s", why);
}

int va_json_parse(struct arena *a, struct view text, const char *file, struct value **out,
				  struct err *e)
{
	struct walk w = {
		.a = a, .at = cursor_at_start(text, arena_text(a, file)), .marks = file, .e = e
	};
	AUTO(cjson) cJSON *node = NULL;
	const char *why, *end = text.p;
	struct value *v;
	size_t at;

	if (cursor_check_utf8(text, file, e) < 0)
		return -1;
	why = check_size(text, &at);
	if (why)
		return refuse_at(text, file, at, why, e);
	if (w.at.rest.n == 0)
		return refuse_at(text, file, 0, "an empty text is no JSON", e);
	node = cJSON_ParseWithLengthOpts(w.at.rest.p, w.at.rest.n, &end, false);
	if (!node)
		return refuse_at(text, file, (size_t)(end - text.p), "this is no JSON", e);
	v = walk_value(&w, node);
	free(w.names);
	if (!v)
		return -1;
	skip_space(&w);
	if (w.at.rest.n)
		return refuse_here(&w, "something stands behind the document");
	*out = v;
	return 0;
}
