/* kms: can the key that the release names seal and unseal? The table; the judges are in check_kms_*.c. */
#include "domain/check_kms.h"

#include "domain/diag_base.h"

#define SEAL_SOURCE "vault, internalshared/configutil/kms.go; go-kms-wrapping, wrappers/awskms"
#define POLICY_SOURCE "IAM User Guide, Policy evaluation logic; KMS Developer Guide, Key policies"

#define ALLOW(name, act, judge_) \
	{ .id = "kms-allow-" name, .title = "the role may call kms:" act, .link = LINK_ROLE, .aws_alone = true, \
	  .needs = NEEDS("irsa-role", "kms-key", "kms-key-policy"), .reads = NEEDS("role.policies", "key.policy"), \
	  .uses = NEEDS("key.grants", "role.simulate"), .judge = judge_, \
	  .decides = "All policies of the role, its permissions boundary, the key policy and the key's grants, evaluated for " \
	             "kms:" act " on the key; IAM's simulator is asked for what the organisation's policies say.", \
	  .remedy = "give the role kms:" act " on the key, or take away the statement that denies it", .reference = POLICY_SOURCE }

static const struct check checks[] = {
	{ .id = "kms-region", .aws_alone = true, .title = "the key is looked for in its region", .link = LINK_KEY, .needs = NEEDS("config"),
	  .reads = NEEDS("config.read", "pods.read", "key.read"), .uses = NEEDS("key.elsewhere"), .judge = judge_key_region,
	  .decides = "Vault takes AWS_REGION and AWS_DEFAULT_REGION of the pod before the region of the seal stanza (from 1.15), and "
	             "EKS's webhook sets both. They must agree with the stanza, and with the key's ARN.",
	  .remedy = "set AWS_REGION and AWS_DEFAULT_REGION of the container to the key's region",
	  .reference = SEAL_SOURCE "; hashicorp/vault#24114" },
	{ .id = "kms-key", .aws_alone = true, .title = "the seal key is there", .link = LINK_KEY, .needs = NEEDS("config", "kms-region"),
	  .reads = NEEDS("config.read", "pods.read", "key.read"), .uses = NEEDS("stored.read"), .judge = judge_key,
	  .decides = "DescribeKey on the key that the running pods use: VAULT_AWSKMS_SEAL_KEY_ID of the pod first, then the seal "
	             "stanza.",
	  .remedy = "name the right key and region",
	  .reference = SEAL_SOURCE },
	{ .id = "kms-key-state", .aws_alone = true, .title = "the seal key is enabled", .link = LINK_KEY, .needs = NEEDS("kms-key"),
	  .reads = NEEDS("key.read"), .judge = judge_key_state,
	  .decides = "The key's state must be Enabled. Pending deletion is the worst that this program can find: no backup helps.",
	  .remedy = "cancel the deletion, then enable the key: cancelling alone leaves it disabled",
	  .reference = "KMS Developer Guide, Key states" },
	{ .id = "kms-key-usage", .aws_alone = true, .title = "the seal key encrypts and decrypts", .link = LINK_KEY, .needs = NEEDS("kms-key"),
	  .reads = NEEDS("key.read"), .uses = NEEDS("stored.read"), .judge = judge_key_usage,
	  .decides = "KeyUsage must be ENCRYPT_DECRYPT and KeySpec SYMMETRIC_DEFAULT.",
	  .remedy = "make a symmetric key for ENCRYPT_DECRYPT and name it",
	  .reference = "KMS API Reference, KeyMetadata" },
	{ .id = "kms-alias", .title = "no alias stands between Vault and its key", .link = LINK_KEY, .needs = NEEDS("kms-key"),
	  .reads = NEEDS("key.read"), .uses = NEEDS("stored.read"), .judge = judge_alias,
	  .decides = "Where the configuration names an alias, the key it leads to must be the one that wraps the root key in the "
	             "table.",
	  .remedy = "point the alias back, and name the key by its id",
	  .reference = SEAL_SOURCE },
	{ .id = "kms-wrapping-key", .aws_alone = true, .title = "the key that wraps the root key is the configured one", .link = LINK_KEY,
	  .needs = NEEDS("kms-key", "kms-alias"), .reads = NEEDS("stored.read", "key.read"),
	  .uses = NEEDS("key.wrapping", "role.policies"), .judge = judge_wrapping,
	  .decides = "Reads the item core/hsm/barrier-unseal-keys of the table, which says by which keys it is wrapped, and looks at "
	             "that key: with Vault down too. Another key than the configured one must stay enabled and allowed.",
	  .remedy = "keep the old key usable until the root key is wrapped anew",
	  .reference = "go-kms-wrapping, github.com.hashicorp.go.kms.wrapping.v2.types.proto; vault, vault/seal.go" },
	{ .id = "kms-rotation", .aws_alone = true, .title = "the seal key is rotated", .link = LINK_KEY, .needs = NEEDS("kms-key", "kms-key-state"),
	  .reads = NEEDS("key.read", "key.rotation"), .judge = judge_rotation,
	  .decides = "GetKeyRotationStatus. The old key material is kept, so rotating breaks nothing.",
	  .remedy = "switch rotation on",
	  .reference = "KMS Developer Guide, Rotate AWS KMS keys" },
	{ .id = "kms-multi-region", .aws_alone = true, .title = "whether the key is a multi-Region key", .link = LINK_KEY, .needs = NEEDS("kms-key"),
	  .reads = NEEDS("key.read"), .judge = judge_multi_region,
	  .decides = "MultiRegion of DescribeKey. It cannot be changed later.",
	  .remedy = "decide before the first init (kms_multi_region)",
	  .reference = "KMS Developer Guide, Multi-Region keys; hashicorp/vault#6046" },
	{ .id = "kms-key-policy", .aws_alone = true, .title = "the key policy lets the role in", .link = LINK_KEY, .needs = NEEDS("kms-key"),
	  .reads = NEEDS("key.policy", "account.read"), .uses = NEEDS("key.grants"), .judge = judge_key_policy,
	  .decides = "Evaluates the key policy for the role and the three actions: without its leave no policy of the role counts. A "
	             "grant is a leave as well. It should have a statement for the account.",
	  .remedy = "put the account's statement into the key policy, and take the Deny out",
	  .reference = "KMS Developer Guide, Default key policy" },
	ALLOW("describe", "DescribeKey", judge_allow_describe),
	ALLOW("encrypt", "Encrypt", judge_allow_encrypt),
	ALLOW("decrypt", "Decrypt", judge_allow_decrypt),
	{ .id = "kms-proof", .title = "the role encrypts and decrypts with the key", .link = LINK_KEY, .proof = true,
	  .needs = NEEDS("irsa-proof"), .reads = NEEDS("trial.assume", "trial.key", "trial.decrypt"),
	  .uses = NEEDS("key.read", "key.policy", "key.grants", "role.policies"),
	  .judge = judge_kms_proof,
	  .decides = "With credentials of the role, taken by a token of the service account: DescribeKey, Encrypt of random bytes, "
	             "Decrypt, and the bytes must be the same. A KMS that fails is silent in a running Vault for ten minutes, so it "
	             "is asked.",
	  .remedy = "give the role what AWS's answer says is missing",
	  .reference = "vault, vault/seal_autoseal.go; KMS API Reference, Encrypt and Decrypt" },
};

const struct check_family kms_family = {
	.name = "kms", .title = "Seal key (KMS)", .checks = checks, .n_checks = COUNT_OF(checks),
	.steps = diag_kms_steps, .n_steps = DIAG_KMS_STEPS,
};
