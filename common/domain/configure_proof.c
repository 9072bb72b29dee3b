/*
 * The proofs: a value written, read and destroyed; the operator's login, which has the plan repeated; what it may
 * write; and that the root token is gone.
 */
#include "domain/configure.h"

#include "core/text.h"
#include "domain/hear.h"
#include "domain/version_table.h"
#include "formats/json.h"

enum { UPGRADE_S = 60, BODY_MAX = 64 << 10 };

/* ---- a value written, read, destroyed ---- */

static bool probe_due(const void *world, size_t item)
{
	(void)item;
	return ((const struct configure *)world)->probe_mount != NULL;
}

static int ask_probe(const struct configure *w, struct request *rq, const char *method, const char *part,
                     const struct value *body, struct err *e)
{
	return boot_ask(&w->boot, rq, method, arena_printf(&rq->mem, "/v1/%s/%s/%s", w->probe_mount, part, w->probe_path), body, e);
}

static int ask_probe_write(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct configure *w = world;
	struct value *body = value_new_map(&rq->mem);

	(void)item;
	value_put(&rq->mem, body, "data.value", value_new_text(&rq->mem, w->probe_value));
	return ask_probe(w, rq, "POST", "data", body, e);
}

static enum heard hear_probe_write(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "writing a value into '%s'", w->probe_mount);

	(void)item;
	if ((heard == HEARD_REFUSED && strstr(e->text, "Upgrading")) || (heard == HEARD_DONE && !answer.ok)) {
		err_set(e, ERR_NET, 0, "the secrets engine '%s' is being set up", w->probe_mount);
		return HEARD_NOT_YET;
	}
	return heard;
}

static int ask_probe_read(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return ask_probe(world, rq, "GET", "data", NULL, e);
}

static enum heard hear_probe_read(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "reading the value from '%s'", w->probe_mount);

	(void)item;
	if (heard == HEARD_DONE)
		w->probe_right = text_same(value_text_or(answer.body, "data.data.value", NULL), w->probe_value);
	return heard;
}

static int ask_probe_destroy(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return ask_probe(world, rq, "DELETE", "metadata", NULL, e);
}

static enum heard hear_probe_destroy(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct vault_answer answer;

	(void)item;
	return boot_hear(&w->boot, reply, &answer, e, "destroying the value in '%s'", w->probe_mount);
}

const struct step configure_probe[] = {
	{ .name = "probe.write", .title = "write a value", .needs = NEEDS("vault.status"), .patience_s = UPGRADE_S,
	  .due = probe_due, .ask = ask_probe_write, .hear = hear_probe_write },
	{ .name = "probe.read", .title = "read it", .needs = NEEDS("probe.write"), .due = probe_due, .ask = ask_probe_read,
	  .hear = hear_probe_read },
	{ .name = "probe.destroy", .title = "destroy it", .needs = NEEDS("probe.read"), .due = probe_due,
	  .ask = ask_probe_destroy, .hear = hear_probe_destroy },
};
const size_t n_configure_probe = COUNT_OF(configure_probe);

/* ---- the operator's login ---- */

static int ask_jwt(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct configure *w = world;

	(void)item;
	return kube_ask_token(w->boot.kube, rq, w->config.operator_namespace, w->config.operator_account,
	                      kube_audience(&rq->mem, "vault"), e);
}

static enum heard hear_jwt(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct kube_answer answer;
	enum heard heard;

	(void)item;
	if (kube_read(&scratch, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = kube_heard(&answer, "asking for a token of the operator's service account", e);
	if (heard != HEARD_DONE)
		return heard;
	return kube_read_token(&answer, &w->jwt, e) < 0 ? HEARD_UNSURE : HEARD_DONE;
}

static int ask_login(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct configure *w = world;
	AUTO(wiped) struct buf body = BUF_MAX(BODY_MAX);

	(void)item;
	buf_text(&body, "{\"role\":\"" CONFIGURE_OPERATOR "\",\"jwt\":");
	va_json_quote(&body, secret_expose(&w->jwt));
	buf_text(&body, "}");
	if (buf_whole(&body, "the login", e) < 0)
		return -1;
	return boot_ask_bytes(&w->boot, rq, "POST", arena_printf(&rq->mem, "/v1/auth/%s/login", w->config.operator_mount),
	                      buf_bytes(&body), e);
}

static enum heard hear_login(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct vault_answer answer;
	const char *token;
	enum heard heard = boot_hear_in(&w->boot, &scratch, reply, &answer, e, "logging in as '" CONFIGURE_OPERATOR "'");

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_ABSENT, answer.status, "logging in as '" CONFIGURE_OPERATOR "': there is no auth method '%s'",
		        w->config.operator_mount);
		return HEARD_REFUSED;
	}
	if (value_text(answer.body, "auth.client_token", &token, e) < 0)
		return HEARD_UNSURE;
	secret_release(&w->operator_token);
	secret_set(&w->operator_token, view_text(token));
	return HEARD_DONE;
}

const struct step configure_login[] = {
	{ .name = "operator.token", .title = "ask for a token of the operator's account", .needs = NEEDS("vault.status"),
	  .ask = ask_jwt, .hear = hear_jwt },
	{ .name = "operator.login", .title = "log in as the operator", .needs = NEEDS("operator.token"), .ask = ask_login,
	  .hear = hear_login },
};
const size_t n_configure_login = COUNT_OF(configure_login);

void configure_become_operator(struct configure *w)
{
	secret_release(&w->first_token);
	w->first_token = w->boot.token;
	w->boot.token = (struct secret){ 0 };
	secret_copy(&w->boot.token, &w->operator_token);
}

void configure_become_first(struct configure *w)
{
	secret_release(&w->boot.token);
	w->boot.token = w->first_token;
	w->first_token = (struct secret){ 0 };
}

/* ---- what it may do ---- */

/* Where a write of each item would go. */
static const char *path_of(struct arena *a, const struct config_item *item)
{
	switch (item->kind) {
	case CONFIG_KV:
		return arena_printf(a, "sys/mounts/%s", item->name);
	case CONFIG_AUTH:
		return arena_printf(a, "sys/auth/%s", item->name);
	case CONFIG_AUTH_CONFIG:
		return arena_printf(a, "auth/%s/config", item->mount);
	case CONFIG_POLICY:
		return arena_printf(a, "sys/policies/acl/%s", item->name);
	case CONFIG_ROLE:
		return arena_printf(a, "auth/%s/role/%s", item->mount, item->name);
	case CONFIG_USER:
		return arena_printf(a, "auth/%s/users/%s", item->mount, item->name);
	case CONFIG_ENTITY:
	case CONFIG_GROUP:
		return arena_printf(a, "identity/%s/name/%s", item->kind == CONFIG_GROUP ? "group" : "entity", item->name);
	case CONFIG_ALIAS:
		return "identity/entity-alias";
	default:
		return arena_printf(a, "sys/audit/%s", item->name);
	}
}

/* From Vault 2.x on it takes a token (HCSEC-2026-08): whoever may not begin it could never make a root token again. */
static bool generate_root_is_closed(const struct configure *w)
{
	const char *version = w->boot.status.version;

	return version && version_compare(version, "2.0") >= 0;
}

static struct value *paths_of(const struct configure *w, struct arena *a)
{
	struct value *paths = value_new_list(a);

	for (size_t k = 0; k < CONFIG_KINDS; k++)
		for (size_t i = 0; i < w->config.lists[k].n; i++)
			value_push(a, paths, value_new_text(a, path_of(a, &w->config.lists[k].at[i])));
	value_push(a, paths, value_new_text(a, CONFIGURE_MOUNT "/data/configure"));
	if (generate_root_is_closed(w)) {
		value_push(a, paths, value_new_text(a, "sys/generate-root/attempt"));
		value_push(a, paths, value_new_text(a, "sys/generate-root/update"));
	}
	return paths;
}

static int ask_rights(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct configure *w = world;
	struct value *body = value_new_map(&rq->mem);

	(void)item;
	value_set(&rq->mem, body, "paths", paths_of(w, &rq->mem));
	return boot_ask(&w->boot, rq, "POST", "/v1/sys/capabilities-self", body, e);
}

static bool holds_text(const struct value *list, const char *text)
{
	for (size_t i = 0; i < value_count(list, NULL); i++)
		if (text_same(value_text_or(list->items[i], "", NULL), text))
			return true;
	return false;
}

static enum heard hear_rights(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "asking what the operator may do");
	struct value *paths = paths_of(w, w->boot.mem);

	(void)item;
	w->denied = NULL;
	for (size_t i = 0; heard == HEARD_DONE && i < paths->n && !w->denied; i++) {
		const struct value *may = value_get(value_get(answer.body, "data"), paths->items[i]->text);

		if (!holds_text(may, "update") || !holds_text(may, "create"))
			w->denied = paths->items[i]->text;
	}
	return heard;
}

/* With the operator's token, whatever the version: that it is answered is the proof. */
static int ask_generate(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/sys/generate-root/attempt", NULL, e);
}

static enum heard hear_generate(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "asking for generate-root");

	(void)item;
	if (heard != HEARD_DONE || answer.ok)
		return heard;
	err_set(e, ERR_ABSENT, answer.status, "generate-root cannot be reached with the operator's token");
	return HEARD_REFUSED;
}

const struct step configure_rights[] = {
	{ .name = "operator.rights", .title = "ask what the operator may do", .needs = NEEDS("vault.status"),
	  .ask = ask_rights, .hear = hear_rights },
	{ .name = "generate-root.read", .title = "ask for generate-root", .needs = NEEDS("vault.status"),
	  .ask = ask_generate, .hear = hear_generate },
};
const size_t n_configure_rights = COUNT_OF(configure_rights);

/* ---- the end of a token ---- */

static int ask_revoke(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "POST", "/v1/auth/token/revoke-self", NULL, e);
}

/* A 403 says that it is gone already, which a repeated call gets; the look-up that follows is the proof. */
static enum heard hear_revoke(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "revoking the token");

	(void)item;
	if (heard != HEARD_REFUSED || reply->status != 403)
		return heard;
	err_release(e);
	return HEARD_DONE;
}

static int ask_look(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/auth/token/lookup-self", NULL, e);
}

static enum heard hear_look(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct vault_answer answer;
	enum heard heard = boot_hear_in(&w->boot, &scratch, reply, &answer, e, "looking the revoked token up");

	(void)item;
	w->root_gone = heard == HEARD_REFUSED && reply->status == 403;
	if (!w->root_gone)
		return heard;
	err_release(e);
	return HEARD_DONE;
}

const struct step configure_revoke[] = {
	{ .name = "root.revoke", .change = "revoke the root token", .ask = ask_revoke, .hear = hear_revoke },
	{ .name = "root.look", .title = "look the revoked token up", .needs = NEEDS("root.revoke"), .ask = ask_look,
	  .hear = hear_look },
};
const size_t n_configure_revoke = COUNT_OF(configure_revoke);

const struct step configure_logout[] = {
	{ .name = "operator.logout", .title = "end the operator's login", .ask = ask_revoke, .hear = hear_revoke },
};
const size_t n_configure_logout = COUNT_OF(configure_logout);
