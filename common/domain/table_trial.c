#include "domain/table_trial.h"

#include "core/digest.h"
#include "domain/hear.h"

enum { RANDOM_BYTES = 16 };

const struct aws_op *const table_trial_ops[TABLE_TRIALS] = {
	[TRIAL_DESCRIBE] = &dynamodb_describe_table, [TRIAL_GET] = &dynamodb_get_item, [TRIAL_QUERY] = &dynamodb_query,
	[TRIAL_BATCH] = &dynamodb_batch_write_item, [TRIAL_UPDATE] = &dynamodb_update_item,
	[TRIAL_DELETE] = &dynamodb_delete_item,
};

const char *table_trial_item(struct arena *a, const struct host *host, const char *prefix, struct err *e)
{
	unsigned char bytes[RANDOM_BYTES];
	AUTO(buf) struct buf hex = BUF_MAX(2 * RANDOM_BYTES + 1);

	if (host_random(host, bytes, sizeof(bytes), e) < 0)
		return NULL;
	hex_print(&hex, bytes, sizeof(bytes));
	return arena_printf(a, "%s-%s", prefix, buf_str(&hex));
}

static struct value *trial_key(struct arena *a, const char *item)
{
	struct value *key = value_new_map(a);

	value_set(a, key, "Path", params_of(a, "S", item, NULL));
	value_set(a, key, "Key", params_of(a, "S", item, NULL));
	return key;
}

static void put_query(struct arena *a, const char *item, struct value *params)
{
	struct value *values = value_new_map(a);

	value_set_text(a, params, "KeyConditionExpression", "#p = :p");
	value_set(a, params, "ExpressionAttributeNames", params_of(a, "#p", "Path", NULL));
	value_set(a, values, ":p", params_of(a, "S", item, NULL));
	value_set(a, params, "ExpressionAttributeValues", values);
	value_set_int(a, params, "Limit", 1);
}

/* There and not there at once: whatever the table holds, nothing is written. */
static void put_impossible(struct arena *a, struct value *params)
{
	value_set_text(a, params, "ConditionExpression", "attribute_exists(#p) AND attribute_not_exists(#p)");
	value_set(a, params, "ExpressionAttributeNames", params_of(a, "#p", "Path", NULL));
}

static struct value *batch_params(struct arena *a, const char *table, const char *item)
{
	struct value *params = value_new_map(a), *tables, *list, *request;

	tables = value_set(a, params, "RequestItems", value_new_map(a));
	list = value_set(a, tables, table, value_new_list(a));
	request = value_push(a, list, value_new_map(a));
	value_set(a, value_set(a, request, "DeleteRequest", value_new_map(a)), "Key", trial_key(a, item));
	return params;
}

struct value *table_trial_params(struct arena *a, enum table_trial trial, const char *table, const char *item)
{
	struct value *params = params_of(a, "TableName", table, NULL);

	switch (trial) {
	case TRIAL_GET:
		value_set(a, params, "Key", trial_key(a, item));
		break;
	case TRIAL_QUERY:
		put_query(a, item, params);
		break;
	case TRIAL_BATCH:
		return batch_params(a, table, item);
	case TRIAL_UPDATE:
	case TRIAL_DELETE:
		value_set(a, params, "Key", trial_key(a, item));
		put_impossible(a, params);
		break;
	default:
		break;
	}
	return params;
}
