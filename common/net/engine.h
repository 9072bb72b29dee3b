/*
 * The insides of the real transport, shared by engine_curl.c (the transport and
 * its one poll), engine_curl_http.c (HTTP calls), engine_child.c (child
 * processes) and engine_signal.c. Nobody else includes this; the promises stand
 * in transport.h and engine_curl.h. libcurl's handles are void pointers here as
 * they are in curl.h, which only the two engine_curl files include.
 */
#ifndef NET_ENGINE_H
#define NET_ENGINE_H

#include "net/engine_curl.h"

#include <signal.h>
#include <sys/types.h>

enum { ENGINE_IDLE_MAX = 64 };   /* easy handles kept for later calls */

/* The signals that ask us to stop. */
struct signals {
	int fd;              /* signalfd; -1: not heard */
	sigset_t before;     /* the mask to be restored, and for children */
	unsigned stops, told; /* stops heard; stops of which `wait` knows */
	int last;
};

/* A child under way, or one that was given up and is still to be reaped. */
struct child {
	struct child *next;
	struct call *call;   /* NULL: given up */
	pid_t pid;
	int pidfd, out, talk; /* -1: closed */
	int64_t until_ms;    /* its time limit; given up: when it is killed for good */
	bool killed;
};

struct engine {
	void *multi;         /* CURLM */
	void *idle[ENGINE_IDLE_MAX];  /* CURL, n_idle of them */
	size_t n_idle;
	struct child *children;
	struct signals signals;
	struct engine_counts counts;
	char *ca_file, *https_proxy, *http_proxy, *no_proxy, *user_agent;
	void (*trace)(void *to, const char *line);
	void *to;
};

int64_t engine_now_ms(void);

/* One line to the trace, if anybody listens. */
void engine_trace(const struct engine *g, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* How a call that has ended did end. */
void engine_trace_end(const struct engine *g, const struct call *call);

/* engine_curl_http.c */

MUST_CHECK int http_start(struct engine *g, struct call *call, struct err *e);
void http_drop(struct engine *g, struct call *call);
/* The next HTTP call that has ended; NULL: none has. */
struct call *http_ended(struct engine *g);

/* engine_child.c */

/* ERR_ABSENT: there is no such program. ERR_NET with errno: the system would not. */
MUST_CHECK int child_start(struct engine *g, struct call *call, struct err *e);
void child_drop(struct engine *g, struct call *call);
/* Reads what children said, kills the late ones; the next call that has ended; NULL: none has. */
struct call *child_ended(struct engine *g);
/* File descriptors to be polled for reading, at most 3 a child: how many were put into fds. */
size_t child_fds(const struct engine *g, int *fds, size_t max);
/* When the next child is late; INT64_MAX: never. */
int64_t child_until_ms(const struct engine *g);
/* Kills and reaps all. */
void child_close(struct engine *g);

/* engine_signal.c */

/* Blocks INT, TERM and HUP (each unless it is ignored) and hears them through a file descriptor. */
MUST_CHECK int signals_open(struct signals *s, bool hear, struct err *e);
/* Takes up what has come since. */
void signals_read(struct signals *s);
void signals_close(struct signals *s);

#endif
