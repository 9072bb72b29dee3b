/* The sections of configure's file about people: userpass, oidc and jwt with their users and roles, entities, groups. */
#include "domain/configure_reader.h"

#include "core/text.h"

static const char *const role_types[] = { "oidc", "jwt", NULL };
static const char *const claims_types[] = { "string", "glob", NULL };
static const char *const response_modes[] = { "query", "form_post", NULL };
static const char *const group_types[] = { "internal", "external", NULL };

static const struct field userpass_fields[] = { READER_TUNES, { "users", FIELD_BELOW, 0, NULL } };

static const struct field user_fields[] = {
	{ "password", FIELD_SECRET, FIELD_NEEDED, NULL },
	{ "token_policies", FIELD_TEXTS, FIELD_MAY_BE_EMPTY, NULL },
	READER_TOKEN,
};

/* Both methods are one engine (hashicorp/vault-plugin-auth-jwt, path_config.go), which gives the client secret never back. */
#define JWT_FIELDS \
	{ "oidc_discovery_ca_pem", FIELD_PEM, 0, NULL }, \
	{ "bound_issuer", FIELD_TEXT, 0, NULL }, \
	{ "default_role", FIELD_TEXT, 0, NULL }, \
	{ "jwt_supported_algs", FIELD_TEXTS, 0, NULL }, \
	{ "roles", FIELD_BELOW, 0, NULL }

static const struct field oidc_fields[] = {
	{ "oidc_discovery_url", FIELD_TEXT, FIELD_NEEDED, NULL },
	{ "oidc_client_id", FIELD_TEXT, FIELD_NEEDED, NULL },
	{ "oidc_client_secret", FIELD_SECRET, FIELD_NEEDED, NULL },
	{ "oidc_response_mode", FIELD_CHOICE, 0, response_modes },
	{ "oidc_response_types", FIELD_TEXTS, 0, NULL },
	{ "namespace_in_state", FIELD_BOOL, 0, NULL },
	JWT_FIELDS,
	READER_TUNES,
};

static const struct field jwt_fields[] = {
	{ "oidc_discovery_url", FIELD_TEXT, 0, NULL },
	{ "jwks_url", FIELD_TEXT, 0, NULL },
	{ "jwks_ca_pem", FIELD_PEM, 0, NULL },
	{ "jwt_validation_pubkeys", FIELD_PEMS, 0, NULL },
	JWT_FIELDS,
	READER_TUNES,
};

static const struct field login_fields[] = {
	{ "role_type", FIELD_CHOICE, 0, role_types },
	{ "user_claim", FIELD_TEXT, FIELD_NEEDED, NULL },
	{ "allowed_redirect_uris", FIELD_TEXTS, 0, NULL },
	{ "bound_audiences", FIELD_TEXTS, 0, NULL },
	{ "bound_subject", FIELD_TEXT, 0, NULL },
	{ "bound_claims", FIELD_CLAIMS, 0, NULL },
	{ "bound_claims_type", FIELD_CHOICE, 0, claims_types },
	{ "claim_mappings", FIELD_MAP, 0, NULL },
	{ "groups_claim", FIELD_TEXT, 0, NULL },
	{ "oidc_scopes", FIELD_TEXTS, 0, NULL },
	{ "clock_skew_leeway", FIELD_TTL, 0, NULL },
	{ "expiration_leeway", FIELD_TTL, 0, NULL },
	{ "not_before_leeway", FIELD_TTL, 0, NULL },
	{ "token_policies", FIELD_TEXTS, FIELD_MAY_BE_EMPTY, NULL },
	READER_TOKEN,
};

static const struct field entity_fields[] = {
	{ "policies", FIELD_TEXTS, FIELD_MAY_BE_EMPTY, NULL },
	{ "metadata", FIELD_MAP, 0, NULL },
	{ "disabled", FIELD_BOOL, 0, NULL },
	{ "aliases", FIELD_MAP, 0, NULL },
};

static const struct field group_fields[] = {
	{ "type", FIELD_CHOICE, 0, group_types },
	{ "policies", FIELD_TEXTS, FIELD_MAY_BE_EMPTY, NULL },
	{ "metadata", FIELD_MAP, 0, NULL },
	{ "members", FIELD_TEXTS, FIELD_MAY_BE_EMPTY, NULL },
	{ "alias", FIELD_BELOW, 0, NULL },
};

static const struct field group_alias_fields[] = {
	{ "mount", FIELD_TEXT, FIELD_NEEDED, NULL }, { "name", FIELD_TEXT, FIELD_NEEDED, NULL },
};

/* ---- userpass ---- */

static void read_users(struct reader *r, const char *mount, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = reader_map(r, map->items[i], map->names[i]);
		struct config_item *user;

		if (!reader_name(r, map, i, false, "a user") || !body)
			continue;
		reader_small(r, &map->name_marks[i], map->names[i], "user");
		user = reader_item(r, CONFIG_USER, map->names[i], &map->name_marks[i]);
		user->mount = mount;
		user->want = reader_fields(r, body, &user->mark, user_fields, COUNT_OF(user_fields), &user->secret);
	}
}

static void read_userpass(struct reader *r, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = reader_map(r, map->items[i], map->names[i]);
		const struct value *users = body ? reader_map(r, value_get(body, "users"), "users") : NULL;
		struct value *fields;

		if (!reader_name(r, map, i, true, "an auth method") || !body)
			continue;
		fields = reader_fields(r, body, &map->name_marks[i], userpass_fields, COUNT_OF(userpass_fields), NULL);
		reader_method(r, "userpass", map->names[i], &map->name_marks[i], fields, NULL);
		if (users)
			read_users(r, map->names[i], users);
	}
}

/* ---- oidc and jwt ---- */

/* What Vault would refuse, told before anything is done. */
static void check_login(struct reader *r, const struct config_item *role)
{
	static const char *const bounds[] = { "bound_audiences", "bound_subject", "bound_claims", "token_bound_cidrs" };

	if (text_same(value_text_or(role->want, "role_type", NULL), "oidc")) {
		if (!value_get(role->want, "allowed_redirect_uris"))
			mark_err_also(r->e, ERR_CONFIG, &role->mark, "'allowed_redirect_uris' is missing");
		return;
	}
	for (size_t i = 0; i < COUNT_OF(bounds); i++)
		if (value_get(role->want, bounds[i]))
			return;
	mark_err_also(r->e, ERR_CONFIG, &role->mark, "the role '%s' would let in every token of its issuer", role->name);
	err_hint(r->e, "it needs one of bound_audiences, bound_subject, bound_claims and token_bound_cidrs");
}

static void read_logins(struct reader *r, const char *type, const char *mount, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = reader_map(r, map->items[i], map->names[i]);
		struct config_item *role;

		if (!reader_name(r, map, i, false, "a role") || !body)
			continue;
		role = reader_item(r, CONFIG_ROLE, map->names[i], &map->name_marks[i]);
		role->mount = mount;
		role->want = reader_fields(r, body, &role->mark, login_fields, COUNT_OF(login_fields), NULL);
		if (!value_get(role->want, "role_type"))
			value_set_text(r->a, role->want, "role_type", type);
		check_login(r, role);
	}
}

static void check_settings(struct reader *r, const struct config_item *settings, const struct value *roles)
{
	static const char *const sources[] = { "oidc_discovery_url", "jwks_url", "jwt_validation_pubkeys" };
	const struct value *role = value_get(settings->want, "default_role");
	size_t given = 0;

	for (size_t i = 0; i < COUNT_OF(sources); i++)
		given += value_get(settings->want, sources[i]) != NULL;
	if (given > 1 || (given == 0 && !value_get(settings->want, "oidc_client_id")))
		mark_err_also(r->e, ERR_CONFIG, &settings->mark, "'%s' must have one of oidc_discovery_url, jwks_url and "
		              "jwt_validation_pubkeys", settings->name);
	if (role)
		reader_known(r, &role->mark, role->text, roles->names, roles->n, "role");
}

static void read_jwt(struct reader *r, const char *type, const struct value *map, const struct field *known, size_t n)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = reader_map(r, map->items[i], map->names[i]);
		const struct value *roles = body ? reader_map(r, value_get(body, "roles"), "roles") : NULL;
		struct config_item *settings;
		struct config_secret *secret = NULL;
		struct value *fields;

		if (!reader_name(r, map, i, true, "an auth method") || !body)
			continue;
		fields = reader_fields(r, body, &map->name_marks[i], known, n, &secret);
		reader_method(r, type, map->names[i], &map->name_marks[i], fields, &settings);
		settings->secret = secret;
		if (!roles)
			continue;
		check_settings(r, settings, roles);
		read_logins(r, type, map->names[i], roles);
	}
}

/* ---- entities and groups ---- */

static size_t names_of(const struct reader *r, enum config_kind kind, const char **names)
{
	const struct config_list *list = &r->out->lists[kind];

	for (size_t i = 0; i < list->n; i++)
		names[i] = list->at[i].name;
	return list->n;
}

static bool check_mount(struct reader *r, const struct mark *mark, const char *name)
{
	const char **known = ARENA_ARRAY(r->a, const char *, CONFIGURE_ITEMS_MAX);

	return reader_known(r, mark, name, known, names_of(r, CONFIG_AUTH, known), "auth method");
}

static bool is_alias(const char *name)
{
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	return strlen(name) <= 512;
}

/* An entity may log in by each method once: Vault refuses a second alias there. */
static void read_aliases(struct reader *r, const char *entity, const struct value *map, const struct value *at)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct config_item *user = config_find(r->out, CONFIG_USER, map->names[i], map->items[i]->text);
		const struct config_item *method = config_find(r->out, CONFIG_AUTH, NULL, map->names[i]);
		struct config_item *alias;

		if (!check_mount(r, &at->name_marks[i], map->names[i]))
			continue;
		if (!is_alias(map->items[i]->text)) {
			mark_err_also(r->e, ERR_CONFIG, &map->items[i]->mark, "that is no name that somebody logs in with");
			continue;
		}
		if (config_find(r->out, CONFIG_ALIAS, map->names[i], map->items[i]->text))
			mark_err_also(r->e, ERR_CONFIG, &map->items[i]->mark, "the login '%s' of '%s' belongs to another entity already",
			              map->items[i]->text, map->names[i]);
		if (!user && text_same(value_text_or(method->want, "type", NULL), "userpass"))
			mark_err_also(r->warnings, ERR_CONFIG, &map->items[i]->mark, "'%s' has no user '%s' in the file", map->names[i],
			              map->items[i]->text);
		alias = reader_item(r, CONFIG_ALIAS, map->items[i]->text, &map->items[i]->mark);
		alias->mount = map->names[i];
		alias->want = value_new_map(r->a);
		value_set_text(r->a, alias->want, "entity", entity);
	}
}

static void read_entities(struct reader *r, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = reader_map(r, map->items[i], map->names[i]), *aliases;
		struct config_item *entity;

		if (!reader_name(r, map, i, false, "an entity") || !body)
			continue;
		entity = reader_item(r, CONFIG_ENTITY, map->names[i], &map->name_marks[i]);
		entity->want = reader_fields(r, body, &entity->mark, entity_fields, COUNT_OF(entity_fields), NULL);
		aliases = value_get(entity->want, "aliases");
		if (aliases && aliases->n == value_count(body, "aliases"))
			read_aliases(r, entity->name, aliases, value_get(body, "aliases"));
		value_unset(entity->want, "aliases");
	}
}

/* "oidc/admins" in place of the map: so it is compared and shown. */
static void read_group_alias(struct reader *r, struct config_item *group, const struct value *map)
{
	struct value *alias;
	const char *mount, *name;

	if (map->type != VALUE_MAP) {
		reader_wrong_type(r, map, "alias", "a map");
		return;
	}
	alias = reader_fields(r, map, &map->mark, group_alias_fields, COUNT_OF(group_alias_fields), NULL);
	mount = value_text_or(alias, "mount", NULL);
	name = value_text_or(alias, "name", NULL);
	if (!mount || !name || !check_mount(r, &value_get(alias, "mount")->mark, mount))
		return;
	value_set_text(r->a, group->want, "alias", arena_printf(r->a, "%s/%s", mount, name));
	group->alias_mount = mount;
	group->alias_name = name;
}

static void check_group(struct reader *r, const struct config_item *group)
{
	const char **known = ARENA_ARRAY(r->a, const char *, CONFIGURE_ITEMS_MAX);
	const struct value *members = value_get(group->want, "members");
	bool external = text_same(value_text_or(group->want, "type", NULL), "external");
	size_t n = names_of(r, CONFIG_ENTITY, known);

	if (external && members)
		mark_err_also(r->e, ERR_CONFIG, &members->mark, "the members of an external group are its provider's to say");
	for (size_t i = 0; !external && i < value_count(members, NULL); i++)
		reader_known(r, &members->items[i]->mark, members->items[i]->text, known, n, "entity");
}

static void read_groups(struct reader *r, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *body = reader_map(r, map->items[i], map->names[i]), *alias;
		struct config_item *group;

		if (!reader_name(r, map, i, false, "a group") || !body)
			continue;
		group = reader_item(r, CONFIG_GROUP, map->names[i], &map->name_marks[i]);
		group->want = reader_fields(r, body, &group->mark, group_fields, COUNT_OF(group_fields), NULL);
		if (!value_get(group->want, "type"))
			value_set_text(r->a, group->want, "type", "internal");
		check_group(r, group);
		alias = value_get(body, "alias");
		if (text_same(value_text_or(group->want, "type", NULL), "external") && !alias)
			mark_err_also(r->e, ERR_CONFIG, &group->mark, "'alias' is missing: what the provider calls the group '%s'",
			              group->name);
		else if (text_same(value_text_or(group->want, "type", NULL), "internal") && alias)
			mark_err_also(r->e, ERR_CONFIG, &alias->mark, "only a group of type external has an alias");
		else if (alias)
			read_group_alias(r, group, alias);
	}
}

void reader_people(struct reader *r, const struct value *tree)
{
	const struct value *userpass = reader_map(r, value_get(tree, "userpass"), "userpass");
	const struct value *oidc = reader_map(r, value_get(tree, "oidc"), "oidc");
	const struct value *jwt = reader_map(r, value_get(tree, "jwt"), "jwt");
	const struct value *entities = reader_map(r, value_get(tree, "entities"), "entities");
	const struct value *groups = reader_map(r, value_get(tree, "groups"), "groups");

	if (userpass)
		read_userpass(r, userpass);
	if (oidc)
		read_jwt(r, "oidc", oidc, oidc_fields, COUNT_OF(oidc_fields));
	if (jwt)
		read_jwt(r, "jwt", jwt, jwt_fields, COUNT_OF(jwt_fields));
	if (entities)
		read_entities(r, entities);
	if (groups)
		read_groups(r, groups);
}
