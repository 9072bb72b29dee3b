#include "cmd_recover.h"

#include "domain/recover_root.h"

static const char *how_to_read(struct app *app, const struct recover *r)
{
	struct custody_store store = recover_store_of(r);

	if (r->entry.in_file)
		return custody_file_how_to_read(&app->mem, &r->entry.file);
	return store.kind->how_to_read(&app->mem, &store, r->entry.which);
}

static void print_text(struct app *app, const struct root_world *w, const struct recover_flags *flags)
{
	const struct recover *r = &w->recover;

	if (w->cancelled) {
		fputs(w->was_under_way ? "the generation of a root token is cancelled\n" : "no generation of a root token was under way\n",
		      app->out);
		return;
	}
	fprintf(app->out, "%s in '%s', and Vault takes it\n  %s\n", w->finished_earlier ? "the root token that an earlier run made is" :
	        "a new root token is", r->entry.name, how_to_read(app, r));
	if (w->replaced)
		fputs("the one before stays valid until it is revoked; custody keeps it as the previous one\n", app->out);
	fputs("revoke it when it is of no use any more: helm vault-aws configure --revoke-root\n", app->out);
	if (flags->show_root_token)
		fprintf(app->out, "\nroot token: %s\n", secret_expose(&r->entry.value).p);
}

static int report(struct app *app, const struct root_world *w, const struct recover_flags *flags, struct err *e)
{
	struct arena *a = &app->mem;
	struct value *out = value_new_map(a);

	if (app_format_is(app, "table")) {
		print_text(app, w, flags);
		return 0;
	}
	value_set_bool(a, out, "cancelled", w->cancelled && w->was_under_way);
	if (!w->cancelled) {
		value_set_text(a, out, "entry", w->recover.entry.name);
		value_set_text(a, out, "read", how_to_read(app, &w->recover));
		value_set_bool(a, out, "of_earlier_run", w->finished_earlier);
		value_set_bool(a, out, "previous_stays_valid", w->replaced);
	}
	return app_print_value(app, out, e);
}

int recover_generate_root(struct app *app, const struct recover_flags *flags, struct err *e)
{
	struct root_world w = {0};
	struct session s;
	struct recover_runner runner = recover_runner_of(&s);
	int result = recover_open(&s, app, flags, &w.recover, !flags->cancel, e);

	w.cancel = flags->cancel;
	w.replace = flags->replace;
	if (result == 0)
		result = root_init(&w, e);
	if (result == 0)
		result = recover_ready(&s, &w.recover, e);
	if (result == 0)
		result = root_run(&w, &runner, e);
	if (result == 0)
		result = report(app, &w, flags, e);
	root_release(&w);
	session_close(&s);
	return result;
}
