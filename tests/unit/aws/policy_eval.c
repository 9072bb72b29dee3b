/* IAM's evaluation of policies, case by case; tests/aws/policy_peer.py adds thousands against another evaluator. */
#include "unit/unit.h"

#include "aws/policy_eval.h"
#include "core/text.h"
#include "formats/json.h"

#define KEY "arn:aws:kms:us-east-1:123456789012:key/1234"
#define ROLE "arn:aws:iam::123456789012:role/vault"
#define ALLOW(rest) "{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'*','Resource':'*'" rest "}}"
#define WHEN(condition) ALLOW(",'Condition':{" condition "}")

/* JSON with single quotes, so that the cases can be read. */
static struct value *json(struct arena *a, const char *text)
{
	AUTO(err) struct err e = {0};
	char *quoted = arena_text(a, text);
	struct value *v;

	for (char *p = quoted; *p; p++)
		if (*p == '\'')
			*p = '"';
	if (va_json_parse(a, view_text(quoted), NULL, &v, &e) < 0)
		fail_msg("%s: %s", e.text, text);
	return v;
}

static const char *const me[] = { ROLE, "arn:aws:sts::123456789012:assumed-role/vault/pod", NULL };

static struct policy_request request(struct arena *a)
{
	return (struct policy_request){
		.action = "kms:Decrypt", .resource = KEY, .arns = me, .account = "123456789012",
		.context = json(a, "{'word':'abc','star':'a*c','many':['a','b'],'one':['a'],'none':[],'flag':'true','n':'5',"
		                   "'aws:SourceIp':'10.1.2.3','v6':'2001:db8::1','arn':'" ROLE "','when':'2025-06-15T15:06:40Z'}"),
	};
}

static enum policy_answer identity_says(const char *document, struct policy_reason *why)
{
	static struct arena kept[1];
	struct policy_named doc;
	struct policy_set set = { .identity = &doc, .n_identity = 1 };
	struct policy_request rq;

	arena_release(kept);
	doc = (struct policy_named){ "p", json(kept, document) };
	rq = request(kept);
	return policy_evaluate(&set, &rq, why);
}

static void test_glob(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool hit;
	} cases[] = {
		{ "", "", true }, { "", "a", false }, { "*", "", true }, { "*", "anything", true }, { "**", "", true },
		{ "a*c", "abbbc", true }, { "a*c", "ac", true }, { "a*c", "acb", false }, { "a*b*c", "axbxbc", true },
		{ "?", "a", true }, { "?", "", false }, { "?", "\xc3\xa9", true }, { "??", "\xc3\xa9", false },
		{ "*?", "\xc3\xa9", true }, { "*??", "\xe2\x82\xac", false }, { "*a?b", "aaaxb", true }, { "a", "A", false },
		{ "*aaaaab", "aaaaaaaaaaaaaaaaaaaaaaaab", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (policy_glob(cases[i].pattern, cases[i].text, false) != cases[i].hit)
			fail_msg("'%s' against '%s'", cases[i].pattern, cases[i].text);
	assert_true(policy_glob("KMS:enc*", "kms:Encrypt", true));
}

static const struct {
	const char *document;
	enum policy_answer answer;
} statements[] = {
	{ "{'Statement':[]}", POLICY_IMPLICIT },
	{ "{}", POLICY_IMPLICIT },
	{ "{'Statement':'Allow'}", POLICY_IMPLICIT },
	{ "{'Statement':{'Effect':'Allow','Action':'kms:Decrypt','Resource':'" KEY "'}}", POLICY_ALLOWED },
	{ "{'Statement':[{'Effect':'Allow','Action':['kms:Encrypt','KMS:decrypt'],'Resource':['x','*']}]}", POLICY_ALLOWED },
	{ "{'Statement':[{'Effect':'Allow','Action':'kms:Decrypt','Resource':'ARN:aws:kms:*'}]}", POLICY_IMPLICIT },
	{ "{'Statement':[{'Effect':'allow','Action':'*','Resource':'*'}]}", POLICY_IMPLICIT },
	{ "{'Statement':[{'Effect':'Allow','Resource':'*'}]}", POLICY_IMPLICIT },
	{ "{'Statement':[{'Effect':'Allow','NotAction':'dynamodb:*','Resource':'*'}]}", POLICY_ALLOWED },
	{ "{'Statement':[{'Effect':'Allow','NotAction':['iam:*','kms:D*'],'Resource':'*'}]}", POLICY_IMPLICIT },
	{ "{'Statement':[{'Effect':'Allow','Action':'*','NotResource':'arn:aws:dynamodb:*'}]}", POLICY_ALLOWED },
	{ "{'Statement':[{'Effect':'Allow','Action':'*','NotResource':'" KEY "'}]}", POLICY_IMPLICIT },
	{ "{'Statement':[{'Effect':'Allow','Action':'*','Resource':'*'},{'Effect':'Deny','Action':'kms:De*','Resource':'*'}]}",
	  POLICY_DENIED },
	{ "{'Statement':[{'Effect':'Deny','Action':'kms:De*','Resource':'*'},{'Effect':'Allow','Action':'*','Resource':'*'}]}",
	  POLICY_DENIED },
	{ "{'Statement':[{'Effect':'Deny','NotAction':'kms:De*','Resource':'*'},{'Effect':'Allow','Action':'*','Resource':'*'}]}",
	  POLICY_ALLOWED },
	/* variables: only in the new language */
	{ WHEN("'StringEquals':{'word':'${WORD}'}"), POLICY_ALLOWED },
	{ "{'Statement':{'Effect':'Allow','Action':'*','Resource':'*','Condition':{'StringEquals':{'word':'${word}'}}}}",
	  POLICY_IMPLICIT },
	{ WHEN("'StringEquals':{'one':'${one}'}"), POLICY_ALLOWED },
	{ WHEN("'StringEquals':{'word':['${many}','${absent}']}"), POLICY_IMPLICIT },
	{ WHEN("'StringLike':{'word':'${star}'}"), POLICY_IMPLICIT },
	{ WHEN("'StringLike':{'star':'${star}'}"), POLICY_ALLOWED },
	{ WHEN("'StringLike':{'star':'a${*}c'}"), POLICY_ALLOWED },
	{ WHEN("'StringLike':{'word':'a${*}c'}"), POLICY_IMPLICIT },
	/* operators */
	{ WHEN("'StringEquals':{'WORD':'abc'}"), POLICY_ALLOWED },
	{ WHEN("'StringEquals':{'word':'a*'}"), POLICY_IMPLICIT },
	{ WHEN("'StringLike':{'word':'a*'}"), POLICY_ALLOWED },
	{ WHEN("'StringNotEquals':{'word':['x','abc']}"), POLICY_IMPLICIT },
	{ WHEN("'StringNotEquals':{'absent':'x'}"), POLICY_ALLOWED },
	{ WHEN("'StringEquals':{'absent':'x'}"), POLICY_IMPLICIT },
	{ WHEN("'StringEqualsIfExists':{'absent':'x'}"), POLICY_ALLOWED },
	{ WHEN("'stringequalsignorecase':{'word':'ABC'}"), POLICY_ALLOWED },
	{ WHEN("'StringAlmost':{'word':'abc'}"), POLICY_IMPLICIT },
	{ WHEN("'ForSomeValues:StringEquals':{'word':'abc'}"), POLICY_IMPLICIT },
	{ WHEN("'StringEquals':'abc'"), POLICY_IMPLICIT },
	{ WHEN("'StringEquals':{'word':'abc'},'Bool':{'flag':'false'}"), POLICY_IMPLICIT },
	{ WHEN("'Bool':{'flag':true}"), POLICY_ALLOWED },
	{ WHEN("'Null':{'absent':'true','word':false}"), POLICY_ALLOWED },
	{ WHEN("'Null':{'word':'true'}"), POLICY_IMPLICIT },
	{ WHEN("'NumericLessThanEquals':{'n':5}"), POLICY_ALLOWED },
	{ WHEN("'NumericGreaterThan':{'n':'5'}"), POLICY_IMPLICIT },
	{ WHEN("'NumericEquals':{'word':'5'}"), POLICY_IMPLICIT },
	{ WHEN("'NumericNotEquals':{'n':'0x5'}"), POLICY_ALLOWED },
	{ WHEN("'DateEquals':{'when':'1750000000'}"), POLICY_ALLOWED },
	{ WHEN("'DateGreaterThan':{'when':'2025-06-15'}"), POLICY_ALLOWED },
	{ WHEN("'DateLessThan':{'when':'soon'}"), POLICY_IMPLICIT },
	{ WHEN("'IpAddress':{'aws:sourceip':'10.0.0.0/8'}"), POLICY_ALLOWED },
	{ WHEN("'IpAddress':{'aws:sourceip':'10.1.2.0/30'}"), POLICY_ALLOWED },
	{ WHEN("'IpAddress':{'aws:sourceip':'10.1.2.4/30'}"), POLICY_IMPLICIT },
	{ WHEN("'IpAddress':{'aws:sourceip':'0.0.0.0/0'}"), POLICY_ALLOWED },
	{ WHEN("'IpAddress':{'aws:sourceip':'::/0'}"), POLICY_IMPLICIT },
	{ WHEN("'IpAddress':{'aws:sourceip':'10.1.2.3/33'}"), POLICY_IMPLICIT },
	{ WHEN("'IpAddress':{'v6':'2001:db8::/32'}"), POLICY_ALLOWED },
	{ WHEN("'NotIpAddress':{'aws:sourceip':'192.168.0.0/16'}"), POLICY_ALLOWED },
	{ WHEN("'ArnLike':{'arn':'arn:aws:iam::*:role/v*'}"), POLICY_ALLOWED },
	{ WHEN("'ArnEquals':{'arn':'arn:*:role/vault'}"), POLICY_IMPLICIT },
	{ WHEN("'ArnLike':{'arn':'*'}"), POLICY_ALLOWED },
	{ WHEN("'ArnNotLike':{'arn':'arn:aws:iam::*:user/*'}"), POLICY_ALLOWED },
	/* several values */
	{ WHEN("'ForAnyValue:StringEquals':{'many':['b','c']}"), POLICY_ALLOWED },
	{ WHEN("'ForAllValues:StringEquals':{'many':['a']}"), POLICY_IMPLICIT },
	{ WHEN("'ForAllValues:StringEquals':{'many':['a','b','c']}"), POLICY_ALLOWED },
	{ WHEN("'ForAllValues:StringEquals':{'absent':'a'}"), POLICY_ALLOWED },
	{ WHEN("'ForAllValues:StringEquals':{'none':'a'}"), POLICY_ALLOWED },
	{ WHEN("'ForAnyValue:StringEquals':{'none':'a'}"), POLICY_IMPLICIT },
	{ WHEN("'ForAnyValue:StringNotEquals':{'many':'a'}"), POLICY_ALLOWED },
	{ WHEN("'ForAnyValue:StringNotEquals':{'absent':'a'}"), POLICY_IMPLICIT },
	{ WHEN("'StringNotEquals':{'many':'a'}"), POLICY_IMPLICIT },
};

static void test_statements(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(statements); i++) {
		enum policy_answer have = identity_says(statements[i].document, NULL);

		if (have != statements[i].answer)
			fail_msg("answer %d, not %d: %s", have, statements[i].answer, statements[i].document);
	}
}

static void test_variables_in_resources(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct value *document = json(&a, "{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'*'}}");
	struct policy_named doc = { "p", document };
	struct policy_set set = { .identity = &doc, .n_identity = 1 };
	struct policy_request rq = request(&a);
	static const struct {
		const char *pattern;
		enum policy_answer answer;
	} cases[] = {
		{ "arn:aws:kms:us-east-1:123456789012:key/${none, '1234'}", POLICY_ALLOWED },
		{ "arn:aws:kms:us-east-1:123456789012:key/${none,'12'}", POLICY_IMPLICIT },
		{ "arn:aws:kms:us-east-1:123456789012:key/${absent}", POLICY_IMPLICIT },
		{ "arn:aws:kms:us-east-1:123456789012:key/${absent, 1234}", POLICY_IMPLICIT },
		{ "arn:aws:kms:us-east-1:123456789012:key/${}", POLICY_IMPLICIT },
		{ "arn:aws:kms:us-east-1:123456789012:key/${", POLICY_IMPLICIT },
		{ "arn:aws:kms:us-east-1:123456789012:key/${*}", POLICY_IMPLICIT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		value_set_text(&a, (struct value *)value_get(document, "Statement"), "Resource", cases[i].pattern);
		if (policy_evaluate(&set, &rq, NULL) != cases[i].answer)
			fail_msg("%s", cases[i].pattern);
	}
}

/* Identity, boundary and resource policy together; NULL: none. */
static const struct {
	const char *identity, *boundary, *resource;
	enum policy_answer answer;
	enum policy_layer layer;
} layered[] = {
	{ ALLOW(""), NULL, NULL, POLICY_ALLOWED, POLICY_IDENTITY },
	{ "{}", NULL, NULL, POLICY_IMPLICIT, POLICY_IDENTITY },
	{ ALLOW(""), "{}", NULL, POLICY_IMPLICIT, POLICY_BOUNDARY },
	{ ALLOW(""), ALLOW(""), NULL, POLICY_ALLOWED, POLICY_IDENTITY },
	{ "{}", ALLOW(""), NULL, POLICY_IMPLICIT, POLICY_IDENTITY },
	{ ALLOW(""), "{'Statement':[{'Effect':'Deny','Action':'kms:*','Resource':'*'}]}", NULL, POLICY_DENIED, POLICY_BOUNDARY },
	{ "{}", NULL, ALLOW(",'Principal':{'AWS':'" ROLE "'}"), POLICY_ALLOWED, POLICY_RESOURCE },
	{ "{}", "{}", ALLOW(",'Principal':{'AWS':'" ROLE "'}"), POLICY_IMPLICIT, POLICY_BOUNDARY },
	{ ALLOW(""), NULL, ALLOW(",'Principal':{'AWS':'arn:aws:iam::123456789012:role/other'}"), POLICY_IMPLICIT, POLICY_RESOURCE },
	{ ALLOW(""), NULL, ALLOW(",'Principal':{'AWS':'arn:aws:iam::123456789012:root'}"), POLICY_ALLOWED, POLICY_IDENTITY },
	{ "{}", NULL, ALLOW(",'Principal':{'AWS':'123456789012'}"), POLICY_IMPLICIT, POLICY_IDENTITY },
	{ ALLOW(""), NULL, ALLOW(",'Principal':{'AWS':'arn:aws:iam::210987654321:root'}"), POLICY_IMPLICIT, POLICY_RESOURCE },
	{ ALLOW(""), NULL, ALLOW(",'Principal':'*'"), POLICY_ALLOWED, POLICY_RESOURCE },
	{ ALLOW(""), NULL, "{'Statement':[{'Effect':'Deny','Principal':'*','Action':'*','Resource':'*'}]}", POLICY_DENIED,
	  POLICY_RESOURCE },
	{ ALLOW(""), NULL, "{'Statement':[{'Effect':'Deny','NotPrincipal':{'AWS':'" ROLE "'},'Action':'*','Resource':'*'}]}",
	  POLICY_IMPLICIT, POLICY_RESOURCE },
	{ ALLOW(""), NULL, "{'Statement':[{'Effect':'Deny','NotPrincipal':{'AWS':'x'},'Action':'*','Resource':'*'}]}", POLICY_DENIED,
	  POLICY_RESOURCE },
	{ "{'Statement':[{'Effect':'Deny','Action':'*','Resource':'*'}]}", NULL, ALLOW(",'Principal':'*'"), POLICY_DENIED,
	  POLICY_IDENTITY },
};

static void test_layers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(layered); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		struct policy_named identity = { "i", json(&a, layered[i].identity) }, boundary = { "b", NULL }, resource = { "r", NULL };
		struct policy_set set = { .identity = &identity, .n_identity = 1 };
		struct policy_request rq = request(&a);
		struct policy_reason why;

		if (layered[i].boundary) {
			boundary.document = json(&a, layered[i].boundary);
			set.boundary = &boundary;
		}
		if (layered[i].resource) {
			resource.document = json(&a, layered[i].resource);
			set.resource = &resource;
		}
		policy_evaluate(&set, &rq, &why);
		if (why.answer != layered[i].answer || why.layer != layered[i].layer)
			fail_msg("case %zu: answer %d by layer %d", i, why.answer, why.layer);
	}
}

static const char *granted(const void *grants, const struct policy_request *rq)
{
	return text_same(rq->action, "kms:Decrypt") ? grants : NULL;
}

static void test_grants_and_optional_resource_policies(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct policy_named identity = { "i", json(&a, ALLOW("")) }, resource = { "r", json(&a, "{}") }, deny;
	struct policy_set set = { .identity = &identity, .n_identity = 1, .resource = &resource };
	struct policy_request rq = request(&a);
	struct policy_reason why;

	(void)state;
	assert_int_equal(policy_evaluate(&set, &rq, &why), POLICY_IMPLICIT);
	set.resource_optional = true;
	assert_int_equal(policy_evaluate(&set, &rq, &why), POLICY_ALLOWED);
	set.resource_optional = false;
	set.granted = granted;
	set.grants = "g-1";
	assert_int_equal(policy_evaluate(&set, &rq, &why), POLICY_ALLOWED);
	assert_text(policy_reason_text(&a, &rq, &why), "allowed by the grant 'g-1'");
	deny = (struct policy_named){ "d", json(&a, "{'Statement':{'Effect':'Deny','Action':'*','Resource':'*'}}") };
	set.identity = &deny;
	assert_int_equal(policy_evaluate(&set, &rq, &why), POLICY_DENIED);
}

static void test_reasons(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct policy_request rq = request(&a);
	struct policy_reason why;

	(void)state;
	identity_says("{'Statement':[{'Effect':'Allow','Action':'*','Resource':'*'},"
	              "{'Sid':'NoKeys','Effect':'Deny','Action':'kms:*','Resource':'*'}]}", &why);
	assert_int_equal(why.index, 1);
	assert_text(why.sid, "NoKeys");
	assert_text(policy_reason_text(&a, &rq, &why), "an explicit Deny in the policy of the role 'p', statement 2 (NoKeys)");
	identity_says("{}", &why);
	assert_text(policy_reason_text(&a, &rq, &why), "no policy of the role allows kms:Decrypt on " KEY);
	identity_says(ALLOW(""), &why);
	assert_text(policy_reason_text(&a, &rq, &why), "allowed by the policy of the role 'p', statement 1");
	/* what cannot be known here is said */
	identity_says(WHEN("'StringEquals':{'aws:SourceVpce':'vpce-1'}"), &why);
	assert_int_equal(why.answer, POLICY_IMPLICIT);
	assert_text(why.missing_key, "aws:SourceVpce");
	identity_says("{'Statement':[{'Effect':'Deny','Action':'*','Resource':'*','Condition':{'StringNotEquals':"
	              "{'aws:SourceVpce':'vpce-1'}}}]}", &why);
	assert_int_equal(why.answer, POLICY_DENIED);
	assert_text(why.missing_key, "aws:SourceVpce");
	identity_says(WHEN("'StringEquals':{'aws:SourceVpce':'vpce-1','word':'x'}"), &why);
	assert_null(why.missing_key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_glob),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_variables_in_resources),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_grants_and_optional_resource_policies),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
