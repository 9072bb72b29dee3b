#include "formats/x509_make.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { COMMON_NAME_MAX = 64, PEM_MAX = 1 << 20 };

SCOPE_END(pkey, EVP_PKEY *, EVP_PKEY_free(*v))
SCOPE_END(cert, X509 *, X509_free(*v))
SCOPE_END(bio, BIO *, BIO_free(*v))
SCOPE_END(bn, BIGNUM *, BN_free(*v))
SCOPE_END(extension, X509_EXTENSION *, X509_EXTENSION_free(*v))
SCOPE_END(general_names, GENERAL_NAMES *, GENERAL_NAMES_free(*v))

/* What only fails where there is no memory. */
static void must(bool done)
{
	if (!done)
		abort();
}

/* A memory BIO of OpenSSL's overwrites what it frees. */
static void take_bio(struct buf *out, BIO *from)
{
	char *p = NULL;
	long n = BIO_get_mem_data(from, &p);

	must(n >= 0);
	buf_put(out, p, (size_t)n);
}

void x509_make_key(struct secret *key)
{
	AUTO(pkey) EVP_PKEY *made = EVP_EC_gen("P-256");
	AUTO(bio) BIO *out = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;

	must(made && out && PEM_write_bio_PKCS8PrivateKey(out, made, NULL, NULL, 0, NULL, NULL) == 1);
	n = BIO_get_mem_data(out, &p);
	secret_release(key);
	secret_set(key, view_of(p, (size_t)n));
}

static EVP_PKEY *read_key(const struct secret *key)
{
	struct view pem = secret_held(key) ? secret_expose(key) : view_of("", 0);
	AUTO(bio) BIO *in = pem.n < PEM_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	EVP_PKEY *out = in ? PEM_read_bio_PrivateKey(in, NULL, NULL, (void *)"") : NULL;

	ERR_clear_error();
	return out;
}

static X509 *read_first(struct view pem)
{
	AUTO(bio) BIO *in = pem.n > 0 && pem.n < PEM_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	X509 *out = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;

	ERR_clear_error();
	return out;
}

bool x509_key_fits(struct view pem, const struct secret *key)
{
	AUTO(pkey) EVP_PKEY *read = read_key(key);
	AUTO(cert) X509 *c = read_first(pem);
	bool fits = read && c && X509_check_private_key(c, read) == 1;

	ERR_clear_error();
	return fits;
}

/* ---- the parts of one ---- */

static void set_serial(X509 *c, const unsigned char serial[X509_SERIAL_BYTES])
{
	unsigned char positive[X509_SERIAL_BYTES];
	AUTO(bn) BIGNUM *number = NULL;

	memcpy(positive, serial, sizeof(positive));
	positive[0] = (unsigned char)((positive[0] & 0x3f) | 0x40);   /* positive, and never shorter */
	number = BN_bin2bn(positive, sizeof(positive), NULL);
	must(number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(c)));
}

static void set_subject(X509 *c, const char *common_name)
{
	X509_NAME *name = X509_get_subject_name(c);
	size_t n = strlen(common_name);

	must(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"helm vault-aws", -1, -1, 0) == 1 &&
	     X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
	                                (int)(n > COMMON_NAME_MAX ? COMMON_NAME_MAX : n), -1, 0) == 1);
}

static void extend(X509 *c, X509 *issuer, int nid, const char *text)
{
	AUTO(extension) X509_EXTENSION *one = NULL;
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, c, NULL, NULL, 0);
	one = X509V3_EXT_conf_nid(NULL, &ctx, nid, text);
	must(one && X509_add_ext(c, one, -1) == 1);
}

static GENERAL_NAME *general_name(const char *text)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);
	GENERAL_NAME *out = GENERAL_NAME_new();
	ASN1_IA5STRING *name;

	must(out != NULL);
	ERR_clear_error();
	if (address) {
		GENERAL_NAME_set0_value(out, GEN_IPADD, address);
		return out;
	}
	name = ASN1_IA5STRING_new();
	must(name && ASN1_STRING_set(name, text, -1) == 1);
	GENERAL_NAME_set0_value(out, GEN_DNS, name);
	return out;
}

static bool is_name(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n < 256 &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:*")];
}

static int set_names(X509 *c, const char *const *names, struct err *e)
{
	AUTO(general_names) GENERAL_NAMES *all = GENERAL_NAMES_new();

	must(all != NULL);
	for (; names && *names; names++) {
		if (!is_name(*names))
			return err_set(e, ERR_CONFIG, 0, "'%s' is no name for a certificate", *names);
		must(sk_GENERAL_NAME_push(all, general_name(*names)) > 0);
	}
	must(X509_add1_ext_i2d(c, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) == 1);
	return 0;
}

static int set_extensions(X509 *c, X509 *issuer, const struct x509_wish *wish, struct err *e)
{
	char basic[] = "critical,CA:TRUE,pathlen:0";

	basic[sizeof(basic) - 2] = (char)('0' + (wish->below < 9 ? wish->below : 9));
	extend(c, issuer, NID_basic_constraints, wish->authority ? basic : "critical,CA:FALSE");
	extend(c, issuer, NID_key_usage, wish->authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
	extend(c, issuer, NID_subject_key_identifier, "hash");
	extend(c, issuer, NID_authority_key_identifier, "keyid:always");
	if (wish->authority)
		return 0;
	extend(c, issuer, NID_ext_key_usage, "serverAuth");
	return set_names(c, wish->names, e);
}

static void sign(X509 *c, X509 *issuer, EVP_PKEY *issuer_key, struct buf *pem)
{
	AUTO(bio) BIO *out = BIO_new(BIO_s_mem());

	must(out && X509_set_issuer_name(c, X509_get_subject_name(issuer)) == 1 && X509_sign(c, issuer_key, EVP_sha256()) > 0 &&
	     PEM_write_bio_X509(out, c) == 1);
	take_bio(pem, out);
}

int x509_make(struct buf *pem, const struct x509_wish *wish, const struct secret *key, struct view issuer_pem,
              const struct secret *issuer_key, struct err *e)
{
	AUTO(pkey) EVP_PKEY *own = read_key(key), *signer = issuer_key ? read_key(issuer_key) : NULL;
	AUTO(cert) X509 *c = X509_new(), *issuer = read_first(issuer_pem);

	must(c != NULL);
	if (!own || (issuer_key && !signer))
		return err_set(e, ERR_CONFIG, 0, "the private key cannot be read");
	if (issuer_key && (!issuer || X509_check_private_key(issuer, signer) != 1)) {
		ERR_clear_error();
		return err_set(e, ERR_CONFIG, 0, "the authority's key does not belong to its certificate");
	}
	must(X509_set_version(c, X509_VERSION_3) == 1 && X509_set_pubkey(c, own) == 1 &&
	     ASN1_TIME_set(X509_getm_notBefore(c), wish->not_before_s) && ASN1_TIME_set(X509_getm_notAfter(c), wish->not_after_s));
	set_serial(c, wish->serial);
	set_subject(c, wish->common_name);
	if (set_extensions(c, issuer_key ? issuer : c, wish, e) < 0)
		return -1;
	sign(c, issuer_key ? issuer : c, issuer_key ? signer : own, pem);
	return 0;
}
