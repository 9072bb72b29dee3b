#include "domain/world.h"

#include "core/text.h"

enum tls_mode tls_mode_of(const char *text)
{
	static const struct { const char *word; enum tls_mode mode; } words[] = {
		{ "off", TLS_OFF }, { "false", TLS_OFF }, { "auto", TLS_AUTO }, { "true", TLS_AUTO }, { "own", TLS_OWN },
		{ "cert-manager", TLS_CERT_MANAGER },
	};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_same(text, words[i].word))
			return words[i].mode;
	return text_starts(text, TLS_SECRET_PREFIX) ? TLS_SECRET : TLS_UNKNOWN;
}

bool world_tags_are_ours(const struct world *w, const struct value *tags)
{
	return text_same(value_text_or(value_get(tags, TAG_CLUSTER), "", NULL), w->want.cluster) &&
	       text_same(value_text_or(value_get(tags, TAG_NAMESPACE), "", NULL), w->want.namespace_) &&
	       text_same(value_text_or(value_get(tags, TAG_RELEASE), "", NULL), w->want.release);
}

bool world_tags_are_live(const struct value *tags)
{
	return text_same(value_text_or(value_get(tags, TAG_LIVE), "", NULL), "true");
}

const struct value *tags_from_list(struct arena *a, const struct value *list)
{
	struct value *map = value_new_map(a);

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++) {
		const char *key = value_text_or(list->items[i], "Key", value_text_or(list->items[i], "TagKey", NULL));

		if (key)
			value_set_text(a, map, key, value_text_or(list->items[i], "Value",
			                                          value_text_or(list->items[i], "TagValue", "")));
	}
	return map;
}

struct value *tags_to_list(struct arena *a, const struct value *map, const char *key_name, const char *value_name)
{
	struct value *list = value_new_list(a);

	for (size_t i = 0; map && i < map->n; i++) {
		struct value *tag = value_push(a, list, value_new_map(a));

		value_set_text(a, tag, key_name, map->names[i]);
		value_set_text(a, tag, value_name, map->items[i]->text);
	}
	return list;
}

const char *world_issuer_site(const struct world *w)
{
	const char *issuer = w->cluster.issuer ? w->cluster.issuer : w->want.given_issuer;

	if (issuer && text_starts(issuer, "https://"))
		issuer += strlen("https://");
	return issuer;
}

static const char *partition_of(const struct world *w)
{
	return w->partition ? w->partition : aws_partition_of(w->want.region);
}

const char *world_provider_arn(const struct world *w)
{
	return arena_printf(w->mem, "arn:%s:iam::%s:oidc-provider/%s", partition_of(w), w->caller_account,
	                    world_issuer_site(w));
}

const char *world_role_arn(const struct world *w)
{
	if (w->role.arn)
		return w->role.arn;
	return arena_printf(w->mem, "arn:%s:iam::%s:role%s%s", partition_of(w), w->caller_account, w->want.role_path,
	                    w->want.names.role);
}

const char *world_table_arn(const struct world *w)
{
	if (w->table.arn)
		return w->table.arn;
	return arena_printf(w->mem, "arn:%s:dynamodb:%s:%s:table/%s", partition_of(w), w->want.region, w->caller_account,
	                    w->want.names.table);
}

const char *world_collector_arn(const struct world *w)
{
	if (w->collector.arn)
		return w->collector.arn;
	return arena_printf(w->mem, "arn:%s:iam::%s:role%s%s", partition_of(w), w->caller_account, w->want.role_path,
	                    w->want.names.collector_role);
}

/* One Allow statement for one principal, one action and two conditions: the least trust that IRSA works with. */
static struct value *trust_of_account(const struct world *w, const char *account)
{
	struct arena *a = w->mem;
	struct value *doc = value_new_map(a), *statement = value_new_map(a), *equals = value_new_map(a);
	const char *site = world_issuer_site(w);

	value_set_text(a, doc, "Version", "2012-10-17");
	value_push(a, value_set(a, doc, "Statement", value_new_list(a)), statement);
	value_set_text(a, statement, "Effect", "Allow");
	value_set_text(a, value_set(a, statement, "Principal", value_new_map(a)), "Federated", world_provider_arn(w));
	value_set_text(a, statement, "Action", "sts:AssumeRoleWithWebIdentity");
	value_set(a, value_set(a, statement, "Condition", value_new_map(a)), "StringEquals", equals);
	value_set_text(a, equals, arena_printf(a, "%s:sub", site),
	               arena_printf(a, "system:serviceaccount:%s:%s", w->want.namespace_, account));
	value_set_text(a, equals, arena_printf(a, "%s:aud", site), "sts.amazonaws.com");
	return doc;
}

struct value *world_trust_policy(const struct world *w)
{
	return trust_of_account(w, w->want.service_account);
}

struct value *world_collector_trust(const struct world *w)
{
	return trust_of_account(w, w->want.names.collector);
}

static void allow(struct arena *a, struct value *statements, const char *sid, const char *const *actions, size_t n,
                  struct value *resource)
{
	struct value *statement = value_push(a, statements, value_new_map(a));
	struct value *list;

	value_set_text(a, statement, "Sid", sid);
	value_set_text(a, statement, "Effect", "Allow");
	list = value_set(a, statement, "Action", value_new_list(a));
	for (size_t i = 0; i < n; i++)
		value_push(a, list, value_new_text(a, actions[i]));
	value_set(a, statement, "Resource", resource);
}

/* The seal key, and beside it what wraps the stored root key until the seal has moved: Decrypt goes by the blob alone. */
static struct value *seal_keys(const struct world *w, const char *key_arn)
{
	struct value *list = value_new_list(w->mem), *key = value_new_text(w->mem, key_arn);

	value_push(w->mem, list, key);
	for (size_t i = 0; i < w->root_key.n; i++)
		if (!text_same(w->root_key.keys[i], key_arn))
			value_push(w->mem, list, value_new_text(w->mem, w->root_key.keys[i]));
	return list->n > 1 ? list : key;
}

/*
 * The nine actions that Vault makes, and no other. No dynamodb:CreateTable on purpose: a pod in the wrong region must
 * fail and not start an empty Vault there.
 */
struct value *world_role_policy(const struct world *w, const char *key_arn)
{
	static const char *const seal[] = { "kms:DescribeKey", "kms:Encrypt", "kms:Decrypt" };
	static const char *const storage[] = {
		"dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchWriteItem",
		"dynamodb:UpdateItem", "dynamodb:DeleteItem",
	};
	struct arena *a = w->mem;
	struct value *doc = value_new_map(a), *statements;

	value_set_text(a, doc, "Version", "2012-10-17");
	statements = value_set(a, doc, "Statement", value_new_list(a));
	allow(a, statements, "VaultSeal", seal, COUNT_OF(seal), seal_keys(w, key_arn));
	allow(a, statements, "VaultStorage", storage, COUNT_OF(storage), value_new_text(a, world_table_arn(w)));
	return doc;
}

/*
 * What Fluent Bit's outputs call: cloudwatch_logs with auto_create_group off makes streams and puts events; s3 with
 * use_put_object puts objects (docs.fluentbit.io, the two outputs' pages).
 */
struct value *world_collector_policy(const struct world *w)
{
	static const char *const logs[] = { "logs:CreateLogStream", "logs:PutLogEvents" }, *const objects[] = { "s3:PutObject" };
	struct arena *a = w->mem;
	struct value *doc = value_new_map(a), *statements;

	value_set_text(a, doc, "Version", "2012-10-17");
	statements = value_set(a, doc, "Statement", value_new_list(a));
	if (text_same(w->want.audit_to, "s3"))
		allow(a, statements, "VaultAudit", objects, COUNT_OF(objects),
		      value_new_text(a, arena_printf(a, "arn:%s:s3:::%s%s/*", partition_of(w), w->want.audit_bucket,
		                                     w->want.names.log_group)));
	else
		allow(a, statements, "VaultAudit", logs, COUNT_OF(logs),
		      value_new_text(a, arena_printf(a, "arn:%s:logs:%s:%s:log-group:%s:*", partition_of(w), w->want.region,
		                                     w->caller_account, w->want.names.log_group)));
	return doc;
}
