#include "formats/x509.h"

#include "core/buf.h"
#include "core/digest.h"
#include "core/text.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

enum { NAME_MAX_BYTES = 1000 };

SCOPE_END(bio, BIO *, BIO_free(*v))
SCOPE_END(stack, STACK_OF(X509) *, sk_X509_pop_free(*v, X509_free))
SCOPE_END(store, X509_STORE *, X509_STORE_free(*v))
SCOPE_END(store_ctx, X509_STORE_CTX *, X509_STORE_CTX_free(*v))

/* All of them; -1: one cannot be read, or there are none or too many. */
static int read_all(struct view pem, STACK_OF(X509) *out, struct err *e)
{
	AUTO(bio) BIO *in = pem.n < 1 << 20 ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	X509 *one;

	while (in && (one = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
		if (sk_X509_num(out) == X509_CHAIN_MAX || !sk_X509_push(out, one)) {
			X509_free(one);
			return err_set(e, ERR_REMOTE, 0, "more than %d certificates in one chain", X509_CHAIN_MAX);
		}
	}
	if (sk_X509_num(out) > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return 0;
	}
	ERR_clear_error();
	return err_set(e, ERR_REMOTE, 0, "the certificate cannot be read");
}

static const char *name_text(struct arena *a, const X509_NAME *name)
{
	AUTO(bio) BIO *out = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;

	if (!out || X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 | ASN1_STRFLGS_ESC_CTRL) < 0)
		return "";
	n = BIO_get_mem_data(out, &p);
	return arena_view(a, view_of(p, n > NAME_MAX_BYTES ? NAME_MAX_BYTES : (size_t)n));
}

static int64_t time_s(const ASN1_TIME *at)
{
	struct tm tm = { 0 };

	return ASN1_TIME_to_tm(at, &tm) ? (int64_t)timegm(&tm) : 0;
}

/* A DNS name with a zero or a control character in it speaks for nobody. */
static const char *dns_name(struct arena *a, const ASN1_STRING *s)
{
	struct view v = view_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));

	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] <= ' ')
			return NULL;
	return v.n > 0 && v.n < 256 ? arena_view(a, v) : NULL;
}

static const char *ip_name(struct arena *a, const ASN1_STRING *s)
{
	char text[INET6_ADDRSTRLEN];
	int n = ASN1_STRING_length(s);

	if ((n != 4 && n != 16) || !inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(s), text, sizeof(text)))
		return NULL;
	return arena_text(a, text);
}

static const char *const *names_of(struct arena *a, X509 *c)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(c, NID_subject_alt_name, NULL, NULL);
	const char **out = ARENA_ARRAY(a, const char *, X509_NAMES_MAX + 1);
	int count = all ? sk_GENERAL_NAME_num(all) : 0;
	size_t n = 0;

	for (int i = 0; i < count && n < X509_NAMES_MAX; i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);
		const char *name = one->type == GEN_DNS ? dns_name(a, one->d.dNSName)
		                   : one->type == GEN_IPADD ? ip_name(a, one->d.iPAddress) : NULL;

		if (name)
			out[n++] = name;
	}
	GENERAL_NAMES_free(all);
	return out;
}

static const char *fingerprint_of(struct arena *a, X509 *c)
{
	AUTO(buf) struct buf out = BUF_MAX(SHA256_HEX);
	unsigned char digest[SHA256_BYTES];

	if (X509_digest(c, EVP_sha256(), digest, NULL) == 1)
		hex_print(&out, digest, sizeof(digest));
	return arena_text(a, buf_str(&out));
}

const char *x509_pem_at(struct arena *a, struct view pem, size_t at)
{
	AUTO(stack) STACK_OF(X509) *all = sk_X509_new_null();
	AUTO(bio) BIO *out = BIO_new(BIO_s_mem());
	AUTO(err) struct err why = {0};
	char *p = NULL;
	long n;

	if (!all || !out)
		out_of_memory();
	if (read_all(pem, all, &why) < 0 || at >= (size_t)sk_X509_num(all) ||
	    PEM_write_bio_X509(out, sk_X509_value(all, (int)at)) != 1)
		return NULL;
	n = BIO_get_mem_data(out, &p);
	return arena_view(a, view_of(p, (size_t)n));
}

int x509_read(struct arena *a, struct view pem, struct certificate out[X509_CHAIN_MAX], size_t *n, struct err *e)
{
	AUTO(stack) STACK_OF(X509) *all = sk_X509_new_null();

	if (!all)
		out_of_memory();
	if (read_all(pem, all, e) < 0)
		return -1;
	*n = (size_t)sk_X509_num(all);
	for (size_t i = 0; i < *n; i++) {
		X509 *c = sk_X509_value(all, (int)i);

		out[i] = (struct certificate){
			.subject = name_text(a, X509_get_subject_name(c)), .issuer = name_text(a, X509_get_issuer_name(c)),
			.names = names_of(a, c), .not_before_s = time_s(X509_get0_notBefore(c)),
			.not_after_s = time_s(X509_get0_notAfter(c)), .authority = X509_check_ca(c) > 0,
			.self_signed = X509_self_signed(c, 1) == 1, .fingerprint = fingerprint_of(a, c),
		};
	}
	ERR_clear_error();
	return 0;
}

/* "*.vault.svc" covers one label more, as RFC 6125 has it. */
static bool covers(const char *pattern, const char *name)
{
	const char *dot = strchr(name, '.');

	if (text_same_nocase(pattern, name))
		return true;
	return text_starts(pattern, "*.") && dot && dot != name && text_same_nocase(pattern + 1, dot);
}

bool x509_speaks_for(const struct certificate *c, const char *name)
{
	for (const char *const *one = c->names; one && *one; one++)
		if (covers(*one, name))
			return true;
	return false;
}

int x509_verify(struct view chain, struct view authorities, struct err *e)
{
	AUTO(stack) STACK_OF(X509) *all = sk_X509_new_null(), *trusted = sk_X509_new_null();
	AUTO(store) X509_STORE *store = X509_STORE_new();
	AUTO(store_ctx) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int result = 0;

	if (!all || !trusted || !store || !ctx)
		out_of_memory();
	if (read_all(chain, all, e) < 0 || read_all(authorities, trusted, e) < 0)
		return -1;
	if (!X509_STORE_CTX_init(ctx, store, sk_X509_value(all, 0), all))
		out_of_memory();
	X509_STORE_CTX_set0_trusted_stack(ctx, trusted);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
	if (X509_verify_cert(ctx) != 1)
		result = err_set(e, ERR_REMOTE, 0, "%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	ERR_clear_error();
	return result;
}
