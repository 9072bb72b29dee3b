#include "print.h"

#include "core/text.h"
#include "formats/json.h"
#include "formats/yaml.h"

const char *const report_formats[] = { "table", "wide", "json", "yaml", "junit", "sarif", "prometheus", "html", NULL };

struct report report_of(const struct examiner *x, struct arena *a, bool many, enum fail_on fail_on)
{
	struct report_cluster *clusters = ARENA_ARRAY(a, struct report_cluster, x->n + 1);

	for (size_t i = 0; i < x->n; i++) {
		const struct examination *one = &x->at[i];

		clusters[i] = (struct report_cluster){
			.context = one->context, .release = one->release, .namespace_ = one->namespace_, .chain = &one->chain,
			.findings = &one->findings,
			.why = one->why.kind ? &one->why : NULL,
		};
	}
	return (struct report){
		.at = clusters, .n = x->n, .many = many, .fail_on = fail_on, .wall_ms = host_wall_ms(&x->app->host),
	};
}

static int print_value(struct buf *out, const struct report *r, bool yaml, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *v = report_value(&a, r);

	if (yaml)
		return va_yaml_print(out, v, e);
	va_json_print(out, v, true);
	return 0;
}

int print_report(struct buf *out, struct app *app, const struct report *r, struct err *e)
{
	static const struct {
		const char *format;
		void (*print)(struct buf *, const struct report *);
	} printers[] = {
		{ "junit", report_junit }, { "sarif", report_sarif }, { "prometheus", report_prometheus }, { "html", report_html },
	};
	struct report_look look = {
		.wide = app_format_is(app, "wide"), .color = app->out_color, .utf8 = app->utf8, .columns = (size_t)app->columns,
	};

	for (size_t i = 0; i < COUNT_OF(printers); i++)
		if (app_format_is(app, printers[i].format)) {
			printers[i].print(out, r);
			return buf_whole(out, "the report", e);
		}
	if (app_format_is(app, "json") || app_format_is(app, "yaml")) {
		if (print_value(out, r, app_format_is(app, "yaml"), e) < 0)
			return -1;
	} else {
		report_table(out, r, &look);
	}
	return buf_whole(out, "the report", e);
}
