#include "domain/plan.h"

#include "core/text.h"
#include "domain/install.h"
#include "domain/listener.h"
#include "domain/provision.h"
#include "domain/steps.h"
#include "formats/json.h"

enum { ATTRS_MAX = 16 };

#define UNKNOWN "(known after apply)"

struct writer {
	const struct world *w;
	struct plan_change *change;
};

static void attr(struct writer *to, const char *name, const char *old, const char *new)
{
	struct plan_change *c = to->change;

	if (c->n_attrs < ATTRS_MAX && (new || old))
		c->attrs[c->n_attrs++] = (struct plan_attr){ name, old, new ? new : "" };
}

static const char *yes_no(bool truth)
{
	return truth ? "true" : "false";
}

static const char *number(const struct world *w, int64_t n)
{
	return arena_printf(w->mem, "%lld", (long long)n);
}

static const char *document(const struct world *w, const struct value *v)
{
	AUTO(buf) struct buf text = BUF_MAX(64 << 10);

	if (!v)
		return NULL;
	va_json_print(&text, v, false);
	return arena_text(w->mem, buf_str(&text));
}

static const char *name_table(const struct world *w)
{
	return w->want.names.table;
}

static void describe_table(struct writer *to)
{
	const struct want *want = &to->w->want;

	attr(to, "key schema", NULL, "Path (S, HASH), Key (S, RANGE)");
	attr(to, "billing", NULL, want->on_demand ? "on-demand" :
	     arena_printf(to->w->mem, "provisioned, %lld read and %lld write units", (long long)want->read_capacity,
	                  (long long)want->write_capacity));
	attr(to, "encryption", NULL, want->table_key ? want->table_key : "AWS's own key");
	attr(to, "deletion protection", NULL, yes_no(want->deletion_protection));
	attr(to, "tags", NULL, document(to->w, want->names.tags));
}

static const char *name_role(const struct world *w)
{
	return w->want.names.role;
}

static void describe_role(struct writer *to)
{
	const struct world *w = to->w;

	attr(to, "path", NULL, w->want.role_path);
	attr(to, "permissions boundary", NULL, w->want.boundary);
	attr(to, "trust policy", NULL, document(w, world_trust_policy(w)));
	attr(to, "tags", NULL, document(w, w->want.names.tags));
}

static void describe_trust(struct writer *to)
{
	attr(to, "trust policy", document(to->w, to->w->role.trust), document(to->w, world_trust_policy(to->w)));
}

static void describe_policy(struct writer *to)
{
	const struct world *w = to->w;

	attr(to, "vault-policy", document(w, w->role.policy),
	     document(w, world_role_policy(w, w->key.arn ? w->key.arn : UNKNOWN)));
	for (size_t i = 0; i < w->root_key.n; i++)
		if (!text_same(w->root_key.keys[i], w->key.arn))
			attr(to, "stays until recover seal-migrate has ended", NULL, w->root_key.keys[i]);
}

static const char *name_collector(const struct world *w)
{
	return w->want.names.collector_role;
}

static void describe_collector(struct writer *to)
{
	const struct world *w = to->w;

	attr(to, "path", NULL, w->want.role_path);
	attr(to, "permissions boundary", NULL, w->want.boundary);
	attr(to, "trust policy", NULL, document(w, world_collector_trust(w)));
	attr(to, "tags", NULL, document(w, w->want.names.tags));
}

static void describe_collector_trust(struct writer *to)
{
	attr(to, "trust policy", document(to->w, to->w->collector.trust), document(to->w, world_collector_trust(to->w)));
}

static void describe_collector_policy(struct writer *to)
{
	attr(to, "vault-audit-policy", document(to->w, to->w->collector.policy), document(to->w, world_collector_policy(to->w)));
}

static const char *name_group(const struct world *w)
{
	return w->want.names.log_group;
}

static void describe_group(struct writer *to)
{
	attr(to, "tags", NULL, document(to->w, to->w->want.names.tags));
}

static const char *name_provider(const struct world *w)
{
	return w->cluster.issuer;
}

static void describe_provider(struct writer *to)
{
	attr(to, "audience", NULL, "sts.amazonaws.com");
}

static const char *name_key(const struct world *w)
{
	return w->want.given_key ? w->want.given_key : w->want.names.alias;
}

static void describe_key(struct writer *to)
{
	const struct want *want = &to->w->want;

	attr(to, "spec", NULL, want->multi_region ? "SYMMETRIC_DEFAULT, multi-Region" : "SYMMETRIC_DEFAULT");
	attr(to, "tags", NULL, document(to->w, want->names.tags));
}

static void describe_alias(struct writer *to)
{
	attr(to, "alias", NULL, to->w->want.names.alias);
}

static void describe_rotation(struct writer *to)
{
	const struct world *w = to->w;
	bool known = w->key.rotation_read == PRESENT;

	attr(to, "rotation", known ? yes_no(w->key.rotation) : NULL, yes_no(w->want.rotation));
	if (w->want.rotation)
		attr(to, "rotation period, days", known && w->key.rotation ? number(w, w->key.rotation_days) : NULL,
		     number(w, w->want.rotation_days));
}

static void describe_pitr(struct writer *to)
{
	const struct world *w = to->w;
	bool known = w->table.pitr_read == PRESENT;

	attr(to, "point-in-time recovery", known ? yes_no(w->table.pitr) : NULL, yes_no(w->want.pitr));
	if (w->want.pitr)
		attr(to, "recovery window, days", known && w->table.pitr ? number(w, w->table.pitr_days) : NULL,
		     number(w, w->want.pitr_days));
}

static void describe_protection(struct writer *to)
{
	attr(to, "deletion protection", yes_no(to->w->table.deletion_protection), yes_no(to->w->want.deletion_protection));
}

static void describe_mark(struct writer *to)
{
	const struct world *w = to->w;

	attr(to, TAG_LIVE, NULL, "true");
	attr(to, TAG_KEY, NULL, w->key.arn ? mark_of_key(w) : UNKNOWN);
	attr(to, TAG_ROLE, NULL, world_role_arn(w));
}

static const char *name_set(const struct world *w)
{
	return w->install->fullname;
}

static void describe_set(struct writer *to)
{
	const struct install *in = to->w->install;

	attr(to, "audit volumes", in->volumes_before, in->volumes_then);
	attr(to, "the set", NULL, "deleted and made anew; its pods stay, and are then replaced one by one, each to get its volume");
}

static bool always(const struct world *w)
{
	(void)w;
	return true;
}

static bool key_is_new(const struct world *w)
{
	return w->key.presence != PRESENT;
}

static bool table_is_new(const struct world *w)
{
	return w->table.presence != PRESENT;
}

static bool policy_is_new(const struct world *w)
{
	return w->role.policy_presence != PRESENT;
}

static bool collector_policy_is_new(const struct world *w)
{
	return w->collector.policy_presence != PRESENT;
}

static bool never(const struct world *w)
{
	(void)w;
	return false;
}

/* One row a changing step: what it is about, whether it makes or changes, and its attributes. */
static const struct {
	const char *step, *kind;
	const char *(*name)(const struct world *);
	bool (*makes)(const struct world *);
	void (*describe)(struct writer *);
} rows[] = {
	{ "key.create", "KMS key", name_key, always, describe_key },
	{ "alias.create", "KMS alias", name_key, always, describe_alias },
	{ "rotation.set", "KMS key", name_key, key_is_new, describe_rotation },
	{ "table.create", "DynamoDB table", name_table, always, describe_table },
	{ "pitr.set", "DynamoDB table", name_table, table_is_new, describe_pitr },
	{ "protection.set", "DynamoDB table", name_table, never, describe_protection },
	{ "table.mark", "DynamoDB table", name_table, table_is_new, describe_mark },
	{ "role.create", "IAM role", name_role, always, describe_role },
	{ "trust.set", "IAM role", name_role, never, describe_trust },
	{ "policy.put", "IAM role", name_role, policy_is_new, describe_policy },
	{ "collector.role", "IAM role", name_collector, always, describe_collector },
	{ "collector.trust", "IAM role", name_collector, never, describe_collector_trust },
	{ "collector.policy", "IAM role", name_collector, collector_policy_is_new, describe_collector_policy },
	{ "group.create", "log group", name_group, always, describe_group },
	{ "set.orphan", "StatefulSet", name_set, never, describe_set },
	{ "provider.create", "IAM OIDC provider", name_provider, always, describe_provider },
};

struct plan plan_make(const struct world *w, const struct graph *g)
{
	struct plan plan = { .changes = ARENA_ARRAY(w->mem, struct plan_change, COUNT_OF(rows)) };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct track *t = graph_track(g, rows[i].step);
		struct plan_change *c = &plan.changes[plan.n];
		struct writer to = { w, c };

		if (!t || t->state != STEP_PLANNED)
			continue;
		*c = (struct plan_change){
			.step = rows[i].step,
			.action = rows[i].makes(w) ? "create" : "change",
			.kind = rows[i].kind,
			.name = rows[i].name(w),
			.attrs = ARENA_ARRAY(w->mem, struct plan_attr, ATTRS_MAX),
		};
		rows[i].describe(&to);
		plan.n++;
	}
	return plan;
}

struct value *plan_value(const struct world *w, const struct plan *plan)
{
	struct arena *a = w->mem;
	struct value *root = value_new_map(a), *changes;

	value_set_text(a, root, "cluster", w->want.cluster);
	value_set_text(a, root, "region", w->want.region);
	value_set_text(a, root, "account", w->caller_account);
	value_set_text(a, root, "caller", w->caller_arn);
	value_set_text(a, root, "namespace", w->want.namespace_);
	value_set_text(a, root, "release", w->want.release);
	value_set_text(a, root, "chart", inputs_text(w->inputs, "chart"));
	value_set_text(a, root, "chart_version", inputs_text(w->inputs, "chart_version"));
	value_set_text(a, root, "vault_version", w->want.image_tag);
	if (w->want.audit_storage)
		value_set_text(a, root, "audit_storage", w->want.audit_storage);
	if (w->want.audit_to)
		value_set_text(a, root, "audit_to", w->want.audit_to);
	if (w->want.network_policy)
		value_set(a, root, "network_policy", value_copy(a, w->want.network_policy));
	value_set_text(a, root, "listener", listener_summary(&w->want, w->want.tls, a));
	changes = value_set(a, root, "changes", value_new_list(a));
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_change *c = &plan->changes[i];
		struct value *change = value_push(a, changes, value_new_map(a));
		struct value *attrs;

		value_set_text(a, change, "step", c->step);
		value_set_text(a, change, "action", c->action);
		value_set_text(a, change, "kind", c->kind);
		value_set_text(a, change, "name", c->name);
		attrs = value_set(a, change, "attributes", value_new_list(a));
		for (size_t k = 0; k < c->n_attrs; k++) {
			struct value *one = value_push(a, attrs, value_new_map(a));

			value_set_text(a, one, "name", c->attrs[k].name);
			value_set(a, one, "old", value_new_text(a, c->attrs[k].old));
			value_set(a, one, "new", value_new_text(a, c->attrs[k].new));
		}
	}
	return root;
}
