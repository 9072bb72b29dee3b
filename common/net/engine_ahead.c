/*
 * Connections made before anybody needs them: a new one costs two round trips, and when a run begins it knows the servers
 * that it will ask, long before it knows what.
 *
 * libcurl lends no connection that has served nothing. So an ordinary one is made by asking what anybody may ask:
 * "/ping", without credentials, which AWS's endpoints answer to their load balancers; whatever comes back, the
 * connection is there. One for a WebSocket is a pipe that is connected and asks for nothing yet.
 */
#include "net/engine_tunnel.h"

#include "core/text.h"

enum { AHEAD_TIMEOUT_MS = 5000, AHEAD_BODY_MAX = 64 << 10 };

static struct call *new_call(const struct ahead *a, const char *path)
{
	struct call *call = call_new();

	request_http(&call->rq, "GET", arena_printf(&call->rq.mem, "%s%s", a->origin, path));
	call->rq.label = "ahead";
	call->rq.tls = a->tls;
	call->rq.timeout_ms = AHEAD_TIMEOUT_MS;
	call->rq.body_max = AHEAD_BODY_MAX;
	return call;
}

static void forget(struct engine *g, struct http *h)
{
	struct http **at = &g->ahead;

	while (*at != h)
		at = &(*at)->next_ahead;
	*at = h->next_ahead;
}

static void end(struct http *h)
{
	struct call *call = h->call;

	forget(h->g, h);
	http_close(h);
	call_free(call);
}

void ahead_ended(struct http *h, CURLcode rc)
{
	long connections = 0;

	curl_easy_getinfo(h->easy, CURLINFO_NUM_CONNECTS, &connections);
	h->g->counts.connections += (unsigned)connections;
	engine_trace(h->g, "< %s %s ahead", rc == CURLE_OK ? "connected" : "unsent", h->host);
	end(h);
}

/* Nothing that fails here is told: whoever needs the connection finds the same, and tells it. */
static void make_ordinary(struct engine *g, const struct ahead *a)
{
	struct call *call = new_call(a, "/ping");
	AUTO(err) struct err e = { 0 };
	struct http *h;

	if (http_start(g, call, &e) < 0) {
		call_free(call);
		return;
	}
	h = call->engine;
	h->ahead = true;
	h->next_ahead = g->ahead;
	g->ahead = h;
}

static void make_spare(struct engine *g, const struct ahead *a)
{
	struct pipe *p = pipe_spare(g, new_call(a, "/"));

	if (!p)
		return;
	p->next = g->tunnels.pipes;
	g->tunnels.pipes = p;
}

void ahead_make(struct engine *g, const struct ahead *a)
{
	for (unsigned i = 0; i < a->n; i++)
		(a->websockets ? make_spare : make_ordinary)(g, a);
}

void ahead_close(struct engine *g)
{
	while (g->ahead)
		end(g->ahead);
}
