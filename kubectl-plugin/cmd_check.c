#include "commands.h"

#include "cli/errors.h"
#include "cli/table.h"
#include "cli/text_width.h"
#include "core/text.h"
#include "examine.h"

struct check_options {
	struct text_list only, skip;
	const char *fail_on;
	bool no_proof;
};

static const char *const fail_words[] = { "fail", "warn", "never", NULL };
static const char *const formats[] = { "table", "wide", "json", "yaml", NULL };

static const struct opt rows[] = {
	LIST(struct check_options, only, 0, "only", "ID", "run this check, and what it needs; may be repeated"),
	LIST(struct check_options, skip, 0, "skip", "ID", "leave this check out; may be repeated"),
	CHOICE(struct check_options, fail_on, 0, "fail-on", "WHEN", fail_words, "exit 1 on fail (default), on warn too, or never"),
	FLAG(struct check_options, no_proof, 0, "no-proof", "try nothing as the role: only look"),
	OPT_END
};

static const struct word families[] = {
	{ "irsa", "service account, role, trust, token" },
	{ "kms", "the seal key" },
	{ "dynamodb", "the table" },
	{ "all", "everything (default)" },
	{ NULL, NULL },
};

static enum paint paint_of(enum verdict v)
{
	static const enum paint paints[] = { PAINT_GOOD, PAINT_PLAIN, PAINT_WARN, PAINT_BAD, PAINT_FAINT, PAINT_WARN };

	return paints[v];
}

static void print_text(struct app *app, const char *indent, const char *text)
{
	struct view rest = view_text(text);

	while (rest.p) {
		struct view line = view_cut(&rest, '\n');

		fprintf(app->out, "%s%.*s\n", indent, (int)line.n, line.p);
	}
}

static void print_finding(struct app *app, const struct finding *f)
{
	bool wide = app_format_is(app, "wide"), bad = f->verdict == VERDICT_FAIL || f->verdict == VERDICT_WARN;

	fprintf(app->out, "%s%-7s%s %-18s %s\n", paint_on(paint_of(f->verdict), app->out_color), verdict_name(f->verdict),
	        paint_off(paint_of(f->verdict), app->out_color), f->check->id, f->cause);
	if (wide || f->verdict == VERDICT_FAIL)
		for (const struct evidence *one = f->evidence; one; one = one->next)
			fprintf(app->out, "          %s: %s\n", one->name, one->text);
	if (bad && f->fix) {
		fprintf(app->out, "        fix:\n");
		print_text(app, "          ", f->fix);
	}
	if (f->verdict == VERDICT_UNKNOWN && f->right)
		fprintf(app->out, "        needs: %s\n", f->right);
}

static void print_summary(struct app *app, const struct findings *f)
{
	fprintf(app->out, "\n%zu passed, %zu warned, %zu failed, %zu skipped, %zu not checked", f->count[VERDICT_PASS],
	        f->count[VERDICT_WARN], f->count[VERDICT_FAIL], f->count[VERDICT_SKIP], f->count[VERDICT_UNKNOWN]);
	if (f->root)
		fprintf(app->out, "; the broken link: %s", f->root->check->id);
	fputc('\n', app->out);
}

static int print(struct examination *x, struct err *e)
{
	struct app *app = x->app;
	const struct findings *f = &x->findings;

	if (app_format_is(app, "json") || app_format_is(app, "yaml"))
		return app_print_value(app, findings_value(&app->mem, &x->diag, f), e);
	if (f->root)
		print_finding(app, f->root);
	for (size_t i = 0; i < f->n; i++)
		if (&f->at[i] != f->root)
			print_finding(app, &f->at[i]);
	print_summary(app, f);
	return 0;
}

static enum fail_on fail_on_of(const char *word)
{
	if (text_same(word, "warn"))
		return FAIL_ON_WARN;
	return text_same(word, "never") ? FAIL_NEVER : FAIL_ON_FAIL;
}

static int run(struct app *app, struct err *e)
{
	const struct check_options *o = app->options;
	struct check_choice choice = {
		.families = app->line.words.n ? app->line.words.at : NULL,
		.only = o->only.n ? o->only.at : NULL,
		.skip = o->skip.at,
		.proof = !o->no_proof,
	};
	struct diag_options options = {
		.namespace_ = app->kube.namespace_,
		.all_namespaces = app->all_namespaces, .proof = !o->no_proof,
	};
	struct examination x;
	int result = examine(&x, app, &choice, &options, e);

	if (result == 0)
		result = print(&x, e);
	if (result == 0)
		result = findings_exit_code(&x.findings, fail_on_of(o->fail_on));
	examination_release(&x);
	return result;
}

const struct command cmd_check = {
	.name = "check", .group = "Check", .args = "[irsa|kms|dynamodb|all]...",
	.summary = "check a Vault and name the one broken link (the default command)",
	.details = "Follows the chain from the pods over service account and role to key and table, and names the first link "
	           "that is broken, with what was seen and what to paste to mend it. Nothing is changed and no pod is started.\n\n"
	           "Exit codes: 0 all passed, 1 something failed, 2 usage, 3 nothing failed but something could not be checked.",
	.examples = "kubectl vault-check\n"
	            "kubectl vault-check irsa -n vault -o wide\n"
	            "kubectl vault-check --only kms-key -o json\n",
	.takes = TAKES_KUBE | TAKES_INPUTS, .words_max = 16, .words = families, .formats = formats,
	.rows = rows, .options_size = sizeof(struct check_options), .run = run,
};
