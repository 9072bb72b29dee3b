/*
 * Custody in files, in the work of init. What age encrypts is made here; what gpg is to encrypt takes a data key that gpg has
 * wrapped before the call, waits under it in the spool, and is then made by gpg: so that nothing after the reply hangs on a
 * program before the keys are on disk.
 */
#include "core/cipher.h"
#include "core/digest.h"
#include "core/text.h"
#include "domain/hear.h"
#include "domain/init.h"
#include "domain/pgp_message.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

static size_t count_files(const void *world)
{
	const struct init_world *in = world;

	return in->n_files;
}

/* The file itself, as the spool has it; NULL: it is not made yet. */
static const char *made(const struct init_world *in, const struct custody_file *f)
{
	return value_text_or(value_get(in->spool.files, f->name), "", NULL);
}

static int place_keys(struct init_world *in, const struct custody_file *f, struct err *e)
{
	for (size_t i = 0; i < f->to.n_keys; i++)
		if (!f->to.keys[i]->placed &&
		    pgp_place_key(f->to.keys[i], in->boot.mem, in->boot.host, in->pgp_home, in->spool.id, e) < 0)
			return -1;
	return 0;
}

/* ---- before the call: data keys, which gpg wraps ---- */

DUE(wrap_due)
{
	const struct init_world *in = world;

	return in->plan == INIT_FRESH && in->files[item].by == BY_GPG;
}

static int before_wrap(void *world, size_t item, struct err *e)
{
	struct init_world *in = world;
	struct custody_file *f = &in->files[item];
	AUTO(wiped) struct buf key = BUF_MAX(CIPHER_KEY_BYTES);
	unsigned char bytes[CIPHER_KEY_BYTES];
	int result = place_keys(in, f, e) < 0 ? -1 : host_random(in->boot.host, bytes, sizeof(bytes), e);

	if (result == 0) {
		buf_put(&key, bytes, sizeof(bytes));
		secret_release(&f->key);
		secret_adopt(&f->key, &key);
	}
	wipe(bytes, sizeof(bytes));
	return result;
}

ASK(ask_wrap)
{
	const struct init_world *in = world;
	const struct custody_file *f = &in->files[item];

	(void)e;
	pgp_ask_message(rq, f->to.keys, f->to.n_keys, in->pgp_home, secret_expose(&f->key));
	return 0;
}

HEAR(hear_wrap)
{
	struct init_world *in = world;
	struct custody_file *f = &in->files[item];

	if (pgp_hear_message(in->boot.mem, reply, &f->wrapped, e) == 0)
		return HEARD_DONE;
	err_while(e, "encrypting for '%s'", f->path);
	return HEARD_REFUSED;
}

/* ---- what an earlier run left waiting: gpg opens it where the secret key is ---- */

DUE(unwrap_due)
{
	const struct init_world *in = world;

	return in->plan == INIT_STORE && !in->in_aws && in->files[item].by == BY_GPG &&
	       spool_file_key(&in->spool, in->files[item].name);
}

ASK(ask_unwrap)
{
	const struct init_world *in = world;
	AUTO(buf) struct buf message = BUF_MAX(REPLY_HEAD_MAX);

	if (base64_parse(&message, view_text(spool_file_key(&in->spool, in->files[item].name)), e) < 0)
		return err_while(e, "the spool '%s'", in->spool.path);
	pgp_ask_open(rq, view_of(arena_view(&rq->mem, buf_bytes(&message)), message.n));
	return 0;
}

static void cannot_open(struct init_world *in, struct custody_file *f, const struct err *why)
{
	AUTO(buf) struct buf to = BUF_MAX(4096);

	for (size_t i = 0; i < f->to.n_keys; i++)
		buf_printf(&to, "%s%s (%s)", i ? ", " : "", f->to.keys[i]->fingerprint,
		           f->to.keys[i]->user ? f->to.keys[i]->user : f->to.keys[i]->path);
	f->wrong = arena_printf(in->boot.mem, "'%s' waits encrypted to %s in the spool '%s', and gpg does not open it here: %s", f->name,
	                        buf_str(&to), in->spool.path, why->text);
}

HEAR(hear_unwrap)
{
	struct init_world *in = world;
	struct custody_file *f = &in->files[item];
	AUTO(err) struct err why = {0};

	(void)e;
	if (pgp_hear_open(reply, &f->key, &why) < 0 || spool_open_file(&in->spool, f->name, &f->key, &f->content, &why) < 0)
		cannot_open(in, f, &why);
	return HEARD_DONE;
}

static bool missed_unwrap(void *world, size_t item, const struct err *why)
{
	struct init_world *in = world;

	if (why->kind == ERR_STOPPED || why->kind == ERR_LATE)
		return false;
	cannot_open(in, &in->files[item], why);
	return true;
}

/* ---- after it: gpg makes the files ---- */

DUE(make_due)
{
	const struct init_world *in = world;
	const struct custody_file *f = &in->files[item];

	return f->by == BY_GPG && init_has_work(in) && !made(in, f) && (secret_held(&f->content) || init_keys_held(in));
}

static int before_make(void *world, size_t item, struct err *e)
{
	struct init_world *in = world;

	return place_keys(in, &in->files[item], e);
}

ASK(ask_make)
{
	const struct init_world *in = world;
	const struct custody_file *f = &in->files[item];
	AUTO(secret) struct secret content = {0};

	if (secret_held(&f->content))
		secret_copy(&content, &f->content);
	else if (custody_part(f->entry, in->values, &content, e) < 0)
		return -1;
	pgp_ask_message(rq, f->to.keys, f->to.n_keys, in->pgp_home, secret_expose(&content));
	return 0;
}

/* Into the spool first: what is in place is then what a later run puts there. A disk that is full does not stop it. */
HEAR(hear_make)
{
	struct init_world *in = world;
	struct custody_file *f = &in->files[item];
	AUTO(err) struct err why = {0}, ignored = {0};
	const char *message;

	if (pgp_hear_message(in->boot.mem, reply, &message, &why) < 0) {
		f->wrong = arena_printf(in->boot.mem, "gpg does not make '%s': %s", f->path, why.text);
		return HEARD_DONE;
	}
	if (!in->spool.files)
		in->spool.files = value_new_map(in->boot.mem);
	value_set_text(in->boot.mem, in->spool.files, f->name, message);
	if (spool_write(&in->spool, in->boot.mem, in->boot.host, SPOOL_KEYS, &ignored) < 0)
		err_release(&ignored);
	return init_place_files(in, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

static bool missed_make(void *world, size_t item, const struct err *why)
{
	struct init_world *in = world;

	if (why->kind == ERR_STOPPED || why->kind == ERR_LATE)
		return false;
	in->files[item].wrong = arena_printf(in->boot.mem, "gpg does not make '%s': %s", in->files[item].path, why->text);
	return true;
}

const struct step init_wrap_rows[INIT_WRAP_ROWS] = {
	{ .name = "spool.wrap", .title = "get keys for the spool from gpg", .count = count_files, .due = wrap_due,
	  .before = before_wrap, .ask = ask_wrap, .hear = hear_wrap },
	{ .name = "spool.unwrap", .title = "open the spool by gpg", .count = count_files, .due = unwrap_due,
	  .timeout_ms = PGP_OPEN_MS, .ask = ask_unwrap, .hear = hear_unwrap, .missed = missed_unwrap },
};

const struct step init_files_row = {
	.name = "files.make", .title = "encrypt the files by gpg", .needs = NEEDS("spool.unwrap", "vault.init"), .count = count_files,
	.due = make_due, .before = before_make, .ask = ask_make, .hear = hear_make, .missed = missed_make,
};

/* ---- the spool's files, and those in place ---- */

static const struct value *fingerprints(struct arena *a, const struct custody_file *f)
{
	struct value *list = value_new_list(a);

	for (size_t i = 0; i < f->to.n_keys; i++)
		value_push(a, list, value_new_text(a, f->to.keys[i]->fingerprint));
	return list;
}

/* The order is nobody's matter. */
bool init_same_recipients(const struct init_world *in, const struct custody_file *f)
{
	const struct value *to = spool_file_to(&in->spool, f->name);
	size_t found = 0;

	for (size_t i = 0; i < value_count(to, NULL); i++)
		for (size_t k = 0; k < f->to.n_keys; k++)
			found += text_same(value_text_or(to->items[i], "", NULL), f->to.keys[k]->fingerprint);
	return !to || (found == f->to.n_keys && found == to->n);
}

static int seal_one(struct init_world *in, const struct custody_file *f, struct err *e)
{
	AUTO(secret) struct secret content = {0};
	const char *sealed;

	if (f->by != BY_GPG) {
		if (custody_file_seal(f, in->boot.mem, in->boot.host, in->values, &sealed, e) < 0)
			return -1;
		value_set_text(in->boot.mem, in->spool.files, f->name, sealed);
		return 0;
	}
	/* An earlier run's spool, which KMS opens: gpg makes it of that. */
	if (!f->wrapped)
		return 0;
	if (custody_part(f->entry, in->values, &content, e) < 0)
		return -1;
	return spool_seal_file(&in->spool, in->boot.mem, in->boot.host, f->name, &f->key, f->wrapped, fingerprints(in->boot.mem, f),
	                       &content, e);
}

int init_seal_files(struct init_world *in, struct err *e)
{
	if (!in->in_files)
		return 0;
	if (!in->spool.files)
		in->spool.files = value_new_map(in->boot.mem);
	for (size_t i = 0; i < in->n_files; i++)
		if (!value_get(in->spool.files, in->files[i].name) && seal_one(in, &in->files[i], e) < 0)
			return -1;
	return 0;
}

/* An earlier run may not have known of files; then they are made of what its spool gave, and are in the spool before they are placed. */
int init_place_files(struct init_world *in, struct err *e)
{
	size_t placed = 0;

	if (!in->in_files || in->files_placed)
		return 0;
	if (init_keys_held(in) && init_seal_files(in, e) < 0)
		return -1;
	for (size_t i = 0; i < in->n_files; i++) {
		const char *file = made(in, &in->files[i]);

		if (file && custody_file_place(&in->files[i], in->boot.host, file, e) < 0)
			return err_while(e, "the keys wait encrypted in '%s' for the next run of init", in->spool.path);
		placed += file != NULL;
	}
	in->files_placed = placed == in->n_files;
	return init_let_go(in, e);
}

/* Nothing is lost by it where the spool has what goes in. */
int init_finish_files(struct init_world *in, struct err *e)
{
	bool waits = false;

	for (size_t i = 0; i < in->n_files; i++) {
		const struct custody_file *f = &in->files[i];

		if (!f->wrong)
			continue;
		err_also(e, in->plan == INIT_STORE && !secret_held(&f->content) && !init_keys_held(in) ? ERR_GUARD : ERR_REMOTE, "%s", f->wrong);
		waits = true;
	}
	if (!waits)
		return 0;
	if (in->spool.stage != SPOOL_KEYS) {
		init_say_where_they_wait(in, e);
		return -1;
	}
	if (in->in_aws)
		err_hint(e, "the keys wait in '%s': run the same init again when that is mended", in->spool.path);
	else
		err_hint(e, "the keys wait in '%s': on a machine where gpg has the secret key, put it at the same path under "
		         "XDG_STATE_HOME or ~/.local/state, and run the same init there", in->spool.path);
	return -1;
}
