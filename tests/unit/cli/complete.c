#include "unit/cli/program.h"

static void commands(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "__complete", ""), 0);
	assert_string_equal(p.out, "make\tmake it\nlook\tlook at it\ncompletion\tprint what sets completion up\n"
	                           "version\tprint the version\nhelp\texplain the program or one of its commands\n:4\n");
	assert_int_equal(program_run(&p, "__complete", "lo"), 0);
	assert_string_equal(p.out, "look\tlook at it\n:4\n");
	assert_int_equal(program_run(&p, "__complete", "help", "ma"), 0);
	assert_string_equal(p.out, "make\tmake it\n:4\n");
	assert_int_equal(program_run(&p, "__complete"), 0);
	assert_true(text_ends(p.out, ":4\n"));
	assert_string_equal(p.talk, "");
}

static void options_and_their_values(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "__complete", "make", "--exit"), 0);
	assert_string_equal(p.out, "--exit-code\texit 3 when something would change\n:4\n");
	assert_int_equal(program_run(&p, "__complete", "make", "--dynamodb-b"), 0);
	assert_string_equal(p.out, "--dynamodb-billing\ton-demand or provisioned\n:4\n");
	assert_int_equal(program_run(&p, "__complete", "make", "--dynamodb-billing", ""), 0);
	assert_string_equal(p.out, "on-demand\nprovisioned\n:4\n");
	assert_int_equal(program_run(&p, "__complete", "make", "--output=y"), 0);
	assert_string_equal(p.out, "--output=yaml\n:4\n");
	assert_int_equal(program_run(&p, "__complete", "make", "-o", ""), 0);
	assert_string_equal(p.out, "table\njson\nyaml\n:4\n");
	assert_int_equal(program_run(&p, "__complete", "make", "--exit-code="), 0);
	assert_string_equal(p.out, "--exit-code=true\n--exit-code=false\n:4\n");
	assert_int_equal(program_run(&p, "__complete", "make", "--config", ""), 0);
	assert_string_equal(p.out, ":0\n");
	assert_int_equal(program_run(&p, "__complete", "make", "--burst"), 0);
	assert_string_equal(p.out, ":4\n");
	assert_int_equal(program_run(&p, "__complete", "make", "--kube-c"), 0);
	assert_string_equal(p.out, ":4\n");
	assert_int_equal(program_run(&p, "__complete", "make", "--word", ""), 0);
	assert_string_equal(p.out, ":4\n");
}

static void words_behind_options(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "__complete", "look", "-n", "a", "--debug", "k"), 0);
	assert_string_equal(p.out, "kms\tthe key\n:4\n");
	assert_int_equal(program_run(&p, "__complete", "look", "irsa", ""), 0);
	assert_string_equal(p.out, ":4\n");
	assert_int_equal(program_run(&p, "__complete", "--burst-limit", "5", "look", "i"), 0);
	assert_string_equal(p.out, "irsa\tthe role\n:4\n");
}

static void kubectl_completes_words_of_the_fallback_too(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	p.cli.kind = CLI_KUBECTL;
	p.cli.fallback = &look_row;
	p.cli.n = 1;
	assert_int_equal(program_run(&p, "__complete", "-n", "vault", "v"), 0);
	assert_string_equal(p.out, "version\tprint the version\n:4\n");
	assert_int_equal(program_run(&p, "__complete", "-n", "vault", "i"), 0);
	assert_string_equal(p.out, "irsa\tthe role\n:4\n");
	assert_int_equal(program_run(&p, "__complete", "--all-n"), 0);
	assert_string_equal(p.out, "--all-namespaces\tlook in all namespaces\n:4\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(options_and_their_values),
		cmocka_unit_test(words_behind_options),
		cmocka_unit_test(kubectl_completes_words_of_the_fallback_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
