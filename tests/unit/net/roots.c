/* Authorities decoded when they are wanted: who is trusted is whom OpenSSL trusts with all of them decoded. */
#include "net/roots.h"

#include "unit/certificates.h"
#include "core/buf.h"
#include "core/host.h"
#include "core/text.h"
#include "unit/unit.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

enum { MANY = 150, DAY = 86400 };

/* ---- certificates ---- */

static EVP_PKEY *new_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	assert_non_null(key);
	return key;
}

static X509_NAME *name_of(const char *text, int type)
{
	X509_NAME *name = X509_NAME_new();

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "O", type, (const unsigned char *)"Roots", -1, -1, 0), 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", type, (const unsigned char *)text, -1, -1, 0), 1);
	return name;
}

struct made {
	X509 *certificate;
	EVP_PKEY *key;
};

static void extend(const struct made *m, const struct made *issuer, int nid, const char *value)
{
	X509V3_CTX c;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&c, issuer->certificate, m->certificate, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&c);
	extension = X509V3_EXT_conf_nid(NULL, &c, nid, value);
	assert_int_equal(X509_add_ext(m->certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* By the issuer (NULL: by itself), whose name is written as issuer_name (NULL: as in its own certificate). */
static struct made make(X509_NAME *subject, const struct made *issuer, X509_NAME *issuer_name, bool authority)
{
	static long serial = 1;
	struct made m = { X509_new(), new_key() };
	X509_set_version(m.certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(m.certificate), serial++);
	X509_gmtime_adj(X509_getm_notBefore(m.certificate), -DAY);
	X509_gmtime_adj(X509_getm_notAfter(m.certificate), DAY);
	X509_set_subject_name(m.certificate, subject);
	X509_set_issuer_name(m.certificate, issuer_name ? issuer_name : issuer ? X509_get_subject_name(issuer->certificate) : subject);
	X509_set_pubkey(m.certificate, m.key);
	extend(&m, issuer ? issuer : &m, NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
	extend(&m, issuer ? issuer : &m, NID_subject_key_identifier, "hash");
	extend(&m, issuer ? issuer : &m, NID_authority_key_identifier, "keyid:always");
	assert_true(X509_sign(m.certificate, issuer ? issuer->key : m.key, EVP_sha256()) > 0);
	return m;
}

static struct made make_named(const char *subject, const struct made *issuer, bool authority)
{
	X509_NAME *name = name_of(subject, MBSTRING_UTF8);
	struct made m = make(name, issuer, NULL, authority);

	X509_NAME_free(name);
	return m;
}

static void made_release(struct made *m)
{
	X509_free(m->certificate);
	EVP_PKEY_free(m->key);
}
SCOPE_END(made, struct made, made_release(v))

static void put_pem(struct buf *out, X509 *certificate, bool trusted)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	assert_int_equal(trusted ? PEM_write_bio_X509_AUX(bio, certificate) : PEM_write_bio_X509(bio, certificate), 1);
	n = BIO_get_mem_data(bio, &p);
	buf_put(out, p, (size_t)n);
	BIO_free(bio);
}

/* ---- verdicts ---- */

static int verdict(X509_STORE *store, X509 *certificate, X509 *between)
{
	X509_STORE_CTX *c = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	int error;

	if (between)
		sk_X509_push(chain, between);
	assert_int_equal(X509_STORE_CTX_init(c, store, certificate, chain), 1);
	error = X509_verify_cert(c) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(c);
	X509_STORE_CTX_free(c);
	sk_X509_free(chain);
	return error;
}

static char *write_file(struct view bytes)
{
	char *path = xstrdup("/tmp/roots.XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
	close(fd);
	return path;
}

static X509_STORE *openssl_store(const char *path)
{
	X509_STORE *store = X509_STORE_new();

	X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
	assert_int_equal(X509_STORE_load_file(store, path), 1);
	return store;
}

/* The same of both, which is returned. By the file, and by the text. */
static int same_verdict(const struct buf *pem, X509 *certificate, X509 *between)
{
	AUTO(text) char *path = write_file(buf_bytes(pem));
	X509_STORE *whole = openssl_store(path);
	struct roots *file = roots_read_file(path), *text = roots_read_text(buf_bytes(pem));
	int expected = verdict(whole, certificate, between);

	assert_non_null(file);
	assert_non_null(text);
	for (int i = 0; i < 3; i++)
		assert_int_equal(verdict(roots_store(file), certificate, between), expected);
	assert_int_equal(verdict(roots_store(text), certificate, between), expected);
	ERR_clear_error();
	roots_free(file);
	roots_free(text);
	X509_STORE_free(whole);
	unlink(path);
	return expected;
}

/* ---- tests ---- */

static void only_what_a_chain_leads_to_is_decoded(void **state)
{
	AUTO(made) struct made first = make_named("root 0", NULL, true), leaf = make_named("leaf", &first, false);
	AUTO(buf) struct buf pem = BUF_MAX(1 << 20);
	struct roots *roots;

	(void)state;
	for (int i = 1; i < MANY; i++) {
		AUTO(text) char *name = xasprintf("root %d", i);
		AUTO(made) struct made other = make_named(name, NULL, true);

		put_pem(&pem, other.certificate, false);
	}
	put_pem(&pem, first.certificate, false);
	roots = roots_read_text(buf_bytes(&pem));
	assert_int_equal(roots_count(roots), MANY);
	assert_int_equal(roots_decoded(roots), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(verdict(roots_store(roots), leaf.certificate, NULL), X509_V_OK);
		assert_int_equal(roots_decoded(roots), 1);
	}
	roots_free(roots);
	assert_int_equal(same_verdict(&pem, leaf.certificate, NULL), X509_V_OK);
}

static void chains_are_judged_as_openssl_does(void **state)
{
	AUTO(made) struct made root = make_named("root", NULL, true), other = make_named("other", NULL, true);
	AUTO(made) struct made between = make_named("between", &root, true), leaf = make_named("leaf", &between, false);
	AUTO(made) struct made alone = make_named("alone", NULL, false);
	AUTO(buf) struct buf pem = BUF_MAX(1 << 16), partial = BUF_MAX(1 << 16);

	(void)state;
	put_pem(&pem, other.certificate, false);
	put_pem(&pem, root.certificate, false);
	put_pem(&partial, between.certificate, false);
	put_pem(&partial, alone.certificate, false);
	assert_int_equal(same_verdict(&pem, leaf.certificate, between.certificate), X509_V_OK);
	assert_int_equal(same_verdict(&pem, leaf.certificate, NULL), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	assert_int_equal(same_verdict(&pem, alone.certificate, NULL), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
	assert_int_equal(same_verdict(&partial, leaf.certificate, NULL), X509_V_OK);
	assert_int_equal(same_verdict(&partial, leaf.certificate, between.certificate), X509_V_OK);
	assert_int_equal(same_verdict(&partial, alone.certificate, NULL), X509_V_OK);
}

/* As when an authority's key was changed: the one that signed is found, wherever it stands. */
static void of_several_of_one_name_the_one_that_signed_is_found(void **state)
{
	AUTO(made) struct made a = make_named("root", NULL, true), b = make_named("root", NULL, true), c = make_named("root", NULL, true);
	AUTO(made) struct made leaf = make_named("leaf", &b, false), strange = make_named("leaf", &c, false);
	AUTO(buf) struct buf pem = BUF_MAX(1 << 16), turned = BUF_MAX(1 << 16);

	(void)state;
	put_pem(&pem, a.certificate, false);
	put_pem(&pem, b.certificate, false);
	put_pem(&turned, b.certificate, false);
	put_pem(&turned, a.certificate, false);
	assert_int_equal(same_verdict(&pem, leaf.certificate, NULL), X509_V_OK);
	assert_int_equal(same_verdict(&turned, leaf.certificate, NULL), X509_V_OK);
	assert_int_not_equal(same_verdict(&pem, strange.certificate, NULL), X509_V_OK);
}

/* RFC 5280, 7.1: names are compared without regard to case, spaces and the kind of string. */
static void a_name_that_is_written_otherwise_is_the_same(void **state)
{
	X509_NAME *written = name_of("Our  Root", MBSTRING_UTF8), *otherwise = name_of("our root", V_ASN1_PRINTABLESTRING);
	X509_NAME *leaf_name = name_of("leaf", MBSTRING_UTF8);
	AUTO(made) struct made root = make(written, NULL, NULL, true), leaf = make(leaf_name, &root, otherwise, false);
	AUTO(buf) struct buf pem = BUF_MAX(1 << 16);

	(void)state;
	put_pem(&pem, root.certificate, false);
	assert_int_equal(same_verdict(&pem, leaf.certificate, NULL), X509_V_OK);
	X509_NAME_free(written);
	X509_NAME_free(otherwise);
	X509_NAME_free(leaf_name);
}

/* OpenSSL's trusted certificates say what they are not good for. */
static void a_trusted_certificate_is_read_with_its_trust(void **state)
{
	AUTO(made) struct made root = make_named("root", NULL, true), leaf = make_named("leaf", &root, false);
	AUTO(buf) struct buf good = BUF_MAX(1 << 16), bad = BUF_MAX(1 << 16);

	(void)state;
	put_pem(&good, root.certificate, true);
	assert_int_equal(same_verdict(&good, leaf.certificate, NULL), X509_V_OK);
	X509_add1_reject_object(root.certificate, OBJ_nid2obj(NID_anyExtendedKeyUsage));
	put_pem(&bad, root.certificate, true);
	assert_int_equal(same_verdict(&bad, leaf.certificate, NULL), X509_V_ERR_CERT_REJECTED);
}

static void what_is_no_bundle_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "nothing here\n",
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nMIIBfjCCASOg\n",
		"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n",
	};

	(void)state;
	assert_null(roots_read_file("/nowhere/at-all.pem"));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		AUTO(text) char *late = xasprintf("%s%s", authority_pem, bad[i]);
		struct roots *roots = roots_read_text(view_text(late));

		assert_null(roots_read_text(view_text(bad[i])));
		/* Whoever cannot read one of them says so, and does not trust the others alone; what is no certificate is passed over. */
		assert_int_equal(roots != NULL, i < 2 || i == 5);
		roots_free(roots);
	}
	assert_int_equal(ERR_peek_error(), 0);
	roots_free(NULL);
}

static void text_between_the_blocks_is_passed_over(void **state)
{
	AUTO(text) char *pem = xasprintf("# Example\n%s\nOther CA\n========\n%s\nend\n", other_pem, authority_pem);
	BIO *bio = BIO_new_mem_buf(leaf_pem, -1);
	X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	struct roots *roots = roots_read_text(view_text(pem));

	(void)state;
	assert_int_equal(roots_count(roots), 2);
	assert_int_equal(verdict(roots_store(roots), leaf, NULL), X509_V_OK);
	assert_int_equal(roots_decoded(roots), 1);
	roots_free(roots);
	X509_free(leaf);
	BIO_free(bio);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_a_chain_leads_to_is_decoded),
		cmocka_unit_test(chains_are_judged_as_openssl_does),
		cmocka_unit_test(of_several_of_one_name_the_one_that_signed_is_found),
		cmocka_unit_test(a_name_that_is_written_otherwise_is_the_same),
		cmocka_unit_test(a_trusted_certificate_is_read_with_its_trust),
		cmocka_unit_test(what_is_no_bundle_is_refused),
		cmocka_unit_test(text_between_the_blocks_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
