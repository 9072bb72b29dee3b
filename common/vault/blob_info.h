/*
 * What Vault keeps of its root key, read without Vault: which keys wrap it.
 *
 * The item core/hsm / barrier-unseal-keys holds go-kms-wrapping's BlobInfo
 * (protobuf, types.proto: ciphertext 1, iv 2, key_info 5 with key_id 3), seen so
 * in tables of Vault 1.21; with several seals a MultiWrapValue stands around it
 * (generation 1, slots 2). Only the key ids are read; the rest is ciphertext, and
 * nothing here could open it.
 */
#ifndef VAULT_BLOB_INFO_H
#define VAULT_BLOB_INFO_H

#include "core/err.h"
#include "core/view.h"

enum { BLOB_KEYS_MAX = 8, BLOB_KEY_ID_MAX = 2048 };

struct blob_keys {
	struct view ids[BLOB_KEYS_MAX];   /* borrowed from the bytes that were read; printable ASCII */
	size_t n;
	bool multi;                       /* several seals, or one of those that could be */
};

/* ERR_REMOTE where it is neither of the two, or names no key. */
MUST_CHECK int blob_keys_read(struct view bytes, struct blob_keys *out, struct err *e);

#endif
