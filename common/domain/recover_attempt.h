/*
 * What takes shares in Vault and is under way for a while: the generation of a
 * root token, a rekey. There is one of each kind at most, known by its nonce; it
 * lives in the active server's memory, and ends with it. One that is not ours is
 * shown and left alone.
 */
#ifndef DOMAIN_RECOVER_ATTEMPT_H
#define DOMAIN_RECOVER_ATTEMPT_H

#include "domain/recover_feed.h"
#include "domain/recover_note.h"

struct recover;
struct recover_runner;

struct attempt_kind {
	const char *word;                /* of its note: "generate-root" */
	const char *what;                /* "a generation of a root token" */
	/* The body that starts it, which may hold a secret. */
	int (*body)(const struct recover *r, struct buf *out, struct err *e);
	/* The last answer, in an arena that is wiped. */
	int (*took)(struct recover *r, const struct value *answer, struct err *e);
};

struct attempt {
	const struct attempt_kind *kind;
	const char *path, *update;       /* "/v1/sys/generate-root/attempt", ".../update" */
	struct recover_note note;
	bool read, started;              /* as Vault says */
	const char *nonce, *verify_nonce;   /* verify_nonce: a rekey that waits for its verification; NULL: none */
	int64_t progress, required, otp_length;
	bool ours;                       /* this run has started it */
	struct feed feed;
};

/* Reads Vault's state of it, and the note. After boot_steps. */
MUST_CHECK int attempt_find(struct recover *r, const struct recover_runner *run, struct err *e);
/* One that is under way is an earlier run's of ours. */
bool attempt_is_ours(const struct attempt *t);
/* Nothing is under way afterwards. ERR_GUARD: it is somebody else's. A question where its start got no answer. */
MUST_CHECK int attempt_clear(struct recover *r, const struct recover_runner *run, struct err *e);
/* Cancels whoever's it is, after a question; *was: there was one. */
MUST_CHECK int attempt_cancel(struct recover *r, const struct recover_runner *run, bool *was, struct err *e);
/* Starts one. Nothing is under way before. */
MUST_CHECK int attempt_start(struct recover *r, const struct recover_runner *run, struct err *e);
/* Gives shares until Vault has enough: kind->took gets its answer. */
MUST_CHECK int attempt_give(struct recover *r, const struct recover_runner *run, const struct recover_shares *shares,
                            bool sets, struct err *e);
/* It has ended: the note goes. */
MUST_CHECK int attempt_end(struct recover *r, struct err *e);

enum { ATTEMPT_READ_ROWS = 1, ATTEMPT_CANCEL_ROWS = 2, ATTEMPT_START_ROWS = 2, ATTEMPT_GIVE_ROWS = 1 };
extern const struct step attempt_read_rows[ATTEMPT_READ_ROWS], attempt_cancel_rows[ATTEMPT_CANCEL_ROWS],
	attempt_start_rows[ATTEMPT_START_ROWS], attempt_give_rows[ATTEMPT_GIVE_ROWS];

#endif
