#include "commands.h"

#include "cli/table.h"
#include "core/text.h"
#include "domain/check.h"

static const char *const formats[] = { "table", "wide", "json", "yaml", NULL };

static void add_names(struct arena *a, struct value *row, const char *name, const char *const *texts)
{
	struct value *list = value_set(a, row, name, value_new_list(a));

	for (; texts && *texts; texts++)
		value_push(a, list, value_new_text(a, *texts));
}

static int run(struct app *app, struct err *e)
{
	static const struct column columns[] = {
		{ .name = "id", .title = "CHECK" }, { .name = "family", .title = "FAMILY" },
		{ .name = "title", .title = "WHAT MUST BE TRUE" }, { .name = "proof", .title = "TRIES", .flags = COLUMN_WIDE },
		{ .name = NULL },
	};
	struct table t = { columns, value_new_list(&app->mem) };
	const struct check *c;

	for (size_t i = 0; (c = check_at(i)); i++) {
		struct value *row = value_push(&app->mem, t.rows, value_new_map(&app->mem));

		value_set_text(&app->mem, row, "id", c->id);
		value_set_text(&app->mem, row, "family", check_family_of(c)->name);
		value_set_text(&app->mem, row, "title", c->title);
		value_set_bool(&app->mem, row, "proof", c->proof);
		value_set_text(&app->mem, row, "decides", c->decides);
		value_set_text(&app->mem, row, "remedy", c->remedy);
		value_set_text(&app->mem, row, "reference", c->reference);
		add_names(&app->mem, row, "needs", c->needs);
		add_names(&app->mem, row, "reads", c->reads);
	}
	return table_print(app, &t, e);
}

const struct command cmd_list = {
	.name = "list", .group = "Check", .args = "",
	.summary = "list every check",
	.examples = "kubectl vault-check list -o json\n",
	.formats = formats, .run = run,
};
