/* The sections of configure's file about Vault and its applications; those about people: configure_people.c. */
#include "domain/configure_part.h"
#include "domain/configure_reader.h"

#include "core/text.h"

#define HOST "https://kubernetes.default.svc"

static const struct field kv_fields[] = { { "version", FIELD_VERSION, 0, NULL } };

static const struct field auth_fields[] = {
	{ "kubernetes_host", FIELD_TEXT, 0, NULL },
	/* For a Vault that runs in no pod of that cluster; else it reads both in its pod, again and again. */
	{ "kubernetes_ca_cert", FIELD_TEXT, 0, NULL },
	{ "disable_local_ca_jwt", FIELD_BOOL, 0, NULL },
	READER_TUNES,
	{ "roles", FIELD_BELOW, 0, NULL },
};

static const struct field role_fields[] = {
	{ "bound_service_account_names", FIELD_TEXTS, FIELD_NEEDED, NULL },
	{ "bound_service_account_namespaces", FIELD_TEXTS, FIELD_NEEDED, NULL },
	{ "audience", FIELD_TEXT, FIELD_NEEDED | FIELD_MAY_BE_NULL, NULL },
	{ "token_policies", FIELD_TEXTS, FIELD_NEEDED, NULL },
	READER_TOKEN,
	{ "alias_name_source", FIELD_TEXT, 0, NULL },
};

static const struct field file_audit_fields[] = {
	{ "type", FIELD_TEXT, FIELD_NEEDED, NULL },
	{ "file_path", FIELD_TEXT, FIELD_NEEDED, NULL },
	{ "mode", FIELD_TEXT, 0, NULL },
};

static const struct field socket_audit_fields[] = {
	{ "type", FIELD_TEXT, FIELD_NEEDED, NULL },
	{ "address", FIELD_TEXT, FIELD_NEEDED, NULL },
	{ "socket_type", FIELD_TEXT, 0, NULL },
};

static const struct field operator_fields[] = {
	{ "service_account", FIELD_TEXT, 0, NULL },
	{ "namespace", FIELD_TEXT, 0, NULL },
};

static const char *const sections[] = { "kv", "kubernetes", "policies", "audit", "operator", "userpass", "oidc", "jwt", "entities", "groups" };

/* ---- items ---- */

#define READ_FIELDS(r, map, mark, fields) reader_fields((r), (map), (mark), (fields), COUNT_OF(fields), NULL)

static void read_kv(struct reader *r, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = reader_map(r, map->items[i], map->names[i]);
		struct config_item *item;

		if (!reader_name(r, map, i, true, "a mount") || !body)
			continue;
		if (text_same(map->names[i], CONFIGURE_MOUNT))
			mark_err_also(r->e, ERR_CONFIG, &map->name_marks[i], "the mount '" CONFIGURE_MOUNT "' is this command's own");
		item = reader_item(r, CONFIG_KV, map->names[i], &map->name_marks[i]);
		item->want = READ_FIELDS(r, body, &item->mark, kv_fields);
		if (!value_get(item->want, "version"))
			value_set_text(r->a, item->want, "version", "2");
		value_set_text(r->a, item->want, "type", "kv");
	}
}

static void read_roles(struct reader *r, const char *mount, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = reader_map(r, map->items[i], map->names[i]);
		struct config_item *item;

		if (!reader_name(r, map, i, false, "a role") || !body)
			continue;
		item = reader_item(r, CONFIG_ROLE, map->names[i], &map->name_marks[i]);
		item->mount = mount;
		item->want = READ_FIELDS(r, body, &item->mark, role_fields);
		if (value_get(body, "audience") && value_get(body, "audience")->type == VALUE_NULL)
			mark_err_also(r->warnings, ERR_CONFIG, &item->mark, "the role '%s' takes tokens for any audience", item->name);
	}
}

static void read_auth(struct reader *r, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = reader_map(r, map->items[i], map->names[i]);
		const struct value *roles = body ? reader_map(r, value_get(body, "roles"), "roles") : NULL;
		struct config_item *settings;
		struct value *fields;

		if (!reader_name(r, map, i, true, "an auth method") || !body)
			continue;
		fields = READ_FIELDS(r, body, &map->name_marks[i], auth_fields);
		value_set_text(r->a, fields, "kubernetes_host", value_text_or(fields, "kubernetes_host", HOST));
		value_set_text(r->a, fields, "kubernetes_ca_cert", value_text_or(fields, "kubernetes_ca_cert", ""));
		value_set_bool(r->a, fields, "disable_local_ca_jwt", value_bool_or(fields, "disable_local_ca_jwt", false));
		reader_method(r, "kubernetes", map->names[i], &map->name_marks[i], fields, &settings);
		if (roles)
			read_roles(r, map->names[i], roles);
	}
}

static void read_policies(struct reader *r, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *text = map->items[i];
		struct config_item *item;

		if (!reader_name(r, map, i, true, "a policy"))
			continue;
		reader_small(r, &map->name_marks[i], map->names[i], "policy");
		if (text_same(map->names[i], "root"))
			mark_err_also(r->e, ERR_CONFIG, &map->name_marks[i], "the policy 'root' cannot be written");
		if (text->type != VALUE_TEXT) {
			reader_wrong_type(r, text, map->names[i], "a text of HCL");
			continue;
		}
		item = reader_item(r, CONFIG_POLICY, map->names[i], &map->name_marks[i]);
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
		const struct value *body = reader_map(r, map->items[i], map->names[i]);
		const char *type = body ? value_text_or(body, "type", "file") : NULL;
		struct config_item *item;

		sockets += text_same(type, "socket");
		if (!reader_name(r, map, i, true, "an audit device") || !body)
			continue;
		item = reader_item(r, CONFIG_AUDIT, map->names[i], &map->name_marks[i]);
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
	struct config_item *item = reader_item(r, CONFIG_AUDIT, "stdout", &tree->mark);

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

static struct value *list_of(struct reader *r, const char *text)
{
	struct value *list = value_new_list(r->a);

	value_push(r->a, list, value_new_text(r->a, text));
	return list;
}

static void read_operator(struct reader *r, const struct value *v, const struct mark *mark)
{
	const struct value *map = reader_map(r, v, "operator");
	struct config *c = r->out;
	struct value *fields;
	struct config_item *item;
	size_t k8s = 0;

	if (!map || !own_name_is_free(r, CONFIG_POLICY) || !own_name_is_free(r, CONFIG_ROLE))
		return;
	while (k8s < c->lists[CONFIG_AUTH].n && !text_same(value_text_or(c->lists[CONFIG_AUTH].at[k8s].want, "type", NULL),
	                                                  "kubernetes"))
		k8s++;
	if (k8s == c->lists[CONFIG_AUTH].n) {
		mark_err_also(r->e, ERR_CONFIG, mark, "an operator logs in by kubernetes auth, of which the file makes none");
		return;
	}
	fields = READ_FIELDS(r, map, mark, operator_fields);
	c->operator_account = value_text_or(fields, "service_account", CONFIGURE_OPERATOR);
	c->operator_namespace = value_text_or(fields, "namespace", NULL);
	c->operator_mount = c->lists[CONFIG_AUTH].at[k8s].name;
	item = reader_item(r, CONFIG_POLICY, CONFIGURE_OPERATOR, mark);
	item->want = value_new_map(r->a);
	value_set_text(r->a, item->want, "policy", configure_operator_policy(r->a, c));
	item = reader_item(r, CONFIG_ROLE, CONFIGURE_OPERATOR, mark);
	item->mount = c->operator_mount;
	item->want = value_new_map(r->a);
	value_set(r->a, item->want, "bound_service_account_names", list_of(r, c->operator_account));
	value_set(r->a, item->want, "token_policies", list_of(r, CONFIGURE_OPERATOR));
	value_set_text(r->a, item->want, "audience", "vault");
	value_set_int(r->a, item->want, "token_ttl", 900);
}

static const struct value *section(struct reader *r, const struct value *tree, const char *name)
{
	return reader_map(r, value_get(tree, name), name);
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
	reader_people(r, tree);
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
		return mark_err(e, ERR_CONFIG, &tree->mark, "the file must be a map with kv, kubernetes, policies, audit and so on");
	for (size_t kind = 0; kind < CONFIG_KINDS; kind++)
		out->lists[kind].at = ARENA_ARRAY(a, struct config_item, CONFIGURE_ITEMS_MAX);
	for (size_t i = 0; i < tree->n; i++) {
		size_t k = 0;

		while (k < COUNT_OF(sections) && !text_same(tree->names[i], sections[k]))
			k++;
		if (k == COUNT_OF(sections))
			reader_unknown(&r, tree, i, sections, COUNT_OF(sections));
	}
	read_sections(&r, tree);
	configure_check_policies(a, out, warnings, e);
	return e->kind ? -1 : 0;
}
