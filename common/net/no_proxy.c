#include "net/no_proxy.h"

#include "core/view.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const char always[] = "localhost,127.0.0.0/8,::1";

struct address {
	unsigned char bytes[16];
	unsigned bits;       /* 32 or 128; 0: no address */
};

static struct address address_of(struct view text)
{
	struct address a = { .bits = 0 };
	char copy[INET6_ADDRSTRLEN + 1];

	if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
		text = view_of(text.p + 1, text.n - 2);
	if (text.n == 0 || text.n >= sizeof(copy))
		return a;
	snprintf(copy, sizeof(copy), "%.*s", (int)text.n, text.p);
	if (inet_pton(AF_INET, copy, a.bytes) == 1)
		a.bits = 32;
	else if (inet_pton(AF_INET6, copy, a.bytes) == 1)
		a.bits = 128;
	return a;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

static bool covers_address(struct view entry, const struct address *host)
{
	struct view bits = entry, net = view_cut(&bits, '/');
	struct address a = address_of(net);
	unsigned n = a.bits;

	if (a.bits == 0 || a.bits != host->bits)
		return false;
	if (bits.p) {
		n = 0;
		for (size_t i = 0; i < bits.n && n <= a.bits; i++) {
			if (bits.p[i] < '0' || bits.p[i] > '9')
				return false;
			n = n * 10 + (unsigned)(bits.p[i] - '0');
		}
		if (bits.n == 0 || n > a.bits)
			return false;
	}
	return same_bits(a.bytes, host->bytes, n);
}

static bool covers_name(struct view entry, struct view host)
{
	if (entry.n > 0 && entry.p[0] == '.')
		entry = view_of(entry.p + 1, entry.n - 1);
	if (entry.n == 0 || host.n < entry.n)
		return false;
	if (strncasecmp(host.p + host.n - entry.n, entry.p, entry.n) != 0)
		return false;
	return host.n == entry.n || host.p[host.n - entry.n - 1] == '.';
}

static bool list_covers(struct view list, struct view host)
{
	struct address address = address_of(host);

	while (list.p) {
		struct view some = view_cut(&list, ',');

		while (some.p) {
			struct view entry = view_trim(view_cut(&some, ' '));

			if (view_is(entry, "*") || (address.bits ? covers_address(entry, &address)
			                                         : covers_name(entry, host)))
				return true;
		}
	}
	return false;
}

bool no_proxy_covers(const char *list, const char *host)
{
	struct view h = view_text(host);

	if (h.n > 1 && h.p[h.n - 1] == '.')
		h.n--; /* the root's dot */
	return list_covers(view_text(always), h) || (list && list_covers(view_text(list), h));
}
