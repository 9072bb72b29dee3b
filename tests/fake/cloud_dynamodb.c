/* DynamoDB of the fake cloud. Codes and texts: the service's API reference and tests/aws/dynamodb.py. */
#include "fake/cloud_service.h"

#include "core/digest.h"
#include "core/text.h"

enum { SAVING_MS = 3000 };

static struct cloud_table *table_by_name(struct fake_cloud *c, const char *name)
{
	for (unsigned i = 0; i < c->n_tables; i++)
		if (text_same(c->tables[i].name, name) || text_same(c->tables[i].arn, name))
			return &c->tables[i];
	return NULL;
}

static struct cloud_table *named_table(struct cloud_ask *ask, const char *parameter, const char *absent)
{
	const char *name = cloud_text(ask, parameter);
	struct cloud_table *table = table_by_name(ask->cloud, name);

	if (!table)
		cloud_refuse(ask, 400, absent, "Requested resource not found: Table: %s not found", name);
	return table;
}

static const char *status_of(const struct fake_cloud *c, const struct cloud_table *t)
{
	if (t->status)
		return t->status;
	return cloud_spread(c, t->made_ms, c->lags.creating) ? "ACTIVE" : "CREATING";
}

static bool is_active(const struct fake_cloud *c, const struct cloud_table *t)
{
	return text_same(status_of(c, t), "ACTIVE");
}

static void add_key(struct arena *a, struct value *schema, const char *name, const char *type)
{
	struct value *row = value_push(a, schema, value_new_map(a));

	value_set_text(a, row, "AttributeName", name);
	value_set_text(a, row, "KeyType", type);
}

static void answer_table(struct cloud_ask *ask, const char *as, const struct cloud_table *t)
{
	struct arena *a = ask->mem;
	struct value *body = value_new_map(a), *table = value_set(a, body, as, value_new_map(a));
	struct value *schema = value_set(a, table, "KeySchema", value_new_list(a));

	value_set_text(a, table, "TableName", t->name);
	value_set_text(a, table, "TableArn", t->arn);
	value_set_text(a, table, "TableStatus", status_of(ask->cloud, t));
	add_key(a, schema, t->hash_key, "HASH");
	add_key(a, schema, t->range_key, "RANGE");
	value_set(a, table, "CreationDateTime", value_new_real(a, (double)(CLOUD_START_MS + t->made_ms) / 1000));
	value_set_int(a, table, "ItemCount", 0);
	if (!text_same(t->billing, "PROVISIONED"))
		value_put(a, table, "BillingModeSummary.BillingMode", value_new_text(a, t->billing));
	if (t->sse_key)
		value_put(a, table, "SSEDescription.KMSMasterKeyArn", value_new_text(a, t->sse_key));
	value_set_bool(a, table, "DeletionProtectionEnabled", t->protection);
	cloud_answer(ask, body);
}

static struct cloud_table *new_table(struct fake_cloud *c, const char *name)
{
	struct cloud_table *t = &c->tables[cloud_room(&c->n_tables)];

	*t = (struct cloud_table){ .hash_key = "Path", .range_key = "Key", .billing = "PAY_PER_REQUEST", .pitr_days = 35 };
	t->name = arena_text(&c->mem, name);
	t->arn = arena_printf(&c->mem, "arn:aws:dynamodb:" CLOUD_REGION ":" CLOUD_ACCOUNT ":table/%s", name);
	return t;
}

static const char *schema_name(const struct cloud_ask *ask, const char *type)
{
	const struct value *schema = value_get(ask->in, "KeySchema");

	for (size_t i = 0; schema && i < schema->n; i++)
		if (text_same(value_text_or(schema->items[i], "KeyType", ""), type))
			return value_text_or(schema->items[i], "AttributeName", "");
	return "";
}

static void create_table(struct cloud_ask *ask)
{
	struct fake_cloud *c = ask->cloud;
	const char *name = cloud_text(ask, "TableName");
	struct cloud_table *t;

	if (table_by_name(c, name)) {
		cloud_refuse(ask, 400, "ResourceInUseException", "Table already exists: %s", name);
		return;
	}
	t = new_table(c, name);
	t->made_ms = c->net.now_ms;
	t->tags = cloud_new_tags(ask, cloud_tag_list(ask, "Tags", "Key", "Value"));
	t->hash_key = schema_name(ask, "HASH");
	t->range_key = schema_name(ask, "RANGE");
	t->billing = cloud_text(ask, "BillingMode");
	t->sse_key = value_text_or(ask->in, "SSESpecification.KMSMasterKeyId", NULL);
	t->protection = value_bool_or(ask->in, "DeletionProtectionEnabled", false);
	answer_table(ask, "TableDescription", t);
}

static void describe_table(struct cloud_ask *ask)
{
	struct cloud_table *t = named_table(ask, "TableName", "ResourceNotFoundException");

	if (t)
		answer_table(ask, "Table", t);
}

static void update_table(struct cloud_ask *ask)
{
	struct cloud_table *t = named_table(ask, "TableName", "ResourceNotFoundException");

	if (!t)
		return;
	if (!is_active(ask->cloud, t)) {
		cloud_refuse(ask, 400, "ResourceInUseException", "Attempt to change a resource which is still in use: %s", t->name);
		return;
	}
	t->protection = value_bool_or(ask->in, "DeletionProtectionEnabled", t->protection);
	answer_table(ask, "TableDescription", t);
}

static void list_tags(struct cloud_ask *ask)
{
	struct cloud_table *t = named_table(ask, "ResourceArn", "ResourceNotFoundException");
	struct value *body = value_new_map(ask->mem);

	if (!t)
		return;
	value_set(ask->mem, body, "Tags", cloud_tag_rows(ask->mem, t->tags.now, "Key", "Value"));
	cloud_answer(ask, body);
}

static void tag_resource(struct cloud_ask *ask)
{
	struct cloud_table *t = named_table(ask, "ResourceArn", "ResourceNotFoundException");

	if (!t)
		return;
	if (!is_active(ask->cloud, t)) {
		cloud_refuse(ask, 400, "ResourceInUseException", "Table is being created: %s", t->name);
		return;
	}
	cloud_retag(ask->cloud, &t->tags, cloud_tag_list(ask, "Tags", "Key", "Value"));
	cloud_answer(ask, NULL);
}

static void untag_resource(struct cloud_ask *ask)
{
	struct cloud_table *t = named_table(ask, "ResourceArn", "ResourceNotFoundException");
	const struct value *keys = value_get(ask->in, "TagKeys");

	for (size_t i = 0; t && keys && i < keys->n; i++)
		fake_cloud_tag(ask->cloud, &t->tags, keys->items[i]->text, NULL);
	if (t)
		cloud_answer(ask, NULL);
}

static void put_item(struct arena *a, struct value *items, const char *path, const char *key)
{
	struct value *item = value_push(a, items, value_new_map(a));

	value_set_text(a, value_set(a, item, "Path", value_new_map(a)), "S", path);
	value_set_text(a, value_set(a, item, "Key", value_new_map(a)), "S", key);
}

/* Vault's names: the last part is the key, a folder's with its slash; the top level's path is a space. */
static void put_named(struct arena *a, struct value *items, const char *name)
{
	size_t n = strlen(name), cut = n;

	while (cut > 0 && (name[cut - 1] != '/' || cut == n))
		cut--;
	put_item(a, items, cut ? arena_printf(a, "%.*s", (int)cut - 1, name) : " ", name + cut);
}

static void put_items(struct arena *a, const struct cloud_table *t, struct value *items)
{
	for (int64_t i = 0; i < t->items; i++)
		put_item(a, items, "core", arena_printf(a, "item-%lld", (long long)i));
	for (unsigned i = 0; i < t->n_stored; i++)
		put_named(a, items, t->stored[i]);
}

static void scan(struct cloud_ask *ask)
{
	struct cloud_table *t = named_table(ask, "TableName", "ResourceNotFoundException");
	struct value *body = value_new_map(ask->mem);

	if (!t)
		return;
	if (!is_active(ask->cloud, t)) {
		cloud_refuse(ask, 400, "ResourceNotFoundException", "Requested resource not found");
		return;
	}
	if (!text_same(value_text_or(ask->in, "Select", NULL), "COUNT"))
		put_items(ask->mem, t, value_set(ask->mem, body, "Items", value_new_list(ask->mem)));
	value_set_int(ask->mem, body, "Count", t->items + t->n_stored > 0);
	value_set_int(ask->mem, body, "ScannedCount", t->items + t->n_stored > 0);
	cloud_answer(ask, body);
}

static void answer_pitr(struct cloud_ask *ask, const struct cloud_table *t)
{
	struct arena *a = ask->mem;
	struct value *body = value_new_map(a), *pitr = value_new_map(a);

	value_put(a, body, "ContinuousBackupsDescription.ContinuousBackupsStatus", value_new_text(a, "ENABLED"));
	value_put(a, body, "ContinuousBackupsDescription.PointInTimeRecoveryDescription", pitr);
	value_set_text(a, pitr, "PointInTimeRecoveryStatus", t->pitr ? "ENABLED" : "DISABLED");
	if (t->pitr)
		value_set_int(a, pitr, "RecoveryPeriodInDays", t->pitr_days);
	cloud_answer(ask, body);
}

static void refuse_backups(struct cloud_ask *ask, const struct cloud_table *t)
{
	cloud_refuse(ask, 400, "ContinuousBackupsUnavailableException",
	             "Backups are being enabled for the table: %s. Please retry later", t->name);
}

static void describe_pitr(struct cloud_ask *ask)
{
	struct cloud_table *t = named_table(ask, "TableName", "TableNotFoundException");

	if (t && !is_active(ask->cloud, t) && !t->status)
		refuse_backups(ask, t);
	else if (t)
		answer_pitr(ask, t);
}

static void update_pitr(struct cloud_ask *ask)
{
	struct cloud_table *t = named_table(ask, "TableName", "TableNotFoundException");
	const struct value *spec = value_get(ask->in, "PointInTimeRecoverySpecification");

	if (!t)
		return;
	if (!cloud_spread(ask->cloud, t->made_ms, ask->cloud->lags.creating + ask->cloud->lags.backups)) {
		refuse_backups(ask, t);
		return;
	}
	t->pitr = value_bool_or(spec, "PointInTimeRecoveryEnabled", false);
	t->pitr_days = value_int_or(spec, "RecoveryPeriodInDays", 35);
	answer_pitr(ask, t);
}

static void list_backups(struct cloud_ask *ask)
{
	struct fake_cloud *c = ask->cloud;
	const char *name = cloud_text(ask, "TableName");
	struct value *body = value_new_map(ask->mem);
	struct value *list = value_set(ask->mem, body, "BackupSummaries", value_new_list(ask->mem));

	for (unsigned i = 0; i < c->n_backups; i++) {
		struct value *row;

		if (!text_same(c->backups[i].table, name))
			continue;
		row = value_push(ask->mem, list, value_new_map(ask->mem));
		value_set_text(ask->mem, row, "TableName", name);
		value_set_text(ask->mem, row, "BackupName", c->backups[i].name);
		value_set_text(ask->mem, row, "BackupStatus", c->backups[i].made_ms + SAVING_MS > c->net.now_ms &&
		               c->backups[i].made_ms ? "CREATING" : "AVAILABLE");
	}
	cloud_answer(ask, body);
}

static void create_backup(struct cloud_ask *ask)
{
	struct cloud_table *t = named_table(ask, "TableName", "TableNotFoundException");
	struct fake_cloud *c = ask->cloud;
	struct value *body = value_new_map(ask->mem);

	if (!t)
		return;
	c->backups[cloud_room(&c->n_backups)] = (struct cloud_backup){
		.table = t->name, .name = cloud_text(ask, "BackupName"), .made_ms = c->net.now_ms,
	};
	value_put(ask->mem, body, "BackupDetails.BackupStatus", value_new_text(ask->mem, "CREATING"));
	cloud_answer(ask, body);
}

bool fake_cloud_stores(const struct cloud_table *t, const char *name)
{
	for (unsigned i = 0; i < t->n_stored; i++)
		if (text_same(t->stored[i], name))
			return true;
	return false;
}

void fake_cloud_store(struct cloud_table *t, const char *name)
{
	if (!fake_cloud_stores(t, name) && t->n_stored < CLOUD_ITEMS)
		t->stored[t->n_stored++] = name;
}

/* As go-kms-wrapping's BlobInfo: a ciphertext, an iv, and in key_info the key's id, whose length takes one byte. */
static struct value *root_key(struct arena *a, const char *id)
{
	AUTO(buf) struct buf blob = BUF_MAX(4096), text = BUF_MAX(8192);
	size_t n = strlen(id);

	buf_put(&blob, "\x0a\x03" "abc" "\x12\x02" "iv" "\x2a", 10);
	buf_put(&blob, (const char[]){ (char)(n + 2), 0x1a, (char)n }, 3);
	buf_text(&blob, id);
	base64_print(&text, buf_bytes(&blob));
	return value_new_text(a, buf_str(&text));
}

static bool asks_for_root_key(const struct value *in)
{
	return value_bool_or(in, "ConsistentRead", false) && text_same(value_text_or(in, "Key.Path.S", NULL), "core/hsm") &&
	       text_same(value_text_or(in, "Key.Key.S", NULL), "barrier-unseal-keys");
}

/* Reads of one item, and a batch: nothing but the lock and the root key is there, and nothing is done. */
static void try_item(struct cloud_ask *ask)
{
	struct cloud_table *t = named_table(ask, "TableName", "ResourceNotFoundException");
	struct value *body = value_new_map(ask->mem);

	if (t && t->lock_ms && text_same(value_text_or(ask->in, "Key.Key.S", NULL), "_lock"))
		value_put(ask->mem, body, "Item.Expires.N", value_new_text(ask->mem, arena_printf(ask->mem, "%lld000000",
		                                                                                    (long long)t->lock_ms)));
	if (t && t->wrapped_by && asks_for_root_key(ask->in))
		value_put(ask->mem, body, "Item.Value.B", root_key(ask->mem, t->wrapped_by));
	if (t)
		cloud_answer(ask, body);
}

static void remove_stored(struct cloud_table *t, const char *name)
{
	for (unsigned i = 0; i < t->n_stored; i++)
		if (text_same(t->stored[i], name))
			t->stored[i--] = t->stored[--t->n_stored];
	if (text_same(name, "core/_lock"))
		t->lock_ms = 0;
}

/* Without a condition it is done. */
static void delete_item(struct cloud_ask *ask)
{
	struct cloud_table *t = named_table(ask, "TableName", "ResourceNotFoundException");
	const char *path = value_text_or(ask->in, "Key.Path.S", "?"), *key = value_text_or(ask->in, "Key.Key.S", "?");

	if (!t)
		return;
	if (value_get(ask->in, "ConditionExpression")) {
		cloud_refuse(ask, 400, "ConditionalCheckFailedException", "The conditional request failed");
		return;
	}
	remove_stored(t, text_same(path, " ") ? key : arena_printf(ask->mem, "%s/%s", path, key));
	cloud_answer(ask, value_new_map(ask->mem));
}

static void try_batch(struct cloud_ask *ask)
{
	cloud_answer(ask, value_new_map(ask->mem));
}

/* Only with a condition that nothing meets. */
static void try_write(struct cloud_ask *ask)
{
	cloud_text(ask, "ConditionExpression");
	cloud_refuse(ask, 400, "ConditionalCheckFailedException", "The conditional request failed");
}

static const struct cloud_op ops[] = {
	{ "CreateTable", true, create_table },
	{ "DescribeTable", false, describe_table },
	{ "UpdateTable", true, update_table },
	{ "ListTagsOfResource", false, list_tags },
	{ "TagResource", true, tag_resource },
	{ "UntagResource", false, untag_resource },
	{ "CreateBackup", true, create_backup },
	{ "Scan", false, scan },
	{ "DescribeContinuousBackups", false, describe_pitr },
	{ "UpdateContinuousBackups", true, update_pitr },
	{ "ListBackups", false, list_backups },
	{ "GetItem", false, try_item },
	{ "Query", false, try_item },
	{ "BatchWriteItem", false, try_batch },
	{ "UpdateItem", false, try_write },
	{ "DeleteItem", false, delete_item },
};

const struct cloud_service cloud_dynamodb = {
	.id = "dynamodb",
	.protocol = CLOUD_JSON,
	.mark = "DynamoDB_20120810",
	.errors = "com.amazonaws.dynamodb.v20120810#",
	.throttled = "ThrottlingException",
	.throttled_status = 400,
	.failed = "InternalServerError",
	.ops = ops,
	.n_ops = COUNT_OF(ops),
};

struct cloud_table *fake_cloud_add_table(struct fake_cloud *c, const char *name, struct cloud_tags tags)
{
	struct cloud_table *t = new_table(c, name);

	t->tags = tags;
	t->made_ms = c->net.now_ms - 86400000;
	t->protection = true;
	return t;
}
