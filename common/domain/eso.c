#include "domain/eso.h"

#include "core/text.h"

enum { READY_S = 120, WEBHOOK_S = 60 };

/* ---- the world ---- */

static void make_targets(struct eso_world *w)
{
	w->n_targets = w->want.n_namespaces ? w->want.n_namespaces : 1;
	w->targets = ARENA_ARRAY(w->boot.mem, struct eso_target, w->n_targets);
	w->targets[0].role = w->want.role;
	for (size_t i = 0; i < w->want.n_namespaces; i++)
		w->targets[i] = (struct eso_target){
			.namespace_ = w->want.namespaces[i], .account_namespace = w->want.namespaces[i], .account = w->want.store,
			.role = arena_printf(w->boot.mem, "%s-%s", w->want.role, w->want.namespaces[i]),
		};
}

int eso_init(struct eso_world *w, const struct world *s, const struct boot_options *options, const struct eso_want *want,
             struct err *e)
{
	*w = (struct eso_world){ .want = *want, .version = 2 };
	if (boot_init(&w->boot, s, options, e) < 0)
		return -1;
	make_targets(w);
	return 0;
}

void eso_release(struct eso_world *w)
{
	for (size_t i = 0; i < w->n_targets; i++) {
		secret_release(&w->targets[i].jwt);
		secret_release(&w->targets[i].token);
	}
	boot_release(&w->boot);
}

/* ---- reading ---- */

#define ROW(row, what, ...) { .name = (row), .ask = eso_ask_##what, .hear = eso_hear_##what, __VA_ARGS__ }
#define EACH .count = eso_count_targets
#define AT_HOME .needs = NEEDS("vault.status"), .due = eso_is_open   /* that it is not is told once, by engines.read */

static const struct step reading[] = {
	ROW("eso.group", group),
	ROW("eso.operator", operator, .needs = NEEDS("eso.group"), .title = "find the operator of External Secrets"),
	ROW("vault.service", service, .title = "find the service of the active pod"),
	ROW("eso.namespaces", namespace, EACH, .due = eso_namespaced),
	ROW("eso.accounts", account, EACH, .due = eso_namespaced),
	ROW("eso.stores", store, EACH, .needs = NEEDS("eso.group"), .due = eso_v1_served),
	ROW("engines.read", engines, .needs = NEEDS("vault.status"), .before = eso_check_open),
	ROW("auths.read", auths, AT_HOME),
	ROW("policy.read", policy, AT_HOME),
	ROW("roles.read", role, AT_HOME, EACH),
};

const struct step *eso_read_steps(struct arena *a, size_t *n)
{
	return boot_table(a, reading, COUNT_OF(reading), n);
}

/* ---- what cannot be ---- */

static void judge_engine(struct eso_world *w, struct err *e)
{
	const struct value *engine = kv_mount(w->engines, w->want.path);
	const char *near = kv_nearest_mount(w->boot.mem, w->engines, w->want.path, "kv");

	if (!engine) {
		err_also(e, ERR_CONFIG, "no secrets engine is mounted at '%s'", w->want.path);
		if (near)
			err_hint(e, "did you mean --path %s?", near);
		else
			err_hint(e, "mount one: helm vault-aws configure, or vault secrets enable -path=%s kv-v2", w->want.path);
	} else if (!kv_version(engine)) {
		err_also(e, ERR_CONFIG, "the engine at '%s' is of type '%s': External Secrets' stores read kv", w->want.path,
		         value_text_or(engine, "type", ""));
	} else {
		w->version = kv_version(engine);
	}
}

static void judge_auth(const struct eso_world *w, struct err *e)
{
	const struct value *method = kv_mount(w->auths, w->want.mount);
	const char *type = value_text_or(method, "type", "");
	const char *near = kv_nearest_mount(w->boot.mem, w->auths, w->want.mount, "kubernetes");

	if (text_same(type, "kubernetes"))
		return;
	if (method)
		err_also(e, ERR_CONFIG, "the auth method at '%s' is of type '%s', and must be kubernetes", w->want.mount, type);
	else
		err_also(e, ERR_CONFIG, "no auth method is mounted at '%s'", w->want.mount);
	if (near)
		err_hint(e, "did you mean --auth-mount %s?", near);
	else
		err_hint(e, "helm vault-aws configure enables kubernetes auth");
}

int eso_judge(struct eso_world *w, struct err *e)
{
	judge_engine(w, e);
	judge_auth(w, e);
	for (size_t i = 0; i < w->n_targets; i++)
		if (w->targets[i].namespace_absent) {
			err_also(e, ERR_CONFIG, "there is no namespace '%s'", w->targets[i].namespace_);
			err_hint(e, "kubectl create namespace %s", w->targets[i].namespace_);
		}
	return e->kind ? -1 : 0;
}

/* ---- what would be written ---- */

bool eso_policy_due(const struct eso_world *w)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	return !text_same(w->have_policy, eso_policy_text(w, &a));
}

bool eso_role_due(const struct eso_world *w, const struct eso_target *t)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	return !t->have_role || eso_differs(&a, eso_role_body(w, t, &a), t->have_role);
}

static const char *store_differs(const struct eso_world *w, const struct eso_target *t, struct arena *a)
{
	return eso_differs(a, value_get(eso_store_object(w, t, a), "spec"), value_get(t->have_store, "spec"));
}

bool eso_store_due(const struct eso_world *w, const struct eso_target *t)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	return !t->have_store || store_differs(w, t, &a);
}

static void add(struct eso_plan *p, const char *kind, const char *name, const char *from_to)
{
	p->at[p->n++] = (struct eso_change){ kind, name, from_to };
	p->changes |= from_to != NULL;
}

struct eso_plan eso_plan(const struct eso_world *w)
{
	struct arena *a = w->boot.mem;
	struct eso_plan p = { .at = ARENA_ARRAY(a, struct eso_change, 1 + 3 * w->n_targets) };

	if (eso_policy_due(w))
		add(&p, "policy", w->want.role, w->have_policy ? eso_policy_differs(w, a) : NULL);
	for (size_t i = 0; i < w->n_targets; i++) {
		const struct eso_target *t = &w->targets[i];
		const char *store = t->namespace_ ? arena_printf(a, "%s/%s", t->namespace_, w->want.store) : w->want.store;

		if (eso_role_due(w, t))
			add(&p, "role", t->role, t->have_role ? eso_differs(a, eso_role_body(w, t, a), t->have_role) : NULL);
		if (eso_account_due(w, i))
			add(&p, "ServiceAccount", store, NULL);
		if (eso_store_due(w, t))
			add(&p, eso_target_kind(t), store, t->have_store ? store_differs(w, t, a) : NULL);
	}
	return p;
}

/* ---- writing ---- */

const struct step eso_write_steps[ESO_WRITE_STEPS] = {
	ROW("policy.write", put_policy, .due = eso_put_policy_due, .change = "write the policy"),
	ROW("roles.write", put_role, EACH, .due = eso_put_role_due, .needs = NEEDS("policy.write"), .change = "write the role"),
	{ .name = "accounts.make", EACH, .due = eso_account_due, .change = "make the service account",
	  .ask = eso_ask_make_account, .hear = eso_hear_made_account },
	ROW("trial.token", trial_token, EACH, .needs = NEEDS("accounts.make")),
	ROW("trial.login", trial_login, EACH, .needs = NEEDS("trial.token", "roles.write"), .before = eso_ask_as_nobody,
	    .title = "log in as the store will"),
	ROW("trial.revoke", trial_revoke, EACH, .needs = NEEDS("trial.login"), .before = eso_ask_as_trial,
	    .due = eso_trial_revoke_due),
	{ .name = "stores.apply", EACH, .needs = NEEDS("trial.login"), .due = eso_apply_due, .change = "write the store",
	  .patience_s = WEBHOOK_S, .ask = eso_ask_apply, .hear = eso_hear_applied },
	{ .name = "stores.nudge", EACH, .needs = NEEDS("trial.login"), .due = eso_nudge_due,
	  .change = "have the operator look at the store again", .ask = eso_ask_nudge, .hear = eso_hear_nudged },
	{ .name = "stores.wait", EACH, .needs = NEEDS("stores.apply", "stores.nudge"), .title = "the store is ready",
	  .patience_s = READY_S, .ask = eso_ask_store, .hear = eso_hear_ready },
};
