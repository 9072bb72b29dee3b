/* eso: the operator, the versions that are served, and objects that were written in one that is not. */
#include "domain/check_eso.h"

#include "core/text.h"

bool eso_unused(const struct diag *d, struct finding *f)
{
	struct eso_store store;

	if (diag_eso(d)->absent) {
		found(f, "External Secrets is not installed");
		return true;
	}
	if (!eso_store_at(d, 0, &store)) {
		found(f, "no store of External Secrets leads to this Vault");
		return true;
	}
	return false;
}

const char *eso_object(struct arena *a, const char *kind, const struct value *object)
{
	const char *ns = value_text_or(object, "metadata.namespace", NULL);

	return arena_printf(a, "%s%s%s%s %s", ns ? "-n " : "", ns ? ns : "", ns ? " " : "", kind, object_name(object));
}

void fix_sync(struct finding *f, const char *kind, const struct value *object)
{
	fix(f, "kubectl annotate %s --overwrite force-sync=\"$(date +%%s)\"", eso_object(f->mem, kind, object));
}

/* ---- the operator ---- */

static size_t objects(const struct diag *d)
{
	const struct diag_eso *p = diag_eso(d);

	return diag_list_n(&p->cluster_stores) + diag_list_n(&p->stores) + diag_list_n(&p->secrets);
}

static void fix_operator(const struct value *deployment, struct finding *f)
{
	const char *ns = value_text_or(deployment, "metadata.namespace", "");

	if (!value_int_or(deployment, "spec.replicas", 1))
		fix(f, "kubectl scale deployment -n %s %s --replicas=1", ns, object_name(deployment));
	else
		fix(f, "kubectl describe deployment -n %s %s", ns, object_name(deployment));
	fix(f, "kubectl rollout status deployment -n %s %s --timeout=2m", ns, object_name(deployment));
}

JUDGE(judge_operator)
{
	const struct diag_eso *p = diag_eso(d);
	const struct value *deployment = eso_operator(d);
	int64_t ready = value_int_or(deployment, "status.readyReplicas", 0);

	if (p->absent) {
		found(f, deployment ? "the operator is there, but its CustomResourceDefinitions are not" :
		    "External Secrets is not installed");
		if (!deployment)
			return VERDICT_INFO;
		fix(f, "kubectl apply --server-side -f "
		    "https://raw.githubusercontent.com/external-secrets/external-secrets/main/deploy/crds/bundle.yaml");
		return VERDICT_FAIL;
	}
	if (!deployment) {
		found(f, "the kinds of External Secrets are there (%zu objects), but no operator: no Deployment has the label "
		      "app.kubernetes.io/name=external-secrets", objects(d));
		fix(f, "helm repo add external-secrets https://charts.external-secrets.io");
		fix(f, "helm upgrade --install external-secrets external-secrets/external-secrets -n external-secrets "
		    "--create-namespace --wait");
		return objects(d) ? VERDICT_FAIL : VERDICT_INFO;
	}
	evidence(f, "image", "%s", value_text_or(deployment, "spec.template.spec.containers.0.image", ""));
	if (!ready) {
		found(f, "the operator '%s' in '%s' has no ready pod: nothing is synchronised", object_name(deployment),
		      value_text_or(deployment, "metadata.namespace", ""));
		fix_operator(deployment, f);
		return VERDICT_FAIL;
	}
	found(f, "'%s' in '%s' runs", object_name(deployment), value_text_or(deployment, "metadata.namespace", ""));
	return VERDICT_PASS;
}

/* ---- versions ---- */

JUDGE(judge_versions)
{
	const struct diag_eso *p = diag_eso(d);

	if (p->absent)
		return not_applicable(f, "External Secrets is not installed");
	evidence(f, "served", "%s%s%s", p->serves_v1 ? "v1" : "", p->serves_v1 && p->serves_v1beta1 ? ", " : "",
	         p->serves_v1beta1 ? "v1beta1" : "");
	if (!p->serves_v1) {
		found(f, "the API server serves no " ESO_GROUP "/v1, which External Secrets has from 0.16");
		fix(f, "helm upgrade external-secrets external-secrets/external-secrets -n external-secrets --reuse-values");
		return VERDICT_WARN;
	}
	found(f, p->serves_v1beta1 ? "v1 is served, and the old v1beta1 as well" : "v1 is served");
	return VERDICT_PASS;
}

/* ---- objects of v1beta1 ---- */

static void find_old(const struct diag_list *list, const char *kind, struct finding *f, size_t *n, const char **first)
{
	for (size_t i = 0; i < diag_list_n(list); i++) {
		const struct value *object = diag_list_at(list, i);
		const char *writer = eso_old_writer(object);

		if (!writer)
			continue;
		if (!(*n)++)
			*first = arena_printf(f->mem, "%s '%s'", kind, object_name(object));
		evidence(f, kind, "%s: written as v1beta1 by '%s'", eso_object(f->mem, kind, object), writer);
		fix(f, "kubectl get %s -o yaml | kubectl apply -f -", eso_object(f->mem, kind, object));
	}
}

JUDGE(judge_old_objects)
{
	const struct diag_eso *p = diag_eso(d);
	const char *first = NULL;
	size_t n = 0;

	if (!p->version)
		return not_applicable(f, "External Secrets is not installed");
	find_old(&p->cluster_stores, "clustersecretstore", f, &n, &first);
	find_old(&p->stores, "secretstore", f, &n, &first);
	find_old(&p->secrets, "externalsecret", f, &n, &first);
	if (!n) {
		found(f, "no object was written as v1beta1");
		return VERDICT_PASS;
	}
	fix(f, "# and write apiVersion: " ESO_GROUP "/v1 where these come from, else the next apply brings them back");
	found(f, "%zu objects were written as v1beta1, which %s: the first is the %s", n,
	      p->serves_v1beta1 ? "is served no more from 0.17 on" : "is not served any more, so writing them again is refused", first);
	return p->serves_v1beta1 ? VERDICT_WARN : VERDICT_FAIL;
}
