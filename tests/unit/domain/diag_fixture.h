/*
 * A diagnosis made from JSON, as the replies of cluster and AWS would have filled it: a healthy Vault, and for each case a
 * few paths of it set to something else ("key.KeyState=\"Disabled\"", "inline.vault-policy=null" takes away).
 */
#ifndef UNIT_DOMAIN_DIAG_FIXTURE_H
#define UNIT_DOMAIN_DIAG_FIXTURE_H

#include "unit/unit.h"

#include "core/text.h"
#include "domain/diag_irsa_part.h"
#include "domain/diag_kms.h"
#include "fake/host.h"
#include "formats/json.h"

#define NOW_MS INT64_C(1795498584000)
#define R  "eu-central-1"
#define KEY_ARN   "arn:aws:kms:" R ":111122223333:key/11111111-2222-3333-4444-555555555555"
#define OTHER_ARN "arn:aws:kms:" R ":111122223333:key/99999999-2222-3333-4444-555555555555"
#define TABLE_ARN "arn:aws:dynamodb:" R ":111122223333:table/prod-vault"
#define ROLE_ARN  "arn:aws:iam::111122223333:role/prod-vault"
#define FAR     "eu-west-1"
#define FAR_ARN "arn:aws:kms:" FAR ":111122223333:key/11111111-2222-3333-4444-555555555555"
/* A key of another region than the table's, as `helm vault-aws values` and `recover seal-migrate` set it up. */
#define FAR_KEY \
	"env={\"AWS_REGION\":\"" FAR "\",\"AWS_DEFAULT_REGION\":\"" FAR "\",\"AWS_DYNAMODB_REGION\":\"" R "\"}", \
	"facts/seal_region=\"" FAR "\"", "facts/key_id=\"" FAR_ARN "\"", "key/Arn=\"" FAR_ARN "\"", \
	"stored/keys=[\"" FAR_ARN "\"]", "inline/vault-policy/Statement/0/Resource=\"" FAR_ARN "\""

static const char healthy[] =
	"{\"facts\":{\"key_id\":\"" KEY_ARN "\",\"seal_region\":\"" R "\",\"table\":\"prod-vault\",\"storage_region\":\"" R "\","
	"  \"ha_enabled\":\"true\",\"seal\":\"awskms\"},"
	" \"replicas\":3,\"env\":{\"AWS_REGION\":\"" R "\",\"AWS_DEFAULT_REGION\":\"" R "\"},\"active\":\"vault-0\","
	" \"key\":{\"Arn\":\"" KEY_ARN "\",\"KeyId\":\"11111111-2222-3333-4444-555555555555\",\"KeyState\":\"Enabled\","
	"  \"KeyUsage\":\"ENCRYPT_DECRYPT\",\"KeySpec\":\"SYMMETRIC_DEFAULT\",\"Origin\":\"AWS_KMS\",\"MultiRegion\":false},"
	" \"rotation\":{\"KeyRotationEnabled\":true,\"RotationPeriodInDays\":365},"
	" \"policy\":{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Root\",\"Effect\":\"Allow\","
	"  \"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]},"
	" \"grants\":[],"
	" \"inline\":{\"vault-policy\":{\"Version\":\"2012-10-17\",\"Statement\":["
	"  {\"Sid\":\"VaultSeal\",\"Effect\":\"Allow\",\"Action\":[\"kms:DescribeKey\",\"kms:Encrypt\",\"kms:Decrypt\"],"
	"   \"Resource\":\"" KEY_ARN "\"},"
	"  {\"Sid\":\"VaultStorage\",\"Effect\":\"Allow\",\"Action\":[\"dynamodb:DescribeTable\",\"dynamodb:GetItem\","
	"   \"dynamodb:Query\",\"dynamodb:BatchWriteItem\",\"dynamodb:UpdateItem\",\"dynamodb:DeleteItem\"],"
	"   \"Resource\":\"" TABLE_ARN "\"}]}},"
	" \"attached\":{},"
	" \"stored\":{\"config\":\"awskms\",\"keys\":[\"" KEY_ARN "\"],\"lock_ns\":\"1795498594000000042\",\"aws_ms\":1795498584000},"
	" \"table\":{\"TableName\":\"prod-vault\",\"TableArn\":\"" TABLE_ARN "\",\"TableStatus\":\"ACTIVE\","
	"  \"AttributeDefinitions\":[{\"AttributeName\":\"Path\",\"AttributeType\":\"S\"},"
	"   {\"AttributeName\":\"Key\",\"AttributeType\":\"S\"}],"
	"  \"KeySchema\":[{\"AttributeName\":\"Path\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"Key\",\"KeyType\":\"RANGE\"}],"
	"  \"BillingModeSummary\":{\"BillingMode\":\"PAY_PER_REQUEST\"},\"DeletionProtectionEnabled\":true,\"ItemCount\":51,"
	"  \"TableSizeBytes\":20000,\"ProvisionedThroughput\":{\"ReadCapacityUnits\":0,\"WriteCapacityUnits\":0}},"
	" \"backups\":{\"ContinuousBackupsStatus\":\"ENABLED\",\"PointInTimeRecoveryDescription\":{"
	"  \"PointInTimeRecoveryStatus\":\"ENABLED\",\"RecoveryPeriodInDays\":35}},"
	" \"metrics\":[],"
	" \"trial\":{\"same\":true}}";

struct fixture {
	struct arena mem;
	struct fake_host files;
	struct host host;
	struct diag d;
	struct diag_irsa irsa;
	struct diag_kms kms;
	struct diag_dynamodb dynamodb;
	struct aws aws;
	struct finding f;
};

static inline struct value *fixture_json(struct arena *a, const char *text)
{
	AUTO(err) struct err e = { 0 };
	struct value *v = NULL;

	if (va_json_parse(a, view_text(text), NULL, &v, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return v;
}

/* "path=JSON", the names parted by '/', since those of environment and policies have dots and dashes. */
static inline void fixture_set(struct arena *a, struct value *root, const char *setting)
{
	const char *is = strchr(setting, '=');
	struct view path = view_of(setting, (size_t)(is - setting));
	struct value *at = root;

	for (;;) {
		char *name = arena_view(a, view_cut(&path, '/'));
		size_t i = 0;

		if (!path.p) {
			value_set(a, at, name, fixture_json(a, is + 1));
			return;
		}
		if (at->type == VALUE_LIST) {
			at = at->items[strtoul(name, NULL, 10)];
			continue;
		}
		while (i < at->n && !text_same(at->names[i], name))
			i++;
		assert_true(i < at->n);
		at = at->items[i];
	}
}

static inline bool fixture_given(const struct value *root, const char *name)
{
	const struct value *v = value_get(root, name);

	return v && v->type != VALUE_NULL;
}

static inline const struct value *fixture_get(const struct value *root, const char *name)
{
	return fixture_given(root, name) ? value_get(root, name) : NULL;
}

static inline void fixture_pods(struct fixture *x, const struct value *root)
{
	const struct value *env = value_get(root, "env");
	struct value *list = fixture_json(&x->mem, "{\"items\":[]}"), *vars = value_new_list(&x->mem);
	AUTO(err) struct err e = { 0 };

	for (size_t i = 0; i < env->n; i++) {
		struct value *one = value_push(&x->mem, vars, value_new_map(&x->mem));

		value_set_text(&x->mem, one, "name", env->names[i]);
		value_set_text(&x->mem, one, "value", env->items[i]->text);
	}
	for (int i = 0; i < 3; i++) {
		char *name = arena_printf(&x->mem, "vault-%d", i);
		struct value *pod = fixture_json(&x->mem, "{\"metadata\":{\"labels\":{}},\"spec\":{\"containers\":[{\"name\":\"vault\"}]},"
		                                         "\"status\":{\"phase\":\"Running\"}}");

		value_put(&x->mem, pod, "metadata.name", value_new_text(&x->mem, name));
		value_put(&x->mem, pod, "metadata.namespace", value_new_text(&x->mem, "vault"));
		value_put(&x->mem, pod, "metadata.labels.vault-active",
		          value_new_text(&x->mem, text_same(name, value_text_or(root, "active", "")) ? "true" : "false"));
		value_set(&x->mem, (struct value *)value_at(pod, "spec.containers.0"), "env", vars);
		value_push(&x->mem, (struct value *)value_get(list, "items"), pod);
	}
	if (pod_list_read(&x->d.pods, &x->mem, list, &e) < 0)
		fail_msg("%s", e.text);
}

static inline struct role_policy *fixture_policies(struct arena *a, const struct value *all, const char *arn, size_t *n)
{
	struct role_policy *out = ARENA_ARRAY(a, struct role_policy, all->n + 1);

	*n = 0;
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i]->type == VALUE_MAP)
			out[(*n)++] = (struct role_policy){
				.name = all->names[i], .document = all->items[i],
				.arn = arn ? arena_printf(a, "%s%s", arn, all->names[i]) : NULL,
			};
	return out;
}

static inline void fixture_role(struct fixture *x, const struct value *root)
{
	struct value *role = value_new_map(&x->mem);

	x->d.account = (struct service_account){ .role_arn = ROLE_ARN };
	x->d.role_name = "prod-vault";
	value_set_text(&x->mem, role, "Arn", ROLE_ARN);
	x->irsa.inline_ = fixture_policies(&x->mem, value_get(root, "inline"), NULL, &x->irsa.n_inline);
	x->irsa.attached = fixture_policies(&x->mem, value_get(root, "attached"), "arn:aws:iam::111122223333:policy/",
	                                    &x->irsa.n_attached);
	x->irsa.inline_listed = x->irsa.attached_listed = !fixture_given(root, "policies_unread");
	if (fixture_given(root, "boundary")) {
		value_put(&x->mem, role, "PermissionsBoundary.PermissionsBoundaryArn",
		          value_new_text(&x->mem, "arn:aws:iam::111122223333:policy/bound"));
		x->irsa.boundary = (struct role_policy){ .name = "bound", .arn = "arn:aws:iam::111122223333:policy/bound",
		                                         .document = value_get(root, "boundary") };
	}
	x->irsa.simulated[0] = fixture_get(root, "simulated");
	x->d.role = role;
	x->d.role_read = true;
}

static inline void fixture_stored(struct stored *s, const struct value *v)
{
	const struct value *keys = value_get(v, "keys");
	const char *expires = value_text_or(v, "lock_ns", NULL);

	if (!v)
		return;
	s->read = true;
	s->seal_type = value_text_or(v, "config", NULL);
	s->sealed_config = s->seal_type != NULL;
	s->root_key = keys && keys->type == VALUE_LIST;
	for (size_t i = 0; s->root_key && i < keys->n; i++)
		s->keys[s->n_keys++] = keys->items[i]->text;
	s->root_key_foreign = s->root_key && !s->n_keys;
	s->lock = expires != NULL;
	s->lock_expires_text = expires;
	s->lock_expires_ms = expires ? strtoll(expires, NULL, 10) / 1000000 : 0;
	s->lock_holder = "0a1b";
	s->aws_ms = value_int_or(v, "aws_ms", 0);
	s->our_ms = NOW_MS;
}

/* "trial": {"kms:Encrypt": "AccessDeniedException"} refuses one; all others were allowed. */
static inline struct trial fixture_trial(const struct value *v, const char *action)
{
	const char *code = value_text_or(value_get(v, action), "", NULL);

	return (struct trial){ .asked = true, .allowed = code == NULL, .code = code, .message = code ? "not authorized" : "" };
}

static inline void fixture_trials(struct fixture *x, const struct value *v)
{
	x->irsa.trial_open = v != NULL;
	for (size_t i = 0; i < TRIAL_KEY_CALLS; i++)
		x->kms.trial_key[i] = fixture_trial(v, diag_actions[i]);
	x->kms.trial_decrypt = fixture_trial(v, "kms:Decrypt");
	x->kms.probe_same = value_bool_or(v, "same", false);
	for (size_t i = 0; i < DIAG_TABLE_ACTIONS; i++)
		x->dynamodb.trial[i] = fixture_trial(v, diag_actions[DIAG_KMS_ACTIONS + i]);
}

static inline void fixture_facts(struct vault_facts *out, const struct value *v)
{
	*out = (struct vault_facts){
		.storage = "dynamodb", .table = value_text_or(v, "table", NULL), .seal = value_text_or(v, "seal", NULL),
		.storage_region = value_text_or(v, "storage_region", NULL), .ha_enabled = value_text_or(v, "ha_enabled", NULL),
		.seal_region = value_text_or(v, "seal_region", NULL), .key_id = value_text_or(v, "key_id", NULL),
	};
}

static inline void fixture_fill(struct fixture *x, const struct value *root)
{
	struct diag *d = &x->d;

	d->release = (struct release){ .name = "vault", .namespace_ = "vault", .fullname = "vault", .service_account = "vault",
	                               .replicas = value_int_or(root, "replicas", 0) };
	d->config_presence = DIAG_PRESENT;
	fixture_facts(&d->facts, value_get(root, "facts"));
	fixture_pods(x, root);
	fixture_role(x, root);
	d->caller_account = "111122223333";
	d->key = fixture_get(root, "key");
	d->table = fixture_get(root, "table");
	d->key_read = d->table_read = true;
	x->kms.elsewhere = fixture_get(root, "elsewhere");
	x->kms.policy = fixture_get(root, "policy");
	x->kms.policy_read = x->kms.policy != NULL;
	x->kms.grants = (struct value *)fixture_get(root, "grants");
	x->kms.rotation = fixture_get(root, "rotation");
	x->kms.wrapping = fixture_get(root, "wrapping");
	x->kms.elsewhere_read = x->kms.grants_read = x->kms.rotation_read = x->kms.wrapping_read = true;
	fixture_stored(&x->kms.stored, fixture_get(root, "stored"));
	x->dynamodb.elsewhere = fixture_get(root, "table_elsewhere");
	x->dynamodb.backups = fixture_get(root, "backups");
	x->dynamodb.key = fixture_get(root, "table_key");
	x->dynamodb.metrics = fixture_get(root, "metrics");
	x->dynamodb.metrics_ms = NOW_MS;
	x->dynamodb.last_backup = value_text_or(root, "last_backup", NULL);
	x->dynamodb.last_backup_arn = x->dynamodb.last_backup ? "arn:aws:dynamodb:" R ":111122223333:table/prod-vault/backup/0" : NULL;
	x->dynamodb.last_backup_ms = value_int_or(root, "last_backup_ms", 0);
	x->dynamodb.n_backups = x->dynamodb.last_backup != NULL;
	x->dynamodb.elsewhere_read = x->dynamodb.backups_read = x->dynamodb.list_read = x->dynamodb.key_read = true;
	fixture_trials(x, fixture_get(root, "trial"));
}

static inline void fixture_init(struct fixture *x, const char *const *settings)
{
	struct value *root;

	*x = (struct fixture){ 0 };
	root = fixture_json(&x->mem, healthy);
	for (; settings && *settings; settings++)
		fixture_set(&x->mem, root, *settings);
	x->files.wall_ms = NOW_MS;
	x->host = fake_host(&x->files);
	x->aws.region = R;
	x->aws.partition = "aws";
	x->d = (struct diag){ .mem = &x->mem, .host = &x->host, .aws = &x->aws };
	x->d.part[DIAG_IRSA] = &x->irsa;
	x->d.part[DIAG_KMS] = &x->kms;
	x->d.part[DIAG_DYNAMODB] = &x->dynamodb;
	fixture_fill(x, root);
}

static inline void fixture_release(struct fixture *x)
{
	fake_host_release(&x->files);
	arena_release(&x->mem);
}
SCOPE_END(fixture, struct fixture, fixture_release(v))

/* What one check says of it; x->f is the finding. */
static inline enum verdict fixture_judge(struct fixture *x, const char *id)
{
	const struct check *check = check_find(id);

	if (!check)
		fail_msg("there is no check '%s'", id);
	x->f = (struct finding){ .check = check, .mem = &x->mem, .cause = "" };
	x->f.verdict = check->judge(&x->d, &x->f);
	return x->f.verdict;
}

/* One wrong thing, what one check has to say of it, and a part of what mends it (NULL: not looked at; "": nothing). */
struct wrong {
	const char *id;
	enum verdict verdict;
	const char *cause, *fix;
	const char *settings[5];
};

static inline void fixture_try(const struct wrong *w)
{
	AUTO(fixture) struct fixture x;
	const char *first = w->settings[0] ? w->settings[0] : "";

	fixture_init(&x, w->settings);
	if (fixture_judge(&x, w->id) != w->verdict)
		fail_msg("%s, %s: %s: %s", w->id, first, verdict_name(x.f.verdict), x.f.cause);
	if (!strstr(x.f.cause, w->cause))
		fail_msg("%s, %s: the cause is: %s", w->id, first, x.f.cause);
	if (w->fix && (!x.f.fix || !strstr(x.f.fix, w->fix)) && (*w->fix || x.f.fix))
		fail_msg("%s, %s: the fix is: %s", w->id, first, x.f.fix ? x.f.fix : "none");
}

/* Every check of the family on the healthy Vault: passes, or is worth knowing. */
/* The settings NULL, or a list that ends in NULL: they are to be as healthy. */
static inline void fixture_try_healthy_with(const char *family, const char *const *settings)
{
	const struct check_family *fam = check_family_find(family);

	for (size_t i = 0; i < fam->n_checks; i++) {
		AUTO(fixture) struct fixture x;
		enum verdict v;

		fixture_init(&x, settings);
		v = fixture_judge(&x, fam->checks[i].id);
		if (v != VERDICT_PASS && v != VERDICT_INFO)
			fail_msg("%s: %s: %s", fam->checks[i].id, verdict_name(v), x.f.cause);
		assert_true(*x.f.cause);
		assert_null(x.f.fix);
	}
}

static inline void fixture_try_healthy(const char *family)
{
	fixture_try_healthy_with(family, NULL);
}

#endif
