/* irsa: the cluster's OIDC provider, and the role's trust policy link by link. */
#include "domain/check_irsa.h"

#include "aws/policy_match.h"
#include "core/text.h"
#include "formats/json.h"

enum { DOCUMENT_MAX = 64 << 10 };

static const char *as_json(struct arena *a, const struct value *v)
{
	AUTO(buf) struct buf text = BUF_MAX(DOCUMENT_MAX);

	va_json_print(&text, v, false);
	return arena_text(a, buf_str(&text));
}

/* ---- the provider ---- */

static bool elsewhere(const struct diag *d, struct finding *f)
{
	const char *account = diag_account(d, f->mem);

	return account && d->caller_account && !text_same(account, d->caller_account);
}

JUDGE(judge_provider)
{
	const struct diag_irsa *p = diag_irsa(d);
	const char *arn = diag_provider_arn(d, f->mem);

	if (!arn || !p->provider_read)
		return unknown(f, NULL, "the cluster's issuer is not known");
	if (!p->provider && elsewhere(d, f) && d->role)
		return consequence(f, "irsa-role-account");
	evidence(f, "issuer", "%s", d->issuer);
	if (!p->provider && elsewhere(d, f))
		return unknown(f, NULL, "the provider would be in account %s, but the credentials here belong to %s",
		               diag_account(d, f->mem), d->caller_account);
	if (!p->provider) {
		found(f, "IAM has no OIDC provider '%s', so it trusts no token of this cluster", arn);
		fix(f, "aws iam create-open-id-connect-provider --url %s --client-id-list %s", shell_word(f->mem, d->issuer),
		    shell_word(f->mem, diag_audience(d)));
		return VERDICT_FAIL;
	}
	evidence(f, "provider", "%s", arn);
	found(f, "IAM knows the cluster's issuer");
	return VERDICT_PASS;
}

JUDGE(judge_provider_audience)
{
	const struct value *ids = value_get(diag_irsa(d)->provider, "ClientIDList");
	const char *want = diag_audience(d), *all = NULL;

	for (size_t i = 0; i < policy_list_n(ids); i++) {
		const char *one = value_text_or(policy_list_item(ids, i), "", "");

		if (text_same(one, want)) {
			found(f, "the provider lists the audience '%s'", want);
			return VERDICT_PASS;
		}
		if (!text_empty(one))
			all = arena_printf(f->mem, "%s%s%s", all ? all : "", all ? ", " : "", one);
	}
	evidence(f, "ClientIDList", "%s", all ? all : "empty");
	found(f, "the OIDC provider does not list the audience '%s' of the pods' tokens", want);
	fix(f, "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn %s --client-id %s",
	    diag_provider_arn(d, f->mem), shell_word(f->mem, want));
	return VERDICT_FAIL;
}

/* ---- the trust policy ---- */

static void fix_trust(const struct diag *d, struct finding *f, const struct trust_want *want, const struct trust_view *view)
{
	bool ours = role_is_ours(d, f->mem, d->role);
	const struct value *mended = trust_mended(f->mem, d->trust, want, view, ours);

	fix(f, "aws iam update-assume-role-policy --role-name %s --policy-document %s", shell_word(f->mem, d->role_name),
	    shell_word(f->mem, as_json(f->mem, mended)));
}

static const char *statement_name(struct finding *f, const struct trust_view *view)
{
	const char *sid = value_text_or(view->statement, "Sid", NULL);

	return arena_printf(f->mem, "statement %zu%s%s%s", view->index + 1, sid ? " (" : "", sid ? sid : "", sid ? ")" : "");
}

/* Looks, and answers for the links before and after: true, with the verdict, where `link` itself is not what breaks. */
static bool look(const struct diag *d, struct finding *f, enum trust_link link, struct trust_want *want,
                 struct trust_view *view, enum verdict *verdict)
{
	if (!d->trust || !trust_wanted(d, f->mem, want)) {
		*verdict = unknown(f, NULL, "the role's trust policy or the cluster's issuer is not known");
		return true;
	}
	trust_look(f->mem, d->trust, want, view);
	if (view->statement && (view->reached == link || link == TRUST_ACTION))
		evidence(f, "trust policy", "%s: %s", statement_name(f, view), as_json(f->mem, view->statement));
	*verdict = VERDICT_PASS;
	return view->reached != link;
}

JUDGE(judge_trust_action)
{
	struct trust_want want;
	struct trust_view view = {0};
	enum verdict verdict;

	found(f, "the trust policy allows " WEB_IDENTITY_ACTION);
	if (look(d, f, TRUST_ACTION, &want, &view, &verdict))
		return verdict;
	found(f, "no statement of the trust policy allows " WEB_IDENTITY_ACTION "%s", view.statement ? arena_printf(f->mem,
	      ", but %s", as_json(f->mem, value_get(view.statement, "Action"))) : "");
	fix_trust(d, f, &want, &view);
	return VERDICT_FAIL;
}

JUDGE(judge_trust_provider)
{
	struct trust_want want;
	struct trust_view view;
	enum verdict verdict;
	const struct value *principal;

	found(f, "it trusts this cluster's issuer");
	if (look(d, f, TRUST_PROVIDER, &want, &view, &verdict))
		return verdict;
	principal = value_get(view.statement, "Principal");
	found(f, "the trust policy names %s, but this cluster's issuer is '%s'", principal ? as_json(f->mem, principal) : "nobody",
	      want.provider);
	fix_trust(d, f, &want, &view);
	return VERDICT_FAIL;
}

/* A key of another issuer, or one spelt as a URL, is never in a request of this cluster. */
static const char *wrong_key(struct arena *a, const char *values, const struct trust_want *want, const char *suffix)
{
	const char *key = arena_printf(a, ", %s%s ", want->site, suffix);

	if (text_same(values, "nothing") || text_starts(values, key + 2) || strstr(values, key))
		return "";
	return arena_printf(a, "; the condition key must be '%s%s', as the token's issuer has it", want->site, suffix);
}

JUDGE(judge_trust_subject)
{
	struct trust_want want;
	struct trust_view view;
	enum verdict verdict;
	const char *values;

	found(f, "it names this service account");
	if (look(d, f, TRUST_SUBJECT, &want, &view, &verdict)) {
		if (verdict != VERDICT_PASS || trust_asks(view.statement, ":sub"))
			return verdict;
		found(f, "the trust policy asks nothing of the subject, so every service account of the cluster may take the role");
		fix(f, "aws iam update-assume-role-policy --role-name %s --policy-document %s", shell_word(f->mem, d->role_name),
		    shell_word(f->mem, as_json(f->mem, trust_plain(f->mem, &want))));
		return VERDICT_WARN;
	}
	values = trust_values(f->mem, view.statement, ":sub");
	found(f, "the trust policy wants the subject %s, but the pods' token says '%s'%s", values, want.subject,
	      wrong_key(f->mem, values, &want, ":sub"));
	fix_trust(d, f, &want, &view);
	return VERDICT_FAIL;
}

JUDGE(judge_trust_audience)
{
	struct trust_want want;
	struct trust_view view;
	enum verdict verdict;
	const char *values;

	found(f, "it names the audience of the pods' tokens");
	if (look(d, f, TRUST_AUDIENCE, &want, &view, &verdict)) {
		if (verdict == VERDICT_PASS && !trust_asks(view.statement, ":aud"))
			found(f, "it asks nothing of the audience, which the OIDC provider's list bounds");
		return verdict;
	}
	values = trust_values(f->mem, view.statement, ":aud");
	found(f, "the trust policy wants the audience %s, but the pods' token says '%s'%s", values, want.audience,
	      wrong_key(f->mem, values, &want, ":aud"));
	fix_trust(d, f, &want, &view);
	return VERDICT_FAIL;
}

/* What a request brings along by where it comes from: whether it holds for the pods cannot be seen from here. */
static bool depends_on_network(const char *key)
{
	static const char *const keys[] = {
		"aws:SourceIp", "aws:VpcSourceIp", "aws:SourceVpc", "aws:SourceVpce", "aws:UserAgent", "aws:CurrentTime",
		"aws:EpochTime", "aws:SecureTransport", "aws:RequestedRegion",
	};

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (text_same_nocase(key, keys[i]))
			return true;
	return false;
}

static enum verdict wide(const struct trust_view *view, struct finding *f)
{
	const char *values = trust_values(f->mem, view->statement, ":sub");

	if (!strpbrk(values, "*?"))
		return VERDICT_PASS;
	found(f, "the subject has a wildcard (%s), so other service accounts may take the role as well", values);
	return VERDICT_WARN;
}

JUDGE(judge_trust_conditions)
{
	struct trust_want want;
	struct trust_view view;
	enum verdict verdict;

	found(f, "no further condition stands in the way");
	if (look(d, f, TRUST_CONDITIONS, &want, &view, &verdict))
		return verdict == VERDICT_PASS && view.statement ? wide(&view, f) : verdict;
	if (view.missing_key && depends_on_network(view.missing_key) && !view.misuse && !view.deny)
		return unknown(f, NULL, "the trust policy also wants '%s', which depends on where the pods' requests come from",
		               view.missing_key);
	if (view.deny)
		found(f, "statement %zu of the trust policy denies it: %s", view.deny_index + 1, as_json(f->mem, view.deny));
	else if (view.misuse)
		found(f, "a wildcard stands under StringEquals, where '*' is only a star: %s",
		      trust_values(f->mem, view.statement, ":sub"));
	else
		found(f, "the trust policy also wants what no token of a service account has: %s",
		      view.missing_key ? view.missing_key : as_json(f->mem, value_get(view.statement, "Condition")));
	fix_trust(d, f, &want, &view);
	return VERDICT_FAIL;
}
