/* Two policy documents from anywhere, parted by a zero: being the same is reflexive and symmetric. */
#include "fuzz/fuzz.h"

#include "aws/policy_document.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *cut = n ? memchr(data, 0, n) : NULL;
	size_t first = cut ? (size_t)(cut - data) : n;
	AUTO(text) char *left = xstrndup((const char *)data, first);
	AUTO(text) char *right = xstrndup(cut ? (const char *)cut + 1 : "", cut ? n - first - 1 : 0);
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct value *a, *b;

	if (!taken(policy_document_parse(&mem, left, &a, &e), &e))
		return 0;
	must(policy_document_same(a, a));
	if (taken(policy_document_parse(&mem, right, &b, &e), &e))
		must(policy_document_same(a, b) == policy_document_same(b, a));
	return 0;
}
