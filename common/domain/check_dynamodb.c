/* dynamodb: is the table that the release uses there, and a table of Vault's? */
#include "domain/diag_base.h"

#include "core/text.h"

static const char *schema_name(const struct value *table, const char *key_type)
{
	const struct value *schema = value_get(table, "KeySchema");

	for (size_t i = 0; schema && schema->type == VALUE_LIST && i < schema->n; i++)
		if (text_same(value_text_or(schema->items[i], "KeyType", ""), key_type))
			return value_text_or(schema->items[i], "AttributeName", "");
	return "";
}

static enum verdict judge_table(const struct diag *d, struct finding *f)
{
	const char *name = diag_table_name(d), *region = diag_table_region(d), *status;

	evidence(f, "table", "%s", name);
	evidence(f, "region", "%s", region);
	if (!d->table) {
		found(f, "the table '%s' does not exist in %s", name, region);
		if (d->facts.storage_region && !text_same(region, d->facts.storage_region))
			evidence(f, "storage stanza", "region %s; the pod's AWS_REGION wins over it", d->facts.storage_region);
		fix(f, "helm vault-aws apply --region %s", d->facts.storage_region ? d->facts.storage_region : region);
		return VERDICT_FAIL;
	}
	status = value_text_or(d->table, "TableStatus", "");
	evidence(f, "status", "%s", status);
	if (!text_same(schema_name(d->table, "HASH"), "Path") || !text_same(schema_name(d->table, "RANGE"), "Key")) {
		found(f, "the table '%s' is no table of Vault's: its key is '%s', '%s' and not 'Path', 'Key'", name,
		      schema_name(d->table, "HASH"), schema_name(d->table, "RANGE"));
		return VERDICT_FAIL;
	}
	if (!text_same(status, "ACTIVE") && !text_same(status, "UPDATING")) {
		found(f, "the table '%s' is %s", name, status);
		return VERDICT_FAIL;
	}
	found(f, "'%s' is %s", name, status);
	return VERDICT_PASS;
}

static const struct check checks[] = {
	{ .id = "dynamodb-table", .title = "the table is there and active", .link = LINK_TABLE, .needs = NEEDS("config"),
	  .reads = NEEDS("config.read", "pods.read", "table.read"), .judge = judge_table,
	  .decides = "DescribeTable on the table and in the region that the running pods use: AWS_DYNAMODB_TABLE, "
	             "AWS_DYNAMODB_REGION, AWS_REGION, AWS_DEFAULT_REGION of the pod win over the storage stanza. Its key must "
	             "be Path and Key.",
	  .remedy = "make the table, or name the right table and region",
	  .reference = "vault, physical/dynamodb/dynamodb.go" },
};

const struct check_family dynamodb_family = {
	.name = "dynamodb", .title = "Storage (DynamoDB)", .checks = checks, .n_checks = COUNT_OF(checks), .steps = NULL, .n_steps = 0,
};
