#include "fuzz/fuzz.h"

#include "core/age_open.h"

/* An identity file up to the first zero, then what it may open: nothing comes out of what is refused. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char own[] = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
	struct age_identity held[AGE_IDENTITIES_MAX] = { 0 };
	struct view rest = view_of(data, n), file = view_cut(&rest, 0);
	struct buf plain = BUF_MAX(AGE_PLAIN_MAX);
	AUTO(err) struct err e = { 0 };
	size_t count = 0;

	if (!taken(age_identities_parse(file, held, &count, &e), &e)) {
		err_release(&e);
		must(count == AGE_IDENTITIES_MAX || age_identities_parse(view_text(own), held, &count, &e) == 0);
	}
	if (!taken(age_decrypt(&plain, held, count, rest.p ? rest : view_of("", 0), &e), &e))
		must(plain.n == 0);
	buf_wipe(&plain);
	age_identities_release(held, AGE_IDENTITIES_MAX);
	return 0;
}
