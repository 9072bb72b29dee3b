/* What Vault says of itself: recorded answers of 1.21, and what is none. */
#include "unit/unit.h"

#include "core/text.h"
#include "vault/sys.h"

static struct reply reply_of(int status, const char *body)
{
	struct reply r = { .status = status, .body = BUF_MAX(1 << 16) };

	buf_text(&r.body, body);
	return r;
}
SCOPE_END(reply, struct reply, reply_release(v))

#define UNINITIALIZED \
	"{\"type\":\"awskms\",\"initialized\":false,\"sealed\":true,\"t\":0,\"n\":0,\"progress\":0,\"nonce\":\"\",\"version\":\"1.21.1\"," \
	"\"migration\":false,\"recovery_seal\":true,\"storage_type\":\"dynamodb\"}\n"
#define STANDBY \
	"{\"initialized\":true,\"sealed\":false,\"standby\":true,\"server_time_utc\":1795501582,\"version\":\"1.21.1\"," \
	"\"cluster_id\":\"c\"}\n"

static void seal_status_is_read(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(reply) struct reply r = reply_of(200, UNINITIALIZED);
	AUTO(err) struct err e = { 0 };
	struct vault_seal_status s;

	(void)state;
	assert_int_equal(vault_seal_status_read(&a, &r, &s, &e), 0);
	assert_false(s.initialized);
	assert_true(s.sealed);
	assert_string_equal(s.type, "awskms");
	assert_string_equal(s.storage_type, "dynamodb");
	assert_string_equal(s.version, "1.21.1");
	assert_null(s.cluster_id);
}

static void health_is_read_at_any_status(void **state)
{
	static const int statuses[] = { 200, 429, 472, 473, 474, 501, 503, 530 };
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(statuses); i++) {
		AUTO(reply) struct reply r = reply_of(statuses[i], STANDBY);
		AUTO(err) struct err e = { 0 };
		struct vault_health h;

		assert_int_equal(vault_health_read(&a, &r, &h, &e), 0);
		assert_int_equal(h.status, statuses[i]);
		assert_true(h.initialized && h.standby && !h.sealed);
		assert_int_equal(h.server_time_s, 1795501582);
	}
}

static void a_leader_may_be_nobody(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(reply) struct reply none = reply_of(200, "{\"ha_enabled\":true,\"is_self\":false,\"leader_address\":\"\"}");
	AUTO(reply) struct reply some = reply_of(200, "{\"ha_enabled\":true,\"is_self\":true,\"leader_address\":\"http://10.0.0.1:8200\"}");
	AUTO(err) struct err e = { 0 };
	struct vault_leader l;

	(void)state;
	assert_int_equal(vault_leader_read(&a, &none, &l, &e), 0);
	assert_true(l.ha_enabled && !l.is_self && !l.address);
	assert_int_equal(vault_leader_read(&a, &some, &l, &e), 0);
	assert_true(l.is_self);
	assert_string_equal(l.address, "http://10.0.0.1:8200");
}

static void what_is_no_answer_says_so(void **state)
{
	static const struct { int status; const char *body; enum err_kind kind; const char *words; } cases[] = {
		{ 503, "{\"errors\":[\"Vault is sealed\"]}", ERR_REMOTE, "Vault says 503: Vault is sealed" },
		{ 500, "{\"errors\":[\"a\\nb\",\"c\"]}", ERR_REMOTE, "Vault says 500: a b; c" },
		{ 403, "{\"errors\":[\"permission denied\"]}", ERR_DENIED, "permission denied" },
		{ 404, "{\"errors\":[]}", ERR_ABSENT, "Vault says 404" },
		{ 200, "<html>", ERR_REMOTE, "no answer of Vault's" },
		{ 200, "{\"sealed\":true}", ERR_REMOTE, "initialized" },
		{ 200, "{\"sealed\":true,\"initialized\":\"no\"}", ERR_REMOTE, "initialized" },
		{ 200, "", ERR_REMOTE, "initialized" },
		{ 200, "[]", ERR_REMOTE, "initialized" },
	};
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(reply) struct reply r = reply_of(cases[i].status, cases[i].body);
		AUTO(err) struct err e = { 0 };
		struct vault_seal_status s;

		assert_int_equal(vault_seal_status_read(&a, &r, &s, &e), -1);
		if (e.kind != cases[i].kind || !strstr(e.text, cases[i].words))
			fail_msg("%zu: %s: %s", i, err_kind_name(e.kind), e.text);
	}
}

static void health_without_its_fields_is_none(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(reply) struct reply r = reply_of(400, "Client sent an HTTP request to an HTTPS server.\n");
	AUTO(err) struct err e = { 0 };
	struct vault_health h;

	(void)state;
	assert_int_equal(vault_health_read(&a, &r, &h, &e), -1);
	assert_true(vault_wants_tls(&r));
	r.status = 200;
	assert_false(vault_wants_tls(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seal_status_is_read),
		cmocka_unit_test(health_is_read_at_any_status),
		cmocka_unit_test(a_leader_may_be_nobody),
		cmocka_unit_test(what_is_no_answer_says_so),
		cmocka_unit_test(health_without_its_fields_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
