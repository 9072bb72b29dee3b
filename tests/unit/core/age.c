/* age: recipients, and the shape of a file; that age itself opens such a file is shown by tests/aws/test_init.py. */
#include "core/age.h"

#include "core/text.h"
#include "unit/unit.h"

/* The one in age's own README. */
#define RECIPIENT "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

static void a_recipient_is_read(void **state)
{
	struct age_recipient r;
	AUTO(err) struct err e = {0};

	(void)state;
	assert_int_equal(age_recipient_parse(RECIPIENT, &r, &e), 0);
	assert_int_equal(r.point[0], 0x13);
	assert_int_equal(r.point[1], 0x2c);
}

/* Every character replaced by every other: the checksum finds it. */
static void a_typo_is_found(void **state)
{
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	AUTO(err) struct err e = {0};
	struct age_recipient r;

	(void)state;
	for (size_t i = 4; i < strlen(RECIPIENT); i++)
		for (const char *c = alphabet; *c; c++) {
			AUTO(text) char *text = xstrdup(RECIPIENT);

			text[i] = *c;
			if (*c != RECIPIENT[i] && age_recipient_parse(text, &r, &e) == 0)
				fail_msg("taken for a recipient: %s", text);
		}
}

static void what_is_no_recipient_is_said_so(void **state)
{
	static const char *const texts[] = {
		"", "age1", "AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ", RECIPIENT "q",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN",
		"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		AUTO(err) struct err e = {0};
		struct age_recipient r;

		assert_int_equal(age_recipient_parse(texts[i], &r, &e), -1);
		assert_int_equal(e.kind, ERR_USAGE);
	}
}

static void a_file_has_a_stanza_a_recipient(void **state)
{
	struct host host = host_system();
	struct age_recipient r[2];
	AUTO(buf) struct buf one = BUF_MAX(4096), two = BUF_MAX(4096);
	AUTO(err) struct err e = {0};
	const char *second;

	(void)state;
	assert_int_equal(age_recipient_parse(RECIPIENT, &r[0], &e), 0);
	r[1] = r[0];
	assert_int_equal(age_encrypt(&one, &host, r, 2, view_text("a secret"), &e), 0);
	assert_int_equal(age_encrypt(&two, &host, r, 2, view_text("a secret"), &e), 0);
	assert_true(text_starts(one.p, "age-encryption.org/v1\n-> X25519 "));
	second = strstr(one.p + 30, "\n-> X25519 ");
	assert_non_null(second);
	assert_non_null(strstr(second, "\n--- "));
	assert_int_equal(one.n, two.n);
	assert_memory_not_equal(one.p + 22, two.p + 22, 60);
	assert_null(memmem(one.p, one.n, "a secret", 8));
}

static void to_nobody_is_refused(void **state)
{
	static const struct age_recipient small_order;
	struct host host = host_system();
	AUTO(buf) struct buf out = BUF_MAX(4096);
	AUTO(err) struct err e = {0};

	(void)state;
	assert_int_equal(age_encrypt(&out, &host, &small_order, 0, view_text("x"), &e), -1);
	assert_int_equal(age_encrypt(&out, &host, &small_order, 1, view_text("x"), &e), -1);
	assert_int_equal(e.kind, ERR_USAGE);
	assert_int_equal(out.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recipient_is_read),
		cmocka_unit_test(a_typo_is_found),
		cmocka_unit_test(what_is_no_recipient_is_said_so),
		cmocka_unit_test(a_file_has_a_stanza_a_recipient),
		cmocka_unit_test(to_nobody_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
