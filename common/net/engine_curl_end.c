/* Why an HTTP call ended without a reply. */
#include "net/engine_curl_http.h"

#include "core/text.h"

#include <errno.h>

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
		err_hint(e, "compare the certificate authority that was given: %s",
		         h->call->rq.tunnel ? "VAULT_CACERT names it" : "the kubeconfig holds it");
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
		err_set(e, ERR_NET, (int)refused, "the proxy does not lead to '%s' (%ld)", h->host,
		        refused);
	else
		err_set(e, ERR_NET, 0, "'%s': %s", h->host, why);
}

void http_say_why(const struct http *h, CURLcode rc, bool unsent, struct err *e)
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
