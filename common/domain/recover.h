/*
 * What the subcommands of `recover` share: where key shares and the root token
 * are kept, and the shares themselves. Each command's world begins with a struct
 * recover, which itself begins with a struct boot:
 *
 *	recover_check_options    every problem of the options at once
 *	recover_init             the way to Vault, and the reader of the shares
 *	recover_share_rows       rows: the shares out of a custody that is asked over the network
 *	recover_read_shares      the shares out of a custody that is not
 *	recover_take_lines       the shares that somebody typed
 *
 * What is made anew goes into custody by recover_store.h, so that the old or the new is there at every instant; what takes
 * shares in Vault itself is begun, known again and given shares by recover_attempt.h.
 *
 * Shares are recovery keys where Vault is unsealed by KMS, and unseal keys with Shamir's seal; Vault asks for both in the
 * same way, and custody keeps them in the same entry.
 */
#ifndef DOMAIN_RECOVER_H
#define DOMAIN_RECOVER_H

#include "core/age_open.h"
#include "domain/boot.h"
#include "domain/custody.h"
#include "domain/recover_attempt.h"
#include "domain/recover_gpg.h"
#include "domain/recover_shares.h"
#include "domain/recover_store.h"

struct recover_options {
	struct boot_options boot;
	const char *custody;             /* "secretsmanager" (NULL too), "ssm", "s3" or "file" */
	const char *keys_from;           /* "terminal" or "-": typed, not out of custody; NULL: custody */
	const char *custody_key;         /* --custody-kms-key, where an entry is made */
	const char *bucket;              /* --custody-bucket, of s3 */
	const char *folder;              /* --out, of custody in files */
	const char *const *identities;   /* --identity: files of age's, NULL-terminated; NULL: none */
	const char *const *recipients;   /* --recipient, of age's or files with a PGP key, NULL-terminated; NULL: none */
	bool stores;                     /* the command stores something new */
};

struct recover {
	struct boot boot;                /* first: boot_steps take it for their world */
	struct world *world;             /* the session's */
	struct recover_options options;
	const struct share_reader *reader;   /* NULL: no shares are wanted */
	struct recover_shares shares;
	size_t part;                     /* the next of the entries with one share each, from 1 */
	struct err unread;               /* why there is no entry with all of them */
	struct recover_entry entry;      /* where what is made anew is stored; recover_store.h */
	struct attempt attempt;          /* what is under way in Vault; recover_attempt.h */
	struct recover_gpg gpg;          /* recover_gpg.h */
};

/* What a workflow asks of who runs it: a table over the world, a question, the shares that are typed. */
struct recover_runner {
	int (*loop)(void *to, void *world, const struct step *steps, size_t n, struct err *e);
	int (*ask)(void *to, const char *question, struct err *e);
	int (*type)(void *to, struct recover *r, int64_t needed, struct err *e);
	void (*tell)(void *to, const char *text);
	void *to;
};

/* Every problem of them at once, ERR_USAGE; the files that they name are looked at. */
MUST_CHECK int recover_check_options(const struct recover_options *o, const struct host *host, struct err *e);

/*
 * Over an opened session's world, whose texts are borrowed. shares: the command takes shares, else there is no reader.
 * ERR_USAGE: custody is named after what is not known.
 */
MUST_CHECK int recover_init(struct recover *r, struct world *w, const struct recover_options *o, bool shares,
                            struct err *e);
/* ERR_USAGE: cluster or region are not known, after which entries are named. */
MUST_CHECK int recover_check_names(const struct want *want, struct err *e);
void recover_release(struct recover *r);

/* The custody that was chosen, which borrows from r. */
struct custody_store recover_store_of(const struct recover *r);
/* The path of the file with that share alone, in custody in files, of that kind. */
const char *recover_share_file(const struct recover *r, size_t share, enum custody_file_by by);

/* AWS is asked: it must be logged in to. */
bool recover_wants_aws(const struct recover *r);
/* The shares are typed by somebody. */
bool recover_is_typed(const struct recover *r);

/*
 * For a table after boot_steps; not due where the reader asks nobody. Where no entry with all shares is there, or it may not be
 * read, those with one each are read, as far as they may be.
 */
enum { RECOVER_SHARE_ROWS = 2 };
extern const struct step recover_share_rows[RECOVER_SHARE_ROWS];
/* Nothing where the reader asks over the network, or they are typed. */
MUST_CHECK int recover_read_shares(struct recover *r, const struct recover_runner *run, struct err *e);
/* One a line; from: "standard input", for messages. ERR_USAGE with every line that is no share. */
MUST_CHECK int recover_take_lines(struct recover *r, struct view text, const char *from, struct err *e);
/* Runs boot_steps. ERR_GUARD: Vault is not initialised, or sealed. */
MUST_CHECK int recover_find_open(struct recover *r, const struct recover_runner *run, struct err *e);
/* The shares, from wherever the reader has them; `needed` of them are asked for where they are typed, and are there. */
MUST_CHECK int recover_get_shares(struct recover *r, const struct recover_runner *run, int64_t needed, struct err *e);
/* So many are needed: ERR_USAGE (typed) or ERR_GUARD when there are fewer. */
MUST_CHECK int recover_enough(const struct recover *r, int64_t needed, struct err *e);

#endif
