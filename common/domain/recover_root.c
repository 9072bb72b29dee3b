#include "domain/recover_root.h"

#include "aws/creds.h"
#include "core/digest.h"
#include "core/text.h"
#include "domain/steps.h"

enum { TOKEN_MAX = 256 };

/* ---- the password for one use ---- */

/* Letters and digits, as Vault's own (vault, base62): each of 62 alike, so bytes from 248 on are thrown away. */
static int make_otp(struct root_world *w, size_t n, struct err *e)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	AUTO(wiped) struct buf otp = BUF_MAX(TOKEN_MAX);
	unsigned char byte;

	if (n == 0 || n > TOKEN_MAX)
		return err_set(e, ERR_REMOTE, 0, "Vault asks for a password of %zu characters", n);
	while (otp.n < n) {
		if (host_random(w->recover.boot.host, &byte, 1, e) < 0)
			return -1;
		if (byte < 4 * 62)
			buf_char(&otp, digits[byte % 62]);
	}
	secret_release(&w->otp);
	secret_adopt(&w->otp, &otp);
	return 0;
}

static int root_body(const struct recover *r, struct buf *out, struct err *e)
{
	const struct root_world *w = (const struct root_world *)r;

	(void)e;
	buf_text(out, "{\"otp\":\"");
	buf_view(out, secret_expose(&w->otp));
	buf_text(out, "\"}");
	return 0;
}

static int root_took(struct recover *r, const struct value *answer, struct err *e)
{
	struct root_world *w = (struct root_world *)r;
	struct view otp = secret_expose(&w->otp);
	AUTO(wiped) struct buf token = BUF_MAX(TOKEN_MAX);
	const char *text;

	if (value_text(answer, "encoded_token", &text, e) < 0 || base64_parse(&token, view_text(text), e) < 0)
		return err_while(e, "the new root token");
	if (token.n != otp.n)
		return err_set(e, ERR_REMOTE, 0, "the new root token has %zu bytes, and its password %zu", token.n, otp.n);
	for (size_t i = 0; i < token.n; i++)
		token.p[i] ^= otp.p[i];
	secret_release(&r->entry.value);
	secret_adopt(&r->entry.value, &token);
	return 0;
}

static const struct attempt_kind generation = {
	.word = "generate-root", .what = "a generation of a root token", .body = root_body, .took = root_took,
};

/* ---- what a token is worth ---- */

static ASK(ask_lookup)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/auth/token/lookup-self", NULL, e);
}

static HEAR(hear_lookup)
{
	struct root_world *w = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->recover.boot, reply, &answer, e, "looking the token up");

	(void)item;
	w->accepted = heard == HEARD_DONE && answer.ok;
	if (heard != HEARD_REFUSED || reply->status != 403)
		return heard;
	err_release(e);
	return HEARD_DONE;
}

static ASK(ask_revoke)
{
	(void)item;
	return boot_ask(world, rq, "PUT", "/v1/auth/token/revoke-self", NULL, e);
}

/* A token that is refused is gone. */
static HEAR(hear_revoke)
{
	struct root_world *w = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->recover.boot, reply, &answer, e, "revoking the token");

	(void)item;
	if (heard != HEARD_REFUSED || reply->status != 403)
		return heard;
	err_release(e);
	return HEARD_DONE;
}

const struct step root_lookup_rows[ROOT_LOOKUP_ROWS] = {
	{ .name = "token.lookup", .title = "look a token up", .ask = ask_lookup, .hear = hear_lookup },
};
const struct step root_revoke_rows[ROOT_REVOKE_ROWS] = {
	{ .name = "token.revoke", .change = "revoke the new root token", .ask = ask_revoke, .hear = hear_revoke },
};

/* Runs a table with this token in place of the one that was given. */
static int as_token(struct root_world *w, const struct recover_runner *run, const struct secret *token,
                    const struct step *steps, size_t n, struct err *e)
{
	struct secret *own = &w->recover.boot.token, given = *own;
	int result;

	*own = (struct secret){0};
	secret_copy(own, token);
	w->accepted = false;
	result = run->loop(run->to, w, steps, n, e);
	secret_release(own);
	*own = given;
	return result;
}

static int look_up(struct root_world *w, const struct recover_runner *run, const struct secret *token, struct err *e)
{
	return as_token(w, run, token, root_lookup_rows, ROOT_LOOKUP_ROWS, e);
}

/* ---- what is in custody ---- */

static const char *entry_name(const struct root_world *w)
{
	return w->recover.entry.name;
}

/* 0: go on. The token in custody, if there is one that Vault takes, is not replaced unasked. */
static int judge_held(struct root_world *w, const struct recover_runner *run, struct err *e)
{
	struct recover_entry *entry = &w->recover.entry;

	if (secret_held(&entry->current) && look_up(w, run, &entry->current, e) < 0)
		return -1;
	w->replaced = entry->unread || (secret_held(&entry->current) && w->accepted);
	if (!w->replaced)
		return 0;
	if (!w->replace) {
		err_set(e, ERR_GUARD, 0, entry->unread ? "'%s' is there, and may hold a root token that is valid" :
		        "the root token in '%s' is valid", entry_name(w));
		err_hint(e, entry->unread ? "--identity FILE opens it, or gpg with its key; --replace makes another, after a question" :
		         "helm vault-aws configure --revoke-root ends it; --replace makes another, after a question");
		return -1;
	}
	return run->ask(run->to, arena_printf(w->recover.boot.mem, "replace the root token in '%s'? the one before stays valid "
	                                      "until it is revoked", entry_name(w)), e);
}

static int finish(struct root_world *w, const struct recover_runner *run, struct err *e)
{
	struct recover *r = &w->recover;

	/* From here on the next run finds it staged. */
	if (attempt_end(r, e) < 0 || recover_entry_promote(r, run, e) < 0 || look_up(w, run, &r->entry.value, e) < 0)
		return -1;
	return w->accepted ? 0 :
	    err_set(e, ERR_REMOTE, 0, "the new root token is in '%s', but Vault does not take it", entry_name(w));
}

/* An earlier run's token that waits in custody: *done where Vault takes it. */
static int take_pending(struct root_world *w, const struct recover_runner *run, bool *done, struct err *e)
{
	struct recover_entry *entry = &w->recover.entry;

	*done = false;
	if (!secret_held(&entry->pending))
		return 0;
	if (look_up(w, run, &entry->pending, e) < 0)
		return -1;
	if (!w->accepted)
		return 0;
	*done = w->finished_earlier = true;
	secret_release(&entry->value);
	secret_copy(&entry->value, &entry->pending);
	return finish(w, run, e);
}

/* ---- the run ---- */

int root_init(struct root_world *w, struct err *e)
{
	struct attempt *t = &w->recover.attempt;

	*t = (struct attempt){ .kind = &generation, .path = "/v1/sys/generate-root/attempt", .update = "/v1/sys/generate-root/update" };
	return w->cancel ? 0 : recover_entry_init(&w->recover, CUSTODY_ROOT_TOKEN, e);
}

void root_release(struct root_world *w)
{
	secret_release(&w->otp);
	recover_release(&w->recover);
}

/* Custody refuses it: the token is ended, since nobody would have it. */
static int store(struct root_world *w, const struct recover_runner *run, struct err *e)
{
	struct recover *r = &w->recover;
	AUTO(err) struct err why = {0};

	if (recover_entry_stage(r, run, e) == 0)
		return finish(w, run, e);
	if (e->kind == ERR_STOPPED)
		return -1;
	if (as_token(w, run, &r->entry.value, root_revoke_rows, ROOT_REVOKE_ROWS, &why) == 0)
		err_while(e, "custody does not take the new root token, which was revoked again");
	else
		err_while(e, "custody does not take the new root token, which nobody has (revoking it: %s)", why.text);
	return -1;
}

static void tell_lost(struct root_world *w, const struct recover_runner *run)
{
	const struct attempt *t = &w->recover.attempt;

	if (t->note.stage == NOTE_GIVING && !t->started)
		run->tell(run->to, arena_printf(w->recover.boot.mem, "the run that began at %s may have made a root token that nobody "
		                                "has: 'vault list auth/token/accessors' shows it", t->note.since));
}

static int generate(struct root_world *w, const struct recover_runner *run, struct err *e)
{
	struct recover *r = &w->recover;
	struct attempt *t = &r->attempt;

	if (judge_held(w, run, e) < 0 || attempt_clear(r, run, e) < 0)
		return -1;
	tell_lost(w, run);
	if (recover_get_shares(r, run, t->required, e) < 0 || recover_entry_prepare(r, run, e) < 0 ||
	    make_otp(w, (size_t)t->otp_length, e) < 0 || attempt_start(r, run, e) < 0)
		return -1;
	if (attempt_give(r, run, &r->shares, true, e) < 0)
		return -1;
	return store(w, run, e);
}

int root_run(struct root_world *w, const struct recover_runner *run, struct err *e)
{
	struct recover *r = &w->recover;
	bool done;

	if (recover_find_open(r, run, e) < 0 || attempt_find(r, run, e) < 0)
		return -1;
	if (w->cancel) {
		w->cancelled = true;
		return attempt_cancel(r, run, &w->was_under_way, e);
	}
	if (recover_entry_find(r, run, e) < 0 || take_pending(w, run, &done, e) < 0)
		return -1;
	return done ? 0 : generate(w, run, e);
}
