/*
 * AWS Signature Version 4: the signature of one request, in the Authorization
 * header or in the query (presigned URLs). Pure: no clock, no I/O.
 *
 *	struct sigv4_request rq = { .method = "POST", .path = "/", .headers = headers, .n_headers = 3 };
 *	struct sigv4_key key = { "AKIA...", &secret_key, NULL, "eu-west-1", "kms", now_ms };
 *
 *	sigv4_authorize(&authorization, &rq, &key, e);
 *
 * Path and query are given as they go on the wire. The caller has put `host`
 * (with the port unless it is the scheme's own), `x-amz-date` (amz_date_print
 * of the same now_ms) and, with a session token, `x-amz-security-token` among
 * the headers; every header given is signed except those that proxies and
 * libcurl change on the way. The buffers hold session tokens: wipe them.
 *
 * Rules: IAM User Guide, "Create a signed AWS API request".
 */
#ifndef AWS_SIGV4_H
#define AWS_SIGV4_H

#include "core/digest.h"
#include "core/secret.h"
#include "net/request.h"

enum { SIGV4_TEXT_MAX = 256 << 10 };  /* of a canonical request or a presigned query, bytes */

struct sigv4_request {
	const char *method;
	const char *path;              /* encoded once, "/" at least, without the query */
	const char *query;             /* encoded, without '?'; NULL: none */
	const struct header *headers;
	size_t n_headers;
	struct view body;
	bool path_as_is;               /* dot segments and double slashes stay */
	bool path_once;                /* it is signed as it goes on the wire, not encoded again (S3) */
};

/* Who signs, where and when. All borrowed. */
struct sigv4_key {
	const char *key_id;
	const struct secret *secret_key;
	const struct secret *session_token;  /* only put into presigned queries; NULL or not held: none */
	const char *region, *service;        /* of the signing scope */
	int64_t now_ms;                      /* wall clock, corrected */
};

/* Stage 1: the canonical request; signed_headers gets "host;x-amz-date". Both are appended to. */
void sigv4_canonical(struct buf *out, struct buf *signed_headers, const struct sigv4_request *rq);

/* Stage 2: the string to sign. */
void sigv4_to_sign(struct buf *out, const struct sigv4_key *key, struct view canonical);

/* Stage 3: the signature, in hexadecimal. */
void sigv4_signature(char out[SHA256_HEX], const struct sigv4_key *key, struct view to_sign);

/* All stages: appends the value of the Authorization header. ERR_REMOTE when the request is too long. */
MUST_CHECK int sigv4_authorize(struct buf *out, const struct sigv4_request *rq,
                               const struct sigv4_key *key, struct err *e);

/*
 * All stages for a presigned URL: appends the whole query, rq->query first. No
 * x-amz-date header is wanted then. expires_s: 1 to 604800.
 */
MUST_CHECK int sigv4_presign(struct buf *out, const struct sigv4_request *rq,
                             const struct sigv4_key *key, unsigned expires_s, struct err *e);

#endif
