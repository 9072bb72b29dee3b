/*
 * The secrets of configure's file: found where it says, before anything is written; and how a new value is noticed.
 *
 * Vault gives neither a password nor a client secret back. So the manifest, which lies in Vault, keeps for each item a
 * digest of what was written last: PBKDF2 of the value, under a random salt of this Vault's and the item's name, so
 * that equal values look different and a guess costs time. What the digest says counts only while the item is there;
 * it is taken out before a value is written, and put back once Vault has said that it has it: a run that is cut off in
 * between writes again. What somebody changes past us, such as his own password, is left as it is.
 */
#include "domain/configure.h"

#include "aws/services.h"
#include "core/text.h"
#include "domain/hear.h"
#include "formats/json.h"

enum { VALUE_MAX = 64 << 10, SALT_BYTES = 16, ROUNDS_MAX = 10000000, PASSWORD_MAX = 72 };

const char *config_secret_said(struct arena *a, const struct config_secret *s)
{
	switch (s->source) {
	case SECRET_ENV:
		return arena_printf(a, "the variable '%s'", s->from);
	case SECRET_FILE:
		return arena_printf(a, "the file '%s'", s->from);
	default:
		return s->key ? arena_printf(a, "'%s' of '%s' in Secrets Manager", s->key, s->from) :
		    arena_printf(a, "'%s' in Secrets Manager", s->from);
	}
}

/* ---- where they are ---- */

/* userpass hashes with bcrypt, which takes no more (Vault 1.21.1: "bcrypt: password length exceeds 72 bytes"). */
static int hold(struct config_secret *s, struct view value, const char *said, struct err *e)
{
	if (value.n == 0)
		return err_set(e, ERR_CONFIG, 0, "%s is empty", said);
	if (memchr(value.p, 0, value.n))
		return err_set(e, ERR_CONFIG, 0, "%s has a zero in it", said);
	if (text_same(s->attr, "password") && value.n > PASSWORD_MAX)
		return err_set(e, ERR_CONFIG, 0, "%s is longer than the %d bytes that a password may have", said, PASSWORD_MAX);
	secret_set(&s->value, value);
	return 0;
}

/* Editors end a file with a line break. */
static struct view without_line_break(struct view text)
{
	if (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	if (text.n && text.p[text.n - 1] == '\r')
		text.n--;
	return text;
}

static int read_secret_file(const struct host *host, struct arena *a, struct config_secret *s, struct err *e)
{
	AUTO(wiped) struct buf text = BUF_MAX(VALUE_MAX);
	AUTO(text) char *path = host_path(host, s->from);

	if (host_read_private(host, path, &text, e) < 0)
		return -1;
	return hold(s, without_line_break(buf_bytes(&text)), config_secret_said(a, s), e);
}

static int read_variable(const struct host *host, struct arena *a, struct config_secret *s, struct err *e)
{
	const char *value = host_env(host, s->from);

	if (!value)
		return err_set(e, ERR_CONFIG, 0, "the variable '%s' is not set", s->from);
	return hold(s, view_text(value), config_secret_said(a, s), e);
}

/* What is not there, or not as it must be, is the file's fault: with its place there. */
static void tell(const struct config_secret *s, enum err_kind kind, const struct err *why, struct err *e)
{
	mark_err_also(e, kind, &s->mark, "'%s': %s", s->attr, why->text);
	if (why->hint)
		err_hint(e, "%s", why->hint);
}

static void resolve(const struct host *host, struct arena *a, struct config_secret *s, struct err *e)
{
	AUTO(err) struct err why = { 0 };

	if (s->source == SECRET_MANAGER)
		return;
	if ((s->source == SECRET_FILE ? read_secret_file : read_variable)(host, a, s, &why) < 0)
		tell(s, ERR_CONFIG, &why, e);
}

void configure_resolve(const struct host *host, struct config *c, struct err *e)
{
	AUTO(arena) struct arena scratch = ARENA_INIT;

	for (size_t k = 0; k < CONFIG_KINDS; k++)
		for (size_t i = 0; i < c->lists[k].n; i++)
			if (c->lists[k].at[i].secret)
				resolve(host, &scratch, c->lists[k].at[i].secret, e);
}

void configure_release_secrets(struct config *c)
{
	for (size_t k = 0; k < CONFIG_KINDS; k++)
		for (size_t i = 0; i < c->lists[k].n; i++)
			if (c->lists[k].at[i].secret)
				secret_release(&c->lists[k].at[i].secret->value);
}

/* ---- Secrets Manager ---- */

bool configure_asks_aws(const struct configure *w)
{
	for (size_t i = 0; i < w->n_secrets; i++)
		if (w->secrets[i]->source == SECRET_MANAGER)
			return true;
	return false;
}

static size_t count_secrets(const void *world)
{
	return ((const struct configure *)world)->n_secrets;
}

static bool secret_due(const void *world, size_t item)
{
	return ((const struct configure *)world)->secrets[item]->source == SECRET_MANAGER;
}

/* A name is one of our own region; an ARN says its own. The copy of the client outlives its requests. */
static int before_secret(void *world, size_t item, struct err *e)
{
	struct configure *w = world;
	struct config_secret *s = w->secrets[item];
	struct aws *aws = ARENA_NEW(w->boot.mem, struct aws);
	struct arn arn = { 0 };

	if (text_starts(s->from, "arn:") && arn_parse(w->boot.mem, s->from, &arn, e) < 0)
		return -1;
	*aws = aws_in_region(w->boot.aws, text_empty(arn.region) ? w->boot.want->region : arn.region);
	s->aws = aws;
	return 0;
}

static int ask_secret(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct config_secret *s = ((const struct configure *)world)->secrets[item];

	return aws_ask(s->aws, rq, &secretsmanager_get_secret_value, params_of(&rq->mem, "SecretId", s->from, NULL), e);
}

/* What is wrong is said without a word of what stands there. */
static int hold_part(struct arena *a, struct config_secret *s, const char *text, const char *said, struct err *e)
{
	AUTO(err) struct err ignored = { 0 };
	struct value *tree = NULL;
	const struct value *part;

	if (!s->key)
		return hold(s, view_text(text), said, e);
	if (va_json_parse(a, view_text(text), NULL, &tree, &ignored) < 0 || tree->type != VALUE_MAP)
		return err_set(e, ERR_CONFIG, 0, "'%s' in Secrets Manager is no JSON object, and so has no '%s'", s->from, s->key);
	part = value_get(tree, s->key);
	if (!part || part->type != VALUE_TEXT)
		return err_set(e, ERR_CONFIG, 0, "'%s' in Secrets Manager has no text '%s'", s->from, s->key);
	return hold(s, view_of(part->text, part->n), said, e);
}

static enum heard hear_secret(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct configure *w = world;
	struct config_secret *s = w->secrets[item];
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	const struct aws_op *op = &secretsmanager_get_secret_value;
	struct aws_answer answer;
	const char *text;
	enum heard heard;

	if (aws_read(&scratch, op, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(op, &answer, e);
	if (heard != HEARD_DONE) {
		err_while(e, "reading '%s'", s->from);
		return heard;
	}
	if (value_text(answer.body, "SecretString", &text, e) < 0)
		return HEARD_REFUSED;
	return hold_part(&scratch, s, text, config_secret_said(w->boot.mem, s), e) < 0 ? HEARD_REFUSED : HEARD_DONE;
}

/* Each that is not there, with its place in the file. */
static bool missed_secret(void *world, size_t item, const struct err *why)
{
	struct configure *w = world;

	tell(w->secrets[item], why->kind == ERR_ABSENT ? ERR_CONFIG : why->kind, why, &w->unresolved);
	return true;
}

const struct step configure_secrets[] = {
	{ .name = "secrets.read", .title = "read the secrets that the file names", .count = count_secrets, .due = secret_due,
	  .before = before_secret, .ask = ask_secret, .hear = hear_secret, .missed = missed_secret },
};
const size_t n_configure_secrets = COUNT_OF(configure_secrets);

/* ---- digests ---- */

static int make_salt(struct configure *w, struct err *e)
{
	unsigned char bytes[SALT_BYTES];
	AUTO(buf) struct buf hex = BUF_MAX(2 * SALT_BYTES);

	if (host_random(w->boot.host, bytes, sizeof(bytes), e) < 0)
		return -1;
	hex_print(&hex, bytes, sizeof(bytes));
	w->manifest.salt = arena_text(w->boot.mem, buf_str(&hex));
	w->manifest.rounds = w->rounds ? w->rounds : CONFIGURE_ROUNDS;
	w->manifest.secrets = NULL;
	return 0;
}

static void make_digest(const struct configure *w, const struct config_item *item)
{
	AUTO(buf) struct buf salt = BUF_MAX(4096), hex = BUF_MAX(SHA256_HEX);
	unsigned char digest[SHA256_BYTES];

	buf_printf(&salt, "%s %s", w->manifest.salt, config_id(w->boot.mem, item));
	pbkdf2_sha256(secret_expose(&item->secret->value), buf_bytes(&salt), w->manifest.rounds, digest);
	hex_print(&hex, digest, sizeof(digest));
	memcpy(item->secret->digest, buf_str(&hex), hex.n + 1);
}

int configure_digest(struct configure *w, struct err *e)
{
	struct manifest *m = &w->manifest;

	if (w->n_secrets == 0)
		return 0;
	if ((!m->salt || m->rounds == 0 || m->rounds > ROUNDS_MAX) && make_salt(w, e) < 0)
		return -1;
	for (size_t k = 0; k < CONFIG_KINDS; k++)
		for (size_t i = 0; i < w->config.lists[k].n; i++) {
			struct config_item *item = &w->config.lists[k].at[i];

			if (!item->secret)
				continue;
			if (!text_same(w->digested, m->salt))
				make_digest(w, item);
			item->secret_same = item->have && text_same(item->secret->digest, value_text_or(value_get(m->secrets,
			                    config_id(w->boot.mem, item)), "", NULL));
		}
	w->digested = m->salt;
	return 0;
}

/* What the file says nothing about stays; of its own items only what Vault has. */
void configure_put_digests(const struct configure *w, struct arena *a, struct value *data, bool beginning)
{
	struct value *all = w->manifest.secrets ? value_copy(a, w->manifest.secrets) : value_new_map(a);

	if (!w->manifest.salt)
		return;
	for (size_t k = 0; k < CONFIG_KINDS; k++)
		for (size_t i = 0; i < w->config.lists[k].n; i++) {
			const struct config_item *item = &w->config.lists[k].at[i];

			if (!item->secret)
				continue;
			value_unset(all, config_id(a, item));
			if (item->secret_same || (!beginning && item->secret->written))
				value_set_text(a, all, config_id(a, item), item->secret->digest);
		}
	value_set_text(a, data, "salt", w->manifest.salt);
	value_set_int(a, data, "rounds", w->manifest.rounds);
	value_set(a, data, "secrets", all);
}

void configure_print_body(const struct config_item *item, const struct value *attrs, struct buf *out)
{
	va_json_print(out, attrs, false);
	if (!item->secret || (item->secret_same && item->kind != CONFIG_AUTH_CONFIG))
		return;
	buf_cut(out, out->n - 1);
	buf_printf(out, "%s\"%s\":", attrs->n ? "," : "", item->secret->attr);
	va_json_quote(out, secret_expose(&item->secret->value));
	buf_char(out, '}');
}
