#include "fuzz/fuzz.h"

#include "domain/eso_audit.h"
#include "domain/eso_manifest.h"
#include "fake/host.h"

/* What is mended is read again, and has nothing left of what was mended; without an edit a text comes out as it went in. */
static size_t mend(struct manifest *m, const struct eso_audit *audit)
{
	size_t mended = 0;

	for (size_t i = 0; i < audit->n; i++)
		if (audit->at[i].to)
			mended += manifest_edit(m, &audit->at[i].mark, audit->at[i].from, audit->at[i].to);
	return mended;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(fake_host) struct fake_host files = { 0 };
	AUTO(err) struct err e = { 0 };
	AUTO(buf) struct buf text = BUF_MAX(FUZZ_TEXT_MAX), same = BUF_MAX(FUZZ_TEXT_MAX), once = BUF_MAX(FUZZ_TEXT_MAX);
	struct host host = fake_host(&files);
	struct eso_audit audit = { .mem = &a, .path = "secret" };
	struct value *objects = value_new_list(&a);
	struct manifest m;

	buf_put(&text, data, n);
	if (text.full || strlen(buf_str(&text)) != text.n)
		return 0;                        /* the fake's files are texts */
	fake_host_file(&files, "f", buf_str(&text));
	if (!taken(manifest_read(&m, &a, &host, "f", objects, &e), &e))
		return 0;
	manifest_text(&m, &same);
	must(view_same(buf_bytes(&same), buf_bytes(&text)));
	eso_audit_objects(&audit, objects);
	must(mend(&m, &audit) >= m.n_changes);
	manifest_text(&m, &once);
	must(once.n <= text.n);                  /* every word that is put in is shorter than the one that goes */
	return 0;
}
