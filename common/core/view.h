/*
 * A view borrows bytes: pointer and length, not terminated, may hold zeros.
 * It is passed by value and lives no longer than what it looks at.
 */
#ifndef CORE_VIEW_H
#define CORE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct view {
	const char *p;
	size_t n;
};

#define VIEW_LITERAL(s) ((struct view){ (s), sizeof(s) - 1 })

/* n borrowed bytes from p. */
static inline struct view view_of(const void *p, size_t n)
{
	return (struct view){ p, n };
}

/* The bytes of a terminated text; NULL gives the empty view. */
static inline struct view view_text(const char *s)
{
	return (struct view){ s ? s : "", s ? strlen(s) : 0 };
}

/* Compare bytes, nothing else: case counts, and so do zeros. */
bool view_is(struct view v, const char *text);
bool view_same(struct view a, struct view b);
bool view_starts(struct view v, const char *prefix);
bool view_ends(struct view v, const char *suffix);

/* v without white space (space, tab, CR, LF) at both ends. */
struct view view_trim(struct view v);

/*
 * Cuts *rest at the first `at`: gives what stood before it and leaves in *rest
 * what follows. Without one it gives all, and *rest becomes empty with p NULL,
 * so that `while (rest.p)` walks every piece, the empty ones too.
 */
struct view view_cut(struct view *rest, char at);

#endif
