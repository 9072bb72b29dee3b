/*
 * The irsa family's own part of a diagnosis. For its steps and checks, and for
 * allow_fix.c, which mends policies; others go through diag_irsa.h.
 */
#ifndef DOMAIN_DIAG_IRSA_PART_H
#define DOMAIN_DIAG_IRSA_PART_H

#include "domain/diag_irsa.h"

#define STS_AUDIENCE "sts.amazonaws.com"
#define TOKEN_VOLUME "aws-iam-token"
#define VAULT_CONTAINER "vault"
#define ROLE_POLICY "vault-policy"
#define WEB_IDENTITY_ACTION "sts:AssumeRoleWithWebIdentity"

/* The table of the family's steps, in diag_irsa_steps.c. */
enum { DIAG_IRSA_STEPS = 19 };
extern const struct step diag_irsa_steps[DIAG_IRSA_STEPS];

/* A policy of the role: inline (arn NULL) or attached. */
struct role_policy {
	const char *name, *arn, *version;
	const struct value *document;        /* NULL: not read */
};

struct diag_irsa {
	struct role_policy *inline_, *attached, boundary;
	size_t n_inline, n_attached;
	bool inline_listed, attached_listed;
	const char *more;                    /* marker of the next page of inline names ... */
	const char *more_attached;           /* ... and of attached policies */
	struct err policies_why;             /* the first refusal among them */

	bool provider_read;
	const struct value *provider;        /* GetOpenIDConnectProvider; NULL: absent */
	const struct value *expected_role;   /* GetRole by the name that we would have given; NULL: absent, or not asked */

	bool webhook_read, webhook_slices_read;
	const struct value *webhook;         /* the MutatingWebhookConfiguration; NULL: absent */
	const struct value *webhook_slices;  /* the EndpointSlices of its service; NULL: it has none */

	bool associations_read;
	const struct value *associations;    /* of the service account, EKS Pod Identity; NULL: none */

	const struct value *simulated[2];    /* EvaluationResults for the key and for the table */

	struct secret token;
	const char *token_issuer, *token_subject, *token_audience;   /* its claims */
	bool trial_asked, trial_open;
	const char *trial_code, *trial_message;                      /* STS's refusal; NULL: none */
	struct aws trial;
};

/* Never NULL: empty before the first step of the family has ended. */
const struct diag_irsa *diag_irsa(const struct diag *d);

/* The ARN that IAM gives the OIDC provider of this cluster's issuer; NULL: issuer or account unknown. */
const char *diag_provider_arn(const struct diag *d, struct arena *a);
/* "oidc.eks.../id/...": the issuer without its scheme, as condition keys have it; NULL: unknown. */
const char *diag_issuer_site(const struct diag *d);
/* The audience of the pods' tokens for AWS: of the pod's volume, of the account's annotation, or the default. */
const char *diag_audience(const struct diag *d);
/* "system:serviceaccount:NAMESPACE:NAME" */
const char *diag_subject(const struct diag *d, struct arena *a);
/* Where the cluster is and what it is called, by flags, then by the kubeconfig; NULL: unknown. */
const char *diag_cluster_name(const struct diag *d);
const char *diag_cluster_region(const struct diag *d);

#endif
