#include "fake/seal_site.h"

#include "core/digest.h"
#include "core/text.h"
#include "formats/json.h"
#include "formats/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { RUNS_MS = 3000, OPENS_MS = 2000, SHARES = 1 | 2, REPLY_MAX = 1 << 20 };

static const char config_start[] = "ui = false\nlistener \"tcp\" {\n  address = \"[::]:8200\"\n}\n"
    "storage \"dynamodb\" {\n  region = \"us-east-1\"\n  table = \"prod-vault\"\n}\n";

/* ---- servers ---- */

static bool runs(const struct site *s, size_t i)
{
	return s->net.now_ms >= s->servers[i].runs_ms;
}

static bool open_now(const struct site *s, size_t i)
{
	const struct site_server *v = &s->servers[i];

	return runs(s, i) && (v->shares == SHARES || (v->opens_ms >= 0 && s->net.now_ms >= v->opens_ms));
}

static bool has_kms(const struct site_server *v)
{
	return v->key && !v->disabled;
}

/* What a server makes of the table when it becomes active: it wraps the keys anew, or migrates. */
static void become_active(struct site *s, size_t i)
{
	struct site_server *v = &s->servers[i];

	s->active = i;
	if (has_kms(v)) {
		s->type = "awskms";
		s->root_key = s->recovery_key = v->key;
	} else {
		assert_true(v->migrates || text_same(s->type, "shamir"));
		s->type = "shamir";
		s->root_key = NULL;
	}
	for (size_t k = 0; k < SITE_SERVERS; k++)
		s->servers[k].migrates = false;
}

/* Whoever is open becomes active, the first one first; not `but` if there is another. */
static void elect(struct site *s, size_t but)
{
	if (s->active < SITE_SERVERS && open_now(s, s->active))
		return;
	s->active = SITE_SERVERS;
	for (size_t i = 0; i < SITE_SERVERS && s->active == SITE_SERVERS; i++)
		if (i != but && open_now(s, i))
			become_active(s, i);
	if (s->active == SITE_SERVERS && but < SITE_SERVERS && open_now(s, but))
		become_active(s, but);
}

static const char *setting(struct site *s, const char *text, const char *name)
{
	const char *at = text ? strstr(text, name) : NULL;
	const char *start = at ? strchr(at, '"') : NULL;

	return start ? arena_view(&s->mem, view_of(start + 1, strcspn(start + 1, "\""))) : NULL;
}

/* arn:partition:service:region:... */
static const char *region_of(struct arena *a, const char *arn)
{
	struct view rest = view_text(arn), region = {0};

	for (int i = 0; i < 4; i++)
		region = view_cut(&rest, ':');
	return arena_view(a, region);
}

/* A key is known in its region only, and a replica has the id and the material of its key. */
static bool decrypts(struct site *s, const struct site_server *v, const char *key)
{
	const char *id = strrchr(key, '/');

	return text_same(region_of(&s->mem, key), v->region) || (text_starts(id, "/mrk-") && v->key && text_ends(v->key, id));
}

/* KMS is asked in the server's region, whatever its stanzas say. */
static void check_region(struct site *s, const struct site_server *v)
{
	if (has_kms(v) && !text_same(region_of(&s->mem, v->key), v->region))
		fail_msg("a server with the key '%s' asks KMS in %s", v->key, v->region);
	if (text_same(s->type, "awskms") && s->root_key && !decrypts(s, v, s->root_key))
		fail_msg("a server that asks KMS in %s cannot decrypt what '%s' has wrapped", v->region, s->root_key);
}

static void start(struct site *s, size_t i)
{
	struct site_server *v = &s->servers[i];
	const char *seal = strstr(s->config, "seal \"awskms\"");
	bool shamir = text_same(s->type, "shamir");

	*v = (struct site_server){ .uid = v->uid + 1, .runs_ms = s->net.now_ms + RUNS_MS, .opens_ms = -1, .mark = s->mark };
	v->key = setting(s, seal, "kms_key_id");
	v->region = s->region ? s->region : "us-east-1";
	v->disabled = text_same(setting(s, seal, "disabled"), "true");
	v->migrates = has_kms(v) ? shamir : !shamir;
	check_region(s, v);
	if (has_kms(v) && !shamir) {
		/* The role must reach the key that wraps the root key, and the one of the stanza. */
		assert_true(s->granted || text_same(v->key, s->old_key));
		v->opens_ms = v->runs_ms + OPENS_MS;
	}
	assert_false(!v->key && !shamir);
}

/* The old active one goes only when all others are there. */
static void end(struct site *s, size_t i, const char *uid)
{
	if (!text_same(uid, arena_printf(&s->mem, "u%u", s->servers[i].uid)))
		return;
	for (size_t k = 0; k < SITE_SERVERS; k++)
		if (k != i && !open_now(s, k))
			fail_msg("vault-%zu is ended while vault-%zu is not open", i, k);
	for (size_t k = 0; i == s->active && k < SITE_SERVERS; k++)
		if (k != i && !text_same(s->servers[k].mark, s->mark))
			fail_msg("the active vault-%zu is ended before vault-%zu", i, k);
	s->restarts++;
	start(s, i);
	elect(s, i);
}

/* ---- Kubernetes ---- */

static void answer(struct reply *reply, int status, const struct value *body)
{
	AUTO(buf) struct buf text = BUF_MAX(REPLY_MAX);

	va_json_print(&text, body, false);
	fake_reply(reply, status, buf_str(&text));
}

static struct value *text_map(struct arena *a, const char *name, const char *text)
{
	struct value *map = value_new_map(a);

	if (text)
		value_set_text(a, map, name, text);
	return map;
}

static struct value *pod(struct site *s, struct arena *a, size_t i)
{
	struct value *p = value_new_map(a);

	value_put(a, p, "metadata.name", value_new_text(a, arena_printf(a, "vault-%zu", i)));
	value_put(a, p, "metadata.uid", value_new_text(a, arena_printf(a, "u%u", s->servers[i].uid)));
	value_put(a, p, "metadata.annotations", text_map(a, "helm-vault-aws/seal", s->servers[i].mark));
	value_put(a, p, "metadata.labels", text_map(a, "vault-active", i == s->active ? "true" : "false"));
	value_put(a, p, "status.phase", value_new_text(a, runs(s, i) ? "Running" : "Pending"));
	return p;
}

static void answer_pods(struct site *s, struct arena *a, struct reply *reply)
{
	struct value *list = value_new_map(a), *items = value_set(a, list, "items", value_new_list(a));

	for (size_t i = 0; i < SITE_SERVERS; i++)
		value_push(a, items, pod(s, a, i));
	answer(reply, 200, list);
}

static struct value *template_spec(struct site *s, struct arena *a)
{
	struct value *spec = value_new_map(a), *container, *list;

	container = value_push(a, value_set(a, spec, "containers", value_new_list(a)), text_map(a, "name", "vault"));
	list = value_set(a, container, "env", value_new_list(a));
	value_set_text(a, value_push(a, list, text_map(a, "name", "AWS_REGION")), "value", s->region);
	value_set_text(a, value_push(a, list, text_map(a, "name", "AWS_DYNAMODB_REGION")), "value", "us-east-1");
	return spec;
}

static void answer_set(struct site *s, struct arena *a, struct reply *reply)
{
	struct value *set = value_new_map(a);

	value_put(a, set, "spec.replicas", value_new_int(a, SITE_SERVERS));
	value_put(a, set, "spec.updateStrategy.type", value_new_text(a, s->strategy));
	value_put(a, set, "spec.template.metadata.annotations", text_map(a, "helm-vault-aws/seal", s->mark));
	if (s->region)
		value_put(a, set, "spec.template.spec", template_spec(s, a));
	value_put(a, set, "spec.template.metadata.labels", text_map(a, "helm.sh/chart", "vault-0.34.1"));
	answer(reply, 200, set);
}

static void answer_config(struct site *s, struct arena *a, struct reply *reply)
{
	struct value *map = value_new_map(a);

	value_set(a, map, "data", text_map(a, "extraconfig-from-values.hcl", arena_printf(a, "disable_mlock = true\n%s", s->config)));
	answer(reply, 200, map);
}

/* ---- Vault ---- */

static void answer_status(struct site *s, struct arena *a, size_t i, struct reply *reply)
{
	const struct site_server *v = &s->servers[i];
	struct value *body = value_new_map(a);

	value_set_text(a, body, "type", has_kms(v) ? "awskms" : "shamir");
	value_set_bool(a, body, "initialized", true);
	value_set_bool(a, body, "sealed", !open_now(s, i));
	value_set_bool(a, body, "migration", v->migrates);
	answer(reply, 200, body);
}

static void answer_leader(struct site *s, struct arena *a, size_t i, struct reply *reply)
{
	struct value *body = value_new_map(a);

	if (!open_now(s, i)) {
		fake_reply(reply, 503, "{\"errors\":[\"Vault is sealed\"]}");
		return;
	}
	value_set_bool(a, body, "ha_enabled", true);
	value_set_bool(a, body, "is_self", i == s->active);
	answer(reply, 200, body);
}

static void unseal(struct site *s, struct arena *a, size_t i, const struct value *body, struct reply *reply)
{
	struct site_server *v = &s->servers[i];
	const char *key = value_text_or(body, "key", "");
	AUTO(err) struct err e = {0};
	bool migrate = false;

	if (value_get(body, "migrate"))
		assert_int_equal(value_bool(body, "migrate", &migrate, &e), 0);
	if (value_get(body, "reset")) {
		v->shares = open_now(s, i) ? v->shares : 0;
	} else if (!open_now(s, i) && migrate != v->migrates) {
		fake_reply(reply, 500, "{\"errors\":[\"migrate option not provided and seal migration is pending\"]}");
		return;
	} else if (!open_now(s, i)) {
		assert_true(text_starts(key, SITE_SHARE));
		v->shares |= key[strlen(SITE_SHARE)] == '1' ? 1u : 2u;
	}
	elect(s, SITE_SERVERS);
	answer_status(s, a, i, reply);
}

static void serve_server(struct site *s, struct arena *a, size_t i, const char *path, const struct value *body,
                         struct reply *reply)
{
	if (!runs(s, i)) {
		fake_reply(reply, 502, "no connection");
	} else if (text_same(path, "sys/seal-status")) {
		answer_status(s, a, i, reply);
	} else if (text_same(path, "sys/leader")) {
		answer_leader(s, a, i, reply);
	} else if (text_same(path, "sys/unseal")) {
		unseal(s, a, i, body, reply);
	} else {
		assert_string_equal(path, "sys/step-down");
		s->step_downs++;
		if (s->active == i)
			s->active = SITE_SERVERS;
		elect(s, i);
		fake_reply(reply, 204, "");
	}
}

static void serve_kube(struct site *s, struct arena *a, const char *method, const char *path, const struct value *body,
                       struct reply *reply)
{
	const char *pods = "/api/v1/namespaces/vault/pods";
	size_t i;

	if (strstr(path, "/serviceaccounts/") && text_same(method, "POST")) {
		fake_reply(reply, 201, "{\"status\":{\"token\":\"5ec2e7.jwt\"}}");
	} else if (strstr(path, "/serviceaccounts/")) {
		fake_reply(reply, 200, "{\"metadata\":{\"name\":\"vault\",\"annotations\":{\"eks.amazonaws.com/role-arn\":"
		           "\"arn:aws:iam::123456789012:role/prod-vault\"}}}");
	} else if (strstr(path, "/configmaps/")) {
		answer_config(s, a, reply);
	} else if (strstr(path, "/statefulsets/")) {
		answer_set(s, a, reply);
	} else if (text_starts(path, pods) && !strstr(path, "/vault-")) {
		answer_pods(s, a, reply);
	} else {
		i = (size_t)(strstr(path, "/vault-")[7] - '0');
		assert_true(i < SITE_SERVERS);
		if (strstr(path, "/proxy/v1/")) {
			serve_server(s, a, i, strstr(path, "/proxy/v1/") + strlen("/proxy/v1/"), NULL, reply);
			return;
		}
		if (text_same(method, "DELETE"))
			end(s, i, value_text_or(body, "preconditions.uid", ""));
		answer(reply, 200, pod(s, a, i));
	}
}

/* ---- helm ---- */

static void serve_helm(struct site *s, struct arena *a, const struct request *rq, struct reply *reply)
{
	struct value *values = value_new_map(a);
	const char *region;
	AUTO(buf) struct buf text = BUF_MAX(REPLY_MAX);
	AUTO(err) struct err e = {0};

	reply->status = 0;
	if (text_same(rq->argv[1], "get")) {
		value_put(a, values, "server.ha.config", value_new_text(a, s->config));
		va_json_print(&text, values, false);
		buf_put(&reply->body, text.p, text.n);
		return;
	}
	assert_string_equal(rq->argv[1], "upgrade");
	if (va_yaml_parse(a, rq->file, "values", &values, &e) < 0)
		fail_msg("%s", e.text);
	s->upgrades++;
	region = value_text_or(values, "server.extraEnvironmentVars.AWS_REGION", NULL);
	if (region) {
		assert_string_equal(value_text_or(values, "server.extraEnvironmentVars.AWS_DEFAULT_REGION", ""), region);
		if (!s->region)
			assert_string_equal(value_text_or(values, "server.extraEnvironmentVars.AWS_DYNAMODB_REGION", ""), "us-east-1");
		s->region = arena_text(&s->mem, region);
	}
	s->config = arena_text(&s->mem, value_text_or(values, "server.ha.config", ""));
	s->mark = arena_text(&s->mem, value_text_or(value_get(value_at(values, "server.annotations"), "helm-vault-aws/seal"), "", NULL));
}

/* ---- AWS ---- */

static void answer_bytes(struct arena *a, struct value *out, const char *path, struct view bytes)
{
	AUTO(buf) struct buf text = BUF_MAX(REPLY_MAX);

	base64_print(&text, bytes);
	value_put(a, out, path, value_new_text(a, buf_str(&text)));
}

/* go-kms-wrapping's BlobInfo: ciphertext, and key_info with key_id. */
static void put_blob(struct arena *a, struct value *out, const char *key)
{
	AUTO(buf) struct buf blob = BUF_MAX(1024), info = BUF_MAX(1024);

	buf_printf(&info, "%c%c%s", 3 << 3 | 2, (int)strlen(key), key);
	buf_printf(&blob, "%c%cxx%c%c", 1 << 3 | 2, 2, 5 << 3 | 2, (int)info.n);
	buf_put(&blob, info.p, info.n);
	answer_bytes(a, out, "Item.Value.B", buf_bytes(&blob));
}

static void answer_item(struct site *s, struct arena *a, const struct value *in, struct reply *reply)
{
	const char *key = value_text_or(in, "Key.Key.S", "");
	struct value *out = value_new_map(a);

	if (text_same(key, "seal-config"))
		answer_bytes(a, out, "Item.Value.B", view_text(arena_printf(a, "{\"type\":\"%s\"}", s->type)));
	else if (text_same(key, "barrier-unseal-keys") && s->root_key)
		put_blob(a, out, s->root_key);
	else if (text_same(key, "recovery-key") && s->recovery_key)
		put_blob(a, out, s->recovery_key);
	answer(reply, 200, out);
}

static void assert_asked_in(const struct request *rq, struct arena *a, const char *key)
{
	assert_non_null(strstr(rq->url, arena_printf(a, "kms.%s.", region_of(a, key))));
}

/* The new key's alias, or an ARN. */
static void describe_key(struct arena *a, const struct request *rq, const char *key, struct reply *reply)
{
	const char *arn = text_same(key, "alias/new") ? SITE_NEW_KEY : text_same(key, "alias/far") ? SITE_FAR_KEY : key;
	struct value *out = value_new_map(a);
	const char *const fields[][2] = { { "Arn", arn }, { "KeyId", strrchr(arn, '/') + 1 }, { "KeyState", "Enabled" },
	                                  { "KeyUsage", "ENCRYPT_DECRYPT" }, { "KeySpec", "SYMMETRIC_DEFAULT" } };

	assert_asked_in(rq, a, arn);
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		value_put(a, out, arena_printf(a, "KeyMetadata.%s", fields[i][0]), value_new_text(a, fields[i][1]));
	answer(reply, 200, out);
}

static void encrypt(struct site *s, struct arena *a, const struct request *rq, const struct value *in, struct reply *reply)
{
	struct value *out = value_new_map(a);
	const char *key = value_text_or(in, "KeyId", "");

	assert_asked_in(rq, a, key);
	if (!text_same(key, s->old_key) && (!s->granted || s->key_policy_refuses)) {
		fake_reply(reply, 400, "{\"__type\":\"AccessDeniedException\",\"message\":\"not authorized to perform: kms:Encrypt\"}");
		return;
	}
	value_set_text(a, out, "CiphertextBlob", value_text_or(in, "Plaintext", ""));
	answer(reply, 200, out);
}

static void serve_aws(struct site *s, struct arena *a, const struct request *rq, const struct value *in, struct reply *reply)
{
	const char *label = rq->label;

	if (text_same(label, "dynamodb:GetItem")) {
		answer_item(s, a, in, reply);
	} else if (text_same(label, "kms:DescribeKey")) {
		describe_key(a, rq, value_text_or(in, "KeyId", ""), reply);
	} else if (text_same(label, "kms:Encrypt")) {
		encrypt(s, a, rq, in, reply);
	} else if (text_same(label, "kms:Decrypt")) {
		fake_reply(reply, 200, arena_printf(a, "{\"Plaintext\":\"%s\"}", value_text_or(in, "CiphertextBlob", "")));
	} else if (text_same(label, "iam:PutRolePolicy")) {
		s->granted = true;
		fake_reply(reply, 200, "<PutRolePolicyResponse><ResponseMetadata/></PutRolePolicyResponse>");
	} else {
		assert_string_equal(label, "sts:AssumeRoleWithWebIdentity");
		fake_reply(reply, 200, "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
		           "<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>5ec2e7</SecretAccessKey><SessionToken>t</SessionToken>"
		           "<Expiration>2036-11-24T05:36:24Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
		           "</AssumeRoleWithWebIdentityResponse>");
	}
}

/* Proofs, tokens and reads change nothing. */
static bool writes(const struct request *rq)
{
	static const char *const reads[] = { "kms:", "sts:", "dynamodb:", "helm:values" };

	for (size_t i = 0; i < COUNT_OF(reads); i++)
		if (text_starts(rq->label ? rq->label : "", reads[i]))
			return false;
	return !text_same(rq->method, "GET") && !(rq->url && strstr(rq->url, "/serviceaccounts/"));
}

static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct site *s = to;
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err ignored = {0};
	struct value *body = NULL;
	const char *path = rq->url ? strstr(rq->url, "//") : NULL;

	(void)latency_ms;
	elect(s, SITE_SERVERS);
	s->writes += writes(rq);
	if (rq->argv && rq->argv[0]) {
		serve_helm(s, &a, rq, reply);
		return;
	}
	if (rq->body.n && *rq->body.p == '{' && va_json_parse(&a, rq->body, NULL, &body, &ignored) < 0)
		fail_msg("%s: %s", rq->url, ignored.text);
	if (path && text_starts(path, "//k8s"))
		serve_kube(s, &a, rq->method, path + strlen("//k8s"), body, reply);
	else if (path && text_starts(path, "//vault-"))
		serve_server(s, &a, (size_t)(path[8] - '0'), strstr(path, "/v1/") + strlen("/v1/"), body, reply);
	else
		serve_aws(s, &a, rq, body, reply);
}

void site_open(struct site *s, const char *key)
{
	bool kms = key;

	*s = (struct site){ .active = SITE_SERVERS, .type = kms ? "awskms" : "shamir", .strategy = "OnDelete", .old_key = key };
	fake_transport_init(&s->net, serve, s);
	s->net.latency_ms = 5;
	s->config = kms ? arena_printf(&s->mem, "%sseal \"awskms\" {\n  region = \"us-east-1\"\n  kms_key_id = \"%s\"\n"
	                               "  endpoint = \"https://kms.internal\"\n}\n", config_start, key) : config_start;
	s->root_key = s->recovery_key = key;
	for (size_t i = 0; i < SITE_SERVERS; i++) {
		start(s, i);
		s->servers[i].shares = kms ? 0 : SHARES;
	}
	s->net.now_ms = RUNS_MS + OPENS_MS;
	elect(s, SITE_SERVERS);
}

void site_close(struct site *s)
{
	fake_transport_release(&s->net);
	arena_release(&s->mem);
}
