#include "domain/configure_part.h"

#include "core/text.h"
#include "formats/iso8601.h"

enum field_type { FIELD_TEXT, FIELD_TEXTS, FIELD_TTL, FIELD_BOOL, FIELD_VERSION };

enum { FIELD_NEEDED = 1 << 0, FIELD_MAY_BE_NULL = 1 << 1 };

struct field {
	const char *name;
	enum field_type type;
	unsigned flags;
};

enum { NAMES_MAX = 16 };

struct reader {
	struct arena *a;
	struct config *out;
	struct err *warnings, *e;
};

#define HOST "https://kubernetes.default.svc"

static const struct field kv_fields[] = { { "version", FIELD_VERSION, 0 } };

static const struct field auth_fields[] = {
	{ "kubernetes_host", FIELD_TEXT, 0 },
	/* For a Vault that runs in no pod of that cluster; else it reads both in its pod, again and again. */
	{ "kubernetes_ca_cert", FIELD_TEXT, 0 },
	{ "disable_local_ca_jwt", FIELD_BOOL, 0 },
	{ "default_lease_ttl", FIELD_TTL, 0 },
	{ "max_lease_ttl", FIELD_TTL, 0 },
	{ "roles", FIELD_TEXT, 0 },
};

static const struct field role_fields[] = {
	{ "bound_service_account_names", FIELD_TEXTS, FIELD_NEEDED },
	{ "bound_service_account_namespaces", FIELD_TEXTS, FIELD_NEEDED },
	{ "audience", FIELD_TEXT, FIELD_NEEDED | FIELD_MAY_BE_NULL },
	{ "token_policies", FIELD_TEXTS, FIELD_NEEDED },
	{ "token_ttl", FIELD_TTL, 0 },
	{ "token_max_ttl", FIELD_TTL, 0 },
	{ "token_explicit_max_ttl", FIELD_TTL, 0 },
	{ "token_period", FIELD_TTL, 0 },
	{ "token_bound_cidrs", FIELD_TEXTS, 0 },
	{ "token_no_default_policy", FIELD_BOOL, 0 },
	{ "token_type", FIELD_TEXT, 0 },
	{ "alias_name_source", FIELD_TEXT, 0 },
};

static const struct field file_audit_fields[] = {
	{ "type", FIELD_TEXT, FIELD_NEEDED },
	{ "file_path", FIELD_TEXT, FIELD_NEEDED },
	{ "mode", FIELD_TEXT, 0 },
};

static const struct field socket_audit_fields[] = {
	{ "type", FIELD_TEXT, FIELD_NEEDED },
	{ "address", FIELD_TEXT, FIELD_NEEDED },
	{ "socket_type", FIELD_TEXT, 0 },
};

static const struct field operator_fields[] = {
	{ "service_account", FIELD_TEXT, 0 },
	{ "namespace", FIELD_TEXT, 0 },
};

static const char *const sections[] = { "kv", "kubernetes", "policies", "audit", "operator" };

/* ---- fields ---- */

static void wrong_type(struct reader *r, const struct value *v, const char *name, const char *must)
{
	mark_err_also(r->e, ERR_CONFIG, &v->mark, "'%s' must be %s, not %s", name, must, value_type_name(v->type));
}

static void tell_unknown(struct reader *r, const struct value *map, size_t i, const char *const *known, size_t n)
{
	const char *nearest = text_nearest(map->names[i], known, n);
	AUTO(buf) struct buf all = BUF_MAX(4096);

	mark_err_also(r->e, ERR_CONFIG, &map->name_marks[i], "unknown key '%s'", map->names[i]);
	if (nearest) {
		err_hint(r->e, "did you mean '%s'?", nearest);
		return;
	}
	for (size_t k = 0; k < n; k++)
		buf_printf(&all, "%s%s", k ? ", " : "", known[k]);
	err_hint(r->e, "known here: %s", buf_str(&all));
}

static void check_names(struct reader *r, const struct value *map, const struct field *fields, size_t n)
{
	const char *known[NAMES_MAX];

	for (size_t i = 0; i < n; i++)
		known[i] = fields[i].name;
	for (size_t i = 0; i < map->n; i++) {
		size_t k = 0;

		while (k < n && !text_same(map->names[i], known[k]))
			k++;
		if (k == n)
			tell_unknown(r, map, i, known, n);
	}
}

/* A list of texts; one text is a list of one. NULL with the error. */
static struct value *texts_of(struct reader *r, const struct value *v, const char *name)
{
	struct value *list = value_new_list(r->a);

	if (v->type == VALUE_TEXT) {
		value_push(r->a, list, value_copy(r->a, v));
	} else if (v->type == VALUE_LIST) {
		for (size_t i = 0; i < v->n; i++) {
			if (v->items[i]->type != VALUE_TEXT) {
				mark_err_also(r->e, ERR_CONFIG, &v->items[i]->mark, "'%s' must hold texts, not %s", name,
				              value_type_name(v->items[i]->type));
				return NULL;
			}
			if (!*v->items[i]->text) {
				mark_err_also(r->e, ERR_CONFIG, &v->items[i]->mark, "'%s' must hold no empty text", name);
				return NULL;
			}
			value_push(r->a, list, value_copy(r->a, v->items[i]));
		}
	} else {
		wrong_type(r, v, name, "a list of texts");
		return NULL;
	}
	if (list->n)
		return list;
	mark_err_also(r->e, ERR_CONFIG, &v->mark, "'%s' must not be empty", name);
	return NULL;
}

static struct value *ttl_of(struct reader *r, const struct value *v, const char *name)
{
	AUTO(err) struct err why = { 0 };
	int64_t ms = 0;

	if (v->type == VALUE_INT && v->integer >= 0)
		return value_new_int(r->a, v->integer);
	if (v->type == VALUE_TEXT && duration_parse(view_text(v->text), &ms, &why) == 0 && ms >= 0 && ms % 1000 == 0)
		return value_new_int(r->a, ms / 1000);
	mark_err_also(r->e, ERR_CONFIG, &v->mark, "'%s' must be a time such as 24h, 30m or 3600 (seconds)", name);
	return NULL;
}

static struct value *version_of(struct reader *r, const struct value *v)
{
	if (v->type == VALUE_INT && (v->integer == 1 || v->integer == 2))
		return value_new_text(r->a, v->integer == 1 ? "1" : "2");
	mark_err_also(r->e, ERR_CONFIG, &v->mark, "'version' must be 1 or 2");
	return NULL;
}

static struct value *field_value(struct reader *r, const struct value *v, const struct field *f)
{
	switch (f->type) {
	case FIELD_TEXTS:
		return texts_of(r, v, f->name);
	case FIELD_TTL:
		return ttl_of(r, v, f->name);
	case FIELD_VERSION:
		return version_of(r, v);
	case FIELD_BOOL:
		if (v->type == VALUE_BOOL)
			return value_new_bool(r->a, v->truth);
		wrong_type(r, v, f->name, "true or false");
		return NULL;
	default:
		if (v->type == VALUE_NULL && f->flags & FIELD_MAY_BE_NULL)
			return value_new_text(r->a, "");
		if (v->type == VALUE_TEXT && *v->text && strlen(v->text) == v->n)
			return value_copy(r->a, v);
		wrong_type(r, v, f->name, "a text that is not empty");
		return NULL;
	}
}

/* What is not of a field's type, or missing, is told; the rest is in the map. */
static struct value *read_fields(struct reader *r, const struct value *map, const struct mark *mark,
                                 const struct field *fields, size_t n)
{
	struct value *out = value_new_map(r->a);

	check_names(r, map, fields, n);
	for (size_t i = 0; i < n; i++) {
		const struct value *v = value_get(map, fields[i].name);
		struct value *item;

		if (!v && fields[i].flags & FIELD_NEEDED)
			mark_err_also(r->e, ERR_CONFIG, mark, "'%s' is missing", fields[i].name);
		if (!v || text_same(fields[i].name, "roles"))
			continue;
		item = field_value(r, v, &fields[i]);
		if (item)
			value_set(r->a, out, fields[i].name, item);
	}
	return out;
}

#define READ_FIELDS(r, map, mark, fields) read_fields((r), (map), (mark), (fields), COUNT_OF(fields))

/* ---- items ---- */

static struct config_item *add_item(struct reader *r, enum config_kind kind, const char *name, const struct mark *mark)
{
	struct config_list *list = &r->out->lists[kind];
	struct config_item *item;

	if (list->n == CONFIGURE_ITEMS_MAX) {
		mark_err_also(r->e, ERR_CONFIG, mark, "more than %d of one kind", CONFIGURE_ITEMS_MAX);
		list->n--;
	}
	item = &list->at[list->n++];
	*item = (struct config_item){ .kind = kind, .name = name, .mark = *mark };
	return item;
}

/* Paths and names go into addresses as they are: nothing in them that would need encoding, or that leads elsewhere. */
static bool name_is_plain(const char *name, bool slashes)
{
	size_t n = strlen(name);

	if (n == 0 || n > 200 || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")])
		return false;
	return name[0] != '/' && name[0] != '.' && name[n - 1] != '/' && !strstr(name, "//") && !strstr(name, "/.") &&
	    !strstr(name, "..") && (slashes || !strchr(name, '/'));
}

static bool check_name(struct reader *r, const struct value *map, size_t i, bool slashes, const char *what)
{
	if (name_is_plain(map->names[i], slashes))
		return true;
	mark_err_also(r->e, ERR_CONFIG, &map->name_marks[i], "'%s' is no name of %s", map->names[i], what);
	return false;
}

/* A map, where null stands for an empty one; NULL with the error where it is something else. */
static const struct value *map_of(struct reader *r, const struct value *v, const char *name)
{
	if (v && v->type == VALUE_MAP)
		return v;
	if (!v || v->type == VALUE_NULL)
		return value_new_map(r->a);
	wrong_type(r, v, name, "a map");
	return NULL;
}

static void read_kv(struct reader *r, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = map_of(r, map->items[i], map->names[i]);
		struct config_item *item;

		if (!check_name(r, map, i, true, "a mount") || !body)
			continue;
		if (text_same(map->names[i], CONFIGURE_MOUNT))
			mark_err_also(r->e, ERR_CONFIG, &map->name_marks[i], "the mount '" CONFIGURE_MOUNT "' is this command's own");
		item = add_item(r, CONFIG_KV, map->names[i], &map->name_marks[i]);
		item->want = READ_FIELDS(r, body, &item->mark, kv_fields);
		if (!value_get(item->want, "version"))
			value_set_text(r->a, item->want, "version", "2");
		value_set_text(r->a, item->want, "type", "kv");
	}
}

static void read_roles(struct reader *r, const char *mount, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = map_of(r, map->items[i], map->names[i]);
		struct config_item *item;

		if (!check_name(r, map, i, false, "a role") || !body)
			continue;
		item = add_item(r, CONFIG_ROLE, map->names[i], &map->name_marks[i]);
		item->mount = mount;
		item->want = READ_FIELDS(r, body, &item->mark, role_fields);
		if (value_get(body, "audience") && value_get(body, "audience")->type == VALUE_NULL)
			mark_err_also(r->warnings, ERR_CONFIG, &item->mark, "the role '%s' takes tokens for any audience", item->name);
	}
}

static void read_auth(struct reader *r, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = map_of(r, map->items[i], map->names[i]);
		const struct value *roles = body ? map_of(r, value_get(body, "roles"), "roles") : NULL;
		struct config_item *method, *settings;
		struct value *fields;

		if (!check_name(r, map, i, true, "an auth method") || !body)
			continue;
		method = add_item(r, CONFIG_AUTH, map->names[i], &map->name_marks[i]);
		settings = add_item(r, CONFIG_AUTH_CONFIG, map->names[i], &map->name_marks[i]);
		settings->mount = method->name;
		fields = READ_FIELDS(r, body, &method->mark, auth_fields);
		settings->want = value_new_map(r->a);
		value_set_text(r->a, settings->want, "kubernetes_host", value_text_or(fields, "kubernetes_host", HOST));
		value_set_text(r->a, settings->want, "kubernetes_ca_cert", value_text_or(fields, "kubernetes_ca_cert", ""));
		value_set_bool(r->a, settings->want, "disable_local_ca_jwt", value_bool_or(fields, "disable_local_ca_jwt", false));
		for (size_t k = 0; k < settings->want->n; k++)
			value_unset(fields, settings->want->names[k]);
		value_set_text(r->a, fields, "type", "kubernetes");
		method->want = fields;
		if (roles)
			read_roles(r, method->name, roles);
	}
}

static void read_policies(struct reader *r, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *text = map->items[i];
		struct config_item *item;

		if (!check_name(r, map, i, true, "a policy"))
			continue;
		for (const char *c = map->names[i]; *c; c++)
			if (*c >= 'A' && *c <= 'Z') {
				mark_err_also(r->e, ERR_CONFIG, &map->name_marks[i], "the policy '%s' must be written in small letters, as "
				              "Vault keeps it", map->names[i]);
				break;
			}
		if (text_same(map->names[i], "root"))
			mark_err_also(r->e, ERR_CONFIG, &map->name_marks[i], "the policy 'root' cannot be written");
		if (text->type != VALUE_TEXT) {
			wrong_type(r, text, map->names[i], "a text of HCL");
			continue;
		}
		item = add_item(r, CONFIG_POLICY, map->names[i], &map->name_marks[i]);
		item->want = value_new_map(r->a);
		value_set(r->a, item->want, "policy", value_copy(r->a, text));
	}
}

static void check_audit(struct reader *r, const struct config_item *item)
{
	const char *path = value_text_or(item->want, "file_path", NULL), *type = value_text_or(item->want, "socket_type", "tcp");

	if (configure_audit_is_file(path)) {
		mark_err_also(r->warnings, ERR_CONFIG, &item->mark, "nobody rotates '%s', and a full disk stops Vault", path);
		err_hint(r->warnings, "rotate it and send Vault a SIGHUP afterwards; or log to stdout, which the kubelet rotates");
	} else if (path && *path != '/' && !text_same(path, "stdout") && !text_same(path, "discard")) {
		mark_err_also(r->e, ERR_CONFIG, &item->mark, "'file_path' must be stdout, discard or an absolute path, not '%s'", path);
	}
	if (!text_same(type, "tcp") && !text_same(type, "udp") && !text_same(type, "unix"))
		mark_err_also(r->e, ERR_CONFIG, &item->mark, "'socket_type' must be tcp, udp or unix, not '%s'", type);
}

static void read_audit(struct reader *r, const struct value *map)
{
	size_t sockets = 0;

	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = map_of(r, map->items[i], map->names[i]);
		const char *type = body ? value_text_or(body, "type", "file") : NULL;
		struct config_item *item;

		sockets += text_same(type, "socket");
		if (!check_name(r, map, i, true, "an audit device") || !body)
			continue;
		item = add_item(r, CONFIG_AUDIT, map->names[i], &map->name_marks[i]);
		if (text_same(type, "socket"))
			item->want = READ_FIELDS(r, body, &item->mark, socket_audit_fields);
		else
			item->want = READ_FIELDS(r, body, &item->mark, file_audit_fields);
		if (!text_same(type, "file") && !text_same(type, "socket"))
			mark_err_also(r->e, ERR_CONFIG, &item->mark, "an audit device is of type file or socket, not '%s'", type);
		check_audit(r, item);
	}
	if (map->n == 0)
		mark_err_also(r->warnings, ERR_CONFIG, &map->mark, "without an audit device nobody can tell who read what");
	else if (sockets == map->n) {
		mark_err_also(r->warnings, ERR_CONFIG, &map->mark, "sockets alone: Vault answers nobody while no device takes its lines");
		err_hint(r->warnings, "have a device beside it, such as stdout: { type: file, file_path: stdout }");
	}
}

/* Without the section: what no Vault should be without. */
static void add_default_audit(struct reader *r, const struct value *tree)
{
	struct config_item *item = add_item(r, CONFIG_AUDIT, "stdout", &tree->mark);

	item->want = value_new_map(r->a);
	value_set_text(r->a, item->want, "type", "file");
	value_set_text(r->a, item->want, "file_path", "stdout");
}

static bool own_name_is_free(struct reader *r, enum config_kind kind)
{
	for (size_t i = 0; i < r->out->lists[kind].n; i++)
		if (text_same(r->out->lists[kind].at[i].name, CONFIGURE_OPERATOR)) {
			mark_err_also(r->e, ERR_CONFIG, &r->out->lists[kind].at[i].mark, "the %s '" CONFIGURE_OPERATOR
			              "' is made by the section 'operator'", config_kind_name(kind));
			return false;
		}
	return true;
}

static void read_operator(struct reader *r, const struct value *v, const struct mark *mark)
{
	const struct value *map = map_of(r, v, "operator");
	struct config *c = r->out;
	struct value *fields;
	struct config_item *item;

	if (!map || !own_name_is_free(r, CONFIG_POLICY) || !own_name_is_free(r, CONFIG_ROLE))
		return;
	if (c->lists[CONFIG_AUTH].n == 0) {
		mark_err_also(r->e, ERR_CONFIG, mark, "an operator logs in by kubernetes auth, of which the file makes none");
		return;
	}
	fields = READ_FIELDS(r, map, mark, operator_fields);
	c->operator_account = value_text_or(fields, "service_account", CONFIGURE_OPERATOR);
	c->operator_namespace = value_text_or(fields, "namespace", NULL);
	c->operator_mount = c->lists[CONFIG_AUTH].at[0].name;
	item = add_item(r, CONFIG_POLICY, CONFIGURE_OPERATOR, mark);
	item->want = value_new_map(r->a);
	value_set_text(r->a, item->want, "policy", configure_operator_policy(r->a, c));
	item = add_item(r, CONFIG_ROLE, CONFIGURE_OPERATOR, mark);
	item->mount = c->operator_mount;
	item->want = value_new_map(r->a);
	value_put(r->a, item->want, "bound_service_account_names", texts_of(r, value_new_text(r->a, c->operator_account), ""));
	value_put(r->a, item->want, "token_policies", texts_of(r, value_new_text(r->a, CONFIGURE_OPERATOR), ""));
	value_set_text(r->a, item->want, "audience", "vault");
	value_set_int(r->a, item->want, "token_ttl", 900);
}

static const struct value *section(struct reader *r, const struct value *tree, const char *name)
{
	return map_of(r, value_get(tree, name), name);
}

static void read_sections(struct reader *r, const struct value *tree)
{
	const struct value *kv = section(r, tree, "kv"), *auth = section(r, tree, "kubernetes");
	const struct value *policies = section(r, tree, "policies"), *audit = section(r, tree, "audit");
	size_t operator = 0;

	if (kv)
		read_kv(r, kv);
	if (auth)
		read_auth(r, auth);
	if (policies)
		read_policies(r, policies);
	if (audit && value_get(tree, "audit"))
		read_audit(r, audit);
	else if (audit)
		add_default_audit(r, tree);
	while (operator < tree->n && !text_same(tree->names[operator], "operator"))
		operator++;
	if (operator < tree->n)
		read_operator(r, tree->items[operator], &tree->name_marks[operator]);
}

int configure_read(struct arena *a, const struct value *tree, struct config *out, struct err *warnings, struct err *e)
{
	struct reader r = { a, out, warnings, e };

	*out = (struct config){ 0 };
	if (tree->type != VALUE_MAP)
		return mark_err(e, ERR_CONFIG, &tree->mark, "the file must be a map with kv, kubernetes, policies, audit or operator");
	for (size_t kind = 0; kind < CONFIG_KINDS; kind++)
		out->lists[kind].at = ARENA_ARRAY(a, struct config_item, CONFIGURE_ITEMS_MAX);
	for (size_t i = 0; i < tree->n; i++) {
		size_t k = 0;

		while (k < COUNT_OF(sections) && !text_same(tree->names[i], sections[k]))
			k++;
		if (k == COUNT_OF(sections))
			tell_unknown(&r, tree, i, sections, COUNT_OF(sections));
	}
	read_sections(&r, tree);
	configure_check_policies(a, out, warnings, e);
	return e->kind ? -1 : 0;
}
