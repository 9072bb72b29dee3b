/*
 * The client's side of RFC 6455 as bytes in and bytes out: no socket, no clock,
 * no random numbers. Whoever has a connection writes what is appended to `out`
 * and hands over what came:
 *
 *	struct websocket ws = WEBSOCKET_INIT;
 *
 *	ws_request(&out, rq, key, e);                      the upgrade
 *	ws_reply_read(view, reply, &taken, e) == 1 && ws_reply_check(reply, rq, key, e) == 0
 *	while (ws_read(&ws, view, &frame, e) == 0 && frame.taken > 0)
 *		...
 *
 * Text and binary messages are not told apart, since nobody here sends text. No
 * extension is asked for, so none may be used.
 */
#ifndef NET_WEBSOCKET_H
#define NET_WEBSOCKET_H

#include "net/request.h"

enum {
	WS_MESSAGE_MAX = 256 << 10,   /* of one message from the server; kubelets send 32 KiB and a byte */
	WS_FRAME_HEAD_MAX = 14,
	WS_CONTROL_MAX = 125,         /* RFC 6455, 5.5 */
	WS_REPLY_HEAD_MAX = 32 << 10, /* of the answer to the upgrade */
	WS_NONCE_BYTES = 16,
	WS_KEY_MAX = 25               /* the nonce in base64, terminated */
};

enum ws_op { WS_OP_MORE = 0, WS_OP_TEXT = 1, WS_OP_BINARY = 2, WS_OP_CLOSE = 8, WS_OP_PING = 9, WS_OP_PONG = 10 };

enum { WS_CLOSE_NORMAL = 1000, WS_CLOSE_PROTOCOL = 1002 };

/* A message that comes in parts. */
struct websocket {
	struct buf parts;
	bool in_message;
};

#define WEBSOCKET_INIT { .parts = BUF_MAX(WS_MESSAGE_MAX) }

void websocket_release(struct websocket *ws);

enum ws_said { WS_NOTHING, WS_MESSAGE, WS_PING, WS_PONG, WS_CLOSE };

struct ws_frame {
	size_t taken;         /* bytes of `in` that were used; 0: a whole frame is not there yet */
	enum ws_said said;    /* WS_NOTHING: a part of a message */
	struct view payload;  /* within `in` or the parts: until the next ws_read */
	unsigned code;        /* of a close; 0: none was given */
};

/* What Sec-WebSocket-Key says for sixteen random bytes. */
void ws_key(const unsigned char nonce[WS_NONCE_BYTES], char out[WS_KEY_MAX]);

/*
 * Appends the upgrade: rq's address and headers (Sec-WebSocket-Protocol among
 * them) and what RFC 6455 asks for besides. ERR_BUG for a header with a line
 * break, ERR_CONFIG for an address that is none.
 */
MUST_CHECK int ws_request(struct buf *out, const struct request *rq, const char *key, struct err *e);

/*
 * Reads the head of the answer, status and header lines, into reply. 1: it is
 * whole, taken says how long it was; 0: more must come; -1: ERR_REMOTE.
 */
MUST_CHECK int ws_reply_read(struct view in, struct reply *reply, size_t *taken, struct err *e);

/* ERR_REMOTE when a 101 is not the answer to this key and the protocol (one of those) that rq asked for. */
MUST_CHECK int ws_reply_check(const struct reply *reply, const struct request *rq, const char *key, struct err *e);

/* Takes the next frame off the front of in. ERR_REMOTE for what RFC 6455 or our ceilings do not allow. */
MUST_CHECK int ws_read(struct websocket *ws, struct view in, struct ws_frame *out, struct err *e);

/* Appends one whole, masked frame: the bytes of first and then rest. The mask is four random bytes. */
void ws_write(struct buf *out, enum ws_op op, struct view first, struct view rest, const unsigned char mask[4]);
/* Appends a close with this code. */
void ws_write_close(struct buf *out, unsigned code, const unsigned char mask[4]);

#endif
