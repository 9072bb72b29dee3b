#include "domain/init.h"

#include "core/text.h"
#include "domain/hear.h"
#include "domain/version_table.h"

enum { SHARES_MAX = 255 };       /* vault, shamir.go: parts cannot exceed 255 */

static const char *const choices[] = { "secretsmanager", "file" };

#define CHOICES "secretsmanager (AWS Secrets Manager, encrypted with --custody-kms-key) or --custody file (files for age " \
	"in --out, encrypted to --recipient)"

/* ---- what was asked for ---- */

static bool chosen(const struct init_options *o, const char *where)
{
	for (size_t i = 0; o->custody && o->custody[i]; i++)
		if (text_same(o->custody[i], where))
			return true;
	return false;
}

/* What goes with one custody is refused with the other alone. */
static void check_files(const struct init_options *o, struct err *e)
{
	if (!chosen(o, "file")) {
		if (o->folder || o->recipients)
			err_also(e, ERR_USAGE, "--out and --recipient go with --custody file");
		return;
	}
	if (text_empty(o->folder))
		err_also(e, ERR_USAGE, "--custody file: --out DIR is missing, the folder that the files go to");
	if (custody_file_recipients(o->recipients, NULL, e) < 0)
		err_hint(e, "age-keygen prints one: --recipient age1...");
}

static void check_aws(const struct init_options *o, struct err *e)
{
	if (!chosen(o, "secretsmanager")) {
		if (chosen(o, "file") && (o->custody_key || o->copies))
			err_also(e, ERR_USAGE, "--custody-kms-key and --custody-replica go with --custody secretsmanager");
	} else if (text_empty(o->custody_key)) {
		err_also(e, ERR_USAGE, "the keys in custody are encrypted with a KMS key of their own, and none was given");
		err_hint(e, "--custody-kms-key KEY: an id, ARN or alias, not the seal key's");
	}
}

static void check_custody(const struct init_options *o, struct err *e)
{
	if (!o->custody || !o->custody[0]) {
		err_also(e, ERR_USAGE, "where shall the recovery keys go? they are never printed, and --custody was not given");
		err_hint(e, "--custody " CHOICES);
		return;
	}
	for (size_t i = 0; o->custody[i]; i++) {
		const char *nearest = text_nearest(o->custody[i], choices, COUNT_OF(choices));

		if (text_same(o->custody[i], choices[0]) || text_same(o->custody[i], choices[1]))
			continue;
		err_also(e, ERR_USAGE, "--custody: there is no custody '%s'", o->custody[i]);
		if (nearest)
			err_hint(e, "did you mean '%s'?", nearest);
		else
			err_hint(e, "--custody " CHOICES);
	}
}

/* "REGION=KEY": a copy under a key of the region's own, since the account's default key lets everybody in. */
static int read_copy(const char *text, struct arena *a, struct custody_copy *out, struct err *e)
{
	struct view rest = view_text(text), region = view_cut(&rest, '=');

	if (region.n == 0 || !rest.p || rest.n == 0) {
		err_also(e, ERR_USAGE, "--custody-replica: '%s' is not REGION=KEY", text);
		return -1;
	}
	if (out)
		*out = (struct custody_copy){ arena_view(a, region), arena_view(a, rest) };
	return 0;
}

static void check_copies(const struct init_options *o, struct err *e)
{
	size_t n = 0;

	for (; o->copies && o->copies[n]; n++) {
		size_t region = strcspn(o->copies[n], "=") + 1;

		if (read_copy(o->copies[n], NULL, NULL, e) < 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if (strncmp(o->copies[i], o->copies[n], region) == 0)
				err_also(e, ERR_USAGE, "--custody-replica: '%.*s' is named twice", (int)region - 1, o->copies[n]);
	}
	if (n > INIT_COPIES_MAX)
		err_also(e, ERR_USAGE, "--custody-replica: %zu are more than %d", n, INIT_COPIES_MAX);
}

int init_check_options(const struct init_options *o, struct err *e)
{
	check_custody(o, e);
	check_copies(o, e);
	check_aws(o, e);
	check_files(o, e);
	if (o->shares < 1 || o->shares > SHARES_MAX)
		err_also(e, ERR_USAGE, "--shares: %lld is not from 1 to %d", (long long)o->shares, SHARES_MAX);
	if (o->threshold < 1 || o->threshold > o->shares)
		err_also(e, ERR_USAGE, "--threshold: %lld is not from 1 to the %lld shares", (long long)o->threshold,
		         (long long)o->shares);
	else if (o->threshold == 1 && o->shares > 1)
		err_also(e, ERR_USAGE, "--threshold: 1 of %lld shares would make each of them enough; Vault takes 2 or more",
		         (long long)o->shares);
	return e->kind ? -1 : 0;
}

static int check_names(const struct want *want, struct err *e)
{
	if (!want->cluster || !want->region) {
		err_also(e, ERR_USAGE, "%s is not known, and custody is named after the cluster",
		         want->cluster ? "the region" : "the cluster's name");
		err_hint(e, "--cluster-name NAME --region REGION");
	}
	return e->kind ? -1 : 0;
}

/* Without a cluster at hand nobody tells what Vault uses: what it would be called. */
static void assume_facts(struct init_world *in)
{
	const struct want *want = in->boot.want;

	in->facts = (struct vault_facts){
		.storage = "dynamodb", .table = want->names.table, .storage_region = want->region, .seal = "awskms",
		.seal_region = want->region, .key_id = want->given_key ? want->given_key : want->names.alias,
	};
	in->key_aws = in->table_aws = aws_in_region(in->boot.aws, want->region);
}

static int take_copies(struct init_world *in, struct err *e)
{
	const char *home = in->boot.want->region;

	for (size_t i = 0; in->options.copies && in->options.copies[i] && i < INIT_COPIES_MAX; i++) {
		struct custody_copy *copy = &in->copies[in->n_copies];

		if (read_copy(in->options.copies[i], in->boot.mem, copy, e) < 0)
			return -1;
		if (text_same(copy->region, home))
			return err_set(e, ERR_USAGE, 0, "--custody-replica: '%s' is where custody is anyway", home);
		in->copy_aws[in->n_copies++] = aws_in_region(in->boot.aws, copy->region);
	}
	return 0;
}

int init_prepare(struct init_world *in, struct world *w, const struct boot_options *boot,
                 const struct init_options *options, struct err *e)
{
	*in = (struct init_world){ .world = w, .options = *options };
	if (boot_init(&in->boot, w, boot, e) < 0 || check_names(in->boot.want, e) < 0)
		return -1;
	if (!in->boot.kube && !in->boot.options.vault_addr)
		return err_set(e, ERR_CONFIG, 0, "neither a cluster nor --vault-addr is known");
	assume_facts(in);
	in->in_aws = chosen(options, "secretsmanager");
	in->in_files = chosen(options, "file");
	if (take_copies(in, e) < 0)
		return -1;
	if (in->in_files && (custody_file_recipients(options->recipients, &in->file, e) < 0 ||
	                     custody_file_find(&in->file, w->mem, w->host, options->folder, e) < 0))
		return -1;
	return spool_read(&in->spool, w->mem, w->host, spool_path(w->mem, w->host, in->boot.want), e);
}

void init_release(struct init_world *in)
{
	for (size_t i = 0; i < CUSTODY_ENTRIES; i++)
		secret_release(&in->values[i]);
	secret_release(&in->data_key);
	secret_release(&in->jwt);
	secret_release(&in->probe);
	if (in->role_open)
		credentials_release(&in->role.creds);
	boot_release(&in->boot);
}

/* ---- what is to be done ---- */

static int refuse(struct err *e, const char *hint, const char *text)
{
	err_set(e, ERR_GUARD, 0, "%s", text);
	err_hint(e, "%s", hint);
	return -1;
}

static int check_keys(const struct init_world *in, struct err *e)
{
	if (!text_same(in->custody_key.arn, in->seal_key.arn))
		return 0;
	err_set(e, ERR_USAGE, 0, "--custody-kms-key: '%s' is the seal key '%s'", in->options.custody_key, in->seal_key.arn);
	err_hint(e, "choose another key: whoever may use the seal key, every pod of Vault's, could read the keys in custody");
	return -1;
}

static int check_entries(const struct init_world *in, struct err *e)
{
	for (size_t i = 0; i < CUSTODY_ENTRIES; i++) {
		const struct custody_have *have = &in->have[i];
		const char *name = custody_name(in->boot.mem, in->boot.want, (enum custody_entry)i);

		if (have->state == CUSTODY_DELETED) {
			err_also(e, ERR_GUARD, "'%s' is scheduled for deletion, and its name is taken until then", name);
			err_hint(e, "aws secretsmanager restore-secret --region %s --secret-id %s", in->boot.want->region, name);
		} else if (have->state != CUSTODY_ABSENT && !have->ours) {
			err_also(e, ERR_GUARD, "'%s' is there without our tags, changed at %s", name, have->changed ? have->changed : "?");
			err_hint(e, "it is left as it is: rename or remove it first");
		}
	}
	return e->kind ? -1 : 0;
}

static bool holds(const struct init_world *in, enum custody_entry entry)
{
	return in->have[entry].state == CUSTODY_HOLDS;
}

static const char *held_since(const struct init_world *in)
{
	const struct custody_have *have = &in->have[holds(in, CUSTODY_RECOVERY_KEYS) ? CUSTODY_RECOVERY_KEYS : CUSTODY_ROOT_TOKEN];

	return have->changed ? have->changed : "?";
}

/* An item or two by name say more than a count. */
static int refuse_items(const struct init_world *in, struct err *e)
{
	AUTO(buf) struct buf list = BUF_MAX(4096);

	for (size_t i = 0; i < in->items && i < INIT_ITEMS_SHOWN; i++)
		buf_printf(&list, "%s'%s'", i ? ", " : "", in->shown[i]);
	err_set(e, ERR_GUARD, 0, "Vault is not initialised, but its table '%s' is not empty: it holds %s%s", in->facts.table,
	        buf_str(&list), in->items > INIT_ITEMS_SHOWN ? " and more" : "");
	err_hint(e, in->seal_flag ? "an init that was refused half-way leaves such a table: back it up and empty it with all pods "
	         "down, then run init again" : "it belongs to another Vault, or was restored: look before anything is removed");
	return -1;
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

static int decide_new(struct init_world *in, struct err *e)
{
	const struct spool *s = &in->spool;

	if (check_version(in, e) < 0)
		return -1;
	for (size_t i = 0; i < CUSTODY_ENTRIES; i++)
		if (in->file.there[i])
			return refuse(e, "it is never written over: choose another folder, or move it away if its Vault is gone for good",
			              arena_printf(in->boot.mem, "Vault is not initialised, but '%s' is there already", in->file.paths[i]));
	if (holds(in, CUSTODY_RECOVERY_KEYS) || holds(in, CUSTODY_ROOT_TOKEN))
		return refuse(e, "they are never written over: where the Vault that they belong to is gone for good, move them away",
		              arena_printf(in->boot.mem, "Vault is not initialised, but custody holds keys for the cluster '%s', "
		                           "namespace '%s', release '%s' since %s", in->boot.want->cluster, in->boot.want->namespace_,
		                           in->boot.want->release, held_since(in)));
	if (s->stage == SPOOL_KEYS)
		return refuse(e, "they belong to another table, or this one was emptied: keep the file until that is clear",
		              arena_printf(in->boot.mem, "Vault is not initialised, but the spool '%s' holds keys of an init of the "
		                           "table '%s' that began at %s", s->path, s->table, s->since));
	if (in->items > 0)
		return refuse_items(in, e);
	if (s->stage == SPOOL_NONE && spool_new(&in->spool, in->boot.mem, in->boot.host, in->boot.want, s->path, e) < 0)
		return -1;
	in->spool.table = in->facts.table;
	in->plan = INIT_FRESH;
	return 0;
}

/* What can still be done with a Vault whose keys are not here. */
#define STILL "with a root token or another login Vault can be configured, and its recovery keys made anew by a rekey"

static int refuse_initialised(const struct init_world *in, struct err *e)
{
	const struct spool *s = &in->spool;
	struct arena *a = in->boot.mem;

	if (s->stage == SPOOL_BEGUN) {
		err_set(e, ERR_GUARD, 0, "Vault is initialised, but the init that began here at %s brought no keys, and nobody has them "
		        "(note '%s')", s->since, s->path);
		err_hint(e, "this Vault is new and holds nothing: with all pods down empty the table '%s', remove the note, start the "
		         "pods and run init again", in->facts.table);
		return -1;
	}
	if (in->have[CUSTODY_RECOVERY_KEYS].state == CUSTODY_PREPARED && s->stage == SPOOL_NONE) {
		err_set(e, ERR_GUARD, 0, "Vault is initialised, and an init began from another machine, whose keys are not in custody yet");
		err_hint(e, "run init again on that machine: its spool has the keys, or says that they were lost");
		return -1;
	}
	return refuse(e, STILL, arena_printf(a, "Vault is initialised already, by somebody else: its keys are not in custody as "
	                                     "'%s'", in->in_aws ? custody_name(a, in->boot.want, CUSTODY_RECOVERY_KEYS) :
	                                     in->file.paths[CUSTODY_RECOVERY_KEYS]));
}

int init_decide(struct init_world *in, struct err *e)
{
	if (!text_same(in->boot.status.type, "awskms")) {
		err_set(e, ERR_GUARD, 0, "Vault's seal is '%s', not 'awskms'", in->boot.status.type ? in->boot.status.type : "?");
		err_hint(e, "this chooses recovery keys, which only a Vault with auto-unseal has");
		return -1;
	}
	if (check_keys(in, e) < 0 || check_entries(in, e) < 0)
		return -1;
	if (!in->boot.status.initialized)
		return decide_new(in, e);
	if (in->spool.stage == SPOOL_KEYS && !in->spool.sealed && in->in_aws)
		return refuse(e, "--custody file, with the same --out and --recipient",
		              arena_printf(in->boot.mem, "the init that began at %s had its custody in files: finish it so",
		                           in->spool.since));
	if (in->spool.stage == SPOOL_KEYS && in->spool.sealed && !in->in_aws)
		return refuse(e, "--custody secretsmanager, with the same --custody-kms-key",
		              arena_printf(in->boot.mem, "the init that began at %s had its custody in Secrets Manager: finish it so",
		                           in->spool.since));
	if (in->spool.stage == SPOOL_KEYS)
		in->plan = INIT_STORE;
	else if ((!in->in_aws || holds(in, CUSTODY_RECOVERY_KEYS)) &&
	         (!in->in_files || in->file.there[CUSTODY_RECOVERY_KEYS]))
		in->plan = INIT_DONE;
	return in->plan == INIT_UNDECIDED ? refuse_initialised(in, e) : 0;
}

int init_finish(struct init_world *in, struct err *e)
{
	if (in->plan != INIT_FRESH || !in->lost)
		return 0;
	if (in->boot.status.initialized)
		return refuse_initialised(in, e);
	err_set(e, ERR_NET, 0, "the reply to sys/init was lost, and Vault says that it is not initialised so far");
	err_hint(e, "run init again in a minute: it goes on, or says what became of this one");
	return -1;
}

/* ---- what there is to tell ---- */

struct value *init_report(struct init_world *in, struct arena *a)
{
	const struct want *want = in->boot.want;
	struct value *out = params_of(a, "cluster", want->cluster, "namespace", want->namespace_, "release", want->release, NULL);
	struct value *list = value_set(a, out, "custody", value_new_list(a));

	value_set_bool(a, out, "changed", in->plan != INIT_DONE);
	if (in->plan == INIT_FRESH) {
		value_set_int(a, out, "recovery_shares", in->options.shares);
		value_set_int(a, out, "recovery_threshold", in->options.threshold);
	}
	for (size_t i = 0; i < CUSTODY_ENTRIES; i++) {
		struct value *row;

		if (!in->in_aws || (in->plan == INIT_DONE && !holds(in, (enum custody_entry)i)))
			continue;
		row = value_push(a, list, params_of(a, "entry", custody_entry_word((enum custody_entry)i), "custody", choices[0], "name",
		                                    custody_name(a, want, (enum custody_entry)i), NULL));
		value_set_text(a, row, "read", custody_how_to_read(a, want, (enum custody_entry)i));
	}
	for (size_t i = 0; in->in_files && i < CUSTODY_ENTRIES; i++)
		value_push(a, list, params_of(a, "entry", custody_entry_word((enum custody_entry)i), "custody", "file", "name",
		                              in->file.paths[i], "read",
		                              arena_printf(a, "age --decrypt -i IDENTITY %s", in->file.paths[i]), NULL));
	if (in->n_copies && in->plan != INIT_DONE) {
		struct value *regions = value_set(a, out, "copies", value_new_list(a));

		for (size_t i = 0; i < in->n_copies; i++)
			value_push(a, regions, value_new_text(a, in->copies[i].region));
	}
	if (in->world->caller_arn && in->in_aws)
		value_set(a, out, "resource_policy", value_copy(a, custody_policy(a, in->world->caller_arn)));
	value_set_int(a, out, "unsealed", (int64_t)in->unsealed);
	value_set_text(a, out, "leader", in->leader);
	return out;
}
