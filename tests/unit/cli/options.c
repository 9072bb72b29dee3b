#include "unit/cli/program.h"

static void values_in_every_form(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "make", "--word", "a", "--count=7", "--timeout", "1h30m", "x"), 0);
	assert_string_equal(p.out, "word x\ncount 7 timeout 5400000 dry-run - word a\n");
	assert_int_equal(program_run(&p, "make", "-wb", "-c", "3", "-c=4"), 0);
	assert_string_equal(p.out, "count 4 timeout 0 dry-run - word b\n");
	assert_int_equal(program_run(&p, "make", "--word=", "-"), 0);
	assert_string_equal(p.out, "word -\ncount 5 timeout 0 dry-run - word \n");
}

static void flags_together_and_undone(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "make", "-ec8"), EXIT_PENDING);
	assert_string_equal(p.out, "count 8 timeout 0 dry-run - word -\n");
	assert_int_equal(program_run(&p, "make", "-ey", "--exit-code=false"), 0);
	assert_true(p.app.yes);
}

static void bare_choice_takes_no_word(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "make", "--dry-run", "server"), 0);
	assert_string_equal(p.out, "word server\ncount 5 timeout 0 dry-run client word -\n");
	assert_int_equal(program_run(&p, "make", "--dry-run=server"), 0);
	assert_string_equal(p.out, "count 5 timeout 0 dry-run server word -\n");
}

static void lists_keep_order_and_dashes_end_options(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "make", "-i", "1", "n", "--item=2", "--", "--word", "x"), 0);
	assert_string_equal(p.out, "word n\nrest --word\nrest x\nitem 1\nitem 2\n"
	                           "count 5 timeout 0 dry-run - word -\n");
}

static void inputs_become_a_map(void **state)
{
	AUTO(program) struct program p = program_new();
	const struct value *tags, *inputs;

	(void)state;
	assert_int_equal(program_run(&p, "make", "--cluster-name", "prod", "--tags", "a=1", "--tags=b=2",
	                             "--kms-enable-key-rotation=0", "--dynamodb-point-in-time-recovery",
	                             "--kms-deletion-window-days=9", "--cluster-name=test"), 0);
	inputs = p.app.line.inputs;
	assert_int_equal(inputs->n, 5);
	assert_string_equal(value_text_or(inputs, "cluster_name", ""), "test");
	assert_string_equal(value_get(inputs, "cluster_name")->mark.file, "--cluster-name");
	assert_string_equal(value_text_or(inputs, "kms_enable_key_rotation", ""), "false");
	assert_string_equal(value_text_or(inputs, "dynamodb_point_in_time_recovery", ""), "true");
	assert_string_equal(value_text_or(inputs, "kms_deletion_window_days", ""), "9");
	tags = value_get(inputs, "tags");
	assert_int_equal(tags->type, VALUE_LIST);
	assert_string_equal(value_text_or(tags, "0", ""), "a=1");
	assert_string_equal(value_text_or(tags, "1", ""), "b=2");
	assert_string_equal(tags->items[1]->mark.file, "--tags");
}

static void every_problem_in_one_run(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "make", "--wrod", "x", "-z", "--count=12", "--count", "many", "--timeout=soon",
	                             "--dry-run=sever", "--exit-code=maybe", "--word", "--item", "i", "a", "b",
	                             "--password=p", "--kms-enable-key-rotation=yes", "-o", "xml", "--region"), 2);
	assert_string_equal(p.out, "");
	assert_string_equal(p.talk,
		"error: unknown option '--wrod'\n"
		"hint: did you mean '--word'?\n"
		"error: unknown option '-z'\n"
		"hint: 'helm thing make --help' lists the options\n"
		"error: option '--count' is from 1 to 9, not 12\n"
		"error: option '--count' needs a number, not 'many'\n"
		"error: option '--timeout' needs a time, not 'soon'\n"
		"hint: write seconds, or '90s', '5m', '1h30m'\n"
		"error: option '--dry-run' knows no 'sever'\n"
		"hint: did you mean 'server'?\n"
		"error: option '--exit-code' is true or false, not 'maybe'\n"
		"error: option '--word' needs a value\n"
		"hint: a value that starts with a dash, or is empty, is written '--word=WORD'\n"
		"error: option '--password' is refused: every process of this machine sees it; log in with "
		"'helm repo add' or 'helm registry login' first\n"
		"error: option '--kms-enable-key-rotation' is true or false, not 'yes'\n"
		"error: option '--output' knows no 'xml'\n"
		"hint: it is one of table, json or yaml\n"
		"error: option '--region' needs a value\n"
		"error: unexpected word 'b'\n");
}

static void input_problems_come_with_the_others(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "make", "--bogus", "--kms-deletion-window-days=99"), 2);
	assert_non_null(strstr(p.talk, "error: unknown option '--bogus'\n"));
	assert_non_null(strstr(p.talk, "--kms-deletion-window-days"));
}

static void flags_for_helm_are_kept(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "make", "-fa.yaml", "--set", "a=b", "--devel", "--set=c=d", "-l", "x=y"), 0);
	assert_int_equal(p.app.line.n_passed, 5);
	assert_string_equal(p.app.line.passed[0].opt->name, "values");
	assert_string_equal(p.app.line.passed[0].value, "a.yaml");
	assert_string_equal(p.app.line.passed[1].value, "a=b");
	assert_string_equal(p.app.line.passed[2].opt->name, "devel");
	assert_null(p.app.line.passed[2].value);
	assert_string_equal(p.app.line.passed[3].value, "c=d");
	assert_string_equal(p.app.line.passed[4].opt->name, "labels");
}

static void command_behind_its_options(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	/* helm -f a.yaml thing make; helm --burst-limit 5 thing make */
	assert_int_equal(program_run(&p, "-f", "a.yaml", "--burst-limit", "5", "--debug", "make", "x"), 0);
	assert_string_equal(p.out, "word x\ncount 5 timeout 0 dry-run - word -\n");
	assert_int_equal(p.app.line.n_passed, 1);
	assert_true(p.app.debug);
	assert_int_equal(program_run(&p, "-na", "look", "kms"), 0);
	assert_string_equal(p.out, "look at kms in a\n");
}

static void bool_as_go_parses_it(void **state)
{
	bool truth = false;

	(void)state;
	assert_true(option_bool("T", &truth) && truth);
	assert_true(option_bool("FALSE", &truth) && !truth);
	assert_false(option_bool("yes", &truth));
	assert_false(option_bool("", &truth));
}

/* One name and one letter mean one thing within a command, whichever groups it takes. */
static void no_option_twice(const struct cli *cli, const struct command *command)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct opt_group groups[OPT_GROUPS_MAX];
	size_t n = cli_groups(cli, command, NULL, &mem, groups);

	assert_true(n <= OPT_GROUPS_MAX);
	for (size_t g = 0; g < n; g++) {
		for (const struct opt *opt = groups[g].rows; opt->kind; opt++) {
			const struct opt *found = options_find(groups, n, view_text(opt->name), NULL);

			if (found != opt)
				fail_msg("--%s is there twice", opt->name);
			found = opt->letter ? options_find_letter(groups, n, opt->letter, NULL) : opt;
			if (found != opt)
				fail_msg("-%c is there twice", opt->letter);
			assert_non_null(opt->help);
			assert_true(opt->metavar || opt->bare || opt->kind == OPT_REFUSED);
		}
	}
}

static void names_are_unique(void **state)
{
	struct program p = program_new();

	(void)state;
	no_option_twice(&p.cli, &make_row);
	p.cli.kind = CLI_KUBECTL;
	no_option_twice(&p.cli, &look_row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_in_every_form),
		cmocka_unit_test(flags_together_and_undone),
		cmocka_unit_test(bare_choice_takes_no_word),
		cmocka_unit_test(lists_keep_order_and_dashes_end_options),
		cmocka_unit_test(inputs_become_a_map),
		cmocka_unit_test(every_problem_in_one_run),
		cmocka_unit_test(input_problems_come_with_the_others),
		cmocka_unit_test(flags_for_helm_are_kept),
		cmocka_unit_test(command_behind_its_options),
		cmocka_unit_test(bool_as_go_parses_it),
		cmocka_unit_test(names_are_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
