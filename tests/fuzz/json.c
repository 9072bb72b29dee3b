#include "fuzz/fuzz.h"

#include "formats/json.h"

static void print_and_read(struct arena *a, const struct value *v, bool pretty)
{
	AUTO(buf) struct buf text = BUF_MAX(FUZZ_TEXT_MAX);
	AUTO(err) struct err e = { 0 };
	struct value *back;

	va_json_print(&text, v, pretty);
	must(va_json_parse(a, buf_bytes(&text), NULL, &back, &e) == 0);
	must(value_same(v, back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct value *v;

	if (taken(va_json_parse(&a, view_of(data, n), "fuzz", &v, &e), &e)) {
		print_and_read(&a, v, false);
		print_and_read(&a, v, true);
	}
	return 0;
}
