/*
 * What the loop is doing, for people. On a terminal a live list of the changes,
 * drawn anew at each tell; elsewhere one line when a change ends, or waits for
 * something new:
 *
 *	[  1.2s] create the table ... done (0.3s)
 *	[  1.4s] wait for the table ... the table is CREATING
 *
 * Rows that only read are one count together, and have lines of their own only
 * while they wait. Why something failed is left to the error that follows. Silent with -o json or yaml unless talk is a
 * terminal. The cursor is never hidden, so nothing must be restored after a
 * crash.
 *
 *	struct progress p;
 *	progress_start(&p, app, transport);
 *	loop.tell = progress_tell;  loop.to = &p;      (or call it from your own tell)
 *	...
 *	progress_end(&p);                              leaves the final state on the screen, but of reads that went well
 *
 * The graphs must live until progress_end. Whoever prints in between calls
 * progress_pause first.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/app.h"
#include "net/graph.h"

enum { PROGRESS_GRAPHS_MAX = 4 };

struct progress {
	struct app *app;
	const struct transport *transport;  /* the clock */
	int64_t start_ms;
	bool silent, live;
	const struct graph *graphs[PROGRESS_GRAPHS_MAX];  /* seen so far, in order */
	size_t n_graphs;
	unsigned drawn;                     /* lines of the live list on the screen */
};

void progress_start(struct progress *p, struct app *app, const struct transport *transport);
/* For loop.tell; progress is the struct. */
void progress_tell(void *progress, const struct graph *g, const struct step *s, const struct track *t);
/* Takes the live list off the screen; the next tell draws it again below. */
void progress_pause(struct progress *p);
void progress_end(struct progress *p);
#endif
