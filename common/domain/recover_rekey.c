#include "domain/recover_rekey.h"

#include "aws/creds.h"
#include "core/text.h"
#include "domain/steps.h"
#include "formats/iso8601.h"
#include "formats/json.h"

enum { VERIFY_MS = 60000, RUNS_MAX = 2 };

const char *rekey_what(const struct rekey_world *w)
{
	return w->recover.boot.status.recovery_seal ? "recovery keys" : "unseal keys";
}

/* ---- the rekey ---- */

static int rekey_body(const struct recover *r, struct buf *out, struct err *e)
{
	const struct rekey_world *w = (const struct rekey_world *)r;

	(void)e;
	buf_printf(out, "{\"secret_shares\":%lld,\"secret_threshold\":%lld,\"require_verification\":true}", (long long)w->shares,
	           (long long)w->threshold);
	return 0;
}

/* As init stores its own (custody_values). */
static int make_value(struct rekey_world *w, const struct value *answer, struct err *e)
{
	struct recover *r = &w->recover;
	AUTO(wiped_arena) struct arena a = ARENA_INIT;
	AUTO(wiped) struct buf text = BUF_MAX(SHARE_ENTRY_MAX);
	struct value *entry = value_new_map(&a);
	const struct value *keys, *encoded;
	char now[ISO8601_TEXT];

	if (value_list(answer, "keys", &keys, e) < 0 || value_list(answer, "keys_base64", &encoded, e) < 0)
		return err_while(e, "the new shares");
	iso8601_print(host_wall_ms(r->boot.host), now);
	value_set_text(&a, entry, "cluster", r->boot.want->cluster);
	value_set_text(&a, entry, "namespace", r->boot.want->namespace_);
	value_set_text(&a, entry, "release", r->boot.want->release);
	value_set_text(&a, entry, "rekeyed_at", now);
	value_set_text(&a, entry, "rekey_nonce", r->attempt.nonce);
	value_set_int(&a, entry, "recovery_threshold", w->threshold);
	value_set(&a, entry, "recovery_keys", value_copy(&a, keys));
	value_set(&a, entry, "recovery_keys_base64", value_copy(&a, encoded));
	va_json_print(&text, entry, false);
	if (buf_whole(&text, "the new shares", e) < 0)
		return -1;
	secret_release(&r->entry.value);
	secret_adopt(&r->entry.value, &text);
	return 0;
}

static int rekey_took(struct recover *r, const struct value *answer, struct err *e)
{
	struct rekey_world *w = (struct rekey_world *)r;

	r->attempt.verify_nonce = arena_text(r->boot.mem, value_text_or(answer, "verification_nonce", NULL));
	return w->probing ? 0 : make_value(w, answer, e);
}

static const struct attempt_kind rekey = {
	.word = "rekey", .what = "a rekey", .body = rekey_body, .took = rekey_took,
};

/* ---- verification: enough of the new shares are given back ---- */

static ASK(ask_verify)
{
	const struct rekey_world *w = world;

	(void)item;
	return feed_ask(&w->verify, &w->recover.boot, rq, e);
}

static HEAR(hear_verify)
{
	struct rekey_world *w = world;
	const struct value *answer;
	enum heard heard = feed_hear(&w->verify, &w->recover.boot, w->recover.boot.mem, reply, &answer, e, "verifying the new shares");

	(void)item;
	w->verified_unknown = heard == HEARD_REFUSED && e->kind == ERR_CONFLICT;
	return heard;
}

const struct step rekey_verify_rows[REKEY_VERIFY_ROWS] = {
	{ .name = "rekey.verify", .change = "verify the new shares", .timeout_ms = VERIFY_MS, .ask = ask_verify,
	  .hear = hear_verify },
};

/* The shares are those of entry.value, as they will be read again. */
static int verify(struct rekey_world *w, const struct recover_runner *run, struct err *e)
{
	struct recover *r = &w->recover;
	struct attempt *t = &r->attempt;
	int result = 0;

	if (shares_of_entry(&w->staged, secret_expose(&r->entry.value), r->entry.name, e) < 0)
		return -1;
	if (w->staged.threshold < 1 || w->staged.threshold > (int64_t)w->staged.n)
		return err_set(e, ERR_REMOTE, 0, "Vault made %zu shares for a threshold of %lld", w->staged.n,
		               (long long)w->staged.threshold);
	if (t->verify_nonce) {
		feed_begin(&w->verify, arena_printf(r->boot.mem, "%s/verify", w->recover.boot.status.recovery_seal ?
		                                    "/v1/sys/rekey-recovery-key" : "/v1/sys/rekey"),
		           t->verify_nonce, &w->staged, w->staged.threshold, 0);
		w->verify.sets = false;
		result = run->loop(run->to, w, rekey_verify_rows, REKEY_VERIFY_ROWS, e);
	}
	return result;
}

static int promote(struct rekey_world *w, const struct recover_runner *run, struct err *e)
{
	struct recover *r = &w->recover;

	return recover_entry_promote(r, run, e) < 0 ? -1 : attempt_end(r, e);
}

/* ---- what an earlier run has staged ---- */

/* Of the rekey that these shares came of, in the arena of the session; NULL: none is said. */
static const char *nonce_of(const struct rekey_world *w, const struct secret *entry)
{
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	AUTO(err) struct err ignored = {0};
	struct value *tree;

	if (!secret_held(entry) || va_json_parse(&scratch, secret_expose(entry), NULL, &tree, &ignored) < 0)
		return NULL;
	return arena_text(w->recover.boot.mem, value_text_or(tree, "rekey_nonce", NULL));
}

static int read_staged(struct rekey_world *w, struct err *e)
{
	struct recover_entry *entry = &w->recover.entry;

	w->staged_nonce = NULL;
	shares_release(&w->staged);
	if (!secret_held(&entry->pending))
		return 0;
	if (shares_of_entry(&w->staged, secret_expose(&entry->pending), entry->name, e) < 0)
		return err_while(e, "what is staged beside the current one");
	w->staged_nonce = nonce_of(w, &entry->pending);
	return 0;
}

static void value_is_staged(struct rekey_world *w)
{
	struct recover_entry *entry = &w->recover.entry;

	secret_release(&entry->value);
	secret_copy(&entry->value, &entry->pending);
}

/* Whether the staged shares are the valid ones: *valid. A rekey of ours is under way afterwards, unless they are. */
static int probe(struct rekey_world *w, const struct recover_runner *run, bool *valid, struct err *e)
{
	struct recover *r = &w->recover;
	bool was;
	int result;

	*valid = false;
	if (attempt_start(r, run, e) < 0)
		return -1;
	if ((int64_t)w->staged.n < r->attempt.required)
		return 0;
	w->probing = true;
	result = attempt_give(r, run, &w->staged, false, e);
	w->probing = false;
	if (result < 0 && e->kind == ERR_GUARD) {
		err_release(e);
		return 0;
	}
	if (result < 0)
		return -1;
	*valid = true;
	return attempt_cancel(r, run, &was, e);
}

static int finish_earlier(struct rekey_world *w, const struct recover_runner *run, struct err *e)
{
	struct recover *r = &w->recover;

	w->finished_earlier = true;
	value_is_staged(w);
	/* The note that finding out has left would not know them again when they are current. */
	if (w->staged_nonce &&
	    note_write(&r->attempt.note, r->boot.mem, r->boot.host, NOTE_GIVING, w->staged_nonce, e) < 0)
		return -1;
	return promote(w, run, e);
}

/* Our own rekey's shares are the current ones, and its note still stands: what came after that is missing. */
static bool was_promoted(const struct rekey_world *w)
{
	const struct attempt *t = &w->recover.attempt;

	return !t->started && t->note.stage == NOTE_GIVING && t->note.nonce &&
	       text_same(nonce_of(w, &w->recover.entry.current), t->note.nonce);
}

/* Read back once more, in the copies too; a file was read a moment ago. */
static int finish_promoted(struct rekey_world *w, const struct recover_runner *run, struct err *e)
{
	struct recover *r = &w->recover;
	struct recover_entry *entry = &r->entry;

	w->finished_earlier = true;
	secret_release(&entry->value);
	secret_copy(&entry->value, &entry->current);
	if (shares_of_entry(&w->staged, secret_expose(&entry->value), entry->name, e) < 0)
		return -1;
	return entry->in_aws ? promote(w, run, e) : attempt_end(r, e);
}

/* ---- the run ---- */

int rekey_check(int64_t shares, int64_t threshold, struct err *e)
{
	if (threshold > shares)
		return err_also(e, ERR_USAGE, "--threshold: %lld is not from 1 to the %lld shares", (long long)threshold,
		                (long long)shares);
	if (threshold == 1 && shares > 1)
		return err_also(e, ERR_USAGE, "--threshold: 1 of %lld shares would make each of them enough; Vault takes 2 or more",
		                (long long)shares);
	return 0;
}

int rekey_init(struct rekey_world *w, struct err *e)
{
	w->recover.attempt.kind = &rekey;
	if (w->cancel)
		return 0;
	return recover_entry_init(&w->recover, CUSTODY_RECOVERY_KEYS, e);
}

void rekey_release(struct rekey_world *w)
{
	shares_release(&w->staged);
	recover_release(&w->recover);
}

/* Nothing came of it: the old shares hold, and Vault need not wait. */
static void give_up(struct rekey_world *w, const struct recover_runner *run, struct err *e)
{
	AUTO(err) struct err why = {0};
	bool was;

	if (e->kind == ERR_STOPPED)
		return;
	if (attempt_cancel(&w->recover, run, &was, &why) == 0)
		err_while(e, "the shares stay as they are");
	else
		err_while(e, "the shares stay as they are, and the rekey under way (%s)", why.text);
}

static int make_new(struct rekey_world *w, const struct recover_runner *run, struct err *e)
{
	struct recover *r = &w->recover;

	if (!r->attempt.ours && attempt_start(r, run, e) < 0)
		return -1;
	if (attempt_give(r, run, &r->shares, true, e) < 0 || recover_entry_stage(r, run, e) < 0) {
		give_up(w, run, e);
		return -1;
	}
	return verify(w, run, e) < 0 ? -1 : promote(w, run, e);
}

/* What is asked before anything that lasts. */
static int consent(const struct rekey_world *w, const struct recover_runner *run, struct err *e)
{
	const struct vault_seal_status *s = &w->recover.boot.status;

	return run->ask(run->to, arena_printf(w->recover.boot.mem, "replace Vault's %lld %s (%lld are needed) by %lld new ones (%lld "
	                                      "are needed)? the old ones are refused from then on", (long long)s->shares,
	                                      rekey_what(w), (long long)s->threshold, (long long)w->shares,
	                                      (long long)w->threshold), e);
}

static int begin(struct rekey_world *w, const struct recover_runner *run, struct err *e)
{
	struct recover *r = &w->recover;
	struct attempt *t = &r->attempt;
	bool valid = false;

	if (t->started && t->verify_nonce && w->staged_nonce && text_same(t->nonce, w->staged_nonce)) {
		w->finished_earlier = true;
		value_is_staged(w);
		return verify(w, run, e) < 0 ? -1 : promote(w, run, e);
	}
	if (attempt_clear(r, run, e) < 0)
		return -1;
	t->ours = false;
	if (was_promoted(w))
		return finish_promoted(w, run, e);
	if (w->staged.n && probe(w, run, &valid, e) < 0)
		return -1;
	if (valid)
		return finish_earlier(w, run, e);
	if (recover_get_shares(r, run, t->required, e) < 0 || consent(w, run, e) < 0 || recover_entry_prepare(r, run, e) < 0)
		return -1;
	return make_new(w, run, e);
}

static void find_paths(struct rekey_world *w)
{
	struct attempt *t = &w->recover.attempt;
	bool recovery = w->recover.boot.status.recovery_seal;

	t->path = recovery ? "/v1/sys/rekey-recovery-key/init" : "/v1/sys/rekey/init";
	t->update = recovery ? "/v1/sys/rekey-recovery-key/update" : "/v1/sys/rekey/update";
}

int rekey_run(struct rekey_world *w, const struct recover_runner *run, struct err *e)
{
	struct recover *r = &w->recover;
	int result = -1;

	for (unsigned i = 0; i < RUNS_MAX && result < 0; i++) {
		err_release(e);
		w->verified_unknown = false;
		if (recover_find_open(r, run, e) < 0)
			return -1;
		find_paths(w);
		if (attempt_find(r, run, e) < 0)
			return -1;
		if (w->cancel) {
			w->cancelled = true;
			return attempt_cancel(r, run, &w->was_under_way, e);
		}
		w->shares = w->shares ? w->shares : r->boot.status.shares;
		w->threshold = w->threshold ? w->threshold : r->boot.status.threshold;
		if (rekey_check(w->shares, w->threshold, e) < 0 || recover_entry_find(r, run, e) < 0 || read_staged(w, e) < 0)
			return -1;
		result = begin(w, run, e);
		if (!w->verified_unknown)
			return result;
	}
	return result;
}
