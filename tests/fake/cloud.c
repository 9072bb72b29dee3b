#include "fake/cloud_service.h"

#include "core/text.h"
#include "formats/json.h"
#include "formats/uri.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

static const struct cloud_service *const services[] = {
	&cloud_kms, &cloud_dynamodb, &cloud_iam, &cloud_sts, &cloud_eks, &cloud_tagging,
	&cloud_secretsmanager, &cloud_logs, &cloud_ssm, &cloud_s3,
};

/* ---- which operation it is ---- */

static const struct cloud_op *find_op(const struct cloud_service *s, const char *name)
{
	for (size_t i = 0; i < s->n_ops; i++)
		if (text_same(s->ops[i].name, name))
			return &s->ops[i];
	fail_msg("the fake cloud does not know %s:%s", s->id, name);
	return NULL;
}

static const struct cloud_service *find_service(const char *mark, enum cloud_protocol protocol)
{
	for (size_t i = 0; i < COUNT_OF(services); i++)
		if (services[i]->protocol == protocol && text_same(services[i]->mark, mark))
			return services[i];
	fail_msg("the fake cloud has no service '%s'", mark);
	return NULL;
}

/* "TrentService.CreateKey" and a JSON body. */
static const struct cloud_service *read_json(struct cloud_ask *ask, const struct request *rq, const char *target)
{
	struct view op = view_text(target), mark = view_cut(&op, '.');
	const struct cloud_service *s = find_service(arena_view(ask->mem, mark), CLOUD_JSON);
	AUTO(err) struct err e = { 0 };
	struct value *body;

	if (va_json_parse(ask->mem, rq->body, "request", &body, &e) < 0)
		fail_msg("%s: %s", target, e.text);
	ask->in = body;
	ask->op = find_op(s, arena_view(ask->mem, op));
	return s;
}

static const char *decode(struct cloud_ask *ask, struct view text)
{
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);
	AUTO(err) struct err e = { 0 };

	if (uri_decode(&out, text, true, &e) < 0)
		fail_msg("a form that is none: %s", e.text);
	return arena_text(ask->mem, buf_str(&out));
}

/* "Action=GetRole&Version=2010-05-08&RoleName=x" */
static const struct cloud_service *read_form(struct cloud_ask *ask, const struct request *rq)
{
	struct value *form = value_new_map(ask->mem);
	const struct cloud_service *s;

	for (struct view rest = rq->body; rest.p;) {
		struct view text = view_cut(&rest, '&'), name = view_cut(&text, '=');

		value_set_text(ask->mem, form, decode(ask, name), decode(ask, text));
	}
	ask->in = form;
	s = find_service(value_text_or(value_get(form, "Version"), "", ""), CLOUD_QUERY);
	ask->op = find_op(s, value_text_or(value_get(form, "Action"), "", ""));
	return s;
}

/* "https://eks.REGION.amazonaws.com/clusters/NAME" is the only one. */
static const struct cloud_service *read_path(struct cloud_ask *ask, const struct request *rq)
{
	static const char clusters[] = "amazonaws.com/clusters/";
	const char *at = strstr(rq->url, clusters);
	struct value *in = value_new_map(ask->mem);

	if (!at || strcmp(rq->method, "GET") != 0)
		fail_msg("the fake cloud does not know %s %s", rq->method, rq->url);
	value_set_text(ask->mem, in, "name", at + strlen(clusters));
	ask->in = in;
	ask->op = find_op(&cloud_eks, "DescribeCluster");
	return &cloud_eks;
}

static const struct cloud_service *read_request(struct cloud_ask *ask, const struct request *rq)
{
	const char *target = request_header_get(rq, "X-Amz-Target");
	const char *type = request_header_get(rq, "Content-Type");

	if (target)
		return read_json(ask, rq, target);
	ask->op = cloud_s3_read(ask, rq);
	if (ask->op)
		return &cloud_s3;
	if (type && text_starts(type, "application/x-www-form-urlencoded"))
		return read_form(ask, rq);
	return read_path(ask, rq);
}

static void write_date(const struct fake_cloud *c, struct reply *reply)
{
	time_t second = (time_t)(fake_cloud_now_ms(c) / 1000);
	char text[64];
	struct tm tm;

	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&second, &tm));
	fake_reply_header(reply, "Date", text);
}

static void deny(struct cloud_ask *ask, const struct cloud_service *s)
{
	cloud_refuse(ask, s->protocol == CLOUD_JSON ? 400 : 403,
	             s->protocol == CLOUD_QUERY || s->protocol == CLOUD_XML ? "AccessDenied" : "AccessDeniedException",
	             "User: arn:aws:iam::" CLOUD_ACCOUNT ":user/ops is not authorized to perform: %s:%s on resource: * because"
	             " no identity-based policy allows the %s:%s action", s->id, ask->op->name, s->id, ask->op->name);
}

static void serve(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms)
{
	struct fake_cloud *c = to;
	struct cloud_ask ask = { .cloud = c, .mem = &c->mem, .reply = reply };
	const char *authorization = request_header_get(rq, "Authorization");
	const struct cloud_service *s = read_request(&ask, rq);

	(void)latency_ms;
	if (!authorization && text_same(ask.op->name, "AssumeRoleWithWebIdentity"))
		authorization = "AWS4-HMAC-SHA256 Credential=";   /* this one is asked by who has no credentials */
	if (!authorization || !text_starts(authorization, "AWS4-HMAC-SHA256 Credential="))
		fail_msg("%s:%s is not signed", s->id, ask.op->name);
	assert_string_equal(rq->label, arena_printf(ask.mem, "%s:%s", s->id, ask.op->name));
	if (text_same(c->denied, rq->label)) {
		deny(&ask, s);
	} else {
		c->writes += ask.op->writes;
		ask.op->serve(&ask);
	}
	fake_reply_header(reply, "x-amzn-requestid", "0000aaaa-11bb-22cc-33dd-444444eeeeee");
	write_date(c, reply);
}

/* ---- answers ---- */

void cloud_answer(struct cloud_ask *ask, const struct value *body)
{
	AUTO(buf) struct buf text = BUF_MAX(1 << 20);

	if (body)
		va_json_print(&text, body, false);
	fake_reply(ask->reply, 200, buf_str(&text));
}

void cloud_answer_xml(struct cloud_ask *ask, const char *inner)
{
	const char *op = ask->op->name;
	AUTO(text) char *result = inner ? xasprintf("<%sResult>%s</%sResult>", op, inner, op) : xstrdup("");
	AUTO(text) char *body = xasprintf("<%sResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">%s"
	                                  "<ResponseMetadata><RequestId>0000aaaa</RequestId></ResponseMetadata>"
	                                  "</%sResponse>", op, result, op);

	fake_reply(ask->reply, 200, body);
}

void cloud_write_error(const struct cloud_service *s, struct reply *reply, int status, const char *code,
                       const char *message)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf text = BUF_MAX(1 << 16);
	struct value *body = value_new_map(&a);

	if (s->protocol == CLOUD_XML) {
		buf_printf(&text, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message);
	} else if (s->protocol == CLOUD_QUERY) {
		buf_printf(&text, "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>%s</Type>"
		           "<Code>%s</Code><Message>%s</Message></Error><RequestId>0000aaaa</RequestId></ErrorResponse>",
		           status < 500 ? "Sender" : "Receiver", code, message);
	} else {
		if (s->protocol == CLOUD_REST)
			fake_reply_header(reply, "x-amzn-ErrorType", code);
		else
			value_set_text(&a, body, "__type", arena_printf(&a, "%s%s", s->errors, code));
		value_set_text(&a, body, "message", message);
		va_json_print(&text, body, false);
	}
	fake_reply(reply, status, buf_str(&text));
}

static const struct cloud_service *service_of(const struct cloud_op *op)
{
	for (size_t i = 0; i < COUNT_OF(services); i++)
		if (op >= services[i]->ops && op < services[i]->ops + services[i]->n_ops)
			return services[i];
	abort();
}

void cloud_refuse(struct cloud_ask *ask, int status, const char *code, const char *fmt, ...)
{
	AUTO(text) char *message = NULL;
	va_list ap;

	va_start(ap, fmt);
	message = xvasprintf(fmt, ap);
	va_end(ap);
	cloud_write_error(service_of(ask->op), ask->reply, status, code, message);
}

/* Throttles and failures in the words of the service; garbage is the true answer, cut short. */
static void spoil(void *to, enum fault fault, const struct request *rq, struct reply *reply)
{
	struct cloud_ask ask = { .cloud = to, .mem = &((struct fake_cloud *)to)->mem };
	const struct cloud_service *s = read_request(&ask, rq);

	if (fault == FAULT_THROTTLE) {
		cloud_write_error(s, reply, s->throttled_status, s->throttled, "Rate exceeded");
	} else if (fault == FAULT_5XX) {
		cloud_write_error(s, reply, 500, s->failed, "The request processing has failed");
	} else if (reply->body.n > 2) {
		reply->status = 200;
		buf_cut(&reply->body, reply->body.n / 2);
	} else {
		fake_reply(reply, 200, "<html>");
	}
}

/* ---- helpers of the services ---- */

const char *cloud_text(const struct cloud_ask *ask, const char *path)
{
	const struct value *v = value_get(ask->in, path);

	if (!v || v->type != VALUE_TEXT)
		fail_msg("%s: the parameter '%s' is missing", ask->op->name, path);
	return v->text;
}

const struct value *cloud_tag_list(struct cloud_ask *ask, const char *path, const char *name, const char *text)
{
	const struct value *list = value_get(ask->in, path);
	struct value *map = value_new_map(ask->mem);

	for (size_t i = 0; list && i < list->n; i++)
		value_set_text(ask->mem, map, value_text_or(list->items[i], name, ""), value_text_or(list->items[i], text, ""));
	return map;
}

struct value *cloud_tag_rows(struct arena *a, const struct value *map, const char *name, const char *text)
{
	struct value *rows = value_new_list(a);

	for (size_t i = 0; map && i < map->n; i++) {
		struct value *row = value_push(a, rows, value_new_map(a));

		value_set_text(a, row, name, map->names[i]);
		value_set_text(a, row, text, map->items[i]->text);
	}
	return rows;
}

struct cloud_tags cloud_new_tags(const struct cloud_ask *ask, const struct value *map)
{
	return (struct cloud_tags){ .now = map, .since_ms = ask->cloud->net.now_ms };
}

void cloud_retag(struct fake_cloud *c, struct cloud_tags *tags, const struct value *more)
{
	struct value *all = tags->now ? value_copy(&c->mem, tags->now) : value_new_map(&c->mem);

	for (size_t i = 0; i < more->n; i++)
		value_set_text(&c->mem, all, more->names[i], more->items[i]->text);
	if (cloud_spread(c, tags->since_ms, c->lags.tags))
		tags->before = tags->now;
	tags->now = all;
	tags->since_ms = c->net.now_ms;
}

bool cloud_spread(const struct fake_cloud *c, int64_t made_ms, unsigned lag_ms)
{
	return c->net.now_ms >= made_ms + (int64_t)lag_ms;
}

unsigned cloud_room(unsigned *n)
{
	assert_true(*n < CLOUD_MAX);
	return (*n)++;
}

/* ---- the account ---- */

void fake_cloud_init(struct fake_cloud *c)
{
	*c = (struct fake_cloud){
		.cluster_status = "ACTIVE",
		.lags = { .tags = 7000, .creating = 6000, .backups = 9000, .roles = 1500, .keys = 700 },
	};
	fake_transport_init(&c->net, serve, c);
	c->net.spoil = spoil;
	c->net.latency_ms = 50;
	c->transport = fake_transport(&c->net);
}

void fake_cloud_release(struct fake_cloud *c)
{
	fake_transport_release(&c->net);
	arena_release(&c->mem);
}

int64_t fake_cloud_now_ms(const struct fake_cloud *c)
{
	return CLOUD_START_MS + c->net.now_ms;
}

void fake_cloud_pass(struct fake_cloud *c, int64_t ms)
{
	c->net.now_ms += ms;
}

struct cloud_tags fake_cloud_tags(struct fake_cloud *c, ...)
{
	struct value *map = value_new_map(&c->mem);
	const char *name;
	va_list ap;

	va_start(ap, c);
	while ((name = va_arg(ap, const char *)))
		value_set_text(&c->mem, map, name, va_arg(ap, const char *));
	va_end(ap);
	return (struct cloud_tags){ .now = map, .before = map };
}

void fake_cloud_tag(struct fake_cloud *c, struct cloud_tags *tags, const char *name, const char *text)
{
	struct value *one = value_new_map(&c->mem), *all;

	if (text)
		value_set_text(&c->mem, one, name, text);
	cloud_retag(c, tags, one);
	if (text)
		return;
	all = value_copy(&c->mem, tags->now);
	value_unset(all, name);
	tags->now = all;
}

const char *fake_cloud_tag_of(const struct cloud_tags *tags, const char *name)
{
	return value_text_or(value_get(tags->now, name), "", NULL);
}

void fake_cloud_assert_one_of_each(const struct fake_cloud *c)
{
	assert_int_equal(c->n_keys, 1);
	assert_int_equal(c->n_aliases, 1);
	assert_int_equal(c->n_tables, 1);
	assert_int_equal(c->n_roles, 1 + c->n_groups);   /* a log group is a collector's, which has its own */
	assert_true(c->n_groups <= 1);
	assert_int_equal(c->n_providers, 1);
	assert_string_equal(c->aliases[0].key, c->keys[0].id);
}
