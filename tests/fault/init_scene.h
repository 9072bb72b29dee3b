/*
 * init as a process that may be killed, over a fake cloud, a fake Vault and a gpg held in the hand; and what must be so
 * after it: Vault is initialised once at most, what it answered is in custody or in the spool unless that very reply was
 * lost, and the next run finishes or says what is there.
 *
 *	AUTO(place) struct place p;
 *
 *	place_init(&p);
 *	p.custody = &gpg_files;
 *	init_once(&p, &e, &plan);
 *
 *	one_fault(&gpg_files, 3, FAULT_KILLED, false)      call 3 is struck, and everything after it is judged
 */
#ifndef FAULT_INIT_SCENE_H
#define FAULT_INIT_SCENE_H

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
	bool by_gpg;                     /* files are encrypted to PGP keys */
};

/* How gpg is that makes messages: always, and after Vault was initialised. */
enum health { GPG_WELL, GPG_SICK, GPG_SICK_AFTER, GPG_HANGS_AFTER };

struct place {
	struct account account;
	struct fake_vault vault;
	const struct chosen *custody;    /* NULL: in Secrets Manager */
	bool keyless;                    /* gpg has no secret key here */
	enum health gpg;
	void (*serve)(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms);
	void (*spoil)(void *to, enum fault fault, const struct request *rq, struct reply *reply);
};

static const struct chosen in_secrets = { { "secretsmanager" }, false, false };
static const struct chosen gpg_files = { { "file" }, false, true }, gpg_split = { { "file" }, true, true };
static const struct chosen gpg_both = { { "ssm", "file" }, false, true };

static inline const struct chosen *custody_of(const struct place *p)
{
	return p->custody ? p->custody : &in_secrets;
}

static inline bool custody_has(const struct place *p, const char *where)
{
	const char *const *at = custody_of(p)->words;

	while (*at && !text_same(*at, where))
		at++;
	return *at;
}

#define FINGERPRINT "EBE6B6F7ED4F6F2359C6F07A2587C74FE5087C9"

/* What gpg makes of it here, and back: nobody reads it by accident. */
static inline void turn(struct buf *out, struct view bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		buf_char(out, (char)(bytes.p[i] ^ 0x80));
}

static inline void serve_message(struct place *p, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	unsigned recipients = 0;

	for (size_t i = 0; rq->argv[i]; i++)
		if (text_same(rq->argv[i], "--recipient-file")) {
			assert_non_null(fake_host_content(&p->account.machine.files, rq->argv[i + 1], NULL));
			recipients++;
		}
	assert_true(recipients > 0);
	if (p->gpg == GPG_HANGS_AFTER && p->vault.inits) {
		*latency_ms += FAKE_SLOW_MS;
	} else if (p->gpg == GPG_SICK || (p->gpg == GPG_SICK_AFTER && p->vault.inits)) {
		reply->status = 2;
		buf_text(&reply->talk, "gpg: error: out of core\n");
		return;
	}
	buf_char(&reply->body, (char)0x84);
	turn(&reply->body, rq->input);
}

static inline void serve_opening(const struct place *p, const struct request *rq, struct reply *reply)
{
	if (p->keyless) {
		reply->status = 2;
		buf_text(&reply->talk, "gpg: encrypted with 255-bit ECDH key\ngpg: decryption failed: No secret key\n");
		return;
	}
	assert_int_equal((unsigned char)rq->input.p[0], 0x84);
	turn(&reply->body, view_of(rq->input.p + 1, rq->input.n - 1));
}

/* gpg: a key is what its file says, and its fingerprint ends in the last of its letters. */
static inline void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
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
	else if (text_same(rq->label, "gpg:encrypt"))
		serve_message(p, rq, reply, latency_ms);
	else if (text_same(rq->label, "gpg:decrypt"))
		serve_opening(p, rq, reply);
	else
		buf_printf(&reply->body, "binary of %.*s", (int)rq->input.n, rq->input.p);
}

static inline void spoil(void *to, enum fault fault, const struct request *rq, struct reply *reply)
{
	struct place *p = to;

	if (rq->kind == REQUEST_CHILD)
		reply->status = 2;
	else
		p->spoil(&p->vault, fault, rq, reply);
}

static inline void place_init(struct place *p)
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
	p->keyless = false;
	p->gpg = GPG_WELL;
	for (unsigned i = 1; i <= 6; i++)
		fake_host_file(&p->account.machine.files, arena_printf(&c->mem, "/home/ops/pgp-%u", i), arena_printf(&c->mem, "key %u", i));
}

static inline void place_release(struct place *p)
{
	account_release(&p->account);
}
SCOPE_END(place, struct place, place_release(v))

/* ---- one process ---- */

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

static const char *gpg_recipients[] = { "/home/ops/pgp-5", "/home/ops/pgp-6", NULL };

static inline const char *const *recipients_of(const struct chosen *c)
{
	if (c->by_gpg)
		return c->split ? pgp_keys : gpg_recipients;
	return c->split ? share_recipients : recipients;
}

static inline struct init_options options_of(const struct place *p)
{
	const struct chosen *c = custody_of(p);
	bool secrets = custody_has(p, "secretsmanager"), files = custody_has(p, "file"), pgp = custody_has(p, "pgp");
	bool aws = secrets || custody_has(p, "ssm") || custody_has(p, "s3");

	return (struct init_options){
		.custody = c->words, .custody_key = aws ? "alias/custody" : NULL, .copies = secrets ? copies : NULL,
		.bucket = custody_has(p, "s3") ? "vault-keys" : NULL, .folder = files || pgp ? FOLDER : NULL,
		.recipients = files ? recipients_of(c) : NULL,
		.root_recipients = !files || !c->split ? NULL : c->by_gpg ? gpg_recipients : recipients,
		.pgp_keys = pgp ? pgp_keys : NULL, .root_pgp_key = pgp ? "/home/ops/pgp-6" : NULL,
		.split = c->split, .share_keys = c->split && aws ? share_keys : NULL, .shares = 5, .threshold = 3,
	};
}

static inline int run_init(struct run *r, struct init_world *in, const struct place *p)
{
	struct init_options options = options_of(p);
	struct boot_options boot = { .vault_addr = FAKE_VAULT_URL };
	const struct step *table;
	size_t n;

	if (init_check_options(&options, &r->e) < 0 || init_check_files(&options, &r->machine->host, &r->e) < 0 || init_prepare(in, &r->world, &boot, &options, &r->e) < 0)
		return -1;
	if ((in->n_keys && run_table(r, in, init_pgp_rows, INIT_PGP_ROWS) < 0) || init_check_pgp(in, &r->e) < 0)
		return -1;
	table = boot_table(&r->mem, init_find_rows, n_init_find_rows, &n);
	if (run_table(r, in, table, n) < 0 || init_decide(in, &r->e) < 0)
		return -1;
	table = init_table(&r->mem, &n);
	return run_table(r, in, table, n) < 0 ? -1 : init_finish(in, &r->e);
}

/* A process from start to end; where it is killed its files stay. */
static inline int init_once(struct place *p, struct err *e, enum init_plan *plan)
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

static inline const struct cloud_secret *entry(const struct place *p, const char *word)
{
	AUTO(text) char *name = xasprintf(NAME "%s", word);

	for (unsigned i = 0; i < p->account.cloud.n_secrets; i++)
		if (text_same(p->account.cloud.secrets[i].name, name))
			return &p->account.cloud.secrets[i];
	return NULL;
}

/* What is kept under an entry's name; NULL: nothing. */
static inline const char *kept(const struct cloud_kept *all, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (text_same(all[i].name, name))
			return all[i].value;
	return NULL;
}

static inline const char *value_in(const struct place *p, const char *kind, const char *word)
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
static inline bool holds_share(const struct place *p, const char *value, int share)
{
	AUTO(text) char *key = xasprintf(FAKE_RECOVERY_KEY "%02d", share);

	return value && strstr(value, custody_has(p, "pgp") ? "\"encryption\":\"pgp\"" : key);
}

static inline bool whole_in(const struct place *p, const char *kind)
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

static inline bool file_there(const struct place *p, const char *word, enum custody_file_by by)
{
	static const char *const begins[] = {
		[BY_AGE] = "age-encryption.org/v1\n-> X25519 ", [BY_GPG] = "\x84", [BY_VAULT] = FAKE_PGP_MESSAGE,
	};
	AUTO(text) char *path = xasprintf(FOLDER "/%s.%s", word, custody_file_suffix(by));
	unsigned mode = 0;
	const char *text = fake_host_content(&p->account.machine.files, path, &mode);

	return text && mode == 0600 && text_starts(text, begins[by]);
}

static inline bool all_files(const struct place *p, enum custody_file_by by)
{
	bool each = by == BY_VAULT || custody_of(p)->split;

	if (!file_there(p, "root-token", by))
		return false;
	for (int i = 1; each && i <= 5; i++) {
		AUTO(text) char *word = xasprintf("recovery-key-%d", i);

		if (!file_there(p, word, by))
			return false;
	}
	return each || file_there(p, "recovery-keys", by);
}

/* What whoever has the secret key reads in one of gpg's files. */
static inline bool gpg_file_holds(const struct place *p, const char *name, const char *text)
{
	AUTO(text) char *path = xasprintf(FOLDER "/%s", name);
	AUTO(buf) struct buf plain = BUF_MAX(1 << 16);
	const char *sealed = fake_host_content(&p->account.machine.files, path, NULL);

	if (sealed)
		turn(&plain, view_text(sealed + 1));
	return strstr(buf_str(&plain), text);
}

static inline bool in_custody(const struct place *p)
{
	static const char *const kinds[] = { "secretsmanager", "ssm", "s3" };

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (custody_has(p, kinds[i]) ? !whole_in(p, kinds[i]) : value_in(p, kinds[i], "root-token") != NULL)
			return false;
	return (!custody_has(p, "file") || all_files(p, custody_of(p)->by_gpg ? BY_GPG : BY_AGE)) &&
	       (!custody_has(p, "pgp") || all_files(p, BY_VAULT));
}

static inline const char *spool_text(const struct place *p)
{
	return fake_host_content(&p->account.machine.files, SPOOL, NULL);
}

/* Nothing readable of a key is in any file, and nobody but the user reads the spool. */
static inline void assert_sealed(const struct place *p, const char *when)
{
	for (const struct fake_file *f = p->account.machine.files.files; f; f = f->next) {
		if (strstr(f->content, "5ec2e7"))
			fail_msg("%s: a secret is readable in '%s'", when, f->path);
		if (text_same(f->path, SPOOL) && f->mode != 0600)
			fail_msg("%s: the spool has mode %o", when, f->mode);
	}
}

static inline void assert_kept(const struct place *p, bool reply_lost, const char *when)
{
	const char *spool = spool_text(p);

	assert_sealed(p, when);
	if (p->vault.inits > 1)
		fail_msg("%s: initialised %u times", when, p->vault.inits);
	if (p->vault.inits && !reply_lost && !in_custody(p) && !(spool && strstr(spool, "\"keys\"")))
		fail_msg("%s: Vault is initialised and the keys are nowhere", when);
}

/* ---- the matrix ---- */

/* Whether the fault took the reply of sys/init after it was done. */
static inline bool takes_the_reply(const struct fake_call *call)
{
	return call && text_same(call->label, "vault:/v1/sys/init") &&
	       (call->fault == FAULT_LOST_REPLY || call->fault == FAULT_5XX || call->fault == FAULT_GARBAGE ||
	        call->fault == FAULT_SLOW || call->fault == FAULT_KILLED);
}

/* Where the secret key is not, that is said, and everything stays for a machine where it is. */
static inline void goes_on_elsewhere(struct place *p, struct err *e, const char *when)
{
	if (e->kind != ERR_GUARD || !strstr(e->text, "in the spool '" SPOOL "', and gpg does not open it here") ||
	    !strstr(e->text, FINGERPRINT) || !strstr(e->text, "No secret key"))
		fail_msg("%s: the second run does not say what it lacks: %s", when, e->text);
	assert_kept(p, false, when);
	assert_non_null(spool_text(p));
	p->keyless = false;
	fake_transport_heal(&p->account.cloud.net);
	err_release(e);
	if (init_once(p, e, NULL) < 0)
		fail_msg("%s: the run with the secret key failed: %s", when, e->text);
}

static inline void second_run(struct place *p, bool reply_lost, const char *when)
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
	if (init_once(p, &e, NULL) < 0 && p->keyless && !custody_has(p, "ssm"))
		goes_on_elsewhere(p, &e, when);
	else if (e.kind)
		fail_msg("%s: the second run failed: %s", when, e.text);
	if (!in_custody(p) || spool_text(p) || p->vault.inits != 1)
		fail_msg("%s: the second run did not finish", when);
	writes = p->account.cloud.writes;
	if (init_once(p, NULL, &plan) < 0 || plan != INIT_DONE || p->account.cloud.writes != writes)
		fail_msg("%s: the third run changed something", when);
}

/* A key that gpg does not take is the caller's to mend; an object that comes back as another one is somebody's. */
static inline int exit_after(const struct fake_call *struck, bool reply_lost)
{
	if (text_starts(struck->label, "gpg:") && !text_same(struck->label, "gpg:encrypt") && !text_same(struck->label, "gpg:decrypt"))
		return 2;
	if (reply_lost || (text_same(struck->label, "s3:GetObject") && struck->fault == FAULT_GARBAGE))
		return 4;
	return 1;
}

/* false: there are fewer calls than that. */
static inline bool one_fault(const struct chosen *custody, unsigned at, enum fault fault, bool keyless)
{
	AUTO(place) struct place p;
	AUTO(err) struct err e = {0};
	AUTO(text) char *when = NULL;
	const struct fake_call *struck;
	bool reply_lost;

	place_init(&p);
	p.custody = custody;
	p.keyless = keyless;
	fake_transport_fault(&p.account.cloud.net, at, fault, REACH_ONCE);
	if (init_once(&p, &e, NULL) < 0 && (!e.kind || !e.text))
		fail_msg("call %u, fault %d: failed without a reason", at, fault);
	if (p.account.cloud.net.n_calls < at)
		return false;
	struck = &p.account.cloud.net.calls[at - 1];
	when = xasprintf("call %u (%s), fault %d", at, struck->label, fault);
	reply_lost = takes_the_reply(struck);
	if (e.kind && fault != FAULT_KILLED && fault != FAULT_KILLED_BEFORE && err_exit_code(&e) != exit_after(struck, reply_lost))
		fail_msg("%s: exit %d: %s", when, err_exit_code(&e), e.text);
	assert_kept(&p, reply_lost, when);
	second_run(&p, reply_lost, when);
	return true;
}

#endif
