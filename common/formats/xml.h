/*
 * XML to a value tree, as AWS's query protocol uses it, by expat.
 *
 * An element with children is a map by local names (namespaces dropped); one
 * without is a text; a repeated name becomes a list of its values, and an
 * element whose only children are `member` is always a list. Attributes are
 * dropped, and so is text beside children. The tree is the root element's content:
 * {"GetRoleResult": {...}}. Document types and entities are refused; depth is bounded.
 */
#ifndef FORMATS_XML_H
#define FORMATS_XML_H

#include "core/value.h"

/* Depth, and different names inside one element. */
enum { XML_DEPTH_LIMIT = 64, XML_NAMES_LIMIT = 1000 };

/* root (may be NULL) gets the root element's local name. ERR_REMOTE with line and column. */
MUST_CHECK int va_xml_parse(struct arena *a, struct view text, const char **root,
							struct value **out, struct err *e);

#endif
