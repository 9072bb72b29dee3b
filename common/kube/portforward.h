/*
 * Requests to a port of a pod, by port-forward through the API server over
 * WebSocket (v4.channel.k8s.io): TLS end to end where the pod's server has it,
 * and no secret in anybody's audit record, since the API server sees a stream.
 *
 *	struct kube_pod_port vault = { 0 };
 *
 *	kube_pod_port_init(&vault, mem, kube, "vault", "vault-0", 8200);
 *	...
 *	return kube_ask_pod(&vault, rq, "GET", "http", "/v1/sys/seal-status", NULL, e);
 *
 * The right that it takes: get on pods/portforward, and from Kubernetes 1.35
 * create too (KEP-4006). A refusal ends the call as unsent with ERR_DENIED,
 * ERR_ABSENT (no such pod, or nobody listens on the port), ERR_AUTH; what a
 * later try may mend is ERR_NET.
 */
#ifndef KUBE_PORTFORWARD_H
#define KUBE_PORTFORWARD_H

#include "kube/client.h"
#include "net/tunnel.h"

struct kube_pod_port {
	struct tunnel tunnel;        /* first: ask and refused find the rest from it */
	const struct kube *kube;
	const char *namespace_, *pod, *host;
	unsigned port;
	unsigned abreast;            /* calls at a time, each with a WebSocket of its own; init: two */
};

/* kube and the texts are borrowed and outlive every call; so does out. */
void kube_pod_port_init(struct kube_pod_port *out, struct arena *a, const struct kube *kube, const char *namespace_,
                        const char *pod, unsigned port);

/* Makes connections to the API server for n tunnels to come (net/transport.h), to whichever pods. */
void kube_ahead(const struct kube *k, const struct transport *t, unsigned n);

/*
 * A request to that port: path "/v1/sys/health?standbyok=true". scheme "http" or "https"; tls (borrowed; NULL: none)
 * names who is trusted and which name the certificate must have. Every status is an answer to hear.
 */
MUST_CHECK int kube_ask_pod(const struct kube_pod_port *p, struct request *rq, const char *method, const char *scheme,
                            const char *path, const struct tls *tls, struct err *e);

#endif
