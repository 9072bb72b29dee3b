/* kms: which key really wraps Vault's root key, read from the table, and whether the configured one is still it. */
#include "domain/check_kms.h"

#include "core/text.h"

static const char *alias_name(const char *id)
{
	const char *name = strstr(id, "alias/");

	return name ? name : id;
}

JUDGE(judge_alias)
{
	const char *id = diag_key_id(d), *arn = value_text_or(d->key, "Arn", ""), *other = diag_other_wrapping(d);
	const char *region = key_region_word(d, f->mem);

	if (!diag_key_is_alias(id)) {
		found(f, "the key is named by its id");
		return VERDICT_PASS;
	}
	evidence(f, "alias", "%s leads to %s", id, arn);
	if (other) {
		evidence(f, "wraps the stored root key", "%s", other);
		found(f, "the alias '%s' was pointed to another key: it leads to '%s', but '%s' wraps the stored root key",
		      alias_name(id), arn, other);
		fix(f, "aws kms update-alias --region %s --alias-name %s --target-key-id %s", region,
		    shell_word(f->mem, alias_name(id)), shell_word(f->mem, other));
		fix_restart(d, f);
		return VERDICT_FAIL;
	}
	found(f, "the configuration names the key by the alias '%s': whoever may move that changes Vault's seal", id);
	fix_setting(d, f, "VAULT_AWSKMS_SEAL_KEY_ID", arn);
	fix_restart(d, f);
	return VERDICT_WARN;
}

static void fix_wrapping_state(struct finding *f, const struct value *key, bool cancel)
{
	const char *arn = value_text_or(key, "Arn", "");
	AUTO(err) struct err e = {0};
	struct arn parts;

	if (arn_parse(f->mem, arn, &parts, &e) < 0)
		return;
	if (cancel)
		fix(f, "aws kms cancel-key-deletion --region %s --key-id %s", shell_word(f->mem, parts.region), shell_word(f->mem, arn));
	fix(f, "aws kms enable-key --region %s --key-id %s", shell_word(f->mem, parts.region), shell_word(f->mem, arn));
}

/* Another key than the configured one wraps the root key: Decrypt sends the blob alone, so all hangs on that one. */
static enum verdict judge_other(const struct diag *d, struct finding *f, const char *other)
{
	const struct diag_kms *p = diag_kms(d);
	enum policy_answer may;
	const char *state;

	evidence(f, "configured key", "%s", value_text_or(d->key, "Arn", ""));
	if (!p->wrapping_read)
		return unknown(f, "kms:DescribeKey", "'%s' wraps the stored root key, and could not be read", other);
	if (!p->wrapping) {
		found(f, "'%s' wraps the stored root key, and it does not exist any more: the data cannot be opened", other);
		return VERDICT_FAIL;
	}
	state = value_text_or(p->wrapping, "KeyState", "");
	evidence(f, "its state", "%s", state);
	if (!text_same(state, "Enabled")) {
		bool pending = text_same(state, "PendingDeletion");

		found(f, "'%s' wraps the stored root key and is %s%s", other, pending ? "PENDING DELETION" : state,
		      pending ? ": when it is gone, all data in Vault is gone for ever" : "");
		fix_wrapping_state(f, p->wrapping, pending);
		return VERDICT_FAIL;
	}
	may = diag_role_may(d, "kms:Decrypt", value_text_or(p->wrapping, "Arn", ""), NULL);
	if (may == POLICY_IMPLICIT || may == POLICY_DENIED) {
		found(f, "'%s' wraps the stored root key, but the role may not call kms:Decrypt on it", other);
		if (may == POLICY_IMPLICIT)
			fix_role_policy(d, f, "kms:Decrypt", value_text_or(p->wrapping, "Arn", ""));
		return VERDICT_FAIL;
	}
	found(f, "'%s' wraps the stored root key, not the configured key: it must stay, and usable", other);
	return VERDICT_WARN;
}

JUDGE(judge_wrapping)
{
	const struct stored *s = diag_stored(d);
	const char *other = diag_other_wrapping(d);

	if (!s->read)
		return not_applicable(f, "the table is not there");
	if (!s->root_key)
		return not_applicable(f, "the table holds no root key yet");
	for (size_t i = 0; i < s->n_keys; i++)
		evidence(f, "wraps the stored root key", "%s", s->keys[i]);
	if (s->root_key_foreign) {
		found(f, "the item core/hsm/barrier-unseal-keys is not what a seal stores: no key can be read from it");
		return VERDICT_FAIL;
	}
	if (other)
		return judge_other(d, f, other);
	found(f, "the configured key wraps the stored root key");
	return VERDICT_PASS;
}
