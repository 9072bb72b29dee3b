/* Calls that are a WebSocket: each is a pipe of its own, whose messages the call hears. */
#include "net/engine_tunnel.h"

#include "core/text.h"

#include <errno.h>

int messages_start(struct engine *g, struct call *call, struct err *e)
{
	struct pipe *p;

	if (!call->rq.hear || call->rq.tunnel || call->rq.body.n > 0)
		return err_set(e, ERR_BUG, 0, "a WebSocket that nobody hears, behind a tunnel, or with a body");
	if (pipe_open(g, call, &p, e) < 0)
		return -1;
	p->next = g->tunnels.pipes;
	g->tunnels.pipes = p;
	g->tunnels.messages++;
	g->counts.calls++;
	return 0;
}

static struct pipe **place_of(struct engine *g, const struct call *call)
{
	struct pipe **at = &g->tunnels.pipes;

	while ((*at)->asker != call)
		at = &(*at)->next;
	return at;
}

static void forget(struct pipe **at)
{
	struct pipe *p = *at;

	*at = p->next;
	p->g->tunnels.messages--;
	p->asker->engine = NULL;
	pipe_free(p);
}

void messages_drop(struct engine *g, struct call *call)
{
	struct pipe **at = place_of(g, call);

	pipe_farewell(*at);
	forget(at);
}

/* How it ended. What was sent before there was a connection is nothing; the upgrade itself may have started something. */
static void finish(struct pipe *p)
{
	struct call *call = p->asker;

	call->fresh = true;
	if (p->whole) {
		call->end = CALL_REPLY;
		return;
	}
	call->end = p->sent ? CALL_LOST : CALL_UNSENT;
	err_move(&call->err, &p->why);
	if (!call->err.kind && p->late)
		err_set(&call->err, ERR_NET, ETIMEDOUT, "'%s' did not end in time", p->name);
	else if (!call->err.kind)
		err_set(&call->err, ERR_NET, 0, "'%s' ended before its end", p->name);
}

struct call *messages_ended(struct engine *g)
{
	for (struct pipe **at = &g->tunnels.pipes; g->tunnels.messages > 0 && *at; at = &(*at)->next) {
		struct pipe *p = *at;
		struct call *call = p->asker;

		if (!call || p->state != PIPE_CLOSED)
			continue;
		finish(p);
		forget(at);
		return call;
	}
	return NULL;
}
