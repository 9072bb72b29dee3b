/*
 * Who is trusted: the TLS settings of a call. The public authorities are read once; libcurl would read them for every
 * connection, or where it keeps them decode all 140.
 */
#include "net/engine_curl_http.h"

#include "core/text.h"
#include "net/roots.h"

#include <openssl/ssl.h>

void roots_close(struct engine *g)
{
	roots_free(g->roots);
}

/* CURLOPT_SSL_CTX_FUNCTION, for each new connection. */
static CURLcode trust_roots(CURL *easy, void *context, void *to)
{
	struct engine *g = to;

	(void)easy;
	if (!g->roots)
		g->roots = roots_read_file(g->ca_file);
	if (!g->roots)
		return CURLE_SSL_CACERT_BADFILE;
	SSL_CTX_set1_cert_store(context, roots_store(g->roots));
	return CURLE_OK;
}

/* With a libcurl that is not built on OpenSSL, it reads the file for itself. */
static void trust_public_roots(struct http *h)
{
	if (curl_easy_setopt(h->easy, CURLOPT_SSL_CTX_FUNCTION, trust_roots) == CURLE_OK)
		curl_easy_setopt(h->easy, CURLOPT_SSL_CTX_DATA, h->g);
	else
		curl_easy_setopt(h->easy, CURLOPT_CAINFO, h->g->ca_file);
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
	/* By this, not by a function of ours: libcurl keeps connections apart that trust others. */
	if (tls && tls->ca_pem.n > 0)
		set_blob(c, CURLOPT_CAINFO_BLOB, tls->ca_pem);
	else if (secure && !(tls && tls->inspect))
		trust_public_roots(h);
	if (tls)
		set_client(c, tls);
}
