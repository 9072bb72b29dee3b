/* The way to a running Vault: which address, which token, which pod, and what an answer means. */
#include "domain/boot.h"

#include "core/text.h"
#include "fake/host.h"
#include "fake/transport.h"
#include "formats/json.h"
#include "unit/unit.h"

struct bench {
	struct arena mem;
	struct fake_host machine;
	struct host host;
	struct world world;
	struct boot boot;
	struct err e;
};

static void bench_start(struct bench *b)
{
	*b = (struct bench){ .mem = ARENA_INIT };
	b->host = fake_host(&b->machine);
	fake_host_env(&b->machine, "HOME", "/home/ops");
	b->world = (struct world){ .mem = &b->mem, .host = &b->host, .want = { .release = "vault", .namespace_ = "vault" } };
}

static int start(struct bench *b, const char *address, const char *token_file)
{
	struct boot_options o = { .vault_addr = address, .token_file = token_file };

	return boot_init(&b->boot, &b->world, &o, &b->e);
}

static void bench_end(struct bench *b)
{
	boot_release(&b->boot);
	err_release(&b->e);
	fake_host_release(&b->machine);
	arena_release(&b->mem);
}
SCOPE_END(bench, struct bench, bench_end(v))

static void an_address_must_keep_a_token_safe(void **state)
{
	static const struct { const char *address; bool good; } cases[] = {
		{ "https://vault.example:8200", true }, { "http://127.0.0.1:8200", true }, { "http://localhost:8200/", true },
		{ "http://[::1]:8200", true }, { "http://vault.example:8200", false }, { "http://127.0.0.1.evil.example", false },
		{ "ftp://127.0.0.1", false }, { "vault", false }, { "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(bench) struct bench b;

		bench_start(&b);
		assert_int_equal(start(&b, cases[i].address, NULL), cases[i].good ? 0 : -1);
		if (!cases[i].good)
			assert_int_equal(b.e.kind, ERR_USAGE);
	}
}

static void the_first_token_that_is_there_counts(void **state)
{
	AUTO(bench) struct bench b;

	(void)state;
	bench_start(&b);
	assert_int_equal(start(&b, NULL, NULL), 0);
	assert_int_equal(boot_find_token(&b.boot, &b.e), -1);
	assert_int_equal(b.e.kind, ERR_AUTH);
	assert_non_null(strstr(b.e.hint, "--token-file"));
	err_release(&b.e);

	fake_host_file(&b.machine, "/home/ops/.vault-token", "hvs.file\n");
	assert_int_equal(boot_find_token(&b.boot, &b.e), 0);
	assert_string_equal(secret_expose(&b.boot.token).p, "hvs.file");
	fake_host_env(&b.machine, "VAULT_TOKEN", "hvs.env");
	assert_int_equal(boot_find_token(&b.boot, &b.e), 0);
	assert_string_equal(b.boot.token_from, "VAULT_TOKEN");
	fake_host_file(&b.machine, "/t", "hvs.given");
	b.boot.options.token_file = "/t";
	assert_int_equal(boot_find_token(&b.boot, &b.e), 0);
	assert_string_equal(secret_expose(&b.boot.token).p, "hvs.given");
}

static void a_token_is_one_word_and_never_shown(void **state)
{
	static const char *const bad[] = { "", " \n", "hvs.a b", "hvs.a\r\nX-Other: 1", "hvs.\x80" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		AUTO(bench) struct bench b;

		bench_start(&b);
		fake_host_file(&b.machine, "/t", bad[i]);
		assert_int_equal(start(&b, NULL, "/t"), 0);
		assert_int_equal(boot_find_token(&b.boot, &b.e), -1);
		assert_int_equal(b.e.kind, ERR_AUTH);
		assert_null(strstr(b.e.text, "hvs."));
	}
}

static enum heard hear(struct bench *b, int status, const char *body, struct vault_answer *answer)
{
	struct reply reply = { .status = status, .head = BUF_MAX(1024), .body = BUF_MAX(1 << 16), .talk = BUF_MAX(16) };
	enum heard heard;

	err_release(&b->e);
	buf_text(&reply.body, body);
	heard = boot_hear(&b->boot, &reply, answer, &b->e, "reading the mounts");
	reply_release(&reply);
	return heard;
}

static void answers_mean_what_vault_means(void **state)
{
	static const struct { int status; const char *body; enum heard heard; enum err_kind kind; bool ok; } cases[] = {
		{ 200, "{\"data\":{}}", HEARD_DONE, ERR_NONE, true }, { 204, "", HEARD_DONE, ERR_NONE, true },
		{ 404, "{\"errors\":[]}", HEARD_DONE, ERR_NONE, false },
		{ 403, "{\"errors\":[\"permission denied\"]}", HEARD_REFUSED, ERR_DENIED, false },
		{ 400, "{\"errors\":[\"path is already in use\"]}", HEARD_REFUSED, ERR_REMOTE, false },
		{ 412, "{\"errors\":[\"required index state not present\"]}", HEARD_BUSY, ERR_REMOTE, false },
		{ 429, "{\"errors\":[]}", HEARD_BUSY, ERR_REMOTE, false }, { 500, "{\"errors\":[]}", HEARD_UNSURE, ERR_REMOTE, false },
		{ 503, "{\"errors\":[\"Vault is sealed\"]}", HEARD_REFUSED, ERR_REMOTE, false },
		{ 200, "<html>", HEARD_UNSURE, ERR_REMOTE, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(bench) struct bench b;
		struct vault_answer answer;

		bench_start(&b);
		assert_int_equal(start(&b, NULL, NULL), 0);
		assert_int_equal(hear(&b, cases[i].status, cases[i].body, &answer), cases[i].heard);
		assert_int_equal(b.e.kind, cases[i].kind);
		assert_int_equal(answer.ok, cases[i].ok);
	}
}

static void the_token_goes_along_in_a_header(void **state)
{
	AUTO(bench) struct bench b;
	struct call *call = call_new();

	(void)state;
	bench_start(&b);
	fake_host_env(&b.machine, "VAULT_TOKEN", "hvs.env");
	fake_host_env(&b.machine, "VAULT_NAMESPACE", "team");
	assert_int_equal(start(&b, "https://v:8200/", NULL), 0);
	assert_int_equal(boot_find_token(&b.boot, &b.e), 0);
	assert_int_equal(boot_ask(&b.boot, &call->rq, "GET", "/v1/sys/mounts", NULL, &b.e), 0);
	assert_string_equal(call->rq.url, "https://v:8200/v1/sys/mounts");
	assert_string_equal(request_header_get(&call->rq, "X-Vault-Token"), "hvs.env");
	assert_string_equal(request_header_get(&call->rq, "X-Vault-Namespace"), "team");
	call_free(call);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_must_keep_a_token_safe),
		cmocka_unit_test(the_first_token_that_is_there_counts),
		cmocka_unit_test(a_token_is_one_word_and_never_shown),
		cmocka_unit_test(answers_mean_what_vault_means),
		cmocka_unit_test(the_token_goes_along_in_a_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
