/* URIs: RFC 3986 percent-encoding as AWS wants it, and taking a URL apart. */
#ifndef FORMATS_URI_H
#define FORMATS_URI_H

#include "core/buf.h"
#include "core/value.h"

struct uri {
	const char *scheme, *host; /* lower case; an IPv6 host without brackets */
	unsigned port;             /* the scheme's own when not given; 0: unknown scheme */
	bool port_given;
	const char *path, *query; /* path "/" when empty; query without '?', NULL: none */
};

/* Unreserved characters stay; others become %XX (upper case). keep_slash: '/' stays too. */
void uri_encode(struct buf *out, struct view text, bool keep_slash);
/* %XX and, with plus, '+' for a space. A broken escape is ERR_REMOTE. */
MUST_CHECK int uri_decode(struct buf *out, struct view text, bool plus, struct err *e);
/*
 * Absolute http, https or other scheme://; user information is refused. Parts in
 * the arena. ERR_CONFIG.
 */
MUST_CHECK int uri_parse(struct arena *a, const char *text, struct uri *out, struct err *e);
/* localhost, 127.0.0.0/8 and ::1. */
bool uri_is_loopback(const struct uri *u);

#endif
