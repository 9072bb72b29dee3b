#include "cmd_eso.h"
#include "commands.h"

#include "cli/ask.h"
#include "cli/errors.h"
#include "cli/session.h"
#include "core/text.h"
#include "domain/eso_install.h"
#include "formats/yaml.h"

enum { EXAMPLES_MAX = 1 << 20 };

static const struct eso_options defaults = {
	.store = "vault-backend", .mount = "kubernetes", .role = "external-secrets", .path = "secret",
};

static const struct opt rows[] = {
	TEXT(struct eso_options, store, 0, "store", "NAME", "name of the store (default vault-backend)"),
	LIST(struct eso_options, namespaces, 0, "store-namespace", "NAMESPACE",
	     "a SecretStore there in place of a ClusterSecretStore; may be given again"),
	TEXT(struct eso_options, path, 0, "path", "PATH", "where the KV engine is mounted (default secret)"),
	TEXT(struct eso_options, mount, 0, "auth-mount", "PATH", "where kubernetes auth is mounted (default kubernetes)"),
	TEXT(struct eso_options, role, 0, "role", "NAME", "name of role and policy in Vault (default external-secrets)"),
	FLAG(struct eso_options, find, 0, "find", "let keys be searched for too (dataFrom.find): list and read on metadata"),
	TEXT(struct eso_options, operator_namespace, 0, "operator-namespace", "NAMESPACE",
	     "where the operator runs, if there are several"),
	LIST(struct eso_options, examples, 0, "example", "KEY", "print an ExternalSecret for this key; may be given again"),
	FLAG(struct eso_options, install, 0, "install", "install the operator by its chart where there is none"),
	FILE_NAME(struct eso_options, chart, 0, "operator-chart", "CHART",
	          "with --install: another chart than that of " ESO_CHART_REPOSITORY),
	FLAG(struct eso_options, write, 0, "write", "with audit FILE: write what can be mended into the files"),
	FILE_NAME(struct eso_options, data, 0, "data", "FILE",
	          "with render: what Vault would hold, a map of paths to maps of properties"),
	FLAG(struct eso_options, show_values, 0, "show-values", "with render: show values, which are secrets, and not their lengths"),
	FILE_NAME(struct eso_options, boot.token_file, 0, "token-file", "FILE",
	          "token for Vault (default VAULT_TOKEN, then ~/.vault-token, then custody)"),
	TEXT(struct eso_options, boot.custody_bucket, 0, "custody-bucket", "BUCKET", "look there too for the root token that init left"),
	TEXT(struct eso_options, boot.vault_addr, 0, "vault-addr", "URL",
	     "ask Vault there (default VAULT_ADDR, then by port-forward)"),
	OPT_END
};

static const char *const formats[] = { "table", "json", "yaml", NULL };

/* ---- what was made ---- */

static void tell_plan(struct app *app, const struct eso_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->at[i].from_to)
			talk_printf(app, "%s '%s': %s", plan->at[i].kind, plan->at[i].name, plan->at[i].from_to);
}

static struct value *changes_value(struct arena *a, const struct eso_plan *plan)
{
	struct value *list = value_new_list(a);

	for (size_t i = 0; i < plan->n; i++) {
		struct value *one = value_push(a, list, value_new_map(a));

		value_set_text(a, one, "kind", plan->at[i].kind);
		value_set_text(a, one, "name", plan->at[i].name);
		value_set_text(a, one, "action", plan->at[i].from_to ? "change" : "create");
	}
	return list;
}

static struct value *stores_value(const struct eso_world *w, struct arena *a)
{
	struct value *list = value_new_list(a);

	for (size_t i = 0; i < w->n_targets; i++) {
		const struct eso_target *t = &w->targets[i];
		struct value *one = value_push(a, list, value_new_map(a));

		value_set_text(a, one, "kind", eso_target_kind(t));
		value_set_text(a, one, "name", w->want.store);
		if (t->namespace_)
			value_set_text(a, one, "namespace", t->namespace_);
		value_set_text(a, one, "role", t->role);
		value_set_text(a, one, "service_account", arena_printf(a, "%s/%s", t->account_namespace, t->account));
		value_set_bool(a, one, "login_proven", t->accepted);
		value_set_text(a, one, "reason", eso_reason(t->seen));
	}
	return list;
}

static struct value *examples_value(const struct eso_world *w, struct arena *a)
{
	struct value *list = value_new_list(a);

	for (size_t i = 0; i < w->want.n_examples; i++)
		value_push(a, list, eso_example(&w->want, w->want.examples[i], a));
	return list;
}

static struct value *report_value(const struct eso_world *w, const struct eso_plan *plan, struct arena *a)
{
	struct value *report = value_new_map(a);

	value_set_text(a, report, "server", w->server);
	value_set_text(a, report, "path", w->want.path);
	value_set_int(a, report, "kv_version", w->version);
	value_set_text(a, report, "policy", w->want.role);
	value_set_text(a, report, "operator", arena_printf(a, "%s/%s", w->account_namespace, object_name(w->deployment)));
	value_set(a, report, "stores", stores_value(w, a));
	value_set(a, report, "changes", changes_value(a, plan));
	value_set(a, report, "examples", examples_value(w, a));
	return report;
}

static void print_stores(const struct eso_world *w, const struct eso_plan *plan, FILE *out)
{
	fprintf(out, "server   %s, engine '%s' (version %d)\npolicy   %s\n", w->server, w->want.path, w->version,
	        w->want.role);
	for (size_t i = 0; i < w->n_targets; i++) {
		const struct eso_target *t = &w->targets[i];

		fprintf(out, "store    %s '%s'%s%s is ready: '%s/%s' logs in with the role '%s', proven just now\n", eso_target_kind(t),
		        w->want.store, t->namespace_ ? " in " : "", t->namespace_ ? t->namespace_ : "", t->account_namespace, t->account,
		        t->role);
	}
	if (!plan->n)
		fputs("nothing was changed\n", out);
}

/* The examples alone are the answer then, for `kubectl apply -f -`. */
static int print_examples(struct app *app, const struct eso_world *w, struct err *e)
{
	for (size_t i = 0; i < w->want.n_examples; i++) {
		AUTO(buf) struct buf text = BUF_MAX(EXAMPLES_MAX);

		if (va_yaml_print(&text, eso_example(&w->want, w->want.examples[i], &app->mem), e) < 0 ||
		    buf_whole(&text, "the example", e) < 0)
			return -1;
		fprintf(app->out, "%s%s", i ? "---\n" : "", buf_str(&text));
	}
	return 0;
}

static int report(struct app *app, const struct eso_world *w, const struct eso_plan *plan, struct err *e)
{
	if (!app_format_is(app, "table"))
		return app_print_value(app, report_value(w, plan, &app->mem), e);
	print_stores(w, plan, w->want.n_examples ? app->talk : app->out);
	return print_examples(app, w, e);
}

/* ---- the run ---- */

static int install_operator(struct session *s, const struct eso_options *o, struct err *e)
{
	struct app *app = s->app;
	struct eso_install w = {
		.mem = &app->mem, .kube = &s->kube, .helm_bin = app->helm.bin, .chart = o->chart,
		.namespace_ = o->operator_namespace ? o->operator_namespace : "external-secrets", .rest = app->line.rest.at,
	};

	if (session_loop_over(s, &w, eso_install_steps, ESO_INSTALL_STEPS, false, e) < 0)
		return -1;
	if (w.there)
		talk_printf(app, "an operator of External Secrets runs here: none is installed");
	return 0;
}

static int make(struct session *s, struct eso_world *w, const struct eso_options *o, struct err *e)
{
	struct app *app = s->app;
	struct eso_plan plan;
	size_t n;
	const struct step *steps = eso_read_steps(&app->mem, &n);

	if (session_find_token(s, &w->boot, e) < 0 || (o->install && install_operator(s, o, e) < 0))
		return -1;
	if (session_loop_boot(s, &w->boot, steps, n, e) < 0 || eso_judge(w, e) < 0)
		return -1;
	plan = eso_plan(w);
	tell_plan(app, &plan);
	if (plan.changes && ask_yes(app, e, "change these?") < 0)
		return -1;
	if (session_loop_over(s, w, eso_write_steps, ESO_WRITE_STEPS, false, e) < 0)
		return -1;
	return report(app, w, &plan, e);
}

static int make_stores(struct app *app, const struct eso_options *o, struct err *e)
{
	const struct eso_want want = {
		.store = o->store, .mount = o->mount, .role = o->role, .path = o->path, .find = o->find,
		.operator_namespace = o->operator_namespace,
		.namespaces = o->namespaces.at, .n_namespaces = o->namespaces.n,
		.examples = o->examples.at, .n_examples = o->examples.n,
	};
	struct eso_world w = {0};
	struct session s = {0};
	int result = eso_want_check(&want, &app->mem, e);

	if (!o->install && (o->chart || app->line.rest.n))
		err_also(e, ERR_USAGE, "%s with --install alone", o->chart ? "'--operator-chart' is for use" : "words after '--' are for helm,");
	result = session_check(app, &o->boot, e);
	if (result == 0)
		result = session_open(&s, app, SESSION_KUBE | SESSION_RELEASE | SESSION_NO_AWS | SESSION_QUIET, e);
	if (result == 0)
		result = eso_init(&w, &s.world, &o->boot, &want, e);
	if (result == 0)
		result = make(&s, &w, o, e);
	eso_release(&w);
	if (s.app)
		session_close(&s);
	return result;
}

/* An option that would do nothing beside this word is a misunderstanding. */
static int refuse_foreign(const struct eso_options *o, const char *word, bool files, struct err *e)
{
	const struct { const char *name; bool given; } own[] = {
		{ "store", o->store != defaults.store }, { "store-namespace", o->namespaces.n > 0 },
		{ "auth-mount", o->mount != defaults.mount }, { "role", o->role != defaults.role }, { "find", o->find },
		{ "operator-namespace", o->operator_namespace != NULL }, { "example", o->examples.n > 0 },
		{ "install", o->install }, { "operator-chart", o->chart != NULL },
		{ "write", o->write && !text_same(word, "audit") },
		{ "path", o->path != defaults.path && text_same(word, "sync") },
		{ "data", o->data && !text_same(word, "render") },
		{ "show-values", o->show_values && !text_same(word, "render") },
		{ "token-file", o->boot.token_file && (files || !text_same(word, "audit")) },
		{ "custody-bucket", o->boot.custody_bucket != NULL },
		{ "vault-addr", o->boot.vault_addr && (files || !text_same(word, "audit")) },
	};

	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (own[i].given)
			err_also(e, ERR_USAGE, "'--%s' says nothing to '%s'", own[i].name, word);
	return e->kind ? -1 : 0;
}

static int run(struct app *app, struct err *e)
{
	static const char *const words[] = { "audit", "sync", "render" };
	const struct eso_options *o = app->options;
	const char *word = app->line.words.n ? app->line.words.at[0] : NULL, *near;

	if (!word) {
		if (o->write)
			err_also(e, ERR_USAGE, "'--write' is for 'eso audit FILE'");
		if (o->data || o->show_values)
			err_also(e, ERR_USAGE, "'--%s' is for 'eso render FILE'", o->data ? "data" : "show-values");
		return e->kind ? -1 : make_stores(app, o, e);
	}
	near = text_nearest(word, words, COUNT_OF(words));
	if (!near || !text_same(near, word)) {
		err_set(e, ERR_USAGE, 0, "'eso' knows no '%s'", word);
		if (near)
			err_hint(e, "did you mean '%s'?", near);
		else
			err_hint(e, "eso, eso audit [FILE...], eso sync NAME... or eso render FILE...");
		return -1;
	}
	if (app->line.rest.n)
		err_also(e, ERR_USAGE, "words after '--' are for helm, with --install alone");
	if (refuse_foreign(o, word, app->line.words.n > 1, e) < 0)
		return -1;
	if (text_same(word, "audit"))
		return eso_audit(app, o, o->path != defaults.path ? o->path : NULL, e);
	return text_same(word, "render") ? eso_render(app, o, e) : eso_sync(app, e);
}

const struct command cmd_eso = {
	.name = "eso", .group = "Vault", .args = "[audit [FILE...] | sync NAME... | render FILE...]",
	.summary = "connect External Secrets to Vault: store, policy, role, proven by a login",
	.details = "Finds the version that is served, the operator's own service account and the service of the active pod; writes "
	           "policy and role in Vault, logs in with a token of that account and out again, and then writes the store and "
	           "waits until it is ready. A second run writes nothing.\n\n"
	           "With --store-namespace each namespace has a SecretStore, a service account and a role of its own "
	           "(ROLE-NAMESPACE), since a SecretStore may only log in with an account of its namespace.\n\n"
	           "With --install the operator is installed where there is none, by helm, which gets the words after --.\n\n"
	           "audit looks at the objects in the cluster, or in files, for " ESO_GROUP "/v1beta1, for keys that cannot be "
	           "right and for intervals that hammer Vault, and, in a cluster and with --token-file or VAULT_TOKEN, for stores "
	           "of engines that Vault does not have; exit 3 when there is something. sync has ExternalSecrets (of the namespace "
	           "-n) read Vault now, and waits for what comes of it.\n\n"
	           "render says what Secrets the operator would write of the ExternalSecrets in files (- is standard input), with "
	           "what --data says that Vault holds, such as {secret/app/database: {password: example}}; it asks nobody. Stores "
	           "and ConfigMaps are found among the same objects. Values are shown by their lengths, in a form that no API "
	           "server takes, unless --show-values. What would keep the operator from writing is an error with its place, and "
	           "so is what of templates and expressions is not rendered here.",
	.examples = "helm vault-aws eso --token-file admin.token\n"
	            "helm vault-aws eso --example app/database | kubectl apply -f -\n"
	            "helm vault-aws eso --store-namespace team-a --store-namespace team-b\n"
	            "helm vault-aws eso audit --write manifests/*.yaml\n"
	            "helm vault-aws eso sync database -n apps\n"
	            "helm vault-aws eso render database.yaml --data example.yaml\n",
	.takes = TAKES_INPUTS | TAKES_KUBE | TAKES_YES | TAKES_REST, .words_max = 1000, .words_files = true, .formats = formats,
	.rows = rows, .options_size = sizeof(struct eso_options), .defaults = &defaults, .run = run,
};
