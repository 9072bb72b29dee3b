/*
 * What sys/init leaves in a table, and nothing else: a table of items (Vault
 * 1.21.1, seen whole and cut off, with one server and with three, 70 s after it
 * and after a change of leader; tests/aws/test_start_over.py looks again). Where
 * only these are there the Vault holds nothing yet: no secret, no policy, role,
 * token or lease of anybody's. Any part of them is fresh too, since an init may end
 * anywhere.
 *
 *	struct fresh_items f = {0};
 *
 *	for each item of a consistent Scan with "Path", "Key" and "Value":
 *		fresh_items_add(&f, mem, item);
 *	if (fresh_items_only(&f))
 *		...
 *
 * Items can be counted and named without being read: what Vault encrypted stays so.
 * A mount that holds nothing shows by the size of the item that lists the mounts alone.
 * What another version of Vault writes is not known here, and then not fresh.
 */
#ifndef DOMAIN_FRESH_ITEMS_H
#define DOMAIN_FRESH_ITEMS_H

#include "core/value.h"

/* More items than that are not looked at: a fresh init leaves some fifty. */
enum { FRESH_ITEMS_MAX = 200, FRESH_ITEMS_SHOWN = 8 };

#define FRESH_LOCK    "core/_lock"
#define FRESH_KEYRING "core/keyring"
#define FRESH_FLAG    "core/seal-initialization-flag"

struct fresh_item {
	const char *path, *key;                     /* as they stand in the table */
	const char *name;                           /* "core/keyring"; the top level's path is a space */
};

struct fresh_items {
	struct fresh_item at[FRESH_ITEMS_MAX];
	size_t n;
	bool more;                                  /* there are others that were not looked at */
	bool flag;                                  /* what an init that was refused half-way leaves */
	const char *foreign[FRESH_ITEMS_SHOWN];     /* that no fresh init writes, the first of them */
	size_t n_foreign;
	unsigned seen[64];                          /* its own: how often each row of the table was met */
};

/* One more item of a Scan; its texts go into the arena. */
void fresh_items_add(struct fresh_items *f, struct arena *a, const struct value *item);

/* There are some, and no others than a fresh init's. */
bool fresh_items_only(const struct fresh_items *f);

#endif
