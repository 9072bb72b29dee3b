/* The loop over the real transport: what the table of tries makes of what really happens. */
#include "rig.h"

#include "net/graph.h"


struct world {
	struct rig rig;
	struct loop loop;
	struct host dice;            /* its random numbers are zero: no back-off */
	const char *scheme, *port, *path, *program;
	int status;
	unsigned asked;
	bool there;
};

static int no_dice(void *self, void *out, size_t n, struct err *e)
{
	(void)self, (void)e;
	memset(out, 0, n);
	return 0;
}

static void world_open(struct world *w)
{
	static const struct host_ops ops = { .random = no_dice };

	rig_open(&w->rig);
	w->dice.ops = &ops;
	w->loop = (struct loop){ .transport = &w->rig.t, .host = &w->dice };
	w->scheme = "http";
	w->port = "PLAIN";
	w->path = "/ok";
}

static void world_close(struct world *w)
{
	rig_close(&w->rig);
}
SCOPE_END(world, struct world, world_close(v))

static int ask_path(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	AUTO(text) char *url = url_of(&w->rig, w->scheme, w->port, w->path);

	(void)item, (void)e;
	((struct world *)world)->asked++;
	request_http(rq, "POST", url);
	request_body(rq, VIEW_LITERAL("{}"), NULL);
	return 0;
}

static int ask_program(const void *world, size_t item, struct request *rq, struct err *e)
{
	const char *const argv[] = { ((const struct world *)world)->program, "-c", "kill -TERM $PPID", NULL };

	(void)item, (void)e;
	((struct world *)world)->asked++;
	request_child(rq, argv);
	return 0;
}

static enum heard hear_status(void *world, size_t item, const struct reply *reply, struct err *e)
{
	(void)item, (void)e;
	((struct world *)world)->status = reply->status;
	return HEARD_DONE;
}

static int ask_hits(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	AUTO(text) char *path = xasprintf("/hits%s", w->path);
	AUTO(text) char *url = url_of(&w->rig, "http", "PLAIN", path);

	(void)item, (void)e;
	request_http(rq, "GET", url);
	return 0;
}

/* A path is "there" once somebody has asked for it. */
static enum heard hear_hits(void *world, size_t item, const struct reply *reply, struct err *e)
{
	(void)item, (void)e;
	((struct world *)world)->there = atoi(buf_str(&reply->body)) > 0;
	return HEARD_DONE;
}

static bool absent(const void *world, size_t item)
{
	(void)item;
	return !((const struct world *)world)->there;
}

static const struct step row = { .name = "ask", .ask = ask_path, .hear = hear_status };

static void what_the_net_breaks_is_asked_three_times(void **state)
{
	static const struct { const char *port, *path; } cases[] = {
		{ "CLOSED", "/ok" }, { "PLAIN", "/reset" }, { "PLAIN", "/garbage" }, { "PLAIN", "/status/503" },
		{ "PLAIN", "/status/500" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(world) struct world w = { 0 };
		AUTO(err) struct err e = { 0 };

		world_open(&w);
		w.port = cases[i].port;
		w.path = cases[i].path;
		assert_int_equal(loop_ask(&w.loop, &row, &w, &e), -1);
		assert_true(text_starts(e.text, "ask: "));
		assert_int_equal(w.asked, 3);
	}
}

static void what_no_try_will_mend_is_asked_once(void **state)
{
	static const struct step child = { .name = "run", .ask = ask_program, .hear = hear_status };
	AUTO(world) struct world w = { .program = "va-no-such-program" };
	AUTO(err) struct err e = { 0 }, absent_program = { 0 };

	(void)state;
	world_open(&w);
	w.scheme = "https";
	w.port = "EXPIRED";
	assert_int_equal(loop_ask(&w.loop, &row, &w, &e), -1);
	assert_string_equal(e.text, "ask: the certificate of '127.0.0.1' is not accepted: "
	                            "certificate has expired");
	assert_int_equal(w.asked, 1);
	assert_int_equal(loop_ask(&w.loop, &child, &w, &absent_program), -1);
	assert_int_equal(absent_program.kind, ERR_ABSENT);
	assert_int_equal(w.asked, 2);
}

static const struct step change[] = {
	{ .name = "look", .ask = ask_hits, .hear = hear_hits },
	{ .name = "make", .needs = NEEDS("look"), .due = absent, .change = "make it", .settle = "look",
	  .settle_s = 60, .ask = ask_path, .hear = hear_status },
};

/* The reply of a change is lost on the wire: it is looked for, found, and not made again. */
static void a_lost_change_is_settled(void **state)
{
	AUTO(world) struct world w = { 0 };
	AUTO(err) struct err e = { 0 };
	struct track tracks[2] = { 0 };
	struct graph g = { change, 2, &w, tracks };

	(void)state;
	world_open(&w);
	w.path = "/close/made";
	assert_int_equal(loop_run(&w.loop, &g, 1, &e), 0);
	assert_int_equal(w.asked, 1);
	assert_true(w.there);
	assert_int_equal(hits(&w.rig, "/close/made"), 1);
	graph_release_tracks(&g);
}

/* A real signal while a call waits: the loop says that it was stopped. */
static void a_signal_stops_the_loop(void **state)
{
	static const struct step child = {
		.name = "run", .ask = ask_program, .hear = hear_status, .timeout_ms = 60000
	};
	static const struct step late = { .name = "late", .ask = ask_path, .hear = hear_status };
	AUTO(world) struct world w = { .program = "sh", .rig.config.hear_signals = true };
	AUTO(err) struct err e = { 0 }, again = { 0 };

	(void)state;
	world_open(&w);
	assert_int_equal(loop_ask(&w.loop, &child, &w, &e), 0);   /* its child stops us, and ends in time */
	assert_int_equal(loop_ask(&w.loop, &late, &w, &again), -1);
	assert_int_equal(again.kind, ERR_STOPPED);
	assert_int_equal(err_exit_code(&again), 143);
	assert_int_equal(w.asked, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_net_breaks_is_asked_three_times),
		cmocka_unit_test(what_no_try_will_mend_is_asked_once),
		cmocka_unit_test(a_lost_change_is_settled),
		cmocka_unit_test(a_signal_stops_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
