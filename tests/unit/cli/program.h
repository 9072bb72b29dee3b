/*
 * A small program over cli_run whose streams and machine are in the test's hand:
 *
 *	AUTO(program) struct program p = program_new();
 *
 *	fake_host_env(&p.machine, "HELM_NAMESPACE", "a");
 *	assert_int_equal(program_run(&p, "make", "--exit-code"), 3);
 *	assert_string_equal(p.out, "...");
 */
#ifndef UNIT_CLI_PROGRAM_H
#define UNIT_CLI_PROGRAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/command.h"
#include "core/text.h"
#include "fake/host.h"

struct make_options {
	bool exit_code;
	const char *word, *dry_run;
	int64_t count, timeout_ms;
	struct text_list items;
};

static const char *const dry_runs[] = { "none", "client", "server", NULL };
static const char *const make_formats[] = { "table", "json", "yaml", NULL };

static const struct opt make_rows[] = {
	FLAG(struct make_options, exit_code, 'e', "exit-code", "exit 3 when something would change"),
	TEXT(struct make_options, word, 'w', "word", "WORD", "a word"),
	CHOICE_OR_BARE(struct make_options, dry_run, 0, "dry-run", "HOW", dry_runs, "client", "write nothing"),
	INT(struct make_options, count, 'c', "count", "N", 1, 9, "a number"),
	DURATION(struct make_options, timeout_ms, 0, "timeout", "how long to wait"),
	LIST(struct make_options, items, 'i', "item", "ITEM", "an item, may be repeated"),
	OPT_END
};

static const struct make_options make_defaults = { .count = 5 };

/* Prints what it got, so that a test sees it. */
static int run_make(struct app *app, struct err *e)
{
	const struct make_options *o = app->options;

	for (size_t i = 0; i < app->line.words.n; i++)
		fprintf(app->out, "word %s\n", app->line.words.at[i]);
	for (size_t i = 0; i < app->line.rest.n; i++)
		fprintf(app->out, "rest %s\n", app->line.rest.at[i]);
	for (size_t i = 0; i < o->items.n; i++)
		fprintf(app->out, "item %s\n", o->items.at[i]);
	fprintf(app->out, "count %d timeout %d dry-run %s word %s\n", (int)o->count, (int)o->timeout_ms,
	        o->dry_run ? o->dry_run : "-", o->word ? o->word : "-");
	if (text_same(o->word, "deny")) {
		err_set(e, ERR_DENIED, 403, "making: not allowed");
		err_hint(e, "ask somebody");
		return -1;
	}
	return o->exit_code ? EXIT_PENDING : 0;
}

static const struct command make_row = {
	.name = "make", .group = "Make", .args = "[NAME]", .summary = "make it", .words_max = 1,
	.takes = TAKES_INPUTS | TAKES_KUBE | TAKES_HELM | TAKES_YES | TAKES_REST,
	.formats = make_formats, .rows = make_rows, .options_size = sizeof(struct make_options),
	.defaults = &make_defaults, .run = run_make,
};

static const struct word look_words[] = { { "irsa", "the role" }, { "kms", "the key" }, { NULL, NULL } };

static int run_look(struct app *app, struct err *e)
{
	(void)e;
	fprintf(app->out, "look at %s in %s\n", app->line.words.n ? app->line.words.at[0] : "all",
	        app->kube.namespace_ ? app->kube.namespace_ : "-");
	return 0;
}

static const struct command look_row = {
	.name = "look", .group = "Look", .args = "[irsa|kms]", .summary = "look at it", .words_max = 1,
	.details = "A paragraph.", .examples = "helm thing look\nhelm thing look kms\n",
	.words = look_words, .takes = TAKES_KUBE, .run = run_look,
};

struct program {
	struct cli cli;
	struct fake_host machine;
	struct app app;
	char *out, *talk;
	size_t n_out, n_talk;
};

static inline struct program program_new(void)
{
	static const struct command *const commands[] = { &make_row, &look_row };

	return (struct program){
		.cli = { .kind = CLI_HELM, .program = "helm thing", .summary = "a thing", .commands = commands,
		         .n = COUNT_OF(commands), .completion = "# completion\n" },
	};
}

static inline void program_forget(struct program *p)
{
	if (p->app.out) {
		fclose(p->app.out);
		fclose(p->app.talk);
		free(p->out);
		free(p->talk);
		app_release(&p->app);
	}
}

static inline void program_release(struct program *p)
{
	program_forget(p);
	fake_host_release(&p->machine);
}
SCOPE_END(program, struct program, program_release(v))

static inline void program_open(struct program *p)
{
	program_forget(p);
	app_init(&p->app, &p->cli);
	p->app.host = fake_host(&p->machine);
	p->app.out_tty = p->app.talk_tty = p->app.utf8 = false;
	p->app.columns = 80;
	p->app.lines = 24;
	p->app.out = open_memstream(&p->out, &p->n_out);
	p->app.talk = open_memstream(&p->talk, &p->n_talk);
}

static inline int program_run_words(struct program *p, int argc, char *const *argv)
{
	int code;

	program_open(p);
	code = cli_run(&p->app, argc, argv);
	fflush(p->app.talk);
	return code;
}

#define WORDS(...) (char *[]){ __VA_ARGS__ }
#define program_run(p, ...) \
	program_run_words((p), sizeof(WORDS(__VA_ARGS__)) / sizeof(char *), WORDS(__VA_ARGS__))

#endif
