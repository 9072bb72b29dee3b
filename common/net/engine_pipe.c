/* One connection through a WebSocket: bytes of libcurl's on one side, messages on the other. */
#include "net/engine_tunnel.h"

#include "net/engine_watch.h"
#include "net/relay.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

/* ---- watching ---- */

static void told(struct engine *g, int fd, unsigned events, void *of)
{
	(void)g, (void)fd, (void)events;
	pipe_ready(of);
}

/* Its WebSocket and libcurl's end, each for what can be done with it now. */
static void watch(struct pipe *p)
{
	unsigned far = 0, near = 0;

	if (p->state == PIPE_CLOSED || p->state == PIPE_CONNECTING)
		return;
	if (!p->far_ended && p->back.n < PIPE_OUT_MAX)
		far |= EPOLLIN;
	if (p->out.n > 0)
		far |= EPOLLOUT;
	if (p->state == PIPE_OPEN && !p->near_ended && !p->greets && p->out.n < PIPE_OUT_MAX - PIPE_PIECE)
		near |= EPOLLIN;
	if (p->back.n > 0 && !p->greets)
		near |= EPOLLOUT;
	watch_set(p->g, p->far, far, told, p);
	if (p->fd >= 0)
		watch_set(p->g, p->fd, near, told, p);
}

static void leave_near(struct pipe *p)
{
	if (p->fd >= 0)
		watch_set(p->g, p->fd, 0, NULL, NULL);
}

static void leave_far(struct pipe *p)
{
	if (p->far >= 0)
		watch_set(p->g, p->far, 0, NULL, NULL);
	p->far = -1;
}

static void close_near(struct pipe *p)
{
	leave_near(p);
	close_fd(&p->fd);
}

/* ---- its end ---- */

void pipe_end(struct pipe *p, struct err *why)
{
	if (why && why->kind && !p->why.kind)
		err_move(&p->why, why);
	if (p->why.kind && p->state != PIPE_CLOSED && !p->asker && !p->spare)
		engine_trace(p->g, "  tunnel to %s: %s", p->name, p->why.text);
	leave_near(p);
	leave_far(p);
	if (p->tries && p->state != PIPE_CLOSED)
		relay_ended(p);
	p->state = PIPE_CLOSED;
	p->user = NULL;
	p->until_ms = INT64_MAX;
	close_fd(&p->fd);
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
	pipe_unready(p);
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
		buf_cut_front(&p->out, n);
	}
}

static void say(struct pipe *p, enum ws_op op, struct view payload)
{
	unsigned char mask[4];

	pipe_random(mask, sizeof(mask));
	ws_write(&p->out, op, view_of(NULL, 0), payload, mask);
}

static void say_close(struct pipe *p, unsigned code)
{
	unsigned char mask[4];

	if (p->close_sent)
		return;
	pipe_random(mask, sizeof(mask));
	ws_write_close(&p->out, code, mask);
	p->close_sent = true;
	p->state = PIPE_CLOSING;
	pipe_wait_until(p, engine_now_ms() + PIPE_CLOSE_MS);
}

void pipe_say(struct pipe *p, struct view piece)
{
	unsigned char mask[4];

	pipe_random(mask, sizeof(mask));
	ws_write(&p->out, WS_OP_BINARY, p->prefix, piece, mask);
}

static void moved(struct pipe *p, bool near)
{
	p->near_last = near;
	if (p->tries)
		p->moved_ms = engine_now_ms();
	if (p->near_ended)
		pipe_wait_until(p, p->moved_ms + (near ? RELAY_ANSWER_MS : RELAY_QUIET_MS));
}

/* libcurl closes when it wants no more. A client may only have said all it has to say, and wait for the answer. */
static void near_end(struct pipe *p)
{
	if (p->tries && !p->far_ended) {
		p->near_ended = true;
		moved(p, p->near_last);
		return;
	}
	close_near(p);
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
			close_near(p);
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
		wipe(piece, (size_t)n);
	}
}

/* ---- from the WebSocket ---- */

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
		return pipe_answered(p);
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
	buf_cut_front(&p->in, frame.taken);
	return true;
}

/* The WebSocket's connection has ended. */
static void far_end(struct pipe *p)
{
	p->far_ended = true;
	if (p->state == PIPE_UPGRADING) {
		pipe_answered(p);
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
		wipe(piece, n);
	}
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
			close_near(p);         /* the client is gone altogether */
			say_close(p, WS_CLOSE_NORMAL);
			return;
		}
		moved(p, false);
		p->given += (uint64_t)n;
		buf_cut_front(&p->back, (size_t)n);
	}
}

/* What has gone back makes room for what was held up, of which no socket tells. */
static void move_bytes(struct pipe *p)
{
	uint64_t given;

	do {
		given = p->given;
		send_out(p);
		receive(p);
		give_back(p);
		take_in(p);
		send_out(p);
	} while (p->given != given);
}

/* Its time is over, or there is nothing more to come. */
static void end_in_time(struct pipe *p)
{
	if (p->asker && p->state != PIPE_CLOSED && !p->whole && engine_now_ms() >= p->until_ms) {
		p->late = true;
		pipe_end(p, NULL);
	}
	if (p->near_ended && p->state == PIPE_OPEN && engine_now_ms() >= p->until_ms) {
		close_near(p);
		say_close(p, WS_CLOSE_NORMAL);
		send_out(p);
	}
	if (p->state != PIPE_CLOSING)
		return;
	if ((p->far_ended && (p->back.n == 0 || p->greets)) || (p->fd < 0 && engine_now_ms() >= p->until_ms))
		pipe_end(p, NULL);
}

void pipe_move(struct pipe *p)
{
	if (p->state == PIPE_CONNECTING || p->state == PIPE_SPARE || p->state == PIPE_CLOSED)
		return;
	move_bytes(p);
	end_in_time(p);
	watch(p);
}

bool pipe_dismiss(struct pipe *p)
{
	char byte;

	if (recv(p->fd, &byte, sizeof(byte), MSG_PEEK) > 0)
		return false;
	close_near(p);
	say_close(p, WS_CLOSE_NORMAL);
	pipe_ready(p);
	return true;
}

void pipe_farewell(struct pipe *p)
{
	if (p->state != PIPE_OPEN)
		return;
	say_close(p, WS_CLOSE_NORMAL);
	send_out(p);
}
