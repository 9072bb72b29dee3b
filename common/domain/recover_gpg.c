#include "domain/recover_gpg.h"

#include "core/digest.h"
#include "core/text.h"
#include "domain/pgp_message.h"
#include "domain/recover.h"
#include "domain/steps.h"

static int run_gpg(struct recover *r, const struct recover_runner *run, const struct step *rows, struct err *e)
{
	if (run->loop(run->to, r, rows, RECOVER_GPG_ROWS, e) == 0)
		return 0;
	if (e->kind == ERR_ABSENT)
		pgp_tell_missing(e);
	return -1;
}

/* ---- opened ---- */

static ASK(ask_open)
{
	const struct recover *r = world;

	(void)item;
	(void)e;
	pgp_ask_open(rq, r->gpg.sealed);
	return 0;
}

static HEAR(hear_open)
{
	struct recover *r = world;

	(void)item;
	return pgp_hear_open(reply, &r->gpg.plain, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

const struct step recover_open_rows[RECOVER_GPG_ROWS] = {
	{ .name = "file.open", .title = "open the file by gpg", .timeout_ms = PGP_OPEN_MS, .ask = ask_open, .hear = hear_open },
};

static int open_by_gpg(struct recover *r, const struct recover_runner *run, struct view sealed, struct secret *out,
                       struct err *e)
{
	int result;

	r->gpg.sealed = sealed;
	result = run_gpg(r, run, recover_open_rows, e);
	r->gpg.sealed = view_of(NULL, 0);
	if (result == 0) {
		secret_release(out);
		secret_copy(out, &r->gpg.plain);
	}
	secret_release(&r->gpg.plain);
	return result;
}

static int open_by_age(const struct recover *r, const char *path, struct secret *out, struct err *e)
{
	AUTO(wiped) struct buf plain = BUF_MAX(AGE_PLAIN_MAX);

	if (!r->options.identities) {
		err_set(e, ERR_USAGE, 0, "'%s' takes an identity to be opened", path);
		err_hint(e, "--identity FILE, as age-keygen wrote it");
		return -1;
	}
	if (custody_file_open(&plain, r->boot.host, path, r->options.identities, e) < 0)
		return -1;
	secret_release(out);
	secret_adopt(out, &plain);
	return 0;
}

int recover_read_file(struct recover *r, const struct recover_runner *run, const char *path, struct secret *out, struct err *e)
{
	AUTO(buf) struct buf file = BUF_MAX(AGE_FILE_MAX);

	if (host_read_file(r->boot.host, path, &file, e) < 0)
		return -1;
	if (custody_file_is_age(buf_bytes(&file)))
		return open_by_age(r, path, out, e);
	return open_by_gpg(r, run, buf_bytes(&file), out, e) < 0 ? err_while(e, "opening '%s'", path) : 0;
}

/* ---- made ---- */

int recover_take_keys(struct recover *r, struct err *e)
{
	struct recover_gpg *gpg = &r->gpg;
	const char *const *texts = r->options.recipients;
	struct custody_recipients *to = &r->entry.file.to;
	const char *state = host_env(r->boot.host, "XDG_STATE_HOME");
	AUTO(text) char *base = state ? xstrdup(state) : host_path(r->boot.host, "~/.local/state");

	gpg->home = arena_printf(r->boot.mem, "%s/helm-vault-aws/gpg", base);
	for (size_t i = 0; texts && texts[i] && gpg->n_keys < AGE_RECIPIENTS_MAX; i++) {
		struct pgp_key *key = &gpg->keys[gpg->n_keys];

		if (custody_recipient_is_age(texts[i]))
			continue;
		if (custody_file_read_key(key, r->boot.mem, r->boot.host, "--recipient", texts[i], e) < 0)
			return -1;
		to->keys[to->n_keys++] = key;
		gpg->n_keys++;
	}
	return 0;
}

static size_t count_keys(const void *world)
{
	const struct recover *r = world;

	return r->gpg.n_keys;
}

/* gpg starts without a folder only where the user has one. */
static int before_show(void *world, size_t item, struct err *e)
{
	struct recover *r = world;

	return item ? 0 : host_write_file(r->boot.host, arena_printf(r->boot.mem, "%s/note", r->gpg.home),
	                                  view_text("for gpg, as helm vault-aws recover runs it: no keys are kept here\n"), 0600, e);
}

static ASK(ask_show)
{
	const struct recover *r = world;

	(void)e;
	pgp_ask_show(rq, &r->gpg.keys[item], r->gpg.home);
	return 0;
}

static HEAR(hear_show)
{
	struct recover *r = world;

	(void)e;
	pgp_hear_show(&r->gpg.keys[item], r->boot.mem, reply);
	return HEARD_DONE;
}

const struct step recover_keys_rows[RECOVER_GPG_ROWS] = {
	{ .name = "pgp.show", .title = "look at the PGP keys", .count = count_keys, .before = before_show, .ask = ask_show,
	  .hear = hear_show, .abreast = PGP_SHOWN_ABREAST },
};

int recover_look_at_keys(struct recover *r, const struct recover_runner *run, struct err *e)
{
	int result;

	if (!r->gpg.n_keys)
		return 0;
	result = run_gpg(r, run, recover_keys_rows, e);
	pgp_tidy(r->boot.host, r->gpg.home);
	if (result < 0)
		return -1;
	for (size_t i = 0; i < r->gpg.n_keys; i++)
		if (r->gpg.keys[i].wrong)
			err_also(e, ERR_USAGE, "--recipient: '%s': %s", r->gpg.keys[i].path, r->gpg.keys[i].wrong);
	return e->kind ? -1 : 0;
}

static ASK(ask_message)
{
	const struct recover *r = world;
	const struct custody_recipients *to = &r->entry.file.to;

	(void)item;
	(void)e;
	pgp_ask_message(rq, to->keys, to->n_keys, r->gpg.home, secret_expose(r->gpg.content));
	return 0;
}

static HEAR(hear_message)
{
	struct recover *r = world;

	(void)item;
	return pgp_hear_message(r->boot.mem, reply, &r->gpg.message, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

const struct step recover_encrypt_rows[RECOVER_GPG_ROWS] = {
	{ .name = "file.make", .title = "encrypt the file by gpg", .ask = ask_message, .hear = hear_message },
};

int recover_encrypt(struct recover *r, const struct recover_runner *run, const struct secret *content, struct buf *out,
                    struct err *e)
{
	struct recover_gpg *gpg = &r->gpg;
	int result = 0;

	for (size_t i = 0; i < gpg->n_keys && result == 0; i++)
		result = pgp_place_key(&gpg->keys[i], r->boot.mem, r->boot.host, gpg->home, r->entry.id, e);
	gpg->content = content;
	if (result == 0)
		result = run_gpg(r, run, recover_encrypt_rows, e);
	gpg->content = NULL;
	for (size_t i = 0; i < gpg->n_keys; i++)
		pgp_forget_key(&gpg->keys[i], r->boot.host);
	pgp_tidy(r->boot.host, gpg->home);
	return result < 0 ? -1 : base64_parse(out, view_text(gpg->message), e);
}
