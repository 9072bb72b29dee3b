#include "core/buf.h"

#include "core/secret.h"
#include "core/text.h"

#include <stdint.h>
#include <stdio.h>

/*
 * Room for n more bytes and the terminator. Grows into new memory and wipes the
 * old: a buffer may hold secrets, and realloc would leave them behind.
 */
static bool buf_room(struct buf *b, size_t n)
{
	size_t need, cap = b->cap ? b->cap : 64;
	char *grown;

	if (b->full || n > b->max - b->n) {
		b->full = true;
		return false;
	}
	need = b->n + n + 1;
	if (need <= b->cap)
		return true;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	grown = xmalloc(cap);
	if (b->p) {
		memcpy(grown, b->p, b->n + 1);
		wipe(b->p, b->n);
		free(b->p);
	}
	b->p = grown;
	b->cap = cap;
	return true;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	if (!buf_room(b, n))
		return;
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_view(struct buf *b, struct view v)
{
	buf_put(b, v.p, v.n);
}

void buf_text(struct buf *b, const char *text)
{
	buf_put(b, text, strlen(text));
}

void buf_char(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {
		b->full = true;
		return;
	}
	if (!buf_room(b, (size_t)n))
		return;
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	b->n += (size_t)n;
}

void buf_cut(struct buf *b, size_t n)
{
	if (n >= b->n)
		return;
	b->n = n;
	b->p[n] = '\0';
}

void buf_cut_front(struct buf *b, size_t n)
{
	size_t rest;

	if (n == 0 || b->n == 0)
		return;
	n = n < b->n ? n : b->n;
	rest = b->n - n;
	memmove(b->p, b->p + n, rest);
	wipe(b->p + rest, n);
	buf_cut(b, rest);
}

int buf_whole(const struct buf *b, const char *what, struct err *e)
{
	if (b->full)
		return err_set(e, ERR_REMOTE, 0, "%s is longer than %zu bytes", what, b->max);
	return 0;
}

const char *buf_str(const struct buf *b)
{
	return b->p ? b->p : "";
}

struct view buf_bytes(const struct buf *b)
{
	return view_of(buf_str(b), b->n);
}

char *buf_take(struct buf *b)
{
	char *text = b->p ? b->p : xstrdup("");

	*b = (struct buf)BUF_MAX(b->max);
	return text;
}

void buf_release(struct buf *b)
{
	free(b->p);
	*b = (struct buf)BUF_MAX(b->max);
}

void buf_wipe(struct buf *b)
{
	if (b->p)
		wipe(b->p, b->cap);
	buf_release(b);
}
