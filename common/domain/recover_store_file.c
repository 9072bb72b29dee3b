/*
 * Custody in files: staged as NAME.age.pending, promoted by writing NAME.age whole, the old one kept as NAME.age.previous; and
 * the same with NAME.pgp.
 */
#include "domain/recover_store.h"

#include "aws/creds.h"
#include "core/text.h"
#include "domain/recover.h"

enum { FILE_MAX = AGE_FILE_MAX };

static const char *beside(const struct recover *r, const char *suffix)
{
	return arena_printf(r->boot.mem, "%s.%s", r->entry.name, suffix);
}

/* Nothing is appended where there is no such file. */
static int look(const struct recover *r, const char *path, struct buf *out, bool *there, struct err *e)
{
	AUTO(err) struct err why = {0};

	*there = host_read_file(r->boot.host, path, out, &why) == 0;
	if (*there || why.kind == ERR_ABSENT)
		return 0;
	err_move(e, &why);
	return -1;
}

/* A run that was killed after it had promoted leaves the same twice. */
static int find_pending(struct recover *r, const struct recover_runner *run, struct err *e)
{
	const char *path = beside(r, "pending");
	AUTO(buf) struct buf current = BUF_MAX(FILE_MAX), pending = BUF_MAX(FILE_MAX);
	bool there, waits;

	if (look(r, r->entry.name, &current, &there, e) < 0 || look(r, path, &pending, &waits, e) < 0)
		return -1;
	if (waits && there && view_same(buf_bytes(&current), buf_bytes(&pending)))
		return host_remove_file(r->boot.host, path, e);
	if (!waits)
		return 0;
	if (r->entry.file.by == BY_AGE && !r->options.identities) {
		err_set(e, ERR_USAGE, 0, "an earlier run has left '%s', which takes an identity to go on with", path);
		err_hint(e, "--identity FILE, as age-keygen wrote it");
		return -1;
	}
	return recover_read_file(r, run, path, &r->entry.pending, e);
}

/* The shares lie in files of their own. */
static int find_split(struct recover *r, struct err *e)
{
	struct custody_file age = { .path = recover_share_file(r, 1, BY_AGE) }, gpg = { .path = recover_share_file(r, 1, BY_GPG) };

	if (custody_file_find(&age, r->boot.host, e) < 0 || custody_file_find(&gpg, r->boot.host, e) < 0)
		return -1;
	r->entry.split = age.there || gpg.there;
	return 0;
}

/* What gpg does not open here need not be read: whoever has the shares may be somebody else than who has the root token. */
static int read_current(struct recover *r, const struct recover_runner *run, struct err *e)
{
	struct recover_entry *entry = &r->entry;
	AUTO(err) struct err why = {0};

	entry->unread = entry->file.by == BY_AGE && !r->options.identities;
	if (entry->unread || recover_read_file(r, run, entry->name, &entry->current, &why) == 0)
		return 0;
	entry->unread = entry->file.by == BY_GPG && why.kind == ERR_DENIED;
	if (entry->unread)
		return 0;
	err_move(e, &why);
	return -1;
}

int recover_file_find(struct recover *r, const struct recover_runner *run, struct err *e)
{
	struct recover_entry *entry = &r->entry;

	entry->there = entry->file.there;
	if (!entry->there && !entry->which->root && find_split(r, e) < 0)
		return -1;
	if (find_pending(r, run, e) < 0)
		return -1;
	return entry->there ? read_current(r, run, e) : 0;
}

static int write_proven(const struct recover *r, const char *path, struct view content, struct err *e)
{
	AUTO(buf) struct buf there = BUF_MAX(FILE_MAX);

	if (host_write_file(r->boot.host, path, content, 0600, e) < 0 || host_read_file(r->boot.host, path, &there, e) < 0)
		return -1;
	return view_same(buf_bytes(&there), content) ? 0 : err_set(e, ERR_CONFIG, 0, "'%s' does not hold what was written", path);
}

static int encrypt(struct recover *r, const struct recover_runner *run, struct buf *sealed, struct err *e)
{
	const struct custody_file *file = &r->entry.file;

	if (file->by == BY_GPG)
		return recover_encrypt(r, run, &r->entry.value, sealed, e);
	return age_encrypt(sealed, r->boot.host, file->to.at, file->to.n, secret_expose(&r->entry.value), e);
}

int recover_file_stage(struct recover *r, const struct recover_runner *run, struct err *e)
{
	struct recover_entry *entry = &r->entry;
	AUTO(buf) struct buf sealed = BUF_MAX(FILE_MAX);

	if (encrypt(r, run, &sealed, e) < 0 ||
	    write_proven(r, beside(r, "pending"), buf_bytes(&sealed), e) < 0)
		return err_while(e, "storing beside '%s'", entry->name);
	entry->staged = true;
	return 0;
}

int recover_file_promote(struct recover *r, struct err *e)
{
	struct recover_entry *entry = &r->entry;
	AUTO(buf) struct buf current = BUF_MAX(FILE_MAX), pending = BUF_MAX(FILE_MAX);
	bool there;

	if (look(r, entry->name, &current, &there, e) < 0 || host_read_file(r->boot.host, beside(r, "pending"), &pending, e) < 0)
		return -1;
	if (there && write_proven(r, beside(r, "previous"), buf_bytes(&current), e) < 0)
		return -1;
	if (write_proven(r, entry->name, buf_bytes(&pending), e) < 0)
		return -1;
	entry->promoted = true;
	return host_remove_file(r->boot.host, beside(r, "pending"), e);
}
