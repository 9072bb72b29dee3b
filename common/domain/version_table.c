#include "domain/version_table.h"

#include "core/text.h"

#include <string.h>

const struct version_row version_rows[] = {
	{ "vault", "1.14.0", "1.14.2", VERSION_BREAKS,
	  "1.14.0 and 1.14.1 cannot use web identity for the seal, so IRSA does not work", "hashicorp/vault#21465, #22052" },
	{ "vault", "1.15.0", NULL, VERSION_NOTE,
	  "from 1.15 AWS_REGION of the pod wins over the seal stanza's region", "hashicorp/vault#24114" },
	{ "vault", NULL, "1.19.0", VERSION_WARNS, "older than 1.19, the oldest that chart 0.34 is tried with",
	  "hashicorp/vault-helm, CI of 0.34.1" },
	{ "vault", "2.0.0", NULL, VERSION_NOTE,
	  "from 2.0 generate-root and rekey want a token: keep an admin login beside the root token", "HCSEC-2026-08, CVE-2026-5807" },
	{ "chart", NULL, "0.27.0", VERSION_WARNS, "charts before 0.27.0 are older than November 2023", "hashicorp/vault-helm, CHANGELOG" },
};

const size_t n_version_rows = COUNT_OF(version_rows);

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One number off the front, without its leading zeros (0 and none are the same); compared by length, then as text. */
static const char *take_number(const char **text, size_t *n)
{
	const char *start;

	while (**text == '0')
		(*text)++;
	start = *text;
	while (is_digit(**text))
		(*text)++;
	*n = (size_t)(*text - start);
	return start;
}

int version_compare(const char *a, const char *b)
{
	a += *a == 'v';
	b += *b == 'v';
	while (is_digit(*a) || is_digit(*b)) {
		size_t na, nb;
		const char *pa = take_number(&a, &na), *pb = take_number(&b, &nb);
		int order = na != nb ? (na < nb ? -1 : 1) : na ? memcmp(pa, pb, na) : 0;

		if (order)
			return order;
		a += *a == '.';
		b += *b == '.';
	}
	return (*b == '-') - (*a == '-');
}

const struct version_row *version_next(const char *product, const char *version, const struct version_row *after)
{
	for (const struct version_row *r = after ? after + 1 : version_rows; r < version_rows + n_version_rows; r++)
		if (text_same(r->product, product) && (!r->from || version_compare(version, r->from) >= 0) &&
		    (!r->before || version_compare(version, r->before) < 0))
			return r;
	return NULL;
}
