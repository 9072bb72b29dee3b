#include "unit/unit.h"

#include "core/text.h"
#include "formats/uri.h"

static void encoding_as_aws_wants_it(void **state)
{
	AUTO(buf) struct buf out = BUF_MAX(1000);

	(void)state;
	uri_encode(&out, view_text("aZ09-_.~ /?=&+%\xc3\xa9*"), false);
	assert_string_equal(buf_str(&out), "aZ09-_.~%20%2F%3F%3D%26%2B%25%C3%A9%2A");
	buf_cut(&out, 0);
	uri_encode(&out, view_text("/a b/"), true);
	assert_string_equal(buf_str(&out), "/a%20b/");
}

static void decoding(void **state)
{
	AUTO(buf) struct buf out = BUF_MAX(1000);
	AUTO(err) struct err e = { 0 };
	static const char *const broken[] = { "%", "%4", "%4g", "a%+1", "%-1" };

	(void)state;
	assert_int_equal(uri_decode(&out, view_text("a+%41%c3%A9%00"), true, &e), 0);
	assert_int_equal(out.n, 6);
	assert_memory_equal(buf_str(&out), "a A\xc3\xa9", 6);
	buf_cut(&out, 0);
	assert_int_equal(uri_decode(&out, view_text("a+b"), false, &e), 0);
	assert_string_equal(buf_str(&out), "a+b");
	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		assert_int_equal(uri_decode(&out, view_text(broken[i]), true, &e), -1);
		assert_int_equal(e.kind, ERR_REMOTE);
		assert_string_equal(buf_str(&out), "a+b");
	}
}

static void taking_apart(void **state)
{
	static const struct {
		const char *text, *scheme, *host;
		unsigned port;
		bool given;
		const char *path, *query;
	} rows[] = {
		{ "https://KMS.us-east-1.amazonaws.com", "https", "kms.us-east-1.amazonaws.com", 443, false,
		  "/", NULL },
		{ "HTTP://localhost:8200/v1/sys?a=b&c#x", "http", "localhost", 8200, true, "/v1/sys",
		  "a=b&c" },
		{ "https://[::1]:6443", "https", "::1", 6443, true, "/", NULL },
		{ "https://[FE80::1]/p", "https", "fe80::1", 443, false, "/p", NULL },
		{ "https://a_b-c.d:/?", "https", "a_b-c.d", 443, false, "/", "" },
		{ "https://h?q", "https", "h", 443, false, "/", "q" },
		{ "https://h#frag", "https", "h", 443, false, "/", NULL },
		{ "socks5h://10.0.0.1:1080", "socks5h", "10.0.0.1", 1080, true, "/", NULL },
		{ "git+ssh://h/p", "git+ssh", "h", 0, false, "/p", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct uri u;

		if (uri_parse(&a, rows[i].text, &u, &e) < 0)
			fail_msg("%s", e.text);
		assert_string_equal(u.scheme, rows[i].scheme);
		assert_string_equal(u.host, rows[i].host);
		assert_int_equal(u.port, rows[i].port);
		assert_int_equal(u.port_given, rows[i].given);
		assert_string_equal(u.path, rows[i].path);
		assert_true(text_same(u.query, rows[i].query));
	}
}

static void what_is_no_url(void **state)
{
	static const char *const rows[] = { "",
										"x",
										"://h",
										"1http://h",
										"https://",
										"https:///p",
										"https://h:0",
										"https://h:65536",
										"https://h:+1",
										"https://h:1x",
										"https://[::1",
										"https://[::1]x",
										"https://[zz]",
										"https://::1/",
										"https://h o/",
										"https://h/\n",
										"https://\xc3\xa9/",
										"https://user:pass@h/",
										"https://h%41/" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(err) struct err e = { 0 };
		struct uri u;

		if (uri_parse(&a, rows[i], &u, &e) == 0)
			fail_msg("'%s' was taken", rows[i]);
		assert_int_equal(e.kind, ERR_CONFIG);
		assert_null(strstr(e.text, "pass@"));
	}
}

static void loopback(void **state)
{
	static const struct {
		const char *host;
		bool loops;
	} rows[] = { { "localhost", true },          { "127.0.0.1", true },
				 { "127.9.9.9", true },          { "::1", true },
				 { "128.0.0.1", false },         { "127.0.0.1.example", false },
				 { "localhost.example", false }, { "::2", false } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct uri u = { .host = rows[i].host };

		assert_int_equal(uri_is_loopback(&u), rows[i].loops);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoding_as_aws_wants_it),
		cmocka_unit_test(decoding),
		cmocka_unit_test(taking_apart),
		cmocka_unit_test(what_is_no_url),
		cmocka_unit_test(loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
