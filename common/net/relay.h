/*
 * Connections of other programs, taken on loopback and each led through a
 * tunnel of its own (net/tunnel.h): what `proxy` is. The engine of a transport
 * carries them while anybody waits on it, also during loop_run; they are no
 * calls, and end by themselves.
 *
 * Bytes are not looked at, so TLS stays between the two ends. A client that has said all it has to say (it closed its
 * sending side) still gets its answer; as a port-forward cannot tell the far end of that, it is over when nothing has come
 * back for a while: RELAY_ANSWER_MS where the client spoke last, RELAY_QUIET_MS where the far end did.
 */
#ifndef NET_RELAY_H
#define NET_RELAY_H

#include "net/transport.h"
#include "net/tunnel.h"

enum { RELAYS_MAX = 256, RELAY_TRIES = 4, RELAY_ANSWER_MS = 300000, RELAY_QUIET_MS = 2000 };

struct relay_ops {
	/* Whether the peer at this local port of 127.0.0.1 may come in. */
	bool (*admit)(void *to, unsigned peer_port);
	/*
	 * Where a connection leads now; lives as long as the transport. NULL: not known at present. Then connections wait,
	 * and `wait` of the transport returns NULL once, so that somebody can find out.
	 */
	const struct tunnel *(*way)(void *to);
	/*
	 * The tunnel could not be opened, or broke. Nothing of the client's had been sent where opened is false: it is led
	 * there again, RELAY_TRIES times in all, so `way` had better know another one by then.
	 */
	void (*broke)(void *to, const struct err *why, bool opened);
};

/* Listens on 127.0.0.1 (port 0: a free one), once a transport; t must be of engine_curl_open. *port: where. ERR_NET. */
MUST_CHECK int engine_relay_open(const struct transport *t, unsigned port, const struct relay_ops *ops, void *to,
                                 unsigned *at, struct err *e);
/* Ends them all, and listens no more. */
void engine_relay_close(const struct transport *t);
/* How many connections there are. */
size_t engine_relay_count(const struct transport *t);

#endif
