/*
 * May this caller do this? IAM's evaluation of policies, done here: identity
 * policies, permissions boundary, the resource's own policy (a key policy, a
 * role's trust policy) and grants, put together as AWS does within one account.
 *
 * The order (IAM User Guide, Policy evaluation logic): an explicit Deny anywhere
 * ends it; then the boundary must allow; then the resource's policy must name the
 * caller (which allows by itself) or its account (which leaves it to the identity
 * policies), where there must be one; then an identity policy must allow.
 *
 *	struct policy_named docs[] = { { "vault-policy", document } };
 *	struct policy_set set = { .identity = docs, .n_identity = 1 };
 *	struct policy_request rq = { .action = "kms:Decrypt", .resource = key_arn, .context = context };
 *	struct policy_reason why;
 *
 *	if (policy_evaluate(&set, &rq, &why) != POLICY_ALLOWED)
 *		found(f, "%s", policy_reason_text(mem, &rq, &why));
 *
 * Pure: no clock, no network. The documents are value trees as policy_document.h
 * reads them, and stay the caller's; why borrows from them. What IAM would not
 * have taken as a policy (no Effect, an unknown operator) never applies.
 *
 * Not known here: organization policies (SCP), session policies and VPC endpoint
 * policies; IAM's simulator tells of the first.
 */
#ifndef AWS_POLICY_EVAL_H
#define AWS_POLICY_EVAL_H

#include "core/value.h"

struct policy_named {
	const char *name;                /* for messages: "vault-policy" */
	const struct value *document;    /* NULL: none */
};

struct policy_request {
	const char *action, *resource;   /* "kms:Decrypt", an ARN or "*" */
	/* Condition keys in any case ("aws:PrincipalArn"), each a text or a list of texts; NULL: none. */
	const struct value *context;

	/* Who asks: only for policies that have principals. */
	const char *const *arns;         /* of the role and of its session; NULL-terminated; NULL: nobody */
	const char *account;             /* twelve digits; NULL: none */
	const char *federated;           /* an OIDC provider's ARN, of a trust policy; NULL: none */
};

enum policy_answer {
	POLICY_IMPLICIT,                 /* nothing allows it */
	POLICY_ALLOWED,
	POLICY_DENIED,                   /* a statement with Deny says so */
	POLICY_UNKNOWN                   /* never from policy_evaluate: what it takes could not be read (diag_irsa.h) */
};

enum policy_layer {
	POLICY_NO_LAYER, POLICY_IDENTITY, POLICY_BOUNDARY, POLICY_RESOURCE, POLICY_GRANT
};

/* Which statement decided; for POLICY_IMPLICIT the layer that should have allowed. */
struct policy_reason {
	enum policy_answer answer;
	enum policy_layer layer;
	const char *document;            /* its name; NULL when no statement decided */
	const char *sid;                 /* NULL: it has none */
	size_t index;                    /* of the statement in its document, from 0 */
	const struct value *statement;   /* NULL when no statement decided */
	/*
	 * A condition key that the context lacks and on which the answer hangs: the truth may be otherwise where the real
	 * request has it ("aws:SourceVpce"). NULL: none.
	 */
	const char *missing_key;
};

struct policy_set {
	const struct policy_named *identity;
	size_t n_identity;
	const struct policy_named *boundary;   /* NULL: none */
	const struct policy_named *resource;   /* NULL: the resource has no policy */
	/* The resource's policy need not name the caller when an identity policy allows (DynamoDB, S3; not KMS, not trust). */
	bool resource_optional;
	/* Does a grant on the resource allow it? Gives the grant's id or NULL. NULL: there are none. */
	const char *(*granted)(const void *grants, const struct policy_request *rq);
	const void *grants;
};

/* why may be NULL. Gives why->answer. */
enum policy_answer policy_evaluate(const struct policy_set *set, const struct policy_request *rq, struct policy_reason *why);

/* A resource's or trust policy alone: how it takes the caller. */
enum policy_naming {
	POLICY_NAMES_NOT,
	POLICY_NAMES_ACCOUNT,            /* identity policies decide */
	POLICY_NAMES_DIRECTLY,
	POLICY_DENIES
};
enum policy_naming policy_resource_says(const struct policy_named *policy, const struct policy_request *rq,
                                        struct policy_reason *why);

/* Does the statement apply to the request, its principal and effect left aside? */
bool policy_statement_applies(const struct value *document, const struct value *statement, const struct policy_request *rq);

/* The statements of a document, of which a single one may stand without a list. */
size_t policy_statements(const struct value *document);
const struct value *policy_statement(const struct value *document, size_t i);

/* Does `text`, or an item of the list at name, match the pattern list of the statement? Actions: in any case. */
bool policy_lists_action(const struct value *patterns, const char *action);
bool policy_lists_resource(const struct value *patterns, const char *resource);

/* '*' is any run of characters, '?' one; any_case: ASCII letters alike. Linear in memory, never exponential in time. */
bool policy_glob(const char *pattern, const char *text, bool any_case);

/*
 * "an explicit Deny in 'vault-policy', statement 2 (DenyAll)"; "no identity policy allows kms:Decrypt on arn:...".
 * In the arena.
 */
const char *policy_reason_text(struct arena *a, const struct policy_request *rq, const struct policy_reason *why);

#endif
