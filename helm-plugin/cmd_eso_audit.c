#include "cmd_eso.h"

#include "cli/command.h"
#include "cli/errors.h"
#include "cli/session.h"
#include "cli/table.h"
#include "core/text.h"
#include "domain/eso_audit.h"
#include "domain/eso_live.h"
#include "domain/eso_manifest.h"

#include <sys/stat.h>

/* ---- what was found ---- */

static const char *place_of(struct arena *a, const struct eso_finding *f)
{
	return f->mark.file ? arena_printf(a, "%s:%u:%u", f->mark.file, f->mark.line, f->mark.column) : "";
}

static struct value *row_of(struct arena *a, const struct eso_finding *f, bool mended)
{
	struct value *row = value_new_map(a);

	value_set_text(a, row, "place", place_of(a, f));
	value_set_text(a, row, "object", f->object);
	value_set_text(a, row, "rule", eso_rule_name(f->rule));
	value_set_text(a, row, "finding", f->text);
	value_set_text(a, row, "instead", f->to ? f->to : "");
	value_set_bool(a, row, "mended", mended);
	return row;
}

/* mended: which findings the files have behind them now; NULL: none. People see what is left. Gives the exit code. */
static int print(struct app *app, const struct eso_audit *audit, const bool *mended, struct err *e)
{
	static const struct column columns[] = {
		{ .name = "place", .title = "PLACE" }, { .name = "object", .title = "OBJECT" }, { .name = "rule", .title = "RULE" },
		{ .name = "finding", .title = "FINDING" }, { .name = "instead", .title = "INSTEAD" }, { .name = NULL },
	};
	struct table t = { columns, value_new_list(&app->mem) };
	bool table = app_format_is(app, "table");
	size_t left = 0;

	for (size_t i = 0; i < audit->n; i++) {
		bool done = mended && mended[i];

		left += !done;
		if (!done || !table)
			value_push(&app->mem, t.rows, row_of(&app->mem, &audit->at[i], done));
	}
	if (table && !left)
		talk_printf(app, audit->n ? "nothing is left" : "nothing was found");
	else if (table_print(app, &t, e) < 0)
		return -1;
	return left ? EXIT_PENDING : 0;
}

/* ---- files ---- */

/* A file that is a link stays one, and keeps its mode. */
static int write_back(struct app *app, struct manifest *m, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(2 * MANIFEST_MAX);
	AUTO(text) char *real = realpath(m->file, NULL);
	struct stat st;

	manifest_text(m, &text);
	if (buf_whole(&text, "the file", e) < 0)
		return -1;
	if (!real || stat(real, &st) < 0)
		return err_set(e, ERR_ABSENT, 0, "'%s' is gone", m->file);
	if (host_write_file(&app->host, real, buf_bytes(&text), st.st_mode & 0777, e) < 0)
		return -1;
	talk_printf(app, "%s: %zu %s changed", m->file, m->n_changes, m->n_changes == 1 ? "word" : "words");
	return 0;
}

/* Every file is changed in memory before the first is written. */
static int mend(struct app *app, struct manifest *files, size_t n, const struct eso_audit *audit, bool *mended, struct err *e)
{
	for (size_t i = 0; i < audit->n; i++) {
		const struct eso_finding *f = &audit->at[i];

		for (size_t k = 0; k < n && f->to; k++)
			if (text_same(files[k].file, f->mark.file))
				mended[i] = manifest_edit(&files[k], &f->mark, f->from, f->to);
		if (f->to && !mended[i])
			warning_printf(app, "%s: '%s' is written in a form that cannot be changed by itself", place_of(&app->mem, f), f->from);
	}
	for (size_t k = 0; k < n; k++)
		if (files[k].n_changes && write_back(app, &files[k], e) < 0)
			return -1;
	return 0;
}

static int audit_files(struct app *app, const struct eso_options *o, struct eso_audit *audit, struct err *e)
{
	size_t n = app->line.words.n - 1;
	struct manifest *files = ARENA_ARRAY(&app->mem, struct manifest, n);
	struct value *objects = value_new_list(&app->mem);
	bool *mended;

	for (size_t i = 0; i < n; i++) {
		AUTO(err) struct err why = {0};

		if (manifest_read(&files[i], &app->mem, &app->host, app->line.words.at[i + 1], objects, &why) < 0)
			err_append(e, &why);
	}
	for (struct err *one = e; one && one->kind; one = one->more)
		one->kind = ERR_CONFIG;     /* a file that is not there is bad input as well */
	if (e->kind)
		return -1;
	eso_audit_objects(audit, objects);
	mended = ARENA_ARRAY(&app->mem, bool, audit->n + 1);
	if (o->write && mend(app, files, n, audit, mended, e) < 0)
		return -1;
	return print(app, audit, mended, e);
}

/* ---- the cluster ---- */

/* Only a token that was meant for this: that of ~/.vault-token may be of any Vault. */
static int open_vault(struct session *s, const struct eso_options *o, struct eso_live *w, struct err *e)
{
	if (boot_init(&w->boot, &s->world, &o->boot, e) < 0)
		return -1;
	return o->boot.token_file || host_env(&s->app->host, "VAULT_TOKEN") ? boot_find_token(&w->boot, e) : 0;
}

static int audit_cluster(struct app *app, const struct eso_options *o, struct eso_audit *audit, struct err *e)
{
	struct eso_live w = {0};
	struct session s = {0};
	const struct step *steps;
	size_t n;
	int result = session_open(&s, app, SESSION_KUBE | SESSION_RELEASE | SESSION_NO_AWS | SESSION_QUIET, e);

	if (result == 0)
		result = open_vault(&s, o, &w, e);
	if (result == 0) {
		steps = eso_live_steps(&w, &n);
		result = session_loop_over(&s, &w, steps, n, false, e);
	}
	if (result == 0) {
		audit->tokens_cached = eso_caches_tokens(w.deployment);
		audit->engines = w.engines;
		audit->server = arena_printf(&app->mem, "%s-active.%s", w.boot.fullname, w.boot.want->namespace_);
		eso_audit_objects(audit, w.objects);
		result = print(app, audit, NULL, e);
	}
	boot_release(&w.boot);
	session_close(&s);
	return result;
}

int eso_audit(struct app *app, const struct eso_options *o, const char *path, struct err *e)
{
	struct eso_audit audit = { .mem = &app->mem, .path = path };
	bool files = app->line.words.n > 1;

	if (o->write && !files) {
		err_set(e, ERR_USAGE, 0, "'--write' changes files, and none was named");
		err_hint(e, "helm vault-aws eso audit --write FILE...");
		return -1;
	}
	return files ? audit_files(app, o, &audit, e) : audit_cluster(app, o, &audit, e);
}
