#include "cli/command.h"

#include "cli/errors.h"
#include "cli/help.h"
#include "core/text.h"

#include <errno.h>
#include <signal.h>

enum { HELP_TEXT_MAX = 256 << 10 };

const struct command *cli_command_at(const struct cli *cli, size_t i)
{
	if (i < cli->n)
		return cli->commands[i];
	i -= cli->n;
	return i < cli_n_common_commands ? cli_common_commands[i] : NULL;
}

const struct command *cli_find(const struct cli *cli, const char *name)
{
	const struct command *command;

	for (size_t i = 0; (command = cli_command_at(cli, i)); i++)
		if (text_same(command->name, name))
			return command;
	return NULL;
}

/* A command may stand behind options that only it knows (helm -f x vault-aws install): so all are looked at. */
static int find_word(struct app *app, int argc, char *const *argv)
{
	const struct command *command;
	struct opt_group *groups;
	size_t n = 0, n_commands = 0;

	if (!argc || argv[0][0] != '-')
		return 0;
	while (cli_command_at(app->cli, n_commands))
		n_commands++;
	groups = ARENA_ARRAY(&app->mem, struct opt_group, (n_commands + 1) * OPT_GROUPS_MAX);
	for (size_t i = 0; (command = cli_command_at(app->cli, i)); i++)
		n += cli_groups(app->cli, command, NULL, &app->mem, groups + n);
	if (app->cli->fallback)
		n += cli_groups(app->cli, app->cli->fallback, NULL, &app->mem, groups + n);
	return options_first_word(groups, n, argc, argv);
}

int cli_unknown(const struct cli *cli, const char *name, struct err *e)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct text_list known = { 0 };
	const struct command *command;
	const char *nearest;

	for (size_t i = 0; (command = cli_command_at(cli, i)); i++)
		if (command->group)
			text_list_add(&mem, &known, command->name);
	nearest = text_list_nearest(&known, name);
	err_set(e, ERR_USAGE, 0, "unknown command '%s'", name);
	if (nearest)
		err_hint(e, "did you mean '%s %s'?", cli->program, nearest);
	else
		err_hint(e, "'%s help' lists the commands", cli->program);
	return -1;
}

static void check_word(struct app *app, const char *given, struct err *problems)
{
	const struct word *words = app->command->words;
	const struct command *command;
	struct text_list known = { 0 };
	const char *nearest;

	for (; words->name; words++) {
		if (text_same(words->name, given))
			return;
		text_list_add(&app->mem, &known, words->name);
	}
	/* without a command's name before it, the word may have been meant as one */
	for (size_t i = 0; app->command == app->cli->fallback && (command = cli_command_at(app->cli, i)); i++)
		if (command->group)
			text_list_add(&app->mem, &known, command->name);
	nearest = text_list_nearest(&known, given);
	err_also(problems, ERR_USAGE, "unknown word '%s'", given);
	if (nearest)
		err_hint(problems, "did you mean '%s'?", nearest);
}

static void check_words(struct app *app, struct err *problems)
{
	const struct command *command = app->command;
	const struct text_list *words = &app->line.words;

	for (size_t i = 0; i < words->n; i++) {
		if (i >= command->words_max)
			err_also(problems, ERR_USAGE, "unexpected word '%s'", words->at[i]);
		else if (command->words)
			check_word(app, words->at[i], problems);
	}
	if (app->line.rest.n && !(command->takes & TAKES_REST))
		err_also(problems, ERR_USAGE, "'%s' takes nothing after '--'", command->name);
}

static void settle_colors(struct app *app)
{
	const char *when = app->color ? app->color : host_env(&app->host, "HELM_COLOR");
	bool never = app->no_color || host_env(&app->host, "NO_COLOR") || text_same(when, "never");
	bool dumb = text_same(host_env(&app->host, "TERM"), "dumb");

	if (never || text_same(when, "always")) {
		app->out_color = app->talk_color = !never;
		return;
	}
	app->out_color = app->out_tty && !dumb;
	app->talk_color = app->talk_tty && !dumb;
}

static void settle(struct app *app, const char *helm_namespace)
{
	if (app->command && app->command->formats && !*app->format)
		app->format = app->command->formats[0];
	app->helm.namespace_flag = app->helm.namespace_ != helm_namespace;
	if (app->helm.namespace_flag)
		app->kube.namespace_ = app->helm.namespace_;
	if (app->as_groups.n)
		app->kube.as_groups = app->as_groups.at;
	app->kube.request_timeout_ms = (unsigned)app->request_timeout_ms;
	if (app->verbosity >= 6)
		app->debug = true;
	settle_colors(app);
}

static void parse_options(struct app *app, int argc, char *const *argv, struct err *problems)
{
	const struct command *command = app->command;
	const char *helm_namespace = app->helm.namespace_, *program = app->cli->program;
	struct opt_group groups[OPT_GROUPS_MAX];
	struct opt_parser p = { .mem = &app->mem, .groups = groups };

	if (command && command->options_size) {
		app->options = arena_alloc(&app->mem, command->options_size);
		if (command->defaults)
			memcpy(app->options, command->defaults, command->options_size);
	}
	p.n_groups = cli_groups(app->cli, command, app, &app->mem, groups);
	p.help_command = arena_printf(&app->mem, "%s %s%s", program, command ? command->name : "",
	                              command ? " --help" : "help");
	if (options_parse(&p, argc, argv, &app->line, problems) == 0)
		err_release(problems);
	settle(app, helm_namespace);
}

/* All that is wrong with the line in one go: options, words, and the inputs behind them. */
static int parse(struct app *app, int argc, char *const *argv, struct err *e)
{
	AUTO(err) struct err problems = { 0 }, more = { 0 };
	struct inputs in = { 0 };

	parse_options(app, argc, argv, &problems);
	if (app->line.help)
		return 0;
	if (app->command)
		check_words(app, &problems);
	if (!err_count(&problems))
		return 0;
	if (app->command && app->command->takes & TAKES_INPUTS && !text_same(app->config, "-") &&
	    app_inputs(app, &in, &more) < 0)
		err_append(&problems, &more);
	err_move(e, &problems);
	return -1;
}

static void print_help(struct app *app)
{
	AUTO(buf) struct buf text = BUF_MAX(HELP_TEXT_MAX);

	if (app->command && app->command != app->cli->fallback)
		help_command(&text, app->cli, app->command);
	else
		help_program(&text, app->cli);
	fwrite(buf_str(&text), 1, text.n, app->out);
}

/* argv without the command's word. */
static char **without(struct app *app, int at, int argc, char *const *argv)
{
	char **rest = ARENA_ARRAY(&app->mem, char *, argc + 1);

	memcpy(rest, argv, at * sizeof(*rest));
	memcpy(rest + at, argv + at + 1, (argc - at - 1) * sizeof(*rest));
	return rest;
}

static int run(struct app *app, int argc, char *const *argv, struct err *e)
{
	int at = find_word(app, argc, argv);

	if (app->cli->kind == CLI_HELM && helm_env_read(app, e) < 0)
		return -1;
	app->command = at < argc ? cli_find(app->cli, argv[at]) : NULL;
	if (app->command)
		argv = without(app, at, argc--, argv);
	else if (app->cli->fallback)
		app->command = app->cli->fallback;
	else if (at < argc)
		return cli_unknown(app->cli, argv[at], e);
	if (app->command && app->command->takes & TAKES_RAW) {
		for (int i = 0; i < argc; i++)
			text_list_add(&app->mem, &app->line.words, argv[i]);
	} else if (parse(app, argc, argv, e) < 0) {
		return -1;
	}
	if (app->show_version)
		app->command = cli_find(app->cli, "version");
	if (app->line.help || !app->command) {
		print_help(app);
		return 0;
	}
	return app->command->run(app, e);
}

int cli_run(struct app *app, int argc, char *const *argv)
{
	AUTO(err) struct err e = { 0 };
	int code = run(app, argc, argv, &e);

	if (code < 0) {
		errors_print(app, &e);
		code = err_exit_code(&e);
	}
	if (fflush(app->out) == 0 && !ferror(app->out))
		return code;
	if (errno != EPIPE)   /* whoever reads us has seen enough: nothing to tell */
		fprintf(app->talk, "error: writing the answer: %m\n");
	return code ? code : 1;
}

int cli_main(const struct cli *cli, int argc, char **argv)
{
	struct app app;
	int code;

	secrets_harden_process();
	signal(SIGPIPE, SIG_IGN);
	app_init(&app, cli);
	code = cli_run(&app, argc - (argc > 0), argv + (argc > 0));
	app_release(&app);
	return code;
}
