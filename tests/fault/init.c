/*
 * init under every fault of every call: Vault is initialised once at most, what it answered is in custody or in the spool
 * unless that very reply was lost, and the next run finishes or says what is there.
 */
#include "fault/run.h"

#include "core/text.h"
#include "domain/init.h"
#include "fake/vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TABLE "prod-vault"
#define SPOOL "/home/ops/.local/state/helm-vault-aws/init/" CLOUD_REGION "-prod-vault-vault.json"
#define NAME  "helm-vault-aws/prod/vault/vault/"

#define FOLDER "/home/ops/keys"
#define RECIPIENT "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

struct place {
	struct account account;
	struct fake_vault vault;
	const char *const *custody;      /* NULL: in Secrets Manager */
};

static const char *const in_aws[] = { "secretsmanager", NULL };
static const char *const in_files[] = { "file", NULL };
static const char *const in_both[] = { "secretsmanager", "file", NULL };

static bool custody_has(const struct place *p, const char *where)
{
	const char *const *at = p->custody ? p->custody : in_aws;

	while (*at && !text_same(*at, where))
		at++;
	return *at;
}

static void place_init(struct place *p)
{
	struct fake_cloud *c = &p->account.cloud;

	account_init(&p->account);
	fake_cloud_add_alias(c, "alias/prod-vault-unseal", fake_cloud_add_key(c, (struct cloud_tags){0}));
	fake_cloud_add_alias(c, "alias/custody", fake_cloud_add_key(c, (struct cloud_tags){0}));
	fake_cloud_add_table(c, TABLE, (struct cloud_tags){0});
	fake_vault_init(&p->vault, c, TABLE);
	p->custody = NULL;
}

static void place_release(struct place *p)
{
	account_release(&p->account);
}
SCOPE_END(place, struct place, place_release(v))

/* ---- one process ---- */

static int run_table(struct run *r, struct init_world *in, const struct step *steps, size_t n)
{
	struct loop loop = { .transport = &r->cloud->transport, .host = &r->machine->host };

	graph_release_tracks(&r->graph);
	r->graph = (struct graph){ .steps = steps, .n = n, .world = in, .tracks = ARENA_ARRAY(&r->mem, struct track, n) };
	return loop_run(&loop, &r->graph, 1, &r->e);
}

static int run_init(struct run *r, struct init_world *in, const struct place *p)
{
	static const char *const recipients[] = { RECIPIENT, NULL };
	static const char *const copies[] = { "eu-west-1=alias/custody", "us-east-2=alias/custody", NULL };
	bool aws = custody_has(p, "secretsmanager"), files = custody_has(p, "file");
	struct init_options options = {
		.custody = p->custody ? p->custody : in_aws, .custody_key = aws ? "alias/custody" : NULL, .copies = aws ? copies : NULL,
		.folder = files ? FOLDER : NULL, .recipients = files ? recipients : NULL, .shares = 5, .threshold = 3,
	};
	struct boot_options boot = { .vault_addr = FAKE_VAULT_URL };
	const struct step *table;
	size_t n;

	if (init_check_options(&options, &r->e) < 0 || init_prepare(in, &r->world, &boot, &options, &r->e) < 0)
		return -1;
	table = boot_table(&r->mem, init_find_rows, n_init_find_rows, &n);
	if (run_table(r, in, table, n) < 0 || init_decide(in, &r->e) < 0)
		return -1;
	table = init_table(&r->mem, &n);
	return run_table(r, in, table, n) < 0 ? -1 : init_finish(in, &r->e);
}

/* A process from start to end; where it is killed its files stay. */
static int init_once(struct place *p, struct err *e, enum init_plan *plan)
{
	AUTO(run) struct run r;
	struct init_world in = {0};
	int result;

	run_open(&r, &p->account.cloud, &p->account.machine, NULL);
	result = run_init(&r, &in, p);
	if (plan)
		*plan = in.plan;
	if (e)
		err_move(e, &r.e);
	init_release(&in);
	return result;
}

/* ---- what must be so ---- */

static const struct cloud_secret *entry(const struct place *p, const char *word)
{
	AUTO(text) char *name = xasprintf(NAME "%s", word);

	for (unsigned i = 0; i < p->account.cloud.n_secrets; i++)
		if (text_same(p->account.cloud.secrets[i].name, name))
			return &p->account.cloud.secrets[i];
	return NULL;
}

static bool file_there(const struct place *p, const char *path)
{
	unsigned mode = 0;
	const char *text = fake_host_content(&p->account.machine.files, path, &mode);

	return text && mode == 0600 && text_starts(text, "age-encryption.org/v1\n-> X25519 ");
}

static bool in_custody(const struct place *p)
{
	bool files = file_there(p, FOLDER "/recovery-keys.age") && file_there(p, FOLDER "/root-token.age");
	const struct cloud_secret *keys = entry(p, "recovery-keys"), *token = entry(p, "root-token");

	if (custody_has(p, "file") && !files)
		return false;
	if (!custody_has(p, "secretsmanager"))
		return !keys && !token;
	return keys && token && strstr(keys->value, FAKE_RECOVERY_KEY "04") && text_same(token->value, FAKE_ROOT_TOKEN);
}

static const char *spool_text(const struct place *p)
{
	return fake_host_content(&p->account.machine.files, SPOOL, NULL);
}

/* Nothing readable of a key is in any file, and nobody but the user reads the spool. */
static void assert_sealed(const struct place *p, const char *when)
{
	for (const struct fake_file *f = p->account.machine.files.files; f; f = f->next) {
		if (strstr(f->content, "5ec2e7"))
			fail_msg("%s: a secret is readable in '%s'", when, f->path);
		if (text_same(f->path, SPOOL) && f->mode != 0600)
			fail_msg("%s: the spool has mode %o", when, f->mode);
	}
}

static void assert_kept(const struct place *p, bool reply_lost, const char *when)
{
	const char *spool = spool_text(p);

	assert_sealed(p, when);
	if (p->vault.inits > 1)
		fail_msg("%s: initialised %u times", when, p->vault.inits);
	if (p->vault.inits && !reply_lost && !in_custody(p) && !(spool && strstr(spool, "\"keys\"")))
		fail_msg("%s: Vault is initialised and the keys are nowhere", when);
}

static void init_goes_through(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	enum init_plan plan;

	(void)state;
	place_init(&p);
	if (init_once(&p, &e, &plan) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(plan, INIT_FRESH);
	assert_true(in_custody(&p));
	assert_null(spool_text(&p));
	assert_int_equal(p.vault.shares, 5);
	assert_int_equal(p.vault.threshold, 3);
	assert_string_equal(fake_cloud_tag_of(&entry(&p, "root-token")->tags, "helm-vault-aws/cluster"), "prod");
	assert_int_equal(value_count(entry(&p, "recovery-keys")->copies, NULL), 2);
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "vault:/v1/sys/init"), 1);
}

static void a_second_run_changes_nothing(void **state)
{
	AUTO(place) struct place p;
	enum init_plan plan;
	unsigned writes;

	(void)state;
	place_init(&p);
	assert_int_equal(init_once(&p, NULL, NULL), 0);
	writes = p.account.cloud.writes;
	fake_transport_heal(&p.account.cloud.net);
	assert_int_equal(init_once(&p, NULL, &plan), 0);
	assert_int_equal(plan, INIT_DONE);
	assert_int_equal(p.account.cloud.writes, writes);
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "vault:/v1/sys/init"), 0);
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "secretsmanager:GetSecretValue"), 0);
}

/* ---- the matrix ---- */

/* Whether the fault took the reply of sys/init after it was done. */
static bool takes_the_reply(const struct fake_call *call)
{
	return call && text_same(call->label, "vault:/v1/sys/init") &&
	       (call->fault == FAULT_LOST_REPLY || call->fault == FAULT_5XX || call->fault == FAULT_GARBAGE ||
	        call->fault == FAULT_SLOW || call->fault == FAULT_KILLED);
}

static void second_run(struct place *p, bool reply_lost, const char *when)
{
	AUTO(err) struct err e = {0};
	enum init_plan plan;
	unsigned writes;

	fake_transport_heal(&p->account.cloud.net);
	if (reply_lost) {
		writes = p->account.cloud.writes;
		if (init_once(p, &e, NULL) == 0 || e.kind != ERR_GUARD || !strstr(e.text, "nobody has them"))
			fail_msg("%s: the second run does not say that the reply was lost: %s", when, e.text);
		if (p->account.cloud.writes != writes)
			fail_msg("%s: the second run wrote", when);
		return;
	}
	if (init_once(p, &e, NULL) < 0)
		fail_msg("%s: the second run failed: %s", when, e.text);
	if (!in_custody(p) || spool_text(p) || p->vault.inits != 1)
		fail_msg("%s: the second run did not finish", when);
	writes = p->account.cloud.writes;
	if (init_once(p, NULL, &plan) < 0 || plan != INIT_DONE || p->account.cloud.writes != writes)
		fail_msg("%s: the third run changed something", when);
}

/* false: there are fewer calls than that. */
static bool one_fault(const char *const *custody, unsigned at, enum fault fault)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	AUTO(text) char *when = NULL;
	const struct fake_call *struck;
	bool reply_lost;

	place_init(&p);
	p.custody = custody;
	fake_transport_fault(&p.account.cloud.net, at, fault, REACH_ONCE);
	if (init_once(&p, &e, NULL) < 0 && (!e.kind || !e.text))
		fail_msg("call %u, fault %d: failed without a reason", at, fault);
	if (p.account.cloud.net.n_calls < at)
		return false;
	struck = &p.account.cloud.net.calls[at - 1];
	when = xasprintf("call %u (%s), fault %d", at, struck->label, fault);
	reply_lost = takes_the_reply(struck);
	assert_kept(&p, reply_lost, when);
	second_run(&p, reply_lost, when);
	return true;
}

static void any_call_may_fail_in_any_way(void **state)
{
	static const char *const *const custodies[] = { in_aws, in_files, in_both };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(custodies); i++)
		for (enum fault fault = FAULT_RESET; fault < FAULT_KINDS; fault++) {
			unsigned calls = 1;

			while (one_fault(custodies[i], calls, fault))
				calls++;
			assert_true(calls > 15);
		}
}

/* Custody in files asks nothing of KMS but the seal key's proof, and nothing of Secrets Manager. */
static void files_alone_need_no_other_custody(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	enum init_plan plan;

	(void)state;
	place_init(&p);
	p.custody = in_files;
	if (init_once(&p, &e, NULL) < 0)
		fail_msg("%s", e.text);
	assert_true(in_custody(&p));
	assert_null(spool_text(&p));
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "kms:GenerateDataKey"), 0);
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "secretsmanager:DescribeSecret"), 0);
	assert_int_equal(init_once(&p, NULL, &plan), 0);
	assert_int_equal(plan, INIT_DONE);
}

static void files_that_are_there_stay(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.custody = in_files;
	fake_host_file(&p.account.machine.files, FOLDER "/root-token.age", "of another Vault");
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "'" FOLDER "/root-token.age' is there already"));
	assert_string_equal(fake_host_content(&p.account.machine.files, FOLDER "/root-token.age", NULL), "of another Vault");
	assert_int_equal(p.vault.inits, 0);
}

/* ---- what stands against it ---- */

static void refuse_before(void (*make)(struct place *), const char *says, bool begun)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	place_init(&p);
	make(&p);
	if (init_once(&p, &e, NULL) == 0 || !strstr(e.text, says))
		fail_msg("'%s' was expected: %s", says, e.text ? e.text : "it went through");
	assert_int_equal(p.vault.inits, 0);
	assert_int_equal(err_exit_code(&e), begun ? 1 : 4);
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "vault:/v1/sys/init"), 0);
}

static void table_in_use(struct place *p)
{
	p->account.cloud.tables[0].items = 3;
}

static void shamir(struct place *p)
{
	p->vault.seal = "shamir";
}

static void initialised_elsewhere(struct place *p)
{
	p->vault.initialized = true;
}

static void decrypt_denied(struct place *p)
{
	p->account.cloud.denied = "dynamodb:DeleteItem";
}

static void no_data_key(struct place *p)
{
	p->account.cloud.denied = "kms:GenerateDataKey";
}

static void custody_denied(struct place *p)
{
	p->account.cloud.denied = "secretsmanager:CreateSecret";
}

static void custody_unreadable(struct place *p)
{
	p->account.cloud.denied = "secretsmanager:GetSecretValue";
}

static void custody_disabled(struct place *p)
{
	p->account.cloud.keys[1].state = "Disabled";
}

static void what_stands_against_it_is_said_before_the_call(void **state)
{
	(void)state;
	refuse_before(table_in_use, "'core/item-0', 'core/item-1', 'core/item-2'", false);
	refuse_before(shamir, "seal is 'shamir'", false);
	refuse_before(initialised_elsewhere, "initialised already, by somebody else", false);
	refuse_before(decrypt_denied, "may not do dynamodb:DeleteItem", false);
	refuse_before(custody_disabled, "Disabled", false);
	refuse_before(no_data_key, "making a key for the spool", true);
	refuse_before(custody_denied, "making 'helm-vault-aws/prod/vault/vault/", true);
	refuse_before(custody_unreadable, "reading 'helm-vault-aws/prod/vault/vault/", true);
}

/* Custody that is taken away after the call: the keys wait in the spool, and the next run stores them. */
static void custody_denied_after_the_call(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	enum init_plan plan;

	(void)state;
	place_init(&p);
	p.account.cloud.denied = "secretsmanager:UpdateSecret";
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_non_null(strstr(e.text, "the keys wait encrypted in '" SPOOL "'"));
	assert_kept(&p, false, "custody denied after the call");
	p.account.cloud.denied = NULL;
	fake_transport_heal(&p.account.cloud.net);
	assert_int_equal(init_once(&p, NULL, &plan), 0);
	assert_int_equal(plan, INIT_STORE);
	assert_true(in_custody(&p));
	assert_null(spool_text(&p));
}

/* What is in custody stays, whatever happens to Vault. */
static void keys_in_custody_are_never_written_over(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	assert_int_equal(init_once(&p, NULL, NULL), 0);
	p.vault.initialized = false;
	p.account.cloud.tables[0].items = 0;
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "custody holds keys for the cluster 'prod', namespace 'vault', release 'vault' since 20"));
	assert_true(in_custody(&p));
	assert_int_equal(p.vault.inits, 1);
}

static void foreign_entry_is_left(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	struct cloud_secret *s;

	(void)state;
	place_init(&p);
	s = &p.account.cloud.secrets[p.account.cloud.n_secrets++];
	*s = (struct cloud_secret){ .name = NAME "root-token", .arn = "arn:aws:x", .value = "theirs", .token = "t" };
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "without our tags"));
	assert_string_equal(s->value, "theirs");
	assert_int_equal(p.vault.inits, 0);
}

/* Two machines: whoever comes second finds the place taken, and says so. */
static void another_machine_finds_the_place_taken(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.account.cloud.denied = "secretsmanager:GetSecretValue";
	assert_int_equal(init_once(&p, NULL, NULL), -1);
	p.account.cloud.denied = NULL;
	fake_host_file(&p.account.machine.files, SPOOL, NULL);
	p.account.machine.files.random += 99;
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "is the place of another init that has begun"));
	assert_int_equal(p.vault.inits, 0);
}

static void keys_that_vault_lost_are_said_to_be_lost(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.vault.loses_keys = true;
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_non_null(strstr(e.text, "nobody has them"));
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "vault:/v1/sys/init"), 1);
	second_run(&p, true, "keys lost");
}

static void both_tables_are_sound(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0};
	const struct step *table;
	size_t n;

	(void)state;
	table = boot_table(&a, init_find_rows, n_init_find_rows, &n);
	assert_int_equal(graph_check(table, n, &e), 0);
	table = init_table(&a, &n);
	if (graph_check(table, n, &e) < 0)
		fail_msg("%s", e.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_tables_are_sound),
		cmocka_unit_test(init_goes_through),
		cmocka_unit_test(a_second_run_changes_nothing),
		cmocka_unit_test(any_call_may_fail_in_any_way),
		cmocka_unit_test(files_alone_need_no_other_custody),
		cmocka_unit_test(files_that_are_there_stay),
		cmocka_unit_test(what_stands_against_it_is_said_before_the_call),
		cmocka_unit_test(custody_denied_after_the_call),
		cmocka_unit_test(keys_in_custody_are_never_written_over),
		cmocka_unit_test(foreign_entry_is_left),
		cmocka_unit_test(another_machine_finds_the_place_taken),
		cmocka_unit_test(keys_that_vault_lost_are_said_to_be_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
