#include "cli/progress.h"

#include "cli/table.h"
#include "cli/text_width.h"

enum { SCREEN_MAX = 256 << 10, ROW_MAX = 4096 };

struct mark_of_state {
	const char *utf8, *ascii;
	enum paint paint;
};

static const struct mark_of_state marks[] = {
	[STEP_WAITING] = { " ", " ", PAINT_FAINT },  [STEP_RUNNING] = { "…", ".", PAINT_PLAIN },
	[STEP_DONE]    = { "✓", "+", PAINT_GOOD },   [STEP_NOT_DUE] = { " ", " ", PAINT_FAINT },
	[STEP_PLANNED] = { " ", " ", PAINT_FAINT },  [STEP_FAILED]  = { "✗", "!", PAINT_BAD },
	[STEP_LEFT]    = { "-", "-", PAINT_FAINT },
};

static int64_t now_ms(const struct progress *p)
{
	return p->transport->ops->now_ms(p->transport->self);
}

void progress_start(struct progress *p, struct app *app, const struct transport *transport)
{
	bool machine = app_format_is(app, "json") || app_format_is(app, "yaml");

	*p = (struct progress){
		.app = app,
		.transport = transport,
		.silent = machine && !app->talk_tty,
		.live = app->talk_tty,
	};
	p->start_ms = now_ms(p);
}

/* What a row is waiting for; NULL: for its reply, or for nothing. */
static const char *awaits(const struct track *t)
{
	return t->state == STEP_RUNNING && t->err.kind ? t->err.text : NULL;
}

static bool has_line(const struct step *s, const struct track *t)
{
	if (!s->change)
		return awaits(t) != NULL;
	return t->state == STEP_RUNNING || t->state == STEP_FAILED || t->state == STEP_LEFT ||
	       (t->state == STEP_DONE && t->sent);
}

static void put_row(struct buf *out, const struct progress *p, const char *text, enum step_state state)
{
	const struct mark_of_state *mark = &marks[state];
	bool color = p->app->talk_color;
	size_t columns = p->app->columns > 8 ? (size_t)p->app->columns - 3 : 5;
	AUTO(buf) struct buf safe = BUF_MAX(ROW_MAX);

	text_safe(&safe, view_text(text));
	buf_printf(out, "%s%s ", paint_on(mark->paint, color), p->app->utf8 ? mark->utf8 : mark->ascii);
	text_fit(out, buf_bytes(&safe), columns);
	buf_printf(out, "%s\n", paint_off(mark->paint, color));
}

static const char *row_title(const struct step *s)
{
	if (s->change)
		return s->change;
	return s->title ? s->title : s->name;
}

static void put_step(struct buf *out, const struct progress *p, const struct step *s,
                     const struct track *t)
{
	AUTO(buf) struct buf text = BUF_MAX(ROW_MAX);
	int64_t end = t->state == STEP_RUNNING ? now_ms(p) : t->end_ms;

	buf_text(&text, row_title(s));
	if (t->state == STEP_LEFT)
		buf_text(&text, ": not begun");
	else
		buf_printf(&text, "  %.1fs", (double)(end - t->start_ms) / 1000);
	if (awaits(t))
		buf_printf(&text, "  %s", awaits(t));
	put_row(out, p, buf_str(&text), t->state);
}

/* The rows that only read, as one. */
static bool put_reads(struct buf *out, const struct progress *p)
{
	unsigned ended = 0, open = 0;
	char text[64];

	for (size_t i = 0; i < p->n_graphs; i++) {
		for (size_t k = 0; k < p->graphs[i]->n; k++) {
			enum step_state state = p->graphs[i]->tracks[k].state;

			if (p->graphs[i]->steps[k].change)
				continue;
			ended += state == STEP_DONE || state == STEP_FAILED;
			open += state == STEP_RUNNING;
		}
	}
	if (!ended && !open)
		return false;
	snprintf(text, sizeof(text), "read what is there: %u of %u", ended, ended + open);
	put_row(out, p, text, open ? STEP_RUNNING : STEP_DONE);
	return true;
}

static unsigned count_lines(const struct progress *p)
{
	unsigned lines = 0;

	for (size_t i = 0; i < p->n_graphs; i++)
		for (size_t k = 0; k < p->graphs[i]->n; k++)
			lines += has_line(&p->graphs[i]->steps[k], &p->graphs[i]->tracks[k]);
	return lines;
}

/* On a screen that is too low for all, the first ones are left out: they ended first. */
static void draw(struct progress *p)
{
	AUTO(buf) struct buf out = BUF_MAX(SCREEN_MAX);
	unsigned lines = count_lines(p), room = p->app->lines > 4 ? (unsigned)p->app->lines - 2 : 2;
	unsigned leave_out = lines > room ? lines - room : 0;

	if (p->drawn)
		buf_printf(&out, "\033[%uA\r\033[J", p->drawn);
	p->drawn = put_reads(&out, p) + lines - leave_out;
	for (size_t i = 0; i < p->n_graphs; i++) {
		for (size_t k = 0; k < p->graphs[i]->n; k++) {
			const struct step *s = &p->graphs[i]->steps[k];
			const struct track *t = &p->graphs[i]->tracks[k];

			if (!has_line(s, t))
				continue;
			if (leave_out)
				leave_out--;
			else
				put_step(&out, p, s, t);
		}
	}
	fwrite(buf_str(&out), 1, out.n, p->app->talk);
	fflush(p->app->talk);
}

static void tell_line(const struct progress *p, const struct step *s, const struct track *t)
{
	AUTO(buf) struct buf text = BUF_MAX(ROW_MAX), safe = BUF_MAX(ROW_MAX);

	if (awaits(t))
		buf_printf(&text, "%s ... %s", row_title(s), awaits(t));
	else if (s->change && t->state == STEP_DONE && t->sent)
		buf_printf(&text, "%s ... done (%.1fs)", s->change, (double)(t->end_ms - t->start_ms) / 1000);
	else if (s->change && t->state == STEP_FAILED)
		buf_printf(&text, "%s ... failed", s->change);
	else
		return;
	text_safe(&safe, buf_bytes(&text));
	fprintf(p->app->talk, "[%5.1fs] %s\n", (double)(now_ms(p) - p->start_ms) / 1000, buf_str(&safe));
	fflush(p->app->talk);
}

void progress_tell(void *progress, const struct graph *g, const struct step *s, const struct track *t)
{
	struct progress *p = progress;
	size_t i = 0;

	if (p->silent)
		return;
	if (!p->live) {
		tell_line(p, s, t);
		return;
	}
	while (i < p->n_graphs && p->graphs[i] != g)
		i++;
	if (i == p->n_graphs && i < PROGRESS_GRAPHS_MAX)
		p->graphs[p->n_graphs++] = g;
	draw(p);
}

void progress_pause(struct progress *p)
{
	if (!p->drawn)
		return;
	fprintf(p->app->talk, "\033[%uA\r\033[J", p->drawn);
	fflush(p->app->talk);
	p->drawn = 0;
}

/* Nothing but reads, all of which ended well: a command may have many such rounds, and none is worth a line that stays. */
static bool only_read(const struct progress *p)
{
	if (count_lines(p))
		return false;
	for (size_t i = 0; i < p->n_graphs; i++)
		for (size_t k = 0; k < p->graphs[i]->n; k++)
			if (p->graphs[i]->tracks[k].state == STEP_FAILED || p->graphs[i]->tracks[k].state == STEP_RUNNING)
				return false;
	return true;
}

void progress_end(struct progress *p)
{
	if (p->live && p->n_graphs && only_read(p))
		progress_pause(p);
	else if (p->live && p->n_graphs)
		draw(p);
	p->drawn = 0;
	p->n_graphs = 0;
}
