/* recover with files that gpg encrypts (recover_scene.h). */
#include "fault/recover_scene.h"

static void with_files(struct place *p)
{
	place_init(p);
	watch(p);
	p->in_files = true;
	add_file(p, "recovery-keys", keys_entry(&p->account.cloud.mem, 0));
	add_file(p, "root-token", FAKE_ROOT_TOKEN);
	fake_host_file(&p->account.machine.files, "/home/ops/pgp-1", "key 1");
	fake_host_file(&p->account.machine.files, "/home/ops/pgp-2", "key 2");
}

static void assert_nothing_of_gpgs_is_left(const struct place *p, const char *when)
{
	for (const struct fake_file *f = p->account.machine.files.files; f; f = f->next)
		if (strstr(f->path, "/gpg/"))
			fail_msg("%s: '%s' is left", when, f->path);
}

/* false: there are fewer calls than that. */
static bool one_file_fault(unsigned at, enum fault fault)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0}, why = {0};
	AUTO(text) char *when = NULL;
	unsigned before;

	with_files(&p);
	fake_transport_fault(&p.account.cloud.net, at, fault, REACH_ONCE);
	if (rekey_once(&p, false, NULL, &e) < 0 && !e.text)
		fail_msg("call %u, fault %d: failed without a reason", at, fault);
	if (p.account.cloud.net.n_calls < at)
		return false;
	when = xasprintf("files, call %u (%s), fault %d", at, p.account.cloud.net.calls[at - 1].label, fault);
	assert_no_secret_in_files(&p, when);
	if (!holds_keys(&p, read_gpg_file(&p, "recovery-keys", "")) && !holds_keys(&p, read_gpg_file(&p, "recovery-keys", ".pending")))
		fail_msg("%s: the shares that are Vault's are in no file", when);
	before = p.vault.keys;
	fake_transport_heal(&p.account.cloud.net);
	if (e.kind && rekey_once(&p, false, NULL, &why) < 0)
		fail_msg("%s: the second run failed: %s (the first: %s)", when, why.text, e.text);
	if (!holds_keys(&p, read_gpg_file(&p, "recovery-keys", "")) || p.vault.keys < 1 || p.vault.keys > before + 1)
		fail_msg("%s: the second run did not finish", when);
	assert_null(read_gpg_file(&p, "recovery-keys", ".pending"));
	assert_false(p.vault.rekey.started);
	assert_false(notes_left(&p));
	if (fault != FAULT_KILLED && fault != FAULT_KILLED_BEFORE)
		assert_nothing_of_gpgs_is_left(&p, when);
	return true;
}

static void any_call_of_a_rekey_into_files_of_gpgs_may_fail(void **state)
{
	(void)state;
	for (enum fault fault = FAULT_RESET; fault < FAULT_KINDS; fault++) {
		unsigned calls = 1;

		while (one_file_fault(calls, fault))
			calls++;
		assert_true(calls > 14);
	}
}

/* Nothing is begun where the shares cannot be read, and where a file of age's would get a second one beside it. */
static void files_that_gpg_does_not_open_are_left(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0}, twin = {0};

	(void)state;
	with_files(&p);
	p.keyless = true;
	assert_int_equal(rekey_once(&p, false, NULL, &e), -1);
	assert_non_null(strstr(e.text, "opening '" FOLDER "/recovery-keys.pgp'"));
	assert_non_null(strstr(e.text, "No secret key"));
	assert_int_equal(p.vault.nonces, 0);
	p.keyless = false;
	fake_host_file(&p.account.machine.files, FOLDER "/recovery-keys.age", "age-encryption.org/v1");
	assert_int_equal(rekey_once(&p, false, NULL, &twin), -1);
	assert_int_equal(err_exit_code(&twin), 4);
	assert_non_null(strstr(twin.text, "would be a second one beside it"));
	assert_int_equal(p.vault.nonces, 0);
}

static void a_root_token_goes_into_a_file_of_gpgs(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	with_files(&p);
	p.vault.n_tokens = 0;
	if (root_once(&p, false, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(fake_vault_takes(&p.vault, read_gpg_file(&p, "root-token", "")));
	assert_string_equal(read_gpg_file(&p, "root-token", ".previous"), FAKE_ROOT_TOKEN);
	assert_no_secret_in_files(&p, "a root token in a file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_call_of_a_rekey_into_files_of_gpgs_may_fail),
		cmocka_unit_test(files_that_gpg_does_not_open_are_left),
		cmocka_unit_test(a_root_token_goes_into_a_file_of_gpgs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
