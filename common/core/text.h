/*
 * Small things with terminated texts. Running out of memory ends the process
 * (exit 1, one line on stderr): what comes from outside has a ceiling instead.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include "core/scope.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* The end just described. */
NO_RETURN void out_of_memory(void);

/* As the C library has them, except that they do not come back empty-handed. The caller frees. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *fmt, va_list ap);

/* NULL equals NULL, and nothing else. */
bool text_same(const char *a, const char *b);
bool text_same_nocase(const char *a, const char *b);
bool text_starts(const char *s, const char *prefix);
bool text_ends(const char *s, const char *suffix);

/* NULL and "" are empty. */
bool text_empty(const char *s);

/*
 * The candidate nearest to word by Damerau-Levenshtein distance (as git's
 * help.c measures), or NULL when none is near enough to be meant: at most a
 * third of the word's length, at least one. For "did you mean ...?".
 */
const char *text_nearest(const char *word, const char *const *candidates, size_t n);

#endif
