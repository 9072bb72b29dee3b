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
	const char *bucket;                /* that is part of the host's name; NULL: none is */
	struct value *rest;                /* rest-xml: parameters that are neither path, query nor body */
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

/* A bucket in the host's name has no dots, which no certificate of S3's covers (S3 User Guide, virtual hosting). */
static bool bucket_is_host(const struct aws *aws, const char *bucket)
{
	return !aws->endpoints && bucket && !strchr(bucket, '.');
}

static int draft_rest_xml(struct draft *d, struct arena *a, const struct aws *aws, const struct aws_op *op,
                          const struct value *params, struct err *e)
{
	const char *bucket = value_text_or(params, "Bucket", NULL);
	const struct value *body;

	d->method = op->method;
	if (rest_fill(&d->path, &d->query, &d->rest, a, op->path, params, e) < 0)
		return -1;
	if (bucket_is_host(aws, bucket)) {
		AUTO(text) char *path = xstrdup(buf_str(&d->path) + 1 + strlen(bucket));

		d->bucket = bucket;
		buf_cut(&d->path, 0);
		buf_printf(&d->path, "%s%s", *path ? "" : "/", path);
	}
	body = value_get(d->rest, "Body");
	if (!body || body->type != VALUE_TEXT)
		return 0;
	d->content_type = "application/octet-stream";
	buf_view(&d->body, view_of(body->text, body->n));
	value_unset(d->rest, "Body");
	return 0;
}

static int draft_make(struct draft *d, struct arena *a, const struct aws *aws, const struct aws_op *op,
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
	case AWS_REST_XML:
		if (draft_rest_xml(d, a, aws, op, params, e) < 0)
			return -1;
		break;
	default:
		draft_json(d, op, params);
	}
	if (buf_whole(&d->query, "the query", e) < 0)
		return -1;
	return buf_whole(&d->body, "the request", e);
}

/* What rest-xml has in headers, and the digest of the body that S3 wants there. */
static int add_headers(struct request *rq, const struct draft *d, const struct aws_op *op, struct err *e)
{
	char hash[SHA256_HEX];

	for (const struct aws_header *h = op->sends; h && h->name; h++) {
		const char *text = value_text_or(d->rest, h->name, NULL);

		if (!text)
			continue;
		request_header(rq, h->header, text);
		value_unset(d->rest, h->name);
	}
	if (d->rest->n)
		return err_set(e, ERR_BUG, 0, "the parameter '%s' is unknown", d->rest->names[0]);
	sha256_hex(buf_bytes(&d->body), hash);
	request_header(rq, "X-Amz-Content-Sha256", hash);
	return 0;
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
		.path_once = op->service->protocol == AWS_REST_XML,
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
		draft_make(&d, &rq->mem, aws, op, params, e) < 0)
		return err_while(e, "asking %s", rq->label);
	if (d.bucket)
		endpoint_prepend(&at, &rq->mem, d.bucket);
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
	if (d.rest && add_headers(rq, &d, op, e) < 0)
		return err_while(e, "asking %s", rq->label);
	if (aws->user_agent)
		request_header(rq, "User-Agent", aws->user_agent);
	if (!op->unsigned_ && add_signature(aws, rq, &d, &at, op, e) < 0)
		return err_while(e, "asking %s", rq->label);
	return 0;
}

void aws_ahead(const struct aws *aws, const struct transport *t, const struct aws_service *service, unsigned n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct endpoint at;
	struct ahead ahead;

	if (endpoint_find(&at, &a, aws, service, &e) < 0)
		return;
	ahead = (struct ahead){ .origin = at.origin, .n = n };
	transport_ahead(t, &ahead);
}
