/*
 * Encryption to recipients as age does it (age-encryption.org/v1, by X25519):
 * what comes out is a file that `age --decrypt -i IDENTITY` opens. Reading it
 * again takes the identity (age_open.h).
 *
 *	age_recipient_parse("age1...", &recipients[n], e)
 *	age_encrypt(&out, host, recipients, n, plain, e)
 */
#ifndef CORE_AGE_H
#define CORE_AGE_H

#include "core/host.h"

enum { AGE_PLAIN_MAX = 64 << 10, AGE_RECIPIENTS_MAX = 16 };

struct age_recipient {
	unsigned char point[32];
};

/* A public key as age-keygen prints it: Bech32 (BIP 173) with the prefix "age". ERR_USAGE. */
MUST_CHECK int age_recipient_parse(const char *text, struct age_recipient *out, struct err *e);

/* Appends the file to out. ERR_USAGE: no recipient, a point of small order; ERR_CONFIG: more than AGE_PLAIN_MAX bytes. */
MUST_CHECK int age_encrypt(struct buf *out, const struct host *host, const struct age_recipient *recipients, size_t n,
						   struct view plain, struct err *e);

#endif
