#include "fake/transport.h"

#include "core/text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

struct fake_pending {
	struct fake_pending *next;
	struct call *call;
	size_t number;       /* in calls */
};

void fake_reply(struct reply *reply, int status, const char *body)
{
	reply->status = status;
	buf_cut(&reply->body, 0);
	buf_text(&reply->body, body);
}

void fake_reply_header(struct reply *reply, const char *name, const char *value)
{
	buf_printf(&reply->head, "%s: %s\n", name, value);
}

static void spoil_plainly(enum fault fault, struct reply *reply)
{
	if (fault == FAULT_THROTTLE)
		fake_reply(reply, 429, "slow down");
	else if (fault == FAULT_5XX)
		fake_reply(reply, 500, "failed");
	else
		fake_reply(reply, 200, "{\"Key");
}

static void spoil(struct fake_transport *f, enum fault fault, struct call *call)
{
	if (f->spoil)
		f->spoil(f->to, fault, &call->rq, &call->reply);
	else
		spoil_plainly(fault, &call->reply);
}

static char *host_of(const char *url)
{
	const char *p = strstr(url, "://");

	return p ? xstrndup(p + 3, strcspn(p + 3, "/?#")) : xstrdup("");
}

static struct fake_call *write_down(struct fake_transport *f, const struct call *call)
{
	const struct request *rq = &call->rq;
	const char *url = rq->kind == REQUEST_CHILD ? rq->argv[0] : rq->url;
	struct fake_call *c;

	f->calls = xrealloc(f->calls, (f->n_calls + 1) * sizeof(*f->calls));
	c = &f->calls[f->n_calls++];
	*c = (struct fake_call){ .start_ms = f->now_ms, .end_ms = -1, .once = rq->once };
	c->label = xstrdup(rq->label ? rq->label : "");
	c->method = xstrdup(rq->method ? rq->method : "");
	c->url = xstrdup(url ? url : "");
	c->host = host_of(c->url);
	return c;
}

static enum fault fault_of(const struct fake_transport *f)
{
	if (!f->fault_at || f->n_calls < f->fault_at)
		return NO_FAULT;
	return f->n_calls == f->fault_at || f->reach == REACH_LASTING ? f->fault : NO_FAULT;
}

static void lose(struct call *call, enum call_end end, int status, const char *text)
{
	call->end = end;
	call->reply.status = 0;
	buf_cut(&call->reply.head, 0);
	buf_cut(&call->reply.body, 0);
	err_set(&call->err, ERR_NET, status, "%s", text);
}

/* What the world does with the call, and what is to be seen of it. Gives how long it takes. */
static int64_t carry_out(struct fake_transport *f, struct call *call, enum fault fault)
{
	unsigned latency_ms = f->latency_ms;

	call->end = CALL_REPLY;
	if (fault == FAULT_RESET || fault == FAULT_KILLED_BEFORE)
		lose(call, CALL_UNSENT, ECONNRESET, "connection reset before the request");
	else if (fault != FAULT_THROTTLE && fault != FAULT_LOST_REQUEST)
		f->serve(f->to, &call->rq, &call->reply, &latency_ms);
	if (fault == FAULT_LOST_REPLY || fault == FAULT_LOST_REQUEST || fault == FAULT_KILLED)
		lose(call, CALL_LOST, ECONNRESET, "connection reset before the reply");
	if (fault == FAULT_THROTTLE || fault == FAULT_5XX || fault == FAULT_GARBAGE)
		spoil(f, fault, call);
	if (fault == FAULT_KILLED || fault == FAULT_KILLED_BEFORE) {
		f->killed = true;
		f->stops += 2;
		f->signal = SIGKILL;
	}
	return fault == FAULT_SLOW ? FAKE_SLOW_MS : (int64_t)latency_ms;
}

static void insert(struct fake_transport *f, struct call *call, size_t number)
{
	struct fake_pending *p = xcalloc(1, sizeof(*p)), **at = &f->pending;

	p->call = call;
	p->number = number;
	while (*at && (*at)->call->ends_ms <= call->ends_ms)
		at = &(*at)->next;
	p->next = *at;
	*at = p;
}

static int start(void *self, struct call *call, struct err *e)
{
	struct fake_transport *f = self;
	unsigned limit = call->rq.timeout_ms ? call->rq.timeout_ms : REQUEST_TIMEOUT_MS;
	struct fake_call *c;
	int64_t takes;

	if (call->rq.kind == REQUEST_NONE)
		return err_set(e, ERR_BUG, 0, "a request that was not filled");
	call->start_ms = f->now_ms;
	if (call->rq.body_max)
		call->reply.body.max = call->rq.body_max;
	if (f->killed) { /* nobody is there any more to send it */
		lose(call, CALL_UNSENT, 0, "killed");
		call->ends_ms = INT64_MAX;
		insert(f, call, f->n_calls);
		return 0;
	}
	c = write_down(f, call);
	c->fault = fault_of(f);
	takes = carry_out(f, call, c->fault);
	if (takes > (int64_t)limit) {
		takes = limit;
		lose(call, CALL_LOST, ETIMEDOUT, "no reply in time");
	}
	call->ends_ms = f->now_ms + takes;
	insert(f, call, f->n_calls - 1);
	return 0;
}

static struct call *end_first(struct fake_transport *f)
{
	struct fake_pending *p = f->pending;
	struct call *call = p->call;
	struct fake_call *c = &f->calls[p->number];

	f->pending = p->next;
	free(p);
	if (f->now_ms < call->ends_ms)
		f->now_ms = call->ends_ms;
	c->end_ms = f->now_ms;
	c->end = call->end;
	c->status = call->reply.status;
	return call;
}

static void ask_stops(struct fake_transport *f)
{
	while (f->n_asked > 0 && f->asked[0].at_ms <= f->now_ms) {
		f->signal = f->asked[0].signal;
		f->stops++;
		f->n_asked--;
		memmove(f->asked, f->asked + 1, f->n_asked * sizeof(*f->asked));
	}
}

static struct call *wait_for_end(void *self, int64_t until_ms)
{
	struct fake_transport *f = self;
	int64_t stop_ms = f->n_asked > 0 ? f->asked[0].at_ms : INT64_MAX;
	int64_t end_ms = f->pending ? f->pending->call->ends_ms : INT64_MAX;

	ask_stops(f);
	if (f->told == f->stops && end_ms <= stop_ms && end_ms <= until_ms && end_ms < INT64_MAX)
		return end_first(f);
	if (f->told == f->stops) {
		int64_t next = stop_ms < until_ms ? stop_ms : until_ms;

		if (next == INT64_MAX) {
			fprintf(stderr, "fake transport: waiting for nothing\n");
			abort();
		}
		if (next > f->now_ms)
			f->now_ms = next;
		ask_stops(f);
	}
	f->told = f->stops;
	return NULL;
}

static int64_t now_ms(void *self)
{
	return ((struct fake_transport *)self)->now_ms;
}

static void drop(void *self, struct call *call)
{
	struct fake_transport *f = self;
	struct fake_pending **at = &f->pending, *gone;

	while (*at && (*at)->call != call)
		at = &(*at)->next;
	gone = *at;
	if (!gone)
		return;
	if (gone->number < f->n_calls)
		f->calls[gone->number].dropped = true;
	*at = gone->next;
	free(gone);
}

static unsigned stops(void *self, int *signal)
{
	struct fake_transport *f = self;

	ask_stops(f);
	if (signal)
		*signal = f->signal;
	return f->stops;
}

static void close_nothing(void *self)
{
	(void)self;
}

static const struct transport_ops fake_ops = {
	.start = start,
	.wait = wait_for_end,
	.now_ms = now_ms,
	.drop = drop,
	.stops = stops,
	.close = close_nothing,
};

struct transport fake_transport(struct fake_transport *f)
{
	return (struct transport){ &fake_ops, f };
}

void fake_transport_init(struct fake_transport *f,
                         void (*serve)(void *to, const struct request *rq, struct reply *reply,
                                       unsigned *latency_ms),
                         void *to)
{
	*f = (struct fake_transport){ .serve = serve, .to = to };
}

static void forget_calls(struct fake_transport *f)
{
	for (size_t i = 0; i < f->n_calls; i++) {
		free(f->calls[i].label);
		free(f->calls[i].method);
		free(f->calls[i].url);
		free(f->calls[i].host);
	}
	free(take(f->calls));
	f->n_calls = 0;
	while (f->pending) {
		struct fake_pending *next = f->pending->next;

		free(f->pending);
		f->pending = next;
	}
}

void fake_transport_release(struct fake_transport *f)
{
	forget_calls(f);
}

void fake_transport_fault(struct fake_transport *f, unsigned at, enum fault fault, enum reach reach)
{
	f->fault_at = at;
	f->fault = fault;
	f->reach = reach;
}

void fake_transport_fail_each(unsigned n, void (*try)(unsigned at, enum fault fault, enum reach reach))
{
	for (unsigned at = 1; at <= n; at++)
		for (int fault = NO_FAULT + 1; fault < FAULT_KINDS; fault++) {
			try(at, (enum fault)fault, REACH_ONCE);
			try(at, (enum fault)fault, REACH_LASTING);
		}
}

void fake_transport_heal(struct fake_transport *f)
{
	forget_calls(f);
	f->fault_at = 0;
	f->n_asked = f->stops = f->told = 0;
	f->signal = 0;
	f->killed = false;
}

void fake_transport_stop_at(struct fake_transport *f, int64_t at_ms, int signal)
{
	if (f->n_asked == FAKE_STOPS_MAX) {
		fprintf(stderr, "fake transport: too many stops\n");
		abort();
	}
	f->asked[f->n_asked].at_ms = at_ms;
	f->asked[f->n_asked++].signal = signal;
}

size_t fake_transport_count(const struct fake_transport *f, const char *label)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_calls; i++)
		n += strcmp(f->calls[i].label, label) == 0;
	return n;
}

const struct fake_call *fake_transport_call(const struct fake_transport *f, const char *label,
                                            size_t nth)
{
	for (size_t i = 0; i < f->n_calls; i++)
		if (strcmp(f->calls[i].label, label) == 0 && nth-- == 0)
			return &f->calls[i];
	return NULL;
}

static bool covers(const struct fake_call *c, int64_t at_ms)
{
	return c->start_ms <= at_ms && (c->end_ms < 0 || at_ms < c->end_ms);
}

size_t fake_transport_width(const struct fake_transport *f, const char *label)
{
	size_t widest = 0;

	for (size_t i = 0; i < f->n_calls; i++) {
		size_t n = 0;

		if (strcmp(f->calls[i].label, label) != 0)
			continue;
		for (size_t k = 0; k < f->n_calls; k++)
			n += strcmp(f->calls[k].label, label) == 0 &&
			     covers(&f->calls[k], f->calls[i].start_ms);
		if (n > widest)
			widest = n;
	}
	return widest;
}
