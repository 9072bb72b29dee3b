/*
 * How calls are carried out: by libcurl and fork in earnest (engine_curl.h), by
 * a fake that counts, delays and breaks them in tests. The transport is also
 * the monotonic clock of whatever waits on it, and hears the signals.
 *
 * Owner: whoever starts a call keeps it alive until `wait` gave it back or
 * `drop` was called on it.
 */
#ifndef NET_TRANSPORT_H
#define NET_TRANSPORT_H

#include "net/request.h"

enum call_end {
	CALL_REPLY,    /* a whole reply came (or the child ended) */
	/*
	 * No byte of the request left us. With ERR_NET (name, connect, proxy) another
	 * try may help; with any other kind none will: a certificate that is not
	 * accepted (ERR_REMOTE), a program that is not there (ERR_ABSENT).
	 */
	CALL_UNSENT,
	/* Sent, or partly; no whole reply. ERR_NET (ETIMEDOUT: too slow), ERR_REMOTE: past a ceiling. */
	CALL_LOST
};

struct call {
	struct request rq;
	struct reply reply;
	enum call_end end;
	struct err err;          /* why, when there is no reply */
	bool fresh;              /* a new connection was made for it */
	int64_t start_ms, ends_ms;
	void *user;              /* the starter's; NULL: it may end while a loop runs, which leaves it alone */
	void *engine;            /* the transport's */
};

/* Connections to a server that will be wanted. tls outlives the transport's last `wait`. */
struct ahead {
	const char *origin;          /* "https://host:port", and no more */
	const struct tls *tls;       /* as the requests will have it: one with another tls does not get them */
	unsigned n;
	bool websockets;             /* for requests with a tunnel; else for ordinary ones, over HTTP/1.1 */
};

struct transport_ops {
	/* Takes up the call; it ends through `wait`. -1: not started, nothing to drop. */
	int (*start)(void *self, struct call *call, struct err *e);
	/* The next call to end. NULL: it is until_ms, a stop was asked since the last wait, or a relay looks for a way. */
	struct call *(*wait)(void *self, int64_t until_ms);
	/* Milliseconds of a clock that never goes back. */
	int64_t (*now_ms)(void *self);
	/* Gives a started call up: its connection is closed, its child killed. Its end is not reported. */
	void (*drop)(void *self, struct call *call);
	/* How often a stop was asked in all (Ctrl-C, TERM), and the last signal's number (may be NULL). */
	unsigned (*stops)(void *self, int *signal);
	/* Begins to make connections that no call has asked for yet; whatever becomes of them is told to nobody. NULL: cannot. */
	void (*ahead)(void *self, const struct ahead *);
	/* With no call through a tunnel of this owner's under way, and none to come soon: what it keeps for them may go. NULL: keeps it. */
	void (*leave)(void *self, const void *owner);
	void (*close)(void *self);
};

struct transport {
	const struct transport_ops *ops;
	void *self;
};

/* Where the transport can. */
void transport_ahead(const struct transport *t, const struct ahead *a);
void transport_leave(const struct transport *t, const void *owner);

/* Empty, on the heap: the caller frees. */
struct call *call_new(void);
/* Wipes request and reply. */
void call_free(struct call *call);

#endif
