/* When two policy documents mean the same, and when they do not. */
#include "aws/policy_document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define DOC(statements) "{\"Version\":\"2012-10-17\",\"Statement\":" statements "}"
#define ALLOW "\"Effect\":\"Allow\""

struct pair {
	const char *name, *a, *b;
	bool same;
};

static const struct pair pairs[] = {
	{ "order of keys",
	  DOC("[{" ALLOW ",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\"}]"),
	  "{\"Statement\":[{\"Resource\":\"*\",\"Action\":\"kms:Encrypt\"," ALLOW "}],\"Version\":\"2012-10-17\"}", true },
	{ "a text and a list of one",
	  DOC("{" ALLOW ",\"Action\":\"kms:Encrypt\",\"Resource\":\"*\"}"),
	  DOC("[{" ALLOW ",\"Action\":[\"kms:Encrypt\"],\"Resource\":[\"*\"]}]"), true },
	{ "order in lists",
	  DOC("[{" ALLOW ",\"Action\":[\"kms:Encrypt\",\"kms:Decrypt\"],\"Resource\":[\"a\",\"b\"]}]"),
	  DOC("[{" ALLOW ",\"Action\":[\"kms:Decrypt\",\"kms:Encrypt\"],\"Resource\":[\"b\",\"a\"]}]"), true },
	{ "order of statements",
	  DOC("[{" ALLOW ",\"Action\":\"a:A\"},{\"Effect\":\"Deny\",\"Action\":\"a:B\"}]"),
	  DOC("[{\"Effect\":\"Deny\",\"Action\":\"a:B\"},{" ALLOW ",\"Action\":\"a:A\"}]"), true },
	{ "an action twice", DOC("[{" ALLOW ",\"Action\":[\"a:A\",\"a:A\"]}]"), DOC("[{" ALLOW ",\"Action\":\"a:A\"}]"),
	  true },
	{ "case of actions", DOC("[{" ALLOW ",\"Action\":\"KMS:encrypt\"}]"),
	  DOC("[{" ALLOW ",\"Action\":\"kms:Encrypt\"}]"), true },
	{ "case of resources", DOC("[{" ALLOW ",\"Resource\":\"arn:A\"}]"), DOC("[{" ALLOW ",\"Resource\":\"arn:a\"}]"),
	  false },
	{ "Sid and Id", "{\"Id\":\"x\",\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"one\"," ALLOW "}]}",
	  DOC("[{\"Sid\":\"two\"," ALLOW "}]"), true },
	{ "one action less", DOC("[{" ALLOW ",\"Action\":[\"a:A\",\"a:B\"]}]"), DOC("[{" ALLOW ",\"Action\":\"a:A\"}]"),
	  false },
	{ "one action more", DOC("[{" ALLOW ",\"Action\":\"a:A\"}]"), DOC("[{" ALLOW ",\"Action\":[\"a:A\",\"a:B\"]}]"),
	  false },
	{ "another effect", DOC("[{" ALLOW ",\"Action\":\"a:A\"}]"), DOC("[{\"Effect\":\"Deny\",\"Action\":\"a:A\"}]"),
	  false },
	{ "a statement more", DOC("[{" ALLOW ",\"Action\":\"a:A\"}]"),
	  DOC("[{" ALLOW ",\"Action\":\"a:A\"},{" ALLOW ",\"Action\":\"a:B\"}]"), false },
	{ "Action is not NotAction", DOC("[{" ALLOW ",\"Action\":\"a:A\"}]"), DOC("[{" ALLOW ",\"NotAction\":\"a:A\"}]"),
	  false },
	{ "Resource is not NotResource", DOC("[{" ALLOW ",\"Resource\":\"r\"}]"),
	  DOC("[{" ALLOW ",\"NotResource\":\"r\"}]"), false },
	{ "another version", DOC("[]"), "{\"Version\":\"2008-10-17\",\"Statement\":[]}", false },
	{ "no version is the old one", "{\"Statement\":[]}", "{\"Version\":\"2008-10-17\",\"Statement\":[]}", true },
	{ "an unknown element", DOC("[{" ALLOW ",\"New\":1}]"), DOC("[{" ALLOW "}]"), false },
	{ "the same unknown element", DOC("[{" ALLOW ",\"New\":1}]"), DOC("[{\"New\":1," ALLOW "}]"), true },

	{ "everybody", DOC("[{" ALLOW ",\"Principal\":\"*\"}]"), DOC("[{" ALLOW ",\"Principal\":{\"AWS\":\"*\"}}]"), true },
	{ "an account's number and its root", DOC("[{" ALLOW ",\"Principal\":{\"AWS\":\"111122223333\"}}]"),
	  DOC("[{" ALLOW ",\"Principal\":{\"AWS\":[\"arn:aws:iam::111122223333:root\"]}}]"), true },
	{ "another account's root", DOC("[{" ALLOW ",\"Principal\":{\"AWS\":\"111122223334\"}}]"),
	  DOC("[{" ALLOW ",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"}}]"), false },
	{ "a user is not the account", DOC("[{" ALLOW ",\"Principal\":{\"AWS\":\"111122223333\"}}]"),
	  DOC("[{" ALLOW ",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:user/root\"}}]"), false },
	{ "another kind of principal", DOC("[{" ALLOW ",\"Principal\":{\"AWS\":\"x\"}}]"),
	  DOC("[{" ALLOW ",\"Principal\":{\"Federated\":\"x\"}}]"), false },
	{ "a principal more", DOC("[{" ALLOW ",\"Principal\":{\"AWS\":\"x\"}}]"),
	  DOC("[{" ALLOW ",\"Principal\":{\"AWS\":\"x\",\"Service\":\"y\"}}]"), false },
	{ "no principal", DOC("[{" ALLOW ",\"Principal\":\"*\"}]"), DOC("[{" ALLOW "}]"), false },

	{ "conditions in any order",
	  DOC("[{" ALLOW ",\"Condition\":{\"StringEquals\":{\"a:sub\":\"s\",\"a:aud\":[\"sts.amazonaws.com\"]}}}]"),
	  DOC("[{" ALLOW ",\"Condition\":{\"StringEquals\":{\"a:aud\":\"sts.amazonaws.com\",\"A:SUB\":[\"s\"]}}}]"), true },
	{ "a condition's value", DOC("[{" ALLOW ",\"Condition\":{\"StringEquals\":{\"a:sub\":\"s\"}}}]"),
	  DOC("[{" ALLOW ",\"Condition\":{\"StringEquals\":{\"a:sub\":\"S\"}}}]"), false },
	{ "a key twice in two cases", DOC("[{" ALLOW ",\"Condition\":{\"StringEquals\":{\"k\":\"1\",\"K\":\"1\"}}}]"),
	  DOC("[{" ALLOW ",\"Condition\":{\"StringEquals\":{\"k\":\"1\",\"x\":\"2\"}}}]"), false },
	{ "a condition's operator", DOC("[{" ALLOW ",\"Condition\":{\"StringEquals\":{\"a:sub\":\"s\"}}}]"),
	  DOC("[{" ALLOW ",\"Condition\":{\"StringLike\":{\"a:sub\":\"s\"}}}]"), false },
	{ "a condition less", DOC("[{" ALLOW ",\"Condition\":{\"StringEquals\":{\"a\":\"s\",\"b\":\"t\"}}}]"),
	  DOC("[{" ALLOW ",\"Condition\":{\"StringEquals\":{\"a\":\"s\"}}}]"), false },
	{ "no condition", DOC("[{" ALLOW ",\"Condition\":{\"StringEquals\":{\"a\":\"s\"}}}]"), DOC("[{" ALLOW "}]"), false },
	{ "an empty condition is none", DOC("[{" ALLOW ",\"Condition\":{}}]"), DOC("[{" ALLOW "}]"), true },
	{ "texts and what they say",
	  DOC("[{" ALLOW ",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":true},\"NumericLessThan\":{\"n\":[3]}}}]"),
	  DOC("[{" ALLOW ",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"true\"},\"NumericLessThan\":{\"n\":\"3\"}}}]"),
	  true },
};

static struct value *parsed(struct arena *a, const char *text)
{
	AUTO(err) struct err e = {0};
	struct value *v;

	if (policy_document_parse(a, text, &v, &e) < 0)
		fail_msg("%s", e.text);
	return v;
}

static void sameness(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		AUTO(arena) struct arena mem = ARENA_INIT;
		const struct value *a = parsed(&mem, pairs[i].a), *b = parsed(&mem, pairs[i].b);

		print_message("  %s\n", pairs[i].name);
		assert_int_equal(policy_document_same(a, b), pairs[i].same);
		assert_int_equal(policy_document_same(b, a), pairs[i].same);
		assert_true(policy_document_same(a, a));
		assert_true(policy_document_same(b, b));
	}
}

static void nothing_only_equals_nothing(void **state)
{
	AUTO(arena) struct arena mem = ARENA_INIT;

	(void)state;
	assert_true(policy_document_same(NULL, NULL));
	assert_false(policy_document_same(NULL, parsed(&mem, "{}")));
	assert_true(policy_document_same(parsed(&mem, "{}"), parsed(&mem, "{}")));
	assert_false(policy_document_same(parsed(&mem, "{}"), parsed(&mem, "{\"Statement\":[]}")));
}

static void as_iam_gives_them(void **state)
{
	AUTO(arena) struct arena mem = ARENA_INIT;

	(void)state;
	assert_true(policy_document_same(
		parsed(&mem, "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22"
		             "%2C%22Action%22%3A%22a%3AA%2B%25%22%7D%5D%7D"),
		parsed(&mem, DOC("[{" ALLOW ",\"Action\":\"a:A+%\"}]"))));
	/* KMS's are plain, and a percent sign in them stays one. */
	assert_true(policy_document_same(parsed(&mem, " {\"Statement\":{\"Resource\":\"%41\"}}\n"),
	                                 parsed(&mem, "{\"Statement\":[{\"Resource\":[\"%41\"]}]}")));
}

static void what_is_no_document(void **state)
{
	static const char *const broken[] = { "", "%7", "%5B%5D", "hello", "{\"a\":1,}", "{\"a\":1,\"a\":2}" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		AUTO(arena) struct arena mem = ARENA_INIT;
		AUTO(err) struct err e = {0};
		struct value *v;

		assert_int_equal(policy_document_parse(&mem, broken[i], &v, &e), -1);
		assert_non_null(strstr(e.text, "a policy document"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sameness),
		cmocka_unit_test(nothing_only_equals_nothing),
		cmocka_unit_test(as_iam_gives_them),
		cmocka_unit_test(what_is_no_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
