#include "domain/roll.h"

#include "core/text.h"
#include "domain/hear.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { VAULT_PORT = 8200, POD_S = 600, UNSEAL_S = 300 };

int roll_init(struct roll *r, struct world *w, const struct boot_options *boot, const struct roll_rules *rules, struct err *e)
{
	*r = (struct roll){ .world = w, .rules = rules };
	if (boot_init(&r->boot, w, boot, e) < 0)
		return -1;
	r->boot.options.vault_addr = NULL;      /* each server is asked by its pod */
	r->boot.tls_on = false;
	return 0;
}

void roll_forget(struct roll *r)
{
	r->boot.pods = (struct pod_list){0};
	r->pods = NULL;
	r->replicas = 0;
}

void roll_mark(struct roll *r)
{
	for (size_t i = 0; i < r->boot.pods.n; i++)
		r->pods[i].current = r->rules->is_current(r, &r->boot.pods.at[i]);
}

const struct pod *roll_pod_at(const struct roll *r)
{
	return &r->boot.pods.at[r->at];
}

size_t roll_count_active(const struct roll *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->boot.pods.n; i++)
		n += r->pods[i].active;
	return n;
}

bool roll_any_deleting(const struct roll *r)
{
	for (size_t i = 0; i < r->boot.pods.n; i++)
		if (r->boot.pods.at[i].deleting)
			return true;
	return false;
}

size_t roll_find(const struct roll *r, bool (*is)(const struct roll_pod *))
{
	for (size_t i = r->boot.pods.n; i-- > 0;)
		if (is(&r->pods[i]))
			return i;
	return r->boot.pods.n;
}

const char *roll_state(const struct roll_pod *p)
{
	if (!p->runs)
		return "does not run";
	if (!p->answers)
		return "does not answer";
	return p->status.sealed ? "sealed" : p->active ? "active" : "standby";
}

bool roll_all_open(const struct roll *r)
{
	for (size_t i = 0; i < r->boot.pods.n; i++)
		if (!r->pods[i].answers || r->pods[i].status.sealed)
			return false;
	return r->boot.pods.n > 0;
}

/* ---- pods, and what each says ---- */

int roll_ask_pods(const void *world, size_t item, struct request *rq, struct err *e)
{
	return boot_steps[0].ask(world, item, rq, e);
}

enum heard roll_hear_pods(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct roll *r = world;
	enum heard heard = boot_steps[0].hear(world, item, reply, e);

	if (heard == HEARD_REFUSED && e->kind == ERR_ABSENT && r->boot.pods.n > 0) {
		err_release(e);
		heard = HEARD_DONE;
	}
	if (heard != HEARD_DONE)
		return heard;
	r->pods = ARENA_ARRAY(r->boot.mem, struct roll_pod, r->boot.pods.n + 1);
	for (size_t i = 0; i < r->boot.pods.n; i++) {
		const struct pod *p = &r->boot.pods.at[i];

		r->pods[i].runs = text_same(p->phase, "Running") && !p->deleting;
	}
	roll_mark(r);
	return HEARD_DONE;
}

size_t roll_count_pods(const void *world)
{
	return ((const struct roll *)world)->boot.pods.n;
}

bool roll_status_due(const void *world, size_t item)
{
	return ((const struct roll *)world)->pods[item].runs;
}

/* A sealed one knows no leader. */
bool roll_leader_due(const void *world, size_t item)
{
	const struct roll_pod *p = &((const struct roll *)world)->pods[item];

	return p->answers && !p->status.sealed;
}

/* No secret is in it, so it may go through the API server's proxy. */
static int ask_pod(const struct roll *r, size_t item, struct request *rq, const char *path, struct err *e)
{
	return kube_ask_pod_proxy(r->boot.kube, rq, r->boot.want->namespace_, r->boot.pods.at[item].name,
	                          r->boot.tls_on ? "https" : "http", VAULT_PORT, path, e);
}

int roll_ask_status(const void *world, size_t item, struct request *rq, struct err *e)
{
	return ask_pod(world, item, rq, VAULT_SEAL_STATUS, e);
}

enum heard roll_hear_status(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct roll *r = world;
	struct roll_pod *p = &r->pods[item];

	p->answers = vault_seal_status_read(r->boot.mem, reply, &p->status, e) == 0;
	return p->answers ? HEARD_DONE : HEARD_NOT_YET;
}

bool roll_missed(void *world, size_t item, const struct err *why)
{
	(void)world;
	(void)item;
	return why->kind != ERR_STOPPED;
}

int roll_ask_leader(const void *world, size_t item, struct request *rq, struct err *e)
{
	return ask_pod(world, item, rq, VAULT_LEADER, e);
}

enum heard roll_hear_leader(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct roll *r = world;
	struct vault_leader leader;

	if (vault_leader_read(r->boot.mem, reply, &leader, e) < 0)
		return HEARD_NOT_YET;
	r->pods[item].active = leader.is_self || !leader.ha_enabled;
	return HEARD_DONE;
}

/* ---- one pod ---- */

static char *pod_path(const struct roll *r, struct arena *a)
{
	return kube_path(a, "/api/v1/namespaces/%s/pods/%s", r->boot.want->namespace_, roll_pod_at(r)->name);
}

/* This very one, and none that has come in its place. */
ASK(ask_end)
{
	const struct roll *r = world;
	struct value *body = params_of(&rq->mem, "apiVersion", "v1", "kind", "DeleteOptions", NULL);

	(void)item;
	value_set(&rq->mem, body, "preconditions", params_of(&rq->mem, "uid", roll_pod_at(r)->uid, NULL));
	return kube_ask(r->boot.kube, rq, "DELETE", pod_path(r, &rq->mem), body, e);
}

HEAR(hear_end)
{
	struct roll *r = world;
	struct kube_answer answer;
	enum heard heard;

	(void)item;
	if (kube_read(r->boot.mem, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	if (answer.status == 404 || answer.status == 409)
		return HEARD_DONE;
	heard = kube_heard(&answer, "ending a pod", e);
	if (heard != HEARD_DONE)
		err_while(e, "'%s'", roll_pod_at(r)->name);
	return heard;
}

ASK(ask_back)
{
	const struct roll *r = world;

	(void)item;
	return kube_ask(r->boot.kube, rq, "GET", pod_path(r, &rq->mem), NULL, e);
}

HEAR(hear_back)
{
	struct roll *r = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(r->world, reply, &answer, e, "waiting for the pod '%s'", roll_pod_at(r)->name);
	struct pod now;
	const char *reason;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_LATE, 0, "the pod '%s' is not made anew yet", roll_pod_at(r)->name);
		return HEARD_NOT_YET;
	}
	if (pod_read(&now, r->boot.mem, answer.body, e) < 0)
		return HEARD_UNSURE;
	if (!text_same(now.uid, roll_pod_at(r)->uid) && text_same(now.phase, "Running") && !now.deleting)
		return HEARD_DONE;
	reason = pod_reason(r->boot.mem, &now, NULL);
	err_set(e, ERR_LATE, 0, "the pod '%s' does not run yet: %s", now.name, reason ? reason :
	        text_same(now.uid, roll_pod_at(r)->uid) ? "the old one is ending" : now.phase);
	err_hint(e, "run it again once that is mended: it goes on from there");
	return HEARD_NOT_YET;
}

/* It answers, and is open unless it does not open by itself. */
static enum heard hear_one(struct roll *r, size_t i, const struct reply *reply, struct err *e)
{
	struct roll_pod p = { .answers = true };
	AUTO(err) struct err why = {0};

	if (vault_seal_status_read(r->boot.mem, reply, &p.status, &why) < 0)
		err_set(e, ERR_LATE, reply->status, "Vault in '%s' does not answer yet", r->boot.pods.at[i].name);
	else if (p.status.sealed && r->rules->opens(r, &p))
		err_set(e, ERR_LATE, 0, "Vault in '%s' is not unsealed yet", r->boot.pods.at[i].name);
	else
		return HEARD_DONE;
	err_hint(e, "kubectl vault-check vault says why; run it again, and it goes on from there");
	return HEARD_NOT_YET;
}

ASK(ask_answer)
{
	(void)item;
	return roll_ask_status(world, ((const struct roll *)world)->at, rq, e);
}

HEAR(hear_answer)
{
	struct roll *r = world;

	(void)item;
	return hear_one(r, r->at, reply, e);
}

const struct step roll_restart_rows[ROLL_RESTART_ROWS] = {
	{ .name = "pod.end", .change = "restart a pod", .ask = ask_end, .hear = hear_end },
	{ .name = "pod.back", .title = "wait for the pod", .needs = NEEDS("pod.end"), .patience_s = POD_S, .ask = ask_back,
	  .hear = hear_back },
	{ .name = "pod.answers", .title = "wait until Vault answers in it", .needs = NEEDS("pod.back"), .patience_s = UNSEAL_S,
	  .ask = ask_answer, .hear = hear_answer },
};

/* ---- the active one goes back into the row ---- */

int roll_before_pod(void *world, size_t item, struct err *e)
{
	struct roll *r = world;

	(void)item;
	(void)e;
	kube_pod_port_init(&r->boot.port, r->boot.mem, r->boot.kube, r->boot.want->namespace_, roll_pod_at(r)->name, VAULT_PORT);
	return 0;
}

ASK(ask_down)
{
	(void)item;
	return boot_ask(world, rq, "PUT", "/v1/sys/step-down", NULL, e);
}

/* A token that may not is no reason to stop: its pod is ended all the same, and gives up the lock as it goes. */
HEAR(hear_down)
{
	struct roll *r = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&r->boot, reply, &answer, e, "having '%s' step down", roll_pod_at(r)->name);

	(void)item;
	if (heard == HEARD_REFUSED) {
		err_release(e);
		return HEARD_DONE;
	}
	return heard;
}

const struct step roll_down_rows[ROLL_DOWN_ROWS] = {
	{ .name = "vault.step-down", .change = "have the active server step down", .before = roll_before_pod, .ask = ask_down,
	  .hear = hear_down },
};

/* ---- what takes its time ---- */

/* All pods there and running: those of before as they are, but none that is on its way out. */
HEAR(hear_settled)
{
	struct roll *r = world;
	enum heard heard = roll_hear_pods(world, item, reply, e);
	size_t running = 0;

	if (heard != HEARD_DONE)
		return heard;
	for (size_t i = 0; i < r->boot.pods.n; i++)
		running += r->pods[i].runs || !r->pods[i].current;
	if (!roll_any_deleting(r) && (int64_t)running >= r->replicas && (int64_t)r->boot.pods.n >= r->replicas)
		return HEARD_DONE;
	if (roll_any_deleting(r))
		err_set(e, ERR_LATE, 0, "a pod is still ending");
	else
		err_set(e, ERR_LATE, 0, "%zu of %lld pods are running", running, (long long)r->replicas);
	for (size_t i = 0; i < r->boot.pods.n; i++) {
		const char *reason = pod_reason(r->boot.mem, &r->boot.pods.at[i], NULL);

		if (reason)
			err_also(e, ERR_LATE, "the pod '%s' does not run: %s", r->boot.pods.at[i].name, reason);
	}
	return HEARD_NOT_YET;
}

HEAR(hear_each)
{
	struct roll *r = world;
	struct roll_pod *p = &r->pods[item];
	AUTO(err) struct err why = {0};

	p->answers = vault_seal_status_read(r->boot.mem, reply, &p->status, &why) == 0;
	return r->rules->is_awaited(r, p) ? hear_one(r, item, reply, e) : HEARD_DONE;
}

static bool is_open(const struct roll_pod *p)
{
	return p->answers && !p->status.sealed;
}

/* Where one is shut, the next round says what opens it, unless it opens by itself or not at all. */
DUE(leader_due)
{
	const struct roll *r = world;

	(void)item;
	return roll_all_open(r) || (r->rules->alone && roll_find(r, is_open) < r->boot.pods.n);
}

/* One pod after the other is asked, until one says that it is the one. */
ASK(ask_leader)
{
	const struct roll *r = world;

	(void)item;
	return roll_ask_leader(world, r->at % r->boot.pods.n, rq, e);
}

HEAR(hear_leader)
{
	struct roll *r = world;
	struct vault_leader leader;
	AUTO(err) struct err why = {0};

	(void)item;
	if (vault_leader_read(r->boot.mem, reply, &leader, &why) == 0 && (leader.is_self || !leader.ha_enabled))
		return HEARD_DONE;
	r->at++;
	err_set(e, ERR_LATE, 0, "no server is active yet");
	return HEARD_NOT_YET;
}

const struct step roll_await_rows[ROLL_AWAIT_ROWS] = {
	{ .name = "pods.settle", .title = "wait until every pod runs", .patience_s = POD_S, .ask = roll_ask_pods,
	  .hear = hear_settled },
	{ .name = "pods.answer", .title = "wait until every server is unsealed", .needs = NEEDS("pods.settle"),
	  .count = roll_count_pods, .due = roll_status_due, .patience_s = UNSEAL_S, .ask = roll_ask_status, .hear = hear_each },
	{ .name = "vault.leader", .title = "wait until one is active", .needs = NEEDS("pods.answer"), .due = leader_due,
	  .patience_s = ROLL_LEADER_S, .ask = ask_leader, .hear = hear_leader },
};
