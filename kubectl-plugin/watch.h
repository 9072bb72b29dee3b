/* --watch: rounds without end, drawn anew when something changed. */
#ifndef KUBECTL_PLUGIN_WATCH_H
#define KUBECTL_PLUGIN_WATCH_H

#include "print.h"

/*
 * Draws at once, then looks every every_ms. On a terminal the report stays at the top of the screen, with the time of
 * the last look below it; elsewhere each report that differs from the one before is printed after a line with its time.
 * Ends by a stop alone: -1 with ERR_STOPPED.
 */
MUST_CHECK int watch(struct examiner *x, bool many, enum fail_on fail_on, int64_t every_ms, struct err *e);

#endif
