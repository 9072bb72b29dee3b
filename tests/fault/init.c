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

/* Which custody, and with what beside it. */
struct chosen {
	const char *words[5];
	bool split;
};

struct place {
	struct account account;
	struct fake_vault vault;
	const struct chosen *custody;    /* NULL: in Secrets Manager */
	void (*serve)(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms);
	void (*spoil)(void *to, enum fault fault, const struct request *rq, struct reply *reply);
};

static const struct chosen in_secrets = { { "secretsmanager" }, false }, in_files = { { "file" }, false };
static const struct chosen in_both = { { "secretsmanager", "file" }, false }, in_ssm = { { "ssm" }, false };
static const struct chosen in_s3 = { { "s3" }, false }, in_pgp = { { "pgp" }, false };
static const struct chosen everywhere = { { "ssm", "s3", "pgp", "file" }, false };
static const struct chosen split_ssm = { { "ssm", "file" }, true }, split_s3 = { { "s3" }, true };

static const struct chosen *custody_of(const struct place *p)
{
	return p->custody ? p->custody : &in_secrets;
}

static bool custody_has(const struct place *p, const char *where)
{
	const char *const *at = custody_of(p)->words;

	while (*at && !text_same(*at, where))
		at++;
	return *at;
}

#define FINGERPRINT "EBE6B6F7ED4F6F2359C6F07A2587C74FE5087C9"

/* gpg: a key is what its file says, and its fingerprint ends in the last of its letters. */
static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct place *p = to;
	char last = rq->kind == REQUEST_CHILD && rq->input.n ? rq->input.p[rq->input.n - 1] : 'X';

	if (rq->kind != REQUEST_CHILD) {
		p->serve(&p->vault, rq, reply, latency_ms);
		return;
	}
	assert_string_equal(rq->argv[0], "gpg");
	if (text_same(rq->label, "gpg:show-keys"))
		buf_printf(&reply->body, "pub:-:3072:1:25:1795521580:::-:::scESC::::::23::0:\nfpr:::::::::" FINGERPRINT "%c:\n"
		           "uid:-::::1795521580::EF::Ops <ops@example.invalid>::::::::::0:\nsub:-:3072:1:26:1795521580::::::e::::::23:\n", last);
	else
		buf_printf(&reply->body, "binary of %.*s", (int)rq->input.n, rq->input.p);
}

static void spoil(void *to, enum fault fault, const struct request *rq, struct reply *reply)
{
	struct place *p = to;

	if (rq->kind == REQUEST_CHILD)
		reply->status = 2;
	else
		p->spoil(&p->vault, fault, rq, reply);
}

static void place_init(struct place *p)
{
	struct fake_cloud *c = &p->account.cloud;

	account_init(&p->account);
	fake_cloud_add_alias(c, "alias/prod-vault-unseal", fake_cloud_add_key(c, (struct cloud_tags){0}));
	fake_cloud_add_alias(c, "alias/custody", fake_cloud_add_key(c, (struct cloud_tags){0}));
	fake_cloud_add_table(c, TABLE, (struct cloud_tags){0});
	for (unsigned i = 1; i <= 5; i++)
		fake_cloud_add_alias(c, arena_printf(&c->mem, "alias/share-%u", i), fake_cloud_add_key(c, (struct cloud_tags){0}));
	c->bucket = (struct cloud_bucket){ .name = "vault-keys", .versioning = "Enabled" };
	fake_vault_init(&p->vault, c, TABLE);
	p->serve = c->net.serve;
	p->spoil = c->net.spoil;
	c->net.serve = serve;
	c->net.spoil = spoil;
	c->net.to = p;
	p->custody = NULL;
	for (unsigned i = 1; i <= 6; i++)
		fake_host_file(&p->account.machine.files, arena_printf(&c->mem, "/home/ops/pgp-%u", i), arena_printf(&c->mem, "key %u", i));
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

static const char *const recipients[] = { RECIPIENT, NULL };
static const char *const copies[] = { "eu-west-1=alias/custody", "us-east-2=alias/custody", NULL };
static const char *const pgp_keys[] = { "/home/ops/pgp-1", "/home/ops/pgp-2", "/home/ops/pgp-3", "/home/ops/pgp-4", "/home/ops/pgp-5",
                                        NULL };
static const char *const share_keys[] = { "alias/share-1", "alias/share-2", "alias/share-3", "alias/share-4", "alias/share-5", NULL };
/* Of age, one a share. */
static const char *const share_recipients[] = {
	RECIPIENT, "age14f27mrcgltk5l29ad98uy9ykr2hdvwzex0yregknny838x8gnayqmk7e5w",
	"age13eelgcqc5ut7ld7vkcarsjdhcme4pg055ptw29m6wqp0tjgvuvmsqq50qk",
	"age16hhs06gxe343mg5t7q6j22pj62x4uj42cyu2srlwrf2t07lp35zs2sy8zy",
	"age12xtccm3kr22nxy56f6ueaj3mphx2hnhc8mvrwrzl8u8fuqsjs9fsqgl7xa", NULL,
};

static struct init_options options_of(const struct place *p)
{
	const struct chosen *c = custody_of(p);
	bool secrets = custody_has(p, "secretsmanager"), files = custody_has(p, "file"), pgp = custody_has(p, "pgp");
	bool aws = secrets || custody_has(p, "ssm") || custody_has(p, "s3");

	return (struct init_options){
		.custody = c->words, .custody_key = aws ? "alias/custody" : NULL, .copies = secrets ? copies : NULL,
		.bucket = custody_has(p, "s3") ? "vault-keys" : NULL, .folder = files || pgp ? FOLDER : NULL,
		.recipients = !files ? NULL : c->split ? share_recipients : recipients,
		.root_recipients = files && c->split ? recipients : NULL,
		.pgp_keys = pgp ? pgp_keys : NULL, .root_pgp_key = pgp ? "/home/ops/pgp-6" : NULL,
		.split = c->split, .share_keys = c->split ? share_keys : NULL, .shares = 5, .threshold = 3,
	};
}

static int run_init(struct run *r, struct init_world *in, const struct place *p)
{
	struct init_options options = options_of(p);
	struct boot_options boot = { .vault_addr = FAKE_VAULT_URL };
	const struct step *table;
	size_t n;

	if (init_check_options(&options, &r->e) < 0 || init_prepare(in, &r->world, &boot, &options, &r->e) < 0)
		return -1;
	if ((in->n_pgp && run_table(r, in, init_pgp_rows, INIT_PGP_ROWS) < 0) || init_check_pgp(in, &r->e) < 0)
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

/* What is kept under an entry's name; NULL: nothing. */
static const char *kept(const struct cloud_kept *all, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (text_same(all[i].name, name))
			return all[i].value;
	return NULL;
}

static const char *value_in(const struct place *p, const char *kind, const char *word)
{
	const struct fake_cloud *c = &p->account.cloud;
	AUTO(text) char *name = xasprintf("%s" NAME "%s", text_same(kind, "ssm") ? "/" : "", word);
	const struct cloud_secret *secret = entry(p, word);

	if (text_same(kind, "ssm"))
		return kept(c->parameters, c->n_parameters, name);
	if (text_same(kind, "s3"))
		return kept(c->objects, c->n_objects, name);
	return secret ? secret->value : NULL;
}

/* PGP: each share is a message, which nothing here can read. */
static bool holds_share(const struct place *p, const char *value, int share)
{
	AUTO(text) char *key = xasprintf(FAKE_RECOVERY_KEY "%02d", share);

	return value && strstr(value, custody_has(p, "pgp") ? "\"encryption\":\"pgp\"" : key);
}

static bool whole_in(const struct place *p, const char *kind)
{
	const char *keys = value_in(p, kind, "recovery-keys"), *token = value_in(p, kind, "root-token");

	if (!token || (!custody_has(p, "pgp") && !text_same(token, p->vault.root_token)))
		return false;
	if (!custody_of(p)->split)
		return holds_share(p, keys, 0) && holds_share(p, keys, 4);
	for (int i = 0; i < 5; i++) {
		AUTO(text) char *word = xasprintf("recovery-key-%d", i + 1);
		const char *value = value_in(p, kind, word);

		if (!holds_share(p, value, i))
			return false;
		for (int other = 0; other < 5; other++)
			if (other != i && holds_share(p, value, other))
				fail_msg("'%s' holds another's share", word);
	}
	return true;
}

static bool file_there(const struct place *p, const char *word, bool pgp)
{
	AUTO(text) char *path = xasprintf(FOLDER "/%s.%s", word, pgp ? "gpg" : "age");
	unsigned mode = 0;
	const char *text = fake_host_content(&p->account.machine.files, path, &mode);

	return text && mode == 0600 &&
	       text_starts(text, pgp ? FAKE_PGP_MESSAGE : "age-encryption.org/v1\n-> X25519 ");
}

static bool all_files(const struct place *p, bool pgp)
{
	if (!file_there(p, "root-token", pgp))
		return false;
	for (int i = 1; (pgp || custody_of(p)->split) && i <= 5; i++) {
		AUTO(text) char *word = xasprintf("recovery-key-%d", i);

		if (!file_there(p, word, pgp))
			return false;
	}
	return pgp || custody_of(p)->split || file_there(p, "recovery-keys", false);
}

static bool in_custody(const struct place *p)
{
	static const char *const kinds[] = { "secretsmanager", "ssm", "s3" };

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (custody_has(p, kinds[i]) ? !whole_in(p, kinds[i]) : value_in(p, kinds[i], "root-token") != NULL)
			return false;
	return (!custody_has(p, "file") || all_files(p, false)) && (!custody_has(p, "pgp") || all_files(p, true));
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
static bool one_fault(const struct chosen *custody, unsigned at, enum fault fault)
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
	static const struct chosen *const custodies[] = { &in_secrets, &in_files, &in_both, &in_ssm, &in_s3, &in_pgp, &everywhere,
	                                                 &split_ssm, &split_s3 };

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
	p.custody = &in_files;
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
	p.custody = &in_files;
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

static void bucket_without_versions(struct place *p)
{
	p->custody = &in_s3;
	p->account.cloud.bucket.versioning = "Suspended";
}

static void bucket_open(struct place *p)
{
	p->custody = &in_s3;
	p->account.cloud.bucket.open = true;
}

static void bucket_of_nobody(struct place *p)
{
	p->custody = &in_s3;
	p->account.cloud.bucket.name = "another";
}

static void object_of_another(struct place *p)
{
	struct fake_cloud *c = &p->account.cloud;

	p->custody = &in_s3;
	c->objects[c->n_objects++] = (struct cloud_kept){ .name = NAME "root-token", .value = "theirs", .says = "holds", .owner = "x" };
}

static void parameter_of_another(struct place *p)
{
	struct fake_cloud *c = &p->account.cloud;

	p->custody = &in_ssm;
	c->parameters[c->n_parameters++] = (struct cloud_kept){ .name = "/" NAME "recovery-keys", .value = "theirs",
	                                                        .says = "theirs", .version = 1 };
}

static void one_share_key_twice(struct place *p)
{
	p->custody = &split_ssm;
	p->account.cloud.aliases[3].key = p->account.cloud.aliases[2].key;
}

static void parameter_denied(struct place *p)
{
	p->custody = &everywhere;
	p->account.cloud.denied = "ssm:PutParameter";
}

static void object_unreadable(struct place *p)
{
	p->custody = &everywhere;
	p->account.cloud.denied = "s3:GetObject";
}

static void each_place_is_looked_at_before_the_call(void **state)
{
	(void)state;
	refuse_before(bucket_without_versions, "keeps no versions of what is in it (versioning is suspended)", false);
	refuse_before(bucket_open, "could be opened to everybody", false);
	refuse_before(bucket_of_nobody, "The specified bucket does not exist", true);
	refuse_before(object_of_another, "root-token' (s3) is there without our tags", false);
	refuse_before(parameter_of_another, "recovery-keys' (ssm) is there without our tags", false);
	refuse_before(parameter_denied, "making 'helm-vault-aws/prod/vault/vault/", true);
	refuse_before(object_unreadable, "reading 'helm-vault-aws/prod/vault/vault/", true);
}

static void shares_under_one_key_are_no_split(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	one_share_key_twice(&p);
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 2);
	assert_non_null(strstr(e.text, "'alias/share-1' and 'alias/share-2' are the same key"));
	assert_int_equal(p.vault.inits, 0);
}

/* Between the look and the call somebody else writes there: what was read is not there any more, and stays. */
static void what_somebody_else_put_into_the_bucket_stays(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	struct cloud_kept *o;

	(void)state;
	place_init(&p);
	p.custody = &in_s3;
	p.account.cloud.denied = "s3:PutObject";
	assert_int_equal(init_once(&p, NULL, NULL), -1);
	p.account.cloud.denied = NULL;
	o = &p.account.cloud.objects[p.account.cloud.n_objects++];
	*o = (struct cloud_kept){ .name = NAME "recovery-keys", .value = "theirs", .says = "prepared", .owner = "prod/vault/vault",
	                          .version = 1 };
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "holds something else"));
	assert_string_equal(o->value, "theirs");
	assert_int_equal(p.vault.inits, 0);
}

/* With PGP nothing that can be read is anywhere, not even in what KMS alone would open. */
static void with_pgp_nobody_sees_a_share(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.custody = &everywhere;
	if (init_once(&p, &e, NULL) < 0)
		fail_msg("%s", e.text);
	assert_true(in_custody(&p));
	assert_true(p.vault.pgp);
	for (unsigned i = 0; i < p.account.cloud.n_parameters; i++)
		assert_null(strstr(p.account.cloud.parameters[i].value, "5ec2e7"));
	for (unsigned i = 0; i < p.account.cloud.n_objects; i++)
		assert_null(strstr(p.account.cloud.objects[i].value, "5ec2e7"));
}

static void one_pgp_key_for_two_shares_is_refused(void **state)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};

	(void)state;
	place_init(&p);
	p.custody = &in_pgp;
	fake_host_file(&p.account.machine.files, "/home/ops/pgp-4", "armoured key 2");
	assert_int_equal(init_once(&p, &e, NULL), -1);
	assert_int_equal(err_exit_code(&e), 2);
	assert_non_null(strstr(e.text, "'/home/ops/pgp-2' and '/home/ops/pgp-4' are the same key"));
	assert_int_equal(fake_transport_count(&p.account.cloud.net, "vault:/v1/sys/seal-status"), 0);
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
	p.account.cloud.tables[0].n_stored = 0;
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
	assert_non_null(strstr(e.text, "nobody has the keys"));
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
		cmocka_unit_test(each_place_is_looked_at_before_the_call),
		cmocka_unit_test(shares_under_one_key_are_no_split),
		cmocka_unit_test(what_somebody_else_put_into_the_bucket_stays),
		cmocka_unit_test(with_pgp_nobody_sees_a_share),
		cmocka_unit_test(one_pgp_key_for_two_shares_is_refused),
		cmocka_unit_test(custody_denied_after_the_call),
		cmocka_unit_test(keys_in_custody_are_never_written_over),
		cmocka_unit_test(foreign_entry_is_left),
		cmocka_unit_test(another_machine_finds_the_place_taken),
		cmocka_unit_test(keys_that_vault_lost_are_said_to_be_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
