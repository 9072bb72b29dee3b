#include "domain/custody_file.h"

#include "core/digest.h"
#include "core/text.h"

enum { SEALED_MAX = 128 << 10 };

int custody_file_recipients(const char *const *texts, struct custody_file *out, struct err *e)
{
	size_t n = 0;

	for (; texts && texts[n]; n++) {
		struct age_recipient recipient;
		AUTO(err) struct err why = {0};

		if (age_recipient_parse(texts[n], &recipient, &why) < 0)
			err_also(e, ERR_USAGE, "--recipient: %s", why.text);
		else if (out && n < AGE_RECIPIENTS_MAX)
			out->recipients[n] = recipient;
	}
	if (n == 0 || n > AGE_RECIPIENTS_MAX)
		err_also(e, ERR_USAGE, "--recipient: %zu were given, from 1 to %d are needed", n, AGE_RECIPIENTS_MAX);
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

int custody_file_find(struct custody_file *f, struct arena *a, const struct host *host, const char *folder, struct err *e)
{
	for (size_t i = 0; i < CUSTODY_ENTRIES; i++) {
		AUTO(buf) struct buf content = BUF_MAX(SEALED_MAX);

		f->paths[i] = arena_printf(a, "%s/%s.age", folder, custody_entry_word((enum custody_entry)i));
		if (look(host, f->paths[i], &content, &f->there[i], e) < 0)
			return -1;
	}
	return 0;
}

int custody_file_try(const struct custody_file *f, const struct host *host, struct err *e)
{
	AUTO(text) char *path = xasprintf("%s.try", f->paths[0]);

	if (host_write_file(host, path, view_text("proof that files can be written here\n"), 0600, e) < 0)
		return -1;
	return host_remove_file(host, path, e);
}

int custody_file_seal(const struct custody_file *f, struct arena *a, const struct host *host, const struct secret *values,
                      const char **sealed, struct err *e)
{
	for (size_t i = 0; i < CUSTODY_ENTRIES; i++) {
		AUTO(buf) struct buf file = BUF_MAX(SEALED_MAX), text = BUF_MAX(2 * SEALED_MAX);

		if (age_encrypt(&file, host, f->recipients, f->n, secret_expose(&values[i]), e) < 0)
			return err_while(e, "encrypting for '%s'", f->paths[i]);
		base64_print(&text, buf_bytes(&file));
		sealed[i] = arena_text(a, buf_str(&text));
	}
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

int custody_file_place(const struct custody_file *f, const struct host *host, const char *const *sealed, struct err *e)
{
	for (size_t i = 0; i < CUSTODY_ENTRIES; i++) {
		AUTO(buf) struct buf file = BUF_MAX(SEALED_MAX);

		if (base64_parse(&file, view_text(sealed[i]), e) < 0 || place(f->paths[i], host, buf_bytes(&file), e) < 0)
			return -1;
	}
	return 0;
}
