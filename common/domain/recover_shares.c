#include "domain/recover_shares.h"

#include "core/digest.h"
#include "core/text.h"
#include "domain/custody_file.h"
#include "domain/recover.h"
#include "formats/json.h"

enum { SHARE_BYTES_MIN = 16, SHARE_BYTES_MAX = 33 };

/* ---- one share ---- */

static bool is_hex(struct view text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!strchr("0123456789abcdefABCDEF", text.p[i]))
			return false;
	return text.n % 2 == 0;
}

int shares_add(struct recover_shares *out, struct view text, struct err *e)
{
	AUTO(wiped) struct buf bytes = BUF_MAX(SHARE_TEXT_MAX);
	AUTO(err) struct err ignored = {0};
	size_t n = text.n / 2;

	if (text.n == 0 || text.n > SHARE_TEXT_MAX || memchr(text.p, 0, text.n))
		return err_set(e, ERR_CONFIG, 0, "it is no key share");
	if (!is_hex(text)) {
		if (base64_parse(&bytes, text, &ignored) < 0)
			return err_set(e, ERR_CONFIG, 0, "it is neither hexadecimal nor base64");
		n = bytes.n;
	}
	if (n < SHARE_BYTES_MIN || n > SHARE_BYTES_MAX)
		return err_set(e, ERR_CONFIG, 0, "a key share has %d to %d bytes, this one %zu", SHARE_BYTES_MIN, SHARE_BYTES_MAX, n);
	if (out->n == SHARES_MAX)
		return err_set(e, ERR_CONFIG, 0, "more than %d key shares", SHARES_MAX);
	secret_set(&out->at[out->n++], text);
	return 0;
}

void shares_release(struct recover_shares *s)
{
	for (size_t i = 0; i < s->n; i++)
		secret_release(&s->at[i]);
	s->n = 0;
}

const char *share_place(struct arena *a, const struct recover_shares *s, size_t i)
{
	if (s->each[i])
		return arena_printf(a, "'%s'", s->each[i]);
	return arena_printf(a, "share %zu of %zu in '%s'", i + 1, s->n, s->from);
}

/* ---- an entry of custody ---- */

static int take_keys(struct recover_shares *out, const struct value *keys, const char *from, struct err *e)
{
	for (size_t i = 0; i < keys->n; i++) {
		AUTO(err) struct err why = {0};

		if (keys->items[i]->type != VALUE_TEXT || shares_add(out, view_text(keys->items[i]->text), &why) < 0)
			err_also(e, ERR_CONFIG, "share %zu of %zu in '%s': %s", i + 1, keys->n, from, why.kind ? why.text : "it is no text");
	}
	if (keys->n == 0)
		err_also(e, ERR_CONFIG, "'%s' holds no key shares", from);
	return e->kind ? -1 : 0;
}

static int read_entry(struct recover_shares *out, struct view entry, const char *from, struct err *e)
{
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	AUTO(err) struct err why = {0};
	const struct value *keys;
	struct value *tree = NULL;

	if (custody_placeholder_run(&scratch, entry)) {
		err_set(e, ERR_ABSENT, 0, "'%s' holds no keys yet: an init has begun there, and not ended", from);
		err_hint(e, "helm vault-aws init goes on with it");
		return -1;
	}
	/* What a parser says may quote what it stumbled over. */
	if (va_json_parse(&scratch, entry, NULL, &tree, &why) < 0 || value_list(tree, "recovery_keys", &keys, &why) < 0) {
		if (tree && text_same(value_text_or(tree, "encryption", NULL), "pgp"))
			return err_set(e, ERR_CONFIG, 0, "the key shares in '%s' are messages of PGP's, which gpg opens", from);
		return err_set(e, ERR_CONFIG, 0, "'%s' holds no keys as init stores them (JSON with 'recovery_keys')", from);
	}
	out->threshold = value_int_or(tree, "recovery_threshold", 0);
	return take_keys(out, keys, from, e);
}

int shares_of_entry(struct recover_shares *out, struct view entry, const char *from, struct err *e)
{
	shares_release(out);
	*out = (struct recover_shares){ .from = from };
	return read_entry(out, entry, from, e);
}

int shares_of_part(struct recover_shares *out, struct arena *a, struct view entry, const char *name, struct err *e)
{
	size_t before = out->n;

	if (read_entry(out, entry, name, e) < 0)
		return -1;
	for (size_t i = before; i < out->n; i++)
		out->each[i] = name;
	out->from = before ? arena_printf(a, "%s, %s", out->from, strrchr(name, '/') + 1) : name;
	return 0;
}

/* ---- in AWS ---- */

static int ask_aws(const struct recover *r, const char *entry, struct request *rq, struct err *e)
{
	struct custody_store store = recover_store_of(r);

	return custody_ask_value(&store, entry, rq, e);
}

static enum heard hear_aws_entry(struct recover *r, const char *entry, const struct reply *reply, struct secret *value,
                                 struct err *e)
{
	struct custody_store store = recover_store_of(r);

	return custody_hear_value(&store, entry, reply, value, r->boot.mem, NULL, e);
}

/* ---- files ---- */

const char *recover_share_file(const struct recover *r, size_t share, enum custody_file_by by)
{
	return custody_share_path(r->boot.mem, r->options.folder, share, by);
}

/* Which of both kinds is there; NULL: neither. ERR_GUARD: both are, and one may be of another day. */
static int find_file(const struct recover *r, size_t share, const char **path, struct err *e)
{
	struct custody_file age = { .path = recover_share_file(r, share, BY_AGE) }, gpg = { .path = recover_share_file(r, share, BY_GPG) };

	*path = NULL;
	if (custody_file_find(&age, r->boot.host, e) < 0 || custody_file_find(&gpg, r->boot.host, e) < 0)
		return -1;
	if (age.there && gpg.there) {
		err_set(e, ERR_GUARD, 0, "both '%s' and '%s' are there", age.path, gpg.path);
		err_hint(e, "move away the one that does not hold");
		return -1;
	}
	if (age.there || gpg.there)
		*path = age.there ? age.path : gpg.path;
	return 0;
}

/* Those that can be opened here. None: why not, or that there is no file at all. */
static int read_parts(struct recover *r, const struct recover_runner *run, struct err *e)
{
	AUTO(err) struct err why = {0};

	r->shares = (struct recover_shares){ .from = r->options.folder, .split = true };
	for (size_t i = 1; i <= SHARES_MAX; i++) {
		AUTO(secret) struct secret plain = {0};
		AUTO(err) struct err closed = {0};
		const char *path;

		if (find_file(r, i, &path, e) < 0)
			return -1;
		if (!path)
			continue;
		if (recover_read_file(r, run, path, &plain, &closed) < 0) {
			if (closed.kind == ERR_STOPPED) {
				err_move(e, &closed);
				return -1;
			}
			err_append(&why, &closed);
		} else if (shares_of_part(&r->shares, r->boot.mem, secret_expose(&plain), path, e) < 0) {
			return -1;
		}
	}
	if (r->shares.n > 0)
		return 0;
	if (why.kind)
		err_move(e, &why);
	else
		err_set(e, ERR_ABSENT, 0, "there is no '%s', and no '%s'", recover_share_file(r, 0, BY_AGE), recover_share_file(r, 0, BY_GPG));
	return -1;
}

static int read_file(struct recover *r, const struct recover_runner *run, struct err *e)
{
	AUTO(secret) struct secret plain = {0};
	const char *path;

	if (find_file(r, 0, &path, e) < 0)
		return -1;
	if (!path)
		return read_parts(r, run, e);
	if (recover_read_file(r, run, path, &plain, e) < 0)
		return -1;
	return shares_of_entry(&r->shares, secret_expose(&plain), path, e);
}

/* ---- the table ---- */

static const struct share_reader readers[] = {
	{ .word = "secretsmanager", .aws = true, .ask = ask_aws, .hear = hear_aws_entry },
	{ .word = "ssm", .aws = true, .ask = ask_aws, .hear = hear_aws_entry },
	{ .word = "s3", .aws = true, .ask = ask_aws, .hear = hear_aws_entry },
	{ .word = "file", .read = read_file },
	{ .word = "terminal" },
	{ .word = "-" },
};

const struct share_reader *share_reader_find(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(readers); i++)
		if (text_same(readers[i].word, word))
			return &readers[i];
	return NULL;
}

size_t share_reader_words(const char *out[SHARE_READERS_MAX])
{
	_Static_assert(COUNT_OF(readers) <= SHARE_READERS_MAX, "more kinds of custody than messages have room for");

	for (size_t i = 0; i < COUNT_OF(readers); i++)
		out[i] = readers[i].word;
	return COUNT_OF(readers);
}
