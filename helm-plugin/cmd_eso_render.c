#include "cmd_eso.h"

#include "cli/errors.h"
#include "core/secret.h"
#include "core/text.h"
#include "domain/eso_render.h"
#include "formats/json.h"
#include "formats/yaml.h"

enum { SHOWN_MAX = 32 << 20 };

/* ---- reading ---- */

static int read_text(struct app *app, const char *file, struct buf *out, struct err *e)
{
	char piece[4096];
	size_t n;

	if (!text_same(file, "-"))
		return host_read_file(&app->host, file, out, e);
	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0)
		buf_put(out, piece, n);
	wipe(piece, sizeof(piece));
	return ferror(stdin) ? err_set(e, ERR_CONFIG, 0, "cannot read standard input") : 0;
}

static const char *title_of(const char *file)
{
	return text_same(file, "-") ? "standard input" : file;
}

static void read_manifest(struct app *app, struct manifest *m, const char *file, struct value *objects, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(MANIFEST_MAX);
	AUTO(err) struct err why = {0};

	*m = (struct manifest){ .file = title_of(file) };
	if (read_text(app, file, &text, &why) < 0 || buf_whole(&text, "the file", &why) < 0 ||
	    manifest_take(m, &app->mem, title_of(file), buf_bytes(&text), objects, &why) < 0)
		err_append(e, &why);
}

static void read_data(struct app *app, struct eso_render *r, const char *file, struct err *e)
{
	AUTO(wiped) struct buf text = BUF_MAX(MANIFEST_MAX);
	AUTO(err) struct err why = {0};
	struct value *data = NULL;
	bool json;

	if (read_text(app, file, &text, &why) < 0 || buf_whole(&text, "the data", &why) < 0) {
		err_append(e, &why);
		return;
	}
	json = view_starts(view_trim(buf_bytes(&text)), "{");
	if ((json ? va_json_parse(r->mem, buf_bytes(&text), title_of(file), &data, &why) :
	     va_yaml_parse(r->mem, buf_bytes(&text), title_of(file), &data, &why)) == 0) {
		r->data = data;
		if (eso_render_check_data(r, &why) == 0)
			return;
	}
	err_append(e, &why);
}

/* Everything that is wrong in all files at once; what is no file is bad input as well. */
static int read_all(struct app *app, const struct eso_options *o, struct eso_render *r, struct err *e)
{
	size_t n = app->line.words.n - 1;
	struct manifest *files = ARENA_ARRAY(&app->mem, struct manifest, n);
	struct value *objects = value_new_list(&app->mem);

	for (size_t i = 0; i < n; i++)
		read_manifest(app, &files[i], app->line.words.at[i + 1], objects, e);
	read_data(app, r, o->data, e);
	for (struct err *one = e; one && one->kind; one = one->more)
		one->kind = ERR_CONFIG;
	r->files = files;
	r->n_files = n;
	r->objects = objects;
	return e->kind ? -1 : 0;
}

/* ---- telling ---- */

static bool has_part(const char *kind)
{
	static const char *const kinds[] = { "ExternalSecret", "SecretStore", "ClusterSecretStore", "ConfigMap" };

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (text_same(kind, kinds[i]))
			return true;
	return false;
}

static void tell_skipped(struct app *app, const struct value *objects)
{
	for (size_t i = 0; i < objects->n; i++) {
		const struct value *object = objects->items[i];

		if (!has_part(value_text_or(object, "kind", "")))
			talk_printf(app, "%s'%s' is no ExternalSecret: skipped", mark_text(&app->mem, &object->mark),
			            value_text_or(object, "kind", ""));
	}
}

static int print(struct app *app, const struct eso_render *r, struct err *e)
{
	struct value *list = value_new_map(r->mem);

	if (app_format_is(app, "json")) {
		value_set_text(r->mem, list, "apiVersion", "v1");
		value_set_text(r->mem, list, "kind", "List");
		value_set(r->mem, list, "items", r->secrets);
		return app_print_value(app, list, e);
	}
	for (size_t i = 0; i < r->secrets->n; i++) {
		AUTO(wiped) struct buf text = BUF_MAX(SHOWN_MAX);

		if (va_yaml_print(&text, r->secrets->items[i], e) < 0 || buf_whole(&text, "the Secret", e) < 0)
			return -1;
		fprintf(app->out, "%s%s", i ? "---\n" : "", buf_str(&text));
	}
	return 0;
}

/* ---- the run ---- */

static int check_words(const struct app *app, const struct eso_options *o, struct err *e)
{
	size_t inputs = o->data && text_same(o->data, "-");

	for (size_t i = 1; i < app->line.words.n; i++)
		inputs += text_same(app->line.words.at[i], "-");
	if (app->line.words.n < 2)
		err_also(e, ERR_USAGE, "'eso render' takes a file with ExternalSecrets");
	if (!o->data) {
		err_also(e, ERR_USAGE, "'eso render' takes what Vault would hold: --data FILE");
		err_hint(e, "a map of paths, such as {%s/app/database: {password: example}}", o->path);
	}
	if (inputs > 1)
		err_also(e, ERR_USAGE, "standard input is read once");
	return e->kind ? -1 : 0;
}

int eso_render(struct app *app, const struct eso_options *o, struct err *e)
{
	AUTO(wiped_arena) struct arena mem = ARENA_INIT;
	struct eso_render r = { .mem = &mem, .path = o->path, .show_values = o->show_values };
	int result;

	if (check_words(app, o, e) < 0 || read_all(app, o, &r, e) < 0)
		return -1;
	tell_skipped(app, r.objects);
	result = eso_render_all(&r, e);
	warnings_print(app, &r.warnings);
	err_release(&r.warnings);
	return result < 0 ? -1 : print(app, &r, e);
}
