#include "unit/domain/diag_fixture.h"

#define ALIAS_KEY "facts/key_id=\"alias/prod-vault-unseal\""
#define DENY(act) "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Never\",\"Effect\":\"Deny\",\"Action\":\"" act \
	"\",\"Resource\":\"*\"}]}"
#define OTHER_KEY "{\"Arn\":\"" OTHER_ARN "\",\"KeyId\":\"99999999-2222-3333-4444-555555555555\",\"KeyState\":\"Enabled\"}"
#define GRANT(ops, constraints) "grants=[{\"GrantId\":\"g1\",\"GranteePrincipal\":\"" ROLE_ARN "\",\"Operations\":[" ops "]" \
	constraints "}]"
#define NOBODY "policy/Statement=[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:user/a\"}," \
	"\"Action\":\"kms:*\",\"Resource\":\"*\"}]"
#define SEAL_ACTIONS "inline/vault-policy/Statement/0/Action="

static const struct wrong wrongs[] = {
	/* region */
	{ "kms-region", VERDICT_FAIL, "AWS_REGION=us-east-1 of the pods wins", "AWS_REGION=" R,
	  { "env/AWS_REGION=\"us-east-1\"", "key=null" } },
	{ "kms-region", VERDICT_WARN, "the key 'arn:aws:kms:us-east-1:1:key/2' there is used", "",
	  { "env/AWS_REGION=\"us-east-1\"", "key={\"Arn\":\"arn:aws:kms:us-east-1:1:key/2\"}", "facts/key_id=\"alias/a\"" } },
	{ "kms-region", VERDICT_FAIL, "the seal stanza says eu-west-1, but the key is one of " R, "AWS_REGION=" R,
	  { "env={}", "facts/seal_region=\"eu-west-1\"", "key=null" } },
	{ "kms-region", VERDICT_PASS, "us-east-1", "", { "facts/seal_region=\"us-east-1\"", "env={}", "facts/key_id=\"alias/a\"" } },
	/* existence, state, usage */
	{ "kms-key", VERDICT_FAIL, "names no kms_key_id", "VAULT_AWSKMS_SEAL_KEY_ID=" KEY_ARN, { "facts/key_id=null" } },
	{ "kms-key", VERDICT_FAIL, "does not exist in " R, "aws kms list-aliases", { "key=null", "stored=null" } },
	{ "kms-key", VERDICT_FAIL, "'alias/prod-vault-unseal' does not exist",
	  "aws kms create-alias --region " R " --alias-name alias/prod-vault-unseal --target-key-id " KEY_ARN, { ALIAS_KEY, "key=null" } },
	{ "kms-key", VERDICT_FAIL, "does not exist", "VAULT_AWSKMS_SEAL_KEY_ID=" KEY_ARN, { "facts/key_id=\"1-2\"", "key=null" } },
	{ "kms-key-state", VERDICT_FAIL, "PENDING DELETION, in 7 days: when it is gone, all data", "cancel-key-deletion",
	  { "key/KeyState=\"PendingDeletion\"", "key/DeletionDate=1796103385.5" } },
	{ "kms-key-state", VERDICT_FAIL, "PENDING DELETION: when it is gone", "aws kms enable-key --region " R " --key-id " KEY_ARN,
	  { "key/KeyState=\"PendingDeletion\"" } },
	{ "kms-key-state", VERDICT_FAIL, "is disabled", "aws kms enable-key", { "key/KeyState=\"Disabled\"" } },
	{ "kms-key-state", VERDICT_FAIL, "PendingImport", "", { "key/KeyState=\"PendingImport\"" } },
	{ "kms-key-usage", VERDICT_FAIL, "is for SIGN_VERIFY (RSA_2048)", "VAULT_AWSKMS_SEAL_KEY_ID=" KEY_ARN,
	  { "key/KeyUsage=\"SIGN_VERIFY\"", "key/KeySpec=\"RSA_2048\"" } },
	{ "kms-key-usage", VERDICT_FAIL, "RSA_4096", "aws kms create-key --region " R,
	  { "key/KeySpec=\"RSA_4096\"", "stored/keys=null" } },
	{ "kms-multi-region", VERDICT_INFO, "a multi-Region key (a replica)", "",
	  { "key/MultiRegion=true", "key/MultiRegionConfiguration={\"MultiRegionKeyType\":\"REPLICA\"}" } },
	{ "kms-rotation", VERDICT_WARN, "never rotated", "aws kms enable-key-rotation", { "rotation/KeyRotationEnabled=false" } },
	{ "kms-rotation", VERDICT_SKIP, "EXTERNAL", "", { "key/Origin=\"EXTERNAL\"" } },
	{ "kms-rotation", VERDICT_SKIP, "no rotation", "", { "rotation=null" } },
	/* alias and wrapping key */
	{ "kms-alias", VERDICT_WARN, "by the alias 'alias/prod-vault-unseal'", "VAULT_AWSKMS_SEAL_KEY_ID=" KEY_ARN, { ALIAS_KEY } },
	{ "kms-alias", VERDICT_FAIL, "was pointed to another key", "aws kms update-alias --region " R " --alias-name "
	  "alias/prod-vault-unseal --target-key-id " OTHER_ARN, { ALIAS_KEY, "stored/keys=[\"" OTHER_ARN "\"]" } },
	{ "kms-alias", VERDICT_FAIL, "was pointed to another key", "--alias-name alias/a ",
	  { "facts/key_id=\"arn:aws:kms:" R ":111122223333:alias/a\"", "stored/keys=[\"" OTHER_ARN "\"]" } },
	{ "kms-wrapping-key", VERDICT_PASS, "the configured key wraps", "", { "stored/keys=[\"11111111-2222-3333-4444-555555555555\"]" } },
	{ "kms-wrapping-key", VERDICT_PASS, "the configured key wraps", "", { "stored/keys=[\"" OTHER_ARN "\",\"" KEY_ARN "\"]" } },
	{ "kms-wrapping-key", VERDICT_SKIP, "the table is not there", "", { "stored=null" } },
	{ "kms-wrapping-key", VERDICT_SKIP, "no root key yet", "", { "stored/keys=null" } },
	{ "kms-wrapping-key", VERDICT_FAIL, "not what a seal stores", "", { "stored/keys=[]" } },
	{ "kms-wrapping-key", VERDICT_FAIL, "does not exist any more", "", { "stored/keys=[\"" OTHER_ARN "\"]" } },
	{ "kms-wrapping-key", VERDICT_FAIL, "is PENDING DELETION", "cancel-key-deletion --region " R " --key-id " OTHER_ARN,
	  { "stored/keys=[\"" OTHER_ARN "\"]", "wrapping=" OTHER_KEY, "wrapping/KeyState=\"PendingDeletion\"" } },
	{ "kms-wrapping-key", VERDICT_FAIL, "is Disabled", "enable-key --region " R " --key-id " OTHER_ARN,
	  { "stored/keys=[\"" OTHER_ARN "\"]", "wrapping=" OTHER_KEY, "wrapping/KeyState=\"Disabled\"" } },
	{ "kms-wrapping-key", VERDICT_FAIL, "the role may not call kms:Decrypt on it", "\"Resource\":\"" OTHER_ARN "\"",
	  { "stored/keys=[\"" OTHER_ARN "\"]", "wrapping=" OTHER_KEY } },
	{ "kms-wrapping-key", VERDICT_WARN, "it must stay", "",
	  { "stored/keys=[\"" OTHER_ARN "\"]", "wrapping=" OTHER_KEY, "inline/vault-policy/Statement/0/Resource=\"*\"" } },
	/* key policy and grants */
	{ "kms-key-policy", VERDICT_FAIL, "denies 'prod-vault' kms:Decrypt: statement 2 (Never)", "aws kms put-key-policy",
	  { "policy/Statement=[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"111122223333\"},\"Action\":\"kms:*\",\"Resource\":\"*\"},"
	    "{\"Sid\":\"Never\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"kms:Decrypt\",\"Resource\":\"*\"}]" } },
	{ "kms-key-policy", VERDICT_FAIL, "neither the role nor the account", "arn:aws:iam::111122223333:root", { NOBODY } },
	{ "kms-key-policy", VERDICT_WARN, "no statement for the account", "arn:aws:iam::111122223333:root",
	  { NOBODY, GRANT("\"DescribeKey\",\"Encrypt\",\"Decrypt\"", "") } },
	{ "kms-key-policy", VERDICT_FAIL, "call kms:Decrypt", NULL, { NOBODY, GRANT("\"DescribeKey\",\"Encrypt\"", "") } },
	{ "kms-key-policy", VERDICT_FAIL, "call kms:DescribeKey", NULL,
	  { NOBODY, GRANT("\"DescribeKey\",\"Encrypt\",\"Decrypt\"",
	                  ",\"Constraints\":{\"EncryptionContextSubset\":{\"a\":\"b\"}}") } },
	{ "kms-key-policy", VERDICT_UNKNOWN, "could not be read", "", { "policy=null" } },
	/* the three actions */
	{ "kms-allow-describe", VERDICT_FAIL, "no policy of the role allows it", "kms:DescribeKey",
	  { SEAL_ACTIONS "[\"kms:Encrypt\",\"kms:Decrypt\"]" } },
	{ "kms-allow-encrypt", VERDICT_FAIL, "may not call kms:Encrypt", "aws iam put-role-policy --role-name prod-vault",
	  { SEAL_ACTIONS "[\"kms:DescribeKey\",\"kms:Decrypt\"]" } },
	{ "kms-allow-decrypt", VERDICT_FAIL, "may not call kms:Decrypt", "vault-policy", { "inline={}" } },
	{ "kms-allow-decrypt", VERDICT_PASS, "g1", "", { "inline={}", GRANT("\"Decrypt\"", "") } },
	{ "kms-allow-decrypt", VERDICT_FAIL, "an explicit Deny in the policy of the role 'never', statement 1 (Never)",
	  "aws iam delete-role-policy --role-name prod-vault --policy-name never", { "inline/never=" DENY("kms:D*") } },
	{ "kms-allow-decrypt", VERDICT_FAIL, "an explicit Deny",
	  "aws iam detach-role-policy --role-name prod-vault --policy-arn arn:aws:iam::111122223333:policy/never",
	  { "attached/never=" DENY("kms:D*") } },
	{ "kms-allow-encrypt", VERDICT_FAIL, "no permissions boundary allows it",
	  "aws iam create-policy-version --policy-arn arn:aws:iam::111122223333:policy/bound --set-as-default",
	  { "boundary={\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"dynamodb:*\",\"Resource\":\"*\"}]}" } },
	{ "kms-allow-encrypt", VERDICT_FAIL, "an explicit Deny in the permissions boundary 'bound'", "delete-role-permissions-boundary",
	  { "boundary=" DENY("*") } },
	{ "kms-allow-encrypt", VERDICT_FAIL, "an explicit Deny in the resource policy 'key policy'", "put-key-policy",
	  { "policy/Statement=[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\"}]" } },
	{ "kms-allow-decrypt", VERDICT_FAIL, "service control policy", "aws organizations",
	  { "simulated=[{\"EvalActionName\":\"kms:Decrypt\",\"EvalDecision\":\"implicitDeny\","
	    "\"OrganizationsDecisionDetail\":{\"AllowedByOrganizations\":\"false\"}}]" } },
	{ "kms-allow-decrypt", VERDICT_UNKNOWN, "aws:SourceVpce", "",
	  { "inline/vault-policy/Statement/0/Condition={\"StringEquals\":{\"aws:SourceVpce\":\"vpce-1\"}}" } },
	{ "kms-allow-decrypt", VERDICT_UNKNOWN, "could not be read", "", { "policies_unread=true" } },
	{ "kms-allow-decrypt", VERDICT_UNKNOWN, "could not be read", "", { "policy=null" } },
	/* the round trip */
	{ "kms-proof", VERDICT_FAIL, "as 'prod-vault', kms:Encrypt failed: KMSInternalException", "", { "trial={\"kms:Encrypt\":\"KMSInternalException\"}" } },
	{ "kms-proof", VERDICT_FAIL, "kms:Decrypt failed: DisabledException", "aws kms enable-key",
	  { "trial={\"kms:Decrypt\":\"DisabledException\"}" } },
	{ "kms-proof", VERDICT_SKIP, "'kms-key-state' comes first", "",
	  { "trial={\"kms:Encrypt\":\"DisabledException\"}", "key/KeyState=\"Disabled\"" } },
	{ "kms-proof", VERDICT_SKIP, "'kms-key' comes first", "",
	  { "trial={\"kms:DescribeKey\":\"NotFoundException\"}", "key=null" } },
	{ "kms-proof", VERDICT_SKIP, "'kms-allow-encrypt' comes first", "",
	  { "trial={\"kms:Encrypt\":\"AccessDeniedException\"}", SEAL_ACTIONS "[\"kms:DescribeKey\",\"kms:Decrypt\"]" } },
	{ "kms-proof", VERDICT_SKIP, "'irsa-proof' comes first", "", { "trial=null" } },
	{ "kms-proof", VERDICT_FAIL, "did not come back the same", "", { "trial={\"same\":false}" } },
};

static void a_key_of_another_region_passes(void **state)
{
	static const char *const settings[] = { FAR_KEY, NULL };

	(void)state;
	fixture_try_healthy_with("kms", settings);
}

static void a_healthy_key_passes(void **state)
{
	(void)state;
	fixture_try_healthy("kms");
}

static void each_wrong_key_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrongs); i++)
		fixture_try(&wrongs[i]);
}

/* The statement that denies is gone, the others stay; the text is one word of a shell. */
static void the_mended_key_policy_is_whole(void **state)
{
	static const char *const settings[] = {
		"policy/Statement=[{\"Sid\":\"It's\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"111122223333\"},\"Action\":\"kms:*\","
		"\"Resource\":\"*\"},{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"kms:Decrypt\",\"Resource\":\"*\"}]", NULL
	};
	AUTO(fixture) struct fixture x;

	(void)state;
	fixture_init(&x, settings);
	assert_int_equal(fixture_judge(&x, "kms-key-policy"), VERDICT_FAIL);
	assert_text(x.f.fix, "aws kms put-key-policy --region " R " --key-id " KEY_ARN " --policy-name default --policy "
	            "'{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"It'\\''s\",\"Effect\":\"Allow\",\"Principal\":"
	            "{\"AWS\":\"111122223333\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]}'");
}

/* What else is in the policy stays: a right on the old key may be all that opens the data. */
static void a_policy_with_more_in_it_is_not_replaced(void **state)
{
	static const char *const settings[] = {
		"inline/vault-policy/Statement=[{\"Effect\":\"Allow\",\"Action\":\"kms:Decrypt\",\"Resource\":\"" OTHER_ARN "\"}]", NULL
	};
	AUTO(fixture) struct fixture x;

	(void)state;
	fixture_init(&x, settings);
	assert_int_equal(fixture_judge(&x, "kms-allow-decrypt"), VERDICT_FAIL);
	assert_non_null(strstr(x.f.fix, "\"Resource\":\"" OTHER_ARN "\""));
	assert_non_null(strstr(x.f.fix, "\"Resource\":\"" KEY_ARN "\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_healthy_key_passes),
		cmocka_unit_test(a_key_of_another_region_passes),
		cmocka_unit_test(each_wrong_key_is_named),
		cmocka_unit_test(the_mended_key_policy_is_whole),
		cmocka_unit_test(a_policy_with_more_in_it_is_not_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
