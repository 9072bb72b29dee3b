/*
 * A subset of Go's regular expressions (RE2) for names of ASCII: characters, .,
 * [sets], \d \w \s and their opposites, ^ and $ for both ends, (groups), (?:groups),
 * alternatives, * + ? and their lazy forms. Matches are the leftmost, and of those
 * the one that the expression's order prefers, as in Go. No {n,m}, flags, \b,
 * classes in words, and no repetition of what may be empty.
 *
 * Time is bounded by the product of both lengths.
 */
#ifndef FORMATS_GOREGEXP_H
#define FORMATS_GOREGEXP_H

#include "core/arena.h"
#include "core/buf.h"

enum { GOREGEXP_SOURCE_MAX = 500, GOREGEXP_TEXT_MAX = 1000, GOREGEXP_GROUPS_MAX = 10 };

struct goregexp;

/* In the arena; NULL: *at is where in source, *flaw what is wrong or outside, as a clause. */
const struct goregexp *goregexp_compile(struct arena *mem, const char *source, size_t *at, const char **flaw);

/* Whether text is one that can be matched: ASCII, and not too long. */
bool goregexp_takes(const char *text);
/* regexp.MatchString. */
bool goregexp_match(const struct goregexp *re, const char *text);
/* regexp.ReplaceAllString, appended to out: $1, ${1} and $$ in target. */
void goregexp_replace(const struct goregexp *re, const char *text, const char *target, struct buf *out);

#endif
