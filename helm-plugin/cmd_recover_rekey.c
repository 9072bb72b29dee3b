#include "cmd_recover.h"

#include "domain/recover_rekey.h"

static void print_text(struct app *app, const struct rekey_world *w)
{
	const struct recover *r = &w->recover;

	if (w->cancelled) {
		fputs(w->was_under_way ? "the rekey is cancelled: the shares stay as they are\n" : "no rekey was under way\n", app->out);
		return;
	}
	if (w->finished_earlier)
		fprintf(app->out, "the %s that an earlier run made are the valid ones, and are in '%s' now\n", rekey_what(w), r->entry.name);
	else
		fprintf(app->out, "%zu new %s, of which %lld are needed, are in '%s' and were verified by Vault\n", w->staged.n,
		        rekey_what(w), (long long)w->staged.threshold, r->entry.name);
	fputs("Vault refuses the ones before, which custody keeps as the previous ones\n", app->out);
	for (size_t i = 0; i < r->entry.n_copies; i++)
		fprintf(app->out, "%s%s%s", i ? ", " : "copies in ", r->entry.regions[i], i + 1 == r->entry.n_copies ? "\n" : "");
}

static int report(struct app *app, const struct rekey_world *w, struct err *e)
{
	struct arena *a = &app->mem;
	struct value *out = value_new_map(a);

	if (app_format_is(app, "table")) {
		print_text(app, w);
		return 0;
	}
	value_set_bool(a, out, "cancelled", w->cancelled && w->was_under_way);
	if (!w->cancelled) {
		value_set_text(a, out, "entry", w->recover.entry.name);
		value_set_int(a, out, "shares", (int64_t)w->staged.n);
		value_set_int(a, out, "threshold", w->staged.threshold);
		value_set_bool(a, out, "of_earlier_run", w->finished_earlier);
	}
	return app_print_value(app, out, e);
}

int recover_rekey(struct app *app, const struct recover_flags *flags, struct err *e)
{
	struct rekey_world w = {0};
	struct session s;
	struct recover_runner runner = recover_runner_of(&s);
	int result = recover_open(&s, app, flags, &w.recover, !flags->cancel, e);

	w.cancel = flags->cancel;
	w.shares = flags->shares;
	w.threshold = flags->threshold;
	if (result == 0)
		result = rekey_init(&w, e);
	if (result == 0)
		result = recover_ready(&s, &w.recover, e);
	if (result == 0)
		result = rekey_run(&w, &runner, e);
	if (result == 0)
		result = report(app, &w, e);
	rekey_release(&w);
	session_close(&s);
	return result;
}
