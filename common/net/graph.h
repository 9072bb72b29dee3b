/*
 * A graph of steps, run by one loop.
 *
 * A step is a row of a const table: one request and its reply, started the
 * moment the steps that it needs have ended. `ask` builds the request, `hear`
 * reads the reply; neither waits. The loop retries, polls, settles changes
 * whose reply was lost, keeps deadlines, and writes down one track a row, from
 * which progress, trace, plan and the count of round trips come.
 *
 *	static const struct step rows[] = {
 *		{ .name = "table.read", .ask = ask_table, .hear = hear_table },
 *		{ .name = "table.create", .needs = NEEDS("table.read"), .due = table_absent,
 *		  .change = "create the table", .settle = "table.read",
 *		  .ask = ask_create_table, .hear = hear_created_table },
 *	};
 *
 * What the loop promises:
 *
 * - Start. A row starts when its last need has ended well (done, not due or
 *   planned). A row that is not due ends at once. Rows stand after their needs.
 * - Plan. With plan_only reads are sent; a due row with .change ends as
 *   planned, unsent. Rows that need a planned row and only read, and are due,
 *   are sent; so `due` must say no where there is nothing to ask for yet.
 * - Tries. Unsent, or busy: back off, ask again (unsent for what the net is not
 *   to blame for: refused, see transport.h). Lost, broken or HEARD_UNSURE: the
 *   same for a row without `settle`; a row with one asks and hears the settle
 *   row, for the same item and world, until its own `due` says no (done) or
 *   settle_s is over (ask again). Where settling itself gets no answer the row
 *   fails: what may have been done is not asked twice.
 *   Back-off is the AWS standard mode: a random part of min(2^(k-1), 20) s,
 *   max_attempts tries, one quota of 500 (5 a retry, 10 a time-out).
 * - NOT_YET polls after a twelfth of the time waited so far, at least 0.2 s, at
 *   most 5 s, for patience_s; the last look comes when patience ends.
 * - Renewal. At HEARD_RENEW nothing more is sent until nothing is in flight;
 *   then loop.renew once a login (loop.whose), and all who heard it of that
 *   login ask again: no try, no depth. Twice in a row is a refusal.
 * - Depth counts the first request of a row and each further page; retries,
 *   polls, settling and renewals do not count.
 * - Failure. A row fails when refused, or when tries or patience run out. Rows
 *   that need it end as left; no new change starts; calls in flight and changes
 *   that are settling get 5 s more; reads go on. A stop (Ctrl-C) and the
 *   deadline do the same, except that nothing new starts; a second stop leaves
 *   at once. What may have been done when it was left says so in its track.
 * - Nobody repeats behind the loop's back (request.once).
 */
#ifndef NET_GRAPH_H
#define NET_GRAPH_H

#include "core/host.h"
#include "net/transport.h"

enum heard {
	HEARD_DONE,
	HEARD_MORE,      /* one page taken: ask again at once */
	HEARD_NOT_YET,   /* CREATING, not propagated: poll; e says what is awaited */
	HEARD_BUSY,      /* throttled after all (a code in the body): nothing was done */
	HEARD_RENEW,     /* credentials expired, clock off: loop.renew, then ask again */
	HEARD_UNSURE,    /* garbage, "exists already": may have been done */
	HEARD_REFUSED    /* e says why; never asked again */
};

enum step_state {
	STEP_WAITING, STEP_RUNNING, STEP_DONE, STEP_NOT_DUE, STEP_PLANNED, STEP_FAILED, STEP_LEFT
};

/* Of a table at file scope: within a function it is no constant. */
#define NEEDS(...) (const char *const[]){ __VA_ARGS__, NULL }

enum { STEP_ITEMS_IN_FLIGHT = 16, STEP_ITEMS_MAX = 128 };

struct step {
	const char *name;
	const char *const *needs;          /* earlier rows that must have ended well; NULL: none */
	const char *change;                /* what plan and progress print; NULL: the row only reads */
	const char *title;                 /* what progress calls a row that only reads, while it waits; NULL: name */
	const char *settle;                /* row that tells whether the change was made after all */
	unsigned settle_s, patience_s;     /* how long "absent" must last; how long NOT_YET may last */
	unsigned timeout_ms;               /* of one request; 0: the request's own */
	size_t (*count)(const void *world);                      /* NULL: one item; else so many */
	unsigned abreast;                  /* items in flight at most, up to STEP_ITEMS_MAX; 0: STEP_ITEMS_IN_FLIGHT */
	bool (*due)(const void *world, size_t item);             /* pure; NULL: always */
	int (*before)(void *world, size_t item, struct err *);   /* once before the first ask: what must be on disk by then */
	int (*ask)(const void *world, size_t item, struct request *, struct err *);
	enum heard (*hear)(void *world, size_t item, const struct reply *, struct err *);
	/*
	 * An item has failed for good. true: that was written down in the world, and
	 * counts as done, so that one pod's silence does not hide what others said. Not
	 * for rows with change.
	 */
	bool (*missed)(void *world, size_t item, const struct err *why);
	bool may_fail;                     /* its failure fails neither the run nor the rows that need it; judged later from the track */
};

struct track {                         /* what the loop writes down about one row */
	enum step_state state;
	int64_t start_ms, end_ms;
	unsigned sent, again, depth;       /* requests; repeats among them; round trips, longest way to its end */
	struct err err;                    /* why it failed, or what it is waiting for */
	struct run *run;                   /* the loop's own; NULL outside loop_run */
};

struct graph {
	const struct step *steps;
	size_t n;
	void *world;
	struct track *tracks;              /* n of them, zeroed, the caller's; track_release each */
};

struct loop {
	const struct transport *transport; /* also the loop's clock */
	const struct host *host;           /* random part of the back-off */
	int64_t deadline_ms;               /* of the transport's clock; 0: none */
	unsigned max_attempts;             /* 0: 3 */
	unsigned graphs_max;               /* begun and not ended at a time, the first ones first; 0: no limit */
	bool plan_only;
	/* Whose credentials a graph's refused request had, of those that `renew` knows. NULL: there is one login alone. */
	const void *(*whose)(void *to, const struct graph *, const struct reply *);
	/* Credentials expired or clock off: called with nothing of this loop in flight; may run a loop of its own. */
	int (*renew)(void *to, const void *login, const struct reply *, struct err *);
	/* At each change of state, and when what it waits for changes. */
	void (*tell)(void *to, const struct graph *, const struct step *, const struct track *);
	/* Every row of a graph has ended: its world is not touched again, and may go. NULL: nobody cares. */
	void (*ended)(void *to, struct graph *);
	void *to;                          /* for whose, renew, tell and ended */
};

/*
 * Runs n graphs to their end. 0: every row ended well. -1: e holds the error of
 * the row that failed first with the step's name in context (further failures
 * stay in the tracks), ERR_LATE for the deadline, ERR_STOPPED with the signal.
 */
MUST_CHECK int loop_run(struct loop *l, struct graph *graphs, size_t n, struct err *e);

/* One request outside any graph, with the loop's retries: a graph of one row. */
MUST_CHECK int loop_ask(struct loop *l, const struct step *row, void *world, struct err *e);

/* The track of a row by name; NULL when the graph has none. */
struct track *graph_track(const struct graph *g, const char *name);
/* Round trips on the longest way of the graph: the greatest depth. */
unsigned graph_depth(const struct graph *g);
/* Requests sent in all. */
unsigned graph_sent(const struct graph *g);
/* Frees what a track holds and zeroes it. */
void track_release(struct track *t);
void graph_release_tracks(struct graph *g);

/*
 * 0 when the table is sound: names unique; needs and settle point to earlier
 * rows; a change has settle or may be repeated; ask and hear are there. Unit
 * tests call it on every table.
 */
MUST_CHECK int graph_check(const struct step *steps, size_t n, struct err *e);

#endif
