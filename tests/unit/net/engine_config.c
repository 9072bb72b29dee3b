/* What the real transport takes from the environment: proxies and trust, and nothing else. */
#include "rig.h"

#include "fake/host.h"
#include "net/engine_curl.h"

static void an_empty_environment_gives_nothing(void **state)
{
	AUTO(fake_host) struct fake_host machine = { 0 };
	struct host host = fake_host(&machine);
	struct engine_config c = engine_config_from_host(&host);

	(void)state;
	assert_null(c.ca_file);
	assert_null(c.https_proxy);
	assert_null(c.http_proxy);
	assert_null(c.no_proxy);
	assert_false(c.hear_signals);
}

/* The first that is set counts. HTTP_PROXY does not: a web server's clients could set it ("httpoxy"). */
static void the_first_that_is_set_counts(void **state)
{
	static const struct { const char *name; const char *seen; } steps[] = {
		{ "SSL_CERT_FILE", "SSL_CERT_FILE,-,-,-" },
		{ "AWS_CA_BUNDLE", "AWS_CA_BUNDLE,-,-,-" },
		{ "https_proxy", "AWS_CA_BUNDLE,https_proxy,-,-" },
		{ "HTTPS_PROXY", "AWS_CA_BUNDLE,HTTPS_PROXY,-,-" },
		{ "HTTP_PROXY", "AWS_CA_BUNDLE,HTTPS_PROXY,-,-" },
		{ "http_proxy", "AWS_CA_BUNDLE,HTTPS_PROXY,http_proxy,-" },
		{ "no_proxy", "AWS_CA_BUNDLE,HTTPS_PROXY,http_proxy,no_proxy" },
		{ "NO_PROXY", "AWS_CA_BUNDLE,HTTPS_PROXY,http_proxy,NO_PROXY" },
	};
	AUTO(fake_host) struct fake_host machine = { 0 };
	struct host host = fake_host(&machine);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		struct engine_config c;
		AUTO(text) char *seen = NULL;

		fake_host_env(&machine, steps[i].name, steps[i].name);
		c = engine_config_from_host(&host);
		seen = xasprintf("%s,%s,%s,%s", c.ca_file, c.https_proxy ? c.https_proxy : "-",
		                 c.http_proxy ? c.http_proxy : "-", c.no_proxy ? c.no_proxy : "-");
		assert_string_equal(seen, steps[i].seen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_environment_gives_nothing),
		cmocka_unit_test(the_first_that_is_set_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
