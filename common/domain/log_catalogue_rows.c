/* The rows, the more special first. Vault 1.21.2 with aws-sdk-go 1.55, one fault at a time; older words: Vault 1.14.9. */
#include "domain/log_catalogue.h"

#include "core/scope.h"

#define APPLY    "helm vault-aws apply"
#define RESTART  "kubectl delete pod --wait=false -n {namespace} {pod}"
#define REINIT   "mend the cause, empty the table, start the pods anew, then init again: 'vault operator init' alone says " \
	             "'Vault is already initialized'"

const struct log_row log_rows[] = {
	/* ---- looks like trouble and is none ---- */
	{ "not-initialized", LOG_NORMAL, "stored unseal keys are supported, but none were found", NULL, NULL },
	{ "no-barrier-yet", LOG_NORMAL, "security barrier not initialized", NULL, NULL },
	{ "no-seal-config-yet", LOG_NORMAL, "seal configuration missing, not initialized", NULL, NULL },
	{ "no-recovery-config-yet", LOG_NORMAL, "recovery seal configuration missing, but cannot check old path", NULL, NULL },
	{ "init-shares", LOG_NORMAL, "stored keys supported on init, forcing shares/threshold to 1", NULL, NULL },
	{ "init-no-recovery-key", LOG_NORMAL, "post-unseal upgrade seal keys failed*no recovery key found", NULL, NULL },
	{ "init-already-unsealed", LOG_NORMAL, "attempted unseal with stored keys, but vault is already unsealed", NULL, NULL },
	{ "key-by-alias", LOG_NORMAL, "value has no key-id in common with currently healthy seals", NULL, NULL },
	{ "standby-knocks", LOG_NORMAL, "no TLS config found for ALPN", NULL, NULL },
	{ "steps-down", LOG_NORMAL, "stepping down from active operation to standby", NULL, NULL },
	{ "shuts-down", LOG_NORMAL, "Vault shutdown triggered", NULL, NULL },
	{ "marked-sealed", LOG_NORMAL, "marked as sealed", NULL, NULL },
	{ "teardown", LOG_NORMAL, "pre-seal teardown", NULL, NULL },
	{ "rollback-stops", LOG_NORMAL, "stopping rollback manager", NULL, NULL },

	/* ---- good news ---- */
	{ "keys-found", LOG_NORMAL, "stored unseal keys supported, attempting fetch", NULL, NULL },
	{ "unsealed", LOG_GOOD, "vault is unsealed", NULL, NULL },
	{ "standby", LOG_GOOD, "entering standby mode", NULL, NULL },
	{ "unsealed-with-key", LOG_GOOD, "unsealed with stored key", NULL, NULL },
	{ "lock-acquired", LOG_GOOD, "acquired lock, enabling active operation", NULL, NULL },
	{ "setup-starts", LOG_NORMAL, "post-unseal setup starting", NULL, NULL },
	{ "setup-complete", LOG_GOOD, "post-unseal setup complete", NULL, NULL },
	{ "seal-healthy-again", LOG_GOOD, "seal backend is now healthy again", NULL, NULL },

	/* ---- credentials: the process ends ---- */
	{ "node-role", LOG_STOPS, "assumed-role/*/i-* is not authorized to perform",
	  "AWS refuses the node's own role ('assumed-role/.../i-...'): the pod has no role of its own, or STS refused it",
	  "kubectl vault-check irsa -n {namespace}\n" RESTART },
	{ "sts-no-provider", LOG_STOPS, "InvalidIdentityToken*No OpenIDConnect provider found",
	  "STS does not know the cluster's issuer: IAM has no OIDC provider for it", APPLY },
	{ "sts-audience", LOG_STOPS, "InvalidIdentityToken*Incorrect token audience",
	  "STS refuses the token's audience: the OIDC provider in IAM does not list 'sts.amazonaws.com'",
	  "aws iam list-open-id-connect-providers\nkubectl vault-check irsa -n {namespace}" },
	{ "sts-refused", LOG_STOPS, "Not authorized to perform sts:AssumeRoleWithWebIdentity",
	  "STS refuses the pod's role: the trust policy names another subject or audience, or the role does not exist (the three "
	  "are one text)", "kubectl vault-check irsa -n {namespace}" },
	{ "sts-busy", LOG_STOPS, "WebIdentityErr*ServiceUnavailable", "STS was not available when the pod started; it starts again "
	  "by itself", NULL },
	{ "sts-tls", LOG_STOPS, "WebIdentityErr*sts.*tls:", "the pod does not trust what answers as STS: a proxy or an endpoint with "
	  "a certificate of its own stands between", NULL },
	{ "sts-unreachable", LOG_STOPS, "WebIdentityErr*RequestError: send request failed", "the pod does not reach STS: network "
	  "policy, DNS, or no way out", "kubectl vault-check cluster -n {namespace}" },
	{ "sts-failed", LOG_STOPS, "error assuming role with web identity", "the pod got no credentials from STS",
	  "kubectl vault-check irsa -n {namespace}" },
	{ "sts-failed-v2", LOG_STOPS, "failed to refresh cached credentials", "the pod got no credentials for its role",
	  "kubectl vault-check irsa -n {namespace}" },
	{ "no-node-role", LOG_STOPS, "no EC2 IMDS role found", "the pod has no role of its own and the node has none to lend",
	  "kubectl vault-check irsa -n {namespace}" },
	{ "no-credentials", LOG_STOPS, "NoCredentialProviders: no valid providers in chain",
	  "the pod has no AWS credentials: the service account names no role, or the pod is older than its annotation",
	  "kubectl vault-check irsa -n {namespace}\n" RESTART },

	/* ---- storage: the process ends ---- */
	{ "storage-create-table", LOG_STOPS, "Error initializing storage of type dynamodb*dynamodb:CreateTable",
	  "the table '{table}' is not there, so Vault tries to make one and may not (do not grant CreateTable: it would make one "
	  "without encryption, backup or tags)", APPLY },
	{ "storage-describe-table", LOG_STOPS, "Error initializing storage of type dynamodb*dynamodb:DescribeTable",
	  "the role may not dynamodb:DescribeTable; where the region in the refusal is not the table's, AWS_REGION in the pod has "
	  "overridden the stanza", APPLY },
	{ "storage-no-table", LOG_STOPS, "Error initializing storage of type dynamodb*ResourceNotFoundException",
	  "the table '{table}' is not there in the region that the pod uses", APPLY },
	{ "storage-init", LOG_STOPS, "Error initializing storage of type dynamodb", "the storage could not be opened",
	  "kubectl vault-check dynamodb -n {namespace}" },

	/* ---- seal: the process ends ---- */
	{ "seal-denied-by-key", LOG_STOPS, "error fetching AWS KMS wrapping key information*with an explicit deny in a resource-based policy",
	  "the key's own policy denies the role kms:DescribeKey", "kubectl vault-check kms -n {namespace}" },
	{ "seal-denied", LOG_STOPS, "error fetching AWS KMS wrapping key information*with an explicit deny",
	  "a policy denies the role kms:DescribeKey", "kubectl vault-check kms -n {namespace}" },
	{ "seal-key-policy-silent", LOG_STOPS, "error fetching AWS KMS wrapping key information*no resource-based policy allows",
	  "the key's policy opens it neither to the account nor to the role", "kubectl vault-check kms -n {namespace}" },
	{ "seal-describe-key", LOG_STOPS, "error fetching AWS KMS wrapping key information*kms:DescribeKey",
	  "the role may not kms:DescribeKey", APPLY },
	{ "seal-describe-key-v2", LOG_STOPS, "is not authorized to perform: kms:DescribeKey", "the role may not kms:DescribeKey", APPLY },
	{ "seal-no-key", LOG_STOPS, "error fetching AWS KMS wrapping key information*NotFoundException",
	  "the seal's key or alias does not exist in the region that the pod uses (AWS_REGION wins over the stanza)",
	  "kubectl vault-check kms -n {namespace}" },
	{ "seal-throttled", LOG_STOPS, "error fetching AWS KMS wrapping key information*ThrottlingException",
	  "KMS was asked too often by this account when the pod started; it starts again by itself", NULL },
	{ "seal-kms-failed", LOG_STOPS, "error fetching AWS KMS wrapping key information*InternalFailure",
	  "KMS failed when the pod started; it starts again by itself", NULL },
	{ "seal-no-key-id", LOG_STOPS, "key id not found in env or config for aws kms wrapper configuration",
	  "the seal stanza names no kms_key_id", "helm vault-aws install {release} -n {namespace}" },
	{ "seal-key", LOG_STOPS, "error fetching AWS KMS wrapping key information", "the seal's key could not be read",
	  "kubectl vault-check kms -n {namespace}" },
	{ "seal-v2", LOG_STOPS, "operation error KMS:", "a call to KMS failed", "kubectl vault-check kms -n {namespace}" },
	{ "seal-config", LOG_STOPS, "error parsing Seal configuration", "the seal stanza cannot be used",
	  "kubectl vault-check kms -n {namespace}" },
	{ "seal-type", LOG_STOPS, "barrier seal type does not match loaded type",
	  "the table was sealed by another kind of seal than the configuration names: a seal changes only by a migration", NULL },

	/* ---- alive but closed ---- */
	{ "storage-get-item", LOG_STOPS, "storage migration check error*dynamodb:GetItem", "the role may not dynamodb:GetItem, so Vault "
	  "never listens", APPLY },
	{ "storage-migration-check", LOG_STOPS, "storage migration check error", "the table cannot be read, so Vault never listens",
	  "kubectl vault-check dynamodb -n {namespace}" },
	{ "storage-migration-status", LOG_STOPS, "Unable to read storage migration status", "the table cannot be read, so Vault never "
	  "listens", "kubectl vault-check dynamodb -n {namespace}" },
	{ "storage-query", LOG_STOPS, "barrier init check failed*dynamodb:Query", "the role may not dynamodb:Query", APPLY },
	{ "storage-query-upgrades", LOG_STOPS, "error performing key upgrades*dynamodb:Query", "the role may not dynamodb:Query, so no "
	  "pod stays active", APPLY },
	{ "half-initialized", LOG_STOPS, "flag indicates Vault initialization is still in progress",
	  "the table is half initialised: an init was refused midway, and this Vault can never be unsealed", NULL },
	{ "unseal-disabled", LOG_STOPS, "failed to unseal core*DisabledException", "the seal's key is disabled",
	  "aws kms enable-key --region {key_region} --key-id {key}" },
	{ "unseal-pending-deletion", LOG_STOPS, "failed to unseal core*is pending deletion",
	  "the seal's key is PENDING DELETION: when it is gone, the data is gone for ever",
	  "aws kms cancel-key-deletion --region {key_region} --key-id {key}\naws kms enable-key --region {key_region} --key-id {key}" },
	{ "unseal-key-state", LOG_STOPS, "failed to unseal core*KMSInvalidStateException", "the seal's key cannot be used in its state",
	  "kubectl vault-check kms -n {namespace}" },
	{ "unseal-decrypt", LOG_STOPS, "failed to unseal core*kms:Decrypt", "the role may not kms:Decrypt: Vault unseals itself within "
	  "5 seconds once it may", APPLY },
	{ "unseal-failed", LOG_STOPS, "failed to unseal core", "Vault cannot unseal itself", "kubectl vault-check kms -n {namespace}" },
	{ "unseal-fetch", LOG_STOPS, "fetching stored unseal keys failed", "Vault cannot unseal itself",
	  "kubectl vault-check kms -n {namespace}" },
	{ "unseal-with-key", LOG_STOPS, "unseal with stored key failed", "Vault cannot unseal itself",
	  "kubectl vault-check kms -n {namespace}" },
	{ "setup-failed", LOG_STOPS, "post-unseal setup failed", "what is in the table cannot be used, or not with these rights",
	  "kubectl vault-check dynamodb -n {namespace}" },

	/* ---- init ---- */
	{ "init-keyring", LOG_STOPS, "failed to initialize barrier*dynamodb:BatchWriteItem", "init was refused: the role may not "
	  "dynamodb:BatchWriteItem; nothing was left behind", APPLY },
	{ "init-barrier", LOG_STOPS, "failed to initialize barrier", "init was refused by the storage",
	  "kubectl vault-check dynamodb -n {namespace}" },
	{ "init-encrypt", LOG_STOPS, "failed to store keys*error encrypting data", "init was refused midway: KMS did not encrypt, and the "
	  "table is half initialised now. To come out of it: " REINIT, NULL },
	{ "init-store-keys", LOG_STOPS, "failed to store keys", "init was refused midway, and the table is half initialised now. To come "
	  "out of it: " REINIT, NULL },
	{ "encrypt-with-seal", LOG_STOPS, "error encrypting with seal", "KMS does not encrypt for this role",
	  "kubectl vault-check kms -n {namespace}" },
	{ "encrypt-any-seal", LOG_STOPS, "failed to encrypt value using any seal wrappers", "KMS does not encrypt for this role",
	  "kubectl vault-check kms -n {namespace}" },

	/* ---- no leader ---- */
	{ "lock-table-gone", LOG_STOPS, "failed to acquire lock*ResourceNotFoundException", "the table '{table}' is gone", NULL },
	{ "lock-update-item", LOG_STOPS, "failed to acquire lock*dynamodb:UpdateItem", "the role may not dynamodb:UpdateItem, so no pod ever "
	  "becomes active, though all are Ready", APPLY },
	{ "lock-unreachable", LOG_STOPS, "failed to acquire lock*RequestError", "DynamoDB was not reached", NULL },
	{ "lock-failed", LOG_STOPS, "failed to acquire lock", "no pod can take the lock: DynamoDB refuses, throttles or is not reached",
	  "kubectl vault-check dynamodb -n {namespace}" },
	{ "advertise-batch-write", LOG_STOPS, "leader advertisement setup failed*dynamodb:BatchWriteItem", "the role may not "
	  "dynamodb:BatchWriteItem, so who takes the lock gives it back", APPLY },
	{ "advertise-failed", LOG_STOPS, "leader advertisement setup failed", "who takes the lock cannot say so and gives it back",
	  "kubectl vault-check dynamodb -n {namespace}" },
	{ "unlock-table-gone", LOG_STOPS, "unlocking HA lock failed*ResourceNotFoundException", "the table '{table}' is gone", NULL },
	{ "unlock-delete-item", LOG_STOPS, "unlocking HA lock failed*dynamodb:DeleteItem", "the role may not dynamodb:DeleteItem: the old "
	  "leader goes on renewing its lock as a standby, and nobody becomes active until that pod is deleted", APPLY "\n" RESTART },
	{ "unlock-failed", LOG_STOPS, "unlocking HA lock failed", "the old leader could not give its lock back and goes on renewing it",
	  RESTART },
	{ "advertisement-clear", LOG_STOPS, "clearing leader advertisement failed", "the old leader could not withdraw its name",
	  "kubectl vault-check dynamodb -n {namespace}" },

	/* ---- while it runs ---- */
	{ "health-decrypt", LOG_RUNS, "seal wrapper health check failed*kms:Decrypt", "the role may not kms:Decrypt: Vault serves on, and "
	  "stays sealed from its next start", APPLY },
	{ "health-encrypt", LOG_RUNS, "seal wrapper health check failed*kms:Encrypt", "the role may not kms:Encrypt", APPLY },
	{ "health-disabled", LOG_RUNS, "seal wrapper health check failed*is disabled", "the seal's key is disabled: Vault serves on, and "
	  "stays sealed from its next start", "aws kms enable-key --region {key_region} --key-id {key}" },
	{ "health-pending-deletion", LOG_RUNS, "seal wrapper health check failed*is pending deletion",
	  "the seal's key is PENDING DELETION: when it is gone, the data is gone for ever",
	  "aws kms cancel-key-deletion --region {key_region} --key-id {key}\naws kms enable-key --region {key_region} --key-id {key}" },
	{ "health-failed", LOG_RUNS, "seal wrapper health check failed", "KMS is lost: Vault serves on, and stays sealed from its next "
	  "start", "kubectl vault-check kms -n {namespace}" },
	{ "health-failed-old", LOG_RUNS, "seal health test value, seal backend may be unreachable", "KMS is lost: Vault serves on, and "
	  "stays sealed from its next start", "kubectl vault-check kms -n {namespace}" },
	{ "seal-unhealthy", LOG_RUNS, "seal backend is completely unhealthy", "KMS is lost: Vault serves on, and stays sealed from its "
	  "next start", "kubectl vault-check kms -n {namespace}" },
	{ "renew-table-gone", LOG_RUNS, "error renewing leadership lock*ResourceNotFoundException", "the table '{table}' is gone", NULL },
	{ "renew-update-item", LOG_RUNS, "error renewing leadership lock*dynamodb:UpdateItem", "the role may not dynamodb:UpdateItem any "
	  "more: once the leader goes, none follows", APPLY },
	{ "renew-unreachable", LOG_RUNS, "error renewing leadership lock*RequestError", "DynamoDB's replies do not arrive", NULL },
	{ "renew-failed", LOG_RUNS, "error renewing leadership lock", "DynamoDB refuses, throttles or is not reached",
	  "kubectl vault-check dynamodb -n {namespace}" },
	{ "leadership-lost", LOG_RUNS, "leadership lost, stopping active operation", "a leader lost its lock: where nothing else is said, "
	  "look at the table's throttled requests", "kubectl vault-check dynamodb -n {namespace}" },
	{ "reload-get-item", LOG_STOPS, "seal configuration reload error*dynamodb:GetItem", "the role may not dynamodb:GetItem any more: "
	  "Vault has sealed itself", APPLY "\n" RESTART },
	{ "reload-failed", LOG_STOPS, "seal configuration reload error", "Vault could not read its seal configuration and has sealed itself",
	  RESTART },
	{ "sealed-itself", LOG_STOPS, "[WARN]*core: vault is sealed", "Vault has sealed itself", RESTART },
	{ "sealed", LOG_NORMAL, "core: vault is sealed", NULL, NULL },
	{ "write-batch-write", LOG_RUNS, "failed to persist mount table*dynamodb:BatchWriteItem", "the role may not dynamodb:BatchWriteItem "
	  "any more: reads go on, writes fail", APPLY },
	{ "write-failed", LOG_RUNS, "failed to persist mount table", "a write to the table failed",
	  "kubectl vault-check dynamodb -n {namespace}" },
	{ "oidc-rotate-query", LOG_RUNS, "error rotating OIDC keys*dynamodb:Query", "the role may not dynamodb:Query any more", APPLY },
	{ "oidc-expire-query", LOG_RUNS, "error expiring OIDC public keys*dynamodb:Query", "the role may not dynamodb:Query any more",
	  APPLY },
	{ "oidc-rotate", LOG_RUNS, "error rotating OIDC keys", "a read of the table failed", "kubectl vault-check dynamodb -n {namespace}" },
	{ "oidc-expire", LOG_RUNS, "error expiring OIDC public keys", "a read of the table failed",
	  "kubectl vault-check dynamodb -n {namespace}" },
	{ "upgrade-check", LOG_RUNS, "key rotation periodic upgrade check failed", "a read of the table failed",
	  "kubectl vault-check dynamodb -n {namespace}" },
	{ "write-throttled", LOG_RUNS, "timeout handling UnproccessedItems", "DynamoDB throttles the table's writes: its capacity is too small",
	  "kubectl vault-check dynamodb -n {namespace}" },

	/* ---- Kubernetes ---- */
	{ "registration", LOG_RUNS, "unable to set initial state due to", "Vault may not label its own pod, so '{fullname}-active' leads "
	  "nowhere", "kubectl auth can-i patch pods -n {namespace} --as system:serviceaccount:{namespace}:{account}" },
	{ "registration-update", LOG_RUNS, "unable to update state for", "Vault may not label its own pod, so its Services lead astray",
	  "kubectl auth can-i patch pods -n {namespace} --as system:serviceaccount:{namespace}:{account}" },

	/* ---- whatever else names the table ---- */
	{ "table-gone", LOG_STOPS, "ResourceNotFoundException: Requested resource not found", "the table '{table}' is not there", APPLY },
};

const size_t n_log_rows = COUNT_OF(log_rows);
