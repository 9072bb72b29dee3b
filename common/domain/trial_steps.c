/*
 * Before any pod starts: can the service account really take the role? A token
 * from the API server, given to STS, says so from outside the pod; what IAM has
 * not spread yet is waited for here and not in a crash loop.
 */
#include "domain/install_steps.h"

#include "core/text.h"

int ask_token(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return kube_ask_token(w->kube, rq, w->want.namespace_, w->want.service_account,
	                      kube_audience(&rq->mem, "sts.amazonaws.com"), e);
}

enum heard hear_token(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	AUTO(wiped_arena) struct arena scratch = ARENA_INIT;
	struct arena *mem = w->mem;
	struct kube_answer answer;
	enum heard heard;

	(void)item;
	w->mem = &scratch;      /* the answer holds a secret: it does not stay in the run's arena */
	heard = hear_kube(w, reply, &answer, e, "asking for a token of the service account");
	w->mem = mem;
	if (heard == HEARD_REFUSED && answer.status == 403) {
		w->install->token_refused = true;   /* the pods will prove it instead */
		err_release(e);
		return HEARD_DONE;
	}
	if (heard != HEARD_DONE)
		return heard;
	return !answer.ok || kube_read_token(&answer, &w->install->token, e) < 0 ? HEARD_UNSURE : HEARD_DONE;
}

bool trial_due(const void *world, size_t item)
{
	const struct world *w = world;

	return installing_for_real(world, item) && secret_held(&w->install->token);
}

int ask_trial(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct value *params = params_of(&rq->mem, "RoleArn", world_role_arn(w), "RoleSessionName", "helm-vault-aws-trial", NULL);

	(void)item;
	value_set(&rq->mem, params, "WebIdentityToken", value_new_view(&rq->mem, secret_expose(&w->install->token)));
	value_set_int(&rq->mem, params, "DurationSeconds", 900);
	return aws_ask(w->aws, rq, &sts_assume_role_with_web_identity, params, e);
}

/* What was made or changed a moment ago may be unknown to STS for minutes; its refusal then looks like a real one. */
enum heard hear_trial(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	AUTO(arena) struct arena scratch = ARENA_INIT;
	struct arena *mem = w->mem;
	struct aws_answer answer;
	enum heard heard;

	(void)item;
	w->mem = &scratch;
	heard = hear_aws(w, &sts_assume_role_with_web_identity, reply, NULL, &answer, e,
	                 "taking the role '%s' as the service account '%s/%s'", w->want.names.role, w->want.namespace_,
	                 w->want.service_account);
	w->mem = mem;
	if (heard == HEARD_REFUSED && (aws_code_is(&answer, "AccessDenied") || aws_code_is(&answer, "InvalidIdentityToken")))
		heard = HEARD_NOT_YET;
	if (heard == HEARD_DONE)
		secret_release(&w->install->token);
	arena_wipe(&scratch);
	return heard;
}
