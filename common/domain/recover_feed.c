#include "domain/recover_feed.h"

#include "aws/creds.h"
#include "core/text.h"
#include "formats/json.h"

enum { ROUNDS_MAX = 3, BODY_MAX = 1024 };

/* ---- sets of shares, in lexicographic order ---- */

static void first_set(struct feed *f)
{
	for (size_t i = 0; i < f->required; i++)
		f->pick[i] = i;
}

static bool next_set(struct feed *f)
{
	size_t i = f->required;

	while (i > 0 && f->pick[i - 1] == f->shares->n - f->required + i - 1)
		i--;
	if (i == 0)
		return false;
	f->pick[i - 1]++;
	for (; i < f->required; i++)
		f->pick[i] = f->pick[i - 1] + 1;
	return true;
}

static bool in_set(const unsigned char *set, size_t share)
{
	return set[share / 8] >> share % 8 & 1;
}

static bool is_picked(const struct feed *f, size_t share)
{
	for (size_t i = 0; i < f->required; i++)
		if (f->pick[i] == share)
			return true;
	return false;
}

static void note_failed(struct feed *f)
{
	for (size_t i = 0; f->n_failed < FEED_SETS_MAX && i < f->required; i++)
		f->failed[f->n_failed][f->pick[i] / 8] |= (unsigned char)(1U << f->pick[i] % 8);
	f->n_failed++;
}

/* The shares of the set that was taken are right. So a set that failed and has but one other has found the wrong one. */
size_t feed_wrong(const struct feed *f, size_t out[SHARES_MAX])
{
	size_t n = 0;

	for (size_t set = 0; set < f->n_failed && set < FEED_SETS_MAX; set++) {
		size_t others = 0, other = 0;
		bool known = false;

		for (size_t i = 0; i < f->shares->n; i++)
			if (in_set(f->failed[set], i) && !is_picked(f, i)) {
				others++;
				other = i;
			}
		for (size_t i = 0; i < n; i++)
			known |= out[i] == other;
		if (others == 1 && !known)
			out[n++] = other;
	}
	return n;
}

/* ---- asking ---- */

void feed_begin(struct feed *f, const char *path, const char *nonce, const struct recover_shares *shares, int64_t required,
                int64_t progress)
{
	*f = (struct feed){ .path = path, .nonce = nonce, .shares = shares, .required = (size_t)required, .sets = true,
	                    .mixed = progress > 0 };
	first_set(f);
}

/* Shares are hexadecimal or base64, nonces are Vault's own UUIDs: nothing in them needs an escape. */
int feed_ask(const struct feed *f, const struct boot *b, struct request *rq, struct err *e)
{
	AUTO(wiped) struct buf body = BUF_MAX(BODY_MAX);

	buf_text(&body, "{\"key\":\"");
	buf_view(&body, secret_expose(&f->shares->at[f->pick[f->given]]));
	buf_text(&body, "\"");
	if (f->nonce)
		buf_printf(&body, ",\"nonce\":\"%s\"", f->nonce);
	buf_text(&body, "}");
	if (buf_whole(&body, "the request to Vault", e) < 0)
		return -1;
	return boot_ask_bytes(b, rq, "PUT", f->path, buf_bytes(&body), e);
}

/* ---- hearing ---- */

static bool says(const struct err *e, const char *words)
{
	return e->text && strstr(e->text, words);
}

static int no_set_left(const struct feed *f, struct err *e)
{
	AUTO(buf) struct buf places = BUF_MAX(4096);

	if (f->shares->n > f->required)
		return err_set(e, ERR_GUARD, 400, "of the %zu shares in '%s' Vault takes no %zu together (%zu sets were tried): they are not "
		               "this Vault's, or more than one is wrong", f->shares->n, f->shares->from, f->required, f->n_failed);
	for (size_t i = 0; i < f->required; i++)
		buf_printf(&places, "%s%zu", i ? ", " : "", f->pick[i] + 1);
	return err_set(e, ERR_GUARD, 400, "Vault refuses the shares %s in '%s' together: at least one is not this Vault's",
	               buf_str(&places), f->shares->from);
}

/* A set was refused: with somebody else's shares among it that says nothing of ours. */
static enum heard set_refused(struct feed *f, struct err *e, const char *doing)
{
	f->given = 0;
	f->rounds = 0;
	if (f->mixed) {
		f->mixed = false;
		err_release(e);
		return HEARD_MORE;
	}
	note_failed(f);
	if (f->sets && f->n_failed < FEED_SETS_MAX && next_set(f)) {
		err_release(e);
		return HEARD_MORE;
	}
	no_set_left(f, e);
	err_while(e, "%s", doing);
	return HEARD_REFUSED;
}

static enum heard refused(struct feed *f, struct err *e, const char *doing)
{
	if (e->status != 400 && e->status != 500)
		return HEARD_REFUSED;
	if (says(e, "already been provided")) {
		err_release(e);
		f->given++;
		return HEARD_MORE;
	}
	if (says(e, "in progress") || says(e, "nonce") || says(e, "already finished")) {
		e->kind = ERR_CONFLICT;
		return HEARD_REFUSED;
	}
	if (f->given + 1 < f->required && !f->mixed)
		return HEARD_REFUSED;
	return set_refused(f, e, doing);
}

static bool is_end(const struct value *body)
{
	const struct value *sealed = value_get(body, "sealed");

	return value_bool_or(body, "complete", false) || (sealed && !value_bool_or(body, "sealed", true));
}

enum heard feed_hear(struct feed *f, struct boot *b, struct arena *a, const struct reply *reply, const struct value **body,
                     struct err *e, const char *doing)
{
	struct vault_answer answer;
	enum heard heard = boot_hear_in(b, a, reply, &answer, e, "%s", doing);

	/* With Shamir's seal a rekey answers 500 to shares that are not Vault's. */
	if (heard == HEARD_REFUSED || (heard == HEARD_UNSURE && says(e, "invalid key")))
		heard = refused(f, e, doing);
	else if (heard == HEARD_DONE && !answer.ok)
		return err_set(e, ERR_REMOTE, answer.status, "%s: this Vault does not know '%s'", doing, f->path), HEARD_REFUSED;
	else if (heard == HEARD_DONE && is_end(answer.body)) {
		f->done = true;
		*body = answer.body;
		return HEARD_DONE;
	} else if (heard == HEARD_DONE) {
		f->given++;
		heard = HEARD_MORE;
	}
	if (heard != HEARD_MORE || f->given < f->required)
		return heard;
	f->given = 0;
	if (++f->rounds < ROUNDS_MAX)
		return HEARD_MORE;
	err_set(e, ERR_CONFLICT, 0, "%s: all shares were given, and Vault wants more: somebody else resets it", doing);
	return HEARD_REFUSED;
}
