/* irsa: service account, its annotation, and the role that it names. */
#include "domain/check_irsa.h"

#include "core/text.h"
#include "domain/names.h"
#include "domain/world.h"
#include "formats/json.h"

#include <ctype.h>

enum { DOCUMENT_MAX = 64 << 10 };

/* pod-identity-webhook, pkg/cache: what does not match is ignored there, with a log line nobody sees. */
bool role_arn_ok(const char *arn)
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

static bool tag_is(const struct value *tags, const char *name, const char *text)
{
	return !text || text_same(value_text_or(value_get(tags, name), "", NULL), text);
}

bool role_is_ours(const struct diag *d, struct arena *a, const struct value *role)
{
	const struct value *tags = role ? tags_from_list(a, value_get(role, "Tags")) : NULL;

	return tags && tag_is(tags, TAG_NAMESPACE, d->release.namespace_) && tag_is(tags, TAG_RELEASE, d->release.name) &&
	       tag_is(tags, TAG_CLUSTER, diag_cluster_name(d));
}

/* Which role it should be: ours by tags, else the one that the pods run with. NULL: nobody knows. */
static const char *right_role(const struct diag *d, struct arena *a)
{
	const struct value *expected = diag_irsa(d)->expected_role;

	if (role_is_ours(d, a, expected))
		return value_text_or(expected, "Arn", NULL);
	for (size_t i = 0; i < d->pods.n; i++) {
		const char *arn = pod_env(&d->pods.at[i], VAULT_CONTAINER, "AWS_ROLE_ARN");

		if (arn && role_arn_ok(arn) && !text_same(arn, d->account.role_arn))
			return arn;
	}
	return expected ? value_text_or(expected, "Arn", NULL) : NULL;
}

/* Only pods that have another role need to be made anew: the webhook acts when a pod is created. */
static void fix_annotation(const struct diag *d, struct finding *f, const char *arn)
{
	const char *pods = NULL;

	if (!arn || text_same(arn, d->account.role_arn)) {
		fix(f, "helm vault-aws install %s -n %s", d->release.name, d->release.namespace_);
		return;
	}
	fix(f, "kubectl annotate serviceaccount %s -n %s --overwrite " ROLE_ANNOTATION "=%s", d->release.service_account,
	    d->release.namespace_, arn);
	for (size_t i = 0; i < d->pods.n; i++)
		if (!d->pods.at[i].deleting && !text_same(pod_env(&d->pods.at[i], VAULT_CONTAINER, "AWS_ROLE_ARN"), arn))
			pods = arena_printf(f->mem, "%s %s", pods ? pods : "", d->pods.at[i].name);
	if (pods)
		fix(f, "kubectl delete pod --wait=false -n %s%s", d->release.namespace_, pods);
}

JUDGE(judge_account)
{
	const char *name = d->release.service_account;

	if (d->account_presence == DIAG_ABSENT) {
		found(f, "the service account '%s' is not there", name);
		fix(f, "helm vault-aws install %s -n %s", d->release.name, d->release.namespace_);
		return VERDICT_FAIL;
	}
	found(f, "the service account '%s' is there", name);
	return VERDICT_PASS;
}

/* The name of an annotation that was meant to be ours: other case, or white space around it. */
static const char *misspelt(const struct diag *d)
{
	const struct value *all = value_at(d->account.object, "metadata.annotations");

	for (size_t i = 0; all && all->type == VALUE_MAP && i < all->n; i++) {
		struct view name = view_trim(view_text(all->names[i]));

		if (!text_same(all->names[i], ROLE_ANNOTATION) && name.n == strlen(ROLE_ANNOTATION) &&
		    strncasecmp(name.p, ROLE_ANNOTATION, name.n) == 0)
			return all->names[i];
	}
	return NULL;
}

JUDGE(judge_annotation)
{
	const char *name = d->release.service_account, *arn = d->account.role_arn, *other = misspelt(d);

	if (!arn) {
		found(f, "the service account '%s' has no annotation " ROLE_ANNOTATION ", so its pods get no role", name);
		if (other)
			found(f, "the service account '%s' has the annotation '%s', which is not " ROLE_ANNOTATION, name, other);
		fix_annotation(d, f, right_role(d, f->mem));
		return VERDICT_FAIL;
	}
	evidence(f, ROLE_ANNOTATION, "%s", arn);
	if (!role_arn_ok(arn)) {
		found(f, "the annotation of '%s' is no ARN of a role: '%s' (a space is enough), so the webhook ignores it", name, arn);
		fix_annotation(d, f, right_role(d, f->mem));
		return VERDICT_FAIL;
	}
	found(f, "'%s' names the role '%s'", name, d->role_name);
	return VERDICT_PASS;
}

JUDGE(judge_role_account)
{
	const char *arn = d->account.role_arn, *here = d->eks.account ? d->eks.account : d->caller_account;
	struct arn named, caller;
	AUTO(err) struct err e = {0};

	if (arn_parse(f->mem, arn, &named, &e) < 0 || arn_parse(f->mem, d->caller_arn, &caller, &e) < 0)
		return unknown(f, NULL, "%s", e.text);
	evidence(f, "caller", "%s", d->caller_arn);
	if (text_same(named.account, here) && text_same(named.partition, caller.partition)) {
		found(f, "the role is in the cluster's account %s", here);
		return VERDICT_PASS;
	}
	if (!text_same(named.partition, caller.partition)) {
		found(f, "the annotation names the partition '%s', but this is '%s'", named.partition, caller.partition);
	} else if (d->role) {
		found(f, "the annotation names the account %s, but the role '%s' is in %s", named.account, d->role_name,
		      d->caller_account);
	} else {
		found(f, "the role is in account %s, the cluster in %s: it needs an OIDC provider of this cluster there", named.account,
		      here);
		return VERDICT_INFO;
	}
	fix_annotation(d, f, d->role ? value_text_or(d->role, "Arn", NULL) : right_role(d, f->mem));
	return VERDICT_FAIL;
}

static const char *as_json(struct arena *a, const struct value *v)
{
	AUTO(buf) struct buf text = BUF_MAX(DOCUMENT_MAX);

	va_json_print(&text, v, false);
	return arena_text(a, buf_str(&text));
}

/* Tagged as `helm vault-aws apply` would, so that it goes on from there. */
static const char *tags_words(const struct diag *d, struct arena *a)
{
	const char *cluster = diag_cluster_name(d);

	return arena_printf(a, " --tags Key=ManagedBy,Value=" MANAGED_BY " Key=" TAG_NAMESPACE ",Value=%s Key=" TAG_RELEASE
	                    ",Value=%s%s%s", d->release.namespace_, d->release.name, cluster ? " Key=" TAG_CLUSTER ",Value=" : "",
	                    cluster ? cluster : "");
}

static void fix_role(const struct diag *d, struct finding *f, const struct arn *named)
{
	const char *right = right_role(d, f->mem), *policy = diag_wanted_policy(d, f->mem);
	const char *path = named->resource + strlen("role");
	size_t path_n = strlen(path) - strlen(d->role_name);
	struct trust_want want;

	if (right && !text_same(right, d->account.role_arn)) {
		fix_annotation(d, f, right);
		return;
	}
	if (!trust_wanted(d, f->mem, &want) || !policy) {
		fix(f, "helm vault-aws install %s -n %s", d->release.name, d->release.namespace_);
		return;
	}
	fix(f, "aws iam create-role --role-name %s%s --assume-role-policy-document %s%s", d->role_name,
	    path_n > 1 ? arena_printf(f->mem, " --path %.*s", (int)path_n, path) : "",
	    shell_word(f->mem, as_json(f->mem, trust_plain(f->mem, &want))), tags_words(d, f->mem));
	fix(f, "aws iam put-role-policy --role-name %s --policy-name " ROLE_POLICY " --policy-document %s", d->role_name,
	    shell_word(f->mem, policy));
}

/* A role of somebody else's, which does not let this account in, while the release has one of its own. */
static bool foreign(const struct diag *d, struct finding *f)
{
	const struct value *expected = diag_irsa(d)->expected_role;
	struct trust_want want;
	struct trust_view view;

	if (!role_is_ours(d, f->mem, expected) || role_is_ours(d, f->mem, d->role) || !trust_wanted(d, f->mem, &want) ||
	    text_same(value_text_or(expected, "Arn", ""), value_text_or(d->role, "Arn", "")))
		return false;
	trust_look(f->mem, d->trust, &want, &view);
	return view.reached != TRUST_WHOLE;
}

JUDGE(judge_role)
{
	const char *arn = d->account.role_arn;
	AUTO(err) struct err e = {0};
	struct arn named;

	if (d->assumed && !d->role)
		return unknown_assumed(f, "role", d->role_name, "iam-role-name");
	if (arn_parse(f->mem, arn, &named, &e) < 0)
		return unknown(f, NULL, "%s", e.text);
	if (!d->role && !text_same(named.account, d->caller_account))
		return unknown(f, NULL, "the role is in account %s, but the credentials here belong to %s", named.account, d->caller_account);
	if (!d->role) {
		found(f, "the role '%s' does not exist", arn);
		fix_role(d, f, &named);
		return VERDICT_FAIL;
	}
	if (foreign(d, f)) {
		found(f, "the annotation names the role '%s', but that of this release is '%s'", d->role_name,
		      role_name_of_arn(right_role(d, f->mem)));
		fix_annotation(d, f, right_role(d, f->mem));
		return VERDICT_FAIL;
	}
	if (!text_same(value_text_or(d->role, "Arn", ""), arn)) {
		found(f, "the annotation says '%s', but the role of that name is '%s': the paths differ", arn,
		      value_text_or(d->role, "Arn", ""));
		fix_annotation(d, f, value_text_or(d->role, "Arn", NULL));
		return VERDICT_FAIL;
	}
	found(f, "'%s' exists", d->role_name);
	return VERDICT_PASS;
}
