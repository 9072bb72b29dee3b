/*
 * JSON (RFC 8259) to a value tree and back.
 *
 * Reading is stricter than cJSON, which does the work: one document and nothing
 * behind it, UTF-8, names unique, at most JSON_DEPTH_MAX deep and JSON_VALUES_MAX
 * large. Integers that fit are VALUE_INT with every digit kept; other numbers are
 * VALUE_REAL (63 characters at most, as cJSON has it).
 */
#ifndef FORMATS_JSON_H
#define FORMATS_JSON_H

#include "core/buf.h"
#include "core/value.h"

enum { JSON_DEPTH_MAX = 100, JSON_VALUES_MAX = 1000000 };

/* file names the text in errors and marks; NULL: no marks. ERR_CONFIG with line and column. */
MUST_CHECK int va_json_parse(struct arena *a, struct view text, const char *file,
							 struct value **out, struct err *e);

/*
 * Compact on one line; or, pretty, indented by two spaces and ended by a newline.
 * What is no UTF-8 becomes U+FFFD, a real that is no number becomes null.
 */
void va_json_print(struct buf *out, const struct value *v, bool pretty);

/* Appends text quoted and escaped. */
void va_json_quote(struct buf *out, struct view text);

#endif
