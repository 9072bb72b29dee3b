/* What exec's WebSocket says, message after message (two bytes of length before each), and the script of --from-pod. */
#include "fuzz/fuzz.h"

#include "domain/probe.h"
#include "kube/exec.h"

static void hear_all(const struct request *rq, struct view in, struct reply *reply)
{
	enum message_said said = MESSAGE_MORE;

	while (said == MESSAGE_MORE && in.n >= 2) {
		size_t n = (size_t)((unsigned char)in.p[0] << 8 | (unsigned char)in.p[1]);
		AUTO(err) struct err e = { 0 };
		struct view message = view_of(in.p + 2, n < in.n - 2 ? n : in.n - 2);

		said = rq->hear(reply, message, &e);
		must((said == MESSAGE_WRONG) == (e.kind != ERR_NONE));
		in = view_of(message.p + message.n, in.n - 2 - message.n);
	}
	must(reply->body.n <= reply->body.max && reply->talk.n <= EXEC_TALK_MAX);
}

static void read_probe(struct view text)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct probe probe = { 0 };

	probe_read(&a, text, &probe);
	must(probe.word != PROBE_UNREAD && probe.word <= PROBE_UNCLEAR);
	for (const char *c = probe.said ? probe.said : ""; *c; c++)
		must(*c >= ' ' && *c < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const words[] = { "true", NULL };
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct reply reply = { .status = 101, .head = BUF_MAX(REPLY_HEAD_MAX), .body = BUF_MAX(64 << 10), .talk = BUF_MAX(REPLY_HEAD_MAX) };
	struct kube k = { .server = "https://api" };
	struct request rq = { 0 };
	struct kube_ran ran;

	must(kube_ask_exec(&k, &rq, "vault", "vault-0", "vault", words, &e) == 0);
	hear_all(&rq, view_of(data, n), &reply);
	if (taken(kube_read_exec(&a, &reply, &ran, &e), &e))
		must(ran.started && ran.code >= -1 && ran.code <= 255 && ran.answer.reason && ran.answer.message);
	read_probe(view_of(data, n));
	request_release(&rq);
	reply_release(&reply);
	return 0;
}
