#include "domain/custody_file.h"

#include "aws/creds.h"
#include "core/age_open.h"
#include "core/digest.h"
#include "core/text.h"

enum { SEALED_MAX = 128 << 10 };

int custody_file_recipients(const char *option, const char *const *texts, struct custody_recipients *out, struct err *e)
{
	size_t n = 0;

	for (; texts && texts[n]; n++) {
		struct age_recipient recipient;
		AUTO(err) struct err why = {0};

		if (age_recipient_parse(texts[n], &recipient, &why) < 0)
			err_also(e, ERR_USAGE, "%s: %s", option, why.text);
		else if (out && n < AGE_RECIPIENTS_MAX)
			out->at[n] = recipient;
	}
	if (n == 0 || n > AGE_RECIPIENTS_MAX)
		err_also(e, ERR_USAGE, "%s: %zu were given, from 1 to %d are needed", option, n, AGE_RECIPIENTS_MAX);
	if (out)
		out->n = n;
	return e->kind ? -1 : 0;
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
	AUTO(buf) struct buf content = BUF_MAX(SEALED_MAX);

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

	if (f->pgp)
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
	return arena_printf(a, f->pgp ? "gpg --decrypt %s" : "age --decrypt -i IDENTITY %s", f->path);
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
