/* vault's steps: what is asked of whom, and what is kept of the answers. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/check_vault.h"
#include "fake/host.h"
#include "formats/json.h"

struct bench {
	struct arena mem;
	struct fake_host machine;
	struct host host;
	struct kube kube;
	struct diag d;
	struct request rq;
	struct err e;
};

static void bench_start(struct bench *b, const char *statefulset)
{
	struct value *v;

	*b = (struct bench){ .machine = { .wall_ms = 1795500000000 }, .kube = { .server = "https://api:6443" } };
	b->host = fake_host(&b->machine);
	assert_int_equal(va_json_parse(&b->mem, view_text(statefulset), NULL, &v, &b->e), 0);
	b->d = (struct diag){ .mem = &b->mem, .host = &b->host, .kube = &b->kube,
		                  .release = { "prod", "va", "prod-vault", "vault", 3, v } };
}

static void bench_end(struct bench *b)
{
	request_release(&b->rq);
	err_release(&b->e);
	fake_host_release(&b->machine);
	arena_release(&b->mem);
}
SCOPE_END(bench, struct bench, bench_end(v))

static const struct step *step(const char *name)
{
	for (size_t i = 0; i < DIAG_VAULT_STEPS; i++)
		if (text_same(diag_vault_steps[i].name, name))
			return &diag_vault_steps[i];
	fail_msg("no step '%s'", name);
	return NULL;
}

static int ask(struct bench *b, const char *name, size_t item)
{
	const struct step *s = step(name);

	request_release(&b->rq);
	err_release(&b->e);
	if (s->before)
		assert_int_equal(s->before(&b->d, item, &b->e), 0);
	return s->ask(&b->d, item, &b->rq, &b->e);
}

static enum heard hear(struct bench *b, const char *name, size_t item, int status, const char *body, const char *talk)
{
	struct reply r = { .status = status, .head = BUF_MAX(100), .body = BUF_MAX(1 << 16), .talk = BUF_MAX(1 << 16) };
	enum heard heard;

	buf_text(&r.body, body);
	buf_text(&r.talk, talk);
	err_release(&b->e);
	heard = step(name)->hear(&b->d, item, &r, &b->e);
	reply_release(&r);
	return heard;
}

#define PLAIN "{\"spec\":{}}"
#define WITH_ADDR(addr) "{\"spec\":{\"ordinals\":{\"start\":5},\"template\":{\"spec\":{\"containers\":[{\"name\":\"vault\",\"env\":[{\"name\":" \
	"\"VAULT_ADDR\",\"value\":\"" addr "\"}]}]}}}}"

static void servers_are_asked_by_name_and_address(void **state)
{
	static const struct { const char *set; size_t item; const char *url; bool looks; } cases[] = {
		{ PLAIN, 2, "http://prod-vault-2.va:8200/v1/sys/health", false },
		{ WITH_ADDR("https://127.0.0.1:8243"), 0, "https://prod-vault-5.va:8243/v1/sys/health", true },
		{ WITH_ADDR("nonsense"), 1, "http://prod-vault-6.va:8200/v1/sys/health", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(bench) struct bench b;

		bench_start(&b, cases[i].set);
		assert_int_equal(step("vault.health")->count(&b.d), 3);
		assert_int_equal(ask(&b, "vault.health", cases[i].item), 0);
		assert_string_equal(b.rq.url, cases[i].url);
		assert_non_null(b.rq.tunnel);
		assert_int_equal(b.rq.tls && b.rq.tls->inspect, cases[i].looks);
		assert_null(request_header_get(&b.rq, "X-Vault-Token"));
	}
}

static void a_crowd_is_not_asked(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, PLAIN);
	b.d.release.replicas = INT64_C(1) << 40;
	assert_int_equal(step("vault.seal")->count(&b.d), VAULT_SERVERS_MAX);
	b.d.release.replicas = -1;
	assert_int_equal(step("vault.seal")->count(&b.d), 0);
}

static void what_is_heard_is_kept_by_server(void **state)
{
	AUTO(bench) struct bench b;
	AUTO(err) struct err gone = { 0 };
	const struct diag_vault *v;

	(void)state;
	bench_start(&b, PLAIN);
	assert_int_equal(ask(&b, "vault.health", 1), 0);
	assert_int_equal(hear(&b, "vault.health", 1, 429, "{\"initialized\":true,\"sealed\":false,\"standby\":true,\"server_time_utc\":7}",
	                      "PEM"), HEARD_DONE);
	assert_int_equal(hear(&b, "vault.seal", 0, 500, "{\"errors\":[\"no storage\"]}", ""), HEARD_DONE);
	assert_int_equal(hear(&b, "vault.health", 0, 400, "Client sent an HTTP request to an HTTPS server.\n", ""), HEARD_DONE);
	assert_int_equal(hear(&b, "vault.leader", 2, 503, "{\"errors\":[\"Vault is sealed\"]}", ""), HEARD_DONE);
	err_set(&gone, ERR_ABSENT, 0, "nobody listens");
	assert_true(step("vault.health")->missed(&b.d, 2, &gone));
	v = diag_vault(&b.d);
	assert_true(v->at[1].health_read && v->at[1].health.status == VAULT_STANDBY && !v->at[1].why);
	assert_string_equal(v->at[1].chain, "PEM");
	assert_int_equal(v->at[1].asked_ms, 1795500000000);
	assert_string_equal(v->at[0].why, "Vault says 500: no storage");
	assert_true(v->at[0].wants_tls && !v->at[0].health_read);
	assert_string_equal(v->at[2].why, "nobody listens");
	assert_int_equal(v->at[2].why_kind, ERR_ABSENT);
	assert_false(v->at[2].leader_read);
}

static void logs_are_asked_for_with_ceilings(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, PLAIN);
	assert_int_equal(ask(&b, "vault.log-before", 0), 0);
	assert_string_equal(b.rq.url, "https://api:6443/api/v1/namespaces/va/pods/prod-vault-0/log?container=vault&timestamps=true"
	                              "&tailLines=200&limitBytes=1048576&previous=true");
	assert_int_equal(hear(&b, "vault.log-before", 0, 400, "{\"kind\":\"Status\"}", ""), HEARD_DONE);
	assert_false(diag_vault(&b.d)->at[0].log_before.read);
	assert_int_equal(hear(&b, "vault.log", 0, 200, "2026-11-23T22:26:10Z ==> Vault shutdown triggered\n", ""), HEARD_DONE);
	assert_int_equal(diag_vault(&b.d)->at[0].log.n, 1);
	assert_int_equal(hear(&b, "vault.log", 1, 403, "{\"kind\":\"Status\",\"message\":\"no\"}", ""), HEARD_REFUSED);
	assert_int_equal(b.e.kind, ERR_DENIED);
}

static void the_active_one_is_asked_with_the_token(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, PLAIN);
	assert_int_equal(ask(&b, "vault.health", 1), 0);
	assert_false(step("vault.audit")->due(&b.d, 0));
	hear(&b, "vault.health", 1, 200, "{\"initialized\":true,\"sealed\":false,\"standby\":false}", "");
	assert_false(step("vault.audit")->due(&b.d, 0));
	b.d.options.token_given = true;
	assert_true(step("vault.audit")->due(&b.d, 0));
	assert_int_equal(ask(&b, "vault.audit", 0), -1);
	assert_string_equal(b.e.text, "takes a token of Vault's, and there is none");
	fake_host_env(&b.machine, "HOME", "/home/ops");
	fake_host_file(&b.machine, "/home/ops/.vault-token", "s.file\n");
	assert_int_equal(ask(&b, "vault.audit", 0), 0);
	assert_string_equal(b.rq.url, "http://prod-vault-1.va:8200/v1/sys/audit");
	assert_string_equal(request_header_get(&b.rq, "X-Vault-Token"), "s.file");
	fake_host_env(&b.machine, "VAULT_TOKEN", "s.env");
	assert_int_equal(ask(&b, "vault.audit", 0), 0);
	assert_string_equal(request_header_get(&b.rq, "X-Vault-Token"), "s.env");
	b.d.options.token_file = "/home/ops/.vault-token";
	assert_int_equal(ask(&b, "vault.audit", 0), 0);
	assert_string_equal(request_header_get(&b.rq, "X-Vault-Token"), "s.file");
	assert_int_equal(hear(&b, "vault.audit", 0, 403, "{\"errors\":[\"permission denied\"]}", ""), HEARD_REFUSED);
	assert_string_equal(b.e.hint, "read and sudo on sys/audit in Vault");
	assert_int_equal(hear(&b, "vault.audit", 0, 200, "{\"data\":{}}", ""), HEARD_DONE);
	assert_non_null(diag_vault(&b.d)->audit);
}

static void no_token_goes_where_nobody_verified(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b, WITH_ADDR("https://127.0.0.1:8200"));
	fake_host_env(&b.machine, "VAULT_TOKEN", "s.env");
	assert_int_equal(ask(&b, "vault.health", 1), 0);
	hear(&b, "vault.health", 1, 200, "{\"initialized\":true,\"sealed\":false}", "");
	assert_int_equal(ask(&b, "vault.audit", 0), -1);
	assert_non_null(strstr(b.e.text, "whose certificate is verified"));
	assert_null(request_header_get(&b.rq, "X-Vault-Token"));
	fake_host_env(&b.machine, "VAULT_CACERT", "/ca.pem");
	fake_host_file(&b.machine, "/ca.pem", "PEM");
	assert_int_equal(ask(&b, "vault.audit", 0), 0);
	assert_false(b.rq.tls->inspect);
	assert_true(view_is(b.rq.tls->ca_pem, "PEM"));
	assert_string_equal(b.rq.tls->server_name, "127.0.0.1");
	assert_string_equal(request_header_get(&b.rq, "X-Vault-Token"), "s.env");
}

static void the_rows_are_sound(void **state)
{
	static const struct step needed[] = { { .name = "release.find" }, { .name = "pods.read" } };
	AUTO(err) struct err e = { 0 };
	struct step all[COUNT_OF(needed) + DIAG_VAULT_STEPS];

	(void)state;
	memcpy(all, needed, sizeof(needed));
	memcpy(all + COUNT_OF(needed), diag_vault_steps, sizeof(diag_vault_steps));
	for (size_t i = 0; i < COUNT_OF(needed); i++) {
		all[i].ask = diag_vault_steps[0].ask;
		all[i].hear = diag_vault_steps[0].hear;
	}
	if (graph_check(all, COUNT_OF(all), &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < DIAG_VAULT_STEPS; i++)
		assert_true(diag_vault_steps[i].may_fail && !diag_vault_steps[i].change);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_asked_by_name_and_address),
		cmocka_unit_test(a_crowd_is_not_asked),
		cmocka_unit_test(what_is_heard_is_kept_by_server),
		cmocka_unit_test(logs_are_asked_for_with_ceilings),
		cmocka_unit_test(the_active_one_is_asked_with_the_token),
		cmocka_unit_test(no_token_goes_where_nobody_verified),
		cmocka_unit_test(the_rows_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
