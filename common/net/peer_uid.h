/* Whose process is at the other end of a connection on loopback, by the kernel's table of sockets. */
#ifndef NET_PEER_UID_H
#define NET_PEER_UID_H

#include "core/scope.h"
#include "core/view.h"

#include <stdbool.h>

/*
 * table: /proc/net/tcp, of the network namespace that both are in. The owner of the socket at 127.0.0.1:peer that is
 * connected to 127.0.0.1:own; false: there is none, so it has gone already.
 */
MUST_CHECK bool peer_uid(struct view table, unsigned peer, unsigned own, unsigned *uid);

#endif
