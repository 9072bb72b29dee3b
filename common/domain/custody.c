#include "domain/custody.h"

#include "aws/creds.h"
#include "core/text.h"
#include "domain/hear.h"
#include "formats/iso8601.h"
#include "formats/json.h"

enum { VALUE_MAX = 65536 };      /* Secrets Manager, SecretString */

#define PREPARED  "about to be written by helm vault-aws init: holds nothing yet"
#define PLACEHOLDER "helm-vault-aws-init"

static const struct {
	const char *word, *description;
} entries[CUSTODY_ENTRIES] = {
	[CUSTODY_RECOVERY_KEYS] = { "recovery-keys", "recovery keys of Vault, as helm vault-aws init got them" },
	[CUSTODY_ROOT_TOKEN] = { "root-token", "root token of Vault, as helm vault-aws init got it" },
};

const char *custody_entry_word(enum custody_entry entry)
{
	return entries[entry].word;
}

const char *custody_name(struct arena *a, const struct want *want, enum custody_entry entry)
{
	return arena_printf(a, MANAGED_BY "/%s/%s/%s/%s", want->cluster, want->namespace_, want->release, entries[entry].word);
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

int custody_read(struct arena *a, const struct world *w, const struct value *body, struct custody_have *out, struct err *e)
{
	struct custody_have have = { .state = CUSTODY_HOLDS };

	if (value_text(body, "ARN", &have.arn, e) < 0)
		return -1;
	have.kms_key = value_text_or(body, "KmsKeyId", NULL);
	have.tags = tags_from_list(a, value_get(body, "Tags"));
	have.ours = world_tags_are_ours(w, have.tags);
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

struct value *custody_create_params(struct arena *a, const struct want *want, enum custody_entry entry, const char *kms_key,
                                    const char *id)
{
	struct value *params = params_of(a, "Name", custody_name(a, want, entry), "KmsKeyId", kms_key, "Description", PREPARED,
	                                 "ClientRequestToken", arena_printf(a, "%s-0", id), "SecretString",
	                                 custody_placeholder(a, id), NULL);

	value_set(a, params, "Tags", tags_to_list(a, want->names.tags, "Key", "Value"));
	return params;
}

struct value *custody_store_params(struct arena *a, const struct want *want, enum custody_entry entry, const char *id,
                                   struct view value)
{
	struct value *params = params_of(a, "SecretId", custody_name(a, want, entry), "Description", entries[entry].description,
	                                 "ClientRequestToken", arena_printf(a, "%s-1", id), NULL);

	value_set(a, params, "SecretString", value_new_view(a, value));
	return params;
}

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

struct value *custody_copy_params(struct arena *a, const struct want *want, enum custody_entry entry,
                                  const struct custody_have *have, const struct custody_copy *copy, size_t n)
{
	struct value *params = params_of(a, "SecretId", custody_name(a, want, entry), NULL);
	struct value *list = value_set(a, params, "AddReplicaRegions", value_new_list(a));

	for (size_t i = 0; i < n; i++)
		if (!has_copy(have, copy[i].region))
			value_push(a, list, params_of(a, "Region", copy[i].region, "KmsKeyId", copy[i].key, NULL));
	return params;
}

int custody_values(const struct want *want, const struct value *answer, int64_t threshold, const char *when,
                   struct secret *out, struct err *e)
{
	AUTO(wiped_arena) struct arena a = ARENA_INIT;
	AUTO(wiped) struct buf text = BUF_MAX(VALUE_MAX);
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
	value_set(&a, entry, "recovery_keys", value_copy(&a, keys));
	value_set(&a, entry, "recovery_keys_base64", value_copy(&a, encoded));
	va_json_print(&text, entry, false);
	if (buf_whole(&text, "the recovery keys", e) < 0)
		return -1;
	secret_set(&out[CUSTODY_RECOVERY_KEYS], buf_bytes(&text));
	secret_set(&out[CUSTODY_ROOT_TOKEN], view_text(token));
	return 0;
}

/* Policies know a session by its role: arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION is arn:aws:iam::ACCOUNT:role/NAME. */
static const char *principal_of(struct arena *a, const char *text)
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

const struct value *custody_policy(struct arena *a, const char *arn)
{
	struct value *policy = params_of(a, "Version", "2012-10-17", NULL), *statement;

	statement = value_push(a, value_set(a, policy, "Statement", value_new_list(a)),
	                       params_of(a, "Effect", "Deny", "Principal", "*", "Action", "secretsmanager:GetSecretValue",
	                                 "Resource", "*", NULL));
	value_set(a, value_set(a, statement, "Condition", value_new_map(a)), "ArnNotEquals",
	          params_of(a, "aws:PrincipalArn", principal_of(a, arn), NULL));
	return policy;
}

const char *custody_how_to_read(struct arena *a, const struct want *want, enum custody_entry entry)
{
	return arena_printf(a, "aws secretsmanager get-secret-value --region %s --secret-id %s --query SecretString --output text",
	                    want->region, custody_name(a, want, entry));
}
