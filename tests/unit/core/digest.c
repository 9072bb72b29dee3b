#include "unit/unit.h"

#include "core/digest.h"

static void sha256_of_fips_180(void **state)
{
	char hex[SHA256_HEX];

	(void)state;
	sha256_hex(view_of(NULL, 0), hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_hex(view_text("abc"), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 7914, section 11, the first 32 bytes of each; and an empty password. */
static void pbkdf2_of_rfc_7914(void **state)
{
	static const struct {
		const char *password, *salt, *hex;
		unsigned rounds;
	} cases[] = {
		{ "passwd", "salt", "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc", 1 },
		{ "Password", "NaCl", "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56", 80000 },
		{ "", "salt", "f135c27993baf98773c5cdb40a5706ce6a345cde61b000a67858650cd6a324d7", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		AUTO(buf) struct buf hex = BUF_MAX(100);
		unsigned char out[SHA256_BYTES];

		pbkdf2_sha256(view_text(cases[i].password), view_text(cases[i].salt), cases[i].rounds, out);
		hex_print(&hex, out, sizeof(out));
		assert_string_equal(buf_str(&hex), cases[i].hex);
	}
}

/* RFC 4231, cases 2 and 6; and an empty key. */
static void hmac_of_rfc_4231(void **state)
{
	AUTO(buf) struct buf hex = BUF_MAX(1000);
	unsigned char out[SHA256_BYTES];
	char key[131];

	(void)state;
	hmac_sha256(view_text("Jefe"), view_text("what do ya want for nothing?"), out);
	hex_print(&hex, out, sizeof(out));
	assert_string_equal(buf_str(&hex),
						"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	hmac_sha256(view_of(key, sizeof(key)),
				view_text("Test Using Larger Than Block-Size Key - Hash Key First"), out);
	buf_cut(&hex, 0);
	hex_print(&hex, out, sizeof(out));
	assert_string_equal(buf_str(&hex),
						"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	hmac_sha256(view_of(NULL, 0), view_of(NULL, 0), out);
	buf_cut(&hex, 0);
	hex_print(&hex, out, sizeof(out));
	assert_string_equal(buf_str(&hex),
						"b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* RFC 4648, section 10. */
static void base64_both_ways(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};
	AUTO(err) struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(buf) struct buf coded = BUF_MAX(100);
		AUTO(buf) struct buf plain = BUF_MAX(100);
		struct view unpadded = view_text(rows[i][1]);

		base64_print(&coded, view_text(rows[i][0]));
		assert_string_equal(buf_str(&coded), rows[i][1]);
		assert_int_equal(base64_parse(&plain, buf_bytes(&coded), &e), 0);
		assert_string_equal(buf_str(&plain), rows[i][0]);
		while (view_ends(unpadded, "="))
			unpadded.n--;
		buf_cut(&plain, 0);
		assert_int_equal(base64_parse(&plain, unpadded, &e), 0);
		assert_string_equal(buf_str(&plain), rows[i][0]);
	}
}

static void base64_takes_either_alphabet_but_not_both(void **state)
{
	static const char *const broken[] = { "a",     "====",   "Zg=",  "Z===", "Zm9v=",
										  "Zm 9v", "Zm9v\n", "+_aa", "Zh==", "Zm9=" };
	AUTO(buf) struct buf out = BUF_MAX(100);
	AUTO(err) struct err e = { 0 };

	(void)state;
	assert_int_equal(base64_parse(&out, view_text("+/+/"), &e), 0);
	assert_int_equal(base64_parse(&out, view_text("-_-_"), &e), 0);
	assert_memory_equal(buf_str(&out), "\xfb\xff\xbf\xfb\xff\xbf", 7);
	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		assert_int_equal(base64_parse(&out, view_text(broken[i]), &e), -1);
		assert_int_equal(out.n, 6);
	}
}

static void crc32_as_zlib_has_it(void **state)
{
	(void)state;
	assert_int_equal(crc32_of(view_text("123456789")), 0xcbf43926);
	assert_int_equal(crc32_of(view_of(NULL, 0)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_fips_180),
		cmocka_unit_test(hmac_of_rfc_4231),
		cmocka_unit_test(pbkdf2_of_rfc_7914),
		cmocka_unit_test(base64_both_ways),
		cmocka_unit_test(base64_takes_either_alphabet_but_not_both),
		cmocka_unit_test(crc32_as_zlib_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
