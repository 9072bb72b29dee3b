/*
 * Who is trusted: the TLS settings of a call. The public roots are read once, by a thread of their own: decoding a system's
 * 140 certificates takes OpenSSL 3.0 some 20 ms. That is nothing while the first connections are being made, and much when
 * the loop, and with it every other connection, waits for it.
 */
#include "net/engine_curl_http.h"

#include "core/text.h"

#include <openssl/ssl.h>
#include <pthread.h>

struct roots {
	pthread_t reader;
	bool reads;              /* the thread was started and not waited for */
	const char *file;        /* of the engine */
	X509_STORE *store;
	bool good;               /* the file held certificates */
};

static void *read_roots(void *to)
{
	struct roots *roots = to;

	roots->good = X509_STORE_load_file(roots->store, roots->file) == 1;
	return NULL;
}

/* Trusted first, and partial chains: as libcurl sets up its own stores, and curl's users know it. */
static void begin_roots(struct engine *g)
{
	struct roots *roots;

	if (g->roots)
		return;
	roots = g->roots = xcalloc(1, sizeof(*roots));
	roots->file = g->ca_file;
	roots->store = X509_STORE_new();
	if (!roots->store)
		out_of_memory();
	X509_STORE_set_flags(roots->store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
	roots->reads = pthread_create(&roots->reader, NULL, read_roots, roots) == 0;
	if (!roots->reads)
		read_roots(roots);
}

static void await_roots(struct roots *roots)
{
	if (roots->reads)
		pthread_join(roots->reader, NULL);
	roots->reads = false;
}

void roots_close(struct engine *g)
{
	if (!g->roots)
		return;
	await_roots(g->roots);
	X509_STORE_free(g->roots->store);
	free(g->roots);
}

/* CURLOPT_SSL_CTX_FUNCTION, for each new connection. */
static CURLcode trust_roots(CURL *easy, void *context, void *to)
{
	struct engine *g = to;

	(void)easy;
	await_roots(g->roots);
	if (!g->roots->good)
		return CURLE_SSL_CACERT_BADFILE;
	SSL_CTX_set1_cert_store(context, g->roots->store);
	return CURLE_OK;
}

/* With a libcurl that is not built on OpenSSL, it reads the file for itself. */
static void trust_public_roots(struct http *h)
{
	if (curl_easy_setopt(h->easy, CURLOPT_SSL_CTX_FUNCTION, trust_roots) != CURLE_OK) {
		curl_easy_setopt(h->easy, CURLOPT_CAINFO, h->g->ca_file);
		return;
	}
	curl_easy_setopt(h->easy, CURLOPT_SSL_CTX_DATA, h->g);
	begin_roots(h->g);
}

static void set_blob(CURL *easy, CURLoption option, struct view v)
{
	struct curl_blob blob = { .data = (void *)v.p, .len = v.n, .flags = CURL_BLOB_NOCOPY };

	curl_easy_setopt(easy, option, &blob);
}

static void set_client(CURL *easy, const struct tls *tls)
{
	if (tls->cert_pem.n > 0) {
		curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
		set_blob(easy, CURLOPT_SSLCERT_BLOB, tls->cert_pem);
	}
	if (tls->key_pem && secret_held(tls->key_pem)) {
		curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
		set_blob(easy, CURLOPT_SSLKEY_BLOB, secret_expose(tls->key_pem));
	}
}

/* What the server shows is looked at, and not resumed: a session that is resumed shows no certificates. */
static void set_inspection(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

void http_set_tls(struct http *h, bool secure)
{
	const struct tls *tls = h->call->rq.tls;
	CURL *c = h->easy;

	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(c, CURLOPT_PROXY_CAINFO, h->g->ca_file);
	curl_easy_setopt(c, CURLOPT_PROXY_CAPATH, NULL);
	if (tls && tls->inspect)
		set_inspection(c);
	if (tls && tls->ca_pem.n > 0)
		set_blob(c, CURLOPT_CAINFO_BLOB, tls->ca_pem);
	else if (secure && !(tls && tls->inspect))
		trust_public_roots(h);
	if (tls)
		set_client(c, tls);
}
