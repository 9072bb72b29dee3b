/*
 * OpenPGP messages, made and opened by the gpg program. What is in clear goes
 * through a pipe, in and out, and lies in no file and on no command line.
 *
 * To encrypt, gpg gets the keys as files in a folder of ours, no keyring, no
 * trust database and no agent; who may be trusted was decided by whoever named
 * the keys. To open a message takes the keyring and the agent of whoever runs it.
 */
#ifndef DOMAIN_PGP_MESSAGE_H
#define DOMAIN_PGP_MESSAGE_H

#include "domain/pgp.h"

enum { PGP_OPEN_MS = 300000 };   /* so long somebody may look for the passphrase */

/* Puts the key into the folder as a file of this run, for pgp_ask_message; public, and taken away by pgp_forget_key. */
MUST_CHECK int pgp_place_key(struct pgp_key *key, struct arena *a, const struct host *host, const char *home, const char *run,
                             struct err *e);
void pgp_forget_key(const struct pgp_key *key, const struct host *host);
/* Takes away what gpg and we have put into the folder besides. */
void pgp_tidy(const struct host *host, const char *home);

/* A message to all of to[n], which are placed; plain is copied into the request, whose memory is wiped. */
void pgp_ask_message(struct request *rq, struct pgp_key *const *to, size_t n, const char *home, struct view plain);
/* The message as base64, in the arena. ERR_REMOTE with what gpg says. */
MUST_CHECK int pgp_hear_message(struct arena *a, const struct reply *reply, const char **message, struct err *e);

/* A message opened; it is borrowed. */
void pgp_ask_open(struct request *rq, struct view message);
/* ERR_DENIED with what gpg says. */
MUST_CHECK int pgp_hear_open(const struct reply *reply, struct secret *plain, struct err *e);

/* Why gpg could not be run, in place of "the program 'gpg' is not there": ERR_USAGE with what to install. */
void pgp_tell_missing(struct err *e);

#endif
