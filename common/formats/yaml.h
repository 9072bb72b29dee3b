/*
 * YAML to a value tree and back, by libyaml's events.
 *
 * Reading: one document, YAML 1.1 words as helm's and kubectl's reader takes
 * them (yes/no/on/off are texts unless quoted rules say so: `true` and `false`
 * alone are booleans; see yaml.c), duplicate names refused, depth and the growth
 * by aliases bounded, merge keys resolved. Marks are kept.
 *
 * Writing: block style; a text is left bare only where every reader of YAML 1.1
 * and 1.2 takes it for a text; a text of several lines becomes a literal block.
 */
#ifndef FORMATS_YAML_H
#define FORMATS_YAML_H

#include "core/buf.h"
#include "core/value.h"

enum { YAML_DEPTH_MAX = 100, YAML_NODES_MAX = 200000 };

MUST_CHECK int va_yaml_parse(struct arena *a, struct view text, const char *file, struct value **out, struct err *e);
/* ERR_BUG for a text that is not UTF-8. */
MUST_CHECK int va_yaml_print(struct buf *out, const struct value *v, struct err *e);

#endif
