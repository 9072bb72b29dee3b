#include "domain/recover_store.h"

#include "aws/creds.h"
#include "core/digest.h"
#include "core/text.h"
#include "domain/recover.h"
#include "domain/steps.h"

enum { ID_BYTES = 16, COPY_S = 60, READ_S = 30 };

#define CURRENT "AWSCURRENT"
#define PENDING "AWSPENDING"

/* ---- its beginning and end ---- */

static int new_id(struct recover *r, struct err *e)
{
	unsigned char bytes[ID_BYTES];
	AUTO(buf) struct buf hex = BUF_MAX(2 * ID_BYTES + 1);

	if (host_random(r->boot.host, bytes, sizeof(bytes), e) < 0)
		return -1;
	hex_print(&hex, bytes, sizeof(bytes));
	r->entry.id = arena_text(r->boot.mem, buf_str(&hex));
	return 0;
}

/* How the file of an entry is called, and where it is. */
static int take_file(struct recover *r, struct err *e)
{
	struct custody_file *file = &r->entry.file;

	file->entry = r->entry.which;
	file->by = custody_recipients_by(r->options.recipients);
	custody_file_place_in(file, r->boot.mem, r->options.folder);
	r->entry.name = file->path;
	if (recover_take_keys(r, e) < 0 || custody_file_find(file, r->boot.host, e) < 0)
		return -1;
	if (!file->twin)
		return 0;
	err_set(e, ERR_GUARD, 0, "'%s' is there, and '%s' would be a second one beside it", file->twin, file->path);
	err_hint(e, file->by == BY_GPG ? "--recipient age1... goes on with it; or move it away, with --keys-from for the shares" :
	         "--recipient FILE with a key of PGP's goes on with it; or move it away, with --keys-from for the shares");
	return -1;
}

int recover_entry_init(struct recover *r, size_t which, struct err *e)
{
	struct recover_entry *entry = &r->entry;
	size_t n;

	*entry = (struct recover_entry){
		.which = &custody_entries(r->boot.mem, 1, false, &n)[which], .in_file = text_same(r->options.custody, "file"),
	};
	entry->in_aws = !entry->in_file;
	if (new_id(r, e) < 0)
		return -1;
	if (entry->in_aws) {
		entry->name = custody_name(r->boot.mem, r->boot.want, entry->which->word);
		return recover_check_names(r->boot.want, e);
	}
	if (custody_file_recipients("--recipient", r->options.recipients, &entry->file.to, e) < 0) {
		err_hint(e, "--recipient age1... or FILE with a key of PGP's: whom the new file is encrypted to");
		return -1;
	}
	return take_file(r, e);
}

void recover_entry_release(struct recover_entry *entry)
{
	secret_release(&entry->current);
	secret_release(&entry->pending);
	secret_release(&entry->value);
}

static DUE(in_aws)
{
	const struct recover *r = world;

	(void)item;
	return r->entry.in_aws;
}

/* ---- what is there ---- */

static ASK(ask_entry)
{
	const struct recover *r = world;
	struct custody_store store = recover_store_of(r);

	(void)item;
	return custody_ask_find(&store, r->entry.which, rq, e);
}

/* VersionIdsToStages: a map of versions, each with its labels. */
static const char *version_of(const struct value *body, const char *stage)
{
	const struct value *versions = value_get(body, "VersionIdsToStages");

	for (size_t i = 0; versions && versions->type == VALUE_MAP && i < versions->n; i++)
		for (size_t k = 0; k < versions->items[i]->n; k++)
			if (text_same(value_text_or(versions->items[i]->items[k], "", NULL), stage))
				return versions->names[i];
	return NULL;
}

static void take_copies(struct recover *r)
{
	const struct value *copies = r->entry.have.copies;

	r->entry.n_copies = 0;
	for (size_t i = 0; i < value_count(copies, NULL) && r->entry.n_copies < ENTRY_COPIES_MAX; i++) {
		const char *region = value_text_or(copies->items[i], "Region", NULL);

		if (!region)
			continue;
		r->entry.regions[r->entry.n_copies] = region;
		r->entry.copies[r->entry.n_copies++] = aws_in_region(r->boot.aws, region);
	}
}

static HEAR(hear_entry)
{
	struct recover *r = world;
	struct recover_entry *entry = &r->entry;
	struct custody_store store = recover_store_of(r);
	struct aws_answer answer;
	enum heard heard = hear_aws(r->world, store.kind->find, reply, store.kind->absent, &answer, e, "looking for '%s'",
	                            entry->name);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	entry->there = answer.ok;
	if (!answer.ok)
		return HEARD_DONE;
	if (store.kind->found(r->boot.mem, &store, r->world, entry->which, answer.body, &entry->have, e) < 0)
		return HEARD_UNSURE;
	entry->current_id = version_of(answer.body, CURRENT);
	entry->pending_id = version_of(answer.body, PENDING);
	if (text_same(entry->pending_id, entry->current_id))
		entry->pending_id = NULL;
	take_copies(r);
	return HEARD_DONE;
}

static DUE(current_due)
{
	const struct recover *r = world;

	return in_aws(world, item) && r->entry.have.state == CUSTODY_HOLDS;
}

static DUE(pending_due)
{
	const struct recover *r = world;

	return current_due(world, item) && r->entry.pending_id;
}

static int ask_version(const struct recover *r, const struct aws *aws, const char *stage, struct request *rq, struct err *e)
{
	return aws_ask(aws, rq, &secretsmanager_get_secret_value,
	               params_of(&rq->mem, "SecretId", r->entry.name, "VersionStage", stage, NULL), e);
}

static ASK(ask_current)
{
	const struct recover *r = world;

	(void)item;
	return ask_version(r, r->boot.aws, CURRENT, rq, e);
}

static ASK(ask_pending)
{
	const struct recover *r = world;

	(void)item;
	return ask_version(r, r->boot.aws, PENDING, rq, e);
}

/* HEARD_DONE with nothing held: there is no such value (yet). */
static enum heard read_value(struct recover *r, const struct reply *reply, struct secret *out, struct err *e)
{
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	const struct aws_op *op = &secretsmanager_get_secret_value;
	struct aws_answer answer;
	const char *text;
	enum heard heard;

	secret_release(out);
	if (aws_read(&scratch, op, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(op, &answer, e);
	if (heard == HEARD_REFUSED && aws_code_is(&answer, "ResourceNotFoundException")) {
		err_release(e);
		return HEARD_DONE;
	}
	if (heard != HEARD_DONE) {
		err_while(e, "reading '%s'", r->entry.name);
		return heard;
	}
	if (value_text(answer.body, "SecretString", &text, e) < 0)
		return HEARD_REFUSED;
	if (!custody_placeholder_run(&scratch, view_text(text)))
		secret_set(out, view_text(text));
	return HEARD_DONE;
}

static HEAR(hear_current)
{
	struct recover *r = world;

	(void)item;
	return read_value(r, reply, &r->entry.current, e);
}

static HEAR(hear_pending)
{
	struct recover *r = world;

	(void)item;
	return read_value(r, reply, &r->entry.pending, e);
}

static const struct custody_entry first_share = { .word = "recovery-key-1", .share = 1 };

static DUE(split_due)
{
	const struct recover *r = world;

	return in_aws(world, item) && !r->entry.there && !r->entry.which->root;
}

static ASK(ask_split)
{
	const struct recover *r = world;
	struct custody_store store = recover_store_of(r);

	(void)item;
	return custody_ask_find(&store, &first_share, rq, e);
}

/* Who may not look at it has nothing to do with it. */
static HEAR(hear_split)
{
	struct recover *r = world;
	struct custody_store store = recover_store_of(r);
	struct custody_have have;
	enum heard heard = custody_hear_find(&store, r->world, &first_share, reply, &have, e);

	(void)item;
	if (heard == HEARD_REFUSED && e->kind == ERR_DENIED) {
		err_release(e);
		return HEARD_DONE;
	}
	if (heard == HEARD_DONE)
		r->entry.split = have.state != CUSTODY_ABSENT;
	return heard;
}

const struct step entry_find_rows[ENTRY_FIND_ROWS] = {
	{ .name = "entry.find", .title = "look what is in custody", .due = in_aws, .ask = ask_entry, .hear = hear_entry },
	{ .name = "entry.current", .title = "read what is in custody", .needs = NEEDS("entry.find"), .due = current_due,
	  .ask = ask_current, .hear = hear_current },
	{ .name = "entry.pending", .title = "read what an earlier run staged", .needs = NEEDS("entry.find"), .due = pending_due,
	  .ask = ask_pending, .hear = hear_pending },
	{ .name = "entry.split", .title = "look whether shares have entries of their own", .needs = NEEDS("entry.find"),
	  .due = split_due, .ask = ask_split, .hear = hear_split },
};

/* The one entry that is looked for would hold what was spread over several on purpose. */
static int judge_split(const struct recover *r, struct err *e)
{
	if (r->entry.which->root || !(r->entry.split || r->shares.split))
		return 0;
	err_set(e, ERR_GUARD, 0, "each key share has an entry of its own, and '%s' would hold them all", r->entry.name);
	err_hint(e, "vault operator rekey -target=recovery -pgp-keys=... gives each new share to somebody else");
	return -1;
}

static int judge_entry(const struct recover *r, struct err *e)
{
	const struct custody_have *have = &r->entry.have;

	if (judge_split(r, e) < 0)
		return -1;
	if (!r->entry.there)
		return 0;
	if (have->state == CUSTODY_DELETED)
		return err_set(e, ERR_GUARD, 0, "'%s' is scheduled for deletion: restore it first", r->entry.name);
	if (!have->ours)
		return err_set(e, ERR_GUARD, 0, "'%s' is there without our tags, and is left as it is", r->entry.name);
	if (have->state == CUSTODY_PREPARED) {
		err_set(e, ERR_GUARD, 0, "an init has begun at '%s', and not ended", r->entry.name);
		err_hint(e, "helm vault-aws init goes on with it");
		return -1;
	}
	return 0;
}

int recover_entry_find(struct recover *r, const struct recover_runner *run, struct err *e)
{
	if (r->entry.in_file)
		return recover_look_at_keys(r, run, e) < 0 || recover_file_find(r, run, e) < 0 ? -1 : judge_split(r, e);
	if (run->loop(run->to, r, entry_find_rows, ENTRY_FIND_ROWS, e) < 0)
		return -1;
	return judge_entry(r, e);
}

/* ---- made where there is none ---- */

static DUE(make_due)
{
	const struct recover *r = world;

	return in_aws(world, item) && !r->entry.there;
}

static ASK(ask_make)
{
	const struct recover *r = world;
	struct custody_store store = recover_store_of(r);

	(void)item;
	return aws_ask(r->boot.aws, rq, &secretsmanager_create_secret,
	               custody_adopt_params(&rq->mem, &store, r->entry.which, r->entry.id), e);
}

/* Repeated after a lost reply it is the same call, by its token. */
static HEAR(hear_make)
{
	struct recover *r = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(r->world, &secretsmanager_create_secret, reply, NULL, &answer, e, "making '%s'", r->entry.name);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	r->entry.there = true;
	r->entry.current_id = value_text_or(answer.body, "VersionId", NULL);
	return HEARD_DONE;
}

const struct step entry_make_rows[ENTRY_MAKE_ROWS] = {
	{ .name = "entry.make", .change = "make the entry in custody", .due = make_due, .ask = ask_make, .hear = hear_make },
};

int recover_entry_prepare(struct recover *r, const struct recover_runner *run, struct err *e)
{
	if (judge_split(r, e) < 0)
		return -1;
	if (r->entry.in_file)
		return custody_file_try(&r->entry.file, r->boot.host, e);
	if (!r->entry.there && text_empty(r->options.custody_key)) {
		err_set(e, ERR_USAGE, 0, "there is no '%s' yet, and it needs a KMS key", r->entry.name);
		err_hint(e, "--custody-kms-key KEY: an id, ARN or alias, not the seal key's");
		return -1;
	}
	return run->loop(run->to, r, entry_make_rows, ENTRY_MAKE_ROWS, e);
}

/* ---- staged ---- */

static ASK(ask_stage)
{
	const struct recover *r = world;
	struct value *params = params_of(&rq->mem, "SecretId", r->entry.name, "ClientRequestToken", r->entry.id, NULL);

	(void)item;
	value_push(&rq->mem, value_set(&rq->mem, params, "VersionStages", value_new_list(&rq->mem)),
	           value_new_text(&rq->mem, PENDING));
	value_set(&rq->mem, params, "SecretString", value_new_view(&rq->mem, secret_expose(&r->entry.value)));
	return aws_ask(r->boot.aws, rq, &secretsmanager_put_secret_value, params, e);
}

static HEAR(hear_stage)
{
	struct recover *r = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(r->world, &secretsmanager_put_secret_value, reply, NULL, &answer, e, "storing beside '%s'",
	                            r->entry.name);

	(void)item;
	if (heard == HEARD_DONE)
		r->entry.pending_id = r->entry.id;
	return heard;
}

/* What was just written may show a moment later. */
static enum heard compare(struct recover *r, const struct reply *reply, bool *seen, struct err *e)
{
	AUTO(secret) struct secret there = {0};
	enum heard heard = read_value(r, reply, &there, e);

	if (heard != HEARD_DONE)
		return heard;
	*seen = secret_held(&there) && secret_same(&there, &r->entry.value);
	if (*seen)
		return HEARD_DONE;
	err_set(e, ERR_LATE, 0, "'%s' does not show what was stored yet", r->entry.name);
	return HEARD_NOT_YET;
}

static HEAR(hear_staged)
{
	struct recover *r = world;

	(void)item;
	return compare(r, reply, &r->entry.staged, e);
}

const struct step entry_stage_rows[ENTRY_STAGE_ROWS] = {
	{ .name = "entry.stage", .change = "store it beside the current one", .due = in_aws, .ask = ask_stage, .hear = hear_stage },
	{ .name = "entry.staged", .title = "read it back", .needs = NEEDS("entry.stage"), .due = in_aws, .patience_s = READ_S,
	  .ask = ask_pending, .hear = hear_staged },
};

int recover_entry_stage(struct recover *r, const struct recover_runner *run, struct err *e)
{
	if (r->entry.in_file)
		return recover_file_stage(r, run, e);
	return run->loop(run->to, r, entry_stage_rows, ENTRY_STAGE_ROWS, e);
}

/* ---- promoted ---- */

/* `hear_entry` finds no version pending that is current already. */
static DUE(promote_due)
{
	const struct recover *r = world;

	return in_aws(world, item) && r->entry.pending_id;
}

static ASK(ask_promote)
{
	const struct recover *r = world;

	(void)item;
	return aws_ask(r->boot.aws, rq, &secretsmanager_update_secret_version_stage,
	               params_of(&rq->mem, "SecretId", r->entry.name, "VersionStage", CURRENT, "MoveToVersionId",
	                         r->entry.pending_id, "RemoveFromVersionId", r->entry.current_id, NULL), e);
}

static HEAR(hear_promote)
{
	struct recover *r = world;
	struct aws_answer answer;

	(void)item;
	return hear_aws(r->world, &secretsmanager_update_secret_version_stage, reply, NULL, &answer, e,
	                "making what is stored in '%s' the current one", r->entry.name);
}

static HEAR(hear_promoted)
{
	struct recover *r = world;

	(void)item;
	return compare(r, reply, &r->entry.promoted, e);
}

static size_t count_copies(const void *world)
{
	const struct recover *r = world;

	return r->entry.n_copies;
}

static ASK(ask_copy)
{
	const struct recover *r = world;

	return ask_version(r, &r->entry.copies[item], CURRENT, rq, e);
}

static HEAR(hear_copy)
{
	struct recover *r = world;
	enum heard heard;
	bool seen = false;

	heard = compare(r, reply, &seen, e);
	if (heard != HEARD_DONE)
		err_while(e, "the copy in %s", r->entry.regions[item]);
	return heard;
}

const struct step entry_promote_rows[ENTRY_PROMOTE_ROWS] = {
	{ .name = "entry.look", .title = "look what is current", .due = in_aws, .ask = ask_entry, .hear = hear_entry },
	{ .name = "entry.promote", .change = "make it the current one in custody", .needs = NEEDS("entry.look"),
	  .settle = "entry.look", .settle_s = 10, .due = promote_due, .ask = ask_promote, .hear = hear_promote },
	{ .name = "entry.promoted", .title = "read it back", .needs = NEEDS("entry.promote"), .due = in_aws, .patience_s = READ_S,
	  .ask = ask_current, .hear = hear_promoted },
	{ .name = "entry.copies", .title = "read the copies in other regions", .needs = NEEDS("entry.promoted"),
	  .count = count_copies, .due = in_aws, .patience_s = COPY_S, .ask = ask_copy, .hear = hear_copy },
};

int recover_entry_promote(struct recover *r, const struct recover_runner *run, struct err *e)
{
	if (r->entry.in_file)
		return recover_file_promote(r, e);
	return run->loop(run->to, r, entry_promote_rows, ENTRY_PROMOTE_ROWS, e);
}
