/*
 * upgrade over a release held in the hand: the StatefulSet replaced for its volumes, the pods one by one, the next run
 * after whichever call fails in whichever way, and a third one that changes nothing.
 */
#include "domain/upgrade.h"

#include "domain/workflow.h"
#include "fake/upgrade_site.h"
#include "unit/domain/fixture.h"
#include "unit/domain/quoted.h"
#include "unit/unit.h"

enum { ROUNDS_MAX = 80 };

struct scene {
	struct upgrade_site site;
	bool token;                  /* one that may have a server step down */
	bool refused;                /* nobody agrees to changes */
	bool absent;                 /* helm has no such release */
	bool rolling;                /* Kubernetes would replace the pods by itself */
	unsigned moves;              /* of the last run */
};

static const char *const install_rows[] = { "set.read", "claims.read", "set.again", "set.orphan", "set.gone", "chart.install" };

/* Those rows of the real table, one after the other. */
static void pick(struct step *out, const char *const (*needs)[2])
{
	for (size_t i = 0; i < COUNT_OF(install_rows); i++) {
		size_t at = 0;

		while (!text_same(workflow_steps[at].name, install_rows[i]))
			at++;
		assert_true(at < n_workflow_steps);
		out[i] = workflow_steps[at];
		out[i].needs = i ? needs[i - 1] : NULL;
	}
}

static int loop_rows(struct scene *x, struct world *w, void *world, const struct step *steps, size_t n, struct err *e)
{
	struct transport t = fake_transport(&x->site.net);
	struct loop loop = { .transport = &t, .host = w->host };
	struct graph g = { .steps = steps, .n = n, .world = world, .tracks = ARENA_ARRAY(w->mem, struct track, n) };
	int result = loop_run(&loop, &g, 1, e);

	graph_release_tracks(&g);
	return result;
}

static int install(struct scene *x, struct world *w, struct err *e)
{
	struct step rows[COUNT_OF(install_rows)];
	const char *needs[COUNT_OF(install_rows)][2] = {{0}};

	for (size_t i = 0; i < COUNT_OF(install_rows); i++)
		needs[i][0] = install_rows[i];
	pick(rows, (const char *const (*)[2])needs);
	return loop_rows(x, w, w, rows, COUNT_OF(rows), e);
}

static int replace_pods(struct scene *x, struct world *w, struct err *e)
{
	struct boot_options boot = {0};
	struct upgrade u;
	int result = upgrade_init(&u, w, &boot, e);

	if (x->token)
		secret_set(&u.roll.boot.token, view_text("hvs.root"));
	for (unsigned round = 0; result == 0; round++) {
		struct upgrade_move move;
		const struct step *rows;
		size_t n;

		assert_true(round < ROUNDS_MAX);
		upgrade_forget(&u);
		if (loop_rows(x, w, &u, upgrade_reads, UPGRADE_READS, e) < 0 || upgrade_judge(&u, e) < 0)
			result = -1;
		move = upgrade_next(&u);
		if (result < 0 || move.step == UPGRADE_DONE)
			break;
		x->moves += move.step != UPGRADE_AWAIT;
		rows = upgrade_table(&u, move, &n);
		result = loop_rows(x, w, &u, rows, n, e);
	}
	boot_release(&u.roll.boot);
	return result;
}

/* As the command goes about it, less the questions. */
static int run(struct scene *x, struct err *e)
{
	AUTO(given) struct given g;
	struct kube kube = { .server = "https://k8s", .context = "c", .user_name = "u" };
	struct install in = { .helm_bin = "helm", .helm_major = 4, .chart = "vault", .fullname = "vault", .upgrade = true,
	                      .timeout_ms = 300000, .revision_before = x->absent ? 0 : 1 };
	struct world w = { .kube = &kube, .install = &in, .consent = !x->refused, .key = { .arn = "arn:aws:kms:k" },
	                   .role = { .arn = "arn:aws:iam::1:role/r" } };
	const char *size = x->site.helm_has.size;
	int result;

	x->moves = 0;
	given_init(&g);
	if (GIVE_ALL(&g, NULL) < 0)
		fail_msg("%s", g.e.text);
	w.mem = &g.mem;
	w.host = &g.host;
	w.inputs = &g.in;
	assert_int_equal(want_fill(&g.mem, &g.in, &w.want, &g.e), 0);
	in.set = quoted(&g.mem, arena_printf(&g.mem, "{'spec':{'updateStrategy':{'type':'%s'},'volumeClaimTemplates':[%s]}}",
	                x->rolling ? "RollingUpdate" : "OnDelete", !size ? "" : arena_printf(&g.mem, "{'metadata':{'name':'audit'},"
	                "'spec':{'resources':{'requests':{'storage':'%s'}}}}", size)));
	result = install(x, &w, e);
	if (result == 0 && !x->refused)
		result = replace_pods(x, &w, e);
	return result;
}

static void must_run(struct scene *x)
{
	AUTO(err) struct err e = {0};

	if (run(x, &e) < 0)
		fail_msg("%s", e.text);
}

static void set_up(struct scene *x, size_t servers)
{
	*x = (struct scene){0};
	upgrade_site_open(&x->site, servers);
}
SCOPE_END(scene, struct scene, upgrade_site_close(&v->site))

/* The release gets volumes, or another template. */
static void want_volumes(struct scene *x) { x->site.helm_has.size = "10Gi"; }
static void want_template(struct scene *x) { x->site.helm_has.number++; }

static void assert_upgraded(const struct scene *x)
{
	const struct upgrade_site *s = &x->site;

	assert_true(s->set_there && !s->set_gone_ms);
	assert_string_equal(s->has.size ? s->has.size : "none", s->helm_has.size ? s->helm_has.size : "none");
	assert_int_equal(s->has.number, s->helm_has.number);
	for (size_t i = 0; i < s->n; i++) {
		assert_true(s->pods[i].there && s->pods[i].owned);
		assert_int_equal(s->pods[i].volume, s->has.size != NULL);
		assert_int_equal(atoi(s->pods[i].revision), s->has.number);
	}
	assert_true(!s->initialized || s->active < s->n);
	assert_false(s->active_too_early);
	assert_in_range(s->away_most, 0, 1);
}

static void assert_again_changes_nothing(struct scene *x)
{
	const struct upgrade_site *s = &x->site;
	unsigned ended = s->ended, orphaned = s->orphaned, downs = s->step_downs, uid = s->set_uid, generation = s->set_generation;

	must_run(x);
	assert_int_equal(x->moves, 0);
	assert_int_equal(s->ended, ended);
	assert_int_equal(s->orphaned, orphaned);
	assert_int_equal(s->step_downs, downs);
	assert_int_equal(s->set_uid, uid);
	assert_int_equal(s->set_generation, generation);
}

/* ---- */

static void tables_are_sound(void **state)
{
	AUTO(err) struct err e = {0};

	(void)state;
	assert_int_equal(graph_check(upgrade_reads, UPGRADE_READS, &e), 0);
	assert_int_equal(graph_check(roll_restart_rows, ROLL_RESTART_ROWS, &e), 0);
	assert_int_equal(graph_check(roll_down_rows, ROLL_DOWN_ROWS, &e), 0);
	assert_int_equal(graph_check(roll_await_rows, ROLL_AWAIT_ROWS, &e), 0);
}

static void each_pod_is_replaced_once(void **state)
{
	static void (*const wants[])(struct scene *) = { want_volumes, want_template };

	(void)state;
	for (size_t servers = 1; servers <= UPGRADE_SERVERS_MAX; servers += 2)
		for (size_t k = 0; k < COUNT_OF(wants); k++)
			for (size_t active = 0; active < servers; active++)
				for (int token = 0; token < 2; token++) {
					AUTO(scene) struct scene x;

					set_up(&x, servers);
					x.site.active = active;
					x.token = token;
					wants[k](&x);
					must_run(&x);
					assert_upgraded(&x);
					assert_int_equal(x.site.ended, servers);
					assert_int_equal(x.site.orphaned, wants[k] == want_volumes);
					if (!token || servers == 1)
						assert_int_equal(x.site.step_downs, 0);
					else if (wants[k] == want_template)
						assert_int_equal(x.site.step_downs, 1);
					else
						assert_in_range(x.site.step_downs, 1, servers);
					assert_again_changes_nothing(&x);
				}
}

/* Nobody is asked to step down, and nothing is waited for that does not come. */
static void a_vault_without_keys_is_upgraded_too(void **state)
{
	AUTO(scene) struct scene x;

	(void)state;
	set_up(&x, 3);
	x.site.initialized = false;
	x.site.active = x.site.n;
	x.token = true;
	want_volumes(&x);
	must_run(&x);
	assert_upgraded(&x);
	assert_int_equal(x.site.step_downs, 0);
}

static void without_consent_nothing_is_done(void **state)
{
	AUTO(scene) struct scene x;

	(void)state;
	set_up(&x, 3);
	want_volumes(&x);
	x.refused = true;
	must_run(&x);
	assert_true(x.site.set_there);
	assert_int_equal(x.site.orphaned + x.site.ended, 0);
	assert_null(x.site.has.size);
	assert_int_equal(fake_transport_count(&x.site.net, "helm:install"), 0);
}

/* A node was drained between orphaning and replacing: it comes back only after the pods before it have their volumes. */
static void a_pod_that_is_held_up_is_freed(void **state)
{
	AUTO(scene) struct scene x;

	(void)state;
	set_up(&x, 3);
	want_volumes(&x);
	x.site.has = x.site.helm_has;
	x.site.active = 1;
	x.site.pods[2].there = false;
	must_run(&x);
	for (size_t i = 0; i < 3; i++)
		assert_true(x.site.pods[i].volume);
	assert_int_equal(x.site.ended, 2);
}

/* A set that was just made, after the pods of before had gone too. */
static void pods_that_are_yet_to_come_are_waited_for(void **state)
{
	AUTO(scene) struct scene x;

	(void)state;
	set_up(&x, 3);
	for (size_t i = 0; i < 3; i++)
		x.site.pods[i].there = false;
	x.site.active = x.site.n;
	x.site.seen_ms = x.site.net.now_ms + 3000;
	must_run(&x);
	assert_int_equal(x.moves, 0);
	assert_true(x.site.active < x.site.n);
}

static void guarded(struct scene *x, const char *text, const char *hint)
{
	AUTO(err) struct err e = {0};

	assert_int_equal(run(x, &e), -1);
	assert_int_equal(err_exit_code(&e), 4);
	if (!strstr(e.text, text) || !strstr(e.hint ? e.hint : "", hint))
		fail_msg("%s (%s)", e.text, e.hint);
	assert_int_equal(x->site.ended + x->site.orphaned + x->site.step_downs, 0);
}

static void what_stands_against_it_is_told(void **state)
{
	AUTO(scene) struct scene absent, rolling, claim, taken, older, alone;

	(void)state;
	set_up(&absent, 3);
	absent.absent = true;
	absent.site.set_there = false;
	guarded(&absent, "there is no release 'vault' in the namespace 'vault' that could be upgraded", "helm vault-aws install");
	set_up(&rolling, 3);
	rolling.rolling = true;
	guarded(&rolling, "let Kubernetes replace the pods in its own order", "server.updateStrategyType");
	set_up(&claim, 3);
	want_volumes(&claim);
	claim.site.claim = "1Gi";
	guarded(&claim, "'audit-vault-0' is there, with 1Gi of the class 'gp3', and 10Gi of the default class is wanted",
	        "kubectl -n vault patch pvc audit-vault-0");
	set_up(&taken, 3);
	taken.site.has.size = "10Gi";
	guarded(&taken, "there is 10Gi of the default class, and none is wanted", "leave --audit-storage as it was");
	set_up(&older, 3);
	want_template(&older);
	older.site.helm_has.version = "1.20.9";
	guarded(&older, "runs Vault 1.21.1, and the StatefulSet has 1.20.9", "no pod was replaced");
	set_up(&alone, 3);
	want_volumes(&alone);
	alone.site.pods[1].opens_ms = alone.site.pods[2].opens_ms = -1;
	alone.site.has = alone.site.helm_has;
	guarded(&alone, "'vault-0' is to be replaced, and is the only server that is unsealed", "--restart-pods");
}

/* What a pod would take anyway is as large as wanted. */
static void a_claim_that_has_grown_will_do(void **state)
{
	AUTO(scene) struct scene x;

	(void)state;
	set_up(&x, 3);
	want_volumes(&x);
	x.site.claim = "20Gi";
	must_run(&x);
	assert_upgraded(&x);
}

/* The status changes all the time, and with it the version that the deletion names. */
static void a_set_that_is_busy_is_looked_at_again(void **state)
{
	AUTO(scene) struct scene x;

	(void)state;
	set_up(&x, 3);
	want_volumes(&x);
	x.site.conflicts = 2;
	must_run(&x);
	assert_upgraded(&x);
	assert_int_equal(x.site.orphaned, 1);
}

/* ---- every row, every way to fail ---- */

static void any_call_may_fail(unsigned at, enum fault fault, enum reach reach)
{
	AUTO(err) struct err e = {0};
	AUTO(scene) struct scene x;

	set_up(&x, 3);
	x.token = true;
	want_volumes(&x);
	fake_transport_fault(&x.site.net, at, fault, reach);
	if (run(&x, &e) < 0 && !e.text)
		fail_msg("call %u, fault %d: without a word", at, fault);
	fake_transport_heal(&x.site.net);
	x.site.net.now_ms += at % 2 ? 60000 : 10;
	must_run(&x);
	assert_upgraded(&x);
	assert_int_equal(x.site.ended, 3);
	assert_again_changes_nothing(&x);
}

static void every_row_may_fail_in_every_way(void **state)
{
	AUTO(scene) struct scene whole;
	unsigned n;

	(void)state;
	set_up(&whole, 3);
	whole.token = true;
	want_volumes(&whole);
	must_run(&whole);
	n = (unsigned)whole.site.net.n_calls;
	assert_true(n > 50);
	for (unsigned at = 1; at <= n; at++) {
		any_call_may_fail(at, (enum fault)(1 + at % (FAULT_KILLED - 1)), REACH_ONCE);
		any_call_may_fail(at, FAULT_KILLED, REACH_LASTING);
		any_call_may_fail(at, FAULT_KILLED_BEFORE, REACH_LASTING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(each_pod_is_replaced_once),
		cmocka_unit_test(a_vault_without_keys_is_upgraded_too),
		cmocka_unit_test(without_consent_nothing_is_done),
		cmocka_unit_test(a_pod_that_is_held_up_is_freed),
		cmocka_unit_test(pods_that_are_yet_to_come_are_waited_for),
		cmocka_unit_test(what_stands_against_it_is_told),
		cmocka_unit_test(a_claim_that_has_grown_will_do),
		cmocka_unit_test(a_set_that_is_busy_is_looked_at_again),
		cmocka_unit_test(every_row_may_fail_in_every_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
