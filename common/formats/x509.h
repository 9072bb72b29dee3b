/*
 * Certificates, as far as one wants to know of them what is wrong: whom they are
 * for, by whom, from when until when, and whether a chain leads to a given
 * authority. Nothing is decided here about whom to trust: libcurl does that.
 */
#ifndef FORMATS_X509_H
#define FORMATS_X509_H

#include "core/arena.h"
#include "core/err.h"

#include <stdint.h>

enum { X509_CHAIN_MAX = 10, X509_NAMES_MAX = 100 };

struct certificate {
	const char *subject, *issuer;      /* "CN=vault, O=x" */
	const char *const *names;          /* subject alternative names, DNS and IP, NULL-terminated */
	int64_t not_before_s, not_after_s; /* since 1970 */
	bool authority, self_signed;       /* basicConstraints; issuer is subject, and its own key signed it */
	const char *fingerprint;           /* SHA-256 of all of it, hexadecimal: the same one, or another */
};

/*
 * The certificates of a PEM text, in order. ERR_REMOTE: none, more than
 * X509_CHAIN_MAX, or one that cannot be read.
 */
MUST_CHECK int x509_read(struct arena *a, struct view pem, struct certificate out[X509_CHAIN_MAX], size_t *n, struct err *e);

/* The certificate at that place of a PEM text, alone and as PEM; NULL when there is none. In the arena. */
const char *x509_pem_at(struct arena *a, struct view pem, size_t at);

/* Does the certificate speak for the name (a DNS name or an IP address, as a client would ask)? */
bool x509_speaks_for(const struct certificate *c, const char *name);

/*
 * Whether the first of chain is signed, by way of the others, by one of the authorities at that time. ERR_REMOTE says
 * what is amiss, in OpenSSL's words; what is wrong with dates is not looked at.
 */
MUST_CHECK int x509_verify(struct view chain, struct view authorities, struct err *e);

#endif
