/*
 * The real transport: one libcurl multi handle with connection reuse and HTTP/2
 * where offered, child processes with their pipes and pidfd in the same poll,
 * signals through a signalfd in it too. Children are forked: posix_spawn cannot
 * ask for a signal to them when we die.
 *
 * TLS is always verified. libcurl and OpenSSL read nothing from the environment:
 * what they would read arrives here. CAs come from one file, which is read once
 * and no sooner than somebody needs it.
 */
#ifndef NET_ENGINE_CURL_H
#define NET_ENGINE_CURL_H

#include "core/host.h"
#include "net/transport.h"

struct engine_config {
	const char *ca_file;         /* PEM bundle; NULL: the system's */
	const char *https_proxy, *http_proxy, *no_proxy;  /* NULL: none */
	const char *user_agent;
	/* INT, TERM, HUP become stops, until close. One that was ignored stays so. */
	bool hear_signals;
	/* Each wire event as one line, secrets left out; NULL: silent. */
	void (*trace)(void *to, const char *line);
	void *to;
};

struct engine_counts {
	unsigned calls, connections;  /* HTTP calls started, connections made for them */
	unsigned children;
};

/*
 * Proxies (HTTPS_PROXY, https_proxy, http_proxy, NO_PROXY, no_proxy; the first
 * that is set) and CAs (AWS_CA_BUNDLE, SSL_CERT_FILE) of the host. Borrowed.
 */
struct engine_config engine_config_from_host(const struct host *h);

/* The caller ends it by ops->close, with no call under way. ERR_CONFIG: ca_file cannot be read. */
MUST_CHECK int engine_curl_open(const struct engine_config *config, struct transport *out, struct err *e);
/* So far. t must be of engine_curl_open. */
struct engine_counts engine_curl_counts(const struct transport *t);

#endif
