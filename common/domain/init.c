#include "domain/init.h"

#include "core/text.h"
#include "domain/hear.h"
#include "domain/version_table.h"

/* ---- what is to be done ---- */

static int refuse(struct err *e, const char *hint, const char *text)
{
	err_set(e, ERR_GUARD, 0, "%s", text);
	err_hint(e, "%s", hint);
	return -1;
}

static int check_key(const struct init_world *in, const struct init_key *key, const char *option, const char *name,
                     struct err *e)
{
	if (!text_same(key->arn, in->seal_key.arn))
		return 0;
	err_also(e, ERR_USAGE, "%s: '%s' is the seal key '%s'", option, name, in->seal_key.arn);
	err_hint(e, "choose another key: whoever may use the seal key, every pod of Vault's, could read the keys in custody");
	return -1;
}

/* Two shares under one key, by two of its names, are as good as one entry. */
static void check_share_keys(const struct init_world *in, struct err *e)
{
	for (size_t i = 0; in->share_keys && i + 1 < in->n_entries; i++) {
		const struct init_key *key = &in->share_keys[i];
		const char *name = in->options.share_keys[i];

		if (check_key(in, key, "--share-kms-key", name, e) < 0)
			continue;
		for (size_t k = 0; k < i; k++)
			if (text_same(key->arn, in->share_keys[k].arn)) {
				err_also(e, ERR_USAGE, "--share-kms-key: '%s' and '%s' are the same key '%s'", in->options.share_keys[k], name,
				         key->arn);
				break;
			}
	}
}

static int check_keys(const struct init_world *in, struct err *e)
{
	if (in->in_aws && check_key(in, &in->custody_key, "--custody-kms-key", in->options.custody_key, e) == 0)
		check_share_keys(in, e);
	return e->kind ? -1 : 0;
}

static const char *item_where(const struct init_world *in, const struct init_item *item)
{
	return arena_printf(in->boot.mem, "'%s' (%s)", custody_name(in->boot.mem, in->boot.want, item->entry->word),
	                    item->store->kind->word);
}

static int check_entries(const struct init_world *in, struct err *e)
{
	for (size_t i = 0; i < in->n_items; i++) {
		const struct init_item *item = &in->items_kept[i];
		const struct custody_have *have = &item->have;

		if (have->state == CUSTODY_DELETED) {
			err_also(e, ERR_GUARD, "%s is scheduled for deletion, and its name is taken until then", item_where(in, item));
			err_hint(e, "aws secretsmanager restore-secret --region %s --secret-id %s", in->boot.want->region,
			         custody_name(in->boot.mem, in->boot.want, item->entry->word));
		} else if (have->state != CUSTODY_ABSENT && !have->ours) {
			err_also(e, ERR_GUARD, "%s is there without our tags, changed at %s", item_where(in, item),
			         have->changed ? have->changed : "?");
			err_hint(e, "it is left as it is: rename or remove it first");
		}
	}
	return e->kind ? -1 : 0;
}

/* The first that is in this state, of recovery keys alone or of everything; NULL: none is. */
static const struct init_item *item_that(const struct init_world *in, enum custody_state state, bool root_too)
{
	for (size_t i = 0; i < in->n_items; i++)
		if (in->items_kept[i].have.state == state && (root_too || !in->items_kept[i].entry->root))
			return &in->items_kept[i];
	return NULL;
}

/* All recovery keys are where they were to go; the root token may have gone since, when it was revoked. */
static bool all_kept(const struct init_world *in)
{
	for (size_t i = 0; i < in->n_items; i++)
		if (!in->items_kept[i].entry->root && in->items_kept[i].have.state != CUSTODY_HOLDS)
			return false;
	for (size_t i = 0; i < in->n_files; i++)
		if (!in->files[i].entry->root && !in->files[i].there)
			return false;
	return true;
}

/* A version that is known to break its seal or storage is not the one to make keys with. */
static int check_version(const struct init_world *in, struct err *e)
{
	const char *version = in->boot.status.version;
	const struct version_row *row = NULL;

	while (version && (row = version_next("vault", version, row)))
		if (row->weight == VERSION_BREAKS)
			err_also(e, ERR_GUARD, "Vault %s is not initialised with: %s (%s)", version, row->text, row->reference);
	return e->kind ? -1 : 0;
}

/* The note's run where it is gone on with, else this one's. */
static int begin_spool(struct init_world *in, struct err *e)
{
	const char *since, *run = init_over_run(in, &since);

	in->spool.table = in->facts.table;
	if (in->spool.stage != SPOOL_NONE)
		return 0;
	if (spool_new(&in->spool, in->boot.mem, in->boot.host, in->boot.want, in->spool.path, e) < 0)
		return -1;
	in->spool.table = in->facts.table;
	if (run) {
		in->spool.id = run;
		in->spool.since = since;
	}
	return 0;
}

static int begin(struct init_world *in, struct err *e)
{
	if (check_version(in, e) < 0 || begin_spool(in, e) < 0)
		return -1;
	in->plan = INIT_FRESH;
	return 0;
}

static int decide_new(struct init_world *in, struct err *e)
{
	const struct init_item *held = item_that(in, CUSTODY_HOLDS, true);
	const struct spool *s = &in->spool;

	for (size_t i = 0; i < in->n_files; i++)
		if (in->files[i].there || in->files[i].twin)
			return refuse(e, "it is never written over: choose another folder, or move it away if its Vault is gone for good",
			              arena_printf(in->boot.mem, "Vault is not initialised, but '%s' is there already",
			                           in->files[i].there ? in->files[i].path : in->files[i].twin));
	if (held)
		return refuse(e, "they are never written over: where the Vault that they belong to is gone for good, move them away",
		              arena_printf(in->boot.mem, "Vault is not initialised, but custody holds keys for the cluster '%s', "
		                           "namespace '%s', release '%s' since %s: %s", in->boot.want->cluster,
		                           in->boot.want->namespace_, in->boot.want->release,
		                           held->have.changed ? held->have.changed : "?", item_where(in, held)));
	if (s->stage == SPOOL_KEYS)
		return refuse(e, "they belong to another table, or this one was emptied: keep the file until that is clear",
		              arena_printf(in->boot.mem, "Vault is not initialised, but the spool '%s' holds keys of an init of the "
		                           "table '%s' that began at %s", s->path, s->table, s->since));
	if (in->items.n > 0 && init_over_decide(in, e) < 0)
		return -1;
	return begin(in, e);
}

/* An init that left its keys in the spool is ended with the custody that it had. */
static int check_spool(const struct init_world *in, struct err *e)
{
	if (in->spool.sealed && !in->in_aws)
		return refuse(e, "the same --custody, with the same --custody-kms-key",
		              arena_printf(in->boot.mem, "the init that began at %s had its custody in AWS: finish it so", in->spool.since));
	for (size_t i = 0; i < in->n_files; i++)
		if (!in->spool.sealed && !value_get(in->spool.files, in->files[i].name))
			return refuse(e, "the same --custody, with the same --shares and --split",
			              arena_printf(in->boot.mem, "the init that began at %s made no '%s': finish it as it was begun",
			                           in->spool.since, in->files[i].name));
	for (size_t i = 0; i < in->n_files; i++)
		if (!init_same_recipients(in, &in->files[i]))
			return refuse(e, "the same --recipient and --root-recipient",
			              arena_printf(in->boot.mem, "the init that began at %s made '%s' for other keys: finish it as it was begun",
			                           in->spool.since, in->files[i].name));
	if (!in->spool.sealed && in->in_aws)
		return refuse(e, "the same --custody, with the same --out",
		              arena_printf(in->boot.mem, "the init that began at %s had its custody in files: finish it so",
		                           in->spool.since));
	return 0;
}

int init_decide(struct init_world *in, struct err *e)
{
	const char *seal = in->boot.status.type ? in->boot.status.type : in->facts.seal;   /* half made, it does not say */

	if (!text_same(seal, "awskms")) {
		err_set(e, ERR_GUARD, 0, "Vault's seal is '%s', not 'awskms'", seal ? seal : "?");
		err_hint(e, "this chooses recovery keys, which only a Vault with auto-unseal has");
		return -1;
	}
	if (check_keys(in, e) < 0 || check_entries(in, e) < 0 || init_over_allowed(in, e) < 0)
		return -1;
	if (!in->boot.status.initialized)
		return decide_new(in, e);
	if (in->spool.stage == SPOOL_KEYS && check_spool(in, e) < 0)
		return -1;
	if (in->spool.stage == SPOOL_KEYS && in->note.stage != BEGUN_NONE && !text_same(in->note.id, in->spool.id))
		return refuse(e, "keep the file until that is clear",
		              arena_printf(in->boot.mem, "the spool '%s' holds the keys of an init that began at %s, and another one has "
		                           "begun since, at %s", in->spool.path, in->spool.since, in->note.since));
	if (in->spool.stage == SPOOL_KEYS)
		in->plan = INIT_STORE;
	else if (all_kept(in))
		in->plan = INIT_DONE;
	if (in->plan != INIT_UNDECIDED)
		return 0;
	return init_over_decide(in, e) < 0 ? -1 : begin(in, e);
}

#define ONCE_MORE "run init again: it starts over by itself where the table holds nothing else, or says what is there"

static int finish_refused(const struct init_world *in, struct err *e)
{
	err_set(e, ERR_REMOTE, 400, "initialising Vault: %s", in->refused);
	if (in->taken)
		err_hint(e, "somebody else did it at the same time, and has the keys");
	else if (in->began_before)
		err_hint(e, "an init from here had begun before: kubectl vault-check says what state Vault is in");
	else
		err_hint(e, "mend this, then " ONCE_MORE);
	return -1;
}

int init_finish(struct init_world *in, struct err *e)
{
	if (init_finish_files(in, e) < 0)
		return -1;
	if (in->plan != INIT_FRESH || !in->lost)
		return 0;
	if (in->refused)
		return finish_refused(in, e);
	if (in->boot.status.initialized) {
		err_set(e, ERR_GUARD, 0, "Vault is initialised, but the reply of sys/init was lost, and nobody has the keys");
		err_hint(e, ONCE_MORE);
		return -1;
	}
	err_set(e, ERR_NET, 0, "the reply to sys/init was lost, and Vault says that it is not initialised so far");
	err_hint(e, "run init again in a minute: it goes on, or says what became of this one");
	return -1;
}

/* ---- what there is to tell ---- */

/* What whoever opens one entry has of them. With PGP that is none: each opens to the owner of its key alone. */
static int64_t most_shares(const struct init_world *in)
{
	return in->options.split || in->n_pgp ? 1 : in->options.shares;
}

/* Whoever owns the account decides about the policy: it is told, and not set. */
static void report_item(const struct init_world *in, struct arena *a, const struct init_item *item, struct value *list)
{
	const struct custody_kind *kind = item->store->kind;
	const char *reader = item->entry->reader ? item->entry->reader : in->world->caller_arn;
	struct custody_store store = *item->store;
	struct value *row;

	store.account = in->world->caller_account;
	row = value_push(a, list, params_of(a, "entry", item->entry->word, "custody", kind->word, "name",
	                                    custody_name(a, in->boot.want, item->entry->word), "read",
	                                    kind->how_to_read(a, &store, item->entry), "kms_key", item->entry->kms_key, NULL));
	if (!reader)
		return;
	value_set_text(a, row, "reader", custody_principal(a, reader));
	value_set_text(a, row, "policy_goes_to", kind->policy_goes_to);
	value_set(a, row, "policy", value_copy(a, kind->policy(a, &store, item->entry, custody_principal(a, reader))));
}

struct value *init_report(struct init_world *in, struct arena *a)
{
	const struct want *want = in->boot.want;
	struct value *out = params_of(a, "cluster", want->cluster, "namespace", want->namespace_, "release", want->release, NULL);
	struct value *list = value_set(a, out, "custody", value_new_list(a));

	value_set_bool(a, out, "changed", in->plan != INIT_DONE);
	if (in->over.kind != OVER_NONE)
		value_set_text(a, out, "started_over", in->over.kind == OVER_ASKED ? "asked" : "reply lost");
	if (in->over.backup)
		value_set_text(a, out, "backup", in->over.backup);
	if (in->plan == INIT_FRESH) {
		value_set_int(a, out, "recovery_shares", in->options.shares);
		value_set_int(a, out, "recovery_threshold", in->options.threshold);
		value_set_int(a, out, "most_shares_in_one_entry", most_shares(in));
	}
	for (size_t i = 0; i < in->n_items; i++)
		if (in->plan != INIT_DONE || in->items_kept[i].have.state == CUSTODY_HOLDS)
			report_item(in, a, &in->items_kept[i], list);
	for (size_t i = 0; i < in->n_files; i++)
		value_push(a, list, params_of(a, "entry", in->files[i].entry->word, "custody", in->files[i].by == BY_VAULT ? "pgp" : "file", "name",
		                              in->files[i].path, "read", custody_file_how_to_read(a, &in->files[i]), NULL));
	if (in->n_copies && in->plan != INIT_DONE) {
		struct value *regions = value_set(a, out, "copies", value_new_list(a));

		for (size_t i = 0; i < in->n_copies; i++)
			value_push(a, regions, value_new_text(a, in->copies[i].region));
	}
	value_set_int(a, out, "unsealed", (int64_t)in->unsealed);
	value_set_text(a, out, "leader", in->leader);
	return out;
}
