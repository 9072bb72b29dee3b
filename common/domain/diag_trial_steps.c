/*
 * The proof from outside the pod: a token of the service account, given to STS.
 * What STS refuses is no failure of the step but what irsa-proof judges; the
 * token and what it is changed for are wiped with the run.
 */
#include "domain/diag_irsa_steps.h"

#include "core/digest.h"
#include "core/text.h"
#include "formats/json.h"

enum { SESSION_S = 900, TOKEN_MAX = 64 << 10 };

#define SESSION_NAME "kubectl-vault-check"

DUE(token_due)
{
	const struct diag *d = world;

	(void)item;
	return d->release.service_account != NULL;
}

/* For the audience of the pods' own tokens: with another one STS would prove something else. */
ASK(ask_trial_token)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_token(d, rq, d->release.namespace_, d->release.service_account,
	                      kube_audience(&rq->mem, diag_audience(d)), e);
}

/* The middle part of a JWT is base64url (RFC 7515) of a JSON object; -1 when it is not. */
static int claims_of(struct arena *a, struct view token, struct value **out, struct err *e)
{
	AUTO(wiped) struct buf text = BUF_MAX(TOKEN_MAX), plain = BUF_MAX(TOKEN_MAX);
	struct view rest = token;
	struct view part;

	view_cut(&rest, '.');
	if (!rest.p)
		return err_set(e, ERR_REMOTE, 0, "the token is no JWT");
	part = view_cut(&rest, '.');
	for (size_t i = 0; i < part.n; i++)
		buf_char(&text, part.p[i] == '-' ? '+' : part.p[i] == '_' ? '/' : part.p[i]);
	while (text.n % 4 && !text.full)
		buf_char(&text, '=');
	if (base64_parse(&plain, buf_bytes(&text), e) < 0)
		return err_while(e, "the token's claims");
	return va_json_parse(a, buf_bytes(&plain), NULL, out, e);
}

/* What the token says of itself is no secret: the signature is. */
static void keep_claims(struct diag *d, struct diag_irsa *p, struct view token)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(err) struct err e = {0};
	struct value *claims;
	const struct value *audience;

	if (claims_of(&mem, token, &claims, &e) < 0)
		return;
	audience = value_get(claims, "aud");
	if (audience && audience->type == VALUE_LIST)
		audience = audience->n ? audience->items[0] : NULL;
	p->token_issuer = arena_text(d->mem, value_text_or(claims, "iss", NULL));
	p->token_subject = arena_text(d->mem, value_text_or(claims, "sub", NULL));
	p->token_audience = arena_text(d->mem, value_text_or(audience, "", NULL));
}

HEAR(hear_trial_token)
{
	struct diag *d = world;
	struct diag_irsa *p = irsa_part(d);
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct arena *mem = d->mem;
	struct kube_answer answer;
	enum heard heard;

	(void)item;
	d->mem = &scratch;      /* the answer holds a secret: it does not stay in the run's arena */
	heard = diag_hear_kube(d, reply, &answer, e, "asking for a token of the service account '%s'", d->release.service_account);
	d->mem = mem;
	if (heard != HEARD_DONE || !answer.ok)
		return heard;
	if (kube_read_token(&answer, &p->token, e) < 0)
		return HEARD_UNSURE;
	keep_claims(d, p, secret_expose(&p->token));
	return HEARD_DONE;
}

DUE(assume_due)
{
	const struct diag *d = world;

	(void)item;
	return d->account.role_arn && secret_held(&diag_irsa(d)->token);
}

ASK(ask_assume)
{
	const struct diag *d = world;
	struct value *params = params_of(&rq->mem, "RoleArn", d->account.role_arn, "RoleSessionName", SESSION_NAME, NULL);

	(void)item;
	value_set(&rq->mem, params, "WebIdentityToken", value_new_view(&rq->mem, secret_expose(&diag_irsa(d)->token)));
	value_set_int(&rq->mem, params, "DurationSeconds", SESSION_S);
	return diag_ask_aws(d, rq, NULL, &sts_assume_role_with_web_identity, params, e);
}

/* Said of the token or the role: asking again changes nothing. IDPCommunicationError is not among them: AWS says to retry. */
static bool is_verdict(const char *code)
{
	static const char *const codes[] = {
		"AccessDenied", "InvalidIdentityToken", "ExpiredTokenException", "IDPRejectedClaim", "ValidationError",
		"RegionDisabledException", "PackedPolicyTooLarge", "MalformedPolicyDocument",
	};

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (text_same(code, codes[i]))
			return true;
	return false;
}

HEAR(hear_assume)
{
	struct diag *d = world;
	struct diag_irsa *p = irsa_part(d);
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct arena *mem = d->mem;
	struct aws_answer answer;
	enum heard heard;

	(void)item;
	d->mem = &scratch;
	heard = diag_hear_aws(d, &sts_assume_role_with_web_identity, reply, NULL, &answer, e,
	                      "taking the role '%s' as the service account '%s'", d->role_name, d->release.service_account);
	d->mem = mem;
	if (aws_code_is(&answer, "IDPCommunicationError"))
		return HEARD_BUSY;
	if (heard == HEARD_DONE) {
		if (aws_as_answered(d->aws, &sts_assume_role_with_web_identity, answer.body, "the role", &p->trial, e) < 0)
			return HEARD_UNSURE;
		p->trial_open = true;
	}
	if (heard == HEARD_DONE || (answer.code && is_verdict(answer.code))) {
		p->trial_asked = true;
		p->trial_code = arena_text(mem, answer.code);
		p->trial_message = arena_text(mem, answer.message);
		secret_release(&p->token);
		err_release(e);
		return HEARD_DONE;
	}
	return heard;
}
