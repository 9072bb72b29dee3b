#include "fuzz/fuzz.h"

#include "formats/ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct value *v;

	if (!taken(ini_parse(&a, view_of(data, n), "fuzz", &v, &e), &e))
		return 0;
	must(v->type == VALUE_MAP && value_twice(v) == v->n);
	for (size_t i = 0; i < v->n; i++)
		must(v->items[i]->type == VALUE_MAP && value_twice(v->items[i]) == v->items[i]->n);
	return 0;
}
