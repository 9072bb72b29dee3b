/* KMS of the fake cloud. Codes and texts: the service's API reference and tests/aws/kms.py. */
#include "fake/cloud_service.h"

#include "core/digest.h"
#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct cloud_key *key_by_id(struct fake_cloud *c, const char *id)
{
	for (unsigned i = 0; i < c->n_keys; i++)
		if (text_same(c->keys[i].id, id) || text_same(c->keys[i].arn, id))
			return &c->keys[i];
	return NULL;
}

static struct cloud_alias *alias_by_name(struct fake_cloud *c, const char *name)
{
	for (unsigned i = 0; i < c->n_aliases; i++)
		if (text_same(c->aliases[i].name, name))
			return &c->aliases[i];
	return NULL;
}

/* The key that the request names, if KMS knows it by now; else refused. */
static struct cloud_key *named_key(struct cloud_ask *ask, const char *id)
{
	struct fake_cloud *c = ask->cloud;
	struct cloud_alias *alias = alias_by_name(c, id);
	struct cloud_key *key = key_by_id(c, alias ? alias->key : id);

	if (alias && !cloud_spread(c, alias->made_ms, c->lags.keys))
		key = NULL;
	if (key && cloud_spread(c, key->made_ms, c->lags.keys))
		return key;
	if (text_starts(id, "alias/"))
		cloud_refuse(ask, 400, "NotFoundException", "Alias arn:aws:kms:" CLOUD_REGION ":" CLOUD_ACCOUNT ":%s is not found.", id);
	else
		cloud_refuse(ask, 400, "NotFoundException", "Key '%s' does not exist", id);
	return NULL;
}

static void answer_key(struct cloud_ask *ask, const struct cloud_key *key)
{
	struct arena *a = ask->mem;
	struct value *body = value_new_map(a), *meta = value_set(a, body, "KeyMetadata", value_new_map(a));

	value_set_text(a, meta, "AWSAccountId", CLOUD_ACCOUNT);
	value_set_text(a, meta, "KeyId", key->id);
	value_set_text(a, meta, "Arn", key->arn);
	value_set_bool(a, meta, "Enabled", text_same(key->state, "Enabled"));
	value_set_text(a, meta, "Description", key->description);
	value_set_text(a, meta, "KeyUsage", key->usage);
	value_set_text(a, meta, "KeySpec", key->spec);
	value_set_text(a, meta, "KeyState", key->state);
	value_set_text(a, meta, "Origin", "AWS_KMS");
	value_set_text(a, meta, "KeyManager", "CUSTOMER");
	value_set_bool(a, meta, "MultiRegion", key->multi_region);
	cloud_answer(ask, body);
}

static struct cloud_key *new_key(struct fake_cloud *c)
{
	unsigned i = cloud_room(&c->n_keys);
	struct cloud_key *key = &c->keys[i];

	*key = (struct cloud_key){ .state = "Enabled", .usage = "ENCRYPT_DECRYPT", .spec = "SYMMETRIC_DEFAULT", .description = "" };
	key->id = arena_printf(&c->mem, "1234abcd-12ab-34cd-56ef-%012u", i + 1);
	key->arn = arena_printf(&c->mem, "arn:aws:kms:" CLOUD_REGION ":" CLOUD_ACCOUNT ":key/%s", key->id);
	return key;
}

static void create_key(struct cloud_ask *ask)
{
	struct cloud_key *key = new_key(ask->cloud);

	key->tags = cloud_new_tags(ask, cloud_tag_list(ask, "Tags", "TagKey", "TagValue"));
	key->made_ms = ask->cloud->net.now_ms;
	key->multi_region = value_bool_or(ask->in, "MultiRegion", false);
	key->description = value_text_or(ask->in, "Description", "");
	answer_key(ask, key);
}

static void describe_key(struct cloud_ask *ask)
{
	struct cloud_key *key = named_key(ask, cloud_text(ask, "KeyId"));

	if (key)
		answer_key(ask, key);
}

static void create_alias(struct cloud_ask *ask)
{
	struct fake_cloud *c = ask->cloud;
	const char *name = cloud_text(ask, "AliasName");
	struct cloud_key *key;

	if (alias_by_name(c, name)) {
		cloud_refuse(ask, 400, "AlreadyExistsException",
		             "An alias with the name arn:aws:kms:" CLOUD_REGION ":" CLOUD_ACCOUNT ":%s already exists", name);
		return;
	}
	key = named_key(ask, cloud_text(ask, "TargetKeyId"));
	if (!key)
		return;
	fake_cloud_add_alias(c, name, key)->made_ms = c->net.now_ms;
	cloud_answer(ask, NULL);
}

static void list_resource_tags(struct cloud_ask *ask)
{
	struct cloud_key *key = named_key(ask, cloud_text(ask, "KeyId"));
	struct value *body = value_new_map(ask->mem);

	if (!key)
		return;
	value_set(ask->mem, body, "Tags", cloud_tag_rows(ask->mem, key->tags.now, "TagKey", "TagValue"));
	value_set_bool(ask->mem, body, "Truncated", false);
	cloud_answer(ask, body);
}

static void get_rotation(struct cloud_ask *ask)
{
	struct cloud_key *key = named_key(ask, cloud_text(ask, "KeyId"));
	struct value *body = value_new_map(ask->mem);

	if (!key)
		return;
	value_set_text(ask->mem, body, "KeyId", key->id);
	value_set_bool(ask->mem, body, "KeyRotationEnabled", key->rotation);
	if (key->rotation)
		value_set_int(ask->mem, body, "RotationPeriodInDays", key->rotation_days);
	cloud_answer(ask, body);
}

static void enable_rotation(struct cloud_ask *ask)
{
	struct cloud_key *key = named_key(ask, cloud_text(ask, "KeyId"));

	if (!key)
		return;
	key->rotation = true;
	key->rotation_days = value_int_or(ask->in, "RotationPeriodInDays", 365);
	cloud_answer(ask, NULL);
}

static void disable_rotation(struct cloud_ask *ask)
{
	struct cloud_key *key = named_key(ask, cloud_text(ask, "KeyId"));

	if (!key)
		return;
	key->rotation = false;
	cloud_answer(ask, NULL);
}

/* Ciphertext of the fake: the key's id and what it hides, which nobody here tries to find out. */
static void seal(struct cloud_ask *ask, struct value *body, const struct cloud_key *key, const char *plain)
{
	AUTO(buf) struct buf blob = BUF_MAX(1 << 16);
	const char *text = arena_printf(ask->mem, "%s:%s", key->id, plain);

	base64_print(&blob, view_text(text));
	value_set_text(ask->mem, body, "CiphertextBlob", buf_str(&blob));
	value_set_text(ask->mem, body, "KeyId", key->arn);
	cloud_answer(ask, body);
}

static void encrypt(struct cloud_ask *ask)
{
	struct cloud_key *key = named_key(ask, cloud_text(ask, "KeyId"));

	if (key)
		seal(ask, value_new_map(ask->mem), key, cloud_text(ask, "Plaintext"));
}

static void generate_data_key(struct cloud_ask *ask)
{
	struct cloud_key *key = named_key(ask, cloud_text(ask, "KeyId"));
	struct value *body = value_new_map(ask->mem);
	AUTO(buf) struct buf plain = BUF_MAX(256);
	unsigned char bytes[32];

	assert_string_equal(cloud_text(ask, "KeySpec"), "AES_256");
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(ask->cloud->net.n_calls * 7 + i);
	base64_print(&plain, view_of(bytes, sizeof(bytes)));
	if (!key)
		return;
	value_set_text(ask->mem, body, "Plaintext", buf_str(&plain));
	seal(ask, body, key, buf_str(&plain));
}

static void decrypt(struct cloud_ask *ask)
{
	AUTO(buf) struct buf blob = BUF_MAX(1 << 16);
	AUTO(err) struct err e = { 0 };
	struct value *body = value_new_map(ask->mem);
	const char *colon;

	assert_int_equal(base64_parse(&blob, view_text(cloud_text(ask, "CiphertextBlob")), &e), 0);
	colon = strchr(buf_str(&blob), ':');
	assert_non_null(colon);
	value_set_text(ask->mem, body, "Plaintext", colon + 1);
	cloud_answer(ask, body);
}

static const struct cloud_op ops[] = {
	{ "CreateKey", true, create_key },
	{ "DescribeKey", false, describe_key },
	{ "CreateAlias", true, create_alias },
	{ "ListResourceTags", false, list_resource_tags },
	{ "GetKeyRotationStatus", false, get_rotation },
	{ "EnableKeyRotation", true, enable_rotation },
	{ "DisableKeyRotation", true, disable_rotation },
	{ "Encrypt", false, encrypt },
	{ "Decrypt", false, decrypt },
	{ "GenerateDataKey", false, generate_data_key },
};

const struct cloud_service cloud_kms = {
	.id = "kms",
	.protocol = CLOUD_JSON,
	.mark = "TrentService",
	.errors = "",
	.throttled = "ThrottlingException",
	.throttled_status = 400,
	.failed = "KMSInternalException",
	.ops = ops,
	.n_ops = COUNT_OF(ops),
};

struct cloud_key *fake_cloud_add_key(struct fake_cloud *c, struct cloud_tags tags)
{
	struct cloud_key *key = new_key(c);

	key->tags = tags;
	key->made_ms = c->net.now_ms - 86400000;
	return key;
}

struct cloud_alias *fake_cloud_add_alias(struct fake_cloud *c, const char *name, const struct cloud_key *key)
{
	struct cloud_alias *alias = &c->aliases[cloud_room(&c->n_aliases)];

	*alias = (struct cloud_alias){ arena_text(&c->mem, name), key->id, c->net.now_ms - 86400000 };
	return alias;
}
