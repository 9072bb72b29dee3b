#include "domain/custody.h"

#include "core/digest.h"
#include "core/text.h"
#include "domain/hear.h"
#include "formats/json.h"

enum { VALUE_MAX = 1 << 20 };

#define PLACEHOLDER "helm-vault-aws-init"

/* ---- kinds and entries ---- */

const struct custody_kind *custody_kind_of(const char *word)
{
	for (size_t i = 0; i < CUSTODY_KINDS; i++)
		if (text_same(custody_kinds[i].word, word))
			return &custody_kinds[i];
	return NULL;
}

bool custody_in_aws(const struct custody_kind *kind)
{
	return kind->read != NULL;
}

struct custody_entry *custody_entries(struct arena *a, size_t shares, bool split, size_t *n)
{
	size_t keys = split ? shares : 1;
	struct custody_entry *entries = ARENA_ARRAY(a, struct custody_entry, keys + 1);

	for (size_t i = 0; i < keys; i++)
		entries[i] = (struct custody_entry){
			.word = split ? arena_printf(a, "recovery-key-%zu", i + 1) : "recovery-keys", .share = split ? i + 1 : 0,
		};
	entries[keys] = (struct custody_entry){ .word = "root-token", .root = true };
	*n = keys + 1;
	return entries;
}

const char *custody_name(struct arena *a, const struct want *want, const char *word)
{
	return arena_printf(a, MANAGED_BY "/%s/%s/%s/%s", want->cluster, want->namespace_, want->release, word);
}

const char *custody_principal(struct arena *a, const char *text)
{
	AUTO(err) struct err ignored = {0};
	struct view rest, kind, name;
	struct arn arn;

	if (arn_parse(a, text, &arn, &ignored) < 0)
		return text;
	rest = view_text(arn.resource);
	kind = view_cut(&rest, '/');
	name = view_cut(&rest, '/');
	if (!text_same(arn.service, "sts") || !view_is(kind, "assumed-role"))
		return text;
	return arena_printf(a, "arn:%s:iam::%s:role/%.*s", arn.partition, arn.account, (int)name.n, name.p);
}

/* ---- the four calls ---- */

int custody_ask_find(const struct custody_store *s, const struct custody_entry *entry, struct request *rq, struct err *e)
{
	return aws_ask(s->aws, rq, s->kind->find, s->kind->find_params(&rq->mem, s, entry), e);
}

enum heard custody_hear_find(const struct custody_store *s, struct world *w, const struct custody_entry *entry,
                             const struct reply *reply, struct custody_have *have, struct err *e)
{
	struct aws_answer answer;
	enum heard heard = hear_aws(w, s->kind->find, reply, s->kind->absent, &answer, e, "looking for '%s'",
	                            custody_name(w->mem, s->want, entry->word));

	if (heard != HEARD_DONE)
		return heard;
	*have = (struct custody_have){0};
	if (answer.ok && s->kind->found(w->mem, s, w, entry, answer.body, have, e) < 0)
		return HEARD_UNSURE;
	return HEARD_DONE;
}

int custody_ask_make(const struct custody_store *s, const struct custody_entry *entry, const char *id, struct request *rq,
                     struct err *e)
{
	return aws_ask(s->aws, rq, s->kind->make, s->kind->make_params(&rq->mem, s, entry, id), e);
}

/* "Exists": by a reply that was lost, or by another run; reading it tells. */
enum heard custody_hear_make(const struct custody_store *s, struct world *w, const struct custody_entry *entry,
                             const struct reply *reply, struct err *e)
{
	struct aws_answer answer;

	return hear_aws(w, s->kind->make, reply, s->kind->taken, &answer, e, "making '%s'",
	                custody_name(w->mem, s->want, entry->word));
}

int custody_ask_store(const struct custody_store *s, const struct custody_entry *entry, const struct custody_have *have,
                      const char *id, struct view value, struct request *rq, struct err *e)
{
	return aws_ask(s->aws, rq, s->kind->store, s->kind->store_params(&rq->mem, s, entry, have, id, value), e);
}

enum heard custody_hear_store(const struct custody_store *s, struct world *w, const struct custody_entry *entry,
                              const struct reply *reply, struct err *e)
{
	struct aws_answer answer;

	return hear_aws(w, s->kind->store, reply, s->kind->stale, &answer, e, "storing into '%s'",
	                custody_name(w->mem, s->want, entry->word));
}

int custody_ask_value(const struct custody_store *s, const char *word, struct request *rq, struct err *e)
{
	struct custody_entry entry = { .word = word };

	return aws_ask(s->aws, rq, s->kind->read, s->kind->read_params(&rq->mem, s, &entry), e);
}

/* The answer stays in an arena that is wiped. */
enum heard custody_hear_value(const struct custody_store *s, const char *word, const struct reply *reply,
                              struct secret *out, struct arena *a, struct custody_have *have, struct err *e)
{
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct aws_answer answer;
	const struct value *v;
	enum heard heard;

	if (aws_read(&scratch, s->kind->read, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(s->kind->read, &answer, e);
	if (heard != HEARD_DONE) {
		err_while(e, "reading '%s'", custody_name(a, s->want, word));
		return heard;
	}
	v = value_at(answer.body, s->kind->value);
	if (!v || v->type != VALUE_TEXT) {
		err_set(e, ERR_REMOTE, answer.status, "'%s' holds no text", custody_name(a, s->want, word));
		return HEARD_REFUSED;
	}
	secret_release(out);
	secret_set(out, view_of(v->text, v->n));
	if (have)
		have->etag = arena_text(a, value_text_or(answer.body, "ETag", NULL));
	return HEARD_DONE;
}

/* S3 User Guide, "General purpose bucket naming rules"; a dot is allowed, and costs the bucket its own host. */
void custody_check_bucket(const char *name, struct err *e)
{
	size_t n = strlen(name);

	if (!n || (n >= 3 && n <= 63 && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0' &&
	           !strchr(".-", name[0]) && !strchr(".-", name[n - 1]) && !strstr(name, "..")))
		return;
	err_also(e, ERR_USAGE, "--custody-bucket: '%s' is no name of a bucket (3 to 63 lower-case letters, digits, '-', '.')", name);
}

/* ---- placeholders ---- */

const char *custody_placeholder(struct arena *a, const char *id)
{
	return arena_printf(a, "{\"" PLACEHOLDER "\":\"%s\"}", id);
}

const char *custody_placeholder_run(struct arena *a, struct view value)
{
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	AUTO(err) struct err ignored = {0};
	struct value *tree;

	if (va_json_parse(&scratch, value, NULL, &tree, &ignored) < 0)
		return NULL;
	return arena_text(a, value_text_or(value_get(tree, PLACEHOLDER), "", NULL));
}

/* ---- copies ---- */

static bool has_copy(const struct custody_have *have, const char *region)
{
	for (size_t i = 0; i < value_count(have->copies, NULL); i++)
		if (text_same(value_text_or(have->copies->items[i], "Region", NULL), region))
			return true;
	return false;
}

size_t custody_missing(const struct custody_have *have, const struct custody_copy *copy, size_t n)
{
	size_t missing = 0;

	for (size_t i = 0; i < n; i++)
		missing += !has_copy(have, copy[i].region);
	return missing;
}

struct value *custody_copy_params(struct arena *a, const struct want *want, const char *word,
                                  const struct custody_have *have, const struct custody_copy *copy, size_t n)
{
	struct value *params = params_of(a, "SecretId", custody_name(a, want, word), NULL);
	struct value *list = value_set(a, params, "AddReplicaRegions", value_new_list(a));

	for (size_t i = 0; i < n; i++)
		if (!has_copy(have, copy[i].region))
			value_push(a, list, params_of(a, "Region", copy[i].region, "KmsKeyId", copy[i].key, NULL));
	return params;
}

/* ---- values ---- */

static int print_value(const struct value *v, struct secret *out, struct err *e)
{
	AUTO(wiped) struct buf text = BUF_MAX(VALUE_MAX);

	va_json_print(&text, v, false);
	if (buf_whole(&text, "the recovery keys", e) < 0)
		return -1;
	secret_release(out);
	secret_set(out, buf_bytes(&text));
	return 0;
}

int custody_values(const struct want *want, const struct value *answer, int64_t threshold, bool pgp, const char *when,
                   struct secret *out, struct err *e)
{
	AUTO(wiped_arena) struct arena a = ARENA_INIT;
	struct value *entry = value_new_map(&a);
	const struct value *keys, *encoded;
	const char *token;

	if (value_list(answer, "recovery_keys", &keys, e) < 0 || value_list(answer, "recovery_keys_base64", &encoded, e) < 0 ||
	    value_text(answer, "root_token", &token, e) < 0)
		return err_while(e, "the answer of sys/init");
	value_set_text(&a, entry, "cluster", want->cluster);
	value_set_text(&a, entry, "namespace", want->namespace_);
	value_set_text(&a, entry, "release", want->release);
	value_set_text(&a, entry, "initialized_at", when);
	value_set_int(&a, entry, "recovery_threshold", threshold);
	if (pgp)
		value_set_text(&a, entry, "encryption", "pgp");
	else
		value_set(&a, entry, "recovery_keys", value_copy(&a, keys));
	value_set(&a, entry, "recovery_keys_base64", value_copy(&a, encoded));
	if (print_value(entry, &out[CUSTODY_RECOVERY_KEYS], e) < 0)
		return -1;
	secret_set(&out[CUSTODY_ROOT_TOKEN], view_text(token));
	return 0;
}

static const char *const share_lists[] = { "recovery_keys", "recovery_keys_base64" };

/* The same with one of the shares alone, and its number. */
static int cut_share(struct arena *a, struct value *keys, size_t share, struct err *e)
{
	for (size_t i = 0; i < COUNT_OF(share_lists); i++) {
		const struct value *list = value_get(keys, share_lists[i]);
		struct value *one = value_new_list(a);

		if (!list)
			continue;
		if (list->type != VALUE_LIST || share > list->n)
			return err_set(e, ERR_CONFIG, 0, "there is no recovery key %zu", share);
		value_push(a, one, list->items[share - 1]);
		value_set(a, keys, share_lists[i], one);
	}
	value_set_int(a, keys, "recovery_key", (int64_t)share);
	return 0;
}

int custody_part(const struct custody_entry *entry, const struct secret *values, struct secret *out, struct err *e)
{
	AUTO(wiped_arena) struct arena a = ARENA_INIT;
	const struct secret *whole = &values[entry->root ? CUSTODY_ROOT_TOKEN : CUSTODY_RECOVERY_KEYS];
	struct value *keys;

	if (entry->share == 0) {
		secret_release(out);
		secret_set(out, secret_expose(whole));
		return 0;
	}
	if (va_json_parse(&a, secret_expose(whole), NULL, &keys, e) < 0 || cut_share(&a, keys, entry->share, e) < 0)
		return -1;
	return print_value(keys, out, e);
}

const char *custody_share(struct arena *a, struct view value, size_t share)
{
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	AUTO(err) struct err ignored = {0};
	const struct value *list;
	struct value *tree;

	if (va_json_parse(&scratch, value, NULL, &tree, &ignored) < 0)
		return NULL;
	list = value_get(tree, "recovery_keys_base64");
	if (!list || list->type != VALUE_LIST || share < 1 || share > list->n || list->items[share - 1]->type != VALUE_TEXT)
		return NULL;
	return arena_text(a, list->items[share - 1]->text);
}

/* An answer as sys/init would give it, with nothing in it. */
static struct value *blank_answer(struct arena *a, size_t shares, size_t share_bytes)
{
	struct value *answer = value_new_map(a);
	AUTO(buf) struct buf hex = BUF_MAX(VALUE_MAX), encoded = BUF_MAX(VALUE_MAX);
	unsigned char *bytes = ARENA_ARRAY(a, unsigned char, share_bytes);
	struct value *keys = value_set(a, answer, share_lists[0], value_new_list(a));
	struct value *base64 = value_set(a, answer, share_lists[1], value_new_list(a));

	hex_print(&hex, bytes, share_bytes);
	base64_print(&encoded, view_of(bytes, share_bytes));
	for (size_t i = 0; i < shares; i++) {
		value_push(a, keys, value_new_text(a, buf_str(&hex)));
		value_push(a, base64, value_new_text(a, buf_str(&encoded)));
	}
	value_set_text(a, answer, "root_token", buf_str(&encoded));
	return answer;
}

int custody_largest(const struct want *want, const struct custody_entry *entries, size_t n, size_t shares,
                    size_t share_bytes, bool pgp, size_t *out, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct secret values[CUSTODY_VALUES] = {{0}}, part = {0};
	int result = custody_values(want, blank_answer(&a, shares, share_bytes), (int64_t)shares, pgp, "2026-01-01T00:00:00Z", values, e);

	*out = 0;
	for (size_t i = 0; i < n && result == 0; i++) {
		result = custody_part(&entries[i], values, &part, e);
		if (result == 0 && part.len > *out)
			*out = part.len;
	}
	for (size_t i = 0; i < CUSTODY_VALUES; i++)
		secret_release(&values[i]);
	secret_release(&part);
	return result;
}
