/* Custody: names, placeholders, what an entry holds, and the values of both. */
#include "domain/custody.h"

#include "formats/json.h"
#include "unit/domain/fixture.h"
#include "unit/unit.h"

static struct value *parse(struct arena *a, const char *text)
{
	AUTO(err) struct err e = {0};
	struct value *v = NULL;

	if (va_json_parse(a, view_text(text), NULL, &v, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return v;
}

static void make_world(struct given *g, struct world *w)
{
	*w = (struct world){ .mem = &g->mem, .host = &g->host, .inputs = &g->in };
	assert_int_equal(GIVE_ALL(g, NULL), 0);
	assert_int_equal(want_fill(&g->mem, &g->in, &w->want, &g->e), 0);
}

#define OURS "\"Tags\":[{\"Key\":\"helm-vault-aws/cluster\",\"Value\":\"prod\"},{\"Key\":\"helm-vault-aws/namespace\"," \
	"\"Value\":\"vault\"},{\"Key\":\"helm-vault-aws/release\",\"Value\":\"vault\"}]"

static void an_entry_says_what_it_holds(void **state)
{
	static const struct {
		const char *text;
		enum custody_state want;
		bool ours;
	} cases[] = {
		{ "{\"ARN\":\"a\",\"Description\":\"mine\"}", CUSTODY_HOLDS, false },
		{ "{\"ARN\":\"a\"," OURS "}", CUSTODY_HOLDS, true },
		{ "{\"ARN\":\"a\",\"Description\":\"about to be written by helm vault-aws init: holds nothing yet\"," OURS "}",
		  CUSTODY_PREPARED, true },
		{ "{\"ARN\":\"a\",\"DeletedDate\":1795498584.5," OURS "}", CUSTODY_DELETED, true },
	};
	AUTO(given) struct given g;
	struct world w;

	(void)state;
	given_init(&g);
	make_world(&g, &w);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct custody_have have;

		assert_int_equal(custody_read(&g.mem, &w, parse(&g.mem, cases[i].text), &have, &g.e), 0);
		assert_int_equal(have.state, cases[i].want);
		assert_int_equal(have.ours, cases[i].ours);
	}
}

static void what_is_made_is_a_placeholder_of_the_run(void **state)
{
	AUTO(given) struct given g;
	struct world w;
	struct custody_have have;
	struct value *params;
	const char *text;

	(void)state;
	given_init(&g);
	make_world(&g, &w);
	params = custody_create_params(&g.mem, &w.want, CUSTODY_ROOT_TOKEN, "key", "0123456789abcdef0123456789abcdef");
	assert_string_equal(value_text_or(params, "Name", ""), "helm-vault-aws/prod/vault/vault/root-token");
	assert_string_equal(value_text_or(params, "KmsKeyId", ""), "key");
	text = value_text_or(params, "SecretString", "");
	assert_text(custody_placeholder_run(&g.mem, view_text(text)), "0123456789abcdef0123456789abcdef");
	value_set_text(&g.mem, params, "ARN", "a");
	assert_int_equal(custody_read(&g.mem, &w, params, &have, &g.e), 0);
	assert_int_equal(have.state, CUSTODY_PREPARED);
	assert_true(have.ours);
}

static void nothing_else_is_a_placeholder(void **state)
{
	static const char *const texts[] = { "", "hvs.x", "{}", "[]", "\"helm-vault-aws-init\"", "{\"helm-vault-aws-init\":1}" };
	AUTO(given) struct given g;

	(void)state;
	given_init(&g);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (custody_placeholder_run(&g.mem, view_text(texts[i])))
			fail_msg("taken for a placeholder: %s", texts[i]);
}

static void what_is_stored_holds_and_has_another_token(void **state)
{
	AUTO(given) struct given g;
	struct world w;
	struct value *made, *stored;
	struct custody_have have;

	(void)state;
	given_init(&g);
	make_world(&g, &w);
	made = custody_create_params(&g.mem, &w.want, CUSTODY_RECOVERY_KEYS, "key", "0123456789abcdef0123456789abcdef");
	stored = custody_store_params(&g.mem, &w.want, CUSTODY_RECOVERY_KEYS, "0123456789abcdef0123456789abcdef", view_text("x"));
	assert_string_equal(value_text_or(stored, "SecretId", ""), value_text_or(made, "Name", "-"));
	assert_string_not_equal(value_text_or(stored, "ClientRequestToken", ""), value_text_or(made, "ClientRequestToken", ""));
	assert_in_range(strlen(value_text_or(stored, "ClientRequestToken", "")), 32, 64);
	value_set_text(&g.mem, stored, "ARN", "a");
	assert_int_equal(custody_read(&g.mem, &w, stored, &have, &g.e), 0);
	assert_int_equal(have.state, CUSTODY_HOLDS);
}

static void keys_and_token_are_apart(void **state)
{
	AUTO(given) struct given g;
	struct world w;
	struct secret out[CUSTODY_ENTRIES] = {{0}};
	const char *keys;

	(void)state;
	given_init(&g);
	make_world(&g, &w);
	assert_int_equal(custody_values(&w.want, parse(&g.mem, "{\"keys\":[],\"recovery_keys\":[\"aa\",\"bb\"],"
	                                               "\"recovery_keys_base64\":[\"qg==\",\"uw==\"],\"root_token\":\"hvs.t\"}"),
	                                1, "2026-11-24T10:00:00Z", out, &g.e), 0);
	assert_string_equal(secret_expose(&out[CUSTODY_ROOT_TOKEN]).p, "hvs.t");
	keys = secret_expose(&out[CUSTODY_RECOVERY_KEYS]).p;
	assert_null(strstr(keys, "hvs.t"));
	assert_string_equal(keys, "{\"cluster\":\"prod\",\"namespace\":\"vault\",\"release\":\"vault\",\"initialized_at\":"
	                    "\"2026-11-24T10:00:00Z\",\"recovery_threshold\":1,\"recovery_keys\":[\"aa\",\"bb\"],"
	                    "\"recovery_keys_base64\":[\"qg==\",\"uw==\"]}");
	for (size_t i = 0; i < CUSTODY_ENTRIES; i++)
		secret_release(&out[i]);
}

static void a_policy_leaves_reading_to_the_caller(void **state)
{
	static const char *const cases[][2] = {
		{ "arn:aws:iam::111122223333:user/ops", "arn:aws:iam::111122223333:user/ops" },
		{ "arn:aws-cn:sts::111122223333:assumed-role/deploy/me", "arn:aws-cn:iam::111122223333:role/deploy" },
		{ "arn:aws:sts::111122223333:federated-user/x", "arn:aws:sts::111122223333:federated-user/x" },
	};
	AUTO(given) struct given g;

	(void)state;
	given_init(&g);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct value *v = value_at(custody_policy(&g.mem, cases[i][0]), "Statement.0.Condition.ArnNotEquals");

		assert_text(value_text_or(value_get(v, "aws:PrincipalArn"), "", NULL), cases[i][1]);
	}
}

static void half_an_answer_is_none(void **state)
{
	static const char *const texts[] = {
		"{}", "{\"recovery_keys\":[\"aa\"],\"root_token\":\"t\"}", "{\"recovery_keys\":[\"aa\"],\"recovery_keys_base64\":[]}",
		"{\"recovery_keys\":\"aa\",\"recovery_keys_base64\":[],\"root_token\":\"t\"}",
	};
	AUTO(given) struct given g;
	struct world w;

	(void)state;
	given_init(&g);
	make_world(&g, &w);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct secret out[CUSTODY_ENTRIES] = {{0}};

		assert_int_equal(custody_values(&w.want, parse(&g.mem, texts[i]), 1, "now", out, &g.e), -1);
		assert_false(secret_held(&out[CUSTODY_RECOVERY_KEYS]) || secret_held(&out[CUSTODY_ROOT_TOKEN]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_says_what_it_holds),
		cmocka_unit_test(what_is_made_is_a_placeholder_of_the_run),
		cmocka_unit_test(nothing_else_is_a_placeholder),
		cmocka_unit_test(what_is_stored_holds_and_has_another_token),
		cmocka_unit_test(keys_and_token_are_apart),
		cmocka_unit_test(a_policy_leaves_reading_to_the_caller),
		cmocka_unit_test(half_an_answer_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
