/*
 * Who must go on reaching Vault behind its NetworkPolicy, besides the namespaces that were named: External Secrets, where
 * its operator runs, and the API server, through which an install asks the pods whether they answer.
 */
#include "domain/install_steps.h"

#include "core/text.h"

bool network_due(const void *world, size_t item)
{
	const struct world *w = world;

	return installing(world, item) && w->want.network_policy;
}

int ask_operators(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return kube_ask(w->kube, rq, "GET", "/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fname%3Dexternal-secrets"
	                "&limit=500", NULL, e);
}

/* A refused read is a failure: a policy without the operator's namespace would cut applications off from their secrets. */
static enum heard name_right(enum heard heard, const struct kube_answer *answer, struct err *e, const char *doing,
                             const char *right)
{
	if (heard != HEARD_REFUSED || answer->status != 403)
		return heard;
	err_release(e);
	err_set(e, ERR_DENIED, 403, "%s, on which the network policy rests: not allowed (403): %s", doing, answer->message);
	err_hint(e, "the cluster's RBAC must allow: %s", right);
	return heard;
}

static void let_in(struct world *w, const char *namespace_)
{
	struct value *list = value_copy(w->mem, w->want.network_policy);

	for (size_t i = 0; i < list->n; i++)
		if (text_same(list->items[i]->text, namespace_))
			return;
	value_push(w->mem, list, value_new_text(w->mem, namespace_));
	w->want.network_policy = list;
}

enum heard hear_operators(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "looking for the operator of External Secrets");
	const struct value *items = NULL;

	(void)item;
	if (heard != HEARD_DONE || !answer.ok)
		return name_right(heard, &answer, e, "looking for the operator of External Secrets",
		                  "list deployments.apps in all namespaces");
	if (value_list(answer.body, "items", &items, e) < 0)
		return HEARD_UNSURE;
	for (size_t i = 0; i < items->n; i++)
		let_in(w, value_text_or(items->items[i], "metadata.namespace", ""));
	return HEARD_DONE;
}

int ask_api_addresses(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return kube_ask(w->kube, rq, "GET", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
	                "?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes&limit=500", NULL, e);
}

enum heard hear_api_addresses(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "reading the addresses of the API server");
	const struct value *items = NULL;
	struct value *addresses = value_new_list(w->mem);

	(void)item;
	if (heard != HEARD_DONE || !answer.ok)
		return name_right(heard, &answer, e, "reading the addresses of the API server",
		                  "list endpointslices.discovery.k8s.io in the namespace default");
	if (value_list(answer.body, "items", &items, e) < 0)
		return HEARD_UNSURE;
	for (size_t i = 0; i < items->n; i++) {
		const struct value *ends = value_get(items->items[i], "endpoints");

		for (size_t k = 0; ends && ends->type == VALUE_LIST && k < ends->n; k++) {
			const struct value *list = value_get(ends->items[k], "addresses");

			for (size_t n = 0; list && list->type == VALUE_LIST && n < list->n; n++)
				value_push(w->mem, addresses, value_copy(w->mem, list->items[n]));
		}
	}
	w->want.api_addresses = addresses;
	return HEARD_DONE;
}
