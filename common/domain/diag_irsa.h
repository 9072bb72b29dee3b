/*
 * What the irsa family learns and other families build on: the role's policies,
 * IAM's own simulation of the nine actions, and, for proofs, the credentials of
 * the role itself.
 *
 * Steps to name in a check's `reads`:
 *
 *	role.policies    all policies of the role and its boundary were read; then diag_role_may answers
 *	role.simulate    IAM's simulator was asked for the nine actions; then diag_role_simulated answers
 *	trial.assume     STS was given a token of the service account. Where it refused, the step ends well all the same
 *	                 and diag_trial_aws is NULL: irsa-proof judges that, so checks of proofs have it among their needs.
 *	                 Only for checks with .proof = true. Steps that need the role's credentials are due when they are there:
 *
 *	static bool trial_there(const void *world, size_t item)
 *	{
 *		return diag_trial_aws(world) != NULL;
 *	}
 */
#ifndef DOMAIN_DIAG_IRSA_H
#define DOMAIN_DIAG_IRSA_H

#include "aws/policy_eval.h"
#include "domain/diag.h"

#define ROLE_ANNOTATION "eks.amazonaws.com/role-arn"

/* What Vault's role needs, design.md: three actions on the key, then six on the table. */
enum { DIAG_KMS_ACTIONS = 3, DIAG_TABLE_ACTIONS = 6, DIAG_ACTIONS = DIAG_KMS_ACTIONS + DIAG_TABLE_ACTIONS };
extern const char *const diag_actions[DIAG_ACTIONS];   /* "kms:DescribeKey" ... "dynamodb:DeleteItem" */

/* The ARNs that the configuration names, in the account of the role, in the arena; NULL: not known. */
const char *diag_key_arn(const struct diag *d, struct arena *a);
const char *diag_table_arn(const struct diag *d, struct arena *a);
/* "aws", from the role's ARN, else from who asks. */
const char *diag_partition(const struct diag *d, struct arena *a);
/* Of the role in the annotation, else of who asks; NULL: not known. */
const char *diag_account(const struct diag *d, struct arena *a);

/*
 * Identity policies and boundary of the role, for policy_evaluate; the caller adds resource policy and grants. false
 * (and out empty): they could not be read, or there is no role; the track of role.policies says why.
 */
bool diag_role_policies(const struct diag *d, struct policy_set *out);

/* The request that a pod of the release makes with the role: principal and condition keys as far as they are known. */
struct policy_request diag_role_request(const struct diag *d, struct arena *a, const char *action, const char *resource);

/*
 * May the role do it, by its policies and boundary alone (key policy and grants left aside)? POLICY_UNKNOWN when they
 * could not be read. why may be NULL; it borrows from d.
 */
enum policy_answer diag_role_may(const struct diag *d, const char *action, const char *resource, struct policy_reason *why);

/* What IAM's simulator said of one of diag_actions. */
struct simulated {
	const char *decision;            /* "allowed", "implicitDeny", "explicitDeny" */
	/* NULL: AWS did not say; else "true" or "false". */
	const char *allowed_by_boundary, *allowed_by_organizations;
};
/* false: it was not asked, or gave no answer for the action. */
bool diag_role_simulated(const struct diag *d, const char *action, struct simulated *out);

/* Signs as the role; NULL: the role was not taken. For diag_ask_trial. */
const struct aws *diag_trial_aws(const struct diag *d);
/* As diag_ask_aws, signed as the role. */
MUST_CHECK int diag_ask_trial(const struct diag *d, struct request *rq, const char *region, const struct aws_op *op,
                              const struct value *params, struct err *e);

/* For fixes: what the role needs, as JSON ("vault-policy"), in the arena; NULL: key or table are not known. */
const char *diag_wanted_policy(const struct diag *d, struct arena *a);

/* Wipes token and credentials. */
void diag_irsa_release(struct diag *d);

#endif
