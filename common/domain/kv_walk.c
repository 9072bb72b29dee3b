#include "domain/kv_walk.h"

#include "core/text.h"
#include "formats/uri.h"

enum { PATH_MAX_BYTES = 16 << 10 };

static void names_add(struct arena *a, struct kv_names *to, const char *name)
{
	if (to->n == to->room) {
		size_t room = to->room ? 2 * to->room : 64;
		const char **at = ARENA_ARRAY(a, const char *, room);

		if (to->n)
			memcpy(at, to->at, to->n * sizeof(*at));
		to->at = at;
		to->room = room;
	}
	to->at[to->n++] = name;
}

void kv_walk_init(struct kv_walk *w, struct boot *boot, const char *mount, bool second)
{
	*w = (struct kv_walk){ .boot = boot, .mount = mount, .second = second };
	names_add(boot->mem, &w->level, "");
}

bool kv_walk_next(struct kv_walk *w)
{
	w->level = w->below;
	w->below = (struct kv_names){ 0 };
	return w->level.n > 0;
}

static size_t count_folders(const void *world)
{
	return ((const struct kv_walk *)world)->level.n;
}

static int ask_folder(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct kv_walk *w = world;
	AUTO(buf) struct buf path = BUF_MAX(PATH_MAX_BYTES);

	buf_printf(&path, "/v1/%s/%s", w->mount, w->second ? "metadata/" : "");
	uri_encode(&path, view_text(w->level.at[item]), true);
	buf_text(&path, "?list=true");
	if (buf_whole(&path, "a path", e) < 0)
		return -1;
	return boot_ask(w->boot, rq, "GET", buf_str(&path), NULL, e);
}

/* A folder that is empty, or has gone meanwhile, is a 404. */
static enum heard hear_folder(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct kv_walk *w = world;
	const char *folder = w->level.at[item];
	struct vault_answer answer;
	enum heard heard = boot_hear(w->boot, reply, &answer, e, "listing '%s/%s'", w->mount, folder);
	const struct value *keys;

	if (heard != HEARD_DONE)
		return heard;
	keys = value_at(answer.body, "data.keys");
	if (keys && keys->type != VALUE_LIST)
		return HEARD_UNSURE;
	for (size_t i = 0; i < value_count(keys, NULL); i++) {
		const char *key = keys->items[i]->type == VALUE_TEXT ? keys->items[i]->text : "";

		names_add(w->boot->mem, text_ends(key, "/") ? &w->below : &w->paths, arena_printf(w->boot->mem, "%s%s", folder, key));
	}
	if (w->paths.n + w->below.n <= KV_WALK_PATHS_MAX)
		return HEARD_DONE;
	err_set(e, ERR_GUARD, 0, "'%s' holds more than %d paths: too many to be compared", w->mount, KV_WALK_PATHS_MAX);
	return HEARD_REFUSED;
}

const struct step kv_walk_steps[KV_WALK_STEPS] = {
	{ .name = "kv.list", .title = "list what the secrets engine holds", .count = count_folders, .abreast = STEP_ITEMS_MAX,
	  .ask = ask_folder, .hear = hear_folder },
};
