/* irsa: what the webhook did, and what the running pods have. */
#include "domain/check_irsa.h"

#include "core/text.h"
#include "formats/iso8601.h"
#include "formats/json.h"

#define ENV_ROLE "AWS_ROLE_ARN"
#define ENV_TOKEN "AWS_WEB_IDENTITY_TOKEN_FILE"
#define ENV_CONTAINER "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define SKIP_CONTAINERS "eks.amazonaws.com/skip-containers"
#define SKIP_WEBHOOK "eks.amazonaws.com/skip-pod-identity-webhook"
#define STS_REGIONAL "eks.amazonaws.com/sts-regional-endpoints"
#define TOKEN_DIR "/var/run/secrets/eks.amazonaws.com/serviceaccount"

enum { TEXT_MAX = 64 << 10, TOKEN_S = 86400 };

/* How a pod stands towards the role of the annotation. */
enum equipped { HAS_ROLE, HAS_NOTHING, HAS_OTHER_ROLE, HAS_POD_IDENTITY };

static const char *env(const struct pod *p, const char *name)
{
	return pod_env(p, VAULT_CONTAINER, name);
}

static enum equipped equipped(const struct diag *d, const struct pod *p)
{
	const char *role = env(p, ENV_ROLE);

	if (role && env(p, ENV_TOKEN))
		return text_same(role, d->account.role_arn) ? HAS_ROLE : HAS_OTHER_ROLE;
	return env(p, ENV_CONTAINER) ? HAS_POD_IDENTITY : HAS_NOTHING;
}

typedef bool pod_fn(const struct diag *, const struct pod *);

static bool lacks_role(const struct diag *d, const struct pod *p)
{
	return equipped(d, p) != HAS_ROLE;
}

/* Names of the pods for which it is so, parted by spaces, in the arena; NULL: none. */
static const char *pods_where(const struct diag *d, struct arena *a, pod_fn *is)
{
	const char *names = NULL;

	for (size_t i = 0; i < d->pods.n; i++)
		if (!d->pods.at[i].deleting && is(d, &d->pods.at[i]))
			names = arena_printf(a, "%s%s%s", names ? names : "", names ? " " : "", d->pods.at[i].name);
	return names;
}

static bool any_pod(const struct diag *d, const struct pod *p)
{
	(void)d;
	(void)p;
	return true;
}

static void fix_restart(const struct diag *d, struct finding *f, const char *pods)
{
	fix(f, "kubectl delete pod --wait=false -n %s %s", d->release.namespace_, pods);
}

static void show_env(const struct diag *d, struct finding *f)
{
	static const char *const names[] = { ENV_ROLE, ENV_TOKEN, ENV_CONTAINER };

	for (size_t i = 0; i < d->pods.n; i++) {
		const char *all = NULL;

		for (size_t k = 0; k < COUNT_OF(names); k++)
			if (env(&d->pods.at[i], names[k]))
				all = arena_printf(f->mem, "%s%s%s=%s", all ? all : "", all ? " " : "", names[k], env(&d->pods.at[i], names[k]));
		evidence(f, d->pods.at[i].name, "%s", all ? all : "no variable of AWS's");
	}
}

/* ---- the webhook ---- */

/* Everything that the webhook would have done, written into the template: the pods then need no webhook. */
static const char *equipping_patch(const struct diag *d, struct arena *a)
{
	AUTO(buf) struct buf out = BUF_MAX(TEXT_MAX);
	const char *region = diag_cluster_region(d);

	buf_text(&out, "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"" VAULT_CONTAINER "\",\"env\":["
	         "{\"name\":\"" ENV_TOKEN "\",\"value\":\"" TOKEN_DIR "/token\"},"
	         "{\"name\":\"AWS_STS_REGIONAL_ENDPOINTS\",\"value\":\"regional\"},{\"name\":\"" ENV_ROLE "\",\"value\":");
	va_json_quote(&out, view_text(d->account.role_arn));
	buf_text(&out, "}");
	if (region && !env(&d->pods.at[0], "AWS_REGION")) {
		buf_text(&out, ",{\"name\":\"AWS_REGION\",\"value\":");
		va_json_quote(&out, view_text(region));
		buf_text(&out, "}");
	}
	buf_text(&out, "],\"volumeMounts\":[{\"name\":\"" TOKEN_VOLUME "\",\"mountPath\":\"" TOKEN_DIR "\",\"readOnly\":true}]}],"
	         "\"volumes\":[{\"name\":\"" TOKEN_VOLUME "\",\"projected\":{\"sources\":[{\"serviceAccountToken\":{\"audience\":");
	va_json_quote(&out, view_text(diag_audience(d)));
	buf_printf(&out, ",\"expirationSeconds\":%d,\"path\":\"token\"}}]}}]}}}}", TOKEN_S);
	return arena_text(a, buf_str(&out));
}

static void fix_without_webhook(const struct diag *d, struct finding *f, const char *pods)
{
	fix(f, "kubectl patch statefulset -n %s %s --type strategic -p %s", d->release.namespace_, d->release.fullname,
	    shell_word(f->mem, equipping_patch(d, f->mem)));
	fix_restart(d, f, pods);
}

static bool slices_serve(const struct value *slices)
{
	for (size_t i = 0; slices && slices->type == VALUE_LIST && i < slices->n; i++)
		for (size_t k = 0; k < value_count(slices->items[i], "endpoints"); k++) {
			const struct value *one = value_get(slices->items[i], "endpoints")->items[k];

			if (value_bool_or(one, "conditions.ready", true))
				return true;
		}
	return false;
}

/* NULL: it is there, and as far as one can see it can be called. */
static const char *webhook_fault(const struct diag *d, struct arena *a)
{
	const struct diag_irsa *p = diag_irsa(d);
	const struct value *service = value_at(p->webhook, "webhooks.0.clientConfig.service");

	if (!p->webhook)
		return "the webhook 'pod-identity-webhook' is not there";
	if (value_count(p->webhook, "webhooks") == 0)
		return "the webhook 'pod-identity-webhook' is empty";
	if (service && p->webhook_slices_read && !slices_serve(p->webhook_slices))
		return arena_printf(a, "the webhook's service '%s/%s' has no endpoint", value_text_or(service, "namespace", ""),
		                    value_text_or(service, "name", ""));
	return NULL;
}

/* Read, and at fault. */
static bool webhook_broken(const struct diag *d, struct arena *a)
{
	return diag_irsa(d)->webhook_read && webhook_fault(d, a) != NULL;
}

JUDGE(judge_webhook)
{
	const struct value *first = value_at(diag_irsa(d)->webhook, "webhooks.0");
	const char *fault = webhook_fault(d, f->mem), *pods = pods_where(d, f->mem, lacks_role);

	if (!fault) {
		evidence(f, "called by", "%s", value_at(first, "clientConfig.service") ? "service" :
		         value_text_or(first, "clientConfig.url", "?"));
		evidence(f, "failurePolicy", "%s", value_text_or(first, "failurePolicy", "?"));
		found(f, "the pod identity webhook is registered");
		return VERDICT_PASS;
	}
	show_env(d, f);
	if (!pods) {
		found(f, "%s, but the pods have what it would give them", fault);
		return VERDICT_INFO;
	}
	found(f, "%s, so new pods get neither role nor token (its failurePolicy is Ignore: no event says so)", fault);
	fix_without_webhook(d, f, pods);
	return VERDICT_FAIL;
}

/* ---- EKS Pod Identity ---- */

static bool has_pod_identity(const struct diag *d, const struct pod *p)
{
	return equipped(d, p) == HAS_POD_IDENTITY;
}

JUDGE(judge_pod_identity)
{
	const struct diag_irsa *p = diag_irsa(d);
	const struct value *one = p->associations && value_count(p->associations, NULL) ? p->associations->items[0] : NULL;
	const char *pods = pods_where(d, f->mem, has_pod_identity);

	if (!one && pods) {
		show_env(d, f);
		found(f, "the pods have credentials by EKS Pod Identity, which the DynamoDB storage does not work with");
		fix_restart(d, f, pods);
		return VERDICT_FAIL;
	}
	if (!p->associations_read)
		return unknown(f, NULL, "the cluster's name is not known: give it with --cluster-name");
	if (!one) {
		found(f, "no Pod Identity association stands in the way");
		return VERDICT_PASS;
	}
	evidence(f, "association", "%s", value_text_or(one, "associationId", "?"));
	found(f, "a Pod Identity association of '%s' wins over the annotation, %s", d->release.service_account,
	      pods ? "and the pods have it" : "and the next pods will have it");
	fix(f, "aws eks delete-pod-identity-association --cluster-name %s --association-id %s", diag_cluster_name(d),
	    value_text_or(one, "associationId", "?"));
	if (pods)
		fix_restart(d, f, pods);
	return pods ? VERDICT_FAIL : VERDICT_WARN;
}

/* ---- left out on purpose ---- */

static bool names_container(const char *list)
{
	struct view rest = view_text(list);

	while (rest.p)
		if (view_is(view_trim(view_cut(&rest, ',')), VAULT_CONTAINER))
			return true;
	return false;
}

/* The annotation or label that keeps the webhook off; NULL: none. */
static const char *skipped_by(const struct value *object)
{
	const char *list = object_annotation(object, SKIP_CONTAINERS);

	if (list && names_container(list))
		return SKIP_CONTAINERS;
	return object_label(object, SKIP_WEBHOOK) ? SKIP_WEBHOOK : NULL;
}

static bool is_skipped(const struct diag *d, const struct pod *p)
{
	return lacks_role(d, p) && skipped_by(p->object) != NULL;
}

JUDGE(judge_pod_skip)
{
	const char *pods = pods_where(d, f->mem, is_skipped), *by = NULL;
	const struct value *template = value_at(d->release.statefulset, "spec.template");
	const char *in_template = template ? skipped_by(template) : NULL;

	if (!pods) {
		found(f, "no pod asks the webhook to leave it alone");
		return VERDICT_PASS;
	}
	for (size_t i = 0; i < d->pods.n && !by; i++)
		by = skipped_by(d->pods.at[i].object);
	found(f, "'%s' keeps the webhook off: %s", by, pods);
	if (in_template)
		fix(f, "kubectl patch statefulset -n %s %s --type json -p '[{\"op\":\"remove\",\"path\":\"/spec/template/metadata/%s/"
		    "eks.amazonaws.com~1%s\"}]'", d->release.namespace_, d->release.fullname,
		    text_same(in_template, SKIP_WEBHOOK) ? "labels" : "annotations", strchr(in_template, '/') + 1);
	fix_restart(d, f, pods);
	return VERDICT_FAIL;
}

/* ---- older than the annotation ---- */

/* When the annotation was written last, by the server's own book-keeping, in ms; 0: it does not say. */
static int64_t annotated_ms(const struct diag *d)
{
	const struct value *fields = value_at(d->account.object, "metadata.managedFields");
	int64_t last = 0;

	for (size_t i = 0; fields && fields->type == VALUE_LIST && i < fields->n; i++) {
		const struct value *of = value_at(fields->items[i], "fieldsV1.f:metadata.f:annotations");
		const char *time = value_text_or(fields->items[i], "time", NULL);
		AUTO(err) struct err e = {0};
		int64_t ms;

		if (value_get(of, "f:" ROLE_ANNOTATION) && time && iso8601_parse(view_text(time), &ms, &e) == 0 && ms > last)
			last = ms;
	}
	return last;
}

static bool template_sets_role(const struct diag *d)
{
	const struct value *env_list = value_at(d->release.statefulset, "spec.template.spec.containers.0.env");

	for (size_t i = 0; env_list && env_list->type == VALUE_LIST && i < env_list->n; i++)
		if (text_same(value_text_or(env_list->items[i], "name", ""), ENV_ROLE))
			return true;
	return false;
}

/* Times are whole seconds: a pod of the same second may have been first. */
static bool is_older(const struct diag *d, const struct pod *p)
{
	AUTO(err) struct err e = {0};
	int64_t created, annotated = annotated_ms(d);

	if (!lacks_role(d, p) || template_sets_role(d))
		return false;
	if (!annotated || !p->created || iso8601_parse(view_text(p->created), &created, &e) < 0)
		return equipped(d, p) == HAS_OTHER_ROLE;
	return created <= annotated;
}

JUDGE(judge_pod_age)
{
	const char *pods = pods_where(d, f->mem, is_older);
	int64_t annotated = annotated_ms(d);
	char time[ISO8601_TEXT];

	if (!pods_where(d, f->mem, any_pod))
		return not_applicable(f, "there is no pod yet");
	if (pods && pods_where(d, f->mem, is_skipped))
		return consequence(f, "irsa-pod-skip");
	if (!pods) {
		found(f, "no pod is older than the annotation");
		return VERDICT_PASS;
	}
	if (webhook_broken(d, f->mem))
		return consequence(f, "irsa-webhook");
	if (annotated) {
		iso8601_print(annotated, time);
		evidence(f, "annotated", "%s", time);
	}
	for (size_t i = 0; i < d->pods.n; i++)
		evidence(f, d->pods.at[i].name, "created %s, " ENV_ROLE "=%s", d->pods.at[i].created ? d->pods.at[i].created : "?",
		         env(&d->pods.at[i], ENV_ROLE) ? env(&d->pods.at[i], ENV_ROLE) : "");
	found(f, "older than the annotation, and so without its role: %s", pods);
	fix_restart(d, f, pods);
	return VERDICT_FAIL;
}

/* ---- what the pods have ---- */

JUDGE(judge_pod_env)
{
	const char *pods = pods_where(d, f->mem, lacks_role);

	if (!pods_where(d, f->mem, any_pod))
		return not_applicable(f, "there is no pod yet");
	if (!pods) {
		found(f, "every pod has the role and a token for it");
		return VERDICT_PASS;
	}
	if (pods_where(d, f->mem, has_pod_identity))
		return consequence(f, "irsa-pod-identity");
	if (webhook_broken(d, f->mem))
		return consequence(f, "irsa-webhook");
	if (pods_where(d, f->mem, is_skipped))
		return consequence(f, "irsa-pod-skip");
	if (pods_where(d, f->mem, is_older))
		return consequence(f, "irsa-pod-age");
	show_env(d, f);
	if (template_sets_role(d)) {
		found(f, "the StatefulSet itself sets " ENV_ROLE ", so the webhook leaves these pods alone: %s", pods);
		fix(f, "kubectl set env statefulset/%s -n %s -c " VAULT_CONTAINER " " ENV_ROLE "- " ENV_TOKEN "-", d->release.fullname,
		    d->release.namespace_);
		fix_restart(d, f, pods);
		return VERDICT_FAIL;
	}
	found(f, "without role and token, so silently with the node's role or none: %s", pods);
	fix_restart(d, f, pods);
	return VERDICT_FAIL;
}

static bool token_is_mounted(const struct pod *p)
{
	const char *file = env(p, ENV_TOKEN);
	struct token_volume volume;

	if (!pod_find_token_volume(p, VAULT_CONTAINER, TOKEN_VOLUME, &volume) || !volume.mount_path || !volume.path)
		return false;
	return file && text_starts(file, volume.mount_path) && text_ends(file, volume.path) &&
	       strlen(file) == strlen(volume.mount_path) + 1 + strlen(volume.path);
}

static bool lacks_token(const struct diag *d, const struct pod *p)
{
	return !lacks_role(d, p) && !token_is_mounted(p);
}

JUDGE(judge_token_mount)
{
	const char *pods = pods_where(d, f->mem, lacks_token);

	if (!pods) {
		found(f, "the token is mounted where " ENV_TOKEN " points, for the audience '%s'", diag_audience(d));
		return VERDICT_PASS;
	}
	show_env(d, f);
	found(f, "no token is mounted where " ENV_TOKEN " points: %s", pods);
	fix(f, "kubectl set env statefulset/%s -n %s -c " VAULT_CONTAINER " " ENV_ROLE "- " ENV_TOKEN "-", d->release.fullname,
	    d->release.namespace_);
	fix_restart(d, f, pods);
	return VERDICT_FAIL;
}

static const struct value *container_spec(const struct pod *p)
{
	const struct value *all = value_at(p->object, "spec.containers");

	for (size_t i = 0; all && all->type == VALUE_LIST && i < all->n; i++)
		if (text_same(value_text_or(all->items[i], "name", ""), VAULT_CONTAINER))
			return all->items[i];
	return NULL;
}

/* As root, or by a group of the pod, or as the one user that the kubelet gives the file to. */
static bool token_unreadable(const struct diag *d, const struct pod *p)
{
	int64_t user = value_int_or(container_spec(p), "securityContext.runAsUser",
	                            value_int_or(p->object, "spec.securityContext.runAsUser", -1));

	(void)d;
	return user == -1 && value_int_or(p->object, "spec.securityContext.fsGroup", -1) == -1;
}

JUDGE(judge_token_readable)
{
	const char *pods = pods_where(d, f->mem, token_unreadable);

	for (size_t i = 0; i < d->pods.n; i++)
		evidence(f, d->pods.at[i].name, "fsGroup %lld", (long long)value_int_or(d->pods.at[i].object,
		         "spec.securityContext.fsGroup", -1));
	if (!pods) {
		found(f, "Vault may read the token");
		return VERDICT_PASS;
	}
	found(f, "neither fsGroup nor runAsUser is set, so a kubelet may give the token to root alone: %s", pods);
	fix(f, "kubectl patch statefulset -n %s %s --type merge -p '{\"spec\":{\"template\":{\"spec\":{\"securityContext\":"
	    "{\"fsGroup\":1000}}}}}'", d->release.namespace_, d->release.fullname);
	fix_restart(d, f, pods);
	return VERDICT_WARN;
}

static bool is_global_sts(const struct diag *d, const struct pod *p)
{
	return !lacks_role(d, p) && !text_same(env(p, "AWS_STS_REGIONAL_ENDPOINTS"), "regional");
}

JUDGE(judge_sts_regional)
{
	const char *pods = pods_where(d, f->mem, is_global_sts);

	if (!pods) {
		found(f, "the pods ask STS in their own region");
		return VERDICT_PASS;
	}
	found(f, "AWS_STS_REGIONAL_ENDPOINTS is not 'regional', so STS is asked at its global address, which a private "
	      "cluster cannot reach: %s", pods);
	fix(f, "kubectl annotate serviceaccount %s -n %s --overwrite " STS_REGIONAL "=true", d->release.service_account,
	    d->release.namespace_);
	fix_restart(d, f, pods);
	return VERDICT_WARN;
}

static bool has_static_keys(const struct diag *d, const struct pod *p)
{
	const struct value *list = value_get(container_spec(p), "env");

	(void)d;
	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (text_same(value_text_or(list->items[i], "name", ""), "AWS_ACCESS_KEY_ID"))
			return true;
	return false;
}

JUDGE(judge_static_keys)
{
	const char *pods = pods_where(d, f->mem, has_static_keys);

	if (!pods) {
		found(f, "no pod has an access key in its environment");
		return VERDICT_PASS;
	}
	found(f, "AWS_ACCESS_KEY_ID is set and wins over the role: %s", pods);
	fix(f, "kubectl set env statefulset/%s -n %s -c " VAULT_CONTAINER " AWS_ACCESS_KEY_ID- AWS_SECRET_ACCESS_KEY- "
	    "AWS_SESSION_TOKEN-", d->release.fullname, d->release.namespace_);
	fix_restart(d, f, pods);
	return VERDICT_WARN;
}
