#include "fuzz/fuzz.h"

#include "formats/gotemplate.h"

static struct value *values(struct arena *a)
{
	struct value *dot = value_new_map(a);

	value_set_text(a, dot, "user", "app");
	value_set_text(a, dot, "empty", "");
	value_set_text(a, dot, "json", "{\"a\":{\"b\":[1,\"x\"]}}");
	return dot;
}

/* A template is rendered, or has flaws that lie within it; rendered, it is so again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf once = BUF_MAX(1 << 20), again = BUF_MAX(1 << 20);
	struct template_flaws flaws = { .n = 0 }, none = { .n = 0 };
	struct view text = view_of(data, n);
	bool good = gotemplate_render(&a, text, values(&a), &once, &flaws);

	must(good == (flaws.n == 0));
	for (size_t i = 0; i < flaws.n; i++)
		must(flaws.at[i].at <= n && flaws.at[i].text && *flaws.at[i].text);
	if (good) {
		must(gotemplate_render(&a, text, values(&a), &again, &none));
		must(once.full || view_same(buf_bytes(&once), buf_bytes(&again)));
	}
	return 0;
}
