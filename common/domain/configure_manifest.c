/* The manifest: what runs have made, and which run is at work. */
#include "domain/configure_part.h"

#include "core/text.h"
#include "formats/iso8601.h"

#define MANIFEST "/v1/" CONFIGURE_MOUNT "/data/configure"

enum heard configure_hear_plain(struct configure *w, const struct reply *reply, struct err *e, const char *doing,
                                const char *name)
{
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "%s '%s'", doing, name);

	if (heard != HEARD_DONE || answer.ok)
		return heard;
	err_set(e, ERR_ABSENT, answer.status, "%s '%s': Vault says 404", doing, name);
	return HEARD_REFUSED;
}

/*
 * A mount or device that is there already: our own call, whose reply was lost, or somebody who was faster. The reads that
 * follow tell whether it is as wanted.
 */
enum heard configure_hear_made(struct configure *w, const struct reply *reply, struct err *e, const char *doing,
                            const char *name)
{
	enum heard heard = configure_hear_plain(w, reply, e, doing, name);

	if (heard != HEARD_REFUSED || (reply->status != 400 && reply->status != 409) || !strstr(e->text, "in use"))
		return heard;
	err_release(e);
	return HEARD_DONE;
}

static bool something_changes(const struct configure *w)
{
	return w->consent && configure_changes(w).n > 0;
}

bool configure_mount_due(const void *world, size_t item)
{
	const struct configure *w = world;

	(void)item;
	return !w->manifest.mounted && something_changes(w);
}

int configure_ask_mount(const void *world, size_t item, struct request *rq, struct err *e)
{
	struct value *body = value_new_map(&rq->mem);

	(void)item;
	value_set_text(&rq->mem, body, "type", "kv");
	value_set_text(&rq->mem, body, "description", "what helm vault-aws configure made");
	value_put(&rq->mem, body, "options.version", value_new_text(&rq->mem, "2"));
	return boot_ask(world, rq, "POST", "/v1/sys/mounts/" CONFIGURE_MOUNT, body, e);
}

enum heard configure_hear_mount(void *world, size_t item, const struct reply *reply, struct err *e)
{
	(void)item;
	return configure_hear_made(world, reply, e, "making the secrets engine", CONFIGURE_MOUNT);
}

bool configure_never(const void *world, size_t item)
{
	(void)world;
	(void)item;
	return false;
}

static void push_once(struct arena *a, struct value *list, const char *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (text_same(list->items[i]->text, id))
			return;
	value_push(a, list, value_new_text(a, id));
}

static bool was_removed(const struct configure *w, const char *id)
{
	for (size_t i = 0; i < w->n_dropped; i++)
		if (w->dropped[i].removed && text_same(w->dropped[i].id, id))
			return true;
	return false;
}

/* What earlier runs made and is not removed, and what this one makes: at its beginning all that it is about to. */
static struct value *made_now(const struct configure *w, struct arena *a, bool beginning)
{
	struct value *list = value_new_list(a);

	for (size_t i = 0; i < w->manifest.made->n; i++)
		if (!was_removed(w, w->manifest.made->items[i]->text))
			push_once(a, list, w->manifest.made->items[i]->text);
	for (size_t k = 0; k < CONFIG_KINDS; k++)
		for (size_t i = 0; k != CONFIG_AUTH_CONFIG && i < w->config.lists[k].n; i++) {
			const struct config_item *item = &w->config.lists[k].at[i];

			if (item->made || (beginning && config_absent(item)))
				push_once(a, list, config_id(a, item));
		}
	return list;
}

static int ask_manifest(const struct configure *w, struct request *rq, bool beginning, struct err *e)
{
	struct arena *a = &rq->mem;
	struct value *body = value_new_map(a);
	char until[ISO8601_TEXT];

	value_put(a, body, "options.cas", value_new_int(a, w->manifest.version));
	value_put(a, body, "data.made", made_now(w, a, beginning));
	configure_put_digests(w, a, (struct value *)value_get(body, "data"), beginning);
	if (beginning) {
		iso8601_print(host_wall_ms(w->boot.host) + CONFIGURE_LOCK_MS, until);
		value_put(a, body, "data.run.by", value_new_text(a, w->mark));
		value_put(a, body, "data.run.until", value_new_text(a, until));
	}
	return boot_ask(&w->boot, rq, "POST", MANIFEST, body, e);
}

bool configure_begin_due(const void *world, size_t item)
{
	const struct configure *w = world;

	(void)item;
	return !w->locked && something_changes(w);
}

int configure_ask_begin(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return ask_manifest(world, rq, true, e);
}

/* Right after it was made the engine is not ready yet; and a version that is not the one we read is another run's. */
static enum heard hear_manifest_written(struct configure *w, const struct reply *reply, struct err *e)
{
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "writing down what this run makes");
	const char *says = heard == HEARD_REFUSED ? e->text : "";

	if (strstr(says, "Upgrading") || (heard == HEARD_DONE && !answer.ok)) {
		err_set(e, ERR_NET, 0, "the secrets engine '" CONFIGURE_MOUNT "' is being set up");
		return HEARD_NOT_YET;
	}
	if (strstr(says, "check-and-set")) {
		err_set(e, ERR_CONFLICT, 0, w->locked ? "another configure took this Vault over in the middle" :
		        "another configure is at work on this Vault: nothing was changed here");
		err_hint(e, "run this again when it has ended");
	}
	if (heard == HEARD_DONE)
		w->manifest.version = value_int_or(answer.body, "data.version", w->manifest.version + 1);
	return heard;
}

enum heard configure_hear_begin(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	enum heard heard = hear_manifest_written(w, reply, e);

	(void)item;
	w->locked |= heard == HEARD_DONE;
	return heard;
}

int configure_ask_look(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "GET", MANIFEST, NULL, e);
}

enum heard configure_hear_look(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&w->boot, reply, &answer, e, "reading what this run wrote down");
	bool ours = answer.ok && text_same(value_text_or(answer.body, "data.data.run.by", NULL), w->mark);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (ours)
		w->manifest.version = value_int_or(answer.body, "data.metadata.version", w->manifest.version);
	w->locked = ours;
	return HEARD_DONE;
}

bool configure_end_due(const void *world, size_t item)
{
	(void)item;
	return ((const struct configure *)world)->locked;
}

int configure_ask_end(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return ask_manifest(world, rq, false, e);
}

enum heard configure_hear_end(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	enum heard heard = hear_manifest_written(w, reply, e);

	(void)item;
	if (heard == HEARD_DONE)
		w->locked = false;
	return heard;
}
