/* The chain as a picture: boxes in viewBox units, colours from the page's style sheet by class (v-pass, v-fail ...). */
#include "cli/report.h"

#include "cli/text_width.h"
#include "core/text.h"

enum { BOX_WIDTH = 200, BOX_HEIGHT = 74, NAME_COLUMNS = 21, STROKE = 56 };

struct place {
	int x, y;
};

/* In the order of chain.h: pods, account, role, key, table. */
static const struct place places[CHAIN_LINKS] = { { 10, 70 }, { 266, 70 }, { 522, 70 }, { 778, 10 }, { 778, 130 } };

static void put_box(struct buf *out, const struct chain_node *node, struct place at)
{
	AUTO(buf) struct buf name = BUF_MAX(REPORT_TEXT_MAX);

	text_fit(&name, view_text(node->name ? node->name : "not known"), NAME_COLUMNS);
	buf_printf(out, "<g class=\"box v-%s%s\" transform=\"translate(%d %d)\"><title>", verdict_name(node->state),
	           node->broken ? " broken" : "", at.x, at.y);
	report_xml_text(out, node->name);
	buf_printf(out, "</title><rect width=\"%d\" height=\"%d\" rx=\"10\"/>", BOX_WIDTH, BOX_HEIGHT);
	buf_printf(out, "<text class=\"what\" x=\"14\" y=\"29\">%s</text>", node->title);
	buf_printf(out, "<text class=\"mark\" x=\"%d\" y=\"30\">%s</text>", BOX_WIDTH - 16, report_mark(node->state, true));
	buf_text(out, "<text class=\"name\" x=\"14\" y=\"54\">");
	report_xml_text(out, buf_str(&name));
	buf_text(out, "</text></g>\n");
}

/* From the right side of one box to the left side of the next; a cross where it is broken. */
static void put_way(struct buf *out, struct place from, struct place to, bool broken)
{
	int x1 = from.x + BOX_WIDTH, y1 = from.y + BOX_HEIGHT / 2, x2 = to.x, y2 = to.y + BOX_HEIGHT / 2;
	int cx = x1 + STROKE / 2, cy = (y1 + y2) / 2;

	buf_printf(out, "<path class=\"way%s\" d=\"M%d %dC%d %d %d %d %d %d\"/>", broken ? " broken" : "", x1, y1, cx, y1, cx, y2,
	           x2 - 9, y2);
	buf_printf(out, "<path class=\"tip%s\" d=\"M%d %dl-10 -6v12z\"/>\n", broken ? " broken" : "", x2 - 1, y2);
	if (broken)
		buf_printf(out, "<g class=\"cross\" transform=\"translate(%d %d)\"><circle r=\"13\"/>"
		                "<path d=\"M-5 -5L5 5M5 -5L-5 5\"/></g>\n", cx, cy);
}

static const char *label_of(struct arena *a, const struct chain *chain)
{
	for (size_t i = 0; i < CHAIN_LINKS; i++)
		if (chain->nodes[i].broken)
			return arena_printf(a, "The chain from the pods to key and table is broken at: %s", chain->nodes[i].title);
	return "The chain from the pods to key and table";
}

void report_svg(struct buf *out, const struct chain *chain)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	buf_printf(out, "<svg class=\"chain\" viewBox=\"0 0 988 214\" role=\"img\" aria-label=\"%s\" "
	                "xmlns=\"http://www.w3.org/2000/svg\">\n", label_of(&a, chain));
	for (size_t i = 1; i < CHAIN_LINKS; i++) {
		size_t from = i == CHAIN_LINKS - 1 ? i - 2 : i - 1;

		put_way(out, places[from], places[i], chain->nodes[i].broken);
	}
	for (size_t i = 0; i < CHAIN_LINKS; i++)
		put_box(out, &chain->nodes[i], places[i]);
	buf_text(out, "</svg>\n");
}
