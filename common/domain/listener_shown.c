/* What Vault's servers show of their certificate: the rows of `tls status`, and those with which `tls renew` waits. */
#include "domain/listener_steps.h"

#include "core/text.h"
#include "domain/hear.h"

enum { VAULT_PORT = 8200, SHOWN_MS = 10000 };

static DUE(tls_there)
{
	const struct world *w = world;

	(void)item;
	return !w->listener->plain;
}

static ASK(ask_servers)
{
	const struct world *w = world;
	const char *selector = arena_printf(&rq->mem, "app.kubernetes.io/instance=%s,component=server", w->want.release);

	(void)item;
	return kube_ask(w->kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/pods?labelSelector=%s&limit=100",
	                                              w->want.namespace_, selector), NULL, e);
}

/* Where the pods have it from: the release may have been installed with a Secret of another name. */
static void note_listener(struct world *w, const struct pod *p)
{
	const char *address = pod_env(p, "vault", "VAULT_ADDR"), *file = pod_env(p, "vault", "VAULT_CACERT");
	struct secret_file at;

	w->listener->plain |= !text_starts(address ? address : "", "https:");
	if (w->listener->mode == TLS_UNKNOWN && file && pod_find_secret_file(p, w->mem, "vault", file, &at))
		w->want.tls_secret = at.secret;
}

static HEAR(hear_servers)
{
	struct world *w = world;
	struct listener *l = w->listener;
	struct kube_answer answer;
	struct pod_list pods = {0};
	enum heard heard = hear_kube(w, reply, &answer, e, "reading the pods of the release '%s'", w->want.release);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok || pod_list_read(&pods, w->mem, answer.body, e) < 0)
		return HEARD_UNSURE;
	l->n_shown = 0;
	l->plain = false;
	for (size_t i = 0; i < pods.n && l->n_shown < LISTENER_PODS_MAX; i++) {
		struct shown *s = &l->shown[l->n_shown];

		if (!text_same(pods.at[i].phase, "Running") || pods.at[i].deleting)
			continue;
		*s = (struct shown){ .pod = pods.at[i].name };
		note_listener(w, &pods.at[i]);
		kube_pod_port_init(&s->port, w->mem, w->kube, w->want.namespace_, s->pod, VAULT_PORT);
		l->n_shown++;
	}
	return HEARD_DONE;
}

static size_t count_shown(const void *world)
{
	const struct world *w = world;

	return w->listener->n_shown;
}

/* No token goes along, so that anybody may be on the other side. */
static ASK(ask_shown)
{
	static const struct tls look = { .inspect = true, .anew = true };
	const struct world *w = world;

	rq->timeout_ms = SHOWN_MS;
	return kube_ask_pod(&w->listener->shown[item].port, rq, "GET", "https", "/v1/sys/seal-status", &look, e);
}

static HEAR(hear_shown)
{
	struct world *w = world;

	(void)e;
	if (reply->talk.n)
		w->listener->shown[item].chain = arena_text(w->mem, buf_str(&reply->talk));
	return HEARD_DONE;
}

static bool missed_shown(void *world, size_t item, const struct err *why)
{
	struct world *w = world;

	w->listener->shown[item].why = arena_text(w->mem, why->text);
	return true;
}

/* The kubelet brings a Secret's change into the pods within a minute or two; then the servers are told. */
static HEAR(hear_shown_new)
{
	struct world *w = world;
	struct shown *s = &w->listener->shown[item];

	if (hear_shown(world, item, reply, e) == HEARD_DONE && listener_shows_it(w->listener, s, w->mem))
		return HEARD_DONE;
	err_set(e, ERR_LATE, 0, "not every server shows the new certificate yet");
	err_hint(e, "helm vault-aws tls status says which; a pod that is deleted comes back with it");
	return HEARD_NOT_YET;
}

const struct step listener_status_steps[] = {
	{ .name = "servers.read", .title = "find Vault's pods", .ask = ask_servers, .hear = hear_servers },
	{ .name = "certificate.read", .title = "read the certificate", .needs = NEEDS("servers.read"), .due = tls_there,
	  .ask = ask_leaf, .hear = hear_leaf },
	{ .name = "servers.show", .title = "look at what the servers show", .needs = NEEDS("servers.read"), .due = tls_there,
	  .count = count_shown, .ask = ask_shown, .hear = hear_shown, .missed = missed_shown, .may_fail = true },
};

const size_t n_listener_status_steps = COUNT_OF(listener_status_steps);

const struct step listener_shown_steps[] = {
	{ .name = "servers.read", .title = "find Vault's pods", .ask = ask_servers, .hear = hear_servers },
	{ .name = "servers.show", .title = "wait until every server shows the new certificate", .needs = NEEDS("servers.read"),
	  .count = count_shown, .patience_s = 240, .ask = ask_shown, .hear = hear_shown_new },
};

const size_t n_listener_shown_steps = COUNT_OF(listener_shown_steps);
