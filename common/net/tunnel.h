/*
 * A way to a server that can only be reached through a WebSocket of another
 * one. A request with `tunnel` set is an ordinary request to everybody but the
 * engine: the bytes that libcurl would send over TCP, TLS included, go through
 * the WebSocket that the tunnel asks for. One WebSocket is one connection, and
 * is reused like one.
 *
 * What such a call may end with, besides what any call may: the refusal of the
 * WebSocket as CALL_UNSENT, and the far end's own words.
 */
#ifndef NET_TUNNEL_H
#define NET_TUNNEL_H

#include "net/request.h"

enum tunnel_said {
	TUNNEL_BYTES,   /* bytes of the stream, perhaps none */
	TUNNEL_ABSENT,  /* nobody is there: what went in has reached no one; e says so */
	TUNNEL_BROKEN   /* it ends here; e says why */
};

struct tunnel {
	/*
	 * Where it leads, for messages, and whose it is: two tunnels share their
	 * connections when both are the same. What `owner` points to is not looked
	 * at, and lives as long as the transport: in two clusters pods have one name,
	 * and what is meant for one must never reach the other.
	 */
	const char *name;
	const void *owner;
	unsigned port;       /* for hear */
	bool plain;          /* a relay's (net/relay.h) bytes are HTTP without TLS: the engine greets the far end first */
	struct view prefix;  /* stands before each piece of the stream that we send; static, few bytes */
	/* The upgrade: its address, headers and tls, as of now. */
	int (*ask)(const struct tunnel *, struct request *, struct err *);
	/* The WebSocket was refused, with any status but 101: fills e. ERR_NET is tried again, other kinds are not. */
	void (*refused)(const struct tunnel *, const struct reply *, struct err *);
	/*
	 * One message came: *bytes is what of it belongs to the stream. *seen is 0 at
	 * first and hear's own. May be called when no call is under way any more: so
	 * it gets the port and not the tunnel, which may be gone by then.
	 */
	enum tunnel_said (*hear)(unsigned port, unsigned *seen, struct view message, struct view *bytes, struct err *);
};

#endif
