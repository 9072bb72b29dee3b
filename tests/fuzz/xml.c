#include "fuzz/fuzz.h"

#include "formats/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	const char *root = NULL;
	struct value *v = NULL;

	if (taken(va_xml_parse(&a, view_of(data, n), &root, &v, &e), &e))
		must(v && root && *root);
	return 0;
}
