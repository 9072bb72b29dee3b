#include "unit/domain/diag_fixture.h"

#define STORAGE_ACTIONS "inline/vault-policy/Statement/1/Action="
#define PROVISIONED(writes) "table/BillingModeSummary=null", \
	"table/ProvisionedThroughput={\"ReadCapacityUnits\":5,\"WriteCapacityUnits\":" writes "}"
#define POINTS(id, at, sum) "{\"Id\":\"" id "\",\"Timestamps\":[" at "],\"Values\":[" sum "]}"
#define SSE "table/SSEDescription={\"Status\":\"ENABLED\",\"KMSMasterKeyArn\":\"" OTHER_ARN "\"}"
#define TRIAL_DENIED(action) "trial={\"same\":true,\"" action "\":\"AccessDeniedException\"}"

static const struct wrong wrongs[] = {
	/* where */
	{ "dynamodb-region", VERDICT_FAIL, "AWS_REGION=us-east-1 of the pods wins", "AWS_DYNAMODB_REGION=" R,
	  { "env/AWS_REGION=\"us-east-1\"", "table=null" } },
	{ "dynamodb-region", VERDICT_FAIL, "in both: Vault uses the one in us-east-1", "AWS_DYNAMODB_REGION=" R,
	  { "env/AWS_REGION=\"us-east-1\"", "table_elsewhere={\"TableArn\":\"" TABLE_ARN "\"}" } },
	{ "dynamodb-region", VERDICT_WARN, "the table is there", "", { "env/AWS_DYNAMODB_REGION=\"us-east-1\"" } },
	{ "dynamodb-region", VERDICT_PASS, R, "", { "env/AWS_REGION=\"us-east-1\"", "env/AWS_DYNAMODB_REGION=\"" R "\"" } },
	/* what */
	{ "dynamodb-table", VERDICT_FAIL, "does not exist in " R, "aws dynamodb create-table", { "table=null" } },
	{ "dynamodb-table", VERDICT_FAIL, "does not exist", "aws dynamodb restore-table-from-backup --region " R
	  " --target-table-name prod-vault --backup-arn arn:aws:dynamodb", { "table=null", "last_backup=\"nightly\"" } },
	{ "dynamodb-schema", VERDICT_FAIL, "its key is 'id' and ''", "aws dynamodb list-tables",
	  { "table/KeySchema=[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}]" } },
	{ "dynamodb-schema", VERDICT_FAIL, "not the texts 'Path' and 'Key'", NULL,
	  { "table/AttributeDefinitions=[{\"AttributeName\":\"Path\",\"AttributeType\":\"S\"},"
	    "{\"AttributeName\":\"Key\",\"AttributeType\":\"B\"}]" } },
	{ "dynamodb-schema", VERDICT_FAIL, "the table 'x' is no table of Vault's", "AWS_DYNAMODB_TABLE=prod-vault",
	  { "env/AWS_DYNAMODB_TABLE=\"x\"", "table/KeySchema=[]" } },
	{ "dynamodb-status", VERDICT_FAIL, "is CREATING", "aws dynamodb wait table-exists", { "table/TableStatus=\"CREATING\"" } },
	{ "dynamodb-status", VERDICT_FAIL, "is INACCESSIBLE_ENCRYPTION_CREDENTIALS", "",
	  { "table/TableStatus=\"INACCESSIBLE_ENCRYPTION_CREDENTIALS\"" } },
	{ "dynamodb-status", VERDICT_PASS, "UPDATING", "", { "table/TableStatus=\"UPDATING\"" } },
	{ "dynamodb-encryption", VERDICT_PASS, "encrypted with '" OTHER_ARN "'", "", { SSE, "table_key={\"KeyState\":\"Enabled\"}" } },
	{ "dynamodb-encryption", VERDICT_FAIL, "which is Disabled", "aws kms enable-key", { SSE, "table_key={\"KeyState\":\"Disabled\"}" } },
	{ "dynamodb-encryption", VERDICT_FAIL, "which is PendingDeletion", "cancel-key-deletion",
	  { SSE, "table_key={\"KeyState\":\"PendingDeletion\"}" } },
	{ "dynamodb-encryption", VERDICT_FAIL, "which is not there", "", { SSE } },
	{ "dynamodb-ha", VERDICT_FAIL, "3 replicas write to one table without a lock", "DYNAMODB_HA_ENABLED=true",
	  { "facts/ha_enabled=null" } },
	{ "dynamodb-ha", VERDICT_FAIL, "ha_enabled is off", NULL, { "env/DYNAMODB_HA_ENABLED=\"no\"" } },
	{ "dynamodb-ha", VERDICT_PASS, "on", "", { "facts/ha_enabled=\"false\"", "env/DYNAMODB_HA_ENABLED=\"1\"" } },
	{ "dynamodb-ha", VERDICT_INFO, "one replica", "", { "facts/ha_enabled=\"false\"", "replicas=1" } },
	/* what Vault keeps there */
	{ "dynamodb-initialised", VERDICT_WARN, "not initialised yet", "vault operator init -recovery-shares=5", { "stored={}" } },
	{ "dynamodb-initialised", VERDICT_FAIL, "core/seal-config is there, core/hsm/barrier-unseal-keys is not", "",
	  { "stored/keys=null" } },
	{ "dynamodb-initialised", VERDICT_FAIL, "core/hsm/barrier-unseal-keys is there", "", { "stored/config=null" } },
	{ "dynamodb-initialised", VERDICT_SKIP, "the table is not there", "", { "stored=null" } },
	{ "dynamodb-seal", VERDICT_FAIL, "sealed with 'shamir', and the configuration has 'awskms'", "", { "stored/config=\"shamir\"" } },
	{ "dynamodb-seal", VERDICT_SKIP, "no seal yet", "", { "stored={}" } },
	{ "dynamodb-lock", VERDICT_FAIL, "held for 10 s more, but no pod of this release is active",
	  "'{\":e\":{\"N\":\"1795498594000000042\"}}'", { "active=null" } },
	{ "dynamodb-lock", VERDICT_FAIL, "lasts 60 min more, and Vault takes it for 15 s at most", "aws dynamodb delete-item",
	  { "active=null", "stored/lock_ns=\"1795502184000000000\"" } },
	{ "dynamodb-lock", VERDICT_WARN, "its holder's clock was ahead", "", { "stored/lock_ns=\"1795502184000000000\"" } },
	{ "dynamodb-lock", VERDICT_FAIL, "ran out 60 min ago, but 'vault-0' says it is active", "kubectl delete pod --wait=false -n vault vault-0",
	  { "stored/lock_ns=\"1795494984000000000\"" } },
	{ "dynamodb-lock", VERDICT_FAIL, "no pod took it", "", { "active=null", "stored/lock_ns=\"1795494984000000000\"" } },
	{ "dynamodb-lock", VERDICT_WARN, "nobody holds the lock", "", { "active=null", "stored/lock_ns=null" } },
	{ "dynamodb-lock", VERDICT_WARN, "there is no lock, but 'vault-0'", "", { "stored/lock_ns=null" } },
	{ "dynamodb-lock", VERDICT_SKIP, "not initialised", "", { "stored={}" } },
	{ "dynamodb-lock", VERDICT_UNKNOWN, "no time", "", { "stored/lock_ns=\"soon'; rm -r\"" } },
	{ "dynamodb-lock", VERDICT_UNKNOWN, "no time", "", { "stored/aws_ms=0" } },
	{ "dynamodb-clock", VERDICT_WARN, "is 45 s ahead of AWS's", "", { "stored/lock_ns=\"1795498644000000000\"" } },
	{ "dynamodb-clock", VERDICT_INFO, "this machine's clock is 10 min ahead of AWS's", "", { "stored/aws_ms=1795497984000", "stored/lock_ns=null" } },
	{ "dynamodb-clock", VERDICT_INFO, "10 min behind AWS's", "", { "stored/aws_ms=1795499184000" } },
	{ "dynamodb-clock", VERDICT_UNKNOWN, "no date", "", { "stored/aws_ms=0" } },
	/* the six actions, and one too many */
	{ "dynamodb-allow-describe-table", VERDICT_FAIL, "may not call dynamodb:DescribeTable", "put-role-policy",
	  { STORAGE_ACTIONS "[\"dynamodb:GetItem\",\"dynamodb:Query\"]" } },
	{ "dynamodb-allow-get-item", VERDICT_FAIL, "dynamodb:GetItem", "put-role-policy", { STORAGE_ACTIONS "\"dynamodb:Query\"" } },
	{ "dynamodb-allow-query", VERDICT_FAIL, "dynamodb:Query", "put-role-policy", { STORAGE_ACTIONS "\"dynamodb:GetItem\"" } },
	{ "dynamodb-allow-batch-write-item", VERDICT_FAIL, "dynamodb:BatchWriteItem", "put-role-policy",
	  { STORAGE_ACTIONS "\"dynamodb:GetItem\"" } },
	{ "dynamodb-allow-update-item", VERDICT_FAIL, "dynamodb:UpdateItem", "put-role-policy", { STORAGE_ACTIONS "\"dynamodb:GetItem\"" } },
	{ "dynamodb-allow-delete-item", VERDICT_FAIL, "dynamodb:DeleteItem", "put-role-policy", { STORAGE_ACTIONS "\"dynamodb:GetItem\"" } },
	{ "dynamodb-allow-get-item", VERDICT_FAIL, "no policy of the role allows it", "put-role-policy",
	  { "inline/vault-policy/Statement/1/Resource=\"arn:aws:dynamodb:us-east-1:111122223333:table/prod-vault\"" } },
	{ "dynamodb-allow-get-item", VERDICT_FAIL, "service control policy", NULL,
	  { "simulated=[{\"EvalActionName\":\"dynamodb:GetItem\",\"EvalDecision\":\"explicitDeny\","
	    "\"OrganizationsDecisionDetail\":{\"AllowedByOrganizations\":\"false\"}}]" } },
	{ "dynamodb-create-table", VERDICT_WARN, "starts an empty Vault", "\"Action\":[\"dynamodb:GetItem\"]",
	  { STORAGE_ACTIONS "[\"dynamodb:GetItem\",\"dynamodb:CreateTable\"]" } },
	{ "dynamodb-create-table", VERDICT_WARN, "starts an empty Vault", "", { STORAGE_ACTIONS "\"dynamodb:*\"" } },
	{ "dynamodb-create-table", VERDICT_UNKNOWN, "could not be read", "", { "policies_unread=true" } },
	/* what it bears */
	{ "dynamodb-capacity", VERDICT_FAIL, "2 writes a second are provisioned, and the lock of 3 replicas alone takes 2.2",
	  "--billing-mode PAY_PER_REQUEST", { PROVISIONED("2") } },
	{ "dynamodb-capacity", VERDICT_WARN, "of 5 provisioned", "PAY_PER_REQUEST", { PROVISIONED("5") } },
	{ "dynamodb-capacity", VERDICT_PASS, "of which the lock takes 2.2", "", { PROVISIONED("50") } },
	{ "dynamodb-throttles", VERDICT_FAIL, "12 requests were throttled in the last hour, 3 of them in the last ten minutes", "",
	  { "metrics=[" POINTS("m0", "1795496000", "9") "," POINTS("m1", "1795498560.0", "3.0") "," POINTS("m2", "1795498560", "3") "]" } },
	{ "dynamodb-throttles", VERDICT_WARN, "9 requests were throttled in the last hour, 0", "PAY_PER_REQUEST",
	  { "metrics=[" POINTS("m0", "1795496000", "9") "]", PROVISIONED("5") } },
	{ "dynamodb-throttles", VERDICT_PASS, "no request", "",
	  { "metrics=[" POINTS("m1", "1795498380", "9") "]",
	    "table/BillingModeSummary={\"BillingMode\":\"PAY_PER_REQUEST\",\"LastUpdateToPayPerRequestDateTime\":1795498400.5}" } },
	{ "dynamodb-size", VERDICT_WARN, "195 KiB on average", "", { "table/TableSizeBytes=10200000" } },
	{ "dynamodb-size", VERDICT_WARN, "2000000 items", "", { "table/ItemCount=2000000" } },
	/* backups */
	{ "dynamodb-pitr", VERDICT_WARN, "point-in-time recovery is off", "update-continuous-backups",
	  { "backups/PointInTimeRecoveryDescription={\"PointInTimeRecoveryStatus\":\"DISABLED\"}" } },
	{ "dynamodb-backup", VERDICT_INFO, "'nightly', made 2 h ago", "", { "last_backup=\"nightly\"", "last_backup_ms=1795490000000" } },
	{ "dynamodb-backup", VERDICT_WARN, "there is no backup", "create-backup",
	  { "backups/PointInTimeRecoveryDescription={\"PointInTimeRecoveryStatus\":\"DISABLED\"}" } },
	{ "dynamodb-backup", VERDICT_WARN, "made 34 days ago", "create-backup",
	  { "backups/PointInTimeRecoveryDescription={\"PointInTimeRecoveryStatus\":\"DISABLED\"}", "last_backup=\"old\"",
	    "last_backup_ms=1792490000000" } },
	{ "dynamodb-protection", VERDICT_WARN, "DeleteTable", "--deletion-protection-enabled", { "table/DeletionProtectionEnabled=false" } },
	/* each action, tried */
	{ "dynamodb-proof", VERDICT_FAIL, "as 'prod-vault', dynamodb:UpdateItem failed: AccessDeniedException", "",
	  { TRIAL_DENIED("dynamodb:UpdateItem") } },
	{ "dynamodb-proof", VERDICT_SKIP, "'dynamodb-allow-query' comes first", "",
	  { TRIAL_DENIED("dynamodb:Query"), STORAGE_ACTIONS "\"dynamodb:GetItem\"" } },
	{ "dynamodb-proof", VERDICT_SKIP, "'dynamodb-region' comes first", "",
	  { "trial={\"dynamodb:GetItem\":\"ResourceNotFoundException\"}", "table=null", "env/AWS_REGION=\"us-east-1\"" } },
	{ "dynamodb-proof", VERDICT_SKIP, "'dynamodb-schema' comes first", "",
	  { "trial={\"dynamodb:GetItem\":\"ValidationException\"}", "table/KeySchema=[]" } },
	{ "dynamodb-proof", VERDICT_SKIP, "'irsa-proof' comes first", "", { "trial=null" } },
};

static void the_key_may_be_in_another_region(void **state)
{
	static const char *const settings[] = { FAR_KEY, NULL };

	(void)state;
	fixture_try_healthy_with("dynamodb", settings);
}

static void a_healthy_table_passes(void **state)
{
	(void)state;
	fixture_try_healthy("dynamodb");
}

static void each_wrong_table_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrongs); i++)
		fixture_try(&wrongs[i]);
}

/* A table's name from the cluster is foreign text: it must not become a command of ours. */
static void names_are_words_of_a_shell(void **state)
{
	static const char *const settings[] = { "env/AWS_DYNAMODB_TABLE=\"x; rm -rf $(pwd)\"", "table=null", NULL };
	AUTO(fixture) struct fixture x;

	(void)state;
	fixture_init(&x, settings);
	assert_int_equal(fixture_judge(&x, "dynamodb-table"), VERDICT_FAIL);
	assert_non_null(strstr(x.f.fix, "--table-name 'x; rm -rf $(pwd)' "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_healthy_table_passes),
		cmocka_unit_test(the_key_may_be_in_another_region),
		cmocka_unit_test(each_wrong_table_is_named),
		cmocka_unit_test(names_are_words_of_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
