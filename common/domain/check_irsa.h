/* The judges of the irsa family, one file a subject; check_irsa.c has the table. */
#ifndef DOMAIN_CHECK_IRSA_H
#define DOMAIN_CHECK_IRSA_H

#include "domain/diag_irsa_part.h"
#include "domain/fix.h"

#define JUDGE(name) enum verdict name(const struct diag *d, struct finding *f)

/* check_irsa_role.c: service account, annotation, role */
JUDGE(judge_account);
JUDGE(judge_annotation);
JUDGE(judge_role_account);
JUDGE(judge_role);
/* Is the text what the webhook takes for the ARN of a role? */
bool role_arn_ok(const char *arn);
/* Made by us for this cluster, namespace and release, by its tags. */
bool role_is_ours(const struct diag *d, struct arena *a, const struct value *role);

/* check_irsa_trust.c: OIDC provider and trust policy */
JUDGE(judge_provider);
JUDGE(judge_provider_audience);
JUDGE(judge_trust_action);
JUDGE(judge_trust_provider);
JUDGE(judge_trust_subject);
JUDGE(judge_trust_audience);
JUDGE(judge_trust_conditions);

/* trust.c: how far the trust policy lets a token of the service account get, statement by statement. */
enum trust_link { TRUST_ACTION, TRUST_PROVIDER, TRUST_SUBJECT, TRUST_AUDIENCE, TRUST_CONDITIONS, TRUST_WHOLE };

struct trust_view {
	enum trust_link reached;           /* the first link that does not hold, of the statement that gets furthest */
	const struct value *statement;     /* that one; NULL: no Allow at all */
	size_t index;
	bool misuse;                       /* a wildcard under StringEquals */
	const char *missing_key;           /* TRUST_CONDITIONS: a condition key that STS may or may not set */
	const struct value *deny;          /* a Deny that applies all the same; NULL: none */
	size_t deny_index;
};

struct trust_want {
	const char *provider, *site, *subject, *audience;
};

/* false: the issuer is not known. */
bool trust_wanted(const struct diag *d, struct arena *a, struct trust_want *out);
void trust_look(struct arena *a, const struct value *trust, const struct trust_want *want, struct trust_view *out);
/* The values wanted of ":sub" or ":aud" in the statement, for messages; "nothing" when there are none. In the arena. */
const char *trust_values(struct arena *a, const struct value *statement, const char *suffix);
/* Is anything asked of ":sub" or ":aud"? */
bool trust_asks(const struct value *statement, const char *suffix);
/* A trust policy of one statement that lets this account in; and the given one with its fault mended. */
const struct value *trust_plain(struct arena *a, const struct trust_want *want);
const struct value *trust_mended(struct arena *a, const struct value *trust, const struct trust_want *want,
                                 const struct trust_view *view, bool ours);

/* check_irsa_pod.c: what the webhook did, and what the pods have */
JUDGE(judge_webhook);
JUDGE(judge_pod_identity);
JUDGE(judge_pod_skip);
JUDGE(judge_pod_age);
JUDGE(judge_pod_env);
JUDGE(judge_token_mount);
JUDGE(judge_token_readable);
JUDGE(judge_sts_regional);
JUDGE(judge_static_keys);

/* check_irsa_proof.c */
JUDGE(judge_proof);

/* The finding is a mere consequence of what the earlier check `id` says. */
enum verdict consequence(struct finding *f, const char *id);

#endif
