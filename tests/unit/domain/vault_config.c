/* Vault's own configuration: what we write, what is found in others', and where the two part. */
#include "domain/vault_config.h"

#include "core/text.h"
#include "unit/unit.h"

#define KEY "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"

static struct vault_facts read_facts(struct arena *a, const char *text)
{
	struct vault_facts facts;
	AUTO(err) struct err e = { 0 };

	if (vault_config_read(a, text, &facts, &e) < 0)
		fail_msg("%s", e.text);
	return facts;
}

static void what_is_written_is_read_again(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct want want = { .region = "eu-central-1", .names.table = "prod-vault" };
	const char *text = vault_config_print(&a, &want, KEY);
	struct vault_facts f = read_facts(&a, text);

	(void)state;
	assert_string_equal(text,
	                    "ui = false\n"
	                    "\n"
	                    "listener \"tcp\" {\n"
	                    "  address = \"[::]:8200\"\n"
	                    "  cluster_address = \"[::]:8201\"\n"
	                    "  tls_disable = \"true\"\n"
	                    "}\n"
	                    "\n"
	                    "storage \"dynamodb\" {\n"
	                    "  ha_enabled = \"true\"\n"
	                    "  region = \"eu-central-1\"\n"
	                    "  table = \"prod-vault\"\n"
	                    "}\n"
	                    "\n"
	                    "seal \"awskms\" {\n"
	                    "  region = \"eu-central-1\"\n"
	                    "  kms_key_id = \"" KEY "\"\n"
	                    "}\n"
	                    "\n"
	                    "service_registration \"kubernetes\" {}\n");
	assert_text(f.storage, "dynamodb");
	assert_text(f.table, "prod-vault");
	assert_text(f.storage_region, "eu-central-1");
	assert_text(f.ha_enabled, "true");
	assert_text(f.seal, "awskms");
	assert_text(f.seal_region, "eu-central-1");
	assert_text(f.key_id, KEY);
	assert_text(f.address, "[::]:8200");
	assert_text(f.tls_disable, "true");
}

static void a_listener_with_tls_names_its_files(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct want want = { .region = "eu-central-1", .names.table = "prod-vault", .tls = TLS_OWN };
	const char *text = vault_config_print(&a, &want, KEY);

	(void)state;
	assert_text(read_facts(&a, text).tls_disable, "false");
	assert_non_null(strstr(text, "  tls_cert_file = \"/vault/tls/tls.crt\"\n  tls_key_file = \"/vault/tls/tls.key\"\n"));
}

/* As people write it: comments of three kinds, braces in texts and in nested blocks, numbers and words for truth. */
static void a_configuration_by_hand_is_read(void **state)
{
	static const char text[] =
		"# storage \"file\" { path = \"/tmp\" }\n"
		"/* seal \"transit\" { key_name = \"x\" } */\n"
		"// listener \"tcp\" { address = \"no\" }\n"
		"disable_mlock = true\n"
		"telemetry {\n"
		"  prefix = \"a { b\"\n"
		"  seal = \"nested\"\n"
		"}\n"
		"listener \"tcp\" {\n"
		"  address = \"0.0.0.0:8200\" # not {\n"
		"  tls_disable = 1\n"
		"  telemetry {\n"
		"    unauthenticated_metrics_access = true\n"
		"  }\n"
		"}\n"
		"listener \"tcp\" { address = \"second\" }\n"
		"storage \"dynamodb\" {\n"
		"  table      = \"it's \\\"quoted\\\"\"\n"
		"  region     = \"eu-west-1\"\n"
		"  ha_enabled = true\n"
		"}\n"
		"seal \"awskms\"{ region=\"eu-west-1\"\n kms_key_id=\"abc\" }\n";
	AUTO(arena) struct arena a = ARENA_INIT;
	struct vault_facts f = read_facts(&a, text);

	(void)state;
	assert_text(f.address, "0.0.0.0:8200");
	assert_text(f.tls_disable, "true");
	assert_text(f.storage, "dynamodb");
	assert_text(f.table, "it's \"quoted\"");
	assert_text(f.storage_region, "eu-west-1");
	assert_text(f.ha_enabled, "true");
	assert_text(f.seal, "awskms");
	assert_text(f.key_id, "abc");
}

static void json_is_read_too(void **state)
{
	static const char text[] =
		"{\"listener\": [{\"tcp\": {\"address\": \"[::]:8200\", \"tls_disable\": 0}}],"
		" \"storage\": {\"dynamodb\": {\"table\": \"t\", \"region\": \"r\", \"ha_enabled\": \"1\"}},"
		" \"seal\": {\"awskms\": {\"kms_key_id\": \"k\"}}}";
	AUTO(arena) struct arena a = ARENA_INIT;
	struct vault_facts f = read_facts(&a, text);

	(void)state;
	assert_text(f.address, "[::]:8200");
	assert_text(f.tls_disable, "false");
	assert_text(f.storage, "dynamodb");
	assert_text(f.table, "t");
	assert_text(f.ha_enabled, "true");
	assert_text(f.key_id, "k");
	assert_null(f.seal_region);
}

static void what_is_not_said_is_not_there(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct vault_facts f = read_facts(&a, "ui = true\n");

	(void)state;
	assert_null(f.storage);
	assert_null(f.seal);
	assert_null(f.address);
}

static void what_is_neither_is_refused(void **state)
{
	static const char *const bad[] = { "{\"storage\":", "storage \"dynamodb\" { table = = }", "seal \"awskms\" { a = \"" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct vault_facts f;

		if (vault_config_read(&a, bad[i], &f, &e) == 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(e.kind, ERR_CONFIG);
	}
}

static void every_difference_is_shown_with_both_sides(void **state)
{
	struct vault_facts want = { "dynamodb", "a", "r", "true", "awskms", "r", "k", NULL, "[::]:8200", "true" };
	struct vault_facts have = { "dynamodb", "b", "r", NULL, "transit", "r2", "k", NULL, "[::]:8200", "true" };
	AUTO(err) struct err same = { 0 }, e = { 0 };

	(void)state;
	vault_facts_compare(&want, &want, &same);
	assert_int_equal(err_count(&same), 0);
	vault_facts_compare(&want, &have, &e);
	assert_int_equal(err_count(&e), 4);
	assert_string_equal(e.text, "storage table: 'a' is wanted, 'b' is there");
	assert_string_equal(e.more->text, "storage ha_enabled: 'true' is wanted, '' is there");
	assert_string_equal(e.more->more->text, "seal: 'awskms' is wanted, 'transit' is there");
	assert_string_equal(e.more->more->more->text, "seal region: 'r' is wanted, 'r2' is there");
}

static const char sealed[] =
    "# seal \"transit\" {}\nstorage \"dynamodb\" {\n  table = \"t\"\n}\nseal \"awskms\" {\n  kms_key_id = \"k\"\n"
    "  endpoint   = \"https://kms\" # ours\n}\nseal \"transit\" {\n  name = \"}\"\n}\nui = true\n";

static const char *reseal(struct arena *a, const char *text, struct value *settings)
{
	AUTO(err) struct err e = { 0 };
	char *out;

	if (vault_config_set_seal(a, text, settings, &out, &e) < 0)
		fail_msg("%s", e.text);
	return out;
}

static void a_seal_is_changed_and_nothing_else(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct value *settings = value_new_map(&a);
	const char *text;
	struct vault_facts f;

	(void)state;
	value_set_text(&a, settings, "kms_key_id", "new");
	value_set_text(&a, settings, "disabled", "true");
	text = reseal(&a, sealed, settings);
	assert_string_equal(text, "# seal \"transit\" {}\nstorage \"dynamodb\" {\n  table = \"t\"\n}\nseal \"awskms\" {\n"
	                    "  kms_key_id = \"new\"\n  endpoint = \"https://kms\"\n  disabled = \"true\"\n}\n\nui = true\n");
	f = read_facts(&a, text);
	assert_string_equal(f.seal_disabled, "true");
	value_set(&a, settings, "disabled", value_new_null(&a));
	assert_null(read_facts(&a, reseal(&a, text, settings)).seal_disabled);
	text = reseal(&a, text, NULL);
	assert_null(read_facts(&a, text).seal);
	assert_string_equal(read_facts(&a, text).table, "t");
	text = reseal(&a, text, settings);
	assert_string_equal(read_facts(&a, text).key_id, "new");
}

static void a_seal_that_cannot_be_changed_is_refused(void **state)
{
	static const char *const bad[] = { "{\"seal\": {\"awskms\": {}}}", "seal \"awskms\" { a = [1] }", "seal \"awskms\" { a = = }" };
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		AUTO(err) struct err e = { 0 };
		char *out;

		assert_int_equal(vault_config_set_seal(&a, bad[i], value_new_map(&a), &out, &e), -1);
		assert_int_equal(e.kind, ERR_CONFIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(a_listener_with_tls_names_its_files),
		cmocka_unit_test(a_configuration_by_hand_is_read),
		cmocka_unit_test(json_is_read_too),
		cmocka_unit_test(what_is_not_said_is_not_there),
		cmocka_unit_test(what_is_neither_is_refused),
		cmocka_unit_test(every_difference_is_shown_with_both_sides),
		cmocka_unit_test(a_seal_is_changed_and_nothing_else),
		cmocka_unit_test(a_seal_that_cannot_be_changed_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
