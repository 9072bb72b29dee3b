/* What every family stands on: the release, its configuration, account and pods; who asks, and the cluster's issuer. */
#include "domain/diag_base.h"

#include "aws/policy_document.h"
#include "core/text.h"
#include "domain/diag_kms.h"
#include "domain/hear.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { SCOPES = 3, LIST_MAX = 500 };

/* ---- the release ---- */

static const char *scope_namespace(const struct diag *d)
{
	if (d->options.namespace_ || d->options.all_namespaces)
		return d->options.namespace_;
	if (d->scope == 0)
		return d->kube->context_namespace;
	return d->scope == 1 ? "vault" : NULL;
}

ASK(ask_release)
{
	const struct diag *d = world;
	const char *labels = "app.kubernetes.io/name=vault", *query, *namespace_;

	(void)item;
	if (!d->kube)
		return diag_ask_kube(d, rq, "GET", "/", NULL, e);
	if (d->options.selector)
		labels = arena_printf(&rq->mem, "%s,%s", labels, d->options.selector);
	query = kube_path(&rq->mem, "labelSelector=%s&limit=500", labels);
	namespace_ = scope_namespace(d);
	if (!namespace_)
		return diag_ask_kube(d, rq, "GET", arena_printf(&rq->mem, "/apis/apps/v1/statefulsets?%s", query), NULL, e);
	return diag_ask_kube(d, rq, "GET", arena_printf(&rq->mem, "%s?%s",
	                     kube_path(&rq->mem, "/apis/apps/v1/namespaces/%s/statefulsets", namespace_), query), NULL, e);
}

static bool is_server(const struct diag *d, const struct value *set)
{
	const char *instance = object_label(set, "app.kubernetes.io/instance");

	return text_same(value_text_or(set, "spec.template.metadata.labels.component", ""), "server") && instance &&
	       (!d->options.release || text_same(d->options.release, instance));
}

static void take_release(struct diag *d, const struct value *set)
{
	d->release = (struct release){
		.name = object_label(set, "app.kubernetes.io/instance"),
		.namespace_ = value_text_or(set, "metadata.namespace", ""),
		.fullname = object_name(set),
		.service_account = value_text_or(set, "spec.template.spec.serviceAccountName", "default"),
		.replicas = value_int_or(set, "spec.replicas", 1),
		.statefulset = set,
	};
}

static bool last_scope(const struct diag *d)
{
	return d->options.namespace_ || d->options.all_namespaces || d->scope + 1 >= SCOPES;
}

HEAR(hear_release)
{
	struct diag *d = world;
	const char *namespace_ = scope_namespace(d);
	const char *where = namespace_ ? arena_printf(d->mem, "the namespace '%s'", namespace_) : "all namespaces";
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "looking for Vault in %s", where);
	const struct value *items, *only = NULL;
	const char *names = NULL;
	size_t n = 0;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	items = value_get(answer.body, "items");
	for (size_t i = 0; items && items->type == VALUE_LIST && i < items->n && i < LIST_MAX; i++) {
		const struct value *set = items->items[i];

		if (!is_server(d, set))
			continue;
		only = set;
		n++;
		names = arena_printf(d->mem, "%s%s%s/%s", names ? names : "", names ? ", " : "",
		                     value_text_or(set, "metadata.namespace", ""), object_label(set, "app.kubernetes.io/instance"));
	}
	d->looked_in = d->looked_in ? arena_printf(d->mem, "%s, %s", d->looked_in, where) : where;
	if (n == 1) {
		take_release(d, only);
		return HEARD_DONE;
	}
	if (n > 1) {
		err_set(e, ERR_USAGE, 0, "%zu releases of Vault: %s", n, names);
		err_hint(e, "choose one with -n NAMESPACE and --release NAME");
		return HEARD_REFUSED;
	}
	if (!last_scope(d)) {
		d->scope++;
		return HEARD_MORE;
	}
	err_set(e, ERR_ABSENT, 0, "no release of Vault was found: looked for StatefulSets with app.kubernetes.io/name=vault%s%s in %s",
	        d->options.release ? " and instance " : "", d->options.release ? d->options.release : "", d->looked_in);
	err_hint(e, "name its namespace with -n, or install one: helm vault-aws install");
	return HEARD_REFUSED;
}

/*
 * Kubernetes was not to be had, or did not let us look: AWS may be asked all the same. Not where there is no release, or
 * several.
 */
static bool miss_release(void *world, size_t item, const struct err *why)
{
	struct diag *d = world;

	(void)item;
	err_copy(&d->release_why, why);
	if (!d->kube || (why->kind != ERR_USAGE && why->kind != ERR_ABSENT && why->kind != ERR_STOPPED))
		diag_assume(d, why);
	return false;
}

/* Without one nothing of it is asked for: a path without its name is that of a list. */
DUE(release_found)
{
	const struct diag *d = world;

	(void)item;
	return d->release.name != NULL;
}

ASK(ask_config)
{
	const struct diag *d = world;
	const char *name = arena_printf(&rq->mem, "%s-config", d->release.fullname);

	(void)item;
	return diag_ask_kube(d, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/configmaps/%s", d->release.namespace_, name),
	                     NULL, e);
}

HEAR(hear_config)
{
	struct diag *d = world;
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "reading the ConfigMap '%s-config'", d->release.fullname);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	d->config_presence = answer.ok ? DIAG_PRESENT : DIAG_ABSENT;
	if (!answer.ok)
		return HEARD_DONE;
	d->config_map = answer.body;
	d->config = value_text_or(value_get(value_get(answer.body, "data"), "extraconfig-from-values.hcl"), "", "");
	return vault_config_read(d->mem, d->config, &d->facts, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

ASK(ask_account)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_kube(d, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/serviceaccounts/%s", d->release.namespace_,
	                                             d->release.service_account), NULL, e);
}

HEAR(hear_account)
{
	struct diag *d = world;
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "reading the service account '%s'", d->release.service_account);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	d->account_presence = answer.ok ? DIAG_PRESENT : DIAG_ABSENT;
	if (answer.ok && service_account_read(&d->account, answer.body, e) < 0)
		return HEARD_UNSURE;
	if (d->account.role_arn)
		d->role_name = role_name_of_arn(d->account.role_arn);
	return HEARD_DONE;
}

ASK(ask_pods)
{
	const struct diag *d = world;
	const char *selector = arena_printf(&rq->mem, "app.kubernetes.io/instance=%s,component=server", d->release.name);
	const char *path = kube_path(&rq->mem, "/api/v1/namespaces/%s/pods?labelSelector=%s&limit=100", d->release.namespace_,
	                             selector);

	(void)item;
	if (d->pods.more)
		path = arena_printf(&rq->mem, "%s%s", path, kube_path(&rq->mem, "&continue=%s", d->pods.more));
	return diag_ask_kube(d, rq, "GET", path, NULL, e);
}

HEAR(hear_pods)
{
	struct diag *d = world;
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "reading the pods of '%s'", d->release.name);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok || pod_list_read(&d->pods, d->mem, answer.body, e) < 0)
		return HEARD_UNSURE;
	return d->pods.more ? HEARD_MORE : HEARD_DONE;
}

/* ---- who asks, and whose tokens these are ---- */

ASK(ask_caller)
{
	(void)item;
	return diag_ask_aws(world, rq, NULL, &sts_get_caller_identity, NULL, e);
}

HEAR(hear_caller)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &sts_get_caller_identity, reply, NULL, &answer, e, "asking AWS who we are");

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (value_text(answer.body, "Arn", &d->caller_arn, e) < 0 || value_text(answer.body, "Account", &d->caller_account, e) < 0)
		return HEARD_UNSURE;
	return HEARD_DONE;
}

/* The API server says which issuer signs its tokens (KEP-1393); EKS need not be asked. */
ASK(ask_issuer)
{
	(void)item;
	return diag_ask_kube(world, rq, "GET", "/.well-known/openid-configuration", NULL, e);
}

HEAR(hear_issuer)
{
	struct diag *d = world;
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "asking the API server for its issuer");

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok || value_text(answer.body, "issuer", &d->issuer, e) < 0)
		return HEARD_UNSURE;
	return HEARD_DONE;
}

/* ---- role, key and table, as the release names them ---- */

DUE(role_named)
{
	const struct diag *d = world;

	(void)item;
	return d->role_name != NULL;
}

ASK(ask_role)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, NULL, &iam_get_role, params_of(&rq->mem, "RoleName", d->role_name, NULL), e);
}

HEAR(hear_role)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &iam_get_role, reply, "NoSuchEntity", &answer, e, "reading the role '%s'", d->role_name);
	struct value *trust;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	d->role_read = true;
	if (!answer.ok)
		return HEARD_DONE;
	if (d->assumed)
		d->account.role_arn = value_text_or(answer.body, "Role.Arn", NULL);
	if (value_map(answer.body, "Role", &d->role, e) < 0 ||
	    policy_document_parse(d->mem, value_text_or(d->role, "AssumeRolePolicyDocument", "{}"), &trust, e) < 0)
		return HEARD_UNSURE;
	d->trust = trust;
	return HEARD_DONE;
}

/* What must be known of the key before more can be asked: an alias does not do, nor a region where it may not be. */
DUE(key_unclear)
{
	const struct diag *d = world;
	const char *id = diag_key_id(d), *home = diag_key_home(d), *region = diag_key_region(d);

	(void)item;
	return id && (diag_key_is_alias(id) || (home && region && !text_same(home, region)));
}

DUE(key_unread)
{
	const struct diag *d = world;

	(void)item;
	return diag_key_id(d) && !d->key_read;
}

ASK(ask_key)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, diag_key_region(d), &kms_describe_key, params_of(&rq->mem, "KeyId", diag_key_id(d), NULL), e);
}

HEAR(hear_key)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &kms_describe_key, reply, "NotFoundException", &answer, e, "reading the key '%s'",
	                                 diag_key_id(d));

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	d->key_read = true;
	if (answer.ok && value_map(answer.body, "KeyMetadata", &d->key, e) < 0)
		return HEARD_UNSURE;
	return HEARD_DONE;
}

DUE(config_read)
{
	const struct diag *d = world;

	(void)item;
	return diag_configured(d);
}

ASK(ask_table)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, diag_table_region(d), &dynamodb_describe_table,
	                    params_of(&rq->mem, "TableName", diag_table_name(d), NULL), e);
}

HEAR(hear_table)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &dynamodb_describe_table, reply, "ResourceNotFoundException", &answer, e,
	                                 "reading the table '%s' in %s", diag_table_name(d), diag_table_region(d));

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	d->table_read = true;
	if (answer.ok && value_map(answer.body, "Table", &d->table, e) < 0)
		return HEARD_UNSURE;
	return HEARD_DONE;
}

static const struct step steps[] = {
	{ .name = "release.find", .may_fail = true, .ask = ask_release, .hear = hear_release, .missed = miss_release },
	{ .name = "caller.read", .may_fail = true, .ask = ask_caller, .hear = hear_caller },
	{ .name = "issuer.read", .may_fail = true, .ask = ask_issuer, .hear = hear_issuer },
	{ .name = "config.read", .may_fail = true, .needs = NEEDS("release.find"), .due = release_found,
	  .ask = ask_config, .hear = hear_config },
	{ .name = "account.read", .may_fail = true, .needs = NEEDS("release.find"), .due = release_found,
	  .ask = ask_account, .hear = hear_account },
	{ .name = "pods.read", .may_fail = true, .needs = NEEDS("release.find"), .due = release_found,
	  .ask = ask_pods, .hear = hear_pods },
	{ .name = "role.read", .may_fail = true, .needs = NEEDS("account.read"), .due = role_named, .ask = ask_role, .hear = hear_role },
	{ .name = "key.resolve", .may_fail = true, .needs = NEEDS("config.read", "pods.read"), .due = key_unclear,
	  .ask = ask_key, .hear = hear_key },
	{ .name = "key.read", .may_fail = true, .needs = NEEDS("key.resolve"), .due = key_unread, .ask = ask_key, .hear = hear_key },
	{ .name = "table.read", .may_fail = true, .needs = NEEDS("config.read", "pods.read"), .due = config_read,
	  .ask = ask_table, .hear = hear_table },
};

static enum verdict judge_release(const struct diag *d, struct finding *f)
{
	const char *right = d->release_why.kind == ERR_DENIED ? d->release_why.hint : NULL;

	if (d->assumed) {
		evidence(f, "assumed", "the role '%s', the key '%s' and the table '%s' in %s", d->role_name, diag_key_id(d),
		         diag_table_name(d), diag_table_region(d));
		return unknown(f, right, "%s; AWS is asked for what the cluster's name leads to", d->release_why.text);
	}
	if (!d->release.name)
		return unknown(f, right, "%s; with --cluster-name and --region AWS is asked all the same",
		               d->release_why.text ? d->release_why.text : "was not asked");
	found(f, "the release '%s' in '%s', %lld replicas", d->release.name, d->release.namespace_, (long long)d->release.replicas);
	return VERDICT_PASS;
}

static enum verdict judge_config(const struct diag *d, struct finding *f)
{
	if (d->config_presence == DIAG_ABSENT) {
		found(f, "the ConfigMap '%s-config' is not there, so no pod can start", d->release.fullname);
		fix(f, "helm vault-aws install %s -n %s", d->release.name, d->release.namespace_);
		return VERDICT_FAIL;
	}
	evidence(f, "storage", "%s", d->facts.storage ? d->facts.storage : "none");
	evidence(f, "seal", "%s", d->facts.seal ? d->facts.seal : "none");
	if (!text_same(d->facts.storage, "dynamodb") || !text_same(d->facts.seal, "awskms")) {
		found(f, "the configuration has storage '%s' and seal '%s', but 'dynamodb' and 'awskms' are looked after here",
		      d->facts.storage ? d->facts.storage : "none", d->facts.seal ? d->facts.seal : "none");
		return VERDICT_FAIL;
	}
	found(f, "storage dynamodb, seal awskms");
	return VERDICT_PASS;
}

static const struct check checks[] = {
	{ .id = "release", .title = "a release of Vault is there", .link = LINK_VAULT, .reads = NEEDS("release.find"),
	  .judges_errors = true, .judge = judge_release,
	  .decides = "Looks for StatefulSets labelled app.kubernetes.io/name=vault whose pods are component=server: in the "
	             "namespace of -n, else in the context's, then in 'vault', then in all that may be listed. Where "
	             "Kubernetes cannot be had, AWS is asked all the same, for what the cluster's name leads to.",
	  .remedy = "name the namespace with -n and the release with --release",
	  .reference = "vault-helm, templates/server-statefulset.yaml" },
	{ .id = "config", .title = "its configuration names DynamoDB and KMS", .link = LINK_VAULT, .needs = NEEDS("release"),
	  .reads = NEEDS("config.read"), .judge = judge_config,
	  .decides = "Reads the ConfigMap <fullname>-config and takes the stanzas storage, seal and listener out of it.",
	  .remedy = "install the chart with the values of helm vault-aws values",
	  .reference = "vault-helm, templates/server-config-configmap.yaml" },
};

const struct check_family base_family = {
	.name = "release", .title = "Release", .checks = checks, .n_checks = COUNT_OF(checks),
	.steps = steps, .n_steps = COUNT_OF(steps),
};
