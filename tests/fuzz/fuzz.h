/*
 * What each fuzz target includes first. A target aborts where a law is broken:
 * a refusal says why, and what was printed reads back as the same.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "core/buf.h"
#include "core/value.h"

#include <stdint.h>

enum { FUZZ_TEXT_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void must(bool law)
{
	if (!law)
		abort();
}

/* A parser's result: 0, or -1 with an error that has a kind and a text. */
static inline bool taken(int result, const struct err *e)
{
	must(result == 0 || (result == -1 && e->kind != ERR_NONE && e->text && *e->text));
	return result == 0;
}

#endif
