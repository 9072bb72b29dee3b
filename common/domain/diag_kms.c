/* What the judges of kms and dynamodb look up, and what wipes the traces of their trials. */
#include "domain/diag_kms.h"

#include "core/text.h"

const struct metric diag_metrics[METRICS] = {
	{ "ReadThrottleEvents", NULL }, { "WriteThrottleEvents", NULL },
	{ "ThrottledRequests", "UpdateItem" }, { "ThrottledRequests", "BatchWriteItem" },
	{ "ThrottledRequests", "GetItem" }, { "ThrottledRequests", "Query" },
};

const struct diag_kms *diag_kms(const struct diag *d)
{
	static const struct diag_kms none = {0};

	return d->part[DIAG_KMS] ? d->part[DIAG_KMS] : &none;
}

const struct diag_dynamodb *diag_dynamodb(const struct diag *d)
{
	static const struct diag_dynamodb none = {0};

	return d->part[DIAG_DYNAMODB] ? d->part[DIAG_DYNAMODB] : &none;
}

const struct stored *diag_stored(const struct diag *d)
{
	return &diag_kms(d)->stored;
}

bool diag_key_is_alias(const char *id)
{
	return text_starts(id, "alias/") || strstr(id, ":alias/");
}

const char *diag_key_ref(const struct diag *d)
{
	const char *id = diag_key_id(d);

	if (d->key)
		return value_text_or(d->key, "Arn", NULL);
	return text_empty(id) || diag_key_is_alias(id) ? NULL : id;
}

const char *diag_key_home(const struct diag *d)
{
	const char *id = diag_key_id(d);
	AUTO(err) struct err e = {0};
	struct arn arn;

	if (!text_empty(id) && text_starts(id, "arn:") && arn_parse(d->mem, id, &arn, &e) == 0 && !text_empty(arn.region))
		return arn.region;
	return d->facts.seal_region;
}

/* The same key, be it told by its ARN or by its id alone. */
static bool same_key(const struct value *key, const char *id)
{
	return text_same(value_text_or(key, "Arn", NULL), id) || text_same(value_text_or(key, "KeyId", NULL), id);
}

const char *diag_other_wrapping(const struct diag *d)
{
	const struct stored *s = diag_stored(d);

	for (size_t i = 0; i < s->n_keys; i++)
		if (d->key && same_key(d->key, s->keys[i]))
			return NULL;
	return s->n_keys ? s->keys[0] : NULL;
}

int64_t diag_stamp_ms(const struct value *v)
{
	static const int64_t max_s = INT64_C(1000000000000);

	if (v && v->type == VALUE_REAL && v->real > 0 && v->real < (double)max_s)
		return (int64_t)(v->real * 1000);
	return v && v->type == VALUE_INT && v->integer > 0 && v->integer < max_s ? v->integer * 1000 : 0;
}

static double number(const struct value *v)
{
	if (v && v->type == VALUE_REAL)
		return v->real;
	return v && v->type == VALUE_INT ? (double)v->integer : 0;
}

/* A datapoint's time is that of its period's start. */
static double result_sum(const struct value *result, int64_t from_ms)
{
	const struct value *values = value_get(result, "Values"), *times = value_get(result, "Timestamps");
	double sum = 0;

	if (!values || values->type != VALUE_LIST || !times || times->type != VALUE_LIST)
		return 0;
	for (size_t i = 0; i < values->n && i < times->n; i++)
		if (diag_stamp_ms(times->items[i]) + METRIC_PERIOD_S * 1000 > from_ms)
			sum += number(values->items[i]);
	return sum;
}

double diag_metric_sum(const struct diag *d, size_t metric, int64_t from_ms)
{
	const struct value *results = diag_dynamodb(d)->metrics;
	double sum = 0;

	for (size_t i = 0; results && results->type == VALUE_LIST && i < results->n; i++)
		if (text_same(value_text_or(results->items[i], "Id", ""), arena_printf(d->mem, "m%zu", metric)))
			sum += result_sum(results->items[i], from_ms);
	return sum;
}

enum heard diag_hear_trial(struct diag *d, struct arena *a, const struct aws_op *op, const struct reply *reply,
                           const char *allowed_code, struct trial *out, struct aws_answer *answer, struct err *e)
{
	enum heard heard;

	if (aws_read(a, op, reply, answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(op, answer, e);
	if (heard != HEARD_DONE && heard != HEARD_REFUSED)
		return heard;
	err_release(e);
	*e = (struct err){0};
	*out = (struct trial){
		.asked = true, .allowed = answer->ok || (allowed_code && aws_code_is(answer, allowed_code)),
		.code = arena_text(d->mem, answer->code), .message = arena_text(d->mem, answer->message),
	};
	return HEARD_DONE;
}

void diag_kms_release(struct diag *d)
{
	struct diag_kms *p = d->part[DIAG_KMS];

	if (p)
		secret_release(&p->probe);
}
