/*
 * The spool: a file of one run of init, from before its first change until the
 * keys are in custody and were read back. It is written whole or not at all,
 * fsynced, with mode 0600, in XDG_STATE_HOME or ~/.local/state.
 *
 *	prepared    custody is being prepared; sys/init was not called
 *	begun       the table is empty and sys/init is about to be called, or was
 *	keys        what sys/init answered, encrypted
 *
 * The keys are sealed by AES-256-GCM with a data key that KMS made under the
 * custody key before the call; the file holds that key encrypted, so that nothing
 * after the reply needs the network, and nobody reads the file without
 * kms:Decrypt. For custody in files it holds these, encrypted to their
 * recipients (by age, or by Vault itself to PGP keys), in place of that or beside it. A file that gpg is to make waits in
 * it sealed under a data key of its own, which gpg has encrypted to the file's recipients before the call, until gpg has
 * made it. A file of another run is never written over.
 */
#ifndef DOMAIN_SPOOL_H
#define DOMAIN_SPOOL_H

#include "core/secret.h"
#include "domain/custody.h"

enum spool_stage { SPOOL_NONE, SPOOL_PREPARED, SPOOL_BEGUN, SPOOL_KEYS };

struct spool {
	const char *path;
	enum spool_stage stage;          /* SPOOL_NONE: there is no file */
	const char *id;                  /* of the run that began it: 32 hexadecimal digits */
	const char *cluster, *namespace_, *release, *table;
	const char *since;               /* when that run began */
	const char *kms_key;             /* ARN of the custody key ("": custody is in files alone) ... */
	const char *data_key;            /* ... and the data key under it, base64 */
	const char *nonce, *sealed;      /* base64; NULL before SPOOL_KEYS, and where custody is in files alone */
	/* The files of custody_file.h by name, each as base64, or as what spool_seal_file made of it; NULL: none. */
	struct value *files;
};

/* Where the spool of this release is, in the arena; needs cluster and region. */
const char *spool_path(struct arena *a, const struct host *host, const struct want *want);

/* ERR_CONFIG: a file is there that is no spool. */
MUST_CHECK int spool_read(struct spool *out, struct arena *a, const struct host *host, const char *path, struct err *e);

/* A new one with a random id; nothing is written yet. */
MUST_CHECK int spool_new(struct spool *out, struct arena *a, const struct host *host, const struct want *want,
                         const char *path, struct err *e);

/* Writes the stage. ERR_GUARD: meanwhile another run's file is there, or keys, which no other stage replaces. */
MUST_CHECK int spool_write(struct spool *s, struct arena *a, const struct host *host, enum spool_stage stage, struct err *e);
/* Removes the file, unless it became another run's. */
MUST_CHECK int spool_remove(struct spool *s, struct arena *a, const struct host *host, struct err *e);

/* Seals the values of both entries under the plain data key into nonce and sealed. */
MUST_CHECK int spool_seal(struct spool *s, struct arena *a, const struct host *host, const struct secret *key,
                          const struct secret *values, struct err *e);
/* And takes them out. ERR_CONFIG when the key is not the one, or the file was altered. */
MUST_CHECK int spool_open(const struct spool *s, const struct secret *key, struct secret *values, struct err *e);

/*
 * What the file `name` is to hold, sealed under a data key, which `wrapped` (base64) holds for the keys with these
 * fingerprints (a list).
 */
MUST_CHECK int spool_seal_file(struct spool *s, struct arena *a, const struct host *host, const char *name,
                               const struct secret *key, const char *wrapped, const struct value *to,
                               const struct secret *content, struct err *e);
/* The data key of a file that waits so, as base64, in the arena; NULL: it does not. */
const char *spool_file_key(const struct spool *s, const char *name);
/* Whom it is encrypted to: the fingerprints; NULL: it does not wait. */
const struct value *spool_file_to(const struct spool *s, const char *name);
/* Takes it out. ERR_CONFIG as spool_open. */
MUST_CHECK int spool_open_file(const struct spool *s, const char *name, const struct secret *key, struct secret *content,
                               struct err *e);

/* The encryption context that binds the data key to its release: for GenerateDataKey and Decrypt. */
struct value *spool_context(struct arena *a, const struct spool *s);

#endif
