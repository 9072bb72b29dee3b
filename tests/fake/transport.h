/*
 * A transport without a network: requests are answered by a callback, calls
 * take latency_ms of a clock that moves instead of sleeping, and any call may
 * be made to fail in any way. Every call is written down.
 *
 *	struct fake_transport net;
 *	fake_transport_init(&net, serve, &cloud);
 *	net.latency_ms = 50;
 *	fake_transport_fault(&net, 3, FAULT_LOST_REPLY, REACH_ONCE);
 *	struct transport t = fake_transport(&net);
 *	...
 *	assert_int_equal(fake_transport_count(&net, "kms:CreateKey"), 1);
 *	fake_transport_release(&net);
 *
 * Calls are served in the order of their start. A call ends when its latency is
 * over or its time limit, whichever comes first; calls that end at the same
 * time end in the order of their start: so every run is the same.
 */
#ifndef FAKE_TRANSPORT_H
#define FAKE_TRANSPORT_H

#include "net/transport.h"

enum fault {
	NO_FAULT,
	FAULT_RESET,          /* not one byte left us: nothing was done */
	FAULT_LOST_REPLY,     /* done, and no reply */
	FAULT_THROTTLE,       /* nothing was done */
	FAULT_5XX,            /* done, and the reply says that the server failed */
	FAULT_GARBAGE,        /* done, and the reply is cut short */
	FAULT_SLOW,           /* done, and the reply comes ten minutes later */
	FAULT_LOST_REQUEST,   /* sent and lost on the way: nothing was done, and no reply */
	FAULT_KILLED,         /* done, and our process is killed before the reply */
	FAULT_KILLED_BEFORE,  /* our process is killed before a byte has left it */
	FAULT_KINDS
};

enum reach {
	REACH_ONCE,           /* this call only */
	REACH_LASTING         /* this call and all later ones */
};

enum { FAKE_STOPS_MAX = 4, FAKE_SLOW_MS = 600000 };

/* What is written down about a call. */
struct fake_call {
	int64_t start_ms, end_ms;   /* end_ms -1: has not ended, or was dropped */
	char *label, *method, *url, *host;  /* "" when there is none; a child's argv[0] is its url */
	enum fault fault;
	enum call_end end;
	int status;
	bool once, dropped;
};

struct fake_transport {
	/* Answers a request. May add to *latency_ms, which comes filled with the fake's. */
	void (*serve)(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms);
	/* Writes the reply of a throttle, 5xx or garbage fault, as the protocol has it. NULL: plain ones. */
	void (*spoil)(void *to, enum fault fault, const struct request *rq, struct reply *reply);
	void *to;                   /* for both */
	unsigned latency_ms;
	int64_t now_ms;             /* the clock; starts at 0 */

	unsigned fault_at;          /* number of the call that is to fail, from 1; 0: none */
	enum fault fault;
	enum reach reach;

	struct fake_call *calls;    /* n_calls of them, in the order of their start */
	size_t n_calls;

	/* Its own. */
	struct fake_pending *pending;
	struct { int64_t at_ms; int signal; } asked[FAKE_STOPS_MAX];
	unsigned n_asked, stops, told;
	int signal;
	bool killed;
};

void fake_transport_init(struct fake_transport *f,
                         void (*serve)(void *to, const struct request *rq, struct reply *reply,
                                       unsigned *latency_ms),
                         void *to);
void fake_transport_release(struct fake_transport *f);
/* Valid as long as f is. */
struct transport fake_transport(struct fake_transport *f);

/* Call number at (from 1, counted since init or the last heal) fails in this way. */
void fake_transport_fault(struct fake_transport *f, unsigned at, enum fault fault, enum reach reach);
/* try for each of the first n calls and every fault of it, once and lasting. */
void fake_transport_fail_each(unsigned n, void (*try)(unsigned at, enum fault fault, enum reach reach));
/* No more faults, stops forgotten, calls forgotten; a new process may use it. The clock goes on. */
void fake_transport_heal(struct fake_transport *f);
/* A stop is asked for when the clock reaches at_ms; FAKE_STOPS_MAX at most, in order of time. */
void fake_transport_stop_at(struct fake_transport *f, int64_t at_ms, int signal);

/* How many calls had this label. */
size_t fake_transport_count(const struct fake_transport *f, const char *label);
/* The nth (from 0) call of this label; NULL when there are fewer. */
const struct fake_call *fake_transport_call(const struct fake_transport *f, const char *label,
                                            size_t nth);
/* Calls that were under way at the same time, at most. */
size_t fake_transport_width(const struct fake_transport *f, const char *label);

/* A reply in one line, for serve: status and body. */
void fake_reply(struct reply *reply, int status, const char *body);
/* A header of the reply. */
void fake_reply_header(struct reply *reply, const char *name, const char *value);

#endif
