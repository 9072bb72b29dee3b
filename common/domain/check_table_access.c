/* dynamodb: may the role do the six things that Vault does, does it, and may it do one too many? */
#include "domain/check_kms.h"

#include "core/text.h"

static const char *const ids[DIAG_TABLE_ACTIONS] = {
	"dynamodb-allow-describe-table", "dynamodb-allow-get-item", "dynamodb-allow-query", "dynamodb-allow-batch-write-item",
	"dynamodb-allow-update-item", "dynamodb-allow-delete-item",
};

static enum verdict judge_action(const struct diag *d, struct finding *f, const char *action)
{
	struct allow what = { .action = action, .resource = diag_table_arn(d, f->mem) };

	return judge_allowed(d, f, &what);
}

JUDGE(judge_allow_describe_table)
{
	return judge_action(d, f, "dynamodb:DescribeTable");
}

JUDGE(judge_allow_get_item)
{
	return judge_action(d, f, "dynamodb:GetItem");
}

JUDGE(judge_allow_query)
{
	return judge_action(d, f, "dynamodb:Query");
}

JUDGE(judge_allow_batch_write_item)
{
	return judge_action(d, f, "dynamodb:BatchWriteItem");
}

JUDGE(judge_allow_update_item)
{
	return judge_action(d, f, "dynamodb:UpdateItem");
}

JUDGE(judge_allow_delete_item)
{
	return judge_action(d, f, "dynamodb:DeleteItem");
}

/* The table's own name, and one beside it: a wildcard admits that too. */
JUDGE(judge_create_table)
{
	const char *arn = diag_table_arn(d, f->mem);
	struct policy_reason why;
	enum policy_answer answer;

	if (!arn)
		return unknown(f, NULL, "the table's ARN is not known");
	answer = diag_role_may(d, "dynamodb:CreateTable", arn, &why);
	if (answer == POLICY_UNKNOWN)
		return unknown(f, "iam:GetRolePolicy", "the policies of the role '%s' could not be read", d->role_name);
	if (answer != POLICY_ALLOWED) {
		found(f, "the role may not create tables");
		return VERDICT_PASS;
	}
	evidence(f, "policy", "'%s', statement %zu", why.document, why.index + 1);
	found(f, "the role may call dynamodb:CreateTable: a pod with a wrong region or name starts an empty Vault instead of failing");
	fix_without_action(d, f, &why, "dynamodb:CreateTable");
	return VERDICT_WARN;
}

/* What is wrong with the table itself, by its own check. */
static const char *table_check(const struct diag *d, struct arena *a)
{
	static const char *const own[] = { "dynamodb-schema", "dynamodb-status" };

	if (d->table_read && !d->table)
		return d->facts.storage_region && !text_same(d->facts.storage_region, diag_table_region(d)) ? "dynamodb-region"
		                                                                                            : "dynamodb-table";
	for (size_t i = 0; d->table && i < COUNT_OF(own); i++) {
		struct finding f = { .check = check_find(own[i]), .mem = a, .cause = "" };

		if (f.check->judge(d, &f) == VERDICT_FAIL)
			return own[i];
	}
	return NULL;
}

JUDGE(judge_table_proof)
{
	const struct diag_dynamodb *p = diag_dynamodb(d);
	const char *earlier = table_check(d, f->mem);

	if (!diag_trial_aws(d))
		return consequence(f, "irsa-proof");
	for (size_t i = 0; i < DIAG_TABLE_ACTIONS; i++) {
		const struct trial *t = &p->trial[i];
		const char *action = diag_actions[DIAG_KMS_ACTIONS + i];
		struct allow what = { .action = action, .resource = diag_table_arn(d, f->mem) };

		if (t->allowed) {
			evidence(f, action, "%s", t->code ? "allowed; its condition could not hold" : "worked");
			continue;
		}
		if (earlier || allow_refused(d, &what))
			return consequence(f, earlier ? earlier : ids[i]);
		if (!t->asked)
			return unknown(f, NULL, "%s was not tried", action);
		found(f, "as '%s', %s failed: %s: %s", d->role_name, action, t->code ? t->code : "", t->message ? t->message : "");
		return VERDICT_FAIL;
	}
	found(f, "all six actions were allowed as '%s'; nothing was written", d->role_name);
	return VERDICT_PASS;
}
