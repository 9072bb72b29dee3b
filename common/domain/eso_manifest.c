#include "domain/eso_manifest.h"

#include "core/text.h"
#include "formats/yaml.h"

/* ---- reading ---- */

/* "---" at the left edge parts documents, within block texts too (YAML 1.2.2, 9.1.2). */
static bool is_border(struct view line)
{
	return view_starts(line, "---") && (line.n == 3 || strchr(" \t\r", line.p[3]));
}

/* The marks of a document were counted from its own first line. */
static void move_marks(struct value *v, unsigned lines)
{
	v->mark.line += lines;
	for (size_t i = 0; (v->type == VALUE_LIST || v->type == VALUE_MAP) && i < v->n; i++) {
		if (v->type == VALUE_MAP && v->name_marks)
			v->name_marks[i].line += lines;
		move_marks(v->items[i], lines);
	}
}

/* The error's place is right where the lines before the document are empty ones; a document that parses pays nothing. */
static void explain(struct manifest *m, struct view document, unsigned lines, struct err *e)
{
	AUTO(buf) struct buf padded = BUF_MAX(2 * MANIFEST_MAX);
	AUTO(err) struct err why = {0};
	struct value *v;

	if (++m->bad > MANIFEST_BAD_MAX)
		return;
	for (unsigned i = 0; i < lines; i++)
		buf_char(&padded, '\n');
	buf_view(&padded, document);
	if (va_yaml_parse(m->mem, buf_bytes(&padded), m->file, &v, &why) == 0)
		err_set(&why, ERR_CONFIG, 0, "%s:%u: this is no YAML", m->file, lines + 1);
	if (memmem(document.p, document.n, "{{", 2))
		err_hint(&why, "a template of a chart? render it first: helm template");
	err_append(e, &why);
}

static void take_object(struct manifest *m, struct value *v, struct value *list)
{
	const struct value *items = value_get(v, "items");

	if (v->type != VALUE_MAP)
		return;
	if (!text_same(value_text_or(v, "kind", ""), "List") || !items || items->type != VALUE_LIST) {
		value_push(m->mem, list, v);
		return;
	}
	for (size_t i = 0; i < items->n; i++)
		if (items->items[i]->type == VALUE_MAP)
			value_push(m->mem, list, items->items[i]);
}

static void read_document(struct manifest *m, struct view document, unsigned lines, struct value *list, struct err *e)
{
	AUTO(err) struct err why = {0};
	struct value *v = NULL;

	if (va_yaml_parse(m->mem, document, m->file, &v, &why) < 0) {
		explain(m, document, lines, e);
		return;
	}
	move_marks(v, lines);
	take_object(m, v, list);
}

static int read_documents(struct manifest *m, struct value *list, struct err *e)
{
	struct view rest = m->text;
	const char *start = rest.p;
	unsigned line = 0, first = 0;

	while (rest.p) {
		const char *at = rest.p;
		struct view one = view_cut(&rest, '\n');

		if (is_border(one) && at > start) {
			read_document(m, view_of(start, (size_t)(at - start)), first, list, e);
			start = at;
			first = line;
		}
		line++;
	}
	read_document(m, view_of(start, (size_t)(m->text.p + m->text.n - start)), first, list, e);
	return e->kind ? -1 : 0;
}

int manifest_read(struct manifest *m, struct arena *mem, const struct host *host, const char *file, struct value *list,
                  struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(MANIFEST_MAX);

	*m = (struct manifest){ .mem = mem, .file = file };     /* what is told of, whatever comes */
	if (host_read_file(host, file, &text, e) < 0)
		return -1;
	if (text.full)
		return err_set(e, ERR_CONFIG, 0, "'%s' is longer than %d bytes", file, MANIFEST_MAX);
	return manifest_take(m, mem, file, buf_bytes(&text), list, e);
}

int manifest_take(struct manifest *m, struct arena *mem, const char *file, struct view text, struct value *list,
                  struct err *e)
{
	*m = (struct manifest){ .mem = mem, .file = file, .text = view_of(arena_view(mem, text), text.n) };
	return read_documents(m, list, e);
}

/* ---- changing ---- */

/* Columns are counted in characters. */
static struct view from_mark(const struct manifest *m, const struct mark *at)
{
	struct view rest = m->text, line = {0};
	unsigned column = 1;

	for (unsigned i = 0; i < at->line && rest.p; i++)
		line = view_cut(&rest, '\n');
	while (line.n > 0 && column < at->column) {
		line.p++;
		line.n--;
		column += line.n == 0 || (*line.p & 0xc0) != 0x80;
	}
	return line;
}

static unsigned characters(const char *from, const char *to)
{
	unsigned n = 0;

	while (from < to)
		n += (*from++ & 0xc0) != 0x80;
	return n;
}

struct mark manifest_inside(const struct manifest *m, const struct mark *at, struct view text, size_t offset)
{
	struct view rest = text, piece = view_cut(&rest, '\n'), line = from_mark(m, at);
	struct mark place = *at;
	unsigned below = 0;
	const char *found;

	for (; rest.p && offset > piece.n; below++) {
		offset -= piece.n + 1;
		piece = view_cut(&rest, '\n');
	}
	if (view_starts(line, "|")) {
		place.line += below + 1;
		place.column = 1;
		line = from_mark(m, &place);
	} else if (below) {
		return *at;
	}
	found = line.n && piece.n ? memmem(line.p, line.n, piece.p, piece.n) : NULL;
	if (!found || offset > piece.n)
		return *at;
	place.column += characters(line.p, found + offset);
	return place;
}

/* The word itself, in quotes or behind an anchor or tag; further on would be a comment that says the same. */
static const char *find_word(struct view line, const char *word)
{
	size_t n = strlen(word);
	const char *found;

	if (line.n > 0 && strchr("\"'", *line.p))
		line = view_of(line.p + 1, line.n - 1);
	if (line.n == 0)
		return NULL;
	found = memmem(line.p, line.n, word, n);
	return found == line.p || strchr("&!", *line.p) ? found : NULL;
}

/* An alias has the mark of what it stands for: the same change again is none. */
static bool is_made(const struct manifest *m, size_t at)
{
	for (size_t i = 0; i < m->n_changes; i++)
		if (m->changes[i].at == at)
			return true;
	return false;
}

bool manifest_edit(struct manifest *m, const struct mark *at, const char *from, const char *to)
{
	struct view line = from_mark(m, at);
	const char *found = find_word(line, from);
	size_t offset = found ? (size_t)(found - m->text.p) : 0;
	struct manifest_change *all;

	if (!found)
		return false;
	if (is_made(m, offset))
		return true;
	if (m->n_changes == m->room) {
		m->room = m->room ? 2 * m->room : 16;
		all = ARENA_ARRAY(m->mem, struct manifest_change, m->room);
		if (m->n_changes)
			memcpy(all, m->changes, m->n_changes * sizeof(*all));
		m->changes = all;
	}
	m->changes[m->n_changes++] = (struct manifest_change){ offset, strlen(from), to };
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct manifest_change *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

void manifest_text(struct manifest *m, struct buf *out)
{
	size_t at = 0;

	if (m->n_changes)
		qsort(m->changes, m->n_changes, sizeof(*m->changes), by_place);
	for (size_t i = 0; i < m->n_changes; i++) {
		buf_view(out, view_of(m->text.p + at, m->changes[i].at - at));
		buf_text(out, m->changes[i].word);
		at = m->changes[i].at + m->changes[i].n;
	}
	buf_view(out, view_of(m->text.p + at, m->text.n - at));
}
