#include "aws/protocol.h"
#include "formats/uri.h"

#include <inttypes.h>

static const char *scalar_text(struct arena *a, const struct value *v)
{
	switch (v->type) {
	case VALUE_TEXT:
		return v->text;
	case VALUE_INT:
		return arena_printf(a, "%" PRId64, v->integer);
	case VALUE_BOOL:
		return v->truth ? "true" : "false";
	default:
		return NULL;
	}
}

/* Takes the parameter out of rest; NULL when it is absent or no scalar. */
static const char *consume(struct arena *a, struct value *rest, const char *name)
{
	const struct value *v = value_get(rest, name);
	const char *text = v ? scalar_text(a, v) : NULL;

	if (text)
		value_unset(rest, name);
	return text;
}

static int fill_path(struct buf *out, struct arena *a, struct view template, struct value *rest,
					 struct err *e)
{
	while (template.p) {
		struct view name, plain = view_cut(&template, '{');
		const char *text;
		bool slashes;

		buf_view(out, plain);
		if (!template.p)
			break;
		name = view_cut(&template, '}');
		slashes = view_ends(name, "+");
		name.n -= slashes;
		text = consume(a, rest, arena_view(a, name));
		if (!text || !*text)
			return err_set(e, ERR_BUG, 0, "the parameter '%.*s' is missing", (int)name.n, name.p);
		uri_encode(out, view_text(text), slashes);
	}
	return 0;
}

/* A list repeats its name. */
static void fill_piece(struct buf *out, struct arena *a, struct view name, struct view parameter, struct value *rest)
{
	const char *of = arena_view(a, parameter);
	const struct value *v = value_get(rest, of);
	size_t n = v && v->type == VALUE_LIST ? v->n : v != NULL;

	for (size_t i = 0; i < n; i++) {
		const char *text = scalar_text(a, v->type == VALUE_LIST ? v->items[i] : v);

		if (!text)
			continue;
		buf_printf(out, "%s%.*s=", out->n ? "&" : "", (int)name.n, name.p);
		uri_encode(out, view_text(text), false);
	}
	value_unset(rest, of);
}

/* Pieces are "name={parameter}", left out without the parameter, or "name". */
static void fill_query(struct buf *out, struct arena *a, struct view template, struct value *rest)
{
	while (template.p) {
		struct view piece = view_cut(&template, '&');
		struct view name = view_cut(&piece, '=');

		if (!piece.p) {
			buf_printf(out, "%s%.*s", out->n ? "&" : "", (int)name.n, name.p);
			continue;
		}
		fill_piece(out, a, name, view_of(piece.p + 1, piece.n - 2), rest);
	}
}

int rest_fill(struct buf *path, struct buf *query, struct value **rest, struct arena *a,
			  const char *template, const struct value *params, struct err *e)
{
	struct view query_template = view_text(template);
	struct view path_template = view_cut(&query_template, '?');

	*rest = params ? value_copy(a, params) : value_new_map(a);
	if (fill_path(path, a, path_template, *rest, e) < 0)
		return -1;
	fill_query(query, a, query_template, *rest);
	return 0;
}
