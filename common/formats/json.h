/*
 * JSON (RFC 8259) to a value tree and back.
 *
 * Reading is stricter than cJSON, which does the work: one document and nothing
 * behind it, UTF-8, names unique, at most JSON_DEPTH_MAX deep. Integers that fit
 * are VALUE_INT with every digit kept; other numbers are VALUE_REAL.
 */
#ifndef FORMATS_JSON_H
#define FORMATS_JSON_H

#include "core/buf.h"
#include "core/value.h"

enum { JSON_DEPTH_MAX = 100 };

/* file names the text in errors and marks; NULL: no marks. ERR_CONFIG with line and column. */
MUST_CHECK int va_json_parse(struct arena *a, struct view text, const char *file, struct value **out, struct err *e);

/* Compact on one line; or, pretty, indented by two spaces and ended by a newline. */
void va_json_print(struct buf *out, const struct value *v, bool pretty);

/* Appends text quoted and escaped. */
void va_json_quote(struct buf *out, struct view text);

#endif
