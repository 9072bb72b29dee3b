/*
 * JUnit's XML as CI systems take it (testmoapp/junitxml has what they agree on):
 * a suite a family, a case a check. What could not be checked is an error, so
 * that it is never taken for a pass; what was skipped is skipped.
 */
#include "cli/report.h"

#include "core/text.h"

static void put_attribute(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, " %s=\"", name);
	report_xml_text(out, text);
	buf_char(out, '"');
}

static void put_details(struct buf *out, const struct finding *f)
{
	for (const struct evidence *one = f->evidence; one; one = one->next) {
		report_xml_text(out, one->name);
		buf_text(out, ": ");
		report_xml_text(out, one->text);
		buf_char(out, '\n');
	}
	if (f->fix) {
		buf_text(out, "fix:\n");
		report_xml_text(out, f->fix);
		buf_char(out, '\n');
	}
}

static void put_outcome(struct buf *out, const char *element, const struct finding *f)
{
	buf_printf(out, "      <%s", element);
	put_attribute(out, "message", f->cause);
	put_attribute(out, "type", verdict_name(f->verdict));
	buf_char(out, '>');
	put_details(out, f);
	buf_printf(out, "</%s>\n", element);
}

static void put_case(struct buf *out, const struct finding *f, enum fail_on fail_on)
{
	buf_text(out, "    <testcase");
	put_attribute(out, "name", f->check->id);
	put_attribute(out, "classname", check_family_of(f->check)->name);
	buf_text(out, " time=\"0\">\n");
	if (report_fails(f, fail_on)) {
		put_outcome(out, "failure", f);
	} else if (f->verdict == VERDICT_UNKNOWN) {
		put_outcome(out, "error", f);
	} else if (f->verdict == VERDICT_SKIP) {
		buf_text(out, "      <skipped");
		put_attribute(out, "message", f->cause);
		buf_text(out, "/>\n");
	} else {
		buf_printf(out, "      <system-out>%s: ", verdict_name(f->verdict));
		report_xml_text(out, f->cause);
		buf_char(out, '\n');
		put_details(out, f);
		buf_text(out, "</system-out>\n");
	}
	buf_text(out, "    </testcase>\n");
}

struct counts {
	size_t tests, failures, errors, skipped;
};

/* family NULL: all of them. */
static struct counts count(const struct findings *f, const struct check_family *family, enum fail_on fail_on)
{
	struct counts n = { 0 };

	for (size_t i = 0; i < f->n; i++) {
		if (family && check_family_of(f->at[i].check) != family)
			continue;
		n.tests++;
		n.failures += report_fails(&f->at[i], fail_on);
		n.errors += f->at[i].verdict == VERDICT_UNKNOWN;
		n.skipped += f->at[i].verdict == VERDICT_SKIP;
	}
	return n;
}

static void put_counts(struct buf *out, struct counts n)
{
	buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"0\"", n.tests, n.failures, n.errors,
	           n.skipped);
}

static void put_suite(struct buf *out, const struct report *r, const struct report_cluster *c, const struct check_family *family)
{
	const struct findings *f = c->findings;
	struct counts n = count(f, family, r->fail_on);
	AUTO(text) char *name = NULL;

	if (!n.tests)
		return;
	name = r->many ? xasprintf("%s: %s", c->context, family->title) : xstrdup(family->title);
	buf_text(out, "  <testsuite");
	put_attribute(out, "name", name);
	put_counts(out, n);
	buf_text(out, ">\n");
	for (size_t i = 0; i < f->n; i++)
		if (check_family_of(f->at[i].check) == family)
			put_case(out, &f->at[i], r->fail_on);
	buf_text(out, "  </testsuite>\n");
}

void report_junit(struct buf *out, const struct report *r)
{
	struct counts all = { 0 };

	for (size_t i = 0; i < r->n; i++) {
		struct counts n = count(r->at[i].findings, NULL, r->fail_on);

		all.tests += n.tests;
		all.failures += n.failures;
		all.errors += n.errors;
		all.skipped += n.skipped;
	}
	buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kubectl vault-check\"");
	put_counts(out, all);
	buf_text(out, ">\n");
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < n_check_families; k++)
			put_suite(out, r, &r->at[i], check_families[k]);
	buf_text(out, "</testsuites>\n");
}
