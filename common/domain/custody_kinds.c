/* The kinds of custody, a row each: what is asked of the service, and how its answers are read. */
#include "domain/custody.h"

#include "aws/creds.h"
#include "core/text.h"
#include "domain/hear.h"
#include "formats/iso8601.h"

/* What a parameter takes in the advanced tier, which Intelligent-Tiering chooses past 4096 (Systems Manager, quotas). */
enum { SSM_VALUE_MAX = 8192, SECRET_VALUE_MAX = 65536 };

#define PREPARED "about to be written by helm vault-aws init: holds nothing yet"

const char *custody_description(const struct custody_entry *entry)
{
	return entry->root ? "root token of Vault, as helm vault-aws got it" :
	       entry->share ? "a recovery key of Vault, as helm vault-aws got it" :
	       "recovery keys of Vault, as helm vault-aws got them";
}

/* AWS's JSON has times as seconds since 1970, with a fraction. */
static const char *time_text(struct arena *a, const struct value *body, const char *name)
{
	const struct value *v = value_get(body, name);
	AUTO(err) struct err ignored = {0};
	char text[ISO8601_TEXT];
	double seconds;

	if (!v || value_real(v, NULL, &seconds, &ignored) < 0 || seconds < 0 || seconds > 1e11)
		return NULL;
	iso8601_print((int64_t)(seconds * 1000), text);
	return arena_text(a, text);
}

static const char *key_of(const struct custody_store *s, const struct custody_entry *entry)
{
	return entry->kms_key ? entry->kms_key : s->kms_key;
}

/* A statement of a policy about one resource that denies to all but one. */
static struct value *deny_others(struct arena *a, const char *action, const char *resource, const char *arn)
{
	struct value *policy = params_of(a, "Version", "2012-10-17", NULL), *statement;

	statement = value_push(a, value_set(a, policy, "Statement", value_new_list(a)),
	                       params_of(a, "Effect", "Deny", "Principal", "*", "Action", action, "Resource", resource, NULL));
	value_set(a, value_set(a, statement, "Condition", value_new_map(a)), "ArnNotEquals",
	          params_of(a, "aws:PrincipalArn", arn, NULL));
	return policy;
}

/* ---- Secrets Manager ---- */

static struct value *secret_id(struct arena *a, const struct custody_store *s, const struct custody_entry *entry)
{
	return params_of(a, "SecretId", custody_name(a, s->want, entry->word), NULL);
}

static int secret_take(struct arena *a, const struct custody_store *s, const struct world *w,
                       const struct custody_entry *entry, const struct value *body, struct custody_have *out, struct err *e)
{
	struct custody_have have = { .state = CUSTODY_HOLDS };
	const char *arn;

	(void)s;
	(void)entry;
	if (value_text(body, "ARN", &arn, e) < 0)
		return -1;
	have.kms_key = value_text_or(body, "KmsKeyId", NULL);
	have.ours = world_tags_are_ours(w, tags_from_list(a, value_get(body, "Tags")));
	have.copies = value_get(body, "ReplicationStatus");
	have.changed = time_text(a, body, "LastChangedDate");
	if (!have.changed)
		have.changed = time_text(a, body, "CreatedDate");
	if (time_text(a, body, "DeletedDate"))
		have.state = CUSTODY_DELETED;
	else if (text_same(value_text_or(body, "Description", ""), PREPARED))
		have.state = CUSTODY_PREPARED;
	*out = have;
	return 0;
}

static struct value *secret_make(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                 const char *id)
{
	struct value *params = params_of(a, "Name", custody_name(a, s->want, entry->word), "KmsKeyId", key_of(s, entry),
	                                 "Description", PREPARED, "ClientRequestToken", arena_printf(a, "%s-0", id),
	                                 "SecretString", custody_placeholder(a, id), NULL);

	value_set(a, params, "Tags", tags_to_list(a, s->want->names.tags, "Key", "Value"));
	return params;
}

static struct value *secret_store(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                  const struct custody_have *have, const char *id, struct view value)
{
	struct value *params = params_of(a, "SecretId", custody_name(a, s->want, entry->word), "Description", custody_description(entry),
	                                 "ClientRequestToken", arena_printf(a, "%s-1", id), NULL);

	(void)have;
	value_set(a, params, "SecretString", value_new_view(a, value));
	return params;
}

struct value *custody_adopt_params(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                   const char *id)
{
	struct value *params = secret_make(a, s, entry, id);

	value_set_text(a, params, "Description", custody_description(entry));
	return params;
}

static const char *secret_how(struct arena *a, const struct custody_store *s, const struct custody_entry *entry)
{
	return arena_printf(a, "aws secretsmanager get-secret-value --region %s --secret-id %s --query SecretString --output text",
	                    s->want->region, custody_name(a, s->want, entry->word));
}

static const struct value *secret_policy(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                         const char *arn)
{
	(void)s;
	(void)entry;
	return deny_others(a, "secretsmanager:GetSecretValue", "*", arn);
}

/* ---- Parameter Store: its names begin with a slash; what an entry holds is said by its description ---- */

static const char *parameter_name(struct arena *a, const struct custody_store *s, const struct custody_entry *entry)
{
	return arena_printf(a, "/%s", custody_name(a, s->want, entry->word));
}

static struct value *parameter_find(struct arena *a, const struct custody_store *s, const struct custody_entry *entry)
{
	return params_of(a, "Name", parameter_name(a, s, entry), NULL);
}

static struct value *parameter_read(struct arena *a, const struct custody_store *s, const struct custody_entry *entry)
{
	struct value *params = parameter_find(a, s, entry);

	value_set_bool(a, params, "WithDecryption", true);
	return params;
}

/* The newest of its versions. The name itself is ours; what is not described in our words is not. */
static int parameter_take(struct arena *a, const struct custody_store *s, const struct world *w,
                          const struct custody_entry *entry, const struct value *body, struct custody_have *out, struct err *e)
{
	struct custody_have have = { .state = CUSTODY_HOLDS };
	const struct value *list, *newest = NULL;
	const char *says;

	(void)s;
	(void)w;
	if (value_list(body, "Parameters", &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++)
		if (!newest || value_int_or(list->items[i], "Version", 0) > value_int_or(newest, "Version", 0))
			newest = list->items[i];
	if (!newest)
		return err_set(e, ERR_REMOTE, 0, "the parameter has no version");
	says = value_text_or(newest, "Description", "");
	have.kms_key = value_text_or(newest, "KeyId", NULL);
	have.changed = time_text(a, newest, "LastModifiedDate");
	have.ours = text_same(says, PREPARED) || text_same(says, custody_description(entry));
	if (text_same(says, PREPARED))
		have.state = CUSTODY_PREPARED;
	*out = have;
	return 0;
}

static struct value *parameter_put(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                   const char *says, struct view value)
{
	struct value *params = params_of(a, "Name", parameter_name(a, s, entry), "Description", says, "Type", "SecureString",
	                                 "KeyId", key_of(s, entry), "Tier", "Intelligent-Tiering", NULL);

	value_set(a, params, "Value", value_new_view(a, value));
	return params;
}

static struct value *parameter_make(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                    const char *id)
{
	struct value *params = parameter_put(a, s, entry, PREPARED, view_text(custody_placeholder(a, id)));

	value_set_bool(a, params, "Overwrite", false);
	value_set(a, params, "Tags", tags_to_list(a, s->want->names.tags, "Key", "Value"));
	return params;
}

static struct value *parameter_store(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                     const struct custody_have *have, const char *id, struct view value)
{
	struct value *params = parameter_put(a, s, entry, custody_description(entry), value);

	(void)have;
	(void)id;
	value_set_bool(a, params, "Overwrite", true);
	return params;
}

static const char *parameter_how(struct arena *a, const struct custody_store *s, const struct custody_entry *entry)
{
	return arena_printf(a, "aws ssm get-parameter --region %s --name %s --with-decryption --query Parameter.Value --output text",
	                    s->want->region, parameter_name(a, s, entry));
}

/* A parameter's own policy cannot deny: its key's can, by the encryption context that Parameter Store gives it. */
static const struct value *parameter_policy(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                            const char *arn)
{
	struct value *policy = deny_others(a, "kms:Decrypt", "*", arn);
	const struct value *statement = value_at(policy, "Statement.0");
	struct value *condition = statement->items[statement->n - 1];

	value_set(a, condition, "StringEquals",
	          params_of(a, "kms:EncryptionContext:PARAMETER_ARN",
	                    arena_printf(a, "arn:%s:ssm:%s:%s:parameter%s", s->aws->partition, s->want->region,
	                                 s->account ? s->account : "ACCOUNT", parameter_name(a, s, entry)), NULL));
	return policy;
}

/* ---- S3: whose an object is, and whether it holds something, is its metadata ---- */

static const char *owner_of(struct arena *a, const struct want *want)
{
	return arena_printf(a, "%s/%s/%s", want->cluster, want->namespace_, want->release);
}

static struct value *object_id(struct arena *a, const struct custody_store *s, const struct custody_entry *entry)
{
	return params_of(a, "Bucket", s->bucket, "Key", custody_name(a, s->want, entry->word), NULL);
}

static int object_take(struct arena *a, const struct custody_store *s, const struct world *w,
                       const struct custody_entry *entry, const struct value *body, struct custody_have *out, struct err *e)
{
	const char *state = value_text_or(body, "State", ""), *etag;

	(void)w;
	(void)entry;
	if (value_text(body, "ETag", &etag, e) < 0)
		return -1;
	*out = (struct custody_have){
		.state = text_same(state, "prepared") ? CUSTODY_PREPARED : CUSTODY_HOLDS,
		.kms_key = value_text_or(body, "SSEKMSKeyId", NULL), .changed = value_text_or(body, "LastModified", NULL),
		.ours = text_same(value_text_or(body, "Owner", NULL), owner_of(a, s->want)),
		.etag = etag,
	};
	return 0;
}

static struct value *object_put(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                const char *state, struct view value)
{
	struct value *params = params_of(a, "Bucket", s->bucket, "Key", custody_name(a, s->want, entry->word),
	                                 "ServerSideEncryption", "aws:kms", "SSEKMSKeyId", key_of(s, entry), "State", state,
	                                 "Owner", owner_of(a, s->want), NULL);

	value_set(a, params, "Body", value_new_view(a, value));
	return params;
}

static struct value *object_make(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                 const char *id)
{
	struct value *params = object_put(a, s, entry, "prepared", view_text(custody_placeholder(a, id)));

	value_set_text(a, params, "IfNoneMatch", "*");
	return params;
}

/* Over the very placeholder that was read, and nothing else. */
static struct value *object_store(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                  const struct custody_have *have, const char *id, struct view value)
{
	struct value *params = object_put(a, s, entry, "holds", value);

	(void)id;
	if (have->etag)
		value_set_text(a, params, "IfMatch", have->etag);
	else
		value_set_text(a, params, "IfNoneMatch", "*");
	return params;
}

static const char *object_how(struct arena *a, const struct custody_store *s, const struct custody_entry *entry)
{
	return arena_printf(a, "aws s3 cp --region %s s3://%s/%s -", s->want->region, s->bucket,
	                    custody_name(a, s->want, entry->word));
}

static const struct value *object_policy(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                         const char *arn)
{
	const char *object = arena_printf(a, "arn:%s:s3:::%s/%s", s->aws->partition, s->bucket,
	                                  custody_name(a, s->want, entry->word));
	struct value *policy = deny_others(a, "s3:GetObject", object, arn);
	const struct value *statement = value_at(policy, "Statement.0");
	struct value *actions = value_new_list(a);

	value_push(a, actions, value_new_text(a, "s3:GetObject"));
	value_push(a, actions, value_new_text(a, "s3:GetObjectVersion"));
	value_set(a, (struct value *)statement, "Action", actions);
	return policy;
}

/* Without versions a later write would be the end of what is kept. */
static int judge_versioning(const struct custody_store *s, const struct value *body, struct err *e)
{
	const char *status = value_text_or(body, "Status", NULL);

	if (text_same(status, "Enabled"))
		return 0;
	err_set(e, ERR_GUARD, 0, "the bucket '%s' keeps no versions of what is in it (versioning is %s)", s->bucket,
	        text_same(status, "Suspended") ? "suspended" : "off");
	err_hint(e, "aws s3api put-bucket-versioning --bucket %s --versioning-configuration Status=Enabled", s->bucket);
	return -1;
}

static int judge_public(const struct custody_store *s, const struct value *body, struct err *e)
{
	static const char *const blocks[] = { "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets" };
	AUTO(buf) struct buf missing = BUF_MAX(256);

	for (size_t i = 0; i < COUNT_OF(blocks); i++)
		if (!text_same(value_text_or(body, blocks[i], ""), "true"))
			buf_printf(&missing, "%s%s", missing.n ? ", " : "", blocks[i]);
	if (!missing.n)
		return 0;
	err_set(e, ERR_GUARD, 0, "the bucket '%s' could be opened to everybody: its public access block lacks %s", s->bucket,
	        buf_str(&missing));
	err_hint(e, "aws s3api put-public-access-block --bucket %s --public-access-block-configuration BlockPublicAcls=true,"
	         "IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true", s->bucket);
	return -1;
}

static const struct custody_proof bucket_proofs[] = {
	{ &s3_get_bucket_versioning, NULL, judge_versioning },
	{ &s3_get_public_access_block, "NoSuchPublicAccessBlockConfiguration", judge_public },
	{ NULL, NULL, NULL },
};

const struct custody_kind custody_kinds[CUSTODY_KINDS] = {
	{ .word = "secretsmanager", .where = "AWS Secrets Manager, encrypted with --custody-kms-key", .max = SECRET_VALUE_MAX,
	  .stages = true, .find = &secretsmanager_describe_secret, .make = &secretsmanager_create_secret,
	  .read = &secretsmanager_get_secret_value, .store = &secretsmanager_update_secret,
	  .absent = "ResourceNotFoundException", .taken = "ResourceExistsException", .value = "SecretString",
	  .find_params = secret_id, .read_params = secret_id, .make_params = secret_make, .store_params = secret_store,
	  .found = secret_take, .how_to_read = secret_how, .policy = secret_policy,
	  .policy_goes_to = "aws secretsmanager put-resource-policy" },
	{ .word = "ssm", .where = "Parameter Store, encrypted with --custody-kms-key", .max = SSM_VALUE_MAX,
	  .find = &ssm_get_parameter_history, .make = &ssm_put_parameter, .read = &ssm_get_parameter, .store = &ssm_put_parameter,
	  .absent = "ParameterNotFound", .taken = "ParameterAlreadyExists", .value = "Parameter.Value",
	  .find_params = parameter_find, .read_params = parameter_read, .make_params = parameter_make,
	  .store_params = parameter_store, .found = parameter_take, .how_to_read = parameter_how, .policy = parameter_policy,
	  .policy_goes_to = "a statement for the policy of the custody key" },
	{ .word = "s3", .where = "the bucket --custody-bucket, encrypted with --custody-kms-key", .max = SECRET_VALUE_MAX,
	  .find = &s3_head_object, .make = &s3_put_object, .read = &s3_get_object, .store = &s3_put_object,
	  .absent = "NoSuchKey", .taken = "PreconditionFailed", .stale = "PreconditionFailed", .value = "Body",
	  .find_params = object_id, .read_params = object_id, .make_params = object_make, .store_params = object_store,
	  .found = object_take, .proofs = bucket_proofs, .how_to_read = object_how, .policy = object_policy,
	  .policy_goes_to = "a statement for the policy of the bucket" },
	{ .word = "pgp", .where = "files in --out, each key encrypted by Vault itself to one --pgp-key" },
	{ .word = "file", .where = "files in --out, encrypted to --recipient by age or gpg", .stages = true },
};
