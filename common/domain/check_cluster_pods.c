/* cluster: why a pod of the release does not run, in the words of scheduler and kubelet. */
#include "domain/check_cluster.h"

#include "core/text.h"
#include "domain/quantity.h"
#include "domain/inputs.h"

#define HOSTNAME_KEY "kubernetes.io/hostname"
#define HARD_AFFINITY "requiredDuringSchedulingIgnoredDuringExecution"

enum { LOOPS = 2, RESTARTS_MANY = 3, MIB = 1 << 20, MEMORY_LEAST_MIB = 512 };

/* ---- a node for each ---- */

static bool unscheduled(const struct diag *d, const struct pod *p)
{
	(void)d;
	return p->unscheduled_message != NULL;
}

/* The template wants a node for each pod. */
static bool wants_own_node(const struct diag *d)
{
	const struct value *terms = value_at(d->release.statefulset, "spec.template.spec.affinity.podAntiAffinity." HARD_AFFINITY);

	for (size_t i = 0; terms && terms->type == VALUE_LIST && i < terms->n; i++)
		if (text_same(value_text_or(terms->items[i], "topologyKey", ""), HOSTNAME_KEY))
			return true;
	return false;
}

static bool tolerates(const struct value *tolerations, const struct value *taint)
{
	for (size_t i = 0; tolerations && tolerations->type == VALUE_LIST && i < tolerations->n; i++) {
		const struct value *one = tolerations->items[i];
		const char *key = value_text_or(one, "key", ""), *effect = value_text_or(one, "effect", "");

		if (*effect && !text_same(effect, value_text_or(taint, "effect", "")))
			continue;
		if (text_same(value_text_or(one, "operator", "Equal"), "Exists") &&
		    (!*key || text_same(key, value_text_or(taint, "key", ""))))
			return true;
		if (text_same(key, value_text_or(taint, "key", "")) &&
		    text_same(value_text_or(one, "value", ""), value_text_or(taint, "value", "")))
			return true;
	}
	return false;
}

static bool node_takes(const struct diag *d, const struct value *node)
{
	const struct value *taints = value_at(node, "spec.taints");
	const struct value *tolerations = value_at(d->release.statefulset, "spec.template.spec.tolerations");
	const struct value *selector = value_at(d->release.statefulset, "spec.template.spec.nodeSelector");
	const struct value *labels = value_at(node, "metadata.labels");

	if (value_bool_or(node, "spec.unschedulable", false))
		return false;
	for (size_t i = 0; taints && taints->type == VALUE_LIST && i < taints->n; i++)
		if (!text_same(value_text_or(taints->items[i], "effect", ""), "PreferNoSchedule") &&
		    !tolerates(tolerations, taints->items[i]))
			return false;
	for (size_t i = 0; selector && selector->type == VALUE_MAP && i < selector->n; i++)
		if (!text_same(value_text_or(value_get(labels, selector->names[i]), "", NULL), value_text_or(selector->items[i], "", "")))
			return false;
	return true;
}

static size_t nodes_that_take(const struct diag *d)
{
	const struct diag_list *nodes = &diag_cluster(d)->nodes;
	size_t n = 0;

	for (size_t i = 0; i < diag_list_n(nodes); i++)
		n += node_takes(d, diag_list_at(nodes, i));
	return n;
}

static void fix_affinity(const struct diag *d, struct finding *f, const char *pods)
{
	fix_patch_set(d, f, "[{\"op\":\"remove\",\"path\":\"/spec/template/spec/affinity/podAntiAffinity/" HARD_AFFINITY "\"}]");
	fix(f, "kubectl delete pod --wait=false -n %s %s", d->release.namespace_, pods);
	fix(f, "# or add nodes; for Helm to keep it, have server.affinity: \"\" in the values");
}

static enum verdict not_scheduled(const struct diag *d, struct finding *f, bool nodes_read, size_t takers)
{
	const struct pod *first = NULL;

	for (size_t i = 0; i < d->pods.n; i++)
		if (!d->pods.at[i].deleting && d->pods.at[i].unscheduled_message) {
			first = first ? first : &d->pods.at[i];
			evidence(f, d->pods.at[i].name, "%s", d->pods.at[i].unscheduled_message);
		}
	if (wants_own_node(d) && (nodes_read ? takers < (size_t)d->release.replicas :
	    strstr(first->unscheduled_message, "anti-affinity") != NULL)) {
		if (nodes_read)
			found(f, "%lld replicas want a node each (hard anti-affinity), but only %zu %s them", (long long)d->release.replicas,
			      takers, takers == 1 ? "node takes" : "nodes take");
		else
			found(f, "replicas want a node each (hard anti-affinity), and there are too few");
		fix_affinity(d, f, server_pods(d, f->mem, unscheduled));
		return VERDICT_FAIL;
	}
	found(f, "the pod '%s' finds no node: %s", first->name, first->unscheduled_message);
	fix(f, "kubectl describe pod -n %s %s", d->release.namespace_, first->name);
	return VERDICT_FAIL;
}

JUDGE(judge_schedule)
{
	bool nodes_read = diag_cluster(d)->nodes.read;
	size_t takers = nodes_that_take(d), there = server_pods_n(d, NULL);

	if (nodes_read)
		evidence(f, "nodes", "%zu, of which %zu take pods of this release", diag_list_n(&diag_cluster(d)->nodes), takers);
	if (!d->release.replicas) {
		found(f, "the StatefulSet '%s' is scaled to no pod at all", d->release.fullname);
		fix(f, "kubectl scale statefulset -n %s %s --replicas=3", d->release.namespace_, d->release.fullname);
		return VERDICT_FAIL;
	}
	if (server_pods_n(d, unscheduled))
		return not_scheduled(d, f, nodes_read, takers);
	if (there < (size_t)d->release.replicas) {
		found(f, "%lld replicas are wanted, but only %zu pods are there: one may be on its way",
		    (long long)d->release.replicas, there);
		fix(f, "kubectl describe statefulset -n %s %s", d->release.namespace_, d->release.fullname);
		return VERDICT_WARN;
	}
	if (nodes_read && wants_own_node(d) && takers < (size_t)d->release.replicas) {
		found(f, "all %zu pods have a node, but only %zu would take one now: a pod that goes may not come back", there, takers);
		fix(f, "kubectl get nodes    # uncordon, or add nodes");
		return VERDICT_WARN;
	}
	found(f, "%zu of %zu pods have a node", there, there);
	return VERDICT_PASS;
}

/* ---- images ---- */

static const struct container *without_image(const struct pod *p)
{
	static const char *const reasons[] = {
		"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable",
	};

	for (size_t i = 0; i < p->n_containers; i++)
		for (size_t k = 0; k < COUNT_OF(reasons); k++)
			if (text_same(p->containers[i].waiting_reason, reasons[k]))
				return &p->containers[i];
	return NULL;
}

static bool lacks_image(const struct diag *d, const struct pod *p)
{
	(void)d;
	return without_image(p) != NULL;
}

/* An image that a server of the release runs with; NULL: none does. */
static const char *working_image(const struct diag *d)
{
	for (size_t i = 0; i < d->pods.n; i++)
		for (size_t k = 0; k < d->pods.at[i].n_containers; k++) {
			const struct container *c = &d->pods.at[i].containers[k];

			if (text_same(c->name, SERVER_CONTAINER) && c->running)
				return c->image;
		}
	return NULL;
}

static const char *default_tag(void)
{
	return input_keys[input_key_find("image_tag")].fallback;
}

static void fix_image(const struct diag *d, struct finding *f, const struct container *c)
{
	const char *now = value_text_or(server_template(d), "image", ""), *good = working_image(d);

	if (text_same(c->name, SERVER_CONTAINER) && text_same(now, c->image)) {
		const char *image = good ? good : arena_printf(f->mem, "hashicorp/vault:%s", default_tag());

		fix(f, "kubectl set image -n %s statefulset/%s %s=%s", d->release.namespace_, d->release.fullname, SERVER_CONTAINER,
		    shell_word(f->mem, image));
		fix(f, "# for Helm to keep it, have server.image.repository and .tag in the values");
	}
	fix(f, "kubectl delete pod --wait=false -n %s %s", d->release.namespace_, server_pods(d, f->mem, lacks_image));
}

/* No tag at all is "latest"; what stands behind '@' is a digest. */
static bool tag_moves(const char *image)
{
	const char *slash = strrchr(image, '/'), *name = slash ? slash + 1 : image;
	const char *colon = strchr(name, ':');

	return !strchr(name, '@') && (!colon || text_same(colon + 1, "latest"));
}

JUDGE(judge_images)
{
	const char *image = value_text_or(server_template(d), "image", "");

	for (size_t i = 0; i < d->pods.n; i++) {
		const struct container *c = without_image(&d->pods.at[i]);

		if (!c || d->pods.at[i].deleting)
			continue;
		evidence(f, d->pods.at[i].name, "%s: %s", c->waiting_reason, c->waiting_message ? c->waiting_message : "");
		found(f, "the pod '%s' does not get its image '%s' (%s)", d->pods.at[i].name, c->image, c->waiting_reason);
		fix_image(d, f, c);
		return VERDICT_FAIL;
	}
	evidence(f, "image", "%s", image);
	if (tag_moves(image)) {
		found(f, "the image '%s' has no fixed tag: two pods may run two versions of Vault", image);
		fix(f, "kubectl set image -n %s statefulset/%s %s=hashicorp/vault:%s", d->release.namespace_, d->release.fullname,
		    SERVER_CONTAINER, default_tag());
		return VERDICT_WARN;
	}
	found(f, "every pod got its image, '%s'", image);
	return VERDICT_PASS;
}

/* ---- memory ---- */

static const struct container *server_of(const struct pod *p)
{
	for (size_t i = 0; i < p->n_containers; i++)
		if (text_same(p->containers[i].name, SERVER_CONTAINER))
			return &p->containers[i];
	return NULL;
}

static bool ended_by_oom(const struct container_end *end)
{
	return end->there && text_same(end->reason, "OOMKilled");
}

static bool out_of_memory_once(const struct diag *d, const struct pod *p)
{
	const struct container *c = server_of(p);

	(void)d;
	return c && (ended_by_oom(&c->end) || ended_by_oom(&c->last_end));
}

static const char *memory_limit(const struct value *container)
{
	return value_text_or(container, "resources.limits.memory", NULL);
}

static const char *limit_of_pod(const struct pod *p)
{
	const struct value *containers = value_at(p->object, "spec.containers");

	for (size_t i = 0; containers && containers->type == VALUE_LIST && i < containers->n; i++)
		if (text_same(value_text_or(containers->items[i], "name", ""), SERVER_CONTAINER))
			return memory_limit(containers->items[i]);
	return NULL;
}

static void fix_memory(const struct diag *d, struct finding *f, const struct pod *p)
{
	const char *now = limit_of_pod(p), *template_ = memory_limit(server_template(d));
	int64_t mib = quantity_bytes(now) * 2 / MIB;

	if (mib < MEMORY_LEAST_MIB)
		mib = MEMORY_LEAST_MIB;
	if (quantity_bytes(template_) && quantity_bytes(template_) < mib * MIB) {
		fix(f, "kubectl set resources -n %s statefulset/%s -c %s --limits=memory=%lldMi", d->release.namespace_,
		    d->release.fullname,
		    SERVER_CONTAINER, (long long)mib);
		fix(f, "# for Helm to keep it, have it as server.resources in the values");
	}
	fix_restart_pods(d, f, server_pods(d, f->mem, out_of_memory_once));
}

JUDGE(judge_memory)
{
	for (size_t i = 0; i < d->pods.n; i++) {
		const struct pod *p = &d->pods.at[i];
		const struct container *c = server_of(p);
		const char *limit = limit_of_pod(p);

		if (p->deleting || !out_of_memory_once(d, p))
			continue;
		evidence(f, p->name, "OOMKilled, %u restarts, limit %s", c->restarts, limit ? limit : "none: the node ran out");
		found(f, "the pod '%s' was killed for want of memory: its limit is %s", p->name, limit ? limit : "what the node has");
		fix_memory(d, f, p);
		return c->restarts >= LOOPS || !c->running ? VERDICT_FAIL : VERDICT_WARN;
	}
	found(f, "no pod was killed for want of memory");
	return VERDICT_PASS;
}

/* ---- restarts ---- */

static bool loops(const struct diag *d, const struct pod *p)
{
	const struct container *c = server_of(p);

	(void)d;
	return c && (text_same(c->waiting_reason, "CrashLoopBackOff") || c->end.there ||
	    (c->restarts >= LOOPS && !p->ready && !c->running));
}

static const char *end_text(struct arena *a, const struct container *c)
{
	const struct container_end *end = c->last_end.there ? &c->last_end : &c->end;

	if (!end->there)
		return "unknown";
	if (end->signal)
		return arena_printf(a, "%s, signal %d", end->reason ? end->reason : "ended", end->signal);
	return arena_printf(a, "%s, exit code %d", end->reason ? end->reason : "ended", end->code);
}

JUDGE(judge_restarts)
{
	unsigned most = 0;

	for (size_t i = 0; i < d->pods.n; i++) {
		const struct container *c = server_of(&d->pods.at[i]);

		if (!c || d->pods.at[i].deleting)
			continue;
		most = c->restarts > most ? c->restarts : most;
		if (c->restarts)
			evidence(f, d->pods.at[i].name, "%u restarts, last end: %s", c->restarts, end_text(f->mem, c));
	}
	for (size_t i = 0; i < d->pods.n; i++) {
		const struct pod *p = &d->pods.at[i];

		if (p->deleting || !loops(d, p))
			continue;
		found(f, "Vault ends again and again in the pod '%s': %s", p->name, end_text(f->mem, server_of(p)));
		fix(f, "kubectl logs -n %s %s --previous --tail=20", d->release.namespace_, p->name);
		return VERDICT_FAIL;
	}
	if (most >= RESTARTS_MANY) {
		found(f, "the server was restarted up to %u times", most);
		return VERDICT_INFO;
	}
	found(f, "the servers were restarted %u times at most", most);
	return VERDICT_PASS;
}

/* ---- whatever else keeps a pod from running ---- */

JUDGE(judge_stuck)
{
	for (size_t i = 0; i < d->pods.n; i++) {
		const struct pod *p = &d->pods.at[i];
		bool stuck = false;
		const char *reason;

		if (p->deleting || p->unscheduled_message || lacks_image(d, p) || out_of_memory_once(d, p) || loops(d, p))
			continue;
		reason = pod_reason(f->mem, p, &stuck);
		if (!reason || !stuck)
			continue;
		found(f, "the pod '%s' does not run: %s", p->name, reason);
		fix(f, "kubectl describe pod -n %s %s", d->release.namespace_, p->name);
		return VERDICT_FAIL;
	}
	found(f, "nothing else keeps a pod from running");
	return VERDICT_PASS;
}
