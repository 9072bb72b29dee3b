#include "cli/complete.h"

#include "core/text.h"

const char kubectl_complete_script[] =
	"#!/bin/sh\n"
	"# completion of kubectl vault-check: kubectl runs this as kubectl_complete-vault_check\n"
	"exec \"${0%/*}/kubectl-vault_check\" __complete \"$@\" 2>/dev/null\n";

struct completion {
	struct buf *out;
	struct app *app;
	const struct command *command;  /* NULL: none named yet, and the program has no fallback */
	bool named;
	struct opt_group groups[OPT_GROUPS_MAX];
	size_t n_groups;
	const char *last;               /* what is being completed */
	bool files;
};

static void offer(struct completion *c, const char *before, const char *value, const char *about)
{
	AUTO(text) char *whole = xasprintf("%s%s", before, value);

	if (text_starts(whole, c->last))
		buf_printf(c->out, "%s%s%s\n", whole, about ? "\t" : "", about ? about : "");
}

/* helm completes its own global flags itself, before it asks us. */
static bool offered_by_helm(const struct completion *c, const struct opt *opt)
{
	static const char *const names[] = {
		"debug", "namespace", "kube-context", "kubeconfig", "kube-apiserver", "kube-as-user",
		"kube-as-group", "kube-ca-file", "kube-tls-server-name",
	};

	for (size_t i = 0; c->app->cli->kind == CLI_HELM && i < COUNT_OF(names); i++)
		if (text_same(names[i], opt->name))
			return true;
	return false;
}

static void offer_options(struct completion *c)
{
	for (size_t g = 0; g < c->n_groups; g++)
		for (const struct opt *opt = c->groups[g].rows; opt->kind; opt++)
			if (!(opt->flags & OPT_HIDDEN) && !offered_by_helm(c, opt))
				offer(c, "--", opt->name, opt->help);
	offer(c, "--", "help", "explain this command");
}

/* before: what of the last word stands before the value, "--output=" or "". */
static void offer_values(struct completion *c, const struct opt *opt, const char *before)
{
	if (opt->kind == OPT_FLAG || (opt->key && opt->key->type == KEY_BOOL)) {
		offer(c, before, "true", NULL);
		offer(c, before, "false", NULL);
	}
	for (size_t i = 0; opt->words && opt->words[i]; i++)
		offer(c, before, opt->words[i], NULL);
	c->files = opt->flags & OPT_FILES;
}

static void offer_commands(struct completion *c)
{
	const struct command *command;

	for (size_t i = 0; (command = cli_command_at(c->app->cli, i)); i++)
		if (command->group)
			offer(c, "", command->name, command->summary);
}

static void offer_words(struct completion *c, size_t given)
{
	const struct word *words = c->command ? c->command->words : NULL;

	if (!c->named)
		offer_commands(c);
	else if (text_same(c->command->name, "help") && !given)
		offer_commands(c);
	if (!c->command || given >= c->command->words_max)
		return;
	c->files = !words && c->named && c->command->words_files;
	for (; words && words->name; words++)
		offer(c, "", words->name, words->summary);
}

/* The option whose value the next word is; NULL: none. */
static const struct opt *waits_for_value(const struct completion *c, const char *word)
{
	const struct opt *opt = NULL;

	if (text_starts(word, "--"))
		opt = options_find(c->groups, c->n_groups, view_text(word + 2), NULL);
	else if (word[0] == '-' && word[1] && !word[2])
		opt = options_find_letter(c->groups, c->n_groups, word[1], NULL);
	return opt && opt->metavar && !opt->bare ? opt : NULL;
}

/* Finds the command among the words before the last; gives how many other words there are. */
static size_t find_command(struct completion *c, const struct text_list *words)
{
	const struct cli *cli = c->app->cli;
	const struct opt *waits = NULL;
	size_t given = 0;

	c->command = cli->fallback;
	c->n_groups = cli_groups(cli, c->command, NULL, &c->app->mem, c->groups);
	for (size_t i = 0; i + 1 < words->n; i++) {
		const char *word = words->at[i];
		const struct command *named = c->named ? NULL : cli_find(cli, word);

		if (waits) {
			waits = NULL;
		} else if (word[0] == '-') {
			waits = waits_for_value(c, word);
		} else if (named && !given) {
			c->command = named;
			c->named = true;
			c->n_groups = cli_groups(cli, named, NULL, &c->app->mem, c->groups);
		} else {
			given++;
		}
	}
	return given;
}

void complete_print(struct buf *out, struct app *app, const struct text_list *words)
{
	struct completion c = { .out = out, .app = app, .last = "" };
	const struct opt *waits = NULL;
	const char *equals;
	size_t given;

	if (words->n)
		c.last = words->at[words->n - 1];
	given = find_command(&c, words);
	if (words->n > 1)
		waits = waits_for_value(&c, words->at[words->n - 2]);
	equals = text_starts(c.last, "--") ? strchr(c.last, '=') : NULL;
	if (waits) {
		offer_values(&c, waits, "");
	} else if (equals) {
		const struct opt *opt = options_find(c.groups, c.n_groups,
		                                     view_of(c.last + 2, equals - c.last - 2), NULL);
		if (opt)
			offer_values(&c, opt, arena_view(&app->mem, view_of(c.last, equals + 1 - c.last)));
	} else if (c.last[0] == '-') {
		offer_options(&c);
	} else {
		offer_words(&c, given);
	}
	buf_text(out, c.files ? ":0\n" : ":4\n");
}
