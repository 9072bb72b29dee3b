/* Certificates of our own: what they say, who signed them, and what a verifier makes of an authority that has changed. */
#include "unit/unit.h"

#include "core/text.h"
#include "formats/x509.h"
#include "formats/x509_make.h"

enum { FROM = 1800000000, UNTIL = 1800864000 };

static const char *const names[] = { "vault.vault.svc", "*.vault-internal.vault.svc", "127.0.0.1", "::1", NULL };

struct pair {
	struct secret key;
	struct buf pem;
};

static void pair_release(struct pair *p)
{
	secret_release(&p->key);
	buf_release(&p->pem);
}
SCOPE_END(pair, struct pair, pair_release(v))

static struct x509_wish wish_of(const char *name, bool authority)
{
	return (struct x509_wish){ .common_name = name, .names = names, .not_before_s = FROM, .not_after_s = UNTIL,
		                       .serial = { 0xff, 2, 3 }, .authority = authority, .below = 1 };
}

static void make(struct pair *p, const struct x509_wish *wish, const struct pair *issuer)
{
	AUTO(err) struct err e = { 0 };

	*p = (struct pair){ .pem = BUF_MAX(1 << 16) };
	x509_make_key(&p->key);
	if (x509_make(&p->pem, wish, &p->key, issuer ? buf_bytes(&issuer->pem) : (struct view){ 0 }, issuer ? &issuer->key : NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static struct certificate read_first(struct arena *a, const struct buf *pem)
{
	AUTO(err) struct err e = { 0 };
	struct certificate list[X509_CHAIN_MAX];
	size_t n = 0;

	if (x509_read(a, buf_bytes(pem), list, &n, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(n, 1);
	return list[0];
}

static void a_certificate_says_what_was_wished(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(pair) struct pair root, leaf;
	AUTO(err) struct err e = { 0 };
	struct x509_wish ca = wish_of("vault authority", true), server = wish_of("vault", false);
	struct certificate c;

	(void)state;
	make(&root, &ca, NULL);
	make(&leaf, &server, &root);
	c = read_first(&a, &root.pem);
	assert_true(c.authority && c.self_signed);
	assert_string_equal(c.subject, "CN=vault authority,O=helm vault-aws");
	c = read_first(&a, &leaf.pem);
	assert_false(c.authority || c.self_signed);
	assert_string_equal(c.subject, "CN=vault,O=helm vault-aws");
	assert_string_equal(c.issuer, "CN=vault authority,O=helm vault-aws");
	assert_int_equal(c.not_before_s, FROM);
	assert_int_equal(c.not_after_s, UNTIL);
	for (size_t i = 0; names[i]; i++)
		assert_string_equal(c.names[i], names[i]);
	assert_true(x509_speaks_for(&c, "vault-0.vault-internal.vault.svc"));
	assert_int_equal(x509_verify(buf_bytes(&leaf.pem), buf_bytes(&root.pem), &e), 0);
	assert_true(view_starts(secret_expose(&leaf.key), "-----BEGIN PRIVATE KEY-----"));
}

static void a_key_fits_its_own_certificate_only(void **state)
{
	AUTO(pair) struct pair one, other;
	AUTO(secret) struct secret none = { 0 }, garbage = { 0 };
	struct x509_wish wish = wish_of("vault", false);

	(void)state;
	make(&one, &wish, NULL);
	make(&other, &wish, NULL);
	secret_set(&garbage, view_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
	assert_true(x509_key_fits(buf_bytes(&one.pem), &one.key));
	assert_false(x509_key_fits(buf_bytes(&one.pem), &other.key));
	assert_false(x509_key_fits(buf_bytes(&one.pem), &none));
	assert_false(x509_key_fits(buf_bytes(&one.pem), &garbage));
	assert_false(x509_key_fits(view_text("no PEM"), &one.key));
}

/* Old clients go by the old authority and the bridge, new ones by the new one, with the same chain. */
static void a_bridge_leads_from_the_old_authority_to_the_new(void **state)
{
	AUTO(pair) struct pair old, new, leaf;
	AUTO(buf) struct buf bridge = BUF_MAX(1 << 16), chain = BUF_MAX(1 << 16);
	AUTO(err) struct err e = { 0 };
	struct x509_wish ca = wish_of("one", true), next = wish_of("two", true), server = wish_of("vault", false);

	(void)state;
	make(&old, &ca, NULL);
	make(&new, &next, NULL);
	make(&leaf, &server, &new);
	next.below = 0;
	assert_int_equal(x509_make(&bridge, &next, &new.key, buf_bytes(&old.pem), &old.key, &e), 0);
	assert_int_equal(x509_verify(buf_bytes(&leaf.pem), buf_bytes(&old.pem), &e), -1);
	buf_view(&chain, buf_bytes(&leaf.pem));
	buf_view(&chain, buf_bytes(&bridge));
	err_release(&e);
	assert_int_equal(x509_verify(buf_bytes(&chain), buf_bytes(&old.pem), &e), 0);
	assert_int_equal(x509_verify(buf_bytes(&chain), buf_bytes(&new.pem), &e), 0);
}

static void what_cannot_be_is_refused(void **state)
{
	static const char *const bad[] = { "vault,DNS:evil.example", "", "a b", "x\ny", NULL };
	AUTO(pair) struct pair root, other;
	struct x509_wish ca = wish_of("one", true), server = wish_of("vault", false);

	(void)state;
	make(&root, &ca, NULL);
	make(&other, &ca, NULL);
	for (size_t i = 0; bad[i]; i++) {
		const char *const one[] = { "localhost", bad[i], NULL };
		AUTO(buf) struct buf out = BUF_MAX(1 << 16);
		AUTO(err) struct err e = { 0 };

		server.names = one;
		assert_int_equal(x509_make(&out, &server, &other.key, buf_bytes(&root.pem), &root.key, &e), -1);
		assert_int_equal(e.kind, ERR_CONFIG);
		assert_int_equal(out.n, 0);
	}
	server.names = names;
	for (size_t i = 0; i < 2; i++) {
		AUTO(buf) struct buf out = BUF_MAX(1 << 16);
		AUTO(err) struct err e = { 0 };

		assert_int_equal(x509_make(&out, &server, &other.key, i ? view_text("x") : buf_bytes(&root.pem), &other.key, &e), -1);
		assert_string_equal(e.text, "the authority's key does not belong to its certificate");
	}
}

static void one_of_a_text_is_given_alone(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(pair) struct pair one, other;
	AUTO(buf) struct buf both = BUF_MAX(1 << 16);
	struct x509_wish wish = wish_of("vault", false);

	(void)state;
	make(&one, &wish, NULL);
	make(&other, &wish, NULL);
	buf_text(&both, "a comment\n");
	buf_view(&both, buf_bytes(&one.pem));
	buf_text(&both, "\nanother\n");
	buf_view(&both, buf_bytes(&other.pem));
	assert_string_equal(x509_pem_at(&a, buf_bytes(&both), 0), buf_str(&one.pem));
	assert_string_equal(x509_pem_at(&a, buf_bytes(&both), 1), buf_str(&other.pem));
	assert_null(x509_pem_at(&a, buf_bytes(&both), 2));
	assert_null(x509_pem_at(&a, view_text("nothing"), 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_says_what_was_wished),
		cmocka_unit_test(a_key_fits_its_own_certificate_only),
		cmocka_unit_test(a_bridge_leads_from_the_old_authority_to_the_new),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(one_of_a_text_is_given_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
