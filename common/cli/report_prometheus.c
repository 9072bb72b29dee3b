/*
 * Prometheus's text format 0.0.4, for node_exporter's textfile collector or a
 * push gateway (prometheus.io/docs/instrumenting/exposition_formats). A series a
 * check whose value is its verdict, so that a series stays the same when the
 * verdict changes:  vault_check_verdict == 3  is an alert.
 */
#include "cli/report.h"

#include "cli/text_width.h"

static void put_label(struct buf *out, const char *before, const char *name, const char *text)
{
	AUTO(buf) struct buf safe = BUF_MAX(REPORT_TEXT_MAX);

	text_safe(&safe, view_text(text));
	buf_printf(out, "%s%s=\"", before, name);
	for (const char *p = buf_str(&safe); *p; p++) {
		if (*p == '"' || *p == '\\')
			buf_char(out, '\\');
		buf_char(out, *p);
	}
	buf_char(out, '"');
}

static void put_where(struct buf *out, const struct report_cluster *c)
{
	put_label(out, "{", "context", c->context);
	put_label(out, ",", "namespace", c->namespace_);
	put_label(out, ",", "release", c->release);
}

static void put_help(struct buf *out, const char *name, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* The numbers are documented; enum verdict may change its order. */
static int number_of(enum verdict v)
{
	static const int numbers[] = {
		[VERDICT_PASS] = 0, [VERDICT_INFO] = 1, [VERDICT_WARN] = 2, [VERDICT_FAIL] = 3, [VERDICT_UNKNOWN] = 4,
		[VERDICT_SKIP] = 5,
	};

	return numbers[v];
}

static void put_verdicts(struct buf *out, const struct report_cluster *c)
{
	for (size_t i = 0; i < c->findings->n; i++) {
		const struct finding *f = &c->findings->at[i];

		buf_text(out, "vault_check_verdict");
		put_where(out, c);
		put_label(out, ",", "family", check_family_of(f->check)->name);
		put_label(out, ",", "check", f->check->id);
		buf_printf(out, "} %d\n", number_of(f->verdict));
	}
}

static void put_counts(struct buf *out, const struct report_cluster *c)
{
	for (size_t v = 0; v <= VERDICT_UNKNOWN; v++) {
		buf_text(out, "vault_check_checks");
		put_where(out, c);
		put_label(out, ",", "verdict", verdict_name((enum verdict)v));
		buf_printf(out, "} %zu\n", c->findings->count[v]);
	}
}

void report_prometheus(struct buf *out, const struct report *r)
{
	put_help(out, "vault_check_verdict", "Verdict of each check: 0 pass, 1 info, 2 warn, 3 fail, 4 not checked, 5 skipped.");
	for (size_t i = 0; i < r->n; i++)
		put_verdicts(out, &r->at[i]);
	put_help(out, "vault_check_checks", "Number of checks by verdict.");
	for (size_t i = 0; i < r->n; i++)
		put_counts(out, &r->at[i]);
	put_help(out, "vault_check_release_found", "Whether there is one release of Vault to be checked.");
	for (size_t i = 0; i < r->n; i++) {
		buf_text(out, "vault_check_release_found");
		put_where(out, &r->at[i]);
		buf_printf(out, "} %d\n", r->at[i].release != NULL);
	}
	put_help(out, "vault_check_time_seconds", "When it was looked, seconds since 1970.");
	buf_printf(out, "vault_check_time_seconds %lld\n", (long long)(r->wall_ms / 1000));
}
