/*
 * recover under every fault of every call: after whatever happened custody holds the shares that are Vault's, current or
 * staged, and the next run finishes; a root token that Vault takes is in custody, or the next run makes one; nothing of a
 * share, token or password is in any file.
 */
#include "fault/run.h"

#include "core/text.h"
#include "domain/recover_rekey.h"
#include "domain/recover_root.h"
#include "domain/recover_unseal.h"
#include "fake/vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define NAME "helm-vault-aws/prod/vault/vault/"

struct place {
	struct account account;
	struct fake_vault vault;
	unsigned asked;                  /* questions */
	bool no;                         /* they are answered with no */
	char told[512];
};

static struct cloud_secret *add_entry(struct place *p, const char *word, const char *value)
{
	struct fake_cloud *c = &p->account.cloud;
	struct cloud_secret *s = &c->secrets[c->n_secrets++];

	*s = (struct cloud_secret){
		.name = arena_printf(&c->mem, NAME "%s", word), .arn = arena_printf(&c->mem, "arn:aws:x:%s", word),
		.value = arena_text(&c->mem, value), .token = arena_printf(&c->mem, "first-version-of-%s", word),
		.tags = fake_cloud_tags(c, "ManagedBy", "helm-vault-aws", "helm-vault-aws/cluster", "prod", "helm-vault-aws/namespace",
		                        "vault", "helm-vault-aws/release", "vault", NULL),
	};
	return s;
}

/* What custody holds of the keys after so many rekeys. */
static const char *keys_entry(struct arena *a, unsigned keys)
{
	const char *list = "";

	for (int i = 0; i < 5; i++)
		list = arena_printf(a, "%s%s\"%s\"", list, i ? "," : "", fake_vault_share(a, keys, i));
	return arena_printf(a, "{\"recovery_threshold\":3,\"recovery_keys\":[%s]}", list);
}

static void place_init(struct place *p)
{
	*p = (struct place){0};
	account_init(&p->account);
	fake_cloud_add_table(&p->account.cloud, "prod-vault", (struct cloud_tags){0});
	fake_vault_init(&p->vault, &p->account.cloud, "prod-vault");
	fake_vault_adopt(&p->vault, 5, 3);
	add_entry(p, "recovery-keys", keys_entry(&p->account.cloud.mem, 0));
	add_entry(p, "root-token", FAKE_ROOT_TOKEN);
}

static void place_release(struct place *p)
{
	account_release(&p->account);
}
SCOPE_END(place, struct place, place_release(v))

static struct cloud_secret *entry(struct place *p, const char *word)
{
	return &p->account.cloud.secrets[text_same(word, "recovery-keys") ? 0 : 1];
}

/* As init leaves them where each share goes to somebody else. */
static void split_keys(struct place *p)
{
	struct arena *a = &p->account.cloud.mem;

	for (int i = 0; i < 5; i++) {
		const char *word = arena_printf(a, "recovery-key-%d", i + 1);
		const char *value = arena_printf(a, "{\"recovery_threshold\":3,\"recovery_keys\":[\"%s\"]}", fake_vault_share(a, 0, i));

		if (i > 0) {
			add_entry(p, word, value);
			continue;
		}
		p->account.cloud.secrets[0].name = arena_printf(a, NAME "%s", word);
		p->account.cloud.secrets[0].value = value;
	}
}

/* ---- one process ---- */

struct process {
	struct run run;
	struct place *place;
};

static int loop_over(void *to, void *world, const struct step *steps, size_t n, struct err *e)
{
	struct process *x = to;
	struct run *r = &x->run;
	struct loop loop = { .transport = &r->cloud->transport, .host = &r->machine->host };

	graph_release_tracks(&r->graph);
	r->graph = (struct graph){ .steps = steps, .n = n, .world = world, .tracks = ARENA_ARRAY(&r->mem, struct track, n) };
	return loop_run(&loop, &r->graph, 1, e);
}

static int ask_yes_or_no(void *to, const char *question, struct err *e)
{
	struct process *x = to;

	assert_non_null(strchr(question, '?'));
	x->place->asked++;
	return x->place->no ? err_set(e, ERR_GUARD, 0, "not confirmed") : 0;
}

static int type_nothing(void *to, struct recover *r, int64_t needed, struct err *e)
{
	(void)to;
	(void)r;
	(void)needed;
	return err_set(e, ERR_USAGE, 0, "nobody types here");
}

static void tell(void *to, const char *text)
{
	struct process *x = to;

	snprintf(x->place->told, sizeof(x->place->told), "%s", text);
}

static struct recover_runner runner_of(struct process *x)
{
	return (struct recover_runner){ .loop = loop_over, .ask = ask_yes_or_no, .type = type_nothing, .tell = tell, .to = x };
}

static const struct recover_options options = { .boot = { .vault_addr = FAKE_VAULT_URL } };

static int rekey_in(struct process *x, struct rekey_world *w, bool cancel, struct err *e)
{
	struct recover_runner runner = runner_of(x);

	if (recover_init(&w->recover, &x->run.world, &options, !cancel, e) < 0)
		return -1;
	w->cancel = cancel;
	return rekey_init(w, e) < 0 ? -1 : rekey_run(w, &runner, e);
}

static int rekey_once(struct place *p, bool cancel, bool *earlier, struct err *e)
{
	struct process x = { .place = p };
	struct rekey_world w = {0};
	int result;

	run_open(&x.run, &p->account.cloud, &p->account.machine, NULL);
	result = rekey_in(&x, &w, cancel, e);
	if (earlier)
		*earlier = w.finished_earlier;
	rekey_release(&w);
	run_close(&x.run);
	return result;
}

static int root_in(struct process *x, struct root_world *w, bool replace, struct err *e)
{
	struct recover_runner runner = runner_of(x);

	if (recover_init(&w->recover, &x->run.world, &options, true, e) < 0)
		return -1;
	w->replace = replace;
	return root_init(w, e) < 0 ? -1 : root_run(w, &runner, e);
}

static int root_once(struct place *p, bool replace, struct err *e)
{
	struct process x = { .place = p };
	struct root_world w = {0};
	int result;

	run_open(&x.run, &p->account.cloud, &p->account.machine, NULL);
	result = root_in(&x, &w, replace, e);
	root_release(&w);
	run_close(&x.run);
	return result;
}

static int unseal_in(struct process *x, struct unseal_world *w, struct err *e)
{
	struct recover_runner runner = runner_of(x);
	struct recover *r = &w->recover;

	if (recover_init(r, &x->run.world, &options, true, e) < 0 || loop_over(x, w, boot_steps, BOOT_STEPS_N, e) < 0 ||
	    unseal_find(w, e) < 0 || loop_over(x, w, unseal_status_rows, UNSEAL_STATUS_ROWS, e) < 0 || unseal_judge(w, e) < 0)
		return -1;
	if (w->n_sealed && (recover_get_shares(r, &runner, w->servers[0].status.threshold, e) < 0 || unseal_begin(w, e) < 0))
		return -1;
	return loop_over(x, w, unseal_rows, UNSEAL_ROWS, e);
}

static int unseal_once(struct place *p, struct err *e)
{
	struct process x = { .place = p };
	struct unseal_world w = {0};
	int result;

	run_open(&x.run, &p->account.cloud, &p->account.machine, NULL);
	result = unseal_in(&x, &w, e);
	recover_release(&w.recover);
	run_close(&x.run);
	return result;
}

/* ---- what must be so ---- */

static void assert_no_secret_in_files(const struct place *p, const char *when)
{
	for (const struct fake_file *f = p->account.machine.files.files; f; f = f->next)
		if (strstr(f->content, "5ec2e7"))
			fail_msg("%s: a secret is readable in '%s'", when, f->path);
}

static bool holds_keys(const struct place *p, const char *value)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	return value && strstr(value, fake_vault_share(&a, p->vault.keys, 0)) != NULL;
}

static void assert_valid_keys_in_custody(struct place *p, const char *when)
{
	const struct cloud_secret *s = entry(p, "recovery-keys");

	assert_no_secret_in_files(p, when);
	if (!holds_keys(p, s->value) && !holds_keys(p, s->pending.value))
		fail_msg("%s: the shares that are Vault's are not in custody", when);
}

static bool notes_left(const struct place *p)
{
	for (const struct fake_file *f = p->account.machine.files.files; f; f = f->next)
		if (strstr(f->path, "/rekey/") || strstr(f->path, "/generate-root/"))
			return true;
	return false;
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
		{ rekey_verify_rows, REKEY_VERIFY_ROWS }, { root_lookup_rows, ROOT_LOOKUP_ROWS }, { root_revoke_rows, ROOT_REVOKE_ROWS },
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
