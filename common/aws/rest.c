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

		buf_view(out, plain);
		if (!template.p)
			break;
		name = view_cut(&template, '}');
		text = consume(a, rest, arena_view(a, name));
		if (!text || !*text)
			return err_set(e, ERR_BUG, 0, "the parameter '%.*s' is missing", (int)name.n, name.p);
		uri_encode(out, view_text(text), false);
	}
	return 0;
}

/* Pieces are "name={parameter}"; without the parameter one is left out, a list repeats its name. */
static void fill_query(struct buf *out, struct arena *a, struct view template, struct value *rest)
{
	while (template.p) {
		struct view piece = view_cut(&template, '&');
		struct view name = view_cut(&piece, '=');
		const char *parameter = arena_view(a, view_of(piece.p + 1, piece.n - 2));
		const struct value *v = value_get(rest, parameter);
		size_t n = v && v->type == VALUE_LIST ? v->n : v != NULL;

		for (size_t i = 0; i < n; i++) {
			const char *text = scalar_text(a, v->type == VALUE_LIST ? v->items[i] : v);

			if (!text)
				continue;
			buf_printf(out, "%s%.*s=", out->n ? "&" : "", (int)name.n, name.p);
			uri_encode(out, view_text(text), false);
		}
		value_unset(rest, parameter);
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
