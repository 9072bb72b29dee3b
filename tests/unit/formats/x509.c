/* Certificates: what is read of one, whom it speaks for, and whether a chain leads to an authority. */
#include "unit/unit.h"

#include "core/text.h"
#include "formats/x509.h"

/* Made by openssl for this test; valid from 2026-11-24 until 2126. The keys are gone. */
static const char authority[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBrTCCAVSgAwIBAgIUALkWv8ia/1fBzRR4n+Xf4r4lXdgwCgYIKoZIzj0EAwIw\n"
	"JTEQMA4GA1UECgwHRXhhbXBsZTERMA8GA1UEAwwIVmF1bHQgQ0EwIBcNMjYxMTI0\n"
	"MDY1MTAzWhgPMjEyNjEwMzEwNjUxMDNaMCUxEDAOBgNVBAoMB0V4YW1wbGUxETAP\n"
	"BgNVBAMMCFZhdWx0IENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFkMsvwEV\n"
	"KcBJVVhbHyX6Xi7s7ZIN1uzEH3lKURNGeeLLs9KyHY1g6NHZg2J3mgZ+VeMmKxY1\n"
	"f96MbcYJPrtC4qNgMF4wHQYDVR0OBBYEFEBWBiwXemoFQm5ChIrJ0hzb38ufMB8G\n"
	"A1UdIwQYMBaAFEBWBiwXemoFQm5ChIrJ0hzb38ufMA8GA1UdEwEB/wQFMAMBAf8w\n"
	"CwYDVR0PBAQDAgIEMAoGCCqGSM49BAMCA0cAMEQCIGX4oFEBdzr7ZzwgZtqJtJZs\n"
	"ibt4FYneEMffQAx42FBxAiBvw7IyFX77Z5tI6fng4GMBY0j6aeYR2poQfcH6lhvA\n"
	"FQ==\n"
	"-----END CERTIFICATE-----\n";
static const char other[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBfjCCASOgAwIBAgIUVeZ9kWHAcD1jBC2X+xU6kcYEqv4wCgYIKoZIzj0EAwIw\n"
	"EzERMA8GA1UEAwwIT3RoZXIgQ0EwIBcNMjYxMTI0MDY1MTAzWhgPMjEyNjEwMzEw\n"
	"NjUxMDNaMBMxETAPBgNVBAMMCE90aGVyIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
	"AQcDQgAE1d9hgF53W25EbxaFqapC6/6cvA0GmMFhJBtZwC3uEkvDRfEtqA2Pt90d\n"
	"1vDPFVBHzQEDHem6vr81XCY8pxtJIaNTMFEwHQYDVR0OBBYEFJP2BsMJ4bkbqLli\n"
	"LGXNNsCJ4gNlMB8GA1UdIwQYMBaAFJP2BsMJ4bkbqLliLGXNNsCJ4gNlMA8GA1Ud\n"
	"EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhALCOqtMAdk87XQZM0Cd4tPwW\n"
	"okT8oImjjOlU11gaSJ/OAiEAl3jxodSoXJ5j/MiiytkdY0LWvGwruoL4iPblM4qi\n"
	"dlU=\n"
	"-----END CERTIFICATE-----\n";
static const char leaf[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBxDCCAWmgAwIBAgIUILRbkLJZoyLm5XJWBZdBfCc/kVEwCgYIKoZIzj0EAwIw\n"
	"JTEQMA4GA1UECgwHRXhhbXBsZTERMA8GA1UEAwwIVmF1bHQgQ0EwIBcNMjYxMTI0\n"
	"MDY1MTAzWhgPMjEyNjEwMzEwNjUxMDNaMBAxDjAMBgNVBAMMBXZhdWx0MFkwEwYH\n"
	"KoZIzj0CAQYIKoZIzj0DAQcDQgAEIpMuW/u+tAf+m6sTS817LON2hz9ZfC4WRlx1\n"
	"EEcwHUHMFEQATRlf/UQQlOAFRXlo1H0rV0f1F10eWVGB/HKfm6OBiTCBhjBEBgNV\n"
	"HREEPTA7gg92YXVsdC52YXVsdC5zdmOCECoudmF1bHQtaW50ZXJuYWyHBH8AAAGH\n"
	"EAAAAAAAAAAAAAAAAAAAAAEwHQYDVR0OBBYEFKrFDDJOEegv9Qu4sfgsYVsASiwb\n"
	"MB8GA1UdIwQYMBaAFEBWBiwXemoFQm5ChIrJ0hzb38ufMAoGCCqGSM49BAMCA0kA\n"
	"MEYCIQCRPNkyVDG8r/Zt22oIBVzaM0rT/fvR2AOf8BFRGG3WWgIhAKIz0Ia+q5R5\n"
	"W+yMX42yPZwaiz23wpE7C0Jss/Y0uDH1\n"
	"-----END CERTIFICATE-----\n";

static void a_chain_is_read_in_order(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct certificate chain[X509_CHAIN_MAX];
	const char *pem = arena_printf(&a, "%s%s", leaf, authority);
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
	assert_int_equal(x509_read(&a, view_text(leaf), chain, &n, &e), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (x509_speaks_for(&chain[0], cases[i].name) != cases[i].covered)
			fail_msg("'%s'", cases[i].name);
}

static void a_chain_leads_to_its_authority_only(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	const char *both = arena_printf(&a, "%s%s", other, authority);

	(void)state;
	assert_int_equal(x509_verify(view_text(leaf), view_text(authority), &e), 0);
	assert_int_equal(x509_verify(view_text(leaf), view_text(both), &e), 0);
	assert_int_equal(x509_verify(view_text(leaf), view_text(other), &e), -1);
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
	const char *many = "", *cut = arena_printf(&a, "%s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", leaf);
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_equal(x509_read(&a, view_text(texts[i]), chain, &n, &e), -1);
	assert_int_equal(x509_read(&a, view_text(cut), chain, &n, &e), -1);
	for (int i = 0; i <= X509_CHAIN_MAX; i++)
		many = arena_printf(&a, "%s%s", many, leaf);
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
