#include "commands.h"

#include "core/text.h"
#include "domain/check_rights.h"
#include "domain/diag.h"

/* Of the steps that it judges; what these stand on takes rights of its own (`policy` has them all). */
static void print_rights(struct app *app, const struct check *c)
{
	struct text_list rights = { 0 };

	for (const char *const *step = c->reads; step && *step; step++)
		for (size_t i = 0; i < n_check_rights; i++) {
			const struct right *r = &check_rights[i];
			const char *text = r->action;
			bool told = false;

			if (!text_same(r->step, *step) || r->kind == RIGHT_NONE)
				continue;
			if (r->kind == RIGHT_KUBE)
				text = arena_printf(&app->mem, "%s %s", r->verb, r->resource);
			for (size_t k = 0; k < rights.n && !told; k++)
				told = text_same(rights.at[k], text);
			if (!told)
				text_list_add(&app->mem, &rights, text);
		}
	for (size_t i = 0; i < rights.n; i++)
		fprintf(app->out, "%s%s%s", i ? ", " : "takes:      ", rights.at[i], i + 1 == rights.n ? "\n" : "");
}

static int run(struct app *app, struct err *e)
{
	if (!app->line.words.n) {
		err_set(e, ERR_USAGE, 0, "which check?");
		err_hint(e, "kubectl vault-check list names them");
		return -1;
	}
	for (size_t i = 0; i < app->line.words.n; i++) {
		const char *id = app->line.words.at[i], *near;
		const struct check *c = check_find(id);

		if (!c) {
			near = check_nearest(id);
			err_also(e, ERR_USAGE, "there is no check '%s'", id);
			err_hint(e, near ? "did you mean '%s'?" : "kubectl vault-check list names them", near);
			continue;
		}
		fprintf(app->out, "%s%s: %s\n\n%s\n\nto mend it: %s\nsource:     %s\n", i ? "\n" : "", c->id, c->title, c->decides,
		        c->remedy, c->reference);
		for (const char *const *need = c->needs; need && *need; need++)
			fprintf(app->out, "%s%s", need == c->needs ? "stands on:  " : ", ", *need);
		if (c->needs)
			fputc('\n', app->out);
		print_rights(app, c);
	}
	return e->kind ? -1 : 0;
}

const struct command cmd_explain = {
	.name = "explain", .group = "Check", .args = "ID...",
	.summary = "say how a check decides, and what mends it",
	.examples = "kubectl vault-check explain irsa-account\n",
	.words_max = 64, .run = run,
};
