/*
 * Certificate authorities that are trusted, of which only those are decoded that a server's chain leads to. OpenSSL 3.0
 * takes 0.2 ms for a certificate, most of it for the public key, and a system trusts some 140: that was a quarter of all
 * that a run of ours did. Finding out whose each is takes a tenth of it.
 *
 * What is looked up, and how a chain is verified, stays OpenSSL's own: this is a lookup method of its X509_STORE, as its
 * directories of hashed certificates are (X509_LOOKUP_hash_dir(3)), but one that reads a file or text of many.
 */
#ifndef NET_ROOTS_H
#define NET_ROOTS_H

#include "core/view.h"

struct x509_store_st;    /* OpenSSL's X509_STORE */
struct roots;

/*
 * PEM, as RFC 7468 and OpenSSL's trusted certificates: of a file, or of text, which is not needed afterwards. NULL: it
 * cannot be read, holds no certificate, or a block in it that is none. Anything else between the blocks is passed over.
 */
struct roots *roots_read_file(const char *path);
struct roots *roots_read_text(struct view pem);
/* Owned by roots: who keeps it takes a reference, and uses it no longer than roots lives. By one thread at a time. */
struct x509_store_st *roots_store(const struct roots *roots);
/* How many there are, and how many of them have been decoded so far. */
size_t roots_count(const struct roots *roots);
size_t roots_decoded(const struct roots *roots);
void roots_free(struct roots *roots);

#endif
