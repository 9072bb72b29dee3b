#include "domain/upgrade.h"

#include "core/text.h"
#include "domain/boot_trust.h"
#include "domain/hear.h"
#include "domain/version_table.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)

#define REVISION "controller-revision-hash"

enum { SET_S = 60, ADOPTED_S = 120, NO_NUMBER = -1 };

/* ---- what a pod is ---- */

static bool has_volume(const struct pod *p, const char *name)
{
	const struct value *list = value_at(p->object, "spec.volumes");

	for (size_t i = 0; i < value_count(list, NULL); i++)
		if (text_same(value_text_or(list->items[i], "name", ""), name) && value_get(list->items[i], "persistentVolumeClaim"))
			return true;
	return false;
}

static bool lacks_volume(const struct upgrade *u, const struct pod *p)
{
	for (size_t i = 0; i < value_count(u->claims, NULL); i++)
		if (!has_volume(p, object_name(u->claims->items[i])))
			return true;
	return false;
}

static bool is_current(const struct roll *r, const struct pod *p)
{
	const struct upgrade *u = (const struct upgrade *)r;

	return text_same(object_label(p->object, REVISION), u->revision) && !lacks_volume(u, p);
}

/* KMS opens all of them; what was never initialised has nothing to open. */
static bool opens(const struct roll *r, const struct roll_pod *p)
{
	(void)r;
	return p->status.initialized;
}

static bool is_waited_for(const struct roll *r, const struct roll_pod *p)
{
	(void)r;
	(void)p;
	return true;
}

static const struct roll_rules rules = { .is_current = is_current, .opens = opens, .is_awaited = is_waited_for, .alone = true };

int upgrade_init(struct upgrade *u, struct world *w, const struct boot_options *boot, struct err *e)
{
	*u = (struct upgrade){ .set = w->install->fullname, .patience_s = (unsigned)(w->install->timeout_ms / 1000) };
	return roll_init(&u->roll, w, boot, &rules, e);
}

void upgrade_forget(struct upgrade *u)
{
	roll_forget(&u->roll);
	u->set_uid = u->revision = u->version = NULL;
	u->claims = NULL;
	u->lacks = NULL;
}

/* "vault-2" of the set "vault": 2. NO_NUMBER: it is no pod of the set. */
static long number_of(const struct upgrade *u, const struct pod *p)
{
	size_t n = strlen(u->set);
	char *end;
	long number;

	if (!text_starts(p->name, u->set) || p->name[n] != '-' || p->name[n + 1] < '0' || p->name[n + 1] > '9')
		return NO_NUMBER;
	number = strtol(p->name + n + 1, &end, 10);
	return *end ? NO_NUMBER : number;
}

/* ---- the reads ---- */

ASK(ask_set)
{
	const struct upgrade *u = world;
	const struct boot *b = &u->roll.boot;

	(void)item;
	return kube_ask(b->kube, rq, "GET", kube_path(&rq->mem, "/apis/apps/v1/namespaces/%s/statefulsets/%s", b->want->namespace_,
	                                              u->set), NULL, e);
}

/* The tag of the image that Vault's container has, where it is a version. */
static const char *version_of(struct arena *a, const struct value *set)
{
	const struct value *list = value_at(set, "spec.template.spec.containers");

	for (size_t i = 0; i < value_count(list, NULL); i++) {
		const char *image = value_text_or(list->items[i], "image", "");
		const char *whole = arena_view(a, view_of(image, strcspn(image, "@"))), *name = strrchr(whole, '/');
		const char *tag = strchr(name ? name : whole, ':');

		if (text_same(value_text_or(list->items[i], "name", ""), "vault") && tag && tag[1] >= '0' && tag[1] <= '9')
			return tag + 1;
	}
	return NULL;
}

/* The controller says of which revision pods shall be only once it has seen the last change. */
HEAR(hear_set)
{
	struct upgrade *u = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(u->roll.world, reply, &answer, e, "reading the StatefulSet '%s'", u->set);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok || value_at(answer.body, "metadata.deletionTimestamp")) {
		err_set(e, ERR_ABSENT, 0, "the StatefulSet '%s' is %s", u->set, answer.ok ? "being deleted" : "not there");
		err_hint(e, "run it again: it makes it anew");
		return HEARD_REFUSED;
	}
	u->set_uid = value_text_or(answer.body, "metadata.uid", "");
	u->revision = value_text_or(answer.body, "status.updateRevision", NULL);
	u->claims = value_at(answer.body, "spec.volumeClaimTemplates");
	u->version = version_of(u->roll.boot.mem, answer.body);
	u->roll.replicas = value_int_or(answer.body, "spec.replicas", 1);
	if (u->revision && value_int_or(answer.body, "status.observedGeneration", 0) >=
	    value_int_or(answer.body, "metadata.generation", 0))
		return HEARD_DONE;
	err_set(e, ERR_LATE, 0, "no controller has looked at the StatefulSet '%s' yet", u->set);
	return HEARD_NOT_YET;
}

static bool is_owned(const struct pod *p, const char *uid)
{
	const struct value *list = value_at(p->object, "metadata.ownerReferences");

	for (size_t i = 0; i < value_count(list, NULL); i++)
		if (text_same(value_text_or(list->items[i], "uid", ""), uid))
			return true;
	return false;
}

/* Only a pod that the set has adopted is made anew by it. */
HEAR(hear_pods)
{
	struct upgrade *u = world;
	struct roll *r = &u->roll;
	enum heard heard = roll_hear_pods(world, item, reply, e);

	/* A set that was just made has none yet. */
	if (heard == HEARD_REFUSED && e->kind == ERR_ABSENT)
		return HEARD_NOT_YET;
	if (heard != HEARD_DONE)
		return heard;
	u->lacks = ARENA_ARRAY(r->boot.mem, bool, r->boot.pods.n + 1);
	for (size_t i = 0; i < r->boot.pods.n; i++) {
		const struct pod *p = &r->boot.pods.at[i];

		u->lacks[i] = lacks_volume(u, p);
		if (number_of(u, p) == NO_NUMBER || is_owned(p, u->set_uid) || p->deleting)
			continue;
		err_set(e, ERR_LATE, 0, "the StatefulSet '%s' has not adopted the pod '%s' yet", u->set, p->name);
		return HEARD_NOT_YET;
	}
	return HEARD_DONE;
}

const struct step upgrade_reads[UPGRADE_READS] = {
	{ .name = "set.read", .title = "read the StatefulSet", .patience_s = SET_S, .ask = ask_set, .hear = hear_set },
	{ .name = "vault.pods", .title = "find Vault's pods", .needs = NEEDS("set.read"), .patience_s = ADOPTED_S,
	  .ask = roll_ask_pods, .hear = hear_pods },
	{ .name = "vault.trust", .title = "read who vouches for Vault", .needs = NEEDS("vault.pods"), .due = boot_trust_due,
	  .ask = boot_ask_trust, .hear = boot_hear_trust },
	{ .name = "pods.status", .title = "ask every server for its state", .needs = NEEDS("vault.pods"), .count = roll_count_pods,
	  .due = roll_status_due, .patience_s = ROLL_LOOK_S, .ask = roll_ask_status, .hear = roll_hear_status, .missed = roll_missed },
	{ .name = "pods.leader", .title = "find the active server", .needs = NEEDS("pods.status"), .count = roll_count_pods,
	  .due = roll_leader_due, .patience_s = ROLL_LOOK_S, .ask = roll_ask_leader, .hear = roll_hear_leader, .missed = roll_missed },
};

/* ---- what is next ---- */

size_t upgrade_pending(const struct upgrade *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->roll.boot.pods.n; i++)
		n += !u->roll.pods[i].current;
	return n;
}

static bool is_initialized(const struct roll *r)
{
	for (size_t i = 0; i < r->boot.pods.n; i++)
		if (r->pods[i].answers && r->pods[i].status.initialized)
			return true;
	return false;
}

static bool is_open(const struct roll_pod *p)
{
	return p->answers && !p->status.sealed;
}

static bool is_silent(const struct roll_pod *p)
{
	return p->runs && !p->answers;
}

/* Made of the present template, and not there yet. */
static bool is_coming(const struct roll_pod *p)
{
	return p->current && (!p->runs || (p->answers && p->status.initialized && p->status.sealed));
}

static bool is_old_and_useless(const struct roll_pod *p)
{
	return !p->current && !is_open(p);
}

static bool is_old_standby(const struct roll_pod *p)
{
	return !p->current && !p->active;
}

static bool is_old(const struct roll_pod *p)
{
	return !p->current;
}

static const struct pod *pod_of_number(const struct upgrade *u, long number)
{
	for (size_t i = 0; i < u->roll.boot.pods.n; i++)
		if (number_of(u, &u->roll.boot.pods.at[i]) == number)
			return &u->roll.boot.pods.at[i];
	return NULL;
}

/* The pod of the lowest number that lacks a volume; pods.n: none does. */
static size_t first_lacking(const struct upgrade *u)
{
	const struct pod_list *pods = &u->roll.boot.pods;
	size_t found = pods->n;

	for (size_t i = 0; i < pods->n; i++)
		if (u->lacks[i] && (found == pods->n || number_of(u, &pods->at[i]) < number_of(u, &pods->at[found])))
			found = i;
	return found;
}

/* All that are away come only after the pod `at`, at which the controller stops. */
static bool holds_up_all(const struct upgrade *u, size_t at)
{
	long n = number_of(u, &u->roll.boot.pods.at[at]);

	for (long i = 0; i < n; i++)
		if (!pod_of_number(u, i))
			return false;
	return true;
}

/* The one to be replaced next; pods.n: none. */
static size_t next_pod(const struct upgrade *u)
{
	const struct roll *r = &u->roll;
	size_t n = r->boot.pods.n, at = first_lacking(u);

	if (at == n)
		at = roll_find(r, is_old_and_useless);
	if (at == n)
		at = roll_find(r, is_old_standby);
	return at < n ? at : roll_find(r, is_old);
}

/* One pod at a time is away. */
static bool must_wait(const struct upgrade *u, size_t at)
{
	const struct roll *r = &u->roll;
	size_t n = r->boot.pods.n;

	if (roll_any_deleting(r) || roll_find(r, is_silent) < n)
		return true;
	if ((int64_t)n < r->replicas)
		return at == n || !u->lacks[at] || !holds_up_all(u, at);
	if (roll_find(r, is_coming) < n)
		return true;
	return is_initialized(r) && roll_count_active(r) == 0 && roll_find(r, is_open) < n;
}

struct upgrade_move upgrade_next(const struct upgrade *u)
{
	const struct roll *r = &u->roll;
	size_t n = r->boot.pods.n, at = next_pod(u);

	if (must_wait(u, at))
		return (struct upgrade_move){ UPGRADE_AWAIT, 0 };
	if (at == n)
		return (struct upgrade_move){ UPGRADE_DONE, 0 };
	if (r->pods[at].active && n > 1 && secret_held(&r->boot.token) &&
	    !text_same(u->asked_down, r->boot.pods.at[at].uid))
		return (struct upgrade_move){ UPGRADE_STEP_DOWN, at };
	return (struct upgrade_move){ UPGRADE_RESTART, at };
}

/* With the patience that was asked for. */
static const struct step *patient(const struct upgrade *u, const struct step *rows, size_t n, size_t *total)
{
	struct step *all = ARENA_ARRAY(u->roll.boot.mem, struct step, n);

	memcpy(all, rows, n * sizeof(*all));
	for (size_t i = 0; i < n; i++)
		if (all[i].patience_s)
			all[i].patience_s = u->patience_s;
	*total = n;
	return all;
}

const struct step *upgrade_table(struct upgrade *u, struct upgrade_move move, size_t *n)
{
	u->roll.at = move.pod;
	if (move.step == UPGRADE_RESTART)
		return patient(u, roll_restart_rows, ROLL_RESTART_ROWS, n);
	if (move.step == UPGRADE_AWAIT)
		return patient(u, roll_await_rows, ROLL_AWAIT_ROWS, n);
	u->asked_down = roll_pod_at(&u->roll)->uid;
	return patient(u, roll_down_rows, ROLL_DOWN_ROWS, n);
}

/* ---- what is told before ---- */

static const char *then_word(const struct upgrade *u, size_t i)
{
	const struct roll_pod *p = &u->roll.pods[i];

	if (p->current)
		return "nothing: it is of the present template";
	if (!p->active || u->roll.boot.pods.n == 1)
		return u->lacks[i] ? "replaced, gets its volume" : "replaced";
	return secret_held(&u->roll.boot.token) ? "steps down, then is replaced"
	                                        : "replaced: another one takes over as it ends (no token to have it step down before)";
}

static void plan_pod(const struct upgrade *u, struct arena *a, struct value *list, size_t i)
{
	value_push(a, list, params_of(a, "name", u->roll.boot.pods.at[i].name, "state", roll_state(&u->roll.pods[i]), "then",
	                              then_word(u, i), NULL));
}

/* The order of next_pod, as long as nobody else becomes active. */
struct value *upgrade_plan(const struct upgrade *u, struct arena *a)
{
	struct value *list = value_new_list(a);
	const struct roll *r = &u->roll;
	size_t n = r->boot.pods.n;

	for (size_t i = 0; i < n; i++)
		if (u->lacks[i])
			plan_pod(u, a, list, i);
	for (int active = 0; active < 2; active++)
		for (size_t i = n; i-- > 0;)
			if (!u->lacks[i] && r->pods[i].active == (active == 1))
				plan_pod(u, a, list, i);
	return list;
}

/* ---- why not ---- */

/* A server that is older than the data is refused by nothing but this (Vault: "downgrades are not supported"). */
static void judge_version(const struct upgrade *u, struct err *e)
{
	const struct roll *r = &u->roll;

	for (size_t i = 0; u->version && i < r->boot.pods.n; i++) {
		const char *runs = r->pods[i].status.version;

		if (!runs || r->pods[i].current || version_compare(u->version, runs) >= 0)
			continue;
		err_set(e, ERR_GUARD, 0, "'%s' runs Vault %s, and the StatefulSet has %s: an older Vault may not read what a newer one wrote",
		        r->boot.pods.at[i].name, runs, u->version);
		err_hint(e, "--image-tag %s or newer; no pod was replaced", runs);
		return;
	}
}

int upgrade_judge(const struct upgrade *u, struct err *e)
{
	const struct roll *r = &u->roll;
	struct upgrade_move move = upgrade_next(u);
	size_t others = 0;

	judge_version(u, e);
	if (move.step != UPGRADE_RESTART && move.step != UPGRADE_STEP_DOWN)
		return e->kind ? -1 : 0;
	for (size_t i = 0; i < r->boot.pods.n; i++)
		others += i != move.pod && is_open(&r->pods[i]);
	if (is_open(&r->pods[move.pod]) && others == 0 && r->replicas > 1) {
		err_also(e, ERR_GUARD, "'%s' is to be replaced, and is the only server that is unsealed", r->boot.pods.at[move.pod].name);
		err_hint(e, "kubectl vault-check says why the others are not; helm vault-aws recover unseal --restart-pods; then run it again");
	}
	return e->kind ? -1 : 0;
}
