/* The reads of configure: all at once, since none needs to know what another found. */
#include "domain/configure_part.h"

#include "core/text.h"
#include "formats/iso8601.h"

enum { MARK_BYTES = 8 };

static const char *random_hex(const struct configure *w, struct err *e)
{
	unsigned char bytes[MARK_BYTES];
	char *text = arena_alloc(w->boot.mem, 2 * MARK_BYTES + 1);

	if (host_random(w->boot.host, bytes, sizeof(bytes), e) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	return text;
}

/* The operator's account lives beside Vault where the file does not say. */
static void place_operator(struct configure *w)
{
	struct config *c = &w->config;
	struct config_list *roles = &c->lists[CONFIG_ROLE];
	struct arena *a = w->boot.mem;

	if (!c->operator_account)
		return;
	if (!c->operator_namespace)
		c->operator_namespace = w->boot.want->namespace_;
	for (size_t i = 0; i < roles->n; i++)
		if (text_same(roles->at[i].name, CONFIGURE_OPERATOR)) {
			struct value *list = value_new_list(a);

			value_push(a, list, value_new_text(a, c->operator_namespace));
			value_set(a, roles->at[i].want, "bound_service_account_namespaces", list);
		}
}

static void gather_secrets(struct configure *w)
{
	const struct config *c = &w->config;

	w->secrets = ARENA_ARRAY(w->boot.mem, struct config_secret *, c->lists[CONFIG_USER].n + c->lists[CONFIG_AUTH_CONFIG].n);
	w->n_secrets = 0;
	for (size_t k = 0; k < CONFIG_KINDS; k++)
		for (size_t i = 0; i < c->lists[k].n; i++)
			if (c->lists[k].at[i].secret)
				w->secrets[w->n_secrets++] = c->lists[k].at[i].secret;
}

int configure_init(struct configure *w, struct err *e)
{
	const struct config_list *kv = &w->config.lists[CONFIG_KV];
	const char *at;

	w->mark = random_hex(w, e);
	at = w->mark ? random_hex(w, e) : NULL;
	w->probe_value = at ? random_hex(w, e) : NULL;
	if (!w->probe_value)
		return -1;
	for (size_t i = kv->n; i-- > 0;)
		if (text_same(value_text_or(kv->at[i].want, "version", NULL), "2"))
			w->probe_mount = kv->at[i].name;
	w->probe_path = arena_printf(w->boot.mem, "vault-aws-probe/%s", at);
	w->manifest.made = value_new_list(w->boot.mem);
	gather_secrets(w);
	place_operator(w);
	return 0;
}

void configure_release(struct configure *w)
{
	secret_release(&w->jwt);
	secret_release(&w->operator_token);
	secret_release(&w->first_token);
	configure_release_secrets(&w->config);
	err_release(&w->unresolved);
	boot_release(&w->boot);
}

void configure_forget(struct configure *w)
{
	for (size_t k = 0; k < CONFIG_KINDS; k++)
		for (size_t i = 0; i < w->config.lists[k].n; i++)
			w->config.lists[k].at[i].have = NULL;
	w->entities = NULL;
	w->account = UNKNOWN_YET;
}

/* ---- lists: mounts, auth methods, audit devices ---- */

static const struct value *listed(const struct configure *w, const struct value *list, const char *name)
{
	return value_get(list, arena_printf(w->boot.mem, "%s/", name));
}

/* Older Vaults have it at the top of the answer as well. */
enum heard configure_hear_data(struct configure *w, const struct reply *reply, const struct value **out, struct err *e,
                               const char *doing)
{
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "%s", doing);

	if (heard != HEARD_DONE)
		return heard;
	*out = answer.ok ? value_get(answer.body, "data") : NULL;
	if (answer.ok && (!*out || (*out)->type != VALUE_MAP)) {
		err_set(e, ERR_REMOTE, answer.status, "%s: the answer has no data", doing);
		return HEARD_UNSURE;
	}
	return HEARD_DONE;
}

static int ask_mounts(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/sys/mounts", NULL, e);
}

static enum heard hear_mounts(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct config_list *kv = &w->config.lists[CONFIG_KV];
	enum heard heard = configure_hear_data(w, reply, &w->mounts, e, "reading the secrets engines");

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	w->manifest.mounted = listed(w, w->mounts, CONFIGURE_MOUNT) != NULL;
	for (size_t i = 0; i < kv->n; i++) {
		const struct value *mount = listed(w, w->mounts, kv->at[i].name);
		struct value *have;

		if (!mount)
			continue;
		have = value_new_map(w->boot.mem);
		value_set_text(w->boot.mem, have, "type", value_text_or(mount, "type", ""));
		value_set_text(w->boot.mem, have, "version", value_text_or(mount, "options.version", "1"));
		kv->at[i].have = have;
	}
	return HEARD_DONE;
}

static int ask_auths(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/sys/auth", NULL, e);
}

/* What a method was never given is not in the answer: then it is as if it had been given nothing. */
static struct value *tunes_of(struct arena *a, const struct value *method)
{
	static const char *const ttls[] = { "default_lease_ttl", "max_lease_ttl" };
	const struct value *config = value_get(method, "config");
	struct value *have = value_new_map(a);

	value_set_text(a, have, "type", value_text_or(method, "type", ""));
	value_set_text(a, have, "description", value_text_or(method, "description", ""));
	value_set_text(a, have, "token_type", value_text_or(config, "token_type", ""));
	value_set_text(a, have, "listing_visibility", value_text_or(config, "listing_visibility", ""));
	for (size_t k = 0; k < COUNT_OF(ttls); k++)
		value_set_int(a, have, ttls[k], value_int_or(config, ttls[k], 0));
	return have;
}

static enum heard hear_auths(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct config_list *auth = &w->config.lists[CONFIG_AUTH];
	enum heard heard = configure_hear_data(w, reply, &w->auths, e, "reading the auth methods");

	(void)item;
	for (size_t i = 0; heard == HEARD_DONE && i < auth->n; i++) {
		const struct value *method = listed(w, w->auths, auth->at[i].name);

		if (method)
			auth->at[i].have = tunes_of(w->boot.mem, method);
	}
	return heard;
}

static int ask_audits(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/sys/audit", NULL, e);
}

static enum heard hear_audits(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct config_list *audit = &w->config.lists[CONFIG_AUDIT];
	enum heard heard = configure_hear_data(w, reply, &w->audits, e, "reading the audit devices");

	(void)item;
	for (size_t i = 0; heard == HEARD_DONE && i < audit->n; i++) {
		const struct value *device = listed(w, w->audits, audit->at[i].name);
		struct value *have;

		if (!device)
			continue;
		have = value_get(device, "options") && value_get(device, "options")->type == VALUE_MAP ?
		    value_copy(w->boot.mem, value_get(device, "options")) : value_new_map(w->boot.mem);
		value_set_text(w->boot.mem, have, "type", value_text_or(device, "type", ""));
		audit->at[i].have = have;
	}
	return heard;
}

/* ---- who we are ---- */

static int ask_token(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/auth/token/lookup-self", NULL, e);
}

static enum heard hear_token(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct vault_answer answer;
	enum heard heard = boot_hear_in(&w->boot, &scratch, reply, &answer, e, "looking the token up");
	const struct value *policies;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	policies = value_at(answer.body, "data.policies");
	w->token_path = arena_text(w->boot.mem, value_text_or(answer.body, "data.path", ""));
	w->token_policies = value_copy(w->boot.mem, policies);
	w->identity_policies = value_copy(w->boot.mem, value_at(answer.body, "data.identity_policies"));
	w->token_is_root = false;
	for (size_t i = 0; i < value_count(policies, NULL); i++)
		w->token_is_root |= text_same(value_text_or(policies->items[i], "", NULL), "root");
	return HEARD_DONE;
}

/* ---- one by one: policies, configurations, roles ---- */

static size_t count_policies(const void *world)
{
	return ((const struct configure *)world)->config.lists[CONFIG_POLICY].n;
}

static size_t count_methods(const void *world)
{
	return ((const struct configure *)world)->config.lists[CONFIG_AUTH_CONFIG].n;
}

static size_t count_roles(const void *world)
{
	return ((const struct configure *)world)->config.lists[CONFIG_ROLE].n;
}

static int ask_policy(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct configure *w = world;

	return boot_ask(&w->boot, rq, "GET", arena_printf(&rq->mem, "/v1/sys/policies/acl/%s",
	                                                  w->config.lists[CONFIG_POLICY].at[item].name), NULL, e);
}

static enum heard hear_policy(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;

	return configure_hear_data(w, reply, &w->config.lists[CONFIG_POLICY].at[item].have, e, "reading a policy");
}

static int ask_auth_config(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct configure *w = world;

	return boot_ask(&w->boot, rq, "GET", arena_printf(&rq->mem, "/v1/auth/%s/config",
	                                                  w->config.lists[CONFIG_AUTH_CONFIG].at[item].mount), NULL, e);
}

static enum heard hear_auth_config(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;

	return configure_hear_data(w, reply, &w->config.lists[CONFIG_AUTH_CONFIG].at[item].have, e, "reading how an auth method is set up");
}

static int ask_role(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct configure *w = world;
	const struct config_item *role = &w->config.lists[CONFIG_ROLE].at[item];

	return boot_ask(&w->boot, rq, "GET", arena_printf(&rq->mem, "/v1/auth/%s/role/%s", role->mount, role->name), NULL, e);
}

/* Where no audience was ever set, there is none in the answer. */
static enum heard hear_role(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct config_item *role = &w->config.lists[CONFIG_ROLE].at[item];
	enum heard heard = configure_hear_data(w, reply, &role->have, e, "reading a role");
	struct value *have;

	if (heard == HEARD_DONE && role->have && value_get(role->want, "audience") && !value_get(role->have, "audience")) {
		have = value_copy(w->boot.mem, role->have);
		value_set_text(w->boot.mem, have, "audience", "");
		role->have = have;
	}
	return heard;
}

/* ---- the manifest, and the operator's account ---- */

static int ask_manifest(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/" CONFIGURE_MOUNT "/data/configure", NULL, e);
}

static void read_manifest(struct configure *w, const struct value *body)
{
	const struct value *made = value_at(body, "data.data.made"), *run = value_at(body, "data.data.run");
	struct manifest *m = &w->manifest;
	AUTO(err) struct err ignored = { 0 };

	m->made = value_new_list(w->boot.mem);
	for (size_t i = 0; i < value_count(made, NULL); i++)
		if (made->type == VALUE_LIST && made->items[i]->type == VALUE_TEXT)
			value_push(w->boot.mem, m->made, made->items[i]);
	m->secrets = value_at(body, "data.data.secrets");
	m->salt = value_text_or(body, "data.data.salt", NULL);
	m->rounds = (unsigned)value_int_or(body, "data.data.rounds", 0);
	m->version = value_int_or(body, "data.metadata.version", 0);
	m->run_by = value_text_or(run, "by", NULL);
	m->run_until_ms = 0;
	if (m->run_by && iso8601_parse(view_text(value_text_or(run, "until", "")), &m->run_until_ms, &ignored) < 0)
		m->run_until_ms = 0;
	w->locked = m->run_by && text_same(m->run_by, w->mark);
}

/* A mount that is not there yet is a 404 as well. */
static enum heard hear_manifest(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "reading what earlier runs made");

	(void)item;
	if (heard == HEARD_DONE)
		read_manifest(w, answer.body);
	return heard;
}

static bool account_due(const void *world, size_t item)
{
	const struct configure *w = world;

	(void)item;
	return w->boot.kube && w->config.operator_account;
}

static int ask_account(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct configure *w = world;

	(void)item;
	return kube_ask(w->boot.kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/serviceaccounts/%s",
	                                                   w->config.operator_namespace, w->config.operator_account), NULL, e);
}

static enum heard hear_account(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct kube_answer answer;

	(void)item;
	if (kube_read(w->boot.mem, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	w->account = answer.status == 404 ? ABSENT : PRESENT;
	return answer.status == 404 ? HEARD_DONE : kube_heard(&answer, "reading the operator's service account", e);
}

#define STATUS NEEDS("vault.status")

const struct step configure_reads[] = {
	{ .name = "mounts.read", .needs = STATUS, .ask = ask_mounts, .hear = hear_mounts },
	{ .name = "auth.read", .needs = STATUS, .ask = ask_auths, .hear = hear_auths },
	{ .name = "audit.read", .needs = STATUS, .ask = ask_audits, .hear = hear_audits },
	{ .name = "token.read", .needs = STATUS, .ask = ask_token, .hear = hear_token },
	{ .name = "policies.read", .needs = STATUS, .count = count_policies, .abreast = STEP_ITEMS_MAX,
	  .ask = ask_policy, .hear = hear_policy },
	{ .name = "auth-config.read", .needs = STATUS, .count = count_methods, .ask = ask_auth_config, .hear = hear_auth_config },
	{ .name = "roles.read", .needs = STATUS, .count = count_roles, .abreast = STEP_ITEMS_MAX, .ask = ask_role,
	  .hear = hear_role },
	{ .name = "users.read", .needs = STATUS, .count = configure_count_users, .ask = configure_ask_user,
	  .hear = configure_hear_user },
	{ .name = "entities.read", .needs = STATUS, .count = configure_count_entities, .ask = configure_ask_entity,
	  .hear = configure_hear_entity },
	{ .name = "groups.read", .needs = STATUS, .count = configure_count_groups, .ask = configure_ask_group,
	  .hear = configure_hear_group },
	{ .name = "manifest.read", .needs = STATUS, .ask = ask_manifest, .hear = hear_manifest },
	{ .name = "entities.list", .needs = NEEDS("manifest.read"), .due = configure_entities_due,
	  .ask = configure_ask_entities, .hear = configure_hear_entities },
	{ .name = "account.read", .due = account_due, .ask = ask_account, .hear = hear_account },
};
const size_t n_configure_reads = COUNT_OF(configure_reads);

const struct step configure_look_up[] = {
	{ .name = "token.read", .title = "look the token up", .needs = STATUS, .ask = ask_token, .hear = hear_token },
};
const size_t n_configure_look_up = COUNT_OF(configure_look_up);

/* ---- what a dropped secrets engine holds ---- */

static size_t count_dropped(const void *world)
{
	return ((const struct configure *)world)->n_dropped;
}

static bool count_due(const void *world, size_t item)
{
	const struct configure *w = world;

	return w->dropped[item].kind == CONFIG_KV && listed(w, w->mounts, w->dropped[item].name);
}

bool configure_dropped_data(const struct configure *w)
{
	for (size_t i = 0; i < w->n_dropped; i++)
		if (count_due(w, i))
			return true;
	return false;
}

static int ask_count(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct configure *w = world;
	const struct value *mount = listed(w, w->mounts, w->dropped[item].name);
	bool second = text_same(value_text_or(mount, "options.version", NULL), "2");

	return boot_ask(&w->boot, rq, "GET", arena_printf(&rq->mem, "/v1/%s/%s?list=true", w->dropped[item].name,
	                                                  second ? "metadata" : ""), NULL, e);
}

/* A list that is empty is a 404. */
static enum heard hear_count(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "counting what '%s' holds", w->dropped[item].name);

	if (heard != HEARD_DONE)
		return heard;
	w->dropped[item].counted = true;
	w->dropped[item].paths = value_count(answer.body, "data.keys");
	return HEARD_DONE;
}

static bool missed_count(void *world, size_t item, const struct err *why)
{
	(void)world;
	(void)item;
	(void)why;
	return true;
}

const struct step configure_count[] = {
	{ .name = "dropped.count", .title = "count what dropped secrets engines hold", .count = count_dropped, .due = count_due,
	  .ask = ask_count, .hear = hear_count, .missed = missed_count },
};
const size_t n_configure_count = COUNT_OF(configure_count);
