/* The bytes of a server: as frames, whole and byte by byte, and as the answer to an upgrade. */
#include "fuzz/fuzz.h"

#include "net/websocket.h"

/* Everything said, one after the other, in `all`; how the bytes came makes no difference. */
static int read_all(struct view in, size_t step, struct buf *all)
{
	struct websocket ws = WEBSOCKET_INIT;
	AUTO(err) struct err e = { 0 };
	struct ws_frame frame = { 0 };
	size_t at = 0, have = step < in.n ? step : in.n;
	int result = 0;

	for (;;) {
		result = ws_read(&ws, view_of(in.p + at, have - at), &frame, &e);
		if (!taken(result, &e))
			break;
		must(frame.taken <= have - at && (frame.taken || frame.said == WS_NOTHING));
		at += frame.taken;
		if (frame.said != WS_NOTHING) {
			buf_printf(all, "%d %u %zu:", frame.said, frame.code, frame.payload.n);
			buf_view(all, frame.payload);
		}
		if (frame.taken)
			continue;
		if (have == in.n)
			break;
		have = in.n - have < step ? in.n : have + step;
	}
	websocket_release(&ws);
	return result;
}

static void write_and_read(struct view payload)
{
	static const unsigned char mask[4] = { 1, 0, 255, 128 };
	AUTO(buf) struct buf out = BUF_MAX(FUZZ_TEXT_MAX);
	size_t head = payload.n < 126 ? 2 : payload.n < 65536 ? 4 : 10;
	struct websocket ws = WEBSOCKET_INIT;
	AUTO(err) struct err e = { 0 };
	struct ws_frame frame;

	ws_write(&out, WS_OP_BINARY, view_of(payload.p, payload.n / 2),
	         view_of(payload.p + payload.n / 2, payload.n - payload.n / 2), mask);
	must(out.n == head + 4 + payload.n && (out.p[1] & 0x80));
	for (size_t i = 0; i < payload.n; i++)
		out.p[head + i] = (char)(out.p[head + 4 + i] ^ mask[i % 4]);
	out.p[1] &= 0x7f;
	if (payload.n > WS_MESSAGE_MAX)
		return;
	must(ws_read(&ws, view_of(out.p, head + payload.n), &frame, &e) == 0);
	must(frame.said == WS_MESSAGE && view_same(frame.payload, payload));
	websocket_release(&ws);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(buf) struct buf whole = BUF_MAX(FUZZ_TEXT_MAX), bytewise = BUF_MAX(FUZZ_TEXT_MAX);
	struct reply reply = { .head = BUF_MAX(REPLY_HEAD_MAX) };
	struct view in = view_of(data, n);
	AUTO(err) struct err e = { 0 };
	size_t used = 0;
	int got;

	must(read_all(in, n ? n : 1, &whole) == read_all(in, 1, &bytewise));
	must(view_same(buf_bytes(&whole), buf_bytes(&bytewise)));
	write_and_read(in);
	got = ws_reply_read(in, &reply, &used, &e);
	must(got != 1 || (used <= n && reply.status >= 0 && reply.status <= 999));
	must(got >= 0 || e.text);
	reply_release(&reply);
	return 0;
}
