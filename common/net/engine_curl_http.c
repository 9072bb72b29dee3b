/* HTTP calls: one easy handle each, taken from those that are idle. */
#include "net/engine_curl_http.h"

#include "core/text.h"
#include "net/no_proxy.h"
#include "net/tunnel.h"


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

/* Who is trusted blindly gets nothing that is worth anything. */
static int check_blind_trust(const struct request *rq, struct err *e)
{
	if (rq->tls && rq->tls->inspect && request_has_credentials(rq))
		return err_set(e, ERR_BUG, 0, "no credentials are sent to a server that nobody has verified");
	return 0;
}

static int set_headers(struct http *h, struct err *e)
{
	const struct request *rq = &h->call->rq;

	if (check_blind_trust(rq, e) < 0)
		return -1;
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

/*
 * libcurl re-sends on a reused connection that died, unless it cannot rewind:
 * hence the read callback. An empty body is re-sent all the same.
 */
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
	if ((rq->once && rq->body.n == 0) || (rq->tls && rq->tls->anew))
		curl_easy_setopt(h->easy, CURLOPT_FRESH_CONNECT, 1L);
}

/* Always set, empty where there is none: that keeps libcurl from the environment. */
static void set_proxy(struct http *h, bool secure)
{
	const struct tls *tls = h->call->rq.tls;
	const char *proxy = secure ? h->g->https_proxy : h->g->http_proxy;

	if (tls && tls->proxy_url)
		proxy = tls->proxy_url;
	if (!proxy || h->call->rq.tunnel || no_proxy_covers(h->g->no_proxy, h->host))
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
static int set_server_name(struct http *h, CURLU *u, struct err *e)
{
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
	return 0;
}

/*
 * A connect-only connection speaks HTTP/1.1, and libcurl would conclude that the
 * server cannot multiplex. It remembers that by host and port: so such a one is
 * made under another port.
 */
static int set_port_aside(CURLU *u, struct err *e)
{
	if (curl_url_set(u, CURLUPART_PORT, "1", 0) != CURLUE_OK)
		return err_set(e, ERR_BUG, 0, "libcurl takes no port");
	return 0;
}

static void set_tunnel(struct http *h, const struct tunnel *tunnel)
{
	curl_easy_setopt(h->easy, CURLOPT_OPENSOCKETFUNCTION, tunnel_socket);
	curl_easy_setopt(h->easy, CURLOPT_OPENSOCKETDATA, h);
	free(h->host);
	h->host = xstrdup(tunnel->name);
}

/* The address's host may be a name that only the certificate knows, or lie behind a tunnel: this leads there. */
static int set_way(struct http *h, CURLU *u, const char *port, struct err *e)
{
	const struct request *rq = &h->call->rq;
	bool named = rq->tls && !text_empty(rq->tls->server_name) && !text_same(rq->tls->server_name, h->host);
	AUTO(text) char *to = NULL;

	if (rq->tunnel && tunnel_way(h->g, rq->tunnel, &to, e) < 0)
		return -1;
	if (!to && (named || h->pipe))
		to = xasprintf("::%s:%s", h->host, port);
	if ((named && set_server_name(h, u, e) < 0) || (h->pipe && set_port_aside(u, e) < 0))
		return -1;
	if (to) {
		h->connect_to = curl_slist_append(NULL, to);
		curl_easy_setopt(h->easy, CURLOPT_CONNECT_TO, h->connect_to);
	}
	if (rq->tunnel)
		set_tunnel(h, rq->tunnel);
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
	bool secure;

	if (curl_url_set(p.u, CURLUPART_URL, rq->url, CURLU_PATH_AS_IS) != CURLUE_OK ||
	    curl_url_get(p.u, CURLUPART_SCHEME, &p.scheme, 0) != CURLUE_OK ||
	    curl_url_get(p.u, CURLUPART_HOST, &p.host, 0) != CURLUE_OK ||
	    curl_url_get(p.u, CURLUPART_PORT, &p.port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
	    curl_url_get(p.u, CURLUPART_PATH, &p.path, 0) != CURLUE_OK)
		return err_set(e, ERR_CONFIG, 0, "'%s' is no address of a server", rq->url);
	if (strcmp(p.scheme, "https") != 0 && strcmp(p.scheme, "http") != 0)
		return err_set(e, ERR_CONFIG, 0, "'%s' is neither http nor https", rq->url);
	h->host = xstrdup(p.host);
	secure = strcmp(p.scheme, "https") == 0;
	http_set_tls(h, secure);
	set_proxy(h, secure);
	if (set_way(h, p.u, p.port, e) < 0)
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
	 * server, which comes with a struct tls, yes: 20 calls, one connection. AWS
	 * speaks HTTP/1.1: waiting would cost its calls one more set-up.
	 */
	curl_easy_setopt(c, CURLOPT_PIPEWAIT, rq->tls ? 1L : 0L);
}

static void wiped_slist(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		wipe(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

/* The handle goes back to the idle ones, unless it holds a connection of its own. */
void http_close(struct http *h)
{
	if (h->call->rq.tunnel)
		tunnel_rest(h);
	if (!h->waits)
		curl_multi_remove_handle(h->g->multi, h->easy);
	if (!h->pipe)
		curl_easy_reset(h->easy);
	if (!h->pipe && h->g->n_idle < ENGINE_IDLE_MAX)
		h->g->idle[h->g->n_idle++] = h->easy;
	else
		curl_easy_cleanup(h->easy);
	if (h->call->rq.tunnel)
		tunnel_forget(h);
	h->call->engine = NULL;
	wiped_slist(h->headers);
	curl_slist_free_all(h->connect_to);
	turn_end(h);
	free(h->host);
	free(h);
}

static CURL *easy_new(struct engine *g)
{
	CURL *easy = g->n_idle > 0 ? g->idle[--g->n_idle] : curl_easy_init();

	if (!easy)
		out_of_memory();
	curl_easy_setopt(easy, CURLOPT_SHARE, g->share);
	return easy;
}

int http_open(struct engine *g, struct call *call, struct pipe *pipe, struct http **out, struct err *e)
{
	struct http *h = xcalloc(1, sizeof(*h));

	h->g = g;
	h->call = call;
	h->pipe = pipe;
	h->easy = easy_new(g);
	call->engine = h;
	g->tunnels.calls += call->rq.tunnel != NULL;
	call->reply.body.max = call->rq.body_max ? call->rq.body_max : REPLY_BODY_MAX;
	set_rest(h);
	if (set_place(h, e) < 0) {
		http_close(h);
		return -1;
	}
	*out = h;
	return 0;
}

int http_start(struct engine *g, struct call *call, struct err *e)
{
	struct http *h;

	if (http_open(g, call, NULL, &h, e) < 0)
		return -1;
	set_body(h);
	if (set_headers(h, e) < 0) {
		http_close(h);
		return -1;
	}
	if (turn_take(h, e) < 0) {
		http_close(h);
		return -1;
	}
	g->counts.calls++;
	return 0;
}

void http_drop(struct engine *g, struct call *call)
{
	(void)g;
	http_close(call->engine);
}

/* ---- ending ---- */

/* libcurl gives each certificate as lines "Name:text"; the one that counts is "Cert:" with the PEM. */
static void keep_certificates(struct http *h)
{
	struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(h->easy, CURLINFO_CERTINFO, &info) != CURLE_OK || !info)
		return;
	for (int i = 0; i < info->num_of_certs; i++)
		for (const struct curl_slist *l = info->certinfo[i]; l; l = l->next)
			if (text_starts(l->data, "Cert:"))
				buf_text(&h->call->reply.talk, l->data + strlen("Cert:"));
}

static void finish(struct http *h, CURLcode rc)
{
	struct call *call = h->call;
	long status = 0, request_bytes = 0, connections = 0;
	curl_off_t ready_us = 0;
	bool unsent, told = false;

	curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(h->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
	curl_easy_getinfo(h->easy, CURLINFO_NUM_CONNECTS, &connections);
	curl_easy_getinfo(h->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
	/* A CONNECT to a proxy counts as request bytes: only past it is there a time to send. */
	unsent = request_bytes == 0 || ready_us == 0;
	call->fresh = connections > 0;
	h->g->counts.connections += (unsigned)connections;
	if (call->rq.tls && call->rq.tls->inspect)
		keep_certificates(h);
	call->reply.status = (int)status;
	/* What cannot be sent again has been sent, whatever became of the new connection. */
	if (rc == CURLE_SEND_FAIL_REWIND)
		unsent = false;
	else if (rc != CURLE_OK && call->rq.tunnel)
		told = tunnel_why(h, &unsent, &call->err);
	call->end = rc == CURLE_OK ? CALL_REPLY : unsent ? CALL_UNSENT : CALL_LOST;
	if (told)
		return;
	if (h->too_long)
		err_set(&call->err, ERR_REMOTE, (int)status, "%s of '%s' is too long", h->too_long, h->host);
	else if (rc != CURLE_OK)
		http_say_why(h, rc, unsent, &call->err);
}

/* The next handle that has ended, and how; NULL: none has. */
static struct http *next_ended(struct engine *g, CURLcode *rc)
{
	struct call *call;
	CURLMsg *m;
	int left;

	do {
		m = curl_multi_info_read(g->multi, &left);
	} while (m && m->msg != CURLMSG_DONE);
	if (!m)
		return NULL;
	*rc = m->data.result;
	curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &call);
	return call->engine;
}

struct call *http_ended(struct engine *g)
{
	struct call *call;
	struct http *h;
	CURLcode rc;

	while ((h = next_ended(g, &rc)) && (h->pipe || h->ahead))
		(h->ahead ? ahead_ended(h, rc) : pipe_connected(h->pipe, rc));
	if (!h)
		return NULL;
	call = h->call;
	finish(h, rc);
	http_close(h);
	return call;
}
