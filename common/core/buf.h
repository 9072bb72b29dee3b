/*
 * A growing, always terminated buffer that is born with its ceiling.
 *
 *	AUTO(buf) struct buf body = BUF_MAX(HTTP_BODY_MAX);
 *
 *	buf_text(&body, "{\"KeyId\":");
 *	...
 *	if (buf_whole(&body, "the request", e) < 0)
 *		return -1;
 *
 * An append past the ceiling appends nothing and marks the buffer as full;
 * later appends do nothing either. So a writer need not check each append, but
 * must ask buf_whole once at the end; a reader of foreign bytes looks at .full.
 */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include "core/err.h"
#include "core/scope.h"
#include "core/view.h"

#include <stdarg.h>

struct buf {
	char *p;       /* terminated; NULL while nothing was appended */
	size_t n, cap; /* bytes held (the terminator not counted), bytes allocated */
	size_t max;    /* ceiling for n */
	bool full;     /* something did not fit */
};

#define BUF_MAX(ceiling) \
	{ \
		.max = (ceiling) \
	}

/* Append: n bytes, a view, a terminated text, one character, what printf makes. */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_view(struct buf *b, struct view v);
void buf_text(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);

/* Drops what was appended after the first n bytes, keeping the memory. */
void buf_cut(struct buf *b, size_t n);
/* Drops the first n bytes (at most all) and moves the rest to the front. Where that lay is overwritten. */
void buf_cut_front(struct buf *b, size_t n);

/* 0 when everything fitted; else -1 and ERR_REMOTE "WHAT is longer than MAX bytes". */
MUST_CHECK int buf_whole(const struct buf *b, const char *what, struct err *e);

/* Never NULL: "" while nothing was appended. Valid until the next append. */
const char *buf_str(const struct buf *b);
struct view buf_bytes(const struct buf *b);

/* The text, owned by the caller (free); b is empty afterwards. Never NULL. */
char *buf_take(struct buf *b);

void buf_release(struct buf *b);

/* Overwrites the bytes before freeing them: for what may hold secrets. */
void buf_wipe(struct buf *b);
SCOPE_END(buf, struct buf, buf_release(v))
SCOPE_END(wiped, struct buf, buf_wipe(v))

#endif
