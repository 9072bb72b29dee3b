/* recover under every fault of every call (recover_scene.h). */
#include "fault/recover_scene.h"

#include <signal.h>

/* ---- copies in other regions ---- */

static void a_rekey_ends_when_every_copy_shows_it(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	with_copies(&p);
	if (rekey_once(&p, false, NULL, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(p.copies_read, 2);
	assert_false(notes_left(&p));
}

/* The new shares hold by then: what is missing is looked for again, and no others are made. */
static void a_copy_that_fails_is_told_and_finished_by_the_next_run(void **state)
{
	static const struct {
		const char *stale, *denied, *says;
		enum err_kind kind;
		int code;
	} cases[] = {
		{ "us-east-2", NULL, "the copy in us-east-2", ERR_LATE, 5 }, { NULL, "eu-west-1", "the copy in eu-west-1", ERR_DENIED, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(place) struct place p;
		AUTO(err) struct err e = {0}, again = {0}, none = {0};
		bool earlier;

		place_init(&p);
		with_copies(&p);
		p.stale = cases[i].stale;
		p.denied = cases[i].denied;
		for (unsigned run = 0; run < 2; run++) {
			assert_int_equal(rekey_once(&p, false, NULL, run ? &again : &e), -1);
			assert_int_equal(run ? again.kind : e.kind, cases[i].kind);
			assert_int_equal(err_exit_code(run ? &again : &e), cases[i].code);
			assert_non_null(strstr(run ? again.text : e.text, cases[i].says));
			assert_int_equal(p.vault.keys, 1);
			assert_valid_keys_in_custody(&p, cases[i].says);
		}
		p.stale = p.denied = NULL;
		if (rekey_once(&p, false, &earlier, &none) < 0)
			fail_msg("%s", none.text);
		assert_true(earlier);
		assert_int_equal(p.vault.keys, 1);
		assert_int_equal(p.asked, 1);
		assert_false(notes_left(&p));
	}
}

/* ---- rekey ---- */

static void a_rekey_goes_through(void **state)
{
	static const char *const seals[] = { "awskms", "shamir" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(seals); i++) {
		AUTO(place) struct place p;
		AUTO(err) struct err e = {0};
		bool earlier;

		place_init(&p);
		p.vault.seal = seals[i];
		if (rekey_once(&p, false, &earlier, &e) < 0)
			fail_msg("%s", e.text);
		assert_false(earlier);
		assert_int_equal(p.vault.keys, 1);
		assert_int_equal(p.asked, 1);
		assert_true(holds_keys(&p, entry(&p, "recovery-keys")->value));
		assert_non_null(strstr(entry(&p, "recovery-keys")->previous.value, FAKE_RECOVERY_KEY));
		assert_false(notes_left(&p));
	}
}

static void a_rekey_takes_a_yes(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.no = true;
	assert_int_equal(rekey_once(&p, false, NULL, &e), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_int_equal(p.account.cloud.writes, 0);
	assert_int_equal(p.vault.nonces, 0);
}

/*
 * The one reply that nobody can ask for again is that to the last share given: it has what is made. Where it is lost, the
 * attempt is ended (exit 4), and the next run makes another. All else is mended within the run.
 */
static void assert_exit_code(const struct place *p, unsigned at, enum fault fault, const struct err *e, const char *when)
{
	enum { THRESHOLD = 3 };
	const struct fake_call *calls = p->account.cloud.net.calls;
	bool lost = fault == FAULT_LOST_REPLY || fault == FAULT_5XX || fault == FAULT_GARBAGE || fault == FAULT_SLOW;
	int code = e->kind ? err_exit_code(e) : 0, want = 0;
	unsigned given = 0;

	for (unsigned i = 0; i < at; i++)
		given += text_ends(calls[i].label, "/update");
	if (fault == FAULT_KILLED || fault == FAULT_KILLED_BEFORE)
		want = 128 + SIGKILL;
	else if (lost && given == THRESHOLD && text_ends(calls[at - 1].label, "/update"))
		want = 4;
	if (code != want)
		fail_msg("%s: exit %d, not %d: %s", when, code, want, e->text ? e->text : "it went through");
}

/* false: there are fewer calls than that. */
static bool one_rekey_fault(const char *seal, unsigned at, enum fault fault, bool forgets)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0}, why = {0};
	AUTO(text) char *when = NULL;
	unsigned before;

	place_init(&p);
	p.vault.seal = seal;
	fake_transport_fault(&p.account.cloud.net, at, fault, REACH_ONCE);
	if (rekey_once(&p, false, NULL, &e) < 0 && !e.text)
		fail_msg("call %u, fault %d: failed without a reason", at, fault);
	if (p.account.cloud.net.n_calls < at)
		return false;
	when = xasprintf("%s, call %u (%s), fault %d", seal, at, p.account.cloud.net.calls[at - 1].label, fault);
	assert_exit_code(&p, at, fault, &e, when);
	assert_valid_keys_in_custody(&p, when);
	before = p.vault.keys;
	assert_true(before <= 1);
	if (forgets)
		fake_vault_forget(&p.vault);
	fake_transport_heal(&p.account.cloud.net);
	if (e.kind && rekey_once(&p, false, NULL, &why) < 0)
		fail_msg("%s: the second run failed: %s (the first: %s)", when, why.text, e.text);
	if (!holds_keys(&p, entry(&p, "recovery-keys")->value) || p.vault.keys < 1 || p.vault.keys > before + 1)
		fail_msg("%s: the second run did not finish", when);
	assert_false(p.vault.rekey.started);
	assert_false(notes_left(&p));
	return true;
}

static void any_call_of_a_rekey_may_fail_in_any_way(void **state)
{
	static const char *const seals[] = { "awskms", "shamir" };

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(seals); i++)
		for (enum fault fault = FAULT_RESET; fault < FAULT_KINDS; fault++) {
			unsigned calls = 1;

			while (one_rekey_fault(seals[i / 2], calls, fault, i % 2))
				calls++;
			assert_true(calls > 18);
		}
}

static void a_rekey_of_somebody_elses_is_shown_and_left(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0}, none = {0};

	(void)state;
	place_init(&p);
	p.vault.rekey = (struct fake_attempt){ .started = true, .nonce = "their-nonce", .n_given = 2, .shares = 1, .threshold = 1 };
	assert_int_equal(rekey_once(&p, false, NULL, &e), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "nonce their-nonce, 2 of 3 shares given"));
	assert_int_equal(p.vault.rekey.n_given, 2);
	assert_int_equal(p.asked, 0);
	assert_int_equal(rekey_once(&p, true, NULL, &none), 0);
	assert_int_equal(p.asked, 1);
	assert_false(p.vault.rekey.started);
	assert_int_equal(p.account.cloud.writes, 0);
}

static void a_rekey_does_not_join_what_was_split(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	split_keys(&p);
	assert_int_equal(rekey_once(&p, false, NULL, &e), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "each key share has an entry of its own"));
	assert_int_equal(p.asked, 0);
	assert_int_equal(p.vault.nonces, 0);
	assert_int_equal(p.account.cloud.writes, 0);
}

/* ---- generate-root ---- */

static void a_token_that_holds_is_not_replaced_unasked(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0}, none = {0};

	(void)state;
	place_init(&p);
	assert_int_equal(root_once(&p, false, &e), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "is valid"));
	assert_int_equal(p.vault.nonces, 0);
	assert_int_equal(p.account.cloud.writes, 0);
	assert_int_equal(root_once(&p, true, &none), 0);
	assert_int_equal(p.asked, 1);
	assert_true(fake_vault_takes(&p.vault, FAKE_ROOT_TOKEN));
	assert_string_not_equal(entry(&p, "root-token")->value, FAKE_ROOT_TOKEN);
	assert_string_equal(entry(&p, "root-token")->previous.value, FAKE_ROOT_TOKEN);
}

static bool one_root_fault(unsigned at, enum fault fault, bool split)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0}, why = {0}, again = {0};
	AUTO(text) char *when = NULL;
	unsigned writes;

	place_init(&p);
	if (split)
		split_keys(&p);
	p.vault.n_tokens = 0;            /* the one in custody was revoked */
	fake_transport_fault(&p.account.cloud.net, at, fault, REACH_ONCE);
	if (root_once(&p, false, &e) < 0 && !e.text)
		fail_msg("call %u, fault %d: failed without a reason", at, fault);
	if (p.account.cloud.net.n_calls < at)
		return false;
	when = xasprintf("call %u (%s), fault %d", at, p.account.cloud.net.calls[at - 1].label, fault);
	assert_exit_code(&p, at, fault, &e, when);
	assert_no_secret_in_files(&p, when);
	fake_transport_heal(&p.account.cloud.net);
	/* Promoted before it was killed: then there is a valid one, and that is said. */
	if (e.kind && root_once(&p, false, &why) < 0 && why.kind != ERR_GUARD)
		fail_msg("%s: the second run failed: %s (the first: %s)", when, why.text, e.text);
	if (!fake_vault_takes(&p.vault, entry(&p, "root-token")->value))
		fail_msg("%s: no valid root token is in custody", when);
	assert_no_secret_in_files(&p, when);
	assert_false(p.vault.root.started);
	assert_false(notes_left(&p));
	writes = p.account.cloud.writes;
	if (root_once(&p, false, &again) == 0 || again.kind != ERR_GUARD || p.account.cloud.writes != writes)
		fail_msg("%s: the third run changed something", when);
	return true;
}

static void any_call_of_a_generation_may_fail_in_any_way(void **state)
{
	(void)state;
	for (enum fault fault = FAULT_RESET; fault < FAULT_KINDS; fault++) {
		unsigned calls = 1;

		while (one_root_fault(calls, fault, false))
			calls++;
		assert_true(calls > 15);
		for (calls = 1; one_root_fault(calls, fault, true);)
			calls++;
		assert_true(calls > 20);
	}
}

static void a_token_that_custody_refuses_is_revoked(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.vault.n_tokens = 0;
	p.account.cloud.denied = "secretsmanager:PutSecretValue";
	assert_int_equal(root_once(&p, false, &e), -1);
	assert_non_null(strstr(e.text, "which was revoked again"));
	assert_int_equal(p.vault.tokens_made, 1);
	assert_string_equal(p.vault.tokens[0], "");
}

/* Killed after the last share: the token is nobody's, and the next run says so. */
static void a_lost_token_is_told(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0}, none = {0};
	unsigned at = 0;

	(void)state;
	place_init(&p);
	p.vault.n_tokens = 0;
	while (!p.vault.tokens_made) {
		fake_transport_heal(&p.account.cloud.net);
		fake_vault_forget(&p.vault);
		fake_transport_fault(&p.account.cloud.net, ++at, FAULT_KILLED, REACH_ONCE);
		err_release(&e);
		assert_int_equal(root_once(&p, false, &e), -1);
	}
	fake_transport_heal(&p.account.cloud.net);
	assert_int_equal(root_once(&p, false, &none), 0);
	assert_non_null(strstr(p.told, "may have made a root token that nobody has"));
}

/* ---- unseal ---- */

static bool one_unseal_fault(unsigned at, enum fault fault)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0}, why = {0};

	place_init(&p);
	p.vault.sealed_by_hand = true;
	fake_transport_fault(&p.account.cloud.net, at, fault, REACH_ONCE);
	if (unseal_once(&p, &e) < 0 && !e.text)
		fail_msg("call %u, fault %d: failed without a reason", at, fault);
	if (p.account.cloud.net.n_calls < at)
		return false;
	assert_exit_code(&p, at, fault, &e, "unseal");
	assert_no_secret_in_files(&p, "unseal");
	fake_transport_heal(&p.account.cloud.net);
	if (e.kind && unseal_once(&p, &why) < 0)
		fail_msg("call %u, fault %d: the second run failed: %s", at, fault, why.text);
	assert_false(p.vault.sealed_by_hand);
	assert_int_equal(p.account.cloud.writes, 0);
	return true;
}

static void any_call_of_an_unsealing_may_fail_in_any_way(void **state)
{
	(void)state;
	for (enum fault fault = FAULT_RESET; fault < FAULT_KINDS; fault++) {
		unsigned calls = 1;

		while (one_unseal_fault(calls, fault))
			calls++;
		assert_true(calls > 7);
	}
}

/* ---- the tables ---- */

static void every_table_is_sound(void **state)
{
	const struct {
		const struct step *rows;
		size_t n;
	} tables[] = {
		{ entry_find_rows, ENTRY_FIND_ROWS }, { entry_make_rows, ENTRY_MAKE_ROWS }, { entry_stage_rows, ENTRY_STAGE_ROWS },
		{ entry_promote_rows, ENTRY_PROMOTE_ROWS }, { attempt_read_rows, ATTEMPT_READ_ROWS },
		{ attempt_cancel_rows, ATTEMPT_CANCEL_ROWS }, { attempt_start_rows, ATTEMPT_START_ROWS },
		{ attempt_give_rows, ATTEMPT_GIVE_ROWS }, { recover_share_rows, RECOVER_SHARE_ROWS },
		{ recover_open_rows, RECOVER_GPG_ROWS }, { recover_keys_rows, RECOVER_GPG_ROWS },
		{ recover_encrypt_rows, RECOVER_GPG_ROWS }, { rekey_verify_rows, REKEY_VERIFY_ROWS }, { root_lookup_rows, ROOT_LOOKUP_ROWS }, { root_revoke_rows, ROOT_REVOKE_ROWS },
		{ unseal_status_rows, UNSEAL_STATUS_ROWS }, { unseal_rows, UNSEAL_ROWS }, { unseal_restart_rows, UNSEAL_RESTART_ROWS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		AUTO(err) struct err e = {0};

		if (graph_check(tables[i].rows, tables[i].n, &e) < 0)
			fail_msg("%s", e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_is_sound),
		cmocka_unit_test(a_rekey_goes_through),
		cmocka_unit_test(a_rekey_takes_a_yes),
		cmocka_unit_test(a_rekey_ends_when_every_copy_shows_it),
		cmocka_unit_test(a_copy_that_fails_is_told_and_finished_by_the_next_run),
		cmocka_unit_test(any_call_of_a_rekey_may_fail_in_any_way),
		cmocka_unit_test(a_rekey_of_somebody_elses_is_shown_and_left),
		cmocka_unit_test(a_rekey_does_not_join_what_was_split),
		cmocka_unit_test(a_token_that_holds_is_not_replaced_unasked),
		cmocka_unit_test(any_call_of_a_generation_may_fail_in_any_way),
		cmocka_unit_test(a_token_that_custody_refuses_is_revoked),
		cmocka_unit_test(a_lost_token_is_told),
		cmocka_unit_test(any_call_of_an_unsealing_may_fail_in_any_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
