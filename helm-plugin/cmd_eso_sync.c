#include "cmd_eso.h"

#include "cli/session.h"
#include "cli/table.h"
#include "domain/eso_sync.h"

static int print(struct app *app, const struct eso_sync *w, struct err *e)
{
	static const struct column columns[] = {
		{ .name = "name", .title = "EXTERNALSECRET" }, { .name = "reason", .title = "REASON" },
		{ .name = "refreshed", .title = "REFRESHED" }, { .name = NULL },
	};
	struct table t = { columns, value_new_list(&app->mem) };

	for (size_t i = 0; i < w->n; i++) {
		struct value *row = value_push(&app->mem, t.rows, value_new_map(&app->mem));

		value_set_text(&app->mem, row, "name", w->items[i].name);
		value_set_text(&app->mem, row, "namespace", w->namespace_);
		value_set_text(&app->mem, row, "reason", eso_reason(w->items[i].now));
		value_set_text(&app->mem, row, "refreshed", value_text_or(w->items[i].now, "status.refreshTime", ""));
	}
	return table_print(app, &t, e);
}

/* helm's namespace is that of the ExternalSecrets here. */
static void open_world(struct session *s, struct eso_sync *w)
{
	struct app *app = s->app;
	const char *ns = app->helm.namespace_ ? app->helm.namespace_ : s->kube.namespace_;

	eso_sync_init(w, &app->mem, &app->host, &s->kube, ns, app->line.words.at + 1, app->line.words.n - 1);
}

int eso_sync(struct app *app, struct err *e)
{
	struct eso_sync w = {0};
	struct session s = {0};
	int result;

	if (app->line.words.n < 2)
		return err_set(e, ERR_USAGE, 0, "'eso sync' takes the name of an ExternalSecret");
	for (size_t i = 1; i < app->line.words.n; i++)
		if (!*app->line.words.at[i])
			return err_set(e, ERR_USAGE, 0, "'eso sync': a name is empty");
	result = session_open(&s, app, SESSION_KUBE | SESSION_RELEASE | SESSION_NO_AWS | SESSION_QUIET, e);
	if (result == 0) {
		open_world(&s, &w);
		result = session_loop_over(&s, &w, eso_sync_read, ESO_SYNC_READ, false, e);
	}
	if (result == 0)
		result = eso_sync_judge(&w, e);
	if (result == 0)
		result = session_loop_over(&s, &w, eso_sync_write, ESO_SYNC_WRITE, false, e);
	if (result == 0)
		result = print(app, &w, e);
	session_close(&s);
	return result;
}
