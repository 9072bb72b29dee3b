/* The keys that wrap the stored root key: what of the role's policy a change of the seal key must leave as it is. */
#include "domain/steps.h"

#include "aws/policy_eval.h"
#include "core/digest.h"
#include "core/text.h"
#include "vault/blob_info.h"

enum { ROOT_KEY_BYTES_MAX = 64 << 10 };

static bool is_lost(const struct world *w, const char *resource)
{
	return !text_same(resource, w->key.arn) && (strstr(resource, ":kms:") || text_same(resource, "*"));
}

static bool loses_key(const struct world *w, const struct value *statement)
{
	const struct value *resources = value_get(statement, "Resource");

	if (!resources || !text_same(value_text_or(statement, "Effect", ""), "Allow"))
		return false;
	if (resources->type == VALUE_TEXT)
		return is_lost(w, resources->text);
	for (size_t i = 0; resources->type == VALUE_LIST && i < resources->n; i++)
		if (is_lost(w, value_text_or(resources->items[i], "", "")))
			return true;
	return false;
}

/* The key that the table is marked as used with, where that is another one; NULL: it is not. */
static const char *marked_key(const struct world *w)
{
	const char *named = value_text_or(value_get(w->table.tags, TAG_KEY), "", NULL);

	return w->key.arn && named && !text_same(named, w->key.arn) && !text_same(named, w->key_gone) ? named : NULL;
}

static bool wraps(const struct world *w, const char *arn)
{
	for (size_t i = 0; i < w->root_key.n; i++)
		if (text_same(w->root_key.keys[i], arn))
			return true;
	return false;
}

bool mark_stays(const struct world *w)
{
	return w->want.given_key && marked_key(w) && wraps(w, marked_key(w));
}

const char *mark_of_key(const struct world *w)
{
	return mark_stays(w) ? marked_key(w) : w->key.arn;
}

int mark_guard(const struct world *w, struct err *e)
{
	const char *named = marked_key(w);

	if (!named || mark_stays(w))
		return 0;
	if (w->want.given_key && (w->root_key.read == ABSENT || wraps(w, w->key.arn)))
		return 0;
	hear_guard(e, "name the right one with --kms-key-id", "the table '%s' is used with the key '%s', not with '%s'",
	           w->want.names.table, named, w->key.arn);
	return -1;
}

int before_policy(void *world, size_t item, struct err *e)
{
	(void)item;
	return mark_guard(world, e);
}

/*
 * Only where the policy would lose a key, or a given key may be another than the table's: so neither a new account nor
 * a run with nothing to do pays for the read.
 */
static bool matters(const struct world *w)
{
	if (w->table.presence != PRESENT || w->table.made || text_same(w->table.status, "CREATING") || w->key.presence != PRESENT)
		return false;
	if (w->want.given_key && (w->role.policy_presence != PRESENT || marked_key(w)))
		return true;
	for (size_t i = 0; i < policy_statements(w->role.policy); i++)
		if (loses_key(w, policy_statement(w->role.policy, i)))
			return true;
	return false;
}

bool root_key_matters(const void *world, size_t item)
{
	(void)item;
	return matters(world);
}

bool root_key_unread(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->root_key.read == UNKNOWN_YET && matters(w);
}

/* Where a seal that unseals by itself keeps the root key (vault, vault/seal_autoseal.go). */
int ask_root_key(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct arena *a = &rq->mem;
	struct value *params = params_of(a, "TableName", w->want.names.table, NULL), *key;

	(void)item;
	key = value_set(a, params, "Key", value_new_map(a));
	value_set(a, key, "Path", params_of(a, "S", "core/hsm", NULL));
	value_set(a, key, "Key", params_of(a, "S", "barrier-unseal-keys", NULL));
	value_set_bool(a, params, "ConsistentRead", true);
	return aws_ask(w->aws, rq, &dynamodb_get_item, params, e);
}

/* awskms writes down the ARN that Encrypt answers (go-kms-wrapping); what is no ARN of KMS is another seal's. */
static enum heard take_keys(struct world *w, struct arena *mem, const struct value *item, struct err *e)
{
	const char *text = value_text_or(value_get(item, "Value"), "B", "");
	AUTO(buf) struct buf bytes = BUF_MAX(ROOT_KEY_BYTES_MAX);
	struct have_root_key found = { .read = PRESENT };
	AUTO(err) struct err why = {0};
	struct blob_keys keys;

	if (base64_parse(&bytes, view_text(text), &why) < 0 || bytes.full || blob_keys_read(buf_bytes(&bytes), &keys, &why) < 0)
		return hear_guard(e, "kubectl vault-check kms",
		                  "which key wraps the root key in the table '%s' cannot be read, and the role would lose one",
		                  w->want.names.table);
	found.keys = ARENA_ARRAY(mem, const char *, keys.n);
	for (size_t i = 0; i < keys.n; i++)
		if (view_starts(keys.ids[i], "arn:") && memmem(keys.ids[i].p, keys.ids[i].n, ":kms:", 5))
			found.keys[found.n++] = arena_view(mem, keys.ids[i]);
	w->root_key = found;
	return HEARD_DONE;
}

/* The answer stays in a scratch arena: ciphertext is of no use here. A refusal is one, and never "absent". */
enum heard hear_root_key(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	AUTO(arena) struct arena scratch = ARENA_INIT;
	struct arena *mem = w->mem;
	struct aws_answer answer;
	const struct value *found;
	enum heard heard;

	(void)item;
	w->mem = &scratch;
	heard = hear_aws(w, &dynamodb_get_item, reply, NULL, &answer, e, "reading which key wraps the root key in the table '%s'",
	                 w->want.names.table);
	w->mem = mem;
	if (heard != HEARD_DONE)
		return heard;
	found = value_get(answer.body, "Item");
	if (found && found->type == VALUE_MAP)
		return take_keys(w, mem, found, e);
	w->root_key = (struct have_root_key){ .read = ABSENT };
	return HEARD_DONE;
}
