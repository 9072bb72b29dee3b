#include "fuzz/fuzz.h"

#include "formats/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct certificate chain[X509_CHAIN_MAX];
	size_t count = 0;

	if (!taken(x509_read(&a, view_of(data, n), chain, &count, &e), &e))
		return 0;
	must(count > 0 && count <= X509_CHAIN_MAX);
	for (size_t i = 0; i < count; i++) {
		must(chain[i].subject && chain[i].issuer && chain[i].names);
		for (const char *const *name = chain[i].names; *name; name++)
			must(**name != '*' && **name ? x509_speaks_for(&chain[i], *name) : true);
	}
	taken(x509_verify(view_of(data, n), view_of(data, n), &e), &e);
	return 0;
}
