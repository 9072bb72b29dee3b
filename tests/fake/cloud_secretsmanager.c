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
	s->previous = (struct cloud_version){ s->token, s->value };
	s->value = cloud_text(ask, "SecretString");
	s->description = cloud_text(ask, "Description");
	s->token = cloud_text(ask, "ClientRequestToken");
	s->updates++;
	answer_short(ask, s);
}

/* Beside the current version, under the label AWSPENDING, which an earlier one loses. */
static void put_secret_value(struct cloud_ask *ask)
{
	struct cloud_secret *s = named_secret(ask);
	const char *id = cloud_text(ask, "ClientRequestToken"), *value = cloud_text(ask, "SecretString");

	if (!s || is_repeat(ask, s))
		return;
	if (!text_same(value_text_or(ask->in, "VersionStages.0", NULL), "AWSPENDING"))
		cloud_refuse(ask, 400, "InvalidParameterException", "only AWSPENDING is known here");
	else if (text_same(s->pending.id, id) && !text_same(s->pending.value, value))
		cloud_refuse(ask, 400, "ResourceExistsException", "You can't use ClientRequestToken for that secret: it already exists.");
	else {
		s->pending = (struct cloud_version){ id, value };
		answer_short(ask, s);
	}
}

static void update_stage(struct cloud_ask *ask)
{
	struct cloud_secret *s = named_secret(ask);

	if (!s)
		return;
	if (!text_same(cloud_text(ask, "RemoveFromVersionId"), s->token) ||
	    !text_same(cloud_text(ask, "MoveToVersionId"), s->pending.id) ||
	    !text_same(cloud_text(ask, "VersionStage"), "AWSCURRENT")) {
		cloud_refuse(ask, 400, "InvalidParameterException", "Version stage AWSCURRENT not found in version");
		return;
	}
	s->previous = (struct cloud_version){ s->token, s->value };
	s->value = s->pending.value;
	s->token = s->pending.id;
	s->updates++;
	answer_short(ask, s);
}

static void put_version(struct arena *a, struct value *versions, const char *id, const char *stage)
{
	const struct value *there = id ? value_get(versions, id) : NULL;
	struct value *stages;

	if (!id)
		return;
	stages = there ? value_copy(a, there) : value_new_list(a);
	value_push(a, stages, value_new_text(a, stage));
	value_set(a, versions, id, stages);
}

static void describe_secret(struct cloud_ask *ask)
{
	struct cloud_secret *s = named_secret(ask);
	struct value *body = value_new_map(ask->mem), *versions;

	if (!s)
		return;
	value_set_text(ask->mem, body, "ARN", s->arn);
	value_set_text(ask->mem, body, "Name", s->name);
	value_set_text(ask->mem, body, "Description", s->description);
	value_set_text(ask->mem, body, "KmsKeyId", s->key);
	value_set(ask->mem, body, "CreatedDate", value_new_real(ask->mem, (double)s->made_ms / 1000));
	value_set(ask->mem, body, "Tags", cloud_tag_rows(ask->mem, s->tags.now, "Key", "Value"));
	versions = value_set(ask->mem, body, "VersionIdsToStages", value_new_map(ask->mem));
	put_version(ask->mem, versions, s->token, "AWSCURRENT");
	put_version(ask->mem, versions, s->pending.id, "AWSPENDING");
	put_version(ask->mem, versions, s->previous.id, "AWSPREVIOUS");
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
	bool pending = text_same(value_text_or(ask->in, "VersionStage", NULL), "AWSPENDING");

	if (!s)
		return;
	if (pending && !s->pending.id) {
		cloud_refuse(ask, 400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value");
		return;
	}
	value_set_text(ask->mem, body, "ARN", s->arn);
	value_set_text(ask->mem, body, "Name", s->name);
	value_set_text(ask->mem, body, "SecretString", pending ? s->pending.value : s->value);
	cloud_answer(ask, body);
}

static const struct cloud_op ops[] = {
	{ "CreateSecret", true, create_secret },
	{ "UpdateSecret", true, update_secret },
	{ "PutSecretValue", true, put_secret_value },
	{ "UpdateSecretVersionStage", true, update_stage },
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
