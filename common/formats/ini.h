/*
 * AWS's dialect of INI (~/.aws/config, ~/.aws/credentials) to a value tree:
 * {section: {key: text | {key: text}}}; a key whose value is empty and whose
 * lines below are indented is a map (`services`); lines indented below a value
 * go on with it. A section that comes twice is one; of a key that comes twice the
 * last counts. White space in a section's name is one space ("profile ops").
 * Comments start with # or ; at the line's start, or after white space in a value.
 * Names keep their case.
 * Facts: AWS SDKs and Tools Reference Guide, file-format.
 */
#ifndef FORMATS_INI_H
#define FORMATS_INI_H

#include "core/value.h"

enum { INI_SECTIONS_MAX = 10000, INI_KEYS_MAX = 1000, INI_PROBLEMS_MAX = 20 };

/* ERR_CONFIG with file and line; each broken line (up to INI_PROBLEMS_MAX) is its own problem. */
MUST_CHECK int ini_parse(struct arena *a, struct view text, const char *file, struct value **out,
						 struct err *e);

#endif
