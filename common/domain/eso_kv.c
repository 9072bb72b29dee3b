#include "domain/eso_kv.h"

#include "core/text.h"

/* external-secrets, providers/v1/vault/client_get.go, buildPath: the path in front is cut off, then data/. */
static const char *without(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return text_starts(text, prefix) && text[n] == '/' ? text + n + 1 : text;
}

const char *kv_key(const char *path, const char *key)
{
	const char *cut = without(key, path);

	return cut == key ? key : without(cut, "data");
}

const char *kv_request(struct arena *a, const char *path, const char *key)
{
	const char *slash;

	if (path)
		return arena_printf(a, "%s/data/%s", path, kv_key(path, key));
	slash = strchr(key, '/');
	if (!slash || strstr(key, "/data/"))
		return key;
	return arena_printf(a, "%.*s/data/%s", (int)(slash - key), key, slash + 1);
}

enum kv_flaw kv_lint(struct arena *a, const char *path, const char *key, const char **bare)
{
	const char *rest;

	if (bare)
		*bare = arena_text(a, key);
	if (!path)
		return strchr(key, '/') ? KV_FINE : KV_NO_PATH;
	if (text_ends(path, "/data"))
		return KV_PATH_DATA;
	rest = kv_key(path, key);
	if (bare)
		*bare = arena_text(a, without(without(rest, "data"), "metadata"));
	if (without(rest, "metadata") != rest)
		return KV_KEY_METADATA;
	return without(rest, "data") != rest ? KV_KEY_DATA : KV_FINE;
}

const char *kv_flaw_text(enum kv_flaw flaw)
{
	switch (flaw) {
	case KV_PATH_DATA: return "the store's path ends in /data, which the operator adds by itself";
	case KV_KEY_DATA: return "the key begins with data/, which the operator adds by itself";
	case KV_KEY_METADATA: return "the key begins with metadata/, where no values are";
	case KV_NO_PATH: return "neither the store's path nor the key names an engine";
	default: return "";
	}
}

/* "secret/", as Vault has it. */
const struct value *kv_mount(const struct value *mounts, const char *path)
{
	AUTO(text) char *name = xasprintf("%s/", path);

	return value_get(mounts, name);
}

const char *kv_nearest_mount(struct arena *a, const struct value *mounts, const char *path, const char *type)
{
	const char **names = ARENA_ARRAY(a, const char *, mounts->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < mounts->n; i++)
		if (text_same(value_text_or(mounts->items[i], "type", ""), type) && text_ends(mounts->names[i], "/"))
			names[n++] = arena_view(a, view_of(mounts->names[i], strlen(mounts->names[i]) - 1));
	return text_nearest(path, names, n);
}

/* "generic" is what the first version was called. */
int kv_version(const struct value *mount)
{
	const char *type = value_text_or(mount, "type", "");

	if (!text_same(type, "kv") && !text_same(type, "generic"))
		return 0;
	return text_same(value_text_or(mount, "options.version", "1"), "2") ? 2 : 1;
}
