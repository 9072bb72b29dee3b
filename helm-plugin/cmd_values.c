#include "commands.h"

#include "cli/session.h"
#include "domain/collector.h"
#include "domain/values.h"

struct values_options {
	bool audit_collector;
};

static const struct opt rows[] = {
	FLAG(struct values_options, audit_collector, 0, "audit-collector",
	     "print the manifests of the collector that --audit-to asks for, instead"),
	OPT_END
};

static const char *const formats[] = { "yaml", "json", NULL };

static int check_collector(const struct session *s, struct err *e)
{
	if (s->world.want.audit_to)
		return 0;
	err_set(e, ERR_CONFIG, 0, "'--audit-collector' without 'audit_to', the place that it sends lines to");
	err_hint(e, "give --audit-to cloudwatch, or --audit-to s3 --audit-bucket NAME");
	return -1;
}

static int print_collector(struct session *s, struct err *e)
{
	struct world *w = &s->world;
	struct arena *a = w->mem;
	struct value *list = value_new_map(a), *items;

	if (w->collector.presence != PRESENT) {
		err_set(e, ERR_ABSENT, 0, "the role '%s' does not exist yet", w->want.names.collector_role);
		err_hint(e, "make it with: helm vault-aws apply --audit-to %s", w->want.audit_to);
		return -1;
	}
	value_set_text(a, list, "apiVersion", "v1");
	value_set_text(a, list, "kind", "List");
	items = value_set(a, list, "items", value_new_list(a));
	for (size_t i = 0; i < COLLECTOR_OBJECTS; i++)
		value_push(a, items, collector_object(a, &w->want, w->collector.arn, i));
	return app_print_value(s->app, list, e);
}

static int print_values(struct session *s, struct err *e)
{
	struct value *outputs = NULL;

	if (outputs_make(&s->world, &outputs, e) < 0)
		return -1;
	return app_print_value(s->app, value_at(outputs, "vault_config.values"), e);
}

static int run(struct app *app, struct err *e)
{
	const struct values_options *options = app->options;
	struct session s;
	int result = session_open(&s, app, SESSION_QUIET, e);

	if (result == 0 && options->audit_collector)
		result = check_collector(&s, e);
	if (result == 0)
		result = session_run(&s, true, e);
	if (result == 0)
		result = options->audit_collector ? print_collector(&s, e) : print_values(&s, e);
	session_close(&s);
	return result;
}

const struct command cmd_values = {
	.name = "values", .group = "Provision", .args = "",
	.summary = "print the Helm values for the chart, alone",
	.details = "The values that install gives to helm, for those who install the chart in another way. Key and role are "
	           "read from AWS, so apply comes first.",
	.examples = "helm vault-aws values --environment production > values.yaml\n"
	            "helm vault-aws values --environment production --audit-to cloudwatch --audit-collector | kubectl apply -f -\n",
	.takes = TAKES_INPUTS | TAKES_KUBE, .formats = formats,
	.rows = rows, .options_size = sizeof(struct values_options), .run = run,
};
