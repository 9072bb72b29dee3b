/* dynamodb: is the table that the release uses there, and fit to hold a Vault? The table; the judges are in check_table*.c. */
#include "domain/check_kms.h"

#include "domain/diag_base.h"

#define STORAGE_SOURCE "vault, physical/dynamodb/dynamodb.go"
#define POLICY_SOURCE "IAM User Guide, Policy evaluation logic; " STORAGE_SOURCE

#define ALLOW(name, act, judge_, breaks) \
	{ .id = "dynamodb-allow-" name, .title = "the role may call dynamodb:" act, .link = LINK_ROLE, .aws_alone = true, \
	  .needs = NEEDS("irsa-role", "dynamodb-table"), .reads = NEEDS("role.policies", "config.read", "pods.read"), \
	  .uses = NEEDS("table.read", "role.simulate"), .judge = judge_, \
	  .decides = "All policies of the role and its permissions boundary, evaluated for dynamodb:" act " on the table; IAM's " \
	             "simulator is asked for what the organisation's policies say. Without it: " breaks ".", \
	  .remedy = "give the role dynamodb:" act " on the table, or take away the statement that denies it", \
	  .reference = POLICY_SOURCE }

static const struct check checks[] = {
	{ .id = "dynamodb-region", .aws_alone = true, .title = "the table is looked for in its region", .link = LINK_TABLE,
	  .needs = NEEDS("config"),
	  .reads = NEEDS("config.read", "pods.read", "table.read"), .uses = NEEDS("table.elsewhere"), .judge = judge_table_region,
	  .decides = "AWS_DYNAMODB_REGION, AWS_REGION and AWS_DEFAULT_REGION of the pod, in this order, win over the storage stanza, "
	             "and EKS's webhook sets the last two.",
	  .remedy = "set AWS_DYNAMODB_REGION of the container to the table's region",
	  .reference = STORAGE_SOURCE "; hashicorp/vault#15071" },
	{ .id = "dynamodb-table", .aws_alone = true, .title = "the table is there", .link = LINK_TABLE,
	  .needs = NEEDS("config", "dynamodb-region"),
	  .reads = NEEDS("config.read", "pods.read", "table.read"), .uses = NEEDS("backups.list"), .judge = judge_table,
	  .decides = "DescribeTable on the table and in the region that the running pods use: AWS_DYNAMODB_TABLE of the pod wins over "
	             "the storage stanza.",
	  .remedy = "bring the table back from a backup, make it, or name the right one",
	  .reference = STORAGE_SOURCE },
	{ .id = "dynamodb-schema", .aws_alone = true, .title = "the table has Vault's key", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-table"), .reads = NEEDS("table.read"), .judge = judge_schema,
	  .decides = "Its partition key must be Path and its sort key Key, both texts.",
	  .remedy = "name another table: a table's key cannot be changed",
	  .reference = STORAGE_SOURCE },
	{ .id = "dynamodb-status", .aws_alone = true, .title = "the table is active", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-table"), .reads = NEEDS("table.read"), .judge = judge_status,
	  .decides = "TableStatus must be ACTIVE or UPDATING.",
	  .remedy = "wait for a table that is CREATING; give its key back to one that is INACCESSIBLE_ENCRYPTION_CREDENTIALS",
	  .reference = "DynamoDB API Reference, TableDescription" },
	{ .id = "dynamodb-encryption", .aws_alone = true, .title = "the table's own key can be used", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-table"), .reads = NEEDS("table.read", "table.key"), .judge = judge_encryption,
	  .decides = "Where the table is encrypted with a key in this account: DescribeKey must say Enabled.",
	  .remedy = "cancel that key's deletion and enable it",
	  .reference = "DynamoDB Developer Guide, DynamoDB encryption at rest" },
	{ .id = "dynamodb-ha", .title = "several replicas share the table by a lock", .link = LINK_TABLE, .needs = NEEDS("config"),
	  .reads = NEEDS("config.read", "pods.read"), .judge = judge_ha,
	  .decides = "DYNAMODB_HA_ENABLED of the pod, else ha_enabled of the storage stanza, which is off by default, must be on where "
	             "there is more than one replica.",
	  .remedy = "set ha_enabled = \"true\" in the storage stanza",
	  .reference = STORAGE_SOURCE },
	{ .id = "dynamodb-initialised", .aws_alone = true, .title = "the table holds an initialised Vault", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-schema"), .reads = NEEDS("stored.read"), .judge = judge_initialised,
	  .decides = "Reads the items core/seal-config and core/hsm/barrier-unseal-keys: with every pod down too.",
	  .remedy = "initialise Vault; where that was begun and not ended, empty the table and begin anew",
	  .reference = "vault, vault/init.go" },
	{ .id = "dynamodb-seal", .title = "the table was sealed by the configured seal", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-initialised"), .reads = NEEDS("stored.read"), .judge = judge_seal_type,
	  .decides = "The type in core/seal-config against the seal stanza.",
	  .remedy = "configure the seal that the table records, or migrate",
	  .reference = "vault, vault/seal.go" },
	{ .id = "dynamodb-lock", .title = "the leader's lock is held by a pod that lives", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-initialised"), .reads = NEEDS("stored.read", "pods.read"), .judge = judge_lock,
	  .decides = "The item core/_lock: Expires against AWS's clock (its Date header), and the pods' label vault-active. Vault "
	             "renews it every 5 s for 15 s.",
	  .remedy = "wait 15 s; then take away the lock of a holder that is gone",
	  .reference = STORAGE_SOURCE "; hashicorp/vault#26580" },
	{ .id = "dynamodb-clock", .aws_alone = true, .title = "the lock's holder and AWS agree on the time", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-table"), .reads = NEEDS("stored.read"), .judge = judge_clock,
	  .decides = "Expires of the lock and this machine's clock against the Date header of AWS's answer.",
	  .remedy = "have the nodes' clocks set by NTP",
	  .reference = STORAGE_SOURCE },
	ALLOW("describe-table", "DescribeTable", judge_allow_describe_table, "no pod starts"),
	ALLOW("get-item", "GetItem", judge_allow_get_item, "no pod starts"),
	ALLOW("query", "Query", judge_allow_query, "no pod becomes active"),
	ALLOW("batch-write-item", "BatchWriteItem", judge_allow_batch_write_item, "nothing can be written"),
	ALLOW("update-item", "UpdateItem", judge_allow_update_item, "there is never a leader, though every pod is ready"),
	ALLOW("delete-item", "DeleteItem", judge_allow_delete_item, "the lock is not given up, and there is never a leader"),
	{ .id = "dynamodb-create-table", .aws_alone = true, .title = "the role may not create tables", .link = LINK_ROLE,
	  .needs = NEEDS("irsa-role", "config"), .reads = NEEDS("role.policies", "config.read", "pods.read"),
	  .uses = NEEDS("table.read"), .judge = judge_create_table,
	  .decides = "The role's policies, evaluated for dynamodb:CreateTable. Vault creates a table that it does not find.",
	  .remedy = "take dynamodb:CreateTable out of the role's policies",
	  .reference = STORAGE_SOURCE },
	{ .id = "dynamodb-capacity", .title = "the table bears the lock's writes", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-table"), .reads = NEEDS("table.read"), .judge = judge_capacity,
	  .decides = "Provisioned writes against what the lock of an idle Vault takes: one a second for each standby, and one every "
	             "5 s for the active node.",
	  .remedy = "bill the table on demand, or provision more",
	  .reference = STORAGE_SOURCE "; hashicorp/vault#5872" },
	{ .id = "dynamodb-throttles", .aws_alone = true, .title = "no request was throttled", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-table"), .reads = NEEDS("table.read", "table.metrics"), .judge = judge_throttles,
	  .decides = "CloudWatch's ReadThrottleEvents and WriteThrottleEvents of the last hour, since capacity was last raised; no "
	             "datapoints are none. ThrottledRequests says of which operations.",
	  .remedy = "bill the table on demand, or find out who writes so much",
	  .reference = "DynamoDB Developer Guide, DynamoDB metrics and dimensions" },
	{ .id = "dynamodb-pitr", .aws_alone = true, .title = "point-in-time recovery is on", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-table"), .reads = NEEDS("table.backups"), .judge = judge_pitr,
	  .decides = "DescribeContinuousBackups.",
	  .remedy = "switch it on",
	  .reference = "DynamoDB Developer Guide, Point-in-time recovery" },
	{ .id = "dynamodb-backup", .aws_alone = true, .title = "when the table was last backed up", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-table"), .reads = NEEDS("backups.list"), .uses = NEEDS("table.backups"), .judge = judge_backup,
	  .decides = "ListBackups, AWS Backup's included. Worth a warning where point-in-time recovery is off and none is younger than "
	             "seven days.",
	  .remedy = "make backups",
	  .reference = "DynamoDB API Reference, ListBackups" },
	{ .id = "dynamodb-protection", .aws_alone = true, .title = "the table is protected against deletion", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-table"), .reads = NEEDS("table.read"), .judge = judge_protection,
	  .decides = "DeletionProtectionEnabled of DescribeTable.",
	  .remedy = "switch deletion protection on",
	  .reference = "DynamoDB Developer Guide, Using deletion protection" },
	{ .id = "dynamodb-size", .aws_alone = true, .title = "how much the table holds", .link = LINK_TABLE,
	  .needs = NEEDS("dynamodb-table"), .reads = NEEDS("table.read"), .judge = judge_size,
	  .decides = "ItemCount and TableSizeBytes of DescribeTable, which are some hours old. An item holds 400 KB at most; with "
	             "millions of items a failover takes minutes.",
	  .remedy = "tidy what is old (PKI certificates, leases), and keep large things out of Vault",
	  .reference = STORAGE_SOURCE "; hashicorp/vault#21042" },
	{ .id = "dynamodb-proof", .title = "the role does all six things", .link = LINK_TABLE, .proof = true,
	  .needs = NEEDS("irsa-proof"), .reads = NEEDS("trial.assume", "trial.table"),
	  .uses = NEEDS("table.read", "role.policies"), .judge = judge_table_proof,
	  .decides = "With credentials of the role: DescribeTable; GetItem and Query of a key that is not there; UpdateItem and "
	             "DeleteItem with a condition that cannot hold; BatchWriteItem that deletes a random key that is not there. "
	             "Nothing is changed.",
	  .remedy = "give the role what AWS's answer says is missing",
	  .reference = STORAGE_SOURCE },
};

const struct check_family dynamodb_family = {
	.name = "dynamodb", .title = "Storage (DynamoDB)", .checks = checks, .n_checks = COUNT_OF(checks),
	.steps = diag_dynamodb_steps, .n_steps = DIAG_DYNAMODB_STEPS,
};
