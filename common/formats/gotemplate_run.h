/* What gotemplate*.c share: a run over one template. For them alone. */
#ifndef FORMATS_GOTEMPLATE_RUN_H
#define FORMATS_GOTEMPLATE_RUN_H

#include "formats/gotemplate.h"

enum template_token {
	TOKEN_END, TOKEN_DOT, TOKEN_FIELD, TOKEN_NAME, TOKEN_VALUE, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_PIPE, TOKEN_WRONG
};

struct template_run {
	struct arena *mem;
	struct view text;
	const struct value *dot;
	struct buf *out;
	struct template_flaws *flaws;

	size_t at, end;               /* of the action, what was not read yet */
	enum template_token token;    /* what was read last */
	size_t token_at;
	struct view word;             /* of a field or name, without its dot */
	const struct value *value;    /* of TOKEN_VALUE */
	bool spaced;                  /* white space stood before it */
	bool dead;                    /* what is read is checked, and not carried out */
	unsigned depth;
};

/* A function's call. */
struct template_call {
	struct template_run *run;
	const char *name;
	size_t at;
	const struct value *const *args;
	size_t n;
};

/* Always NULL, for `return`. */
void *template_flaw(struct template_run *run, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Of the last flaw. Always NULL. */
void *template_hint(struct template_run *run, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The next token; TOKEN_WRONG with its flaw. */
void template_next(struct template_run *run);
/* From the token that was read to the action's end. NULL with a flaw; of a dead branch some value. */
const struct value *template_pipeline(struct template_run *run);
/* NULL with a flaw. */
const struct value *template_call(struct template_run *run, struct view name, size_t at, const struct value *const *args,
                                  size_t n);
/* map's entry, as a template's .name gives it. */
const struct value *template_field(struct template_run *run, const struct value *map, struct view name, size_t at);

/* As fmt.Fprint writes it. false with a flaw: a map, a list, nothing. */
bool template_print(struct template_run *run, struct buf *out, const struct value *v, size_t at);
/* What `if` takes for true. */
bool template_truth(const struct value *v);
/* As %q writes it. false: a character of which we do not know whether Go takes it for printable. */
bool template_quote(struct buf *out, struct view text);
/* A literal of Go's, with its quotes; NULL: it is none. */
const struct value *template_unquote(struct arena *mem, struct view literal);

#endif
