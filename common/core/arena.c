#include "core/arena.h"

#include "core/secret.h"
#include "core/text.h"

#include <stdint.h>
#include <stdio.h>

struct arena_chunk {
	struct arena_chunk *before;
	size_t size;        /* bytes behind this header; of them given out: */
	size_t used, texts; /* from the front, aligned; and from the end, close together, since most texts are short */
	_Alignas(max_align_t) char bytes[];
};

enum { CHUNK_FIRST = 4096 - 64, CHUNK_LIMIT = 256 * 1024 };

/* Chunks double, so that a small run stays small and a large one makes few. */
static size_t chunk_size(const struct arena *a, size_t n)
{
#ifdef ARENA_IS_MALLOC
	(void)a;
	return n;
#else
	size_t size = a->last ? a->last->size * 2 : CHUNK_FIRST;

	if (size > CHUNK_LIMIT)
		size = CHUNK_LIMIT;
	return size > n ? size : n;
#endif
}

static struct arena_chunk *chunk_add(struct arena *a, size_t n)
{
	size_t size = chunk_size(a, n);
	struct arena_chunk *chunk = xcalloc(1, sizeof(*chunk) + size);

	chunk->size = size;
	chunk->before = a->last;
	return a->last = chunk;
}

void *arena_alloc(struct arena *a, size_t n)
{
	const size_t unit = _Alignof(max_align_t);
	size_t take_n = n;
	struct arena_chunk *chunk = a->last;
	char *p;

	if (n > PTRDIFF_MAX / 2)
		out_of_memory();
#ifndef ARENA_IS_MALLOC
	take_n = (n + unit - 1) / unit * unit;
#else
	(void)unit;
	chunk = NULL;
#endif
	if (!chunk || take_n > chunk->size - chunk->used - chunk->texts)
		chunk = chunk_add(a, take_n);
	p = chunk->bytes + chunk->used;
	chunk->used += take_n;
	a->used += n;
	return p;
}

/* n bytes and a terminator. */
static char *alloc_text(struct arena *a, size_t n)
{
#ifdef ARENA_IS_MALLOC
	return arena_alloc(a, n + 1);
#else
	struct arena_chunk *chunk = a->last;

	if (n > PTRDIFF_MAX / 2)
		out_of_memory();
	if (!chunk || n + 1 > chunk->size - chunk->used - chunk->texts)
		chunk = chunk_add(a, n + 1);
	chunk->texts += n + 1;
	a->used += n + 1;
	return chunk->bytes + chunk->size - chunk->texts;
#endif
}

void *arena_alloc_array(struct arena *a, size_t size, size_t n)
{
	size_t all;

	if (__builtin_mul_overflow(size, n, &all))
		all = SIZE_MAX;
	return arena_alloc(a, all);
}

char *arena_text(struct arena *a, const char *text)
{
	return text ? arena_view(a, view_text(text)) : NULL;
}

char *arena_view(struct arena *a, struct view v)
{
	char *copy = alloc_text(a, v.n);

	if (v.n)
		memcpy(copy, v.p, v.n);
	return copy;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return text;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return alloc_text(a, 0);
	text = alloc_text(a, (size_t)n);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

static void free_chunks(struct arena *a, bool overwrite)
{
	struct arena_chunk *chunk = a->last;

	*a = (struct arena)ARENA_INIT;
	while (chunk) {
		struct arena_chunk *before = chunk->before;

		if (overwrite) {
			wipe(chunk->bytes, chunk->used);
			wipe(chunk->bytes + chunk->size - chunk->texts, chunk->texts);
		}
		free(chunk);
		chunk = before;
	}
}

void arena_release(struct arena *a)
{
	free_chunks(a, false);
}

void arena_wipe(struct arena *a)
{
	free_chunks(a, true);
}
