/*
 * Certificates of our own: an authority on P-256, the certificates that it
 * signs for servers, and what leads from an old authority to a new one. Nothing
 * here decides how long or for whom; domain/listener.h does.
 *
 *	x509_make_key(&key, e)
 *	x509_make(&pem, &wish, &key, (struct view){0}, NULL, e)           an authority, signed by itself
 *	x509_make(&pem, &wish, &key, authority_pem, &authority_key, e)   signed by it
 *
 * Extensions are those of RFC 5280 that Go's and OpenSSL's verifiers ask for.
 */
#ifndef FORMATS_X509_MAKE_H
#define FORMATS_X509_MAKE_H

#include "core/secret.h"

#include <stdint.h>

enum { X509_SERIAL_BYTES = 16 };

struct x509_wish {
	const char *common_name;           /* 64 bytes at most, as X.520 has it: what is longer is cut */
	const char *const *names;          /* DNS names and IP addresses, NULL-terminated; not looked at for an authority */
	int64_t not_before_s, not_after_s; /* since 1970 */
	unsigned char serial[X509_SERIAL_BYTES];   /* random; its first bit is not used */
	bool authority;                    /* signs others; else it speaks for a server */
	unsigned below;                    /* of an authority: how many more may stand between it and a server */
};

/* A new key on P-256, PEM (PKCS #8). */
void x509_make_key(struct secret *key);

/*
 * Appends the certificate of `key`, PEM. issuer_pem: its first certificate is the signer's, issuer_key its key; both empty:
 * signed by itself. ERR_CONFIG: a PEM cannot be read, the issuer's key is not its own, or a name is none.
 */
MUST_CHECK int x509_make(struct buf *pem, const struct x509_wish *wish, const struct secret *key, struct view issuer_pem,
                         const struct secret *issuer_key, struct err *e);

/* Is it the key of the first certificate? */
bool x509_key_fits(struct view pem, const struct secret *key);

#endif
