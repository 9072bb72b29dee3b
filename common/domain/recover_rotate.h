/*
 * `recover rotate`: a new key for the barrier, online (sys/rotate). What is
 * written from then on is encrypted with it; the keys before stay in the keyring.
 */
#ifndef DOMAIN_RECOVER_ROTATE_H
#define DOMAIN_RECOVER_ROTATE_H

#include "domain/recover.h"

struct barrier_key {
	int64_t term;                    /* 0: not read */
	const char *installed;           /* when, as Vault has it */
};

struct rotate_world {
	struct recover recover;          /* first */
	struct barrier_key before, after;
};

/* After boot_steps. */
enum { ROTATE_ROWS = 4 };
extern const struct step rotate_rows[ROTATE_ROWS];

#endif
