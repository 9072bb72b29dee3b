#include "aws/protocol.h"
#include "core/text.h"
#include "formats/json.h"
#include "formats/xml.h"

static bool one_of(const char *word, const char *const *words)
{
	for (; word && *words; words++)
		if (text_same(word, *words))
			return true;
	return false;
}

/*
 * botocore's list without LimitExceededException, which is a full quota in KMS
 * and a throttle in DynamoDB: aws_heard decides that with the service at hand.
 * IAM's ConcurrentModification and S3's ConditionalRequestConflict are no
 * throttles there, but mean the same: not done, ask again.
 */
bool code_is_throttling(const char *code)
{
	static const char *const codes[] = { "Throttling",
										 "ThrottlingException",
										 "ThrottledException",
										 "RequestThrottled",
										 "RequestThrottledException",
										 "TooManyRequestsException",
										 "RequestLimitExceeded",
										 "ProvisionedThroughputExceededException",
										 "TransactionInProgressException",
										 "BandwidthLimitExceeded",
										 "SlowDown",
										 "ConditionalRequestConflict",
										 "PriorRequestNotComplete",
										 "EC2ThrottledException",
										 "ConcurrentModification",
										 "ConcurrentModificationException",
										 NULL };

	return one_of(code, codes);
}

bool code_is_transient(const char *code)
{
	static const char *const codes[] = { "RequestTimeout",
										 "RequestTimeoutException",
										 "IDPCommunicationError",
										 "InternalError",
										 "InternalFailure",
										 "InternalServerError",
										 "KMSInternalException",
										 "ServiceUnavailable",
										 "ServiceUnavailableException",
										 "DependencyTimeoutException",
										 NULL };

	return one_of(code, codes);
}

bool code_is_expired(const char *code)
{
	static const char *const codes[] = { "ExpiredToken", "ExpiredTokenException",
										 "TokenRefreshRequired", NULL };

	return one_of(code, codes);
}

bool code_is_skew(const char *code, const char *message)
{
	static const char *const always[] = { "RequestExpired", "RequestInTheFuture",
										  "RequestTimeTooSkewed", NULL };
	static const char *const perhaps[] = { "InvalidSignatureException", "SignatureDoesNotMatch",
										   "AuthFailure", NULL };

	if (one_of(code, always))
		return true;
	return one_of(code, perhaps) && message &&
		   (strstr(message, "Signature expired") || strstr(message, "Signature not yet current"));
}

/* "aws.protocoltests#Code:http://..." is "Code". */
static const char *bare_code(struct arena *a, const char *text)
{
	struct view rest = view_text(text), code = view_cut(&rest, ':');
	const char *hash = memrchr(code.p, '#', code.n);

	if (hash)
		code = view_of(hash + 1, code.n - (size_t)(hash + 1 - code.p));
	code = view_trim(code);
	return code.n ? arena_view(a, code) : NULL;
}

static void read_json_fault(struct aws_fault *out, struct arena *a, const struct reply *reply)
{
	AUTO(err) struct err e = { 0 };
	struct value *v;
	const char *code;

	if (va_json_parse(a, buf_bytes(&reply->body), NULL, &v, &e) < 0)
		return;
	code = value_text_or(v, "__type", value_text_or(v, "code", NULL));
	if (!out->code && code)
		out->code = bare_code(a, code);
	out->message = value_text_or(v, "message", value_text_or(v, "Message", NULL));
}

static void read_xml_fault(struct aws_fault *out, struct arena *a, const struct reply *reply)
{
	AUTO(err) struct err e = { 0 };
	const char *id, *code, *root;
	struct value *v;

	if (va_xml_parse(a, buf_bytes(&reply->body), &root, &v, &e) < 0)
		return;
	code = value_text_or(v, "Error.Code", text_same(root, "Error") ? value_text_or(v, "Code", NULL) : NULL);
	if (!out->code && code)
		out->code = bare_code(a, code);
	out->message = value_text_or(v, "Error.Message", text_same(root, "Error") ? value_text_or(v, "Message", NULL) : NULL);
	id = value_text_or(v, "RequestId", value_text_or(v, "RequestID", NULL));
	if (id && *id)
		out->request_id = id;
}

void aws_fault_read(struct aws_fault *out, struct arena *a, const struct reply *reply)
{
	const char *type = reply_header(reply, a, "x-amzn-errortype");
	struct view body = view_trim(buf_bytes(&reply->body));

	*out = (struct aws_fault){ .request_id = reply_header(reply, a, "x-amzn-requestid") };
	if (!out->request_id)
		out->request_id = reply_header(reply, a, "x-amz-request-id");
	if (type)
		out->code = bare_code(a, type);
	if (view_starts(body, "{"))
		read_json_fault(out, a, reply);
	else if (view_starts(body, "<"))
		read_xml_fault(out, a, reply);
}

enum sorted aws_sort(const struct reply *reply)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct aws_fault fault;

	if (reply->status < 400)
		return SORTED_ANSWER;
	if (reply->status == 429)
		return SORTED_BUSY;
	aws_fault_read(&fault, &mem, reply);
	if (code_is_throttling(fault.code))
		return SORTED_BUSY;
	return reply->status >= 500 || code_is_transient(fault.code) ? SORTED_BROKEN : SORTED_ANSWER;
}
