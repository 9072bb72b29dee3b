/*
 * The StatefulSet that is there. Of its spec the API server lets only few fields change, and volumes are not among them
 * (apps/v1 validation, "updates to statefulset spec for fields other than ... are forbidden"): an install says so before
 * anything is written, an upgrade deletes it with its pods orphaned, and helm makes it anew.
 */
#include "domain/install_steps.h"

#include "core/text.h"
#include "domain/quantity.h"

#define AUDIT "audit"    /* the claim's name in the chart */

static char *set_path(const struct world *w, struct arena *a)
{
	return kube_path(a, "/apis/apps/v1/namespaces/%s/statefulsets/%s", w->want.namespace_, w->install->fullname);
}

int ask_set(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return kube_ask(w->kube, rq, "GET", set_path(w, &rq->mem), NULL, e);
}

static const struct value *claim_of(const struct value *set, const char *name)
{
	const struct value *list = value_at(set, "spec.volumeClaimTemplates");

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (text_same(object_name(list->items[i]), name))
			return list->items[i];
	return NULL;
}

/* "10Gi of the class 'gp3'" */
static const char *describe_claim(struct arena *a, const struct value *claim)
{
	const char *class_ = value_text_or(claim, "spec.storageClassName", NULL);

	if (!claim)
		return "none";
	return arena_printf(a, "%s of %s%s%s", value_text_or(claim, "spec.resources.requests.storage", "?"),
	                    class_ ? "the class '" : "the default class", class_ ? class_ : "", class_ ? "'" : "");
}

static int64_t size_of(const struct value *claim)
{
	return quantity_bytes(value_text_or(claim, "spec.resources.requests.storage", ""));
}

static bool same_claim(const struct value *a, const struct value *b)
{
	if (!a || !b)
		return !a && !b;
	return size_of(a) == size_of(b) &&
	       text_same(value_text_or(a, "spec.storageClassName", ""), value_text_or(b, "spec.storageClassName", ""));
}

/* Taking volumes away would stop Vault where an audit device writes to them: nothing does so in passing. */
static enum heard refuse_volumes(struct world *w, const struct value *have, const struct value *want, struct err *e)
{
	const char *hint = "leave --audit-storage as it was";

	if (want)
		hint = arena_printf(w->mem, "helm vault-aws upgrade --audit-storage %s, with what this install was given, replaces the set and "
		                    "then its pods, one by one; or leave --audit-storage as it was",
		                    value_text_or(want, "spec.resources.requests.storage", "SIZE"));
	return hear_guard(e, hint, "the audit volumes of the StatefulSet '%s/%s' cannot be changed: there is %s, and %s is wanted",
	                  w->want.namespace_, w->install->fullname, describe_claim(w->mem, have), describe_claim(w->mem, want));
}

static void note_set(struct install *in, const struct value *set)
{
	in->set_uid = value_text_or(set, "metadata.uid", "");
	in->set_version = value_text_or(set, "metadata.resourceVersion", "");
	in->set_generation = value_int_or(set, "metadata.generation", 0);
	in->set_leaving = value_at(set, "metadata.deletionTimestamp") != NULL;
}

static enum heard refuse_absent(const struct world *w, bool set, struct err *e)
{
	return hear_guard(e, "helm vault-aws install makes it", "there is no release '%s' in the namespace '%s' that could be upgraded "
	                  "(the namespace: %s; the StatefulSet '%s': %s; the table '%s': %s)", w->want.release, w->want.namespace_,
	                  w->k.namespace_ == PRESENT ? "there" : "not there", w->install->fullname, set ? "there" : "not there",
	                  w->want.names.table, w->table.presence == PRESENT ? "there" : "not there");
}

enum heard hear_set(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct install *in = w->install;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "reading the StatefulSet '%s'", in->fullname);
	const struct value *have, *want = claim_of(in->set, AUDIT);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (in->upgrade && in->revision_before <= 0)
		return refuse_absent(w, answer.ok, e);
	if (in->upgrade && !text_same(value_text_or(in->set, "spec.updateStrategy.type", ""), "OnDelete"))
		return hear_guard(e, "leave server.updateStrategyType at OnDelete", "your values let Kubernetes replace the pods in its own "
		                  "order, which knows no active server (server.updateStrategyType)");
	in->set_gone = !answer.ok;
	if (!answer.ok)
		return HEARD_DONE;
	note_set(in, answer.body);
	have = claim_of(answer.body, AUDIT);
	if ((in->upgrade && in->set_leaving) || same_claim(have, want))
		return HEARD_DONE;
	if (!in->upgrade || !want)
		return refuse_volumes(w, have, want, e);
	in->set_replaced = true;
	in->volumes_before = describe_claim(w->mem, have);
	in->volumes_then = describe_claim(w->mem, want);
	return HEARD_DONE;
}

/* ---- claims that are there already ---- */

bool claims_matter(const void *world, size_t item)
{
	const struct world *w = world;

	return installing(world, item) && w->install->set_replaced;
}

int ask_claims(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	const char *selector = arena_printf(&rq->mem, "app.kubernetes.io/instance=%s", w->want.release);

	(void)item;
	return kube_ask(w->kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/persistentvolumeclaims?labelSelector=%s&limit=500",
	                                              w->want.namespace_, selector), NULL, e);
}

/* A pod takes the claim of its name as it is; size and class of the template are for those that are yet to be made. */
enum heard hear_claims(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "reading the volume claims of the release '%s'", w->want.release);
	const struct value *items, *want = claim_of(w->install->set, AUDIT);
	const char *prefix = arena_printf(w->mem, AUDIT "-%s-", w->install->fullname);
	const char *class_ = value_text_or(want, "spec.storageClassName", NULL);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	items = answer.ok ? value_get(answer.body, "items") : NULL;
	for (size_t i = 0; i < value_count(items, NULL); i++) {
		const struct value *claim = items->items[i];
		const char *name = object_name(claim);

		if (!text_starts(name, prefix) || (size_of(claim) >= size_of(want) &&
		    (!class_ || text_same(class_, value_text_or(claim, "spec.storageClassName", "")))))
			continue;
		err_also(e, ERR_GUARD, "the volume claim '%s' is there, with %s, and %s is wanted: a pod would take it as it is", name,
		         describe_claim(w->mem, claim), describe_claim(w->mem, want));
		err_hint(e, "let it grow first, where its class can: kubectl -n %s patch pvc %s -p '{\"spec\":{\"resources\":{\"requests\":"
		         "{\"storage\":\"%s\"}}}}'; or leave --audit-storage as it was", w->want.namespace_, name,
		         value_text_or(want, "spec.resources.requests.storage", ""));
	}
	return e->kind ? HEARD_REFUSED : HEARD_DONE;
}

/* ---- away with it ---- */

bool set_replaced(const void *world, size_t item)
{
	return installing_for_real(world, item) && ((const struct world *)world)->install->set_replaced;
}

bool set_orphan_due(const void *world, size_t item)
{
	const struct install *in = ((const struct world *)world)->install;

	return set_replaced(world, item) && !in->set_gone && !in->set_leaving;
}

/* Also where an earlier run has sent it away, and it has not gone yet. */
bool set_leaving(const void *world, size_t item)
{
	const struct install *in = ((const struct world *)world)->install;

	return installing_for_real(world, item) && in->upgrade && !in->set_gone && (in->set_replaced || in->set_leaving);
}

/* Right before: the very one that was judged, as it was. Its status may have changed, and with it its version. */
enum heard hear_set_again(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct install *in = w->install;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "reading the StatefulSet '%s'", in->fullname);
	const char *uid = in->set_uid;
	int64_t generation = in->set_generation;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	in->set_gone = !answer.ok;
	if (!answer.ok)
		return HEARD_DONE;
	note_set(in, answer.body);
	if (text_same(in->set_uid, uid) && (in->set_generation == generation || in->set_leaving))
		return HEARD_DONE;
	return hear_guard(e, "somebody else is at work on it: run it again", "the StatefulSet '%s' has changed meanwhile", in->fullname);
}

int ask_orphan_set(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct arena *a = &rq->mem;
	struct value *body = params_of(a, "apiVersion", "v1", "kind", "DeleteOptions", "propagationPolicy", "Orphan", NULL);

	(void)item;
	value_set(a, body, "preconditions",
	          params_of(a, "uid", w->install->set_uid, "resourceVersion", w->install->set_version, NULL));
	return kube_ask(w->kube, rq, "DELETE", set_path(w, a), body, e);
}

/* 409: its status has just changed, or it is another one; the row that settles this looks again. */
enum heard hear_orphaned_set(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "deleting the StatefulSet '%s', its pods orphaned", w->install->fullname);

	(void)item;
	if (heard == HEARD_REFUSED && answer.status == 409)
		return HEARD_UNSURE;
	if (heard == HEARD_DONE && !answer.ok)
		w->install->set_gone = true;
	return heard;
}

/* It goes when the garbage collector has taken its name from every pod. */
enum heard hear_set_gone(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "waiting for the StatefulSet '%s' to go", w->install->fullname);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	w->install->set_gone = !answer.ok || !text_same(value_text_or(answer.body, "metadata.uid", ""), w->install->set_uid);
	if (w->install->set_gone)
		return HEARD_DONE;
	err_set(e, ERR_LATE, 0, "the StatefulSet '%s' is still there", w->install->fullname);
	return HEARD_NOT_YET;
}
