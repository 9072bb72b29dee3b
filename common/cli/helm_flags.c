#include "cli/helm_flags.h"

#include "core/text.h"

#define PASS_FLAG(n, majors, h) \
	{ .kind = OPT_PASS, .name = (n), .flags = (majors), .help = (h), .bare = "true" }
#define PASS_TEXT(c, n, v, majors, h) \
	{ .kind = OPT_PASS, .letter = (c), .name = (n), .metavar = (v), .flags = (majors), .help = (h) }
#define PASS_FILE(c, n, v, h) \
	{ .kind = OPT_PASS, .letter = (c), .name = (n), .metavar = (v), .flags = OPT_FILES, .help = (h) }

const struct opt helm_flags[] = {
	PASS_FILE('f', "values", "FILE", "values from a file or URL, may be repeated"),
	PASS_TEXT(0, "set", "KEY=VALUE", 0, "a value, may be repeated"),
	PASS_TEXT(0, "set-string", "KEY=VALUE", 0, "a value that is a text"),
	PASS_TEXT(0, "set-json", "KEY=JSON", 0, "a value in JSON"),
	PASS_TEXT(0, "set-file", "KEY=FILE", 0, "a value from a file"),
	PASS_TEXT(0, "set-literal", "KEY=VALUE", 0, "a value taken as it is"),
	PASS_TEXT(0, "version", "VERSION", 0, "version of the chart"),
	PASS_TEXT(0, "repo", "URL", 0, "repository of the chart"),
	PASS_FLAG("devel", 0, "take versions under development too"),
	PASS_TEXT(0, "username", "NAME", 0, "user of the chart's repository"),
	PASS_FLAG("pass-credentials", 0, "send the repository's credentials to all domains"),
	PASS_FILE(0, "ca-file", "FILE", "CA bundle of the chart's repository"),
	PASS_FILE(0, "cert-file", "FILE", "client certificate for it"),
	PASS_FILE(0, "key-file", "FILE", "key of that certificate"),
	PASS_FLAG("plain-http", 0, "reach an OCI registry by http"),
	PASS_FLAG("verify", 0, "verify the chart's provenance"),
	PASS_FILE(0, "keyring", "FILE", "public keys for --verify"),
	PASS_FLAG("dependency-update", 0, "fetch missing dependencies of the chart"),
	PASS_TEXT(0, "description", "TEXT", 0, "description of the release"),
	PASS_TEXT('l', "labels", "KEY=VALUE,...", 0, "labels of the release"),
	PASS_FLAG("create-namespace", 0, "create the namespace when it is absent"),
	PASS_TEXT(0, "history-max", "N", 0, "revisions to keep"),
	PASS_FLAG("reset-values", 0, "forget the values of the last revision"),
	PASS_FLAG("reuse-values", 0, "keep the values of the last revision"),
	PASS_FLAG("reset-then-reuse-values", 0, "the chart's values, then those of the last revision"),
	PASS_FLAG("no-hooks", 0, "run no hooks"),
	PASS_FLAG("skip-crds", 0, "install no CRDs"),
	PASS_FLAG("skip-schema-validation", 0, "do not validate values against the chart's schema"),
	PASS_FLAG("disable-openapi-validation", 0, "do not validate templates against the API server"),
	PASS_FLAG("cleanup-on-fail", 0, "remove new resources when an upgrade fails"),
	PASS_FLAG("hide-notes", 0, "leave the chart's notes out"),
	PASS_FLAG("render-subchart-notes", 0, "print the notes of subcharts too"),
	PASS_FLAG("enable-dns", 0, "allow name look-ups in templates"),
	PASS_TEXT(0, "post-renderer", "NAME", 0, "post-renderer: a program (Helm 3) or a plugin (Helm 4)"),
	PASS_TEXT(0, "post-renderer-args", "ARGS", 0, "arguments of the post-renderer"),
	PASS_FLAG("force", 0, "replace resources instead of patching them"),
	PASS_FLAG("force-replace", OPT_HELM_4, "replace resources instead of patching them"),
	PASS_FLAG("force-conflicts", OPT_HELM_4, "take over fields of other managers"),
	{ .kind = OPT_PASS, .name = "server-side", .metavar = "true|false|auto", .bare = "true",
	  .flags = OPT_HELM_4, .help = "server-side apply" },
	REFUSED("password", "PASSWORD", "every process of this machine sees it; "
	        "log in with 'helm repo add' or 'helm registry login' first"),
	REFUSED("insecure-skip-tls-verify", NULL, "TLS is always verified; name the CA with --ca-file"),
	REFUSED("take-ownership", NULL, "it silently takes cluster-wide bindings away from another release"),
	REFUSED("wait-for-jobs", NULL, "the chart of Vault has no jobs to wait for"),
	OPT_END
};

static const char *as_word(struct arena *a, const struct passed *kept)
{
	if (!kept->value)
		return arena_printf(a, "--%s", kept->opt->name);
	return arena_printf(a, "--%s=%s", kept->opt->name, kept->value);
}

/* Whether the same flag was given before. */
static bool repeated(const struct passed *passed, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (passed[k].opt == passed[i].opt)
			return true;
	return false;
}

int helm_flags_argv(struct app *app, unsigned major, struct text_list *argv, struct err *e)
{
	unsigned known = major == 3 ? OPT_HELM_3 : OPT_HELM_4;
	AUTO(err) struct err problems = { 0 };

	for (size_t i = 0; i < app->line.n_passed; i++) {
		const struct passed *kept = &app->line.passed[i];
		unsigned majors = kept->opt->flags & (OPT_HELM_3 | OPT_HELM_4);

		if (majors && !(majors & known) && !repeated(app->line.passed, i))
			err_also(&problems, ERR_USAGE, "helm %u has no flag '--%s'", major, kept->opt->name);
		text_list_add(&app->mem, argv, as_word(&app->mem, kept));
	}
	if (!err_count(&problems))
		return 0;
	err_move(e, &problems);
	return -1;
}

const char *helm_flag_given(const struct app *app, const char *name)
{
	for (size_t i = app->line.n_passed; i-- > 0;) {
		const struct passed *kept = &app->line.passed[i];

		if (text_same(kept->opt->name, name))
			return kept->value ? kept->value : kept->opt->bare;
	}
	return NULL;
}
