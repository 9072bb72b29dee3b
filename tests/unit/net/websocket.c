/* RFC 6455 from the client's side, as bytes in and bytes out. */
#include "rig.h"

#include "net/websocket.h"

static const unsigned char mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

#define BYTES(...) view_of((const char[]){ __VA_ARGS__ }, sizeof((const char[]){ __VA_ARGS__ }))

static void the_key_is_the_rfcs(void **state)
{
	char key[WS_KEY_MAX];

	(void)state;
	ws_key((const unsigned char *)"the sample nonce", key);
	assert_string_equal(key, "dGhlIHNhbXBsZSBub25jZQ==");
}

static void the_upgrade_is_whole(void **state)
{
	AUTO(buf) struct buf out = BUF_MAX(4096);
	AUTO(err) struct err e = { 0 };
	struct request rq = { 0 };

	(void)state;
	request_http(&rq, "GET", "https://[::1]:6443/api/v1/x?ports=8200");
	request_header(&rq, "Authorization", "Bearer t");
	request_header(&rq, "Sec-WebSocket-Protocol", "v4.channel.k8s.io");
	assert_int_equal(ws_request(&out, &rq, "KEY==", &e), 0);
	assert_string_equal(buf_str(&out),
	                    "GET /api/v1/x?ports=8200 HTTP/1.1\r\nHost: [::1]:6443\r\nUpgrade: websocket\r\n"
	                    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: KEY==\r\n"
	                    "Authorization: Bearer t\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n");
	rq.headers[0].value = "Bearer t\r\nX-Smuggled: yes";
	assert_int_equal(ws_request(&out, &rq, "KEY==", &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
	request_release(&rq);
}

#define ANSWER(status, lines) "HTTP/1.1 " status "\r\n" lines "\r\n"
#define UPGRADE "Upgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n"
#define ACCEPT  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define PROTO   "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n"

static void the_answer_must_fit_the_question(void **state)
{
	static const struct { const char *text, *words; } cases[] = {
		{ ANSWER("101 Switching Protocols", UPGRADE ACCEPT PROTO), NULL },
		{ ANSWER("101", UPGRADE ACCEPT PROTO), NULL },
		{ ANSWER("200 OK", UPGRADE ACCEPT PROTO), "no WebSocket was opened (200)" },
		{ ANSWER("101 x", ACCEPT PROTO), "no upgrade" },
		{ ANSWER("101 x", "Upgrade: websocket\r\n" ACCEPT PROTO), "no upgrade" },
		{ ANSWER("101 x", UPGRADE PROTO), "not the one" },
		{ ANSWER("101 x", UPGRADE "Sec-WebSocket-Accept: x\r\n" PROTO), "not the one" },
		{ ANSWER("101 x", UPGRADE ACCEPT), "was not taken" },
		{ ANSWER("101 x", UPGRADE ACCEPT "Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n"), "was not taken" },
		{ ANSWER("101 x", UPGRADE ACCEPT PROTO "Sec-WebSocket-Extensions: permessage-deflate\r\n"), "extension" },
	};
	struct request rq = { 0 };

	(void)state;
	request_http(&rq, "GET", "https://x/");
	request_header(&rq, "Sec-WebSocket-Protocol", "v4.channel.k8s.io");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(err) struct err e = { 0 };
		struct reply reply = { .head = BUF_MAX(4096) };
		size_t taken = 0, n = strlen(cases[i].text);
		AUTO(text) char *text = xasprintf("%sxy", cases[i].text);

		for (size_t part = 0; part < n; part++)
			assert_int_equal(ws_reply_read(view_of(text, part), &reply, &taken, &e), 0);
		assert_int_equal(ws_reply_read(view_text(text), &reply, &taken, &e), 1);
		assert_int_equal(taken, n);
		assert_int_equal(ws_reply_check(&reply, &rq, "dGhlIHNhbXBsZSBub25jZQ==", &e), cases[i].words ? -1 : 0);
		if (cases[i].words && !strstr(e.text, cases[i].words))
			fail_msg("%zu: %s", i, e.text);
		reply_release(&reply);
	}
	request_release(&rq);
}

static void what_is_no_answer_is_refused(void **state)
{
	static const char *const texts[] = { "SSH-2.0-x\r\n\r\n", "HTTP/1.1 \r\n\r\n", "HTTP/1.1 1x1 y\r\n\r\n",
		                                 "HTTP/1.1 1015 y\r\n\r\n", "\r\n\r\n", "HTTP/2 400\r\n\r\n" };
	AUTO(text) char *endless = xmalloc(WS_REPLY_HEAD_MAX + 1);
	struct reply reply = { .head = BUF_MAX(4096) };
	AUTO(err) struct err e = { 0 };
	size_t taken;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_equal(ws_reply_read(view_text(texts[i]), &reply, &taken, &e), -1);
	memset(endless, 'x', WS_REPLY_HEAD_MAX + 1);
	assert_int_equal(ws_reply_read(view_of(endless, WS_REPLY_HEAD_MAX), &reply, &taken, &e), 0);
	assert_int_equal(ws_reply_read(view_of(endless, WS_REPLY_HEAD_MAX + 1), &reply, &taken, &e), -1);
	reply_release(&reply);
}

/* RFC 6455, 5.7, and the limits of the three forms of a length. */
static void frames_are_written_masked(void **state)
{
	static const size_t sizes[] = { 0, 125, 126, 65535, 65536 };
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);

	(void)state;
	ws_write(&out, WS_OP_TEXT, view_text("He"), view_text("llo"), mask);
	assert_true(view_same(buf_bytes(&out),
	                      BYTES((char)0x81, (char)0x85, 0x37, (char)0xfa, 0x21, 0x3d, 0x7f, (char)0x9f, 0x4d, 0x51, 0x58)));
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		AUTO(text) char *payload = xcalloc(1, sizes[i] + 1);
		size_t head = sizes[i] < 126 ? 6 : sizes[i] < 65536 ? 8 : 14;

		buf_cut(&out, 0);
		ws_write(&out, WS_OP_BINARY, view_of(payload, sizes[i] / 3), view_of(payload, sizes[i] - sizes[i] / 3), mask);
		assert_int_equal(out.n, head + sizes[i]);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal((unsigned char)out.p[head + k], mask[k % 4]);
	}
	buf_cut(&out, 0);
	ws_write_close(&out, WS_CLOSE_NORMAL, mask);
	assert_true(view_same(buf_bytes(&out), BYTES((char)0x88, (char)0x82, 0x37, (char)0xfa, 0x21, 0x3d,
	                                             0x03 ^ 0x37, (char)(0xe8 ^ 0xfa))));
}

static struct ws_frame read_one(struct websocket *ws, struct view in)
{
	AUTO(err) struct err e = { 0 };
	struct ws_frame frame;

	for (size_t part = 0; part < in.n; part++) {
		assert_int_equal(ws_read(ws, view_of(in.p, part), &frame, &e), 0);
		assert_int_equal(frame.taken, 0);
	}
	assert_int_equal(ws_read(ws, in, &frame, &e), 0);
	assert_int_equal(frame.taken, in.n);
	return frame;
}

static void a_message_may_come_in_parts(void **state)
{
	struct websocket ws = WEBSOCKET_INIT;
	struct ws_frame frame;

	(void)state;
	assert_int_equal(read_one(&ws, BYTES(0x02, 0x01, 'a')).said, WS_NOTHING);
	frame = read_one(&ws, BYTES((char)0x89, 0x02, 'h', 'i'));
	assert_int_equal(frame.said, WS_PING);
	assert_true(view_is(frame.payload, "hi"));
	assert_int_equal(read_one(&ws, BYTES(0x00, 0x00)).said, WS_NOTHING);
	frame = read_one(&ws, BYTES((char)0x80, 0x02, 'b', 'c'));
	assert_int_equal(frame.said, WS_MESSAGE);
	assert_true(view_is(frame.payload, "abc"));
	frame = read_one(&ws, BYTES((char)0x82, 0x01, 'd'));
	assert_int_equal(frame.said, WS_MESSAGE);
	assert_true(view_is(frame.payload, "d"));
	frame = read_one(&ws, BYTES((char)0x88, 0x04, 0x03, (char)0xe9, 'o', 'k'));
	assert_int_equal(frame.said, WS_CLOSE);
	assert_int_equal(frame.code, 1001);
	assert_true(view_is(frame.payload, "ok"));
	assert_int_equal(read_one(&ws, BYTES((char)0x88, 0x00)).code, 0);
	websocket_release(&ws);
}

static void what_the_rfc_forbids_is_refused(void **state)
{
	static const struct { unsigned char bytes[12]; size_t n; } cases[] = {
		{ { 0x82, 0x80 }, 2 },                         /* masked */
		{ { 0xc2, 0x00 }, 2 },                         /* an extension's bit */
		{ { 0x83, 0x00 }, 2 },                         /* unknown opcodes */
		{ { 0x8b, 0x00 }, 2 },
		{ { 0x09, 0x00 }, 2 },                         /* a ping in parts */
		{ { 0x89, 0x7e, 0x00, 0x7e }, 4 },             /* a long ping */
		{ { 0x88, 0x01, 0x03 }, 3 },                   /* half a code */
		{ { 0x80, 0x00 }, 2 },                         /* goes on, never began */
		{ { 0x82, 0x7f, 0, 0, 0, 0, 0, 4, 0, 1 }, 10 }, /* too long */
		{ { 0x82, 0x7f, 0xff, 0, 0, 0, 0, 0, 0, 0 }, 10 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct websocket ws = WEBSOCKET_INIT;
		AUTO(err) struct err e = { 0 };
		struct ws_frame frame;

		if (ws_read(&ws, view_of(cases[i].bytes, cases[i].n), &frame, &e) != -1 || e.kind != ERR_REMOTE)
			fail_msg("%zu is taken", i);
		websocket_release(&ws);
	}
}

static void a_message_within_a_message_is_refused(void **state)
{
	struct websocket ws = WEBSOCKET_INIT;
	AUTO(err) struct err e = { 0 };
	struct ws_frame frame;

	(void)state;
	read_one(&ws, BYTES(0x02, 0x01, 'a'));
	assert_int_equal(ws_read(&ws, BYTES((char)0x82, 0x01, 'b'), &frame, &e), -1);
	websocket_release(&ws);
}

static void parts_have_one_ceiling_together(void **state)
{
	enum { PART = 65535 };
	struct websocket ws = WEBSOCKET_INIT;
	AUTO(text) char *part = xcalloc(1, PART + 4);
	AUTO(err) struct err e = { 0 };
	struct ws_frame frame;
	size_t taken = 0;

	(void)state;
	memcpy(part, "\x02\x7e\xff\xff", 4);
	while (ws_read(&ws, view_of(part, PART + 4), &frame, &e) == 0) {
		taken += PART;
		assert_true(taken <= WS_MESSAGE_MAX);
		part[0] = 0;
	}
	assert_int_equal(e.kind, ERR_REMOTE);
	assert_true(taken + PART > WS_MESSAGE_MAX);
	websocket_release(&ws);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_is_the_rfcs),
		cmocka_unit_test(the_upgrade_is_whole),
		cmocka_unit_test(the_answer_must_fit_the_question),
		cmocka_unit_test(what_is_no_answer_is_refused),
		cmocka_unit_test(frames_are_written_masked),
		cmocka_unit_test(a_message_may_come_in_parts),
		cmocka_unit_test(what_the_rfc_forbids_is_refused),
		cmocka_unit_test(a_message_within_a_message_is_refused),
		cmocka_unit_test(parts_have_one_ceiling_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
