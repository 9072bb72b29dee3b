#include "net/transport.h"

#include "core/text.h"

void transport_ahead(const struct transport *t, const struct ahead *a)
{
	if (t->ops->ahead)
		t->ops->ahead(t->self, a);
}

void transport_leave(const struct transport *t, const void *owner)
{
	if (t->ops->leave)
		t->ops->leave(t->self, owner);
}

struct call *call_new(void)
{
	struct call *call = xcalloc(1, sizeof(*call));

	call->reply.head.max = REPLY_HEAD_MAX;
	call->reply.body.max = REPLY_BODY_MAX;
	call->reply.talk.max = REPLY_HEAD_MAX;
	return call;
}

void call_free(struct call *call)
{
	if (!call)
		return;
	request_release(&call->rq);
	reply_release(&call->reply);
	err_release(&call->err);
	free(call);
}
