/* The reads of init: what the running Vault uses, the two keys, custody; and (init_items.c) what the table holds. */
#include "domain/init.h"

#include "core/text.h"
#include "domain/steps.h"

/* ---- who asks: another account than --account is refused ---- */

static ASK(ask_who)
{
	const struct init_world *in = world;

	return ask_caller(in->world, item, rq, e);
}

static HEAR(hear_who)
{
	struct init_world *in = world;

	return hear_caller(in->world, item, reply, e);
}

/* ---- the running configuration; without a cluster, what it would be called ---- */

static DUE(config_due)
{
	const struct init_world *in = world;

	(void)item;
	return !in->boot.options.vault_addr;
}

static ASK(ask_config)
{
	const struct init_world *in = world;
	const char *name = arena_printf(&rq->mem, "%s-config", in->boot.fullname);

	(void)item;
	return kube_ask(in->boot.kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/configmaps/%s",
	                                                    in->boot.want->namespace_, name), NULL, e);
}

static HEAR(hear_config)
{
	struct init_world *in = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(in->world, reply, &answer, e, "reading the configuration '%s-config'", in->boot.fullname);
	struct vault_facts facts = {0};
	const char *text;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	text = answer.ok ? value_text_or(value_get(value_get(answer.body, "data"), "extraconfig-from-values.hcl"), "", NULL) : NULL;
	if (!text) {
		err_set(e, ERR_ABSENT, 0, "there is no configuration '%s-config' of this release", in->boot.fullname);
		return HEARD_REFUSED;
	}
	if (vault_config_read(in->boot.mem, text, &facts, e) < 0)
		return HEARD_REFUSED;
	if (!text_same(facts.storage, "dynamodb") || !facts.table || !text_same(facts.seal, "awskms") || !facts.key_id)
		return hear_guard(e, "this is for a Vault that keeps its data in DynamoDB and is sealed by AWS KMS",
		                  "the running Vault has storage '%s' and seal '%s'", facts.storage ? facts.storage : "none",
		                  facts.seal ? facts.seal : "shamir");
	in->facts = facts;
	in->key_aws = aws_in_region(in->boot.aws, facts.seal_region);
	in->table_aws = aws_in_region(in->boot.aws, facts.storage_region);
	return HEARD_DONE;
}

/* ---- the two keys ---- */

enum { CUSTODY_KEY, SEAL_KEY, SHARE_KEYS };

/* Those of single shares come after both. */
static size_t count_keys(const void *world)
{
	const struct init_world *in = world;

	return SHARE_KEYS + (in->share_keys ? in->n_entries - 1 : 0);
}

static const char *key_name(const struct init_world *in, size_t item)
{
	return item == CUSTODY_KEY ? in->options.custody_key : item == SEAL_KEY ? in->facts.key_id :
	       in->options.share_keys[item - SHARE_KEYS];
}

static struct init_key *key_at(struct init_world *in, size_t item)
{
	return item == CUSTODY_KEY ? &in->custody_key : item == SEAL_KEY ? &in->seal_key : &in->share_keys[item - SHARE_KEYS];
}

/* Custody in files has no key of KMS's. */
static DUE(key_wanted)
{
	const struct init_world *in = world;

	return item == SEAL_KEY || in->in_aws;
}

static ASK(ask_key)
{
	const struct init_world *in = world;

	return aws_ask(item == SEAL_KEY ? &in->key_aws : in->boot.aws, rq, &kms_describe_key,
	               params_of(&rq->mem, "KeyId", key_name(in, item), NULL), e);
}

static enum heard check_custody_key(const struct init_key *key, const char *name, struct err *e)
{
	if (!text_same(key->state, "Enabled") || !text_same(key->usage, "ENCRYPT_DECRYPT") ||
	    !text_same(key->spec, "SYMMETRIC_DEFAULT"))
		return hear_guard(e, "name a symmetric key that is enabled",
		                  "the custody key '%s' is %s, for %s, of the kind %s", name, key->state, key->usage, key->spec);
	return HEARD_DONE;
}

static HEAR(hear_key)
{
	struct init_world *in = world;
	struct init_key *key = key_at(in, item);
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, &kms_describe_key, reply, NULL, &answer, e, "reading the %s key '%s'",
	                            item == SEAL_KEY ? "seal" : "custody", key_name(in, item));

	if (heard == HEARD_REFUSED && e->kind == ERR_ABSENT && item != SEAL_KEY && text_starts(key_name(in, item), "alias/"))
		err_hint(e, "aws kms create-alias --region %s --alias-name %s --target-key-id \"$(aws kms create-key --region %s --query "
		         "KeyMetadata.KeyId --output text)\"", in->boot.want->region, key_name(in, item), in->boot.want->region);
	if (heard != HEARD_DONE)
		return heard;
	if (value_text(answer.body, "KeyMetadata.Arn", &key->arn, e) < 0)
		return HEARD_UNSURE;
	key->state = value_text_or(answer.body, "KeyMetadata.KeyState", "?");
	key->usage = value_text_or(answer.body, "KeyMetadata.KeyUsage", "?");
	key->spec = value_text_or(answer.body, "KeyMetadata.KeySpec", "?");
	if (item == SEAL_KEY)
		return HEARD_DONE;
	if (item == CUSTODY_KEY)
		for (size_t i = 0; i < in->n_stores; i++)
			in->stores[i].kms_key = key->arn;
	else
		in->entries[item - SHARE_KEYS].kms_key = key->arn;
	return check_custody_key(key, key_name(in, item), e);
}

/* ---- custody ---- */

size_t init_count_items(const void *world)
{
	const struct init_world *in = world;

	return in->n_items ? in->n_items : 1;
}

static DUE(entry_due)
{
	const struct init_world *in = world;

	(void)item;
	return in->in_aws;
}

ASK(init_ask_entry)
{
	const struct init_world *in = world;

	return custody_ask_find(in->items_kept[item].store, in->items_kept[item].entry, rq, e);
}

HEAR(init_hear_entry)
{
	struct init_world *in = world;
	struct init_item *kept = &in->items_kept[item];

	return custody_hear_find(kept->store, in->world, kept->entry, reply, &kept->have, e);
}

/* ---- what must be so of the place itself ---- */

static size_t count_proofs(const void *world)
{
	(void)world;
	return CUSTODY_KINDS * CUSTODY_PROOFS_MAX;
}

static const struct custody_store *proof_store(const struct init_world *in, size_t item)
{
	size_t i = item / CUSTODY_PROOFS_MAX;

	return i < in->n_stores ? &in->stores[i] : NULL;
}

static const struct custody_proof *proof_at(const struct init_world *in, size_t item)
{
	return &proof_store(in, item)->kind->proofs[item % CUSTODY_PROOFS_MAX];
}

static DUE(proof_due)
{
	const struct init_world *in = world;
	const struct custody_store *store = proof_store(in, item);

	return store && store->kind->proofs && proof_at(in, item)->op;
}

static ASK(ask_proof)
{
	const struct init_world *in = world;

	return aws_ask(in->boot.aws, rq, proof_at(in, item)->op, params_of(&rq->mem, "Bucket", in->options.bucket, NULL), e);
}

static HEAR(hear_proof)
{
	struct init_world *in = world;
	const struct custody_proof *proof = proof_at(in, item);
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, proof->op, reply, proof->absent, &answer, e, "looking at the bucket '%s'",
	                            in->options.bucket);

	if (heard != HEARD_DONE)
		return heard;
	return proof->judge(proof_store(in, item), answer.body, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

const struct step init_find_rows[] = {
	{ .name = "caller.read", .ask = ask_who, .hear = hear_who },
	{ .name = "config.read", .title = "read the running configuration", .due = config_due, .needs = NEEDS("vault.pods"),
	  .ask = ask_config, .hear = hear_config },
	{ .name = "keys.read", .title = "read the custody key and the seal key", .needs = NEEDS("config.read"), .count = count_keys,
	  .due = key_wanted, .ask = ask_key, .hear = hear_key },
	{ .name = "custody.find", .title = "look what is in custody", .count = init_count_items, .due = entry_due,
	  .ask = init_ask_entry, .hear = init_hear_entry },
	{ .name = "custody.place", .title = "look where custody is", .count = count_proofs, .due = proof_due, .ask = ask_proof,
	  .hear = hear_proof },
	{ .name = "table.items", .title = "look whether the table is empty", .needs = NEEDS("config.read"),
	  .ask = init_ask_items, .hear = init_hear_items },
	{ .name = "table.note", .title = "look whether an init has begun", .needs = NEEDS("caller.read", "config.read"),
	  .ask = init_ask_note, .hear = init_hear_note },
	{ .name = "pods.health", .title = "look whether a server is unsealed", .needs = NEEDS("vault.status"),
	  .count = init_count_servers, .due = init_over_asked, .ask = init_ask_health, .hear = init_over_hear_health,
	  .missed = init_over_missed_health },
};
const size_t n_init_find_rows = COUNT_OF(init_find_rows);
