#include "domain/vault_role.h"

#include "core/text.h"
#include "domain/hear.h"

enum { SESSION_S = 900 };

void vault_role_release(struct vault_role *r)
{
	secret_release(&r->jwt);
	if (r->open)
		credentials_release(&r->aws.creds);
	r->open = false;
}

const char *vault_role_account(const struct boot *b)
{
	const char *name = b->server ? b->server->service_account : NULL;

	return name ? name : b->want->service_account;
}

int vault_role_ask_account(const struct boot *b, struct request *rq, struct err *e)
{
	return kube_ask(b->kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/serviceaccounts/%s", b->want->namespace_,
	                                              vault_role_account(b)), NULL, e);
}

enum heard vault_role_hear_account(struct vault_role *r, const struct boot *b, struct world *w, const struct reply *reply,
                                   struct err *e)
{
	struct service_account account;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "reading the service account '%s'", vault_role_account(b));

	if (heard != HEARD_DONE)
		return heard;
	if (answer.ok && service_account_read(&account, answer.body, e) < 0)
		return HEARD_UNSURE;
	if (!answer.ok || text_empty(account.role_arn))
		return hear_guard(e, "helm vault-aws install sets it; kubectl vault-check irsa looks closer",
		                  "the service account '%s/%s' names no role, so Vault cannot use its key", b->want->namespace_,
		                  vault_role_account(b));
	r->arn = account.role_arn;
	return HEARD_DONE;
}

int vault_role_ask_token(const struct boot *b, struct request *rq, struct err *e)
{
	return kube_ask_token(b->kube, rq, b->want->namespace_, vault_role_account(b), kube_audience(&rq->mem, "sts.amazonaws.com"), e);
}

enum heard vault_role_hear_token(struct vault_role *r, const struct reply *reply, struct err *e)
{
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct kube_answer answer;
	enum heard heard;

	if (kube_read(&scratch, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = kube_heard(&answer, "asking for a token of Vault's service account", e);
	if (heard == HEARD_REFUSED)
		err_hint(e, "the proof takes the right to create serviceaccounts/token");
	if (heard != HEARD_DONE)
		return heard;
	return kube_read_token(&answer, &r->jwt, e) < 0 ? HEARD_UNSURE : HEARD_DONE;
}

int vault_role_ask_assume(const struct vault_role *r, const struct boot *b, struct request *rq, struct err *e)
{
	struct value *params = params_of(&rq->mem, "RoleArn", r->arn, "RoleSessionName", r->session, NULL);

	value_set(&rq->mem, params, "WebIdentityToken", value_new_view(&rq->mem, secret_expose(&r->jwt)));
	value_set_int(&rq->mem, params, "DurationSeconds", SESSION_S);
	return aws_ask(b->aws, rq, &sts_assume_role_with_web_identity, params, e);
}

enum heard vault_role_hear_assume(struct vault_role *r, const struct boot *b, const struct reply *reply, struct err *e)
{
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct aws_answer answer;
	enum heard heard;

	if (aws_read(&scratch, &sts_assume_role_with_web_identity, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = aws_heard(&sts_assume_role_with_web_identity, &answer, e);
	if (heard == HEARD_DONE) {
		if (aws_as_answered(b->aws, &sts_assume_role_with_web_identity, answer.body, "the role", &r->aws, e) < 0)
			return HEARD_UNSURE;
		r->open = true;
	}
	if (heard == HEARD_REFUSED) {
		err_while(e, "taking the role '%s' as Vault's service account", r->arn);
		err_hint(e, "kubectl vault-check irsa says which link is broken; %s", r->undone);
	}
	return heard;
}
