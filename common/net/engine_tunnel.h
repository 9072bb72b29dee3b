/*
 * Tunnels: each connection that libcurl makes for a request with a tunnel is one
 * to a loopback listener of ours, and its bytes are pumped through a WebSocket
 * on a connect-only handle in the same multi handle. (No socket pair handed to
 * libcurl: 7.88 breaks on it. No unix sockets: it never reuses them.)
 *
 *	route    one listener, for one tunnel's name; libcurl gets there by CURLOPT_CONNECT_TO
 *	door     a local port that a call's own socket was bound to: only these are let in
 *	pipe     one connection let in, with its WebSocket
 *
 * A pipe outlives its call, as libcurl keeps the connection for the next one.
 * A call of messages is a pipe too, one without a connection of libcurl's on the
 * near side: what comes is heard by the call itself, and it ends with it.
 */
#ifndef NET_ENGINE_TUNNEL_H
#define NET_ENGINE_TUNNEL_H

#include "net/engine_curl_http.h"
#include "net/tunnel.h"
#include "net/websocket.h"

enum pipe_state { PIPE_CONNECTING, PIPE_SPARE, PIPE_UPGRADING, PIPE_OPEN, PIPE_CLOSING, PIPE_CLOSED };

enum {
	PIPE_PIECE = 16 << 10,                          /* of the stream in one message of ours */
	PIPE_OUT_MAX = 4 * PIPE_PIECE,                  /* beyond, libcurl is not read any more */
	PIPE_IN_MAX = WS_MESSAGE_MAX + (64 << 10),
	PIPE_REFUSAL_MAX = 64 << 10,                    /* of the body that says why there is no WebSocket */
	PIPE_CLOSE_MS = 2000,                           /* for the other side's close */
	PIPES_IDLE_MAX = 64,                            /* kept for a next call, where so many files may be open */
	PIPE_FILES = 4                                  /* its two ends, libcurl's, and a share of the listener */
};

struct pipe {
	struct pipe *next;
	struct pipe *next_ready;
	bool ready;                  /* in the list of those with something to move */
	struct engine *g;
	enum pipe_state state;
	char *name;
	const void *owner;           /* the tunnel's */
	unsigned port, seen;
	const struct tunnel *tunnel; /* of a relay's, until it is open */
	unsigned tries;              /* of a relay's, this one too; 0: it is none */
	bool near_ended;             /* a relay's client has said all; it still hears */
	int64_t moved_ms;            /* and when bytes moved last, */
	bool near_last;              /* from the client */
	struct view prefix;
	enum tunnel_said (*hear)(unsigned port, unsigned *seen, struct view message, struct view *bytes, struct err *);
	struct call *asker;          /* a call of messages; NULL: a tunnel's */
	bool spare;                  /* nobody's yet: connects, and waits (PIPE_SPARE) for who wants a WebSocket of its server */
	bool sent, whole, late;      /* the upgrade went out; its reply is there, or refused; its time was over */
	struct http *user;           /* whose call opened it; NULL once it is open and has greeted, or gone */
	struct http *upgrade;        /* the connect-only handle; NULL: closed */
	char key[WS_KEY_MAX];
	struct websocket ws;
	int fd, far;                 /* libcurl's end of the stream; the WebSocket's socket, to be watched only. -1: none */
	unsigned local_port;         /* of libcurl's socket: names the pipe once a call has ended */
	struct buf out, in, back;    /* to the WebSocket, from it, and to libcurl */
	uint64_t given;              /* bytes that libcurl got */
	bool opened, far_ended, close_sent;
	bool answered;               /* bytes of the far end came */
	bool greets;                 /* what libcurl or a client sends waits until the far end has answered a greeting */
	bool absent;                 /* nobody was there: what went in has reached no one */
	uint64_t idle;               /* the how manieth end of a call was its last one's; 0: none, or a further call has begun */
	int64_t until_ms;            /* closing: until when; of a call of messages: its time limit */
	struct err why;
};

/* engine_pipe_open.c */

/* Takes over fd. The tunnel of user's call asks for the WebSocket. Ends at once (closed, with why) where it cannot. */
struct pipe *pipe_new(struct engine *g, struct http *user, int fd, unsigned local_port);
/* One for a relay's connection, whose fd it takes over (it may be back with relay_ended); ends at once where it cannot. */
struct pipe *pipe_relay(struct engine *g, const struct tunnel *tunnel, int fd, unsigned tries);
/* One for a call of messages, which is opened with the call's own request. -1: there is none. */
MUST_CHECK int pipe_open(struct engine *g, struct call *call, struct pipe **out, struct err *e);
/* One that nobody has asked for yet, with the call that says to which server. Takes over the call; NULL: it cannot be made. */
struct pipe *pipe_spare(struct engine *g, struct call *call);
/* Reads the answer to the upgrade out of what has come: it opens the pipe, or ends it. False: more of it must come. */
bool pipe_answered(struct pipe *p);
/* For masks, which hide nothing (they keep a server's words from being mistaken for another protocol's), and for the key. */
void pipe_random(unsigned char *out, size_t n);

/* engine_pipe.c */

void pipe_free(struct pipe *p);
/* Moves what can be moved, and watches for what cannot. */
void pipe_move(struct pipe *p);
/* Ends it, for this reason (NULL: none to tell). */
void pipe_end(struct pipe *p, struct err *why);
/* Closes libcurl's end and then, as it is answered, the other. False where a call has just begun: it stays then. */
bool pipe_dismiss(struct pipe *p);
/* Says goodbye, without waiting for an answer. */
void pipe_farewell(struct pipe *p);
/* A piece of the stream goes out, as soon as it can. */
void pipe_say(struct pipe *p, struct view piece);

/* engine_tunnel.c: it is to be moved soon; it is not, any more; it is to be moved then, if not before. */
void pipe_ready(struct pipe *p);
void pipe_unready(struct pipe *p);
void pipe_wait_until(struct pipe *p, int64_t until_ms);
/* engine_relay.c: a relay's pipe has ended; fd is -1 afterwards where another one gets it. */
void relay_ended(struct pipe *p);
/* engine_tunnel.c: frees the relays' that have ended. And a listener on 127.0.0.1, at *port (0: a free one). */
void relay_free_closed(struct engine *g);
MUST_CHECK int loopback_listen(unsigned *port, struct err *e);

/* engine_greet.c: what goes through is secret, and bare; the greeting; what came after it (false: that is no answer). */
bool pipe_must_greet(const struct pipe *p);
void pipe_greet(struct pipe *p);
bool pipe_greeted(struct pipe *p, struct err *e);

#endif
