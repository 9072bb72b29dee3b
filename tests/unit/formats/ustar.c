#include "unit/unit.h"

#include "formats/ustar.h"

#include <stdlib.h>

enum { BLOCK = 512 };

/* What a reader does: the sum over the block with the sum's field as spaces. */
static void assert_sum(const char *block)
{
	unsigned sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)block[i];
	assert_int_equal(strtoul(block + 148, NULL, 8), sum);
}

static void a_file_is_a_header_and_whole_blocks(void **state)
{
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);

	(void)state;
	ustar_put(&out, "box/hello.txt", VIEW_LITERAL("hello\n"), 1795500000);
	assert_int_equal(out.n, 2 * BLOCK);
	assert_string_equal(out.p, "box/hello.txt");
	assert_string_equal(out.p + 100, "0000600");
	assert_int_equal(strtoul(out.p + 124, NULL, 8), 6);
	assert_int_equal(strtoul(out.p + 136, NULL, 8), 1795500000);
	assert_int_equal(out.p[156], '0');
	assert_memory_equal(out.p + 257, "ustar\00000", 8);
	assert_sum(out.p);
	assert_memory_equal(out.p + BLOCK, "hello\n\0", 7);
}

static void nothing_and_whole_blocks_need_no_filling(void **state)
{
	static const char block[BLOCK] = { 'x' };
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);

	(void)state;
	ustar_put(&out, "empty", view_of("", 0), 0);
	assert_int_equal(out.n, BLOCK);
	ustar_put(&out, "full", view_of(block, BLOCK), -5);
	assert_int_equal(out.n, 3 * BLOCK);
	assert_int_equal(strtoul(out.p + BLOCK + 136, NULL, 8), 0);
	ustar_end(&out);
	assert_int_equal(out.n, 5 * BLOCK);
	for (size_t i = 3 * BLOCK; i < out.n; i++)
		assert_int_equal(out.p[i], 0);
}

static void a_long_name_is_cut(void **state)
{
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);
	char name[200];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ustar_put(&out, name, view_of("", 0), 0);
	assert_int_equal(out.p[99], 'n');
	assert_int_equal(out.p[100], '0');
	assert_sum(out.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_a_header_and_whole_blocks),
		cmocka_unit_test(nothing_and_whole_blocks_need_no_filling),
		cmocka_unit_test(a_long_name_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
