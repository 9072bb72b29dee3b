/*
 * `recover unseal`: after Vault was sealed by hand, or with Shamir's seal after a
 * restart. Each server is sealed on its own, so each is asked on its own.
 *
 * With a KMS seal, shares of the recovery key unseal as well (Vault 1.21: it checks
 * the recovery key, and has KMS open the rest), as does a restart of the pod, since
 * only a server that starts unseals itself.
 *
 *	unseal_find     after boot_steps have run: the servers
 *	unseal_status_rows, unseal_judge
 *	recover's shares are read, then unseal_begin
 *	unseal_rows     every sealed server is given shares until it is open; then one is active
 */
#ifndef DOMAIN_RECOVER_UNSEAL_H
#define DOMAIN_RECOVER_UNSEAL_H

#include "domain/recover.h"
#include "domain/recover_feed.h"

struct sealed_server {
	const char *name;
	const struct pod *pod;           /* NULL: by address */
	struct boot *boot;               /* the way to it alone */
	struct vault_seal_status status;
	bool was_sealed;
	struct feed feed;
};

struct unseal_world {
	struct recover recover;          /* first */
	struct sealed_server *servers;   /* those that run */
	size_t n, n_sealed, n_down;      /* n_down: pods that do not run */
	const char *leader;

	/* One pod that is restarted. */
	struct sealed_server *restarts;
	bool gone, back;
};

MUST_CHECK int unseal_find(struct unseal_world *w, struct err *e);

enum { UNSEAL_STATUS_ROWS = 1, UNSEAL_ROWS = 3, UNSEAL_RESTART_ROWS = 4 };
extern const struct step unseal_status_rows[UNSEAL_STATUS_ROWS];
/* ERR_GUARD: not initialised, or a migration is under way. Sets n_sealed. */
MUST_CHECK int unseal_judge(struct unseal_world *w, struct err *e);

/* ERR_USAGE, ERR_GUARD: there are not enough shares. */
MUST_CHECK int unseal_begin(struct unseal_world *w, struct err *e);
extern const struct step unseal_rows[UNSEAL_ROWS];

/* One pod (w->restarts) deleted, back, and unsealed by KMS. */
extern const struct step unseal_restart_rows[UNSEAL_RESTART_ROWS];

#endif
