#include "fuzz/fuzz.h"

#include "domain/begun_tag.h"
#include "domain/spool.h"
#include "fake/host.h"

#include "core/text.h"

/* A key that opens nothing of what comes; the same opens what it sealed. */
static void open_it(struct spool *s)
{
	AUTO(err) struct err e = { 0 };
	AUTO(secret) struct secret key = { 0 };
	struct secret values[CUSTODY_VALUES] = { 0 };
	unsigned char bytes[32] = { 7 };

	secret_set(&key, view_of(bytes, sizeof(bytes)));
	if (s->sealed)
		must(!taken(spool_open(s, &key, values, &e), &e));
	for (size_t i = 0; s->files && s->files->type == VALUE_MAP && i < s->files->n; i++) {
		AUTO(err) struct err why = { 0 };

		(void)spool_file_to(s, s->files->names[i]);
		if (spool_file_key(s, s->files->names[i]))
			must(!taken(spool_open_file(s, s->files->names[i], &key, &values[0], &why), &why));
	}
	for (size_t i = 0; i < CUSTODY_VALUES; i++)
		secret_release(&values[i]);
}

/* What was read is written and read back the same. */
static void there_and_back(struct spool *s, struct arena *a, const struct host *host)
{
	AUTO(err) struct err e = { 0 };
	struct spool back;

	must(spool_write(s, a, host, s->stage, &e) == 0);
	must(spool_read(&back, a, host, s->path, &e) == 0);
	must(back.stage == s->stage && text_same(back.id, s->id) && text_same(back.table, s->table));
	must(text_same(back.sealed, s->sealed) && text_same(back.nonce, s->nonce) && text_same(back.data_key, s->data_key));
	must(value_same(back.files, s->files));
}

static void read_as_tag(struct arena *a, const char *text)
{
	AUTO(err) struct err e = { 0 };
	struct value *tags = value_new_map(a);
	struct begun_tag tag;

	value_set_text(a, tags, TAG_BEGUN, text);
	if (taken(begun_tag_read(&tag, a, tags, &e), &e))
		must(text_same(begun_tag_print(a, &tag), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(fake_host) struct fake_host files = { 0 };
	AUTO(err) struct err e = { 0 };
	AUTO(buf) struct buf text = BUF_MAX(FUZZ_TEXT_MAX);
	struct host host = fake_host(&files);
	struct spool s;

	buf_put(&text, data, n);
	if (text.full || strlen(buf_str(&text)) != text.n)
		return 0;                        /* the fake's files are texts */
	read_as_tag(&a, buf_str(&text));
	fake_host_file(&files, "/spool", buf_str(&text));
	if (!taken(spool_read(&s, &a, &host, "/spool", &e), &e))
		return 0;
	must(s.stage != SPOOL_NONE && s.id && s.cluster && s.table && s.since);
	open_it(&s);
	there_and_back(&s, &a, &host);
	return 0;
}
