#include "unit/cli/program.h"

#include "cli/progress.h"

static const struct step rows[] = {
	{ .name = "table.read" },
	{ .name = "key.read" },
	{ .name = "table.create", .change = "create the table" },
	{ .name = "alias.create", .change = "name the key" },
	{ .name = "table.wait", .change = "wait for the table" },
	{ .name = "pods.ready" },
};

/* A graph whose tracks the test moves itself, on a clock that it sets. */
struct stage {
	struct program p;
	struct transport transport;
	struct track tracks[COUNT_OF(rows)];
	struct graph graph;
	struct progress progress;
	int64_t now_ms;
};

static int64_t stage_now(void *self)
{
	return ((struct stage *)self)->now_ms;
}

static const struct transport_ops stage_ops = { .now_ms = stage_now };

static void stage_open(struct stage *s, const char *format, bool tty)
{
	*s = (struct stage){ .p = program_new(), .transport = { &stage_ops, s }, .now_ms = 1000 };
	s->graph = (struct graph){ .steps = rows, .n = COUNT_OF(rows), .tracks = s->tracks };
	program_open(&s->p);
	s->p.app.format = format;
	s->p.app.talk_tty = tty;
	progress_start(&s->progress, &s->p.app, &s->transport);
}

static void stage_close(struct stage *s)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		err_release(&s->tracks[i].err);
	program_release(&s->p);
}

static void move(struct stage *s, size_t row, enum step_state state, int64_t now_ms, const char *waits)
{
	struct track *t = &s->tracks[row];

	s->now_ms = now_ms;
	if (state == STEP_RUNNING && t->state == STEP_WAITING) {
		t->start_ms = now_ms;
		t->sent = 1;
	} else if (state != STEP_RUNNING) {
		t->end_ms = now_ms;
	}
	t->state = state;
	err_release(&t->err);
	if (waits)
		err_set(&t->err, ERR_LATE, 0, "%s", waits);
	else
		t->err = (struct err){ 0 };
	progress_tell(&s->progress, &s->graph, &rows[row], t);
}

static const char *talk(struct stage *s)
{
	fflush(s->p.app.talk);
	return s->p.talk;
}

static void lines_without_a_terminal(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "table", false);
	move(&s, 0, STEP_RUNNING, 1000, NULL);
	move(&s, 0, STEP_DONE, 1100, NULL);
	move(&s, 2, STEP_RUNNING, 1100, NULL);
	move(&s, 2, STEP_DONE, 1400, NULL);
	move(&s, 3, STEP_NOT_DUE, 1400, NULL);
	move(&s, 4, STEP_RUNNING, 1400, NULL);
	move(&s, 4, STEP_RUNNING, 1600, "the table is CREATING");
	move(&s, 4, STEP_FAILED, 13600, "the table is\033 CREATING");
	move(&s, 5, STEP_RUNNING, 13600, "2 of 3 pods run");
	progress_end(&s.progress);
	assert_string_equal(talk(&s),
		"[  0.4s] create the table ... done (0.3s)\n"
		"[  0.6s] wait for the table ... the table is CREATING\n"
		"[ 12.6s] wait for the table ... failed\n"
		"[ 12.6s] pods.ready ... 2 of 3 pods run\n");
	stage_close(&s);
}

static void silent_for_machines(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "json", false);
	move(&s, 2, STEP_RUNNING, 1100, NULL);
	move(&s, 2, STEP_DONE, 1400, NULL);
	progress_end(&s.progress);
	assert_string_equal(talk(&s), "");
	stage_close(&s);
}

static void drawn_anew_on_a_terminal(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "json", true);
	move(&s, 0, STEP_RUNNING, 1000, NULL);
	assert_string_equal(talk(&s), ". read what is there: 0 of 1\n");
	move(&s, 0, STEP_DONE, 1100, NULL);
	move(&s, 2, STEP_RUNNING, 1100, NULL);
	move(&s, 2, STEP_DONE, 1400, NULL);
	move(&s, 4, STEP_RUNNING, 1900, "the table is CREATING");
	assert_true(text_ends(talk(&s), "\033[2A\r\033[J"
		"+ read what is there: 1 of 1\n"
		"+ create the table  0.3s\n"
		". wait for the table  0.0s  the table is CREATING\n"));
	move(&s, 4, STEP_FAILED, 2900, NULL);
	move(&s, 3, STEP_LEFT, 2900, NULL);
	progress_end(&s.progress);
	assert_true(text_ends(talk(&s), "\033[4A\r\033[J"
		"+ read what is there: 1 of 1\n"
		"+ create the table  0.3s\n"
		"- name the key: not begun\n"
		"! wait for the table  1.0s\n"));
	stage_close(&s);
}

static void reads_that_went_well_leave_nothing(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, "table", true);
	move(&s, 0, STEP_RUNNING, 1000, NULL);
	move(&s, 0, STEP_DONE, 1100, NULL);
	progress_end(&s.progress);
	assert_true(text_ends(talk(&s), "+ read what is there: 1 of 1\n\033[1A\r\033[J"));
	progress_start(&s.progress, &s.p.app, &s.transport);
	move(&s, 1, STEP_FAILED, 1200, NULL);
	progress_end(&s.progress);
	assert_true(text_ends(talk(&s), "\033[1A\r\033[J+ read what is there: 2 of 2\n"));
	stage_close(&s);
}

static void fits_the_terminal(void **state)
{
	struct stage s;
	const char *last;

	(void)state;
	stage_open(&s, "table", true);
	s.p.app.columns = 24;
	s.p.app.lines = 4;
	for (size_t row = 2; row < 5; row++)
		move(&s, row, STEP_RUNNING, 1000, NULL);
	last = strrchr(talk(&s), 'J');
	assert_string_equal(last, "J. name the key  0.0s\n. wait for the table...\n");
	progress_pause(&s.progress);
	assert_true(text_ends(talk(&s), "\033[2A\r\033[J"));
	stage_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_without_a_terminal),
		cmocka_unit_test(silent_for_machines),
		cmocka_unit_test(drawn_anew_on_a_terminal),
		cmocka_unit_test(reads_that_went_well_leave_nothing),
		cmocka_unit_test(fits_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
