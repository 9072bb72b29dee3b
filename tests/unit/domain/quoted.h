/* JSON for tests, with ' in place of ": shapes of replies that can be read in a C string. */
#ifndef UNIT_DOMAIN_QUOTED_H
#define UNIT_DOMAIN_QUOTED_H

#include "formats/json.h"

static inline struct value *quoted(struct arena *a, const char *text)
{
	AUTO(err) struct err e = {0};
	char *json = arena_text(a, text);
	struct value *v = NULL;

	for (char *p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	if (va_json_parse(a, view_text(json), NULL, &v, &e) < 0)
		fail_msg("%s: %s", e.text, text);
	return v;
}

/* RFC 7396: maps are merged, null takes away, all else replaces. */
static inline void merge_patch(struct arena *a, struct value *to, const struct value *patch)
{
	for (size_t i = 0; i < patch->n; i++) {
		struct value *have = (struct value *)value_get(to, patch->names[i]);

		if (patch->items[i]->type == VALUE_NULL)
			value_unset(to, patch->names[i]);
		else if (have && have->type == VALUE_MAP && patch->items[i]->type == VALUE_MAP)
			merge_patch(a, have, patch->items[i]);
		else
			value_set(a, to, patch->names[i], value_copy(a, patch->items[i]));
	}
}

#endif
