#include "core/secret.h"

#include "core/text.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * A secret has whole pages of its own: locking and dumping are settled by the
 * page, and unlocking one secret must not unlock its neighbour. Both are best
 * effort (RLIMIT_MEMLOCK is 8 MiB or less).
 */
static size_t pages_for(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page) / page * page; /* len and its terminator, rounded up */
}

static unsigned char *pages_new(size_t len)
{
	size_t size = pages_for(len);
	unsigned char *p = aligned_alloc((size_t)sysconf(_SC_PAGESIZE), size);

	if (!p)
		out_of_memory();
	mlock(p, size);
	madvise(p, size, MADV_DONTDUMP);
	return p;
}

static void pages_free(unsigned char *p, size_t len)
{
	size_t size = pages_for(len);

	wipe(p, len);
	madvise(p, size, MADV_DODUMP);
	munlock(p, size);
	free(p);
}

void secret_adopt(struct secret *s, struct buf *from)
{
	secret_set(s, buf_bytes(from));
	buf_wipe(from);
}

void secret_set(struct secret *s, struct view from)
{
	struct secret fresh = { pages_new(from.n), from.n };

	if (from.n)
		memcpy(fresh.bytes, from.p, from.n);
	fresh.bytes[from.n] = '\0';
	secret_release(s); /* only now: from may look at s */
	*s = fresh;
}

void secret_copy(struct secret *to, const struct secret *from)
{
	if (to == from)
		return;
	if (from->bytes)
		secret_set(to, view_of(from->bytes, from->len));
	else
		secret_release(to);
}

void secret_release(struct secret *s)
{
	if (s->bytes)
		pages_free(s->bytes, s->len);
	*s = (struct secret){ 0 };
}

struct view secret_expose(const struct secret *s)
{
	return s->bytes ? view_of(s->bytes, s->len) : view_text(NULL);
}

bool secret_same(const struct secret *a, const struct secret *b)
{
	if (!a->bytes || !b->bytes)
		return a->bytes == b->bytes;
	return a->len == b->len && CRYPTO_memcmp(a->bytes, b->bytes, a->len) == 0;
}

void wipe(void *p, size_t n)
{
	if (n)
		OPENSSL_cleanse(p, n);
}

void secrets_harden_process(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
