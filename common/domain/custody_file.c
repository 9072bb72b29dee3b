#include "domain/custody_file.h"

#include "aws/creds.h"
#include "core/age_open.h"
#include "core/digest.h"
#include "core/text.h"

enum { SEALED_MAX = 128 << 10 };

/* ---- recipients ---- */

void custody_file_release(struct custody_file *f)
{
	secret_release(&f->key);
	secret_release(&f->content);
}

const char *custody_file_suffix(enum custody_file_by by)
{
	static const char *const suffixes[] = { [BY_AGE] = "age", [BY_GPG] = "pgp", [BY_VAULT] = "gpg" };

	return suffixes[by];
}

/* Secret ones of age's too, which are no name of a file that anybody should be told about. */
bool custody_recipient_is_age(const char *text)
{
	return strncasecmp(text, "age1", 4) == 0 || strncasecmp(text, "age-", 4) == 0;
}

enum custody_file_by custody_recipients_by(const char *const *texts)
{
	return texts && texts[0] && !custody_recipient_is_age(texts[0]) ? BY_GPG : BY_AGE;
}

int custody_file_recipients(const char *option, const char *const *texts, struct custody_recipients *out, struct err *e)
{
	size_t n = 0, age = 0;

	if (out)
		*out = (struct custody_recipients){0};
	for (; texts && texts[n]; n++) {
		struct age_recipient recipient;
		AUTO(err) struct err why = {0};

		age += custody_recipient_is_age(texts[n]);
		if (!custody_recipient_is_age(texts[n]))
			continue;
		if (age_recipient_parse(texts[n], &recipient, &why) < 0)
			err_also(e, ERR_USAGE, "%s: %s", option, why.text);
		else if (out && out->n < AGE_RECIPIENTS_MAX)
			out->at[out->n++] = recipient;
	}
	if (age && age < n)
		err_also(e, ERR_USAGE, "%s: recipients of age's and of PGP's do not go together", option);
	if (n == 0 || n > AGE_RECIPIENTS_MAX)
		err_also(e, ERR_USAGE, "%s: %zu were given, from 1 to %d are needed", option, n, AGE_RECIPIENTS_MAX);
	return e->kind ? -1 : 0;
}

int custody_file_read_key(struct pgp_key *key, struct arena *a, const struct host *host, const char *option, const char *path,
                          struct err *e)
{
	AUTO(err) struct err why = {0};

	if (pgp_read_file(key, a, host, path, &why) == 0) {
		key->option = option;
		return 0;
	}
	err_also(e, ERR_USAGE, "%s: %s", option, why.text);
	err_hint(e, "%s age1..., as age-keygen prints it, or FILE with a public key of PGP's", option);
	return -1;
}

/* ---- the file ---- */

static enum custody_file_by other(enum custody_file_by by)
{
	return by == BY_AGE ? BY_GPG : BY_AGE;
}

const char *custody_share_path(struct arena *a, const char *folder, size_t share, enum custody_file_by by)
{
	const char *suffix = custody_file_suffix(by);

	return share ? arena_printf(a, "%s/recovery-key-%zu.%s", folder, share, suffix) :
	       arena_printf(a, "%s/recovery-keys.%s", folder, suffix);
}

void custody_file_place_in(struct custody_file *f, struct arena *a, const char *folder)
{
	f->name = arena_printf(a, "%s.%s", f->entry->word, custody_file_suffix(f->by));
	f->path = arena_printf(a, "%s/%s", folder, f->name);
	if (f->by != BY_VAULT)
		f->twin = arena_printf(a, "%s/%s.%s", folder, f->entry->word, custody_file_suffix(other(f->by)));
}

/* What is in a file now; out stays empty where there is none. */
static int look(const struct host *host, const char *path, struct buf *out, bool *there, struct err *e)
{
	AUTO(err) struct err why = {0};

	*there = host_read_file(host, path, out, &why) == 0;
	if (*there || why.kind == ERR_ABSENT)
		return 0;
	err_move(e, &why);
	return -1;
}

int custody_file_find(struct custody_file *f, const struct host *host, struct err *e)
{
	AUTO(buf) struct buf content = BUF_MAX(SEALED_MAX), beside = BUF_MAX(SEALED_MAX);
	bool twin;

	if (f->twin && look(host, f->twin, &beside, &twin, e) < 0)
		return -1;
	if (f->twin && !twin)
		f->twin = NULL;
	return look(host, f->path, &content, &f->there, e);
}

int custody_file_try(const struct custody_file *f, const struct host *host, struct err *e)
{
	AUTO(text) char *path = xasprintf("%s.try", f->path);

	if (host_write_file(host, path, view_text("proof that files can be written here\n"), 0600, e) < 0)
		return -1;
	return host_remove_file(host, path, e);
}

/* Vault's own message: the root token's is the value itself, a share's is one of the list. */
static int take_message(const struct custody_file *f, struct arena *a, const struct secret *values, const char **sealed,
                        struct err *e)
{
	AUTO(buf) struct buf bytes = BUF_MAX(SEALED_MAX);
	const char *text = f->entry->root ? secret_expose(&values[CUSTODY_ROOT_TOKEN]).p :
	                   custody_share(a, secret_expose(&values[CUSTODY_RECOVERY_KEYS]), f->entry->share);

	if (!text || base64_parse(&bytes, view_text(text), e) < 0)
		return err_set(e, ERR_REMOTE, 0, "Vault's answer has no message for '%s'", f->name);
	*sealed = arena_text(a, text);
	return 0;
}

int custody_file_seal(const struct custody_file *f, struct arena *a, const struct host *host, const struct secret *values,
                      const char **sealed, struct err *e)
{
	AUTO(buf) struct buf file = BUF_MAX(SEALED_MAX), text = BUF_MAX(2 * SEALED_MAX);
	AUTO(secret) struct secret part = {0};

	if (f->by == BY_VAULT)
		return take_message(f, a, values, sealed, e);
	if (custody_part(f->entry, values, &part, e) < 0 ||
	    age_encrypt(&file, host, f->to.at, f->to.n, secret_expose(&part), e) < 0)
		return err_while(e, "encrypting for '%s'", f->path);
	base64_print(&text, buf_bytes(&file));
	*sealed = arena_text(a, buf_str(&text));
	return 0;
}

static int place(const char *path, const struct host *host, struct view file, struct err *e)
{
	AUTO(buf) struct buf there = BUF_MAX(SEALED_MAX);
	bool is_there;

	if (look(host, path, &there, &is_there, e) < 0)
		return -1;
	if (!is_there && (host_write_file(host, path, file, 0600, e) < 0 || look(host, path, &there, &is_there, e) < 0))
		return -1;
	if (is_there && view_same(buf_bytes(&there), file))
		return 0;
	err_set(e, ERR_GUARD, 0, "'%s' holds something else, which is not written over", path);
	err_hint(e, "move it away, and run init again");
	return -1;
}

int custody_file_place(const struct custody_file *f, const struct host *host, const char *sealed, struct err *e)
{
	AUTO(buf) struct buf file = BUF_MAX(SEALED_MAX);

	return base64_parse(&file, view_text(sealed), e) < 0 ? -1 : place(f->path, host, buf_bytes(&file), e);
}

const char *custody_file_how_to_read(struct arena *a, const struct custody_file *f)
{
	return arena_printf(a, f->by == BY_AGE ? "age --decrypt -i IDENTITY %s" : "gpg --decrypt %s", f->path);
}

static int read_identities(const struct host *host, const char *const *paths, struct age_identity *out, size_t *n,
                           struct err *e)
{
	for (; *paths; paths++) {
		AUTO(wiped) struct buf text = BUF_MAX(AGE_IDENTITY_FILE_MAX);
		AUTO(text) char *path = host_path(host, *paths);

		if (host_read_file(host, path, &text, e) < 0 || buf_whole(&text, "the file", e) < 0 ||
		    age_identities_parse(buf_bytes(&text), out, n, e) < 0) {
			e->kind = ERR_CONFIG;
			return err_while(e, "--identity: '%s'", path);
		}
	}
	return 0;
}

bool custody_file_is_age(struct view file)
{
	return view_starts(file, "age-encryption.org/");
}

int custody_file_open(struct buf *out, const struct host *host, const char *path, const char *const *identities,
                      struct err *e)
{
	struct age_identity held[AGE_IDENTITIES_MAX] = {0};
	AUTO(buf) struct buf file = BUF_MAX(SEALED_MAX);
	size_t n = 0;
	int result = read_identities(host, identities, held, &n, e);

	if (result == 0)
		result = host_read_file(host, path, &file, e);
	if (result == 0 && (buf_whole(&file, "the file", e) < 0 || age_decrypt(out, held, n, buf_bytes(&file), e) < 0))
		result = err_while(e, "opening '%s'", path);
	age_identities_release(held, AGE_IDENTITIES_MAX);
	return result;
}
