#include "fuzz/fuzz.h"

#include "formats/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	AUTO(buf) struct buf once = BUF_MAX(FUZZ_TEXT_MAX);
	AUTO(buf) struct buf twice = BUF_MAX(FUZZ_TEXT_MAX);
	struct value *v, *back;

	if (!taken(va_yaml_parse(&a, view_of(data, n), "fuzz", &v, &e), &e))
		return 0;
	must(va_yaml_print(&once, v, &e) == 0 && !once.full);
	must(va_yaml_parse(&a, buf_bytes(&once), NULL, &back, &e) == 0);
	/* Compared as texts, since .nan is not even the same as itself. */
	must(va_yaml_print(&twice, back, &e) == 0);
	must(view_same(buf_bytes(&once), buf_bytes(&twice)));
	return 0;
}
