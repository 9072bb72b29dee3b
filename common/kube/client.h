/*
 * Asking the API server. Paths are made with kube_path, which encodes each
 * argument; objects are value trees; answers too. Every status is an answer to
 * `hear` (request.sort says so), since the server's own words say most:
 *
 *	static int ask_account(const void *world, size_t item, struct request *rq, struct err *e)
 *	{
 *		const char *path = kube_path(&rq->mem, "/api/v1/namespaces/%s/serviceaccounts/%s", ns, name);
 *
 *		return kube_ask(w->kube, rq, "GET", path, NULL, e);
 *	}
 *
 *	static enum heard hear_account(void *world, size_t item, const struct reply *reply, struct err *e)
 *	{
 *		struct kube_answer answer;
 *
 *		if (kube_read(w->mem, reply, &answer, e) < 0)
 *			return HEARD_UNSURE;
 *		if (answer.status == 404)
 *			return HEARD_DONE;
 *		if (answer.ok && service_account_read(&w->account, answer.body, e) < 0)
 *			return HEARD_UNSURE;
 *		return kube_heard(&answer, "reading the service account", e);
 *	}
 */
#ifndef KUBE_CLIENT_H
#define KUBE_CLIENT_H

#include "kube/config.h"
#include "net/graph.h"

struct kube_answer {
	int status;
	bool ok;                     /* 2xx */
	const struct value *body;    /* NULL when the body is no JSON (plain texts, proxies) */
	const char *reason;          /* of a Status: "NotFound", "Forbidden"; "" when there is none */
	const char *message;
};

/*
 * Runs the exec plugin (a child, a minute at most; ten with a terminal) or reads the token file where the user has one,
 * unless what it gave is still good; otherwise does nothing. ERR_AUTH, and no secret in its text; ERR_STOPPED.
 */
MUST_CHECK int kube_login(struct kube *k, const struct transport *t, struct err *e);

/* The same for n of them, their plugins at once (a few at a time). why: n of them, empty; each tells how its own went. */
void kube_login_all(struct kube *const *k, size_t n, const struct transport *t, struct err *why);

/* Is it the API server, and not AWS, that refused these credentials? Its 401 carries no request id of AWS's. */
bool kube_refused(const struct reply *reply);

/* After a 401 (reply; may be NULL): the same whatever was given before. ERR_AUTH when there is nothing to renew. */
MUST_CHECK int kube_renew(struct kube *k, const struct transport *t, const struct reply *reply, struct err *e);

/*
 * method "GET", path "/api/v1/namespaces/vault/pods?labelSelector=..." (already encoded). body NULL: none. k must outlive
 * the call. ERR_REMOTE for a body past 3 MiB, which the API server would not take either.
 */
MUST_CHECK int kube_ask(const struct kube *k, struct request *rq, const char *method, const char *path,
                        const struct value *body, struct err *e);

/*
 * A token for a service account that lasts ten minutes (TokenRequest, authentication.k8s.io/v1). audiences: a list of texts;
 * NULL: the API server's own. Its answer holds a secret: read it in an arena that is wiped, and then by kube_read_token.
 */
MUST_CHECK int kube_ask_token(const struct kube *k, struct request *rq, const char *namespace_, const char *account,
                              const struct value *audiences, struct err *e);
/* The list of one. */
struct value *kube_audience(struct arena *a, const char *audience);

/*
 * Server-side apply: PATCH with application/apply-patch+yaml, fieldValidation Strict. force takes over fields of other
 * managers; without it theirs is a 409. A field that is not in the schema is a 500 in Kubernetes 1.34.
 */
MUST_CHECK int kube_ask_apply(const struct kube *k, struct request *rq, const char *path,
                              const struct value *object, const char *field_manager, bool force, struct err *e);

/* GET through the API server to a pod's port: only for what carries no secret (pods/NAME:PORT/proxy). scheme "http" or "https". */
MUST_CHECK int kube_ask_pod_proxy(const struct kube *k, struct request *rq, const char *namespace_, const char *pod,
                                  const char *scheme, unsigned port, const char *path, struct err *e);

/* fmt knows %s (percent-encoded as one segment or query value) and %% only. */
char *kube_path(struct arena *a, const char *fmt, ...);

/*
 * -1: no whole answer (ERR_REMOTE). A body that is no JSON is no failure: body is NULL then, and message its first line
 * unless ok. The tree is made in a: what holds a secret (TokenRequest, Secret) is read into an arena that is wiped.
 */
MUST_CHECK int kube_read(struct arena *a, const struct reply *reply, struct kube_answer *out, struct err *e);

/*
 * What an answer means, with `doing` ("reading the service account 'vault'") and the server's own message in e.
 * ok: HEARD_DONE. 401: HEARD_RENEW. 429, 503: HEARD_BUSY. Other 5xx: HEARD_UNSURE. Else HEARD_REFUSED with ERR_ABSENT
 * (404), ERR_DENIED (403), ERR_CONFLICT (409), ERR_REMOTE; ERR_NET when there was no reaching the pod behind a proxy.
 */
enum heard kube_heard(const struct kube_answer *answer, const char *doing, struct err *e);

/* The token in a good answer to kube_ask_token, in place of what out held. -1, and out as it was: there is none. */
MUST_CHECK int kube_read_token(const struct kube_answer *answer, struct secret *out, struct err *e);

#endif
