/* The steps of `eso` that ask Vault, and the login that proves the rest. */
#include "domain/eso.h"

#include "core/text.h"
#include "domain/eso_cause.h"
#include "formats/json.h"

enum { LOGIN_MAX = 64 << 10 };

static struct eso_target *target(const void *world, size_t item)
{
	return &((const struct eso_world *)world)->targets[item];
}

/* A refusal names the right that the token lacks. */
static enum heard hear(struct eso_world *w, const struct reply *reply, struct vault_answer *answer, struct err *e,
                       const char *doing, const char *capability, const char *path)
{
	enum heard heard = boot_hear(&w->boot, reply, answer, e, "%s", doing);

	if (heard == HEARD_REFUSED && e->kind == ERR_DENIED)
		err_hint(e, "the token's policies must allow '%s' on '%s' (the token is of %s)", capability, path, w->boot.token_from);
	return heard;
}

/* ---- is anybody at home? ---- */

int eso_check_open(void *world, size_t item, struct err *e)
{
	const struct boot *b = world;

	(void)item;
	if (!b->status.initialized) {
		err_set(e, ERR_ABSENT, 0, "Vault is not initialised");
		err_hint(e, "helm vault-aws init, then helm vault-aws configure");
		return -1;
	}
	if (b->status.sealed) {
		err_set(e, ERR_ABSENT, 0, "Vault is sealed");
		err_hint(e, "kubectl vault-check says why");
		return -1;
	}
	return 0;
}

ESO_DUE(eso_is_open)
{
	const struct boot *b = world;

	(void)item;
	return b->status.initialized && !b->status.sealed;
}

/* ---- engines and auth methods ---- */

ESO_ASK(eso_ask_engines)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/sys/mounts", NULL, e);
}

ESO_ASK(eso_ask_auths)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/sys/auth", NULL, e);
}

static enum heard hear_mounts(struct eso_world *w, const struct reply *reply, const struct value **out, struct err *e,
                              const char *doing, const char *path)
{
	struct vault_answer answer;
	enum heard heard = hear(w, reply, &answer, e, doing, "read", path);

	if (heard == HEARD_DONE && value_map(answer.body, "data", out, e) < 0)
		return HEARD_UNSURE;
	return heard;
}

ESO_HEAR(eso_hear_engines)
{
	struct eso_world *w = world;

	(void)item;
	return hear_mounts(w, reply, &w->engines, e, "reading the secrets engines", "sys/mounts");
}

ESO_HEAR(eso_hear_auths)
{
	struct eso_world *w = world;

	(void)item;
	return hear_mounts(w, reply, &w->auths, e, "reading the auth methods", "sys/auth");
}

/* ---- policy ---- */

static const char *policy_path(const struct eso_world *w, struct arena *a)
{
	return arena_printf(a, "sys/policies/acl/%s", w->want.role);
}

ESO_ASK(eso_ask_policy)
{
	(void)item;
	return boot_ask(world, rq, "GET", arena_printf(&rq->mem, "/v1/%s", policy_path(world, &rq->mem)), NULL, e);
}

ESO_HEAR(eso_hear_policy)
{
	struct eso_world *w = world;
	struct vault_answer answer;
	enum heard heard = hear(w, reply, &answer, e, "reading the policy", "read", policy_path(w, w->boot.mem));

	(void)item;
	if (heard == HEARD_DONE)
		w->have_policy = answer.ok ? value_text_or(answer.body, "data.policy", NULL) : NULL;
	return heard;
}

ESO_DUE(eso_put_policy_due)
{
	(void)item;
	return eso_policy_due(world);
}

ESO_ASK(eso_ask_put_policy)
{
	struct value *body = value_new_map(&rq->mem);

	(void)item;
	value_set_text(&rq->mem, body, "policy", eso_policy_text(world, &rq->mem));
	return boot_ask(world, rq, "PUT", arena_printf(&rq->mem, "/v1/%s", policy_path(world, &rq->mem)), body, e);
}

ESO_HEAR(eso_hear_put_policy)
{
	struct eso_world *w = world;
	struct vault_answer answer;

	(void)item;
	return hear(w, reply, &answer, e, "writing the policy", "update", policy_path(w, w->boot.mem));
}

/* ---- roles ---- */

static const char *role_path(const struct eso_world *w, struct arena *a, const struct eso_target *t)
{
	return arena_printf(a, "auth/%s/role/%s", w->want.mount, t->role);
}

ESO_ASK(eso_ask_role)
{
	return boot_ask(world, rq, "GET", arena_printf(&rq->mem, "/v1/%s", role_path(world, &rq->mem, target(world, item))), NULL, e);
}

ESO_HEAR(eso_hear_role)
{
	struct eso_world *w = world;
	struct eso_target *t = target(world, item);
	struct vault_answer answer;
	enum heard heard = hear(w, reply, &answer, e, "reading the role", "read", role_path(w, w->boot.mem, t));

	if (heard == HEARD_DONE)
		t->have_role = answer.ok ? value_get(answer.body, "data") : NULL;
	return heard;
}

ESO_DUE(eso_put_role_due)
{
	return eso_role_due(world, target(world, item));
}

ESO_ASK(eso_ask_put_role)
{
	const struct eso_target *t = target(world, item);

	return boot_ask(world, rq, "POST", arena_printf(&rq->mem, "/v1/%s", role_path(world, &rq->mem, t)),
	                eso_role_body(world, t, &rq->mem), e);
}

ESO_HEAR(eso_hear_put_role)
{
	struct eso_world *w = world;
	const struct eso_target *t = target(world, item);
	struct vault_answer answer;
	enum heard heard = hear(w, reply, &answer, e, "writing the role", "create, update", role_path(w, w->boot.mem, t));

	if (heard == HEARD_DONE && !answer.ok) {
		err_set(e, ERR_ABSENT, 404, "writing the role: nothing is mounted at 'auth/%s'", w->want.mount);
		return HEARD_REFUSED;
	}
	return heard;
}

/* ---- the proof ---- */

ESO_ASK(eso_ask_trial_token)
{
	const struct eso_world *w = world;
	const struct eso_target *t = target(world, item);

	return kube_ask_token(w->boot.kube, rq, t->account_namespace, t->account, kube_audience(&rq->mem, "vault"), e);
}

ESO_HEAR(eso_hear_trial_token)
{
	struct eso_target *t = target(world, item);
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct kube_answer answer;
	enum heard heard;

	if (kube_read(&scratch, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	if (answer.status == 403) {
		err_set(e, ERR_DENIED, 403, "asking for a token of '%s/%s', to prove its login: not allowed (403): %s",
		        t->account_namespace, t->account, answer.message);
		err_hint(e, "the cluster's RBAC must allow: create serviceaccounts/token in '%s'", t->account_namespace);
		return HEARD_REFUSED;
	}
	heard = kube_heard(&answer, "asking for a token of the store's service account", e);
	if (heard != HEARD_DONE)
		return heard;
	return kube_read_token(&answer, &t->jwt, e) < 0 ? HEARD_UNSURE : HEARD_DONE;
}

/* A login is nobody's yet, and the end of a token is its own: neither is asked for with the token of whoever runs this. */
int eso_ask_as_nobody(void *world, size_t item, struct err *e)
{
	struct eso_target *t = target(world, item);

	(void)e;
	t->asker = ((struct eso_world *)world)->boot;
	t->asker.token = (struct secret){0};
	return 0;
}

int eso_ask_as_trial(void *world, size_t item, struct err *e)
{
	struct eso_target *t = target(world, item);

	(void)e;
	t->asker.token = t->token;
	return 0;
}

ESO_ASK(eso_ask_trial_login)
{
	const struct eso_world *w = world;
	const struct eso_target *t = target(world, item);
	AUTO(wiped) struct buf body = BUF_MAX(LOGIN_MAX);

	buf_text(&body, "{\"role\":");
	va_json_quote(&body, view_text(t->role));
	buf_text(&body, ",\"jwt\":");
	va_json_quote(&body, secret_expose(&t->jwt));
	buf_text(&body, "}");
	if (buf_whole(&body, "the login", e) < 0)
		return -1;
	return boot_ask_bytes(&t->asker, rq, "POST", arena_printf(&rq->mem, "/v1/auth/%s/login", w->want.mount), buf_bytes(&body), e);
}

static enum heard login_refused(const struct eso_world *w, const struct eso_target *t, enum heard heard, struct err *e)
{
	AUTO(text) char *said = xasprintf("/login Code: %d. Errors: %s", e->status, e->text);
	const struct eso_cause *cause = eso_cause_of(said);

	/* vault-plugin-auth-kubernetes, path_login.go: a method that was never configured fails with 500. */
	if (strstr(e->text, "could not load backend configuration")) {
		err_hint(e, "the auth method has no configuration: helm vault-aws configure, or vault write auth/%s/config "
		         "kubernetes_host=https://kubernetes.default.svc", w->want.mount);
		heard = HEARD_REFUSED;
	}
	if (heard != HEARD_REFUSED)
		return heard;
	if (cause->part != ESO_OTHER)
		err_while(e, "%s", cause->text);
	if (cause->part == ESO_MOUNT)
		err_hint(e, "Vault's account must be allowed to review tokens: kubectl vault-check cluster --only cluster-reviewer; "
		         "and 'auth/%s/config' must be written: helm vault-aws configure", w->want.mount);
	err_while(e, "the login of '%s/%s' with the role '%s' is refused", t->account_namespace, t->account, t->role);
	return heard;
}

ESO_HEAR(eso_hear_trial_login)
{
	struct eso_world *w = world;
	struct eso_target *t = target(world, item);
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct vault_answer answer;
	const char *token;
	enum heard heard = boot_hear_in(&w->boot, &scratch, reply, &answer, e, "logging in");

	if (heard == HEARD_DONE && !answer.ok) {
		err_set(e, ERR_ABSENT, 404, "logging in: nothing is mounted at 'auth/%s'", w->want.mount);
		return HEARD_REFUSED;
	}
	if (heard != HEARD_DONE)
		return login_refused(w, t, heard, e);
	if (value_text(answer.body, "auth.client_token", &token, e) < 0)
		return HEARD_UNSURE;
	secret_release(&t->token);
	secret_set(&t->token, view_text(token));
	secret_release(&t->jwt);
	t->accepted = true;
	return HEARD_DONE;
}

ESO_DUE(eso_trial_revoke_due)
{
	return secret_held(&target(world, item)->token);
}

ESO_ASK(eso_ask_trial_revoke)
{
	return boot_ask(&target(world, item)->asker, rq, "POST", "/v1/auth/token/revoke-self", NULL, e);
}

/* A 403 says that it is gone already, which a repeated call gets. */
ESO_HEAR(eso_hear_trial_revoke)
{
	struct eso_world *w = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "revoking the token of the trial");

	if (heard == HEARD_REFUSED && reply->status == 403) {
		err_release(e);
		heard = HEARD_DONE;
	}
	if (heard == HEARD_DONE)
		secret_release(&target(world, item)->token);
	return heard;
}
