/* Bytes from a table: what is taken names keys, and each of them is a part of what was read. */
#include "fuzz/fuzz.h"

#include "vault/blob_info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(err) struct err e = { 0 };
	struct blob_keys keys;

	if (!taken(blob_keys_read(view_of(data, n), &keys, &e), &e))
		return 0;
	must(keys.n > 0 && keys.n <= BLOB_KEYS_MAX);
	for (size_t i = 0; i < keys.n; i++) {
		must(keys.ids[i].n > 0 && keys.ids[i].n <= BLOB_KEY_ID_MAX);
		must(keys.ids[i].p >= (const char *)data && keys.ids[i].p + keys.ids[i].n <= (const char *)data + n);
	}
	return 0;
}
