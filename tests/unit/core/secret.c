#include "unit/unit.h"

#include "core/secret.h"

#include <sys/prctl.h>
#include <sys/resource.h>

static void adopt_empties_the_buffer(void **state)
{
	AUTO(secret) struct secret s = { 0 };
	AUTO(buf) struct buf b = BUF_MAX(100);

	(void)state;
	assert_false(secret_held(&s));
	assert_int_equal(secret_expose(&s).n, 0);
	buf_text(&b, "hunter2");
	secret_adopt(&s, &b);
	assert_null(b.p);
	assert_int_equal(b.n, 0);
	assert_true(secret_held(&s));
	assert_true(view_is(secret_expose(&s), "hunter2"));
	assert_int_equal(secret_expose(&s).p[7], 0);
}

static void a_secret_may_be_set_from_its_own_bytes(void **state)
{
	AUTO(secret) struct secret s = { 0 };

	(void)state;
	secret_set(&s, view_text("one two"));
	secret_set(&s, view_of(secret_expose(&s).p + 4, 3));
	assert_true(view_is(secret_expose(&s), "two"));
	secret_copy(&s, &s);
	assert_true(view_is(secret_expose(&s), "two"));
}

static void copies_are_the_same_until_released(void **state)
{
	AUTO(secret) struct secret one = { 0 }, two = { 0 };

	(void)state;
	assert_true(secret_same(&one, &two));
	secret_set(&one, view_text("x"));
	assert_false(secret_same(&one, &two));
	secret_copy(&two, &one);
	assert_true(secret_same(&one, &two));
	assert_ptr_not_equal(one.bytes, two.bytes);
	secret_set(&two, view_text("y"));
	assert_false(secret_same(&one, &two));
	secret_set(&two, view_text("xx"));
	assert_false(secret_same(&one, &two));
	secret_release(&one);
	secret_release(&one);
	secret_copy(&two, &one);
	assert_false(secret_held(&two));
	secret_set(&two, view_of(NULL, 0));
	assert_true(secret_held(&two));
}

static void a_secret_may_be_longer_than_a_page(void **state)
{
	AUTO(secret) struct secret s = { 0 };
	static char large[3 * 4096];

	(void)state;
	memset(large, 'k', sizeof(large));
	secret_set(&s, view_of(large, sizeof(large)));
	assert_int_equal(s.len, sizeof(large));
	assert_memory_equal(s.bytes, large, sizeof(large));
	assert_int_equal(s.bytes[s.len], 0);
}

static void wipe_overwrites(void **state)
{
	char text[] = "secret";
	static const char zeros[sizeof(text)];

	(void)state;
	wipe(text, sizeof(text));
	assert_memory_equal(text, zeros, sizeof(text));
	wipe(NULL, 0);
}

static void a_hardened_process_leaves_no_core(void **state)
{
	struct rlimit limit;

	(void)state;
	secrets_harden_process();
	assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
	assert_int_equal(limit.rlim_cur, 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* the leak checker wants to trace us */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adopt_empties_the_buffer),
		cmocka_unit_test(a_secret_may_be_set_from_its_own_bytes),
		cmocka_unit_test(copies_are_the_same_until_released),
		cmocka_unit_test(a_secret_may_be_longer_than_a_page),
		cmocka_unit_test(wipe_overwrites),
		cmocka_unit_test(a_hardened_process_leaves_no_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
