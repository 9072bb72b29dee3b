#include "formats/ini.h"

#include "core/text.h"
#include "formats/cursor.h"

struct reader {
	struct arena *a;
	struct mark mark; /* of the line in hand */
	struct value *root,
		*section;       /* section: NULL before the first header, and behind a broken one */
	struct value *last; /* value of the key above, for the lines indented below it */
	const char *last_key;
	size_t last_room; /* bytes allocated for last's text; 0: no more than it needs */
	bool section_broken;
	struct err found;
};

static void reader_release(struct reader *r)
{
	err_release(&r->found);
}
SCOPE_END(reader, struct reader, reader_release(v))

static void complain(struct reader *r, const char *why)
{
	mark_err_also(&r->found, ERR_CONFIG, &r->mark, "%s", why);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool starts_comment(struct view line)
{
	return line.n && (*line.p == '#' || *line.p == ';');
}

/* v without a comment, which needs white space in front of it here. */
static struct view without_comment(struct view v)
{
	for (size_t i = 1; i < v.n; i++)
		if (is_blank(v.p[i - 1]) && (v.p[i] == '#' || v.p[i] == ';'))
			return view_trim(view_of(v.p, i));
	return view_trim(v);
}

/* "profile   ops" is "profile ops". */
static const char *section_name(struct arena *a, struct view name)
{
	char *copy = arena_view(a, view_trim(name)), *to = copy;

	for (const char *p = copy; *p; p++)
		if (!is_blank(*p) || !is_blank(p[1]))
			*to++ = is_blank(*p) ? ' ' : *p;
	*to = '\0';
	return copy;
}

static struct value *marked(struct reader *r, struct value *v)
{
	v->mark = r->mark;
	return v;
}

/* A section that comes twice is one section; that is how the SDKs read it. */
static void read_header(struct reader *r, struct view line)
{
	struct view name = view_of(line.p + 1, line.n - 1), rest = name;
	const char *text;

	r->last = NULL;
	r->section = NULL;
	name = view_cut(&rest, ']');
	rest = rest.p ? view_trim(rest) : rest;
	r->section_broken = !rest.p || (rest.n && !starts_comment(rest)) || view_trim(name).n == 0;
	if (r->section_broken) {
		complain(r, "a section is written as [name]");
		return;
	}
	text = section_name(r->a, name);
	r->section = (struct value *)value_get(r->root, text);
	if (r->section)
		return;
	if (r->root->n == INI_SECTIONS_MAX)
		complain(r, "too many sections");
	else
		r->section = value_add(r->a, r->root, text, &r->mark, marked(r, value_new_map(r->a)));
}

/* Cuts "key = value"; false, with a complaint, when it is none. */
static bool cut_pair(struct reader *r, struct view line, struct view *key, struct view *text)
{
	struct view rest = line;

	*key = view_trim(view_cut(&rest, '='));
	if (!rest.p || key->n == 0) {
		complain(r, "a line must be 'key = value'");
		return false;
	}
	*text = without_comment(rest);
	return true;
}

static struct value *put(struct reader *r, struct value *map, struct view key, struct view text)
{
	const char *name = arena_view(r->a, key);

	if (map->n >= INI_KEYS_MAX && !value_get(map, name)) {
		complain(r, "too many keys in one section");
		return NULL;
	}
	return value_set(r->a, map, name, marked(r, value_new_view(r->a, text)));
}

static void read_key(struct reader *r, struct view line)
{
	struct view key, text;

	r->last = NULL;
	if (r->section_broken || !cut_pair(r, line, &key, &text))
		return;
	if (!r->section) {
		complain(r, "a key before the first section");
		return;
	}
	r->last_key = arena_view(r->a, key);
	r->last = put(r, r->section, key, text);
	r->last_room = 0;
}

/* Appends a line to the value above, in room that doubles: there may be many. */
static void go_on_with(struct reader *r, struct value *last, struct view line)
{
	size_t n = last->n + 1 + line.n;
	char *text = (char *)last->text;

	if (n + 1 > r->last_room) {
		r->last_room = 2 * (n + 1);
		text = arena_alloc(r->a, r->last_room);
		memcpy(text, last->text, last->n);
	}
	text[last->n] = '\n';
	memcpy(text + last->n + 1, line.p, line.n);
	text[n] = '\0';
	last->text = text;
	last->n = n;
}

/* Below an empty value: a key of the map it is. Below another one: its next line. */
static void read_indented(struct reader *r, struct view line)
{
	struct view key, text = without_comment(line);
	struct value *last = r->last;

	if (!last)
		return; /* the line above was complained about */
	if (last->type == VALUE_TEXT && last->n) {
		go_on_with(r, last, text);
		return;
	}
	if (!cut_pair(r, line, &key, &text))
		return;
	if (last->type == VALUE_TEXT)
		r->last = last = value_set(r->a, r->section, r->last_key, marked(r, value_new_map(r->a)));
	put(r, last, key, text);
}

static void read_line(struct reader *r, struct view line)
{
	struct view text = view_trim(line);

	if (text.n == 0 || starts_comment(text))
		return;
	if (is_blank(*line.p) && (r->last || r->section_broken))
		read_indented(r, text);
	else if (*text.p == '[')
		read_header(r, text);
	else
		read_key(r, text);
}

int ini_parse(struct arena *a, struct view text, const char *file, struct value **out,
			  struct err *e)
{
	AUTO(reader) struct reader r = { .a = a, .root = value_new_map(a) };
	struct view rest = cursor_at_start(text, NULL).rest;

	if (cursor_check_utf8(text, file, e) < 0)
		return -1;
	r.mark.file = arena_text(a, file);
	while (rest.p && err_count(&r.found) < INI_PROBLEMS_MAX) {
		struct view line = view_cut(&rest, '\n');

		r.mark.line++;
		r.mark.column = 1;
		if (line.n && memchr(line.p, '\0', line.n))
			complain(&r, "a zero has no place in a line");
		else
			read_line(&r, line);
	}
	if (r.found.kind != ERR_NONE) {
		err_move(e, &r.found);
		return -1;
	}
	*out = r.root;
	return 0;
}
