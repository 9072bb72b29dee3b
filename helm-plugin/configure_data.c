#include "configure_data.h"

#include "cli/ask.h"
#include "cli/errors.h"
#include "core/text.h"
#include "domain/kv_walk.h"

int prune_data_check(struct prune_data *p, struct app *app, const struct config *config, struct err *e)
{
	size_t n = p->mount ? strlen(p->mount) : 0;

	if (!p->mount)
		return p->file ? err_set(e, ERR_USAGE, 0, "'--export' goes with '--prune-data MOUNT'") : 0;
	while (n > 0 && p->mount[n - 1] == '/')
		n--;
	p->mount = arena_view(&app->mem, view_of(p->mount, n));
	if (n == 0)
		err_also(e, ERR_USAGE, "'--prune-data' takes the name of a secrets engine");
	else if (config && config_find(config, CONFIG_KV, NULL, p->mount))
		err_also(e, ERR_USAGE, "the file has the secrets engine '%s': only what it has no more can be removed", p->mount);
	if (p->file) {
		AUTO(err) struct err why = { 0 };

		if (export_record_read(&app->mem, &app->host, p->file, &p->record, &why) < 0)
			err_append(e, &why);
	}
	return e->kind ? -1 : 0;
}

static const struct dropped *find(const struct configure *w, const char *mount)
{
	for (size_t i = 0; i < w->n_dropped; i++)
		if (w->dropped[i].kind == CONFIG_KV && text_same(w->dropped[i].name, mount))
			return &w->dropped[i];
	return NULL;
}

static int not_ours(const struct prune_data *p, const struct configure *w, struct err *e)
{
	const char **names = ARENA_ARRAY(w->boot.mem, const char *, w->n_dropped);
	const char *nearest;
	size_t n = 0;

	for (size_t i = 0; i < w->n_dropped; i++)
		if (w->dropped[i].kind == CONFIG_KV && !w->dropped[i].removed)
			names[n++] = w->dropped[i].name;
	nearest = text_nearest(p->mount, names, n);
	err_set(e, ERR_GUARD, 0, "no secrets engine '%s' was made by an earlier run and is in the file no more: nothing is removed",
	        p->mount);
	if (nearest)
		err_hint(e, "did you mean '%s'?", nearest);
	return -1;
}

static int walk(const struct prune_data *p, struct session *s, struct configure *w, struct export_subject *out, struct err *e)
{
	const struct value *mount = value_get(w->mounts, arena_printf(w->boot.mem, "%s/", p->mount));
	struct kv_walk walk;

	kv_walk_init(&walk, &w->boot, p->mount, text_same(value_text_or(mount, "options.version", NULL), "2"));
	do {
		if (session_loop_over(s, &walk, kv_walk_steps, KV_WALK_STEPS, false, e) < 0)
			return -1;
	} while (kv_walk_next(&walk));
	*out = (struct export_subject){ .vault = w->boot.status.cluster_id, .mount = p->mount, .paths = walk.paths.n };
	export_listing(walk.paths.at, walk.paths.n, out->listing);
	return 0;
}

static int check_export(const struct prune_data *p, const struct host *host, const struct export_subject *now, struct err *e)
{
	if (p->file && export_record_covers(&p->record, host, now, e) == 0)
		return 0;
	if (!p->file)
		err_set(e, ERR_GUARD, 0, "there is no export of it");
	err_while(e, "the secrets engine '%s' stays, with %zu %s in it", p->mount, now->paths, now->paths == 1 ? "path" : "paths");
	err_hint(e, "export it, and give the export's record, younger than an hour, with --export FILE");
	return -1;
}

/* While the name was typed something may have been written: what goes must be what was exported, to the end. */
static int ask_and_look_again(const struct prune_data *p, struct session *s, struct configure *w, size_t paths, struct err *e)
{
	struct export_subject now;

	if (ask_name(s->app, e, p->mount, "the secrets engine '%s' is removed for good, with %zu %s in it", p->mount, paths,
	             paths == 1 ? "path" : "paths") < 0)
		return -1;
	return walk(p, s, w, &now, e) < 0 ? -1 : check_export(p, &s->app->host, &now, e);
}

int prune_data_allow(struct prune_data *p, struct session *s, struct configure *w, struct err *e)
{
	const struct dropped *d;
	struct export_subject now;

	if (!p->mount)
		return 0;
	d = find(w, p->mount);
	if (!d)
		return not_ours(p, w, e);
	if (d->removed) {
		talk_printf(s->app, "the secrets engine '%s' is gone already", p->mount);
		return 0;
	}
	if (walk(p, s, w, &now, e) < 0 || check_export(p, &s->app->host, &now, e) < 0)
		return -1;
	if (!p->dry_run && ask_and_look_again(p, s, w, now.paths, e) < 0)
		return -1;
	w->prune_data = p->mount;
	return configure_compare(w, e);
}
