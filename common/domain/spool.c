#include "domain/spool.h"

#include "aws/creds.h"
#include "core/cipher.h"
#include "core/digest.h"
#include "core/text.h"
#include "domain/hear.h"
#include "formats/iso8601.h"
#include "formats/json.h"

enum { SPOOL_MAX = 512 << 10, ID_BYTES = 16, SPOOL_VERSION = 1 };

static const char *const stages[] = {
	[SPOOL_PREPARED] = "prepared", [SPOOL_BEGUN] = "begun", [SPOOL_KEYS] = "keys",
};

const char *spool_path(struct arena *a, const struct host *host, const struct want *want)
{
	const char *state = host_env(host, "XDG_STATE_HOME");
	AUTO(text) char *base = state ? xstrdup(state) : host_path(host, "~/.local/state");

	return arena_printf(a, "%s/helm-vault-aws/init/%s-%s-%s-%s.json", base, want->region, want->cluster, want->namespace_,
	                    want->release);
}

static int take_fields(struct spool *s, struct arena *a, const struct value *v, struct err *e)
{
	const char *word;
	int64_t version;

	if (value_int(v, "version", &version, e) < 0 || value_text(v, "stage", &word, e) < 0 ||
	    value_text(v, "id", &s->id, e) < 0 || value_text(v, "cluster", &s->cluster, e) < 0 ||
	    value_text(v, "namespace", &s->namespace_, e) < 0 || value_text(v, "release", &s->release, e) < 0 ||
	    value_text(v, "table", &s->table, e) < 0 || value_text(v, "since", &s->since, e) < 0 ||
	    value_text(v, "kms_key", &s->kms_key, e) < 0 || value_text(v, "data_key", &s->data_key, e) < 0)
		return -1;
	if (version != SPOOL_VERSION)
		return err_set(e, ERR_CONFIG, 0, "it has version %lld, which this program does not know", (long long)version);
	for (size_t i = SPOOL_PREPARED; i < COUNT_OF(stages); i++)
		if (text_same(word, stages[i]))
			s->stage = (enum spool_stage)i;
	if (s->stage == SPOOL_NONE)
		return err_set(e, ERR_CONFIG, 0, "it has no stage '%s'", word);
	if (s->stage != SPOOL_KEYS)
		return 0;
	s->files = value_copy(a, value_get(v, "files"));
	if (value_count(s->files, NULL) && !value_get(v, "sealed"))
		return 0;
	return value_text(v, "nonce", &s->nonce, e) < 0 || value_text(v, "sealed", &s->sealed, e) < 0 ? -1 : 0;
}

int spool_read(struct spool *out, struct arena *a, const struct host *host, const char *path, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(SPOOL_MAX);
	struct spool s = { .path = path };
	struct value *tree;

	if (host_read_file(host, path, &text, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return -1;
		err_release(e);
		*out = s;
		return 0;
	}
	if (va_json_parse(a, buf_bytes(&text), path, &tree, e) < 0 || take_fields(&s, a, tree, e) < 0)
		return err_while(e, "the spool of an earlier init");
	*out = s;
	return 0;
}

int spool_new(struct spool *out, struct arena *a, const struct host *host, const struct want *want, const char *path,
              struct err *e)
{
	unsigned char bytes[ID_BYTES];
	AUTO(buf) struct buf hex = BUF_MAX(2 * ID_BYTES + 1);
	char now[ISO8601_TEXT];

	if (host_random(host, bytes, sizeof(bytes), e) < 0)
		return -1;
	hex_print(&hex, bytes, sizeof(bytes));
	iso8601_print(host_wall_ms(host), now);
	*out = (struct spool){
		.path = path, .id = arena_text(a, buf_str(&hex)), .cluster = want->cluster, .namespace_ = want->namespace_,
		.release = want->release, .since = arena_text(a, now),
	};
	return 0;
}

/* What is there now is this run's, or nothing; and where it holds keys meanwhile they stay. */
static int check_owner(const struct spool *s, struct arena *a, const struct host *host, enum spool_stage stage, struct err *e)
{
	struct spool there;

	if (spool_read(&there, a, host, s->path, e) < 0)
		return -1;
	if (there.stage == SPOOL_NONE || (text_same(there.id, s->id) && (there.stage != SPOOL_KEYS || stage == SPOOL_KEYS)))
		return 0;
	err_set(e, ERR_GUARD, 0, "another init of this release began here at %s ('%s')", there.since, s->path);
	err_hint(e, "let it end, then run this again");
	return -1;
}

int spool_write(struct spool *s, struct arena *a, const struct host *host, enum spool_stage stage, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(SPOOL_MAX);
	struct value *v;

	if (check_owner(s, a, host, stage, e) < 0)
		return -1;
	v = params_of(a, "stage", stages[stage], "id", s->id, "cluster", s->cluster, "namespace", s->namespace_, "release",
	              s->release, "table", s->table, "since", s->since, "kms_key", s->kms_key ? s->kms_key : "", "data_key",
	              s->data_key ? s->data_key : "", NULL);
	value_set_int(a, v, "version", SPOOL_VERSION);
	if (stage == SPOOL_KEYS && s->sealed) {
		value_set_text(a, v, "nonce", s->nonce);
		value_set_text(a, v, "sealed", s->sealed);
	}
	if (stage == SPOOL_KEYS && s->files)
		value_set(a, v, "files", s->files);
	va_json_print(&text, v, true);
	if (buf_whole(&text, "the spool", e) < 0 || host_write_file(host, s->path, buf_bytes(&text), 0600, e) < 0)
		return err_while(e, "writing down how far init is");
	s->stage = stage;
	return 0;
}

int spool_remove(struct spool *s, struct arena *a, const struct host *host, struct err *e)
{
	if (check_owner(s, a, host, SPOOL_KEYS, e) < 0 || host_remove_file(host, s->path, e) < 0)
		return err_while(e, "removing the spool");
	s->stage = SPOOL_NONE;
	return 0;
}

/* ---- the keys in it ---- */

/* What the ciphertext belongs to. */
static struct view beside(struct arena *a, const struct spool *s)
{
	return view_text(arena_printf(a, MANAGED_BY " init %s %s/%s/%s", s->id, s->cluster, s->namespace_, s->release));
}

static int check_key(const struct secret *key, struct err *e)
{
	if (secret_held(key) && key->len == CIPHER_KEY_BYTES)
		return 0;
	return err_set(e, ERR_REMOTE, 0, "the spool's data key is not %d bytes long", CIPHER_KEY_BYTES);
}

/* Both as base64, in the arena. */
static int seal(struct arena *a, const struct host *host, const struct secret *key, struct view name, struct view plain,
                const char **nonce_out, const char **sealed_out, struct err *e)
{
	unsigned char nonce[CIPHER_NONCE_BYTES];
	AUTO(buf) struct buf sealed = BUF_MAX(SPOOL_MAX / 2), text = BUF_MAX(SPOOL_MAX), nonce_text = BUF_MAX(64);

	if (check_key(key, e) < 0 || host_random(host, nonce, sizeof(nonce), e) < 0)
		return -1;
	cipher_seal(&sealed, (const unsigned char *)secret_expose(key).p, nonce, name, plain);
	base64_print(&text, buf_bytes(&sealed));
	base64_print(&nonce_text, view_of(nonce, sizeof(nonce)));
	*sealed_out = arena_text(a, buf_str(&text));
	*nonce_out = arena_text(a, buf_str(&nonce_text));
	return 0;
}

int spool_seal(struct spool *s, struct arena *a, const struct host *host, const struct secret *key,
               const struct secret *values, struct err *e)
{
	AUTO(wiped) struct buf plain = BUF_MAX(SPOOL_MAX / 4);

	for (size_t i = 0; i < CUSTODY_VALUES; i++) {
		buf_text(&plain, i ? "," : "[");
		va_json_quote(&plain, secret_expose(&values[i]));
	}
	buf_text(&plain, "]");
	if (buf_whole(&plain, "the spool", e) < 0)
		return -1;
	return seal(a, host, key, beside(a, s), buf_bytes(&plain), &s->nonce, &s->sealed, e);
}

static int take_values(struct view plain, struct secret *values, struct err *e)
{
	AUTO(wiped_arena) struct arena a = ARENA_INIT;
	struct value *list;

	if (va_json_parse(&a, plain, NULL, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < CUSTODY_VALUES; i++) {
		const char *text;

		if (value_text(list, arena_printf(&a, "%zu", i), &text, e) < 0)
			return -1;
		secret_release(&values[i]);
		secret_set(&values[i], view_text(text));
	}
	return 0;
}

static int unseal(const struct spool *s, const struct secret *key, struct view name, const char *nonce_text,
                  const char *sealed_text, struct buf *plain, struct err *e)
{
	AUTO(buf) struct buf sealed = BUF_MAX(SPOOL_MAX), nonce = BUF_MAX(64);

	if (check_key(key, e) < 0)
		return -1;
	if (base64_parse(&sealed, view_text(sealed_text), e) < 0 || base64_parse(&nonce, view_text(nonce_text), e) < 0 ||
	    nonce.n != CIPHER_NONCE_BYTES)
		return err_set(e, ERR_CONFIG, 0, "the spool '%s' is damaged", s->path);
	if (cipher_open(plain, (const unsigned char *)secret_expose(key).p, (const unsigned char *)nonce.p, name, buf_bytes(&sealed),
	                e) < 0)
		return err_while(e, "opening the spool '%s'", s->path);
	return 0;
}

int spool_open(const struct spool *s, const struct secret *key, struct secret *values, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(wiped) struct buf plain = BUF_MAX(SPOOL_MAX);

	if (unseal(s, key, beside(&a, s), s->nonce, s->sealed, &plain, e) < 0)
		return -1;
	return take_values(buf_bytes(&plain), values, e) < 0 ? err_while(e, "opening the spool '%s'", s->path) : 0;
}

/* ---- a file in it that gpg is to make ---- */

static struct view beside_file(struct arena *a, const struct spool *s, const char *name)
{
	return view_text(arena_printf(a, "%s %s", beside(a, s).p, name));
}

int spool_seal_file(struct spool *s, struct arena *a, const struct host *host, const char *name, const struct secret *key,
                    const char *wrapped, const struct value *to, const struct secret *content, struct err *e)
{
	const char *nonce, *sealed;
	struct value *entry;

	if (seal(a, host, key, beside_file(a, s, name), secret_expose(content), &nonce, &sealed, e) < 0)
		return -1;
	entry = params_of(a, "key", wrapped, "nonce", nonce, "sealed", sealed, NULL);
	value_set(a, entry, "to", value_copy(a, to));
	if (!s->files)
		s->files = value_new_map(a);
	value_set(a, s->files, name, entry);
	return 0;
}

static const struct value *waiting(const struct spool *s, const char *name)
{
	const struct value *entry = s->files ? value_get(s->files, name) : NULL;

	return entry && entry->type == VALUE_MAP ? entry : NULL;
}

const char *spool_file_key(const struct spool *s, const char *name)
{
	const struct value *entry = waiting(s, name);

	return entry ? value_text_or(entry, "key", "") : NULL;
}

const struct value *spool_file_to(const struct spool *s, const char *name)
{
	const struct value *entry = waiting(s, name);

	return entry ? value_get(entry, "to") : NULL;
}

int spool_open_file(const struct spool *s, const char *name, const struct secret *key, struct secret *content, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(wiped) struct buf plain = BUF_MAX(SPOOL_MAX);
	const struct value *entry = waiting(s, name);

	if (unseal(s, key, beside_file(&a, s, name), value_text_or(entry, "nonce", ""), value_text_or(entry, "sealed", ""), &plain,
	           e) < 0)
		return -1;
	secret_release(content);
	secret_adopt(content, &plain);
	return 0;
}

struct value *spool_context(struct arena *a, const struct spool *s)
{
	return params_of(a, TAG_CLUSTER, s->cluster, TAG_NAMESPACE, s->namespace_, TAG_RELEASE, s->release, NULL);
}
