#include "net/websocket.h"

#include "core/digest.h"
#include "core/text.h"
#include "formats/uri.h"

#include <strings.h>

enum { FIN = 0x80, RESERVED = 0x70, OP = 0x0f, CONTROL = 0x08, MASKED = 0x80, LENGTH = 0x7f };

void websocket_release(struct websocket *ws)
{
	buf_wipe(&ws->parts);
	ws->in_message = false;
}

/* ---- the upgrade ---- */

void ws_key(const unsigned char nonce[WS_NONCE_BYTES], char out[WS_KEY_MAX])
{
	AUTO(buf) struct buf key = BUF_MAX(WS_KEY_MAX);

	base64_print(&key, view_of(nonce, WS_NONCE_BYTES));
	memcpy(out, buf_str(&key), WS_KEY_MAX);
}

int ws_request(struct buf *out, const struct request *rq, const char *key, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct uri u;

	if (uri_parse(&a, rq->url, &u, e) < 0)
		return -1;
	buf_printf(out, "GET %s%s%s HTTP/1.1\r\n", u.path, text_empty(u.query) ? "" : "?", u.query ? u.query : "");
	buf_printf(out, strchr(u.host, ':') ? "Host: [%s]" : "Host: %s", u.host);
	if (u.port_given)
		buf_printf(out, ":%u", u.port);
	buf_printf(out, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	                "Sec-WebSocket-Key: %s\r\n", key);
	for (size_t i = 0; i < rq->n_headers; i++) {
		const struct header *h = &rq->headers[i];

		if (strpbrk(h->name, "\r\n:") || strpbrk(h->value, "\r\n"))
			return err_set(e, ERR_BUG, 0, "the header '%.40s' holds a line break", h->name);
		buf_printf(out, "%s: %s\r\n", h->name, h->value);
	}
	buf_text(out, "\r\n");
	return buf_whole(out, "the request for a WebSocket", e);
}

/* "HTTP/1.1 101 Switching Protocols" */
static int read_status(struct view line, int *status, struct err *e)
{
	struct view digits;

	if (!view_starts(line, "HTTP/1.1 ") && !view_starts(line, "HTTP/1.0 "))
		return err_set(e, ERR_REMOTE, 0, "what came is no HTTP");
	digits = view_of(line.p + 9, line.n - 9);
	if (digits.n < 3 || (digits.n > 3 && digits.p[3] != ' '))
		return err_set(e, ERR_REMOTE, 0, "what came has no status");
	*status = 0;
	for (size_t i = 0; i < 3; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return err_set(e, ERR_REMOTE, 0, "what came has no status");
		*status = *status * 10 + (digits.p[i] - '0');
	}
	return 0;
}

int ws_reply_read(struct view in, struct reply *reply, size_t *taken, struct err *e)
{
	const char *end = in.n ? memmem(in.p, in.n, "\r\n\r\n", 4) : NULL;
	struct view rest, line;

	if (!end && in.n > WS_REPLY_HEAD_MAX)
		return err_set(e, ERR_REMOTE, 0, "the head of the reply is too long");
	if (!end)
		return 0;
	rest = view_of(in.p, (size_t)(end - in.p));
	if (read_status(view_trim(view_cut(&rest, '\n')), &reply->status, e) < 0)
		return -1;
	buf_cut(&reply->head, 0);
	while (rest.p) {
		line = view_trim(view_cut(&rest, '\n'));
		buf_view(&reply->head, line);
		buf_char(&reply->head, '\n');
	}
	*taken = (size_t)(end - in.p) + 4;
	return 1;
}

/* RFC 6455, 4.2.2: the key with this GUID behind it, SHA-1, base64. */
static bool accepts(const char *accept, const char *key)
{
	AUTO(text) char *text = xasprintf("%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	AUTO(buf) struct buf want = BUF_MAX(64);
	unsigned char digest[SHA1_BYTES];

	sha1(view_text(text), digest);
	base64_print(&want, view_of(digest, sizeof(digest)));
	return text_same(accept, buf_str(&want));
}

/* One of the words of a list with commas, in any case. */
static bool has_word(const char *list, const char *word)
{
	struct view rest = view_text(list), one;

	while (rest.p) {
		one = view_trim(view_cut(&rest, ','));
		if (one.n == strlen(word) && strncasecmp(one.p, word, one.n) == 0)
			return true;
	}
	return false;
}

int ws_reply_check(const struct reply *reply, const struct request *rq, const char *key, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *wanted = request_header_get(rq, "Sec-WebSocket-Protocol");
	const char *given = reply_header(reply, &a, "Sec-WebSocket-Protocol");

	if (reply->status != 101)
		return err_set(e, ERR_REMOTE, reply->status, "no WebSocket was opened (%d)", reply->status);
	if (!has_word(reply_header(reply, &a, "Upgrade"), "websocket") ||
	    !has_word(reply_header(reply, &a, "Connection"), "upgrade"))
		return err_set(e, ERR_REMOTE, 0, "the reply is no upgrade to a WebSocket");
	if (!accepts(reply_header(reply, &a, "Sec-WebSocket-Accept"), key))
		return err_set(e, ERR_REMOTE, 0, "the reply is not the one to our request");
	if (given ? !has_word(wanted ? wanted : "", given) : wanted != NULL)
		return err_set(e, ERR_REMOTE, 0, "the protocol '%s' was not taken", wanted ? wanted : "");
	if (!text_empty(reply_header(reply, &a, "Sec-WebSocket-Extensions")))
		return err_set(e, ERR_REMOTE, 0, "an extension is used that nobody asked for");
	return 0;
}

/* ---- reading ---- */

struct head {
	unsigned op;
	bool fin;
	size_t n;       /* bytes of the head */
	uint64_t size;  /* of the payload */
};

/* 1: read; 0: more must come. */
static int read_head(struct view in, struct head *h, struct err *e)
{
	const unsigned char *p = (const unsigned char *)in.p;
	size_t more;

	if (in.n < 2)
		return 0;
	h->op = p[0] & OP;
	h->fin = p[0] & FIN;
	h->size = p[1] & LENGTH;
	if (p[0] & RESERVED)
		return err_set(e, ERR_REMOTE, 0, "a frame uses an extension that nobody asked for");
	if (p[1] & MASKED)
		return err_set(e, ERR_REMOTE, 0, "a frame of the server is masked");
	more = h->size == 126 ? 2 : h->size == 127 ? 8 : 0;
	h->n = 2 + more;
	if (in.n < h->n)
		return 0;
	if (more)
		h->size = 0;
	for (size_t i = 0; i < more; i++)
		h->size = h->size << 8 | p[2 + i];
	if ((h->op & CONTROL) && (h->size > WS_CONTROL_MAX || !h->fin))
		return err_set(e, ERR_REMOTE, 0, "a control frame is too long or in parts");
	if (h->size > WS_MESSAGE_MAX)
		return err_set(e, ERR_REMOTE, 0, "a message is longer than %d bytes", WS_MESSAGE_MAX);
	return 1;
}

static int take_data(struct websocket *ws, const struct head *h, struct view payload, struct ws_frame *out,
                     struct err *e)
{
	if ((h->op == WS_OP_MORE) != ws->in_message)
		return err_set(e, ERR_REMOTE, 0, ws->in_message ? "a message begins within another"
		                                                : "a message goes on that never began");
	if (!ws->in_message)
		buf_cut(&ws->parts, 0);
	if (h->fin && !ws->in_message) {
		out->said = WS_MESSAGE;
		out->payload = payload;
		return 0;
	}
	buf_view(&ws->parts, payload);
	if (buf_whole(&ws->parts, "a message", e) < 0)
		return -1;
	ws->in_message = !h->fin;
	if (h->fin) {
		out->said = WS_MESSAGE;
		out->payload = buf_bytes(&ws->parts);
	}
	return 0;
}

static int take_close(struct view payload, struct ws_frame *out, struct err *e)
{
	const unsigned char *p = (const unsigned char *)payload.p;

	if (payload.n == 1)
		return err_set(e, ERR_REMOTE, 0, "a close has half a code");
	out->said = WS_CLOSE;
	out->code = payload.n ? (unsigned)p[0] << 8 | p[1] : 0;
	out->payload = payload.n ? view_of(payload.p + 2, payload.n - 2) : payload;
	return 0;
}

int ws_read(struct websocket *ws, struct view in, struct ws_frame *out, struct err *e)
{
	struct head h;
	struct view payload;
	int got = read_head(in, &h, e);

	*out = (struct ws_frame){ 0 };
	if (got < 0)
		return -1;
	if (got == 0 || in.n - h.n < h.size)
		return 0;
	payload = view_of(in.p + h.n, (size_t)h.size);
	out->taken = h.n + payload.n;
	switch (h.op) {
	case WS_OP_MORE:
	case WS_OP_TEXT:
	case WS_OP_BINARY:
		return take_data(ws, &h, payload, out, e);
	case WS_OP_CLOSE:
		return take_close(payload, out, e);
	case WS_OP_PING:
	case WS_OP_PONG:
		out->said = h.op == WS_OP_PING ? WS_PING : WS_PONG;
		out->payload = payload;
		return 0;
	default:
		return err_set(e, ERR_REMOTE, 0, "a frame has the unknown opcode %u", h.op);
	}
}

/* ---- writing ---- */

static void put_masked(struct buf *out, struct view v, size_t at, const unsigned char mask[4])
{
	size_t start = out->n;

	buf_view(out, v);
	if (out->full)
		return;
	for (size_t i = 0; i < v.n; i++)
		out->p[start + i] ^= (char)mask[(at + i) & 3];
}

void ws_write(struct buf *out, enum ws_op op, struct view first, struct view rest, const unsigned char mask[4])
{
	unsigned char head[WS_FRAME_HEAD_MAX] = { (unsigned char)(FIN | op) };
	uint64_t size = first.n + rest.n;
	size_t n = 2, more = size < 126 ? 0 : size < 1 << 16 ? 2 : 8;

	head[1] = (unsigned char)(MASKED | (more == 0 ? size : more == 2 ? 126 : 127));
	for (size_t i = more; i-- > 0;)
		head[n++] = (unsigned char)(size >> 8 * i);
	memcpy(head + n, mask, 4);
	buf_put(out, head, n + 4);
	put_masked(out, first, 0, mask);
	put_masked(out, rest, first.n, mask);
}

void ws_write_close(struct buf *out, unsigned code, const unsigned char mask[4])
{
	unsigned char payload[2] = { (unsigned char)(code >> 8), (unsigned char)code };

	ws_write(out, WS_OP_CLOSE, view_of(payload, 2), view_of(NULL, 0), mask);
}
