/* What differs, what was dropped, and how that is told. */
#include "domain/configure_part.h"

#include "core/text.h"
#include "formats/iso8601.h"
#include "formats/json.h"

enum { SHOWN_MAX = 1 << 20 };

static const struct {
	const char *kind, *id;       /* for people; in the manifest (NULL: it is part of something that is there) */
} kinds[CONFIG_KINDS] = {
	[CONFIG_KV] = { "secrets engine", "kv" },
	[CONFIG_AUTH] = { "auth method", "auth" },
	[CONFIG_AUTH_CONFIG] = { "auth configuration", NULL },
	[CONFIG_POLICY] = { "policy", "policy" },
	[CONFIG_ROLE] = { "role", "role" },
	[CONFIG_USER] = { "user", "user" },
	[CONFIG_ENTITY] = { "entity", "entity" },
	[CONFIG_ALIAS] = { "entity alias", "alias" },
	[CONFIG_GROUP] = { "group", "group" },
	[CONFIG_AUDIT] = { "audit device", "audit" },
};

const char *config_kind_name(enum config_kind kind)
{
	return kinds[kind].kind;
}

const char *config_id(struct arena *a, const struct config_item *item)
{
	const char *kind = kinds[item->kind].id ? kinds[item->kind].id : "auth-config";

	if (item->kind == CONFIG_ALIAS)
		return arena_printf(a, "%s/%s:%s", kind, item->mount, item->name);
	return item->kind == CONFIG_ROLE || item->kind == CONFIG_USER ?
	    arena_printf(a, "%s/%s/%s", kind, item->mount, item->name) : arena_printf(a, "%s/%s", kind, item->name);
}

const struct config_item *config_find(const struct config *c, enum config_kind kind, const char *mount, const char *name)
{
	for (size_t i = 0; i < c->lists[kind].n; i++)
		if (text_same(c->lists[kind].at[i].name, name) && text_same(c->lists[kind].at[i].mount, mount))
			return &c->lists[kind].at[i];
	return NULL;
}

/* ---- differences ---- */

static bool list_holds(const struct value *list, const struct value *item)
{
	for (size_t i = 0; i < list->n; i++)
		if (value_same(list->items[i], item))
			return true;
	return false;
}

/* Vault keeps lists of names in an order of its own, without repetition. */
static bool attr_same(const struct value *want, const struct value *have)
{
	if (want->type == VALUE_LIST && want->n == 0 && (!have || have->type == VALUE_NULL))
		return true;
	if (!have || want->type != VALUE_LIST || have->type != VALUE_LIST)
		return value_same(want, have);
	for (size_t i = 0; i < want->n; i++)
		if (!list_holds(have, want->items[i]))
			return false;
	for (size_t i = 0; i < have->n; i++)
		if (!list_holds(want, have->items[i]))
			return false;
	return true;
}

bool config_absent(const struct config_item *item)
{
	return !item->have;
}

bool config_differs(const struct config_item *item)
{
	for (size_t i = 0; item->have && i < item->want->n; i++)
		if (!attr_same(item->want->items[i], value_get(item->have, item->want->names[i])))
			return true;
	return item->have && item->secret && !item->secret_same;
}

/* Vault changes neither's type. */
static void tell_other_type(const struct config_item *item, const char *what, struct err *e)
{
	const char *have = value_text_or(item->have, "type", NULL), *want = value_text_or(item->want, "type", "");

	if (!have || text_same(have, want))
		return;
	err_also(e, ERR_CONFLICT, "the %s '%s' is of type '%s' in Vault, and '%s' in the file", what, item->name, have, want);
	err_hint(e, "it cannot be changed in place: write what is there into the file, or use another name");
}

/* Where it lies in such a state that nothing but removing it would help, which would lose what it holds. */
static void tell_conflicts(const struct configure *w, struct err *e)
{
	static const enum config_kind fixed[] = { CONFIG_KV, CONFIG_AUDIT };
	const struct config_list *auth = &w->config.lists[CONFIG_AUTH];

	for (size_t k = 0; k < COUNT_OF(fixed); k++)
		for (size_t i = 0; i < w->config.lists[fixed[k]].n; i++) {
			const struct config_item *item = &w->config.lists[fixed[k]].at[i];

			for (size_t m = 0; item->have && m < item->want->n; m++) {
				const char *name = item->want->names[m];

				if (attr_same(item->want->items[m], value_get(item->have, name)))
					continue;
				err_also(e, ERR_CONFLICT, "the %s '%s' has %s '%s' in Vault, and '%s' in the file", kinds[fixed[k]].kind,
				         item->name, name, value_text_or(item->have, name, "(none)"), value_text_or(item->want, name, ""));
				err_hint(e, "it cannot be changed in place: write what is there into the file, or use another name");
			}
		}
	for (size_t i = 0; i < auth->n; i++)
		tell_other_type(&auth->at[i], "auth method", e);
	for (size_t i = 0; i < w->config.lists[CONFIG_GROUP].n; i++)
		tell_other_type(&w->config.lists[CONFIG_GROUP].at[i], "group", e);
}

static int check_rival(const struct configure *w, struct err *e)
{
	const struct manifest *m = &w->manifest;
	char until[ISO8601_TEXT];

	if (!m->run_by || text_same(m->run_by, w->mark) || m->run_until_ms <= host_wall_ms(w->boot.host))
		return 0;
	iso8601_print(m->run_until_ms, until);
	err_also(e, ERR_CONFLICT, "another configure is at work on this Vault, or was killed");
	err_hint(e, "try again when it has ended; its claim ends at %s at the latest", until);
	return -1;
}

/* ---- dropped ---- */

/* "role/kubernetes/app" and "alias/oidc:alice" taken apart; false: not of a kind that is known. */
static bool parse_id(struct arena *a, const char *id, struct dropped *out)
{
	const char *slash = strchr(id, '/'), *end;

	if (!slash)
		return false;
	for (size_t k = 0; k < CONFIG_KINDS; k++) {
		if (!kinds[k].id || !view_is(view_of(id, (size_t)(slash - id)), kinds[k].id))
			continue;
		*out = (struct dropped){ .kind = k, .id = id, .name = slash + 1 };
		if (k != CONFIG_ROLE && k != CONFIG_USER && k != CONFIG_ALIAS)
			return true;
		end = k == CONFIG_ALIAS ? strchr(slash, ':') : strrchr(id, '/');
		if (!end || end == slash)
			return false;
		out->mount = arena_view(a, view_of(slash + 1, (size_t)(end - slash - 1)));
		out->name = end + 1;
		return true;
	}
	return false;
}

static bool names_it(const struct value *list, const char *name)
{
	for (size_t i = 0; i < value_count(list, NULL); i++)
		if (text_same(value_text_or(list->items[i], "", NULL), name))
			return true;
	return false;
}

static bool token_has_policy(const struct configure *w, const char *name)
{
	return names_it(w->token_policies, name) || names_it(w->identity_policies, name);
}

/* Present audit devices that the file has, or will have. */
static bool some_audit_stays(const struct configure *w)
{
	return w->config.lists[CONFIG_AUDIT].n > 0;
}

static bool is_way_of_login(const struct configure *w, const char *mount)
{
	const char *way = arena_printf(w->boot.mem, "auth/%s/", mount);

	return text_starts(w->token_path ? w->token_path : "", way) || text_same(mount, w->config.operator_mount);
}

static const char *why_kept(const struct configure *w, const struct dropped *d)
{
	switch (d->kind) {
	case CONFIG_KV:
		return text_same(d->name, w->prune_data) ? NULL : "it holds data";
	case CONFIG_AUTH:
		return is_way_of_login(w, d->name) ? "this login needs it" : NULL;
	case CONFIG_POLICY:
		return token_has_policy(w, d->name) ? "this login has it" :
		    text_same(d->name, "default") || text_same(d->name, "default-ceiling") ? "it is Vault's own" : NULL;
	case CONFIG_ROLE:
		return is_way_of_login(w, d->mount) && text_same(d->name, CONFIGURE_OPERATOR) && !w->token_is_root ?
		    "this login needs it" : NULL;
	case CONFIG_USER:
		return text_same(w->token_path, arena_printf(w->boot.mem, "auth/%s/login/%s", d->mount, d->name)) ?
		    "this login is that user's" : NULL;
	case CONFIG_ENTITY:
	case CONFIG_ALIAS:
	case CONFIG_GROUP:
		return value_count(w->identity_policies, NULL) ? "this login has rights by its entity or groups" : NULL;
	case CONFIG_AUDIT:
		return some_audit_stays(w) ? NULL : "it is the last one";
	default:
		return NULL;
	}
}

/* Somebody has removed it by hand: nothing to do but to write that down. */
static bool is_gone(const struct configure *w, const struct dropped *d)
{
	return d->kind == CONFIG_KV && !value_get(w->mounts, arena_printf(w->boot.mem, "%s/", d->name));
}

static void find_dropped(struct configure *w)
{
	const struct value *made = w->manifest.made;
	const struct dropped *before = w->dropped;
	size_t n_before = w->n_dropped;

	w->dropped = ARENA_ARRAY(w->boot.mem, struct dropped, made->n);
	w->n_dropped = 0;
	for (size_t i = 0; i < made->n; i++) {
		struct dropped d;

		if (!parse_id(w->boot.mem, made->items[i]->text, &d) || config_find(&w->config, d.kind, d.mount, d.name))
			continue;
		for (size_t k = 0; k < n_before; k++)
			if (text_same(before[k].id, d.id)) {
				d.counted = before[k].counted;
				d.paths = before[k].paths;
			}
		d.removed = is_gone(w, &d);
		d.kept = why_kept(w, &d);
		if (d.kind == CONFIG_ALIAS) {
			d.vault_id = configure_alias_id(w, d.mount, d.name);
			d.removed = !d.vault_id;
		}
		w->dropped[w->n_dropped++] = d;
	}
}

bool configure_removes(const struct configure *w, const struct dropped *d)
{
	return !d->kept && !d->removed && (w->prune || d->kind == CONFIG_KV);
}

int configure_compare(struct configure *w, struct err *e)
{
	if (check_rival(w, e) < 0)
		return -1;
	configure_join(w);
	if (configure_digest(w, e) < 0)
		return -1;
	tell_conflicts(w, e);
	if (!e->kind)
		configure_check_volumes(w, e);
	if (e->kind)
		return -1;
	find_dropped(w);
	return 0;
}

/* ---- told ---- */

static const char *shown(struct arena *a, const struct value *v)
{
	AUTO(buf) struct buf text = BUF_MAX(SHOWN_MAX);

	if (!v)
		return NULL;
	if (v->type == VALUE_TEXT)
		return v->text;
	va_json_print(&text, v, false);
	return arena_text(a, buf_str(&text));
}

static struct config_change *add(struct config_changes *to, const char *action, const char *kind, const char *name)
{
	struct config_change *c = &to->at[to->n++];

	*c = (struct config_change){ .action = action, .kind = kind, .name = name };
	return c;
}

static void add_item(struct arena *a, struct config_changes *to, const struct config_item *item)
{
	const char *name = item->mount ? arena_printf(a, "%s/%s", item->mount, item->name) : item->name;
	bool absent = config_absent(item);
	struct config_change *c;

	if (!absent && !config_differs(item))
		return;
	c = add(to, absent ? "create" : "change", kinds[item->kind].kind, item->kind == CONFIG_AUTH_CONFIG ? item->mount : name);
	c->attrs = ARENA_ARRAY(a, struct config_attr, item->want->n + 1);
	for (size_t i = 0; i < item->want->n; i++) {
		const char *attr = item->want->names[i], *new = shown(a, item->want->items[i]);
		const struct value *old = value_get(item->have, attr);

		if (absent ? !*new : attr_same(item->want->items[i], old))
			continue;
		c->attrs[c->n_attrs++] = (struct config_attr){ attr, absent ? NULL : old ? shown(a, old) : "", new };
	}
	if (item->secret && !item->secret_same)
		c->attrs[c->n_attrs++] = (struct config_attr){ item->secret->attr, absent ? NULL : "(another, or not known)",
		    arena_printf(a, "(from %s)", config_secret_said(a, item->secret)) };
}

static size_t changes_max(const struct configure *w)
{
	size_t n = 2 + w->n_dropped;

	for (size_t k = 0; k < CONFIG_KINDS; k++)
		n += w->config.lists[k].n;
	return n;
}

struct config_changes configure_changes(const struct configure *w)
{
	struct arena *a = w->boot.mem;
	struct config_changes changes = { .at = ARENA_ARRAY(a, struct config_change, changes_max(w)) };

	for (size_t k = 0; k < CONFIG_KINDS; k++)
		for (size_t i = 0; i < w->config.lists[k].n; i++)
			add_item(a, &changes, &w->config.lists[k].at[i]);
	if (w->account == ABSENT)
		add(&changes, "create", "service account", arena_printf(a, "%s/%s", w->config.operator_namespace,
		                                                      w->config.operator_account));
	for (size_t i = 0; i < w->n_dropped; i++) {
		const struct dropped *d = &w->dropped[i];

		if (configure_removes(w, d))
			add(&changes, "remove", kinds[d->kind].kind, d->mount ? arena_printf(a, "%s/%s", d->mount, d->name) : d->name);
	}
	if (changes.n && !w->manifest.mounted)
		add(&changes, "create", "secrets engine", CONFIGURE_MOUNT);
	return changes;
}

bool configure_touches(const struct configure *w)
{
	struct config_changes changes = configure_changes(w);

	for (size_t i = 0; i < changes.n; i++) {
		const struct config_change *c = &changes.at[i];
		bool typed = text_same(c->action, "remove") && text_same(c->kind, kinds[CONFIG_KV].kind);

		if (!typed && !text_same(c->action, "create"))
			return true;
	}
	return false;
}

struct value *configure_changes_value(struct arena *a, const struct config_changes *changes)
{
	struct value *list = value_new_list(a);

	for (size_t i = 0; i < changes->n; i++) {
		const struct config_change *c = &changes->at[i];
		struct value *row = value_push(a, list, value_new_map(a)), *attrs = value_new_list(a);

		value_set_text(a, row, "action", c->action);
		value_set_text(a, row, "kind", c->kind);
		value_set_text(a, row, "name", c->name);
		value_set(a, row, "attributes", attrs);
		for (size_t k = 0; k < c->n_attrs; k++) {
			struct value *attr = value_push(a, attrs, value_new_map(a));

			value_set_text(a, attr, "name", c->attrs[k].name);
			value_set_text(a, attr, "old", c->attrs[k].old);
			value_set_text(a, attr, "new", c->attrs[k].new);
		}
	}
	return list;
}
