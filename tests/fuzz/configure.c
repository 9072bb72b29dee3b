/* A file of configure from anywhere: items with names that go into addresses as they are, or a reason with its place. */
#include "fuzz/fuzz.h"

#include "domain/configure.h"
#include "formats/yaml.h"

static void check(const struct config *c)
{
	for (size_t k = 0; k < CONFIG_KINDS; k++)
		for (size_t i = 0; i < c->lists[k].n; i++) {
			const struct config_item *item = &c->lists[k].at[i];

			must(item->want && *item->name && config_absent(item) && !config_differs(item));
			/* a login's name goes into a body alone */
			must(item->kind == CONFIG_ALIAS ? !strpbrk(item->name, "\n\t") :
			     !strstr(item->name, "..") && !strpbrk(item->name, " %?#\n"));
			if (item->secret)
				must(item->secret->from && *item->secret->from && !secret_held(&item->secret->value));
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 }, warnings = { 0 };
	struct config c;
	struct value *tree;

	if (!taken(va_yaml_parse(&a, view_of(data, n), "fuzz", &tree, &e), &e))
		return 0;
	if (taken(configure_read(&a, tree, &c, &warnings, &e), &e))
		check(&c);
	return 0;
}
