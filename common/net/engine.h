/*
 * The insides of the real transport, shared by engine_curl.c (the transport and
 * its one poll), engine_watch.c (the sockets), engine_curl_http.c and engine_curl_end.c (HTTP calls),
 * engine_turn.c (how many of them at once), engine_ahead.c (connections before them), engine_tls.c and engine_client.c (who is trusted, and who we are),
 * engine_tunnel.c, engine_pipe.c and engine_greet.c (connections through a WebSocket),
 * engine_messages.c (calls that are a WebSocket), engine_spawn.c
 * and engine_child.c (child processes), and engine_signal.c and engine_files.c.
 * Nobody else includes this; the promises stand in transport.h and
 * engine_curl.h. libcurl's handles are void pointers here as they are in curl.h,
 * which only the engine_curl files include.
 */
#ifndef NET_ENGINE_H
#define NET_ENGINE_H

#include "net/engine_curl.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Easy handles, and connections, kept for later calls; calls on one connection that multiplexes. */
enum { ENGINE_IDLE_MAX = 128, ENGINE_CONNECTIONS_MAX = 224, ENGINE_STREAMS_MAX = 128 };

/* The signals that ask us to stop. */
struct signals {
	int fd;              /* signalfd; -1: not heard */
	sigset_t before;     /* the mask to be restored, and for children */
	unsigned stops, told; /* stops heard; stops of which `wait` knows */
	int last;
};

/* How many files may be open. */
struct files {
	struct rlimit before;
	bool raised;
	rlim_t max;
};

/* What engine_tunnel.c keeps: its header says what these are. */
struct tunnels {
	struct route *routes;
	struct pipe *pipes;
	struct pipe *ready;  /* of them, those with something to move */
	struct door *doors;
	size_t calls;        /* under way */
	size_t messages;     /* calls of messages under way */
	uint64_t ends;       /* of calls so far */
	int64_t until_ms;    /* when the next pipe has waited long enough, or before; INT64_MAX: never */
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
	int epoll;           /* with what it watches, by descriptor */
	struct watch *watches;
	size_t n_watches;
	int64_t curl_due_ms; /* when libcurl wants to do something by itself; INT64_MAX: never */
	void *share;         /* CURLSH: TLS sessions, which would be each handle's own */
	void *idle[ENGINE_IDLE_MAX];  /* CURL, n_idle of them */
	size_t n_idle;
	struct child *children;
	struct tunnels tunnels;
	struct turn *turns;
	struct http *ahead;  /* under way, and nobody's */
	struct roots *roots; /* the public ones; NULL: no connection has needed them */
	struct client *clients;  /* certificates that we showed, with their keys */
	struct relay *relay; /* NULL: nobody's connections are taken */
	struct signals signals;
	struct files files;
	struct engine_counts counts;
	char *ca_file, *https_proxy, *http_proxy, *no_proxy, *user_agent;
	void (*trace)(void *to, const char *line);
	void *to;
};

/* The clock of transport.now_ms: milliseconds that only go forward. */
int64_t engine_now_ms(void);

/* One line to the trace, if anybody listens. */
void engine_trace(const struct engine *g, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* How a call that has ended did end. */
void engine_trace_end(const struct engine *g, const struct call *call);

/* engine_curl_http.c */

/* Begins a call, or takes one that is under way back: then it never ends. */
MUST_CHECK int http_start(struct engine *g, struct call *call, struct err *e);
void http_drop(struct engine *g, struct call *call);
/* The next HTTP call that has ended; NULL: none has. */
struct call *http_ended(struct engine *g);

/* engine_ahead.c: connections before they are needed; and the end of those that are still being made. */
void ahead_make(struct engine *g, const struct ahead *a);
void ahead_close(struct engine *g);

/* engine_tls.c: with no connection left. */
void trust_close(struct engine *g);

/* engine_tunnel.c */

/* Moves the bytes of the pipes that something was told of, and of those that have waited long enough. */
void tunnels_move(struct engine *g);
/* Closes what is kept for the tunnels of this owner, none of whose calls is under way. */
void tunnels_leave(struct engine *g, const void *owner);
/* Says goodbye to all and frees them. */
void tunnels_close(struct engine *g);

/* engine_relay.c */

/* Lets connections of others in and leads them on; true: something has moved. */
bool relay_move(struct engine *g);
/* It is to be moved at once. */
bool relay_hurries(const struct engine *g);
/* Once when a way is looked for: then `wait` returns. */
bool relay_tells(struct engine *g);
/* What to poll for who knocks: none or one; and what the poll told of it. */
size_t relay_fds(const struct engine *g, int *fd);
void relay_polled(struct engine *g, bool knocked);
/* With no pipe left. */
void relay_close(struct engine *g);

/* engine_messages.c */

/* Opens the WebSocket that the call is; ERR_BUG for a call that nobody hears. */
MUST_CHECK int messages_start(struct engine *g, struct call *call, struct err *e);
/* Closes it: then it never ends. */
void messages_drop(struct engine *g, struct call *call);
/* The next such call that has ended; NULL: none has. */
struct call *messages_ended(struct engine *g);

/* engine_spawn.c */

/*
 * Forks and execs; fills pid and the descriptors. ERR_ABSENT: there is no such
 * program; ERR_CONFIG: it cannot be run; ERR_BUG: the system would not.
 */
MUST_CHECK int child_spawn(struct engine *g, struct child *c, const struct request *rq,
                           struct err *e);
/* Closes and forgets; -1 is nothing to close. */
void close_fd(int *fd);

/* engine_child.c */

/* A program that is not there or cannot be run ends as unsent, through child_ended. */
MUST_CHECK int child_start(struct engine *g, struct call *call, struct err *e);
void child_drop(struct engine *g, struct call *call);
/* Reads what children said, kills the late ones; the next call that has ended; NULL: none has. */
struct call *child_ended(struct engine *g);
/* Puts what is to be polled for reading into fds, which holds three a child; gives how many. */
size_t child_fds(const struct engine *g, int *fds);
/* How many children are there, the dying ones too. */
size_t child_count(const struct engine *g);
/* When the next child is late; INT64_MAX: never. */
int64_t child_until_ms(const struct engine *g);
/* Waits for the end of a process that is about to end; its status as waitpid gives it. */
int child_reap(pid_t pid);
/* Kills and reaps all. */
void child_close(struct engine *g);

/* engine_files.c: as many as the system allows, in reason; and as before, which is for children too. */
void files_open(struct files *f);
void files_close(const struct files *f);

/* engine_signal.c */

/* Blocks INT, TERM and HUP (each unless it is ignored) and hears them through a file descriptor. */
MUST_CHECK int signals_open(struct signals *s, bool hear, struct err *e);
/* Takes up what has come since. */
void signals_read(struct signals *s);
void signals_close(struct signals *s);

#endif
