/* Digests and the plain encodings of bytes. Binary digests are 32 bytes (SHA-256, FIPS 180-4). */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include "core/buf.h"

#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_HEX = 65, SHA1_BYTES = 20 };

/* The digest of in, as bytes or as lower-case hexadecimal with its terminator. */
void sha256(struct view in, unsigned char out[SHA256_BYTES]);
void sha256_hex(struct view in, char out[SHA256_HEX]);
/* Only where a protocol demands it (RFC 6455): proves nothing to anybody. */
void sha1(struct view in, unsigned char out[SHA1_BYTES]);
void hmac_sha256(struct view key, struct view in, unsigned char out[SHA256_BYTES]);
/* PBKDF2 with HMAC-SHA-256 (RFC 8018): made slow by its rounds (1 and more), for what people choose themselves. */
void pbkdf2_sha256(struct view password, struct view salt, unsigned rounds, unsigned char out[SHA256_BYTES]);

/* Lower-case hexadecimal, appended to out. */
void hex_print(struct buf *out, const void *p, size_t n);

/* RFC 4648 with padding, appended to out. */
void base64_print(struct buf *out, struct view in);
/* Appends the bytes. Standard or URL alphabet, padding optional, nothing else allowed. */
MUST_CHECK int base64_parse(struct buf *out, struct view in, struct err *e);

/* CRC-32 as in zlib and DynamoDB's x-amz-crc32. */
uint32_t crc32_of(struct view in);

#endif
