/* Whose socket it is, by a table as the kernel prints it. */
#include "unit/unit.h"

#include "net/peer_uid.h"

static const char TABLE[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0\n"
    "   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 12 1 0 20 4 30 10 -1\n"
    "   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 13 1 0 20 4 30 10 -1\n"
    "   3: 0200007F:C351 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 14 1 0 20 4 30 10 -1\n"
    "   4: 0100007F:C352 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  10x1        0 15 1 0 20 4 30 10 -1\n"
    "   5: 0100007F:C353 0100007F:1F90 01\n";

static void the_other_end_has_an_owner(void **state)
{
	unsigned uid = 7;

	(void)state;
	assert_true(peer_uid(view_text(TABLE), 0xC350, 0x1F90, &uid));
	assert_int_equal(uid, 1000);
}

static void nobody_else_is_taken_for_it(void **state)
{
	static const unsigned ports[] = { 0xC351, 0xC352, 0xC353, 0xC354, 0 };
	unsigned uid = 7;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ports); i++)
		assert_false(peer_uid(view_text(TABLE), ports[i], 0x1F90, &uid));
	assert_false(peer_uid(view_text(TABLE), 0xC350, 0x1F91, &uid));
	assert_false(peer_uid(view_of(NULL, 0), 0xC350, 0x1F90, &uid));
	assert_int_equal(uid, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_other_end_has_an_owner),
		cmocka_unit_test(nobody_else_is_taken_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
