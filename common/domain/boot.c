/* Pods, the way to Vault and a token: what the commands on a running Vault begin with. */
#include "domain/boot_trust.h"

#include "core/text.h"
#include "domain/custody.h"
#include "domain/hear.h"
#include "formats/json.h"
#include "formats/uri.h"

#include <stdarg.h>

enum { TOKEN_MAX = 4096, CA_MAX = 1 << 20, VAULT_PORT = 8200 };

/*
 * Calls to Vault at once. With TLS it speaks HTTP/2, and all share one connection. Without it each call takes a connection
 * of its own: straight that is one round trip and nearly nothing; through a tunnel five (a handshake with the API server, a
 * WebSocket there, and the greeting of engine_greet.c).
 */
enum { ABREAST_STREAMS = 128, ABREAST_STRAIGHT = 128, ABREAST_TUNNELS = 48 };

#define SERVER_CONTAINER "vault"

/* A token travels there: in clear only to ourselves. */
static void check_address(const char *address, struct arena *a, struct err *e)
{
	AUTO(err) struct err why = { 0 };
	struct uri u;

	if (uri_parse(a, address, &u, &why) < 0 || (!text_same(u.scheme, "https") && !text_same(u.scheme, "http")))
		err_also(e, ERR_USAGE, "'%s' is no address of Vault (https://HOST:PORT)", address);
	else if (text_same(u.scheme, "http") && !text_same(u.host, "127.0.0.1") && !text_same(u.host, "localhost") &&
	         !text_same(u.host, "::1"))
		err_also(e, ERR_USAGE, "'%s' is not encrypted, and a token would go there: http is for loopback only", address);
}

/* As given, else of the environment; NULL: neither. */
static const char *address_of(const struct boot_options *o, const struct host *host)
{
	return o->vault_addr || o->no_address ? o->vault_addr : host_env(host, "VAULT_ADDR");
}

int boot_check_options(const struct boot_options *o, const struct host *host, struct arena *a, struct err *e)
{
	const char *address = address_of(o, host);

	if (address)
		check_address(address, a, e);
	if (o->custody_bucket)
		custody_check_bucket(o->custody_bucket, e);
	return e->kind ? -1 : 0;
}

/* Who vouches for the listener: VAULT_CACERT, else the system's authorities (only at an address that they can know). */
static int read_authority(struct boot *b, struct err *e)
{
	const char *path = host_env(b->host, "VAULT_CACERT"), *name = host_env(b->host, "VAULT_TLS_SERVER_NAME");
	AUTO(buf) struct buf pem = BUF_MAX(CA_MAX);

	b->tls = (struct tls){ .server_name = name };
	if (!path)
		return 0;
	if (host_read_file(b->host, path, &pem, e) < 0 || buf_whole(&pem, "the file", e) < 0)
		return err_while(e, "VAULT_CACERT");
	b->tls.ca_pem = view_of(arena_view(b->mem, buf_bytes(&pem)), pem.n);
	b->tls_given = true;
	return 0;
}

int boot_init(struct boot *b, const struct world *w, const struct boot_options *options, struct err *e)
{
	*b = (struct boot){
		.mem = w->mem, .host = w->host, .kube = w->kube, .aws = w->aws, .want = &w->want, .options = *options,
	};
	/* vault-helm, templates/_helpers.tpl, vault.fullname */
	b->fullname = strstr(b->want->release, "vault") ? b->want->release : arena_printf(b->mem, "%s-vault", b->want->release);
	b->options.vault_addr = address_of(options, b->host);
	if (boot_check_options(&b->options, b->host, b->mem, e) < 0)
		return -1;
	b->tls_on = b->options.vault_addr && text_starts(b->options.vault_addr, "https:");
	return read_authority(b, e);
}

void boot_release(struct boot *b)
{
	secret_release(&b->token);
}

int boot_take_token(struct boot *b, struct view text, const char *from, struct err *e)
{
	struct view token = view_trim(text);

	for (size_t i = 0; i < token.n; i++)
		if (token.p[i] <= ' ' || token.p[i] > '~')
			return err_set(e, ERR_AUTH, 0, "what %s holds is no token of Vault's", from);
	if (token.n == 0)
		return err_set(e, ERR_AUTH, 0, "%s is empty", from);
	secret_release(&b->token);
	secret_set(&b->token, token);
	b->token_from = arena_text(b->mem, from);
	return 0;
}

static int take_token(struct boot *b, const struct buf *text, const char *from, struct err *e)
{
	if (buf_whole(text, "the token", e) < 0)
		return err_while(e, "%s", from);
	return boot_take_token(b, buf_bytes(text), from, e);
}

int boot_find_token(struct boot *b, struct err *e)
{
	const char *given = host_env(b->host, "VAULT_TOKEN"), *file = b->options.token_file;
	AUTO(wiped) struct buf text = BUF_MAX(TOKEN_MAX);
	AUTO(text) char *path = NULL;

	if (!file && given) {
		buf_text(&text, given);
		return take_token(b, &text, "VAULT_TOKEN", e);
	}
	path = host_path(b->host, file ? file : "~/.vault-token");
	if (host_read_file(b->host, path, &text, e) == 0)
		return take_token(b, &text, path, e);
	if (!file && e->kind == ERR_ABSENT)
		err_set(e, ERR_AUTH, 0, "this takes a token of Vault's, and there is none");
	else
		err_while(e, "reading the token");
	err_hint(e, "give one with --token-file, VAULT_TOKEN or ~/.vault-token");
	return -1;
}

/* ---- the pods, and which is asked ---- */

static bool pods_due(const void *world, size_t item)
{
	const struct boot *b = world;

	(void)item;
	return !b->options.vault_addr;
}

static int ask_pods_of_release(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct boot *b = world;
	const char *selector = arena_printf(&rq->mem, "app.kubernetes.io/instance=%s,component=server", b->want->release);

	(void)item;
	if (!b->kube)
		return err_set(e, ERR_CONFIG, 0, "neither a cluster nor --vault-addr is known");
	return kube_ask(b->kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/pods?labelSelector=%s&limit=100",
	                                              b->want->namespace_, selector), NULL, e);
}

static bool runs(const struct pod *p)
{
	return text_same(p->phase, "Running") && !p->deleting;
}

static void choose_server(struct boot *b)
{
	b->server = NULL;
	for (size_t i = 0; i < b->pods.n; i++) {
		const struct pod *p = &b->pods.at[i];

		if (runs(p) && text_same(object_label(p->object, "vault-active"), "true"))
			b->server = p;
	}
	for (size_t i = 0; i < b->pods.n && !b->server; i++)
		if (runs(&b->pods.at[i]))
			b->server = &b->pods.at[i];
}

/* The chart says it by the pods' own VAULT_ADDR. */
static int open_port(struct boot *b, struct err *e)
{
	const char *address = pod_env(b->server, SERVER_CONTAINER, "VAULT_ADDR");
	const char *file = pod_env(b->server, SERVER_CONTAINER, "VAULT_CACERT");

	b->tls_on = text_starts(address ? address : "", "https:");
	if (!b->tls_on || !file || !pod_find_secret_file(b->server, b->mem, SERVER_CONTAINER, file, &b->tls_file))
		b->tls_file = (struct secret_file){0};
	if (b->tls_on && b->tls.ca_pem.n == 0 && !b->tls_file.secret) {
		err_set(e, ERR_AUTH, 0, "Vault's listener has TLS, and nobody vouches for it here");
		err_hint(e, "name its authority by VAULT_CACERT");
		return -1;
	}
	if (b->tls_on && !b->tls.server_name)
		b->tls.server_name = arena_printf(b->mem, "%s.%s.svc", b->fullname, b->want->namespace_);
	kube_pod_port_init(&b->port, b->mem, b->kube, b->want->namespace_, b->server->name, VAULT_PORT);
	return 0;
}

static enum heard hear_pods_of_release(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct boot *b = world;
	struct kube_answer answer;
	enum heard heard;

	(void)item;
	if (kube_read(b->mem, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	heard = kube_heard(&answer, "reading the pods of the release", e);
	if (heard != HEARD_DONE)
		return heard;
	b->pods = (struct pod_list){0};
	if (pod_list_read(&b->pods, b->mem, answer.body, e) < 0)
		return HEARD_UNSURE;
	choose_server(b);
	if (b->server)
		return open_port(b, e) < 0 ? HEARD_REFUSED : HEARD_DONE;
	err_set(e, ERR_ABSENT, 0, "no pod of the release '%s' runs in the namespace '%s'", b->want->release, b->want->namespace_);
	err_hint(e, b->pods.n ? "kubectl vault-check says why" : "install it first: helm vault-aws install");
	return HEARD_REFUSED;
}

int boot_at_pod(struct boot *out, const struct boot *b, const struct pod *pod, struct err *e)
{
	*out = *b;
	out->server = pod;
	out->token = (struct secret){0};
	return open_port(out, e);
}

/* ---- what it says of itself ---- */

static int ask_status(const void *world, size_t item, struct request *rq, struct err *e)
{
	(void)item;
	return boot_ask(world, rq, "GET", VAULT_SEAL_STATUS, NULL, e);
}

/* vault, core.go, Initialized: the keyring is there, and the seal's configuration is not. */
#define HALF_MADE "barrier reports initialized but no seal configuration found"

int boot_read_status(struct boot *b, const struct reply *reply, struct err *e)
{
	if (vault_seal_status_read(b->mem, reply, &b->status, e) == 0)
		return 0;
	if (!strstr(e->text, HALF_MADE))
		return -1;
	err_release(e);
	b->status = (struct vault_seal_status){ .initialized = true, .sealed = true };
	return 0;
}

static enum heard hear_status(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct boot *b = world;

	(void)item;
	if (vault_wants_tls(reply)) {
		err_set(e, ERR_CONFIG, reply->status, "Vault's listener has TLS, and was asked without");
		return HEARD_REFUSED;
	}
	if (boot_read_status(b, reply, e) < 0)
		return HEARD_UNSURE;
	b->status_read = true;
	return HEARD_DONE;
}

const struct step boot_steps[BOOT_STEPS_N] = {
	{ .name = "vault.pods", .title = "find Vault's pods", .due = pods_due, .ask = ask_pods_of_release,
	  .hear = hear_pods_of_release },
	{ .name = "vault.trust", .title = "read who vouches for Vault", .needs = NEEDS("vault.pods"), .due = boot_trust_due,
	  .ask = boot_ask_trust, .hear = boot_hear_trust },
	{ .name = "vault.status", .title = "ask Vault for its state", .needs = NEEDS("vault.trust"), .ask = ask_status,
	  .hear = hear_status },
};

const struct step *boot_table(struct arena *a, const struct step *own, size_t n, size_t *total)
{
	struct step *all = ARENA_ARRAY(a, struct step, BOOT_STEPS_N + n);

	memcpy(all, boot_steps, sizeof(boot_steps));
	memcpy(all + BOOT_STEPS_N, own, n * sizeof(*own));
	*total = BOOT_STEPS_N + n;
	return all;
}

/* ---- asking ---- */

/* 5xx too: a sealed Vault's 503 is an answer. */
static enum sorted sort_vault(const struct reply *reply)
{
	(void)reply;
	return SORTED_ANSWER;
}

static int ask_server(const struct boot *b, struct request *rq, const char *method, const char *path, struct err *e)
{
	const char *address = b->options.vault_addr;
	size_t n = address ? strlen(address) : 0;

	if (!address && kube_ask_pod(&b->port, rq, method, b->tls_on ? "https" : "http", path, b->tls_on ? &b->tls : NULL, e) < 0)
		return -1;
	rq->abreast = b->tls_on ? ABREAST_STREAMS : address ? ABREAST_STRAIGHT : ABREAST_TUNNELS;
	if (!address)
		return 0;
	while (n > 0 && address[n - 1] == '/')
		n--;
	request_http(rq, method, arena_printf(&rq->mem, "%.*s%s", (int)n, address, path));
	request_header(rq, "Accept", "application/json");
	rq->label = arena_printf(&rq->mem, "vault:%s", path);
	rq->tls = b->tls_on ? &b->tls : NULL;
	return 0;
}

int boot_ask_bytes(const struct boot *b, struct request *rq, const char *method, const char *path, struct view body,
                   struct err *e)
{
	if (ask_server(b, rq, method, path, e) < 0)
		return -1;
	rq->sort = sort_vault;
	request_header(rq, "X-Vault-Request", "true");
	if (!text_empty(host_env(b->host, "VAULT_NAMESPACE")))
		request_header(rq, "X-Vault-Namespace", host_env(b->host, "VAULT_NAMESPACE"));
	if (secret_held(&b->token))
		request_header(rq, "X-Vault-Token", arena_view(&rq->mem, secret_expose(&b->token)));
	if (body.n > 0)
		request_body(rq, body, "application/json");
	return 0;
}

int boot_ask(const struct boot *b, struct request *rq, const char *method, const char *path, const struct value *body,
             struct err *e)
{
	AUTO(wiped) struct buf text = BUF_MAX(1 << 20);

	if (body)
		va_json_print(&text, body, false);
	if (buf_whole(&text, "the request to Vault", e) < 0)
		return -1;
	return boot_ask_bytes(b, rq, method, path, buf_bytes(&text), e);
}

/* ---- hearing ---- */

static enum heard refused_or_broken(const struct reply *reply, struct err *e)
{
	if (e->kind == ERR_DENIED)
		return HEARD_REFUSED;
	switch (reply->status) {
	case 412:   /* a standby that is behind */
	case 429:
	case 502:
	case 504:
		return HEARD_BUSY;
	case 503:
		err_hint(e, "Vault is sealed or has no leader: kubectl vault-check says why");
		return HEARD_REFUSED;
	default:
		return reply->status >= 500 || reply->status < 400 ? HEARD_UNSURE : HEARD_REFUSED;
	}
}

static enum heard hear_answer(struct arena *a, const struct reply *reply, struct vault_answer *answer, struct err *e)
{
	*answer = (struct vault_answer){ .status = reply->status };
	if (vault_read(a, reply, &answer->body, e) == 0) {
		answer->ok = true;
		return HEARD_DONE;
	}
	if (reply->status == 404) {
		err_release(e);
		return HEARD_DONE;
	}
	return refused_or_broken(reply, e);
}

static enum heard hear_in(struct arena *a, const struct reply *reply, struct vault_answer *answer, struct err *e,
                          const char *doing, va_list ap)
{
	enum heard heard = hear_answer(a, reply, answer, e);
	AUTO(text) char *text = NULL;

	if (heard == HEARD_DONE)
		return heard;
	text = xvasprintf(doing, ap);
	err_while(e, "%s", text);
	return heard;
}

/* What is no token at all is refused everywhere, and as ERR_AUTH it is told once. A policy's denial names no token. */
static enum heard name_token(const struct boot *b, enum heard heard, struct err *e)
{
	if (heard != HEARD_REFUSED || e->kind != ERR_DENIED || !strstr(e->text, "invalid token"))
		return heard;
	err_set(e, ERR_AUTH, e->status, "the token%s%s is none, or none any more: Vault does not know it", b->token_from ? " of " : "",
	        b->token_from ? b->token_from : "");
	err_hint(e, "give another with --token-file, VAULT_TOKEN or ~/.vault-token");
	return heard;
}

enum heard boot_hear_in(struct boot *b, struct arena *a, const struct reply *reply, struct vault_answer *answer,
                        struct err *e, const char *doing, ...)
{
	enum heard heard;
	va_list ap;

	va_start(ap, doing);
	heard = hear_in(a, reply, answer, e, doing, ap);
	va_end(ap);
	return name_token(b, heard, e);
}

enum heard boot_hear(struct boot *b, const struct reply *reply, struct vault_answer *answer, struct err *e,
                     const char *doing, ...)
{
	enum heard heard;
	va_list ap;

	va_start(ap, doing);
	heard = hear_in(b->mem, reply, answer, e, doing, ap);
	va_end(ap);
	return name_token(b, heard, e);
}
