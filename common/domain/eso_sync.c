#include "domain/eso_sync.h"

#include "core/text.h"

enum { SYNC_S = 60 };

#define MANAGER "helm-vault-aws-sync"

void eso_sync_init(struct eso_sync *w, struct arena *mem, const struct host *host, const struct kube *kube,
                   const char *namespace_, const char *const *names, size_t n)
{
	*w = (struct eso_sync){ mem, host, kube, namespace_, ARENA_ARRAY(mem, struct eso_sync_item, n), n };
	for (size_t i = 0; i < n; i++)
		w->items[i].name = names[i];
}

static size_t count(const void *world)
{
	return ((const struct eso_sync *)world)->n;
}

static char *path(const struct eso_sync *w, struct arena *a, size_t item)
{
	return kube_path(a, "/apis/" ESO_GROUP "/v1/namespaces/%s/externalsecrets/%s", w->namespace_, w->items[item].name);
}

static int ask_secret(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct eso_sync *w = world;

	return kube_ask(w->kube, rq, "GET", path(w, &rq->mem, item), NULL, e);
}

static enum heard hear(struct eso_sync *w, const struct reply *reply, struct kube_answer *answer, struct err *e,
                       const char *doing)
{
	return kube_read(w->mem, reply, answer, e) < 0 ? HEARD_UNSURE : kube_heard(answer, doing, e);
}

static const char *state_of(struct arena *a, const struct value *secret)
{
	return arena_printf(a, "%s %s", value_text_or(secret, "status.syncedResourceVersion", ""),
	                    value_text_or(secret, "status.refreshTime", ""));
}

static enum heard hear_secret(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct eso_sync *w = world;
	struct kube_answer answer;

	if (kube_read(w->mem, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	w->items[item].absent = answer.status == 404;
	if (answer.ok)
		w->items[item].synced = state_of(w->mem, answer.body);
	return w->items[item].absent ? HEARD_DONE : kube_heard(&answer, "reading the ExternalSecret", e);
}

int eso_sync_judge(const struct eso_sync *w, struct err *e)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->items[i].absent) {
			err_also(e, ERR_ABSENT, "there is no ExternalSecret '%s' in the namespace '%s'", w->items[i].name, w->namespace_);
			err_hint(e, "kubectl get externalsecrets -A");
		}
	return e->kind ? -1 : 0;
}

static int ask_annotate(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct eso_sync *w = world;
	struct value *object = value_new_map(&rq->mem), *notes = value_new_map(&rq->mem);

	value_set_text(&rq->mem, object, "apiVersion", ESO_GROUP "/v1");
	value_set_text(&rq->mem, object, "kind", "ExternalSecret");
	value_set_text(&rq->mem, notes, "force-sync", arena_printf(&rq->mem, "%lld", (long long)host_wall_ms(w->host)));
	value_put(&rq->mem, object, "metadata.name", value_new_text(&rq->mem, w->items[item].name));
	value_put(&rq->mem, object, "metadata.annotations", notes);
	return kube_ask_apply(w->kube, rq, path(w, &rq->mem, item), object, MANAGER, true, e);
}

static enum heard hear_annotated(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct kube_answer answer;

	(void)item;
	return hear(world, reply, &answer, e, "annotating the ExternalSecret");
}

static enum heard hear_synced(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct eso_sync *w = world;
	struct eso_sync_item *one = &w->items[item];
	struct kube_answer answer;
	enum heard heard = hear(w, reply, &answer, e, "waiting for the ExternalSecret");

	if (heard != HEARD_DONE)
		return heard;
	one->now = answer.body;
	if (text_same(eso_ready(one->now), "True") && !text_same(state_of(w->mem, one->now), one->synced))
		return HEARD_DONE;
	if (text_same(eso_ready(one->now), "False"))
		err_set(e, ERR_LATE, 0, "'%s' is not synchronised: %s: %s", one->name, eso_reason(one->now), eso_message(one->now));
	else
		err_set(e, ERR_LATE, 0, "the operator has not looked at '%s' yet", one->name);
	err_hint(e, "the operator's events say more: kubectl vault-check eso");
	return HEARD_NOT_YET;
}

const struct step eso_sync_read[ESO_SYNC_READ] = {
	{ .name = "secrets.read", .count = count, .ask = ask_secret, .hear = hear_secret },
};

const struct step eso_sync_write[ESO_SYNC_WRITE] = {
	{ .name = "secrets.annotate", .count = count, .change = "have the operator read Vault now", .ask = ask_annotate,
	  .hear = hear_annotated },
	{ .name = "secrets.wait", .needs = NEEDS("secrets.annotate"), .count = count, .title = "the secret is synchronised",
	  .patience_s = SYNC_S, .ask = ask_secret, .hear = hear_synced },
};
