#include "commands.h"

#include "core/text.h"
#include "print.h"
#include "watch.h"

struct check_options {
	struct text_list only, skip, contexts;
	const char *fail_on, *token_file;
	bool no_proof, from_pod, watch;
	int64_t every_ms;
};

static const struct check_options defaults = { .every_ms = 5000 };

enum { EVERY_MIN_MS = 1000 };

static const char *const fail_words[] = { "fail", "warn", "never", NULL };

static const struct opt rows[] = {
	LIST(struct check_options, only, 0, "only", "ID", "run this check, and what it needs; may be repeated"),
	LIST(struct check_options, skip, 0, "skip", "ID", "leave this check out; may be repeated"),
	CHOICE(struct check_options, fail_on, 0, "fail-on", "WHEN", fail_words, "exit 1 on fail (default), on warn too, or never"),
	FLAG(struct check_options, no_proof, 0, "no-proof", "try nothing as the role: only look"),
	FLAG(struct check_options, from_pod, 0, "from-pod", "try the ports of STS, KMS and DynamoDB from a running pod, with what its image has"),
	FILE_NAME(struct check_options, token_file, 0, "token-file", "FILE",
	          "a token of Vault's, for what only a token may read (else VAULT_TOKEN, then ~/.vault-token)"),
	LIST(struct check_options, contexts, 0, "contexts", "NAMES",
	     "check the clusters of these contexts at once (a,b), or 'all' of the kubeconfig"),
	FLAG(struct check_options, watch, 'w', "watch", "look again and again, and draw anew when something changed"),
	DURATION(struct check_options, every_ms, 0, "every", "how often --watch looks (default 5s)"),
	OPT_END
};

static const struct word families[] = {
	{ "irsa", "service account, role, trust, token" },
	{ "kms", "the seal key" },
	{ "dynamodb", "the table" },
	{ "vault", "the servers: seal, leader, logs, certificates, versions" },
	{ "cluster", "pods, nodes, services, network policies" },
	{ "eso", "External Secrets: operator, stores, secrets" },
	{ "hardening", "what would be better, and a score" },
	{ "all", "everything (default)" },
	{ NULL, NULL },
};

static enum fail_on fail_on_of(const char *word)
{
	if (text_same(word, "warn"))
		return FAIL_ON_WARN;
	return text_same(word, "never") ? FAIL_NEVER : FAIL_ON_FAIL;
}

/* All names that are wrong in one go. */
static int check_contexts(struct app *app, const struct text_list *names, const char *const *known, struct err *e)
{
	struct text_list all = { 0 };

	for (; *known; known++)
		text_list_add(&app->mem, &all, *known);
	for (size_t i = 0; i < names->n; i++) {
		const char *near;
		bool found = false;

		for (size_t k = 0; k < all.n && !found; k++)
			found = text_same(all.at[k], names->at[i]);
		if (found)
			continue;
		near = text_list_nearest(&all, names->at[i]);
		err_also(e, ERR_USAGE, "the kubeconfig has no context '%s'", names->at[i]);
		err_hint(e, near ? "did you mean '%s'?" : "kubectl config get-contexts", near);
	}
	return e->kind ? -1 : 0;
}

/* a,b or all; *out stays NULL when the option was not given. */
static int find_contexts(struct app *app, const struct text_list *given, const char *const **out, struct err *e)
{
	const char *const *known;
	struct text_list names = { 0 };

	if (!given->n)
		return 0;
	if (app->kube.context || app->kube.cluster || app->kube.server)
		return err_set(e, ERR_USAGE, 0, "--contexts stands alone: not with --context, --cluster or --server");
	if (kube_contexts(&app->host, &app->mem, &app->kube, &known, e) < 0)
		return -1;
	for (size_t i = 0; i < given->n; i++) {
		struct view rest = view_text(given->at[i]);

		if (text_same(given->at[i], "all")) {
			*out = known;
			return 0;
		}
		while (rest.p) {
			struct view name = view_trim(view_cut(&rest, ','));

			if (name.n)
				text_list_add(&app->mem, &names, arena_view(&app->mem, name));
		}
	}
	if (!names.n)
		return err_set(e, ERR_USAGE, 0, "--contexts names no context");
	*out = names.at;
	return check_contexts(app, &names, known, e);
}

/* An answer that is read by a program has one document. */
static int check_watch(const struct app *app, const struct check_options *o, struct err *e)
{
	if (!o->watch)
		return 0;
	if (!app_format_is(app, "table") && !app_format_is(app, "wide"))
		return err_set(e, ERR_USAGE, 0, "--watch goes with -o table and -o wide");
	if (o->every_ms < EVERY_MIN_MS)
		return err_set(e, ERR_USAGE, 0, "--every is at least 1s");
	return 0;
}

static int print(struct examiner *x, bool many, enum fail_on fail_on, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(REPORT_TEXT_MAX);
	AUTO(arena) struct arena a = ARENA_INIT;
	struct report r = report_of(x, &a, many, fail_on);

	if (print_report(&text, x->app, &r, e) < 0)
		return -1;
	fwrite(buf_str(&text), 1, text.n, x->app->out);
	return 0;
}

/*
 * The worst of all clusters, where a failure is worse than what could not be checked. A cluster without a Vault counts
 * only when it is the one that was asked about, or when none has one.
 */
static int exit_code(const struct examiner *x, enum fail_on fail_on, struct err *e)
{
	int worst = 0;
	size_t without = 0;

	for (size_t i = 0; i < x->n; i++) {
		const struct examination *one = &x->at[i];
		int code = one->why.kind ? 0 : findings_exit_code(&one->findings, fail_on);

		without += one->why.kind != ERR_NONE;
		if (code == 1 || worst == 0)
			worst = code;
	}
	if (without < x->n)
		return worst;
	err_copy(e, &x->at[0].why);
	return -1;
}

static int run_over(struct examiner *x, bool many, const struct check_options *o, struct err *e)
{
	enum fail_on fail_on = fail_on_of(o->fail_on);

	if (o->watch)
		return watch(x, many, fail_on, o->every_ms, e);
	if (examiner_run(x, e) < 0)
		return -1;
	if (!many && x->at[0].why.kind) {
		err_copy(e, &x->at[0].why);
		return -1;
	}
	return print(x, many, fail_on, e) < 0 ? -1 : exit_code(x, fail_on, e);
}

/* Without one, what takes a token is left out and not counted as "not checked". */
static bool has_token(const struct app *app, const struct check_options *o)
{
	AUTO(text) char *path = host_path(&app->host, "~/.vault-token");
	AUTO(buf) struct buf text = BUF_MAX(4096);
	AUTO(err) struct err none = {0};
	bool has = o->token_file || host_env(&app->host, "VAULT_TOKEN") || host_read_file(&app->host, path, &text, &none) == 0;

	wipe(text.p, text.n);
	return has;
}

static int run(struct app *app, struct err *e)
{
	const struct check_options *o = app->options;
	struct check_choice choice = {
		.families = app->line.words.n ? app->line.words.at : NULL,
		.only = o->only.n ? o->only.at : NULL,
		.skip = o->skip.at,
		.proof = !o->no_proof, .from_pod = o->from_pod,
	};
	struct diag_options options = {
		.namespace_ = app->kube.namespace_,
		.all_namespaces = app->all_namespaces, .proof = !o->no_proof, .from_pod = o->from_pod,
		.token_file = o->token_file, .token_given = has_token(app, o),
	};
	const char *const *contexts = NULL;
	struct examiner x = { 0 };
	int result;

	if (check_watch(app, o, e) < 0 || find_contexts(app, &o->contexts, &contexts, e) < 0)
		return -1;
	result = examiner_open(&x, app, &choice, &options, contexts, e);
	if (result == 0)
		result = run_over(&x, contexts != NULL, o, e);
	examiner_release(&x);
	return result;
}

const struct command cmd_check = {
	.name = "check", .group = "Check", .args = "[irsa|kms|dynamodb|vault|cluster|eso|hardening|all]...",
	.summary = "check a Vault and name the one broken link (the default command)",
	.details = "Follows the chain from the pods over service account and role to key and table, and names the first link "
	           "that is broken, with what was seen and what to paste to mend it. Nothing is changed and no pod is started.\n\n"
	           "-o json and yaml follow findings.schema.json; junit, sarif and prometheus are for other tools, html is one "
	           "page that needs nothing else.\n\n"
	           "Exit codes: 0 all passed, 1 something failed, 2 usage, or no release to be checked, 3 nothing failed but "
	           "something could not be checked.",
	.examples = "kubectl vault-check\n"
	            "kubectl vault-check irsa -n vault -o wide\n"
	            "kubectl vault-check --only kms-key -o json\n"
	            "kubectl vault-check --contexts all -o html > vaults.html\n"
	            "kubectl vault-check --watch --every 10s\n",
	.takes = TAKES_KUBE | TAKES_INPUTS, .words_max = 16, .words = families, .formats = report_formats,
	.rows = rows, .options_size = sizeof(struct check_options), .defaults = &defaults, .run = run,
};
