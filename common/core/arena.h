/*
 * Memory that is freed all at once. Documents, configuration, plan and findings
 * of a run live in the run's arena and are never freed one by one. Handles and
 * secrets never live in one; a request's arena is wiped, since headers do.
 *
 *	AUTO(arena) struct arena a = ARENA_INIT;
 *	char *path = arena_printf(&a, "/clusters/%s", name);
 *
 * Memory comes aligned for any type and filled with zeros, texts close together;
 * nothing here gives NULL. Built with ARENA_IS_MALLOC, every piece is an allocation of its own,
 * so that the sanitizers see each overrun.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include "core/scope.h"
#include "core/view.h"

#include <stdarg.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *last;
	size_t used; /* bytes given out, for tests and limits */
};

#define ARENA_INIT \
	{ \
		0 \
	}

/* Zeroed and aligned for any type; lives as long as the arena. */
void *arena_alloc(struct arena *a, size_t n);
#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc_array((a), sizeof(type), (n)))
/* The same for n pieces of size bytes, in a row. */
void *arena_alloc_array(struct arena *a, size_t size, size_t n);

/* Terminated copies. arena_text(a, NULL) gives NULL. */
char *arena_text(struct arena *a, const char *text);
char *arena_view(struct arena *a, struct view v);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);

void arena_release(struct arena *a);
void arena_wipe(struct arena *a); /* as arena_release, with the bytes overwritten first */
SCOPE_END(arena, struct arena, arena_release(v))
SCOPE_END(wiped_arena, struct arena, arena_wipe(v))

#endif
