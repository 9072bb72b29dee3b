#include "core/utf8.h"

static bool is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

static size_t length_by_lead(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if ((c & 0xf0) == 0xe0)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

size_t utf8_next(struct view rest, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)rest.p;
	size_t n = rest.n ? length_by_lead(*p) : 0;
	uint32_t code;

	if (n == 0 || n > rest.n)
		return 0;
	code = n == 1 ? *p : *p & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (!is_tail(p[i]))
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	if (out)
		*out = code;
	return n;
}

size_t utf8_fault(struct view text)
{
	size_t at = 0;

	while (at < text.n) {
		size_t n = utf8_next(view_of(text.p + at, text.n - at), NULL);

		if (n == 0)
			break;
		at += n;
	}
	return at;
}
