/* Custody in the work of init: made with a placeholder and read before the call; stored, read back and compared after it. */
#include "core/text.h"
#include "domain/hear.h"
#include "domain/init.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

static const char *name_of(const struct init_world *in, size_t item)
{
	return custody_name(in->boot.mem, in->boot.want, in->items_kept[item].entry->word);
}

DUE(work_due)
{
	const struct init_world *in = world;

	(void)item;
	return init_has_work(in) && in->in_aws;
}

/* ---- custody is prepared: made with a placeholder, and read ---- */

DUE(prepare_due)
{
	const struct init_world *in = world;

	return work_due(world, item) && in->items_kept[item].have.state == CUSTODY_ABSENT;
}

/* From here on there is something to find: the note comes first, and the proof before it. */
static int before_prepare(void *world, size_t item, struct err *e)
{
	struct init_world *in = world;

	(void)item;
	if (in->plan != INIT_FRESH || in->spool.stage != SPOOL_NONE)
		return 0;
	if (init_proof_verdict(in, e) < 0)
		return -1;
	/* Of an init that is gone on with for another machine the first note must say that it had begun. */
	return spool_write(&in->spool, in->boot.mem, in->boot.host, in->over.ours ? SPOOL_BEGUN : SPOOL_PREPARED, e);
}

/* Under the key that the run began with, where another one did. */
static struct custody_store store_of(const struct init_world *in, size_t item)
{
	struct custody_store store = *in->items_kept[item].store;

	if (in->plan == INIT_STORE && !text_empty(in->spool.kms_key))
		store.kms_key = in->spool.kms_key;
	return store;
}

ASK(ask_prepare)
{
	const struct init_world *in = world;
	struct custody_store store = store_of(in, item);

	return custody_ask_make(&store, in->items_kept[item].entry, in->spool.id, rq, e);
}

HEAR(hear_prepare)
{
	struct init_world *in = world;
	struct init_item *kept = &in->items_kept[item];
	enum heard heard = custody_hear_make(kept->store, in->world, kept->entry, reply, e);

	if (heard == HEARD_DONE)
		kept->have.state = CUSTODY_PREPARED;
	return heard;
}

/* ---- copies in other regions ---- */

static size_t count_entries(const void *world)
{
	return ((const struct init_world *)world)->n_entries;
}

DUE(copies_due)
{
	const struct init_world *in = world;

	return work_due(world, item) && in->n_copies > 0;
}

DUE(replicate_due)
{
	const struct init_world *in = world;

	return copies_due(world, item) && custody_missing(&in->items_kept[item].have, in->copies, in->n_copies) > 0;
}

ASK(ask_replicate)
{
	const struct init_world *in = world;
	const struct init_item *kept = &in->items_kept[item];

	return aws_ask(in->boot.aws, rq, &secretsmanager_replicate_secret_to_regions,
	               custody_copy_params(&rq->mem, in->boot.want, kept->entry->word, &kept->have, in->copies, in->n_copies), e);
}

HEAR(hear_replicate)
{
	struct init_world *in = world;
	struct aws_answer answer;

	return hear_aws(in->world, &secretsmanager_replicate_secret_to_regions, reply, NULL, &answer, e,
	                "copying '%s' into other regions", name_of(in, item));
}

/* ---- what an entry holds ---- */

ASK(ask_value)
{
	const struct init_world *in = world;

	return custody_ask_value(in->items_kept[item].store, in->items_kept[item].entry->word, rq, e);
}

/* What an item is to hold. */
static int value_for(const struct init_world *in, size_t item, struct secret *out, struct err *e)
{
	return custody_part(in->items_kept[item].entry, in->values, out, e);
}

/* What an entry holds: this run's placeholder, what is to be stored, or something that must stay. */
static enum heard take_value(struct init_world *in, size_t item, const struct secret *there, struct err *e)
{
	struct init_item *kept = &in->items_kept[item];
	AUTO(secret) struct secret wanted = {0};
	const char *run = custody_placeholder_run(in->boot.mem, secret_expose(there));

	kept->run_there = run;
	if (text_same(run, in->spool.id))
		return HEARD_DONE;
	if (init_keys_held(in) && value_for(in, item, &wanted, e) < 0)
		return HEARD_REFUSED;
	kept->placed = secret_held(&wanted) && secret_same(there, &wanted);
	if (kept->placed)
		return HEARD_DONE;
	return hear_guard(e, run ? "let the other init end; where it was given up, delete this entry and run this again" :
	                  "what is in custody is never written over: move it away first if it is of no use any more",
	                  "'%s' %s", name_of(in, item), run ? "is the place of another init that has begun" : "holds something else");
}

HEAR(hear_value)
{
	struct init_world *in = world;
	struct init_item *kept = &in->items_kept[item];
	AUTO(secret) struct secret there = {0};
	enum heard heard = custody_hear_value(kept->store, kept->entry->word, reply, &there, in->boot.mem, &kept->have, e);

	return heard == HEARD_DONE ? take_value(in, item, &there, e) : heard;
}

/* ---- stored, read back, compared; then the spool may go ---- */

DUE(store_due)
{
	const struct init_world *in = world;

	return work_due(world, item) && init_keys_held(in) && !in->items_kept[item].placed;
}

ASK(ask_store)
{
	const struct init_world *in = world;
	const struct init_item *kept = &in->items_kept[item];
	struct custody_store store = store_of(in, item);
	AUTO(secret) struct secret value = {0};

	if (value_for(in, item, &value, e) < 0)
		return -1;
	return custody_ask_store(&store, kept->entry, &kept->have, in->spool.id, secret_expose(&value), rq, e);
}

/* Where the disk was full when the reply came, this is the second chance. */
void init_say_where_they_wait(struct init_world *in, struct err *e)
{
	AUTO(err) struct err why = {0};

	if (in->spool.stage == SPOOL_KEYS || spool_write(&in->spool, in->boot.mem, in->boot.host, SPOOL_KEYS, &why) == 0)
		err_while(e, "the keys wait encrypted in '%s' for the next run of init", in->spool.path);
	else
		err_while(e, "neither custody nor the spool takes the keys, which are lost (%s)", why.text);
}

HEAR(hear_store)
{
	struct init_world *in = world;
	enum heard heard = custody_hear_store(in->items_kept[item].store, in->world, in->items_kept[item].entry, reply, e);

	if (heard == HEARD_REFUSED)
		init_say_where_they_wait(in, e);
	return heard;
}

DUE(verify_due)
{
	const struct init_world *in = world;

	return work_due(world, item) && init_keys_held(in);
}

bool init_all_verified(const struct init_world *in)
{
	for (size_t i = 0; i < in->n_items; i++)
		if (!in->items_kept[i].verified)
			return false;
	return in->copies_verified == in->n_entries * in->n_copies && (in->files_placed || !in->in_files);
}

int init_let_go(struct init_world *in, struct err *e)
{
	return init_all_verified(in) ? spool_remove(&in->spool, in->boot.mem, in->boot.host, e) : 0;
}

/* The last one read back lets the spool go. */
static enum heard read_back(struct init_world *in, struct err *e)
{
	return init_let_go(in, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

HEAR(hear_verify)
{
	struct init_world *in = world;
	enum heard heard = hear_value(world, item, reply, e);

	if (heard != HEARD_DONE)
		return heard;
	if (!in->items_kept[item].placed) {
		err_set(e, ERR_LATE, 0, "'%s' does not show what was stored yet", name_of(in, item));
		return HEARD_NOT_YET;
	}
	in->items_kept[item].verified = true;
	return read_back(in, e);
}

static size_t count_copies(const void *world)
{
	const struct init_world *in = world;

	return in->n_copies ? in->n_entries * in->n_copies : 1;
}

DUE(read_copy_due)
{
	return verify_due(world, item) && copies_due(world, item);
}

/* Secrets Manager of another region. */
static struct custody_store copy_store(const struct init_world *in, size_t item)
{
	struct custody_store store = in->stores[0];

	store.aws = &in->copy_aws[item / in->n_entries];
	return store;
}

ASK(ask_copy)
{
	const struct init_world *in = world;
	struct custody_store store = copy_store(in, item);

	return custody_ask_value(&store, in->entries[item % in->n_entries].word, rq, e);
}

/* A copy comes a moment after what it is a copy of. */
HEAR(hear_copy)
{
	struct init_world *in = world;
	const char *region = in->copies[item / in->n_entries].region;
	struct custody_store store = copy_store(in, item);
	AUTO(secret) struct secret there = {0}, wanted = {0};
	enum heard heard = custody_hear_value(&store, in->entries[item % in->n_entries].word, reply, &there, in->boot.mem, NULL, e);

	if (heard == HEARD_REFUSED && e->kind == ERR_ABSENT)
		return HEARD_NOT_YET;
	if (heard != HEARD_DONE) {
		err_while(e, "the copy in %s", region);
		return heard;
	}
	if (value_for(in, item % in->n_entries, &wanted, e) < 0)
		return HEARD_REFUSED;
	if (!secret_same(&there, &wanted)) {
		err_set(e, ERR_LATE, 0, "the copy in %s does not show what was stored yet", region);
		return HEARD_NOT_YET;
	}
	in->copies_verified++;
	return read_back(in, e);
}

const struct step init_prepare_rows[INIT_PREPARE_ROWS] = {
	{ .name = "custody.prepare", .change = "prepare custody", .needs = NEEDS("spool.key", "spool.wrap", "proof.decrypt"),
	  .count = init_count_items, .due = prepare_due, .before = before_prepare, .ask = ask_prepare, .hear = hear_prepare },
	{ .name = "custody.look", .title = "look for copies", .needs = NEEDS("custody.prepare"), .count = count_entries,
	  .due = copies_due, .ask = init_ask_entry, .hear = init_hear_entry },
	{ .name = "custody.replicate", .change = "copy custody into other regions", .needs = NEEDS("custody.look"),
	  .settle = "custody.look", .settle_s = 10, .count = count_entries, .due = replicate_due, .ask = ask_replicate,
	  .hear = hear_replicate },
	{ .name = "custody.try", .title = "read custody", .needs = NEEDS("custody.replicate"), .count = init_count_items,
	  .due = work_due, .ask = ask_value, .hear = hear_value },
};

const struct step init_store_rows[INIT_STORE_ROWS] = {
	{ .name = "custody.store", .change = "store the keys in custody", .needs = NEEDS("vault.init"), .count = init_count_items,
	  .due = store_due, .ask = ask_store, .hear = hear_store },
	{ .name = "custody.verify", .title = "read the keys back", .needs = NEEDS("custody.store"), .count = init_count_items,
	  .due = verify_due, .patience_s = 30, .ask = ask_value, .hear = hear_verify },
	{ .name = "custody.copies", .title = "read the copies back", .needs = NEEDS("custody.verify"), .count = count_copies,
	  .due = read_copy_due, .patience_s = 60, .ask = ask_copy, .hear = hear_copy },
};
