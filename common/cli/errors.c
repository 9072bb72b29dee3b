#include "cli/errors.h"

#include "cli/table.h"
#include "cli/text_width.h"
#include "formats/json.h"

enum { LINE_MAX_BYTES = 64 << 10, ERRORS_JSON_MAX = 1 << 20 };

static void put_line(struct app *app, const char *word, enum paint paint, const char *text)
{
	AUTO(buf) struct buf line = BUF_MAX(LINE_MAX_BYTES);

	text_safe(&line, view_text(text));
	fprintf(app->talk, "%s%s:%s %s\n", paint_on(paint, app->talk_color), word,
	        paint_off(paint, app->talk_color), buf_str(&line));
}

static void put_all(struct app *app, const char *word, enum paint paint, const struct err *e)
{
	for (; e && e->kind; e = e->more) {
		put_line(app, word, paint, e->text);
		if (e->hint)
			put_line(app, "hint", PAINT_FAINT, e->hint);
	}
}

static struct value *one_to_value(struct arena *a, const struct err *e)
{
	struct value *v = value_new_map(a);

	value_set_text(a, v, "kind", err_kind_name(e->kind));
	value_set_int(a, v, "status", e->status);
	value_set_text(a, v, "text", e->text);
	value_set_text(a, v, "hint", e->hint);
	return v;
}

static void put_json(struct app *app, const struct err *e)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(buf) struct buf text = BUF_MAX(ERRORS_JSON_MAX);
	struct value *root = value_new_map(&mem), *more = value_new_list(&mem), *first;

	first = value_set(&mem, root, "error", one_to_value(&mem, e));
	value_set(&mem, first, "more", more);
	for (e = e->more; e; e = e->more)
		value_push(&mem, more, one_to_value(&mem, e));
	va_json_print(&text, root, false);
	fprintf(app->talk, "%s\n", buf_str(&text));
}

void errors_print(struct app *app, const struct err *e)
{
	if (!e->kind)
		return;
	fflush(app->out);
	if (app_format_is(app, "json"))
		put_json(app, e);
	else
		put_all(app, "error", PAINT_BAD, e);
}

void warnings_print(struct app *app, const struct err *e)
{
	put_all(app, "warning", PAINT_WARN, e);
}

static void put_formatted(struct app *app, const char *word, enum paint paint, const char *fmt,
                          va_list ap)
{
	AUTO(buf) struct buf text = BUF_MAX(LINE_MAX_BYTES);

	buf_vprintf(&text, fmt, ap);
	put_line(app, word, paint, buf_str(&text));
}

void warning_printf(struct app *app, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_formatted(app, "warning", PAINT_WARN, fmt, ap);
	va_end(ap);
}

void hint_printf(struct app *app, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_formatted(app, "hint", PAINT_FAINT, fmt, ap);
	va_end(ap);
}

void talk_printf(struct app *app, const char *fmt, ...)
{
	AUTO(buf) struct buf text = BUF_MAX(LINE_MAX_BYTES), line = BUF_MAX(LINE_MAX_BYTES);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	text_safe(&line, buf_bytes(&text));
	fprintf(app->talk, "%s\n", buf_str(&line));
}
