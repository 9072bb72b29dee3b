/* The steps of the cluster family. All of them only list or read, but the one of --from-pod. */
#include "domain/diag_cluster.h"

#include "core/text.h"

#define ASK(name)   static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name)  static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)   static bool name(const void *world, size_t item)
#define COUNT(name) static size_t name(const void *world)

static struct diag_cluster *part(struct diag *d)
{
	return diag_part(d, DIAG_CLUSTER, sizeof(struct diag_cluster));
}

const struct diag_cluster *diag_cluster(const struct diag *d)
{
	static const struct diag_cluster none;

	return d->part[DIAG_CLUSTER] ? d->part[DIAG_CLUSTER] : &none;
}

DUE(release_known)
{
	const struct diag *d = world;

	(void)item;
	return d->release.namespace_ != NULL;
}

/* ---- lists: one row each, differing in path and place ---- */

#define LIST_STEP(list, doing, path, query) \
	ASK(ask_##list) \
	{ \
		const struct diag *d = world; \
\
		(void)item; \
		return diag_ask_list(d, &diag_cluster(d)->list, rq, path, query, e); \
	} \
	HEAR(hear_##list) \
	{ \
		(void)item; \
		return diag_hear_list(world, &part(world)->list, reply, e, doing); \
	}

#define IN_NAMESPACE(group, kind) kube_path(&rq->mem, group "/namespaces/%s/" kind, d->release.namespace_)

LIST_STEP(nodes, "reading the nodes", "/api/v1/nodes", "")
LIST_STEP(namespaces, "reading the namespaces", "/api/v1/namespaces", "")
LIST_STEP(daemon_sets, "reading the DaemonSets", "/apis/apps/v1/daemonsets", "")
LIST_STEP(dns_pods, "reading the pods of the cluster's DNS", "/api/v1/namespaces/kube-system/pods",
    "labelSelector=k8s-app%3Dkube-dns")
LIST_STEP(api, "reading the addresses of the API server", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
          "labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes")
LIST_STEP(budgets, "reading the disruption budgets", IN_NAMESPACE("/apis/policy/v1", "poddisruptionbudgets"), "")
LIST_STEP(services, "reading the services", IN_NAMESPACE("/api/v1", "services"), "")
LIST_STEP(slices, "reading the endpoints of the services", IN_NAMESPACE("/apis/discovery.k8s.io/v1", "endpointslices"), "")
LIST_STEP(policies, "reading the network policies", IN_NAMESPACE("/apis/networking.k8s.io/v1", "networkpolicies"), "")

/* ---- who may review tokens ---- */

ASK(ask_bindings)
{
	(void)item;
	return diag_ask_list(world, &diag_cluster(world)->bindings, rq,
	    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "", e);
}

/* The service account by its own name, or by one of the groups that every service account is in. */
static bool binds(const struct diag *d, const struct value *binding)
{
	const struct value *subjects = value_get(binding, "subjects");
	AUTO(arena) struct arena mem = ARENA_INIT;
	const char *own_group = arena_printf(&mem, "system:serviceaccounts:%s", d->release.namespace_);

	for (size_t i = 0; subjects && subjects->type == VALUE_LIST && i < subjects->n; i++) {
		const char *kind = value_text_or(subjects->items[i], "kind", ""), *name = value_text_or(subjects->items[i], "name", "");

		if (text_same(kind, "ServiceAccount") && text_same(name, d->release.service_account) &&
		    text_same(value_text_or(subjects->items[i], "namespace", ""), d->release.namespace_))
			return true;
		if (text_same(kind, "Group") && (text_same(name, "system:serviceaccounts") || text_same(name, own_group)))
			return true;
	}
	return false;
}

HEAR(hear_bindings)
{
	struct diag *d = world;
	struct diag_cluster *p = part(d);
	enum heard heard = diag_hear_list(d, &p->bindings, reply, e, "reading the ClusterRoleBindings");

	(void)item;
	for (size_t i = 0; heard == HEARD_DONE && i < diag_list_n(&p->bindings); i++) {
		const struct value *binding = diag_list_at(&p->bindings, i);

		if (p->n_roles == REVIEWER_ROLES_MAX || !binds(d, binding) ||
		    !text_same(value_text_or(binding, "roleRef.kind", ""), "ClusterRole"))
			continue;
		p->role[p->n_roles++] = (struct bound_role){
			.name = value_text_or(binding, "roleRef.name", ""), .binding = value_text_or(binding, "metadata.name", ""),
		};
	}
	return heard;
}

COUNT(count_roles)
{
	return diag_cluster(world)->n_roles;
}

/* What these two allow is known without asking. */
DUE(role_unknown)
{
	const char *name = diag_cluster(world)->role[item].name;

	return !text_same(name, AUTH_DELEGATOR) && !text_same(name, "cluster-admin");
}

ASK(ask_bound_role)
{
	return diag_ask_kube(world, rq, "GET", kube_path(&rq->mem, "/apis/rbac.authorization.k8s.io/v1/clusterroles/%s",
	                                                 diag_cluster(world)->role[item].name), NULL, e);
}

static bool lists(const struct value *rule, const char *field, const char *word)
{
	const struct value *list = value_get(rule, field);

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++) {
		const char *text = value_text_or(list->items[i], "", "");

		if (text_same(text, "*") || text_same(text, word))
			return true;
	}
	return false;
}

static bool role_reviews(const struct value *role)
{
	const struct value *rules = value_get(role, "rules");

	for (size_t i = 0; rules && rules->type == VALUE_LIST && i < rules->n; i++)
		if (lists(rules->items[i], "apiGroups", "authentication.k8s.io") && lists(rules->items[i], "resources", "tokenreviews") &&
		    lists(rules->items[i], "verbs", "create"))
			return true;
	return false;
}

HEAR(hear_bound_role)
{
	struct diag *d = world;
	struct bound_role *role = &part(d)->role[item];
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "reading the ClusterRole '%s'", role->name);

	if (heard != HEARD_DONE)
		return heard;
	role->read = true;
	role->reviews = answer.ok && role_reviews(answer.body);
	return HEARD_DONE;
}

#define ROW(row, list, ...) { .name = (row), .may_fail = true, .ask = ask_##list, .hear = hear_##list, __VA_ARGS__ }
#define OF_RELEASE .needs = NEEDS("release.find"), .due = release_known

const struct step diag_cluster_steps[] = {
	ROW("cluster.nodes", nodes),
	ROW("cluster.namespaces", namespaces),
	ROW("cluster.dns", dns_pods),
	ROW("cluster.daemon-sets", daemon_sets),
	ROW("cluster.api", api),
	ROW("cluster.budgets", budgets, OF_RELEASE),
	ROW("cluster.services", services, OF_RELEASE),
	ROW("cluster.endpoints", slices, OF_RELEASE),
	ROW("cluster.netpols", policies, OF_RELEASE),
	ROW("cluster.bindings", bindings, OF_RELEASE),
	ROW("cluster.bound-roles", bound_role, .needs = NEEDS("cluster.bindings"), .count = count_roles, .due = role_unknown),
	{ .name = "cluster.from-pod", .title = "trying ports from a pod", .needs = NEEDS("pods.read", "config.read"), .may_fail = true,
	  .count = from_pod_count, .due = from_pod_due, .ask = from_pod_ask, .hear = from_pod_hear },
};
