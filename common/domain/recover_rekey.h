/*
 * `recover rekey`: new key shares in place of those that Vault has, with
 * verification (sys/rekey-recovery-key, or sys/rekey with Shamir's seal).
 *
 * Vault makes the new shares out of the old ones, and takes them for its own only
 * after enough of the new ones were given back to it. Between the two they are
 * staged in custody and read back, so at every instant custody holds those that
 * are valid:
 *
 *	killed before they were staged     the old ones hold; the next run begins anew
 *	staged, not verified               Vault still waits: the next run verifies, or finds out (below)
 *	verified, not promoted             the next run finds out, and promotes
 *	promoted, a copy in another        the next run knows them for its own by the note (recover_note.h), and reads the
 *	region does not show them          copies once more
 *
 * Where Vault waits no more, a rekey is begun and given the staged shares, which
 * only tells whether they are the valid ones, and is cancelled or gone on with.
 */
#ifndef DOMAIN_RECOVER_REKEY_H
#define DOMAIN_RECOVER_REKEY_H

#include "domain/recover.h"

struct rekey_world {
	struct recover recover;          /* first */
	bool cancel;                     /* --cancel */
	int64_t shares, threshold;       /* --shares, --threshold; 0: as many as now */

	bool probing;                    /* it is only to be found out whether shares are valid */
	struct recover_shares staged;    /* what an earlier run has staged */
	const char *staged_nonce;        /* of its rekey */
	struct feed verify;
	bool verified_unknown;           /* the answer to the last share was lost */

	bool cancelled, was_under_way;   /* what there is to tell */
	bool finished_earlier;           /* an earlier run's shares were promoted, and no others were made */
};

/* Appends to e, ERR_USAGE, where they do not go together. */
MUST_CHECK int rekey_check(int64_t shares, int64_t threshold, struct err *e);
/* Before the session logs in to AWS. */
MUST_CHECK int rekey_init(struct rekey_world *w, struct err *e);
void rekey_release(struct rekey_world *w);
MUST_CHECK int rekey_run(struct rekey_world *w, const struct recover_runner *run, struct err *e);
/* "recovery keys", or "unseal keys" with Shamir's seal. */
const char *rekey_what(const struct rekey_world *w);

enum { REKEY_VERIFY_ROWS = 1 };
extern const struct step rekey_verify_rows[REKEY_VERIFY_ROWS];

#endif
