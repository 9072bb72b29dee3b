#include "domain/recover_rotate.h"

#include "domain/steps.h"

#define KEY_STATUS "/v1/sys/key-status"

static ASK(ask_key)
{
	(void)item;
	return boot_ask(world, rq, "GET", KEY_STATUS, NULL, e);
}

static enum heard read_key(struct rotate_world *w, const struct reply *reply, struct barrier_key *out, struct err *e)
{
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->recover.boot, reply, &answer, e, "reading the state of the barrier key");

	if (heard != HEARD_DONE)
		return heard;
	if (value_int(answer.body, "data.term", &out->term, e) < 0 ||
	    value_text(answer.body, "data.install_time", &out->installed, e) < 0)
		return HEARD_UNSURE;
	return HEARD_DONE;
}

static HEAR(hear_before)
{
	struct rotate_world *w = world;
	enum heard heard = read_key(w, reply, &w->before, e);

	(void)item;
	w->after = w->before;
	return heard;
}

static HEAR(hear_after)
{
	struct rotate_world *w = world;

	(void)item;
	return read_key(w, reply, &w->after, e);
}

/* A lost reply: the term tells whether it was done. */
static DUE(rotate_due)
{
	const struct rotate_world *w = world;

	(void)item;
	return w->after.term == w->before.term;
}

static ASK(ask_rotate)
{
	(void)item;
	return boot_ask(world, rq, "PUT", "/v1/sys/rotate", NULL, e);
}

static HEAR(hear_rotate)
{
	struct rotate_world *w = world;
	struct vault_answer answer;

	(void)item;
	return boot_hear(&w->recover.boot, reply, &answer, e, "rotating the barrier key");
}

const struct step rotate_rows[ROTATE_ROWS] = {
	{ .name = "key.before", .title = "read the state of the barrier key", .needs = NEEDS("vault.status"), .ask = ask_key,
	  .hear = hear_before },
	{ .name = "key.now", .title = "read it again", .needs = NEEDS("key.before"), .ask = ask_key, .hear = hear_after },
	{ .name = "key.rotate", .change = "rotate the barrier key", .needs = NEEDS("key.now"), .settle = "key.now", .settle_s = 5,
	  .due = rotate_due, .ask = ask_rotate, .hear = hear_rotate },
	{ .name = "key.after", .title = "read the state of the new key", .needs = NEEDS("key.rotate"), .ask = ask_key,
	  .hear = hear_after },
};
