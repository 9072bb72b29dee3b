/* kms: can the key that the release names seal and unseal? */
#include "domain/diag_base.h"

#include "core/text.h"

static enum verdict judge_key(const struct diag *d, struct finding *f)
{
	const char *id = diag_key_id(d), *region = diag_key_region(d), *state, *arn;

	if (!id) {
		found(f, "the seal stanza names no kms_key_id");
		return VERDICT_FAIL;
	}
	evidence(f, "configured key", "%s", id);
	evidence(f, "region", "%s", region ? region : "");
	if (!d->key) {
		found(f, "the key '%s' does not exist in %s", id, region ? region : "the region");
		fix(f, "aws kms list-aliases --region %s", region ? region : "REGION");
		return VERDICT_FAIL;
	}
	arn = value_text_or(d->key, "Arn", "");
	state = value_text_or(d->key, "KeyState", "");
	evidence(f, "state", "%s", state);
	if (text_same(state, "PendingDeletion")) {
		found(f, "the key '%s' is PENDING DELETION: when it is gone, the data in Vault is gone for ever", arn);
		fix(f, "aws kms cancel-key-deletion --region %s --key-id %s", region, arn);
		fix(f, "aws kms enable-key --region %s --key-id %s", region, arn);
		return VERDICT_FAIL;
	}
	if (!text_same(state, "Enabled")) {
		found(f, "the key '%s' is %s", arn, state);
		fix(f, "aws kms enable-key --region %s --key-id %s", region, arn);
		return VERDICT_FAIL;
	}
	if (!text_same(value_text_or(d->key, "KeyUsage", ""), "ENCRYPT_DECRYPT") ||
	    !text_same(value_text_or(d->key, "KeySpec", "SYMMETRIC_DEFAULT"), "SYMMETRIC_DEFAULT")) {
		found(f, "the key '%s' is for %s (%s); a seal needs a symmetric key for ENCRYPT_DECRYPT", arn,
		      value_text_or(d->key, "KeyUsage", ""), value_text_or(d->key, "KeySpec", ""));
		return VERDICT_FAIL;
	}
	found(f, "'%s' is enabled", arn);
	return VERDICT_PASS;
}

static const struct check checks[] = {
	{ .id = "kms-key", .title = "the seal key can be used", .link = LINK_KEY, .needs = NEEDS("config"),
	  .reads = NEEDS("config.read", "pods.read", "key.read"), .judge = judge_key,
	  .decides = "DescribeKey on the key that the running pods use: environment of the pod first, then the seal stanza. It "
	             "must be there, Enabled, symmetric, and for ENCRYPT_DECRYPT.",
	  .remedy = "enable the key, cancel its deletion, or name the right key and region",
	  .reference = "KMS API Reference, DescribeKey; vault, internalshared/configutil/kms.go" },
};

const struct check_family kms_family = {
	.name = "kms", .title = "Seal key (KMS)", .checks = checks, .n_checks = COUNT_OF(checks), .steps = NULL, .n_steps = 0,
};
