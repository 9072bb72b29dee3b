#include "cli/report.h"

#include "cli/text_width.h"
#include "core/text.h"

enum { ID_COLUMNS = 22, INDENT = 4, COLUMNS_MIN = 40, COLUMNS_MAX = 120 };

struct page {
	struct buf *out;
	const struct report_look *look;
	size_t columns;
};

static void put_painted(const struct page *p, enum paint paint, const char *text)
{
	buf_printf(p->out, "%s%s%s", paint_on(paint, p->look->color), text, paint_off(paint, p->look->color));
}

/* A foreign text from here on, wrapped under itself. */
static void put_wrapped(const struct page *p, size_t indent, const char *text)
{
	AUTO(buf) struct buf safe = BUF_MAX(REPORT_TEXT_MAX);

	text_safe(&safe, view_text(text));
	text_wrap(p->out, buf_str(&safe), p->columns, indent);
	buf_char(p->out, '\n');
}

/* On the rest of this line alone. */
static void put_cut(const struct page *p, size_t indent, const char *text)
{
	AUTO(buf) struct buf safe = BUF_MAX(REPORT_TEXT_MAX);

	text_safe(&safe, view_text(text));
	text_fit(p->out, buf_bytes(&safe), p->columns > indent + 10 ? p->columns - indent : 10);
	buf_char(p->out, '\n');
}

/* Lines to be pasted are never broken. */
static void put_lines(const struct page *p, size_t indent, const char *text)
{
	struct view rest = view_text(text);

	while (rest.p) {
		buf_printf(p->out, "%*s", (int)indent, "");
		text_safe(p->out, view_cut(&rest, '\n'));
		buf_char(p->out, '\n');
	}
}

static void put_labelled(const struct page *p, const char *label, const char *text)
{
	size_t indent = INDENT + strlen(label) + 2;

	buf_printf(p->out, "%*s", INDENT, "");
	put_painted(p, PAINT_FAINT, label);
	buf_text(p->out, ": ");
	put_wrapped(p, indent, text);
}

static void put_evidence(const struct page *p, const struct finding *f)
{
	for (const struct evidence *one = f->evidence; one; one = one->next) {
		AUTO(buf) struct buf name = BUF_MAX(REPORT_TEXT_MAX);

		text_safe(&name, view_text(one->name));
		put_labelled(p, buf_str(&name), one->text);
	}
}

static void put_finding(const struct page *p, const struct finding *f)
{
	const char *cause = *f->cause ? f->cause : f->check->title;
	size_t id = strlen(f->check->id), indent = id < ID_COLUMNS ? ID_COLUMNS + 3 : id + 3;
	bool bad = f->verdict == VERDICT_FAIL || f->verdict == VERDICT_WARN;

	put_painted(p, report_paint(f->verdict), report_mark(f->verdict, p->look->utf8));
	buf_char(p->out, ' ');
	put_painted(p, f->verdict == VERDICT_FAIL ? PAINT_BOLD : PAINT_PLAIN, f->check->id);
	buf_printf(p->out, "%*s", (int)(indent - 2 - id), "");
	if (f->verdict == VERDICT_INFO && !p->look->wide)
		put_cut(p, indent, cause);
	else
		put_wrapped(p, indent, f->verdict == VERDICT_UNKNOWN ? arena_printf(f->mem, "not checked: %s", cause) : cause);
	if (p->look->wide || f->verdict == VERDICT_FAIL)
		put_evidence(p, f);
	if (f->verdict == VERDICT_UNKNOWN && f->right)
		put_labelled(p, "needs", f->right);
	if (!bad)
		return;
	if (f->fix) {
		buf_printf(p->out, "%*s", INDENT, "");
		put_painted(p, PAINT_GOOD, "fix");
		buf_text(p->out, ":\n");
		put_lines(p, INDENT + 2, f->fix);
	} else {
		put_labelled(p, "remedy", f->check->remedy);
	}
}

static size_t count_of(const struct findings *f, const struct check_family *family, enum verdict v)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->at[i].verdict == v && check_family_of(f->at[i].check) == family;
	return n;
}

/* Behind which failures a family's skipped checks stand, each once. */
static const char *blockers(struct arena *a, const struct findings *f, const struct check_family *family)
{
	const struct check *seen[8];
	const char *text = NULL;
	size_t n = 0;

	for (size_t i = 0; i < f->n && n < COUNT_OF(seen); i++) {
		const struct check *by = f->at[i].blocked_by;
		bool told = false;

		if (!by || check_family_of(f->at[i].check) != family)
			continue;
		for (size_t k = 0; k < n; k++)
			told = told || seen[k] == by;
		if (told)
			continue;
		seen[n++] = by;
		text = arena_printf(a, "%s%s'%s'", text ? text : "", text ? ", " : "", by->id);
	}
	return text;
}

static void put_family(const struct page *p, const struct findings *f, const struct check_family *family)
{
	static const enum verdict order[] = { VERDICT_FAIL, VERDICT_UNKNOWN, VERDICT_WARN, VERDICT_PASS, VERDICT_INFO, VERDICT_SKIP };
	static const char *const words[] = { "failed", "not checked", "warned", "passed", "worth knowing", "skipped" };
	AUTO(arena) struct arena a = ARENA_INIT;
	enum verdict worst = VERDICT_SKIP;
	const char *text = NULL, *behind = blockers(&a, f, family);
	size_t counts[COUNT_OF(order)];

	for (size_t i = 0; i < COUNT_OF(order); i++) {
		counts[i] = count_of(f, family, order[i]);
		if (!counts[i])
			continue;
		if (!text)
			worst = order[i];
		text = arena_printf(&a, "%s%s%zu %s", text ? text : "", text ? ", " : "", counts[i], words[i]);
	}
	if (!text)
		return;
	if (behind)
		text = arena_printf(&a, "%s (behind %s)", text, behind);
	put_painted(p, report_paint(worst), report_mark(worst, p->look->utf8));
	buf_printf(p->out, " %-22s ", family->title);
	put_wrapped(p, 25, text);
}

static void put_head(const struct page *p, const struct report_cluster *c)
{
	AUTO(buf) struct buf text = BUF_MAX(REPORT_TEXT_MAX);

	if (c->release)
		buf_printf(&text, "Vault '%s' in the namespace '%s'", c->release, c->namespace_);
	else
		buf_text(&text, "No release of Vault is known");
	if (!text_empty(c->context))
		buf_printf(&text, ", %s", c->context);
	put_wrapped(p, 0, buf_str(&text));
	buf_char(p->out, '\n');
}

/* Without AWS a score of checks says the same: it is told once, with the names of all. */
static bool says_the_same(const struct finding *a, const struct finding *b)
{
	return a->verdict == VERDICT_UNKNOWN && b->verdict == VERDICT_UNKNOWN && text_same(a->cause, b->cause) &&
	       text_same(a->right, b->right);
}

static bool was_told(const struct finding *const *first, const struct finding *const *one)
{
	for (; first < one; first++)
		if (says_the_same(*first, *one))
			return true;
	return false;
}

static void put_likewise(const struct page *p, const struct finding *const *one)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *ids = NULL;

	for (const struct finding *const *other = one + 1; *other; other++)
		if (says_the_same(*one, *other))
			ids = arena_printf(&a, "%s%s%s", ids ? ids : "", ids ? ", " : "", (*other)->check->id);
	if (ids)
		put_labelled(p, "likewise", ids);
}

/* Each check once: the bad ones first, then all others by family. */
static void put_all(const struct page *p, const struct findings *f, const struct finding *const *order)
{
	for (const struct finding *const *first = order; *order; order++) {
		if (p->look->wide || !was_told(first, order)) {
			put_finding(p, *order);
			if (!p->look->wide)
				put_likewise(p, order);
		} else if (order[1]) {
			continue;
		}
		if (p->look->wide || (*order)->verdict == VERDICT_FAIL || (*order)->verdict == VERDICT_WARN || !order[1])
			buf_char(p->out, '\n');
	}
	for (size_t i = 0; p->look->wide && i < f->n; i++)
		if (f->at[i].verdict == VERDICT_PASS || f->at[i].verdict == VERDICT_SKIP)
			put_finding(p, &f->at[i]);
}

static void put_cluster(const struct page *p, const struct report_cluster *c)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct findings *f = c->findings;
	const struct finding *const *order = report_order(&a, f);

	put_head(p, c);
	report_chain(p->out, c->chain, p->look);
	buf_char(p->out, '\n');
	put_all(p, f, order);
	for (size_t i = 0; !p->look->wide && i < n_check_families; i++)
		put_family(p, f, check_families[i]);
	buf_printf(p->out, "\n%s", paint_on(report_paint(report_state(c)), p->look->color));
	text_wrap(p->out, report_summary(&a, f), p->columns, 0);
	buf_printf(p->out, "%s\n", paint_off(report_paint(report_state(c)), p->look->color));
}

static const char *one_line(struct arena *a, const struct report_cluster *c)
{
	const struct finding *const *order;

	if (c->why)
		return c->why->text;
	order = report_order(a, c->findings);
	if (!*order || report_state(c) == VERDICT_PASS)
		return report_summary(a, c->findings);
	return arena_printf(a, "%s: %s", order[0]->check->id, order[0]->cause);
}

/* The end of a name that is too long tells more: ARNs begin alike. */
static void put_name(struct buf *out, const char *text, size_t columns)
{
	AUTO(buf) struct buf safe = BUF_MAX(REPORT_TEXT_MAX);
	const char *p;

	text_safe(&safe, view_text(text));
	p = buf_str(&safe);
	if (text_columns(view_text(p)) > columns) {
		buf_text(out, "...");
		while (text_columns(view_text(p)) > columns - 3 || ((unsigned char)*p & 0xC0) == 0x80)
			p++;
	}
	buf_text(out, p);
}

static void put_many(const struct page *p, const struct report *r)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	size_t counts[VERDICT_UNKNOWN + 1] = { 0 }, width = 0;

	for (size_t i = 0; i < r->n; i++) {
		size_t n = text_columns(view_text(r->at[i].context));

		width = n > width ? n : width;
	}
	width = width > p->columns / 3 ? p->columns / 3 : width;
	for (size_t i = 0; i < r->n; i++) {
		const struct report_cluster *c = &r->at[i];
		AUTO(buf) struct buf name = BUF_MAX(REPORT_TEXT_MAX);

		counts[report_state(c)]++;
		put_name(&name, c->context, width);
		put_painted(p, report_paint(report_state(c)), report_mark(report_state(c), p->look->utf8));
		buf_printf(p->out, " %s%*s  ", buf_str(&name), (int)(width - text_columns(buf_bytes(&name))), "");
		put_wrapped(p, width + 4, one_line(&a, c));
	}
	buf_printf(p->out, "\n%zu cluster%s: %zu well, %zu with warnings, %zu broken, %zu not wholly checked, %zu without a Vault\n",
	           r->n, r->n == 1 ? "" : "s", counts[VERDICT_PASS], counts[VERDICT_WARN], counts[VERDICT_FAIL], counts[VERDICT_UNKNOWN],
	           counts[VERDICT_SKIP]);
	for (size_t i = 0; i < r->n; i++)
		if (report_state(&r->at[i]) == VERDICT_FAIL || p->look->wide) {
			buf_text(p->out, "\n\n");
			put_cluster(p, &r->at[i]);
		}
}

void report_table(struct buf *out, const struct report *r, const struct report_look *look)
{
	struct page p = { .out = out, .look = look, .columns = look->columns };

	if (p.columns < COLUMNS_MIN)
		p.columns = COLUMNS_MIN;
	if (p.columns > COLUMNS_MAX)
		p.columns = COLUMNS_MAX;
	if (r->many)
		put_many(&p, r);
	else
		put_cluster(&p, &r->at[0]);
}
