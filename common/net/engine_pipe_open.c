/*
 * A pipe's beginning: a connect-only handle connects, the request for a WebSocket goes out on it, the answer opens the
 * pipe or says why there is none.
 */
#include "net/engine_tunnel.h"

#include "core/text.h"

void pipe_random(unsigned char *out, size_t n)
{
	struct host host = host_system();
	AUTO(err) struct err e = { 0 };

	if (host_random(&host, out, n, &e) < 0)
		abort();
}

/* ---- the connection ---- */

/* The connect-only handle for the upgrade, whose request is call's. */
static int connect_upgrade(struct pipe *p, struct call *call, struct err *e)
{
	CURL *c;

	if (http_open(p->g, call, p, &p->upgrade, e) < 0)
		return -1;
	c = p->upgrade->easy;
	curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(c, CURLOPT_PIPEWAIT, 0L);
	/* Whoever offers HTTP/2 here gets it, and then no WebSocket. */
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	if (curl_multi_add_handle(p->g->multi, c) != CURLM_OK)
		return err_set(e, ERR_BUG, 0, "libcurl took no further handle");
	return 0;
}

static size_t origin_bytes(const char *url)
{
	const char *host = strstr(url, "://");

	return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?") : 0;
}

static bool same_server(const struct request *a, const struct request *b)
{
	size_t n = origin_bytes(a->url);

	return n == origin_bytes(b->url) && strncmp(a->url, b->url, n) == 0 && a->tls == b->tls;
}

/* Its place in the list; NULL: there is none to this server. */
static struct pipe **spare_to(struct engine *g, const struct request *rq)
{
	for (struct pipe **at = &g->tunnels.pipes; *at; at = &(*at)->next)
		if ((*at)->spare && (*at)->upgrade && same_server(&(*at)->upgrade->call->rq, rq))
			return at;
	return NULL;
}

/* The pipe gets the handle of the spare one, and with it the connection that was made or is being made. */
static void take_over(struct pipe *p, struct pipe **at, struct call *call)
{
	struct pipe *spare = *at;
	struct http *h = spare->upgrade;
	bool connected = spare->state == PIPE_SPARE;

	*at = spare->next;
	spare->upgrade = NULL;
	pipe_free(spare);
	call_free(h->call);
	h->call = call;
	h->pipe = p;
	call->engine = h;
	curl_easy_setopt(h->easy, CURLOPT_PRIVATE, call);
	p->upgrade = h;
	engine_trace(p->g, "> GET %.*s over a connection made ahead", (int)strcspn(call->rq.url, "?"), call->rq.url);
	if (connected)
		pipe_connected(p, CURLE_OK);
}

static int open_upgrade(struct pipe *p, struct call *call, struct err *e)
{
	struct pipe **at = spare_to(p->g, &call->rq);

	if (!at)
		return connect_upgrade(p, call, e);
	take_over(p, at, call);
	return 0;
}

/* ---- who asks for it ---- */

static struct pipe *pipe_between(struct engine *g, const struct tunnel *tunnel, int fd)
{
	struct pipe *p = xcalloc(1, sizeof(*p));

	*p = (struct pipe){
		.g = g, .fd = fd, .far = -1, .name = xstrdup(tunnel->name), .owner = tunnel->owner, .port = tunnel->port, .prefix = tunnel->prefix,
		.hear = tunnel->hear, .ws = WEBSOCKET_INIT, .out = BUF_MAX(PIPE_OUT_MAX + (64 << 10)),
		.in = BUF_MAX(PIPE_IN_MAX), .back = BUF_MAX(WS_MESSAGE_MAX + PIPE_OUT_MAX), .until_ms = INT64_MAX,
		.tunnel = tunnel,
	};
	return p;
}

static void open_tunnel(struct pipe *p)
{
	const struct tunnel *tunnel = p->tunnel;
	struct call *call = call_new();
	AUTO(err) struct err e = { 0 };

	if (tunnel->ask(tunnel, &call->rq, &e) < 0 || open_upgrade(p, call, &e) < 0) {
		if (!p->upgrade)
			call_free(call);
		pipe_end(p, &e);
	}
}

struct pipe *pipe_new(struct engine *g, struct http *user, int fd, unsigned local_port)
{
	struct pipe *p = pipe_between(g, user->call->rq.tunnel, fd);

	p->user = user;
	p->local_port = local_port;
	open_tunnel(p);
	return p;
}

struct pipe *pipe_relay(struct engine *g, const struct tunnel *tunnel, int fd, unsigned tries)
{
	struct pipe *p = pipe_between(g, tunnel, fd);

	p->tries = tries;
	open_tunnel(p);
	return p;
}

int pipe_open(struct engine *g, struct call *call, struct pipe **out, struct err *e)
{
	struct pipe *p = xcalloc(1, sizeof(*p));
	unsigned limit_ms = call->rq.timeout_ms ? call->rq.timeout_ms : REQUEST_TIMEOUT_MS;

	*p = (struct pipe){
		.g = g, .asker = call, .fd = -1, .far = -1, .ws = WEBSOCKET_INIT, .out = BUF_MAX(PIPE_OUT_MAX + (64 << 10)),
		.in = BUF_MAX(PIPE_IN_MAX), .name = xstrdup(call->rq.label ? call->rq.label : "the WebSocket"),
	};
	pipe_wait_until(p, engine_now_ms() + limit_ms);
	if (open_upgrade(p, call, e) < 0) {
		pipe_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

struct pipe *pipe_spare(struct engine *g, struct call *call)
{
	struct pipe *p = xcalloc(1, sizeof(*p));
	AUTO(err) struct err e = { 0 };

	*p = (struct pipe){
		.g = g, .fd = -1, .far = -1, .name = xstrdup("ahead"), .ws = WEBSOCKET_INIT, .until_ms = INT64_MAX, .spare = true,
	};
	if (connect_upgrade(p, call, &e) == 0)
		return p;
	if (!p->upgrade)
		call_free(call);
	pipe_free(p);
	return NULL;
}

/* ---- the upgrade ---- */

void pipe_connected(struct pipe *p, CURLcode rc)
{
	AUTO(err) struct err e = { 0 };
	unsigned char nonce[WS_NONCE_BYTES];
	curl_socket_t far = -1;
	struct request *rq = &p->upgrade->call->rq;

	if (rc != CURLE_OK) {
		http_say_why(p->upgrade, rc, true, &e);
		pipe_end(p, &e);
		return;
	}
	if (p->spare) {
		p->state = PIPE_SPARE;
		return;
	}
	curl_easy_getinfo(p->upgrade->easy, CURLINFO_ACTIVESOCKET, &far);
	p->g->counts.connections++;
	p->far = far;
	p->state = PIPE_UPGRADING;
	pipe_random(nonce, sizeof(nonce));
	ws_key(nonce, p->key);
	if (p->g->user_agent)
		request_header(rq, "User-Agent", p->g->user_agent);
	if (ws_request(&p->out, rq, p->key, &e) < 0) {
		pipe_end(p, &e);
		return;
	}
	pipe_move(p);
}

/* How many bytes of a refusal's body are still to come. */
static size_t body_left(const struct reply *reply, size_t have)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *length = reply_header(reply, &a, "Content-Length");
	unsigned long long n = length ? strtoull(length, NULL, 10) : 0;

	return n > have && have < PIPE_REFUSAL_MAX ? (size_t)n - have : 0;
}

static void refuse(struct pipe *p, struct view body)
{
	struct reply *reply = &p->upgrade->call->reply;
	AUTO(err) struct err e = { 0 };

	buf_view(&reply->body, body);
	p->whole = true;
	if (!p->asker)
		p->tunnel->refused(p->tunnel, reply, &e);
	pipe_end(p, &e);
}

bool pipe_answered(struct pipe *p)
{
	struct call *call = p->upgrade->call;
	AUTO(err) struct err e = { 0 };
	size_t taken;
	int got = ws_reply_read(buf_bytes(&p->in), &call->reply, &taken, &e);

	if (got == 0)
		return false;
	if (got == 1 && call->reply.status != 101) {
		struct view body = view_of(p->in.p + taken, p->in.n - taken);

		if (body_left(&call->reply, body.n) > 0 && !p->far_ended)
			return false;
		refuse(p, body);
		return true;
	}
	if (got < 0 || ws_reply_check(&call->reply, &call->rq, p->key, &e) < 0) {
		err_while(&e, "opening a WebSocket to '%s'", p->name);
		pipe_end(p, &e);
		return true;
	}
	buf_cut_front(&p->in, taken);
	if (call != p->asker) {
		request_release(&call->rq);
		reply_release(&call->reply);
	}
	engine_trace(p->g, "  %s %s is open", p->asker ? "the WebSocket of" : "tunnel to", p->name);
	p->greets = !p->asker && pipe_must_greet(p);
	p->tunnel = NULL;
	p->opened = true;
	p->state = PIPE_OPEN;
	if (p->greets)
		pipe_greet(p);
	else
		p->user = NULL;
	return true;
}
