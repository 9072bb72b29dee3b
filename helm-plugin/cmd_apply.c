#include "commands.h"

#include "cli/errors.h"
#include "cli/session.h"
#include "domain/values.h"

static const char *const formats[] = { "table", "json", "yaml", NULL };

static int report(struct session *s, struct err *e)
{
	const struct world *w = &s->world;
	struct value *outputs;

	if (outputs_make(w, &outputs, e) < 0)
		return -1;
	if (!app_format_is(s->app, "table"))
		return app_print_value(s->app, outputs, e);
	talk_printf(s->app, "%u requests, %u round trips on the longest way", graph_sent(&s->graph), graph_depth(&s->graph));
	fprintf(s->app->out, "key    %s (%s)\ntable  %s\nrole   %s\n", w->key.arn, w->want.names.alias, w->table.arn, w->role.arn);
	return 0;
}

static int run(struct app *app, struct err *e)
{
	struct session s;
	int result = session_open(&s, app, 0, e);

	if (result == 0)
		result = session_run(&s, false, e);
	if (result == 0)
		result = report(&s, e);
	session_close(&s);
	return result;
}

const struct command cmd_apply = {
	.name = "apply", .group = "Provision", .args = "",
	.summary = "make the AWS side: seal key, table, role",
	.details = "Makes what is missing and changes what differs: the KMS key with its alias and rotation, the DynamoDB table "
	           "with PITR, the IAM role of the service account with the nine actions that Vault makes, and the cluster's "
	           "OIDC provider where it is missing. Making asks nothing; changing what exists asks first. It may be run "
	           "again at any time, also after it was killed: a second run makes no second key.",
	.examples = "helm vault-aws apply --environment production\n"
	            "helm vault-aws apply --cluster-name prod --region eu-central-1 --environment production --yes\n",
	.takes = TAKES_INPUTS | TAKES_KUBE | TAKES_YES, .formats = formats, .run = run,
};
