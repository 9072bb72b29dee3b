#include "cli/table.h"

#include "cli/text_width.h"
#include "formats/json.h"

enum { TABLE_TEXT_MAX = 16 << 20, COLUMN_GAP = 3 };

const char *paint_on(enum paint paint, bool color)
{
	static const char *const codes[] = {
		[PAINT_PLAIN] = "", [PAINT_GOOD] = "\033[32m", [PAINT_BAD] = "\033[31m",
		[PAINT_WARN] = "\033[33m", [PAINT_FAINT] = "\033[2m", [PAINT_BOLD] = "\033[1m",
	};

	return color ? codes[paint] : "";
}

const char *paint_off(enum paint paint, bool color)
{
	return color && paint != PAINT_PLAIN ? "\033[0m" : "";
}

static void cell_text(struct buf *out, const struct value *cell)
{
	if (!cell || cell->type == VALUE_NULL)
		return;
	switch (cell->type) {
	case VALUE_TEXT: text_safe(out, view_of(cell->text, cell->n)); break;
	case VALUE_BOOL: buf_text(out, cell->truth ? "yes" : "no"); break;
	default:         va_json_print(out, cell, false); break;
	}
}

static bool shown(const struct column *c, bool wide)
{
	return wide || !(c->flags & COLUMN_WIDE);
}

static size_t column_width(const struct table *t, const struct column *c)
{
	size_t width = text_columns(view_text(c->title));
	AUTO(buf) struct buf text = BUF_MAX(TABLE_TEXT_MAX);

	for (size_t i = 0; i < t->rows->n; i++) {
		size_t n;

		buf_cut(&text, 0);
		cell_text(&text, value_get(t->rows->items[i], c->name));
		n = text_columns(buf_bytes(&text));
		width = n > width ? n : width;
	}
	return width;
}

/* The last cell of a line is not filled up. */
static void put_cell(struct buf *out, struct view text, size_t width, bool right, bool last,
                     enum paint paint, bool color)
{
	size_t used = text_columns(text), pad = used < width ? width - used : 0;

	if (right)
		buf_printf(out, "%*s", (int)pad, "");
	buf_text(out, paint_on(paint, color));
	buf_view(out, text);
	buf_text(out, paint_off(paint, color));
	if (!last)
		buf_printf(out, "%*s", (int)(COLUMN_GAP + (right ? 0 : pad)), "");
}

/* row NULL: the titles. */
static void put_line(struct buf *out, const struct table *t, const size_t *widths,
                     const struct value *row, bool wide, bool color)
{
	AUTO(buf) struct buf text = BUF_MAX(TABLE_TEXT_MAX);
	size_t start = out->n, last = 0;

	for (size_t i = 0; t->columns[i].name; i++)
		if (shown(&t->columns[i], wide))
			last = i;
	for (size_t i = 0; t->columns[i].name; i++) {
		const struct column *c = &t->columns[i];
		const struct value *cell = row ? value_get(row, c->name) : NULL;
		enum paint paint = row ? PAINT_PLAIN : PAINT_BOLD;

		if (!shown(c, wide))
			continue;
		buf_cut(&text, 0);
		if (row)
			cell_text(&text, cell);
		else
			buf_text(&text, c->title);
		if (cell && c->paint)
			paint = c->paint(cell);
		put_cell(out, buf_bytes(&text), widths[i], c->flags & COLUMN_RIGHT, i == last, paint, color);
	}
	while (out->n > start && out->p[out->n - 1] == ' ')
		buf_cut(out, out->n - 1);
	buf_char(out, '\n');
}

void table_text(struct buf *out, const struct table *t, bool wide, bool color)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	size_t n = 0, *widths;

	while (t->columns[n].name)
		n++;
	widths = ARENA_ARRAY(&mem, size_t, n + 1);
	for (size_t i = 0; i < n; i++)
		widths[i] = column_width(t, &t->columns[i]);
	put_line(out, t, widths, NULL, wide, color);
	for (size_t i = 0; i < t->rows->n; i++)
		put_line(out, t, widths, t->rows->items[i], wide, color);
}

int table_print(struct app *app, const struct table *t, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(TABLE_TEXT_MAX);

	if (app_format_is(app, "json") || app_format_is(app, "yaml"))
		return app_print_value(app, t->rows, e);
	table_text(&text, t, app_format_is(app, "wide"), app->out_color);
	if (buf_whole(&text, "the table", e) < 0)
		return -1;
	fwrite(buf_str(&text), 1, text.n, app->out);
	return 0;
}
