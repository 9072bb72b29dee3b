/* The writes of configure: the claim in the manifest first, then what is independent at once, then what was dropped. */
#include "domain/configure.h"

#include "core/text.h"
#include "domain/configure_part.h"

#include <inttypes.h>

enum { SETTLE_S = 10, UPGRADE_S = 60 };

static struct config_item *item_of(void *world, enum config_kind kind, size_t item)
{
	return &((struct configure *)world)->config.lists[kind].at[item];
}

static const struct config_item *seen(const void *world, enum config_kind kind, size_t item)
{
	return &((const struct configure *)world)->config.lists[kind].at[item];
}

static bool may(const void *world)
{
	return ((const struct configure *)world)->consent;
}

/* ---- mounts, auth methods, audit devices ---- */

/* What was asked for counts as made until it is refused: a reply may be lost for good. */
static int begin_item(struct config_item *item)
{
	item->made = config_absent(item);
	return 0;
}

#define KIND(name, kind) \
	static size_t count_##name(const void *world) \
	{ \
		return ((const struct configure *)world)->config.lists[kind].n; \
	} \
	static int begin_##name(void *world, size_t item, struct err *e) \
	{ \
		(void)e; \
		return begin_item(item_of(world, kind, item)); \
	}
KIND(kv, CONFIG_KV)
KIND(auth, CONFIG_AUTH)
KIND(policy, CONFIG_POLICY)
KIND(role, CONFIG_ROLE)
KIND(audit, CONFIG_AUDIT)

static size_t count_auth_config(const void *world)
{
	return ((const struct configure *)world)->config.lists[CONFIG_AUTH_CONFIG].n;
}

static bool kv_due(const void *world, size_t item)
{
	return may(world) && config_absent(seen(world, CONFIG_KV, item));
}

static int ask_kv(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct config_item *kv = seen(world, CONFIG_KV, item);
	struct value *body = value_new_map(&rq->mem);

	value_set_text(&rq->mem, body, "type", "kv");
	value_put(&rq->mem, body, "options.version", value_copy(&rq->mem, value_get(kv->want, "version")));
	return boot_ask(world, rq, "POST", arena_printf(&rq->mem, "/v1/sys/mounts/%s", kv->name), body, e);
}

static enum heard hear_kv(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct config_item *kv = item_of(world, CONFIG_KV, item);
	enum heard heard = configure_hear_made(world, reply, e, "making the secrets engine", kv->name);

	kv->made &= heard != HEARD_REFUSED;
	return heard;
}

static bool auth_due(const void *world, size_t item)
{
	return may(world) && config_absent(seen(world, CONFIG_AUTH, item));
}

/* Vault takes times as texts with their unit here (api/sys_mounts.go, MountConfigInput). */
static struct value *tunes_of(struct arena *a, const struct config_item *auth)
{
	struct value *out = value_copy(a, auth->want);

	value_unset(out, "type");
	for (size_t i = 0; i < out->n; i++)
		if (out->items[i]->type == VALUE_INT)
			out->items[i] = value_new_text(a, arena_printf(a, "%" PRId64 "s", out->items[i]->integer));
	return out;
}

static int ask_auth(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct config_item *auth = seen(world, CONFIG_AUTH, item);
	struct value *body = value_new_map(&rq->mem), *tunes = tunes_of(&rq->mem, auth);

	value_set_text(&rq->mem, body, "type", value_text_or(auth->want, "type", ""));
	value_set_text(&rq->mem, body, "description", value_text_or(auth->want, "description", ""));
	value_unset(tunes, "description");
	value_set(&rq->mem, body, "config", tunes);
	return boot_ask(world, rq, "POST", arena_printf(&rq->mem, "/v1/sys/auth/%s", auth->name), body, e);
}

static enum heard hear_auth(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct config_item *auth = item_of(world, CONFIG_AUTH, item);
	enum heard heard = configure_hear_made(world, reply, e, "enabling the auth method", auth->name);

	auth->made &= heard != HEARD_REFUSED;
	return heard;
}

static bool tune_due(const void *world, size_t item)
{
	return may(world) && config_differs(seen(world, CONFIG_AUTH, item));
}

static int ask_tune(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct config_item *auth = seen(world, CONFIG_AUTH, item);

	return boot_ask(world, rq, "POST", arena_printf(&rq->mem, "/v1/sys/auth/%s/tune", auth->name),
	                tunes_of(&rq->mem, auth), e);
}

static enum heard hear_tune(void *world, size_t item, const struct reply *reply, struct err *e)
{
	return configure_hear_plain(world, reply, e, "tuning the auth method", seen(world, CONFIG_AUTH, item)->name);
}

static bool audit_due(const void *world, size_t item)
{
	return may(world) && config_absent(seen(world, CONFIG_AUDIT, item));
}

static int ask_audit(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct config_item *audit = seen(world, CONFIG_AUDIT, item);
	struct value *body = value_new_map(&rq->mem), *options = value_copy(&rq->mem, audit->want);

	value_unset(options, "type");
	value_set(&rq->mem, body, "type", value_copy(&rq->mem, value_get(audit->want, "type")));
	value_set(&rq->mem, body, "options", options);
	return boot_ask(world, rq, "PUT", arena_printf(&rq->mem, "/v1/sys/audit/%s", audit->name), body, e);
}

/* Vault opens a file before it takes the device: "sanity check failed; unable to open". */
static enum heard hear_audit(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct config_item *audit = item_of(world, CONFIG_AUDIT, item);
	enum heard heard = configure_hear_made(world, reply, e, "enabling the audit device", audit->name);

	audit->made &= heard != HEARD_REFUSED;
	if (heard == HEARD_REFUSED && strstr(e->text, "unable to open"))
		err_hint(e, "'%s' must be on a volume of the pod (the chart's server.auditStorage), or use stdout",
		         value_text_or(audit->want, "file_path", ""));
	return heard;
}

/* ---- configurations, policies, roles ---- */

static bool wrong_or_absent(const void *world, enum config_kind kind, size_t item)
{
	const struct config_item *it = seen(world, kind, item);

	return may(world) && (config_absent(it) || config_differs(it));
}

static bool auth_config_due(const void *world, size_t item)
{
	return wrong_or_absent(world, CONFIG_AUTH_CONFIG, item);
}

/*
 * A write replaces all of it: so what the file leaves out goes along as it is. Of the ways to know an issuer's keys there
 * is one alone. An authority of the cluster that is left out is the one in Vault's own pod, which it reads again and again.
 */
static struct value *settings_of(struct arena *a, const struct config_item *it)
{
	static const char *const not_along[] = { "oidc_discovery_url", "jwks_url", "jwks_pairs", "jwt_validation_pubkeys",
	                                         "status" };
	struct value *body;

	if (value_get(it->want, "kubernetes_host")) {
		body = value_copy(a, it->want);
		if (text_empty(value_text_or(body, "kubernetes_ca_cert", NULL)))
			value_unset(body, "kubernetes_ca_cert");
		return body;
	}
	body = it->have ? value_copy(a, it->have) : value_new_map(a);
	for (size_t i = 0; i < COUNT_OF(not_along); i++)
		value_unset(body, not_along[i]);
	for (size_t i = 0; i < it->want->n; i++)
		value_set(a, body, it->want->names[i], value_copy(a, it->want->items[i]));
	return body;
}

static int ask_auth_config(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct config_item *it = seen(world, CONFIG_AUTH_CONFIG, item);

	return configure_ask_secret_body(world, it, settings_of(&rq->mem, it), rq,
	                                 arena_printf(&rq->mem, "/v1/auth/%s/config", it->mount), e);
}

static enum heard hear_auth_config(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct config_item *it = item_of(world, CONFIG_AUTH_CONFIG, item);
	enum heard heard = configure_hear_plain(world, reply, e, "setting up the auth method", it->mount);

	if (it->secret)
		it->secret->written |= heard == HEARD_DONE;
	if (heard == HEARD_REFUSED && strstr(e->text, "serviceaccount/ca.crt"))
		err_hint(e, "this Vault runs in no pod: give it kubernetes_ca_cert and disable_local_ca_jwt: true");
	if (heard == HEARD_REFUSED && strstr(e->text, "discovery URL"))
		err_hint(e, "Vault's pods must reach '%s' and trust its certificate (oidc_discovery_ca_pem), and its issuer must be "
		         "that very address", value_text_or(it->want, "oidc_discovery_url", ""));
	return heard;
}

static bool policy_due(const void *world, size_t item)
{
	return wrong_or_absent(world, CONFIG_POLICY, item);
}

static int ask_policy(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct config_item *policy = seen(world, CONFIG_POLICY, item);

	return boot_ask(world, rq, "PUT", arena_printf(&rq->mem, "/v1/sys/policies/acl/%s", policy->name), policy->want, e);
}

static enum heard hear_policy(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct config_item *policy = item_of(world, CONFIG_POLICY, item);
	enum heard heard = configure_hear_plain(world, reply, e, "writing the policy", policy->name);

	policy->made &= heard != HEARD_REFUSED;
	return heard;
}

static bool role_due(const void *world, size_t item)
{
	return wrong_or_absent(world, CONFIG_ROLE, item);
}

static int ask_role(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct config_item *role = seen(world, CONFIG_ROLE, item);

	return boot_ask(world, rq, "POST", arena_printf(&rq->mem, "/v1/auth/%s/role/%s", role->mount, role->name), role->want, e);
}

static enum heard hear_role(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct config_item *role = item_of(world, CONFIG_ROLE, item);
	enum heard heard = configure_hear_plain(world, reply, e, "writing the role", role->name);

	role->made &= heard != HEARD_REFUSED;
	return heard;
}

/* ---- the operator's account ---- */

static bool account_due(const void *world, size_t item)
{
	(void)item;
	return may(world) && ((const struct configure *)world)->account == ABSENT;
}

static int ask_account(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct configure *w = world;
	struct value *object = value_new_map(&rq->mem);

	(void)item;
	value_set_text(&rq->mem, object, "apiVersion", "v1");
	value_set_text(&rq->mem, object, "kind", "ServiceAccount");
	value_put(&rq->mem, object, "metadata.name", value_new_text(&rq->mem, w->config.operator_account));
	value_set_bool(&rq->mem, object, "automountServiceAccountToken", false);
	return kube_ask_apply(w->boot.kube, rq, kube_path(&rq->mem, "/api/v1/namespaces/%s/serviceaccounts/%s",
	                      w->config.operator_namespace, w->config.operator_account), object, "helm-vault-aws", false, e);
}

static enum heard hear_account(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct kube_answer answer;

	(void)item;
	if (kube_read(w->boot.mem, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	return kube_heard(&answer, "making the operator's service account", e);
}

/* ---- what was dropped ---- */

static size_t count_dropped(const void *world)
{
	return ((const struct configure *)world)->n_dropped;
}

static bool remove_due(const void *world, size_t item)
{
	const struct configure *w = world;

	return w->consent && configure_removes(w, &w->dropped[item]);
}

/* What lies within an auth method goes before it: without it there is no way to name it any more. */
static bool leaf_due(const void *world, size_t item)
{
	return remove_due(world, item) && ((const struct configure *)world)->dropped[item].kind != CONFIG_AUTH;
}

static int ask_remove(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct dropped *d = &((const struct configure *)world)->dropped[item];
	const char *path;

	switch (d->kind) {
	case CONFIG_KV:
		path = arena_printf(&rq->mem, "/v1/sys/mounts/%s", d->name);
		break;
	case CONFIG_AUTH:
		path = arena_printf(&rq->mem, "/v1/sys/auth/%s", d->name);
		break;
	case CONFIG_POLICY:
		path = arena_printf(&rq->mem, "/v1/sys/policies/acl/%s", d->name);
		break;
	case CONFIG_ROLE:
		path = arena_printf(&rq->mem, "/v1/auth/%s/role/%s", d->mount, d->name);
		break;
	case CONFIG_USER:
		path = arena_printf(&rq->mem, "/v1/auth/%s/users/%s", d->mount, d->name);
		break;
	case CONFIG_ENTITY:
	case CONFIG_GROUP:
		path = arena_printf(&rq->mem, "/v1/identity/%s/name/%s", d->kind == CONFIG_GROUP ? "group" : "entity", d->name);
		break;
	case CONFIG_ALIAS:
		path = arena_printf(&rq->mem, "/v1/identity/entity-alias/id/%s", d->vault_id);
		break;
	case CONFIG_AUDIT:
		path = arena_printf(&rq->mem, "/v1/sys/audit/%s", d->name);
		break;
	default:
		return err_set(e, ERR_BUG, 0, "a %s is never removed", config_kind_name(d->kind));
	}
	return boot_ask(world, rq, "DELETE", path, NULL, e);
}

/* What is not there any more (its auth method went as well) is gone. */
static enum heard hear_remove(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct dropped *d = &w->dropped[item];
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "removing the %s '%s'", config_kind_name(d->kind), d->name);

	d->removed |= heard == HEARD_DONE;
	return heard;
}

/*
 * The audit devices first: so what follows is written down, and a Vault that gets a device answers 500 to calls that are
 * under way (1.21.1: "event not processed by enough sink nodes").
 */
#define AUDITED NEEDS("audit.enable")
#define ENABLED NEEDS("auth.enable")
#define NAMED NEEDS("accessors.read", "entities.list")

const struct step configure_writes[] = {
	{ .name = "manifest.enable", .change = "make the secrets engine '" CONFIGURE_MOUNT "'", .due = configure_mount_due,
	  .ask = configure_ask_mount, .hear = configure_hear_mount },
	{ .name = "manifest.look", .needs = NEEDS("manifest.enable"), .due = configure_never, .ask = configure_ask_look,
	  .hear = configure_hear_look },
	{ .name = "manifest.begin", .needs = NEEDS("manifest.enable"), .change = "claim this Vault for the run",
	  .settle = "manifest.look", .settle_s = SETTLE_S, .patience_s = UPGRADE_S, .due = configure_begin_due,
	  .ask = configure_ask_begin, .hear = configure_hear_begin },
	{ .name = "audit.enable", .needs = NEEDS("manifest.begin"), .change = "enable the audit devices", .count = count_audit,
	  .due = audit_due, .before = begin_audit, .ask = ask_audit, .hear = hear_audit },
	{ .name = "kv.enable", .needs = AUDITED, .change = "make the secrets engines", .count = count_kv, .due = kv_due,
	  .before = begin_kv, .ask = ask_kv, .hear = hear_kv },
	{ .name = "auth.enable", .needs = AUDITED, .change = "enable the auth methods", .count = count_auth, .due = auth_due,
	  .before = begin_auth, .ask = ask_auth, .hear = hear_auth },
	{ .name = "policies.write", .needs = AUDITED, .change = "write the policies", .count = count_policy,
	  .abreast = STEP_ITEMS_MAX, .due = policy_due, .before = begin_policy, .ask = ask_policy, .hear = hear_policy },
	{ .name = "account.make", .needs = AUDITED, .change = "make the operator's service account", .due = account_due,
	  .ask = ask_account, .hear = hear_account },
	{ .name = "auth.tune", .needs = ENABLED, .change = "tune the auth methods", .count = count_auth,
	  .due = tune_due, .ask = ask_tune, .hear = hear_tune },
	{ .name = "auth-config.write", .needs = ENABLED, .change = "set up the auth methods", .count = count_auth_config,
	  .due = auth_config_due, .ask = ask_auth_config, .hear = hear_auth_config },
	{ .name = "roles.write", .needs = ENABLED, .change = "write the roles", .count = count_role,
	  .abreast = STEP_ITEMS_MAX, .due = role_due, .before = begin_role, .ask = ask_role, .hear = hear_role },
	{ .name = "users.write", .needs = ENABLED, .change = "write the users", .count = configure_count_users,
	  .due = configure_user_due, .before = configure_begin_user, .ask = configure_ask_user_write,
	  .hear = configure_hear_user_written },
	{ .name = "entities.write", .needs = AUDITED, .change = "write the entities", .count = configure_count_entities,
	  .due = configure_entity_due, .before = configure_begin_entity, .ask = configure_ask_entity_write,
	  .hear = configure_hear_entity_written },
	{ .name = "accessors.read", .needs = ENABLED, .due = configure_ids_due, .ask = configure_ask_accessors,
	  .hear = configure_hear_accessors },
	{ .name = "entities.list", .needs = NEEDS("entities.write"), .due = configure_ids_due, .ask = configure_ask_entities,
	  .hear = configure_hear_entities },
	{ .name = "aliases.write", .needs = NAMED, .change = "say who logs in as which entity",
	  .count = configure_count_aliases, .due = configure_alias_due, .before = configure_begin_alias,
	  .ask = configure_ask_alias_write, .hear = configure_hear_alias_written },
	{ .name = "groups.write", .needs = NAMED, .change = "write the groups", .count = configure_count_groups,
	  .due = configure_group_due, .before = configure_begin_group, .ask = configure_ask_group_write,
	  .hear = configure_hear_group_written },
	{ .name = "groups.look", .needs = NEEDS("groups.write"), .count = configure_count_groups,
	  .due = configure_group_alias_due, .ask = configure_ask_group, .hear = configure_hear_group_id },
	{ .name = "group-aliases.write", .needs = NEEDS("groups.look"), .change = "say what providers call the groups",
	  .count = configure_count_groups, .due = configure_group_alias_due, .ask = configure_ask_group_alias,
	  .hear = configure_hear_group_alias },
	{ .name = "dropped.within", .needs = NEEDS("kv.enable", "policies.write", "auth.tune", "auth-config.write",
	  "roles.write", "users.write", "aliases.write", "group-aliases.write"), .change = "remove what the file has no more",
	  .count = count_dropped, .abreast = STEP_ITEMS_MAX, .due = leaf_due, .ask = ask_remove, .hear = hear_remove },
	{ .name = "dropped.remove", .needs = NEEDS("dropped.within"), .change = "remove auth methods that the file has no more",
	  .count = count_dropped, .due = remove_due, .ask = ask_remove, .hear = hear_remove },
	{ .name = "manifest.end", .needs = NEEDS("dropped.remove", "account.make"), .change = "write down what was made",
	  .settle = "manifest.look", .settle_s = SETTLE_S, .due = configure_end_due, .ask = configure_ask_end,
	  .hear = configure_hear_end },
};
const size_t n_configure_writes = COUNT_OF(configure_writes);

/* After a run that failed in the middle, behind the rows that find Vault: the claim goes, what was made stays written down. */
const struct step configure_unlock[] = {
	{ .name = "manifest.look", .needs = NEEDS("vault.status"), .due = configure_never, .ask = configure_ask_look,
	  .hear = configure_hear_look },
	{ .name = "manifest.end", .needs = NEEDS("manifest.look"), .change = "give the claim back", .settle = "manifest.look",
	  .settle_s = SETTLE_S, .due = configure_end_due, .ask = configure_ask_end, .hear = configure_hear_end },
};
const size_t n_configure_unlock = COUNT_OF(configure_unlock);
