/*
 * Inside of aws/: how the protocols write parameters and errors.
 */
#ifndef AWS_PROTOCOL_H
#define AWS_PROTOCOL_H

#include "aws/client.h"

enum { AWS_BODY_MAX = 1 << 20 };   /* of a request, bytes */

/*
 * The form of the query protocol: "Action=GetRole&Version=2010-05-08&RoleName=x".
 * Lists become Name.member.N, maps Name.Key; null is left out.
 */
void query_print(struct buf *out, const char *action, const char *version, const struct value *params);

/*
 * A rest template ("/clusters/{name}?a={a}") filled from params: path and
 * query apart, both encoded. A parameter of the path must be there and not
 * empty (ERR_BUG); one of the query may be absent, and a name without '=' stays. What is left over goes into
 * *rest (a map of the arena).
 */
MUST_CHECK int rest_fill(struct buf *path, struct buf *query, struct value **rest, struct arena *a,
                         const char *template, const struct value *params, struct err *e);

/* What a reply says went wrong, in whichever of the forms. NULL where it says nothing. */
struct aws_fault {
	const char *code, *message, *request_id;
};
void aws_fault_read(struct aws_fault *out, struct arena *a, const struct reply *reply);

/* Codes by what they mean: botocore's retries/standard.py, with the traps of KMS left out. */
bool code_is_throttling(const char *code);
bool code_is_transient(const char *code);
bool code_is_expired(const char *code);
/* Clock skew: by the code, or, since InvalidSignatureException is for both, by the sentence. */
bool code_is_skew(const char *code, const char *message);

/* request.sort of every AWS request: throttled is busy under any status, 5xx without that is broken. */
enum sorted aws_sort(const struct reply *reply);

#endif
