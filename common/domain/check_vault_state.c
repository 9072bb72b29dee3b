/* vault: is each server there, initialised, unsealed, and exactly one active? */
#include "domain/check_vault.h"

#include "core/text.h"

enum { SKEW_WARN_S = 3, SKEW_FAIL_S = 10 };

/* ---- small questions ---- */

bool vault_serves(const struct vault_server *s)
{
	int status = s->health_read ? s->health.status : 0;

	return status == VAULT_ACTIVE || status == VAULT_STANDBY || status == VAULT_DR_SECONDARY ||
	       status == VAULT_PERFORMANCE_STANDBY;
}

bool vault_is_active(const struct vault_server *s)
{
	return s->health_read && s->health.status == VAULT_ACTIVE;
}

const struct vault_server *vault_active(const struct diag *d)
{
	const struct diag_vault *v = diag_vault(d);

	for (size_t i = 0; v && i < v->n; i++)
		if (vault_is_active(&v->at[i]))
			return &v->at[i];
	return NULL;
}

/* Either answer tells. */
static bool heard(const struct vault_server *s)
{
	return s->health_read || s->seal_read;
}

static bool initialized(const struct vault_server *s)
{
	return s->health_read ? s->health.initialized : s->seal.initialized;
}

static bool sealed(const struct vault_server *s)
{
	return s->health_read ? s->health.sealed : s->seal.sealed;
}

const char *vault_and(struct finding *f, const char *names, const char *more)
{
	return names ? arena_printf(f->mem, "%s, %s", names, more) : more;
}

/* The names of those that this holds of; NULL: of none. */
static const char *those(const struct diag *d, struct finding *f, bool (*holds)(const struct vault_server *), size_t *n)
{
	const struct diag_vault *v = diag_vault(d);
	const char *names = NULL;

	*n = 0;
	for (size_t i = 0; v && i < v->n; i++) {
		if (!holds(&v->at[i]))
			continue;
		names = vault_and(f, names, v->at[i].name);
		(*n)++;
	}
	return names;
}

static bool heard_and_not_initialized(const struct vault_server *s)
{
	return heard(s) && !initialized(s);
}

static bool heard_and_initialized(const struct vault_server *s)
{
	return heard(s) && initialized(s);
}

bool vault_uninitialized(const struct diag *d)
{
	const struct diag_vault *v = diag_vault(d);
	bool any = false;

	for (size_t i = 0; v && i < v->n; i++) {
		any |= heard_and_not_initialized(&v->at[i]);
		if (heard_and_initialized(&v->at[i]))
			return false;
	}
	return any;
}

bool vault_too_early(const struct diag *d, struct finding *f)
{
	if (!vault_uninitialized(d))
		return false;
	found(f, "does not apply yet: Vault is not initialised");
	return true;
}

bool vault_unheard(const struct diag *d, struct finding *f)
{
	const struct diag_vault *v = diag_vault(d);
	const struct vault_server *first = NULL;
	bool denied = false;

	for (size_t i = 0; v && i < v->n; i++) {
		if (heard(&v->at[i]))
			return false;
		denied |= v->at[i].why_kind == ERR_DENIED;
		if (!first && v->at[i].why)
			first = &v->at[i];
	}
	if (denied)
		unknown(f, arena_printf(f->mem, "get and create on pods/portforward in the namespace '%s'", d->release.namespace_),
		        "%s", first->why);
	else
		unknown(f, NULL, "no server of Vault answers%s%s", first ? ": " : "", first ? first->why : "");
	return true;
}

void vault_fix_restart(const struct diag *d, struct finding *f, const char *names)
{
	struct view rest = view_text(names);

	while (rest.p) {
		struct view one = view_trim(view_cut(&rest, ','));

		fix(f, "kubectl delete pod --wait=false -n %s %.*s", d->release.namespace_, (int)one.n, one.p);
	}
}

/* ---- does each answer? ---- */

/* Why a pod does not run is for the checks of the cluster; what a running one does not say is for us. */
static bool runs(const struct diag *d, const struct vault_server *s)
{
	const struct pod *p = pod_list_find(&d->pods, s->name);

	for (size_t i = 0; p && i < p->n_containers; i++)
		if (text_same(p->containers[i].name, "vault"))
			return p->containers[i].running;
	return d->pods.n == 0;
}

JUDGE(judge_vault_answers)
{
	const struct diag_vault *v = diag_vault(d);
	const char *silent = NULL, *down = NULL, *why = NULL;
	size_t n_heard = 0, n = 0;
	bool denied = false;

	for (size_t i = 0; v && i < v->n; i++) {
		const struct vault_server *s = &v->at[i];

		evidence(f, s->name, "%s", heard(s) ? "answers" : s->why ? s->why : "was not asked");
		n_heard += heard(s);
		denied |= s->why_kind == ERR_DENIED;
		if (heard(s))
			continue;
		if (!runs(d, s)) {
			down = vault_and(f, down, s->name);
			continue;
		}
		silent = vault_and(f, silent, s->name);
		why = why ? why : s->wants_tls ? "it speaks TLS, and VAULT_ADDR in its environment says http" : s->why;
		n++;
	}
	if (!n_heard && (denied || !silent))
		return vault_unheard(d, f) ? VERDICT_UNKNOWN : VERDICT_PASS;
	if (silent) {
		found(f, "%zu of %zu servers %s not answer (%s): %s", n, v->n, n == 1 ? "does" : "do", silent, why ? why : "no reply");
		if (!strstr(why ? why : "", "VAULT_ADDR"))
			vault_fix_restart(d, f, silent);
		return VERDICT_FAIL;
	}
	if (down) {
		found(f, "%zu of %zu servers answer; the pods of the others do not run (%s)", n_heard, v->n, down);
		return VERDICT_WARN;
	}
	found(f, "%zu of %zu servers answer", n_heard, v->n);
	return VERDICT_PASS;
}

/* ---- initialised? ---- */

static void fix_init(const struct diag *d, struct finding *f, const char *pod)
{
	fix(f, "kubectl exec -n %s %s -c vault -- vault operator init -recovery-shares=5 -recovery-threshold=3",
	    d->release.namespace_, pod);
}

JUDGE(judge_vault_initialized)
{
	size_t n_yes, n_no;
	const char *yes, *no;

	if (vault_unheard(d, f))
		return VERDICT_UNKNOWN;
	yes = those(d, f, heard_and_initialized, &n_yes);
	no = those(d, f, heard_and_not_initialized, &n_no);
	if (yes && no) {
		found(f, "%s say that Vault is initialised, %s that it is not: they do not use the same table", yes, no);
		return VERDICT_FAIL;
	}
	if (no) {
		found(f, "Vault is not initialised yet (that its pods are not Ready is no fault: readiness is an unsealed Vault)");
		evidence(f, "not a fault", "'stored unseal keys are supported, but none were found' in the log each 5 seconds until then");
		evidence(f, "the keys", "are printed once, on the terminal: keep them; prove kms:Encrypt and kms:Decrypt first (kms checks)");
		fix_init(d, f, diag_vault(d)->at[0].name);
		return VERDICT_WARN;
	}
	found(f, "Vault is initialised");
	return VERDICT_PASS;
}

/* ---- unsealed? ---- */

static bool initialized_and_sealed(const struct vault_server *s)
{
	return heard_and_initialized(s) && sealed(s);
}

/* By hand: the log says so, and says no cause. */
static bool by_hand(const struct vault_server *s)
{
	for (size_t i = s->log.n; i-- > 0;) {
		const struct log_row *row = s->log.at[i].row;

		if (row && (row->kind == LOG_STOPS || row->kind == LOG_GOOD))
			return false;
		if (row && text_same(row->id, "marked-sealed"))
			return true;
	}
	return false;
}

JUDGE(judge_vault_unsealed)
{
	const struct diag_vault *v = diag_vault(d);
	const char *names;
	bool hand = false;
	size_t n;

	if (vault_unheard(d, f))
		return VERDICT_UNKNOWN;
	if (vault_too_early(d, f))
		return VERDICT_SKIP;
	names = those(d, f, initialized_and_sealed, &n);
	for (size_t i = 0; i < v->n; i++) {
		if (heard(&v->at[i]))
			evidence(f, v->at[i].name, "%s%s", sealed(&v->at[i]) ? "sealed" : "unsealed",
			         by_hand(&v->at[i]) ? "; its log says 'marked as sealed'" : "");
		hand |= initialized_and_sealed(&v->at[i]) && by_hand(&v->at[i]);
	}
	if (!names) {
		found(f, "all servers that answer are unsealed");
		return VERDICT_PASS;
	}
	found(f, "%zu of %zu servers %s sealed (%s)%s: an auto-unseal seal opens at the start of a pod, not at a retry", n, v->n,
	      n == 1 ? "is" : "are", names, hand ? ", by hand" : "");
	vault_fix_restart(d, f, names);
	return VERDICT_FAIL;
}

/* ---- exactly one active? ---- */

static bool without_ha(const struct vault_server *s)
{
	return s->leader_read && !s->leader.ha_enabled;
}

static bool cut_off(const struct vault_server *s)
{
	return s->health_read && s->health.status == VAULT_CUT_OFF;
}

static enum verdict judge_no_ha(const struct diag *d, struct finding *f, const char *names)
{
	found(f, "high availability is off (%s), and %lld servers write to one table at once: that destroys data", names,
	      (long long)d->release.replicas);
	evidence(f, "ha_enabled", "%s", d->facts.ha_enabled ? d->facts.ha_enabled : "not in the storage stanza: \"false\" is the default");
	fix(f, "kubectl scale statefulset -n %s %s --replicas=1", d->release.namespace_, d->release.fullname);
	return VERDICT_FAIL;
}

static void show_leaders(const struct diag *d, struct finding *f)
{
	const struct diag_vault *v = diag_vault(d);

	for (size_t i = 0; i < v->n; i++)
		if (v->at[i].leader_read)
			evidence(f, v->at[i].name, "%s; knows as active: %s", vault_is_active(&v->at[i]) ? "active" : "standby",
			         v->at[i].leader.address ? v->at[i].leader.address : "nobody");
}

JUDGE(judge_vault_leader)
{
	size_t n_active, n_off, n;
	const char *active, *off, *lonely;

	if (vault_unheard(d, f))
		return VERDICT_UNKNOWN;
	if (vault_too_early(d, f))
		return VERDICT_SKIP;
	off = those(d, f, without_ha, &n_off);
	if (off && d->release.replicas > 1)
		return judge_no_ha(d, f, off);
	show_leaders(d, f);
	active = those(d, f, vault_is_active, &n_active);
	if (n_active > 1) {
		found(f, "%zu servers say that they are active: %s", n_active, active);
		vault_fix_restart(d, f, active);
		return VERDICT_FAIL;
	}
	if (!active) {
		found(f, "no server is active, so nobody serves");
		fix(f, "kubectl delete pod --wait=false -n %s -l app.kubernetes.io/instance=%s,component=server", d->release.namespace_, d->release.name);
		return VERDICT_FAIL;
	}
	lonely = those(d, f, cut_off, &n);
	if (lonely) {
		found(f, "%s is active, and %s cannot reach it on port 8201", active, lonely);
		fix(f, "kubectl get networkpolicy -n %s", d->release.namespace_);
		return VERDICT_WARN;
	}
	found(f, "%s is active", active);
	return VERDICT_PASS;
}

/* ---- the same time? ---- */

JUDGE(judge_vault_clock)
{
	const struct diag_vault *v = diag_vault(d);
	int64_t least = INT64_MAX, most = INT64_MIN;
	const char *behind = "", *ahead = "";

	if (vault_unheard(d, f))
		return VERDICT_UNKNOWN;
	for (size_t i = 0; i < v->n; i++) {
		const struct vault_server *s = &v->at[i];
		int64_t off = s->health.server_time_s - s->asked_ms / 1000;

		if (!s->health_read || !s->health.server_time_s)
			continue;
		evidence(f, s->name, "%+lld s against here", (long long)off);
		if (off < least)
			least = off, behind = s->name;
		if (off > most)
			most = off, ahead = s->name;
	}
	if (most < least)
		return unknown(f, NULL, "no server told its time");
	if (most - least < SKEW_WARN_S) {
		found(f, "the servers' clocks agree");
		return VERDICT_PASS;
	}
	found(f, "the clock of %s is %lld s ahead of that of %s: the lock runs 15 s by these clocks, so two leaders or none may come of it",
	      ahead, (long long)(most - least), behind);
	return most - least >= SKEW_FAIL_S ? VERDICT_FAIL : VERDICT_WARN;
}
