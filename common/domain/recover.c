#include "domain/recover.h"

#include "core/text.h"
#include "domain/custody_file.h"

/* ---- what was asked for ---- */

static void check_word(const char *option, const char *word, bool typed, struct err *e)
{
	const struct share_reader *reader = share_reader_find(word);
	const char *words[SHARE_READERS_MAX], *nearest;
	size_t n = share_reader_words(words);

	if (reader && (!reader->ask && !reader->read) == typed)
		return;
	nearest = text_nearest(word, words, n);
	err_also(e, ERR_USAGE, "%s: there is no '%s'", option, word);
	if (nearest && share_reader_find(nearest) != reader)
		err_hint(e, "did you mean '%s'?", nearest);
	else
		err_hint(e, typed ? "--keys-from terminal, or - for standard input" : "--custody secretsmanager, ssm, s3 or file");
}

/* What init can store need not be what can be read here, or take a new value. */
static void check_custody(const struct recover_options *o, struct err *e)
{
	const struct custody_kind *kind = custody_kind_of(o->custody);

	if (o->custody && !kind) {
		check_word("--custody", o->custody, false, e);
	} else if (kind && !share_reader_find(kind->word)) {
		err_also(e, ERR_USAGE, "--custody %s: gpg alone opens what is there, and nothing new goes there", kind->word);
		err_hint(e, "--keys-from terminal takes what gpg prints; what is new goes to --custody secretsmanager or file");
	} else if (kind && o->stores && !kind->stages) {
		err_also(e, ERR_USAGE, "--custody %s: a new value cannot lie there beside the valid one until Vault has taken it",
		         kind->word);
		err_hint(e, "--keys-from terminal takes the shares from there; what is new goes to --custody secretsmanager or file");
	}
	if (o->bucket && !text_same(o->custody, "s3"))
		err_also(e, ERR_USAGE, "--custody-bucket goes with --custody s3");
	if (text_same(o->custody, "s3") && text_empty(o->bucket)) {
		err_also(e, ERR_USAGE, "--custody s3: --custody-bucket is missing");
		err_hint(e, "--custody-bucket BUCKET, as init had it");
	}
}

/* Files that gpg made take no identity. */
static bool any_of_gpgs(const struct recover_options *o, const struct host *host)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err ignored = {0};

	for (size_t i = 0; i <= SHARES_MAX && !text_empty(o->folder); i++) {
		struct custody_file file = { .path = custody_share_path(&a, o->folder, i, BY_GPG) };

		if (custody_file_find(&file, host, &ignored) < 0 || file.there)
			return true;
	}
	return false;
}

static void check_keys(const struct recover_options *o, const struct host *host, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct pgp_key key;

	for (size_t i = 0; o->recipients && o->recipients[i]; i++) {
		AUTO(err) struct err why = {0};

		if (!custody_recipient_is_age(o->recipients[i]) &&
		    custody_file_read_key(&key, &a, host, "--recipient", o->recipients[i], &why) < 0)
			err_append(e, &why);
	}
}

static void check_files(const struct recover_options *o, const struct host *host, struct err *e)
{
	if (!text_same(o->custody, "file")) {
		if (o->folder || o->identities || o->recipients)
			err_also(e, ERR_USAGE, "--out, --identity and --recipient go with --custody file");
		return;
	}
	if (text_empty(o->folder))
		err_also(e, ERR_USAGE, "--custody file: --out DIR is missing, the folder that the files are in");
	if (!o->identities && !o->keys_from && !any_of_gpgs(o, host)) {
		err_also(e, ERR_USAGE, "--custody file: --identity FILE is missing, which the files are encrypted to");
		err_hint(e, "it is the file that age-keygen wrote; files for PGP (recovery-keys.pgp) take none, gpg opens them");
	}
	if ((o->recipients || o->stores) && custody_file_recipients("--recipient", o->recipients, NULL, e) < 0)
		err_hint(e, "age-keygen prints one: --recipient age1...; or --recipient FILE with a public key of PGP's");
	check_keys(o, host, e);
}

int recover_check_options(const struct recover_options *o, const struct host *host, struct err *e)
{
	check_custody(o, e);
	if (o->keys_from)
		check_word("--keys-from", o->keys_from, true, e);
	check_files(o, host, e);
	return e->kind ? -1 : 0;
}

/* ---- its beginning and end ---- */

int recover_init(struct recover *r, struct world *w, const struct recover_options *o, bool shares, struct err *e)
{
	const struct want *want = &w->want;

	*r = (struct recover){ .world = w, .options = *o };
	if (!r->options.custody)
		r->options.custody = "secretsmanager";
	if (shares)
		r->reader = share_reader_find(o->keys_from ? o->keys_from : r->options.custody);
	if (boot_init(&r->boot, w, &o->boot, e) < 0)
		return -1;
	if (!recover_wants_aws(r))
		return 0;
	return recover_check_names(want, e);
}

int recover_check_names(const struct want *want, struct err *e)
{
	if (want->cluster && want->region)
		return 0;
	err_set(e, ERR_USAGE, 0, "%s is not known, and custody is named after the cluster",
	        want->cluster ? "the region" : "the cluster's name");
	err_hint(e, "--cluster-name NAME --region REGION");
	return -1;
}

void recover_release(struct recover *r)
{
	shares_release(&r->shares);
	err_release(&r->unread);
	recover_entry_release(&r->entry);
	secret_release(&r->gpg.plain);
	boot_release(&r->boot);
}

struct custody_store recover_store_of(const struct recover *r)
{
	return (struct custody_store){
		.kind = custody_kind_of(r->options.custody), .want = r->boot.want, .aws = r->boot.aws,
		.kms_key = r->options.custody_key, .bucket = r->options.bucket,
	};
}

bool recover_wants_aws(const struct recover *r)
{
	return (r->reader && r->reader->aws) || r->entry.in_aws;
}

bool recover_is_typed(const struct recover *r)
{
	return r->reader && !r->reader->ask && !r->reader->read;
}

/* ---- the shares ---- */

#define ALL_SHARES "recovery-keys"

static bool shares_due(const void *world, size_t item)
{
	const struct recover *r = world;

	(void)item;
	return r->reader && r->reader->ask;
}

static int ask_shares(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct recover *r = world;

	(void)item;
	return r->reader->ask(r, ALL_SHARES, rq, e);
}

static bool unreadable(enum heard heard, const struct err *e)
{
	return heard == HEARD_REFUSED && (e->kind == ERR_ABSENT || e->kind == ERR_DENIED);
}

/* Where the shares are split there is no such entry, and who may read but one of them is denied the others. */
static enum heard hear_shares(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct recover *r = world;
	const char *name = custody_name(r->boot.mem, r->boot.want, ALL_SHARES);
	AUTO(secret) struct secret value = {0};
	enum heard heard = r->reader->hear(r, ALL_SHARES, reply, &value, e);

	(void)item;
	if (unreadable(heard, e)) {
		err_move(&r->unread, e);
		shares_release(&r->shares);
		r->shares = (struct recover_shares){ .from = custody_name(r->boot.mem, r->boot.want, "recovery-key-*"), .split = true };
		r->part = 1;
		return HEARD_DONE;
	}
	if (heard != HEARD_DONE)
		return heard;
	return shares_of_entry(&r->shares, secret_expose(&value), name, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

static bool parts_due(const void *world, size_t item)
{
	const struct recover *r = world;

	return shares_due(world, item) && r->shares.split;
}

static const char *part_word(const struct recover *r, struct arena *a)
{
	return arena_printf(a, "recovery-key-%zu", r->part);
}

static int ask_part(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct recover *r = world;

	(void)item;
	return r->reader->ask(r, part_word(r, &rq->mem), rq, e);
}

/* Vault says how many there are. */
static enum heard hear_part(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct recover *r = world;
	const char *word = part_word(r, r->boot.mem);
	AUTO(secret) struct secret value = {0};
	enum heard heard = r->reader->hear(r, word, reply, &value, e);

	(void)item;
	if (unreadable(heard, e))
		err_release(e);
	else if (heard != HEARD_DONE)
		return heard;
	else if (shares_of_part(&r->shares, r->boot.mem, secret_expose(&value), custody_name(r->boot.mem, r->boot.want, word), e) < 0)
		return HEARD_REFUSED;
	if ((int64_t)r->part++ < r->boot.status.shares)
		return HEARD_MORE;
	if (r->shares.n > 0)
		return HEARD_DONE;
	err_move(e, &r->unread);
	err_hint(e, "--keys-from terminal or --keys-from - takes shares that are typed");
	return HEARD_REFUSED;
}

const struct step recover_share_rows[RECOVER_SHARE_ROWS] = {
	{ .name = "shares.read", .title = "read the key shares from custody", .due = shares_due, .ask = ask_shares,
	  .hear = hear_shares },
	{ .name = "shares.parts", .title = "read the key shares that have entries of their own", .needs = NEEDS("shares.read"),
	  .due = parts_due, .ask = ask_part, .hear = hear_part },
};

int recover_read_shares(struct recover *r, const struct recover_runner *run, struct err *e)
{
	return r->reader && r->reader->read ? r->reader->read(r, run, e) : 0;
}

int recover_take_lines(struct recover *r, struct view text, const char *from, struct err *e)
{
	shares_release(&r->shares);
	r->shares = (struct recover_shares){ .from = from };
	for (size_t number = 1; text.p && text.n > 0; number++) {
		struct view line = view_trim(view_cut(&text, '\n'));
		AUTO(err) struct err why = {0};

		if (line.n > 0 && shares_add(&r->shares, line, &why) < 0)
			err_also(e, ERR_USAGE, "%s, line %zu: %s", from, number, why.text);
	}
	return e->kind ? -1 : 0;
}

int recover_enough(const struct recover *r, int64_t needed, struct err *e)
{
	if ((int64_t)r->shares.n >= needed)
		return 0;
	return err_set(e, recover_is_typed(r) ? ERR_USAGE : ERR_GUARD, 0, "'%s' gives %zu key %s, and Vault asks for %lld",
	               r->shares.from, r->shares.n, r->shares.n == 1 ? "share" : "shares", (long long)needed);
}

int recover_find_open(struct recover *r, const struct recover_runner *run, struct err *e)
{
	if (run->loop(run->to, r, boot_steps, BOOT_STEPS_N, e) < 0)
		return -1;
	if (r->boot.status.initialized && !r->boot.status.sealed)
		return 0;
	err_set(e, ERR_GUARD, 0, r->boot.status.initialized ? "Vault is sealed" : "Vault is not initialised");
	err_hint(e, r->boot.status.initialized ? "helm vault-aws recover unseal" : "helm vault-aws init");
	return -1;
}

int recover_get_shares(struct recover *r, const struct recover_runner *run, int64_t needed, struct err *e)
{
	if (run->loop(run->to, r, recover_share_rows, RECOVER_SHARE_ROWS, e) < 0 || recover_read_shares(r, run, e) < 0)
		return -1;
	if (recover_is_typed(r) && run->type(run->to, r, needed, e) < 0)
		return -1;
	return recover_enough(r, needed, e);
}
