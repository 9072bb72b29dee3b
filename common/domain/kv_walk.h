/*
 * All paths of a key-value secrets engine, folder by folder: the folders of one
 * level are listed at once, and kv_walk_next gives the next level. Only names
 * are read, no value.
 *
 *	kv_walk_init(&walk, &w->boot, "attic", false);
 *	do
 *		loop over kv_walk_steps with &walk as their world
 *	while (kv_walk_next(&walk));
 */
#ifndef DOMAIN_KV_WALK_H
#define DOMAIN_KV_WALK_H

#include "domain/boot.h"

enum { KV_WALK_PATHS_MAX = 200000, KV_WALK_STEPS = 1 };

struct kv_names {
	const char **at;
	size_t n, room;
};

struct kv_walk {
	struct boot *boot;           /* borrowed */
	const char *mount;
	bool second;                 /* KV version 2 */
	struct kv_names paths;       /* "a/b", as far as was walked; in the boot's arena */
	struct kv_names level, below; /* folders: of this level, "" or with '/' behind; found in them */
};

void kv_walk_init(struct kv_walk *w, struct boot *boot, const char *mount, bool second);
extern const struct step kv_walk_steps[KV_WALK_STEPS];
/* On to the folders that were found; false: there are none, and paths has all. */
bool kv_walk_next(struct kv_walk *w);

#endif
