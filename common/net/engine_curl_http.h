/* One HTTP call under way, shared by engine_curl_http.c, engine_tls.c and engine_curl_end.c. */
#ifndef NET_ENGINE_CURL_HTTP_H
#define NET_ENGINE_CURL_HTTP_H

#include "net/engine.h"

#include <curl/curl.h>

/* What a call needs while it is under way: call->engine. */
struct http {
	struct engine *g;
	struct call *call;
	CURL *easy;
	struct curl_slist *headers, *connect_to;
	char *host;              /* of the URL, for messages */
	size_t sent;             /* bytes of the body given to libcurl */
	size_t head_bytes;       /* of all responses, the interim ones too */
	const char *too_long;    /* what went past its ceiling */
	struct turn *turn;       /* the server whose calls go a few at a time; NULL: all at once */
	bool waits;              /* for its turn: not added yet, */
	struct http *behind;     /* and who comes after it */
	struct pipe *pipe;       /* this is the connect-only handle of that pipe; NULL: an ordinary call */
	bool ahead;              /* nobody's call, for its connection's sake */
	struct http *next_ahead;
	char detail[CURL_ERROR_SIZE];
};

/* A handle for the call, with address and TLS set, not yet added. pipe: whose it is, or NULL. */
MUST_CHECK int http_open(struct engine *g, struct call *call, struct pipe *pipe, struct http **out, struct err *e);
/* Takes it out of the multi handle if it is there and gives it back; the call stays. */
void http_close(struct http *h);

/* engine_ahead.c: one that was nobody's has ended. */
void ahead_ended(struct http *h, CURLcode rc);

/* engine_tls.c: who is trusted; secure: the address is https. */
void http_set_tls(struct http *h, bool secure);

/* engine_turn.c: the call goes now, or when another one of its server has ended; and it has ended, or is given up. */
MUST_CHECK int turn_take(struct http *h, struct err *e);
void turn_end(struct http *h);

/* engine_pipe_open.c: the connect-only handle has its connection, or has not. */
void pipe_connected(struct pipe *p, CURLcode rc);

/* engine_tunnel.c: what engine_curl_http.c needs for a call with a tunnel. */

/* Where libcurl is to connect to, for CURLOPT_CONNECT_TO: "::127.0.0.1:PORT". Owned by the caller. */
MUST_CHECK int tunnel_way(struct engine *g, const struct tunnel *tunnel, char **out, struct err *e);
/* CURLOPT_OPENSOCKETFUNCTION, to is the struct http: only sockets that were made here are let in. */
curl_socket_t tunnel_socket(void *to, curlsocktype purpose, struct curl_sockaddr *a);
/*
 * A call with a tunnel has ended without a reply: whether anything of it reached the far end, and why, when the far
 * end or the WebSocket said so; false: libcurl's own words must do.
 */
bool tunnel_why(const struct http *h, bool *unsent, struct err *e);
/* The call is over, and libcurl still knows by which connection: that one may serve another call, or be closed. */
void tunnel_rest(struct http *h);
/* The call is over: whatever it waits for need not come any more. */
void tunnel_forget(struct http *h);

/* Fills e with why a call ended without a reply. unsent: nothing of the request left us. */
void http_say_why(const struct http *h, CURLcode rc, bool unsent, struct err *e);

#endif
