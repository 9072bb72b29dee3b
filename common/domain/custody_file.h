/*
 * Custody in files of one's own: recovery-keys.age and root-token.age in a
 * folder, 0600, encrypted by age to recipients (core/age.h). Nothing here can
 * read them again, so the spool keeps the very files until they are in place.
 */
#ifndef DOMAIN_CUSTODY_FILE_H
#define DOMAIN_CUSTODY_FILE_H

#include "core/age.h"
#include "core/secret.h"
#include "domain/custody.h"

struct custody_file {
	struct age_recipient recipients[AGE_RECIPIENTS_MAX];
	size_t n;
	const char *paths[CUSTODY_ENTRIES];
	bool there[CUSTODY_ENTRIES];
};

/* ERR_USAGE for recipients, all problems at once. out NULL: they are only checked. */
MUST_CHECK int custody_file_recipients(const char *const *texts, struct custody_file *out, struct err *e);

/* Fills paths and there; a file that cannot be read is there, and an error. */
MUST_CHECK int custody_file_find(struct custody_file *f, struct arena *a, const struct host *host, const char *folder,
                                 struct err *e);
/* Proves that the folder takes files, and leaves none. */
MUST_CHECK int custody_file_try(const struct custody_file *f, const struct host *host, struct err *e);

/* The files for the values of both entries, as base64 in the arena. */
MUST_CHECK int custody_file_seal(const struct custody_file *f, struct arena *a, const struct host *host,
                                 const struct secret *values, const char **sealed, struct err *e);
/* Puts them in place and reads them back; what is there already must be the same. ERR_GUARD. */
MUST_CHECK int custody_file_place(const struct custody_file *f, const struct host *host, const char *const *sealed,
                                  struct err *e);

#endif
