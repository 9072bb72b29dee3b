#include "aws/sigv4.h"

#include "aws/creds.h"
#include "core/text.h"
#include "formats/iso8601.h"
#include "formats/uri.h"

#include <ctype.h>
#include <stdio.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

/* A name and value on the way to their canonical order. */
struct pair {
	const char *name, *value;
};

/* Sorts in place, equal pairs in the order they came; lists are short. */
static void pairs_sort(struct pair *pairs, size_t n, bool by_value)
{
	for (size_t i = 1; i < n; i++) {
		struct pair held = pairs[i];
		size_t at = i;

		for (; at > 0; at--) {
			int order = strcmp(pairs[at - 1].name, held.name);

			if (order == 0 && by_value)
				order = strcmp(pairs[at - 1].value, held.value);
			if (order <= 0)
				break;
			pairs[at] = pairs[at - 1];
		}
		pairs[at] = held;
	}
}

/* What changes between us and the service is left out (botocore's SIGNED_HEADERS_BLACKLIST). */
static bool header_is_signed(const char *lower_name)
{
	static const char *const unsigned_names[] = { "authorization",
												  "connection",
												  "expect",
												  "keep-alive",
												  "proxy-authenticate",
												  "proxy-authorization",
												  "te",
												  "trailer",
												  "transfer-encoding",
												  "upgrade",
												  "user-agent",
												  "x-amzn-trace-id" };

	for (size_t i = 0; i < COUNT_OF(unsigned_names); i++)
		if (text_same(lower_name, unsigned_names[i]))
			return false;
	return true;
}

static char *lower_case(struct arena *a, const char *text)
{
	char *copy = arena_text(a, text);

	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

/* Appends value trimmed, each inner run of white space as one space. */
static void print_header_value(struct buf *out, const char *value)
{
	struct view rest = view_trim(view_text(value));
	bool in_space = false;

	for (size_t i = 0; i < rest.n; i++) {
		bool space = strchr(" \t\r\n", rest.p[i]) != NULL;

		if (space && !in_space)
			buf_char(out, ' ');
		else if (!space)
			buf_char(out, rest.p[i]);
		in_space = space;
	}
}

static void print_headers(struct buf *out, struct buf *names, const struct sigv4_request *rq)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct pair *pairs = ARENA_ARRAY(&mem, struct pair, rq->n_headers + 1);
	size_t n = 0;

	for (size_t i = 0; i < rq->n_headers; i++) {
		const char *name = lower_case(&mem, rq->headers[i].name);

		if (header_is_signed(name))
			pairs[n++] = (struct pair){ name, rq->headers[i].value };
	}
	pairs_sort(pairs, n, false);
	for (size_t i = 0; i < n; i++) {
		bool again = i > 0 && text_same(pairs[i].name, pairs[i - 1].name);

		if (!again)
			buf_printf(names, "%s%s", i ? ";" : "", pairs[i].name);
		buf_printf(out, "%s%s", again ? "," : i ? "\n" : "", again ? "" : pairs[i].name);
		if (!again)
			buf_char(out, ':');
		print_header_value(out, pairs[i].value);
	}
	if (n)
		buf_char(out, '\n');
}

/* The path without dot segments and empty segments, a slash at its end kept. */
static void print_normal_path(struct buf *out, const char *path)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct view rest = view_text(path);
	struct view *kept = ARENA_ARRAY(&mem, struct view, rest.n + 1);
	bool slash_at_end = view_ends(rest, "/");
	size_t n = 0;

	while (rest.p) {
		struct view segment = view_cut(&rest, '/');

		if (view_is(segment, ".."))
			n -= n > 0;
		else if (segment.n && !view_is(segment, "."))
			kept[n++] = segment;
	}
	for (size_t i = 0; i < n; i++) {
		buf_char(out, '/');
		uri_encode(out, kept[i], false);
	}
	if (slash_at_end || n == 0)
		buf_char(out, '/');
}

/* Decoded and encoded again, so that it does not matter how the caller encoded it. */
static const char *recode(struct arena *a, struct view text)
{
	AUTO(buf) struct buf plain = BUF_MAX(SIGV4_TEXT_MAX), coded = BUF_MAX(SIGV4_TEXT_MAX);
	AUTO(err) struct err e = { 0 };

	if (uri_decode(&plain, text, false, &e) < 0)
		uri_encode(&coded, text, false);
	else
		uri_encode(&coded, buf_bytes(&plain), false);
	return arena_text(a, buf_str(&coded));
}

static void print_query(struct buf *out, const char *query)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct view rest = view_text(query);
	struct pair *pairs = ARENA_ARRAY(&mem, struct pair, rest.n + 1);
	size_t n = 0;

	while (rest.p) {
		struct view value = view_cut(&rest, '&');
		struct view name = view_cut(&value, '=');

		if (name.n || value.p)
			pairs[n++] = (struct pair){ recode(&mem, name), recode(&mem, value) };
	}
	pairs_sort(pairs, n, true);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s=%s", i ? "&" : "", pairs[i].name, pairs[i].value);
	arena_wipe(&mem);
}

void sigv4_canonical(struct buf *out, struct buf *signed_headers, const struct sigv4_request *rq)
{
	char body_hash[SHA256_HEX];
	size_t names_start = signed_headers->n;

	buf_printf(out, "%s\n", rq->method);
	if (rq->path_once)
		buf_text(out, rq->path);
	else if (rq->path_as_is)
		uri_encode(out, view_text(rq->path), true);
	else
		print_normal_path(out, rq->path);
	buf_char(out, '\n');
	if (rq->query)
		print_query(out, rq->query);
	buf_char(out, '\n');
	print_headers(out, signed_headers, rq);
	sha256_hex(rq->body, body_hash);
	buf_printf(out, "\n%s\n%s", buf_str(signed_headers) + names_start, body_hash);
}

/* DATE/REGION/SERVICE/aws4_request */
static void print_scope(struct buf *out, const struct sigv4_key *key)
{
	char date[AMZ_DATE_TEXT];

	amz_date_print(key->now_ms, date);
	buf_printf(out, "%.8s/%s/%s/aws4_request", date, key->region, key->service);
}

void sigv4_to_sign(struct buf *out, const struct sigv4_key *key, struct view canonical)
{
	char date[AMZ_DATE_TEXT], hash[SHA256_HEX];

	amz_date_print(key->now_ms, date);
	sha256_hex(canonical, hash);
	buf_printf(out, ALGORITHM "\n%s\n", date);
	print_scope(out, key);
	buf_printf(out, "\n%s", hash);
}

void sigv4_signature(char out[SHA256_HEX], const struct sigv4_key *key, struct view to_sign)
{
	AUTO(wiped) struct buf first = BUF_MAX(SIGV4_TEXT_MAX);
	AUTO(buf) struct buf hex = BUF_MAX(SHA256_HEX);
	char date[AMZ_DATE_TEXT];
	unsigned char link[SHA256_BYTES];
	const struct view links[] = {
		view_text(key->region),
		view_text(key->service),
		VIEW_LITERAL("aws4_request"),
		to_sign,
	};

	amz_date_print(key->now_ms, date);
	buf_text(&first, "AWS4");
	buf_view(&first, secret_expose(key->secret_key));
	hmac_sha256(buf_bytes(&first), view_of(date, 8), link);
	for (size_t i = 0; i < COUNT_OF(links); i++)
		hmac_sha256(view_of(link, sizeof(link)), links[i], link);
	hex_print(&hex, link, sizeof(link));
	memcpy(out, buf_str(&hex), SHA256_HEX);
	wipe(link, sizeof(link));
}

/* Stages 1 to 3. */
static int sign(char signature[SHA256_HEX], struct buf *signed_headers,
				const struct sigv4_request *rq, const struct sigv4_key *key, struct err *e)
{
	AUTO(wiped) struct buf canonical = BUF_MAX(SIGV4_TEXT_MAX);
	AUTO(wiped) struct buf to_sign = BUF_MAX(SIGV4_TEXT_MAX);

	sigv4_canonical(&canonical, signed_headers, rq);
	if (buf_whole(&canonical, "the request to be signed", e) < 0)
		return -1;
	sigv4_to_sign(&to_sign, key, buf_bytes(&canonical));
	sigv4_signature(signature, key, buf_bytes(&to_sign));
	return 0;
}

int sigv4_authorize(struct buf *out, const struct sigv4_request *rq, const struct sigv4_key *key,
					struct err *e)
{
	AUTO(buf) struct buf names = BUF_MAX(SIGV4_TEXT_MAX);
	char signature[SHA256_HEX];

	if (sign(signature, &names, rq, key, e) < 0)
		return -1;
	buf_printf(out, ALGORITHM " Credential=%s/", key->key_id);
	print_scope(out, key);
	buf_printf(out, ", SignedHeaders=%s, Signature=%s", buf_str(&names), signature);
	return buf_whole(out, "the Authorization header", e);
}

/* "&name=value" with the value encoded. */
static void print_arg(struct buf *out, const char *name, struct view value)
{
	buf_printf(out, "%s%s=", out->n ? "&" : "", name);
	uri_encode(out, value, false);
}

int sigv4_presign(struct buf *out, const struct sigv4_request *rq, const struct sigv4_key *key,
				  unsigned expires_s, struct err *e)
{
	AUTO(wiped) struct buf query = BUF_MAX(SIGV4_TEXT_MAX);
	AUTO(buf) struct buf names = BUF_MAX(SIGV4_TEXT_MAX), credential = BUF_MAX(SIGV4_TEXT_MAX);
	AUTO(buf) struct buf unused = BUF_MAX(SIGV4_TEXT_MAX);
	char date[AMZ_DATE_TEXT], expires[16], signature[SHA256_HEX];
	struct sigv4_request with = *rq;

	print_headers(&unused, &names, rq);
	buf_printf(&credential, "%s/", key->key_id);
	print_scope(&credential, key);
	amz_date_print(key->now_ms, date);
	snprintf(expires, sizeof(expires), "%u", expires_s);
	buf_text(&query, rq->query ? rq->query : "");
	print_arg(&query, "X-Amz-Algorithm", VIEW_LITERAL(ALGORITHM));
	print_arg(&query, "X-Amz-Credential", buf_bytes(&credential));
	print_arg(&query, "X-Amz-Date", view_text(date));
	print_arg(&query, "X-Amz-SignedHeaders", buf_bytes(&names));
	print_arg(&query, "X-Amz-Expires", view_text(expires));
	if (key->session_token && secret_held(key->session_token))
		print_arg(&query, "X-Amz-Security-Token", secret_expose(key->session_token));
	if (buf_whole(&query, "the query to be signed", e) < 0)
		return -1;
	with.query = buf_str(&query);
	if (sign(signature, &unused, &with, key, e) < 0)
		return -1;
	print_arg(&query, "X-Amz-Signature", view_text(signature));
	buf_view(out, buf_bytes(&query));
	return buf_whole(out, "the presigned query", e);
}
