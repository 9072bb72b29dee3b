/* init with files that gpg encrypts (init_scene.h): killed and failing anywhere, with and without the secret keys at hand. */
#include "fault/init_scene.h"

static void any_call_may_fail_in_any_way(void **state)
{
	static const struct chosen *const custodies[] = { &gpg_files, &gpg_split, &gpg_both };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(custodies); i++)
		for (enum fault fault = FAULT_RESET; fault < FAULT_KINDS; fault++) {
			unsigned calls = 1;

			while (one_fault(custodies[i], calls, fault, false))
				calls++;
			assert_true(calls > 15);
		}
}

/* The same on a machine that has public keys alone. */
static void files_of_gpgs_need_no_secret_key_to_be_made(void **state)
{
	static const struct chosen *const custodies[] = { &gpg_files, &gpg_split };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(custodies); i++)
		for (enum fault fault = FAULT_RESET; fault < FAULT_KINDS; fault++) {
			unsigned calls = 1;

			while (one_fault(custodies[i], calls, fault, true))
				calls++;
			assert_true(calls > 15);
		}
}

static void each_file_of_gpgs_holds_what_it_should(void **state)
{
	AUTO(place) struct place p, q;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	place_init(&q);
	p.custody = &gpg_files;
	q.custody = &gpg_split;
	p.keyless = q.keyless = true;
	if (init_once(&p, &e, NULL) < 0 || init_once(&q, &e, NULL) < 0)
		fail_msg("%s", e.text);
	assert_true(gpg_file_holds(&p, "root-token.pgp", p.vault.root_token));
	assert_true(gpg_file_holds(&p, "recovery-keys.pgp", FAKE_RECOVERY_KEY "04"));
	assert_true(gpg_file_holds(&q, "recovery-key-2.pgp", FAKE_RECOVERY_KEY "01"));
	assert_false(gpg_file_holds(&q, "recovery-key-2.pgp", FAKE_RECOVERY_KEY "02"));
	for (const struct fake_file *f = p.account.machine.files.files; f; f = f->next)
		if (strstr(f->path, ".gpg/"))
			fail_msg("'%s' is left", f->path);
}

/* Before the call that is the end of it; after it the other custody has the keys, and these files wait. */
static void a_gpg_that_fails_loses_nothing(void **state)
{
	static const struct {
		enum health gpg;
		const char *says;
		bool begun;
	} cases[] = {
		{ GPG_SICK, "encrypting for '" FOLDER "/recovery-keys.pgp': gpg: error: out of core", false },
		{ GPG_SICK_AFTER, "gpg does not make '" FOLDER "/recovery-keys.pgp': gpg: error: out of core", true },
		{ GPG_HANGS_AFTER, "gpg does not make '" FOLDER "/recovery-keys.pgp': ", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(place) struct place p;
		AUTO(err) struct err e = {0}, none = {0};

		place_init(&p);
		p.custody = &gpg_both;
		p.gpg = cases[i].gpg;
		assert_int_equal(init_once(&p, &e, NULL), -1);
		if (!strstr(e.text, cases[i].says) || err_exit_code(&e) != 1)
			fail_msg("case %zu: %s", i, e.text);
		assert_int_equal(p.vault.inits, cases[i].begun);
		assert_int_equal(spool_text(&p) != NULL, cases[i].begun);
		assert_int_equal(value_in(&p, "ssm", "root-token") != NULL, cases[i].begun);
		assert_kept(&p, false, cases[i].says);
		p.gpg = GPG_WELL;
		p.keyless = true;        /* KMS opens the spool */
		if (init_once(&p, &none, NULL) < 0)
			fail_msg("case %zu: %s", i, none.text);
		assert_true(in_custody(&p));
		assert_null(spool_text(&p));
	}
}

/* Files alone: whoever has the secret key goes on, with the recipients of before and no others. */
static void what_waits_for_gpg_is_for_whom_it_was_sealed(void **state)
{
	static const struct chosen others = { { "file" }, false, true };
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0}, other = {0}, none = {0};

	(void)state;
	place_init(&p);
	p.custody = &gpg_files;
	p.gpg = GPG_SICK_AFTER;
	p.keyless = true;
	assert_int_equal(init_once(&p, &e, NULL), -1);
	p.gpg = GPG_WELL;
	p.custody = &others;
	gpg_recipients[0] = "/home/ops/pgp-1";
	assert_int_equal(init_once(&p, &other, NULL), -1);
	gpg_recipients[0] = "/home/ops/pgp-5";
	assert_int_equal(err_exit_code(&other), 4);
	assert_non_null(strstr(other.text, "made 'recovery-keys.pgp' for other keys"));
	p.custody = &gpg_files;
	assert_int_equal(init_once(&p, &none, NULL), -1);
	goes_on_elsewhere(&p, &none, "waiting");
	assert_true(in_custody(&p));
	assert_null(spool_text(&p));
}

/* Of either kind: two of them would be two truths. */
static void a_file_of_the_other_kind_is_not_joined(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.custody = &gpg_files;
	fake_host_file(&p.account.machine.files, FOLDER "/root-token.age", "of another Vault");
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "'" FOLDER "/root-token.age' is there already"));
	assert_int_equal(p.vault.inits, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_call_may_fail_in_any_way),
		cmocka_unit_test(files_of_gpgs_need_no_secret_key_to_be_made),
		cmocka_unit_test(each_file_of_gpgs_holds_what_it_should),
		cmocka_unit_test(a_gpg_that_fails_loses_nothing),
		cmocka_unit_test(what_waits_for_gpg_is_for_whom_it_was_sealed),
		cmocka_unit_test(a_file_of_the_other_kind_is_not_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
