#include "commands.h"

#include "cli/session.h"
#include "cli/table.h"
#include "domain/listener.h"
#include "domain/plan.h"

struct plan_options {
	bool exit_code;
};

static const struct opt rows[] = {
	FLAG(struct plan_options, exit_code, 0, "exit-code", "exit 3 when something would change"),
	OPT_END
};

static const char *const formats[] = { "table", "json", "yaml", NULL };

static void print_change(struct app *app, const struct plan_change *c)
{
	bool makes = c->action[1] == 'r';
	enum paint paint = makes ? PAINT_GOOD : PAINT_WARN;

	fprintf(app->out, "%s%s %s '%s'%s\n", paint_on(paint, app->out_color), makes ? "+" : "~", c->kind, c->name,
	        paint_off(paint, app->out_color));
	for (size_t i = 0; i < c->n_attrs; i++) {
		const struct plan_attr *a = &c->attrs[i];

		if (a->old)
			fprintf(app->out, "    %s: %s -> %s\n", a->name, a->old, a->new);
		else
			fprintf(app->out, "    %s: %s\n", a->name, a->new);
	}
}

/* What is not of AWS, and comes with the chart. */
static void print_chart(struct app *app, const struct world *w)
{
	const struct value *list = w->want.network_policy;

	fprintf(app->out, "chart %s %s, Vault %s\n", inputs_text(w->inputs, "chart"), inputs_text(w->inputs, "chart_version"),
	        w->want.image_tag);
	if (w->want.audit_storage)
		fprintf(app->out, "  audit volumes of %s each, class %s\n", w->want.audit_storage,
		        w->want.audit_storage_class ? w->want.audit_storage_class : "as the cluster has it");
	if (w->want.audit_to)
		fprintf(app->out, "  audit lines of stdout collected by '%s', into %s%s\n", w->want.names.collector,
		        w->want.audit_bucket ? w->want.audit_bucket : "the log group ", w->want.names.log_group);
	for (size_t i = 0; list && i < list->n; i++)
		fprintf(app->out, "%s%s", i ? ", " : "  network policy: only from ", list->items[i]->text);
	if (list)
		fprintf(app->out, ", and where External Secrets runs\n");
}

static int print_plan(struct session *s, const struct plan *plan, struct err *e)
{
	struct app *app = s->app;
	const struct world *w = &s->world;

	if (!app_format_is(app, "table"))
		return app_print_value(app, plan_value(w, plan), e);
	for (size_t i = 0; i < plan->n; i++)
		print_change(app, &plan->changes[i]);
	if (!plan->n)
		fprintf(app->out, "nothing to do: AWS has what is wanted\n");
	else
		fprintf(app->out, "%zu changes for the Vault '%s' of %s/%s in account %s, %s\n", plan->n, w->want.release,
		        w->want.cluster, w->want.namespace_, w->caller_account, w->want.region);
	print_chart(app, w);
	fprintf(app->out, "listener: %s\n", listener_summary(&w->want, w->want.tls, &app->mem));
	return 0;
}

static int run(struct app *app, struct err *e)
{
	const struct plan_options *options = app->options;
	struct session s;
	struct plan plan = {0};
	int result = session_open(&s, app, 0, e);

	if (result == 0)
		result = session_run(&s, true, e);
	if (result == 0) {
		plan = plan_make(&s.world, &s.graph);
		result = print_plan(&s, &plan, e);
	}
	session_close(&s);
	if (result == 0 && options->exit_code && plan.n)
		return EXIT_PENDING;
	return result;
}

const struct command cmd_plan = {
	.name = "plan", .group = "Provision", .args = "",
	.summary = "show what apply would change, attribute by attribute",
	.details = "Reads AWS and changes nothing. With --exit-code it exits 3 when something would change, so that a CI job "
	           "can tell drift from failure.",
	.examples = "helm vault-aws plan --environment production\n"
	            "helm vault-aws plan --config vault.yaml --exit-code -o json\n",
	.takes = TAKES_INPUTS | TAKES_KUBE, .formats = formats,
	.rows = rows, .options_size = sizeof(struct plan_options), .run = run,
};
