/*
 * The literal part of HCL that a .tfvars file consists of, to a value tree:
 * NAME = VALUE with strings (escapes, <<HEREDOC and <<-HEREDOC), numbers,
 * booleans, null, lists and objects; comments #, // and block comments.
 * Interpolation and function calls are refused. Marks are kept.
 * Facts: HCL Native Syntax Specification (hashicorp/hcl, hclsyntax/spec.md).
 */
#ifndef FORMATS_HCL_H
#define FORMATS_HCL_H

#include "core/buf.h"
#include "core/value.h"

/* The whole text as one map in the arena. file is for marks and errors (ERR_CONFIG, with line and column). */
MUST_CHECK int hcl_parse(struct arena *a, struct view text, const char *file, struct value **out,
						 struct err *e);
/* Appends text as a quoted HCL string, with ${ and %{ escaped. */
void hcl_quote(struct buf *out, struct view text);

#endif
