/* The steps of the kms family: the key's policy, grants and rotation, what wraps the root key, and the round trip as the role. */
#include "domain/diag_kms.h"

#include "aws/policy_document.h"
#include "core/digest.h"
#include "core/text.h"
#include "domain/hear.h"
#include "formats/json.h"
#include "vault/blob_info.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { GRANTS_MAX = 1000, STORED_BYTES_MAX = 400 << 10 };

static struct diag_kms *part(struct diag *d)
{
	return diag_part(d, DIAG_KMS, sizeof(struct diag_kms));
}

/* ---- the key by the region that the configuration means ---- */

DUE(key_elsewhere)
{
	const struct diag *d = world;
	const char *home = diag_key_home(d), *region = diag_key_region(d);

	(void)item;
	return diag_key_id(d) && home && region && !text_same(home, region);
}

ASK(ask_elsewhere)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, diag_key_home(d), &kms_describe_key, params_of(&rq->mem, "KeyId", diag_key_id(d), NULL), e);
}

HEAR(hear_elsewhere)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &kms_describe_key, reply, "NotFoundException", &answer, e, "reading the key '%s' in %s",
	                                 diag_key_id(d), diag_key_home(d));

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	part(d)->elsewhere_read = true;
	part(d)->elsewhere = answer.ok ? value_get(answer.body, "KeyMetadata") : NULL;
	return HEARD_DONE;
}

/* ---- its policy, rotation and grants ---- */

DUE(key_known)
{
	(void)item;
	return diag_key_ref(world) != NULL;
}

static const char *key_region(const struct diag *d)
{
	const char *region = diag_key_region(d), *home = diag_key_home(d);

	return d->key || !home ? region : home;
}

ASK(ask_policy)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, key_region(d), &kms_get_key_policy,
	                    params_of(&rq->mem, "KeyId", diag_key_ref(d), "PolicyName", "default", NULL), e);
}

HEAR(hear_policy)
{
	struct diag *d = world;
	struct aws_answer answer;
	struct value *policy;
	enum heard heard = diag_hear_aws(d, &kms_get_key_policy, reply, "NotFoundException", &answer, e,
	                                 "reading the policy of the key '%s'", diag_key_ref(d));

	(void)item;
	if (heard != HEARD_DONE || !answer.ok)
		return heard;
	if (policy_document_parse(d->mem, value_text_or(answer.body, "Policy", ""), &policy, e) < 0)
		return HEARD_UNSURE;
	part(d)->policy_read = true;
	part(d)->policy = policy;
	return HEARD_DONE;
}

ASK(ask_rotation)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, key_region(d), &kms_get_key_rotation_status,
	                    params_of(&rq->mem, "KeyId", diag_key_ref(d), NULL), e);
}

/* KMS refuses the question for keys that cannot rotate, and for keys pending deletion. */
static bool has_no_rotation(const struct aws_answer *answer)
{
	return aws_code_is(answer, "NotFoundException") || aws_code_is(answer, "UnsupportedOperationException") ||
	       aws_code_is(answer, "KMSInvalidStateException");
}

HEAR(hear_rotation)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &kms_get_key_rotation_status, reply, NULL, &answer, e,
	                                 "reading the rotation of the key '%s'", diag_key_ref(d));

	(void)item;
	if (heard == HEARD_REFUSED && has_no_rotation(&answer)) {
		err_release(e);
		*e = (struct err){0};
		heard = HEARD_DONE;
	}
	if (heard != HEARD_DONE)
		return heard;
	part(d)->rotation_read = true;
	part(d)->rotation = answer.ok ? answer.body : NULL;
	return HEARD_DONE;
}

ASK(ask_grants)
{
	const struct diag *d = world;
	struct value *params = params_of(&rq->mem, "KeyId", diag_key_ref(d), "Marker", diag_kms(d)->more_grants, NULL);

	(void)item;
	value_set_int(&rq->mem, params, "Limit", 100);
	return diag_ask_aws(d, rq, key_region(d), &kms_list_grants, params, e);
}

HEAR(hear_grants)
{
	struct diag *d = world;
	struct diag_kms *p = part(d);
	struct aws_answer answer;
	const struct value *grants;
	enum heard heard = diag_hear_aws(d, &kms_list_grants, reply, "NotFoundException", &answer, e,
	                                 "reading the grants of the key '%s'", diag_key_ref(d));

	(void)item;
	if (heard != HEARD_DONE || !answer.ok)
		return heard;
	grants = value_get(answer.body, "Grants");
	if (!p->grants)
		p->grants = value_new_list(d->mem);
	for (size_t i = 0; grants && grants->type == VALUE_LIST && i < grants->n && p->grants->n < GRANTS_MAX; i++)
		value_push(d->mem, p->grants, grants->items[i]);
	p->more_grants = value_text_or(answer.body, "NextMarker", NULL);
	if (value_bool_or(answer.body, "Truncated", false) && p->more_grants && p->grants->n < GRANTS_MAX)
		return HEARD_MORE;
	p->grants_read = true;
	return HEARD_DONE;
}

/* ---- what Vault keeps in the table ---- */

enum stored_item { STORED_CONFIG, STORED_ROOT_KEY, STORED_LOCK, STORED_ITEMS };

/* vault, vault/seal.go and seal_autoseal.go; the lock: physical/dynamodb/dynamodb.go. */
static const struct {
	const char *path, *key;
} stored_items[STORED_ITEMS] = {
	{ "core", "seal-config" }, { "core/hsm", "barrier-unseal-keys" }, { "core", "_lock" },
};

static size_t count_stored(const void *world)
{
	(void)world;
	return STORED_ITEMS;
}

DUE(configured)
{
	const struct diag *d = world;

	(void)item;
	return diag_configured(d);
}

ASK(ask_stored)
{
	const struct diag *d = world;
	struct arena *a = &rq->mem;
	struct value *params = params_of(a, "TableName", diag_table_name(d), NULL), *key;

	key = value_set(a, params, "Key", value_new_map(a));
	value_set(a, key, "Path", params_of(a, "S", stored_items[item].path, NULL));
	value_set(a, key, "Key", params_of(a, "S", stored_items[item].key, NULL));
	value_set_bool(a, params, "ConsistentRead", true);
	return diag_ask_aws(d, rq, diag_table_region(d), &dynamodb_get_item, params, e);
}

static bool decode(struct buf *out, const struct value *item, const char *attribute)
{
	AUTO(err) struct err e = {0};
	const char *text = value_text_or(value_get(item, attribute), "B", NULL);

	return text && base64_parse(out, view_text(text), &e) == 0 && !out->full;
}

static void take_config(struct diag *d, struct stored *s, const struct value *item)
{
	AUTO(buf) struct buf bytes = BUF_MAX(STORED_BYTES_MAX);
	AUTO(err) struct err e = {0};
	struct value *config;

	s->sealed_config = true;
	if (decode(&bytes, item, "Value") && va_json_parse(d->mem, buf_bytes(&bytes), NULL, &config, &e) == 0)
		s->seal_type = value_text_or(config, "type", NULL);
}

static void take_root_key(struct diag *d, struct stored *s, const struct value *item)
{
	AUTO(buf) struct buf bytes = BUF_MAX(STORED_BYTES_MAX);
	AUTO(err) struct err e = {0};
	struct blob_keys keys;

	s->root_key = true;
	s->root_key_foreign = !decode(&bytes, item, "Value") || blob_keys_read(buf_bytes(&bytes), &keys, &e) < 0;
	for (size_t i = 0; !s->root_key_foreign && i < keys.n && s->n_keys < STORED_KEYS_MAX; i++)
		s->keys[s->n_keys++] = arena_view(d->mem, keys.ids[i]);
}

static void take_lock(struct diag *d, struct stored *s, const struct value *item)
{
	AUTO(buf) struct buf holder = BUF_MAX(256);
	const char *expires = value_text_or(value_get(item, "Expires"), "N", NULL);

	s->lock = true;
	if (decode(&holder, item, "Value"))
		s->lock_holder = arena_text(d->mem, buf_str(&holder));
	s->lock_expires_text = arena_text(d->mem, expires);
	s->lock_expires_ms = expires ? strtoll(expires, NULL, 10) / 1000000 : 0;
}

/* The answer stays in a scratch arena: ciphertext is of no use here. */
HEAR(hear_stored)
{
	struct diag *d = world;
	struct stored *s = &part(d)->stored;
	AUTO(arena) struct arena scratch = ARENA_INIT;
	struct arena *mem = d->mem;
	struct aws_answer answer;
	const struct value *found;
	enum heard heard;

	d->mem = &scratch;
	heard = diag_hear_aws(d, &dynamodb_get_item, reply, "ResourceNotFoundException", &answer, e,
	                      "reading the item '%s/%s' of the table '%s'", stored_items[item].path, stored_items[item].key,
	                      diag_table_name(d));
	d->mem = mem;
	if (heard != HEARD_DONE)
		return heard;
	s->read = answer.ok;
	s->table_absent = !answer.ok;
	if (item == STORED_LOCK) {
		s->aws_ms = answer.date_ms;
		s->our_ms = host_wall_ms(d->host);
	}
	found = answer.ok ? value_get(answer.body, "Item") : NULL;
	if (!found || found->type != VALUE_MAP)
		return HEARD_DONE;
	if (item == STORED_CONFIG)
		take_config(d, s, found);
	else if (item == STORED_ROOT_KEY)
		take_root_key(d, s, found);
	else
		take_lock(d, s, found);
	return HEARD_DONE;
}

/* ---- the key that wraps the root key, where it is another one ---- */

DUE(wrapped_by_another)
{
	(void)item;
	return diag_other_wrapping(world) != NULL;
}

static const char *wrapping_region(const struct diag *d)
{
	AUTO(err) struct err e = {0};
	struct arn arn;

	return arn_parse(d->mem, diag_other_wrapping(d), &arn, &e) == 0 ? arn.region : diag_key_region(d);
}

ASK(ask_wrapping)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, wrapping_region(d), &kms_describe_key,
	                    params_of(&rq->mem, "KeyId", diag_other_wrapping(d), NULL), e);
}

HEAR(hear_wrapping)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &kms_describe_key, reply, "NotFoundException", &answer, e,
	                                 "reading the key '%s', which wraps the root key", diag_other_wrapping(d));

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	part(d)->wrapping_read = true;
	part(d)->wrapping = answer.ok ? value_get(answer.body, "KeyMetadata") : NULL;
	return HEARD_DONE;
}

/* ---- as the role: DescribeKey and Encrypt, then Decrypt ---- */

static size_t count_trial_key(const void *world)
{
	(void)world;
	return TRIAL_KEY_CALLS;
}

static const struct aws_op *trial_op(size_t item)
{
	return item == 0 ? &kms_describe_key : &kms_encrypt;
}

DUE(trial_key_due)
{
	const struct diag *d = world;

	(void)item;
	return diag_trial_aws(d) && diag_key_id(d);
}

static int before_trial_key(void *world, size_t item, struct err *e)
{
	struct diag *d = world;
	unsigned char bytes[TRIAL_BYTES];

	if (item == 0)
		return 0;
	if (host_random(d->host, bytes, sizeof(bytes), e) < 0)
		return -1;
	secret_set(&part(d)->probe, view_of(bytes, sizeof(bytes)));
	wipe(bytes, sizeof(bytes));
	return 0;
}

/* By the name that Vault itself uses. */
ASK(ask_trial_key)
{
	const struct diag *d = world;
	struct value *params = params_of(&rq->mem, "KeyId", diag_key_id(d), NULL);
	AUTO(buf) struct buf plain = BUF_MAX(256);

	if (item == 1) {
		base64_print(&plain, secret_expose(&diag_kms(d)->probe));
		value_set_text(&rq->mem, params, "Plaintext", buf_str(&plain));
	}
	return diag_ask_trial(d, rq, diag_key_region(d), trial_op(item), params, e);
}

HEAR(hear_trial_key)
{
	struct diag *d = world;
	struct diag_kms *p = part(d);
	struct aws_answer answer;
	enum heard heard = diag_hear_trial(d, d->mem, trial_op(item), reply, NULL, &p->trial_key[item], &answer, e);

	if (heard == HEARD_DONE && item == 1 && answer.ok)
		p->probe_blob = value_text_or(answer.body, "CiphertextBlob", NULL);
	return heard;
}

DUE(trial_decrypt_due)
{
	(void)item;
	return diag_kms(world)->probe_blob != NULL;
}

ASK(ask_trial_decrypt)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_trial(d, rq, diag_key_region(d), &kms_decrypt,
	                      params_of(&rq->mem, "CiphertextBlob", diag_kms(d)->probe_blob, NULL), e);
}

HEAR(hear_trial_decrypt)
{
	struct diag *d = world;
	struct diag_kms *p = part(d);
	struct arena scratch = ARENA_INIT;
	AUTO(buf) struct buf plain = BUF_MAX(256);
	AUTO(secret) struct secret back = {0};
	AUTO(err) struct err ignored = {0};
	struct aws_answer answer;
	enum heard heard = diag_hear_trial(d, &scratch, &kms_decrypt, reply, NULL, &p->trial_decrypt, &answer, e);

	(void)item;
	if (heard == HEARD_DONE && answer.ok &&
	    base64_parse(&plain, view_text(value_text_or(answer.body, "Plaintext", "")), &ignored) == 0) {
		secret_adopt(&back, &plain);
		p->probe_same = secret_same(&back, &p->probe);
	}
	buf_wipe(&plain);
	arena_wipe(&scratch);
	return heard;
}

const struct step diag_kms_steps[DIAG_KMS_STEPS] = {
	{ .name = "key.elsewhere", .may_fail = true, .needs = NEEDS("config.read", "pods.read"), .due = key_elsewhere,
	  .ask = ask_elsewhere, .hear = hear_elsewhere },
	{ .name = "key.policy", .may_fail = true, .needs = NEEDS("key.resolve"), .due = key_known, .ask = ask_policy,
	  .hear = hear_policy },
	{ .name = "key.rotation", .may_fail = true, .needs = NEEDS("key.resolve"), .due = key_known, .ask = ask_rotation,
	  .hear = hear_rotation },
	{ .name = "key.grants", .may_fail = true, .needs = NEEDS("key.resolve"), .due = key_known, .ask = ask_grants,
	  .hear = hear_grants },
	{ .name = "stored.read", .may_fail = true, .needs = NEEDS("config.read", "pods.read"), .count = count_stored,
	  .due = configured, .ask = ask_stored, .hear = hear_stored },
	{ .name = "key.wrapping", .may_fail = true, .needs = NEEDS("stored.read", "key.read"), .due = wrapped_by_another,
	  .ask = ask_wrapping, .hear = hear_wrapping },
	{ .name = "trial.key", .may_fail = true, .needs = NEEDS("trial.assume", "config.read", "pods.read"), .count = count_trial_key,
	  .due = trial_key_due, .before = before_trial_key, .ask = ask_trial_key, .hear = hear_trial_key },
	{ .name = "trial.decrypt", .may_fail = true, .needs = NEEDS("trial.key"), .due = trial_decrypt_due,
	  .ask = ask_trial_decrypt, .hear = hear_trial_decrypt },
};
