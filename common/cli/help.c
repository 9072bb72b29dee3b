#include "cli/help.h"

#include "cli/text_width.h"
#include "core/text.h"

enum { PAGE_COLUMNS = 80, NAME_COLUMNS = 30, OPTION_MAX = 200, TEXT_MAX = 4096 };

static void put_paragraphs(struct buf *out, const char *text)
{
	if (!text)
		return;
	buf_char(out, '\n');
	text_wrap(out, text, PAGE_COLUMNS, 0);
	if (!text_ends(text, "\n"))
		buf_char(out, '\n');
}

/* "  name    what it is", the second column wrapped below itself. */
static void put_pair(struct buf *out, const char *name, const char *about)
{
	size_t width = text_columns(view_text(name));

	buf_printf(out, "  %s", name);
	if (width + 4 > NAME_COLUMNS)
		buf_printf(out, "\n%*s", NAME_COLUMNS, "");
	else
		buf_printf(out, "%*s", (int)(NAME_COLUMNS - width - 2), "");
	text_wrap(out, about, PAGE_COLUMNS, NAME_COLUMNS);
	buf_char(out, '\n');
}

static void put_examples(struct buf *out, const char *lines)
{
	struct view rest = view_text(lines);

	buf_text(out, "\nExamples:\n");
	while (rest.n) {
		struct view line = view_cut(&rest, '\n');

		buf_printf(out, "  %.*s\n", (int)line.n, line.p);
	}
}

static void put_option(struct buf *out, const struct opt *opt)
{
	AUTO(buf) struct buf name = BUF_MAX(OPTION_MAX), about = BUF_MAX(TEXT_MAX);

	if (opt->letter)
		buf_printf(&name, "-%c, ", opt->letter);
	else
		buf_text(&name, "    ");
	buf_printf(&name, "--%s", opt->name);
	if (opt->metavar && opt->bare)
		buf_printf(&name, "[=%s]", opt->metavar);
	else if (opt->metavar)
		buf_printf(&name, " %s", opt->metavar);
	else if (opt->key && text_same(opt->key->fallback, "true"))
		buf_text(&name, "[=false]");
	buf_text(&about, opt->help);
	if (opt->flags & OPT_HELM_4)
		buf_text(&about, " (Helm 4 only)");
	if (opt->flags & OPT_HELM_3)
		buf_text(&about, " (Helm 3 only)");
	if (opt->key && (opt->key->flags & (KEY_REQUIRED | KEY_MAY_FIND)) == KEY_REQUIRED)
		buf_text(&about, " (required)");
	else if (opt->key && opt->key->fallback && *opt->key->fallback)
		buf_printf(&about, " (default %s)", opt->key->fallback);
	put_pair(out, buf_str(&name), buf_str(&about));
}

static void put_options(struct buf *out, const struct cli *cli, const struct command *command)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct opt_group groups[OPT_GROUPS_MAX];
	size_t n = cli_groups(cli, command, NULL, &mem, groups);
	const char *title = NULL;

	for (size_t g = 0; g < n; g++) {
		if (!text_same(title, groups[g].title))
			buf_printf(out, "\n%s:\n", groups[g].title);
		title = groups[g].title;
		if (g + 1 == n)
			put_pair(out, "-h, --help", "print this");
		for (const struct opt *opt = groups[g].rows; opt->kind; opt++)
			if (!(opt->flags & OPT_HIDDEN))
				put_option(out, opt);
	}
}

void help_command(struct buf *out, const struct cli *cli, const struct command *command)
{
	bool named = command != cli->fallback;

	buf_printf(out, "%s%s%s: %s\n", cli->program, named ? " " : "", named ? command->name : "",
	           command->summary);
	buf_printf(out, "\nUsage:\n  %s%s%s%s%s [options]%s\n", cli->program, named ? " " : "",
	           named ? command->name : "", text_empty(command->args) ? "" : " ",
	           command->args ? command->args : "", command->takes & TAKES_REST ? " [-- WORDS...]" : "");
	put_paragraphs(out, command->details);
	if (command->words) {
		buf_text(out, "\nWords:\n");
		for (const struct word *word = command->words; word->name; word++)
			put_pair(out, word->name, word->summary);
	}
	if (command->examples)
		put_examples(out, command->examples);
	put_options(out, cli, command);
}

/* Commands under their headings, in the order in which a heading was named first. */
static void put_commands(struct buf *out, const struct cli *cli)
{
	const struct command *first, *command;

	for (size_t i = 0; (first = cli_command_at(cli, i)); i++) {
		bool seen = !first->group;

		for (size_t j = 0; j < i && !seen; j++)
			seen = text_same(cli_command_at(cli, j)->group, first->group);
		if (seen)
			continue;
		buf_printf(out, "\n%s:\n", first->group);
		for (size_t j = i; (command = cli_command_at(cli, j)); j++)
			if (text_same(command->group, first->group))
				put_pair(out, command->name, command->summary);
	}
}

void help_program(struct buf *out, const struct cli *cli)
{
	if (cli->fallback) {
		help_command(out, cli, cli->fallback);
	} else {
		buf_printf(out, "%s: %s\n\nUsage:\n  %s COMMAND [options]\n", cli->program, cli->summary,
		           cli->program);
	}
	put_commands(out, cli);
	put_paragraphs(out, cli->details);
	if (!cli->fallback)
		put_options(out, cli, NULL);
	buf_printf(out, "\n'%s help COMMAND' explains a command.\n", cli->program);
}
