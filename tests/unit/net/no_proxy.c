/* NO_PROXY: which hosts need no proxy. */
#include "rig.h"

#include "net/no_proxy.h"

static void hosts_are_covered(void **state)
{
	static const struct { const char *list, *host; bool covered; } cases[] = {
		{ NULL, "example.com", false },
		{ "", "example.com", false },
		{ NULL, "localhost", true },
		{ NULL, "127.0.0.1", true },
		{ NULL, "127.9.8.7", true },
		{ NULL, "[::1]", true },
		{ NULL, "128.0.0.1", false },
		{ "*", "example.com", true },
		{ "example.com", "example.com", true },
		{ "example.com", "EXAMPLE.com.", true },
		{ "example.com", "api.example.com", true },
		{ "example.com", "anexample.com", false },
		{ "example.com", "example.com.org", false },
		{ ".example.com", "example.com", true },
		{ ".example.com", "a.b.example.com", true },
		{ ".", "example.com", false },
		{ "a.test, b.test c.test,,d.test", "c.test", true },
		{ "a.test, b.test c.test,,d.test", "x.d.test", true },
		{ "a.test, b.test c.test,,d.test", "e.test", false },
		{ "10.0.0.0/8", "10.1.2.3", true },
		{ "10.0.0.0/8", "11.1.2.3", false },
		{ "10.128.0.0/9", "10.127.0.1", false },
		{ "10.128.0.0/9", "10.129.0.1", true },
		{ "0.0.0.0/0", "8.8.8.8", true },
		{ "10.0.0.0/33", "10.0.0.0", false },
		{ "10.0.0.0/", "10.0.0.0", false },
		{ "10.0.0.0/x", "10.0.0.0", false },
		{ "10.0.0.0/99999999999999999999", "10.0.0.0", false },
		{ "192.168.1.1", "192.168.1.1", true },
		{ "1.1", "192.168.1.1", false },
		{ "fd00::/8", "[fd00::1]", true },
		{ "fd00::/8", "fe80::1", false },
		{ "[fd00::1]", "fd00::1", true },
		{ "10.0.0.0/8", "name.test", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (no_proxy_covers(cases[i].list, cases[i].host) != cases[i].covered)
			fail_msg("'%s' and '%s'", cases[i].list, cases[i].host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_are_covered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
