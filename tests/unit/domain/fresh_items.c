/* What a fresh init leaves: all of it and any part of it, and not one thing more. */
#include "domain/fresh_items.h"

#include "unit/unit.h"

struct add {
	struct arena mem;
	struct fresh_items items;
};

/* bytes: of its value, which is all zeros. */
static void add(struct add *x, const char *path, const char *key, size_t bytes)
{
	struct value *item = value_new_map(&x->mem);
	size_t digits = (bytes + 2) / 3 * 4, padding = (3 - bytes % 3) % 3;
	char *text = arena_alloc(&x->mem, digits + 1);

	memset(text, 'A', digits);
	memset(text + digits - padding, '=', padding);
	text[digits] = 0;
	value_put(&x->mem, item, "Path.S", value_new_text(&x->mem, path));
	value_put(&x->mem, item, "Key.S", value_new_text(&x->mem, key));
	value_put(&x->mem, item, "Value.B", value_new_text(&x->mem, text));
	fresh_items_add(&x->items, &x->mem, item);
}

#define UUID "958cb81d-02d5-dea2-55b6-6fb51d7089b1"

/* As a Scan of a table showed them after sys/init of Vault 1.21.1, with the sizes of their values. */
static void add_all(struct add *x)
{
	static const struct {
		const char *path, *key;
		size_t bytes;
	} seen[] = {
		{ " ", "core/", 0 }, { " ", "logical/", 0 }, { " ", "sys/", 0 }, { "core", "_lock", 36 }, { "core", "audit", 90 },
		{ "core", "auth", 284 }, { "core", "cluster/", 0 }, { "core", "hsm/", 0 }, { "core", "index-header-hmac-key", 69 },
		{ "core", "keyring", 319 }, { "core", "leader/", 0 }, { "core", "local-audit", 90 }, { "core", "local-auth", 89 },
		{ "core", "local-mounts", 336 }, { "core", "master", 147 }, { "core", "mounts", 481 },
		{ "core", "recovery-config", 126 }, { "core", "recovery-key", 246 }, { "core", "seal-config", 126 },
		{ "core", "versions/", 0 }, { "core", "wrapping/", 0 }, { "core/cluster", "feature-flags", 69 },
		{ "core/cluster", "local/", 0 }, { "core/cluster/local", "info", 110 }, { "core/cluster/local", "name", 41 },
		{ "core/hsm", "barrier-unseal-keys", 260 }, { "core/leader", "a8772aff-9252-cd1f-74ac-2ac8c128c364", 1509 },
		{ "core/versions", "1.21.1", 142 }, { "core/wrapping", "jwtkey", 535 }, { "logical", UUID "/", 0 },
		{ "logical/" UUID, "oidc_provider/", 0 }, { "logical/" UUID, "oidc_tokens/", 0 },
		{ "logical/" UUID "/oidc_provider", "assignment/", 0 }, { "logical/" UUID "/oidc_provider", "provider/", 0 },
		{ "logical/" UUID "/oidc_provider/assignment", "allow_all", 72 },
		{ "logical/" UUID "/oidc_provider/provider", "default", 96 },
		{ "logical/" UUID "/oidc_tokens", "named_keys/", 0 }, { "logical/" UUID "/oidc_tokens/named_keys", "default", 265 },
		{ "sys", "counters/", 0 }, { "sys", "policy/", 0 }, { "sys", "token/", 0 }, { "sys/counters", "activity/", 0 },
		{ "sys/counters/activity", "acme-regeneration", 38 }, { "sys/policy", "control-group", 249 },
		{ "sys/policy", "default", 2732 }, { "sys/policy", "response-wrapping", 232 }, { "sys/token", "accessor/", 0 },
		{ "sys/token", "id/", 0 }, { "sys/token", "salt", 69 },
		{ "sys/token/accessor", "831bd0000e22b153926b4e414afe30304bb3e1cf", 140 },
		{ "sys/token/id", "hd2e6a3258b2991dc83eb2464449142909508f566739e7664b7e2df919db3db21", 530 },
	};

	for (size_t i = 0; i < COUNT_OF(seen); i++)
		add(x, seen[i].path, seen[i].key, seen[i].bytes);
}

static void a_whole_one_is_fresh(void **state)
{
	struct add x = {0};

	(void)state;
	add_all(&x);
	assert_true(fresh_items_only(&x.items));
	assert_false(x.items.flag);
	assert_int_equal(x.items.n, 51);
	add(&x, "core/leader", "11111111-9252-cd1f-74ac-2ac8c128c364", 1509);    /* of one that was killed */
	assert_true(fresh_items_only(&x.items));
	arena_release(&x.mem);
}

static void a_ruined_one_is_fresh_and_has_its_flag(void **state)
{
	static const char *const left[] = { "keyring", "master", "seal-config", "seal-initialization-flag" };
	struct add x = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(left); i++)
		add(&x, "core", left[i], 126);
	assert_true(fresh_items_only(&x.items));
	assert_true(x.items.flag);
	arena_release(&x.mem);
}

static void nothing_is_not_fresh(void **state)
{
	struct fresh_items f = {0};

	(void)state;
	assert_false(fresh_items_only(&f));
}

/* Each of these somebody's use of a Vault adds, as seen. */
static void one_thing_more_is_foreign(void **state)
{
	static const struct {
		const char *path, *key;
		size_t bytes;
		const char *name;
	} more[] = {
		{ "sys/token/id", "hcc888fa81fafb08d79df864dcc76e8773fa64bfff2e1c6264ebc57f948dda296", 573,
		  "sys/token/id/hcc888fa81fafb08d79df864dcc76e8773fa64bfff2e1c6264ebc57f948dda296" },
		{ "sys", "expire/", 0, "sys/expire/" },
		{ "sys/policy", "x", 121, "sys/policy/x" },
		{ "logical", "4e27845a-1615-c451-245d-53369340b517/", 0, "logical/4e27845a-1615-c451-245d-53369340b517/" },
		{ "logical/" UUID "/oidc_provider/assignment", "mine", 72, "logical/" UUID "/oidc_provider/assignment/mine" },
		{ "core/versions", "1.20.0", 142, "core/versions/1.20.0" },
		{ "core", "recovery-keys-backup", 300, "core/recovery-keys-backup" },
		{ "core", "keyring", 319, "core/keyring" },
		{ "somebody", "else", 1, "somebody/else" },
		{ " ", "core", 1, "core" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(more); i++) {
		struct add x = {0};

		add_all(&x);
		add(&x, more[i].path, more[i].key, more[i].bytes);
		assert_false(fresh_items_only(&x.items));
		assert_int_equal(x.items.n_foreign, 1);
		assert_string_equal(x.items.foreign[0], more[i].name);
		arena_release(&x.mem);
	}
}

/* A mount without data adds no item: the list of mounts grows. */
static void a_mount_more_shows_by_its_size(void **state)
{
	static const struct {
		const char *key;
		size_t fresh, used;
	} lists[] = { { "mounts", 481, 575 }, { "auth", 284, 375 }, { "audit", 90, 190 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		struct add fresh = {0}, used = {0};

		add(&fresh, "core", lists[i].key, lists[i].fresh);
		add(&used, "core", lists[i].key, lists[i].used);
		assert_true(fresh_items_only(&fresh.items));
		assert_false(fresh_items_only(&used.items));
		arena_release(&fresh.mem);
		arena_release(&used.mem);
	}
}

static void too_many_are_not_looked_at(void **state)
{
	struct add x = {0};

	(void)state;
	for (size_t i = 0; i <= FRESH_ITEMS_MAX; i++)
		add(&x, "core/leader", arena_printf(&x.mem, "%zu", i), 1);
	assert_int_equal(x.items.n, FRESH_ITEMS_MAX);
	assert_true(x.items.more);
	assert_false(fresh_items_only(&x.items));
	arena_release(&x.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_one_is_fresh),
		cmocka_unit_test(a_ruined_one_is_fresh_and_has_its_flag),
		cmocka_unit_test(nothing_is_not_fresh),
		cmocka_unit_test(one_thing_more_is_foreign),
		cmocka_unit_test(a_mount_more_shows_by_its_size),
		cmocka_unit_test(too_many_are_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
