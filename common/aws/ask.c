#include "aws/client.h"
#include "aws/endpoint.h"
#include "aws/protocol.h"
#include "aws/sigv4.h"
#include "core/text.h"
#include "formats/iso8601.h"
#include "formats/json.h"

/* One request on its way: what the protocol wrote, before it is signed. */
struct draft {
	const char *method, *content_type; /* no type: no body */
	struct buf path, query, body;
};

#define DRAFT_INIT \
	{ \
		.path = BUF_MAX(AWS_BODY_MAX), .query = BUF_MAX(AWS_BODY_MAX), \
		.body = BUF_MAX(AWS_BODY_MAX) \
	}

static void draft_release(struct draft *d)
{
	buf_release(&d->path);
	buf_wipe(&d->query);
	buf_wipe(&d->body);
}
SCOPE_END(draft, struct draft, draft_release(v))

static void draft_json(struct draft *d, const struct aws_op *op, const struct value *params)
{
	d->method = "POST";
	d->content_type = op->service->protocol == AWS_JSON_1_0 ? "application/x-amz-json-1.0"
															: "application/x-amz-json-1.1";
	buf_char(&d->path, '/');
	if (params)
		va_json_print(&d->body, params, false);
	else
		buf_text(&d->body, "{}");
}

static void draft_query(struct draft *d, const struct aws_op *op, const struct value *params)
{
	d->method = "POST";
	d->content_type = "application/x-www-form-urlencoded; charset=utf-8";
	buf_char(&d->path, '/');
	query_print(&d->body, op->name, op->service->version, params);
}

static int draft_rest(struct draft *d, struct arena *a, const struct aws_op *op,
					  const struct value *params, struct err *e)
{
	struct value *rest;

	d->method = op->method;
	if (rest_fill(&d->path, &d->query, &rest, a, op->path, params, e) < 0)
		return -1;
	if (rest->n == 0)
		return 0;
	if (text_same(op->method, "GET"))
		return err_set(e, ERR_BUG, 0, "the parameter '%s' is unknown", rest->names[0]);
	d->content_type = "application/json";
	va_json_print(&d->body, rest, false);
	return 0;
}

static int draft_make(struct draft *d, struct arena *a, const struct aws_op *op,
					  const struct value *params, struct err *e)
{
	switch (op->service->protocol) {
	case AWS_QUERY:
		draft_query(d, op, params);
		break;
	case AWS_REST_JSON:
		if (draft_rest(d, a, op, params, e) < 0)
			return -1;
		break;
	default:
		draft_json(d, op, params);
	}
	if (buf_whole(&d->query, "the query", e) < 0)
		return -1;
	return buf_whole(&d->body, "the request", e);
}

/* Signs what stands in rq; libcurl itself writes the same Host header. */
static int add_signature(const struct aws *aws, struct request *rq, const struct draft *d,
						 const struct endpoint *at, const struct aws_op *op, struct err *e)
{
	const struct aws *owner = aws->origin ? aws->origin : aws;
	AUTO(buf) struct buf authorization = BUF_MAX(SIGV4_TEXT_MAX);
	struct header headers[REQUEST_HEADERS_MAX + 1];
	char *path = arena_printf(&rq->mem, "%s%s", at->base_path, buf_str(&d->path));
	struct sigv4_key key = {
		.key_id = owner->creds.key_id,
		.secret_key = &owner->creds.secret_key,
		.region = at->region,
		.service = op->service->signing_name,
		.now_ms = host_wall_ms(aws->host) + owner->skew_ms,
	};
	struct sigv4_request signed_rq = {
		.method = d->method,
		.path = path,
		.query = buf_str(&d->query),
		.headers = headers,
		.body = buf_bytes(&d->body),
	};
	char date[AMZ_DATE_TEXT];

	if (!key.key_id || !secret_held(key.secret_key))
		return err_set(e, ERR_AUTH, 0, "no credentials to sign with");
	amz_date_print(key.now_ms, date);
	request_header(rq, "X-Amz-Date", date);
	if (secret_held(&owner->creds.session_token))
		request_header(rq, "X-Amz-Security-Token", secret_expose(&owner->creds.session_token).p);
	memcpy(headers, rq->headers, rq->n_headers * sizeof(*headers));
	headers[rq->n_headers] = (struct header){ "Host", at->host };
	signed_rq.n_headers = rq->n_headers + 1;
	if (sigv4_authorize(&authorization, &signed_rq, &key, e) < 0)
		return -1;
	request_header(rq, "Authorization", buf_str(&authorization));
	return 0;
}

/* AWS speaks HTTP/1.1: so many connections to one service, which the calls of one run keep in use. */
enum { AWS_ABREAST = 4 };

int aws_ask(const struct aws *aws, struct request *rq, const struct aws_op *op,
			const struct value *params, struct err *e)
{
	AUTO(draft) struct draft d = DRAFT_INIT;
	struct endpoint at;

	rq->label = arena_printf(&rq->mem, "%s:%s", op->service->id, op->name);
	rq->sort = aws_sort;
	rq->abreast = AWS_ABREAST;
	rq->service = op->service->id;
	if (endpoint_find(&at, &rq->mem, aws, op->service, e) < 0 ||
		draft_make(&d, &rq->mem, op, params, e) < 0)
		return err_while(e, "asking %s", rq->label);
	request_http(rq, d.method,
				 arena_printf(&rq->mem, "%s%s%s%s%s", at.origin, at.base_path, buf_str(&d.path),
							  d.query.n ? "?" : "", buf_str(&d.query)));
	if (d.content_type)
		request_body(rq, buf_bytes(&d.body), d.content_type);
	if (op->service->target)
		request_header(rq, "X-Amz-Target",
					   arena_printf(&rq->mem, "%s.%s", op->service->target, op->name));
	if (op->service->query_mode)
		request_header(rq, "x-amzn-query-mode", "true");
	if (aws->user_agent)
		request_header(rq, "User-Agent", aws->user_agent);
	if (!op->unsigned_ && add_signature(aws, rq, &d, &at, op, e) < 0)
		return err_while(e, "asking %s", rq->label);
	return 0;
}
