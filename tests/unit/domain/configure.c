/*
 * configure over a Vault held in the hand: the tables are sound, a second run only reads, and whichever call fails in
 * whichever way, the next run has it as the file says.
 */
#include "domain/configure_part.h"
#include "unit/domain/configure_scene.h"
#include "unit/domain/quoted.h"

static const char FILE_TEXT[] =
    "kv: {secret: {version: 2}}\n"
    "kubernetes: {kubernetes: {max_lease_ttl: 1h, roles: {app: {bound_service_account_names: [a, b],\n"
    "  bound_service_account_namespaces: [team], audience: vault, token_policies: [one, two], token_ttl: 24h}}}}\n"
    "policies:\n"
    "  one: 'path \"secret/data/1\" { capabilities = [\"read\"] }'\n"
    "  two: 'path \"secret/data/2\" { capabilities = [\"read\"] }'\n"
    "operator: {}\n";

/* Without the policy two. */
static const char SMALLER[] =
    "kv: {secret: {version: 2}}\n"
    "kubernetes: {kubernetes: {roles: {app: {bound_service_account_names: [b, a],\n"
    "  bound_service_account_namespaces: [team], audience: vault, token_policies: [one], token_ttl: 24h}}}}\n"
    "policies:\n"
    "  one: 'path \"secret/data/1\" { capabilities = [\"read\"] }'\n"
    "operator: {}\n";

#define AUDIT_POD(mount, volume) \
	"{'metadata':{'name':'vault-0'},'spec':{'containers':[{'name':'vault','volumeMounts':[{'name':'home'," \
	"'mountPath':'/vault'}," mount "]}],'volumes':[{'name':'home','emptyDir':{}}," volume "]}}"
#define CLAIM "{'name':'audit','persistentVolumeClaim':{'claimName':'audit-vault-0'}}"

static const struct {
	const char *path, *pod;
	bool refused;
} files[] = {
	{ "/vault/audit/a.log", AUDIT_POD("{'name':'audit','mountPath':'/vault/audit'}", CLAIM), false },
	{ "/vault/audit/a.log", AUDIT_POD("{'name':'audit','mountPath':'/vault/audit/'}", CLAIM), false },
	{ "/vault/audit-2/a.log", AUDIT_POD("{'name':'audit','mountPath':'/vault/audit'}", CLAIM), true },
	{ "/vault/audit/a.log", AUDIT_POD("{'name':'audit','mountPath':'/vault/audit','readOnly':true}", CLAIM), true },
	{ "/vault/audit/a.log", AUDIT_POD("{'name':'audit','mountPath':'/vault/audit'}", "{'name':'audit','emptyDir':{}}"), true },
	{ "/vault/audit/a.log", AUDIT_POD("{'name':'audit','mountPath':'/elsewhere'}", CLAIM), true },
	{ "/tmp/a.log", AUDIT_POD("{'name':'audit','mountPath':'/vault/audit'}", CLAIM), true },
	{ "/data/a.log", AUDIT_POD("{'name':'audit','mountPath':'/'}", CLAIM), false },
	{ "stdout", AUDIT_POD("{'name':'audit','mountPath':'/elsewhere'}", CLAIM), false },
	{ "/dev/stderr", AUDIT_POD("{'name':'audit','mountPath':'/elsewhere'}", CLAIM), false },
};

static void a_file_needs_a_volume(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct config_item device = { .kind = CONFIG_AUDIT, .name = "file", .want = value_new_map(&a) };
		struct pod pod = { .name = "vault-0", .object = quoted(&a, files[i].pod) };
		struct configure w = { .boot.pods = { .at = &pod, .n = 1 } };

		w.config.lists[CONFIG_AUDIT] = (struct config_list){ &device, 1 };
		value_set_text(&a, device.want, "file_path", files[i].path);
		configure_check_volumes(&w, &e);
		if (files[i].refused != (e.kind == ERR_GUARD))
			fail_msg("%s, case %zu", files[i].path, i);
		err_release(&e);
		e = (struct err){ 0 };
		device.have = device.want;      /* a device that is there is not asked about */
		configure_check_volumes(&w, &e);
		assert_int_equal(e.kind, ERR_NONE);
	}
}

static void tables_are_sound(void **state)
{
	static const struct { const struct step *rows; const size_t *n; } tables[] = {
		{ configure_reads, &n_configure_reads }, { configure_probe, &n_configure_probe },
		{ configure_unlock, &n_configure_unlock }, { configure_login, &n_configure_login },
		{ configure_rights, &n_configure_rights },
	};
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		size_t n;
		const struct step *all = boot_table(&a, tables[i].rows, *tables[i].n, &n);

		if (graph_check(all, n, &e) < 0)
			fail_msg("table %zu: %s", i, e.text);
	}
	assert_int_equal(graph_check(configure_writes, n_configure_writes, &e), 0);
	assert_int_equal(graph_check(configure_count, n_configure_count, &e), 0);
	assert_int_equal(graph_check(configure_revoke, n_configure_revoke, &e), 0);
	assert_int_equal(graph_check(configure_logout, n_configure_logout, &e), 0);
}

static void a_second_run_only_reads(void **state)
{
	struct scene s;
	unsigned writes;

	(void)state;
	scene_open(&s);
	must_run(&s, FILE_TEXT, false);
	assert_int_equal(s.changes, 10);
	writes = s.vault.writes;
	must_run(&s, FILE_TEXT, false);
	assert_int_equal(s.changes, 0);
	assert_int_equal(s.vault.writes, writes);
	scene_close(&s);
}

/* So many policies, and roles that have one each. */
static const char *file_of(struct scene *s, unsigned n)
{
	AUTO(buf) struct buf text = BUF_MAX(1 << 20);

	buf_text(&text, "kv: {secret: {version: 2}}\nkubernetes: {kubernetes: {roles: {\n");
	for (unsigned i = 0; i < n; i++)
		buf_printf(&text, "  r%u: {bound_service_account_names: [a], bound_service_account_namespaces: [t], audience: vault,\n"
		           "    token_policies: [p%u]},\n", i, i);
	buf_text(&text, "}}}\npolicies:\n");
	for (unsigned i = 0; i < n; i++)
		buf_printf(&text, "  p%u: 'path \"secret/data/%u\" { capabilities = [\"read\"] }'\n", i, i);
	return arena_text(&s->vault.mem, buf_str(&text));
}

/* Vault's state, the reads at once; mount, claim, audit device, auth method, roles and policies, the end; the reads again. */
enum { READS_DEPTH = 2, MAKE_DEPTH = READS_DEPTH + 6 + READS_DEPTH };

/* However many items there are, they go out at once: more of them take more calls, and no round trip more. */
static void items_cost_calls_and_no_round_trips(void **state)
{
	static const unsigned sizes[] = { 1, 50 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		unsigned n = sizes[i], reads = 1 + 6 + 2 * n, writes = 3 + 4 + 2 * n;
		struct scene s;

		scene_open(&s);
		must_run(&s, file_of(&s, n), false);
		assert_int_equal(s.depth, MAKE_DEPTH);
		assert_int_equal(s.sent, 2 * reads + writes);
		assert_int_equal(s.vault.writes, writes);
		must_run(&s, file_of(&s, n), false);
		assert_int_equal(s.depth, READS_DEPTH);
		assert_int_equal(s.sent, reads);
		assert_int_equal(s.vault.writes, writes);
		scene_close(&s);
	}
}

static void prune_takes_only_what_was_made(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	value_set(&s.vault.mem, s.vault.held, "sys/policies/acl/one", value_new_map(&s.vault.mem));
	must_run(&s, FILE_TEXT, false);
	assert_false(made(&s, "policy/one"));
	assert_true(made(&s, "policy/two"));
	must_run(&s, SMALLER, false);
	assert_non_null(value_get(s.vault.held, "sys/policies/acl/two"));
	must_run(&s, SMALLER, true);
	assert_null(value_get(s.vault.held, "sys/policies/acl/two"));
	assert_false(made(&s, "policy/two"));
	assert_non_null(value_get(s.vault.held, "sys/policies/acl/one"));
	assert_non_null(value_get(s.vault.held, "sys/mounts/secret"));
	scene_close(&s);
}

/* A file that lost everything: what Vault and this login need stays, whatever is asked. */
static void prune_never_goes_too_far(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	must_run(&s, FILE_TEXT, false);
	must_run(&s, "audit: {}\n", true);
	assert_non_null(value_get(s.vault.held, "sys/mounts/secret"));
	assert_non_null(value_get(s.vault.held, "sys/audit/stdout"));
	assert_null(value_get(s.vault.held, "sys/policies/acl/two"));
	assert_true(made(&s, "kv/secret"));
	scene_close(&s);
}

static const char NO_KV[] = "kubernetes: {kubernetes: {}}\noperator: {}\n";

/* Only by its name; then also from the manifest, and a second run finds nothing to do. */
static void a_secrets_engine_goes_by_its_name_alone(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	must_run(&s, FILE_TEXT, false);
	must_run(&s, NO_KV, true);
	s.prune_data = "secre";
	must_run(&s, NO_KV, true);
	assert_non_null(value_get(s.vault.held, "sys/mounts/secret"));
	s.prune_data = "secret";
	must_run(&s, NO_KV, false);
	assert_int_equal(s.changes, 1);
	assert_null(value_get(s.vault.held, "sys/mounts/secret"));
	assert_non_null(value_get(s.vault.held, "sys/mounts/vault-aws"));
	assert_false(made(&s, "kv/secret"));
	must_run(&s, NO_KV, false);
	assert_int_equal(s.changes, 0);
	scene_close(&s);
}

/* Whatever call of the removal is lost, the next run finds it gone, or removes it. */
static void a_removal_that_was_cut_off_is_finished(void **state)
{
	for (unsigned at = 1; at <= 40; at++)
		for (int fault = NO_FAULT + 1; fault < FAULT_KINDS; fault++) {
			AUTO(err) struct err e = { 0 };
			struct scene s;

			scene_open(&s);
			must_run(&s, FILE_TEXT, false);
			must_run(&s, NO_KV, true);
			s.prune_data = "secret";
			fake_transport_fault(&s.net, (unsigned)s.net.n_calls + at, (enum fault)fault, REACH_LASTING);
			if (run(&s, NO_KV, false, &e) < 0)
				assert_non_null(e.text);
			fake_transport_heal(&s.net);
			s.machine.wall_ms += 2 * CONFIGURE_LOCK_MS;
			must_run(&s, NO_KV, false);
			assert_null(value_get(s.vault.held, "sys/mounts/secret"));
			scene_close(&s);
		}
	(void)state;
}

/* ---- every call, every way to fail ---- */

/* How many calls of the first run, faults aside. */
static unsigned calls_of_a_run(void)
{
	struct scene s;
	unsigned n;

	scene_open(&s);
	must_run(&s, FILE_TEXT, false);
	n = (unsigned)s.net.n_calls;
	scene_close(&s);
	return n;
}

static void any_call_may_fail(unsigned at, enum fault fault, enum reach reach)
{
	AUTO(err) struct err e = { 0 };
	struct scene s;
	unsigned writes;

	scene_open(&s);
	fake_transport_fault(&s.net, at, fault, reach);
	if (run(&s, FILE_TEXT, false, &e) < 0 && (is_absorbed(fault, reach) || !e.text))
		fail_msg("call %u, fault %d: %s", at, fault, e.text ? e.text : "without a word");
	if (e.kind && fault != FAULT_KILLED && fault != FAULT_KILLED_BEFORE && err_exit_code(&e) != 1)
		fail_msg("call %u, fault %d: exit %d: %s", at, fault, err_exit_code(&e), e.text);
	fake_transport_heal(&s.net);
	s.machine.wall_ms += 2 * CONFIGURE_LOCK_MS;
	must_run(&s, FILE_TEXT, false);
	writes = s.vault.writes;
	must_run(&s, FILE_TEXT, false);
	assert_int_equal(s.vault.writes, writes);
	assert_true(made(&s, "policy/two") && made(&s, "role/kubernetes/app") && made(&s, "kv/secret"));
	must_run(&s, SMALLER, true);
	assert_null(value_get(s.vault.held, "sys/policies/acl/two"));
	assert_null(value_at(value_get(s.vault.held, MANIFEST), "data.run"));
	scene_close(&s);
}

static void every_call_may_fail_in_every_way(void **state)
{
	unsigned n = calls_of_a_run();

	(void)state;
	assert_true(n > 25);
	fake_transport_fail_each(n, any_call_may_fail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(a_file_needs_a_volume),
		cmocka_unit_test(a_second_run_only_reads),
		cmocka_unit_test(items_cost_calls_and_no_round_trips),
		cmocka_unit_test(prune_takes_only_what_was_made),
		cmocka_unit_test(prune_never_goes_too_far),
		cmocka_unit_test(a_secrets_engine_goes_by_its_name_alone),
		cmocka_unit_test(a_removal_that_was_cut_off_is_finished),
		cmocka_unit_test(every_call_may_fail_in_every_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
