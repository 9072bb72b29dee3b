/* Credentials that STS hands out: one row of the loop, whoever asks. */
#include "aws/chain.h"
#include "aws/services.h"
#include "core/text.h"
#include "formats/iso8601.h"

struct sts_world {
	struct aws aws; /* a copy that signs with the base credentials */
	const struct aws_op *op;
	const struct value *params;
	const char *source;
	struct credentials *out;
};

bool clock_skew_of(const struct host *host, const struct reply *reply, int64_t *out_ms)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	const char *date = reply_header(reply, &mem, "date");
	int64_t then_ms;

	if (!date || http_date_parse(view_text(date), &then_ms, &e) < 0)
		return false;
	*out_ms = then_ms - host_wall_ms(host);
	return true;
}

static int ask_sts(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct sts_world *w = world;

	(void)item;
	return aws_ask(&w->aws, rq, w->op, w->params, e);
}

static int read_credentials(const struct aws_op *op, const struct value *body, const char *source, struct credentials *out,
                            struct err *e)
{
	const char *key_id, *secret_key, *token, *expires;
	int64_t expires_ms;

	if (value_text(body, "Credentials.AccessKeyId", &key_id, e) < 0 ||
		value_text(body, "Credentials.SecretAccessKey", &secret_key, e) < 0 ||
		value_text(body, "Credentials.SessionToken", &token, e) < 0 ||
		value_text(body, "Credentials.Expiration", &expires, e) < 0 ||
		iso8601_parse(view_text(expires), &expires_ms, e) < 0)
		return err_while(e, "the answer of sts:%s", op->name);
	return credentials_fill(out, key_id, view_text(secret_key), view_text(token), expires_ms, source, e);
}

int aws_as_answered(const struct aws *aws, const struct aws_op *op, const struct value *body, const char *source,
                    struct aws *out, struct err *e)
{
	*out = aws_in_region(aws, NULL);
	out->origin = NULL;
	out->creds = (struct credentials){ 0 };
	return read_credentials(op, body, source, &out->creds, e);
}

static enum heard hear_sts(void *world, size_t item, const struct reply *reply, struct err *e)
{
	AUTO(wiped_arena) struct arena mem = ARENA_INIT;
	struct sts_world *w = world;
	struct aws_answer answer;
	enum heard heard;

	(void)item;
	if (aws_read(&mem, w->op, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(w->op, &answer, e);
	if (heard == HEARD_DONE && read_credentials(w->op, answer.body, w->source, w->out, e) < 0)
		return HEARD_UNSURE;
	/* Only the clock can be put right here; expired base credentials or tokens stay expired. */
	if (heard == HEARD_RENEW &&
		(aws_code_is(&answer, "ExpiredToken") || aws_code_is(&answer, "ExpiredTokenException")))
		return HEARD_REFUSED;
	return heard;
}

static int renew_clock(void *to, const void *login, const struct reply *reply, struct err *e)
{
	struct sts_world *w = to;

	(void)login;
	if (!clock_skew_of(w->aws.host, reply, &w->aws.skew_ms))
		return err_set(e, ERR_AUTH, reply->status,
					   "the clock seems to be wrong, and STS did not tell its time");
	return 0;
}

/* The last is aws-cli's too: STS is everywhere, and the region of the resources may come later. */
static const char *region_of(const struct chain *c)
{
	const char *region = chain_get(c, "region");

	if (!region)
		region = c->aws->region;
	return region ? region : "us-east-1";
}

int credentials_from_sts(struct chain *c, struct credentials *out, const struct aws_op *op,
						 const struct value *params, const struct credentials *base,
						 const char *source, struct err *e)
{
	static const struct step row = { .name = "STS", .ask = ask_sts, .hear = hear_sts };
	struct sts_world w = {
		.aws = aws_in_region(c->aws, region_of(c)),
		.op = op,
		.params = params,
		.source = source,
		.out = out,
	};
	struct loop loop = {
		.transport = c->transport,
		.host = c->aws->host,
		.max_attempts = c->aws->max_attempts,
		.renew = renew_clock,
		.to = &w,
	};

	w.aws.origin = NULL;
	w.aws.skew_ms = c->skew_ms;
	w.aws.creds = base ? *base : (struct credentials){ 0 };
	if (loop_ask(&loop, &row, &w, e) < 0) {
		if (e->kind == ERR_REMOTE || e->kind == ERR_DENIED)
			e->kind = ERR_AUTH;
		return -1;
	}
	c->skew_ms = w.aws.skew_ms;
	return 0;
}
