#include "fake/vault.h"

#include "core/digest.h"
#include "core/text.h"
#include "formats/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Straight, or through a tunnel to its pod. */
static bool is_vault(const struct request *rq)
{
	return rq->url && (rq->tunnel || text_starts(rq->url, FAKE_VAULT_URL "/"));
}

static bool is_sealed(const struct fake_vault *v)
{
	return !v->initialized || v->sealed_by_hand || v->cloud->net.now_ms < v->unsealed_ms;
}

static void answer(struct reply *reply, int status, const struct value *body)
{
	AUTO(buf) struct buf text = BUF_MAX(1 << 16);

	va_json_print(&text, body, false);
	fake_reply(reply, status, buf_str(&text));
}

static void state(const struct fake_vault *v, struct arena *a, struct value *body)
{
	value_set_text(a, body, "type", v->seal);
	value_set_bool(a, body, "initialized", v->initialized);
	value_set_bool(a, body, "sealed", is_sealed(v));
	value_set_bool(a, body, "recovery_seal", text_same(v->seal, "awskms"));
	value_set_int(a, body, "t", v->threshold);
	value_set_int(a, body, "n", v->shares);
	value_set_int(a, body, "progress", v->unsealing.n_given);
}

static void leader(const struct fake_vault *v, struct arena *a, struct reply *reply)
{
	struct value *body = value_new_map(a);

	if (is_sealed(v)) {
		fake_reply(reply, 503, "{\"errors\":[\"Vault is sealed\"]}");
		return;
	}
	value_set_bool(a, body, "ha_enabled", true);
	value_set_bool(a, body, "is_self", true);
	value_set_text(a, body, "leader_address", FAKE_VAULT_URL);
	answer(reply, 200, body);
}

static const struct value *read_init(struct fake_vault *v, struct arena *a, const struct request *rq)
{
	AUTO(err) struct err e = {0};
	struct value *body;

	if (va_json_parse(a, rq->body, "request", &body, &e) < 0 || value_int(body, "recovery_shares", &v->shares, &e) < 0 ||
	    value_int(body, "recovery_threshold", &v->threshold, &e) < 0)
		fail_msg("sys/init: %s", e.text);
	v->pgp = value_get(body, "recovery_pgp_keys");
	assert_int_equal(body->n, v->pgp ? 4 : 2);
	assert_int_equal(value_count(body, "recovery_pgp_keys"), v->pgp ? v->shares : 0);
	return body;
}

/* A message to the key that was given, in base64: of what is in it nothing. */
static const char *message_to(struct arena *a, const char *key)
{
	AUTO(buf) struct buf text = BUF_MAX(4096);

	base64_print(&text, view_text(arena_printf(a, FAKE_PGP_MESSAGE "%s", key)));
	return arena_text(a, buf_str(&text));
}

static void answer_messages(struct arena *a, const struct value *asked, struct value *body)
{
	const struct value *keys = value_get(asked, "recovery_pgp_keys");
	struct value *hex = value_set(a, body, "recovery_keys", value_new_list(a));
	struct value *encoded = value_set(a, body, "recovery_keys_base64", value_new_list(a));

	for (size_t i = 0; i < keys->n; i++) {
		value_push(a, hex, value_new_text(a, "00"));
		value_push(a, encoded, value_new_text(a, message_to(a, keys->items[i]->text)));
	}
	value_set_text(a, body, "root_token", message_to(a, value_text_or(asked, "root_token_pgp_key", "nobody")));
}

static struct cloud_table *table_of(const struct fake_vault *v)
{
	for (unsigned i = 0; i < v->cloud->n_tables; i++)
		if (text_same(v->cloud->tables[i].name, v->table))
			return &v->cloud->tables[i];
	return NULL;
}

/* A part of what a real one writes. */
static void fill_table(struct fake_vault *v)
{
	static const char *const items[] = {
		"core/", "core/keyring", "core/seal-config", "core/mounts", "sys/", "sys/policy/", "sys/policy/default", "sys/token/id/",
	};
	struct cloud_table *t = table_of(v);

	for (size_t i = 0; t && i < COUNT_OF(items); i++)
		fake_cloud_store(t, items[i]);
	if (t)
		fake_cloud_store(t, arena_printf(&v->cloud->mem, "sys/token/id/h%u", v->inits));
}

void fake_vault_restart(struct fake_vault *v)
{
	const struct cloud_table *t = table_of(v);

	v->initialized = t && fake_cloud_stores(t, "core/keyring");
	v->half_made = v->initialized && !fake_cloud_stores(t, "core/seal-config");
	v->unsealed_ms = v->cloud->net.now_ms + v->unsealing_ms;
}

static void init(struct fake_vault *v, struct arena *a, const struct request *rq, struct reply *reply)
{
	struct value *body = value_new_map(a), *keys, *encoded;
	const struct value *asked;

	assert_string_equal(rq->method, "PUT");
	asked = read_init(v, a, rq);
	if (v->initialized) {
		fake_reply(reply, 400, "{\"errors\":[\"Vault is already initialized\"]}");
		return;
	}
	v->initialized = true;
	v->inits++;
	v->unsealed_ms = v->cloud->net.now_ms + v->unsealing_ms;
	fill_table(v);
	snprintf(v->root_token, sizeof(v->root_token), FAKE_ROOT_TOKEN "%02u", v->inits);
	if (v->loses_keys) {
		fake_reply(reply, 500, "{\"errors\":[\"failed to unseal with stored keys: error decrypting\"]}");
		return;
	}
	if (v->pgp) {
		answer_messages(a, asked, body);
		answer(reply, 200, body);
		return;
	}
	keys = value_set(a, body, "recovery_keys", value_new_list(a));
	encoded = value_set(a, body, "recovery_keys_base64", value_new_list(a));
	value_set(a, body, "keys", value_new_list(a));
	for (int64_t i = 0; i < v->shares; i++) {
		value_push(a, keys, value_new_text(a, arena_printf(a, FAKE_RECOVERY_KEY "%02lld", (long long)i)));
		value_push(a, encoded, value_new_text(a, arena_printf(a, "XsLnDw%02lld", (long long)i)));
	}
	value_set_text(a, body, "root_token", v->root_token);
	answer(reply, 200, body);
}

static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct fake_vault *v = to;
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *path = rq->url && strstr(rq->url, "/v1/") ? strstr(rq->url, "/v1/") : "";
	struct value *body = value_new_map(&a);

	if (!is_vault(rq)) {
		v->serve_cloud(v->cloud, rq, reply, latency_ms);
		return;
	}
	state(v, &a, body);
	if (text_same(path, "/v1/sys/seal-status") && v->half_made)
		fake_reply(reply, 500, "{\"errors\":[\"core: barrier reports initialized but no seal configuration found\"]}");
	else if (text_same(path, "/v1/sys/seal-status"))
		answer(reply, 200, body);
	else if (text_same(path, "/v1/sys/health"))
		answer(reply, !v->initialized ? 501 : is_sealed(v) ? 503 : 200, body);
	else if (text_same(path, "/v1/sys/leader"))
		leader(v, &a, reply);
	else if (text_same(path, "/v1/sys/init"))
		init(v, &a, rq, reply);
	else if (!fake_vault_serve_shares(v, &a, rq, path, reply))
		fail_msg("the fake Vault does not know %s %s", rq->method, path);
}

static void spoil(void *to, enum fault fault, const struct request *rq, struct reply *reply)
{
	struct fake_vault *v = to;

	if (!is_vault(rq))
		v->spoil_cloud(v->cloud, fault, rq, reply);
	else if (fault == FAULT_THROTTLE)
		fake_reply(reply, 429, "{\"errors\":[\"request path: rate limit quota exceeded\"]}");
	else if (fault == FAULT_5XX)
		fake_reply(reply, 500, "{\"errors\":[\"internal error\"]}");
	else
		buf_cut(&reply->body, reply->body.n / 2);
}

void fake_vault_init(struct fake_vault *v, struct fake_cloud *c, const char *table)
{
	*v = (struct fake_vault){ .cloud = c, .table = table, .seal = "awskms", .unsealing_ms = 900 };
	v->serve_cloud = c->net.serve;
	v->spoil_cloud = c->net.spoil;
	c->net.serve = serve;
	c->net.spoil = spoil;
	c->net.to = v;
}
