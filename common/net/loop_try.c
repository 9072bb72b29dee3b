/* Items: one call after the other, until the item has ended. */
#include "net/loop.h"

#include "core/text.h"

#include <errno.h>
#include <string.h>

static const struct transport *transport_of(const struct slot *slot)
{
	return slot->run->course->loop->transport;
}

static const struct step *asking(const struct slot *slot)
{
	return slot->settling ? slot->run->settle : slot->run->step;
}

void slot_begin(struct slot *slot, struct run *run, size_t item, int64_t now)
{
	*slot = (struct slot){ .state = SLOT_RESTING, .run = run, .item = item, .next_ms = now };
	slot->depth = run->depth_free + 1;
	run->n_used++;
}

int64_t slot_until(const struct slot *slot)
{
	const struct course *c = slot->run->course;
	bool change_failed = c->failed && slot->run->step->change;
	int64_t end = INT64_MAX;

	if (c->leaving)
		return INT64_MIN;
	if (!c->halted && !change_failed)
		return end;
	if (slot->state != SLOT_IN_FLIGHT && !slot->settling)
		return INT64_MIN;
	if (c->halted)
		end = c->halted_ms + LOOP_GRACE_MS;
	if (change_failed && c->failed_ms + LOOP_GRACE_MS < end)
		end = c->failed_ms + LOOP_GRACE_MS;
	return end;
}

static void rest(struct slot *slot, int64_t until)
{
	slot->state = SLOT_RESTING;
	slot->next_ms = until;
	slot->repeat = true;
}

static void end_item(struct slot *slot, enum item_end end, struct err *why)
{
	const struct run *run = slot->run;

	if (end == ITEM_FAILED && run->step->missed && run->step->missed(run->graph->world, slot->item, why)) {
		end = ITEM_DONE;
		why = NULL;
	}
	run_item_ended(slot->run, slot, end, why);
}

void slot_leave(struct slot *slot)
{
	AUTO(err) struct err e = { 0 };

	if (slot->call) {
		transport_of(slot)->ops->drop(transport_of(slot)->self, slot->call);
		call_free(slot->call);
		slot->call = NULL;
		slot->run->course->in_flight--;
		slot->may_be_done |= slot->run->step->change && !slot->settling;
	}
	err_move(&e, &slot->why);
	if (slot->may_be_done && !e.kind)
		err_set(&e, ERR_NET, 0, "no reply came in time");
	if (slot->may_be_done)
		err_while(&e, "whether it was done is not known");
	end_item(slot, ITEM_LEFT, &e);
}

/* ---- sending ---- */

static int prepare(struct slot *slot, struct request *rq, struct err *e)
{
	const struct run *run = slot->run;
	const struct step *s = asking(slot);
	void *world = run->graph->world;

	if (!slot->prepared && !slot->settling && s->before &&
	    s->before(world, slot->item, e) < 0)
		return -1;
	slot->prepared |= !slot->settling;
	if (s->ask(world, slot->item, rq, e) < 0)
		return -1;
	if (s->timeout_ms)
		rq->timeout_ms = s->timeout_ms;
	rq->once = s->settle != NULL;
	return 0;
}

void slot_send(struct slot *slot, int64_t now)
{
	const struct transport *t = transport_of(slot);
	struct call *call = call_new();
	AUTO(err) struct err e = { 0 };

	call->user = slot;
	call->start_ms = now;
	if (prepare(slot, &call->rq, &e) < 0 || t->ops->start(t->self, call, &e) < 0) {
		call_free(call);
		end_item(slot, ITEM_FAILED, &e);
		return;
	}
	slot->call = call;
	slot->state = SLOT_IN_FLIGHT;
	slot->sent_ms = now;
	slot->run->course->in_flight++;
	slot->run->track->sent++;
	slot->run->track->again += slot->repeat;
	slot->repeat = false;
	if (!slot->settling)
		slot->tries++;
}

/* ---- asking again ---- */

/* A random part of min(2^(k-1), 20) seconds before the k-th retry. */
static int64_t backoff_ms(const struct course *c, unsigned k)
{
	unsigned limit = k > 5 ? LOOP_BACKOFF_MAX_S : 1u << (k - 1);
	AUTO(err) struct err e = { 0 };
	uint32_t dice = UINT32_MAX;

	if (limit > LOOP_BACKOFF_MAX_S)
		limit = LOOP_BACKOFF_MAX_S;
	if (host_random(c->loop->host, &dice, sizeof(dice), &e) < 0)
		dice = UINT32_MAX; /* no luck, no hurry: the whole of it */
	return (int64_t)((uint64_t)limit * 1000 * dice / UINT32_MAX);
}

static void repay(struct slot *slot)
{
	struct course *c = slot->run->course;

	c->quota += slot->paid ? slot->paid : 1;
	if (c->quota > LOOP_QUOTA)
		c->quota = LOOP_QUOTA;
	slot->paid = 0;
}

/* Asks again after the k-th failure, if tries and quota allow; else the item fails with why. */
static void back_off(struct slot *slot, unsigned k, int64_t now, struct err *why)
{
	struct course *c = slot->run->course;
	unsigned tries = c->loop->max_attempts ? c->loop->max_attempts : LOOP_TRIES;
	int price = why->kind == ERR_NET && why->status == ETIMEDOUT ? LOOP_PRICE_TIMEOUT
	                                                              : LOOP_PRICE_RETRY;

	if (k >= tries || c->quota < price) {
		if (slot->settling)
			err_while(why, "finding out whether it was done");
		end_item(slot, ITEM_FAILED, why);
		return;
	}
	c->quota -= price;
	slot->paid = price;
	run_awaits(slot->run, why);
	err_move(&slot->why, why);
	rest(slot, now + backoff_ms(c, k));
}

/* A twelfth of the time waited so far, within its bounds. */
static int64_t poll_ms(int64_t waited)
{
	int64_t pause = waited / LOOP_POLL_PART;

	if (pause < LOOP_POLL_MIN_MS)
		return LOOP_POLL_MIN_MS;
	return pause > LOOP_POLL_MAX_MS ? LOOP_POLL_MAX_MS : pause;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void wait_for_it(struct slot *slot, int64_t now, struct err *why)
{
	unsigned patience_s = slot->run->step->patience_s;
	int64_t end;

	if (!slot->awaiting) {
		slot->awaiting = true;
		slot->awaiting_ms = slot->sent_ms;
	}
	slot->tries = 0;
	slot->may_be_done = false;
	if (!why->kind)
		err_set(why, ERR_LATE, 0, "not ready yet");
	end = slot->awaiting_ms + patience_s * INT64_C(1000);
	if (now >= end) {
		why->kind = ERR_LATE;
		err_while(why, "gave up after %u s", patience_s);
		end_item(slot, ITEM_FAILED, why);
		return;
	}
	run_awaits(slot->run, why);
	err_move(&slot->why, why);
	rest(slot, sooner(end, now + poll_ms(now - slot->awaiting_ms)));
}

static void next_page(struct slot *slot, int64_t now)
{
	slot->tries = 0;
	slot->awaiting = false;
	if (!slot->settling)
		slot->depth++;
	rest(slot, now);
	slot->repeat = slot->settling;
}

/* ---- settling ---- */

/* The reply to a change was lost, or says nothing: look whether it was made. */
static void settle(struct slot *slot, int64_t now, struct err *why)
{
	slot->settling = true;
	slot->settling_ms = now;
	slot->settle_tries = 0;
	run_awaits(slot->run, why);
	err_move(&slot->why, why);
	rest(slot, now);
}

/* The settle row has spoken: it is there, or absent so far, or absent for long enough. */
static void settled(struct slot *slot, int64_t now)
{
	const struct step *s = slot->run->step;
	int64_t end = slot->settling_ms + s->settle_s * INT64_C(1000);
	AUTO(err) struct err why = { 0 };

	slot->settle_tries = 0;
	if (!s->due(slot->run->graph->world, slot->item)) {
		end_item(slot, ITEM_DONE, NULL);
		return;
	}
	if (now < end) {
		rest(slot, sooner(end, now + poll_ms(now - slot->settling_ms)));
		return;
	}
	slot->settling = false;
	slot->may_be_done = false;
	err_move(&why, &slot->why);
	back_off(slot, slot->tries, now, &why);
}

static void settle_failed(struct slot *slot, int64_t now, struct err *why)
{
	back_off(slot, ++slot->settle_tries, now, why);
}

/* ---- hearing ---- */

/* Notes who wants new credentials: the first call of each login is kept for that. */
static void want_renewal(struct course *c, const void *login, struct call **call)
{
	for (size_t i = 0; i < c->n_renewals; i++)
		if (c->renewals[i].login == login)
			return;
	c->renewals = xrealloc(c->renewals, (c->n_renewals + 1) * sizeof(*c->renewals));
	c->renewals[c->n_renewals++] = (struct renewal){ login, take(*call) };
}

static void renew(struct slot *slot, struct call **call, struct err *why)
{
	struct course *c = slot->run->course;
	const struct loop *l = c->loop;

	slot->renewed = true;
	slot->state = SLOT_RENEWING;
	slot->login = l->whose ? l->whose(l->to, slot->run->graph, &(*call)->reply) : NULL;
	if (!slot->settling)
		slot->tries--;   /* no try */
	err_move(&slot->why, why);
	want_renewal(c, slot->login, call);
}

/* One that waited for new credentials goes on, or fails with e. */
static void renewed(struct slot *slot, const void *login, int64_t now, const struct err *e)
{
	AUTO(err) struct err copy = { 0 };

	if (slot->state != SLOT_RENEWING || slot->login != login)
		return;
	if (!e->kind) {
		rest(slot, now);
		return;
	}
	err_copy(&copy, e);
	end_item(slot, ITEM_FAILED, &copy);
}

static void renew_one(struct course *c, struct renewal *r)
{
	const struct loop *l = c->loop;
	AUTO(err) struct err e = { 0 };
	int64_t now;

	if (!c->halted && l->renew(l->to, r->login, &r->call->reply, &e) < 0 && !e.kind)
		err_set(&e, ERR_AUTH, 0, "the credentials could not be renewed");
	now = course_now(c);
	call_free(take(r->call));
	for (size_t g = 0; g < c->n; g++)
		for (size_t i = 0; i < c->lanes[g].n; i++)
			for (size_t k = 0; k < c->lanes[g].runs[i].n_slots; k++)
				renewed(&c->lanes[g].runs[i].slots[k], r->login, now, &e);
}

void course_renew(struct course *c)
{
	for (size_t i = 0; i < c->n_renewals; i++)
		renew_one(c, &c->renewals[i]);
	c->n_renewals = 0;
	course_stir(c);
}

static enum sorted sort(const struct call *call)
{
	if (call->rq.sort)
		return call->rq.sort(&call->reply);
	return call->rq.kind == REQUEST_CHILD ? request_sort_child(&call->reply)
	                                      : request_sort_http(&call->reply);
}

/* No hear has put into words what was asked; the label, as in the trace, must do. */
static enum heard say_what(const struct call *call, struct err *e, enum heard heard)
{
	if (call->rq.label)
		err_while(e, "%s", call->rq.label);
	return heard;
}

/* How the call ended, as if hear had said it: not done is busy, perhaps done is unsure. */
static enum heard hear(struct slot *slot, struct call *call, struct err *e)
{
	int status = call->reply.status;
	enum heard heard;

	if (call->end != CALL_REPLY) {
		bool net = call->err.kind == ERR_NET;

		err_move(e, &call->err);
		if (call->end == CALL_LOST)
			return HEARD_UNSURE;
		return net ? HEARD_BUSY : HEARD_REFUSED;
	}
	switch (sort(call)) {
	case SORTED_BUSY:
		err_set(e, ERR_THROTTLED, status, "asked too often (%d)", status);
		return say_what(call, e, HEARD_BUSY);
	case SORTED_BROKEN:
		err_set(e, ERR_REMOTE, status, "the server failed (%d)", status);
		return say_what(call, e, HEARD_UNSURE);
	case SORTED_ANSWER:
		break;
	}
	heard = asking(slot)->hear(slot->run->graph->world, slot->item, &call->reply, e);
	if (heard == HEARD_RENEW && (slot->renewed || !slot->run->course->loop->renew))
		return HEARD_REFUSED;
	return heard;
}

static void act_settling(struct slot *slot, enum heard heard, int64_t now, struct err *why)
{
	switch (heard) {
	case HEARD_DONE:
	case HEARD_NOT_YET:
		settled(slot, now);
		break;
	case HEARD_MORE:
		next_page(slot, now);
		break;
	case HEARD_REFUSED:
		err_while(why, "finding out whether it was done");
		end_item(slot, ITEM_FAILED, why);
		break;
	default:
		settle_failed(slot, now, why);
	}
}

static void act(struct slot *slot, enum heard heard, int64_t now, struct err *why)
{
	switch (heard) {
	case HEARD_DONE:
		end_item(slot, ITEM_DONE, NULL);
		break;
	case HEARD_MORE:
		next_page(slot, now);
		break;
	case HEARD_NOT_YET:
		wait_for_it(slot, now, why);
		break;
	case HEARD_UNSURE:
		slot->may_be_done = slot->run->step->change != NULL;
		if (slot->run->settle) {
			settle(slot, now, why);
			break;
		}
		/* fall through */
	case HEARD_BUSY:
		back_off(slot, slot->tries, now, why);
		break;
	default:
		end_item(slot, ITEM_FAILED, why);
	}
}

/* For a hear that gave no reason. */
static void say_why(enum heard heard, int status, struct err *why)
{
	if (heard == HEARD_BUSY)
		err_set(why, ERR_THROTTLED, status, "asked too often");
	else if (heard == HEARD_UNSURE)
		err_set(why, ERR_REMOTE, status, "the reply makes no sense");
	else
		err_set(why, ERR_REMOTE, status, "refused (%d)", status);
}

void slot_heard(struct slot *slot, struct call *call, int64_t now)
{
	AUTO(err) struct err why = { 0 };
	enum heard heard;

	slot->call = NULL;
	slot->run->course->in_flight--;
	heard = hear(slot, call, &why);
	if (heard == HEARD_RENEW) {
		renew(slot, &call, &why);
		call_free(call);
		return;
	}
	if (call->end == CALL_REPLY)
		slot->renewed = false;
	if (heard == HEARD_DONE || heard == HEARD_MORE || heard == HEARD_NOT_YET)
		repay(slot);
	else if (!why.kind)
		say_why(heard, call->reply.status, &why);
	call_free(call);
	(slot->settling ? act_settling : act)(slot, heard, now, &why);
}
