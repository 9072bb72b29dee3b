/*
 * YAML to a value tree and back, by libyaml's events.
 *
 * Reading: one document, YAML 1.1 words as helm's and kubectl's reader takes them
 * (sigs.k8s.io/yaml over yaml/v2, resolve.go): bare y, yes, on, true and n,
 * no, off, false are booleans in each of their three case forms, and a bare name
 * of a map likewise (`on:` is "true"); 0x, 0o, 0b and a leading 0 give integers;
 * "", ~ and null are null; times stay texts, and so do 12:30 and other numbers to
 * the base of 60. Stricter than it: duplicate names, names that are no single
 * word, foreign tags and a second document are refused; depth and the growth by
 * aliases are bounded; merge keys (<<) are resolved, what stands in the map itself
 * first. Marks are kept.
 *
 * Writing: block style; a text is left bare only where every reader of YAML 1.1
 * and 1.2 takes it for a text; a text of several lines becomes a literal block
 * where that can hold it.
 */
#ifndef FORMATS_YAML_H
#define FORMATS_YAML_H

#include "core/buf.h"
#include "core/value.h"

enum {
	YAML_DEPTH_MAX = 100,
	YAML_NODES_MAX = 200000,
	YAML_ANCHORS_MAX = 1000,
	YAML_MERGE_MAX = 1000
};

/* file names the text in errors and marks; it may be NULL. ERR_CONFIG with line and column. */
MUST_CHECK int va_yaml_parse(struct arena *a, struct view text, const char *file,
							 struct value **out, struct err *e);
/* ERR_BUG for a text that is not UTF-8. */
MUST_CHECK int va_yaml_print(struct buf *out, const struct value *v, struct err *e);

#endif
