#include "fuzz/fuzz.h"

#include "core/age.h"
#include "core/arena.h"

/* What is taken for a recipient can be encrypted to, but for points of small order. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct host host = host_system();
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf out = BUF_MAX(4096);
	AUTO(err) struct err e = { 0 };
	struct age_recipient recipient;

	if (!taken(age_recipient_parse(arena_view(&a, view_of(data, n)), &recipient, &e), &e))
		return 0;
	if (taken(age_encrypt(&out, &host, &recipient, 1, view_text("x"), &e), &e))
		must(out.n > 0);
	return 0;
}
