#include "unit/cli/program.h"

#include "cli/ask.h"
#include "cli/helm_flags.h"

static void errors_and_exit_codes(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "make", "-w", "deny"), 1);
	assert_string_equal(p.talk, "error: making: not allowed\nhint: ask somebody\n");
	assert_int_equal(program_run(&p, "make", "-w", "deny", "-o", "json"), 1);
	assert_string_equal(p.talk, "{\"error\":{\"kind\":\"denied\",\"status\":403,\"text\":\"making: not allowed\","
	                            "\"hint\":\"ask somebody\",\"more\":[]}}\n");
	assert_int_equal(program_run(&p, "make", "-o", "json", "--bad", "--worse"), 2);
	assert_string_equal(p.talk,
		"{\"error\":{\"kind\":\"usage\",\"status\":0,\"text\":\"unknown option '--bad'\","
		"\"hint\":\"'helm thing make --help' lists the options\",\"more\":["
		"{\"kind\":\"usage\",\"status\":0,\"text\":\"unknown option '--worse'\","
		"\"hint\":\"'helm thing make --help' lists the options\"}]}}\n");
}

static void unknown_commands(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "mkae"), 2);
	assert_string_equal(p.talk, "error: unknown command 'mkae'\nhint: did you mean 'helm thing make'?\n");
	assert_int_equal(program_run(&p, "frobnicate"), 2);
	assert_string_equal(p.talk, "error: unknown command 'frobnicate'\nhint: 'helm thing help' lists the commands\n");
	assert_int_equal(program_run(&p, "vers"), 2);
	assert_string_equal(p.talk, "error: unknown command 'vers'\nhint: did you mean 'helm thing version'?\n");
	assert_int_equal(program_run(&p, "help", "mkae"), 2);
	assert_int_equal(program_run(&p, ""), 2);
}

static void words_of_a_command(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "look", "irsaa"), 2);
	assert_string_equal(p.talk, "error: unknown word 'irsaa'\nhint: did you mean 'irsa'?\n");
	assert_int_equal(program_run(&p, "look", "kms", "--", "x"), 2);
	assert_string_equal(p.talk, "error: 'look' takes nothing after '--'\n");
}

static void version_in_both_ways(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "version"), 0);
	assert_string_equal(p.out, "helm thing " VA_VERSION "\n");
	assert_int_equal(program_run(&p, "--version"), 0);
	assert_string_equal(p.out, "helm thing " VA_VERSION "\n");
	assert_int_equal(program_run(&p, "version", "-ojson"), 0);
	assert_string_equal(p.out, "{\n  \"program\": \"helm thing\",\n  \"version\": \"" VA_VERSION "\"\n}\n");
}

static void help_wherever_it_is_asked_for(void **state)
{
	AUTO(program) struct program p = program_new();
	AUTO(text) char *page = NULL;

	(void)state;
	assert_int_equal(program_run(&p, "help", "make"), 0);
	page = xstrdup(p.out);
	assert_int_equal(program_run(&p, "make", "--help"), 0);
	assert_string_equal(p.out, page);
	assert_int_equal(program_run(&p, "make", "--bogus", "--word", "-h"), 0);
	assert_string_equal(p.out, page);
	assert_string_equal(p.talk, "");
	assert_int_equal(program_run_words(&p, 0, NULL), 0);
	assert_non_null(strstr(p.out, "\nMake:\n  make                        make it\n"));
	assert_null(strstr(p.out, "__complete"));
}

static void help_page(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "look", "--help"), 0);
	assert_non_null(strstr(p.out, "helm thing look: look at it\n\nUsage:\n  helm thing look [irsa|kms] [options]\n"
	                              "\nA paragraph.\n\nWords:\n  irsa                        the role\n"));
	assert_non_null(strstr(p.out, "\nExamples:\n  helm thing look\n  helm thing look kms\n\nCluster:\n"));
	assert_non_null(strstr(p.out, "\n  -n, --namespace NAME        namespace of the release\n"));
	assert_non_null(strstr(p.out, "\nEverywhere:\n  -h, --help                  print this\n"));
	assert_null(strstr(p.out, "burst-limit"));
	assert_int_equal(program_run(&p, "make", "--help"), 0);
	for (char *line = strtok(p.out, "\n"); line; line = strtok(NULL, "\n"))
		if (strlen(line) > 80)
			fail_msg("wider than 80 columns: %s", line);
}

static void kubectl_runs_without_a_command(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	p.cli.kind = CLI_KUBECTL;
	p.cli.program = "kubectl look";
	p.cli.fallback = &look_row;
	p.cli.n = 1;
	assert_int_equal(program_run_words(&p, 0, NULL), 0);
	assert_string_equal(p.out, "look at all in -\n");
	assert_int_equal(program_run(&p, "-n", "vault", "irsa", "-v6"), 0);
	assert_string_equal(p.out, "look at irsa in vault\n");
	assert_true(p.app.debug);
	assert_int_equal(program_run(&p, "--as-group=a", "--as-group", "b", "--request-timeout", "5"), 0);
	assert_string_equal(p.app.kube.as_groups[1], "b");
	assert_null(p.app.kube.as_groups[2]);
	assert_int_equal(p.app.kube.request_timeout_ms, 5000);
	assert_int_equal(program_run(&p, "make"), 0);
	assert_int_equal(program_run(&p, "versoin"), 2);
	assert_non_null(strstr(p.talk, "did you mean 'version'?"));
	assert_int_equal(program_run(&p, "--token", "s3cret"), 2);
	assert_null(strstr(p.talk, "s3cret"));
	assert_int_equal(program_run(&p, "--version"), 0);
	assert_string_equal(p.out, "kubectl look " VA_VERSION "\n");
}

static void helm_says_much_in_its_environment(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	fake_host_env(&p.machine, "HELM_BIN", "/opt/helm4");
	fake_host_env(&p.machine, "HELM_NAMESPACE", "a");
	fake_host_env(&p.machine, "HELM_KUBECONTEXT", "second");
	fake_host_env(&p.machine, "HELM_KUBEASGROUPS", "g1,g2,g1,g2");
	fake_host_env(&p.machine, "HELM_KUBETOKEN", "t0ken");
	fake_host_env(&p.machine, "HELM_KUBEASUSER", "");
	fake_host_env(&p.machine, "HELM_DEBUG", "true");
	assert_int_equal(program_run(&p, "look"), 0);
	assert_string_equal(p.app.helm.bin, "/opt/helm4");
	assert_string_equal(p.app.helm.namespace_, "a");
	assert_false(p.app.helm.namespace_flag);
	assert_null(p.app.kube.namespace_);
	assert_string_equal(p.app.kube.context, "second");
	assert_string_equal(p.app.kube.as_groups[0], "g1");
	assert_string_equal(p.app.kube.as_groups[1], "g2");
	assert_null(p.app.kube.as_groups[2]);
	assert_true(view_is(secret_expose(&p.app.kube.token), "t0ken"));
	assert_null(p.app.kube.as_user);
	assert_true(p.app.debug);
	/* -nX is left in our argv, and wins */
	assert_int_equal(program_run(&p, "look", "-nb", "--kube-context=third", "--debug=false"), 0);
	assert_string_equal(p.app.helm.namespace_, "b");
	assert_true(p.app.helm.namespace_flag);
	assert_string_equal(p.app.kube.context, "third");
	assert_false(p.app.debug);
	fake_host_env(&p.machine, "HELM_KUBEINSECURE_SKIP_TLS_VERIFY", "true");
	assert_int_equal(program_run(&p, "look"), 2);
	assert_non_null(strstr(p.talk, "TLS is always verified"));
}

static void started_without_helm(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "look"), 0);
	assert_string_equal(p.app.helm.bin, "helm");
	assert_null(p.app.helm.namespace_);
	assert_null(p.app.kube.as_groups);
}

static void each_major_gets_its_own_flags(void **state)
{
	AUTO(program) struct program p = program_new();
	AUTO(err) struct err e = { 0 };
	struct text_list argv = { 0 };

	(void)state;
	assert_int_equal(program_run(&p, "make", "-f", "x", "--server-side", "--set-string=", "--force-conflicts=false",
	                             "--server-side=false"), 0);
	assert_int_equal(helm_flags_argv(&p.app, 4, &argv, &e), 0);
	assert_int_equal(argv.n, 5);
	assert_string_equal(argv.at[0], "--values=x");
	assert_string_equal(argv.at[1], "--server-side");
	assert_string_equal(argv.at[2], "--set-string=");
	assert_string_equal(argv.at[3], "--force-conflicts=false");
	assert_null(argv.at[5]);
	assert_string_equal(helm_flag_given(&p.app, "server-side"), "false");
	assert_string_equal(helm_flag_given(&p.app, "values"), "x");
	assert_null(helm_flag_given(&p.app, "set"));
	assert_int_equal(helm_flags_argv(&p.app, 3, &argv, &e), -1);
	assert_int_equal(e.kind, ERR_USAGE);
	assert_int_equal(err_count(&e), 2);
	assert_string_equal(e.text, "helm 3 has no flag '--server-side'");
}

static void colors(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "make", "-w", "deny"), 1);
	assert_null(strchr(p.talk, '\033'));
	assert_int_equal(program_run(&p, "make", "-w", "deny", "--color=always"), 1);
	assert_non_null(strstr(p.talk, "\033[31merror:\033[0m making"));
	fake_host_env(&p.machine, "NO_COLOR", "1");
	assert_int_equal(program_run(&p, "make", "-w", "deny", "--color=always"), 1);
	assert_null(strchr(p.talk, '\033'));
}

static void foreign_text_cannot_steer_the_terminal(void **state)
{
	AUTO(program) struct program p = program_new();

	(void)state;
	assert_int_equal(program_run(&p, "a\033[2Jb\nc"), 2);
	assert_non_null(strstr(p.talk, "unknown command 'a?[2Jb c'\n"));
}

static int ask_with(struct program *p, const char *answer, bool yes, struct err *e)
{
	program_open(p);
	p->app.yes = yes;
	p->app.answers = fmemopen((char *)answer, strlen(answer), "r");
	return ask_yes(&p->app, e, "delete '%s'?", "x");
}

static void answers(void **state)
{
	AUTO(program) struct program p = program_new();
	AUTO(err) struct err e = { 0 };

	(void)state;
	assert_int_equal(ask_with(&p, "y\n", false, &e), 0);
	assert_int_equal(ask_with(&p, "YES \n", false, &e), 0);
	fflush(p.app.talk);
	assert_string_equal(p.talk, "delete 'x'? [y/N] ");
	assert_int_equal(ask_with(&p, "n\n", true, &e), 0);
	assert_int_equal(ask_with(&p, "\n", false, &e), -1);
	assert_int_equal(e.kind, ERR_GUARD);
	assert_int_equal(ask_with(&p, "yess\n", false, &e), -1);
	assert_int_equal(err_exit_code(&e), 4);
}

static int name_with(struct program *p, const char *answer, struct err *e)
{
	program_open(p);
	p->app.yes = true;               /* does not count */
	p->app.answers = fmemopen((char *)answer, strlen(answer), "r");
	return ask_name(&p->app, e, "prod-vault", "this empties the table '%s'", "prod-vault");
}

static void the_name_is_to_be_typed(void **state)
{
	static const char *const others[] = { "\n", "y\n", "yes\n", "prod-vaul\n", "PROD-VAULT\n", "prod-vault x\n", "x" };
	AUTO(program) struct program p = program_new();
	AUTO(err) struct err none = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		AUTO(err) struct err e = { 0 };

		assert_int_equal(name_with(&p, others[i], &e), -1);
		assert_int_equal(err_exit_code(&e), 4);
	}
	assert_int_equal(name_with(&p, "prod-vault\n", &none), 0);
	fflush(p.app.talk);
	assert_non_null(strstr(p.talk, "this empties the table 'prod-vault'\ntype its name to go on: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_and_exit_codes),
		cmocka_unit_test(unknown_commands),
		cmocka_unit_test(words_of_a_command),
		cmocka_unit_test(version_in_both_ways),
		cmocka_unit_test(help_wherever_it_is_asked_for),
		cmocka_unit_test(help_page),
		cmocka_unit_test(kubectl_runs_without_a_command),
		cmocka_unit_test(helm_says_much_in_its_environment),
		cmocka_unit_test(started_without_helm),
		cmocka_unit_test(each_major_gets_its_own_flags),
		cmocka_unit_test(colors),
		cmocka_unit_test(foreign_text_cannot_steer_the_terminal),
		cmocka_unit_test(answers),
		cmocka_unit_test(the_name_is_to_be_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
