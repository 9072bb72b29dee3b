/*
 * A subset of Go's text/template with functions of sprig, as External Secrets
 * renders its templates (pkg/template/v2, missingkey=error). What is rendered is
 * what Go renders; what lies outside the subset is a flaw with its place.
 *
 *	text, {{- trimming -}}, {{/ * comments * /}}
 *	.name  .name.name  .  $  "text"  `text`  7  true  (pipeline).name
 *	a | b c | d
 *	{{ if pipeline }} {{ else if pipeline }} {{ else }} {{ end }}
 *
 * and the functions of gotemplate_functions. No variables, range, with, define.
 *
 * Values are secrets: they stand in the arena and in out, which the caller wipes,
 * and in no flaw.
 */
#ifndef FORMATS_GOTEMPLATE_H
#define FORMATS_GOTEMPLATE_H

#include "core/buf.h"
#include "core/value.h"

enum { GOTEMPLATE_DEPTH_MAX = 32, GOTEMPLATE_FLAWS_MAX = 50 };

struct template_flaw {
	size_t at;             /* bytes from the start of the template */
	const char *text;      /* a clause */
	const char *hint;      /* NULL: none */
};

struct template_flaws {
	struct template_flaw at[GOTEMPLATE_FLAWS_MAX];
	size_t n;
};

/*
 * Appends to out what text makes of dot, a map of texts. false: flaws has what is wrong, a flaw or more of each action that
 * has one, and out is of no use. A ceiling of out that was reached is the caller's to see. dot NULL: nothing is carried out,
 * and what can be told without values is.
 */
bool gotemplate_render(struct arena *mem, struct view text, const struct value *dot, struct buf *out,
                       struct template_flaws *flaws);

/* The functions' names; NULL at their end. */
extern const char *const gotemplate_functions[];

/* As encoding/json's Marshal writes a value: names in order of their bytes; html: < > & escaped. */
void gojson_print(struct arena *mem, struct buf *out, const struct value *v, bool html);

#endif
