/*
 * Giving shares to Vault, one request each, until enough of them are there:
 * sys/unseal, sys/generate-root/update, sys/rekey/update and .../verify ask in
 * the same way (vault 1.21, http/sys_seal.go, sys_generate_root.go, sys_rekey.go).
 *
 * Vault refuses a set of shares as a whole, and does not say which is wrong. So
 * where there are more shares than it asks for, other sets are tried, and from
 * the one that it takes follows which are wrong, if any.
 */
#ifndef DOMAIN_RECOVER_FEED_H
#define DOMAIN_RECOVER_FEED_H

#include "domain/boot.h"
#include "domain/recover_shares.h"

enum { FEED_SETS_MAX = 24 };

struct feed {
	const char *path;                /* "/v1/sys/unseal" */
	const char *nonce;               /* NULL: this path takes none */
	const struct recover_shares *shares;
	size_t required;                 /* at most shares->n */
	bool sets;                       /* other sets may be tried */

	bool mixed;                      /* somebody else's shares count along */
	size_t pick[SHARES_MAX];         /* the set being given */
	size_t given;                    /* of it */
	unsigned rounds;                 /* how often that set was given without an end */
	unsigned char failed[FEED_SETS_MAX][SHARES_MAX / 8 + 1];
	size_t n_failed;
	bool done;
};

/* progress: how many shares somebody has given already. Texts are borrowed. */
void feed_begin(struct feed *f, const char *path, const char *nonce, const struct recover_shares *shares, int64_t required,
                int64_t progress);

/* The next share. */
MUST_CHECK int feed_ask(const struct feed *f, const struct boot *b, struct request *rq, struct err *e);

/*
 * HEARD_MORE: ask again. HEARD_DONE: Vault has what it wanted; *body is its last answer, in the arena. HEARD_REFUSED: with
 * ERR_GUARD where no set was taken, which names the places that were tried; ERR_CONFLICT: what the shares were for is gone.
 */
enum heard feed_hear(struct feed *f, struct boot *b, struct arena *a, const struct reply *reply, const struct value **body,
                     struct err *e, const char *doing);

/* After HEARD_DONE: shares that are proven to be wrong by a set that failed. Gives their number; out: their indices. */
size_t feed_wrong(const struct feed *f, size_t out[SHARES_MAX]);

#endif
