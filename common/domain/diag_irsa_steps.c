/* The steps of the irsa family: the cluster's OIDC provider, the webhook, Pod Identity; and the table of all. */
#include "domain/diag_irsa_steps.h"

#include "core/text.h"
#include "domain/names.h"

#define WEBHOOK "pod-identity-webhook"   /* EKS's name, and that of the project's own manifests */

/* ---- the issuer: where the API server does not tell (that takes a right of its own), EKS may ---- */

static DUE(issuer_untold)
{
	const struct diag *d = world;

	(void)item;
	return !d->issuer && diag_cluster_name(d);
}

static ASK(ask_cluster)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, diag_cluster_region(d), &eks_describe_cluster,
	                    params_of(&rq->mem, "name", diag_cluster_name(d), NULL), e);
}

static HEAR(hear_cluster)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &eks_describe_cluster, reply, "ResourceNotFoundException", &answer, e,
	                                 "asking EKS for the issuer of '%s'", diag_cluster_name(d));

	(void)item;
	if (heard == HEARD_DONE && answer.ok)
		d->issuer = value_text_or(answer.body, "cluster.identity.oidc.issuer", NULL);
	return heard;
}

/* issuer.known: sends nothing, and fails when nobody told. */
static DUE(issuer_unknown)
{
	const struct diag *d = world;

	(void)item;
	return !d->issuer;
}

static ASK(ask_unknown_issuer)
{
	(void)world;
	(void)item;
	(void)rq;
	err_set(e, ERR_DENIED, 0, "the cluster's issuer is not known: neither the API server nor EKS told it");
	err_hint(e, "get /.well-known/openid-configuration, or eks:DescribeCluster");
	return -1;
}

/* ---- the OIDC provider of this cluster ---- */

static DUE(provider_known)
{
	AUTO(arena) struct arena mem = ARENA_INIT;

	(void)item;
	return diag_provider_arn(world, &mem) != NULL;
}

static ASK(ask_provider)
{
	(void)item;
	return diag_ask_aws(world, rq, NULL, &iam_get_open_id_connect_provider,
	                    params_of(&rq->mem, "OpenIDConnectProviderArn", diag_provider_arn(world, &rq->mem), NULL), e);
}

static HEAR(hear_provider)
{
	struct diag *d = world;
	struct diag_irsa *p = irsa_part(d);
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &iam_get_open_id_connect_provider, reply, "NoSuchEntity", &answer, e,
	                                 "reading the cluster's OIDC provider");

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	p->provider_read = true;
	p->provider = answer.ok ? answer.body : NULL;
	return HEARD_DONE;
}

/* ---- the role that we would have made: for the fix, where the annotation is wrong ---- */

static const char *expected_name(const struct diag *d, struct arena *a)
{
	const char *cluster = diag_cluster_name(d), *region = diag_cluster_region(d);

	return cluster && region ? names_fit(a, arena_printf(a, "%s-vault-%s", cluster, region), ROLE_NAME_MAX) : NULL;
}

static DUE(role_expected)
{
	AUTO(arena) struct arena mem = ARENA_INIT;

	(void)item;
	return expected_name(world, &mem) != NULL;
}

static ASK(ask_expected)
{
	(void)item;
	return diag_ask_aws(world, rq, NULL, &iam_get_role,
	                    params_of(&rq->mem, "RoleName", expected_name(world, &rq->mem), NULL), e);
}

static HEAR(hear_expected)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &iam_get_role, reply, "NoSuchEntity", &answer, e, "looking for the role of this cluster");

	(void)item;
	if (heard == HEARD_DONE && answer.ok)
		irsa_part(d)->expected_role = value_get(answer.body, "Role");
	return heard;
}

/*
 * irsa.fix: sends nothing and never fails. A check that reads it has what its fix is made from, where that can be had,
 * and judges all the same where it cannot.
 */
static DUE(never)
{
	(void)world;
	(void)item;
	return false;
}

/* ---- the webhook that equips pods ---- */

static ASK(ask_webhook)
{
	(void)item;
	return diag_ask_kube(world, rq, "GET", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/" WEBHOOK, NULL,
	                     e);
}

static HEAR(hear_webhook)
{
	struct diag *d = world;
	struct diag_irsa *p = irsa_part(d);
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "reading the webhook '" WEBHOOK "'");

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	p->webhook_read = true;
	p->webhook = answer.ok ? answer.body : NULL;
	return HEARD_DONE;
}

/* EKS's own runs beside the API server and is called by URL; one that was installed is a service with endpoints. */
static DUE(webhook_is_service)
{
	(void)item;
	return value_at(diag_irsa(world)->webhook, "webhooks.0.clientConfig.service.name") != NULL;
}

static ASK(ask_webhook_slices)
{
	const struct value *service = value_at(diag_irsa(world)->webhook, "webhooks.0.clientConfig.service");

	(void)item;
	return diag_ask_kube(world, rq, "GET",
	                     kube_path(&rq->mem, "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices?labelSelector="
	                               "kubernetes.io/service-name%%3D%s&limit=20", value_text_or(service, "namespace", ""),
	                               value_text_or(service, "name", "")), NULL, e);
}

static HEAR(hear_webhook_slices)
{
	struct diag *d = world;
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "reading the endpoints of the webhook '" WEBHOOK "'");

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	irsa_part(d)->webhook_slices_read = true;
	irsa_part(d)->webhook_slices = answer.ok ? value_get(answer.body, "items") : NULL;
	return HEARD_DONE;
}

/* ---- EKS Pod Identity, which wins over IRSA ---- */

static DUE(associations_known)
{
	const struct diag *d = world;

	(void)item;
	return diag_cluster_name(d) && d->release.service_account;
}

static ASK(ask_associations)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, diag_cluster_region(d), &eks_list_pod_identity_associations,
	                    params_of(&rq->mem, "clusterName", diag_cluster_name(d), "namespace", d->release.namespace_,
	                              "serviceAccount", d->release.service_account, NULL), e);
}

static HEAR(hear_associations)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &eks_list_pod_identity_associations, reply, "ResourceNotFoundException", &answer, e,
	                                 "listing the Pod Identity associations of '%s'", diag_cluster_name(d));

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	irsa_part(d)->associations_read = true;
	irsa_part(d)->associations = answer.ok ? value_get(answer.body, "associations") : NULL;
	return HEARD_DONE;
}

#define ROW(row, ...) { .name = (row), .may_fail = true, __VA_ARGS__ }

const struct step diag_irsa_steps[] = {
	ROW("issuer.eks", .needs = NEEDS("issuer.read"), .due = issuer_untold, .ask = ask_cluster, .hear = hear_cluster),
	ROW("issuer.known", .needs = NEEDS("issuer.eks"), .due = issuer_unknown, .ask = ask_unknown_issuer, .hear = hear_lacking),
	ROW("role.expected", .due = role_expected, .ask = ask_expected, .hear = hear_expected),
	ROW("irsa.fix", .needs = NEEDS("role.expected", "config.read", "pods.read", "issuer.known", "role.read"),
	    .due = never, .ask = ask_lacking, .hear = hear_lacking),
	ROW("webhook.read", .ask = ask_webhook, .hear = hear_webhook),
	ROW("webhook.endpoints", .needs = NEEDS("webhook.read"), .due = webhook_is_service, .ask = ask_webhook_slices,
	    .hear = hear_webhook_slices),
	ROW("provider.read", .needs = NEEDS("issuer.known", "account.read", "caller.read"), .due = provider_known,
	    .ask = ask_provider, .hear = hear_provider),
	ROW("associations.read", .needs = NEEDS("release.find"), .due = associations_known, .ask = ask_associations,
	    .hear = hear_associations),
	ROW("role.inline-names", .needs = NEEDS("account.read"), .due = irsa_role_named, .ask = ask_inline_names,
	    .hear = hear_inline_names),
	ROW("role.inline", .needs = NEEDS("role.inline-names"), .count = count_inline, .ask = ask_inline, .hear = hear_inline),
	ROW("role.attached-names", .needs = NEEDS("account.read"), .due = irsa_role_named, .ask = ask_attached_names,
	    .hear = hear_attached_names),
	ROW("role.attached", .needs = NEEDS("role.attached-names"), .count = count_attached, .ask = ask_attached,
	    .hear = hear_attached),
	ROW("role.attached-documents", .needs = NEEDS("role.attached"), .count = count_attached, .due = attached_has_version,
	    .ask = ask_attached_document, .hear = hear_attached_document),
	ROW("role.boundary", .needs = NEEDS("role.read"), .due = has_boundary, .ask = ask_boundary, .hear = hear_boundary),
	ROW("role.boundary-document", .needs = NEEDS("role.boundary"), .due = boundary_has_version, .ask = ask_boundary_document,
	    .hear = hear_boundary_document),
	ROW("role.policies", .needs = NEEDS("role.read", "role.inline", "role.attached-documents", "role.boundary-document"),
	    .due = policies_lacking, .ask = ask_lacking, .hear = hear_lacking),
	ROW("role.simulate", .needs = NEEDS("account.read", "config.read", "pods.read"), .count = count_simulated,
	    .due = simulation_due, .ask = ask_simulation, .hear = hear_simulation),
	ROW("trial.token", .needs = NEEDS("release.find"), .due = token_due, .ask = ask_trial_token, .hear = hear_trial_token),
	ROW("trial.assume", .needs = NEEDS("trial.token", "account.read"), .due = assume_due, .ask = ask_assume,
	    .hear = hear_assume),
};
