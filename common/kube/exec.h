/*
 * A command in a container, by exec through the API server over WebSocket
 * (v5.channel.k8s.io, else v4): no shell but the one that is named, no terminal,
 * nothing on its stdin. One request is one command, which runs once a request;
 * one that may not run twice is asked for in a row with `settle`.
 *
 *	static const char *const status[] = { "vault", "status", NULL };
 *
 *	return kube_ask_exec(kube, rq, "vault", "vault-0", "vault", status, e);
 *	...
 *	struct kube_ran ran;
 *
 *	if (kube_read_exec(mem, reply, &ran, e) < 0)
 *		return HEARD_UNSURE;
 *	if (!ran.started)
 *		return kube_heard(&ran.answer, "running 'vault status'", e);
 *	... ran.code, ran.out, ran.talk
 *
 * The words of the command stand in the address, and so in the API server's
 * audit records: never a secret among them.
 *
 * The right that it takes: get on pods/exec, and from Kubernetes 1.35 create too
 * (KEP-4006).
 */
#ifndef KUBE_EXEC_H
#define KUBE_EXEC_H

#include "kube/client.h"

enum {
	EXEC_OUT_MAX = 1 << 20,   /* default ceiling of stdout, bytes */
	EXEC_TALK_MAX = 64 << 10, /* of stderr: what goes past is left out */
	EXEC_WORDS_MAX = 64,
	EXEC_NOT_FOUND = 127      /* as a shell says it */
};

struct kube_ran {
	bool started;                /* the container was reached; else answer says why not */
	struct kube_answer answer;   /* of the refused upgrade; else the result that the server named: reason, message */
	int code;                    /* exit code; 128 + signal; EXEC_NOT_FOUND: there is no such program; -1: it failed otherwise */
	struct view out, talk;       /* stdout and stderr, within the reply */
};

/*
 * argv is NULL-terminated. container NULL: the pod's only one. k is borrowed as by kube_ask; rq->timeout_ms and
 * rq->body_max may be set afterwards. ERR_BUG past EXEC_WORDS_MAX words.
 */
MUST_CHECK int kube_ask_exec(const struct kube *k, struct request *rq, const char *namespace_, const char *pod,
                             const char *container, const char *const *argv, struct err *e);

/* ERR_REMOTE when the reply is none of these. Texts but out and talk are made in a. */
MUST_CHECK int kube_read_exec(struct arena *a, const struct reply *reply, struct kube_ran *out, struct err *e);

#endif
