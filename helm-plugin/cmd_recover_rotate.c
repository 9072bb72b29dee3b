#include "cmd_recover.h"

#include "domain/recover_rotate.h"

static int report(struct app *app, const struct rotate_world *w, struct err *e)
{
	struct value *out = value_new_map(&app->mem);

	if (app_format_is(app, "table")) {
		fprintf(app->out, "barrier key %lld, installed %s, was replaced by key %lld, installed %s\n"
		        "what is stored stays readable; what is written from now on is encrypted with the new key\n",
		        (long long)w->before.term, w->before.installed, (long long)w->after.term, w->after.installed);
		return 0;
	}
	value_set_int(&app->mem, out, "term_before", w->before.term);
	value_set_text(&app->mem, out, "installed_before", w->before.installed);
	value_set_int(&app->mem, out, "term", w->after.term);
	value_set_text(&app->mem, out, "installed", w->after.installed);
	return app_print_value(app, out, e);
}

int recover_rotate(struct app *app, const struct recover_flags *flags, struct err *e)
{
	struct rotate_world w = {0};
	struct session s;
	size_t n;
	const struct step *table = boot_table(&app->mem, rotate_rows, ROTATE_ROWS, &n);
	int result = recover_open(&s, app, flags, &w.recover, false, e);

	if (result == 0)
		result = session_find_token(&s, &w.recover.boot, e);
	if (result == 0)
		result = session_loop_over(&s, &w, table, n, false, e);
	if (result == 0)
		result = report(app, &w, e);
	recover_release(&w.recover);
	session_close(&s);
	return result;
}
