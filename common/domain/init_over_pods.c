/* The pods of the release taken down and brought back by the StatefulSet's scale, and how many they were remembered. */
#include "core/text.h"
#include "domain/hear.h"
#include "domain/init.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

#define MANAGER    "helm-vault-aws-init"
#define REPLICAS   "helm-vault-aws/init-replicas"

enum { PODS_S = 120, LISTENS_S = 60, VAULT_PORT = 8200 };

static const char *set_path(const struct init_world *in, struct arena *a)
{
	return kube_path(a, "/apis/apps/v1/namespaces/%s/statefulsets/%s", in->boot.want->namespace_, in->boot.fullname);
}

/* ---- the StatefulSet ---- */

int init_ask_set(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct init_world *in = world;

	(void)item;
	return kube_ask(in->boot.kube, rq, "GET", set_path(in, &rq->mem), NULL, e);
}

enum heard init_hear_set(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct init_world *in = world;
	struct init_over *o = &in->over;
	struct kube_answer answer;
	enum heard heard = hear_kube(in->world, reply, &answer, e, "reading the StatefulSet '%s'", in->boot.fullname);
	const char *remembered;

	(void)item;
	if (heard != HEARD_DONE || !answer.ok)
		return heard;
	o->set_read = true;
	o->replicas = value_int_or(answer.body, "spec.replicas", 1);
	remembered = object_annotation(answer.body, REPLICAS);
	o->remembered = remembered ? strtol(remembered, NULL, 10) : 0;
	if (o->remembered < 0 || o->remembered > 1000)
		o->remembered = 0;
	return HEARD_DONE;
}

/* Who may not read it has not taken it down either. */
HEAR(hear_set_if_allowed)
{
	enum heard heard = init_hear_set(world, item, reply, e);

	if (heard != HEARD_REFUSED || e->kind != ERR_DENIED)
		return heard;
	err_release(e);
	return HEARD_DONE;
}

int init_ask_remember(const struct init_world *in, struct request *rq, int64_t replicas, struct err *e)
{
	struct arena *a = &rq->mem;
	struct value *object = params_of(a, "apiVersion", "apps/v1", "kind", "StatefulSet", NULL);
	struct value *metadata = value_set(a, object, "metadata", params_of(a, "name", in->boot.fullname, "namespace",
	                                                                    in->boot.want->namespace_, NULL));

	if (replicas)
		value_set(a, metadata, "annotations", params_of(a, REPLICAS, arena_printf(a, "%lld", (long long)replicas), NULL));
	return kube_ask_apply(in->boot.kube, rq, set_path(in, a), object, MANAGER, true, e);
}

int init_ask_forget(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return init_ask_remember(world, rq, 0, e);
}

enum heard init_hear_annotated(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct init_world *in = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(in->world, reply, &answer, e, "noting on the StatefulSet '%s' how many pods it had",
	                             in->boot.fullname);

	(void)item;
	if (heard == HEARD_DONE && !answer.ok)
		return hear_guard(e, NULL, "the StatefulSet '%s' is gone", in->boot.fullname);
	return heard;
}

int init_ask_scale(const struct init_world *in, struct request *rq, int64_t replicas, struct err *e)
{
	struct arena *a = &rq->mem;
	struct value *scale = params_of(a, "apiVersion", "autoscaling/v1", "kind", "Scale", NULL);

	value_set(a, scale, "metadata", params_of(a, "name", in->boot.fullname, "namespace", in->boot.want->namespace_, NULL));
	value_set_int(a, value_set(a, scale, "spec", value_new_map(a)), "replicas", replicas);
	return kube_ask(in->boot.kube, rq, "PUT", arena_printf(a, "%s/scale", set_path(in, a)), scale, e);
}

enum heard init_hear_scale(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct init_world *in = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(in->world, reply, &answer, e, "scaling the StatefulSet '%s'", in->boot.fullname);

	(void)item;
	if (heard == HEARD_DONE && !answer.ok)
		return hear_guard(e, NULL, "the StatefulSet '%s' is gone", in->boot.fullname);
	if (heard == HEARD_REFUSED)
		err_hint(e, "it takes the right to update statefulsets/scale");
	return heard;
}

/* ---- its pods ---- */

int init_ask_pods_now(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct init_world *in = world;
	const char *selector = arena_printf(&rq->mem, "app.kubernetes.io/instance=%s,component=server", in->boot.want->release);

	(void)item;
	return kube_ask(in->boot.kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/pods?labelSelector=%s&limit=100",
	                                                    in->boot.want->namespace_, selector), NULL, e);
}

static void count_pod(struct init_world *in, const struct pod *p)
{
	const struct pod *server = in->boot.server;
	bool runs = text_same(p->phase, "Running") && !p->deleting;

	in->over.pods++;
	in->over.running += runs;
	if (runs && server && text_same(p->name, server->name))
		in->over.server_back = true;
}

enum heard init_read_pods(struct init_world *in, const struct reply *reply, struct err *e)
{
	struct pod_list pods = {0};
	struct kube_answer answer;
	enum heard heard = hear_kube(in->world, reply, &answer, e, "reading the pods of the release");

	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok || pod_list_read(&pods, in->boot.mem, answer.body, e) < 0)
		return HEARD_UNSURE;
	in->over.pods = in->over.running = 0;
	in->over.server_back = false;
	for (size_t i = 0; i < pods.n; i++)
		count_pod(in, &pods.at[i]);
	return HEARD_DONE;
}

/* ---- pods that an init left down ---- */

DUE(left_down)
{
	const struct init_over *o = &((const struct init_world *)world)->over;

	(void)item;
	return o->remembered && !o->replicas;
}

DUE(remembered)
{
	(void)item;
	return ((const struct init_world *)world)->over.remembered;
}

ASK(ask_back)
{
	const struct init_world *in = world;

	(void)item;
	return init_ask_scale(in, rq, in->over.remembered, e);
}

HEAR(hear_all_run)
{
	struct init_world *in = world;
	enum heard heard = init_read_pods(in, reply, e);

	(void)item;
	if (heard != HEARD_DONE || (int64_t)in->over.running >= in->over.remembered)
		return heard;
	err_set(e, ERR_LATE, 0, "%zu of %lld pods run", in->over.running, (long long)in->over.remembered);
	return HEARD_NOT_YET;
}

/* One that runs will do. */
static bool missed_some(void *world, size_t item, const struct err *why)
{
	(void)item;
	(void)why;
	return ((const struct init_world *)world)->over.running;
}

static size_t count_remembered(const void *world)
{
	int64_t n = ((const struct init_world *)world)->over.remembered;

	return n ? (size_t)n : 1;
}

/* A pod runs a moment before its Vault listens. */
ASK(ask_listens)
{
	const struct init_world *in = world;

	return kube_ask_pod_proxy(in->boot.kube, rq, in->boot.want->namespace_,
	                          arena_printf(&rq->mem, "%s-%zu", in->boot.fullname, item), in->boot.tls_on ? "https" : "http",
	                          VAULT_PORT, VAULT_SEAL_STATUS, e);
}

HEAR(hear_listens)
{
	struct init_world *in = world;
	AUTO(err) struct err why = {0};

	if (vault_wants_tls(reply) || boot_read_status(&in->boot, reply, &why) == 0)
		return HEARD_DONE;
	err_set(e, ERR_LATE, reply->status, "'%s-%zu' does not answer yet", in->boot.fullname, item);
	return HEARD_NOT_YET;
}

/* The search that follows says what is wrong with it. */
static bool missed_one(void *world, size_t item, const struct err *why)
{
	(void)world;
	(void)item;
	(void)why;
	return true;
}

const struct step init_revive_rows[INIT_REVIVE_ROWS] = {
	{ .name = "set.read", .title = "read the StatefulSet", .ask = init_ask_set, .hear = hear_set_if_allowed },
	{ .name = "set.back", .change = "bring back the pods that an init took down", .needs = NEEDS("set.read"), .due = left_down,
	  .ask = ask_back, .hear = init_hear_scale },
	{ .name = "set.forget", .change = "forget how many they were", .needs = NEEDS("set.back"), .due = remembered,
	  .ask = init_ask_forget, .hear = init_hear_annotated },
	{ .name = "pods.back", .title = "wait until the pods run", .needs = NEEDS("set.back"), .due = remembered,
	  .patience_s = PODS_S, .ask = init_ask_pods_now, .hear = hear_all_run, .missed = missed_some },
	{ .name = "pods.listen", .title = "wait until Vault answers", .needs = NEEDS("pods.back"), .count = count_remembered,
	  .due = remembered, .patience_s = LISTENS_S, .ask = ask_listens, .hear = hear_listens, .missed = missed_one },
};
