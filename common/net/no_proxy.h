/*
 * Which hosts are reached without a proxy: NO_PROXY as curl and Go's clients
 * read it. Decided here and not by libcurl, which would judge by the name in
 * the URL even where the connection leads elsewhere (tls.server_name).
 */
#ifndef NET_NO_PROXY_H
#define NET_NO_PROXY_H

#include <stdbool.h>

/*
 * list: entries parted by commas or spaces, NULL: none. "*" covers all; a name
 * covers itself and what lies below it, with or without a dot in front; an
 * address covers itself, with "/BITS" behind it a network. Without any list
 * what listens on this machine is covered: localhost, 127.0.0.0/8, ::1.
 * host: a name or an address, the brackets of IPv6 allowed.
 */
bool no_proxy_covers(const char *list, const char *host);

#endif
