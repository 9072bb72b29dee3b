/*
 * Authenticated encryption: AES-256 in Galois/Counter Mode (NIST SP 800-38D),
 * by OpenSSL. A nonce is used once a key: whoever seals twice takes a new one.
 *
 *	cipher_seal(&out, key, nonce, name, plain)       out: the ciphertext, then 16 bytes of tag
 *	cipher_open(&plain, key, nonce, name, sealed, e) ERR_CONFIG when it is not what was sealed
 */
#ifndef CORE_CIPHER_H
#define CORE_CIPHER_H

#include "core/buf.h"

enum { CIPHER_KEY_BYTES = 32, CIPHER_NONCE_BYTES = 12, CIPHER_TAG_BYTES = 16 };

/* Appends to out. `beside` is not encrypted, but what was sealed beside it opens beside nothing else. */
void cipher_seal(struct buf *out, const unsigned char key[CIPHER_KEY_BYTES],
				 const unsigned char nonce[CIPHER_NONCE_BYTES], struct view beside, struct view plain);

/* Appends to out, which is the caller's to wipe; nothing when the tag does not fit. */
MUST_CHECK int cipher_open(struct buf *out, const unsigned char key[CIPHER_KEY_BYTES],
						   const unsigned char nonce[CIPHER_NONCE_BYTES], struct view beside,
						   struct view sealed, struct err *e);

#endif
