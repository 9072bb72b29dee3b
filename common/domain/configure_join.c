/* What the reads about people mean together: entities by their names, not by Vault's ids. */
#include "domain/configure_part.h"

#include "core/text.h"

const char *configure_entity_id(const struct configure *w, const char *name)
{
	for (size_t i = 0; w->entities && i < w->entities->n; i++)
		if (text_same_nocase(value_text_or(w->entities->items[i], "name", NULL), name))
			return w->entities->names[i];
	return NULL;
}

/* The alias's entry in the list, and its entity's index there; Vault does not tell large and small letters apart. */
static const struct value *find_alias(const struct configure *w, const char *mount, const char *name, size_t *entity)
{
	const char *path = arena_printf(w->boot.mem, "auth/%s/", mount);

	for (size_t i = 0; w->entities && i < w->entities->n; i++) {
		const struct value *aliases = value_get(w->entities->items[i], "aliases");

		for (size_t k = 0; k < value_count(aliases, NULL); k++)
			if (text_same(value_text_or(aliases->items[k], "mount_path", NULL), path) &&
			    text_same_nocase(value_text_or(aliases->items[k], "name", NULL), name)) {
				*entity = i;
				return aliases->items[k];
			}
	}
	return NULL;
}

const char *configure_alias_id(const struct configure *w, const char *mount, const char *name)
{
	size_t entity;

	return value_text_or(find_alias(w, mount, name, &entity), "id", NULL);
}

/* ---- what it means together ---- */

static void join_alias(struct configure *w, struct config_item *alias)
{
	struct arena *a = w->boot.mem;
	size_t entity = 0;
	const char *has, *wants = value_text_or(alias->want, "entity", "");
	struct value *have;

	alias->have = NULL;
	if (!find_alias(w, alias->mount, alias->name, &entity))
		return;
	has = value_text_or(w->entities->items[entity], "name", "");
	have = value_new_map(a);
	value_set_text(a, have, "entity", text_same_nocase(has, wants) ? wants : has);
	alias->have = have;
}

/* An id that no entity of the list has is shown as it is. */
static struct value *members_of(const struct configure *w, const struct value *ids)
{
	struct value *names = value_new_list(w->boot.mem);

	for (size_t i = 0; i < value_count(ids, NULL); i++) {
		const char *id = value_text_or(ids->items[i], "", "");

		value_push(w->boot.mem, names, value_new_text(w->boot.mem, value_text_or(value_get(w->entities, id), "name", id)));
	}
	return names;
}

/* As the file writes it: "oidc/admins". */
static void join_group(struct configure *w, struct config_item *group)
{
	struct arena *a = w->boot.mem;
	const struct value *alias = value_get(group->have, "alias");
	const char *path = value_text_or(alias, "mount_path", NULL), *name = value_text_or(alias, "name", NULL);
	struct value *have;

	if (!group->have || value_get(group->have, "members"))
		return;
	have = value_copy(a, group->have);
	value_unset(have, "alias");
	if (text_starts(path ? path : "", "auth/") && name)
		value_set_text(a, have, "alias", arena_printf(a, "%s%s", path + strlen("auth/"), name));
	value_set(a, have, "members", members_of(w, value_get(have, "member_entity_ids")));
	group->have = have;
}

void configure_join(struct configure *w)
{
	for (size_t i = 0; i < w->config.lists[CONFIG_ALIAS].n; i++)
		join_alias(w, &w->config.lists[CONFIG_ALIAS].at[i]);
	for (size_t i = 0; i < w->config.lists[CONFIG_GROUP].n; i++)
		join_group(w, &w->config.lists[CONFIG_GROUP].at[i]);
}
