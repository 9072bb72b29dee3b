/* Custody in the work of init: made with a placeholder and read before the call; stored, read back and compared after it. */
#include "core/text.h"
#include "domain/hear.h"
#include "domain/init.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

DUE(work_due)
{
	const struct init_world *in = world;

	(void)item;
	return init_has_work(in) && in->in_aws;
}

/* ---- custody is prepared: made with a placeholder, and read ---- */

static size_t count_entries(const void *world)
{
	(void)world;
	return CUSTODY_ENTRIES;
}

DUE(prepare_due)
{
	const struct init_world *in = world;

	return work_due(world, item) && in->have[item].state == CUSTODY_ABSENT;
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
	return spool_write(&in->spool, in->boot.mem, in->boot.host, SPOOL_PREPARED, e);
}

ASK(ask_prepare)
{
	const struct init_world *in = world;
	const char *key = in->plan == INIT_STORE ? in->spool.kms_key : in->custody_key.arn;

	return aws_ask(in->boot.aws, rq, &secretsmanager_create_secret,
	               custody_create_params(&rq->mem, in->boot.want, (enum custody_entry)item, key, in->spool.id), e);
}

/* "Exists": by a reply that was lost, or by another run; reading it tells. */
HEAR(hear_prepare)
{
	struct init_world *in = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, &secretsmanager_create_secret, reply, "ResourceExistsException", &answer, e,
	                            "making '%s'", custody_name(in->boot.mem, in->boot.want, (enum custody_entry)item));

	if (heard == HEARD_DONE)
		in->have[item].state = CUSTODY_PREPARED;
	return heard;
}

/* ---- copies in other regions ---- */

DUE(copies_due)
{
	const struct init_world *in = world;

	return work_due(world, item) && in->n_copies > 0;
}

DUE(replicate_due)
{
	const struct init_world *in = world;

	return copies_due(world, item) && custody_missing(&in->have[item], in->copies, in->n_copies) > 0;
}

ASK(ask_replicate)
{
	const struct init_world *in = world;

	return aws_ask(in->boot.aws, rq, &secretsmanager_replicate_secret_to_regions,
	               custody_copy_params(&rq->mem, in->boot.want, (enum custody_entry)item, &in->have[item], in->copies,
	                                   in->n_copies), e);
}

HEAR(hear_replicate)
{
	struct init_world *in = world;
	struct aws_answer answer;

	return hear_aws(in->world, &secretsmanager_replicate_secret_to_regions, reply, NULL, &answer, e,
	                "copying '%s' into other regions", custody_name(in->boot.mem, in->boot.want, (enum custody_entry)item));
}

/* ---- what an entry holds ---- */

ASK(ask_value)
{
	const struct init_world *in = world;
	const char *name = custody_name(&rq->mem, in->boot.want, (enum custody_entry)item);

	return aws_ask(in->boot.aws, rq, &secretsmanager_get_secret_value, params_of(&rq->mem, "SecretId", name, NULL), e);
}

/* What an entry holds: this run's placeholder, what is to be stored, or something that must stay. */
static enum heard take_value(struct init_world *in, size_t item, struct view value, struct err *e)
{
	AUTO(secret) struct secret there = {0};
	const char *run = custody_placeholder_run(in->boot.mem, value);

	in->run_there[item] = run;
	if (text_same(run, in->spool.id))
		return HEARD_DONE;
	secret_set(&there, value);
	in->placed[item] = secret_held(&in->values[item]) && secret_same(&there, &in->values[item]);
	if (in->placed[item])
		return HEARD_DONE;
	return hear_guard(e, run ? "let the other init end; where it was given up, delete this entry and run this again" :
	                  "what is in custody is never written over: move it away first if it is of no use any more",
	                  "'%s' %s", custody_name(in->boot.mem, in->boot.want, (enum custody_entry)item),
	                  run ? "is the place of another init that has begun" : "holds something else");
}

HEAR(hear_value)
{
	struct init_world *in = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct aws_answer answer;
	const char *value;
	enum heard heard;

	if (aws_read(&scratch, &secretsmanager_get_secret_value, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(&secretsmanager_get_secret_value, &answer, e);
	if (heard == HEARD_REFUSED)
		err_while(e, "reading '%s' back", custody_name(in->boot.mem, in->boot.want, (enum custody_entry)item));
	if (heard != HEARD_DONE)
		return heard;
	if (value_text(answer.body, "SecretString", &value, e) < 0)
		return HEARD_REFUSED;
	return take_value(in, item, view_text(value), e);
}

/* ---- stored, read back, compared; then the spool may go ---- */

DUE(store_due)
{
	const struct init_world *in = world;

	return work_due(world, item) && init_keys_held(in) && !in->placed[item];
}

ASK(ask_store)
{
	const struct init_world *in = world;
	struct view value = secret_expose(&in->values[item]);

	return aws_ask(in->boot.aws, rq, &secretsmanager_update_secret,
	               custody_store_params(&rq->mem, in->boot.want, (enum custody_entry)item, in->spool.id, value), e);
}

/* Where the disk was full when the reply came, this is the second chance. */
static void say_where_they_wait(struct init_world *in, struct err *e)
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
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, &secretsmanager_update_secret, reply, NULL, &answer, e, "storing into '%s'",
	                            custody_name(in->boot.mem, in->boot.want, (enum custody_entry)item));

	if (heard == HEARD_REFUSED)
		say_where_they_wait(in, e);
	return heard;
}

DUE(verify_due)
{
	const struct init_world *in = world;

	return work_due(world, item) && init_keys_held(in);
}

bool init_all_verified(const struct init_world *in)
{
	bool aws = in->verified[CUSTODY_RECOVERY_KEYS] && in->verified[CUSTODY_ROOT_TOKEN] &&
	           in->copies_verified == CUSTODY_ENTRIES * in->n_copies;

	return (aws || !in->in_aws) && (in->files_placed || !in->in_files);
}

int init_let_go(struct init_world *in, struct err *e)
{
	return init_all_verified(in) ? spool_remove(&in->spool, in->boot.mem, in->boot.host, e) : 0;
}

/* An earlier run may not have known of files; then they are made of what its spool gave. */
int init_place_files(struct init_world *in, struct err *e)
{
	if (!in->in_files || in->files_placed)
		return 0;
	if (!in->spool.files[0] &&
	    custody_file_seal(&in->file, in->boot.mem, in->boot.host, in->values, in->spool.files, e) < 0)
		return -1;
	if (custody_file_place(&in->file, in->boot.host, in->spool.files, e) < 0)
		return err_while(e, "the keys wait encrypted in '%s' for the next run of init", in->spool.path);
	in->files_placed = true;
	return init_let_go(in, e);
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
	if (!in->placed[item]) {
		err_set(e, ERR_LATE, 0, "'%s' does not show what was stored yet",
		        custody_name(in->boot.mem, in->boot.want, (enum custody_entry)item));
		return HEARD_NOT_YET;
	}
	in->verified[item] = true;
	return read_back(in, e);
}

static size_t count_copies(const void *world)
{
	const struct init_world *in = world;

	return in->n_copies ? CUSTODY_ENTRIES * in->n_copies : 1;
}

DUE(read_copy_due)
{
	return verify_due(world, item) && copies_due(world, item);
}

ASK(ask_copy)
{
	const struct init_world *in = world;
	const char *name = custody_name(&rq->mem, in->boot.want, (enum custody_entry)(item % CUSTODY_ENTRIES));

	return aws_ask(&in->copy_aws[item / CUSTODY_ENTRIES], rq, &secretsmanager_get_secret_value,
	               params_of(&rq->mem, "SecretId", name, NULL), e);
}

/* A copy comes a moment after what it is a copy of. */
HEAR(hear_copy)
{
	struct init_world *in = world;
	const char *region = in->copies[item / CUSTODY_ENTRIES].region;
	const struct secret *value = &in->values[item % CUSTODY_ENTRIES];
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	AUTO(secret) struct secret there = {0};
	struct aws_answer answer;
	const char *text;
	enum heard heard;

	if (aws_read(&scratch, &secretsmanager_get_secret_value, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(&secretsmanager_get_secret_value, &answer, e);
	if (heard == HEARD_REFUSED && !aws_code_is(&answer, "ResourceNotFoundException"))
		err_while(e, "reading the copy in %s", region);
	else if (heard == HEARD_REFUSED)
		heard = HEARD_NOT_YET;
	if (heard != HEARD_DONE)
		return heard;
	text = value_text_or(answer.body, "SecretString", "");
	secret_set(&there, view_text(text));
	if (!secret_same(&there, value)) {
		err_set(e, ERR_LATE, 0, "the copy in %s does not show what was stored yet", region);
		return HEARD_NOT_YET;
	}
	in->copies_verified++;
	return read_back(in, e);
}

const struct step init_prepare_rows[INIT_PREPARE_ROWS] = {
	{ .name = "custody.prepare", .change = "prepare custody", .needs = NEEDS("spool.key", "proof.decrypt"),
	  .count = count_entries, .due = prepare_due, .before = before_prepare, .ask = ask_prepare, .hear = hear_prepare },
	{ .name = "custody.look", .title = "look for copies", .needs = NEEDS("custody.prepare"), .count = count_entries,
	  .due = copies_due, .ask = init_ask_entry, .hear = init_hear_entry },
	{ .name = "custody.replicate", .change = "copy custody into other regions", .needs = NEEDS("custody.look"),
	  .settle = "custody.look", .settle_s = 10, .count = count_entries, .due = replicate_due, .ask = ask_replicate,
	  .hear = hear_replicate },
	{ .name = "custody.try", .title = "read custody", .needs = NEEDS("custody.replicate"), .count = count_entries,
	  .due = work_due, .ask = ask_value, .hear = hear_value },
};

const struct step init_store_rows[INIT_STORE_ROWS] = {
	{ .name = "custody.store", .change = "store the keys in custody", .needs = NEEDS("vault.init"), .count = count_entries,
	  .due = store_due, .ask = ask_store, .hear = hear_store },
	{ .name = "custody.verify", .title = "read the keys back", .needs = NEEDS("custody.store"), .count = count_entries,
	  .due = verify_due, .patience_s = 30, .ask = ask_value, .hear = hear_verify },
	{ .name = "custody.copies", .title = "read the copies back", .needs = NEEDS("custody.verify"), .count = count_copies,
	  .due = read_copy_due, .patience_s = 60, .ask = ask_copy, .hear = hear_copy },
};
