#include "fuzz/fuzz.h"

#include "formats/hcl.h"

/* A text that was quoted reads back as the same. */
static void quote_and_read(struct arena *a, const struct value *text)
{
	AUTO(buf) struct buf out = BUF_MAX(FUZZ_TEXT_MAX);
	AUTO(err) struct err e = { 0 };
	struct value *back;

	buf_text(&out, "a = ");
	hcl_quote(&out, view_of(text->text, text->n));
	must(hcl_parse(a, buf_bytes(&out), NULL, &back, &e) == 0);
	must(value_same(value_get(back, "a"), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct value *v;

	if (!taken(hcl_parse(&a, view_of(data, n), "fuzz", &v, &e), &e))
		return 0;
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i]->type == VALUE_TEXT)
			quote_and_read(&a, v->items[i]);
	return 0;
}
