#include "domain/recover_attempt.h"

#include "aws/creds.h"
#include "core/text.h"
#include "domain/recover.h"
#include "domain/steps.h"

enum { GIVE_MS = 60000, BODY_MAX = 1024, STARTS_MAX = 2 };

/* ---- as Vault has it ---- */

static ASK(ask_attempt)
{
	const struct recover *r = world;

	(void)item;
	return boot_ask(&r->boot, rq, "GET", r->attempt.path, NULL, e);
}

static void take_state(struct attempt *t, const struct value *v)
{
	t->started = value_bool_or(v, "started", false);
	t->nonce = t->started ? value_text_or(v, "nonce", "") : NULL;
	t->verify_nonce = t->started ? value_text_or(v, "verification_nonce", NULL) : NULL;
	t->progress = value_int_or(v, "progress", 0);
	t->required = value_int_or(v, "required", 0);
	if (value_int_or(v, "otp_length", 0))
		t->otp_length = value_int_or(v, "otp_length", 0);
}

static HEAR(hear_attempt)
{
	struct recover *r = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&r->boot, reply, &answer, e, "looking for %s", r->attempt.kind->what);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_REMOTE, answer.status, "this Vault does not know '%s'", r->attempt.path);
		return HEARD_REFUSED;
	}
	take_state(&r->attempt, answer.body);
	r->attempt.read = true;
	return HEARD_DONE;
}

const struct step attempt_read_rows[ATTEMPT_READ_ROWS] = {
	{ .name = "attempt.read", .title = "look whether one is under way", .ask = ask_attempt, .hear = hear_attempt },
};

int attempt_find(struct recover *r, const struct recover_runner *run, struct err *e)
{
	struct attempt *t = &r->attempt;

	if (note_read(&t->note, r->boot.mem, r->boot.host, r->boot.want, t->kind->word, e) < 0)
		return -1;
	return run->loop(run->to, r, attempt_read_rows, ATTEMPT_READ_ROWS, e);
}

bool attempt_is_ours(const struct attempt *t)
{
	return t->started && t->note.nonce && text_same(t->note.nonce, t->nonce);
}

/* ---- ended by us ---- */

static DUE(cancel_due)
{
	const struct recover *r = world;

	(void)item;
	return r->attempt.started;
}

/* From Vault 1.20 on a rekey is not cancelled without its nonce. */
static ASK(ask_cancel)
{
	const struct recover *r = world;

	(void)item;
	return boot_ask(&r->boot, rq, "DELETE", r->attempt.path, params_of(&rq->mem, "nonce", r->attempt.nonce, NULL), e);
}

static HEAR(hear_cancel)
{
	struct recover *r = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&r->boot, reply, &answer, e, "cancelling %s", r->attempt.kind->what);

	(void)item;
	if (heard == HEARD_DONE)
		r->attempt.started = false;
	return heard;
}

const struct step attempt_cancel_rows[ATTEMPT_CANCEL_ROWS] = {
	{ .name = "attempt.look", .title = "look whether one is under way", .ask = ask_attempt, .hear = hear_attempt },
	{ .name = "attempt.cancel", .change = "cancel what is under way", .needs = NEEDS("attempt.look"),
	  .settle = "attempt.look", .settle_s = 5, .due = cancel_due, .ask = ask_cancel, .hear = hear_cancel },
};

static int cancel(struct recover *r, const struct recover_runner *run, struct err *e)
{
	return run->loop(run->to, r, attempt_cancel_rows, ATTEMPT_CANCEL_ROWS, e);
}

static const char *shown(const struct recover *r)
{
	const struct attempt *t = &r->attempt;

	if (t->verify_nonce)
		return arena_printf(r->boot.mem, "%s is under way (nonce %s, waits for its verification)", t->kind->what, t->nonce);
	return arena_printf(r->boot.mem, "%s is under way (nonce %s, %lld of %lld shares given)", t->kind->what, t->nonce,
	                    (long long)t->progress, (long long)t->required);
}

int attempt_cancel(struct recover *r, const struct recover_runner *run, bool *was, struct err *e)
{
	struct attempt *t = &r->attempt;

	*was = t->started;
	if (t->started && !attempt_is_ours(t) &&
	    run->ask(run->to, arena_printf(r->boot.mem, "%s, and not from here: cancel it?", shown(r)), e) < 0)
		return -1;
	if (t->started && cancel(r, run, e) < 0)
		return -1;
	return attempt_end(r, e);
}

int attempt_clear(struct recover *r, const struct recover_runner *run, struct err *e)
{
	struct attempt *t = &r->attempt;

	if (!t->started)
		return 0;
	if (attempt_is_ours(t))
		return cancel(r, run, e);
	if (t->note.stage != NOTE_BEGUN || t->progress > 0 || t->verify_nonce) {
		err_set(e, ERR_GUARD, 0, "%s, begun by somebody else", shown(r));
		err_hint(e, "let it end; --cancel ends it, after a question");
		return -1;
	}
	if (run->ask(run->to, arena_printf(r->boot.mem, "%s; it is likely the one that a run from here began at %s without an "
	                                   "answer: cancel it, and begin anew?", shown(r), t->note.since), e) < 0)
		return -1;
	return cancel(r, run, e);
}

/* ---- begun ---- */

static DUE(start_due)
{
	const struct recover *r = world;

	(void)item;
	return !r->attempt.started;
}

static int before_start(void *world, size_t item, struct err *e)
{
	struct recover *r = world;

	(void)item;
	return note_write(&r->attempt.note, r->boot.mem, r->boot.host, NOTE_BEGUN, NULL, e);
}

static ASK(ask_start)
{
	const struct recover *r = world;
	AUTO(wiped) struct buf body = BUF_MAX(BODY_MAX);

	(void)item;
	if (r->attempt.kind->body(r, &body, e) < 0 || buf_whole(&body, "the request to Vault", e) < 0)
		return -1;
	return boot_ask_bytes(&r->boot, rq, "PUT", r->attempt.path, buf_bytes(&body), e);
}

/* "Already in progress": the settle row looks whose it may be. */
static HEAR(hear_start)
{
	struct recover *r = world;
	struct attempt *t = &r->attempt;
	struct vault_answer answer;
	enum heard heard = boot_hear(&r->boot, reply, &answer, e, "beginning %s", t->kind->what);

	(void)item;
	if (heard == HEARD_REFUSED && e->text && strstr(e->text, "already in progress"))
		return HEARD_UNSURE;
	if (heard != HEARD_DONE)
		return heard;
	take_state(t, answer.body);
	if (!t->started || text_empty(t->nonce)) {
		err_set(e, ERR_REMOTE, 0, "Vault says that %s has not begun", t->kind->what);
		return HEARD_UNSURE;
	}
	t->ours = true;
	return note_write(&t->note, r->boot.mem, r->boot.host, NOTE_STARTED, t->nonce, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

const struct step attempt_start_rows[ATTEMPT_START_ROWS] = {
	{ .name = "attempt.look", .title = "look whether one is under way", .ask = ask_attempt, .hear = hear_attempt },
	{ .name = "attempt.start", .change = "begin", .needs = NEEDS("attempt.look"), .settle = "attempt.look", .settle_s = 5,
	  .due = start_due, .before = before_start, .ask = ask_start, .hear = hear_start },
};

int attempt_start(struct recover *r, const struct recover_runner *run, struct err *e)
{
	r->attempt.ours = false;
	for (unsigned i = 0; i < STARTS_MAX; i++) {
		if (run->loop(run->to, r, attempt_start_rows, ATTEMPT_START_ROWS, e) < 0)
			return -1;
		if (r->attempt.ours)
			return 0;
		if (attempt_clear(r, run, e) < 0)
			return -1;
	}
	return err_set(e, ERR_NET, 0, "%s was begun twice without an answer: run this again", r->attempt.kind->what);
}

/* ---- shares ---- */

static int before_give(void *world, size_t item, struct err *e)
{
	struct recover *r = world;

	(void)item;
	return note_write(&r->attempt.note, r->boot.mem, r->boot.host, NOTE_GIVING, r->attempt.nonce, e);
}

static ASK(ask_give)
{
	const struct recover *r = world;

	(void)item;
	return feed_ask(&r->attempt.feed, &r->boot, rq, e);
}

static HEAR(hear_give)
{
	struct recover *r = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	const struct value *answer;
	enum heard heard = feed_hear(&r->attempt.feed, &r->boot, &scratch, reply, &answer, e, "giving the shares");

	(void)item;
	if (heard == HEARD_REFUSED && e->kind == ERR_CONFLICT)
		err_hint(e, "the answer to the last share was lost, or somebody else has ended it: run this again");
	if (heard != HEARD_DONE)
		return heard;
	return r->attempt.kind->took(r, answer, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

const struct step attempt_give_rows[ATTEMPT_GIVE_ROWS] = {
	{ .name = "attempt.give", .change = "give Vault the shares", .timeout_ms = GIVE_MS, .before = before_give,
	  .ask = ask_give, .hear = hear_give },
};

int attempt_give(struct recover *r, const struct recover_runner *run, const struct recover_shares *shares, bool sets,
                 struct err *e)
{
	struct attempt *t = &r->attempt;

	feed_begin(&t->feed, t->update, t->nonce, shares, t->required, 0);
	t->feed.sets = sets;
	return run->loop(run->to, r, attempt_give_rows, ATTEMPT_GIVE_ROWS, e);
}

int attempt_end(struct recover *r, struct err *e)
{
	return note_remove(&r->attempt.note, r->boot.host, e);
}
