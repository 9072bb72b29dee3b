/* irsa: what STS said to a token of the service account. */
#include "domain/check_irsa.h"

#include "core/text.h"

enum verdict consequence(struct finding *f, const char *id)
{
	f->blocked_by = check_find(id);
	found(f, "skipped: '%s' comes first", id);
	return VERDICT_SKIP;
}

/* STS tells a missing role, a trust policy that says no and one that has not spread apart as little as it must. */
static const char *earlier_cause(const struct diag *d, struct arena *a)
{
	static const char *const ids[] = {
		[TRUST_ACTION] = "irsa-trust-action", [TRUST_PROVIDER] = "irsa-trust-provider",
		[TRUST_SUBJECT] = "irsa-trust-subject", [TRUST_AUDIENCE] = "irsa-trust-audience",
		[TRUST_CONDITIONS] = "irsa-trust-conditions",
	};
	const struct diag_irsa *p = diag_irsa(d);
	struct trust_want want;
	struct trust_view view;

	if (p->provider_read && !p->provider)
		return "irsa-provider";
	if (p->provider && text_same(p->trial_code, "InvalidIdentityToken") && strstr(p->trial_message, "audience"))
		return "irsa-provider-audience";
	if (d->role_read && !d->role)
		return "irsa-role";
	if (!d->trust || !trust_wanted(d, a, &want))
		return NULL;
	trust_look(a, d->trust, &want, &view);
	return view.reached == TRUST_WHOLE ? NULL : ids[view.reached];
}

static const struct {
	const char *code, *fragment, *means;
} meanings[] = {
	{ "InvalidIdentityToken", "No OpenIDConnect provider", "the role's account has no OIDC provider for the token's issuer" },
	{ "InvalidIdentityToken", "audience", "the OIDC provider does not list the token's audience" },
	{ "InvalidIdentityToken", "verification key", "AWS could not fetch the issuer's keys: try again in a minute" },
	{ "InvalidIdentityToken", "", "STS does not take the token" },
	{ "AccessDenied", "", "the role does not exist, its trust policy says no, or what was changed a moment ago has not spread" },
	{ "ExpiredTokenException", "", "the token is old for STS: the cluster's clock or AWS's is off" },
	{ "IDPRejectedClaim", "", "STS refused a claim of the token" },
	{ "ValidationError", "ARN", "the annotation is no ARN that STS takes" },
	{ "RegionDisabledException", "", "STS is not switched on in this region" },
};

static const char *meaning(const char *code, const char *message)
{
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (text_same(code, meanings[i].code) && strstr(message, meanings[i].fragment))
			return meanings[i].means;
	return "STS refused";
}

JUDGE(judge_proof)
{
	const struct diag_irsa *p = diag_irsa(d);
	const char *cause;

	if (!p->trial_asked)
		return unknown(f, NULL, "STS was not asked");
	evidence(f, "token", "issuer %s, subject %s, audience %s", p->token_issuer ? p->token_issuer : "?",
	         p->token_subject ? p->token_subject : "?", p->token_audience ? p->token_audience : "?");
	if (p->trial_open) {
		found(f, "a token of '%s' was changed for credentials of '%s'", d->release.service_account, d->role_name);
		return VERDICT_PASS;
	}
	cause = earlier_cause(d, f->mem);
	if (cause && check_find(cause))
		return consequence(f, cause);
	evidence(f, "STS", "%s: %s", p->trial_code, p->trial_message);
	found(f, "STS does not let the service account take the role: %s", meaning(p->trial_code, p->trial_message));
	fix(f, "kubectl vault-check irsa -n %s    # again in a minute: IAM's changes take that long", d->release.namespace_);
	return VERDICT_FAIL;
}
