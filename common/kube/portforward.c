#include "kube/portforward.h"

#include "core/text.h"

#include <ctype.h>

#define PROTOCOL "v4.channel.k8s.io"

enum { CHANNEL_DATA = 0, CHANNEL_ERROR = 1, WORDS_SHOWN = 400, POD_ABREAST = 2 };

static const struct kube_pod_port *of_tunnel(const struct tunnel *t)
{
	return (const struct kube_pod_port *)t;
}

static int ask(const struct tunnel *t, struct request *rq, struct err *e)
{
	const struct kube_pod_port *p = of_tunnel(t);
	const char *path = kube_path(&rq->mem, "/api/v1/namespaces/%s/pods/%s/portforward", p->namespace_, p->pod);

	path = arena_printf(&rq->mem, "%s?ports=%u", path, p->port);
	if (kube_ask(p->kube, rq, "GET", path, NULL, e) < 0)
		return -1;
	/* An upgrade is no JSON: the API server refuses to be asked for that (406). */
	for (size_t i = 0; i < rq->n_headers; i++)
		if (text_same(rq->headers[i].name, "Accept"))
			rq->headers[i].value = "*/*";
	request_header(rq, "Sec-WebSocket-Protocol", PROTOCOL);
	return 0;
}

static void refused(const struct tunnel *t, const struct reply *reply, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *doing = arena_printf(&a, "forwarding a port of the pod '%s'", of_tunnel(t)->pod);
	struct kube_answer answer;

	if (kube_read(&a, reply, &answer, e) < 0) {
		err_while(e, "%s", doing);
		return;
	}
	kube_heard(&answer, doing, e);
	if (answer.status == 401)
		e->kind = ERR_AUTH;
	else if (e->kind == ERR_THROTTLED || answer.status >= 500)
		e->kind = ERR_NET;
	else if (!e->kind)
		err_set(e, ERR_REMOTE, answer.status, "%s: no WebSocket was opened (%d)", doing, answer.status);
}

/* What container runtimes say when nobody has taken the connection: nothing that was sent has reached anyone. */
static const char *nobody_there(const char *text)
{
	static const char *const words[] = { "connection refused", "failed to connect", "failed to dial", "dial tcp",
		                                 "no route to host" };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcasestr(text, words[i]))
			return words[i];
	return NULL;
}

static enum tunnel_said hear_error(unsigned port, struct view text, struct err *e)
{
	char words[WORDS_SHOWN + 1];
	const char *refusal;
	size_t n = text.n < WORDS_SHOWN ? text.n : WORDS_SHOWN;

	memcpy(words, text.p, n);
	words[n] = '\0';
	for (char *c = words; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	refusal = strlen(words) == n ? nobody_there(words) : NULL;
	if (refusal) {
		err_set(e, ERR_ABSENT, 0, "nobody listens on port %u of the pod (%s)", port, refusal);
		return TUNNEL_ABSENT;
	}
	err_set(e, ERR_NET, 0, "the way to port %u of the pod broke: %s", port, words);
	return TUNNEL_BROKEN;
}

/*
 * The first byte is the channel. The first message on each is the port, two bytes, the lesser first (k8s.io/cri-streaming,
 * pkg/streaming/portforward/websocket.go); seen has a bit for each channel that has told it.
 */
static enum tunnel_said hear(unsigned port, unsigned *seen, struct view message, struct view *bytes, struct err *e)
{
	const unsigned char *p = (const unsigned char *)message.p;
	struct view rest;
	unsigned channel;

	*bytes = view_of(NULL, 0);
	if (message.n == 0)
		return TUNNEL_BYTES;
	channel = p[0];
	rest = view_of(message.p + 1, message.n - 1);
	if (channel > CHANNEL_ERROR) {
		err_set(e, ERR_REMOTE, 0, "port-forward: a message on the unknown channel %u", channel);
		return TUNNEL_BROKEN;
	}
	if (!(*seen & 1u << channel)) {
		*seen |= 1u << channel;
		if (rest.n == 2 && (p[1] | (unsigned)p[2] << 8) == port)
			return TUNNEL_BYTES;
		err_set(e, ERR_REMOTE, 0, "port-forward: channel %u does not begin with port %u", channel, port);
		return TUNNEL_BROKEN;
	}
	if (channel == CHANNEL_ERROR)
		return rest.n ? hear_error(port, rest, e) : TUNNEL_BYTES;
	*bytes = rest;
	return TUNNEL_BYTES;
}

void kube_pod_port_init(struct kube_pod_port *out, struct arena *a, const struct kube *kube, const char *namespace_,
                        const char *pod, unsigned port)
{
	static const char data[] = { CHANNEL_DATA };

	*out = (struct kube_pod_port){
		.tunnel = { .name = arena_printf(a, "%s/%s:%u", namespace_, pod, port), .owner = kube, .port = port,
		            .prefix = view_of(data, sizeof(data)), .ask = ask, .refused = refused, .hear = hear },
		.kube = kube, .namespace_ = namespace_, .pod = pod, .port = port, .abreast = POD_ABREAST,
		.host = arena_printf(a, "%s.%s", pod, namespace_),
	};
}

/* Vault's sys/health says 429 and 503 where nothing is wrong. */
static enum sorted sort_pod(const struct reply *r)
{
	(void)r;
	return SORTED_ANSWER;
}

int kube_ask_pod(const struct kube_pod_port *p, struct request *rq, const char *method, const char *scheme,
                 const char *path, const struct tls *tls, struct err *e)
{
	if (*path != '/')
		return err_set(e, ERR_BUG, 0, "'%s' is no path", path);
	request_http(rq, method, arena_printf(&rq->mem, "%s://%s:%u%s", scheme, p->host, p->port, path));
	request_header(rq, "Accept", "application/json");
	rq->label = arena_printf(&rq->mem, "%s:%s", p->pod, path);
	rq->sort = sort_pod;
	rq->tls = tls;
	rq->tunnel = &p->tunnel;
	rq->abreast = p->abreast;
	rq->timeout_ms = p->kube->request_timeout_ms;
	return 0;
}

void kube_ahead(const struct kube *k, const struct transport *t, unsigned n)
{
	struct ahead ahead = { .origin = k->server, .tls = &k->tls, .n = n, .websockets = true };

	transport_ahead(t, &ahead);
}
