/*
 * One engine against the servers of servers.py. ask() sends one request and
 * gives the call when it has ended.
 */
#ifndef WIRE_RIG_H
#define WIRE_RIG_H

#include "core/text.h"
#include "net/engine_curl.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct rig {
	struct host host;
	struct engine_config config;
	struct transport t;
	struct buf trace;
	char *ca_file;
};

static inline const char *rig_env(const struct rig *r, const char *name)
{
	const char *value = host_env(&r->host, name);

	if (!value)
		fail_msg("%s is not set: start this program by run.py", name);
	return value;
}

static inline void rig_trace(void *to, const char *line)
{
	buf_printf(to, "%s\n", line);
}

static inline void rig_open(struct rig *r)
{
	AUTO(err) struct err e = { 0 };

	r->host = host_system();
	r->ca_file = xasprintf("%s/ca.pem", rig_env(r, "WIRE_DIR"));
	r->trace = (struct buf)BUF_MAX(1 << 20);
	r->config.ca_file = r->ca_file;
	r->config.trace = rig_trace;
	r->config.to = &r->trace;
	assert_int_equal(engine_curl_open(&r->config, &r->t, &e), 0);
}

static inline void rig_close(struct rig *r)
{
	r->t.ops->close(r->t.self);
	buf_release(&r->trace);
	free(r->ca_file);
}
SCOPE_END(rig, struct rig, rig_close(v))
SCOPE_END(call, struct call *, call_free(*v))

/* "https://127.0.0.1:PORT/path", the port by its name in servers.py. */
static inline char *url_of(const struct rig *r, const char *scheme, const char *port,
                           const char *path)
{
	AUTO(text) char *name = xasprintf("WIRE_%s", port);

	return xasprintf("%s://127.0.0.1:%s%s", scheme, rig_env(r, name), path);
}

/* A call that is not started yet. */
static inline struct call *call_to(const struct rig *r, const char *method, const char *scheme,
                                   const char *port, const char *path)
{
	AUTO(text) char *url = url_of(r, scheme, port, path);
	struct call *call = call_new();

	request_http(&call->rq, method, url);
	return call;
}

static inline void start(const struct rig *r, struct call *call)
{
	AUTO(err) struct err e = { 0 };

	assert_int_equal(r->t.ops->start(r->t.self, call, &e), 0);
}

/* Starts it and waits for its end; gives it back. */
static inline struct call *ask(const struct rig *r, struct call *call)
{
	start(r, call);
	assert_ptr_equal(r->t.ops->wait(r->t.self, INT64_MAX), call);
	return call;
}

static inline struct call *get(const struct rig *r, const char *path)
{
	return ask(r, call_to(r, "GET", "http", "PLAIN", path));
}

static inline void assert_body(const struct call *call, int status, const char *body)
{
	if (call->end != CALL_REPLY)
		fail_msg("no reply: %s", call->err.text);
	assert_int_equal(call->reply.status, status);
	assert_string_equal(buf_str(&call->reply.body), body);
}

/* How often the path was asked for, as the servers count. */
static inline int hits(const struct rig *r, const char *path)
{
	AUTO(text) char *question = xasprintf("/hits%s", path);
	AUTO(call) struct call *call = get(r, question);

	assert_int_equal(call->end, CALL_REPLY);
	return atoi(buf_str(&call->reply.body));
}

#endif
