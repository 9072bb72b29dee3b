/* What an install does about the listener's certificate besides reading and renewing it. */
#include "core/text.h"
#include "domain/install_steps.h"
#include "domain/listener_steps.h"

bool listener_may_write(const struct world *w)
{
	return !w->install || installing_for_real(w, 0);
}

const char *listener_fullname(const struct world *w)
{
	if (w->install && w->install->fullname)
		return w->install->fullname;
	/* vault-helm, templates/_helpers.tpl, vault.fullname */
	return strstr(w->want.release, "vault") ? w->want.release : arena_printf(w->mem, "%s-vault", w->want.release);
}

DUE(manager_due)
{
	const struct world *w = world;

	return leaf_matters(world, item) && w->listener->mode == TLS_CERT_MANAGER && listener_may_write(w);
}

size_t count_manager(const void *world)
{
	return listener_manager_count(world);
}

static int ask_object(const struct world *w, struct request *rq, const struct value *object, struct err *e)
{
	return kube_ask_apply(w->kube, rq, listener_object_path(&rq->mem, object), object, LISTENER_MANAGER, true, e);
}

ASK(ask_manager_object)
{
	return ask_object(world, rq, listener_manager_object(world, item, &rq->mem), e);
}

ASK(ask_renewer_object)
{
	return ask_object(world, rq, listener_renewer_object(world, item, &rq->mem), e);
}

HEAR(hear_listener_object)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "writing what renews the listener's certificate");

	(void)item;
	if (heard == HEARD_DONE && !answer.ok) {
		err_set(e, ERR_ABSENT, 404, "the namespace '%s' is gone, or the cluster does not serve that kind", w->want.namespace_);
		return HEARD_REFUSED;
	}
	return heard;
}

/*
 * Of a cert-manager that is just coming up the API is served before its webhook, which must agree to its objects, answers; the
 * words are the API server's (apiserver, admission/plugin/webhook/errors.go).
 */
HEAR(hear_manager_object)
{
	enum heard heard = hear_listener_object(world, item, reply, e);

	if (heard != HEARD_UNSURE || !e->text || !strstr(e->text, "failed calling webhook"))
		return heard;
	e->kind = ERR_LATE;
	err_hint(e, "look at the pods of cert-manager: its webhook does not answer yet");
	return HEARD_NOT_YET;
}

DUE(manager_wait_due)
{
	return manager_due(world, item);
}

/* The pods cannot start before the Secret is there, and would say it less clearly. */
HEAR(hear_manager_made)
{
	struct world *w = world;
	const struct tls_secret *s = &w->listener->leaf;
	enum heard heard = hear_leaf(world, item, reply, e);

	if (heard != HEARD_DONE)
		return heard;
	if (s->presence == PRESENT && s->chain && s->key_fits && s->authorities)
		return HEARD_DONE;
	if (s->presence == PRESENT && s->chain && s->key_fits)
		err_set(e, ERR_LATE, 0, "cert-manager made the certificate '%s/%s' without ca.crt, so nobody could verify it",
		        w->want.namespace_, w->want.tls_secret);
	else
		err_set(e, ERR_LATE, 0, "cert-manager has not made the certificate '%s/%s' yet", w->want.namespace_, w->want.tls_secret);
	err_hint(e, "kubectl describe certificate -n %s %s says why", w->want.namespace_, w->want.tls_secret);
	return HEARD_NOT_YET;
}

DUE(renewer_due)
{
	const struct world *w = world;

	return authority_matters(world, item) && listener_may_write(w) && listener_renewer_count(w) > 0;
}

size_t count_renewer(const void *world)
{
	return listener_renewer_count(world);
}
