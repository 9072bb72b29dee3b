/*
 * What an examination found, for people and for machines: one printer a file
 * (report_NAME.c), each pure over a buffer and fed by the findings alone.
 *
 *	struct report r = { clusters, 1, FAIL_ON_FAIL, host_wall_ms(&app->host) };
 *	AUTO(buf) struct buf text = BUF_MAX(REPORT_TEXT_MAX);
 *
 *	report_junit(&text, &r);
 *
 * Texts of others (names, messages, evidence) are made safe for what they are
 * put into: control characters never reach a terminal, mark-up never a page.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/table.h"
#include "domain/chain.h"

enum { REPORT_TEXT_MAX = 64 << 20 };

/* One cluster; all borrowed. */
struct report_cluster {
	const char *context;             /* "" when it has no name */
	const char *release, *namespace_;  /* NULL: none is known */
	const struct chain *chain;
	const struct findings *findings;
	const struct err *why;           /* there is no release, or no choosing one; NULL: it was examined */
};

struct report {
	const struct report_cluster *at;
	size_t n;
	bool many;                       /* by --contexts: a list even when it is one */
	enum fail_on fail_on;
	int64_t wall_ms;                 /* when it was looked */
};

/* How a text for people may look. */
struct report_look {
	bool wide, color, utf8;
	size_t columns;
};

/* The tree of -o json and yaml, in the arena; kubectl-plugin/findings.schema.json documents it. */
struct value *report_value(struct arena *a, const struct report *r);

/*
 * The chain with its broken link marked; what failed, warned or could not be checked, the root first, with
 * evidence and fix; the rest in one line a family; a summary. wide: every check with its evidence. Many: a line
 * a cluster, then those that are not well.
 */
void report_table(struct buf *out, const struct report *r, const struct report_look *look);

/* JUnit's XML: a suite a family, what could not be checked is an error. */
void report_junit(struct buf *out, const struct report *r);
/* SARIF 2.1.0 (OASIS). */
void report_sarif(struct buf *out, const struct report *r);
/* Prometheus's text format 0.0.4. */
void report_prometheus(struct buf *out, const struct report *r);
/* One page that needs nothing else: no script, no font, no picture from elsewhere. */
void report_html(struct buf *out, const struct report *r);

/* ---- for the printers ---- */

/* What is to be told in full, the root first, then by severity; in the arena, NULL-terminated. */
const struct finding *const *report_order(struct arena *a, const struct findings *f);

/* The line at the end: "12 passed, 1 failed ...; the broken link: irsa-role". */
const char *report_summary(struct arena *a, const struct findings *f);

/* Does the finding make the run fail? */
bool report_fails(const struct finding *f, enum fail_on fail_on);

/* The worst verdict of a cluster, UNKNOWN below FAIL, SKIP where there is no release. */
enum verdict report_state(const struct report_cluster *c);

/* "✓" and the like, "+" without UTF-8. */
const char *report_mark(enum verdict v, bool utf8);
enum paint report_paint(enum verdict v);

/* The chain in boxes; report_chain.c. */
void report_chain(struct buf *out, const struct chain *chain, const struct report_look *look);
/* The same as an inline SVG picture; report_svg.c. */
void report_svg(struct buf *out, const struct chain *chain);

/* Appends text safe for XML and HTML, attributes too; newlines stay. */
void report_xml_text(struct buf *out, const char *text);

#endif
