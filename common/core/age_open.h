/*
 * The other side of core/age.h: what was encrypted to a recipient is opened
 * with its identity (age-encryption.org/v1, X25519; C2SP age.md).
 *
 *	age_identities_parse(file, identities, &n, e)       what age-keygen wrote
 *	age_decrypt(&plain, identities, n, sealed, e)
 *
 * Files with armour, passphrases or keys of SSH's are not opened here.
 */
#ifndef CORE_AGE_OPEN_H
#define CORE_AGE_OPEN_H

#include "core/age.h"
#include "core/secret.h"

enum { AGE_IDENTITIES_MAX = 16, AGE_IDENTITY_FILE_MAX = 64 << 10, AGE_FILE_MAX = AGE_PLAIN_MAX + (32 << 10) };

struct age_identity {
	struct secret scalar;    /* 32 bytes */
};

/*
 * A file of identities: lines of "AGE-SECRET-KEY-1...", comments ('#') and empty lines. Appends to out[*n]; at most
 * AGE_IDENTITIES_MAX in all. ERR_CONFIG with the line's number, never with what stands there.
 */
MUST_CHECK int age_identities_parse(struct view file, struct age_identity *out, size_t *n, struct err *e);
void age_identities_release(struct age_identity *of, size_t n);

/* Whom to encrypt to, so that this identity opens it. */
void age_identity_recipient(const struct age_identity *of, struct age_recipient *out);

/*
 * Appends what the file holds to out, which is the caller's to wipe; nothing on failure. ERR_CONFIG: it is no such file, was
 * altered, or holds more than AGE_PLAIN_MAX bytes; ERR_DENIED: it is not encrypted to any of these.
 */
MUST_CHECK int age_decrypt(struct buf *out, const struct age_identity *identities, size_t n, struct view file,
						   struct err *e);

#endif
