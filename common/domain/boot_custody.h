/*
 * The root token that `init` left in custody: for who has no token of his own,
 * but may read that entry. It is looked for in one place after another, until
 * one holds it: the bucket, where one was named; Secrets Manager; Parameter
 * Store. What the first one holds so costs one call, and no right on the others.
 *
 *	struct boot_custody c;
 *
 *	boot_custody_init(&c, b);
 *	... boot_custody_steps in a loop over &c ...
 *	result = boot_custody_take(&c, e);
 *	boot_custody_release(&c);      always
 *
 * That a place has no such entry, or that it may not be read, is no end: the next one is asked. What was tried is said by
 * boot_custody_take.
 */
#ifndef DOMAIN_BOOT_CUSTODY_H
#define DOMAIN_BOOT_CUSTODY_H

#include "domain/boot.h"
#include "domain/custody.h"

enum { BOOT_CUSTODY_PLACES = 3 };

struct boot_custody_place {
	struct custody_store store;      /* kind NULL: not asked */
	const char *what;                /* "Parameter Store" */
	struct err why;                  /* why it gave nothing */
};

struct boot_custody {
	struct boot *boot;               /* borrowed: aws logged in, want with cluster and region; gets the token */
	struct boot_custody_place places[BOOT_CUSTODY_PLACES];
	const struct boot_custody_place *found;
};

void boot_custody_init(struct boot_custody *c, struct boot *b);
void boot_custody_release(struct boot_custody *c);

extern const struct step boot_custody_steps[BOOT_CUSTODY_PLACES];

/*
 * 0 where a place held it. Else ERR_AUTH, with all places that hold none in one problem, and each that could not be read in
 * one of its own.
 */
MUST_CHECK int boot_custody_take(struct boot_custody *c, struct err *e);

#endif
