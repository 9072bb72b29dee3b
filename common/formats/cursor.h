/*
 * A place in a text that is being read, with its line and column: for the
 * readers of this folder. Columns count characters, not bytes, from 1.
 */
#ifndef FORMATS_CURSOR_H
#define FORMATS_CURSOR_H

#include "core/value.h"
#include "core/view.h"

struct cursor {
	struct view rest; /* what was not read yet */
	struct mark mark; /* where it starts */
};

/* At the start of text, behind a byte order mark when there is one. file is borrowed. */
struct cursor cursor_at_start(struct view text, const char *file);

/* The byte that comes next; -1 at the end. */
static inline int cursor_peek(const struct cursor *c)
{
	return c->rest.n ? (unsigned char)*c->rest.p : -1;
}

/* Moves over n bytes, or to the end. */
void cursor_skip(struct cursor *c, size_t n);

/* True, and moved over it, when c is what comes next. */
bool cursor_take(struct cursor *c, char wanted);

/* The mark of the byte that lies `at` bytes behind the start of text. */
struct mark cursor_mark_of(struct view text, const char *file, size_t at);

/* 0, or -1 and ERR_CONFIG with the place of the first byte that is no UTF-8. */
MUST_CHECK int cursor_check_utf8(struct view text, const char *file, struct err *e);

#endif
