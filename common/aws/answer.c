#include "aws/client.h"
#include "aws/protocol.h"
#include "core/digest.h"
#include "core/text.h"
#include "formats/iso8601.h"
#include "formats/json.h"
#include "formats/xml.h"

#include <inttypes.h>

bool aws_code_is(const struct aws_answer *answer, const char *code)
{
	return text_same(answer->code, code);
}

static void read_date(struct aws_answer *out, struct arena *a, const struct reply *reply)
{
	AUTO(err) struct err e = { 0 };
	const char *date = reply_header(reply, a, "date");

	if (!date || http_date_parse(view_text(date), &out->date_ms, &e) < 0)
		out->date_ms = 0;
}

/* DynamoDB sends one; a body that was changed on the way is no answer. */
static int check_crc32(struct arena *a, const struct reply *reply, struct err *e)
{
	const char *sent = reply_header(reply, a, "x-amz-crc32");

	if (sent && strtoul(sent, NULL, 10) != crc32_of(buf_bytes(&reply->body)))
		return err_set(e, ERR_REMOTE, reply->status, "the answer's checksum does not match");
	return 0;
}

static int read_json(struct value **out, struct arena *a, const struct reply *reply, struct err *e)
{
	if (view_trim(buf_bytes(&reply->body)).n == 0) {
		*out = value_new_map(a);
		return 0;
	}
	if (va_json_parse(a, buf_bytes(&reply->body), "answer", out, e) < 0) {
		e->kind = ERR_REMOTE;
		return -1;
	}
	if ((*out)->type != VALUE_MAP)
		return err_set(e, ERR_REMOTE, reply->status, "the answer is %s",
					   value_type_name((*out)->type));
	return 0;
}

/* What stands inside <OpResult>; operations without a result have none. */
static int read_query(const struct value **out, struct arena *a, const struct aws_op *op,
					  const struct reply *reply, const char **request_id, struct err *e)
{
	const char *root, *id;
	struct value *v;

	if (va_xml_parse(a, buf_bytes(&reply->body), &root, &v, e) < 0)
		return -1;
	if (!text_same(root, arena_printf(a, "%sResponse", op->name)))
		return err_set(e, ERR_REMOTE, reply->status, "the answer is a <%s>", root);
	id = value_text_or(v, "ResponseMetadata.RequestId", NULL);
	if (id)
		*request_id = id;
	*out = value_get(v, arena_printf(a, "%sResult", op->name));
	if (!*out || (*out)->type != VALUE_MAP)
		*out = value_new_map(a);
	return 0;
}

/* Fields from the headers beside what the body holds. */
static int read_rest_xml(const struct value **out, struct arena *a, const struct aws_op *op, const struct reply *reply,
                         struct err *e)
{
	struct value *v = value_new_map(a);

	if (op->raw)
		value_set(a, v, "Body", value_new_view(a, buf_bytes(&reply->body)));
	else if (reply->body.n && va_xml_parse(a, buf_bytes(&reply->body), NULL, &v, e) < 0)
		return -1;
	if (v->type != VALUE_MAP)
		v = value_new_map(a);
	for (const struct aws_header *h = op->hears; h && h->name; h++) {
		const char *text = reply_header(reply, a, h->header);

		if (text)
			value_set_text(a, v, h->name, text);
	}
	*out = v;
	return 0;
}

/* The answer to HEAD has no body: what S3 means by its status. */
static const char *code_by_status(const struct aws_op *op, struct arena *a, int status)
{
	static const struct {
		int status;
		const char *code;
	} codes[] = {
		{ 301, "PermanentRedirect" }, { 403, "AccessDenied" }, { 404, "NoSuchKey" }, { 412, "PreconditionFailed" },
		{ 503, "SlowDown" },
	};

	for (size_t i = 0; op->service->protocol == AWS_REST_XML && i < COUNT_OF(codes); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return arena_printf(a, "%d", status);
}

static int read_body(struct aws_answer *out, struct arena *a, const struct aws_op *op,
					 const struct reply *reply, struct err *e)
{
	struct value *v;

	if (check_crc32(a, reply, e) < 0)
		return -1;
	if (op->service->protocol == AWS_QUERY)
		return read_query(&out->body, a, op, reply, &out->request_id, e);
	if (op->service->protocol == AWS_REST_XML)
		return read_rest_xml(&out->body, a, op, reply, e);
	if (read_json(&v, a, reply, e) < 0)
		return -1;
	out->body = v;
	return 0;
}

int aws_read(struct arena *a, const struct aws_op *op, const struct reply *reply,
			 struct aws_answer *out, struct err *e)
{
	struct aws_answer answer = { .status = reply->status, .message = "" };
	struct aws_fault fault;

	read_date(&answer, a, reply);
	answer.ok = reply->status >= 200 && reply->status < 300;
	if (answer.ok) {
		answer.request_id = reply_header(reply, a, "x-amzn-requestid");
		if (read_body(&answer, a, op, reply, e) < 0)
			return err_while(e, "%s:%s", op->service->id, op->name);
		*out = answer;
		return 0;
	}
	aws_fault_read(&fault, a, reply);
	answer.code = fault.code ? fault.code : code_by_status(op, a, reply->status);
	answer.message = fault.message ? fault.message : "";
	answer.request_id = fault.request_id;
	*out = answer;
	return 0;
}
