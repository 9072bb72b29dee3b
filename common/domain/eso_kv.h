/*
 * Where External Secrets' requests for a key of Vault's KV engine go: what its
 * buildPath (providers/v1/vault/client_get.go) makes of a store's path and a
 * key, and which forms cannot be right. With path "secret" the bare key
 * "app/database" is the safe form.
 */
#ifndef DOMAIN_ESO_KV_H
#define DOMAIN_ESO_KV_H

#include "core/value.h"

enum kv_flaw {
	KV_FINE,
	KV_PATH_DATA,     /* the store's path ends in /data */
	KV_KEY_DATA,      /* data/ in front of the key: doubled */
	KV_KEY_METADATA,
	KV_NO_PATH        /* neither store nor key names an engine */
};

/* path NULL: the store names none. *bare (may be NULL): the key as it should be. */
enum kv_flaw kv_lint(struct arena *a, const char *path, const char *key, const char **bare);
/* What is wrong, as a clause; "" for KV_FINE. */
const char *kv_flaw_text(enum kv_flaw flaw);
/* "secret/data/app/database": what the operator asks for (version 2). In the arena. */
const char *kv_request(struct arena *a, const char *path, const char *key);
/* Of sys/mounts or sys/auth (a map), what is mounted at "secret"; NULL: nothing. */
const struct value *kv_mount(const struct value *mounts, const char *path);
/* The path of that type nearest to it, for "did you mean"; NULL: none is near. In the arena. */
const char *kv_nearest_mount(struct arena *a, const struct value *mounts, const char *path, const char *type);
/* 1 or 2; 0: it is no KV engine. */
int kv_version(const struct value *mount);
/* The key within the engine at path, as the operator cuts it. Borrowed from key. */
const char *kv_key(const char *path, const char *key);

#endif
