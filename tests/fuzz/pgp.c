/* What gpg prints about a key: it will do, with all that is needed of it, or something is said against it. */
#include "domain/pgp.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct pgp_key key = { .path = "key" };

	pgp_read_colons(&key, &a, view_of(data, n));
	must(key.wrong || (key.fingerprint && *key.fingerprint && key.bits > 0));
	must(key.bits >= 0);
	return 0;
}
