#include "cli/report.h"

#include "core/text.h"
#include "formats/iso8601.h"

static const char style[] =
	":root{color-scheme:light dark;--ink:#1d2330;--faint:#667085;--page:#f6f7f9;--card:#fff;--line:#d5dae2;--good:#157347;"
	"--warn:#9a5b00;--bad:#b42318;--code:#f0f2f5}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--faint:#98a2b3;--page:#14171c;--card:#1c2027;--line:#39404c;"
	"--good:#5cc98b;--warn:#f0b454;--bad:#ff8a80;--code:#12151a}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
	"main{max-width:66rem;margin:0 auto;padding:2rem 1.25rem}\n"
	"h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0}\n"
	"p{margin:.25rem 0}.faint{color:var(--faint)}\n"
	"section.cluster{margin:1.5rem 0}\n"
	".card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1.1rem;margin:.7rem 0}\n"
	".card.v-fail{border-left:.35rem solid var(--bad)}.card.v-warn,.card.v-unknown{border-left:.35rem solid var(--warn)}\n"
	".card.v-info{border-left:.35rem solid var(--faint)}\n"
	".tag{display:inline-block;min-width:7.2em;font-weight:600}\n"
	".tag.v-pass{color:var(--good)}.tag.v-fail{color:var(--bad)}.tag.v-warn,.tag.v-unknown{color:var(--warn)}\n"
	".tag.v-skip,.tag.v-info{color:var(--faint)}\n"
	"code,pre{font:.875rem/1.5 ui-monospace,Menlo,Consolas,monospace}\n"
	"pre{background:var(--code);border-radius:.4rem;padding:.6rem .8rem;overflow-x:auto;margin:.5rem 0 0}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.5rem 0 0}\n"
	"dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}\n"
	"table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;"
	"border-top:1px solid var(--line)}th{color:var(--faint);font-weight:500;border-top:0}td{overflow-wrap:anywhere}\n"
	"details summary{cursor:pointer;padding:.3rem 0}\n"
	".scroll{overflow-x:auto}\n"
	"svg.chain{display:block;width:100%;min-width:40rem;height:auto}\n"
	"svg .box rect{fill:var(--card);stroke:var(--line);stroke-width:2}\n"
	"svg .what{font:600 17px system-ui,sans-serif;fill:var(--ink)}svg .name{font:13px ui-monospace,Menlo,Consolas,monospace;"
	"fill:var(--faint)}svg .mark{font:700 19px system-ui,sans-serif;text-anchor:middle;fill:var(--faint)}\n"
	"svg .v-pass rect{stroke:var(--good)}svg .v-pass .mark{fill:var(--good)}svg .v-fail rect{stroke:var(--bad)}"
	"svg .v-fail .mark{fill:var(--bad)}svg .v-warn rect,svg .v-unknown rect{stroke:var(--warn)}"
	"svg .v-warn .mark,svg .v-unknown .mark{fill:var(--warn)}svg .broken rect{stroke-width:4}\n"
	"svg .way{fill:none;stroke:var(--faint);stroke-width:2}svg .tip{fill:var(--faint)}\n"
	"svg .way.broken{stroke:var(--bad);stroke-dasharray:5 4}svg .tip.broken{fill:var(--bad)}\n"
	"svg .cross circle{fill:var(--bad)}svg .cross path{stroke:var(--card);stroke-width:3}\n";

static void put_element(struct buf *out, const char *element, const char *attributes, const char *text)
{
	buf_printf(out, "<%s%s>", element, attributes);
	report_xml_text(out, text);
	buf_printf(out, "</%s>", element);
}

static void put_tag(struct buf *out, enum verdict v)
{
	buf_printf(out, "<span class=\"tag v-%s\">%s %s</span> ", verdict_name(v), report_mark(v, true),
	           v == VERDICT_UNKNOWN ? "not checked" : verdict_name(v));
}

static void put_evidence(struct buf *out, const struct finding *f)
{
	if (!f->evidence && !f->right)
		return;
	buf_text(out, "<dl>");
	for (const struct evidence *one = f->evidence; one; one = one->next) {
		put_element(out, "dt", "", one->name);
		put_element(out, "dd", "", one->text);
	}
	if (f->right) {
		put_element(out, "dt", "", "needs");
		put_element(out, "dd", "", f->right);
	}
	buf_text(out, "</dl>\n");
}

static void put_card(struct buf *out, const struct finding *f)
{
	bool bad = f->verdict == VERDICT_FAIL || f->verdict == VERDICT_WARN;

	buf_printf(out, "<article class=\"card v-%s\"><h3>", verdict_name(f->verdict));
	put_tag(out, f->verdict);
	put_element(out, "code", "", f->check->id);
	buf_text(out, "</h3>\n");
	put_element(out, "p", "", *f->cause ? f->cause : f->check->title);
	put_evidence(out, f);
	if (bad && f->fix) {
		buf_text(out, "<p class=\"faint\">To mend it, paste:</p>");
		put_element(out, "pre", "", f->fix);
	} else if (bad) {
		put_element(out, "p", " class=\"faint\"", f->check->remedy);
	}
	buf_text(out, "</article>\n");
}

static size_t count_good(const struct findings *f, const struct check_family *family, enum verdict v)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->at[i].verdict == v && check_family_of(f->at[i].check) == family;
	return n;
}

/* What passed or was skipped, folded away. */
static void put_family(struct buf *out, const struct findings *f, const struct check_family *family)
{
	size_t passed = count_good(f, family, VERDICT_PASS), skipped = count_good(f, family, VERDICT_SKIP);

	if (!passed && !skipped)
		return;
	buf_text(out, "<details class=\"card\"><summary>");
	put_tag(out, passed ? VERDICT_PASS : VERDICT_SKIP);
	buf_printf(out, "<b>%s</b> <span class=\"faint\">%zu passed, %zu skipped</span></summary>\n<table>", family->title, passed,
	           skipped);
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *one = &f->at[i];

		if (check_family_of(one->check) != family || (one->verdict != VERDICT_PASS && one->verdict != VERDICT_SKIP))
			continue;
		buf_text(out, "<tr><td>");
		put_tag(out, one->verdict);
		buf_text(out, "</td><td>");
		put_element(out, "code", "", one->check->id);
		buf_text(out, "</td><td>");
		report_xml_text(out, *one->cause ? one->cause : one->check->title);
		put_evidence(out, one);
		buf_text(out, "</td></tr>\n");
	}
	buf_text(out, "</table></details>\n");
}

static void put_cluster(struct buf *out, const struct report_cluster *c)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct finding *const *order;

	buf_text(out, "<section class=\"cluster\">\n<h2>");
	report_xml_text(out, c->release ? arena_printf(&a, "Vault '%s' in the namespace '%s'", c->release, c->namespace_)
	                             : "No release of Vault is known");
	buf_text(out, "</h2>\n");
	put_element(out, "p", " class=\"faint\"", c->context);
	if (c->why) {
		put_element(out, "p", "", c->why->text);
		buf_text(out, "</section>\n");
		return;
	}
	put_element(out, "p", "", report_summary(&a, c->findings));
	buf_text(out, "<div class=\"card scroll\">\n");
	report_svg(out, c->chain);
	buf_text(out, "</div>\n");
	for (order = report_order(&a, c->findings); *order; order++)
		put_card(out, *order);
	for (size_t i = 0; i < n_check_families; i++)
		put_family(out, c->findings, check_families[i]);
	buf_text(out, "</section>\n");
}

static void put_overview(struct buf *out, const struct report *r)
{
	buf_text(out, "<table><tr><th>Cluster</th><th>State</th><th>Summary</th></tr>\n");
	for (size_t i = 0; i < r->n; i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		const struct report_cluster *c = &r->at[i];

		buf_text(out, "<tr><td>");
		report_xml_text(out, c->context);
		buf_text(out, "</td><td>");
		put_tag(out, report_state(c));
		buf_text(out, "</td><td>");
		report_xml_text(out, c->why ? c->why->text : report_summary(&a, c->findings));
		buf_text(out, "</td></tr>\n");
	}
	buf_text(out, "</table>\n");
}

void report_html(struct buf *out, const struct report *r)
{
	char time[ISO8601_TEXT];

	iso8601_print(r->wall_ms, time);
	buf_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	              "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	              "<title>kubectl vault-check</title>\n<style>\n");
	buf_text(out, style);
	buf_printf(out, "</style>\n</head>\n<body>\n<main>\n<h1>kubectl vault-check</h1>\n<p class=\"faint\">%s, version " VA_VERSION
	                "</p>\n", time);
	if (r->many)
		put_overview(out, r);
	for (size_t i = 0; i < r->n; i++)
		put_cluster(out, &r->at[i]);
	buf_text(out, "</main>\n</body>\n</html>\n");
}
