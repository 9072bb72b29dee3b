/* Which options a command takes: its own, and those it shares with others. */
#include "cli/command.h"
#include "cli/helm_flags.h"

static const char *const colors[] = { "auto", "always", "never", NULL };

#define EVERYWHERE \
	FLAG(struct app, debug, 0, "debug", "tell every call on stderr"), \
	FILE_NAME(struct app, trace_file, 0, "trace", "FILE", \
	          "write every call to FILE, without secrets ('-': stderr)"), \
	FLAG(struct app, no_color, 0, "no-color", "print without colors")

static const struct opt helm_everywhere[] = {
	EVERYWHERE,
	/* helm's own, which it sees to and leaves in our argv all the same */
	{ .kind = OPT_CHOICE, .name = "color", .metavar = "WHEN", .words = colors, .flags = OPT_HIDDEN,
	  .help = "colors: auto, always or never", .at = OPT_FIELD(struct app, color, const char *) },
	{ .kind = OPT_CHOICE, .name = "colour", .metavar = "WHEN", .words = colors, .flags = OPT_HIDDEN,
	  .help = "as --color", .at = OPT_FIELD(struct app, color, const char *) },
	{ .kind = OPT_IGNORED, .name = "burst-limit", .metavar = "N", .flags = OPT_HIDDEN, .help = "helm's own" },
	{ .kind = OPT_IGNORED, .name = "qps", .metavar = "N", .flags = OPT_HIDDEN, .help = "helm's own" },
	{ .kind = OPT_IGNORED, .name = "content-cache", .metavar = "DIR", .flags = OPT_HIDDEN, .help = "helm's own" },
	OPT_END
};

static const struct opt kubectl_everywhere[] = {
	EVERYWHERE,
	{ .kind = OPT_INT, .letter = 'v', .name = "v", .metavar = "LEVEL", .min = 0, .max = 10,
	  .help = "as kubectl has it: from 6 on as --debug", .at = OPT_FIELD(struct app, verbosity, int64_t) },
	OPT_END
};

static const struct opt program_only[] = {
	FLAG(struct app, show_version, 0, "version", "print the version"),
	OPT_END
};

static const struct opt input_sources[] = {
	FILE_NAME(struct app, config, 0, "config", "FILE",
	          "read inputs from FILE: YAML, JSON or .tfvars ('-': standard input)"),
	TEXT(struct app, profile, 0, "profile", "NAME", "profile in ~/.aws/config"),
	OPT_END
};

static const struct opt yes_rows[] = {
	FLAG(struct app, yes, 'y', "yes", "answer every question with yes"),
	OPT_END
};

static const struct opt helm_kube[] = {
	TEXT(struct app, helm.namespace_, 'n', "namespace", "NAME", "namespace of the release"),
	TEXT(struct app, kube.context, 0, "kube-context", "NAME", "context of the kubeconfig"),
	FILE_NAME(struct app, kube.kubeconfig, 0, "kubeconfig", "FILE", "the kubeconfig"),
	TEXT(struct app, kube.server, 0, "kube-apiserver", "URL", "the API server"),
	TEXT(struct app, kube.as_user, 0, "kube-as-user", "NAME", "act as this user"),
	LIST(struct app, as_groups, 0, "kube-as-group", "NAME", "act as this group, may be repeated"),
	FILE_NAME(struct app, kube.ca_file, 0, "kube-ca-file", "FILE", "CA of the API server"),
	TEXT(struct app, kube.tls_server_name, 0, "kube-tls-server-name", "NAME",
	     "name in the API server's certificate"),
	REFUSED("kube-token", "TOKEN", "every process of this machine sees it; put it into a kubeconfig"),
	REFUSED("kube-insecure-skip-tls-verify", NULL, "TLS is always verified; name the CA with --kube-ca-file"),
	OPT_END
};

/* cli-runtime's ConfigFlags, as far as we go along with them. */
static const struct opt kubectl_kube[] = {
	TEXT(struct app, kube.namespace_, 'n', "namespace", "NAME", "namespace of the release"),
	FLAG(struct app, all_namespaces, 'A', "all-namespaces", "look in all namespaces"),
	TEXT(struct app, selector, 'l', "selector", "LABELS", "only what carries these labels"),
	TEXT(struct app, kube.context, 0, "context", "NAME", "context of the kubeconfig"),
	FILE_NAME(struct app, kube.kubeconfig, 0, "kubeconfig", "FILE", "the kubeconfig"),
	TEXT(struct app, kube.cluster, 0, "cluster", "NAME", "cluster of the kubeconfig"),
	TEXT(struct app, kube.user, 0, "user", "NAME", "user of the kubeconfig"),
	TEXT(struct app, kube.server, 's', "server", "URL", "the API server"),
	TEXT(struct app, kube.as_user, 0, "as", "NAME", "act as this user"),
	LIST(struct app, as_groups, 0, "as-group", "NAME", "act as this group, may be repeated"),
	FILE_NAME(struct app, kube.ca_file, 0, "certificate-authority", "FILE", "CA of the API server"),
	TEXT(struct app, kube.tls_server_name, 0, "tls-server-name", "NAME",
	     "name in the API server's certificate"),
	DURATION(struct app, request_timeout_ms, 0, "request-timeout", "of one request; 0: no limit of yours"),
	REFUSED("token", "TOKEN", "every process of this machine sees it; put it into a kubeconfig"),
	REFUSED("password", "PASSWORD", "every process of this machine sees it; put it into a kubeconfig"),
	REFUSED("username", "NAME", "put it into a kubeconfig"),
	REFUSED("client-certificate", "FILE", "put it into a kubeconfig"),
	REFUSED("client-key", "FILE", "put it into a kubeconfig"),
	REFUSED("insecure-skip-tls-verify", NULL, "TLS is always verified; name the CA with --certificate-authority"),
	{ .kind = OPT_IGNORED, .name = "cache-dir", .metavar = "DIR", .flags = OPT_HIDDEN, .help = "kubectl's own" },
	{ .kind = OPT_IGNORED, .name = "disable-compression", .bare = "true", .flags = OPT_HIDDEN,
	  .help = "kubectl's own" },
	OPT_END
};

/* -o with the command's own formats. */
static const struct opt *format_rows(const struct command *command, struct arena *mem)
{
	struct opt *rows = ARENA_ARRAY(mem, struct opt, 2);
	const char *help = command->formats[0];

	for (size_t i = 1; command->formats[i]; i++)
		help = arena_printf(mem, command->formats[i + 1] ? "%s, %s" : "%s or %s", help, command->formats[i]);
	rows[0] = (struct opt)CHOICE(struct app, format, 'o', "output", "FORMAT", command->formats, NULL);
	rows[0].help = arena_printf(mem, "%s (default %s)", help, command->formats[0]);
	return rows;
}

size_t cli_groups(const struct cli *cli, const struct command *command, struct app *app,
                  struct arena *mem, struct opt_group *out)
{
	bool helm = cli->kind == CLI_HELM;
	size_t n = 0;

	if (command && command->rows)
		out[n++] = (struct opt_group){ "Options", command->rows, app ? app->options : NULL };
	if (command && command->formats)
		out[n++] = (struct opt_group){ "Options", format_rows(command, mem), app };
	if (command && command->takes & TAKES_YES)
		out[n++] = (struct opt_group){ "Options", yes_rows, app };
	if (command && command->takes & TAKES_INPUTS) {
		out[n++] = (struct opt_group){ "Inputs", input_sources, app };
		out[n++] = (struct opt_group){ "Inputs", options_of_inputs(mem), app };
	}
	if (command && command->takes & TAKES_HELM)
		out[n++] = (struct opt_group){ "Kept for helm upgrade --install", helm_flags, app };
	if (command && command->takes & TAKES_KUBE)
		out[n++] = (struct opt_group){ "Cluster", helm ? helm_kube : kubectl_kube, app };
	if (!command || command == cli->fallback)
		out[n++] = (struct opt_group){ "Options", program_only, app };
	out[n++] = (struct opt_group){ "Everywhere", helm ? helm_everywhere : kubectl_everywhere, app };
	return n;
}
