#include "fuzz/fuzz.h"

#include "core/text.h"
#include "formats/goregexp.h"

/* The first line is an expression, the second a text, the rest a target. What does not match is not changed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);
	struct view rest = view_of(data, n);
	const char *source = arena_view(&a, view_cut(&rest, '\n')), *text = arena_view(&a, view_cut(&rest, '\n'));
	const char *target = arena_view(&a, rest), *flaw;
	const struct goregexp *re;
	size_t at;

	re = goregexp_compile(&a, source, &at, &flaw);
	must(re ? !flaw : flaw && at <= strlen(source));
	if (!re || !goregexp_takes(text))
		return 0;
	goregexp_replace(re, text, target, &out);
	must(goregexp_match(re, text) || view_is(buf_bytes(&out), text));
	return 0;
}
