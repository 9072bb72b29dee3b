/*
 * OpenPGP public keys, looked at by the gpg program: that it is one key, whole,
 * not revoked or expired, and can be encrypted to. gpg gets the key on its
 * standard input and a folder that holds no keys of its own, so that nothing is
 * added to anybody's keyring.
 */
#ifndef DOMAIN_PGP_H
#define DOMAIN_PGP_H

#include "net/graph.h"

enum { PGP_KEY_MAX = 64 << 10 };

/*
 * gpg makes a trust database in the folder when it first looks at a key, and of two that do at once one may find the other's
 * half made ("lookup_hashtable failed"). So keys are looked at one after the other.
 */
enum { PGP_SHOWN_ABREAST = 1 };

struct pgp_key {
	const char *option, *path;       /* of the file that was named, and by which option */
	struct view given;               /* what is in it: armoured or not */
	const char *fingerprint, *user;  /* user NULL: it names nobody */
	int64_t bits;                    /* of what is encrypted to */
	const char *base64;              /* of the key itself, as Vault takes it; NULL: not known yet */
	const char *placed;              /* where gpg reads it (pgp_message.h); NULL: nowhere yet */
	const char *wrong;               /* why it will not do; NULL: nothing is known against it */
};

/* Reads the file. ERR_USAGE: it cannot be read, or is empty. */
MUST_CHECK int pgp_read_file(struct pgp_key *key, struct arena *a, const struct host *host, const char *path, struct err *e);

/* gpg asked for what a key is, and for its plain bytes; home: a folder of its own. */
void pgp_ask_show(struct request *rq, const struct pgp_key *key, const char *home);
void pgp_ask_bytes(struct request *rq, const struct pgp_key *key, const char *home);
/* Both fill the key, wrong among it. */
void pgp_hear_show(struct pgp_key *key, struct arena *a, const struct reply *reply);
void pgp_hear_bytes(struct pgp_key *key, struct arena *a, const struct reply *reply);

/* From what `gpg --with-colons --show-keys` prints (GnuPG, doc/DETAILS). */
void pgp_read_colons(struct pgp_key *key, struct arena *a, struct view text);

/* A message to this key that holds so many bytes is no longer than that. */
size_t pgp_message_max(const struct pgp_key *key, size_t bytes);

#endif
