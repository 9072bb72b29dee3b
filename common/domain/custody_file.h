/*
 * Custody in files of one's own: a file an entry in a folder, 0600. Those of
 * the kind "file" are encrypted to recipients, by age (core/age.h) or by gpg
 * (domain/pgp_message.h), as the recipients are; those of "pgp" are the messages
 * that Vault answers when it was given public keys. Whoever writes them need not
 * be able to read them again, so the spool keeps the very files until they are in
 * place. With an identity (core/age_open.h) those of age's are opened, and by gpg
 * those that it made.
 */
#ifndef DOMAIN_CUSTODY_FILE_H
#define DOMAIN_CUSTODY_FILE_H

#include "core/age.h"
#include "core/secret.h"
#include "domain/custody.h"
#include "domain/pgp.h"

/* Who encrypts a file. */
enum custody_file_by { BY_AGE, BY_GPG, BY_VAULT };

/* All of one kind: age's, or keys for gpg, which are borrowed. */
struct custody_recipients {
	struct age_recipient at[AGE_RECIPIENTS_MAX];
	struct pgp_key *keys[AGE_RECIPIENTS_MAX];
	size_t n, n_keys;
};

struct custody_file {
	const char *name, *path;         /* "root-token.age", in the folder */
	const struct custody_entry *entry;
	enum custody_file_by by;
	bool there;
	const char *twin;                /* the same of the other kind, which is there; NULL: it is not */
	struct custody_recipients to;    /* not of Vault's */
	/* Of gpg's, while the spool keeps what goes in: the data key of its entry, as gpg has encrypted it; and what goes in. */
	struct secret key, content;
	const char *wrapped;             /* base64; NULL: not yet */
	const char *wrong;               /* why gpg has not made it; NULL: nothing is known against it */
};
void custody_file_release(struct custody_file *f);

/* "age", "pgp" or "gpg". */
const char *custody_file_suffix(enum custody_file_by by);
/* A recipient of age's, as its looks go; else it names a file with a PGP key. */
bool custody_recipient_is_age(const char *text);
/* How files to these are encrypted. */
enum custody_file_by custody_recipients_by(const char *const *texts);

/*
 * ERR_USAGE for recipients, all problems at once; `option` names where they are from. out NULL: they are only checked. Keys for
 * gpg are not read here: out gets none.
 */
MUST_CHECK int custody_file_recipients(const char *option, const char *const *texts, struct custody_recipients *out,
                                       struct err *e);
/* The key for gpg in the file `path`. ERR_USAGE: there is none. */
MUST_CHECK int custody_file_read_key(struct pgp_key *key, struct arena *a, const struct host *host, const char *option,
                                     const char *path, struct err *e);

/* Where the shares are in a folder, in the arena: the file with share number `share` alone, or (0) with all of them. */
const char *custody_share_path(struct arena *a, const char *folder, size_t share, enum custody_file_by by);
/* Name and path of the file, and its twin's. */
void custody_file_place_in(struct custody_file *f, struct arena *a, const char *folder);
/* Fills there and twin; a file that cannot be read is there, and an error. */
MUST_CHECK int custody_file_find(struct custody_file *f, const struct host *host, struct err *e);
/* Proves that the folder of this file takes files, and leaves none. */
MUST_CHECK int custody_file_try(const struct custody_file *f, const struct host *host, struct err *e);

/* The file for the values of both (CUSTODY_VALUES), as base64 in the arena; not one that gpg makes. */
MUST_CHECK int custody_file_seal(const struct custody_file *f, struct arena *a, const struct host *host,
                                 const struct secret *values, const char **sealed, struct err *e);
/* Puts it in place and reads it back; what is there already must be the same. ERR_GUARD. */
MUST_CHECK int custody_file_place(const struct custody_file *f, const struct host *host, const char *sealed, struct err *e);

/* How it is read, as a command. */
const char *custody_file_how_to_read(struct arena *a, const struct custody_file *f);

/* A file of age's, as its beginning goes; else gpg opens it. */
bool custody_file_is_age(struct view file);
/*
 * Appends what the file at path holds, opened with identities (paths of age's files, NULL-terminated). ERR_ABSENT: there is
 * no such file. out is the caller's to wipe.
 */
MUST_CHECK int custody_file_open(struct buf *out, const struct host *host, const char *path, const char *const *identities,
                                 struct err *e);

#endif
