/*
 * Asking the API server. Paths are made with kube_path, which encodes each
 * argument; objects are value trees; answers too.
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

/* Runs the exec plugin or reads the token file where the user has one; nothing else to do otherwise. */
MUST_CHECK int kube_login(struct kube *k, const struct transport *t, struct err *e);
MUST_CHECK int kube_renew(struct kube *k, const struct transport *t, const struct reply *reply, struct err *e);

/* method "GET", path "/api/v1/namespaces/vault/pods?labelSelector=..." (already encoded). body NULL: none. */
MUST_CHECK int kube_ask(const struct kube *k, struct request *rq, const char *method, const char *path,
                        const struct value *body, struct err *e);

/* Server-side apply: PATCH with application/apply-patch+yaml. force takes over fields of other managers. */
MUST_CHECK int kube_ask_apply(const struct kube *k, struct request *rq, const char *path,
                              const struct value *object, const char *field_manager, bool force, struct err *e);

/* GET through the API server to a pod's port: only for what carries no secret (pods/NAME:PORT/proxy). scheme "http" or "https". */
MUST_CHECK int kube_ask_pod_proxy(const struct kube *k, struct request *rq, const char *namespace_, const char *pod,
                                  const char *scheme, unsigned port, const char *path, struct err *e);

/* fmt knows %s (percent-encoded as one segment or query value) and %% only. */
char *kube_path(struct arena *a, const char *fmt, ...);

/* -1: no whole answer (ERR_REMOTE). A body that is no JSON is no failure: body is NULL then. */
MUST_CHECK int kube_read(struct arena *a, const struct reply *reply, struct kube_answer *out, struct err *e);

/* ok: HEARD_DONE. 401: HEARD_RENEW. 429: HEARD_BUSY. Else HEARD_REFUSED with ERR_ABSENT (404), ERR_DENIED (401, 403), ERR_CONFLICT (409), ERR_REMOTE. `doing` ("reading the service account 'vault'") goes in front. */
enum heard kube_heard(const struct kube_answer *answer, const char *doing, struct err *e);

#endif
