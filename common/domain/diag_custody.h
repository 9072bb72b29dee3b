/*
 * Where `init` keeps recovery keys (domain/custody.h), as far as that can be told
 * from outside: whether the entries are there, and never what they hold. A bucket
 * has no name that is known here, and files are elsewhere.
 *
 *	custody.secret, custody.parameter    each kind's entries: diag_custody
 */
#ifndef DOMAIN_DIAG_CUSTODY_H
#define DOMAIN_DIAG_CUSTODY_H

#include "domain/diag.h"

enum { CUSTODY_SEEN_SECRETS, CUSTODY_SEEN_PARAMETERS, CUSTODY_SEEN };

struct custody_seen {
	size_t read;                     /* how many of its entries were looked for */
	const char *entry;               /* one that is there and holds something; NULL: none */
};

struct diag_custody {
	struct custody_seen seen[CUSTODY_SEEN];
};

/* How many entries of each kind are looked for: all keys in one, or the first share of many. */
enum { CUSTODY_SEEN_ENTRIES = 2 };

/* Never NULL. */
const struct diag_custody *diag_custody(const struct diag *d);
/* Cluster, region and release are known, by which entries are called. */
bool diag_custody_named(const struct diag *d);

/* What a kind is called, and the right that looking takes. */
struct custody_seen_kind {
	const char *word, *what, *right;
};
extern const struct custody_seen_kind diag_custody_kinds[CUSTODY_SEEN];

enum { DIAG_CUSTODY_STEPS = CUSTODY_SEEN };
extern const struct step diag_custody_steps[DIAG_CUSTODY_STEPS];

#endif
