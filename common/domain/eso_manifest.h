/*
 * Files of manifests, read with the places of their words and changed word by
 * word: what stands outside a changed word, comments and layout among it, stays
 * as it is, byte for byte.
 *
 *	struct manifest m;
 *
 *	manifest_read(&m, mem, &host, "apps.yaml", objects, e)
 *	manifest_edit(&m, &value->mark, "old", "new")
 *	manifest_text(&m, &out)
 */
#ifndef DOMAIN_ESO_MANIFEST_H
#define DOMAIN_ESO_MANIFEST_H

#include "core/host.h"
#include "core/value.h"

enum {
	MANIFEST_MAX = 4 << 20,   /* bytes of a file */
	MANIFEST_BAD_MAX = 50     /* documents of it that are none, before the rest is left */
};

struct manifest_change {
	size_t at, n;                  /* bytes of the text that go */
	const char *word;              /* what stands there then */
};

struct manifest {
	struct arena *mem;
	const char *file;
	struct view text;              /* in the arena */
	struct manifest_change *changes;
	size_t n_changes, room;
	unsigned bad;                  /* documents that were none */
};

/*
 * Appends the objects of all its documents to list, those of a List one by one; marks name file, line and column. JSON is
 * YAML here. Every document that is none: ERR_CONFIG with its place, in one error. file is borrowed.
 */
MUST_CHECK int manifest_read(struct manifest *m, struct arena *mem, const struct host *host, const char *file,
                             struct value *list, struct err *e);

/* The same of a text that was read already, which is copied. */
MUST_CHECK int manifest_take(struct manifest *m, struct arena *mem, const char *file, struct view text, struct value *list,
                             struct err *e);

/*
 * Where the byte at `offset` of a text stands whose mark is `at`: in a literal block, or in a word of one line. The mark
 * itself where that cannot be told (escapes, folded lines).
 */
struct mark manifest_inside(const struct manifest *m, const struct mark *at, struct view text, size_t offset);

/* The word `from`, at or behind the mark on its line, shall be `to`. false: it does not stand there like that (escaped). */
bool manifest_edit(struct manifest *m, const struct mark *at, const char *from, const char *to);

/* The text with all edits made, appended to out. */
void manifest_text(struct manifest *m, struct buf *out);

#endif
