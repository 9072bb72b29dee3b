#include "unit/unit.h"

#include "core/text.h"
#include "domain/redact.h"
#include "formats/json.h"

static void assert_redacted(const char *text, const char *want)
{
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);

	redact_text(&out, view_text(text));
	assert_text(buf_str(&out), want);
}

/* The shapes are made up; they are cut in two so that no scanner takes them for real. */
static const struct { const char *text, *want; } secrets[] = {
	{ "got hv" "s.CAESIJ1234567890abcdefg, gone", "got (redacted), gone" },
	{ "hv" "b.AAAAAQJ-xyz_0123456789", "(redacted)" },
	{ "old s" ".1234567890abcdefghijKLMN here", "old (redacted) here" },
	{ "eyJ" "hbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwcyJ9.c2ln-bmF0dXJl_x", "(redacted)" },
	{ "id AKI" "AIOSFODNN7EXAMPLE and ASI" "AIOSFODNN7EXAMPLE", "id (redacted) and (redacted)" },
	{ "wJalrXUtnFEMI/K7MDENG/bPxRfi" "CYEXAMPLEKEY", "(redacted)" },
	{ "key 8eC1nNqk2yqUuY3kq4kO0m0kGqVfM1z9hE2xw5B8aQ==.", "key (redacted)." },
	{ "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "(redacted)" },
	{ "a\n-----BEGIN RSA PRIV" "ATE KEY-----\nMIIE\n-----END RSA PRIV" "ATE KEY-----\nb", "a\n(redacted)\nb" },
	{ "-----BEGIN PRIV" "ATE KEY-----\ncut off", "(redacted)" },
	{ "token = \"s3cret\" # x", "token = (redacted) # x" },
	{ "\"password\":\"a\\\"b\",\"n\":1", "\"password\":(redacted),\"n\":1" },
	{ "{\\\"password\\\":\\\"hunter2\\\",\\\"n\\\":1}", "{\\\"password\\\":(redacted),\\\"n\\\":1}" },
	{ "db_password=hunter2&x=1", "db_password=(redacted)&x=1" },
	{ "secret_key: hunter2", "secret_key: (redacted)" },
	{ "run --token hunter2 --x", "run --token (redacted) --x" },
	{ "run --token=hunter2", "run --token=(redacted)" },
	{ "Authorization: Bearer a b c\nnext", "Authorization: (redacted)\nnext" },
	{ "X-Vault-Token: abc", "X-Vault-Token: (redacted)" },
	{ "postgres://user:hunter2@db:5432/x", "postgres://(redacted)@db:5432/x" },
	{ "password='two words' x", "password=(redacted) x" },
};

static void what_is_secret_goes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(secrets); i++)
		assert_redacted(secrets[i].text, secrets[i].want);
}

static const char *const harmless[] = {
	"", "plain words", "kms_key_id = \"c5ab26fb-7f1f-4562-bb9c-a9f79279f436\"",
	"arn:aws:kms:us-east-1:111122223333:key/c5ab26fb-7f1f-4562-bb9c-a9f79279f436",
	"arn:aws:iam::111122223333:role/aws-reserved/sso/AWSReservedSSO_AdministratorAccess_0123456789abcdef",
	"docker.io/hashicorp/vault@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	"containerd://0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	"tls_key_file = \"/vault/tls/tls.key\"", "token_ttl = \"1h\"", "secretName: vault-tls", "the token is old",
	"/var/run/secrets/eks.amazonaws.com/serviceaccount/token", "https://vault.vault.svc:8200/v1/sys/health",
	"2026-11-24T06:07:12.569Z [INFO]  core.autoseal: recovery seal configuration missing", "b.c", "s.o.s", "eyJ", "://@",
	"operator init -recovery-shares=5 -recovery-threshold=3", "--token", "token=", "token",
};

static void what_is_harmless_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(harmless); i++)
		assert_redacted(harmless[i], harmless[i]);
}

static void a_text_may_end_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(secrets); i++)
		for (size_t n = 0; n <= strlen(secrets[i].text); n++) {
			AUTO(text) char *cut = xstrndup(secrets[i].text, n);
			AUTO(buf) struct buf out = BUF_MAX(1 << 20);

			redact_text(&out, view_of(cut, n));
			assert_false(out.full);
		}
}

static void assert_tree(const char *json, const char *want)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0};
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);
	struct value *v;

	assert_int_equal(va_json_parse(&a, view_text(json), NULL, &v, &e), 0);
	va_json_print(&out, redact_value(&a, v), false);
	assert_text(buf_str(&out), want);
}

static void objects_lose_their_secrets(void **state)
{
	(void)state;
	assert_tree("{\"env\":[{\"name\":\"AWS_REGION\",\"value\":\"us-east-1\"},{\"name\":\"ANYTHING\",\"value\":\"x\"},"
	            "{\"name\":\"R\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"k\"}}}]}",
	            "{\"env\":[{\"name\":\"AWS_REGION\",\"value\":\"us-east-1\"},{\"name\":\"ANYTHING\",\"value\":\"(redacted)\"},"
	            "{\"name\":\"R\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"k\"}}}]}");
	assert_tree("{\"data\":{\"password\":\"x\",\"n\":1,\"pin\":1234},\"args\":[\"--token\",\"x\",\"y\"]}",
	            "{\"data\":{\"password\":\"(redacted)\",\"n\":1,\"pin\":\"(redacted)\"},\"args\":[\"--token\",\"(redacted)\",\"y\"]}");
	assert_tree("{\"metadata\":{\"managedFields\":[{}],\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":"
	            "\"{}\",\"a\":\"b\"}}}", "{\"metadata\":{\"annotations\":{\"a\":\"b\"}}}");
	assert_tree("[{\"name\":\"seen\",\"value\":\"evidence stays\"},null,true,1.5]",
	            "[{\"name\":\"seen\",\"value\":\"evidence stays\"},null,true,1.5]");
}

static void names_say_it(void **state)
{
	static const char *const yes[] = { "token", "VAULT_TOKEN", "secretKey", "client-secret", "apiKey", "unseal_key", "DB_PASSWORD" };
	static const char *const no[] = { "key", "kms_key_id", "secretName", "token_ttl", "TokenReviewer", "", "keys", "passwordless" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(yes); i++)
		assert_true(redact_name(view_text(yes[i])));
	for (size_t i = 0; i < COUNT_OF(no); i++)
		assert_false(redact_name(view_text(no[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_secret_goes),
		cmocka_unit_test(what_is_harmless_stays),
		cmocka_unit_test(a_text_may_end_anywhere),
		cmocka_unit_test(objects_lose_their_secrets),
		cmocka_unit_test(names_say_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
