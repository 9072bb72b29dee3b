/* What Vault knows about people: users, entities with their aliases, groups. */
#include "domain/configure_part.h"

#include "core/text.h"

const struct config_item *configure_seen(const void *world, enum config_kind kind, size_t item)
{
	return &((const struct configure *)world)->config.lists[kind].at[item];
}

#define COUNT(name, kind) \
	size_t configure_count_##name(const void *world) \
	{ \
		return ((const struct configure *)world)->config.lists[kind].n; \
	}
COUNT(users, CONFIG_USER)
COUNT(entities, CONFIG_ENTITY)
COUNT(aliases, CONFIG_ALIAS)
COUNT(groups, CONFIG_GROUP)

/* ---- one by one ---- */

int configure_ask_user(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct config_item *user = configure_seen(world, CONFIG_USER, item);

	return boot_ask(world, rq, "GET", arena_printf(&rq->mem, "/v1/auth/%s/users/%s", user->mount, user->name), NULL, e);
}

enum heard configure_hear_user(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;

	return configure_hear_data(w, reply, &w->config.lists[CONFIG_USER].at[item].have, e, "reading a user");
}

int configure_ask_entity(const void *world, size_t item, struct request *rq, struct err *e)
{
	return boot_ask(world, rq, "GET", arena_printf(&rq->mem, "/v1/identity/entity/name/%s",
	                                               configure_seen(world, CONFIG_ENTITY, item)->name), NULL, e);
}

static enum heard hear_named(struct configure *w, enum config_kind kind, size_t item, const struct reply *reply,
                             struct err *e, const char *doing)
{
	struct config_item *it = &w->config.lists[kind].at[item];
	enum heard heard = configure_hear_data(w, reply, &it->have, e, doing);

	it->id = value_text_or(it->have, "id", NULL);
	return heard;
}

enum heard configure_hear_entity(void *world, size_t item, const struct reply *reply, struct err *e)
{
	return hear_named(world, CONFIG_ENTITY, item, reply, e, "reading an entity");
}

int configure_ask_group(const void *world, size_t item, struct request *rq, struct err *e)
{
	return boot_ask(world, rq, "GET", arena_printf(&rq->mem, "/v1/identity/group/name/%s",
	                                               configure_seen(world, CONFIG_GROUP, item)->name), NULL, e);
}

enum heard configure_hear_group(void *world, size_t item, const struct reply *reply, struct err *e)
{
	return hear_named(world, CONFIG_GROUP, item, reply, e, "reading a group");
}

/* ---- all entities: whose ids groups hold, and who has which alias ---- */

bool configure_entities_due(const void *world, size_t item)
{
	const struct configure *w = world;

	(void)item;
	for (size_t i = 0; i < w->manifest.made->n; i++)
		if (text_starts(w->manifest.made->items[i]->text, "alias/"))
			return true;
	return w->config.lists[CONFIG_ENTITY].n || w->config.lists[CONFIG_GROUP].n;
}

int configure_ask_entities(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/identity/entity/id?list=true", NULL, e);
}

/* Where there is none, that is a 404. */
enum heard configure_hear_entities(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	const struct value *data = NULL;
	enum heard heard = configure_hear_data(w, reply, &data, e, "reading the entities");

	(void)item;
	if (heard == HEARD_DONE)
		w->entities = value_get(data, "key_info");
	return heard;
}
