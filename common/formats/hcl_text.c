#include "formats/hcl_text.h"

#include "core/utf8.h"
#include "formats/hcl.h"
#include "formats/number.h"

#include <ctype.h>
#include <stdint.h>

/* "${" and "%{" start templates, which are refused; "$${" and "%%{" stand for them as they are. */
static bool starts_template(struct view rest)
{
	return view_starts(rest, "${") || view_starts(rest, "%{");
}

static bool starts_escaped_template(struct view rest)
{
	return view_starts(rest, "$${") || view_starts(rest, "%%{");
}

static void put_utf8(struct buf *out, uint32_t code)
{
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	buf_char(out, (char)(leads[n] | code >> 6 * (n - 1)));
	for (size_t i = n - 1; i > 0; i--)
		buf_char(out, (char)(0x80 | (code >> 6 * (i - 1) & 0x3f)));
}

/* \uNNNN or \UNNNNNNNN, behind the backslash. */
static bool take_unicode(struct hcl_reader *r, struct buf *out)
{
	size_t n = *r->at.rest.p == 'u' ? 4 : 8;
	struct view digits = view_of(r->at.rest.p + 1, n);
	int64_t code;

	if (r->at.rest.n < n + 1 || !isxdigit((unsigned char)*digits.p) ||
		!number_int(digits, 16, &code) || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return false;
	put_utf8(out, (uint32_t)code);
	cursor_skip(&r->at, n + 1);
	return true;
}

/* Behind the backslash. */
static bool take_escape(struct hcl_reader *r, struct buf *out)
{
	static const char letters[] = "nrt\"\\", meant[] = "\n\r\t\"\\";
	int c = cursor_peek(&r->at);
	const char *hit = c > 0 ? strchr(letters, c) : NULL;

	if (c == 'u' || c == 'U')
		return take_unicode(r, out);
	if (!hit)
		return false;
	buf_char(out, meant[hit - letters]);
	cursor_skip(&r->at, 1);
	return true;
}

/* One character or escape of a quoted text. */
static int take_piece(struct hcl_reader *r, const struct mark *start, struct buf *out)
{
	struct mark mark = r->at.mark;
	int c = cursor_peek(&r->at);

	if (c == -1 || c == '\n')
		return hcl_refuse(r, start, "this text has no closing '\"' on its line");
	if (starts_template(r->at.rest))
		return hcl_refuse(r, &mark,
						  "only literal texts are allowed here; write $${ or %%{ for the signs");
	if (starts_escaped_template(r->at.rest)) {
		buf_put(out, r->at.rest.p + 1, 2);
		cursor_skip(&r->at, 3);
		return 0;
	}
	cursor_skip(&r->at, 1);
	if (c != '\\')
		buf_char(out, (char)c);
	else if (!take_escape(r, out))
		return hcl_refuse(r, &mark, "this escape is not known");
	return 0;
}

struct value *hcl_read_quoted(struct hcl_reader *r)
{
	AUTO(buf) struct buf text = BUF_MAX(r->at.rest.n);
	struct mark start = r->at.mark;

	cursor_skip(&r->at, 1);
	while (!cursor_take(&r->at, '"'))
		if (take_piece(r, &start, &text) < 0)
			return NULL;
	return value_new_view(r->a, buf_bytes(&text));
}

static struct view without_cr(struct view line)
{
	return view_ends(line, "\r") ? view_of(line.p, line.n - 1) : line;
}

static bool is_blank(struct view line)
{
	return view_trim(line).n == 0;
}

static size_t indent_of(struct view line)
{
	size_t n = 0;

	while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
		n++;
	return n;
}

/* The least indentation of the lines that are not blank. */
static size_t common_indent(struct view body)
{
	size_t least = SIZE_MAX;

	while (body.n) {
		struct view line = view_cut(&body, '\n');

		if (!is_blank(line) && indent_of(line) < least)
			least = indent_of(line);
	}
	return least;
}

/* In a heredoc a backslash is a backslash. False: a template. */
static bool put_line(struct buf *out, struct view line)
{
	while (line.n) {
		size_t n = starts_escaped_template(line) ? 3 : 1;

		if (n == 1 && starts_template(line))
			return false;
		buf_put(out, n == 3 ? line.p + 1 : line.p, n == 3 ? 2 : 1);
		line = view_of(line.p + n, line.n - n);
	}
	return true;
}

static struct value *heredoc_value(struct hcl_reader *r, const struct mark *start, struct view body,
								   size_t indent)
{
	AUTO(buf) struct buf text = BUF_MAX(body.n);

	while (body.n) {
		struct view line = without_cr(view_cut(&body, '\n'));
		size_t cut = is_blank(line) ? 0 : indent;

		if (!put_line(&text, view_of(line.p + cut, line.n - cut))) {
			hcl_refuse(r, start,
					   "only literal texts are allowed here; write $${ or %%{ for the signs");
			return NULL;
		}
		buf_char(&text, '\n');
	}
	return value_new_view(r->a, buf_bytes(&text));
}

/* "<<WORD" or "<<-WORD" and the line end. An empty word: refused. */
static struct view take_opening(struct hcl_reader *r, bool *flush)
{
	struct view rest, word;

	cursor_skip(&r->at, 2);
	*flush = cursor_take(&r->at, '-');
	rest = r->at.rest;
	word = without_cr(view_cut(&rest, '\n'));
	for (size_t i = 0; i < word.n; i++)
		if (!isalnum((unsigned char)word.p[i]) && word.p[i] != '_' && word.p[i] != '-')
			word.n = 0;
	cursor_skip(&r->at, rest.p ? (size_t)(rest.p - r->at.rest.p) : r->at.rest.n);
	return word;
}

struct value *hcl_read_heredoc(struct hcl_reader *r)
{
	struct mark start = r->at.mark;
	bool flush;
	struct view word = take_opening(r, &flush), body = r->at.rest, rest = body;

	if (word.n == 0) {
		hcl_refuse(r, &start, "behind << one word must stand, alone on its line");
		return NULL;
	}
	while (rest.p) {
		const char *at = rest.p;
		struct view line = without_cr(view_cut(&rest, '\n'));

		if (!view_same(view_trim(line), word))
			continue;
		body.n = (size_t)(at - body.p);
		cursor_skip(&r->at, body.n + line.n);
		return heredoc_value(r, &start, body, flush ? common_indent(body) : 0);
	}
	hcl_refuse(r, &start, "this text has no end: its word must stand alone on a line");
	return NULL;
}

void hcl_quote(struct buf *out, struct view text)
{
	buf_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (starts_template(view_of(text.p + i, text.n - i)))
			buf_char(out, (char)c);
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c == '\n' || c == '\r' || c == '\t')
			buf_text(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\u%04x", c);
		else
			buf_char(out, (char)c);
	}
	buf_char(out, '"');
}
