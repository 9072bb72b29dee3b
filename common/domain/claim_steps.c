/*
 * Who may make the key: one run at a time.
 *
 * CreateKey doubles, and what it made shows late. So the right to call it is a
 * lease. The run that made the table holds the first one, for LEASE_S from the
 * table's creation; its claim is a tag of CreateTable itself. Everybody else, and
 * that run too once its lease is over, goes this way:
 *
 *	key.settled   wait until whatever the last holder may have made would show,
 *	claim.read    see that nobody took over meanwhile,
 *	claim.take    write the own claim over the old one,
 *	claim.held    wait until whoever read the old claim as well must have written
 *	              too; then the one whose claim stands holds a lease,
 *	key.awaited   and looks once more, while who lost waits for the winner's key.
 *
 * That is Fischer's mutual exclusion (Lamport, "A fast mutual exclusion
 * algorithm", 1987, section 2): it rests on bounds, all of them here, and on the
 * server's clock, since ours may be minutes off and AWS would not mind.
 *
 *	LEASE_S + a CreateKey under way (workflow.c: its time limit, 15 s) + the lag
 *	of the search, 30 s, are TAG_LAG_S;
 *	WRITE_S + a TagResource under way (5 s) + the lag of a table's tags, 3 s, are
 *	HOLD_S.
 *
 * A claim is "<second>-<random>": the second in which its holder's lease begins.
 * The note is for what the cloud cannot show yet: written before the call, it
 * tells the next run on this machine that a key may have been made.
 */
#include "domain/steps.h"

#include "core/digest.h"
#include "core/text.h"
#include "formats/json.h"

#include <errno.h>

enum { LEASE_S = 15, WRITE_S = 12, HOLD_S = 20 };

static int64_t now_ms(const struct world *w)
{
	return host_wall_ms(w->host) + (w->server_clock ? w->server_ahead_ms : w->aws->skew_ms);
}

/* ---- claims and the note ---- */

static const char *stamp(const struct world *w, int64_t at_ms)
{
	return arena_printf(w->mem, "%lld-%s", (long long)(at_ms / 1000), w->claimant);
}

/* 0 when it is none of ours. */
static int64_t stamped_ms(const char *claim)
{
	char *end;
	long long second;

	if (!claim)
		return 0;
	errno = 0;
	second = strtoll(claim, &end, 10);
	return errno || *end != '-' || second < 0 || second > INT64_C(1) << 40 ? 0 : second * 1000;
}

const char *claim_of_table(const struct world *w)
{
	return value_text_or(value_get(w->table.tags, TAG_CLAIM), "", NULL);
}

bool claim_is_own(const struct world *w, const char *claim)
{
	return claim && w->claimant && text_ends(claim, w->claimant);
}

void claim_take_table(struct world *w)
{
	w->table.made = true;
	w->lease_end_ms = w->table.created_ms + LEASE_S * 1000;
}

char *provision_note_path(const struct world *w)
{
	const char *state = host_env(w->host, "XDG_STATE_HOME");
	AUTO(text) char *base = state ? xstrdup(state) : host_path(w->host, "~/.local/state");

	return xasprintf("%s/helm-vault-aws/claims/%s-%s.json", base, w->want.region, w->want.names.table);
}

static void read_note(struct world *w)
{
	AUTO(text) char *path = provision_note_path(w);
	AUTO(buf) struct buf text = BUF_MAX(4096);
	AUTO(err) struct err why = {0};
	struct value *note;

	/* A note that is not there or not whole says nothing; table and claim then decide alone. */
	if (host_read_file(w->host, path, &text, &why) < 0 ||
	    va_json_parse(w->mem, buf_bytes(&text), path, &note, &why) < 0)
		return;
	w->noted_ms = value_int_or(note, "at_ms", 0);
	w->noted_claim = value_text_or(note, "claim", NULL);
}

int provision_prepare(struct world *w, struct err *e)
{
	unsigned char bytes[16];
	AUTO(buf) struct buf hex = BUF_MAX(64);

	if (host_random(w->host, bytes, sizeof(bytes), e) < 0)
		return -1;
	hex_print(&hex, bytes, sizeof(bytes));
	w->claimant = arena_text(w->mem, buf_str(&hex));
	w->claim = stamp(w, now_ms(w));
	read_note(w);
	return 0;
}

int provision_finish(struct world *w, bool plan_only, struct err *e)
{
	AUTO(text) char *path = NULL;

	if (plan_only || provision_held(w))
		return provision_guard(w, e);
	if (!w->noted_claim || !text_same(w->noted_claim, claim_of_table(w)))
		return 0;
	path = provision_note_path(w);
	return host_remove_file(w->host, path, e);
}

int key_note_claim(void *world, size_t item, struct err *e)
{
	struct world *w = world;
	AUTO(text) char *path = provision_note_path(w);
	AUTO(buf) struct buf text = BUF_MAX(4096);
	struct value *note = value_new_map(w->mem);

	(void)item;
	if (provision_guard(w, e) < 0)
		return -1;
	value_set_text(w->mem, note, "account", w->caller_account);
	value_set_text(w->mem, note, "claim", claim_of_table(w));
	value_set_int(w->mem, note, "at_ms", now_ms(w));
	va_json_print(&text, note, true);
	if (host_write_file(w->host, path, buf_bytes(&text), 0600, e) < 0)
		return err_while(e, "noting that a key is about to be made");
	w->noted_claim = claim_of_table(w);
	return 0;
}

/* ---- when ---- */

bool key_lease_holds(const struct world *w)
{
	return now_ms(w) < w->lease_end_ms;
}

/* Whatever a run that held a lease may have made shows from then on. */
static int64_t settled_ms(const struct world *w)
{
	int64_t last = w->table.created_ms, claimed = stamped_ms(claim_of_table(w));

	if (claimed > last)
		last = claimed;
	if (w->noted_ms > last)
		last = w->noted_ms;
	return last + TAG_LAG_S * 1000;
}

/* A key is wanted, and this run may not make it at once. */
static bool without_lease(const struct world *w)
{
	return !w->want.given_key && key_absent(w) && w->table.presence == PRESENT && !key_lease_holds(w) && !provision_held(w);
}

bool key_may_be_elsewhere(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return without_lease(w) && now_ms(w) < settled_ms(w);
}

/* By turns by alias and by tag: the other run names its key as soon as it has one. */
int ask_key_settled(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	return w->looks % 2 ? ask_tagged(world, item, rq, e) : ask_key_by_alias(world, item, rq, e);
}

/* One more look: HEARD_DONE with *shows true when there is a key. */
static enum heard look(struct world *w, size_t item, const struct reply *reply, bool *shows, struct err *e)
{
	enum heard heard = w->looks % 2 ? hear_tagged(w, item, reply, e) : hear_key_by_alias(w, item, reply, e);
	const struct tagged *t = NULL;

	if (heard != HEARD_DONE)
		return heard;
	w->looks++;
	heard = tagged_in_use(w, "kms", "key/", &t, e);
	*shows = t || w->key.presence == PRESENT;     /* what the search shows is described next */
	return heard;
}

enum heard hear_key_settled(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	bool shows = false;
	enum heard heard = look(w, item, reply, &shows, e);

	if (heard != HEARD_DONE || shows || now_ms(w) >= settled_ms(w))
		return heard;
	err_set(e, ERR_LATE, 0, "looking for the key that another run may have made for the table '%s'", w->want.names.table);
	return HEARD_NOT_YET;
}

/* ---- taking over ---- */

bool claim_unread(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return without_lease(w) && !key_found_elsewhere(w, 0);
}

enum heard hear_claim(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	const char *known = claim_of_table(w);
	enum heard heard = hear_table_tags(w, item, reply, e);

	if (heard != HEARD_DONE)
		return heard;
	w->rival = !text_same(known, claim_of_table(w));
	w->claim_read_ms = now_ms(w);
	return HEARD_DONE;
}

bool claim_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return claim_unread(w, 0) && !w->rival;
}

int ask_take_claim(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct value *params = params_of(&rq->mem, "ResourceArn", w->table.arn, NULL);
	const char *claim = stamp(w, now_ms(w) + HOLD_S * 1000);

	(void)item;
	if (now_ms(w) > w->claim_read_ms + WRITE_S * 1000) {
		err_set(e, ERR_LATE, 0, "claiming the table '%s' took too long", w->want.names.table);
		err_hint(e, "run it again");
		return -1;
	}
	value_set(&rq->mem, params, "Tags", tags_to_list(&rq->mem, params_of(&rq->mem, TAG_CLAIM, claim, NULL), "Key", "Value"));
	return aws_ask(w->aws, rq, &dynamodb_tag_resource, params, e);
}

enum heard hear_took_claim(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	enum heard heard = hear_tagged_table(w, reply, e);

	(void)item;
	if (heard == HEARD_DONE)
		w->claim_taken_ms = now_ms(w);
	return heard;
}

bool claim_taken(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->claim_taken_ms && !key_lease_holds(w) && claim_due(w, 0);
}

enum heard hear_claim_held(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	const char *known = claim_of_table(w);
	enum heard heard = hear_table_tags(w, item, reply, e);
	bool own = claim_is_own(w, claim_of_table(w));

	if (heard != HEARD_DONE)
		return heard;
	if (!own && !text_same(known, claim_of_table(w))) {
		w->rival = true;
		return HEARD_DONE;
	}
	if (!own || now_ms(w) < w->claim_taken_ms + HOLD_S * 1000) {
		err_set(e, ERR_LATE, 0, "seeing whether another run claims the table '%s' as well", w->want.names.table);
		return HEARD_NOT_YET;
	}
	w->lease_end_ms = now_ms(w) + LEASE_S * 1000;
	w->looks = 0;
	return HEARD_DONE;
}

bool key_awaited(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return (w->rival || w->claim_taken_ms) && key_due(w, 0);
}

enum heard hear_key_awaited(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	bool shows = false;
	enum heard heard = look(w, item, reply, &shows, e);

	if (heard != HEARD_DONE || shows || (!w->rival && w->looks >= 2))
		return heard;
	err_set(e, ERR_LATE, 0, "%s another run %s for the table '%s'",
	        w->rival ? "waiting for the key that" : "looking once more for a key that", w->rival ? "makes" : "made",
	        w->want.names.table);
	err_hint(e, "run it again");
	return HEARD_NOT_YET;
}
