/*
 * A greeting before what is secret, where TLS gives none of its own. A node's container runtime writes into its log, in
 * clear, what it can bring to nobody: containerd 1.6, and all that use Kubernetes' wsstream, say "Unable to write frame",
 * and then the frame. So nothing secret goes into a plain connection before its far end has answered something else:
 * "OPTIONS *", of which RFC 9110 (9.3.7) says that it is "useful only as a type of ping or no-op". Go's net/http, which
 * Vault is built on, answers it by itself, with an empty body.
 */
#include "net/engine_tunnel.h"

static const char greeting[] = "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n";

/* Bodies hold tokens to log in with, keys and passwords; nobody here knows which do not. */
static bool is_secret(const struct request *rq)
{
	return rq->body.n > 0 || request_has_credentials(rq);
}

bool pipe_must_greet(const struct pipe *p)
{
	const struct request *rq = p->user ? &p->user->call->rq : NULL;

	return rq ? strncmp(rq->url, "http:", strlen("http:")) == 0 && is_secret(rq) : p->tunnel->plain;
}

void pipe_greet(struct pipe *p)
{
	pipe_say(p, view_of(greeting, strlen(greeting)));
}

static bool has_no_body(const struct reply *reply)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *length = reply_header(reply, &a, "Content-Length");

	return reply->status == 204 || (length && strcmp(length, "0") == 0);
}

bool pipe_greeted(struct pipe *p, struct err *e)
{
	AUTO(err) struct err why = { 0 };
	struct reply reply = { .head = BUF_MAX(REPLY_HEAD_MAX) };
	size_t taken = 0;
	int got = ws_reply_read(buf_bytes(&p->back), &reply, &taken, &why);
	bool good = got == 1 && taken == p->back.n && has_no_body(&reply);

	reply_release(&reply);
	if (got == 0)
		return true;
	buf_cut(&p->back, 0);
	if (!good)
		return err_set(e, ERR_REMOTE, 0, "'%s' does not answer 'OPTIONS *' as HTTP servers do", p->name) == 0;
	p->greets = false;
	p->user = NULL;
	return true;
}
