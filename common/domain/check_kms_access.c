/* kms: may the role use the key, by all policies that have a say; and does it, really. */
#include "domain/check_kms.h"

#include "core/text.h"

static struct policy_named key_policy(const struct diag *d)
{
	return (struct policy_named){ .name = "key policy", .document = diag_kms(d)->policy };
}

static bool grants_operation(const struct value *grant, const char *operation)
{
	const struct value *operations = value_get(grant, "Operations");

	for (size_t i = 0; operations && operations->type == VALUE_LIST && i < operations->n; i++)
		if (operations->items[i]->type == VALUE_TEXT && text_same(operations->items[i]->text, operation))
			return true;
	return false;
}

/* Vault sends no encryption context, so a grant that asks for one does not hold. */
static bool has_constraint(const struct value *grant)
{
	return value_count(grant, "Constraints.EncryptionContextSubset") > 0 ||
	       value_count(grant, "Constraints.EncryptionContextEquals") > 0;
}

static const char *granted(const void *grants, const struct policy_request *rq)
{
	const struct value *all = grants;
	const char *operation = strchr(rq->action, ':');

	for (size_t i = 0; all && operation && i < all->n; i++) {
		const struct value *grant = all->items[i];

		if (!grants_operation(grant, operation + 1) || has_constraint(grant))
			continue;
		for (const char *const *arn = rq->arns; arn && *arn; arn++)
			if (text_same(value_text_or(grant, "GranteePrincipal", ""), *arn))
				return value_text_or(grant, "GrantId", "?");
	}
	return NULL;
}

static enum verdict judge_action(const struct diag *d, struct finding *f, const char *action)
{
	struct policy_named policy = key_policy(d);
	const struct diag_kms *p = diag_kms(d);
	struct allow what = {
		.action = action, .resource = diag_key_arn(d, f->mem), .resource_policy = &policy, .granted = granted, .grants = p->grants,
	};

	if (!p->policy_read)
		return unknown(f, "kms:GetKeyPolicy", "the key's policy could not be read");
	if (!p->grants_read)
		evidence(f, "grants", "could not be read");
	return judge_allowed(d, f, &what);
}

JUDGE(judge_allow_describe)
{
	return judge_action(d, f, "kms:DescribeKey");
}

JUDGE(judge_allow_encrypt)
{
	return judge_action(d, f, "kms:Encrypt");
}

JUDGE(judge_allow_decrypt)
{
	return judge_action(d, f, "kms:Decrypt");
}

/* Nobody but AWS Support could change the policy again. */
static bool locked_out(const struct diag *d, struct finding *f, const struct policy_named *policy, const char *arn)
{
	const char *root = arena_printf(f->mem, "arn:%s:iam::%s:root", diag_partition(d, f->mem), diag_account(d, f->mem));
	const char *const arns[] = { root, NULL };
	struct policy_request rq = {
		.action = "kms:PutKeyPolicy", .resource = arn, .arns = arns, .account = diag_account(d, f->mem),
	};
	struct policy_reason why;
	enum policy_naming says = policy_resource_says(policy, &rq, &why);

	return says != POLICY_NAMES_ACCOUNT && says != POLICY_NAMES_DIRECTLY;
}

JUDGE(judge_key_policy)
{
	const char *arn = diag_key_arn(d, f->mem), *refused = NULL;
	const struct diag_kms *p = diag_kms(d);
	struct policy_named policy = key_policy(d);

	if (!p->policy_read || !arn)
		return unknown(f, "kms:GetKeyPolicy", "the key's policy could not be read");
	for (size_t i = 0; i < DIAG_KMS_ACTIONS; i++) {
		struct policy_request rq = diag_role_request(d, f->mem, diag_actions[i], arn);
		struct policy_reason why = {0};

		switch (policy_resource_says(&policy, &rq, &why)) {
		case POLICY_DENIES:
			if (why.missing_key)
				return unknown(f, NULL, "the key policy denies %s unless the request has another '%s'", diag_actions[i],
				               why.missing_key);
			found(f, "the key policy denies '%s' %s: statement %zu%s%s%s", d->role_name ? d->role_name : "the role",
			      diag_actions[i], why.index + 1, why.sid ? " (" : "", why.sid ? why.sid : "", why.sid ? ")" : "");
			fix_key_policy(d, f, p->policy, why.index, false);
			return VERDICT_FAIL;
		case POLICY_NAMES_NOT:
			if (!granted(p->grants, &rq))
				refused = refused ? refused : diag_actions[i];
			break;
		default:
			break;
		}
	}
	evidence(f, "grants", "%zu", p->grants ? p->grants->n : 0);
	if (refused) {
		found(f, "the key policy lets neither the role nor the account call %s, so no policy of the role counts", refused);
		fix_key_policy(d, f, p->policy, SIZE_MAX, true);
		return VERDICT_FAIL;
	}
	if (locked_out(d, f, &policy, arn)) {
		found(f, "the key policy has no statement for the account: only who is named in it can ever change it");
		fix_key_policy(d, f, p->policy, SIZE_MAX, true);
		return VERDICT_WARN;
	}
	found(f, "the key policy leaves it to the role's policies");
	return VERDICT_PASS;
}

/* What the policies say already is named once, by its own check. */
static const char *refused_check(const struct diag *d, struct arena *a, const char *action)
{
	static const char *const ids[DIAG_KMS_ACTIONS] = { "kms-allow-describe", "kms-allow-encrypt", "kms-allow-decrypt" };
	const struct diag_kms *p = diag_kms(d);
	struct policy_named policy = key_policy(d);
	struct allow what = {
		.action = action, .resource = diag_key_arn(d, a), .resource_policy = &policy, .granted = granted, .grants = p->grants,
	};

	if (!p->policy_read || !allow_refused(d, &what))
		return NULL;
	for (size_t i = 0; i < DIAG_KMS_ACTIONS; i++)
		if (text_same(diag_actions[i], action))
			return ids[i];
	return NULL;
}

/* What is wrong with the key itself, by its own check. */
static const char *key_check(const struct diag *d)
{
	const char *home = diag_key_home(d), *region = diag_key_region(d);

	if (d->key_read && !d->key)
		return home && region && !text_same(home, region) ? "kms-region" : "kms-key";
	if (d->key && !text_same(value_text_or(d->key, "KeyState", ""), "Enabled"))
		return "kms-key-state";
	if (d->key && !text_same(value_text_or(d->key, "KeyUsage", ""), "ENCRYPT_DECRYPT"))
		return "kms-key-usage";
	return NULL;
}

static enum verdict judge_trial(const struct diag *d, struct finding *f, const struct trial *t, const char *action)
{
	const char *earlier;

	if (t->allowed)
		return VERDICT_PASS;
	earlier = key_check(d);
	if (!earlier)
		earlier = refused_check(d, f->mem, action);
	if (earlier)
		return consequence(f, earlier);
	if (!t->asked)
		return unknown(f, NULL, "%s was not tried", action);
	found(f, "as '%s', %s failed: %s: %s", d->role_name, action, t->code ? t->code : "", t->message ? t->message : "");
	if (text_same(t->code, "DisabledException") || text_same(t->code, "KMSInvalidStateException"))
		fix(f, "aws kms enable-key --region %s --key-id %s", key_region_word(d, f->mem),
		    shell_word(f->mem, diag_key_arn(d, f->mem) ? diag_key_arn(d, f->mem) : diag_key_id(d)));
	return VERDICT_FAIL;
}

JUDGE(judge_kms_proof)
{
	const struct diag_kms *p = diag_kms(d);
	const struct {
		const char *action;
		const struct trial *trial;
	} calls[] = {
		{ "kms:DescribeKey", &p->trial_key[0] }, { "kms:Encrypt", &p->trial_key[1] }, { "kms:Decrypt", &p->trial_decrypt },
	};

	if (!diag_trial_aws(d))
		return consequence(f, "irsa-proof");
	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		enum verdict v = judge_trial(d, f, calls[i].trial, calls[i].action);

		if (v != VERDICT_PASS)
			return v;
		evidence(f, calls[i].action, "worked");
	}
	if (!p->probe_same) {
		found(f, "what was encrypted as '%s' did not come back the same", d->role_name);
		return VERDICT_FAIL;
	}
	found(f, "%d random bytes were encrypted and decrypted as '%s'", TRIAL_BYTES, d->role_name);
	return VERDICT_PASS;
}
