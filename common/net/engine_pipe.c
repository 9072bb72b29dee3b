/* One connection through a WebSocket: bytes of libcurl's on one side, messages on the other. */
#include "net/engine_tunnel.h"

#include "core/text.h"
#include "net/relay.h"

#include <errno.h>
#include <unistd.h>

/* Masks hide nothing; they keep a server's words from being mistaken for another protocol's. */
static void random_bytes(unsigned char *out, size_t n)
{
	struct host host = host_system();
	AUTO(err) struct err e = { 0 };

	if (host_random(&host, out, n, &e) < 0)
		abort();
}

static void cut_front(struct buf *b, size_t n)
{
	size_t rest = b->n - n;

	if (n == 0)
		return;
	memmove(b->p, b->p + n, rest);
	wipe(b->p + rest, n);
	buf_cut(b, rest);
}

/* ---- beginning and end ---- */

/* The connect-only handle for the upgrade, whose request is call's. */
static int open_upgrade(struct pipe *p, struct call *call, struct err *e)
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

static struct pipe *pipe_between(struct engine *g, const struct tunnel *tunnel, int fd)
{
	struct pipe *p = xcalloc(1, sizeof(*p));

	*p = (struct pipe){
		.g = g, .fd = fd, .far = -1, .name = xstrdup(tunnel->name), .port = tunnel->port, .prefix = tunnel->prefix,
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
		.until_ms = engine_now_ms() + limit_ms,
	};
	if (open_upgrade(p, call, e) < 0) {
		pipe_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

void pipe_end(struct pipe *p, struct err *why)
{
	if (why && why->kind && !p->why.kind)
		err_move(&p->why, why);
	if (p->why.kind && p->state != PIPE_CLOSED && !p->asker)
		engine_trace(p->g, "  tunnel to %s: %s", p->name, p->why.text);
	if (p->tries && p->state != PIPE_CLOSED)
		relay_ended(p);
	p->state = PIPE_CLOSED;
	p->user = NULL;
	p->until_ms = INT64_MAX;
	close_fd(&p->fd);
	p->far = -1;
	if (p->upgrade) {
		struct call *call = p->upgrade->call;

		http_close(p->upgrade);
		if (call != p->asker)
			call_free(call);
		p->upgrade = NULL;
	}
	websocket_release(&p->ws);
	buf_wipe(&p->out);
	buf_wipe(&p->in);
	buf_wipe(&p->back);
}

void pipe_free(struct pipe *p)
{
	pipe_end(p, NULL);
	err_release(&p->why);
	free(p->name);
	free(p);
}

static void end_because(struct pipe *p, const char *text)
{
	AUTO(err) struct err e = { 0 };

	err_set(&e, ERR_NET, 0, "'%s': %s", p->name, text);
	pipe_end(p, &e);
}

/* ---- towards the WebSocket ---- */

static void send_out(struct pipe *p)
{
	size_t n;

	while (p->state != PIPE_CLOSED && p->out.n > 0) {
		CURLcode rc = curl_easy_send(p->upgrade->easy, p->out.p, p->out.n, &n);

		if (rc == CURLE_AGAIN)
			return;
		if (rc != CURLE_OK) {
			/* Nothing more goes out; what it had said before is still to be read, and tells why. */
			buf_cut(&p->out, 0);
			p->close_sent = true;
			if (p->state == PIPE_OPEN)
				p->state = PIPE_CLOSING;
			return;
		}
		p->sent = true;
		cut_front(&p->out, n);
	}
}

static void say(struct pipe *p, enum ws_op op, struct view payload)
{
	unsigned char mask[4];

	random_bytes(mask, sizeof(mask));
	ws_write(&p->out, op, view_of(NULL, 0), payload, mask);
}

static void say_close(struct pipe *p, unsigned code)
{
	unsigned char mask[4];

	if (p->close_sent)
		return;
	random_bytes(mask, sizeof(mask));
	ws_write_close(&p->out, code, mask);
	p->close_sent = true;
	p->state = PIPE_CLOSING;
	p->until_ms = engine_now_ms() + PIPE_CLOSE_MS;
}

void pipe_say(struct pipe *p, struct view piece)
{
	unsigned char mask[4];

	random_bytes(mask, sizeof(mask));
	ws_write(&p->out, WS_OP_BINARY, p->prefix, piece, mask);
}

static void moved(struct pipe *p, bool near)
{
	p->near_last = near;
	if (p->tries)
		p->moved_ms = engine_now_ms();
	if (p->near_ended)
		p->until_ms = p->moved_ms + (near ? RELAY_ANSWER_MS : RELAY_QUIET_MS);
}

/* libcurl closes when it wants no more. A client may only have said all it has to say, and wait for the answer. */
static void near_end(struct pipe *p)
{
	if (p->tries && !p->far_ended) {
		p->near_ended = true;
		moved(p, p->near_last);
		return;
	}
	close_fd(&p->fd);
	say_close(p, WS_CLOSE_NORMAL);
}

/* What libcurl or a client has sent goes out, a message a piece. */
static void take_in(struct pipe *p)
{
	char piece[PIPE_PIECE];
	ssize_t n;

	while (p->state == PIPE_OPEN && p->fd >= 0 && !p->near_ended && !p->greets && p->out.n < PIPE_OUT_MAX - PIPE_PIECE) {
		n = recv(p->fd, piece, sizeof(piece), 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0 && p->tries) {
			close_fd(&p->fd);
			say_close(p, WS_CLOSE_NORMAL);
			break;
		}
		if (n <= 0) {
			near_end(p);
			break;
		}
		p->idle = 0;
		moved(p, true);
		pipe_say(p, view_of(piece, (size_t)n));
	}
	wipe(piece, sizeof(piece));
}

/* ---- from the WebSocket ---- */

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

/* The answer to the upgrade. false: more of it must come. */
static bool use_answer(struct pipe *p)
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
	cut_front(&p->in, taken);
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

static void hear_for_asker(struct pipe *p, struct view message)
{
	AUTO(err) struct err e = { 0 };
	enum message_said said = p->asker->rq.hear(&p->asker->reply, message, &e);

	if (said == MESSAGE_MORE)
		return;
	p->whole = said == MESSAGE_LAST;
	err_move(&p->why, &e);
	say_close(p, WS_CLOSE_NORMAL);
	p->far_ended = true;
}

static void hear(struct pipe *p, struct view message)
{
	AUTO(err) struct err e = { 0 };
	struct view bytes = { 0 };
	enum tunnel_said said = p->hear(p->port, &p->seen, message, &bytes, &e);

	if (said == TUNNEL_BYTES) {
		p->answered |= bytes.n > 0;
		if (p->fd >= 0)
			buf_view(&p->back, bytes);
		if (!p->greets || pipe_greeted(p, &e))
			return;
	}
	p->absent = said == TUNNEL_ABSENT && !p->answered;
	if (e.kind && !p->why.kind)
		err_move(&p->why, &e);
	say_close(p, WS_CLOSE_NORMAL);
	p->far_ended = true;
}

static void use_frame(struct pipe *p, const struct ws_frame *frame)
{
	switch (frame->said) {
	case WS_MESSAGE:
		(p->asker ? hear_for_asker : hear)(p, frame->payload);
		break;
	case WS_PING:
		if (!p->close_sent && p->out.n < PIPE_OUT_MAX)
			say(p, WS_OP_PONG, frame->payload);
		break;
	case WS_CLOSE:
		say_close(p, WS_CLOSE_NORMAL);
		p->far_ended = true;
		break;
	default:
		break;
	}
}

/* Uses up what has come. false: what is left must wait, for more bytes or for room. */
static bool use_in(struct pipe *p)
{
	struct ws_frame frame;
	AUTO(err) struct err e = { 0 };

	if (p->state == PIPE_UPGRADING)
		return use_answer(p);
	if (p->far_ended || p->back.n >= PIPE_OUT_MAX)
		return false;
	if (ws_read(&p->ws, buf_bytes(&p->in), &frame, &e) < 0) {
		err_while(&e, "'%s'", p->name);
		say_close(p, WS_CLOSE_PROTOCOL);
		send_out(p);
		pipe_end(p, &e);
		return false;
	}
	if (frame.taken == 0)
		return false;
	use_frame(p, &frame);
	cut_front(&p->in, frame.taken);
	return true;
}

/* The WebSocket's connection has ended. */
static void far_end(struct pipe *p)
{
	p->far_ended = true;
	if (p->state == PIPE_UPGRADING) {
		use_answer(p);
		if (p->state == PIPE_UPGRADING)
			end_because(p, "the connection ended before a WebSocket was opened");
		return;
	}
	p->state = PIPE_CLOSING;
}

/* Until there is nothing more: TLS may hold bytes of which poll does not know. */
static void receive(struct pipe *p)
{
	char piece[PIPE_PIECE];
	size_t n;

	for (;;) {
		CURLcode rc;

		while (p->state != PIPE_CLOSED && use_in(p))
			;
		if (p->state == PIPE_CLOSED || p->far_ended || p->back.n >= PIPE_OUT_MAX)
			break;
		rc = curl_easy_recv(p->upgrade->easy, piece, sizeof(piece), &n);
		if (rc == CURLE_AGAIN)
			break;
		if (rc != CURLE_OK || n == 0) {
			far_end(p);
			break;
		}
		buf_put(&p->in, piece, n);
	}
	wipe(piece, sizeof(piece));
}

static void give_back(struct pipe *p)
{
	while (p->fd >= 0 && p->back.n > 0 && !p->greets) {
		ssize_t n = send(p->fd, p->back.p, p->back.n, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			buf_cut(&p->back, 0);
			if (!p->tries)
				return;
			close_fd(&p->fd);      /* the client is gone altogether */
			say_close(p, WS_CLOSE_NORMAL);
			return;
		}
		moved(p, false);
		p->given += (uint64_t)n;
		cut_front(&p->back, (size_t)n);
	}
}

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
	curl_easy_getinfo(p->upgrade->easy, CURLINFO_ACTIVESOCKET, &far);
	p->g->counts.connections++;
	p->far = far;
	p->state = PIPE_UPGRADING;
	random_bytes(nonce, sizeof(nonce));
	ws_key(nonce, p->key);
	if (p->g->user_agent)
		request_header(rq, "User-Agent", p->g->user_agent);
	if (ws_request(&p->out, rq, p->key, &e) < 0) {
		pipe_end(p, &e);
		return;
	}
	pipe_move(p);
}

void pipe_move(struct pipe *p)
{
	if (p->state == PIPE_CONNECTING || p->state == PIPE_CLOSED)
		return;
	send_out(p);
	receive(p);
	give_back(p);
	take_in(p);
	send_out(p);
	if (p->asker && p->state != PIPE_CLOSED && !p->whole && engine_now_ms() >= p->until_ms) {
		p->late = true;
		pipe_end(p, NULL);
	}
	if (p->near_ended && p->state == PIPE_OPEN && engine_now_ms() >= p->until_ms) {
		close_fd(&p->fd);
		say_close(p, WS_CLOSE_NORMAL);
		send_out(p);
	}
	if (p->state != PIPE_CLOSING)
		return;
	if ((p->far_ended && (p->back.n == 0 || p->greets)) || (p->fd < 0 && engine_now_ms() >= p->until_ms))
		pipe_end(p, NULL);
}

bool pipe_dismiss(struct pipe *p)
{
	char byte;

	if (recv(p->fd, &byte, sizeof(byte), MSG_PEEK) > 0)
		return false;
	close_fd(&p->fd);
	say_close(p, WS_CLOSE_NORMAL);
	return true;
}

void pipe_farewell(struct pipe *p)
{
	if (p->state != PIPE_OPEN)
		return;
	say_close(p, WS_CLOSE_NORMAL);
	send_out(p);
}
