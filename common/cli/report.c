#include "cli/report.h"

#include "cli/text_width.h"
#include "core/text.h"
#include "core/utf8.h"
#include "formats/iso8601.h"

static const enum verdict told[] = { VERDICT_FAIL, VERDICT_WARN, VERDICT_UNKNOWN, VERDICT_INFO };

const struct finding *const *report_order(struct arena *a, const struct findings *f)
{
	const struct finding **out = ARENA_ARRAY(a, const struct finding *, f->n + 1);
	size_t n = 0;

	if (f->root)
		out[n++] = f->root;
	for (size_t v = 0; v < COUNT_OF(told); v++)
		for (size_t i = 0; i < f->n; i++)
			if (f->at[i].verdict == told[v] && &f->at[i] != f->root)
				out[n++] = &f->at[i];
	return out;
}

const char *report_summary(struct arena *a, const struct findings *f)
{
	static const struct { enum verdict v; const char *word; } words[] = {
		{ VERDICT_PASS, "passed" }, { VERDICT_INFO, "worth knowing" }, { VERDICT_WARN, "warned" },
		{ VERDICT_FAIL, "failed" }, { VERDICT_SKIP, "skipped" }, { VERDICT_UNKNOWN, "not checked" },
	};
	const char *text = NULL;

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (f->count[words[i].v] || words[i].v == VERDICT_PASS || words[i].v == VERDICT_FAIL)
			text = arena_printf(a, "%s%s%zu %s", text ? text : "", text ? ", " : "", f->count[words[i].v], words[i].word);
	if (f->root)
		text = arena_printf(a, "%s; the broken link: %s", text, f->root->check->id);
	return text;
}

bool report_fails(const struct finding *f, enum fail_on fail_on)
{
	return f->verdict == VERDICT_FAIL || (f->verdict == VERDICT_WARN && fail_on == FAIL_ON_WARN);
}

enum verdict report_state(const struct report_cluster *c)
{
	static const enum verdict worst_first[] = { VERDICT_FAIL, VERDICT_UNKNOWN, VERDICT_WARN };

	if (c->why)
		return VERDICT_SKIP;
	for (size_t i = 0; i < COUNT_OF(worst_first); i++)
		if (c->findings->count[worst_first[i]])
			return worst_first[i];
	return VERDICT_PASS;
}

const char *report_mark(enum verdict v, bool utf8)
{
	static const char *const marks[][2] = {
		[VERDICT_PASS] = { "+", "✓" }, [VERDICT_INFO] = { "i", "i" }, [VERDICT_WARN] = { "!", "!" },
		[VERDICT_FAIL] = { "X", "✗" }, [VERDICT_SKIP] = { "-", "-" }, [VERDICT_UNKNOWN] = { "?", "?" },
	};

	return marks[v][utf8];
}

enum paint report_paint(enum verdict v)
{
	static const enum paint paints[] = {
		[VERDICT_PASS] = PAINT_GOOD, [VERDICT_INFO] = PAINT_PLAIN, [VERDICT_WARN] = PAINT_WARN,
		[VERDICT_FAIL] = PAINT_BAD, [VERDICT_SKIP] = PAINT_FAINT, [VERDICT_UNKNOWN] = PAINT_WARN,
	};

	return paints[v];
}

/* XML 1.0 has no way to write most control characters at all. */
void report_xml_text(struct buf *out, const char *text)
{
	struct view rest = view_text(text);

	for (bool first = true; rest.p; first = false) {
		AUTO(buf) struct buf line = BUF_MAX(REPORT_TEXT_MAX);

		if (!first)
			buf_char(out, '\n');
		text_safe(&line, view_cut(&rest, '\n'));
		for (const char *p = buf_str(&line); *p; p++) {
			switch (*p) {
			case '&':  buf_text(out, "&amp;"); break;
			case '<':  buf_text(out, "&lt;"); break;
			case '>':  buf_text(out, "&gt;"); break;
			case '"':  buf_text(out, "&quot;"); break;
			case '\'': buf_text(out, "&#39;"); break;
			default:   buf_char(out, *p); break;
			}
		}
	}
}

static const char *clean_text(struct arena *a, struct view text)
{
	AUTO(buf) struct buf out = BUF_MAX(REPORT_TEXT_MAX);

	while (text.n) {
		size_t n = utf8_fault(text);

		buf_put(&out, text.p, n);
		if (n < text.n)
			buf_text(&out, "\xEF\xBF\xBD");
		n += n < text.n;
		text = view_of(text.p + n, text.n - n);
	}
	return arena_text(a, buf_str(&out));
}

/* What a log holds need not be UTF-8, which the machine forms are: U+FFFD stands for what is not. */
static void clean_texts(struct arena *a, struct value *v)
{
	if (v->type == VALUE_LIST || v->type == VALUE_MAP) {
		for (size_t i = 0; i < v->n; i++)
			clean_texts(a, v->items[i]);
	} else if (v->type == VALUE_TEXT && utf8_fault(view_of(v->text, v->n)) < v->n) {
		v->text = clean_text(a, view_of(v->text, v->n));
		v->n = strlen(v->text);
	}
}

static void add_chain(struct arena *a, struct value *v, const struct report_cluster *c)
{
	struct value *list = value_set(a, v, "chain", value_new_list(a));

	for (size_t i = 0; i < CHAIN_NODES; i++) {
		const struct chain_node *node = &c->chain->nodes[i];
		struct value *item;

		if (!node->checks)
			continue;
		item = value_push(a, list, value_new_map(a));
		value_set_text(a, item, "link", node->id);
		value_set_text(a, item, "name", node->name);
		value_set_text(a, item, "state", verdict_name(node->state));
		value_set_bool(a, item, "broken", node->broken);
	}
}

static struct value *cluster_value(struct arena *a, const struct report *r, const struct report_cluster *c)
{
	struct value *v = value_new_map(a), *error;
	char time[ISO8601_TEXT];

	iso8601_print(r->wall_ms, time);
	value_set_int(a, v, "schema", 1);
	value_set_text(a, v, "context", c->context);
	value_set_text(a, v, "namespace", c->namespace_);
	value_set_text(a, v, "release", c->release);
	value_set_text(a, v, "time", time);
	findings_put(a, v, c->findings);
	add_chain(a, v, c);
	if (c->why) {
		error = value_set(a, v, "error", value_new_map(a));
		value_set_text(a, error, "kind", err_kind_name(c->why->kind));
		value_set_text(a, error, "text", c->why->text);
		value_set_text(a, error, "hint", c->why->hint);
	}
	clean_texts(a, v);
	return v;
}

struct value *report_value(struct arena *a, const struct report *r)
{
	struct value *list;

	if (!r->many)
		return cluster_value(a, r, &r->at[0]);
	list = value_new_list(a);
	for (size_t i = 0; i < r->n; i++)
		value_push(a, list, cluster_value(a, r, &r->at[i]));
	return list;
}
