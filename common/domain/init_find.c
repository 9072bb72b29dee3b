/* The reads of init: what the running Vault uses, the two keys, custody, and whether the table is empty. */
#include "domain/init.h"

#include "core/text.h"
#include "domain/steps.h"

enum { ITEMS_LOOKED_AT = 25 };

#define SEAL_FLAG "core/seal-initialization-flag"

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

enum { CUSTODY_KEY, SEAL_KEY, KEYS };

static size_t count_keys(const void *world)
{
	(void)world;
	return KEYS;
}

static const char *key_name(const struct init_world *in, size_t item)
{
	return item == CUSTODY_KEY ? in->options.custody_key : in->facts.key_id;
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

	return aws_ask(item == CUSTODY_KEY ? in->boot.aws : &in->key_aws, rq, &kms_describe_key,
	               params_of(&rq->mem, "KeyId", key_name(in, item), NULL), e);
}

static enum heard check_custody_key(const struct init_key *key, const char *name, struct err *e)
{
	if (!text_same(key->state, "Enabled") || !text_same(key->usage, "ENCRYPT_DECRYPT") ||
	    !text_same(key->spec, "SYMMETRIC_DEFAULT"))
		return hear_guard(e, "name a symmetric key that is enabled with --custody-kms-key",
		                  "the custody key '%s' is %s, for %s, of the kind %s", name, key->state, key->usage, key->spec);
	return HEARD_DONE;
}

static HEAR(hear_key)
{
	struct init_world *in = world;
	struct init_key *key = item == CUSTODY_KEY ? &in->custody_key : &in->seal_key;
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, &kms_describe_key, reply, NULL, &answer, e, "reading the %s key '%s'",
	                            item == CUSTODY_KEY ? "custody" : "seal", key_name(in, item));

	if (heard != HEARD_DONE)
		return heard;
	if (value_text(answer.body, "KeyMetadata.Arn", &key->arn, e) < 0)
		return HEARD_UNSURE;
	key->state = value_text_or(answer.body, "KeyMetadata.KeyState", "?");
	key->usage = value_text_or(answer.body, "KeyMetadata.KeyUsage", "?");
	key->spec = value_text_or(answer.body, "KeyMetadata.KeySpec", "?");
	return item == CUSTODY_KEY ? check_custody_key(key, key_name(in, item), e) : HEARD_DONE;
}

/* ---- custody ---- */

static size_t count_entries(const void *world)
{
	(void)world;
	return CUSTODY_ENTRIES;
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
	const char *name = custody_name(&rq->mem, in->boot.want, (enum custody_entry)item);

	return aws_ask(in->boot.aws, rq, &secretsmanager_describe_secret, params_of(&rq->mem, "SecretId", name, NULL), e);
}

HEAR(init_hear_entry)
{
	struct init_world *in = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, &secretsmanager_describe_secret, reply, "ResourceNotFoundException", &answer, e,
	                            "looking for '%s'", custody_name(in->boot.mem, in->boot.want, (enum custody_entry)item));

	if (heard != HEARD_DONE)
		return heard;
	in->have[item] = (struct custody_have){0};
	if (answer.ok && custody_read(in->boot.mem, in->world, answer.body, &in->have[item], e) < 0)
		return HEARD_UNSURE;
	return HEARD_DONE;
}

/* ---- the table: a consistent read, since its own count is hours old ---- */

static ASK(ask_items)
{
	const struct init_world *in = world;
	struct value *params = params_of(&rq->mem, "TableName", in->facts.table, "ProjectionExpression", "#p, #k", NULL);

	(void)item;
	value_set(&rq->mem, params, "ExpressionAttributeNames", params_of(&rq->mem, "#p", "Path", "#k", "Key", NULL));
	value_set_bool(&rq->mem, params, "ConsistentRead", true);
	value_set_int(&rq->mem, params, "Limit", ITEMS_LOOKED_AT);
	return aws_ask(&in->table_aws, rq, &dynamodb_scan, params, e);
}

/* Vault's names of things; the top level's path is a space. */
static const char *item_name(struct arena *a, const struct value *item)
{
	const char *path = value_text_or(item, "Path.S", "?"), *key = value_text_or(item, "Key.S", "?");

	return text_same(path, " ") ? arena_text(a, key) : arena_printf(a, "%s/%s", path, key);
}

static HEAR(hear_items)
{
	struct init_world *in = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(in->world, &dynamodb_scan, reply, NULL, &answer, e, "looking whether the table '%s' is empty",
	                            in->facts.table);
	const struct value *items;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (value_list(answer.body, "Items", &items, e) < 0)
		return HEARD_UNSURE;
	in->items = items->n;
	in->seal_flag = false;
	for (size_t i = 0; i < items->n; i++) {
		const char *name = item_name(in->boot.mem, items->items[i]);

		if (i < INIT_ITEMS_SHOWN)
			in->shown[i] = name;
		in->seal_flag |= text_same(name, SEAL_FLAG);
	}
	in->table_read = true;
	return HEARD_DONE;
}

const struct step init_find_rows[] = {
	{ .name = "caller.read", .ask = ask_who, .hear = hear_who },
	{ .name = "config.read", .title = "read the running configuration", .due = config_due, .needs = NEEDS("vault.pods"),
	  .ask = ask_config, .hear = hear_config },
	{ .name = "keys.read", .title = "read the custody key and the seal key", .needs = NEEDS("config.read"), .count = count_keys,
	  .due = key_wanted, .ask = ask_key, .hear = hear_key },
	{ .name = "custody.find", .title = "look what is in custody", .count = count_entries, .due = entry_due,
	  .ask = init_ask_entry, .hear = init_hear_entry },
	{ .name = "table.items", .title = "look whether the table is empty", .needs = NEEDS("config.read"), .ask = ask_items,
	  .hear = hear_items },
};
const size_t n_init_find_rows = COUNT_OF(init_find_rows);
