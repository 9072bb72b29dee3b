#include "domain/export_record.h"

#include "core/text.h"
#include "formats/iso8601.h"
#include "formats/json.h"

#include <inttypes.h>
#include <stdlib.h>

/* Clocks of two machines differ a little. */
enum { AHEAD_MS = 60000 };

/* ---- reading ---- */

static const char *text_of(const struct value *tree, const char *name, struct err *e)
{
	const struct value *v = value_get(tree, name);

	if (v && v->type == VALUE_TEXT && *v->text)
		return v->text;
	mark_err_also(e, ERR_CONFIG, v ? &v->mark : &tree->mark, "the record of an export must have '%s', a text", name);
	return "";
}

static const char *digest_of(const struct value *tree, const char *name, struct err *e)
{
	const char *text = text_of(tree, name, e);

	if (*text && (strlen(text) != SHA256_HEX - 1 || strspn(text, "0123456789abcdef") != SHA256_HEX - 1))
		mark_err_also(e, ERR_CONFIG, &value_get(tree, name)->mark, "'%s' is no SHA-256 in lower-case hexadecimal", name);
	return text;
}

static void read_numbers(const struct value *tree, struct export_record *out, struct err *e)
{
	const struct value *paths = value_get(tree, "paths");
	const char *time = text_of(tree, "time", e);
	AUTO(err) struct err why = { 0 };

	if (*time && iso8601_parse(view_text(time), &out->time_ms, &why) < 0)
		mark_err_also(e, ERR_CONFIG, &value_get(tree, "time")->mark, "'time' is no time such as 2026-11-24T12:00:00Z");
	if (!paths || paths->type != VALUE_INT || paths->integer < 0)
		mark_err_also(e, ERR_CONFIG, paths ? &paths->mark : &tree->mark, "the record of an export must have 'paths', a number");
	else
		out->paths = paths->integer;
}

int export_record_parse(struct arena *a, struct view text, const char *path, struct export_record *out, struct err *e)
{
	struct value *tree;
	const char *format;

	if (va_json_parse(a, text, path, &tree, e) < 0)
		return -1;
	if (tree->type != VALUE_MAP)
		return mark_err(e, ERR_CONFIG, &tree->mark, "the record of an export must be a map, not %s", value_type_name(tree->type));
	format = text_of(tree, "format", e);
	if (*format && !text_same(format, EXPORT_FORMAT))
		mark_err_also(e, ERR_CONFIG, &value_get(tree, "format")->mark, "the format '%s' is not known here, only '" EXPORT_FORMAT "'",
		              format);
	*out = (struct export_record){
		.path = path, .vault = text_of(tree, "vault", e), .mount = text_of(tree, "mount", e),
		.listing = digest_of(tree, "listing", e), .file = text_of(tree, "file", e), .sha256 = digest_of(tree, "sha256", e),
	};
	read_numbers(tree, out, e);
	return e->kind ? -1 : 0;
}

int export_record_read(struct arena *a, const struct host *host, const char *path, struct export_record *out, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(EXPORT_RECORD_MAX);

	if (host_read_file(host, path, &text, e) < 0 || buf_whole(&text, "the record", e) < 0) {
		e->kind = ERR_CONFIG;
		return err_while(e, "reading the record of the export");
	}
	return export_record_parse(a, buf_bytes(&text), path, out, e);
}

/* ---- whether it is enough ---- */

static void check_time(const struct export_record *r, const struct host *host, struct err *e)
{
	int64_t age_ms = host_wall_ms(host) - r->time_ms;

	if (age_ms > EXPORT_AGE_MS)
		err_also(e, ERR_GUARD, "the export is %" PRId64 " minutes old, and may be %d", age_ms / 60000, EXPORT_AGE_MS / 60000);
	else if (age_ms < -AHEAD_MS)
		err_also(e, ERR_GUARD, "the export is from the future");
}

static void check_file(const struct export_record *r, const struct host *host, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf content = BUF_MAX(EXPORT_FILE_MAX);
	AUTO(err) struct err why = { 0 };
	const char *slash = strrchr(r->path, '/'), *path = r->file;
	char digest[SHA256_HEX];

	if (*path != '/' && slash)
		path = arena_printf(&a, "%.*s/%s", (int)(slash - r->path), r->path, r->file);
	if (host_read_file(host, path, &content, &why) < 0 || buf_whole(&content, "the export", &why) < 0) {
		err_also(e, ERR_GUARD, "the export's file: %s", why.text);
		return;
	}
	sha256_hex(buf_bytes(&content), digest);
	if (!text_same(digest, r->sha256))
		err_also(e, ERR_GUARD, "'%s' is not the file that was exported: its digest is another", path);
}

int export_record_covers(const struct export_record *r, const struct host *host, const struct export_subject *now,
                         struct err *e)
{
	if (!text_same(r->mount, now->mount))
		err_also(e, ERR_GUARD, "the export is of '%s', not of '%s'", r->mount, now->mount);
	if (!text_same(r->vault, now->vault))
		err_also(e, ERR_GUARD, "the export is of another Vault ('%s'; this one is '%s')", r->vault, now->vault ? now->vault : "");
	check_time(r, host, e);
	if (r->paths != (int64_t)now->paths)
		err_also(e, ERR_GUARD, "the export has %" PRId64 " paths, and '%s' has %zu", r->paths, now->mount, now->paths);
	else if (!text_same(r->listing, now->listing))
		err_also(e, ERR_GUARD, "the export has other paths than '%s' has now", now->mount);
	check_file(r, host, e);
	return e->kind ? -1 : 0;
}

/* ---- listings ---- */

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void export_listing(const char **paths, size_t n, char out[SHA256_HEX])
{
	AUTO(buf) struct buf text = BUF_MAX(SIZE_MAX);

	if (n)
		qsort(paths, n, sizeof(*paths), by_bytes);
	for (size_t i = 0; i < n; i++) {
		buf_text(&text, paths[i]);
		buf_char(&text, '\n');
	}
	sha256_hex(buf_bytes(&text), out);
}
