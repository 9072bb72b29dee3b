#include "domain/bundle.h"

#include "domain/redact.h"
#include "formats/iso8601.h"
#include "formats/json.h"
#include "formats/ustar.h"
#include "formats/yaml.h"

static const char about[] =
	"What 'kubectl vault-check bundle' has gathered. Secrets of Kubernetes were not read; tokens, keys and passwords in\n"
	"what was read are replaced by " REDACTED ", and so is the value of every variable that is not known to be harmless.\n"
	"Look through it before you hand it on: names of accounts, clusters, namespaces and roles are still in it.\n\n"
	"report.txt, report.json   what was checked and found\n"
	"objects/                  the objects of the release, as the API server has them\n"
	"events.yaml               events of its namespace\n"
	"logs/                     the end of each server's log; NAME.before.log is of before its last start\n"
	"missing.txt               what could not be had, and why\n";

struct archive {
	struct buf *out;
	const char *folder;
	int64_t mtime_s;
	struct buf missing;
};

static const char *file_name(const struct archive *x, struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s", x->folder, name);
}

static void put_file(struct archive *x, const char *name, struct view content)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *whole = file_name(x, &a, name);

	ustar_put(x->out, whole, content, x->mtime_s);
}

static void put_text(struct archive *x, const char *name, struct view text)
{
	AUTO(buf) struct buf safe = BUF_MAX(BUNDLE_MAX);

	redact_text(&safe, text);
	put_file(x, name, buf_bytes(&safe));
}

/* As YAML; what is no text there (a byte that is no UTF-8) goes as JSON, which has a way to write it. */
static void put_value(struct archive *x, const char *name, const struct value *v)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf text = BUF_MAX(BUNDLE_MAX);
	AUTO(err) struct err e = {0};
	const struct value *safe = redact_value(&a, v);

	if (va_yaml_print(&text, safe, &e) < 0) {
		buf_cut(&text, 0);
		va_json_print(&text, safe, true);
	}
	put_file(x, name, buf_bytes(&text));
}

static void put_missing(struct archive *x, const char *what, const struct err *why)
{
	buf_printf(&x->missing, "%s: %s\n", what, why->text ? why->text : "not read");
}

static void put_objects(struct archive *x, const struct diag *d)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	if (d->release.statefulset)
		put_value(x, "objects/statefulset.yaml", d->release.statefulset);
	if (d->config_map)
		put_value(x, "objects/configmap.yaml", d->config_map);
	if (d->account.object)
		put_value(x, "objects/serviceaccount.yaml", d->account.object);
	for (size_t i = 0; i < d->pods.n; i++)
		if (d->pods.at[i].object)
			put_value(x, arena_printf(&a, "objects/pod-%s.yaml", d->pods.at[i].name), d->pods.at[i].object);
}

static void put_log(struct archive *x, const char *pod, const char *suffix, const struct buf *log, const struct err *why)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *name = arena_printf(&a, "logs/%s%s.log", pod, suffix);

	if (why->kind)
		put_missing(x, name, why);
	else if (log->n)
		put_text(x, name, buf_bytes(log));
}

static void put_events(struct archive *x, const struct bundle *b)
{
	if (b->events)
		put_value(x, "events.yaml", b->events);
	else
		put_missing(x, "events.yaml", &b->events_why);
}

int bundle_write(struct buf *out, const struct bundle *b, const char *folder, const struct bundle_report *report,
                 int64_t wall_ms, struct err *e)
{
	struct archive x = { .out = out, .folder = folder, .mtime_s = wall_ms / 1000, .missing = BUF_MAX(1 << 20) };
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf json = BUF_MAX(BUNDLE_MAX);

	put_file(&x, "README.txt", view_text(about));
	put_text(&x, "report.txt", view_text(report->text));
	va_json_print(&json, redact_value(&a, report->value), true);
	put_file(&x, "report.json", buf_bytes(&json));
	put_objects(&x, b->diag);
	put_events(&x, b);
	for (size_t i = 0; i < b->n_logs; i++) {
		put_log(&x, b->diag->pods.at[i].name, "", &b->logs[i].now, &b->logs[i].now_why);
		put_log(&x, b->diag->pods.at[i].name, ".before", &b->logs[i].before, &b->logs[i].before_why);
	}
	if (x.missing.n)
		put_text(&x, "missing.txt", buf_bytes(&x.missing));
	ustar_end(out);
	buf_release(&x.missing);
	return buf_whole(out, "the archive", e);
}
