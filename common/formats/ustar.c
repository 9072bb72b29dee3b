#include "formats/ustar.h"

#include <stdio.h>

enum { BLOCK = 512 };

/* pax(1), "ustar Interchange Format"; numbers are octal digits, ended by a zero. */
struct header {
	char name[USTAR_NAME_MAX], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

static void put_octal(char *field, size_t size, uint64_t n)
{
	for (field[--size] = '\0'; size-- > 0; n >>= 3)
		field[size] = (char)('0' + (n & 7));
}

/* Of all bytes, with the sum's own taken as spaces. */
static void put_sum(struct header *h)
{
	const unsigned char *p = (const unsigned char *)h;
	unsigned sum = 0;

	memset(h->sum, ' ', sizeof(h->sum));
	for (size_t i = 0; i < BLOCK; i++)
		sum += p[i];
	put_octal(h->sum, sizeof(h->sum) - 1, sum);
}

static void pad(struct buf *out, size_t n)
{
	static const char zeros[BLOCK];

	buf_put(out, zeros, n);
}

void ustar_put(struct buf *out, const char *name, struct view content, int64_t mtime_s)
{
	struct header h = { .type = '0', .magic = "ustar", .version = { '0', '0' } };
	size_t n = strlen(name);

	memcpy(h.name, name, n < sizeof(h.name) ? n : sizeof(h.name));
	put_octal(h.mode, sizeof(h.mode), 0600);
	put_octal(h.uid, sizeof(h.uid), 0);
	put_octal(h.gid, sizeof(h.gid), 0);
	put_octal(h.size, sizeof(h.size), content.n);
	put_octal(h.mtime, sizeof(h.mtime), mtime_s > 0 ? (uint64_t)mtime_s : 0);
	put_octal(h.major, sizeof(h.major), 0);
	put_octal(h.minor, sizeof(h.minor), 0);
	put_sum(&h);
	buf_put(out, (const char *)&h, sizeof(h));
	buf_view(out, content);
	if (content.n % BLOCK)
		pad(out, BLOCK - content.n % BLOCK);
}

void ustar_end(struct buf *out)
{
	pad(out, BLOCK);
	pad(out, BLOCK);
}
