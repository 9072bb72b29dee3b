#include "commands.h"

#include "cli/session.h"
#include "domain/values.h"

static const char *const formats[] = { "yaml", "json", NULL };

static int run(struct app *app, struct err *e)
{
	struct value *outputs = NULL;
	struct session s;
	int result = session_open(&s, app, SESSION_QUIET, e);

	if (result == 0)
		result = session_run(&s, true, e);
	if (result == 0)
		result = outputs_make(&s.world, &outputs, e);
	if (result == 0)
		result = app_print_value(app, value_at(outputs, "vault_config.values"), e);
	session_close(&s);
	return result;
}

const struct command cmd_values = {
	.name = "values", .group = "Provision", .args = "",
	.summary = "print the Helm values for the chart, alone",
	.details = "The values that install gives to helm, for those who install the chart in another way. Key and role are "
	           "read from AWS, so apply comes first.",
	.examples = "helm vault-aws values --environment production > values.yaml\n",
	.takes = TAKES_INPUTS | TAKES_KUBE, .formats = formats, .run = run,
};
