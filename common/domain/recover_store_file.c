/* Custody in files: staged as NAME.age.pending, promoted by writing NAME.age whole, the old one kept as NAME.age.previous. */
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

static int open_into(const struct recover *r, const char *path, struct secret *out, struct err *e)
{
	AUTO(wiped) struct buf plain = BUF_MAX(AGE_PLAIN_MAX);

	if (custody_file_open(&plain, r->boot.host, path, r->options.identities, e) < 0)
		return -1;
	secret_release(out);
	secret_adopt(out, &plain);
	return 0;
}

/* A run that was killed after it had promoted leaves the same twice. */
static int find_pending(struct recover *r, struct err *e)
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
	if (!r->options.identities) {
		err_set(e, ERR_USAGE, 0, "an earlier run has left '%s', which takes an identity to go on with", path);
		err_hint(e, "--identity FILE, as age-keygen wrote it");
		return -1;
	}
	return open_into(r, path, &r->entry.pending, e);
}

/* The shares lie in files of their own. */
static int find_split(struct recover *r, struct err *e)
{
	struct custody_file file = { .path = recover_share_file(r, 1) };

	if (custody_file_find(&file, r->boot.host, e) < 0)
		return -1;
	r->entry.split = file.there;
	return 0;
}

int recover_file_find(struct recover *r, struct err *e)
{
	struct recover_entry *entry = &r->entry;

	entry->there = entry->file.there;
	if (!entry->there && !entry->which->root && find_split(r, e) < 0)
		return -1;
	entry->unread = entry->there && !r->options.identities;
	if (find_pending(r, e) < 0)
		return -1;
	return entry->there && !entry->unread ? open_into(r, entry->name, &entry->current, e) : 0;
}

static int write_proven(const struct recover *r, const char *path, struct view content, struct err *e)
{
	AUTO(buf) struct buf there = BUF_MAX(FILE_MAX);

	if (host_write_file(r->boot.host, path, content, 0600, e) < 0 || host_read_file(r->boot.host, path, &there, e) < 0)
		return -1;
	return view_same(buf_bytes(&there), content) ? 0 : err_set(e, ERR_CONFIG, 0, "'%s' does not hold what was written", path);
}

int recover_file_stage(struct recover *r, struct err *e)
{
	struct recover_entry *entry = &r->entry;
	AUTO(buf) struct buf sealed = BUF_MAX(FILE_MAX);

	if (age_encrypt(&sealed, r->boot.host, entry->file.to.at, entry->file.to.n, secret_expose(&entry->value), e) < 0 ||
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
