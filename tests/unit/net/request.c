/* Requests and replies. */
#include "rig.h"

static void a_request_keeps_copies(void **state)
{
	struct request rq = { 0 };
	char text[] = "https://host/x";

	(void)state;
	request_http(&rq, "PUT", text);
	request_header(&rq, "X-Name", text);
	request_body(&rq, view_text(text), "text/plain");
	memset(text, 'z', sizeof(text) - 1);
	assert_int_equal(rq.kind, REQUEST_HTTP);
	assert_string_equal(rq.method, "PUT");
	assert_string_equal(rq.url, "https://host/x");
	assert_true(view_is(rq.body, "https://host/x"));
	assert_string_equal(request_header_get(&rq, "x-name"), "https://host/x");
	assert_string_equal(request_header_get(&rq, "Content-TYPE"), "text/plain");
	assert_null(request_header_get(&rq, "X-Nam"));
	request_release(&rq);
	assert_int_equal(rq.kind, REQUEST_NONE);
}

static void a_childs_arguments_are_copied(void **state)
{
	char word[] = "get";
	const char *const argv[] = { "tool", word, "", NULL };
	struct request rq = { 0 };

	(void)state;
	request_child(&rq, argv);
	word[0] = 'x';
	assert_int_equal(rq.kind, REQUEST_CHILD);
	assert_string_equal(rq.argv[1], "get");
	assert_string_equal(rq.argv[2], "");
	assert_null(rq.argv[3]);
	request_release(&rq);
}

static void the_last_header_of_a_name_counts(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct reply r = { .head = BUF_MAX(1000) };

	(void)state;
	assert_null(reply_header(&r, &a, "Date"));
	buf_text(&r.head, "Date: one\nETag:\ndate:  two words \nDated: three\n: none\n");
	assert_string_equal(reply_header(&r, &a, "DATE"), "two words");
	assert_string_equal(reply_header(&r, &a, "etag"), "");
	assert_null(reply_header(&r, &a, "Dat"));
	reply_release(&r);
}

static void replies_are_sorted(void **state)
{
	static const struct { int status; enum sorted sorted; } cases[] = {
		{ 200, SORTED_ANSWER }, { 404, SORTED_ANSWER }, { 499, SORTED_ANSWER },
		{ 429, SORTED_BUSY },   { 503, SORTED_BUSY },   { 500, SORTED_BROKEN },
		{ 502, SORTED_BROKEN }, { 504, SORTED_BROKEN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct reply r = { .status = cases[i].status };

		assert_int_equal(request_sort_http(&r), cases[i].sorted);
		assert_int_equal(request_sort_child(&r), SORTED_ANSWER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_keeps_copies),
		cmocka_unit_test(a_childs_arguments_are_copied),
		cmocka_unit_test(the_last_header_of_a_name_counts),
		cmocka_unit_test(replies_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
