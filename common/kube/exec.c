#include "kube/exec.h"

#include "core/text.h"
#include "formats/json.h"
#include "formats/number.h"

#define PROTOCOLS "v5.channel.k8s.io, v4.channel.k8s.io"
/* Where the result, which comes behind all output, is put: a line of reply.head, as a trailer would be. */
#define RESULT "Exec-Result"

/* k8s.io/apimachinery, pkg/util/remotecommand/constants.go */
enum { CHANNEL_OUT = 1, CHANNEL_TALK = 2, CHANNEL_RESULT = 3 };

enum { SWITCHED = 101 };

/* ---- hearing the channels ---- */

static enum message_said hear_result(struct reply *reply, struct view text, struct err *e)
{
	if (memchr(text.p, '\n', text.n)) {
		err_set(e, ERR_REMOTE, 0, "exec: the result is more than a line");
		return MESSAGE_WRONG;
	}
	buf_text(&reply->head, RESULT ": ");
	buf_view(&reply->head, text);
	buf_char(&reply->head, '\n');
	if (buf_whole(&reply->head, "the result of the command", e) < 0)
		return MESSAGE_WRONG;
	return MESSAGE_LAST;
}

/* The first byte is the channel; the first message is an empty one. */
static enum message_said hear(struct reply *reply, struct view message, struct err *e)
{
	unsigned channel = message.n > 0 ? (unsigned char)message.p[0] : CHANNEL_OUT;
	struct view rest = message.n > 1 ? view_of(message.p + 1, message.n - 1) : view_of("", 0);

	switch (channel) {
	case CHANNEL_OUT:
		buf_view(&reply->body, rest);
		return buf_whole(&reply->body, "what the command says", e) < 0 ? MESSAGE_WRONG : MESSAGE_MORE;
	case CHANNEL_TALK:
		if (reply->talk.n + rest.n <= EXEC_TALK_MAX)
			buf_view(&reply->talk, rest);
		return MESSAGE_MORE;
	case CHANNEL_RESULT:
		return hear_result(reply, rest, e);
	default:
		err_set(e, ERR_REMOTE, 0, "exec: a message on the unknown channel %u", channel);
		return MESSAGE_WRONG;
	}
}

/* ---- asking ---- */

static enum sorted sort_exec(const struct reply *r)
{
	(void)r;
	return SORTED_ANSWER;
}

static const char *path_of(struct arena *a, const char *namespace_, const char *pod, const char *container,
                           const char *const *argv)
{
	const char *path = kube_path(a, "/api/v1/namespaces/%s/pods/%s/exec", namespace_, pod);

	path = arena_printf(a, "%s?stdout=true&stderr=true", path);
	if (container)
		path = arena_printf(a, "%s&%s", path, kube_path(a, "container=%s", container));
	for (; *argv; argv++)
		path = arena_printf(a, "%s&%s", path, kube_path(a, "command=%s", *argv));
	return path;
}

int kube_ask_exec(const struct kube *k, struct request *rq, const char *namespace_, const char *pod,
                  const char *container, const char *const *argv, struct err *e)
{
	size_t words = 0;

	while (argv[words])
		words++;
	if (words == 0 || words > EXEC_WORDS_MAX)
		return err_set(e, ERR_BUG, 0, "a command of %zu words", words);
	if (kube_ask(k, rq, "GET", path_of(&rq->mem, namespace_, pod, container, argv), NULL, e) < 0)
		return -1;
	/* An upgrade is no JSON: the API server refuses to be asked for that (406). */
	for (size_t i = 0; i < rq->n_headers; i++)
		if (text_same(rq->headers[i].name, "Accept"))
			rq->headers[i].value = "*/*";
	request_header(rq, "Sec-WebSocket-Protocol", PROTOCOLS);
	request_messages(rq, hear);
	rq->sort = sort_exec;
	rq->body_max = EXEC_OUT_MAX;
	rq->label = arena_printf(&rq->mem, "%s: %s", pod, argv[0]);
	return 0;
}

/* ---- reading ---- */

static int read_code(const struct value *status, int *code, struct err *e)
{
	const struct value *causes = value_at(status, "details.causes");
	int64_t n;

	for (size_t i = 0; causes && causes->type == VALUE_LIST && i < causes->n; i++) {
		if (!text_same(value_text_or(causes->items[i], "reason", ""), "ExitCode"))
			continue;
		if (!number_int(view_text(value_text_or(causes->items[i], "message", "")), 10, &n) || n < 0 || n > 255)
			break;
		*code = (int)n;
		return 0;
	}
	return err_set(e, ERR_REMOTE, 0, "the result of the command has no exit code");
}

/* runc: exec: "nosuch": executable file not found in $PATH; "/no/such": stat /no/such: no such file or directory */
static bool says_not_found(const char *message)
{
	return strstr(message, "executable file not found") || strstr(message, "no such file or directory");
}

static int read_result(struct arena *a, const char *text, struct kube_ran *out, struct err *e)
{
	struct value *status;

	if (!text)
		return err_set(e, ERR_REMOTE, 0, "the command ended without a result");
	if (va_json_parse(a, view_text(text), NULL, &status, e) < 0) {
		e->kind = ERR_REMOTE;
		return err_while(e, "the result of the command");
	}
	out->answer.body = status;
	out->answer.reason = value_text_or(status, "reason", "");
	out->answer.message = value_text_or(status, "message", "");
	out->code = -1;
	if (text_same(value_text_or(status, "status", ""), "Success"))
		out->code = 0;
	else if (text_same(out->answer.reason, "NonZeroExitCode"))
		return read_code(status, &out->code, e);
	else if (says_not_found(out->answer.message))
		out->code = EXEC_NOT_FOUND;
	return 0;
}

int kube_read_exec(struct arena *a, const struct reply *reply, struct kube_ran *out, struct err *e)
{
	struct kube_ran ran = { .started = reply->status == SWITCHED };

	if (!ran.started) {
		if (kube_read(a, reply, &ran.answer, e) < 0)
			return -1;
		/* A 2xx is no WebSocket either. */
		ran.answer.ok = false;
		*out = ran;
		return 0;
	}
	ran.answer.status = SWITCHED;
	ran.answer.ok = true;
	if (read_result(a, reply_header(reply, a, RESULT), &ran, e) < 0)
		return -1;
	ran.out = buf_bytes(&reply->body);
	ran.talk = buf_bytes(&reply->talk);
	*out = ran;
	return 0;
}
