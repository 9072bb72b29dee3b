/*
 * Commands as rows, and the main of both programs.
 *
 *	static const struct command plan = {
 *		.name = "plan", .group = "Provision", .args = "",
 *		.summary = "show what apply would change",
 *		.details = "Reads ...\n\nSecond paragraph.",
 *		.examples = "helm vault-aws plan --environment production\n",
 *		.takes = TAKES_INPUTS | TAKES_KUBE,
 *		.formats = plan_formats,
 *		.rows = plan_rows, .options_size = sizeof(struct plan_options),
 *		.run = cmd_plan,
 *	};
 *
 * cli_main parses what the row takes, calls run, prints errors and warnings once
 * and gives the exit code. Commands that every program has (help, version,
 * completion) are added by it. Nothing here needs the network.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/app.h"

enum {
	TAKES_INPUTS = 1 << 0,   /* --a-b of every input key, --config, --profile */
	TAKES_KUBE   = 1 << 1,   /* -n, --kube-context ... of helm; -n, --context ... of kubectl */
	TAKES_YES    = 1 << 2,   /* -y, --yes */
	TAKES_HELM   = 1 << 3,   /* the flags of helm upgrade --install, kept for it (helm_flags.h) */
	TAKES_REST   = 1 << 4,   /* words after --; else they are refused */
	TAKES_RAW    = 1 << 5    /* nothing is parsed: all that follows are its words */
};

enum { EXIT_PENDING = 3 };   /* changes pending; nothing failed, but something could not be checked */

/* A word that a command may be given, for help and completion. */
struct word {
	const char *name, *summary;
};

struct command {
	const char *name;
	const char *group;           /* heading in help; NULL: not listed there */
	const char *args;            /* synopsis of its words: "[RELEASE] [CHART]"; "": none */
	const char *summary;         /* one line, lower case */
	const char *details;         /* paragraphs, wrapped by help; NULL: none */
	const char *examples;        /* a command a line, which help indents; NULL: none */
	unsigned takes;
	size_t words_max;            /* further words are refused */
	const struct word *words;    /* the only ones allowed, up to an empty row; NULL: any */
	bool words_files;            /* completed with file names */
	const char *const *formats;  /* of -o, the first is the default; NULL: no -o */
	const struct opt *rows;      /* its own options; NULL: none */
	size_t options_size;         /* of the struct that they are in: zeroed, in app->options */
	const void *defaults;        /* copied into it first; NULL: zeros */
	/* 0, or an exit code above 0, or -1 with e set. app->line holds its words. */
	int (*run)(struct app *app, struct err *e);
};

enum cli_kind { CLI_HELM, CLI_KUBECTL };

struct cli {
	enum cli_kind kind;          /* whose flags and environment we share */
	const char *program;         /* as users type it: "helm vault-aws" */
	const char *summary;         /* one line */
	const char *details;         /* below the list of commands; NULL: none */
	const struct command *const *commands;
	size_t n;
	/* Runs when no command is named: `kubectl vault-check irsa`. NULL: help is printed. */
	const struct command *fallback;
	/* Lines that set completion up, for `completion`. */
	const char *completion;
};

/* The whole program. argv as main got it. Gives the exit code. */
int cli_main(const struct cli *cli, int argc, char **argv);

/* The same with an app whose streams and host are the caller's. argv without the program's name. */
int cli_run(struct app *app, int argc, char *const *argv);

/* By name, also of those that every program has; NULL: none. */
const struct command *cli_find(const struct cli *cli, const char *name);

/* -1 with "unknown command" and the nearest one. */
int cli_unknown(const struct cli *cli, const char *name, struct err *e);

/*
 * Groups of options that a command takes (NULL: the program without one), its own first. Gives their
 * number, at most OPT_GROUPS_MAX. app NULL: only to be described. Rows are const or in mem.
 */
size_t cli_groups(const struct cli *cli, const struct command *command, struct app *app,
                  struct arena *mem, struct opt_group *out);

/* Commands that every program has: help, version, completion, and __complete, which is not listed. */
extern const struct command *const cli_common_commands[];
extern const size_t cli_n_common_commands;

/* Each command in turn: the program's own, then the common ones. NULL past the end. */
const struct command *cli_command_at(const struct cli *cli, size_t i);

#endif
