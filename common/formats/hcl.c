#include "formats/hcl.h"

#include "formats/hcl_text.h"
#include "formats/number.h"

#include <ctype.h>

enum { HCL_DEPTH_MAX = 100 };

static struct value *read_value(struct hcl_reader *r, unsigned depth);

int hcl_refuse(struct hcl_reader *r, const struct mark *mark, const char *why)
{
	return mark_err(r->e, ERR_CONFIG, mark, "%s", why);
}

static int refuse_here(struct hcl_reader *r, const char *why)
{
	return hcl_refuse(r, &r->at.mark, why);
}

static bool comes(const struct hcl_reader *r, const char *text)
{
	return view_starts(r->at.rest, text);
}

/* Over a comment to the end of its line, which stays; or over a block comment. */
static int skip_comment(struct hcl_reader *r)
{
	struct mark start = r->at.mark;

	if (!comes(r, "/*")) {
		while (cursor_peek(&r->at) != '\n' && cursor_peek(&r->at) != -1)
			cursor_skip(&r->at, 1);
		return 0;
	}
	cursor_skip(&r->at, 2);
	while (!comes(r, "*/")) {
		if (cursor_peek(&r->at) == -1)
			return hcl_refuse(r, &start, "this comment has no end");
		cursor_skip(&r->at, 1);
	}
	cursor_skip(&r->at, 2);
	return 0;
}

/* Over spaces and comments; over line ends too when lines is true. */
static int skip_space(struct hcl_reader *r, bool lines)
{
	for (;;) {
		int c = cursor_peek(&r->at);

		if (c == ' ' || c == '\t' || comes(r, "\r\n") || (lines && c == '\n')) {
			cursor_skip(&r->at, 1);
		} else if (c == '#' || comes(r, "//") || comes(r, "/*")) {
			if (skip_comment(r) < 0)
				return -1;
		} else {
			return 0;
		}
	}
}

static bool starts_word(int c)
{
	return c == '_' || c >= 0x80 || isalpha(c);
}

/* A name or word: letters (beyond ASCII too), digits, '_' and '-'. Empty: there is none. */
static struct view take_word(struct hcl_reader *r)
{
	struct view word = view_of(r->at.rest.p, 0);

	if (!starts_word(cursor_peek(&r->at)))
		return word;
	while (starts_word(cursor_peek(&r->at)) || isdigit(cursor_peek(&r->at)) ||
		   cursor_peek(&r->at) == '-') {
		cursor_skip(&r->at, 1);
		word.n++;
	}
	return word;
}

static struct value *read_number(struct hcl_reader *r)
{
	const char *start = r->at.rest.p;
	struct mark mark = r->at.mark;
	struct view digits;
	int64_t integer;
	double real;

	cursor_take(&r->at, '-');
	for (int c = cursor_peek(&r->at), before = 0;
		 isdigit(c) || c == '.' || c == 'e' || c == 'E' ||
		 ((c == '+' || c == '-') && (before == 'e' || before == 'E'));
		 before = c, c = cursor_peek(&r->at))
		cursor_skip(&r->at, 1);
	digits = view_of(start, (size_t)(r->at.rest.p - start));
	if (number_int(digits, 10, &integer))
		return value_new_int(r->a, integer);
	if (isdigit((unsigned char)digits.p[digits.n - 1]) && number_real(digits, &real))
		return value_new_real(r->a, real);
	hcl_refuse(r, &mark, "this is no number");
	return NULL;
}

static struct value *read_word(struct hcl_reader *r)
{
	struct mark mark = r->at.mark;
	struct view word = take_word(r);

	if (view_is(word, "true") || view_is(word, "false"))
		return value_new_bool(r->a, view_is(word, "true"));
	if (view_is(word, "null"))
		return value_new_null(r->a);
	hcl_refuse(r, &mark,
			   word.n ? "only literal values are allowed here, no names or calls"
					  : "a value must stand here");
	return NULL;
}

static struct value *read_list(struct hcl_reader *r, unsigned depth)
{
	struct value *list = value_new_list(r->a);

	cursor_skip(&r->at, 1);
	for (;;) {
		struct value *item;

		if (skip_space(r, true) < 0)
			return NULL;
		if (cursor_take(&r->at, ']'))
			return list;
		item = read_value(r, depth);
		if (!item || skip_space(r, true) < 0)
			return NULL;
		value_push(r->a, list, item);
		if (!cursor_take(&r->at, ',') && cursor_peek(&r->at) != ']') {
			refuse_here(r, "a ',' or ']' must stand here");
			return NULL;
		}
	}
}

/* A name in front of '=': a word, or, in an object, a text in quotes too. NULL with the error. */
static const char *read_name(struct hcl_reader *r, bool object)
{
	struct mark mark = r->at.mark;
	struct view word = take_word(r);
	struct value *text;

	if (word.n)
		return arena_view(r->a, word);
	if (!object || cursor_peek(&r->at) != '"') {
		refuse_here(r, "a name must stand here");
		return NULL;
	}
	text = hcl_read_quoted(r);
	if (!text)
		return NULL;
	if (strlen(text->text) == text->n)
		return text->text;
	hcl_refuse(r, &mark, "a name must not hold a zero");
	return NULL;
}

/* "NAME = VALUE", and in an object "NAME : VALUE", into map. */
static int read_pair(struct hcl_reader *r, struct value *map, bool object, unsigned depth)
{
	struct mark mark = r->at.mark;
	const char *name = read_name(r, object);
	struct value *v;

	if (!name || skip_space(r, false) < 0)
		return -1;
	if (!cursor_take(&r->at, '=') && !(object && cursor_take(&r->at, ':')))
		return refuse_here(r, object ? "a '=' or ':' must stand here"
									 : "a '=' must stand here; blocks have no place in this file");
	if (skip_space(r, false) < 0 || !(v = read_value(r, depth)) || skip_space(r, false) < 0)
		return -1;
	value_add(r->a, map, name, &mark, v);
	return 0;
}

static int check_names(struct hcl_reader *r, const struct value *map)
{
	size_t twice = value_twice(map);

	if (twice == map->n)
		return 0;
	return mark_err(r->e, ERR_CONFIG, &map->name_marks[twice], "the name '%s' stands here twice",
					map->names[twice]);
}

static struct value *read_object(struct hcl_reader *r, unsigned depth)
{
	struct value *map = value_new_map(r->a);

	cursor_skip(&r->at, 1);
	for (;;) {
		if (skip_space(r, true) < 0)
			return NULL;
		if (cursor_take(&r->at, '}'))
			return check_names(r, map) < 0 ? NULL : map;
		if (read_pair(r, map, true, depth) < 0)
			return NULL;
		if (!cursor_take(&r->at, ',') && cursor_peek(&r->at) != '\n' &&
			cursor_peek(&r->at) != '}') {
			refuse_here(r, "a ',', a line end or '}' must stand here");
			return NULL;
		}
	}
}

static struct value *read_value(struct hcl_reader *r, unsigned depth)
{
	struct mark mark = r->at.mark;
	int c = cursor_peek(&r->at);
	struct value *v = NULL;

	if (depth == HCL_DEPTH_MAX)
		refuse_here(r, "nested too deep");
	else if (c == '"')
		v = hcl_read_quoted(r);
	else if (comes(r, "<<"))
		v = hcl_read_heredoc(r);
	else if (c == '-' || isdigit(c))
		v = read_number(r);
	else if (c == '[')
		v = read_list(r, depth + 1);
	else if (c == '{')
		v = read_object(r, depth + 1);
	else
		v = read_word(r);
	if (v)
		v->mark = mark;
	return v;
}

int hcl_parse(struct arena *a, struct view text, const char *file, struct value **out,
			  struct err *e)
{
	struct hcl_reader r = { .at = cursor_at_start(text, arena_text(a, file)), .a = a, .e = e };
	struct value *map = value_new_map(a);

	map->mark = r.at.mark;
	if (cursor_check_utf8(text, file, e) < 0)
		return -1;
	for (;;) {
		if (skip_space(&r, true) < 0)
			return -1;
		if (r.at.rest.n == 0)
			break;
		if (read_pair(&r, map, false, 0) < 0)
			return -1;
		if (r.at.rest.n && cursor_peek(&r.at) != '\n')
			return refuse_here(&r, "only one 'name = value' may stand on a line");
	}
	if (check_names(&r, map) < 0)
		return -1;
	*out = map;
	return 0;
}
