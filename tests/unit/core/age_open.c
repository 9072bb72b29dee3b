/* age: what was encrypted is opened; files of age's own are, by tests/aws/test_recover.py. */
#include "core/age_open.h"

#include "core/text.h"
#include "unit/unit.h"

/* The identity of the bytes 0 to 31, and another, as age-keygen writes them. */
#define IDENTITY "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"

SCOPE_END(wiped_buf, struct buf, buf_wipe(v))

static void parse(const char *text, struct age_identity *out, size_t *n)
{
	AUTO(err) struct err e = {0};

	*n = 0;
	if (age_identities_parse(view_text(text), out, n, &e) < 0)
		fail_msg("%s", e.text);
}

static void seal(struct buf *out, const struct age_identity *to, const char *plain)
{
	struct host host = host_system();
	struct age_recipient recipients[2];
	AUTO(err) struct err e = {0};

	age_identity_recipient(to, &recipients[1]);
	assert_int_equal(age_recipient_parse("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", &recipients[0], &e), 0);
	assert_int_equal(age_encrypt(out, &host, recipients, 2, view_text(plain), &e), 0);
}

static void what_was_encrypted_is_opened(void **state)
{
	static const char *const plains[] = { "", "x", "a secret\nof two lines" };
	struct age_identity id[AGE_IDENTITIES_MAX] = {0};
	size_t n;

	(void)state;
	parse("# created: now\n# public key: age1...\n\n" IDENTITY "\r\n", id, &n);
	assert_int_equal(n, 1);
	for (size_t i = 0; i < COUNT_OF(plains); i++) {
		AUTO(wiped_buf) struct buf file = BUF_MAX(AGE_FILE_MAX), plain = BUF_MAX(AGE_PLAIN_MAX);
		AUTO(err) struct err e = {0};

		seal(&file, id, plains[i]);
		assert_int_equal(age_decrypt(&plain, id, n, buf_bytes(&file), &e), 0);
		assert_string_equal(buf_str(&plain), plains[i]);
	}
	age_identities_release(id, n);
}

/* Each byte of the file altered in turn, and each end of it cut off. */
static void what_was_altered_is_found(void **state)
{
	struct age_identity id[AGE_IDENTITIES_MAX] = {0};
	AUTO(wiped_buf) struct buf file = BUF_MAX(AGE_FILE_MAX);
	size_t n;

	(void)state;
	parse(IDENTITY, id, &n);
	seal(&file, id, "a secret");
	for (size_t i = 0; i < file.n; i++) {
		AUTO(wiped_buf) struct buf plain = BUF_MAX(AGE_PLAIN_MAX);
		AUTO(err) struct err e = {0}, cut = {0};

		file.p[i] ^= 1;
		if (age_decrypt(&plain, id, n, buf_bytes(&file), &e) == 0 || plain.n)
			fail_msg("byte %zu of %zu altered, and it opens", i, file.n);
		file.p[i] ^= 1;
		if (age_decrypt(&plain, id, n, view_of(file.p, i), &cut) == 0 || plain.n)
			fail_msg("%zu of %zu bytes, and they open", i, file.n);
	}
	age_identities_release(id, n);
}

static void another_identity_does_not_open_it(void **state)
{
	struct age_identity id[AGE_IDENTITIES_MAX] = {0}, other = {0};
	AUTO(wiped_buf) struct buf file = BUF_MAX(AGE_FILE_MAX), plain = BUF_MAX(AGE_PLAIN_MAX);
	AUTO(err) struct err e = {0};
	size_t n;

	(void)state;
	parse(IDENTITY, id, &n);
	seal(&file, id, "a secret");
	secret_set(&other.scalar, view_text("0123456789abcdef0123456789abcdef"));
	assert_int_equal(age_decrypt(&plain, &other, 1, buf_bytes(&file), &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	age_identities_release(&other, 1);
	age_identities_release(id, n);
}

/* What stands in the file is not in the message: it may be a key with a typo. */
static void what_is_no_identity_is_said_by_its_line(void **state)
{
	static const struct {
		const char *file, *says;
	} cases[] = {
		{ "", "there is no identity" },
		{ "# only a comment\n", "there is no identity" },
		{ "# c\nAGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEQ\n", "line 2" },
		{ "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", "line 1" },
		{ IDENTITY "\nage-encryption.org/v1\n", "line 2" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct age_identity id[AGE_IDENTITIES_MAX] = {0};
		AUTO(err) struct err e = {0};
		size_t n = 0;

		assert_int_equal(age_identities_parse(view_text(cases[i].file), id, &n, &e), -1);
		assert_int_equal(e.kind, ERR_CONFIG);
		assert_non_null(strstr(e.text, cases[i].says));
		assert_null(strstr(e.text, "GFPYYS"));
		age_identities_release(id, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_encrypted_is_opened),
		cmocka_unit_test(what_was_altered_is_found),
		cmocka_unit_test(another_identity_does_not_open_it),
		cmocka_unit_test(what_is_no_identity_is_said_by_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
