/* The reads of seal-migrate: configuration and release, pods and what Vault in each says, the table, the wanted key. */
#include "core/digest.h"
#include "core/text.h"
#include "domain/boot_trust.h"
#include "domain/hear.h"
#include "domain/seal_migrate.h"
#include "formats/json.h"
#include "vault/blob_info.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { STORED_MAX = 64 << 10, VALUES_MAX = 8 << 20, HELM_MS = 120000, TALK_SHOWN = 2000 };

/* ---- the configuration that pods get, and the set that makes them ---- */

ASK(ask_config)
{
	const struct seal_migrate *m = world;
	const char *name = arena_printf(&rq->mem, "%s-config", m->roll.boot.fullname);

	(void)item;
	return kube_ask(m->roll.boot.kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/configmaps/%s",
	                                                   m->roll.boot.want->namespace_, name), NULL, e);
}

HEAR(hear_config)
{
	struct seal_migrate *m = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(m->roll.world, reply, &answer, e, "reading the configuration '%s-config'", m->roll.boot.fullname);
	const char *text;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	text = answer.ok ? value_text_or(value_get(value_get(answer.body, "data"), "extraconfig-from-values.hcl"), "", NULL) : NULL;
	if (!text) {
		err_set(e, ERR_ABSENT, 0, "there is no configuration '%s-config' of this release", m->roll.boot.fullname);
		return HEARD_REFUSED;
	}
	if (vault_config_read(m->roll.boot.mem, text, &m->facts, e) < 0)
		return HEARD_REFUSED;
	if (m->facts.storage_region)
		m->table_aws = aws_in_region(m->roll.boot.aws, m->facts.storage_region);
	if (m->facts.seal_region && !m->region_given && !m->key.arn)
		m->key_aws = aws_in_region(m->roll.boot.aws, m->facts.seal_region);
	return HEARD_DONE;
}

ASK(ask_set)
{
	const struct seal_migrate *m = world;

	(void)item;
	return kube_ask(m->roll.boot.kube, rq, "GET", kube_path(&rq->mem, "/apis/apps/v1/namespaces/%s/statefulsets/%s",
	                                                   m->roll.boot.want->namespace_, m->roll.boot.fullname), NULL, e);
}

HEAR(hear_set)
{
	struct seal_migrate *m = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(m->roll.world, reply, &answer, e, "reading the StatefulSet '%s'", m->roll.boot.fullname);
	const struct value *template;
	struct pod made = {0};

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_ABSENT, 0, "there is no StatefulSet '%s' of this release", m->roll.boot.fullname);
		return HEARD_REFUSED;
	}
	template = value_at(answer.body, "spec.template");
	m->roll.replicas = value_int_or(answer.body, "spec.replicas", 1);
	m->strategy = value_text_or(answer.body, "spec.updateStrategy.type", NULL);
	m->mark = object_annotation(template, SEAL_MARK);
	m->chart_label = object_label(template, "helm.sh/chart");
	made.object = template;
	m->region = pod_env(&made, "vault", "AWS_REGION");
	m->default_region = pod_env(&made, "vault", "AWS_DEFAULT_REGION");
	m->table_region = pod_env(&made, "vault", "AWS_DYNAMODB_REGION");
	return HEARD_DONE;
}

/* What the user and we gave to helm, templates still in it. */
ASK(ask_values)
{
	static const char *const unset[] = { "HELM_DEBUG", "HELM_NAMESPACE", "HELM_KUBECONTEXT", REQUEST_ENV_OURS, NULL };
	const struct seal_migrate *m = world;
	const char *context = m->roll.boot.kube->context;

	(void)item;
	(void)e;
	request_child(rq, (const char *const[]){ m->release.helm_bin, "get", "values", m->roll.boot.want->release, "--namespace",
	                                         m->roll.boot.want->namespace_, "-o", "json", text_empty(context) ? NULL : "--kube-context",
	                                         context, NULL });
	rq->env_unset = unset;
	rq->label = "helm:values";
	rq->body_max = VALUES_MAX;
	rq->timeout_ms = HELM_MS;
	return 0;
}

HEAR(hear_values)
{
	struct seal_migrate *m = world;
	struct view talk = view_trim(buf_bytes(&reply->talk));
	const struct value *annotations;
	struct value *values;

	(void)item;
	if (talk.n > TALK_SHOWN)
		talk = view_of(talk.p + talk.n - TALK_SHOWN, TALK_SHOWN);
	if (reply->status) {
		err_set(e, ERR_REMOTE, reply->status, "reading the release's values: helm: %.*s", (int)talk.n, talk.p);
		return HEARD_REFUSED;
	}
	if (va_json_parse(m->roll.boot.mem, buf_bytes(&reply->body), NULL, &values, e) < 0) {
		err_while(e, "reading the release's values");
		return HEARD_REFUSED;
	}
	annotations = value_at(values, "server.annotations");
	m->config = value_text_or(values, "server.ha.config", NULL);
	m->annotations_text = annotations && annotations->type == VALUE_TEXT;
	return HEARD_DONE;
}

/* ---- the table ---- */

enum { STORED_CONFIG, STORED_ROOT_KEY, STORED_RECOVERY_KEY, STORED_ITEMS };

static const struct {
	const char *path, *key;
} stored_items[STORED_ITEMS] = {
	[STORED_CONFIG] = { "core", "seal-config" },
	[STORED_ROOT_KEY] = { "core/hsm", "barrier-unseal-keys" },
	[STORED_RECOVERY_KEY] = { "core", "recovery-key" },
};

size_t seal_count_stored(const void *world)
{
	const struct seal_migrate *m = world;

	return m->facts.table ? STORED_ITEMS : 0;
}

int seal_ask_stored(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct seal_migrate *m = world;
	struct arena *a = &rq->mem;
	struct value *params = params_of(a, "TableName", m->facts.table, NULL);
	struct value *key = value_set(a, params, "Key", value_new_map(a));

	value_set(a, key, "Path", params_of(a, "S", stored_items[item].path, NULL));
	value_set(a, key, "Key", params_of(a, "S", stored_items[item].key, NULL));
	value_set_bool(a, params, "ConsistentRead", true);
	return aws_ask(&m->table_aws, rq, &dynamodb_get_item, params, e);
}

/* The key's ARN, as far as what is there is wrapped by one of KMS's. */
static const char *wrapping_key(struct arena *a, struct view bytes)
{
	AUTO(err) struct err ignored = {0};
	struct blob_keys keys;

	return blob_keys_read(bytes, &keys, &ignored) == 0 && keys.n == 1 ? arena_view(a, keys.ids[0]) : NULL;
}

enum heard seal_hear_stored(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct seal_migrate *m = world;
	struct arena *a = m->roll.boot.mem;
	AUTO(buf) struct buf bytes = BUF_MAX(STORED_MAX);
	AUTO(err) struct err ignored = {0};
	struct aws_answer answer;
	struct value *config;
	const char *text;
	enum heard heard = hear_aws(m->roll.world, &dynamodb_get_item, reply, NULL, &answer, e, "reading '%s/%s' of the table '%s'",
	                            stored_items[item].path, stored_items[item].key, m->facts.table);

	if (heard != HEARD_DONE)
		return heard;
	text = value_text_or(answer.body, "Item.Value.B", NULL);
	if (!text || base64_parse(&bytes, view_text(text), &ignored) < 0)
		return HEARD_DONE;
	if (item == STORED_ROOT_KEY)
		m->stored.root_key = wrapping_key(a, buf_bytes(&bytes));
	else if (item == STORED_RECOVERY_KEY)
		m->stored.recovery_key = wrapping_key(a, buf_bytes(&bytes));
	else if (va_json_parse(a, buf_bytes(&bytes), NULL, &config, &ignored) == 0)
		m->stored.type = value_text_or(config, "type", NULL);
	return HEARD_DONE;
}

/* ---- the wanted key ---- */

DUE(key_due)
{
	const struct seal_migrate *m = world;

	(void)item;
	return !seal_wants_shamir(m) && !m->key.arn;
}

ASK(ask_key)
{
	const struct seal_migrate *m = world;

	(void)item;
	return aws_ask(&m->key_aws, rq, &kms_describe_key, params_of(&rq->mem, "KeyId", m->options.to_key, NULL), e);
}

HEAR(hear_key)
{
	struct seal_migrate *m = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(m->roll.world, &kms_describe_key, reply, NULL, &answer, e, "reading the key '%s'", m->options.to_key);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (value_text(answer.body, "KeyMetadata.Arn", &m->key.arn, e) < 0 ||
	    value_text(answer.body, "KeyMetadata.KeyId", &m->key.id, e) < 0)
		return HEARD_UNSURE;
	m->key_aws = aws_in_region(m->roll.boot.aws, arn_region(m->roll.boot.mem, m->key.arn));
	m->key.state = value_text_or(answer.body, "KeyMetadata.KeyState", "?");
	m->key.usage = value_text_or(answer.body, "KeyMetadata.KeyUsage", "?");
	m->key.spec = value_text_or(answer.body, "KeyMetadata.KeySpec", "?");
	return HEARD_DONE;
}

static const struct step reads[] = {
	{ .name = "config.read", .title = "read the running configuration", .ask = ask_config, .hear = hear_config },
	{ .name = "set.read", .ask = ask_set, .hear = hear_set },
	{ .name = "values.read", .title = "read the release's values", .ask = ask_values, .hear = hear_values },
	{ .name = "key.read", .title = "read the new key", .needs = NEEDS("config.read"), .due = key_due, .ask = ask_key,
	  .hear = hear_key },
	{ .name = "vault.pods", .title = "find Vault's pods", .needs = NEEDS("key.read"), .ask = roll_ask_pods,
	  .hear = roll_hear_pods },
	{ .name = "vault.trust", .title = "read who vouches for Vault", .needs = NEEDS("vault.pods"), .due = boot_trust_due,
	  .ask = boot_ask_trust, .hear = boot_hear_trust },
	{ .name = "pods.status", .title = "ask every server for its seal", .needs = NEEDS("vault.trust"), .count = roll_count_pods,
	  .due = roll_status_due, .patience_s = ROLL_LOOK_S, .ask = roll_ask_status, .hear = roll_hear_status, .missed = roll_missed },
	{ .name = "pods.leader", .title = "find the active server", .needs = NEEDS("pods.status"), .count = roll_count_pods,
	  .due = roll_leader_due, .patience_s = ROLL_LOOK_S, .ask = roll_ask_leader, .hear = roll_hear_leader, .missed = roll_missed },
	{ .name = "table.read", .title = "read which key wraps the root key", .needs = NEEDS("config.read"),
	  .count = seal_count_stored, .ask = seal_ask_stored, .hear = seal_hear_stored },
};

const struct step *seal_reads(struct arena *a, size_t *n)
{
	struct step *all = ARENA_ARRAY(a, struct step, COUNT_OF(reads) + SEAL_PROOF_ROWS);

	memcpy(all, reads, sizeof(reads));
	memcpy(all + COUNT_OF(reads), seal_proof_rows, SEAL_PROOF_ROWS * sizeof(*all));
	*n = COUNT_OF(reads) + SEAL_PROOF_ROWS;
	return all;
}
