/*
 * `recover generate-root`: a new root token out of key shares, into custody
 * (sys/generate-root). Vault answers the token exclusive-or a password for one
 * use, which we make and keep in memory alone: whoever kills us between the
 * answer and custody has made a token that nobody knows.
 *
 * The token is staged, promoted and proven (recover_store.h). One in custody that
 * Vault still takes is not replaced unasked.
 */
#ifndef DOMAIN_RECOVER_ROOT_H
#define DOMAIN_RECOVER_ROOT_H

#include "domain/recover.h"

struct root_world {
	struct recover recover;          /* first */
	bool cancel, replace;            /* --cancel, --replace */
	struct secret otp;
	bool accepted;                   /* of the token that was looked up last */

	bool cancelled, was_under_way;   /* what there is to tell */
	bool finished_earlier;           /* an earlier run's token was promoted */
	bool replaced;                   /* the one before is still valid */
};

/* Before the session logs in to AWS. */
MUST_CHECK int root_init(struct root_world *w, struct err *e);
void root_release(struct root_world *w);
/* All of it. On success, unless cancelled, recover.entry.value is the token. */
MUST_CHECK int root_run(struct root_world *w, const struct recover_runner *run, struct err *e);

enum { ROOT_LOOKUP_ROWS = 1, ROOT_REVOKE_ROWS = 1 };
extern const struct step root_lookup_rows[ROOT_LOOKUP_ROWS], root_revoke_rows[ROOT_REVOKE_ROWS];

#endif
