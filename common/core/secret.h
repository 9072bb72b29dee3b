/*
 * Bytes that must not be seen. A secret cannot be printed by accident (no
 * printf form takes it), is kept out of swap and core dumps where the system
 * allows, and is overwritten before its memory is given back. Compare and copy
 * only through these functions; secret_expose is for the signer, the clients
 * and the custody writers, and each use of it is on the lint's list.
 */
#ifndef CORE_SECRET_H
#define CORE_SECRET_H

#include "core/buf.h"

struct secret {
	unsigned char *bytes; /* NULL: no secret */
	size_t len;
};

/* Takes the bytes out of from, which is wiped and empty afterwards. */
void secret_adopt(struct secret *s, struct buf *from);
/* A copy of the view; whoever owns the original wipes it. */
void secret_set(struct secret *s, struct view from);
void secret_copy(struct secret *to, const struct secret *from);
void secret_release(struct secret *s);
SCOPE_END(secret, struct secret, secret_release(v))

/* An empty secret is held too. */
static inline bool secret_held(const struct secret *s)
{
	return s->bytes != NULL;
}

/* Borrowed, terminated by a zero that the length does not count. */
struct view secret_expose(const struct secret *s);

/* Compares in constant time. */
bool secret_same(const struct secret *a, const struct secret *b);

/* Overwrites n bytes so that the compiler may not leave it out. */
void wipe(void *p, size_t n);

/* Once at the start of a program: no core dumps, no tracing by others. */
void secrets_harden_process(void);

#endif
