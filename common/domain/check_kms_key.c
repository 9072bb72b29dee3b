/* kms: the key that the pods ask for, its state, and what it is for. */
#include "domain/check_kms.h"

#include "core/text.h"

#include <inttypes.h>

/* kubectl may wait for ever for a pod that a StatefulSet has made anew under the same name meanwhile. */
void fix_restart(const struct diag *d, struct finding *f)
{
	fix(f, "kubectl delete pod --wait=false -n %s -l app.kubernetes.io/instance=%s,component=server", d->release.namespace_, d->release.name);
}

void fix_setting(const struct diag *d, struct finding *f, const char *name, const char *text)
{
	fix(f, "kubectl set env statefulset/%s -n %s -c vault %s=%s    # and in server.extraEnvironmentVars of the chart's values",
	    d->release.fullname, d->release.namespace_, name, shell_word(f->mem, text));
}

const char *span(struct arena *a, int64_t ms)
{
	int64_t s = (ms < 0 ? -ms : ms) / 1000;

	if (s < 120)
		return arena_printf(a, "%" PRId64 " s", s);
	if (s < 7200)
		return arena_printf(a, "%" PRId64 " min", s / 60);
	if (s < 2 * 86400)
		return arena_printf(a, "%" PRId64 " h", s / 3600);
	return arena_printf(a, "%" PRId64 " days", s / 86400);
}

const char *ago(struct arena *a, int64_t at_ms, int64_t now_ms)
{
	const char *how_far = span(a, now_ms - at_ms);

	return at_ms < now_ms ? arena_printf(a, "%s ago", how_far) : arena_printf(a, "in %s", how_far);
}

const char *key_region_word(const struct diag *d, struct arena *a)
{
	const char *region = diag_key_region(d);

	if (!region)
		region = d->aws && d->aws->region ? d->aws->region : "us-east-1";
	return shell_word(a, region);
}

/* Which variable of the pod decides where the key is looked for; NULL: none. */
static const char *region_variable(const struct diag *d)
{
	if (!text_empty(diag_setting(d, "AWS_REGION")))
		return "AWS_REGION";
	return text_empty(diag_setting(d, "AWS_DEFAULT_REGION")) ? NULL : "AWS_DEFAULT_REGION";
}

/* Both, since Vault takes either by chance where they differ; the webhook leaves alone what is set. */
static void fix_key_region(const struct diag *d, struct finding *f, const char *home)
{
	fix_setting(d, f, "AWS_REGION", home);
	fix_setting(d, f, "AWS_DEFAULT_REGION", home);
	if (d->facts.storage_region && !text_same(d->facts.storage_region, home) && !diag_setting(d, "AWS_DYNAMODB_REGION"))
		fix_setting(d, f, "AWS_DYNAMODB_REGION", d->facts.storage_region);
	fix_restart(d, f);
}

JUDGE(judge_key_region)
{
	const char *home = diag_key_home(d), *region = diag_key_region(d), *variable = region_variable(d);
	const struct diag_kms *p = diag_kms(d);

	if (!home || !region || text_same(home, region)) {
		found(f, "the key is looked for in %s", region ? region : home ? home : "Vault's default region");
		return VERDICT_PASS;
	}
	evidence(f, "configuration", "%s, by the %s", home, text_same(home, d->facts.seal_region) ? "seal stanza" : "key's ARN");
	evidence(f, variable ? variable : "seal stanza", "%s", region);
	if (d->key) {
		found(f, "%s=%s of the pods wins over the seal stanza's region %s: the key '%s' there is used",
		      variable ? variable : "region", region, home, value_text_or(d->key, "Arn", ""));
		return VERDICT_WARN;
	}
	if (variable)
		found(f, "%s=%s of the pods wins over the configured region %s, and the key is not there", variable, region, home);
	else
		found(f, "the seal stanza says %s, but the key is one of %s", region, home);
	if (p->elsewhere_read)
		evidence(f, "in the configured region", "%s", p->elsewhere ? value_text_or(p->elsewhere, "Arn", "") : "not there either");
	fix_key_region(d, f, home);
	return VERDICT_FAIL;
}

static void fix_absent(const struct diag *d, struct finding *f, const char *id, const char *region)
{
	const struct stored *s = diag_stored(d);
	const char *wrapping = s->n_keys ? s->keys[0] : NULL;

	if (wrapping && text_starts(id, "alias/")) {
		fix(f, "aws kms create-alias --region %s --alias-name %s --target-key-id %s", shell_word(f->mem, region),
		    shell_word(f->mem, id), shell_word(f->mem, wrapping));
		fix_restart(d, f);
	} else if (wrapping && !text_same(wrapping, id)) {
		fix_setting(d, f, "VAULT_AWSKMS_SEAL_KEY_ID", wrapping);
		fix_restart(d, f);
	} else {
		fix(f, "aws kms list-aliases --region %s    # which key it should be", shell_word(f->mem, region));
	}
}

JUDGE(judge_key)
{
	const char *id = diag_key_id(d), *region = diag_key_region(d);
	const struct stored *s = diag_stored(d);

	if (text_empty(id)) {
		found(f, "the seal stanza names no kms_key_id");
		if (s->n_keys) {
			fix_setting(d, f, "VAULT_AWSKMS_SEAL_KEY_ID", s->keys[0]);
			fix_restart(d, f);
		}
		return VERDICT_FAIL;
	}
	region = region ? region : key_region_word(d, f->mem);
	evidence(f, "configured key", "%s", id);
	evidence(f, "region", "%s", region);
	for (size_t i = 0; i < s->n_keys; i++)
		evidence(f, "wraps the stored root key", "%s", s->keys[i]);
	if (!d->key && d->assumed)
		return unknown_assumed(f, "key", id, "kms-key-id");
	if (!d->key) {
		found(f, "the key '%s' does not exist in %s", id, region);
		fix_absent(d, f, id, region);
		return VERDICT_FAIL;
	}
	found(f, "'%s' is there", value_text_or(d->key, "Arn", ""));
	return VERDICT_PASS;
}

static void fix_state(const struct diag *d, struct finding *f, bool cancel)
{
	const char *arn = shell_word(f->mem, value_text_or(d->key, "Arn", ""));
	const char *region = key_region_word(d, f->mem);

	if (cancel)
		fix(f, "aws kms cancel-key-deletion --region %s --key-id %s", region, arn);
	fix(f, "aws kms enable-key --region %s --key-id %s", region, arn);
}

JUDGE(judge_key_state)
{
	const char *state = value_text_or(d->key, "KeyState", ""), *arn = value_text_or(d->key, "Arn", "");
	int64_t gone_ms = diag_stamp_ms(value_get(d->key, "DeletionDate"));

	evidence(f, "state", "%s", state);
	if (text_same(state, "PendingDeletion")) {
		found(f, "the key '%s' is PENDING DELETION%s%s: when it is gone, all data in Vault is gone for ever", arn,
		      gone_ms ? ", " : "", gone_ms ? ago(f->mem, gone_ms, host_wall_ms(d->host)) : "");
		fix_state(d, f, true);
		return VERDICT_FAIL;
	}
	if (text_same(state, "Disabled")) {
		found(f, "the key '%s' is disabled: a running Vault notices after ten minutes, a starting one at once", arn);
		fix_state(d, f, false);
		return VERDICT_FAIL;
	}
	if (!text_same(state, "Enabled")) {
		found(f, "the key '%s' is in the state %s and cannot be used", arn, state);
		return VERDICT_FAIL;
	}
	found(f, "'%s' is enabled", arn);
	return VERDICT_PASS;
}

JUDGE(judge_key_usage)
{
	const char *usage = value_text_or(d->key, "KeyUsage", ""), *arn = value_text_or(d->key, "Arn", "");
	const char *spec = value_text_or(d->key, "KeySpec", value_text_or(d->key, "CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"));
	const struct stored *s = diag_stored(d);

	evidence(f, "usage, spec", "%s, %s", usage, spec);
	if (text_same(usage, "ENCRYPT_DECRYPT") && text_same(spec, "SYMMETRIC_DEFAULT")) {
		found(f, "a symmetric key for ENCRYPT_DECRYPT");
		return VERDICT_PASS;
	}
	found(f, "the key '%s' is for %s (%s); a seal needs a symmetric one for ENCRYPT_DECRYPT", arn, usage, spec);
	if (s->n_keys) {
		fix_setting(d, f, "VAULT_AWSKMS_SEAL_KEY_ID", s->keys[0]);
		fix_restart(d, f);
	} else {
		fix(f, "aws kms create-key --region %s    # and name it as kms_key_id", key_region_word(d, f->mem));
	}
	return VERDICT_FAIL;
}

JUDGE(judge_multi_region)
{
	const char *type = value_text_or(d->key, "MultiRegionConfiguration.MultiRegionKeyType", "");
	bool multi = value_bool_or(d->key, "MultiRegion", false);

	if (!multi)
		found(f, "a key of one region: a copy of the table in another region could not be opened there");
	else
		found(f, "a multi-Region key (%s)", text_same(type, "REPLICA") ? "a replica" : "the primary");
	return VERDICT_INFO;
}

JUDGE(judge_rotation)
{
	const struct value *rotation = diag_kms(d)->rotation;
	const char *origin = value_text_or(d->key, "Origin", "AWS_KMS"), *arn = value_text_or(d->key, "Arn", "");

	if (!text_same(origin, "AWS_KMS"))
		return not_applicable(f, "a key of origin %s is not rotated by KMS", origin);
	if (!rotation)
		return not_applicable(f, "KMS tells no rotation of this key");
	if (!value_bool_or(rotation, "KeyRotationEnabled", false)) {
		found(f, "the key is never rotated");
		fix(f, "aws kms enable-key-rotation --region %s --key-id %s --rotation-period-in-days 365",
		    key_region_word(d, f->mem), shell_word(f->mem, arn));
		return VERDICT_WARN;
	}
	found(f, "rotated every %" PRId64 " days", value_int_or(rotation, "RotationPeriodInDays", 365));
	return VERDICT_PASS;
}
