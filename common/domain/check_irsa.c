/* irsa: does the release's service account lead to its role? */
#include "domain/diag_base.h"

#include "core/text.h"

#include <ctype.h>

#define ROLE_ANNOTATION "eks.amazonaws.com/role-arn"

/* pod-identity-webhook, pkg/cache: what does not match is ignored there, with a log line nobody sees. */
static bool role_arn_ok(const char *arn)
{
	const char *p = arn;
	size_t n;

	if (!text_starts(p, "arn:aws"))
		return false;
	p += strlen("arn:aws");
	p += strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (!text_starts(p, ":iam::"))
		return false;
	p += strlen(":iam::");
	n = strspn(p, "0123456789");
	if (n != 12 || !text_starts(p + n, ":role/") || !p[n + strlen(":role/")])
		return false;
	for (p += n + strlen(":role/"); *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_-/.@+=,", *p))
			return false;
	return true;
}

static void fix_annotation(const struct diag *d, struct finding *f)
{
	fix(f, "kubectl annotate serviceaccount %s -n %s --overwrite " ROLE_ANNOTATION "=ROLE_ARN", d->release.service_account,
	    d->release.namespace_);
	fix(f, "kubectl delete pod -n %s -l app.kubernetes.io/instance=%s,component=server", d->release.namespace_, d->release.name);
}

static enum verdict judge_account(const struct diag *d, struct finding *f)
{
	const char *name = d->release.service_account;

	if (d->account_presence == DIAG_ABSENT) {
		found(f, "the service account '%s' is not there", name);
		fix(f, "helm vault-aws install %s -n %s", d->release.name, d->release.namespace_);
		return VERDICT_FAIL;
	}
	if (!d->account.role_arn) {
		found(f, "the service account '%s' has no annotation " ROLE_ANNOTATION ", so its pods get no role", name);
		fix_annotation(d, f);
		return VERDICT_FAIL;
	}
	evidence(f, ROLE_ANNOTATION, "%s", d->account.role_arn);
	if (!role_arn_ok(d->account.role_arn)) {
		found(f, "the annotation of '%s' is no ARN of a role: '%s' (a space is enough), so the webhook ignores it", name,
		      d->account.role_arn);
		fix_annotation(d, f);
		return VERDICT_FAIL;
	}
	found(f, "'%s' names the role '%s'", name, d->role_name);
	return VERDICT_PASS;
}

static enum verdict judge_role(const struct diag *d, struct finding *f)
{
	const char *arn = d->account.role_arn;
	struct arn named;
	AUTO(err) struct err e = {0};

	if (arn_parse(f->mem, arn, &named, &e) < 0)
		return unknown(f, NULL, "%s", e.text);
	evidence(f, "caller", "%s", d->caller_arn);
	if (!text_same(named.account, d->caller_account))
		return unknown(f, NULL, "the role is in account %s, but the credentials here belong to %s", named.account, d->caller_account);
	if (!d->role) {
		found(f, "the role '%s' does not exist", arn);
		fix(f, "helm vault-aws apply");
		return VERDICT_FAIL;
	}
	if (!text_same(value_text_or(d->role, "Arn", ""), arn)) {
		found(f, "the annotation says '%s', but the role of that name is '%s': path or partition differ", arn,
		      value_text_or(d->role, "Arn", ""));
		fix_annotation(d, f);
		return VERDICT_FAIL;
	}
	found(f, "'%s' exists", d->role_name);
	return VERDICT_PASS;
}

static const struct check checks[] = {
	{ .id = "irsa-account", .title = "the service account names a role", .link = LINK_ACCOUNT, .needs = NEEDS("release"),
	  .reads = NEEDS("account.read"), .judge = judge_account,
	  .decides = "Reads the service account that the StatefulSet names, and its annotation " ROLE_ANNOTATION
	             ", which must match the expression that EKS's webhook uses.",
	  .remedy = "set the annotation and start the pods anew: the webhook acts when a pod is created",
	  .reference = "aws/amazon-eks-pod-identity-webhook, pkg/cache/cache.go" },
	{ .id = "irsa-role", .title = "the role exists", .link = LINK_ROLE, .needs = NEEDS("irsa-account"),
	  .reads = NEEDS("account.read", "caller.read", "role.read"), .judge = judge_role,
	  .decides = "GetRole by the name in the annotation; account, path and partition must agree too.",
	  .remedy = "make the role, or name the right one in the annotation",
	  .reference = "IAM API Reference, GetRole" },
};

const struct check_family irsa_family = {
	.name = "irsa", .title = "Identity (IRSA)", .checks = checks, .n_checks = COUNT_OF(checks), .steps = NULL, .n_steps = 0,
};
