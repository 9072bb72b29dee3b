/*
 * People in configure over a Vault held in the hand: their secrets are written when they are new and no other time,
 * whichever call fails, and lie nowhere else.
 */
#include "unit/domain/configure_scene.h"

static const char PEOPLE[] =
    "userpass: {up: {max_lease_ttl: 12h, listing_visibility: unauth, users: {\n"
    "  alice: {password: {env: ALICE}, token_policies: [p], token_ttl: 1h}}}}\n"
    "oidc: {oidc: {oidc_discovery_url: 'https://i', oidc_client_id: c, oidc_client_secret: {file: /secret}, roles: {\n"
    "  people: {user_claim: email, allowed_redirect_uris: ['http://localhost:8250/oidc/callback']}}}}\n"
    "entities: {alice: {aliases: {up: alice, oidc: 'alice@x'}}, bob: {}}\n"
    "groups: {inner: {policies: [p], members: [bob, alice]},\n"
    "  outer: {type: external, policies: [p], alias: {mount: oidc, name: /admins}}}\n"
    "policies: {p: 'path \"secret/data/1\" { capabilities = [\"read\"] }'}\n";

static const char NOBODY[] = "policies: {p: 'path \"secret/data/1\" { capabilities = [\"read\"] }'}\n";

static void open_with_secrets(struct scene *s)
{
	scene_open(s);
	fake_host_env(&s->machine, "ALICE", "pass-5ec2e7");
	fake_host_file(&s->machine, "/secret", "client-5ec2e7\n");
}

static const char *member(const struct scene *s, size_t i)
{
	const struct value *ids = value_get(value_get(s->vault.held, "identity/group/name/inner"), "member_entity_ids");

	return i < value_count(ids, NULL) ? ids->items[i]->text : NULL;
}

static void people_are_made_and_then_only_read(void **state)
{
	struct scene s;
	unsigned writes;

	(void)state;
	open_with_secrets(&s);
	must_run(&s, PEOPLE, false);
	assert_text(s.vault.password, "pass-5ec2e7");
	assert_text(s.vault.client_secret, "client-5ec2e7");
	assert_text(member(&s, 0), "id-bob");
	assert_text(member(&s, 1), "id-alice");
	assert_text(value_text_or(value_get(s.vault.held, "alias.oidc.alice@x"), "of", NULL), "alice");
	assert_text(value_text_or(value_get(s.vault.held, "identity/group/name/outer"), "alias.name", NULL), "/admins");
	writes = s.vault.writes;
	must_run(&s, PEOPLE, false);
	assert_int_equal(s.changes, 0);
	assert_int_equal(s.vault.writes, writes);
	scene_close(&s);
}

static void a_secret_is_written_when_it_is_new(void **state)
{
	struct scene s;

	(void)state;
	open_with_secrets(&s);
	must_run(&s, PEOPLE, false);
	assert_int_equal(s.vault.secrets, 2);
	fake_host_env(&s.machine, "ALICE", "other-5ec2e7");
	must_run(&s, PEOPLE, false);
	assert_int_equal(s.changes, 1);
	assert_int_equal(s.vault.secrets, 3);
	assert_text(s.vault.password, "other-5ec2e7");
	/* another attribute is written without the password, which its owner may have changed */
	value_set_int(&s.vault.mem, (struct value *)value_get(s.vault.held, "auth/up/users/alice"), "token_ttl", 1);
	must_run(&s, PEOPLE, false);
	assert_int_equal(s.changes, 1);
	assert_int_equal(s.vault.secrets, 3);
	/* a client secret always goes along, since a write of that configuration replaces all of it */
	value_set_text(&s.vault.mem, (struct value *)value_get(s.vault.held, "auth/oidc/config"), "oidc_client_id", "x");
	must_run(&s, PEOPLE, false);
	assert_int_equal(s.vault.secrets, 4);
	scene_close(&s);
}

static void a_user_that_was_made_anew_gets_the_password(void **state)
{
	struct scene s;

	(void)state;
	open_with_secrets(&s);
	must_run(&s, PEOPLE, false);
	value_unset(s.vault.held, "auth/up/users/alice");
	must_run(&s, PEOPLE, false);
	assert_int_equal(s.vault.secrets, 3);
	scene_close(&s);
}

/* The new value was written, and the run died before it wrote that down; then the file goes back to the old one. */
static void a_value_that_came_back_is_written_again(void **state)
{
	AUTO(err) struct err e = { 0 };
	struct scene s;

	(void)state;
	open_with_secrets(&s);
	must_run(&s, PEOPLE, false);
	fake_host_env(&s.machine, "ALICE", "other-5ec2e7");
	for (unsigned call = 1; !text_same(s.vault.password, "other-5ec2e7"); call++) {
		fake_transport_fault(&s.net, (unsigned)s.net.n_calls + call, FAULT_KILLED, REACH_ONCE);
		assert_int_equal(run(&s, PEOPLE, false, &e), -1);
		err_release(&e);
		fake_transport_heal(&s.net);
		s.machine.wall_ms += 2 * CONFIGURE_LOCK_MS;
	}
	fake_host_env(&s.machine, "ALICE", "pass-5ec2e7");
	must_run(&s, PEOPLE, false);
	assert_text(s.vault.password, "pass-5ec2e7");
	scene_close(&s);
}

static void secrets_lie_nowhere_but_where_they_belong(void **state)
{
	AUTO(buf) struct buf all = BUF_MAX(1 << 20);
	struct scene s;

	(void)state;
	open_with_secrets(&s);
	must_run(&s, PEOPLE, false);
	va_json_print(&all, s.vault.held, false);
	assert_null(strstr(buf_str(&all), "5ec2e7"));
	assert_non_null(value_at(value_get(s.vault.held, MANIFEST), "data.salt"));
	assert_int_equal(value_count(value_get(s.vault.held, MANIFEST), "data.secrets"), 2);
	scene_close(&s);
}

static void equal_passwords_have_different_digests(void **state)
{
	static const char two[] = "userpass: {up: {users: {a: {password: {env: ALICE}}, b: {password: {env: ALICE}}}}}\n";
	const struct value *digests;
	struct scene s;

	(void)state;
	open_with_secrets(&s);
	must_run(&s, two, false);
	digests = value_at(value_get(s.vault.held, MANIFEST), "data.secrets");
	assert_int_equal(value_count(digests, NULL), 2);
	assert_string_not_equal(digests->items[0]->text, digests->items[1]->text);
	assert_int_equal(strlen(digests->items[0]->text), SHA256_HEX - 1);
	scene_close(&s);
}

static void prune_takes_people_before_their_auth_method(void **state)
{
	static const char *const gone[] = { "auth/up/users/alice", "sys/auth/up", "sys/auth/oidc", "alias.up.alice",
	                                    "identity/entity/name/bob", "identity/group/name/outer" };
	struct scene s;

	(void)state;
	open_with_secrets(&s);
	must_run(&s, PEOPLE, false);
	must_run(&s, NOBODY, false);
	assert_non_null(value_get(s.vault.held, "auth/up/users/alice"));
	must_run(&s, NOBODY, true);
	for (size_t i = 0; i < COUNT_OF(gone); i++)
		assert_null(value_get(s.vault.held, gone[i]));
	assert_false(made(&s, "user/up/alice") || made(&s, "alias/oidc:alice@x") || made(&s, "group/inner"));
	assert_true(made(&s, "policy/p"));
	scene_close(&s);
}

static void a_group_of_another_type_is_a_conflict(void **state)
{
	AUTO(err) struct err e = { 0 };
	struct scene s;
	struct value *group;

	(void)state;
	open_with_secrets(&s);
	group = value_set(&s.vault.mem, s.vault.held, "identity/group/name/outer", value_new_map(&s.vault.mem));
	value_set_text(&s.vault.mem, group, "type", "internal");
	assert_int_equal(run(&s, PEOPLE, false, &e), -1);
	assert_text(e.text, "the group 'outer' is of type 'internal' in Vault, and 'external' in the file");
	assert_int_equal(err_exit_code(&e), 4);
	assert_int_equal(s.vault.writes, 0);
	scene_close(&s);
}

/* ---- every call, every way to fail ---- */

static void any_call_may_fail(unsigned at, enum fault fault, enum reach reach)
{
	AUTO(err) struct err e = { 0 };
	struct scene s;
	unsigned writes;

	open_with_secrets(&s);
	fake_transport_fault(&s.net, at, fault, reach);
	if (run(&s, PEOPLE, false, &e) < 0 && (is_absorbed(fault, reach) || !e.text || strstr(e.text, "5ec2e7")))
		fail_msg("call %u, fault %d: %s", at, fault, e.text ? e.text : "without a word");
	fake_transport_heal(&s.net);
	s.machine.wall_ms += 2 * CONFIGURE_LOCK_MS;
	must_run(&s, PEOPLE, false);
	writes = s.vault.writes;
	must_run(&s, PEOPLE, false);
	assert_int_equal(s.vault.writes, writes);
	assert_text(s.vault.password, "pass-5ec2e7");
	assert_text(s.vault.client_secret, "client-5ec2e7");
	assert_true(made(&s, "user/up/alice") && made(&s, "alias/up:alice") && made(&s, "group/outer"));
	must_run(&s, NOBODY, true);
	assert_null(value_get(s.vault.held, "identity/group/name/inner"));
	assert_null(value_at(value_get(s.vault.held, MANIFEST), "data.run"));
	scene_close(&s);
}

static void every_call_may_fail_in_every_way(void **state)
{
	struct scene s;
	unsigned n;

	(void)state;
	open_with_secrets(&s);
	must_run(&s, PEOPLE, false);
	n = (unsigned)s.net.n_calls;
	scene_close(&s);
	assert_true(n > 40);
	fake_transport_fail_each(n, any_call_may_fail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_are_made_and_then_only_read),
		cmocka_unit_test(a_secret_is_written_when_it_is_new),
		cmocka_unit_test(a_user_that_was_made_anew_gets_the_password),
		cmocka_unit_test(a_value_that_came_back_is_written_again),
		cmocka_unit_test(secrets_lie_nowhere_but_where_they_belong),
		cmocka_unit_test(equal_passwords_have_different_digests),
		cmocka_unit_test(prune_takes_people_before_their_auth_method),
		cmocka_unit_test(a_group_of_another_type_is_a_conflict),
		cmocka_unit_test(every_call_may_fail_in_every_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
