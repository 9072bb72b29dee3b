#include "watch.h"

#include "formats/iso8601.h"

#define SCREEN_CLEAR "\033[H\033[2J\033[3J"
#define LINE_CLEAR   "\r\033[K"

static int64_t now_ms(const struct transport *t)
{
	return t->ops->now_ms(t->self);
}

/* Sleeps in the transport, which hears the signals; -1 when one came. */
static int rest(const struct examiner *x, int64_t ms, struct err *e)
{
	const struct transport *t = x->transport;
	int64_t until_ms = now_ms(t) + ms;
	unsigned before = t->ops->stops(t->self, NULL);
	int signal = 0;

	while (now_ms(t) < until_ms) {
		t->ops->wait(t->self, until_ms);
		if (t->ops->stops(t->self, &signal) != before)
			return err_set(e, ERR_STOPPED, signal, "stopped");
	}
	return 0;
}

static void draw(struct app *app, const struct buf *text, bool changed, const char *time)
{
	if (app->out_tty && changed)
		fputs(SCREEN_CLEAR, app->out);
	else if (changed)
		fprintf(app->out, "# %s\n", time);
	if (changed)
		fwrite(buf_str(text), 1, text->n, app->out);
	if (app->out_tty)
		fprintf(app->out, "%s%slooked at %s; Ctrl-C ends%s", changed ? "\n" : LINE_CLEAR, paint_on(PAINT_FAINT, app->out_color),
		        time, paint_off(PAINT_FAINT, app->out_color));
	fflush(app->out);
}

int watch(struct examiner *x, bool many, enum fail_on fail_on, int64_t every_ms, struct err *e)
{
	AUTO(buf) struct buf before = BUF_MAX(REPORT_TEXT_MAX);
	bool first = true;
	int result;

	while ((result = examiner_run(x, e)) == 0) {
		AUTO(buf) struct buf text = BUF_MAX(REPORT_TEXT_MAX);
		AUTO(arena) struct arena a = ARENA_INIT;
		struct report r = report_of(x, &a, many, fail_on);
		char time[ISO8601_TEXT];

		result = print_report(&text, x->app, &r, e);
		if (result < 0)
			break;
		iso8601_print(r.wall_ms, time);
		draw(x->app, &text, first || !view_same(buf_bytes(&text), buf_bytes(&before)), time);
		buf_cut(&before, 0);
		buf_view(&before, buf_bytes(&text));
		first = false;
		x->quiet = true;
		result = rest(x, every_ms, e);
		if (result < 0)
			break;
	}
	if (x->app->out_tty)
		fputc('\n', x->app->out);
	return result;
}
