/* cluster: the StatefulSet as a whole: its nodes and budget, and what waits for its pods to be started anew. */
#include "domain/check_cluster.h"

#include "core/text.h"
#include "domain/quantity.h"
#include "domain/selector.h"
#include "formats/iso8601.h"

#include <stdlib.h>

#define ZONE_LABEL "topology.kubernetes.io/zone"

static int64_t time_of(const char *text)
{
	AUTO(err) struct err e = {0};
	int64_t ms;

	return text && iso8601_parse(view_text(text), &ms, &e) == 0 ? ms : 0;
}

static const char *time_text(struct arena *a, int64_t ms)
{
	char text[ISO8601_TEXT];

	iso8601_print(ms, text);
	return arena_text(a, text);
}

/* ---- nodes ---- */

static const char *condition(const struct value *node, const char *type)
{
	const struct value *list = value_at(node, "status.conditions");

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (text_same(value_text_or(list->items[i], "type", ""), type))
			return value_text_or(list->items[i], "status", "");
	return NULL;
}

static const char *node_pressure(const struct value *node)
{
	static const char *const types[] = { "MemoryPressure", "DiskPressure", "PIDPressure" };

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (text_same(condition(node, types[i]), "True"))
			return types[i];
	return NULL;
}

/* How many different texts the pods have: of their nodes, or of a label of these. */
static size_t different(const struct diag *d, const char *label)
{
	const char *seen[64];
	size_t n = 0;

	for (size_t i = 0; i < d->pods.n && n < COUNT_OF(seen); i++) {
		const struct value *node = diag_list_find(&diag_cluster(d)->nodes, NULL, d->pods.at[i].node);
		const char *text = label ? object_label(node, label) : d->pods.at[i].node;
		size_t k = 0;

		if (d->pods.at[i].deleting || !text)
			continue;
		while (k < n && !text_same(seen[k], text))
			k++;
		if (k == n)
			seen[n++] = text;
	}
	return n;
}

JUDGE(judge_nodes)
{
	const struct diag_list *nodes = &diag_cluster(d)->nodes;
	size_t used = different(d, NULL), zones = different(d, ZONE_LABEL), pods = server_pods_n(d, NULL);

	for (size_t i = 0; i < d->pods.n; i++) {
		const struct pod *p = &d->pods.at[i];
		const struct value *node = p->node ? diag_list_find(nodes, NULL, p->node) : NULL;

		if (!node || p->deleting)
			continue;
		if (!text_same(condition(node, "Ready"), "True")) {
			found(f, "the node '%s' of the pod '%s' is not Ready", p->node, p->name);
			fix(f, "kubectl describe node %s", p->node);
			return VERDICT_FAIL;
		}
		if (node_pressure(node)) {
			found(f, "the node '%s' of the pod '%s' has %s", p->node, p->name, node_pressure(node));
			fix(f, "kubectl describe node %s", p->node);
			return VERDICT_WARN;
		}
	}
	evidence(f, "spread", "%zu pods on %zu nodes in %zu zones", pods, used, zones);
	if (pods > 1 && used == 1 && diag_list_n(nodes) > 1) {
		found(f, "all %zu pods are on one node: when it goes, Vault goes", pods);
		fix(f, "# have a podAntiAffinity as server.affinity in the values");
		return VERDICT_WARN;
	}
	if (pods > 1 && used == 1) {
		found(f, "the cluster has one node, which is fine for a trial");
		return VERDICT_INFO;
	}
	found(f, "%zu pods on %zu nodes that are Ready", pods, used);
	return VERDICT_PASS;
}

/* ---- pods older than their configuration ---- */

/* When the ConfigMap's data was last changed: managedFields say so. Labels changed by the same manager count too. */
static int64_t config_changed_ms(const struct diag *d)
{
	const struct value *entries = value_at(d->config_map, "metadata.managedFields");
	int64_t last = 0;

	for (size_t i = 0; entries && entries->type == VALUE_LIST && i < entries->n; i++) {
		int64_t at = time_of(value_text_or(entries->items[i], "time", NULL));

		if (value_get(value_get(entries->items[i], "fieldsV1"), "f:data") && at > last)
			last = at;
	}
	return last ? last : time_of(value_text_or(d->config_map, "metadata.creationTimestamp", NULL));
}

/* The chart's start script reads the configuration when the container starts; 0: it does not run. */
static int64_t server_started_ms(const struct pod *p)
{
	const struct value *list = value_at(p->object, "status.containerStatuses");

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (text_same(value_text_or(list->items[i], "name", ""), SERVER_CONTAINER))
			return time_of(value_text_or(list->items[i], "state.running.startedAt", NULL));
	return 0;
}

static bool older_than_config(const struct diag *d, const struct pod *p)
{
	int64_t started = server_started_ms(p);

	return started && started < config_changed_ms(d);
}

JUDGE(judge_config_age)
{
	size_t old = server_pods_n(d, older_than_config), all = server_pods_n(d, NULL);
	const char *names = server_pods(d, f->mem, older_than_config);

	evidence(f, "configuration changed", "%s", time_text(f->mem, config_changed_ms(d)));
	for (size_t i = 0; i < d->pods.n; i++)
		if (!d->pods.at[i].deleting && server_started_ms(&d->pods.at[i]))
			evidence(f, d->pods.at[i].name, "started %s", time_text(f->mem, server_started_ms(&d->pods.at[i])));
	if (!old) {
		found(f, "every server started after its configuration was last changed");
		return VERDICT_PASS;
	}
	fix_restart_pods(d, f, names);
	if (old == all) {
		found(f, "the configuration was changed after all %zu pods had started: none of them has it yet", all);
		return VERDICT_WARN;
	}
	found(f, "%zu of %zu pods run an older configuration than the others: %s", old, all, names);
	return VERDICT_FAIL;
}

/* ---- pods older than the template ---- */

static bool other_revision(const struct diag *d, const struct pod *p)
{
	const char *wanted = value_text_or(d->release.statefulset, "status.updateRevision", NULL);
	const char *has = object_label(p->object, "controller-revision-hash");

	return wanted && has && !text_same(wanted, has);
}

JUDGE(judge_update)
{
	const char *strategy = value_text_or(d->release.statefulset, "spec.updateStrategy.type", "RollingUpdate");
	size_t old = server_pods_n(d, other_revision);

	evidence(f, "update strategy", "%s", strategy);
	evidence(f, "wanted revision", "%s", value_text_or(d->release.statefulset, "status.updateRevision", ""));
	if (!old) {
		found(f, "every pod is of the StatefulSet's present revision");
		return VERDICT_PASS;
	}
	found(f, "%zu of %zu pods are of an older revision of the StatefulSet%s: %s", old, server_pods_n(d, NULL),
	      text_same(strategy, "OnDelete") ? ", which is OnDelete and replaces none by itself" : "",
	      server_pods(d, f->mem, other_revision));
	fix_restart_pods(d, f, server_pods(d, f->mem, other_revision));
	return VERDICT_WARN;
}

/* ---- the disruption budget ---- */

static const struct value *pod_labels(const struct diag *d)
{
	return value_at(d->release.statefulset, "spec.template.metadata.labels");
}

/* "1" or "50%" of n, rounded up; -1: not said. */
static int64_t count_of(const struct value *v, int64_t n)
{
	if (!v || v->type == VALUE_NULL)
		return -1;
	if (v->type == VALUE_TEXT && text_ends(v->text, "%"))
		return (n * (int64_t)strtoul(v->text, NULL, 10) + 99) / 100;
	return value_int_or(v, "", 0);
}

/* How many of n pods may go at a time. */
static int64_t may_go(const struct value *budget, int64_t n)
{
	int64_t least = count_of(value_at(budget, "spec.minAvailable"), n), most = count_of(value_at(budget, "spec.maxUnavailable"), n);
	int64_t by_least = n - least;

	if (least < 0)
		return most < 0 ? 0 : most;
	return by_least < 0 ? 0 : by_least;
}

static void fix_budget(const struct diag *d, struct finding *f, const char *verb, const char *name)
{
	if (text_same(verb, "patch"))
		fix(f, "kubectl patch pdb -n %s %s --type merge -p '{\"spec\":{\"minAvailable\":null,\"maxUnavailable\":1}}'",
		    d->release.namespace_, name);
	else
		fix(f, "kubectl create pdb -n %s %s --max-unavailable=1 "
		    "--selector=app.kubernetes.io/name=vault,app.kubernetes.io/instance=%s,component=server",
		    d->release.namespace_, name, d->release.name);
}

JUDGE(judge_budget)
{
	const struct diag_list *budgets = &diag_cluster(d)->budgets;
	const struct value *ours = NULL;
	int64_t go;
	const char *name;

	for (size_t i = 0; i < diag_list_n(budgets); i++) {
		const struct value *one = diag_list_at(budgets, i);

		if (!selector_matches(value_at(one, "spec.selector"), pod_labels(d)))
			continue;
		evidence(f, "budget", "%s", object_name(one));
		if (ours) {
			found(f, "the disruption budgets '%s' and '%s' both cover the servers: every eviction is refused",
			    object_name(ours), object_name(one));
			fix(f, "kubectl delete pdb -n %s %s", d->release.namespace_, object_name(one));
			return VERDICT_WARN;
		}
		ours = one;
	}
	if (d->release.replicas < 2) {
		found(f, "there is one replica: nothing to keep up while it goes");
		return VERDICT_PASS;
	}
	if (!ours) {
		found(f, "no disruption budget covers the servers: a drain of nodes may take all of them at once");
		fix_budget(d, f, "create", d->release.fullname);
		return VERDICT_WARN;
	}
	name = object_name(ours);
	go = may_go(ours, d->release.replicas);
	evidence(f, "may go at a time", "%lld of %lld", (long long)go, (long long)d->release.replicas);
	if (go < 1 || go >= d->release.replicas) {
		found(f, go < 1 ? "the disruption budget '%s' lets no pod go: nodes cannot be drained" :
		      "the disruption budget '%s' lets all pods go at once", name);
		fix_budget(d, f, "patch", name);
		return VERDICT_WARN;
	}
	found(f, "'%s' lets %lld of %lld pods go at a time", name, (long long)go, (long long)d->release.replicas);
	return VERDICT_PASS;
}

/* ---- requests and limits ---- */

JUDGE(judge_resources)
{
	const struct value *server = server_template(d);
	const char *request = value_text_or(server, "resources.requests.memory", NULL);
	const char *limit = value_text_or(server, "resources.limits.memory", NULL);

	evidence(f, "memory", "request %s, limit %s", request ? request : "none", limit ? limit : "none");
	if (!request) {
		found(f, "the server asks for no memory: under pressure it is among the first to be evicted");
		fix(f, "# have requests and limits as server.resources in the values: 256Mi and 1Gi do for a start");
		return VERDICT_INFO;
	}
	if (limit && quantity_bytes(limit) < quantity_bytes("256Mi")) {
		found(f, "the memory limit %s is less than Vault takes under load", limit);
		fix(f, "kubectl set resources -n %s statefulset/%s -c %s --limits=memory=512Mi", d->release.namespace_, d->release.fullname,
		    SERVER_CONTAINER);
		fix_restart_pods(d, f, server_pods(d, f->mem, NULL));
		return VERDICT_WARN;
	}
	found(f, "memory: request %s, limit %s", request, limit ? limit : "none");
	return VERDICT_PASS;
}
