/*
 * init that starts over, under every fault of every call: the pods come back, the keys in custody are those of the Vault that
 * runs, what holds anything or could still be opened is left as it is, and the note says to other machines what is so.
 */
#include "fault/run.h"

#include "core/text.h"
#include "domain/init.h"
#include "fake/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TABLE "prod-vault"
#define SPOOL "/home/ops/.local/state/helm-vault-aws/init/" CLOUD_REGION "-prod-vault-vault.json"
#define NAME  "helm-vault-aws/prod/vault/vault/"
#define FLAG  "core/seal-initialization-flag"

enum { LEASE_OVER_MS = 200000 };

struct place {
	struct account account;
	struct fake_machine other;       /* a second machine */
	struct fake_vault vault;
	struct fake_cluster cluster;
	bool start_over;
};

static struct cloud_table *table_of(struct place *p)
{
	return &p->account.cloud.tables[0];
}

static void place_init(struct place *p)
{
	struct fake_cloud *c = &p->account.cloud;

	*p = (struct place){0};
	account_init(&p->account);
	fake_machine_init(&p->other, c);
	p->other.files.random += 99;
	fake_cloud_add_alias(c, "alias/prod-vault-unseal", fake_cloud_add_key(c, (struct cloud_tags){0}));
	fake_cloud_add_alias(c, "alias/custody", fake_cloud_add_key(c, (struct cloud_tags){0}));
	fake_cloud_add_table(c, TABLE, (struct cloud_tags){0});
	fake_vault_init(&p->vault, c, TABLE);
	fake_cluster_init(&p->cluster, &p->vault);
}

static void place_release(struct place *p)
{
	fake_machine_release(&p->other);
	account_release(&p->account);
}
SCOPE_END(place, struct place, place_release(v))

/* ---- one process ---- */

/* As cmd_init.c goes through it, with the name typed. */
static int run_init(struct run *r, struct init_world *in, bool start_over)
{
	static const char *const custody[] = { "secretsmanager", NULL };
	struct init_options options = { .custody = custody, .custody_key = "alias/custody", .shares = 5, .threshold = 3,
	                                .start_over = start_over };
	struct boot_options boot = {0};
	const struct step *table;
	size_t n;

	if (init_prepare(in, &r->world, &boot, &options, &r->e) < 0 ||
	    run_table(r, in, init_revive_rows, INIT_REVIVE_ROWS) < 0)
		return -1;
	table = boot_table(&r->mem, init_find_rows, n_init_find_rows, &n);
	if (run_table(r, in, table, n) < 0 || init_decide(in, &r->e) < 0)
		return -1;
	table = init_table(&r->mem, &n);
	return run_table(r, in, table, n) < 0 ? -1 : init_finish(in, &r->e);
}

static int init_on(struct place *p, struct fake_machine *m, bool start_over, struct err *e, struct init_world *in)
{
	struct kube kube = { .server = FAKE_CLUSTER_URL, .context = "prod", .user_name = "ops" };
	AUTO(run) struct run r;
	int result;

	run_open(&r, &p->account.cloud, m, NULL);
	r.world.kube = &kube;
	result = run_init(&r, in, start_over);
	err_move(e, &r.e);
	init_release(in);
	return result;
}

static int init_once(struct place *p, struct err *e)
{
	struct init_world in = {0};

	err_release(e);
	return init_on(p, &p->account.machine, p->start_over, e, &in);
}

static int init_elsewhere(struct place *p, struct err *e)
{
	struct init_world in = {0};

	err_release(e);
	return init_on(p, &p->other, p->start_over, e, &in);
}

static void next_process(struct place *p)
{
	fake_transport_heal(&p->account.cloud.net);
	fake_cloud_pass(&p->account.cloud, LEASE_OVER_MS);
}

/* ---- what must be so ---- */

static const char *note(struct place *p)
{
	return fake_cloud_tag_of(&table_of(p)->tags, TAG_BEGUN);
}

static const char *spool_text(struct place *p)
{
	return fake_host_content(&p->account.machine.files, SPOOL, NULL);
}

static const char *kept_token(struct place *p)
{
	for (unsigned i = 0; i < p->account.cloud.n_secrets; i++)
		if (text_same(p->account.cloud.secrets[i].name, NAME "root-token"))
			return p->account.cloud.secrets[i].value;
	return NULL;
}

/* The keys in custody open the Vault that runs, and nothing is left of how it came to that. */
static void assert_in_order(struct place *p, const char *when)
{
	if (!p->vault.initialized || !text_same(kept_token(p), p->vault.root_token))
		fail_msg("%s: custody does not open this Vault", when);
	if (note(p) || spool_text(p))
		fail_msg("%s: a note is left: %s %s", when, note(p) ? note(p) : "", spool_text(p) ? spool_text(p) : "");
	if (p->cluster.replicas != 1 || p->cluster.annotation[0])
		fail_msg("%s: the pods are not as they were", when);
}

static bool in_order(struct place *p)
{
	return p->vault.initialized && text_same(kept_token(p), p->vault.root_token) && !note(p) && !spool_text(p) &&
	       p->cluster.replicas == 1 && !p->cluster.annotation[0];
}

/* The reply of sys/init is lost: the table holds a fresh init's items, and nobody has the keys. */
static void lose_the_reply(struct place *p)
{
	AUTO(err) struct err e = {0};

	p->vault.loses_keys = true;
	assert_int_equal(init_once(p, &e), -1);
	assert_non_null(strstr(e.text, "nobody has the keys"));
	assert_int_equal(err_exit_code(&e), 4);
	assert_true(text_starts(note(p), "lost 20"));
	p->vault.loses_keys = false;
	next_process(p);
}

/* An init of somebody's that was refused half-way. */
static void ruin(struct place *p)
{
	fake_cloud_store(table_of(p), "core/");
	fake_cloud_store(table_of(p), "core/keyring");
	fake_cloud_store(table_of(p), "core/seal-config");
	fake_cloud_store(table_of(p), FLAG);
	p->vault.initialized = true;
	p->vault.unsealed_ms = INT64_MAX;
}

static void goes_through_with_a_cluster(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	if (init_once(&p, &e) < 0)
		fail_msg("%s", e.text);
	assert_in_order(&p, "a clean run");
	assert_int_equal(p.cluster.scales, 0);
}

static void a_lost_reply_is_started_over(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	lose_the_reply(&p);
	if (init_once(&p, &e) < 0)
		fail_msg("%s", e.text);
	assert_in_order(&p, "started over");
	assert_int_equal(p.vault.inits, 2);
	assert_int_equal(p.cluster.scales, 2);
	assert_int_equal(p.account.cloud.n_backups, 0);
}

/* ---- the matrix ---- */

/* Runs until all is in order: a run that lost the reply again, or was told to wait, is not the last one. */
static void converge(struct place *p, const char *when)
{
	AUTO(err) struct err e = {0};
	unsigned writes, runs = 0;

	while (runs++ < 4 && !in_order(p)) {
		next_process(p);
		if (init_once(p, &e) < 0 && p->start_over && err_exit_code(&e) == 4 && strstr(e.text, "can still open"))
			p->start_over = false;
	}
	if (!in_order(p))
		fail_msg("%s: it does not come to an end: %s", when, e.text ? e.text : "");
	assert_in_order(p, when);
	next_process(p);
	p->start_over = false;
	writes = p->account.cloud.writes;
	if (init_once(p, &e) < 0 || p->account.cloud.writes != writes)
		fail_msg("%s: the last run changed something: %s", when, e.text ? e.text : "");
}

/* false: there are fewer calls than that. */
static bool one_fault(void (*make)(struct place *), bool start_over, unsigned at, enum fault fault)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	AUTO(text) char *when = NULL;

	place_init(&p);
	make(&p);
	p.start_over = start_over;
	fake_transport_fault(&p.account.cloud.net, at, fault, REACH_ONCE);
	if (init_once(&p, &e) < 0 && (!e.kind || !e.text))
		fail_msg("call %u, fault %d: failed without a reason", at, fault);
	if (p.account.cloud.net.n_calls < at)
		return false;
	when = xasprintf("call %u (%s), fault %d", at, p.account.cloud.net.calls[at - 1].label, fault);
	converge(&p, when);
	if (p.account.cloud.n_backups != start_over)
		fail_msg("%s: %u backups", when, p.account.cloud.n_backups);
	return true;
}

static void any_call_may_fail_in_any_way(void **state)
{
	(void)state;
	for (int asked = 0; asked < 2; asked++)
		for (enum fault fault = FAULT_RESET; fault < FAULT_KINDS; fault++) {
			unsigned calls = 1;

			while (one_fault(asked ? ruin : lose_the_reply, asked, calls, fault))
				calls++;
			assert_true(calls > 50);
		}
}

/* ---- other machines, and other runs ---- */

static void another_machine_goes_on(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	lose_the_reply(&p);
	if (init_elsewhere(&p, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(kept_token(&p), p.vault.root_token);
	assert_null(note(&p));
	next_process(&p);
	assert_int_equal(init_once(&p, &e), 0);
	assert_int_equal(p.vault.inits, 2);
}

static void a_run_that_may_wait_for_its_reply_is_waited_for(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	int64_t began;
	unsigned at = 1;

	(void)state;
	place_init(&p);
	assert_int_equal(init_once(&p, &e), 0);
	while (!strstr(p.account.cloud.net.calls[at - 1].label, "/v1/sys/init"))
		at++;
	place_release(&p);
	place_init(&p);
	fake_transport_fault(&p.account.cloud.net, at, FAULT_KILLED, REACH_ONCE);
	assert_int_equal(init_once(&p, &e), -1);
	assert_true(text_starts(note(&p), "begun 20"));
	fake_transport_heal(&p.account.cloud.net);
	began = p.account.cloud.net.now_ms;
	if (init_elsewhere(&p, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(p.account.cloud.net.now_ms - began > (BEGUN_LEASE_S - 2) * 1000);
	assert_string_equal(kept_token(&p), p.vault.root_token);
}

/* A server that died within sys/init: its table is initialised without a seal, of which Vault says nothing but a 500. */
static void half_made_is_started_over(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	lose_the_reply(&p);
	table_of(&p)->n_stored = 0;
	fake_cloud_store(table_of(&p), "core/");
	fake_cloud_store(table_of(&p), "core/keyring");
	fake_vault_restart(&p.vault);
	if (init_once(&p, &e) < 0)
		fail_msg("%s", e.text);
	assert_in_order(&p, "half made");
}

static void keys_in_the_spool_of_another_machine_stay(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.account.cloud.denied = "secretsmanager:UpdateSecret";
	assert_int_equal(init_once(&p, &e), -1);
	assert_true(text_starts(note(&p), "keys 20"));
	next_process(&p);
	assert_int_equal(init_elsewhere(&p, &e), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "from another machine, whose spool has the keys"));
	p.start_over = true;
	assert_int_equal(init_elsewhere(&p, &e), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "the spool of the machine that initialised Vault"));
	assert_int_equal(p.cluster.scales, 0);
	p.start_over = false;
	p.account.cloud.denied = NULL;
	next_process(&p);
	assert_int_equal(init_once(&p, &e), 0);
	assert_in_order(&p, "finished at home");
	assert_int_equal(p.vault.inits, 1);
}

/* ---- what stands against it ---- */

static void refused(struct place *p, const char *says, int code)
{
	AUTO(err) struct err e = {0};
	unsigned stored = table_of(p)->n_stored;
	bool said = false;

	if (init_once(p, &e) == 0)
		fail_msg("'%s' was expected, and it went through", says);
	for (const struct err *at = &e; at && at->text; at = at->more)
		said |= strstr(at->text, says) != NULL;
	if (!said || err_exit_code(&e) != code)
		fail_msg("'%s' (%d) was expected: %s (%d)", says, code, e.text, err_exit_code(&e));
	assert_int_equal(table_of(p)->n_stored, stored);
	assert_int_equal(p->account.cloud.n_backups, 0);
	next_process(p);
}

static void what_is_used_is_left(void **state)
{
	AUTO(place) struct place p;

	(void)state;
	place_init(&p);
	lose_the_reply(&p);
	fake_cloud_store(table_of(&p), "sys/policy/app");
	refused(&p, "what no fresh init writes: 'sys/policy/app'", 4);
	p.start_over = true;
	refused(&p, "what no fresh init writes: 'sys/policy/app'", 4);
	assert_int_equal(p.cluster.scales, 0);
}

static void only_who_asks_gets_a_ruined_table_emptied(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	ruin(&p);
	refused(&p, "refused half-way", 4);
	p.start_over = true;
	p.account.cloud.denied = "dynamodb:CreateBackup";
	refused(&p, "backing up the table", 1);
	assert_int_equal(p.cluster.scales, 0);
	p.account.cloud.denied = NULL;
	p.vault.unsealed_ms = 0;
	refused(&p, "1 of its servers is unsealed", 4);
	p.vault.unsealed_ms = INT64_MAX;
	if (init_once(&p, &e) < 0)
		fail_msg("%s", e.text);
	assert_in_order(&p, "asked for");
	assert_int_equal(p.account.cloud.n_backups, 1);
}

static void a_lock_that_is_held_stops_it(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	lose_the_reply(&p);
	table_of(&p)->lock_ms = INT64_MAX / 1000000;
	refused(&p, "somebody holds the lock", 5);
	table_of(&p)->lock_ms = 0;
	if (init_once(&p, &e) < 0)
		fail_msg("%s", e.text);
	assert_in_order(&p, "the lock is free");
}

static void the_role_is_proven_before_the_pods_go(void **state)
{
	AUTO(place) struct place p;

	(void)state;
	place_init(&p);
	lose_the_reply(&p);
	p.account.cloud.denied = "kms:Encrypt";
	refused(&p, "may not do kms:Encrypt", 4);
	p.account.cloud.denied = "dynamodb:TagResource";
	refused(&p, "noting on the table", 1);
	assert_int_equal(p.cluster.scales, 0);
}

static void a_second_vault_is_not_started_over(void **state)
{
	AUTO(place) struct place p;

	(void)state;
	place_init(&p);
	p.vault.initialized = true;
	fake_cloud_store(table_of(&p), "core/keyring");
	refused(&p, "by somebody else", 4);
	p.start_over = true;
	refused(&p, "nothing shows that it is ruined", 4);
	fake_cloud_tag(&p.account.cloud, &table_of(&p)->tags, TAG_BEGUN, "what is that");
	refused(&p, "which no init of ours writes", 4);
}

static void the_tables_are_sound(void **state)
{
	AUTO(err) struct err e = {0};

	(void)state;
	assert_int_equal(graph_check(init_revive_rows, INIT_REVIVE_ROWS, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tables_are_sound),
		cmocka_unit_test(goes_through_with_a_cluster),
		cmocka_unit_test(a_lost_reply_is_started_over),
		cmocka_unit_test(any_call_may_fail_in_any_way),
		cmocka_unit_test(another_machine_goes_on),
		cmocka_unit_test(a_run_that_may_wait_for_its_reply_is_waited_for),
		cmocka_unit_test(half_made_is_started_over),
		cmocka_unit_test(keys_in_the_spool_of_another_machine_stay),
		cmocka_unit_test(what_is_used_is_left),
		cmocka_unit_test(only_who_asks_gets_a_ruined_table_emptied),
		cmocka_unit_test(a_lock_that_is_held_stops_it),
		cmocka_unit_test(the_role_is_proven_before_the_pods_go),
		cmocka_unit_test(a_second_vault_is_not_started_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
