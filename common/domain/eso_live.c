#include "domain/eso_live.h"

#include "core/text.h"

static const struct {
	const char *kind, *plural;
} kinds[ESO_LIVE_KINDS] = {
	{ "ClusterSecretStore", "clustersecretstores" }, { "SecretStore", "secretstores" },
	{ "ClusterExternalSecret", "clusterexternalsecrets" }, { "ExternalSecret", "externalsecrets" },
};

static int ask_group(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct eso_live *w = world;

	(void)item;
	return kube_ask(w->boot.kube, rq, "GET", "/apis/" ESO_GROUP, NULL, e);
}

static bool serves(const struct value *group, const char *version)
{
	const struct value *list = value_get(group, "versions");

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (text_same(value_text_or(list->items[i], "version", ""), version))
			return true;
	return false;
}

static enum heard hear_group(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct eso_live *w = world;
	struct kube_answer answer;

	(void)item;
	if (kube_read(w->boot.mem, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	if (answer.status != 404 && !answer.ok)
		return kube_heard(&answer, "asking for the versions of " ESO_GROUP, e);
	if (answer.ok)
		w->version = serves(answer.body, "v1") ? "v1" : serves(answer.body, "v1beta1") ? "v1beta1" : NULL;
	if (w->version)
		return HEARD_DONE;
	err_set(e, ERR_ABSENT, 0, "External Secrets is not installed: the API server serves neither v1 nor v1beta1 of " ESO_GROUP);
	err_hint(e, "to look at files: helm vault-aws eso audit FILE...");
	return HEARD_REFUSED;
}

static int ask_operator(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct eso_live *w = world;

	(void)item;
	return kube_ask(w->boot.kube, rq, "GET", "/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fname%3Dexternal-secrets&limit=1",
	                NULL, e);
}

static enum heard hear_operator(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct eso_live *w = world;
	struct kube_answer answer;

	(void)item;
	if (kube_read(w->boot.mem, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	w->deployment = answer.ok ? value_at(answer.body, "items.0") : NULL;
	return kube_heard(&answer, "looking for the operator of External Secrets", e);
}

static size_t count_kinds(const void *world)
{
	(void)world;
	return ESO_LIVE_KINDS;
}

static int ask_list(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct eso_live *w = world;
	const char *path = kube_path(&rq->mem, "/apis/" ESO_GROUP "/%s/%s?limit=500", w->version, kinds[item].plural);

	if (w->more[item])
		path = arena_printf(&rq->mem, "%s%s", path, kube_path(&rq->mem, "&continue=%s", w->more[item]));
	return kube_ask(w->boot.kube, rq, "GET", path, NULL, e);
}

static enum heard hear_list(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct eso_live *w = world;
	struct kube_answer answer;
	const struct value *list;
	const char *doing = arena_printf(w->boot.mem, "reading the %s", kinds[item].plural);

	if (kube_read(w->boot.mem, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	if (answer.status == 403) {
		err_set(e, ERR_DENIED, 403, "%s: not allowed (403): %s", doing, answer.message);
		err_hint(e, "the cluster's RBAC must allow: list %s." ESO_GROUP " in all namespaces", kinds[item].plural);
		return HEARD_REFUSED;
	}
	if (answer.status == 404)       /* a kind that this version of the operator does not have */
		return HEARD_DONE;
	if (!answer.ok)
		return kube_heard(&answer, doing, e);
	if (value_list(answer.body, "items", &list, e) < 0)
		return HEARD_UNSURE;
	for (size_t i = 0; i < list->n; i++) {
		value_set_text(w->boot.mem, list->items[i], "apiVersion", arena_printf(w->boot.mem, ESO_GROUP "/%s", w->version));
		value_set_text(w->boot.mem, list->items[i], "kind", kinds[item].kind);
		value_push(w->boot.mem, w->objects, list->items[i]);
	}
	w->more[item] = value_text_or(answer.body, "metadata.continue", NULL);
	return text_empty(w->more[item]) ? HEARD_DONE : HEARD_MORE;
}

static int ask_engines(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/sys/mounts", NULL, e);
}

static enum heard hear_engines(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct eso_live *w = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "reading the secrets engines");

	(void)item;
	if (heard == HEARD_REFUSED && e->kind == ERR_DENIED)
		err_hint(e, "the token's policies must allow 'read' on 'sys/mounts' (the token is of %s)", w->boot.token_from);
	if (heard == HEARD_DONE && value_map(answer.body, "data", &w->engines, e) < 0)
		return HEARD_UNSURE;
	return heard;
}

#define OBJECTS \
	{ .name = "eso.group", .ask = ask_group, .hear = hear_group }, \
	{ .name = "eso.operator", .may_fail = true, .ask = ask_operator, .hear = hear_operator }, \
	{ .name = "eso.objects", .needs = NEEDS("eso.group"), .count = count_kinds, .title = "read the objects of External Secrets", \
	  .ask = ask_list, .hear = hear_list }

static const struct step without_vault[] = { OBJECTS };

static const struct step with_vault[] = {
	OBJECTS,
	{ .name = "engines.read", .needs = NEEDS("vault.status"), .ask = ask_engines, .hear = hear_engines },
};

const struct step *eso_live_steps(struct eso_live *w, size_t *n)
{
	w->objects = value_new_list(w->boot.mem);
	if (secret_held(&w->boot.token))
		return boot_table(w->boot.mem, with_vault, COUNT_OF(with_vault), n);
	*n = COUNT_OF(without_vault);
	return without_vault;
}
