#include "net/engine.h"

#include "core/text.h"
#include "net/engine_watch.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

/* Where the distributions keep their bundle: Debian, Fedora, SUSE, Alpine. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

int64_t engine_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* ---- trace ---- */

void engine_trace(const struct engine *g, const char *fmt, ...)
{
	AUTO(text) char *line = NULL;
	va_list ap;

	if (!g->trace)
		return;
	va_start(ap, fmt);
	line = xvasprintf(fmt, ap);
	va_end(ap);
	g->trace(g->to, line);
}

/* The label, else the program, else the address without what may be secret in it (user, query). */
static struct view name_of(const struct call *call)
{
	const char *url = call->rq.url, *user;

	if (call->rq.label)
		return view_text(call->rq.label);
	if (call->rq.kind == REQUEST_CHILD)
		return view_text(call->rq.argv[0]);
	url = strstr(url, "://") ? strstr(url, "://") + 3 : url;
	user = memchr(url, '@', strcspn(url, "/?#"));
	url = user ? user + 1 : url;
	return view_of(url, strcspn(url, "?#"));
}

void engine_trace_end(const struct engine *g, const struct call *call)
{
	struct view name = name_of(call);
	long long ms = call->ends_ms - call->start_ms;

	if (call->end == CALL_REPLY)
		engine_trace(g, "< %d %.*s %lld ms%s", call->reply.status, (int)name.n, name.p, ms,
		             call->fresh ? " new connection" : "");
	else
		engine_trace(g, "< %s %.*s %lld ms: %s", call->end == CALL_UNSENT ? "unsent" : "lost",
		             (int)name.n, name.p, ms, call->err.text);
}

/* ---- the transport ---- */

static int64_t now_ms(void *self)
{
	(void)self;
	return engine_now_ms();
}

static int start(void *self, struct call *call, struct err *e)
{
	struct engine *g = self;

	call->start_ms = engine_now_ms();
	if (call->rq.kind == REQUEST_CHILD)
		return child_start(g, call, e);
	if (call->rq.kind == REQUEST_HTTP)
		return http_start(g, call, e);
	if (call->rq.kind == REQUEST_MESSAGES)
		return messages_start(g, call, e);
	return err_set(e, ERR_BUG, 0, "a request that was not filled");
}

/* What can be done now. true: there may be more already. */
static bool move(struct engine *g)
{
	bool more;

	watch_hear_all(g);
	tunnels_move(g);
	more = watch_curl_due(g);
	return relay_move(g) || more;
}

static struct call *ended(struct engine *g)
{
	bool more = move(g);
	struct call *call = http_ended(g);

	while (!call && more) {
		more = move(g);
		call = http_ended(g);
	}
	if (!call)
		call = messages_ended(g);
	if (!call)
		call = child_ended(g);
	if (!call)
		return NULL;
	call->ends_ms = engine_now_ms();
	engine_trace_end(g, call);
	return call;
}

SCOPE_END(ints, int *, free(*v))
SCOPE_END(pollfds, struct pollfd *, free(*v))

/* Until something is late: libcurl, a pipe, a child; or until_ms has come. For poll(2). */
static int rest_ms(const struct engine *g, int64_t until_ms)
{
	int64_t const dues[] = { g->curl_due_ms, g->tunnels.until_ms, child_until_ms(g) };

	for (size_t i = 0; i < COUNT_OF(dues); i++)
		until_ms = dues[i] < until_ms ? dues[i] : until_ms;
	if (relay_hurries(g) || until_ms <= engine_now_ms())
		return 0;
	until_ms -= engine_now_ms();
	return until_ms > INT_MAX ? INT_MAX : (int)until_ms;
}

/* Sleeps until something moves, until_ms has come, or something is late. */
static void poll_all(struct engine *g, int64_t until_ms)
{
	size_t max = 3 * child_count(g) + 3, n, at_relay, n_relay;
	AUTO(ints) int *fds = xcalloc(max, sizeof(*fds));
	AUTO(pollfds) struct pollfd *wait = xcalloc(max, sizeof(*wait));

	n = child_fds(g, fds);
	fds[n++] = g->epoll;
	if (g->signals.fd >= 0)
		fds[n++] = g->signals.fd;
	at_relay = n;
	n_relay = relay_fds(g, fds + n);
	n += n_relay;
	for (size_t i = 0; i < n; i++)
		wait[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	if (poll(wait, n, rest_ms(g, until_ms)) > 0 && n_relay)
		relay_polled(g, wait[at_relay].revents != 0);
}

static struct call *wait_for_end(void *self, int64_t until_ms)
{
	struct engine *g = self;

	for (;;) {
		struct call *call = ended(g);

		if (call)
			return call;
		if (relay_tells(g))
			return NULL;
		signals_read(&g->signals);
		if (g->signals.told != g->signals.stops || engine_now_ms() >= until_ms) {
			g->signals.told = g->signals.stops;
			return NULL;
		}
		poll_all(g, until_ms);
	}
}

static void drop(void *self, struct call *call)
{
	struct view name = name_of(call);

	engine_trace(self, "< dropped %.*s", (int)name.n, name.p);
	if (call->rq.kind == REQUEST_CHILD)
		child_drop(self, call);
	else if (call->rq.kind == REQUEST_MESSAGES)
		messages_drop(self, call);
	else
		http_drop(self, call);
}

static unsigned stops(void *self, int *signal)
{
	struct engine *g = self;

	signals_read(&g->signals);
	if (signal)
		*signal = g->signals.last;
	return g->signals.stops;
}

static void make_ahead(void *self, const struct ahead *a)
{
	ahead_make(self, a);
}

static void leave_owner(void *self, const void *owner)
{
	tunnels_leave(self, owner);
}

static void close_engine(void *self)
{
	struct engine *g = self;

	child_close(g);
	ahead_close(g);
	tunnels_close(g);
	relay_close(g);
	while (g->n_idle > 0)
		curl_easy_cleanup(g->idle[--g->n_idle]);
	curl_multi_cleanup(g->multi);
	watch_close(g);
	curl_share_cleanup(g->share);
	trust_close(g);
	curl_global_cleanup();
	signals_close(&g->signals);
	files_close(&g->files);
	free(g->ca_file);
	free(g->https_proxy);
	free(g->http_proxy);
	free(g->no_proxy);
	free(g->user_agent);
	free(g);
}

static const struct transport_ops engine_ops = {
	.start = start,
	.wait = wait_for_end,
	.now_ms = now_ms,
	.drop = drop,
	.stops = stops,
	.ahead = make_ahead,
	.leave = leave_owner,
	.close = close_engine,
};

/* ---- opening ---- */

struct engine_config engine_config_from_host(const struct host *h)
{
	struct engine_config c = { 0 };

	c.ca_file = host_env(h, "AWS_CA_BUNDLE");
	if (!c.ca_file)
		c.ca_file = host_env(h, "SSL_CERT_FILE");
	c.https_proxy = host_env(h, "HTTPS_PROXY");
	if (!c.https_proxy)
		c.https_proxy = host_env(h, "https_proxy");
	c.http_proxy = host_env(h, "http_proxy");
	c.no_proxy = host_env(h, "NO_PROXY");
	if (!c.no_proxy)
		c.no_proxy = host_env(h, "no_proxy");
	return c;
}

static const char *system_bundle(void)
{
	for (size_t i = 0; i < COUNT_OF(bundles); i++)
		if (access(bundles[i], R_OK) == 0)
			return bundles[i];
	return bundles[0];
}

static char *copy_of(const char *text)
{
	return text_empty(text) ? NULL : xstrdup(text);
}

int engine_curl_open(const struct engine_config *config, struct transport *out, struct err *e)
{
	struct engine *g;

	if (config->ca_file && access(config->ca_file, R_OK) < 0) {
		err_set(e, ERR_CONFIG, errno, "the CA bundle '%s' cannot be read: %s", config->ca_file,
		        strerror(errno));
		err_hint(e, "AWS_CA_BUNDLE or SSL_CERT_FILE names it");
		return -1;
	}
	g = xcalloc(1, sizeof(*g));
	if (signals_open(&g->signals, config->hear_signals, e) < 0) {
		free(g);
		return -1;
	}
	files_open(&g->files);
	/* Else libcurl writes the keys of all our TLS sessions, which carry root tokens, to that file. */
	unsetenv("SSLKEYLOGFILE");
	curl_global_init(CURL_GLOBAL_DEFAULT);
	g->multi = curl_multi_init();
	g->share = curl_share_init();
	if (!g->multi || !g->share)
		out_of_memory();
	/* Else it keeps four for each call under way, and closes nearly all when a row of many has ended. */
	curl_multi_setopt(g->multi, CURLMOPT_MAXCONNECTS, (long)ENGINE_CONNECTIONS_MAX);
	/* libcurl's own limit is 100; Go's servers take 250 (net/http, http2defaultMaxStreams). */
	curl_multi_setopt(g->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)ENGINE_STREAMS_MAX);
	/* A resumed session saves the certificates of a handshake: 4 of its 6 ms of CPU, on either side. */
	curl_share_setopt(g->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	g->ca_file = xstrdup(config->ca_file ? config->ca_file : system_bundle());
	g->https_proxy = copy_of(config->https_proxy);
	g->http_proxy = copy_of(config->http_proxy);
	g->no_proxy = copy_of(config->no_proxy);
	g->user_agent = copy_of(config->user_agent);
	g->trace = config->trace;
	g->to = config->to;
	if (watch_open(g, e) < 0) {
		close_engine(g);
		return -1;
	}
	*out = (struct transport){ &engine_ops, g };
	return 0;
}

struct engine_counts engine_curl_counts(const struct transport *t)
{
	const struct engine *g = t->self;

	return g->counts;
}
