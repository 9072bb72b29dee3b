/* The findings of all clusters, printed as -o says. */
#ifndef KUBECTL_PLUGIN_PRINT_H
#define KUBECTL_PLUGIN_PRINT_H

#include "cli/report.h"
#include "examine.h"

/* What a round found, as a report; its rows are in the arena. many: --contexts was given. */
struct report report_of(const struct examiner *x, struct arena *a, bool many, enum fail_on fail_on);

/* Appends the report in the format of -o. */
MUST_CHECK int print_report(struct buf *out, struct app *app, const struct report *r, struct err *e);

/* The formats of -o, for the command's row. */
extern const char *const report_formats[];

#endif
