/* The commands that both programs have. */
#include "cli/command.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "core/text.h"

enum { PAGE_MAX = 256 << 10 };

static int run_help(struct app *app, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(PAGE_MAX);
	const struct command *command;
	const char *name;

	if (!app->line.words.n) {
		help_program(&text, app->cli);
	} else {
		name = app->line.words.at[0];
		command = cli_find(app->cli, name);
		if (!command)
			return cli_unknown(app->cli, name, e);
		help_command(&text, app->cli, command);
	}
	fwrite(buf_str(&text), 1, text.n, app->out);
	return 0;
}

static const struct command help_row = {
	.name = "help",
	.group = "Other",
	.args = "[COMMAND]",
	.summary = "explain the program or one of its commands",
	.words_max = 1,
	.run = run_help,
};

static int run_version(struct app *app, struct err *e)
{
	struct value *v;

	if (app_format_is(app, "json") || app_format_is(app, "yaml")) {
		v = value_new_map(&app->mem);
		value_set_text(&app->mem, v, "program", app->cli->program);
		value_set_text(&app->mem, v, "version", VA_VERSION);
		return app_print_value(app, v, e);
	}
	fprintf(app->out, "%s %s\n", app->cli->program, VA_VERSION);
	return 0;
}

static const char *const version_formats[] = { "text", "json", "yaml", NULL };

static const struct command version_row = {
	.name = "version",
	.group = "Other",
	.args = "",
	.summary = "print the version",
	.formats = version_formats,
	.run = run_version,
};

static int run_completion(struct app *app, struct err *e)
{
	(void)e;
	fputs(app->cli->completion, app->out);
	return 0;
}

static const struct command completion_row = {
	.name = "completion",
	.group = "Other",
	.args = "",
	.summary = "print what sets completion up",
	.run = run_completion,
};

static int run_complete(struct app *app, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(PAGE_MAX);

	(void)e;
	complete_print(&text, app, &app->line.words);
	fwrite(buf_str(&text), 1, text.n, app->out);
	return 0;
}

static const struct command complete_row = {
	.name = "__complete",
	.args = "WORD...",
	.summary = "print candidates for the last word",
	.takes = TAKES_RAW,
	.run = run_complete,
};

const struct command *const cli_common_commands[] = {
	&completion_row, &version_row, &help_row, &complete_row,
};
const size_t cli_n_common_commands = COUNT_OF(cli_common_commands);
