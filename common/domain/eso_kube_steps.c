/* The steps of `eso` that ask Kubernetes. */
#include "domain/eso.h"

#include "core/text.h"

#define CHART "https://charts.external-secrets.io"
#define SYNC_MANAGER ESO_MANAGER "-sync"   /* of its own: an apply by the other would take the annotation away again */

size_t eso_count_targets(const void *world)
{
	return ((const struct eso_world *)world)->n_targets;
}

static struct eso_target *target(const void *world, size_t item)
{
	return &((const struct eso_world *)world)->targets[item];
}

/* absent_ok: a 404 is HEARD_DONE with ok false. A refusal names the right: verb, resource and scope. */
static enum heard hear(struct eso_world *w, const struct reply *reply, struct kube_answer *answer, bool absent_ok,
                       struct err *e, const char *doing, const char *right)
{
	if (kube_read(w->boot.mem, reply, answer, e) < 0)
		return HEARD_UNSURE;
	if (answer->status == 403) {
		err_set(e, ERR_DENIED, 403, "%s: not allowed (403): %s", doing, answer->message);
		err_hint(e, "the cluster's RBAC must allow: %s", right);
		return HEARD_REFUSED;
	}
	if (absent_ok && answer->status == 404)
		return HEARD_DONE;
	return kube_heard(answer, doing, e);
}

/* ---- what is served ---- */

ESO_ASK(eso_ask_group)
{
	const struct eso_world *w = world;

	(void)item;
	return kube_ask(w->boot.kube, rq, "GET", "/apis/" ESO_GROUP, NULL, e);
}

static enum heard not_served(const struct eso_world *w, struct err *e)
{
	if (w->serves_v1beta1) {
		err_set(e, ERR_ABSENT, 0, "the API server serves " ESO_GROUP "/v1beta1 and no v1, which External Secrets has from 0.16");
		err_hint(e, "helm upgrade external-secrets external-secrets --repo " CHART " -n external-secrets --reuse-values");
		return HEARD_REFUSED;
	}
	err_set(e, ERR_ABSENT, 0, "External Secrets is not installed: the API server serves no " ESO_GROUP);
	err_hint(e, "helm upgrade --install external-secrets external-secrets --repo " CHART
	         " -n external-secrets --create-namespace --wait");
	return HEARD_REFUSED;
}

ESO_HEAR(eso_hear_group)
{
	struct eso_world *w = world;
	struct kube_answer answer;
	enum heard heard = hear(w, reply, &answer, true, e, "asking for the versions of " ESO_GROUP, "get /apis/" ESO_GROUP);
	const struct value *versions;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	versions = value_get(answer.ok ? answer.body : NULL, "versions");
	for (size_t i = 0; versions && versions->type == VALUE_LIST && i < versions->n; i++) {
		const char *version = value_text_or(versions->items[i], "version", "");

		w->serves_v1 |= text_same(version, "v1");
		w->serves_v1beta1 |= text_same(version, "v1beta1");
	}
	return w->serves_v1 ? HEARD_DONE : not_served(w, e);
}

ESO_DUE(eso_v1_served)
{
	(void)item;
	return ((const struct eso_world *)world)->serves_v1;
}

/* ---- the operator ---- */

ESO_ASK(eso_ask_operator)
{
	const struct eso_world *w = world;
	const char *query = "deployments?labelSelector=app.kubernetes.io%2Fname%3Dexternal-secrets&limit=100";
	const char *ns = w->want.operator_namespace;

	(void)item;
	return kube_ask(w->boot.kube, rq, "GET", ns ? arena_printf(&rq->mem, "%s/%s", kube_path(&rq->mem,
	                "/apis/apps/v1/namespaces/%s", ns), query) : arena_printf(&rq->mem, "/apis/apps/v1/%s", query), NULL, e);
}

static enum heard too_many(const struct value *list, struct err *e)
{
	AUTO(buf) struct buf names = BUF_MAX(1024);

	for (size_t i = 0; i < list->n; i++)
		buf_printf(&names, "%s'%s' in '%s'", i ? ", " : "", object_name(list->items[i]),
		           value_text_or(list->items[i], "metadata.namespace", ""));
	err_set(e, ERR_CONFIG, 0, "%zu operators of External Secrets run here: %s", list->n, buf_str(&names));
	err_hint(e, "say which: --operator-namespace NAMESPACE");
	return HEARD_REFUSED;
}

ESO_HEAR(eso_hear_operator)
{
	struct eso_world *w = world;
	struct kube_answer answer;
	enum heard heard = hear(w, reply, &answer, false, e, "looking for the operator of External Secrets",
	                        "list deployments.apps in all namespaces (or in one, with --operator-namespace)");
	const struct value *list;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (value_list(answer.body, "items", &list, e) < 0)
		return HEARD_UNSURE;
	if (list->n > 1)
		return too_many(list, e);
	if (list->n == 0) {
		err_set(e, ERR_ABSENT, 0, "no operator of External Secrets runs%s%s: no Deployment has the label "
		        "app.kubernetes.io/name=external-secrets", w->want.operator_namespace ? " in " : "",
		        w->want.operator_namespace ? w->want.operator_namespace : "");
		err_hint(e, "helm upgrade --install external-secrets external-secrets --repo " CHART
		         " -n external-secrets --create-namespace --wait");
		return HEARD_REFUSED;
	}
	w->deployment = list->items[0];
	w->account = value_text_or(w->deployment, "spec.template.spec.serviceAccountName", "default");
	w->account_namespace = value_text_or(w->deployment, "metadata.namespace", "");
	for (size_t i = 0; i < w->n_targets; i++)
		if (!w->targets[i].namespace_) {
			w->targets[i].account = w->account;
			w->targets[i].account_namespace = w->account_namespace;
		}
	return HEARD_DONE;
}

/* ---- the active pod's service, whose port says whether the listener has TLS: vault-helm, server-ha-active-service.yaml ---- */

ESO_ASK(eso_ask_service)
{
	const struct boot *b = world;

	(void)item;
	return kube_ask(b->kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/services/%s", b->want->namespace_,
	                arena_printf(&rq->mem, "%s-active", b->fullname)), NULL, e);
}

ESO_HEAR(eso_hear_service)
{
	struct eso_world *w = world;
	const char *name = w->boot.fullname, *ns = w->boot.want->namespace_;
	struct kube_answer answer;
	enum heard heard = hear(w, reply, &answer, true, e, "reading the service of the active pod", arena_printf(w->boot.mem,
	                        "get services in '%s'", ns));
	const struct value *port;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_ABSENT, 404, "there is no service '%s-active' in the namespace '%s'", name, ns);
		err_hint(e, "name the release and its namespace (--release, -n); the chart makes it with server.ha.enabled and "
		         "server.service.active.enabled");
		return HEARD_REFUSED;
	}
	port = value_at(answer.body, "spec.ports.0");
	w->server = arena_printf(w->boot.mem, "%s://%s-active.%s.svc:%lld", text_same(value_text_or(port, "name", ""), "https") ?
	                         "https" : "http", name, ns, (long long)value_int_or(port, "port", 8200));
	return HEARD_DONE;
}

/* ---- what belongs to each store ---- */

ESO_DUE(eso_namespaced)
{
	return target(world, item)->namespace_ != NULL;
}

ESO_ASK(eso_ask_namespace)
{
	const struct boot *b = world;

	return kube_ask(b->kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s", target(world, item)->namespace_), NULL, e);
}

/* Who may write in a namespace need not be allowed to read it itself; then the first write there finds out. */
ESO_HEAR(eso_hear_namespace)
{
	struct eso_world *w = world;
	struct eso_target *t = target(world, item);
	struct kube_answer answer;

	if (kube_read(w->boot.mem, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	if (answer.status == 403)
		return HEARD_DONE;
	t->namespace_absent = answer.status == 404;
	return t->namespace_absent ? HEARD_DONE : kube_heard(&answer, "reading the store's namespace", e);
}

static char *account_path(struct arena *a, const struct eso_target *t)
{
	return kube_path(a, "/api/v1/namespaces/%s/serviceaccounts/%s", t->namespace_, t->account);
}

ESO_ASK(eso_ask_account)
{
	const struct boot *b = world;

	return kube_ask(b->kube, rq, "GET", account_path(&rq->mem, target(world, item)), NULL, e);
}

ESO_HEAR(eso_hear_account)
{
	struct eso_world *w = world;
	struct kube_answer answer;
	enum heard heard = hear(w, reply, &answer, true, e, "reading the store's service account", arena_printf(w->boot.mem,
	                        "get serviceaccounts in '%s'", target(world, item)->namespace_));

	target(world, item)->account_there = heard == HEARD_DONE && answer.ok;
	return heard;
}

static char *store_path(const struct eso_world *w, struct arena *a, const struct eso_target *t)
{
	return t->namespace_ ? kube_path(a, "/apis/" ESO_GROUP "/v1/namespaces/%s/secretstores/%s", t->namespace_, w->want.store) :
	    kube_path(a, "/apis/" ESO_GROUP "/v1/clustersecretstores/%s", w->want.store);
}

ESO_ASK(eso_ask_store)
{
	const struct eso_world *w = world;

	return kube_ask(w->boot.kube, rq, "GET", store_path(w, &rq->mem, target(world, item)), NULL, e);
}

static const char *store_right(const struct eso_world *w, const struct eso_target *t, const char *verbs)
{
	return arena_printf(w->boot.mem, "%s %s." ESO_GROUP "%s%s", verbs, t->namespace_ ? "secretstores" : "clustersecretstores",
	                    t->namespace_ ? " in " : "", t->namespace_ ? t->namespace_ : "");
}

ESO_HEAR(eso_hear_store)
{
	struct eso_world *w = world;
	struct eso_target *t = target(world, item);
	struct kube_answer answer;
	enum heard heard = hear(w, reply, &answer, true, e, "reading the store", store_right(w, t, "get"));

	if (heard == HEARD_DONE)
		t->have_store = answer.ok ? answer.body : NULL;
	return heard;
}

/* ---- writing ---- */

ESO_DUE(eso_account_due)
{
	return target(world, item)->namespace_ && !target(world, item)->account_there;
}

ESO_ASK(eso_ask_make_account)
{
	const struct eso_world *w = world;
	const struct eso_target *t = target(world, item);

	return kube_ask_apply(w->boot.kube, rq, account_path(&rq->mem, t), eso_account_object(t, &rq->mem), ESO_MANAGER, false, e);
}

ESO_HEAR(eso_hear_made_account)
{
	struct eso_world *w = world;
	struct kube_answer answer;

	return hear(w, reply, &answer, false, e, "making the store's service account", arena_printf(w->boot.mem,
	            "create, patch serviceaccounts in '%s'", target(world, item)->namespace_));
}

ESO_DUE(eso_apply_due)
{
	return eso_store_due(world, target(world, item));
}

/* Fields of others are taken over: that they change was asked for, or there are none yet. */
ESO_ASK(eso_ask_apply)
{
	const struct eso_world *w = world;
	const struct eso_target *t = target(world, item);

	return kube_ask_apply(w->boot.kube, rq, store_path(w, &rq->mem, t), eso_store_object(w, t, &rq->mem), ESO_MANAGER, true, e);
}

ESO_HEAR(eso_hear_applied)
{
	struct eso_world *w = world;
	const struct eso_target *t = target(world, item);
	struct kube_answer answer = { .message = "" };
	enum heard heard = hear(w, reply, &answer, false, e, "writing the store", store_right(w, t, "create, patch"));

	/* The operator's own webhook answers for stores; until it does, every write of one is a 500. */
	if (heard == HEARD_UNSURE && strstr(answer.message, "webhook")) {
		err_hint(e, "the operator's webhook does not answer: kubectl get pods -n %s", w->account_namespace);
		return HEARD_NOT_YET;
	}
	return heard;
}

/* After failures the operator waits longer and longer, and nothing that we mended in Vault tells it to look again. */
ESO_DUE(eso_nudge_due)
{
	const struct eso_target *t = target(world, item);

	return t->have_store && !eso_store_due(world, t) && !text_same(eso_ready(t->have_store), "True");
}

ESO_ASK(eso_ask_nudge)
{
	const struct eso_world *w = world;
	const struct eso_target *t = target(world, item);
	struct value *object = value_new_map(&rq->mem), *notes = value_new_map(&rq->mem);

	value_set_text(&rq->mem, object, "apiVersion", ESO_GROUP "/v1");
	value_set_text(&rq->mem, object, "kind", eso_target_kind(t));
	value_set_text(&rq->mem, notes, "force-sync", arena_printf(&rq->mem, "%lld", (long long)host_wall_ms(w->boot.host)));
	value_put(&rq->mem, object, "metadata.name", value_new_text(&rq->mem, w->want.store));
	value_put(&rq->mem, object, "metadata.annotations", notes);
	return kube_ask_apply(w->boot.kube, rq, store_path(w, &rq->mem, t), object, SYNC_MANAGER, true, e);
}

ESO_HEAR(eso_hear_nudged)
{
	struct eso_world *w = world;
	struct kube_answer answer;

	return hear(w, reply, &answer, false, e, "having the operator look at the store again",
	            store_right(w, target(world, item), "patch"));
}

/*
 * The condition says nothing of the generation that it judges. One that was True before a change may still be of the store
 * as it was; the login that was tried is what tells that the new one works.
 */
ESO_HEAR(eso_hear_ready)
{
	struct eso_world *w = world;
	struct eso_target *t = target(world, item);
	struct kube_answer answer;
	enum heard heard = hear(w, reply, &answer, false, e, "waiting for the store", store_right(w, t, "get"));
	const char *ready;

	if (heard != HEARD_DONE)
		return heard;
	t->seen = answer.body;
	ready = eso_ready(t->seen);
	if (text_same(ready, "True"))
		return HEARD_DONE;
	err_set(e, ERR_LATE, 0, "the %s '%s' is not ready%s%s%s%s", eso_target_kind(t), w->want.store, ready ? ": " : "",
	        ready ? eso_reason(t->seen) : "", ready ? ": " : "", ready ? eso_message(t->seen) : "");
	err_hint(e, ready ? "the operator's events say more: kubectl vault-check eso" :
	         "the operator has not looked at it: kubectl get pods -n %s", w->account_namespace);
	return HEARD_NOT_YET;
}
