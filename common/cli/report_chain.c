/*
 * The chain as boxes, 80 columns wide or up to 120:
 *
 *	┌ ✓ ──────────┐   ┌ ✓ ──────────────┐   ┌ ✗ ──────────┐   ┌ - ──────────────┐
 *	│ pods        ├──▶│ service account ├─✗▶│ role        ├┬─▶│ seal key        │
 *	│ vault (3)   │   │ vault           │   │ vault-prod  ││  │ c5ab26fb-7f1... │
 *	└─────────────┘   └─────────────────┘   └─────────────┘│  └─────────────────┘
 *	                                                       │  ┌ - ──────────────┐
 *	                                                       └─▶│ table           │
 *	                                                          │ vault           │
 *	                                                          └─────────────────┘
 */
#include "cli/report.h"

#include "cli/text_width.h"

enum { COLUMNS_MIN = 80, COLUMNS_MAX = 120, NAME_BYTES_MAX = 4096, INDENT = 1, BOXES = 4, LINES = 4 };

enum place { PODS, ACCOUNT, ROLE, KEY, TABLE };

struct drawing {
	struct buf *out;
	const struct chain *chain;
	const struct report_look *look;
	size_t inner[BOXES];   /* columns between the sides of each box; table's is the key's */
	size_t fork;           /* column at which the way to the table leaves */
};

struct strokes {
	const char *across, *down, *top_left, *top_right, *bottom_left, *bottom_right, *out, *fork, *turn, *arrow;
};

static const struct strokes *strokes_of(const struct report_look *look)
{
	static const struct strokes lines[] = {
		{ "-", "|", "+", "+", "+", "+", "+", "+", "+", ">" },
		{ "─", "│", "┌", "┐", "└", "┘", "├", "┬", "└", "▶" },
	};

	return &lines[look->utf8];
}

static const struct chain_node *node_at(const struct drawing *d, enum place place)
{
	return &d->chain->nodes[place];
}

static enum paint paint_of(const struct chain_node *node)
{
	if (node->broken)
		return PAINT_BAD;
	return node->state == VERDICT_PASS ? PAINT_PLAIN : report_paint(node->state);
}

static void put_many(struct drawing *d, const char *text, size_t n)
{
	while (n--)
		buf_text(d->out, text);
}

static void put_painted(struct drawing *d, enum paint paint, const char *text)
{
	buf_printf(d->out, "%s%s%s", paint_on(paint, d->look->color), text, paint_off(paint, d->look->color));
}

static void put_top(struct drawing *d, enum place place, size_t inner)
{
	const struct strokes *s = strokes_of(d->look);
	const struct chain_node *node = node_at(d, place);

	buf_text(d->out, paint_on(paint_of(node), d->look->color));
	buf_printf(d->out, "%s ", s->top_left);
	put_painted(d, report_paint(node->state), report_mark(node->state, d->look->utf8));
	buf_printf(d->out, "%s ", paint_on(paint_of(node), d->look->color));
	put_many(d, s->across, inner - 3);
	buf_printf(d->out, "%s%s", s->top_right, paint_off(paint_of(node), d->look->color));
}

static void put_bottom(struct drawing *d, enum place place, size_t inner)
{
	const struct strokes *s = strokes_of(d->look);
	enum paint paint = paint_of(node_at(d, place));

	buf_printf(d->out, "%s%s", paint_on(paint, d->look->color), s->bottom_left);
	put_many(d, s->across, inner);
	buf_printf(d->out, "%s%s", s->bottom_right, paint_off(paint, d->look->color));
}

static void put_text(struct drawing *d, enum place place, size_t inner, const char *text, enum paint in, const char *right)
{
	const struct strokes *s = strokes_of(d->look);
	AUTO(buf) struct buf safe = BUF_MAX(NAME_BYTES_MAX), cut = BUF_MAX(NAME_BYTES_MAX);
	enum paint paint = paint_of(node_at(d, place));
	size_t used;

	text_safe(&safe, view_text(text));
	text_fit(&cut, buf_bytes(&safe), inner - 2);
	used = text_columns(buf_bytes(&cut));
	put_painted(d, paint, s->down);
	buf_char(d->out, ' ');
	put_painted(d, in, buf_str(&cut));
	buf_printf(d->out, "%*s", (int)(inner - 1 - used), "");
	put_painted(d, paint, right);
}

static void put_line(struct drawing *d, enum place place, size_t inner, int line, bool leads_on)
{
	const struct strokes *s = strokes_of(d->look);
	const struct chain_node *node = node_at(d, place);

	switch (line) {
	case 0: put_top(d, place, inner); break;
	case 1: put_text(d, place, inner, node->title, PAINT_BOLD, leads_on ? s->out : s->down); break;
	case 2: put_text(d, place, inner, node->name ? node->name : "not known", PAINT_PLAIN, s->down); break;
	case 3: put_bottom(d, place, inner); break;
	}
}

/* The way to a box, three columns: it is here that a broken link shows. */
static void put_way(struct drawing *d, enum place to, const char *first)
{
	const struct strokes *s = strokes_of(d->look);
	bool broken = node_at(d, to)->broken;

	buf_text(d->out, first);
	put_painted(d, broken ? PAINT_BAD : PAINT_PLAIN, broken ? report_mark(VERDICT_FAIL, d->look->utf8) : s->across);
	buf_text(d->out, s->arrow);
}

static void put_row(struct drawing *d, int line)
{
	const struct strokes *s = strokes_of(d->look);

	buf_printf(d->out, "%*s", INDENT, "");
	for (int box = 0; box < BOXES; box++) {
		put_line(d, (enum place)box, d->inner[box], line, box < BOXES - 1);
		if (box == BOXES - 1)
			break;
		if (line == 1)
			put_way(d, (enum place)(box + 1), box == ROLE ? s->fork : s->across);
		else
			buf_printf(d->out, "%s  ", box == ROLE && line > 1 ? s->down : " ");
	}
	buf_char(d->out, '\n');
}

static void put_table_row(struct drawing *d, int line)
{
	const struct strokes *s = strokes_of(d->look);

	buf_printf(d->out, "%*s", (int)d->fork, "");
	if (line == 1)
		put_way(d, TABLE, s->turn);
	else
		buf_printf(d->out, "%s  ", line == 0 ? s->down : " ");
	put_line(d, TABLE, d->inner[KEY], line, false);
	buf_char(d->out, '\n');
}

static void put_node(struct drawing *d, const struct chain_node *node)
{
	AUTO(buf) struct buf name = BUF_MAX(NAME_BYTES_MAX);

	text_safe(&name, view_text(node->name));
	buf_char(d->out, ' ');
	put_painted(d, report_paint(node->state), report_mark(node->state, d->look->utf8));
	buf_printf(d->out, " %-16s %s%s\n", node->title, buf_str(&name), node->broken ? "  <-- the broken link" : "");
}

/* What stands around the chain. */
static void put_others(struct drawing *d)
{
	bool begun = false;

	for (size_t i = CHAIN_LINKS; i < CHAIN_NODES; i++) {
		const struct chain_node *node = &d->chain->nodes[i];

		if (!node->checks)
			continue;
		buf_text(d->out, begun ? "    " : "  ");
		put_painted(d, report_paint(node->state), report_mark(node->state, d->look->utf8));
		buf_printf(d->out, " %s", node->title);
		begun = true;
	}
	if (begun)
		buf_char(d->out, '\n');
}

void report_chain(struct buf *out, const struct chain *chain, const struct report_look *look)
{
	size_t columns = look->columns > COLUMNS_MAX ? COLUMNS_MAX : look->columns;
	size_t extra = columns > COLUMNS_MIN ? columns - COLUMNS_MIN : 0;
	struct drawing d = {
		.out = out, .chain = chain, .look = look, .inner = { 11, 17, 15 + extra / 2, 17 + extra - extra / 2 },
	};

	if (columns < COLUMNS_MIN) {
		for (size_t i = 0; i < CHAIN_LINKS; i++)
			put_node(&d, &chain->nodes[i]);
		put_others(&d);
		return;
	}
	d.fork = INDENT + d.inner[PODS] + d.inner[ACCOUNT] + d.inner[ROLE] + 3 * 2 + 2 * 3;
	for (int line = 0; line < LINES; line++)
		put_row(&d, line);
	for (int line = 0; line < LINES; line++)
		put_table_row(&d, line);
	put_others(&d);
}
