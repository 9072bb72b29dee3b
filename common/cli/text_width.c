#include "cli/text_width.h"

#include "core/utf8.h"

#include <stdint.h>

struct range {
	uint32_t first, last;
};

/* Marks that combine with what stands before them, and the zero-width ones (Unicode 15, blocks as a whole). */
static const struct range zero_wide[] = {
	{ 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05BD }, { 0x0610, 0x061A },
	{ 0x064B, 0x065F }, { 0x200B, 0x200F }, { 0x202A, 0x202E }, { 0x2060, 0x2064 },
	{ 0x20D0, 0x20F0 }, { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F }, { 0xFEFF, 0xFEFF },
};

/* East Asian Width W and F, and emoji that are shown wide (Unicode 15, blocks as a whole). */
static const struct range two_wide[] = {
	{ 0x1100, 0x115F }, { 0x2E80, 0x303E }, { 0x3041, 0x33FF }, { 0x3400, 0x4DBF },
	{ 0x4E00, 0x9FFF }, { 0xA000, 0xA4CF }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF },
	{ 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F },
	{ 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD },
};

static bool is_in(uint32_t c, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static size_t char_columns(uint32_t c)
{
	if (is_in(c, zero_wide, COUNT_OF(zero_wide)))
		return 0;
	return is_in(c, two_wide, COUNT_OF(two_wide)) ? 2 : 1;
}

/* Bytes of v that take at most so many columns; *used gets how many. */
static size_t bytes_within(struct view v, size_t columns, size_t *used)
{
	size_t at = 0;

	*used = 0;
	while (at < v.n) {
		uint32_t c = '?';
		size_t n = utf8_next(view_of(v.p + at, v.n - at), &c), width = char_columns(c);

		if (*used + width > columns)
			break;
		*used += width;
		at += n ? n : 1;
	}
	return at;
}

size_t text_columns(struct view text)
{
	size_t used;

	bytes_within(text, SIZE_MAX, &used);
	return used;
}

void text_fit(struct buf *out, struct view text, size_t columns)
{
	size_t used, fits = bytes_within(text, columns, &used);

	if (fits == text.n || columns <= 3) {
		buf_put(out, text.p, fits);
		return;
	}
	fits = bytes_within(text, columns - 3, &used);
	buf_put(out, text.p, fits);
	buf_text(out, "...");
}

void text_safe(struct buf *out, struct view text)
{
	for (size_t at = 0; at < text.n;) {
		uint32_t c = 0;
		size_t n = utf8_next(view_of(text.p + at, text.n - at), &c);

		if (c == '\t' || c == '\n')
			buf_char(out, ' ');
		else if (!n || c < 0x20 || (c >= 0x7F && c < 0xA0))
			buf_char(out, '?');
		else
			buf_put(out, text.p + at, n);
		at += n ? n : 1;
	}
}

static void wrap_line(struct buf *out, struct view line, size_t columns, size_t indent, bool first)
{
	size_t at = indent;

	if (!first)
		buf_printf(out, "%*s", (int)indent, "");
	for (bool begun = false; line.p;) {
		struct view word = view_cut(&line, ' ');
		size_t width = text_columns(word);

		if (begun && at + 1 + width > columns) {
			buf_printf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (begun) {
			buf_char(out, ' ');
			at++;
		}
		buf_view(out, word);
		at += width;
		begun = true;
	}
}

void text_wrap(struct buf *out, const char *text, size_t columns, size_t indent)
{
	struct view rest = view_text(text);

	for (bool first = true; rest.p; first = false) {
		struct view line = view_cut(&rest, '\n');

		if (!first)
			buf_char(out, '\n');
		if (line.n)
			wrap_line(out, line, columns, indent, first);
	}
}
