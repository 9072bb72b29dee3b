/*
 * Who is trusted, and who we are: the TLS settings of a call. The public authorities are read once; libcurl would read them
 * for every connection, or where it keeps them decode all 140. So is what we show of ourselves.
 */
#include "net/engine_client.h"
#include "net/engine_curl_http.h"

#include "core/digest.h"
#include "core/text.h"
#include "net/roots.h"

#include <openssl/ssl.h>

void trust_close(struct engine *g)
{
	roots_free(g->roots);
	clients_close(g);
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

/* The same, where we show something. */
static CURLcode show_client(CURL *easy, void *context, void *to)
{
	(void)easy;
	return client_show(to, context) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

static void set_blob(CURL *easy, CURLoption option, struct view v)
{
	struct curl_blob blob = { .data = (void *)v.p, .len = v.n, .flags = CURL_BLOB_NOCOPY };

	curl_easy_setopt(easy, option, &blob);
}

/*
 * libcurl keeps connections apart that trust others, and does not know whom these are shown to be: so what it compares says
 * that too. Between the blocks of a PEM any text may stand (RFC 7468, 2).
 */
static bool set_known_client(struct http *h, const struct tls *tls)
{
	AUTO(buf) struct buf text = BUF_MAX(tls->ca_pem.n + SHA256_HEX + 64);
	struct client *client;
	struct curl_blob blob;

	if (tls->ca_pem.n == 0 || tls->cert_pem.n == 0 || !tls->key_pem || !secret_held(tls->key_pem) ||
	    curl_easy_setopt(h->easy, CURLOPT_SSL_CTX_FUNCTION, show_client) != CURLE_OK)
		return false;
	client = client_of(h->g, tls);
	curl_easy_setopt(h->easy, CURLOPT_SSL_CTX_DATA, client);
	buf_view(&text, tls->ca_pem);
	buf_text(&text, "\nclient ");
	client_mark(client, &text);
	buf_char(&text, '\n');
	blob = (struct curl_blob){ .data = text.p, .len = text.n, .flags = CURL_BLOB_COPY };
	curl_easy_setopt(h->easy, CURLOPT_CAINFO_BLOB, &blob);
	return true;
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
	if (tls && !set_known_client(h, tls))
		set_client(c, tls);
}
