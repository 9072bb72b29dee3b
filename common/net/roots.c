#include "net/roots.h"

#include "core/text.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

struct root {
	X509_NAME *subject;
	unsigned char *der;
	long n;
	bool trusted;            /* "TRUSTED CERTIFICATE": OpenSSL's own words on what it is good for follow it */
	bool decoded;
	X509 *certificate;       /* NULL: not decoded, or it could not be */
};

struct roots {
	X509_STORE *store;
	X509_LOOKUP_METHOD *method;
	struct root *all;
	size_t n, n_decoded;
};

/* ---- whose certificate it is ---- */

/* Into a SEQUENCE: p and end are its contents' afterwards. */
static bool enter(const unsigned char **p, const unsigned char **end)
{
	long n;
	int tag, class, flags = ASN1_get_object(p, &n, &tag, &class, *end - *p);

	if (flags & 0x80 || !(flags & V_ASN1_CONSTRUCTED) || tag != V_ASN1_SEQUENCE || class != V_ASN1_UNIVERSAL)
		return false;
	*end = *p + n;
	return true;
}

static bool skip(const unsigned char **p, const unsigned char *end)
{
	long n;
	int tag, class, flags = ASN1_get_object(p, &n, &tag, &class, end - *p);

	if (flags & 0x81)       /* malformed, or of no stated length, which DER does not know */
		return false;
	*p += n;
	return true;
}

/* RFC 5280, 4.1: version, if it is told, serialNumber, signature, issuer, validity, and then the subject. */
static X509_NAME *subject_of(const unsigned char *p, long n)
{
	const unsigned char *end = p + n;

	if (!enter(&p, &end) || !enter(&p, &end) || p >= end)
		return NULL;
	if (*p == (V_ASN1_CONTEXT_SPECIFIC | V_ASN1_CONSTRUCTED) && !skip(&p, end))
		return NULL;
	for (int i = 0; i < 4; i++)
		if (!skip(&p, end))
			return NULL;
	return d2i_X509_NAME(NULL, &p, end - p);
}

/* ---- reading ---- */

static bool is_certificate(const char *name, bool *trusted)
{
	*trusted = text_same(name, PEM_STRING_X509_TRUSTED);
	return *trusted || text_same(name, PEM_STRING_X509) || text_same(name, PEM_STRING_X509_OLD);
}

/* Takes over der. */
static bool add(struct roots *roots, unsigned char *der, long n, bool trusted)
{
	struct root root = { .subject = subject_of(der, n), .der = der, .n = n, .trusted = trusted };

	if (!root.subject) {
		OPENSSL_free(der);
		return false;
	}
	roots->all = xrealloc(roots->all, (roots->n + 1) * sizeof(root));
	roots->all[roots->n++] = root;
	return true;
}

/* false: a block is no certificate, or none that can be read. */
static bool read_all(struct roots *roots, BIO *bio)
{
	char *name, *header;
	unsigned char *der;
	unsigned long error;
	bool trusted, good = true;
	long n;

	while (good && PEM_read_bio(bio, &name, &header, &der, &n) == 1) {
		if (is_certificate(name, &trusted))
			good = add(roots, der, n, trusted);
		else
			OPENSSL_free(der);
		OPENSSL_free(name);
		OPENSSL_free(header);
	}
	error = ERR_peek_last_error();
	good = good && ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	return good && roots->n > 0;
}

/* ---- looking up ---- */

static X509 *decode(struct roots *roots, struct root *root)
{
	const unsigned char *p = root->der;

	if (root->decoded)
		return root->certificate;
	root->decoded = true;
	root->certificate = (root->trusted ? d2i_X509_AUX : d2i_X509)(NULL, &p, root->n);
	if (root->certificate && X509_STORE_add_cert(roots->store, root->certificate) != 1) {
		X509_free(root->certificate);
		root->certificate = NULL;
	}
	roots->n_decoded += root->certificate != NULL;
	ERR_clear_error();
	return root->certificate;
}

/* All of the name go into the store, where OpenSSL looks for the one that fits; the answer is the first. */
static int by_subject(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name, X509_OBJECT *out)
{
	struct roots *roots = X509_LOOKUP_get_method_data(lookup);
	X509 *first = NULL;

	if (type != X509_LU_X509)
		return 0;
	for (size_t i = 0; i < roots->n; i++) {
		X509 *found = X509_NAME_cmp(roots->all[i].subject, name) == 0 ? decode(roots, &roots->all[i]) : NULL;

		first = first ? first : found;
	}
	if (!first || X509_OBJECT_set1_X509(out, first) != 1)
		return 0;
	X509_free(first);       /* the answer is lent: whoever asked takes the reference (X509_STORE_CTX_get_by_subject) */
	return 1;
}

/* Trusted first, and partial chains: as libcurl sets up its own stores, and curl's users know it. */
static void open_store(struct roots *roots)
{
	X509_LOOKUP *lookup;

	roots->store = X509_STORE_new();
	roots->method = X509_LOOKUP_meth_new("certificates of one text");
	if (!roots->store || !roots->method)
		out_of_memory();
	X509_LOOKUP_meth_set_get_by_subject(roots->method, by_subject);
	lookup = X509_STORE_add_lookup(roots->store, roots->method);
	if (!lookup || !X509_LOOKUP_set_method_data(lookup, roots))
		out_of_memory();
	X509_STORE_set_flags(roots->store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
}

/* ---- the whole ---- */

static struct roots *read_roots(BIO *bio)
{
	struct roots *roots;

	if (!bio) {
		ERR_clear_error();
		return NULL;
	}
	roots = xcalloc(1, sizeof(*roots));
	open_store(roots);
	if (!read_all(roots, bio)) {
		roots_free(roots);
		roots = NULL;
	}
	BIO_free(bio);
	return roots;
}

struct roots *roots_read_file(const char *path)
{
	return read_roots(BIO_new_file(path, "r"));
}

struct roots *roots_read_text(struct view pem)
{
	return pem.n > INT_MAX ? NULL : read_roots(BIO_new_mem_buf(pem.p, (int)pem.n));
}

X509_STORE *roots_store(const struct roots *roots)
{
	return roots->store;
}

size_t roots_count(const struct roots *roots)
{
	return roots->n;
}

size_t roots_decoded(const struct roots *roots)
{
	return roots->n_decoded;
}

void roots_free(struct roots *roots)
{
	if (!roots)
		return;
	X509_STORE_free(roots->store);
	X509_LOOKUP_meth_free(roots->method);
	for (size_t i = 0; i < roots->n; i++) {
		X509_NAME_free(roots->all[i].subject);
		X509_free(roots->all[i].certificate);
		OPENSSL_free(roots->all[i].der);
	}
	free(roots->all);
	free(roots);
}
