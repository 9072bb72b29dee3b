/*
 * Custody in files of one's own: a file an entry in a folder, 0600. Those of
 * the kind "file" are encrypted by age to recipients (core/age.h); those of
 * "pgp" are the messages that Vault answers when it was given public keys.
 * Whoever writes them need not be able to read them again, so the spool keeps the
 * very files until they are in place; with an identity (core/age_open.h) those of
 * age's are opened.
 */
#ifndef DOMAIN_CUSTODY_FILE_H
#define DOMAIN_CUSTODY_FILE_H

#include "core/age.h"
#include "core/secret.h"
#include "domain/custody.h"

struct custody_recipients {
	struct age_recipient at[AGE_RECIPIENTS_MAX];
	size_t n;
};

struct custody_file {
	const char *name, *path;         /* "root-token.age", in the folder */
	const struct custody_entry *entry;
	bool pgp, there;
	struct custody_recipients to;    /* age alone */
};

/* ERR_USAGE for recipients, all problems at once; `option` names where they are from. out NULL: they are only checked. */
MUST_CHECK int custody_file_recipients(const char *option, const char *const *texts, struct custody_recipients *out,
                                       struct err *e);

/* Fills there; a file that cannot be read is there, and an error. */
MUST_CHECK int custody_file_find(struct custody_file *f, const struct host *host, struct err *e);
/* Proves that the folder of this file takes files, and leaves none. */
MUST_CHECK int custody_file_try(const struct custody_file *f, const struct host *host, struct err *e);

/* The file for the values of both (CUSTODY_VALUES), as base64 in the arena. */
MUST_CHECK int custody_file_seal(const struct custody_file *f, struct arena *a, const struct host *host,
                                 const struct secret *values, const char **sealed, struct err *e);
/* Puts it in place and reads it back; what is there already must be the same. ERR_GUARD. */
MUST_CHECK int custody_file_place(const struct custody_file *f, const struct host *host, const char *sealed, struct err *e);

/* How it is read, as a command. */
const char *custody_file_how_to_read(struct arena *a, const struct custody_file *f);

/*
 * Appends what the file at path holds, opened with identities (paths of age's files, NULL-terminated). ERR_ABSENT: there is
 * no such file. out is the caller's to wipe.
 */
MUST_CHECK int custody_file_open(struct buf *out, const struct host *host, const char *path, const char *const *identities,
                                 struct err *e);

#endif
