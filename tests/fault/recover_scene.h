/*
 * recover as a process that may be killed, over a fake cloud, a fake Vault and a gpg held in the hand. After whatever happened
 * custody holds the shares that are Vault's, current or staged, and the next run finishes; a root token that Vault takes is in
 * custody, or the next run makes one; nothing of a share, token or password is in any file.
 *
 *	AUTO(place) struct place p;
 *
 *	place_init(&p);
 *	rekey_once(&p, false, &earlier, &e);
 */
#ifndef FAULT_RECOVER_SCENE_H
#define FAULT_RECOVER_SCENE_H

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
#define FOLDER "/home/ops/keys"
#define FINGERPRINT "EBE6B6F7ED4F6F2359C6F07A2587C74FE5087C9"

struct place {
	struct account account;
	struct fake_vault vault;
	unsigned asked;                  /* questions */
	bool no;                         /* they are answered with no */
	char told[512];
	bool in_files;                   /* custody is files that gpg encrypts; else Secrets Manager */
	bool keyless;                    /* gpg has no secret key here */
	/* Copies in other regions: the one there does not follow, or is denied. */
	const char *stale, *denied;
	unsigned copies_read;
	void (*serve)(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms);
	void (*spoil)(void *to, enum fault fault, const struct request *rq, struct reply *reply);
};

static inline struct cloud_secret *add_entry(struct place *p, const char *word, const char *value)
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
static inline const char *keys_entry(struct arena *a, unsigned keys)
{
	const char *list = "";

	for (int i = 0; i < 5; i++)
		list = arena_printf(a, "%s%s\"%s\"", list, i ? "," : "", fake_vault_share(a, keys, i));
	return arena_printf(a, "{\"recovery_threshold\":3,\"recovery_keys\":[%s]}", list);
}

static inline void place_init(struct place *p)
{
	*p = (struct place){0};
	account_init(&p->account);
	fake_cloud_add_table(&p->account.cloud, "prod-vault", (struct cloud_tags){0});
	fake_vault_init(&p->vault, &p->account.cloud, "prod-vault");
	fake_vault_adopt(&p->vault, 5, 3);
	add_entry(p, "recovery-keys", keys_entry(&p->account.cloud.mem, 0));
	add_entry(p, "root-token", FAKE_ROOT_TOKEN);
}

static inline void place_release(struct place *p)
{
	account_release(&p->account);
}
SCOPE_END(place, struct place, place_release(v))

static inline struct cloud_secret *entry(struct place *p, const char *word)
{
	return &p->account.cloud.secrets[text_same(word, "recovery-keys") ? 0 : 1];
}

/* As init leaves them where each share goes to somebody else. */
static inline void split_keys(struct place *p)
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

static inline int loop_over(void *to, void *world, const struct step *steps, size_t n, struct err *e)
{
	struct process *x = to;
	int result = run_table(&x->run, world, steps, n);

	err_move(e, &x->run.e);
	return result;
}

static inline int ask_yes_or_no(void *to, const char *question, struct err *e)
{
	struct process *x = to;

	assert_non_null(strchr(question, '?'));
	x->place->asked++;
	return x->place->no ? err_set(e, ERR_GUARD, 0, "not confirmed") : 0;
}

static inline int type_nothing(void *to, struct recover *r, int64_t needed, struct err *e)
{
	(void)to;
	(void)r;
	(void)needed;
	return err_set(e, ERR_USAGE, 0, "nobody types here");
}

static inline void tell(void *to, const char *text)
{
	struct process *x = to;

	snprintf(x->place->told, sizeof(x->place->told), "%s", text);
}

static inline struct recover_runner runner_of(struct process *x)
{
	return (struct recover_runner){ .loop = loop_over, .ask = ask_yes_or_no, .type = type_nothing, .tell = tell, .to = x };
}

static const char *const gpg_recipients[] = { "/home/ops/pgp-1", "/home/ops/pgp-2", NULL };

static inline struct recover_options options_of(const struct place *p)
{
	struct recover_options o = { .boot = { .vault_addr = FAKE_VAULT_URL } };

	if (p->in_files) {
		o.custody = "file";
		o.folder = FOLDER;
		o.recipients = gpg_recipients;
		o.stores = true;
	}
	return o;
}

static inline int rekey_in(struct process *x, struct rekey_world *w, bool cancel, struct err *e)
{
	struct recover_runner runner = runner_of(x);
	struct recover_options options = options_of(x->place);

	if (recover_init(&w->recover, &x->run.world, &options, !cancel, e) < 0)
		return -1;
	w->cancel = cancel;
	return rekey_init(w, e) < 0 ? -1 : rekey_run(w, &runner, e);
}

static inline int rekey_once(struct place *p, bool cancel, bool *earlier, struct err *e)
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

static inline int root_in(struct process *x, struct root_world *w, bool replace, struct err *e)
{
	struct recover_runner runner = runner_of(x);
	struct recover_options options = options_of(x->place);

	if (recover_init(&w->recover, &x->run.world, &options, true, e) < 0)
		return -1;
	w->replace = replace;
	return root_init(w, e) < 0 ? -1 : root_run(w, &runner, e);
}

static inline int root_once(struct place *p, bool replace, struct err *e)
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

static inline int unseal_in(struct process *x, struct unseal_world *w, struct err *e)
{
	struct recover_runner runner = runner_of(x);
	struct recover_options options = options_of(x->place);
	struct recover *r = &w->recover;

	if (recover_init(r, &x->run.world, &options, true, e) < 0 || loop_over(x, w, boot_steps, BOOT_STEPS_N, e) < 0 ||
	    unseal_find(w, e) < 0 || loop_over(x, w, unseal_status_rows, UNSEAL_STATUS_ROWS, e) < 0 || unseal_judge(w, e) < 0)
		return -1;
	if (w->n_sealed && (recover_get_shares(r, &runner, w->servers[0].status.threshold, e) < 0 || unseal_begin(w, e) < 0))
		return -1;
	return loop_over(x, w, unseal_rows, UNSEAL_ROWS, e);
}

static inline int unseal_once(struct place *p, struct err *e)
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

static inline void assert_no_secret_in_files(const struct place *p, const char *when)
{
	for (const struct fake_file *f = p->account.machine.files.files; f; f = f->next)
		if (strstr(f->content, "5ec2e7"))
			fail_msg("%s: a secret is readable in '%s'", when, f->path);
}

static inline bool holds_keys(const struct place *p, const char *value)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	return value && strstr(value, fake_vault_share(&a, p->vault.keys, 0)) != NULL;
}

static inline void assert_valid_keys_in_custody(struct place *p, const char *when)
{
	const struct cloud_secret *s = entry(p, "recovery-keys");

	assert_no_secret_in_files(p, when);
	if (!holds_keys(p, s->value) && !holds_keys(p, s->pending.value))
		fail_msg("%s: the shares that are Vault's are not in custody", when);
}

static inline bool notes_left(const struct place *p)
{
	for (const struct fake_file *f = p->account.machine.files.files; f; f = f->next)
		if (strstr(f->path, "/rekey/") || strstr(f->path, "/generate-root/"))
			return true;
	return false;
}

/* ---- files that gpg encrypts ---- */

/* What gpg makes of it here, and back: nobody reads it by accident. */
static inline void turn(struct buf *out, struct view bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		buf_char(out, (char)(bytes.p[i] ^ 0x80));
}

static inline void serve_gpg(const struct place *p, const struct request *rq, struct reply *reply)
{
	if (text_same(rq->label, "gpg:show-keys")) {
		buf_text(&reply->body, "pub:-:3072:1:25:1795521580:::-:::scESC::::::23::0:\nsub:-:3072:1:26:1795521580::::::e::::::23:\n");
		buf_printf(&reply->body, "fpr:::::::::" FINGERPRINT "%c:\n", rq->input.p[rq->input.n - 1]);
	} else if (text_same(rq->label, "gpg:encrypt")) {
		buf_char(&reply->body, (char)0x84);
		turn(&reply->body, rq->input);
	} else if (p->keyless) {
		reply->status = 2;
		buf_text(&reply->talk, "gpg: decryption failed: No secret key\n");
	} else {
		assert_string_equal(rq->label, "gpg:decrypt");
		assert_int_equal((unsigned char)rq->input.p[0], 0x84);
		turn(&reply->body, view_of(rq->input.p + 1, rq->input.n - 1));
	}
}

/* As init leaves them there. */
static inline void add_file(struct place *p, const char *word, const char *value)
{
	AUTO(text) char *path = xasprintf(FOLDER "/%s.pgp", word);
	AUTO(buf) struct buf sealed = BUF_MAX(1 << 16);

	buf_char(&sealed, (char)0x84);
	turn(&sealed, view_text(value));
	fake_host_file(&p->account.machine.files, path, buf_str(&sealed));
}

/* What whoever has the secret key reads there; suffix: ".pending". NULL: nothing. */
static inline const char *read_gpg_file(struct place *p, const char *word, const char *suffix)
{
	AUTO(text) char *path = xasprintf(FOLDER "/%s.pgp%s", word, suffix);
	const char *sealed = fake_host_content(&p->account.machine.files, path, NULL);
	AUTO(buf) struct buf plain = BUF_MAX(1 << 16);

	if (!sealed)
		return NULL;
	turn(&plain, view_text(sealed + 1));
	return arena_text(&p->account.cloud.mem, buf_str(&plain));
}

/* ---- copies in other regions ---- */

static inline bool in_region(const struct request *rq, const char *region)
{
	return region && rq->url && strstr(rq->url, region);
}

static inline void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct place *p = to;
	bool value = text_same(rq->label, "secretsmanager:GetSecretValue");

	if (rq->kind == REQUEST_CHILD) {
		serve_gpg(p, rq, reply);
		return;
	}
	if (value && (in_region(rq, "eu-west-1") || in_region(rq, "us-east-2")))
		p->copies_read++;
	if (value && in_region(rq, p->stale))
		fake_reply(reply, 200, "{\"SecretString\":\"{\\\"recovery_threshold\\\":3}\"}");
	else if (value && in_region(rq, p->denied))
		fake_reply(reply, 400, "{\"__type\":\"AccessDeniedException\",\"message\":\"not in this region\"}");
	else
		p->serve(&p->vault, rq, reply, latency_ms);
}

static inline void spoil(void *to, enum fault fault, const struct request *rq, struct reply *reply)
{
	struct place *p = to;

	if (rq->kind == REQUEST_CHILD)
		reply->status = 2;
	else
		p->spoil(&p->vault, fault, rq, reply);
}

static inline void watch(struct place *p)
{
	struct fake_cloud *c = &p->account.cloud;

	p->serve = c->net.serve;
	p->spoil = c->net.spoil;
	c->net.serve = serve;
	c->net.spoil = spoil;
	c->net.to = p;
}

static inline void with_copies(struct place *p)
{
	struct fake_cloud *c = &p->account.cloud;
	struct value *list = value_new_list(&c->mem);

	value_set_text(&c->mem, value_push(&c->mem, list, value_new_map(&c->mem)), "Region", "eu-west-1");
	value_set_text(&c->mem, value_push(&c->mem, list, value_new_map(&c->mem)), "Region", "us-east-2");
	entry(p, "recovery-keys")->copies = list;
	watch(p);
}

#endif
