#include "unit/unit.h"

#include "core/text.h"
#include "vault/blob_info.h"

#define ID(c) "arn:aws:kms:eu-west-1:111122223333:key/" c
/* The lengths of key_info and key_id stand in the bytes: an id of 40 characters (0x28), 46 (0x2e) with both fields, 57 (0x39) in all. */
#define BLOB(c) "\x0a\x03" "abc" "\x12\x02" "iv" "\x2a\x2e" "\x08\x01" "\x1a\x28" ID(c) "\x2a\x00"

static const struct {
	const char *bytes;
	size_t n;
	size_t keys;          /* 0: refused */
	bool multi;
} cases[] = {
#define CASE(text, keys, multi) { (text), sizeof(text) - 1, (keys), (multi) }
	CASE(BLOB("a"), 1, false),
	CASE("\x08\x07" "\x12\x39" BLOB("a") "\x12\x39" BLOB("b"), 2, true),
	CASE("\x12\x39" BLOB("a") "\x12\x39" BLOB("a"), 1, true),
	CASE("", 0, false),
	CASE("\x0a\x03" "abc", 0, false),                        /* names no key */
	CASE("\x0a\x04" "abc", 0, false),                        /* longer than it is */
	CASE("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 0, false),
	CASE("\x0a\x03" "abc" "\x2a\x06" "\x1a\x04" "a\0bc", 0, false),
	CASE("\x0a\x03" "abc" "\x2a\x02" "\x1a\x00", 0, false),  /* an empty id */
	CASE("\x0a\x03" "abc" "\x28\x01", 0, false),             /* key_info that is a number */
	CASE("\x0b", 0, false),                                  /* a group */
	CASE("\x02\x00", 0, false),                              /* field 0 */
	CASE("{\"type\":\"awskms\"}", 0, false),
};

static void keys_are_read_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(err) struct err e = { 0 };
		struct blob_keys keys = { 0 };
		int result = blob_keys_read(view_of(cases[i].bytes, cases[i].n), &keys, &e);

		if ((result == 0) != (cases[i].keys > 0) || keys.n != cases[i].keys)
			fail_msg("case %zu: %d, %zu keys", i, result, keys.n);
		if (result < 0) {
			assert_int_equal(e.kind, ERR_REMOTE);
			continue;
		}
		assert_int_equal(keys.multi, cases[i].multi);
		assert_true(view_is(keys.ids[0], ID("a")));
		if (keys.n > 1)
			assert_true(view_is(keys.ids[1], ID("b")));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(keys_are_read_or_refused) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
