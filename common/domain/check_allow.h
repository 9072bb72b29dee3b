/*
 * One action of the role, judged by all policies that have a say, and the lines
 * that mend it: what the checks kms-allow-... and dynamodb-allow-... share.
 */
#ifndef DOMAIN_CHECK_ALLOW_H
#define DOMAIN_CHECK_ALLOW_H

#include "domain/diag_irsa.h"

struct allow {
	const char *action, *resource;       /* NULL resource: its ARN is not known */
	/* The resource's own policy; NULL: it has none. */
	const struct policy_named *resource_policy;
	const char *(*granted)(const void *grants, const struct policy_request *rq);
	const void *grants;
};

/* Role policies, boundary, resource policy and grants, then IAM's simulator, which alone knows the organisation's policies. */
enum verdict judge_allowed(const struct diag *d, struct finding *f, const struct allow *what);

/* Do the policies that were read refuse it? false too where they could not be read. */
bool allow_refused(const struct diag *d, const struct allow *what);

/* The lines that give the role its nine actions back, or (key_arn not NULL) kms:Decrypt and its kin on one key more. */
void fix_role_policy(const struct diag *d, struct finding *f, const char *action, const char *key_arn);

/* Takes one action out of the statement that allows it, where it is named there by itself. */
void fix_without_action(const struct diag *d, struct finding *f, const struct policy_reason *why, const char *action);

/* The lines that take the deciding statement away, or put one there. region: of the resource, for its own policy. */
void fix_denied(const struct diag *d, struct finding *f, const struct allow *what, const struct policy_reason *why);

/* A key policy without statement `without` (SIZE_MAX: all stay), and with the account's own where `root` says so. */
void fix_key_policy(const struct diag *d, struct finding *f, const struct value *policy, size_t without, bool root);

/* Compact, as one word of a shell. */
const char *json_word(struct arena *a, const struct value *v);

#endif
