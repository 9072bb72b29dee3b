/* Certificates: what is read of one, whom it speaks for, and whether a chain leads to an authority. */
#include "unit/certificates.h"
#include "unit/unit.h"

#include "core/text.h"
#include "formats/x509.h"

static void a_chain_is_read_in_order(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct certificate chain[X509_CHAIN_MAX];
	const char *pem = arena_printf(&a, "%s%s", leaf_pem, authority_pem);
	size_t n;

	(void)state;
	assert_int_equal(x509_read(&a, view_text(pem), chain, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(chain[0].subject, "CN=vault");
	assert_string_equal(chain[0].issuer, "CN=Vault CA,O=Example");
	assert_false(chain[0].self_signed);
	assert_int_equal(chain[0].not_before_s, 1795503063);
	assert_int_equal(chain[0].not_after_s, 4949103063);
	assert_string_equal(chain[0].names[0], "vault.vault.svc");
	assert_string_equal(chain[0].names[3], "::1");
	assert_null(chain[0].names[4]);
	assert_true(chain[1].self_signed && chain[1].authority);
	assert_null(chain[1].names[0]);
}

static void a_certificate_speaks_for_its_names(void **state)
{
	static const struct { const char *name; bool covered; } cases[] = {
		{ "vault.vault.svc", true },      { "VAULT.vault.svc", true },      { "vault.vault", false },
		{ "127.0.0.1", true },            { "127.0.0.2", false },           { "::1", true },
		{ "vault-0.vault-internal", true }, { "a.vault-0.vault-internal", false }, { ".vault-internal", false },
		{ "vault-internal", false },      { "", false },                    { "vault", false },
	};
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct certificate chain[X509_CHAIN_MAX];
	size_t n;

	(void)state;
	assert_int_equal(x509_read(&a, view_text(leaf_pem), chain, &n, &e), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (x509_speaks_for(&chain[0], cases[i].name) != cases[i].covered)
			fail_msg("'%s'", cases[i].name);
}

static void a_chain_leads_to_its_authority_only(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	const char *both = arena_printf(&a, "%s%s", other_pem, authority_pem);

	(void)state;
	assert_int_equal(x509_verify(view_text(leaf_pem), view_text(authority_pem), &e), 0);
	assert_int_equal(x509_verify(view_text(leaf_pem), view_text(both), &e), 0);
	assert_int_equal(x509_verify(view_text(leaf_pem), view_text(other_pem), &e), -1);
	assert_int_equal(e.kind, ERR_REMOTE);
	assert_non_null(strstr(e.text, "unable to get local issuer certificate"));
}

static void what_is_no_certificate_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "garbage", "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	};
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct certificate chain[X509_CHAIN_MAX];
	const char *many = "", *cut = arena_printf(&a, "%s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", leaf_pem);
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_equal(x509_read(&a, view_text(texts[i]), chain, &n, &e), -1);
	assert_int_equal(x509_read(&a, view_text(cut), chain, &n, &e), -1);
	for (int i = 0; i <= X509_CHAIN_MAX; i++)
		many = arena_printf(&a, "%s%s", many, leaf_pem);
	assert_int_equal(x509_read(&a, view_text(many), chain, &n, &e), -1);
	assert_non_null(strstr(e.text, "more than"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_is_read_in_order),
		cmocka_unit_test(a_certificate_speaks_for_its_names),
		cmocka_unit_test(a_chain_leads_to_its_authority_only),
		cmocka_unit_test(what_is_no_certificate_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
