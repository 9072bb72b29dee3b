/* What comes back: results and errors of the three protocols, and what they mean. */
#include "aws/protocol.h"
#include "aws/services.h"
#include "core/digest.h"
#include "unit/aws/fixture.h"

#include <stdio.h>

/* A reply in the hand. */
struct given {
	struct arena mem;
	struct reply reply;
	struct aws_answer answer;
};

static void given_release(struct given *g)
{
	reply_release(&g->reply);
	arena_release(&g->mem);
}
SCOPE_END(given, struct given, given_release(v))

static void give(struct given *g, int status, const char *head, const char *body)
{
	*g = (struct given){ .reply = { .status = status, .head = BUF_MAX(REPLY_HEAD_MAX),
	                                .body = BUF_MAX(REPLY_BODY_MAX), .talk = BUF_MAX(REPLY_HEAD_MAX) } };
	buf_text(&g->reply.head, head);
	buf_text(&g->reply.body, body);
}

static int read_it(struct given *g, const struct aws_op *op, struct err *e)
{
	return aws_read(&g->mem, op, &g->reply, &g->answer, e);
}

#define IAM(body) "<GetRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">" body \
	"<ResponseMetadata><RequestId>req-x</RequestId></ResponseMetadata></GetRoleResponse>"

static void results(void **state)
{
	static const struct {
		const struct aws_op *op;
		const char *head, *body, *path, *want, *request_id;
	} cases[] = {
		{ &kms_describe_key, "x-amzn-RequestId: req-1\n", "{\"KeyMetadata\":{\"KeyId\":\"k\"}}",
		  "KeyMetadata.KeyId", "k", "req-1" },
		{ &kms_create_alias, "", "", "x", NULL, NULL },
		{ &iam_get_role, "", IAM("<GetRoleResult><Role><RoleName>r</RoleName></Role></GetRoleResult>"),
		  "Role.RoleName", "r", "req-x" },
		{ &iam_get_role, "", IAM("<GetRoleResult/>"), "Role", NULL, "req-x" },
		{ &iam_get_role, "", IAM(""), "Role", NULL, "req-x" },
		{ &iam_get_role, "", IAM("<GetRoleResult><Role><Tags><member><Key>k</Key></member></Tags></Role>"
		                         "</GetRoleResult>"), "Role.Tags.0.Key", "k", "req-x" },
		{ &eks_describe_cluster, "", "{\"cluster\":{\"status\":\"ACTIVE\"}}", "cluster.status", "ACTIVE", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(given) struct given g;
		AUTO(err) struct err e = {0};
		const char *have;

		give(&g, 200, cases[i].head, cases[i].body);
		if (read_it(&g, cases[i].op, &e) < 0)
			fail_msg("%s", e.text);
		assert_true(g.answer.ok);
		assert_null(g.answer.code);
		assert_non_null(g.answer.body);
		have = value_text_or(g.answer.body, cases[i].path, NULL);
		assert_true(text_same(have, cases[i].want));
		assert_true(text_same(g.answer.request_id, cases[i].request_id));
		assert_int_equal(aws_heard(cases[i].op, &g.answer, &e), HEARD_DONE);
		assert_null(e.text);
	}
}

static void what_is_no_answer(void **state)
{
	static const struct {
		const struct aws_op *op;
		const char *head, *body;
	} cases[] = {
		{ &kms_create_key, "", "{\"Key" },
		{ &kms_create_key, "", "[]" },
		{ &kms_create_key, "", "<html>signed in?</html>" },
		{ &iam_get_role, "", "" },
		{ &iam_get_role, "", "<GetRoleResponse><GetRole" },
		{ &iam_get_role, "", "<html><body>hello</body></html>" },
		{ &iam_get_role, "", "{}" },
		{ &dynamodb_get_item, "x-amz-crc32: 1\n", "{}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(given) struct given g;
		AUTO(err) struct err e = {0};

		give(&g, 200, cases[i].head, cases[i].body);
		assert_int_equal(read_it(&g, cases[i].op, &e), -1);
		assert_int_equal(e.kind, ERR_REMOTE);
		assert_true(text_starts(e.text, cases[i].op->service->id));
	}
}

static void a_right_checksum_passes(void **state)
{
	AUTO(given) struct given g;
	AUTO(err) struct err e = {0};
	char head[64];

	(void)state;
	snprintf(head, sizeof(head), "x-amz-crc32: %u\n", (unsigned)crc32_of(VIEW_LITERAL("{\"a\":1}")));
	give(&g, 200, head, "{\"a\":1}");
	assert_int_equal(read_it(&g, &dynamodb_get_item, &e), 0);
}

#define XML(code, message) "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error>" \
	"<Type>Sender</Type><Code>" code "</Code><Message>" message "</Message></Error>" \
	"<RequestId>req-x</RequestId></ErrorResponse>"
#define JSON(code, message) "{\"__type\":\"" code "\",\"message\":\"" message "\"}"
#define USER "User: arn:aws:iam::1:user/u is not authorized to perform: "

struct error_row {
	const struct aws_op *op;
	int status;
	const char *head, *body;
	const char *code;
	enum heard heard;
	enum err_kind kind;
	const char *text, *hint;
};

static const struct error_row error_rows[] = {
	{ &kms_describe_key, 400, "x-amzn-RequestId: req-1\n", JSON("NotFoundException", "Alias x is not found."),
	  "NotFoundException", HEARD_REFUSED, ERR_ABSENT,
	  "kms:DescribeKey: Alias x is not found (NotFoundException, 400, request req-1)", NULL },
	{ &dynamodb_describe_table, 400, "", "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\","
	  "\"Message\":\"no table\"}", "ResourceNotFoundException", HEARD_REFUSED, ERR_ABSENT,
	  "dynamodb:DescribeTable: no table (ResourceNotFoundException, 400)", NULL },
	{ &iam_get_role, 404, "", XML("NoSuchEntity", "gone"), "NoSuchEntity", HEARD_REFUSED, ERR_ABSENT,
	  "iam:GetRole: gone (NoSuchEntity, 404, request req-x)", NULL },
	{ &eks_describe_cluster, 404, "x-amzn-ErrorType: ResourceNotFoundException:http://internal/x\n",
	  "{\"message\":\"No cluster found for name: c.\"}", "ResourceNotFoundException", HEARD_REFUSED, ERR_ABSENT,
	  "eks:DescribeCluster: No cluster found for name: c (ResourceNotFoundException, 404)", NULL },
	{ &eks_describe_cluster, 400, "", "{\"code\":\"InvalidParameterException\",\"message\":\"m\"}",
	  "InvalidParameterException", HEARD_REFUSED, ERR_REMOTE,
	  "eks:DescribeCluster: m (InvalidParameterException, 400)", NULL },
	{ &kms_create_alias, 400, "", JSON("AlreadyExistsException", "exists"), "AlreadyExistsException",
	  HEARD_REFUSED, ERR_CONFLICT, "kms:CreateAlias: exists (AlreadyExistsException, 400)", NULL },
	{ &dynamodb_create_table, 400, "", JSON("ResourceInUseException", "exists"), "ResourceInUseException",
	  HEARD_REFUSED, ERR_CONFLICT, "dynamodb:CreateTable: exists (ResourceInUseException, 400)", NULL },
	{ &iam_create_role, 409, "", XML("EntityAlreadyExists", "exists"), "EntityAlreadyExists", HEARD_REFUSED,
	  ERR_CONFLICT, "iam:CreateRole: exists (EntityAlreadyExists, 409, request req-x)", NULL },

	{ &kms_describe_key, 400, "", JSON("AccessDeniedException", USER "kms:DescribeKey on resource: "
	  "arn:aws:kms:r:1:key/k because no identity-based policy allows the kms:DescribeKey action"),
	  "AccessDeniedException", HEARD_REFUSED, ERR_DENIED,
	  "kms:DescribeKey: " USER "kms:DescribeKey on resource: arn:aws:kms:r:1:key/k because no identity-based "
	  "policy allows the kms:DescribeKey action (AccessDeniedException, 400)",
	  "allow kms:DescribeKey on arn:aws:kms:r:1:key/k for arn:aws:iam::1:user/u" },
	{ &iam_create_role, 403, "", XML("AccessDenied", USER "iam:CreateRole on resource: arn:aws:iam::1:role/r "
	  "with an explicit deny in a service control policy"), "AccessDenied", HEARD_REFUSED, ERR_DENIED,
	  "iam:CreateRole: " USER "iam:CreateRole on resource: arn:aws:iam::1:role/r with an explicit deny in a "
	  "service control policy (AccessDenied, 403, request req-x)",
	  "denied by a service control policy: allowing it elsewhere does not help" },
	{ &iam_get_role, 403, "", XML("AccessDenied", USER "iam:GetRole"), "AccessDenied", HEARD_REFUSED, ERR_DENIED,
	  "iam:GetRole: " USER "iam:GetRole (AccessDenied, 403, request req-x)",
	  "allow iam:GetRole for arn:aws:iam::1:user/u" },
	{ &sts_assume_role_with_web_identity, 403, "", XML("AccessDenied", "Not authorized to perform "
	  "sts:AssumeRoleWithWebIdentity"), "AccessDenied", HEARD_REFUSED, ERR_DENIED,
	  "sts:AssumeRoleWithWebIdentity: Not authorized to perform sts:AssumeRoleWithWebIdentity (AccessDenied, 403, "
	  "request req-x)", NULL },
	{ &kms_create_key, 400, "", JSON("AccessDeniedException", "Encoded authorization failure message: abcd"),
	  "AccessDeniedException", HEARD_REFUSED, ERR_DENIED,
	  "kms:CreateKey: Encoded authorization failure message: abcd (AccessDeniedException, 400)",
	  "read the encoded part with: aws sts decode-authorization-message" },
	{ &kms_create_key, 400, "", "{\"__type\":\"AccessDeniedException\"}", "AccessDeniedException", HEARD_REFUSED,
	  ERR_DENIED, "kms:CreateKey: refused (AccessDeniedException, 400)", NULL },

	{ &kms_create_key, 400, "", JSON("ThrottlingException", "Rate exceeded"), "ThrottlingException", HEARD_BUSY,
	  ERR_THROTTLED, "kms:CreateKey: Rate exceeded (ThrottlingException, 400)", NULL },
	{ &iam_get_role, 400, "", XML("Throttling", "Rate exceeded"), "Throttling", HEARD_BUSY, ERR_THROTTLED,
	  "iam:GetRole: Rate exceeded (Throttling, 400, request req-x)", NULL },
	{ &dynamodb_create_table, 400, "", JSON("LimitExceededException", "too many at once"),
	  "LimitExceededException", HEARD_BUSY, ERR_THROTTLED,
	  "dynamodb:CreateTable: too many at once (LimitExceededException, 400)", NULL },
	{ &kms_create_key, 400, "", JSON("LimitExceededException", "full"), "LimitExceededException", HEARD_REFUSED,
	  ERR_REMOTE, "kms:CreateKey: full (LimitExceededException, 400)",
	  "a quota of the account is full: see Service Quotas" },
	{ &iam_create_role, 409, "", XML("LimitExceeded", "full"), "LimitExceeded", HEARD_REFUSED, ERR_REMOTE,
	  "iam:CreateRole: full (LimitExceeded, 409, request req-x)",
	  "a quota of the account is full: see Service Quotas" },

	{ &kms_create_key, 400, "", JSON("ExpiredTokenException", "expired"), "ExpiredTokenException", HEARD_RENEW,
	  ERR_AUTH, "kms:CreateKey: expired (ExpiredTokenException, 400)", NULL },
	{ &iam_get_role, 403, "", XML("ExpiredToken", "expired"), "ExpiredToken", HEARD_RENEW, ERR_AUTH,
	  "iam:GetRole: expired (ExpiredToken, 403, request req-x)", NULL },
	{ &iam_get_role, 400, "", XML("RequestExpired", "old"), "RequestExpired", HEARD_RENEW, ERR_AUTH,
	  "iam:GetRole: old (RequestExpired, 400, request req-x)", NULL },
	{ &kms_create_key, 400, "", JSON("InvalidSignatureException", "Signature expired: 2026 is now earlier than x"),
	  "InvalidSignatureException", HEARD_RENEW, ERR_AUTH,
	  "kms:CreateKey: Signature expired: 2026 is now earlier than x (InvalidSignatureException, 400)", NULL },
	{ &kms_create_key, 400, "", JSON("InvalidSignatureException", "Signature not yet current: x"),
	  "InvalidSignatureException", HEARD_RENEW, ERR_AUTH,
	  "kms:CreateKey: Signature not yet current: x (InvalidSignatureException, 400)", NULL },
	{ &kms_create_key, 400, "", JSON("InvalidSignatureException", "The request signature we calculated does not "
	  "match"), "InvalidSignatureException", HEARD_REFUSED, ERR_AUTH,
	  "kms:CreateKey: The request signature we calculated does not match (InvalidSignatureException, 400)",
	  "the secret key does not belong to the access key id" },
	{ &sts_get_caller_identity, 403, "", XML("InvalidClientTokenId", "The security token is invalid"),
	  "InvalidClientTokenId", HEARD_REFUSED, ERR_AUTH,
	  "sts:GetCallerIdentity: The security token is invalid (InvalidClientTokenId, 403, request req-x)",
	  "the access key is unknown or switched off, lacks its session token, or is of another partition" },

	{ &kms_create_key, 403, "", "<html><title>Forbidden by policy</title></html>", "403", HEARD_REFUSED,
	  ERR_REMOTE, "kms:CreateKey: an answer that is not AWS's (403)", "does a proxy or firewall stand between?" },
	{ &kms_create_key, 302, "Location: https://login/\n", "", "302", HEARD_REFUSED, ERR_REMOTE,
	  "kms:CreateKey: an answer that is not AWS's (302)", "does a proxy or firewall stand between?" },
};

static void errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(error_rows); i++) {
		const struct error_row *row = &error_rows[i];
		AUTO(given) struct given g;
		AUTO(err) struct err e = {0};

		give(&g, row->status, row->head, row->body);
		assert_int_equal(read_it(&g, row->op, &e), 0);
		assert_false(g.answer.ok);
		assert_string_equal(g.answer.code, row->code);
		assert_true(aws_code_is(&g.answer, row->code));
		assert_int_equal(aws_heard(row->op, &g.answer, &e), row->heard);
		assert_string_equal(e.text, row->text);
		assert_string_equal(e.hint ? e.hint : "", row->hint ? row->hint : "");
		assert_int_equal(e.kind, row->kind);
		assert_int_equal(e.status, row->status);
	}
}

static void sorting(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum sorted want;
	} cases[] = {
		{ 200, "{}", SORTED_ANSWER },
		{ 400, JSON("ValidationException", "m"), SORTED_ANSWER },
		{ 400, JSON("ThrottlingException", "m"), SORTED_BUSY },
		{ 400, JSON("ProvisionedThroughputExceededException", "m"), SORTED_BUSY },
		{ 400, JSON("LimitExceededException", "m"), SORTED_ANSWER },
		{ 409, XML("ConcurrentModification", "m"), SORTED_BUSY },
		{ 429, "", SORTED_BUSY },
		{ 500, JSON("KMSInternalException", "m"), SORTED_BROKEN },
		{ 502, "<html/>", SORTED_BROKEN },
		{ 503, XML("Throttling", "m"), SORTED_BUSY },
		{ 503, XML("ServiceUnavailable", "m"), SORTED_BROKEN },
		{ 503, "", SORTED_BROKEN },
		{ 400, XML("IDPCommunicationError", "m"), SORTED_BROKEN },
		{ 400, XML("RequestTimeout", "m"), SORTED_BROKEN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(given) struct given g;

		give(&g, cases[i].status, "", cases[i].body);
		assert_int_equal(aws_sort(&g.reply), cases[i].want);
	}
}

static void the_servers_clock_is_kept(void **state)
{
	AUTO(given) struct given g;
	AUTO(err) struct err e = {0};

	(void)state;
	give(&g, 200, "Date: Tue, 24 Nov 2026 05:36:24 GMT\n", "{}");
	assert_int_equal(read_it(&g, &kms_create_key, &e), 0);
	assert_int_equal(g.answer.date_ms, (int64_t)NOW_S * 1000);
}

static void arns(void **state)
{
	static const char *const broken[] = {
		"", "arn", "arn:aws:iam", "arn:aws:iam::1:", "urn:aws:iam::1:role/r", "arn::iam::1:role/r", "arn:aws:::1:x",
	};
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(err) struct err e = {0};
	struct arn arn;

	(void)state;
	assert_int_equal(arn_parse(&mem, "arn:aws-cn:dynamodb:cn-north-1:111122223333:table/a:b", &arn, &e), 0);
	assert_string_equal(arn.partition, "aws-cn");
	assert_string_equal(arn.service, "dynamodb");
	assert_string_equal(arn.region, "cn-north-1");
	assert_string_equal(arn.account, "111122223333");
	assert_string_equal(arn.resource, "table/a:b");
	assert_int_equal(arn_parse(&mem, "arn:aws:s3:::bucket", &arn, &e), 0);
	assert_string_equal(arn.region, "");
	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		assert_int_equal(arn_parse(&mem, broken[i], &arn, &e), -1);
		assert_int_equal(e.kind, ERR_CONFIG);
	}
	assert_int_equal(arn_parse(&mem, NULL, &arn, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results),
		cmocka_unit_test(what_is_no_answer),
		cmocka_unit_test(a_right_checksum_passes),
		cmocka_unit_test(errors),
		cmocka_unit_test(sorting),
		cmocka_unit_test(the_servers_clock_is_kept),
		cmocka_unit_test(arns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
