#include "cmd_install.h"
#include "commands.h"

#include "cli/errors.h"
#include "cli/helm_flags.h"
#include "core/text.h"
#include "domain/listener.h"
#include "domain/values.h"

const char *const install_dry_runs[] = { "client", "server", "none", "true", "false", NULL };
const char *const install_formats[] = { "table", "json", "yaml", NULL };

const struct install_options install_defaults = { .wait = true, .timeout_ms = 5 * 60 * 1000 };

static const struct opt rows[] = {
	INSTALL_ROWS("wait until the pods run and Vault answers (default true)", "how long to wait (default 5m)"),
	OPT_END
};

static int helm_flags_of(void *to, unsigned major, const char *const **out, struct err *e)
{
	struct app *app = to;
	struct text_list list = {0};

	if (helm_flags_argv(app, major, &list, e) < 0)
		return -1;
	*out = list.at;
	return 0;
}

/* RELEASE and CHART as words win over the keys of the same meaning only where these were not given too. */
static int take_words(struct app *app, struct session *s, struct err *e)
{
	static const char *const keys[] = { "release", "chart" };

	for (size_t i = 0; i < app->line.words.n && i < COUNT_OF(keys); i++) {
		const struct input *in = inputs_at(&s->inputs, keys[i]);

		if (in->given && !text_same(in->value->text, app->line.words.at[i]))
			err_also(e, ERR_USAGE, "two of '%s': '%s' and '%s' (%s)", keys[i], app->line.words.at[i], in->value->text,
			         in->from);
	}
	return e->kind ? -1 : 0;
}

/* The words are inputs as well, so that names and tags know the release. */
static void words_to_inputs(struct app *app)
{
	static const char *const keys[] = { "release", "chart" };

	for (size_t i = 0; i < app->line.words.n && i < COUNT_OF(keys); i++) {
		struct value *text;

		if (value_get(app->line.inputs, keys[i]))
			continue;
		text = value_new_text(&app->mem, app->line.words.at[i]);
		text->mark.file = i ? "CHART" : "RELEASE";
		value_set(&app->mem, app->line.inputs, keys[i], text);
	}
}

static void fill(struct app *app, struct session *s, struct install *in)
{
	const struct install_options *o = app->options;
	const char *version = helm_flag_given(app, "version");

	*in = (struct install){
		.helm_bin = app->helm.bin,
		.chart = inputs_text(&s->inputs, "chart"),
		.chart_version = version ? NULL : inputs_text(&s->inputs, "chart_version"),
		.version_given = version || inputs_at(&s->inputs, "chart_version")->given,
		.kube_context = s->kube.context,
		.wait = o->wait,
		.timeout_ms = o->timeout_ms,
		.dry_run = o->dry_run && !text_same(o->dry_run, "none") && !text_same(o->dry_run, "false"),
		.dry_run_mode = text_same(o->dry_run, "server") ? "server" : "client",
		.helm_flags = helm_flags_of,
		.rest = app->line.rest.at,
		.to = app,
	};
	if (helm_flag_given(app, "repo"))
		in->repo = NULL;     /* the flag is passed on as it is */
	s->world.install = in;
}

static int print_dry_run(struct session *s, struct err *e)
{
	(void)e;
	fputs(s->world.install->manifest ? s->world.install->manifest : "", s->app->out);
	talk_printf(s->app, "dry run: nothing was written");
	return 0;
}

/* The keys of `told` beside our own. */
static void tell_more(struct arena *a, struct value *outputs, const struct value *told)
{
	for (size_t i = 0; i < told->n; i++)
		value_set(a, outputs, told->names[i], told->items[i]);
}

static int report(struct session *s, const struct value *told, struct err *e)
{
	const struct world *w = &s->world;
	const struct install *in = w->install;
	struct value *outputs;

	if (outputs_make(w, &outputs, e) < 0)
		return -1;
	value_set_text(&s->app->mem, outputs, "chart", in->chart_seen);
	value_set_text(&s->app->mem, outputs, "helm_status", in->status);
	value_set_int(&s->app->mem, outputs, "revision", in->revision);
	value_set_text(&s->app->mem, outputs, "listener", listener_summary(&w->want, w->listener->mode, &s->app->mem));
	if (in->initialized_read)
		value_set_bool(&s->app->mem, outputs, "initialized", in->initialized);
	tell_more(&s->app->mem, outputs, told);
	if (!app_format_is(s->app, "table"))
		return app_print_value(s->app, outputs, e);
	fprintf(s->app->out, "release  %s/%s, revision %lld (%s, Vault %s)\nkey      %s\ntable    %s\nrole     %s\n",
	        w->want.namespace_, w->want.release, (long long)in->revision, in->chart_seen, w->want.image_tag, w->key.arn,
	        w->table.arn, w->role.arn);
	fprintf(s->app->out, "listener %s\n", listener_summary(&w->want, w->listener->mode, &s->app->mem));
	if (!in->initialized_read)
		return 0;
	if (in->initialized)
		fprintf(s->app->out, "Vault is initialised and unsealed on %zu pods\n", in->pods.n);
	else
		fprintf(s->app->out, "%u pods run and answer; Vault is not initialised yet\n", in->answering);
	return 0;
}

/* What failed stays the error; whether it could be taken back is told beside it. */
static void take_back(struct session *s, const struct install_options *o)
{
	const struct track *t = graph_track(&s->graph, "chart.install");
	AUTO(err) struct err why = {0};

	if ((!o->atomic && !o->rollback) || !t || (t->state != STEP_DONE && t->state != STEP_FAILED))
		return;
	if (session_loop(s, rollback_steps, n_rollback_steps, false, &why) < 0)
		warning_printf(s->app, "%s", why.text);
	else
		talk_printf(s->app, s->world.install->revision_before > 0 ? "the release is back at revision %lld; AWS is left as it is" :
		            "the release is gone again; AWS is left as it is", (long long)s->world.install->revision_before);
}

int install_run(struct app *app, bool upgrade, int (*then)(struct session *, struct value *told, struct err *),
                struct err *e)
{
	struct install in = {0};
	struct listener listener = {0};
	struct value *told = value_new_map(&app->mem);
	struct session s;
	int result;

	words_to_inputs(app);
	result = session_open(&s, app, SESSION_KUBE, e);
	if (result == 0)
		result = take_words(app, &s, e);
	if (result == 0) {
		fill(app, &s, &in);
		in.upgrade = upgrade;
		listener_init(&listener, &s.world.want);
		s.world.listener = &listener;
		result = session_run(&s, in.dry_run, e);
		if (result < 0)
			take_back(&s, app->options);
	}
	if (result == 0 && then)
		result = then(&s, told, e);
	if (result >= 0 && (in.dry_run ? print_dry_run(&s, e) : report(&s, told, e)) < 0)
		result = -1;
	listener_release(&listener);
	session_close(&s);
	return result;
}

static int run(struct app *app, struct err *e)
{
	return install_run(app, false, NULL, e);
}

const struct command cmd_install = {
	.name = "install", .group = "Install", .args = "[RELEASE] [CHART]",
	.summary = "make the AWS side, inject the values, install the chart, wait for what can be reached",
	.details = "Does what apply does, makes the service account with its role, proves that it can take the role, and runs "
	           "helm upgrade --install with the values and your own flags. Your values win everywhere except where they "
	           "would cut Vault off from its data; there a difference is an error that shows both sides.\n\n"
	           "The chart is rendered before the first write. It waits until the pods run and Vault answers; Ready comes "
	           "only after Vault is initialised. What fails on the AWS side or in helm is never rolled back in AWS.",
	.examples = "helm vault-aws install --environment production\n"
	            "helm vault-aws install -n vault --environment staging -f my-values.yaml --set server.logLevel=debug\n"
	            "helm vault-aws install prod ./vault --environment production --dry-run\n",
	.takes = TAKES_INPUTS | TAKES_KUBE | TAKES_YES | TAKES_HELM | TAKES_REST, .words_max = 2, .formats = install_formats,
	.rows = rows, .options_size = sizeof(struct install_options), .defaults = &install_defaults, .run = run,
};
