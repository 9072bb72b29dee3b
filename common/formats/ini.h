/*
 * AWS's dialect of INI (~/.aws/config, ~/.aws/credentials) to a value tree:
 * {section: {key: text | {key: text}}}; a key whose value is empty and whose
 * lines below are indented is a map (`services`). Comments start with # or ; at
 * the line's start, or after white space in a value. Names keep their case.
 * Facts: AWS SDKs and Tools Reference Guide, file-format.
 */
#ifndef FORMATS_INI_H
#define FORMATS_INI_H

#include "core/value.h"

MUST_CHECK int ini_parse(struct arena *a, struct view text, const char *file, struct value **out, struct err *e);

#endif
