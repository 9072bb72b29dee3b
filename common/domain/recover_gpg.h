/*
 * Custody in files that gpg encrypts: opened with the keyring and the agent of
 * whoever runs this, and made to the keys of --recipient. A file of age's is
 * opened by the same call, with --identity.
 *
 *	recover_read_file(r, run, path, &content, e)
 *
 *	recover_take_keys(r, e)                before the session logs in
 *	recover_look_at_keys(r, run, e)        gpg is asked whether they will do
 *	recover_encrypt(r, run, &content, &file, e)
 */
#ifndef DOMAIN_RECOVER_GPG_H
#define DOMAIN_RECOVER_GPG_H

#include "domain/custody_file.h"

struct recover;
struct recover_runner;

struct recover_gpg {
	struct pgp_key keys[AGE_RECIPIENTS_MAX];
	size_t n_keys;
	const char *home;                /* a folder for gpg */
	/* Of the call under way. */
	struct view sealed;
	const struct secret *content;
	struct secret plain;
	const char *message;             /* base64 */
};

/*
 * What a file of custody holds. ERR_ABSENT: there is none; ERR_USAGE: no identity was given, or gpg is not installed;
 * ERR_DENIED: it is not encrypted to anybody here.
 */
MUST_CHECK int recover_read_file(struct recover *r, const struct recover_runner *run, const char *path, struct secret *out,
                                 struct err *e);

/* The keys that --recipient names into the entry's file; where it names none, nothing. ERR_USAGE. */
MUST_CHECK int recover_take_keys(struct recover *r, struct err *e);
/* ERR_USAGE with every one that will not do, or that gpg is not installed. */
MUST_CHECK int recover_look_at_keys(struct recover *r, const struct recover_runner *run, struct err *e);
/* Appends the file. */
MUST_CHECK int recover_encrypt(struct recover *r, const struct recover_runner *run, const struct secret *content,
                               struct buf *out, struct err *e);

/* The tables, for the lint of their shape. */
enum { RECOVER_GPG_ROWS = 1 };
extern const struct step recover_open_rows[RECOVER_GPG_ROWS], recover_keys_rows[RECOVER_GPG_ROWS],
	recover_encrypt_rows[RECOVER_GPG_ROWS];

#endif
