/* Secrets Manager of the fake cloud. Codes and texts: the service's API reference and tests/aws/secretsmanager.py. */
#include "fake/cloud_service.h"

#include "core/text.h"

static struct cloud_secret *secret_by_id(struct fake_cloud *c, const char *id)
{
	for (unsigned i = 0; i < c->n_secrets; i++)
		if (text_same(c->secrets[i].name, id) || text_same(c->secrets[i].arn, id))
			return &c->secrets[i];
	return NULL;
}

static struct cloud_secret *named_secret(struct cloud_ask *ask)
{
	struct cloud_secret *s = secret_by_id(ask->cloud, cloud_text(ask, "SecretId"));

	if (!s)
		cloud_refuse(ask, 400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
	return s;
}

static void answer_short(struct cloud_ask *ask, const struct cloud_secret *s)
{
	struct value *body = value_new_map(ask->mem);

	value_set_text(ask->mem, body, "ARN", s->arn);
	value_set_text(ask->mem, body, "Name", s->name);
	value_set_text(ask->mem, body, "VersionId", s->token);
	cloud_answer(ask, body);
}

/* The same token with the same value changes nothing; with another it is refused. */
static bool is_repeat(struct cloud_ask *ask, const struct cloud_secret *s)
{
	if (!text_same(s->token, cloud_text(ask, "ClientRequestToken")))
		return false;
	if (text_same(s->value, cloud_text(ask, "SecretString")))
		answer_short(ask, s);
	else
		cloud_refuse(ask, 400, "ResourceExistsException", "You can't use ClientRequestToken for that secret: it already exists.");
	return true;
}

static void create_secret(struct cloud_ask *ask)
{
	struct fake_cloud *c = ask->cloud;
	struct cloud_secret *s = secret_by_id(c, cloud_text(ask, "Name"));

	if (s && is_repeat(ask, s))
		return;
	if (s) {
		cloud_refuse(ask, 400, "ResourceExistsException", "The operation failed because the secret %s already exists.", s->name);
		return;
	}
	s = &c->secrets[cloud_room(&c->n_secrets)];
	*s = (struct cloud_secret){
		.name = cloud_text(ask, "Name"), .key = cloud_text(ask, "KmsKeyId"), .value = cloud_text(ask, "SecretString"),
		.description = cloud_text(ask, "Description"), .token = cloud_text(ask, "ClientRequestToken"),
		.made_ms = fake_cloud_now_ms(c), .tags = cloud_new_tags(ask, cloud_tag_list(ask, "Tags", "Key", "Value")),
	};
	s->arn = arena_printf(ask->mem, "arn:aws:secretsmanager:" CLOUD_REGION ":" CLOUD_ACCOUNT ":secret:%s-AbCdEf", s->name);
	answer_short(ask, s);
}

static void update_secret(struct cloud_ask *ask)
{
	struct cloud_secret *s = named_secret(ask);

	if (!s || is_repeat(ask, s))
		return;
	s->value = cloud_text(ask, "SecretString");
	s->description = cloud_text(ask, "Description");
	s->token = cloud_text(ask, "ClientRequestToken");
	s->updates++;
	answer_short(ask, s);
}

static void describe_secret(struct cloud_ask *ask)
{
	struct cloud_secret *s = named_secret(ask);
	struct value *body = value_new_map(ask->mem);

	if (!s)
		return;
	value_set_text(ask->mem, body, "ARN", s->arn);
	value_set_text(ask->mem, body, "Name", s->name);
	value_set_text(ask->mem, body, "Description", s->description);
	value_set_text(ask->mem, body, "KmsKeyId", s->key);
	value_set(ask->mem, body, "CreatedDate", value_new_real(ask->mem, (double)s->made_ms / 1000));
	value_set(ask->mem, body, "Tags", cloud_tag_rows(ask->mem, s->tags.now, "Key", "Value"));
	if (s->copies)
		value_set(ask->mem, body, "ReplicationStatus", value_copy(ask->mem, s->copies));
	if (s->deleted)
		value_set(ask->mem, body, "DeletedDate", value_new_real(ask->mem, (double)s->made_ms / 1000));
	cloud_answer(ask, body);
}

/* A region that is there already is refused. */
static void replicate_secret(struct cloud_ask *ask)
{
	struct cloud_secret *s = named_secret(ask);
	const struct value *regions = value_get(ask->in, "AddReplicaRegions");
	struct value *all;

	if (!s)
		return;
	all = s->copies ? value_copy(ask->mem, s->copies) : value_new_list(ask->mem);
	for (size_t i = 0; i < value_count(regions, NULL); i++) {
		const char *region = value_text_or(regions->items[i], "Region", "");

		for (size_t k = 0; k < all->n; k++)
			if (text_same(value_text_or(all->items[k], "Region", ""), region)) {
				cloud_refuse(ask, 400, "InvalidParameterException", "%s is a replica region already", region);
				return;
			}
		value_push(ask->mem, all, value_copy(ask->mem, regions->items[i]));
	}
	s->copies = all;
	answer_short(ask, s);
}

static void get_secret_value(struct cloud_ask *ask)
{
	struct cloud_secret *s = named_secret(ask);
	struct value *body = value_new_map(ask->mem);

	if (!s)
		return;
	value_set_text(ask->mem, body, "ARN", s->arn);
	value_set_text(ask->mem, body, "Name", s->name);
	value_set_text(ask->mem, body, "SecretString", s->value);
	cloud_answer(ask, body);
}

static const struct cloud_op ops[] = {
	{ "CreateSecret", true, create_secret },
	{ "UpdateSecret", true, update_secret },
	{ "ReplicateSecretToRegions", true, replicate_secret },
	{ "DescribeSecret", false, describe_secret },
	{ "GetSecretValue", false, get_secret_value },
};

const struct cloud_service cloud_secretsmanager = {
	.id = "secretsmanager",
	.protocol = CLOUD_JSON,
	.mark = "secretsmanager",
	.errors = "",
	.throttled = "ThrottlingException",
	.throttled_status = 400,
	.failed = "InternalServiceError",
	.ops = ops,
	.n_ops = COUNT_OF(ops),
};
