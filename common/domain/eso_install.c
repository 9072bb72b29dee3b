#include "domain/eso_install.h"

#include "core/text.h"

enum { HELM_TIMEOUT_MS = 10 * 60 * 1000, HELM_WORDS_MAX = 256, TALK_SHOWN = 2000 };

#define RELEASE "external-secrets"

static int ask_operator(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct eso_install *w = world;

	(void)item;
	return kube_ask(w->kube, rq, "GET", "/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fname%3Dexternal-secrets&limit=1",
	                NULL, e);
}

static enum heard hear_operator(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct eso_install *w = world;
	struct kube_answer answer;
	enum heard heard;

	(void)item;
	if (kube_read(w->mem, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = kube_heard(&answer, "looking for the operator of External Secrets", e);
	if (heard == HEARD_DONE)
		w->there = value_count(answer.body, "items") > 0;
	return heard;
}

static bool install_due(const void *world, size_t item)
{
	(void)item;
	return !((const struct eso_install *)world)->there;
}

/* An install that was done is an upgrade to the same when it is repeated. */
static int ask_install(const void *world, size_t item, struct request *rq, struct err *e)
{
	static const char *const unset[] = { "HELM_DEBUG", "HELM_NAMESPACE", "HELM_KUBECONTEXT", REQUEST_ENV_OURS, NULL };
	const struct eso_install *w = world;
	const char *argv[HELM_WORDS_MAX] = {
		w->helm_bin, "upgrade", "--install", RELEASE, w->chart ? w->chart : RELEASE, "--namespace", w->namespace_,
		"--create-namespace", "--wait",
	};
	size_t n = 9;

	(void)item;
	if (!w->chart) {
		argv[n++] = "--repo";
		argv[n++] = ESO_CHART_REPOSITORY;
	}
	if (!text_empty(w->kube->context)) {
		argv[n++] = "--kube-context";
		argv[n++] = w->kube->context;
	}
	for (size_t i = 0; w->rest && w->rest[i]; i++) {
		if (n == HELM_WORDS_MAX - 1)
			return err_set(e, ERR_USAGE, 0, "too many words for helm");
		argv[n++] = w->rest[i];
	}
	request_child(rq, argv);
	rq->env_unset = unset;
	rq->label = "helm:upgrade";
	rq->timeout_ms = HELM_TIMEOUT_MS;
	return 0;
}

static enum heard hear_installed(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct view talk = view_trim(buf_bytes(&reply->talk));

	(void)world;
	(void)item;
	if (!reply->status)
		return HEARD_DONE;
	if (talk.n > TALK_SHOWN)
		talk = view_of(talk.p + talk.n - TALK_SHOWN, TALK_SHOWN);
	if (view_starts(talk, "Error: "))
		talk = view_of(talk.p + 7, talk.n - 7);
	err_set(e, ERR_REMOTE, reply->status, "installing External Secrets: helm: %.*s", (int)talk.n, talk.p);
	return HEARD_REFUSED;
}

const struct step eso_install_steps[ESO_INSTALL_STEPS] = {
	{ .name = "operator.look", .ask = ask_operator, .hear = hear_operator },
	{ .name = "operator.install", .needs = NEEDS("operator.look"), .due = install_due, .timeout_ms = HELM_TIMEOUT_MS,
	  .change = "install the operator of External Secrets", .ask = ask_install, .hear = hear_installed },
};
