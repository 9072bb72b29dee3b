/* Custody: placeholders, what an entry holds in each kind, values and their parts. */
#include "domain/custody.h"

#include "core/text.h"
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
		struct custody_store store = { .kind = custody_kind_of("secretsmanager"), .want = &w.want };
		struct custody_entry entry = { .word = "root-token", .root = true };
		struct custody_have have;

		assert_int_equal(store.kind->found(&g.mem, &store, &w, &entry, parse(&g.mem, cases[i].text), &have, &g.e), 0);
		assert_int_equal(have.state, cases[i].want);
		assert_int_equal(have.ours, cases[i].ours);
	}
}

#define ID "0123456789abcdef0123456789abcdef"

/* What stands where `find` shows it, from what was sent: description or metadata, tags. */
static struct value *as_found(struct arena *a, const struct custody_kind *kind, struct value *params)
{
	struct value *body = value_new_map(a), *one = value_copy(a, params);

	value_set_text(a, one, "ARN", "a");
	value_set_text(a, one, "ETag", "\"e\"");
	value_set_int(a, one, "Version", 1);
	if (!text_same(kind->word, "ssm"))
		return one;
	value_push(a, value_set(a, body, "Parameters", value_new_list(a)), one);
	return body;
}

static struct custody_store store_of(struct given *g, struct world *w, const char *word)
{
	struct aws *aws = ARENA_NEW(&g->mem, struct aws);

	aws->partition = "aws";
	return (struct custody_store){ .kind = custody_kind_of(word), .want = &w->want, .aws = aws, .kms_key = "key",
	                               .bucket = "vault-keys", .account = "111122223333" };
}

/* Of every kind in AWS: what is made is a placeholder of the run, what is stored holds. */
static void a_placeholder_becomes_what_is_held(void **state)
{
	static const char *const words[] = { "secretsmanager", "ssm", "s3" }, *const fields[] = { "SecretString", "Value", "Body" };
	AUTO(given) struct given g;
	struct world w;

	(void)state;
	given_init(&g);
	make_world(&g, &w);
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct custody_store s = store_of(&g, &w, words[i]);
		struct custody_entry entry = { .word = "root-token", .root = true };
		struct custody_have have;
		struct value *made = s.kind->make_params(&g.mem, &s, &entry, ID), *stored;

		assert_text(custody_placeholder_run(&g.mem, view_text(value_text_or(made, fields[i], ""))), ID);
		assert_int_equal(s.kind->found(&g.mem, &s, &w, &entry, as_found(&g.mem, s.kind, made), &have, &g.e), 0);
		assert_int_equal(have.state, CUSTODY_PREPARED);
		assert_true(have.ours);
		stored = s.kind->store_params(&g.mem, &s, &entry, &have, ID, view_text("x"));
		assert_string_equal(value_text_or(stored, fields[i], ""), "x");
		assert_true(!value_get(made, "ClientRequestToken") || !value_same(value_get(made, "ClientRequestToken"),
		                                                                  value_get(stored, "ClientRequestToken")));
		if (!value_get(stored, "Tags") && value_get(made, "Tags"))
			value_set(&g.mem, stored, "Tags", value_copy(&g.mem, value_get(made, "Tags")));
		assert_int_equal(s.kind->found(&g.mem, &s, &w, &entry, as_found(&g.mem, s.kind, stored), &have, &g.e), 0);
		assert_int_equal(have.state, CUSTODY_HOLDS);
		assert_true(have.ours);
	}
}

/* Where the service knows conditions they are used: nothing but the placeholder that was read is written over. */
static void nothing_is_written_over(void **state)
{
	AUTO(given) struct given g;
	struct world w;
	struct custody_have have = { .etag = "\"e1\"" }, none = {0};
	struct custody_entry entry = { .word = "root-token", .root = true };
	struct custody_store s3, ssm;
	const struct value *v;

	(void)state;
	given_init(&g);
	make_world(&g, &w);
	s3 = store_of(&g, &w, "s3");
	ssm = store_of(&g, &w, "ssm");
	assert_text(value_text_or(s3.kind->make_params(&g.mem, &s3, &entry, ID), "IfNoneMatch", NULL), "*");
	v = s3.kind->store_params(&g.mem, &s3, &entry, &have, ID, view_text("x"));
	assert_text(value_text_or(v, "IfMatch", NULL), "\"e1\"");
	assert_null(value_get(v, "IfNoneMatch"));
	assert_text(value_text_or(s3.kind->store_params(&g.mem, &s3, &entry, &none, ID, view_text("x")), "IfNoneMatch", NULL), "*");
	assert_false(value_bool_or(ssm.kind->make_params(&g.mem, &ssm, &entry, ID), "Overwrite", true));
}

static void a_share_has_a_key_of_its_own(void **state)
{
	static const char *const words[] = { "secretsmanager", "ssm", "s3" }, *const fields[] = { "KmsKeyId", "KeyId", "SSEKMSKeyId" };
	AUTO(given) struct given g;
	struct world w;

	(void)state;
	given_init(&g);
	make_world(&g, &w);
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct custody_store s = store_of(&g, &w, words[i]);
		struct custody_entry share = { .word = "recovery-key-2", .share = 2, .kms_key = "key-2" }, root = { .word = "root-token" };

		assert_text(value_text_or(s.kind->make_params(&g.mem, &s, &share, ID), fields[i], NULL), "key-2");
		assert_text(value_text_or(s.kind->make_params(&g.mem, &s, &root, ID), fields[i], NULL), "key");
	}
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

static void keys_and_token_are_apart(void **state)
{
	AUTO(given) struct given g;
	struct world w;
	struct secret out[CUSTODY_VALUES] = {{0}};
	const char *keys;

	(void)state;
	given_init(&g);
	make_world(&g, &w);
	assert_int_equal(custody_values(&w.want, parse(&g.mem, "{\"keys\":[],\"recovery_keys\":[\"aa\",\"bb\"],"
	                                               "\"recovery_keys_base64\":[\"qg==\",\"uw==\"],\"root_token\":\"hvs.t\"}"),
	                                1, false, "2026-11-24T10:00:00Z", out, &g.e), 0);
	assert_string_equal(secret_expose(&out[CUSTODY_ROOT_TOKEN]).p, "hvs.t");
	keys = secret_expose(&out[CUSTODY_RECOVERY_KEYS]).p;
	assert_null(strstr(keys, "hvs.t"));
	assert_string_equal(keys, "{\"cluster\":\"prod\",\"namespace\":\"vault\",\"release\":\"vault\",\"initialized_at\":"
	                    "\"2026-11-24T10:00:00Z\",\"recovery_threshold\":1,\"recovery_keys\":[\"aa\",\"bb\"],"
	                    "\"recovery_keys_base64\":[\"qg==\",\"uw==\"]}");
	for (size_t i = 0; i < CUSTODY_VALUES; i++)
		secret_release(&out[i]);
}

#define ANSWER "{\"recovery_keys\":[\"aa\",\"bb\",\"cc\"],\"recovery_keys_base64\":[\"qg==\",\"uw==\",\"zA==\"],\"root_token\":\"hvs.t\"}"

static void one_entry_has_one_share(void **state)
{
	static const char *const shares[] = { "aa", "bb", "cc" };
	AUTO(given) struct given g;
	AUTO(secret) struct secret part = {0};
	struct secret values[CUSTODY_VALUES] = {{0}};
	struct custody_entry beyond = { .word = "recovery-key-4", .share = 4 };
	struct custody_entry *entries;
	struct world w;
	size_t n;

	(void)state;
	given_init(&g);
	make_world(&g, &w);
	assert_int_equal(custody_values(&w.want, parse(&g.mem, ANSWER), 2, false, "now", values, &g.e), 0);
	entries = custody_entries(&g.mem, 3, true, &n);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < 3; i++) {
		const struct value *tree;

		assert_int_equal(custody_part(&entries[i], values, &part, &g.e), 0);
		tree = parse(&g.mem, secret_expose(&part).p);
		assert_int_equal(value_count(tree, "recovery_keys"), 1);
		assert_int_equal(value_count(tree, "recovery_keys_base64"), 1);
		assert_text(value_text_or(tree, "recovery_keys.0", NULL), shares[i]);
		assert_int_equal(value_int_or(tree, "recovery_key", 0), i + 1);
		assert_int_equal(value_int_or(tree, "recovery_threshold", 0), 2);
	}
	assert_int_equal(custody_part(&entries[3], values, &part, &g.e), 0);
	assert_string_equal(secret_expose(&part).p, "hvs.t");
	assert_int_equal(custody_part(&beyond, values, &part, &g.e), -1);
	assert_text(custody_share(&g.mem, secret_expose(&values[CUSTODY_RECOVERY_KEYS]), 2), "uw==");
	assert_null(custody_share(&g.mem, secret_expose(&values[CUSTODY_RECOVERY_KEYS]), 4));
	for (size_t i = 0; i < CUSTODY_VALUES; i++)
		secret_release(&values[i]);
}

/* What sizes are reckoned to be is what they get to be. */
static void sizes_are_known_before(void **state)
{
	AUTO(given) struct given g;
	struct custody_entry *entries;
	size_t n, whole, one, many;
	struct world w;

	(void)state;
	given_init(&g);
	make_world(&g, &w);
	entries = custody_entries(&g.mem, 5, false, &n);
	assert_int_equal(custody_largest(&w.want, entries, n, 5, 33, false, &whole, &g.e), 0);
	assert_in_range(whole, 5 * (66 + 44), 1000);
	entries = custody_entries(&g.mem, 255, false, &n);
	assert_int_equal(custody_largest(&w.want, entries, n, 255, 33, false, &many, &g.e), 0);
	assert_in_range(many, 255 * (66 + 44), 65536);
	entries = custody_entries(&g.mem, 5, true, &n);
	assert_int_equal(custody_largest(&w.want, entries, n, 5, 33, false, &one, &g.e), 0);
	assert_in_range(one, 66 + 44, 400);
}

static void a_policy_leaves_reading_to_one(void **state)
{
	static const char *const cases[][2] = {
		{ "arn:aws:iam::111122223333:user/ops", "arn:aws:iam::111122223333:user/ops" },
		{ "arn:aws-cn:sts::111122223333:assumed-role/deploy/me", "arn:aws-cn:iam::111122223333:role/deploy" },
		{ "arn:aws:sts::111122223333:federated-user/x", "arn:aws:sts::111122223333:federated-user/x" },
	};
	static const char *const words[] = { "secretsmanager", "ssm", "s3" };
	AUTO(given) struct given g;
	struct custody_entry entry = { .word = "recovery-key-1", .share = 1 };
	struct world w;

	(void)state;
	given_init(&g);
	make_world(&g, &w);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(custody_principal(&g.mem, cases[i][0]), cases[i][1]);
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct custody_store s = store_of(&g, &w, words[i]);
		const struct value *v = value_at(s.kind->policy(&g.mem, &s, &entry, cases[0][0]), "Statement.0");

		assert_text(value_text_or(value_get(value_at(v, "Condition.ArnNotEquals"), "aws:PrincipalArn"), "", NULL), cases[0][0]);
		assert_string_equal(value_text_or(v, "Effect", ""), "Deny");
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
		struct secret out[CUSTODY_VALUES] = {{0}};

		assert_int_equal(custody_values(&w.want, parse(&g.mem, texts[i]), 1, false, "now", out, &g.e), -1);
		assert_false(secret_held(&out[CUSTODY_RECOVERY_KEYS]) || secret_held(&out[CUSTODY_ROOT_TOKEN]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_says_what_it_holds),
		cmocka_unit_test(a_placeholder_becomes_what_is_held),
		cmocka_unit_test(nothing_is_written_over),
		cmocka_unit_test(a_share_has_a_key_of_its_own),
		cmocka_unit_test(nothing_else_is_a_placeholder),
		cmocka_unit_test(keys_and_token_are_apart),
		cmocka_unit_test(one_entry_has_one_share),
		cmocka_unit_test(sizes_are_known_before),
		cmocka_unit_test(a_policy_leaves_reading_to_one),
		cmocka_unit_test(half_an_answer_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
