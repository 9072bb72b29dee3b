#include "domain/recover_unseal.h"

#include "aws/creds.h"
#include "core/text.h"
#include "domain/steps.h"

enum { READY_S = 120, RESTART_S = 300, UNSEAL_MS = 60000, VAULT_PORT = 8200 };

/* ---- the servers ---- */

static bool runs(const struct pod *p)
{
	return text_same(p->phase, "Running") && !p->deleting;
}

int unseal_find(struct unseal_world *w, struct err *e)
{
	struct boot *b = &w->recover.boot;
	size_t pods = b->options.vault_addr ? 0 : b->pods.n;

	w->servers = ARENA_ARRAY(b->mem, struct sealed_server, pods + 1);
	w->n = w->n_down = 0;
	if (b->options.vault_addr)
		w->servers[w->n++] = (struct sealed_server){ .name = b->options.vault_addr, .boot = b };
	for (size_t i = 0; i < pods; i++) {
		struct sealed_server *s = &w->servers[w->n];

		if (!runs(&b->pods.at[i])) {
			w->n_down++;
			continue;
		}
		s->pod = &b->pods.at[i];
		s->name = s->pod->name;
		s->boot = ARENA_ARRAY(b->mem, struct boot, 1);
		if (boot_at_pod(s->boot, b, s->pod, e) < 0)
			return -1;
		w->n++;
	}
	return 0;
}

static size_t count_servers(const void *world)
{
	const struct unseal_world *w = world;

	return w->n;
}

static ASK(ask_state)
{
	const struct unseal_world *w = world;

	return boot_ask(w->servers[item].boot, rq, "GET", VAULT_SEAL_STATUS, NULL, e);
}

static HEAR(hear_state)
{
	struct unseal_world *w = world;
	struct sealed_server *s = &w->servers[item];

	if (vault_seal_status_read(w->recover.boot.mem, reply, &s->status, e) < 0) {
		err_while(e, "'%s'", s->name);
		return HEARD_UNSURE;
	}
	s->was_sealed = s->status.sealed;
	return HEARD_DONE;
}

const struct step unseal_status_rows[UNSEAL_STATUS_ROWS] = {
	{ .name = "servers.status", .title = "ask every server for its state", .count = count_servers, .ask = ask_state,
	  .hear = hear_state },
};

static int refuse_server(const struct sealed_server *s, struct err *e)
{
	if (!s->status.initialized) {
		err_also(e, ERR_GUARD, "'%s' is not initialised: there is nothing to unseal", s->name);
		err_hint(e, "helm vault-aws init");
	} else if (s->status.migration && s->status.sealed) {
		err_also(e, ERR_GUARD, "'%s' waits for shares for a migration of its seal, which unsealing would begin", s->name);
		err_hint(e, "kubectl vault-check vault shows its seals");
	}
	return e->kind ? -1 : 0;
}

int unseal_judge(struct unseal_world *w, struct err *e)
{
	w->n_sealed = 0;
	for (size_t i = 0; i < w->n; i++) {
		(void)refuse_server(&w->servers[i], e);
		w->n_sealed += w->servers[i].status.sealed;
	}
	return e->kind ? -1 : 0;
}

/* ---- shares ---- */

int unseal_begin(struct unseal_world *w, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		struct sealed_server *s = &w->servers[i];

		if (!s->status.sealed)
			continue;
		if (recover_enough(&w->recover, s->status.threshold, e) < 0)
			return -1;
		feed_begin(&s->feed, "/v1/sys/unseal", NULL, &w->recover.shares, s->status.threshold, s->status.progress);
	}
	return 0;
}

static DUE(is_sealed)
{
	const struct unseal_world *w = world;

	return w->servers[item].status.sealed;
}

static ASK(ask_unseal)
{
	const struct unseal_world *w = world;

	return feed_ask(&w->servers[item].feed, w->servers[item].boot, rq, e);
}

static HEAR(hear_unseal)
{
	struct unseal_world *w = world;
	struct sealed_server *s = &w->servers[item];
	const struct value *body;
	enum heard heard = feed_hear(&s->feed, s->boot, w->recover.boot.mem, reply, &body, e, "unsealing");

	if (heard == HEARD_DONE)
		s->status.sealed = false;
	else if (heard != HEARD_MORE)
		err_while(e, "'%s'", s->name);
	return heard;
}

/* ---- its end: all are open, one is active ---- */

static ASK(ask_health)
{
	const struct unseal_world *w = world;

	return boot_ask(w->servers[item].boot, rq, "GET", VAULT_HEALTH, NULL, e);
}

static HEAR(hear_health)
{
	struct unseal_world *w = world;
	struct vault_health health;
	AUTO(err) struct err why = {0};

	if (vault_health_read(w->recover.boot.mem, reply, &health, &why) == 0 && health.initialized && !health.sealed)
		return HEARD_DONE;
	err_set(e, ERR_LATE, reply->status, "'%s' %s", w->servers[item].name, why.kind ? "does not answer yet" : "is sealed again");
	err_hint(e, "kubectl vault-check vault says why");
	return HEARD_NOT_YET;
}

static ASK(ask_leader)
{
	const struct unseal_world *w = world;

	(void)item;
	return boot_ask(w->servers[0].boot, rq, "GET", VAULT_LEADER, NULL, e);
}

static DUE(leader_due)
{
	const struct unseal_world *w = world;

	(void)item;
	return w->n > 0;
}

static HEAR(hear_leader)
{
	struct unseal_world *w = world;
	struct vault_leader leader;
	AUTO(err) struct err why = {0};

	(void)item;
	if (vault_leader_read(w->recover.boot.mem, reply, &leader, &why) == 0 && (leader.address || !leader.ha_enabled)) {
		w->leader = leader.address ? leader.address : "";
		return HEARD_DONE;
	}
	err_set(e, ERR_LATE, reply->status, "no server is active yet");
	err_hint(e, "kubectl vault-check vault says why");
	return HEARD_NOT_YET;
}

const struct step unseal_rows[UNSEAL_ROWS] = {
	{ .name = "servers.unseal", .change = "unseal every server", .count = count_servers, .due = is_sealed,
	  .timeout_ms = UNSEAL_MS, .ask = ask_unseal, .hear = hear_unseal },
	{ .name = "servers.ready", .title = "wait until every server is unsealed", .needs = NEEDS("servers.unseal"),
	  .count = count_servers, .patience_s = READY_S, .ask = ask_health, .hear = hear_health },
	{ .name = "vault.leader", .title = "wait until one is active", .needs = NEEDS("servers.ready"), .due = leader_due,
	  .patience_s = READY_S, .ask = ask_leader, .hear = hear_leader },
};

/* ---- one pod is restarted: a server that starts is unsealed by KMS ---- */

static const char *pod_path(const struct unseal_world *w, struct arena *a)
{
	return kube_path(a, "/api/v1/namespaces/%s/pods/%s", w->recover.boot.want->namespace_, w->restarts->name);
}

static ASK(ask_pod)
{
	const struct unseal_world *w = world;

	(void)item;
	return kube_ask(w->recover.boot.kube, rq, "GET", pod_path(w, &rq->mem), NULL, e);
}

/* Read as a list of one, so that it is a pod as all the others are. */
static int read_pod(struct unseal_world *w, const struct value *body, struct err *e)
{
	struct arena *a = w->recover.boot.mem;
	struct value *list = value_new_map(a);
	struct pod_list pods = {0};

	value_push(a, value_set(a, list, "items", value_new_list(a)), value_copy(a, body));
	if (pod_list_read(&pods, a, list, e) < 0)
		return -1;
	if (text_same(pods.at[0].uid, w->restarts->pod->uid))
		return 0;
	w->gone = true;
	if (!runs(&pods.at[0]))
		return 0;
	w->back = true;
	/* Beside the old one: connections know their pod by where its port lies. */
	w->restarts->boot = ARENA_ARRAY(a, struct boot, 1);
	return boot_at_pod(w->restarts->boot, &w->recover.boot, &pods.at[0], e);
}

static HEAR(hear_pod)
{
	struct unseal_world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w->recover.world, reply, &answer, e, "reading the pod '%s'", w->restarts->name);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok)
		w->gone = true;
	else if (read_pod(w, answer.body, e) < 0)
		return HEARD_UNSURE;
	return HEARD_DONE;
}

static DUE(delete_due)
{
	const struct unseal_world *w = world;

	(void)item;
	return !w->gone;
}

/* This very pod: one that came back meanwhile is another. */
static ASK(ask_delete)
{
	const struct unseal_world *w = world;
	struct value *body = params_of(&rq->mem, "apiVersion", "v1", "kind", "DeleteOptions", NULL);

	(void)item;
	value_set(&rq->mem, body, "preconditions", params_of(&rq->mem, "uid", w->restarts->pod->uid, NULL));
	return kube_ask(w->recover.boot.kube, rq, "DELETE", pod_path(w, &rq->mem), body, e);
}

static HEAR(hear_delete)
{
	struct unseal_world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w->recover.world, reply, &answer, e, "deleting the pod '%s'", w->restarts->name);

	(void)item;
	return heard;
}

static HEAR(hear_back)
{
	struct unseal_world *w = world;
	enum heard heard = hear_pod(world, item, reply, e);

	if (heard != HEARD_DONE || w->back)
		return heard;
	err_set(e, ERR_LATE, 0, "the pod '%s' does not run yet", w->restarts->name);
	err_hint(e, "kubectl describe pod says why");
	return HEARD_NOT_YET;
}

/* By the API server's proxy, to which a server that does not listen yet is an answer; no secret is in it. */
static ASK(ask_unsealed)
{
	const struct unseal_world *w = world;

	(void)item;
	return kube_ask_pod_proxy(w->recover.boot.kube, rq, w->recover.boot.want->namespace_, w->restarts->name,
	                          w->recover.boot.tls_on ? "https" : "http", VAULT_PORT, VAULT_SEAL_STATUS, e);
}

static HEAR(hear_unsealed)
{
	struct unseal_world *w = world;
	struct sealed_server *s = w->restarts;
	AUTO(err) struct err why = {0};

	(void)item;
	if (vault_seal_status_read(w->recover.boot.mem, reply, &s->status, &why) == 0 && !s->status.sealed)
		return HEARD_DONE;
	err_set(e, ERR_LATE, reply->status, "'%s' runs again, and is not unsealed yet", s->name);
	err_hint(e, "kubectl vault-check vault says why KMS does not unseal it");
	return HEARD_NOT_YET;
}

const struct step unseal_restart_rows[UNSEAL_RESTART_ROWS] = {
	{ .name = "pod.look", .title = "look at the pod", .ask = ask_pod, .hear = hear_pod },
	{ .name = "pod.delete", .change = "restart the pod", .needs = NEEDS("pod.look"), .settle = "pod.look", .settle_s = 10,
	  .due = delete_due, .ask = ask_delete, .hear = hear_delete },
	{ .name = "pod.back", .title = "wait until it runs again", .needs = NEEDS("pod.delete"), .patience_s = RESTART_S,
	  .ask = ask_pod, .hear = hear_back },
	{ .name = "pod.unsealed", .title = "wait until it is unsealed", .needs = NEEDS("pod.back"), .patience_s = READY_S,
	  .ask = ask_unsealed, .hear = hear_unsealed },
};
