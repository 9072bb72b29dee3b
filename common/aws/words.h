/* A command line into words, as a POSIX shell would split it, with nothing expanded. */
#ifndef AWS_WORDS_H
#define AWS_WORDS_H

#include "core/arena.h"
#include "core/err.h"

/*
 * White space parts words; '...' keeps all, "..." knows \" and \\, a backslash
 * outside quotes keeps the next character. NULL-terminated, in the arena, one
 * word at least. ERR_CONFIG for an open quote or an empty line.
 */
MUST_CHECK int words_split(const char *const **out, struct arena *a, const char *line, struct err *e);

#endif
