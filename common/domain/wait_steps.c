/* Waiting for the state that can be reached: pods Running and answering; Ready only where Vault is initialised. */
#include "domain/install_steps.h"

#include "core/text.h"

/* An upgrade waits while it replaces the pods (upgrade.h): some may come only after others have gone. */
bool wait_due(const void *world, size_t item)
{
	const struct world *w = world;

	return installing_for_real(world, item) && w->install->wait && !w->install->upgrade;
}

int ask_pods(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	const char *selector = arena_printf(&rq->mem, "app.kubernetes.io/instance=%s,component=server", w->want.release);

	(void)item;
	return kube_ask(w->kube, rq, "GET",
	                kube_path(&rq->mem, "/api/v1/namespaces/%s/pods?labelSelector=%s&limit=100", w->want.namespace_, selector),
	                NULL, e);
}

static enum heard late_or_not_yet(struct world *w, struct err *e)
{
	if (!w->install->wait_until_ms)
		w->install->wait_until_ms = host_wall_ms(w->host) + w->install->timeout_ms;
	if (host_wall_ms(w->host) < w->install->wait_until_ms)
		return HEARD_NOT_YET;
	e->kind = ERR_LATE;
	err_while(e, "time ran out");
	err_hint(e, "the release is installed; kubectl vault-check finds the broken link");
	return HEARD_REFUSED;
}

static enum heard read_pods(struct world *w, const struct reply *reply, struct err *e)
{
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "reading the pods of the release '%s'", w->want.release);

	if (heard != HEARD_DONE)
		return heard;
	w->install->pods = (struct pod_list){0};
	if (!answer.ok || pod_list_read(&w->install->pods, w->mem, answer.body, e) < 0)
		return HEARD_UNSURE;
	return HEARD_DONE;
}

/* Each pod's own reason, in one error. */
static void say_why(struct world *w, struct err *e)
{
	size_t missing = (size_t)w->want.replicas > w->install->pods.n ? (size_t)w->want.replicas - w->install->pods.n : 0;

	for (size_t i = 0; i < w->install->pods.n; i++) {
		const struct pod *p = &w->install->pods.at[i];
		const char *reason = pod_reason(w->mem, p, NULL);

		if (reason)
			err_also(e, ERR_CONFLICT, "the pod '%s' does not run: %s", p->name, reason);
		else if (!text_same(p->phase, "Running"))
			err_also(e, ERR_CONFLICT, "the pod '%s' is %s", p->name, p->phase);
	}
	if (missing)
		err_also(e, ERR_CONFLICT, "%zu of %lld pods are not there yet", missing, (long long)w->want.replicas);
}

static bool runs(const struct pod *p)
{
	return text_same(p->phase, "Running") && !p->deleting;
}

enum heard hear_pods_running(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	enum heard heard = read_pods(w, reply, e);
	size_t running = 0;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	for (size_t i = 0; i < w->install->pods.n; i++)
		running += runs(&w->install->pods.at[i]) && !pod_reason(w->mem, &w->install->pods.at[i], NULL);
	if (running >= (size_t)w->want.replicas)
		return HEARD_DONE;
	say_why(w, e);
	if (!e->kind)
		err_set(e, ERR_LATE, 0, "%zu of %lld pods are running", running, (long long)w->want.replicas);
	return late_or_not_yet(w, e);
}

size_t count_pods(const void *world)
{
	const struct world *w = world;

	return w->install ? w->install->pods.n : 0;
}

/* sys/init carries no secret, so it may go through the API server's proxy. */
int ask_init_status(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	return kube_ask_pod_proxy(w->kube, rq, w->want.namespace_, w->install->pods.at[item].name,
	                          w->want.tls == TLS_OFF ? "http" : "https", 8200, "/v1/sys/init", e);
}

enum heard hear_init_status(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	const char *name = w->install->pods.at[item].name;
	struct kube_answer answer;
	bool truth;

	if (kube_read(w->mem, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	if (answer.ok && answer.body && value_bool(answer.body, "initialized", &truth, e) == 0) {
		w->install->initialized = truth;
		w->install->initialized_read = true;
		w->install->answering++;
		return HEARD_DONE;
	}
	if (answer.status == 403 || answer.status == 401)
		return kube_heard(&answer, "asking a pod through the API server (pods/proxy)", e);
	err_release(e);
	err_set(e, ERR_LATE, answer.status, "Vault in the pod '%s' does not answer yet", name);
	return late_or_not_yet(w, e);
}

bool ready_due(const void *world, size_t item)
{
	const struct world *w = world;

	return wait_due(world, item) && w->install->initialized;
}

enum heard hear_pods_ready(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	enum heard heard = read_pods(w, reply, e);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	for (size_t i = 0; i < w->install->pods.n; i++)
		if (!w->install->pods.at[i].ready)
			err_also(e, ERR_CONFLICT, "the pod '%s' is not ready: Vault in it is sealed, or starting", w->install->pods.at[i].name);
	return e->kind ? late_or_not_yet(w, e) : HEARD_DONE;
}
