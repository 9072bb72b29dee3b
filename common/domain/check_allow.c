#include "domain/check_allow.h"

#include "core/text.h"

static enum policy_answer evaluate(const struct diag *d, const struct allow *what, struct policy_reason *why)
{
	struct policy_request rq;
	struct policy_set set;

	*why = (struct policy_reason){ .answer = POLICY_UNKNOWN };
	if (!what->resource || !diag_role_policies(d, &set))
		return POLICY_UNKNOWN;
	set.resource = what->resource_policy;
	set.resource_optional = what->resource_policy == NULL;
	set.granted = what->granted;
	set.grants = what->grants;
	rq = diag_role_request(d, d->mem, what->action, what->resource);
	return policy_evaluate(&set, &rq, why);
}

bool allow_refused(const struct diag *d, const struct allow *what)
{
	struct policy_reason why;
	enum policy_answer answer = evaluate(d, what, &why);

	return answer == POLICY_IMPLICIT || answer == POLICY_DENIED;
}

static const char *resource_name(const char *arn)
{
	const char *last = strrchr(arn, ':');

	return last ? last + 1 : arn;
}

/* The simulator is asked for one thing that policies in this account cannot tell. */
static enum verdict judge_organisation(const struct diag *d, struct finding *f, const struct allow *what)
{
	struct simulated said;

	if (!diag_role_simulated(d, what->action, &said))
		return VERDICT_PASS;
	evidence(f, "IAM's simulator", "%s%s", said.decision, text_same(said.allowed_by_organizations, "false")
	         ? ", not allowed by the organisation" : "");
	if (!text_same(said.allowed_by_organizations, "false"))
		return VERDICT_PASS;
	found(f, "a service control policy of the organisation does not allow %s on '%s'; nothing in this account can mend that",
	      what->action, resource_name(what->resource));
	fix(f, "# in the organisation's management account: which policies apply here, and then their documents");
	fix(f, "aws organizations list-policies-for-target --target-id %s --filter SERVICE_CONTROL_POLICY", diag_account(d, f->mem));
	return VERDICT_FAIL;
}

enum verdict judge_allowed(const struct diag *d, struct finding *f, const struct allow *what)
{
	struct policy_reason why;
	struct policy_request rq = { .action = what->action, .resource = what->resource };
	enum policy_answer answer;

	if (!what->resource)
		return unknown(f, NULL, "the ARN is not known, so no policy can be judged");
	answer = evaluate(d, what, &why);
	evidence(f, "resource", "%s", what->resource);
	if (answer != POLICY_ALLOWED)
		evidence(f, "policies", "%s", policy_reason_text(f->mem, &rq, &why));
	if (answer == POLICY_UNKNOWN)
		return unknown(f, "iam:ListRolePolicies, iam:GetRolePolicy, iam:ListAttachedRolePolicies, iam:GetPolicy, "
		                  "iam:GetPolicyVersion", "the policies of the role '%s' could not be read", d->role_name);
	if (answer == POLICY_ALLOWED) {
		found(f, "%s", policy_reason_text(f->mem, &rq, &why));
		return judge_organisation(d, f, what);
	}
	if (why.missing_key)
		return unknown(f, NULL, "%s hangs on the condition key '%s', which only the real request has", what->action,
		               why.missing_key);
	if (answer == POLICY_DENIED)
		found(f, "'%s' may not call %s: %s", d->role_name, what->action, policy_reason_text(f->mem, &rq, &why));
	else
		found(f, "'%s' may not call %s on '%s': no %s allows it", d->role_name, what->action, resource_name(what->resource),
		      why.layer == POLICY_BOUNDARY ? "permissions boundary" :
		      why.layer == POLICY_RESOURCE ? "key policy" : "policy of the role");
	fix_denied(d, f, what, &why);
	return VERDICT_FAIL;
}
