/*
 * What a run that takes shares writes down before it begins in Vault, and
 * removes when it has ended: so that the next run knows a generation of a root
 * token, or a rekey, for its own. No secret is in it. A file beside those of
 * spool.h, written whole or not at all.
 *
 *	begun      nothing was under way, and a start is about to be sent, or was
 *	started    Vault's nonce of it is known
 *	giving     the last share may have been given
 */
#ifndef DOMAIN_RECOVER_NOTE_H
#define DOMAIN_RECOVER_NOTE_H

#include "domain/world.h"

enum note_stage { NOTE_NONE, NOTE_BEGUN, NOTE_STARTED, NOTE_GIVING };

struct recover_note {
	const char *path;
	enum note_stage stage;           /* NOTE_NONE: there is no file */
	const char *since, *nonce;       /* nonce: NULL before NOTE_STARTED */
};

/* what: "generate-root". ERR_CONFIG: a file is there that is no note. */
MUST_CHECK int note_read(struct recover_note *out, struct arena *a, const struct host *host, const struct want *want,
                         const char *what, struct err *e);
/* Writes the stage; the first one sets since. */
MUST_CHECK int note_write(struct recover_note *n, struct arena *a, const struct host *host, enum note_stage stage,
                          const char *nonce, struct err *e);
MUST_CHECK int note_remove(struct recover_note *n, const struct host *host, struct err *e);

#endif
