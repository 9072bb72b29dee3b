#include "formats/cursor.h"

#include "core/utf8.h"

struct cursor cursor_at_start(struct view text, const char *file)
{
	size_t skip = view_starts(text, "\xef\xbb\xbf") ? 3 : 0;

	return (struct cursor){ .rest = view_of(text.p + skip, text.n - skip), .mark = { file, 1, 1 } };
}

void cursor_skip(struct cursor *c, size_t n)
{
	for (; n && c->rest.n; n--) {
		unsigned char byte = (unsigned char)*c->rest.p;

		c->rest = view_of(c->rest.p + 1, c->rest.n - 1);
		if (byte == '\n') {
			c->mark.line++;
			c->mark.column = 1;
		} else if (c->rest.n == 0 || ((unsigned char)*c->rest.p & 0xc0) != 0x80) {
			c->mark.column++; /* the last byte of its character */
		}
	}
}

bool cursor_take(struct cursor *c, char wanted)
{
	if (cursor_peek(c) != (unsigned char)wanted)
		return false;
	cursor_skip(c, 1);
	return true;
}

struct mark cursor_mark_of(struct view text, const char *file, size_t at)
{
	struct cursor c = cursor_at_start(text, file);
	size_t skipped = text.n - c.rest.n;

	cursor_skip(&c, at > skipped ? at - skipped : 0);
	return c.mark;
}

int cursor_check_utf8(struct view text, const char *file, struct err *e)
{
	size_t at = utf8_fault(text);
	struct mark mark;

	if (at == text.n)
		return 0;
	mark = cursor_mark_of(text, file, at);
	return mark_err(e, ERR_CONFIG, &mark, "this byte is no UTF-8");
}
