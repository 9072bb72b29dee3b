/* HTTP calls: one easy handle each, taken from those that are idle. */
#include "net/engine.h"

#include "core/text.h"
#include "net/no_proxy.h"

#include <curl/curl.h>
#include <errno.h>

/* What a call needs while it is under way: call->engine. */
struct http {
	struct engine *g;
	struct call *call;
	CURL *easy;
	struct curl_slist *headers, *connect_to;
	char *host;              /* of the URL, for messages */
	size_t sent;             /* bytes of the body given to libcurl */
	size_t head_bytes;       /* of all responses, the interim ones too */
	const char *too_long;    /* what went past its ceiling */
	char detail[CURL_ERROR_SIZE];
};

/* ---- callbacks ---- */

static int too_long(struct http *h, const char *what)
{
	h->too_long = what;
	return 0;
}

/* Header lines of each response pass by, interim ones first: a status line starts anew. */
static size_t on_head(char *p, size_t size, size_t n, void *to)
{
	struct http *h = to;
	struct buf *head = &h->call->reply.head;
	struct view line = view_trim(view_of(p, size * n));

	h->head_bytes += size * n;
	if (h->head_bytes > REPLY_HEAD_MAX)
		return too_long(h, "the head of the reply");
	if (view_starts(line, "HTTP/")) {
		buf_cut(head, 0);
	} else if (line.n > 0 && h->call->reply.body.n == 0) { /* behind the body: a trailer */
		buf_view(head, line);
		buf_char(head, '\n');
	}
	return size * n;
}

static size_t on_body(char *p, size_t size, size_t n, void *to)
{
	struct http *h = to;

	buf_put(&h->call->reply.body, p, size * n);
	if (h->call->reply.body.full)
		return too_long(h, "the reply");
	return size * n;
}

static size_t on_read(char *p, size_t size, size_t n, void *to)
{
	struct http *h = to;
	struct view body = h->call->rq.body;
	size_t left = body.n - h->sent, part = size * n < left ? size * n : left;

	if (part)
		memcpy(p, body.p + h->sent, part);
	h->sent += part;
	return part;
}

/* No child inherits a connection. */
static curl_socket_t on_socket(void *to, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)to, (void)purpose;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* ---- building ---- */

static int add_header(struct curl_slist **list, const char *name, const char *value, struct err *e)
{
	AUTO(text) char *line = NULL;

	if (strpbrk(name, "\r\n:") || strpbrk(value, "\r\n"))
		return err_set(e, ERR_BUG, 0, "the header '%.40s' holds a line break", name);
	line = *value ? xasprintf("%s: %s", name, value) : xasprintf("%s;", name);
	*list = curl_slist_append(*list, line);
	wipe(line, strlen(line));
	return 0;
}

static int set_headers(struct http *h, struct err *e)
{
	const struct request *rq = &h->call->rq;

	for (size_t i = 0; i < rq->n_headers; i++)
		if (add_header(&h->headers, rq->headers[i].name, rq->headers[i].value, e) < 0)
			return -1;
	/* Taken out of what libcurl would add: a wait for "100 Continue", and a type for any body. */
	h->headers = curl_slist_append(h->headers, "Expect:");
	if (!request_header_get(rq, "Content-Type"))
		h->headers = curl_slist_append(h->headers, "Content-Type:");
	curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, h->headers);
	return 0;
}

/* libcurl re-sends on a reused connection that died, unless it cannot rewind: hence the read callback. */
static void set_body(struct http *h)
{
	const struct request *rq = &h->call->rq;
	const char *method = rq->method;
	bool posts = rq->body.n > 0 || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
	             strcmp(method, "PATCH") == 0;

	if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(h->easy, CURLOPT_NOBODY, 1L);
	} else if (posts) {
		curl_easy_setopt(h->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body.n);
		if (rq->once && rq->body.n > 0) {
			curl_easy_setopt(h->easy, CURLOPT_READFUNCTION, on_read);
			curl_easy_setopt(h->easy, CURLOPT_READDATA, h);
		} else {
			curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, rq->body.n ? rq->body.p : "");
		}
		curl_easy_setopt(h->easy, CURLOPT_CUSTOMREQUEST, method);
	} else {
		curl_easy_setopt(h->easy, CURLOPT_CUSTOMREQUEST, method);
	}
	if (rq->once && rq->body.n == 0)
		curl_easy_setopt(h->easy, CURLOPT_FRESH_CONNECT, 1L);
}

static void set_blob(CURL *easy, CURLoption option, struct view v)
{
	struct curl_blob blob = { .data = (void *)v.p, .len = v.n, .flags = CURL_BLOB_NOCOPY };

	curl_easy_setopt(easy, option, &blob);
}

/* CAPATH must be NULL: with Debian's default libcurl's CA cache does not work (15 ms of CPU a handshake). */
static void set_tls(struct http *h)
{
	const struct tls *tls = h->call->rq.tls;
	CURL *c = h->easy;

	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_CAINFO, h->g->ca_file);
	curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(c, CURLOPT_PROXY_CAINFO, h->g->ca_file);
	curl_easy_setopt(c, CURLOPT_PROXY_CAPATH, NULL);
	if (!tls)
		return;
	if (tls->ca_pem.n > 0) {
		curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
		set_blob(c, CURLOPT_CAINFO_BLOB, tls->ca_pem);
	}
	if (tls->cert_pem.n > 0) {
		curl_easy_setopt(c, CURLOPT_SSLCERTTYPE, "PEM");
		set_blob(c, CURLOPT_SSLCERT_BLOB, tls->cert_pem);
	}
	if (tls->key_pem && secret_held(tls->key_pem)) {
		curl_easy_setopt(c, CURLOPT_SSLKEYTYPE, "PEM");
		set_blob(c, CURLOPT_SSLKEY_BLOB, secret_expose(tls->key_pem));
	}
}

/* Always set, empty where there is none: that keeps libcurl from the environment. */
static void set_proxy(struct http *h, bool secure)
{
	const struct tls *tls = h->call->rq.tls;
	const char *proxy = secure ? h->g->https_proxy : h->g->http_proxy;

	if (tls && tls->proxy_url)
		proxy = tls->proxy_url;
	if (!proxy || no_proxy_covers(h->g->no_proxy, h->host))
		proxy = "";
	curl_easy_setopt(h->easy, CURLOPT_PROXY, proxy);
	curl_easy_setopt(h->easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(h->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

/*
 * A server behind a name of its own (a kubeconfig's tls-server-name): libcurl
 * checks and sends the URL's host, so the name goes there, CONNECT_TO leads the
 * connection to the real host, and the Host header tells it.
 */
static int set_server_name(struct http *h, CURLU *u, const char *port, struct err *e)
{
	AUTO(text) char *to = xasprintf("::%s:%s", h->host, port);
	AUTO(text) char *host = NULL;
	char *given = NULL;

	if (curl_url_get(u, CURLUPART_PORT, &given, 0) == CURLUE_OK)
		host = xasprintf("%s:%s", h->host, given);
	curl_free(given);
	if (!request_header_get(&h->call->rq, "Host") &&
	    add_header(&h->headers, "Host", host ? host : h->host, e) < 0)
		return -1;
	if (curl_url_set(u, CURLUPART_HOST, h->call->rq.tls->server_name, 0) != CURLUE_OK)
		return err_set(e, ERR_CONFIG, 0, "'%s' is no server name", h->call->rq.tls->server_name);
	h->connect_to = curl_slist_append(NULL, to);
	curl_easy_setopt(h->easy, CURLOPT_CONNECT_TO, h->connect_to);
	return 0;
}

struct place {
	CURLU *u;
	char *scheme, *host, *port, *path, *url;
};

static void place_release(struct place *p)
{
	curl_free(p->scheme);
	curl_free(p->host);
	curl_free(p->port);
	curl_free(p->path);
	curl_free(p->url);
	curl_url_cleanup(p->u);
}
SCOPE_END(place, struct place, place_release(v))

static int set_place(struct http *h, struct err *e)
{
	AUTO(place) struct place p = { .u = curl_url() };
	const struct request *rq = &h->call->rq;

	if (curl_url_set(p.u, CURLUPART_URL, rq->url, CURLU_PATH_AS_IS) != CURLUE_OK ||
	    curl_url_get(p.u, CURLUPART_SCHEME, &p.scheme, 0) != CURLUE_OK ||
	    curl_url_get(p.u, CURLUPART_HOST, &p.host, 0) != CURLUE_OK ||
	    curl_url_get(p.u, CURLUPART_PORT, &p.port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
	    curl_url_get(p.u, CURLUPART_PATH, &p.path, 0) != CURLUE_OK)
		return err_set(e, ERR_CONFIG, 0, "'%s' is no address of a server", rq->url);
	if (strcmp(p.scheme, "https") != 0 && strcmp(p.scheme, "http") != 0)
		return err_set(e, ERR_CONFIG, 0, "'%s' is neither http nor https", rq->url);
	h->host = xstrdup(p.host);
	set_proxy(h, strcmp(p.scheme, "https") == 0);
	if (rq->tls && !text_empty(rq->tls->server_name) && !text_same(rq->tls->server_name, h->host) &&
	    set_server_name(h, p.u, p.port, e) < 0)
		return -1;
	if (curl_url_get(p.u, CURLUPART_URL, &p.url, 0) != CURLUE_OK)
		return err_set(e, ERR_CONFIG, 0, "'%s' is no address of a server", rq->url);
	curl_easy_setopt(h->easy, CURLOPT_URL, p.url);
	engine_trace(h->g, "> %s %s:%s%s%s%s", rq->method, p.host, p.port, p.path,
	             rq->label ? " " : "", rq->label ? rq->label : "");
	return 0;
}

static void set_rest(struct http *h)
{
	const struct request *rq = &h->call->rq;
	long limit = rq->timeout_ms ? (long)rq->timeout_ms : REQUEST_TIMEOUT_MS;
	CURL *c = h->easy;

	curl_easy_setopt(c, CURLOPT_PRIVATE, h->call);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->detail);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, h);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* a drop does not wait for a slow name server */
	curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L); /* the path is signed as it is */
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, h->g->user_agent);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, limit);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
	                 limit < CONNECT_TIMEOUT_MS ? limit : CONNECT_TIMEOUT_MS);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	/*
	 * Wait for the first connection to learn whether it multiplexes? With an API
	 * server, which has a trust of its own, yes. AWS speaks HTTP/1.1: waiting
	 * would cost its calls one more set-up.
	 */
	curl_easy_setopt(c, CURLOPT_PIPEWAIT, rq->tls && rq->tls->ca_pem.n > 0 ? 1L : 0L);
}

static void wiped_slist(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		wipe(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

/* The handle goes back to the idle ones. */
static void http_free(struct http *h)
{
	curl_easy_reset(h->easy);
	if (h->g->n_idle < ENGINE_IDLE_MAX)
		h->g->idle[h->g->n_idle++] = h->easy;
	else
		curl_easy_cleanup(h->easy);
	wiped_slist(h->headers);
	curl_slist_free_all(h->connect_to);
	free(h->host);
	free(h);
}

static CURL *easy_new(struct engine *g)
{
	CURL *easy = g->n_idle > 0 ? g->idle[--g->n_idle] : curl_easy_init();

	if (!easy)
		out_of_memory();
	return easy;
}

int http_start(struct engine *g, struct call *call, struct err *e)
{
	struct http *h = xcalloc(1, sizeof(*h));

	h->g = g;
	h->call = call;
	h->easy = easy_new(g);
	call->reply.body.max = call->rq.body_max ? call->rq.body_max : REPLY_BODY_MAX;
	set_rest(h);
	set_tls(h);
	set_body(h);
	if (set_place(h, e) < 0 || set_headers(h, e) < 0) {
		http_free(h);
		return -1;
	}
	if (curl_multi_add_handle(g->multi, h->easy) != CURLM_OK) {
		http_free(h);
		return err_set(e, ERR_BUG, 0, "libcurl took no further handle");
	}
	call->engine = h;
	g->counts.calls++;
	return 0;
}

void http_drop(struct engine *g, struct call *call)
{
	struct http *h = call->engine;

	curl_multi_remove_handle(g->multi, h->easy);
	call->engine = NULL;
	http_free(h);
}

/* ---- ending ---- */

/* libcurl's own words without what they begin with and end on. */
static char *detail(const struct http *h, CURLcode rc)
{
	static const char *const openings[] = { "SSL certificate problem: ", "SSL: " };
	const char *text = *h->detail ? h->detail : curl_easy_strerror(rc);
	char *copy;
	size_t n;

	for (size_t i = 0; i < COUNT_OF(openings); i++)
		if (text_starts(text, openings[i]))
			text += strlen(openings[i]);
	copy = xstrdup(text);
	for (n = strlen(copy); n > 0 && strchr(". \n", copy[n - 1]); n--)
		copy[n - 1] = '\0';
	return copy;
}

static void say_untrusted(const struct http *h, CURLcode rc, struct err *e)
{
	AUTO(text) char *why = detail(h, rc);
	const struct tls *tls = h->call->rq.tls;

	err_set(e, ERR_REMOTE, 0, "the certificate of '%s' is not accepted: %s", h->host, why);
	if (tls && tls->ca_pem.n > 0)
		err_hint(e, "compare the certificate authority that the kubeconfig names");
	else
		err_hint(e, "trusted is what '%s' holds; AWS_CA_BUNDLE names another file", h->g->ca_file);
}

static void say_late(const struct http *h, bool unsent, struct err *e)
{
	unsigned limit = h->call->rq.timeout_ms ? h->call->rq.timeout_ms : REQUEST_TIMEOUT_MS;

	if (unsent)
		err_set(e, ERR_NET, ETIMEDOUT, "'%s' could not be reached in time", h->host);
	else
		err_set(e, ERR_NET, ETIMEDOUT, "no reply from '%s' within %u ms", h->host, limit);
}

static void say_other(const struct http *h, CURLcode rc, struct err *e)
{
	AUTO(text) char *why = detail(h, rc);
	long refused = 0;

	curl_easy_getinfo(h->easy, CURLINFO_HTTP_CONNECTCODE, &refused);
	if (refused >= 300)
		err_set(e, ERR_NET, (int)refused, "the proxy does not lead to '%s' (%ld)", h->host, refused);
	else
		err_set(e, ERR_NET, 0, "'%s': %s", h->host, why);
}

static void say_why(const struct http *h, CURLcode rc, bool unsent, struct err *e)
{
	long os = 0;

	curl_easy_getinfo(h->easy, CURLINFO_OS_ERRNO, &os);
	switch (rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
		err_set(e, ERR_NET, 0, "no address is known for '%s'", h->host);
		break;
	case CURLE_COULDNT_RESOLVE_PROXY:
		err_set(e, ERR_NET, 0, "no address is known for the proxy to '%s'", h->host);
		break;
	case CURLE_COULDNT_CONNECT:
		err_set(e, ERR_NET, (int)os, "'%s' cannot be reached%s%s", h->host, os ? ": " : "",
		        os ? strerror((int)os) : "");
		break;
	case CURLE_OPERATION_TIMEDOUT:
		say_late(h, unsent, e);
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		say_untrusted(h, rc, e);
		break;
	case CURLE_SSL_CACERT_BADFILE:
		err_set(e, ERR_CONFIG, 0, "the certificate authorities for '%s' cannot be read", h->host);
		break;
	case CURLE_SSL_CERTPROBLEM:
		err_set(e, ERR_CONFIG, 0, "the client certificate for '%s' cannot be used", h->host);
		break;
	case CURLE_SEND_FAIL_REWIND:
	case CURLE_GOT_NOTHING:
		err_set(e, ERR_NET, 0, "'%s' closed the connection without a reply", h->host);
		break;
	case CURLE_PARTIAL_FILE:
		err_set(e, ERR_NET, 0, "the reply of '%s' ended before its end", h->host);
		break;
	default:
		say_other(h, rc, e);
	}
}

static void finish(struct http *h, CURLcode rc)
{
	struct call *call = h->call;
	long status = 0, request_bytes = 0, connections = 0;
	curl_off_t ready_us = 0;
	bool unsent;

	curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(h->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
	curl_easy_getinfo(h->easy, CURLINFO_NUM_CONNECTS, &connections);
	curl_easy_getinfo(h->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
	/* A CONNECT to a proxy counts as request bytes: only past it is there a time to send. */
	unsent = request_bytes == 0 || ready_us == 0;
	call->fresh = connections > 0;
	h->g->counts.connections += (unsigned)connections;
	call->reply.status = (int)status;
	call->end = rc == CURLE_OK ? CALL_REPLY : unsent ? CALL_UNSENT : CALL_LOST;
	if (h->too_long)
		err_set(&call->err, ERR_REMOTE, (int)status, "%s of '%s' is too long", h->too_long,
		        h->host);
	else if (rc != CURLE_OK)
		say_why(h, rc, unsent, &call->err);
}

struct call *http_ended(struct engine *g)
{
	struct call *call;
	struct http *h;
	CURLMsg *m;
	CURLcode rc;
	int left;

	do {
		m = curl_multi_info_read(g->multi, &left);
	} while (m && m->msg != CURLMSG_DONE);
	if (!m)
		return NULL;
	rc = m->data.result;
	curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &call);
	h = call->engine;
	finish(h, rc);
	http_drop(g, call);
	return call;
}
