/*
 * One entry of custody that gets a new value, so that at every instant the old
 * or the new one is the current one, and neither is lost:
 *
 *	staged      beside the current one: in Secrets Manager as the version AWSPENDING, in files as NAME.age.pending (NAME.pgp.pending)
 *	promoted    it becomes the current one; the old one stays as AWSPREVIOUS, or NAME.age.previous
 *
 * What an earlier run has staged and not promoted is found and read.
 */
#ifndef DOMAIN_RECOVER_STORE_H
#define DOMAIN_RECOVER_STORE_H

#include "domain/boot.h"
#include "domain/custody_file.h"

enum { ENTRY_COPIES_MAX = 16 };

struct recover;
struct recover_runner;

struct recover_entry {
	bool in_aws, in_file;            /* both false: the command stores nothing */
	const struct custody_entry *which;
	const char *name;                /* of the entry, or the file's path */
	const char *id;                  /* of this run: 32 hexadecimal digits */

	struct custody_have have;        /* in_aws */
	const char *current_id, *pending_id;   /* of versions; pending_id NULL: none is pending that is not current */
	struct custody_file file;        /* in_file: its path, and recipients */
	bool there;                      /* there is such an entry */
	bool split;                      /* of the shares: there is one for each of them instead */
	bool unread;                     /* a file that no identity was given for, or that gpg does not open */

	struct secret current, pending;  /* not held: none, or a placeholder */
	struct secret value;             /* what is to be stored */
	struct aws copies[ENTRY_COPIES_MAX];
	const char *regions[ENTRY_COPIES_MAX];
	size_t n_copies;
	bool staged, promoted;
};

/* Before the session logs in to AWS; which: CUSTODY_ROOT_TOKEN or CUSTODY_RECOVERY_KEYS. ERR_USAGE: its name, folder, recipients or key are missing or wrong. */
MUST_CHECK int recover_entry_init(struct recover *r, size_t which, struct err *e);
void recover_entry_release(struct recover_entry *entry);

/*
 * Reads what is there. ERR_GUARD: it is not ours, is being deleted, or an init has begun there, or the shares have entries of
 * their own, which one entry with all of them would undo.
 */
MUST_CHECK int recover_entry_find(struct recover *r, const struct recover_runner *run, struct err *e);
/* Makes the entry where there is none, and proves that it takes values, or that the folder does. */
MUST_CHECK int recover_entry_prepare(struct recover *r, const struct recover_runner *run, struct err *e);
/* Stages entry.value, and reads it back. */
MUST_CHECK int recover_entry_stage(struct recover *r, const struct recover_runner *run, struct err *e);
/* What is staged becomes the current one, is read back, and seen in the copies. */
MUST_CHECK int recover_entry_promote(struct recover *r, const struct recover_runner *run, struct err *e);

/* recover_store_file.c: the same for files, which ask nobody but gpg. */
MUST_CHECK int recover_file_find(struct recover *r, const struct recover_runner *run, struct err *e);
MUST_CHECK int recover_file_stage(struct recover *r, const struct recover_runner *run, struct err *e);
MUST_CHECK int recover_file_promote(struct recover *r, struct err *e);

/* The tables, for the lint of their shape. */
enum { ENTRY_FIND_ROWS = 4, ENTRY_MAKE_ROWS = 1, ENTRY_STAGE_ROWS = 2, ENTRY_PROMOTE_ROWS = 4 };
extern const struct step entry_find_rows[ENTRY_FIND_ROWS], entry_make_rows[ENTRY_MAKE_ROWS],
	entry_stage_rows[ENTRY_STAGE_ROWS], entry_promote_rows[ENTRY_PROMOTE_ROWS];

#endif
