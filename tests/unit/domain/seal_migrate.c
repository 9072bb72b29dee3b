/*
 * seal-migrate over a release held in the hand: in every direction each pod is restarted once and the old active one last,
 * a second run changes nothing, and whichever call fails in whichever way, the next run ends it.
 */
#include "domain/seal_migrate.h"

#include "core/text.h"
#include "fake/host.h"
#include "fake/seal_site.h"
#include "unit/unit.h"

enum { ROUNDS_MAX = 60 };

static const struct seal_options to_key = { .to_key = "alias/new" }, to_shamir = { .to = "shamir" },
	to_far = { .to_key = "alias/far", .to_region = SITE_FAR }, to_far_arn = { .to_key = SITE_FAR_KEY },
	to_replica = { .to_key = SITE_REPLICA }, to_home = { .to_key = SITE_NEW_KEY };

/* ---- a run, as the command goes about it, less the questions ---- */

struct scene {
	struct site site;
	struct fake_host files;
	struct host host;
	bool token;                  /* one that may have a server step down */
	unsigned moves;              /* of the last run */
};

/* key: that of a seal of KMS's; NULL: Shamir's. */
static void set_up(struct scene *x, const char *key)
{
	*x = (struct scene){ .files.wall_ms = 1790000000000 };
	site_open(&x->site, key);
	x->host = fake_host(&x->files);
	fake_host_env(&x->files, "HOME", "/home/ops");
	fake_host_env(&x->files, "AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
	fake_host_env(&x->files, "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
}

static void tear_down(struct scene *x)
{
	site_close(&x->site);
	fake_host_release(&x->files);
}

static int loop_rows(struct scene *x, struct seal_migrate *m, const struct step *steps, size_t n, struct err *e)
{
	struct transport t = fake_transport(&x->site.net);
	struct loop loop = { .transport = &t, .host = &x->host };
	struct graph g = { .steps = steps, .n = n, .world = m, .tracks = ARENA_ARRAY(m->roll.boot.mem, struct track, n) };
	int result = loop_run(&loop, &g, 1, e);

	graph_release_tracks(&g);
	return result;
}

static int go(struct scene *x, struct seal_migrate *m, struct err *e)
{
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		struct seal_move move;
		const struct step *rows;
		size_t n;

		seal_forget(m);
		rows = seal_reads(m->roll.boot.mem, &n);
		if (loop_rows(x, m, rows, n, e) < 0)
			return -1;
		seal_settle(m);
		if (seal_judge(m, e) < 0)
			return -1;
		move = seal_next(m);
		if (move.step == SEAL_DONE)
			return 0;
		if (move.step == SEAL_GRANT && m->granted)
			return seal_proof_verdict(m, e);
		x->moves++;
		rows = seal_table(m, move, &n);
		if (loop_rows(x, m, rows, n, e) < 0)
			return -1;
	}
	return err_set(e, ERR_BUG, 0, "no end after %d rounds", ROUNDS_MAX);
}

static int run(struct scene *x, const struct seal_options *o, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct kube kube = { .server = "https://k8s", .context = "c", .user_name = "u" };
	struct aws_flags flags = { .region = "us-east-1" };
	struct aws aws = {0};
	struct transport t = fake_transport(&x->site.net);
	struct world world = { .mem = &a, .host = &x->host, .aws = &aws, .kube = &kube, .want = {
		.namespace_ = "vault", .release = "vault", .service_account = "vault", .region = "us-east-1" } };
	struct seal_release release = { .helm_bin = "helm", .chart = "vault", .repo = "https://charts" };
	struct secret shares[2] = {{0}};
	struct boot_options boot = {0};
	struct seal_migrate m = {0};
	int result;

	secret_set(&shares[0], view_text(SITE_SHARE "1"));
	secret_set(&shares[1], view_text(SITE_SHARE "2"));
	x->moves = 0;
	result = aws_open(&aws, &x->host, &a, &flags, e);
	if (result == 0)
		result = aws_login(&aws, &t, e);
	if (result == 0)
		result = seal_prepare(&m, &world, &boot, o, &release, e);
	if (result == 0) {
		m.shares = shares;
		m.n_shares = COUNT_OF(shares);
		m.shares_from = "custody";
		if (x->token)
			secret_set(&m.roll.boot.token, view_text("hvs.root"));
		result = go(x, &m, e);
	}
	seal_release_all(&m);
	aws_release(&aws);
	for (size_t i = 0; i < COUNT_OF(shares); i++)
		secret_release(&shares[i]);
	return result;
}

static void must_run(struct scene *x, const struct seal_options *o)
{
	AUTO(err) struct err e = {0};

	if (run(x, o, &e) < 0)
		fail_msg("%s", e.text);
}

static const char *wanted_key(const struct seal_options *o)
{
	if (o == &to_replica)
		return SITE_REPLICA;
	return o == &to_key || o == &to_home ? SITE_NEW_KEY : SITE_FAR_KEY;
}

static const char *wanted_mark(const struct seal_options *o)
{
	if (o == &to_replica)
		return "awskms mrk-1 " SITE_FAR;
	return o->to ? "shamir" : o == &to_key || o == &to_home ? "awskms new" : "awskms far " SITE_FAR;
}

static void assert_migrated(const struct scene *x, const struct seal_options *o)
{
	const struct site *s = &x->site;
	AUTO(arena) struct arena a = ARENA_INIT;

	if (o->to) {
		assert_string_equal(s->type, "shamir");
		assert_null(strstr(s->config, "seal \""));
	} else {
		assert_string_equal(s->type, "awskms");
		assert_string_equal(s->root_key, wanted_key(o));
		assert_string_equal(s->recovery_key, wanted_key(o));
		assert_non_null(strstr(s->config, arena_printf(&a, "region = \"%s\"\n  kms_key_id = \"%s\"", arn_region(&a, wanted_key(o)),
		                                               wanted_key(o))));
	}
	for (size_t i = 0; i < SITE_SERVERS; i++)
		assert_string_equal(s->servers[i].mark, wanted_mark(o));
	assert_true(s->active < SITE_SERVERS);
}

/* ---- */

static const struct {
	const char *from;
	const struct seal_options *to;
	unsigned upgrades, legs;
} ways[] = {
	{ SITE_OLD_KEY, &to_key, 1, 1 }, { SITE_OLD_KEY, &to_shamir, 2, 1 }, { NULL, &to_key, 1, 1 }, { NULL, &to_far, 1, 1 },
	{ SITE_MRK, &to_replica, 1, 1 }, { SITE_MRK, &to_far_arn, 2, 2 },
};

static void tables_are_sound(void **state)
{
	static const enum seal_step steps[] = { SEAL_GRANT, SEAL_CONFIGURE, SEAL_RESTART, SEAL_AWAIT, SEAL_UNSEAL, SEAL_STEP_DOWN };
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0};
	struct seal_migrate m = { .roll.boot.mem = &a };
	size_t n;
	const struct step *rows = seal_reads(&a, &n);

	(void)state;
	assert_int_equal(graph_check(rows, n, &e), 0);
	assert_int_equal(graph_check(seal_custody_rows, SEAL_CUSTODY_ROWS, &e), 0);
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		rows = seal_table(&m, (struct seal_move){ steps[i], 0 }, &n);
		if (graph_check(rows, n, &e) < 0)
			fail_msg("table %zu: %s", i, e.text);
	}
}

static void every_way_restarts_each_pod_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(ways); i++)
		for (int token = 0; token < 2; token++) {
			struct scene x;
			unsigned writes;

			set_up(&x, ways[i].from);
			x.token = token;
			must_run(&x, ways[i].to);
			assert_migrated(&x, ways[i].to);
			assert_int_equal(x.site.restarts, ways[i].legs * SITE_SERVERS);
			/* Where the old active server stays for a while, the first leg takes the stanza away before the second one's. */
			assert_int_equal(x.site.upgrades, ways[i].upgrades + (token && ways[i].legs == 2));
			assert_int_equal(x.site.step_downs, token ? ways[i].legs : 0);
			writes = x.site.writes;
			must_run(&x, ways[i].to);
			assert_int_equal(x.moves, 0);
			assert_int_equal(x.site.writes, writes);
			tear_down(&x);
		}
}

static void there_and_back(void **state)
{
	struct scene x;

	(void)state;
	set_up(&x, SITE_OLD_KEY);
	must_run(&x, &to_shamir);
	must_run(&x, &to_key);
	assert_migrated(&x, &to_key);
	must_run(&x, &to_shamir);
	assert_migrated(&x, &to_shamir);
	tear_down(&x);
}

/* Back in its own region the template still says which it is: what EKS would say is hidden by it. */
static void to_another_region_and_back(void **state)
{
	struct scene x;

	(void)state;
	set_up(&x, SITE_OLD_KEY);
	must_run(&x, &to_far);
	assert_migrated(&x, &to_far);
	assert_string_equal(x.site.region, SITE_FAR);
	assert_null(strstr(x.site.config, "endpoint"));
	must_run(&x, &to_home);
	assert_migrated(&x, &to_home);
	assert_string_equal(x.site.region, "us-east-1");
	tear_down(&x);
}

/* What the stanza has besides stays there. */
static void settings_of_the_stanza_are_kept(void **state)
{
	struct scene x;

	(void)state;
	set_up(&x, SITE_OLD_KEY);
	must_run(&x, &to_key);
	assert_non_null(strstr(x.site.config, "endpoint = \"https://kms.internal\""));
	assert_null(strstr(x.site.config, "disabled"));
	tear_down(&x);
}

static void a_key_that_refuses_the_role_stops_it_before_any_pod(void **state)
{
	AUTO(err) struct err e = {0};
	struct scene x;

	(void)state;
	set_up(&x, SITE_OLD_KEY);
	x.site.key_policy_refuses = true;
	assert_int_equal(run(&x, &to_key, &e), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.text, "may not use the key"));
	assert_int_equal(x.site.restarts + x.site.upgrades, 0);
	tear_down(&x);
}

static void what_stands_against_it_is_all_told(void **state)
{
	AUTO(err) struct err e = {0};
	struct scene x;

	(void)state;
	set_up(&x, SITE_OLD_KEY);
	x.site.strategy = "RollingUpdate";
	for (size_t i = 0; i < SITE_SERVERS; i++)
		x.site.servers[i].opens_ms = -1;
	x.site.active = SITE_SERVERS;
	assert_int_equal(run(&x, &to_key, &e), -1);
	assert_int_equal(err_exit_code(&e), 4);
	assert_int_equal(err_count(&e), 2);
	assert_non_null(strstr(e.text, "RollingUpdate"));
	assert_non_null(strstr(e.more->text, "no server of the release 'vault' is active"));
	assert_int_equal(x.site.writes, 0);
	tear_down(&x);
}

/* The table is Shamir's a moment before its server says that it is the active one. */
static void what_is_under_way_goes_on_without_an_active_one(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0};
	struct want want = { .release = "vault" };
	struct roll_pod pods[1] = { { .current = true, .runs = true, .answers = true } };
	struct seal_migrate m = {
		.roll = { .boot = { .mem = &a, .want = &want, .pods = { .n = 1 } }, .pods = pods, .replicas = 1 }, .options = to_shamir,
		.config = "",
		.facts = { .storage = "dynamodb", .table = "t", .seal = "awskms", .seal_disabled = "true" }, .strategy = "OnDelete",
		.stored = { .type = "shamir" }, .mark = "shamir",
	};

	(void)state;
	assert_int_equal(seal_judge(&m, &e), 0);
	assert_int_equal(seal_next(&m).step, SEAL_CONFIGURE);
	m.facts.seal = m.facts.seal_disabled = NULL;
	m.roll.boot.pods.at = ARENA_ARRAY(&a, struct pod, 1);
	assert_int_equal(seal_next(&m).step, SEAL_AWAIT);
	m.mark = NULL;
	assert_int_equal(seal_judge(&m, &e), -1);
	assert_int_equal(err_exit_code(&e), 4);
}

static void options_are_checked_all_at_once(void **state)
{
	static const struct {
		struct seal_options o;
		size_t problems;
		const char *text;
	} cases[] = {
		{ {0}, 1, "where to is not said" },
		{ { .to = "awskms" }, 1, "where to is not said" },
		{ { .to = "shamri" }, 1, "there is no seal 'shamri'" },
		{ { .to = "shamir", .to_key = "k" }, 1, "--to-key goes with --to awskms" },
		{ { .to_key = "k", .to_region = "eu_west_1" }, 1, "'eu_west_1' is no AWS region" },
		{ { .to_key = SITE_FAR_KEY, .to_region = "us-east-1" }, 1, "but --to-key is of 'eu-west-1'" },
		{ { .to = "shamir", .to_region = "eu" }, 2, "--to-region goes with --to awskms" },
		{ { .to_key = SITE_FAR_KEY, .to_region = SITE_FAR }, 0, NULL }, { { .to_key = "k", .to_region = SITE_FAR }, 0, NULL },
		{ { .to = "shamir" }, 0, NULL }, { { .to_key = "k" }, 0, NULL }, { { .to = "awskms", .to_key = "k" }, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(err) struct err e = {0};

		assert_int_equal(seal_check_options(&cases[i].o, &e), cases[i].problems ? -1 : 0);
		assert_int_equal(err_count(&e), cases[i].problems);
		if (cases[i].problems) {
			assert_non_null(strstr(e.text, cases[i].text));
			assert_int_equal(err_exit_code(&e), 2);
		}
	}
}

/* ---- every row, every way to fail ---- */

static unsigned calls_of_a_run(size_t way)
{
	struct scene x;
	unsigned n;

	set_up(&x, ways[way].from);
	x.token = true;
	must_run(&x, ways[way].to);
	n = (unsigned)x.site.net.n_calls;
	tear_down(&x);
	return n;
}

static void any_call_may_fail(size_t way, unsigned at, enum fault fault, enum reach reach)
{
	AUTO(err) struct err e = {0};
	struct scene x;
	unsigned writes;

	set_up(&x, ways[way].from);
	x.token = true;
	fake_transport_fault(&x.site.net, at, fault, reach);
	if (run(&x, ways[way].to, &e) < 0 && !e.text)
		fail_msg("way %zu, call %u, fault %d: without a word", way, at, fault);
	fake_transport_heal(&x.site.net);
	x.site.net.now_ms += 60000;
	must_run(&x, ways[way].to);
	assert_migrated(&x, ways[way].to);
	writes = x.site.writes;
	must_run(&x, ways[way].to);
	assert_int_equal(x.site.writes, writes);
	tear_down(&x);
}

static bool is_far(const struct seal_options *o)
{
	return o == &to_far || o == &to_far_arn || o == &to_replica;
}

/*
 * A run asks the same rows in every round, so the ways to fail take turns from call to call: each row meets all of them, and
 * each call is also where the process is killed. To another region it is the same rows: there it is only killed, and on the
 * longest way at every second call.
 */
static void every_row_may_fail_in_every_way(void **state)
{
	(void)state;
	for (size_t way = 0; way < COUNT_OF(ways); way++) {
		unsigned n = calls_of_a_run(way);

		assert_true(n > 60);
		for (unsigned at = 1; at <= n; at += ways[way].legs) {
			for (unsigned turn = 0; turn < 2 && !is_far(ways[way].to); turn++)
				any_call_may_fail(way, at, (enum fault)(1 + (at * 2 + turn) % (FAULT_KINDS - 1)), REACH_ONCE);
			any_call_may_fail(way, at, at / ways[way].legs % 2 ? FAULT_KILLED : FAULT_KILLED_BEFORE, REACH_LASTING);
		}
	}
}

/* No share and no token is in an address or a label, which traces show. */
static void no_secret_is_in_what_traces_show(void **state)
{
	struct scene x;

	(void)state;
	set_up(&x, SITE_OLD_KEY);
	x.token = true;
	must_run(&x, &to_shamir);
	for (size_t i = 0; i < x.site.net.n_calls; i++) {
		assert_null(strstr(x.site.net.calls[i].url, "5ec2e7"));
		assert_null(strstr(x.site.net.calls[i].label, "5ec2e7"));
	}
	tear_down(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(every_way_restarts_each_pod_once),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(to_another_region_and_back),
		cmocka_unit_test(settings_of_the_stanza_are_kept),
		cmocka_unit_test(a_key_that_refuses_the_role_stops_it_before_any_pod),
		cmocka_unit_test(what_stands_against_it_is_all_told),
		cmocka_unit_test(what_is_under_way_goes_on_without_an_active_one),
		cmocka_unit_test(options_are_checked_all_at_once),
		cmocka_unit_test(no_secret_is_in_what_traces_show),
		cmocka_unit_test(every_row_may_fail_in_every_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
