/* What writing (age.c) and reading (age_open.c) share. */
#ifndef CORE_AGE_PRIVATE_H
#define CORE_AGE_PRIVATE_H

#include "core/age.h"

enum {
	AGE_KEY = 32, AGE_FILE_KEY = 16, AGE_TAG = 16, AGE_NONCE = 12, AGE_PAYLOAD_NONCE = 16,
	AGE_SYMBOLS = 58 /* of Bech32, for 32 bytes and a checksum */
};

/* AGE_SYMBOLS letters of Bech32 (BIP 173), lower case, as 32 bytes; false: a letter or the checksum is wrong. */
bool age_bech32(const char *prefix, const char *symbols, unsigned char out[AGE_KEY]);

/* RFC 5869 with SHA-256 and 32 bytes of output. */
void age_hkdf(struct view key, struct view salt, const char *info, unsigned char out[AGE_KEY]);

/* HMAC over the header up to and with its "---". */
void age_mac(struct view header, const unsigned char file_key[AGE_FILE_KEY], unsigned char out[AGE_KEY]);

/* X25519 of a scalar and a point, and the scalar's own point. -1: the point is of small order. */
int age_agree(const unsigned char scalar[AGE_KEY], const unsigned char point[AGE_KEY], unsigned char own[AGE_KEY],
			  unsigned char shared[AGE_KEY]);

#endif
