/* The steps of starting over (init_over.h). */
#include "core/text.h"
#include "domain/hear.h"
#include "domain/init.h"
#include "formats/iso8601.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { BACKUP_S = 900, GONE_S = 180, LOCK_S = 40, PODS_S = 300, ANSWERS_S = 120, IN_CHANGE_S = 60, MINE_S = 10, VAULT_PORT = 8200 };

static int64_t now_ms(const struct init_world *in)
{
	return host_wall_ms(in->boot.host) + (in->world->server_clock ? in->world->server_ahead_ms : 0);
}

DUE(over_due)
{
	(void)item;
	return ((const struct init_world *)world)->over.kind != OVER_NONE;
}

/* ---- before anything is touched: the role's rights, and that this run is alone ---- */

static int before_over(void *world, size_t item, struct err *e)
{
	struct init_world *in = world;

	(void)item;
	if (init_proof_verdict(in, e) < 0)
		return -1;
	return in->in_files && custody_file_try(&in->files[0], in->boot.host, e) < 0 ? err_while(e, "nothing was done") : 0;
}

HEAR(hear_set)
{
	struct init_world *in = world;
	enum heard heard = init_hear_set(world, item, reply, e);

	if (heard != HEARD_DONE)
		return heard;
	if (!in->over.set_read)
		return hear_guard(e, NULL, "there is no StatefulSet '%s' whose pods could be taken down", in->boot.fullname);
	return HEARD_DONE;
}

DUE(lease_due)
{
	const struct init_world *in = world;

	return over_due(world, item) && in->note.stage == BEGUN_BEGUN;
}

HEAR(hear_lease)
{
	struct init_world *in = world;
	struct begun_tag before = in->note;
	enum heard heard = init_hear_note(world, item, reply, e);

	if (heard != HEARD_DONE)
		return heard;
	if (in->note.stage != before.stage || !text_same(in->note.id, before.id) || in->note.since_ms != before.since_ms)
		return hear_guard(e, "run init again: it goes on from what that run leaves", "another init is under way");
	if (now_ms(in) >= in->note.since_ms + BEGUN_LEASE_S * 1000)
		return HEARD_DONE;
	err_set(e, ERR_LATE, 0, "the init that began at %s may still wait for its reply", in->note.since);
	return HEARD_NOT_YET;
}

/* ---- the backup: CreateBackup has no token, so its name tells whether it was made ---- */

DUE(backup_due)
{
	(void)item;
	return ((const struct init_world *)world)->over.kind == OVER_ASKED;
}

static const char *backup_name(const struct init_world *in, struct arena *a)
{
	return arena_printf(a, "helm-vault-aws-init-%s", in->spool.id);
}

ASK(ask_backups)
{
	const struct init_world *in = world;
	struct value *params = params_of(&rq->mem, "TableName", in->facts.table, "BackupType", "USER", NULL);

	(void)item;
	value_set_int(&rq->mem, params, "Limit", 100);
	return aws_ask(&in->table_aws, rq, &dynamodb_list_backups, params, e);
}

HEAR(hear_backups)
{
	struct init_world *in = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, &dynamodb_list_backups, reply, NULL, &answer, e, "looking for backups of '%s'",
	                            in->facts.table);
	const char *name = backup_name(in, in->boot.mem);
	const struct value *list;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (value_list(answer.body, "BackupSummaries", &list, e) < 0)
		return HEARD_UNSURE;
	for (size_t i = 0; i < list->n; i++)
		if (text_same(value_text_or(list->items[i], "BackupName", ""), name)) {
			in->over.backup = name;
			in->over.backup_status = value_text_or(list->items[i], "BackupStatus", "?");
		}
	return HEARD_DONE;
}

DUE(make_backup_due)
{
	const struct init_world *in = world;

	return backup_due(world, item) && !in->over.backup;
}

ASK(ask_backup)
{
	const struct init_world *in = world;

	(void)item;
	return aws_ask(&in->table_aws, rq, &dynamodb_create_backup,
	               params_of(&rq->mem, "TableName", in->facts.table, "BackupName", backup_name(in, &rq->mem), NULL), e);
}

HEAR(hear_backup)
{
	struct init_world *in = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, &dynamodb_create_backup, reply, "ContinuousBackupsUnavailableException", &answer, e,
	                            "backing up the table '%s'", in->facts.table);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_LATE, 0, "backups of the table '%s' are not possible yet", in->facts.table);
		return HEARD_NOT_YET;
	}
	in->over.backup = backup_name(in, in->boot.mem);
	in->over.backup_status = "CREATING";
	return HEARD_DONE;
}

HEAR(hear_saved)
{
	struct init_world *in = world;
	enum heard heard = hear_backups(world, item, reply, e);

	if (heard != HEARD_DONE || text_same(in->over.backup_status, "AVAILABLE"))
		return heard;
	if (text_same(in->over.backup_status, "DELETED"))
		return hear_guard(e, NULL, "the backup '%s' was deleted", in->over.backup);
	err_set(e, ERR_LATE, 0, "the backup '%s' is %s", in->over.backup, in->over.backup_status);
	return HEARD_NOT_YET;
}

/* ---- from here on there is something to find: spool and tag come first ---- */

static int before_begin(void *world, size_t item, struct err *e)
{
	struct init_world *in = world;
	char now[ISO8601_TEXT];

	(void)item;
	iso8601_print(now_ms(in), now);
	in->over.since = arena_text(in->boot.mem, now);
	in->spool.table = in->facts.table;
	return spool_write(&in->spool, in->boot.mem, in->boot.host, SPOOL_BEGUN, e);
}

ASK(ask_begin)
{
	const struct init_world *in = world;

	(void)item;
	return init_ask_tag(in, rq, BEGUN_BEGUN, in->over.since, e);
}

/* Of two that start over at once the later one's note stays, and the other stops here. */
HEAR(hear_mine)
{
	struct init_world *in = world;
	enum heard heard = init_hear_note(world, item, reply, e);

	if (heard != HEARD_DONE || (text_same(in->note.id, in->spool.id) && text_same(in->note.since, in->over.since)))
		return heard;
	err_set(e, ERR_LATE, 0, "the note on the table '%s' is not this run's: another init is under way", in->facts.table);
	err_hint(e, "run init again: it goes on from what that run leaves");
	return HEARD_NOT_YET;
}

/* ---- the pods go ---- */

static int64_t pods_wanted(const struct init_world *in)
{
	return in->over.replicas ? in->over.replicas : in->over.remembered ? in->over.remembered : 1;
}

ASK(ask_remember)
{
	const struct init_world *in = world;

	(void)item;
	return init_ask_remember(in, rq, pods_wanted(in), e);
}

static int before_down(void *world, size_t item, struct err *e)
{
	(void)item;
	(void)e;
	((struct init_world *)world)->over.down = true;
	return 0;
}

ASK(ask_down)
{
	(void)item;
	return init_ask_scale(world, rq, 0, e);
}

HEAR(hear_gone)
{
	struct init_world *in = world;
	enum heard heard = init_read_pods(in, reply, e);

	(void)item;
	if (heard != HEARD_DONE || !in->over.pods)
		return heard;
	err_set(e, ERR_LATE, 0, "%zu %s still there", in->over.pods, in->over.pods == 1 ? "pod is" : "pods are");
	err_hint(e, "something keeps or makes pods of this release anew: an operator, or a tool that syncs from git");
	return HEARD_NOT_YET;
}

/* A lock that goes on being renewed belongs to a Vault elsewhere, with this very table. */
ASK(ask_lock)
{
	const struct init_world *in = world;
	struct value *params = params_of(&rq->mem, "TableName", in->facts.table, NULL), *key = value_new_map(&rq->mem);

	(void)item;
	value_set(&rq->mem, key, "Path", params_of(&rq->mem, "S", "core", NULL));
	value_set(&rq->mem, key, "Key", params_of(&rq->mem, "S", "_lock", NULL));
	value_set(&rq->mem, params, "Key", key);
	value_set_bool(&rq->mem, params, "ConsistentRead", true);
	return aws_ask(&in->table_aws, rq, &dynamodb_get_item, params, e);
}

/* Nanoseconds since 1970. */
static int64_t lock_expires_ms(const struct value *body)
{
	return strtoll(value_text_or(body, "Item.Expires.N", "0"), NULL, 10) / 1000000;
}

HEAR(hear_lock)
{
	struct init_world *in = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, &dynamodb_get_item, reply, NULL, &answer, e, "reading the lock in '%s'",
	                            in->facts.table);

	(void)item;
	if (heard != HEARD_DONE || lock_expires_ms(answer.body) <= now_ms(in))
		return heard;
	err_set(e, ERR_LATE, 0, "the pods are gone, and somebody holds the lock in the table '%s'", in->facts.table);
	err_hint(e, "another Vault uses this very table: nothing was removed");
	return HEARD_NOT_YET;
}

/* ---- the table is emptied ---- */

HEAR(hear_items)
{
	struct init_world *in = world;
	struct fresh_items *f = &in->over.items;
	enum heard heard = init_read_items(in, reply, f, e);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (f->n && !fresh_items_only(f))
		return hear_guard(e, "nothing was removed", "now that the pods are gone the table '%s' holds what no fresh init writes: '%s'",
		                  in->facts.table, f->n_foreign ? f->foreign[0] : "more items than a fresh init's");
	if (!in->over.ours && !f->flag)
		return hear_guard(e, "nothing was removed", "an init has ended meanwhile: '%s' is not there any more", FRESH_FLAG);
	return HEARD_DONE;
}

static int ask_delete(const struct init_world *in, const char *path, const char *name, struct request *rq, struct err *e)
{
	struct value *params = params_of(&rq->mem, "TableName", in->facts.table, NULL), *key = value_new_map(&rq->mem);

	value_set(&rq->mem, key, "Path", params_of(&rq->mem, "S", path, NULL));
	value_set(&rq->mem, key, "Key", params_of(&rq->mem, "S", name, NULL));
	value_set(&rq->mem, params, "Key", key);
	return aws_ask(&in->table_aws, rq, &dynamodb_delete_item, params, e);
}

ASK(ask_keyring)
{
	(void)item;
	return ask_delete(world, "core", "keyring", rq, e);
}

ASK(ask_flag)
{
	(void)item;
	return ask_delete(world, "core", "seal-initialization-flag", rq, e);
}

static size_t count_items(const void *world)
{
	const struct init_world *in = world;

	return in->over.items.n ? in->over.items.n : 1;
}

DUE(item_due)
{
	const struct init_world *in = world;
	const struct fresh_items *f = &in->over.items;

	return over_due(world, item) && item < f->n && !text_same(f->at[item].name, FRESH_FLAG);
}

ASK(ask_item)
{
	const struct init_world *in = world;
	const struct fresh_item *at = &in->over.items.at[item];

	return ask_delete(in, at->path, at->key, rq, e);
}

HEAR(hear_deleted)
{
	struct init_world *in = world;
	struct aws_answer answer;

	(void)item;
	return hear_aws(in->world, &dynamodb_delete_item, reply, NULL, &answer, e, "emptying the table '%s'", in->facts.table);
}

HEAR(hear_empty)
{
	struct init_world *in = world;
	struct fresh_items left;
	enum heard heard = init_read_items(in, reply, &left, e);

	(void)item;
	if (heard != HEARD_DONE || !left.n)
		return heard;
	return hear_guard(e, "another Vault uses this very table", "something writes into the table '%s' with all pods down: '%s'",
	                  in->facts.table, left.at[0].name);
}

/* ---- the pods come back ---- */

ASK(ask_up)
{
	const struct init_world *in = world;

	(void)item;
	return init_ask_scale(in, rq, pods_wanted(in), e);
}

HEAR(hear_up)
{
	enum heard heard = init_hear_scale(world, item, reply, e);

	if (heard == HEARD_DONE)
		((struct init_world *)world)->over.down = false;
	return heard;
}

HEAR(hear_back)
{
	struct init_world *in = world;
	enum heard heard = init_read_pods(in, reply, e);

	(void)item;
	if (heard != HEARD_DONE || in->over.server_back)
		return heard;
	err_set(e, ERR_LATE, 0, "the pod '%s' does not run yet", in->boot.server->name);
	err_hint(e, "the table is empty: once the pods run, run init again");
	return HEARD_NOT_YET;
}

ASK(ask_answers)
{
	const struct init_world *in = world;

	(void)item;
	return kube_ask_pod_proxy(in->boot.kube, rq, in->boot.want->namespace_, in->boot.server->name,
	                          in->boot.tls_on ? "https" : "http", VAULT_PORT, VAULT_SEAL_STATUS, e);
}

HEAR(hear_answers)
{
	struct init_world *in = world;
	struct vault_seal_status status;
	AUTO(err) struct err why = {0};

	(void)item;
	if (vault_seal_status_read(in->boot.mem, reply, &status, &why) < 0) {
		err_set(e, ERR_LATE, reply->status, "'%s' does not answer yet", in->boot.server->name);
		return HEARD_NOT_YET;
	}
	if (status.initialized)
		return hear_guard(e, "run init again: it says what is there", "somebody else initialised Vault when its pods came back");
	return HEARD_DONE;
}

#define OVER(row) .name = "over." row, .due = over_due

const struct step init_over_rows[INIT_OVER_ROWS] = {
	{ OVER("set"), .title = "read the StatefulSet", .needs = NEEDS("custody.try", "proof.decrypt"), .before = before_over,
	  .ask = init_ask_set, .hear = hear_set },
	{ .name = "over.lease", .title = "wait for an init that may be under way", .needs = NEEDS("over.set"), .due = lease_due,
	  .patience_s = 2 * BEGUN_LEASE_S, .ask = init_ask_note, .hear = hear_lease },
	{ .name = "over.backups", .title = "look for a backup", .needs = NEEDS("over.lease"), .due = backup_due, .ask = ask_backups,
	  .hear = hear_backups },
	{ .name = "over.backup", .change = "back up the table", .needs = NEEDS("over.backups"), .settle = "over.backups",
	  .settle_s = 20, .patience_s = BACKUP_S, .due = make_backup_due, .ask = ask_backup, .hear = hear_backup },
	{ .name = "over.saved", .title = "wait for the backup", .needs = NEEDS("over.backup"), .due = backup_due,
	  .patience_s = BACKUP_S, .ask = ask_backups, .hear = hear_saved },
	{ OVER("begin"), .change = "note on the table that it is started over", .needs = NEEDS("over.saved"),
	  .patience_s = IN_CHANGE_S, .before = before_begin, .ask = ask_begin, .hear = init_hear_tag },
	{ OVER("remember"), .change = "remember how many pods there are", .needs = NEEDS("over.begin"), .ask = ask_remember,
	  .hear = init_hear_annotated },
	{ OVER("down"), .change = "take the pods down", .needs = NEEDS("over.remember"), .before = before_down, .ask = ask_down,
	  .hear = init_hear_scale },
	{ OVER("gone"), .title = "wait until no pod is left", .needs = NEEDS("over.down"), .patience_s = GONE_S,
	  .ask = init_ask_pods_now, .hear = hear_gone },
	{ OVER("lock"), .title = "look whether anybody holds the lock", .needs = NEEDS("over.gone"), .patience_s = LOCK_S,
	  .ask = ask_lock, .hear = hear_lock },
	{ OVER("items"), .title = "look what the table holds", .needs = NEEDS("over.lock"), .ask = init_ask_items,
	  .hear = hear_items },
	{ OVER("mine"), .title = "look whether another init is under way", .needs = NEEDS("over.items"), .patience_s = MINE_S,
	  .ask = init_ask_note, .hear = hear_mine },
	{ OVER("keyring"), .change = "empty the table", .needs = NEEDS("over.mine"), .ask = ask_keyring, .hear = hear_deleted },
	{ .name = "over.empty", .change = "empty the table", .needs = NEEDS("over.keyring"), .count = count_items, .due = item_due,
	  .ask = ask_item, .hear = hear_deleted },
	{ OVER("flag"), .change = "empty the table", .needs = NEEDS("over.empty"), .ask = ask_flag, .hear = hear_deleted },
	{ OVER("verify"), .title = "look whether the table is empty", .needs = NEEDS("over.flag"), .ask = init_ask_items,
	  .hear = hear_empty },
	{ OVER("up"), .change = "bring the pods back", .needs = NEEDS("over.verify"), .ask = ask_up, .hear = hear_up },
	{ OVER("back"), .title = "wait until the pods run", .needs = NEEDS("over.up"), .patience_s = PODS_S,
	  .ask = init_ask_pods_now, .hear = hear_back },
	{ OVER("forget"), .change = "forget how many pods there were", .needs = NEEDS("over.up"), .ask = init_ask_forget,
	  .hear = init_hear_annotated },
	{ OVER("answers"), .title = "wait until Vault answers", .needs = NEEDS("over.back", "over.forget"), .patience_s = ANSWERS_S,
	  .ask = ask_answers, .hear = hear_answers },
	{ OVER("still"), .title = "look whether another init is under way", .needs = NEEDS("over.answers"), .patience_s = MINE_S,
	  .ask = init_ask_note, .hear = hear_mine },
};
