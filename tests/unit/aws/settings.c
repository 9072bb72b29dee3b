/* Profiles out of the two files: names, precedence, what is broken. */
#include "aws/settings.h"
#include "unit/aws/fixture.h"

static struct aws_settings *read_settings(struct machine *m, const char *config, const char *credentials)
{
	AUTO(err) struct err e = {0};
	struct aws_settings *s;

	machine_config(m, config, credentials);
	if (settings_read(&s, &m->host, NULL, &e) < 0)
		fail_msg("%s", e.text);
	return s;
}

static void section_names(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(settings) struct aws_settings *s = NULL;

	(void)state;
	machine_init(&m);
	s = read_settings(&m, "[profile ops]\nregion = a\n[ profile  two words ]\nregion = b\n"
	                  "[profile \"quoted name\"]\nregion = c\n[ops]\nregion = no\n[profiles]\nregion = no\n"
	                  "[sso-session x]\nregion = no\n[profile default]\nregion = d\n[default]\nregion = e\n",
	                  NULL);
	assert_string_equal(settings_get(s, "ops", "region"), "a");
	assert_string_equal(settings_get(s, "two words", "region"), "b");
	assert_string_equal(settings_get(s, "quoted name", "region"), "c");
	assert_string_equal(settings_get(s, "default", "region"), "d");
	assert_int_equal(s->config->n, 4);
	assert_false(settings_has_profile(s, "x"));
	assert_null(settings_get(s, "ops", "output"));
	assert_null(settings_get(s, "nobody", "region"));
}

static void the_credentials_file_wins_key_by_key(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(settings) struct aws_settings *s = NULL;

	(void)state;
	machine_init(&m);
	s = read_settings(&m, "[profile ops]\nregion = from-config\nrole_arn = r\noutput =\n",
	                  "[ops]\nregion = from-credentials\n");
	assert_string_equal(settings_get(s, "ops", "region"), "from-credentials");
	assert_string_equal(settings_get(s, "ops", "role_arn"), "r");
	assert_null(settings_get(s, "ops", "output"));
}

/* AWS_REGION, then AWS_DEFAULT_REGION, then the profile; a flag before all. */
static void region_precedence(void **state)
{
	static const struct {
		const char *flag, *region, *default_region, *want;
	} cases[] = {
		{ "flag-1", "env-1", "def-1", "flag-1" },
		{ NULL, "env-1", "def-1", "env-1" },
		{ NULL, NULL, "def-1", "def-1" },
		{ NULL, NULL, NULL, "profile-1" },
		{ "", NULL, NULL, "profile-1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(machine) struct machine m;
		AUTO(err) struct err e = {0};
		struct aws_flags flags = { .region = cases[i].flag };

		machine_init(&m);
		fake_host_env(&m.files, "AWS_REGION", cases[i].region);
		fake_host_env(&m.files, "AWS_DEFAULT_REGION", cases[i].default_region);
		machine_config(&m, "[default]\nregion = profile-1\n", NULL);
		assert_int_equal(aws_open(&m.aws, &m.host, &m.mem, &flags, &e), 0);
		assert_string_equal(m.aws.region, cases[i].want);
	}
}

static void the_rest_of_the_settings(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	(void)state;
	machine_init(&m);
	machine_config(&m, "[default]\nmax_attempts = 7\nuse_fips_endpoint = TRUE\nca_bundle = /etc/ca.pem\n"
	               "sdk_ua_app_id = my app\n", NULL);
	assert_int_equal(aws_open(&m.aws, &m.host, &m.mem, NULL, &e), 0);
	assert_int_equal(m.aws.max_attempts, 7);
	assert_true(m.aws.fips);
	assert_false(m.aws.dualstack);
	assert_string_equal(m.aws.ca_bundle, "/etc/ca.pem");
	assert_true(text_starts(m.aws.user_agent, "helm-vault-aws/"));
	assert_true(text_ends(m.aws.user_agent, " app/my-app"));
	assert_null(m.aws.endpoints);
}

static void check_broken(const char *variable, const char *value, const char *config, const char *error)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	machine_init(&m);
	if (variable)
		fake_host_env(&m.files, variable, value);
	machine_config(&m, config, NULL);
	assert_int_equal(aws_open(&m.aws, &m.host, &m.mem, NULL, &e), -1);
	if (!text_starts(e.text, error))
		fail_msg("'%s' does not start with '%s'", e.text, error);
	assert_int_equal(e.kind, ERR_CONFIG);
}

static void what_is_broken_is_said(void **state)
{
	(void)state;
	check_broken("AWS_MAX_ATTEMPTS", "many", NULL,
	             "AWS_MAX_ATTEMPTS (or max_attempts) is not a number from 1 to 100: 'many'");
	check_broken("AWS_MAX_ATTEMPTS", "0", NULL, "AWS_MAX_ATTEMPTS (or max_attempts) is not a number");
	check_broken(NULL, NULL, "[default\nregion = x\n", "~/.aws/config:1:");
	check_broken(NULL, NULL, "[default]\nregion\n", "~/.aws/config:2:");
}

static void a_file_that_may_not_be_read_is_an_error(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	(void)state;
	machine_init(&m);
	machine_config(&m, "[default]\nregion = x\n", NULL);
	fake_host_deny(&m.files, "/home/ops/.aws/config");
	assert_int_equal(aws_open(&m.aws, &m.host, &m.mem, NULL, &e), -1);
	assert_true(text_starts(e.text, "AWS settings: reading '/home/ops/.aws/config': "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_names),
		cmocka_unit_test(the_credentials_file_wins_key_by_key),
		cmocka_unit_test(region_precedence),
		cmocka_unit_test(the_rest_of_the_settings),
		cmocka_unit_test(what_is_broken_is_said),
		cmocka_unit_test(a_file_that_may_not_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
