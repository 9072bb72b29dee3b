/*
 * All state of a run of either program. There is none at file level.
 *
 * cli_main fills it and hands it to the command: streams, what is known of the
 * terminal, the parsed command line, what helm told us. The transport is opened
 * on first use, since help, version and completion must not pay for it.
 *
 * Everything in it lives as long as the run: texts in `mem` or in argv and the
 * environment, never to be freed by a command.
 */
#ifndef CLI_APP_H
#define CLI_APP_H

#include "cli/options.h"
#include "core/host.h"
#include "kube/config.h"
#include "net/transport.h"

#include <stdio.h>

struct cli;
struct command;

/* What helm says in HELM_* (both majors), with what was left in our argv on top of it. */
struct helm_env {
	const char *bin;             /* as typed: argv[0] of a child, looked up on PATH; "helm" when unset */
	const char *plugin_dir;      /* NULL: not started by helm */
	const char *namespace_;      /* NULL: not started by helm. Never empty */
	bool namespace_flag;         /* -n was left to us, so it was surely typed */
};

struct app {
	const struct cli *cli;
	const struct command *command;
	struct host host;
	struct arena mem;

	FILE *out, *talk;            /* the answer; everything else */
	FILE *answers;               /* where questions are answered; NULL: /dev/tty, when asked first */
	bool out_tty, talk_tty;
	bool out_color, talk_color;
	bool utf8;                   /* the terminal's encoding */
	int columns, lines;          /* of talk's terminal; 80 and 24 when there is none */

	/* options of every command */
	bool debug, no_color, show_version;
	int64_t verbosity;           /* kubectl's -v; from 6 on debug is set */
	const char *color;           /* "never", "auto", "always"; NULL: not given */
	const char *trace_file;      /* "-": stderr */
	const char *format;          /* -o: one of the command's formats, the first when not given; "": it has none */

	/* options of those commands that take them */
	bool yes;
	const char *config, *profile;   /* NULL: not given */
	struct kube_flags kube;      /* from HELM_KUBE* and KUBECONFIG's flag, or from kubectl's flags */
	struct text_list as_groups;
	int64_t request_timeout_ms;  /* 0: not given */
	bool all_namespaces;         /* kubectl's -A and -l */
	const char *selector;
	struct helm_env helm;
	struct parsed line;          /* words, what follows --, inputs, flags for helm */
	void *options;               /* the command's own struct */

	struct transport transport;  /* ops NULL: not open yet */
	FILE *trace;
};

/* Fills streams, terminal facts and host for the real program. */
void app_init(struct app *app, const struct cli *cli);
void app_release(struct app *app);

/* Opens the transport unless it is; gives it. Signals are stops of it from then on. */
MUST_CHECK int app_transport(struct app *app, const struct transport **out, struct err *e);

/* "helm-vault-aws/0.1.0": User-Agent and field of traces. */
const char *app_user_agent(const struct app *app);

/* inputs_read over command line, environment and --config ("-": standard input); prints its warnings. */
MUST_CHECK int app_inputs(struct app *app, struct inputs *out, struct err *e);

/* -o is "json", or another of the given name. */
bool app_format_is(const struct app *app, const char *format);

/* Prints a tree as -o json or -o yaml asks (json when it is neither). */
MUST_CHECK int app_print_value(struct app *app, const struct value *v, struct err *e);

/* Reads HELM_* into app->helm and app->kube. ERR_USAGE for unverified TLS, which we refuse. */
MUST_CHECK int helm_env_read(struct app *app, struct err *e);

#endif
