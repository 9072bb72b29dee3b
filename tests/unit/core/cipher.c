#include "core/cipher.h"

#include "unit/unit.h"

static const unsigned char key[CIPHER_KEY_BYTES] = { 1, 2, 3 }, nonce[CIPHER_NONCE_BYTES] = { 9 };

/* NIST's GCM test vector 14 (The Galois/Counter Mode of Operation, appendix B): 256 bits of zeros. */
static void known_answer(void **state)
{
	static const unsigned char zeros[CIPHER_KEY_BYTES];
	static const unsigned char want[] = {
		0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18,
		0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19,
	};
	AUTO(buf) struct buf out = BUF_MAX(64);

	(void)state;
	cipher_seal(&out, zeros, zeros, view_text(NULL), view_of(zeros, 16));
	assert_int_equal(out.n, sizeof(want));
	assert_memory_equal(out.p, want, sizeof(want));
}

static void what_was_sealed_opens(void **state)
{
	static const char *const texts[] = { "", "x", "a text that is longer than one block of sixteen bytes" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		AUTO(buf) struct buf sealed = BUF_MAX(256), back = BUF_MAX(256);
		AUTO(err) struct err e = {0};

		cipher_seal(&sealed, key, nonce, view_text("beside"), view_text(texts[i]));
		assert_int_equal(sealed.n, strlen(texts[i]) + CIPHER_TAG_BYTES);
		assert_int_equal(cipher_open(&back, key, nonce, view_text("beside"), buf_bytes(&sealed), &e), 0);
		assert_string_equal(buf_str(&back), texts[i]);
	}
}

/* Each byte altered, another key, nonce or text beside it, and each length too short: nothing comes out. */
static void anything_else_does_not(void **state)
{
	static const unsigned char other[CIPHER_KEY_BYTES] = { 1, 2, 4 };
	AUTO(buf) struct buf sealed = BUF_MAX(256), back = BUF_MAX(256);
	AUTO(err) struct err e = {0};

	(void)state;
	cipher_seal(&sealed, key, nonce, view_text("beside"), view_text("a secret"));
	for (size_t i = 0; i < sealed.n; i++) {
		sealed.p[i] ^= 1;
		assert_int_equal(cipher_open(&back, key, nonce, view_text("beside"), buf_bytes(&sealed), &e), -1);
		sealed.p[i] ^= 1;
	}
	for (size_t n = 0; n < sealed.n; n++)
		assert_int_equal(cipher_open(&back, key, nonce, view_text("beside"), view_of(sealed.p, n), &e), -1);
	assert_int_equal(cipher_open(&back, other, nonce, view_text("beside"), buf_bytes(&sealed), &e), -1);
	assert_int_equal(cipher_open(&back, key, other, view_text("beside"), buf_bytes(&sealed), &e), -1);
	assert_int_equal(cipher_open(&back, key, nonce, view_text("aside"), buf_bytes(&sealed), &e), -1);
	assert_int_equal(back.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answer),
		cmocka_unit_test(what_was_sealed_opens),
		cmocka_unit_test(anything_else_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
