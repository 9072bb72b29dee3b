/* What is written about people: users, entities, then who logs in as them, groups, and what providers call those. */
#include "domain/configure_part.h"

#include "core/text.h"

enum { BODY_MAX = 1 << 20 };

static bool may(const void *world)
{
	return ((const struct configure *)world)->consent;
}

static bool is_due(const void *world, enum config_kind kind, size_t item)
{
	const struct config_item *it = configure_seen(world, kind, item);

	return may(world) && (config_absent(it) || config_differs(it));
}

/* Begun before the first ask, given up where it is refused. */
#define KIND(word, kind) \
	bool configure_##word##_due(const void *world, size_t item) \
	{ \
		return is_due(world, kind, item); \
	} \
	int configure_begin_##word(void *world, size_t item, struct err *e) \
	{ \
		struct config_item *it = &((struct configure *)world)->config.lists[kind].at[item]; \
		(void)e; \
		it->made = config_absent(it); \
		return 0; \
	} \
	enum heard configure_hear_##word##_written(void *world, size_t item, const struct reply *reply, struct err *e) \
	{ \
		struct config_item *it = &((struct configure *)world)->config.lists[kind].at[item]; \
		enum heard heard = configure_hear_plain(world, reply, e, "writing the " #word, it->name); \
		it->made &= heard != HEARD_REFUSED; \
		if (it->secret) \
			it->secret->written |= heard == HEARD_DONE; \
		return heard; \
	}
KIND(user, CONFIG_USER)
KIND(entity, CONFIG_ENTITY)
KIND(alias, CONFIG_ALIAS)
KIND(group, CONFIG_GROUP)

int configure_ask_secret_body(const struct configure *w, const struct config_item *item, const struct value *attrs,
                              struct request *rq, const char *path, struct err *e)
{
	AUTO(wiped) struct buf body = BUF_MAX(BODY_MAX);

	configure_print_body(item, attrs, &body);
	if (buf_whole(&body, "the request to Vault", e) < 0)
		return -1;
	return boot_ask_bytes(&w->boot, rq, "POST", path, buf_bytes(&body), e);
}

/* What is left out stays; the password goes along where it is not there as it should be. */
int configure_ask_user_write(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct config_item *user = configure_seen(world, CONFIG_USER, item);

	return configure_ask_secret_body(world, user, user->want, rq,
	                                 arena_printf(&rq->mem, "/v1/auth/%s/users/%s", user->mount, user->name), e);
}

int configure_ask_entity_write(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct config_item *entity = configure_seen(world, CONFIG_ENTITY, item);

	return boot_ask(world, rq, "POST", arena_printf(&rq->mem, "/v1/identity/entity/name/%s", entity->name), entity->want, e);
}

/* ---- ids: of what was made a moment ago ---- */

static bool some_due(const void *world, enum config_kind kind)
{
	for (size_t i = 0; i < ((const struct configure *)world)->config.lists[kind].n; i++)
		if (is_due(world, kind, i))
			return true;
	return false;
}

bool configure_ids_due(const void *world, size_t item)
{
	(void)item;
	return some_due(world, CONFIG_ALIAS) || some_due(world, CONFIG_GROUP);
}

int configure_ask_accessors(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "GET", "/v1/sys/auth", NULL, e);
}

enum heard configure_hear_accessors(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;

	(void)item;
	return configure_hear_data(w, reply, &w->auths, e, "reading the auth methods");
}

static int no_id(struct err *e, const char *what, const char *name)
{
	return err_set(e, ERR_REMOTE, 0, "%s '%s' is not there, though it was made a moment ago", what, name);
}

/* An alias that another entity has goes over to this one (Vault 1.21.1; the plan said so). */
static int ask_alias(const struct configure *w, struct request *rq, const char *path, const char *mount, const char *name,
                     const char *id, struct err *e)
{
	const struct value *method = value_get(w->auths, arena_printf(&rq->mem, "%s/", mount));
	const char *accessor = value_text_or(method, "accessor", NULL);
	struct value *body = value_new_map(&rq->mem);

	if (!accessor)
		return no_id(e, "the auth method", mount);
	value_set_text(&rq->mem, body, "name", name);
	value_set_text(&rq->mem, body, "canonical_id", id);
	value_set_text(&rq->mem, body, "mount_accessor", accessor);
	return boot_ask(&w->boot, rq, "POST", path, body, e);
}

int configure_ask_alias_write(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct configure *w = world;
	const struct config_item *alias = configure_seen(world, CONFIG_ALIAS, item);
	const char *entity = value_text_or(alias->want, "entity", ""), *id = configure_entity_id(w, entity);

	if (!id)
		return no_id(e, "the entity", entity);
	return ask_alias(w, rq, "/v1/identity/entity-alias", alias->mount, alias->name, id, e);
}

/* ---- groups ---- */

/* The type goes along always: a group that is made without is internal. */
int configure_ask_group_write(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct configure *w = world;
	const struct config_item *group = configure_seen(world, CONFIG_GROUP, item);
	const struct value *members = value_get(group->want, "members");
	struct value *body = value_copy(&rq->mem, group->want), *ids = value_new_list(&rq->mem);

	value_unset(body, "alias");
	value_unset(body, "members");
	for (size_t i = 0; i < value_count(members, NULL); i++) {
		const char *id = configure_entity_id(w, members->items[i]->text);

		if (!id)
			return no_id(e, "the entity", members->items[i]->text);
		value_push(&rq->mem, ids, value_new_text(&rq->mem, id));
	}
	if (members)
		value_set(&rq->mem, body, "member_entity_ids", ids);
	return boot_ask(world, rq, "POST", arena_printf(&rq->mem, "/v1/identity/group/name/%s", group->name), body, e);
}

bool configure_group_alias_due(const void *world, size_t item)
{
	const struct config_item *group = configure_seen(world, CONFIG_GROUP, item);

	return may(world) && group->alias_name &&
	    !text_same(value_text_or(group->have, "alias", NULL), value_text_or(group->want, "alias", NULL));
}

/* Only for its id: what the group was is still to be compared with. */
enum heard configure_hear_group_id(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	const struct value *data = NULL;
	enum heard heard = configure_hear_data(w, reply, &data, e, "reading a group");

	w->config.lists[CONFIG_GROUP].at[item].id = value_text_or(data, "id", NULL);
	return heard;
}

/* A group has one alias: the new one takes the old one's place (Vault 1.21.1). */
int configure_ask_group_alias(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct config_item *group = configure_seen(world, CONFIG_GROUP, item);

	if (!group->id)
		return no_id(e, "the group", group->name);
	return ask_alias(world, rq, "/v1/identity/group-alias", group->alias_mount, group->alias_name, group->id, e);
}

enum heard configure_hear_group_alias(void *world, size_t item, const struct reply *reply, struct err *e)
{
	return configure_hear_plain(world, reply, e, "setting the alias of the group",
	                            configure_seen(world, CONFIG_GROUP, item)->name);
}
