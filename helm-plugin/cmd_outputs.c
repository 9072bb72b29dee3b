#include "commands.h"

#include "cli/session.h"
#include "cli/table.h"
#include "domain/values.h"
#include "formats/json.h"

static const char *const formats[] = { "table", "json", "yaml", NULL };

static int print_table(struct app *app, const struct value *outputs, struct err *e)
{
	static const struct column columns[] = { { .name = "name", .title = "OUTPUT" }, { .name = "value", .title = "VALUE" }, { .name = NULL } };
	struct table t = { columns, value_new_list(&app->mem) };

	for (size_t i = 0; i < outputs->n; i++) {
		const struct value *v = outputs->items[i];
		struct value *row = value_push(&app->mem, t.rows, value_new_map(&app->mem));
		AUTO(buf) struct buf text = BUF_MAX(1 << 20);

		if (v->type != VALUE_TEXT)
			va_json_print(&text, v, false);
		value_set_text(&app->mem, row, "name", outputs->names[i]);
		value_set_text(&app->mem, row, "value", v->type == VALUE_TEXT ? v->text : buf_str(&text));
	}
	return table_print(app, &t, e);
}

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
		result = app_format_is(app, "table") ? print_table(app, outputs, e) : app_print_value(app, outputs, e);
	session_close(&s);
	return result;
}

const struct command cmd_outputs = {
	.name = "outputs", .group = "Provision", .args = "",
	.summary = "print the seven outputs of the module, by their names",
	.details = "kms_key_id, kms_key_arn, dynamodb_table_name, dynamodb_table_arn, iam_role_arn, iam_role_name and "
	           "vault_config, read from AWS: there is no state file.",
	.examples = "helm vault-aws outputs --environment production -o json\n",
	.takes = TAKES_INPUTS | TAKES_KUBE, .formats = formats, .run = run,
};
