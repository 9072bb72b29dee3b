/*
 * The insides of the loop, shared by loop.c (rows: what starts, what ends, when
 * to leave) and loop_try.c (items: one call after the other until an item has
 * ended). Nobody else includes this; the promises stand in graph.h.
 *
 *	struct course   one loop_run, from start to end
 *	struct run      one row of one graph within it
 *	struct slot     one item of a row that is under way; step.abreast of them at most
 *
 * An item rests until next_ms, is in flight, or waits for new credentials; then
 * it rests again or has ended. Whether a resting item may still ask is decided
 * in one place (slot_may_ask), when its time has come.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "net/graph.h"

enum {
	LOOP_TRIES = 3,              /* AWS standard mode: tries of one item, the first included */
	LOOP_QUOTA = 500,            /* and its retry quota with the price of a retry, */
	LOOP_PRICE_RETRY = 5,
	LOOP_PRICE_TIMEOUT = 10,     /* of one after a time-out, */
	LOOP_BACKOFF_MAX_S = 20,     /* and the ceiling of the back-off */
	LOOP_POLL_MIN_MS = 200,
	LOOP_POLL_MAX_MS = 5000,
	LOOP_POLL_PART = 12,         /* a poll comes after this part of the time waited so far */
	LOOP_GRACE_MS = 5000         /* for calls in flight and settling changes when it is over */
};

enum slot_state { SLOT_FREE, SLOT_RESTING, SLOT_IN_FLIGHT, SLOT_RENEWING };

struct slot {
	enum slot_state state;
	struct run *run;
	size_t item;
	struct call *call;       /* in flight */
	int64_t next_ms;         /* resting: when to ask */
	int64_t sent_ms;         /* when the last ask was sent */
	int64_t awaiting_ms;     /* since when it is NOT_YET; meaningful while awaiting */
	int64_t settling_ms;     /* since when it settles; meaningful while settling */
	bool awaiting, settling;
	bool prepared;           /* `before` was called */
	bool renewed;            /* credentials were renewed for the present try */
	const void *login;       /* SLOT_RENEWING: whose are to be renewed */
	bool repeat;             /* the next ask repeats one */
	bool may_be_done;        /* a change went out and no reply has told what became of it */
	unsigned tries;          /* asks of the row since the last reply that made sense */
	unsigned settle_tries;   /* settle reads in a row that failed */
	int paid;                /* quota that the last retry cost */
	unsigned depth;
	struct err why;          /* why it asks again */
};

struct need {
	const struct step *step;
	const struct track *track;
};

struct run {
	struct course *course;
	struct lane *lane;
	struct graph *graph;
	const struct step *step;
	const struct step *settle;
	struct track *track;
	struct need *needs;      /* looked up once; n_needs of them */
	size_t n_needs;
	size_t n_items, next_item;
	struct slot *slots;      /* n_slots of them; NULL until the row runs */
	size_t n_slots, n_used;
	unsigned depth_free;     /* round trips that were made when the last slot became free */
	bool done, failed, left; /* some item has */
	struct err err;          /* of the first item that failed, or else was left */
};

/* One graph: looked at again when something happened in it, when next_ms has come, or when it was held and there is room. */
struct lane {
	struct graph *graph;
	struct run *runs;        /* one a row, n of them; none before it begins and when it has ended */
	size_t n;
	bool begun, dirty;
	size_t open;             /* rows that have not ended */
	int64_t next_ms;
};

/* Credentials that were refused, and the first call that they were refused to. */
struct renewal {
	const void *login;
	struct call *call;
};

struct course {
	struct loop *loop;
	struct lane *lanes;      /* one a graph */
	size_t n;
	size_t open;             /* rows that have not ended */
	size_t in_flight;
	int quota;
	bool failed;             /* a row that may not fail has failed: no new change starts */
	int64_t failed_ms;
	bool halted;             /* a stop or the deadline: nothing new starts */
	int64_t halted_ms;
	bool leaving;            /* at once */
	struct renewal *renewals;  /* n_renewals of them: where there is one, nothing is sent until nothing is in flight */
	size_t n_renewals;
	struct err first;        /* what loop_run will say: the first failure, or what halted it */
};

/* The transport's clock. */
int64_t course_now(const struct course *c);

/* loop_try.c */

/* Begins an item in a free slot: its first ask is due now. */
void slot_begin(struct slot *slot, struct run *run, size_t item, int64_t now);
/* Until when it may go on: past that it is to be left. INT64_MAX: as long as it takes. */
int64_t slot_until(const struct slot *slot);
/* Asks: the row, or its settle row while settling. The item fails when that cannot be. */
void slot_send(struct slot *slot, int64_t now);
/* The call of this slot has ended; owned from here on. */
void slot_heard(struct slot *slot, struct call *call, int64_t now);
/* Gives the item up: its call is dropped. */
void slot_leave(struct slot *slot);
/* Renews the credentials, and lets those go on who waited for it. Nothing may be in flight. */
void course_renew(struct course *c);

/* loop.c */

/* Everything is to be looked at again. */
void course_stir(struct course *c);

enum item_end { ITEM_DONE, ITEM_FAILED, ITEM_LEFT };

/* An item has ended; why is taken over (NULL: nothing to say). */
void run_item_ended(struct run *run, struct slot *slot, enum item_end end, struct err *why);
/* The row waits for something: told when that is news. */
void run_awaits(struct run *run, const struct err *what);

#endif
