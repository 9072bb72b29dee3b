/*
 * Asking AWS: an operation is a row of data, its parameters are a value tree,
 * and its answer is one too. Building, signing and reading for the four
 * protocols (json, query, rest-json, rest-xml) is done here once.
 *
 *	aws_ask(aws, rq, &kms_describe_key, params, e)          in a step's ask
 *	aws_read(arena, &kms_describe_key, reply, &answer, e)   in its hear
 *	aws_heard(&answer, e)                                   what that means for the loop
 *
 * struct aws is built once a run (aws_open) and then only read by asks; `renew`
 * replaces its credentials or its idea of the time.
 */
#ifndef AWS_CLIENT_H
#define AWS_CLIENT_H

#include "aws/creds.h"
#include "core/value.h"
#include "net/graph.h"

enum aws_protocol { AWS_JSON_1_0, AWS_JSON_1_1, AWS_QUERY, AWS_REST_JSON, AWS_REST_XML };

/* rest-xml: a parameter, or a field of the answer, that is a header. The last one's names are NULL. */
struct aws_header {
	const char *name, *header;
};

struct aws_service {
	const char *id;              /* "kms": as in labels and IAM actions */
	const char *env_id;          /* "KMS": AWS_ENDPOINT_URL_KMS; in lower case in a services section */
	const char *prefix;          /* of the host name */
	const char *signing_name;
	enum aws_protocol protocol;
	const char *target;          /* json: before the dot of X-Amz-Target */
	const char *version;         /* query: API version */
	bool global;                 /* one endpoint a partition (IAM); the hosts are in endpoint.c */
	const char *fips_aws;        /* what stands for "<prefix>-fips" in partition aws; NULL: just that */
	bool query_mode;             /* json: asks for the error codes that the query protocol has */
	bool gov_is_fips;            /* the plain host in GovCloud is the FIPS host */
};

struct aws_op {
	const struct aws_service *service;
	const char *name;            /* "DescribeKey" */
	/*
	 * rest: "GET", "/clusters/{name}", query names after '?': "/x?a={a}"; else NULL. "{name+}" keeps its slashes. In
	 * rest-xml the first part of the path is the bucket, and the parameter "Body" is the body as it is.
	 */
	const char *method, *path;
	const struct aws_header *sends, *hears;  /* NULL: none */
	bool raw;                    /* rest-xml: the answer's body as it is, as "Body" */
	bool unsigned_;              /* STS AssumeRoleWithWebIdentity */
};

struct aws_answer {
	int status;
	bool ok;                     /* 2xx with a whole body */
	const char *code;            /* error code without prefix and suffix; NULL when ok */
	const char *message;         /* its text; "" when there is none */
	const char *request_id;      /* NULL: none */
	int64_t date_ms;             /* the server's clock, by its Date header; 0: none */
	const struct value *body;    /* ok: the result (query: what is inside <OpResult>); never NULL then */
};

struct aws {
	const struct host *host;
	struct credentials creds;
	const char *region;          /* where resources are made */
	const char *partition;       /* "aws", "aws-cn", ... from the region; corrected from the caller's ARN */
	const char *dns_suffix;
	bool fips, dualstack;
	struct aws_endpoints *endpoints;  /* configured ones; NULL: none */
	int64_t skew_ms;             /* added to our clock when signing */
	const char *user_agent;
	unsigned max_attempts;
	const char *ca_bundle;       /* the profile's, for the engine; NULL: none */
	struct aws_settings *settings;  /* what the chain reads (settings.h); NULL: environment only */
	/* Whose credentials and clock are used, since a renewal must reach every copy. NULL: its own. */
	const struct aws *origin;
	struct arena *mem;           /* of the run */
};

/* What the environment, the profile and flags say. Flags: NULL when not given. */
struct aws_flags {
	const char *profile, *region;
};

/*
 * Reads settings (profile, region, endpoints, retries); no network, no credentials yet. ERR_CONFIG
 * for broken files and values, and for a flag's profile that is nowhere. The region stays NULL when
 * nothing names one: it may come from elsewhere (aws_in_region), and asking a regional service
 * without one is ERR_CONFIG.
 */
MUST_CHECK int aws_open(struct aws *aws, const struct host *host, struct arena *mem,
                        const struct aws_flags *flags, struct err *e);
/* Frees credentials and settings; aws is empty afterwards, its copies are of no use. */
void aws_release(struct aws *aws);

/*
 * Credentials of the chain (creds.h), by requests on this transport: once at the start, later by
 * aws_renew. ERR_AUTH names every place tried; ERR_CONFIG when a profile makes no sense.
 */
MUST_CHECK int aws_login(struct aws *aws, const struct transport *t, struct err *e);

/*
 * For loop.renew: after a reply that says the credentials expired, logs in again (ERR_AUTH when that
 * gives the same ones); after one that says the clock is off, takes the skew from its Date. Whoever
 * owns the terminal tells the user once, when aws->skew_ms is not 0.
 */
MUST_CHECK int aws_renew(struct aws *aws, const struct transport *t, const struct reply *reply,
                         struct err *e);

/*
 * A copy for another region. It uses the original's credentials and clock, so the original must stay
 * where it is and outlive it; the copy is not released. A region of NULL stays the original's.
 */
struct aws aws_in_region(const struct aws *aws, const char *region);

/*
 * Makes connections to a service for n calls at once to come (net/transport.h), each by an unsigned "GET /ping", which
 * needs no right and leaves no trace in CloudTrail. Nothing where the region is not known.
 */
void aws_ahead(const struct aws *aws, const struct transport *t, const struct aws_service *service, unsigned n);

/*
 * A copy that signs with the credentials in this answer of an op of STS's that gives some; source names them for people. They
 * are out's own (credentials_release of out->creds), and nobody renews them. ERR_REMOTE for an answer that lacks a part,
 * ERR_AUTH for one that cannot be signed with: out->creds is empty then.
 */
MUST_CHECK int aws_as_answered(const struct aws *aws, const struct aws_op *op, const struct value *body, const char *source,
                               struct aws *out, struct err *e);

/* params: a map (NULL: none), in AWS's own names. Signed with aws->creds as of now. */
MUST_CHECK int aws_ask(const struct aws *aws, struct request *rq, const struct aws_op *op,
                       const struct value *params, struct err *e);

/* -1: no whole answer (ERR_REMOTE); the step is then HEARD_UNSURE. */
MUST_CHECK int aws_read(struct arena *a, const struct aws_op *op, const struct reply *reply,
                        struct aws_answer *out, struct err *e);

/*
 * ok: HEARD_DONE. Throttling codes: HEARD_BUSY. Expired or skewed: HEARD_RENEW. Else HEARD_REFUSED.
 * e says why, with code, status and request id; kind ERR_DENIED, ERR_ABSENT, ERR_CONFLICT,
 * ERR_THROTTLED, ERR_AUTH or ERR_REMOTE.
 */
enum heard aws_heard(const struct aws_op *op, const struct aws_answer *answer, struct err *e);

/* Is it an error with this code? */
bool aws_code_is(const struct aws_answer *answer, const char *code);

/* "aws-cn" for "cn-north-1", by the regions' names in botocore's partitions.json; "aws" for NULL. */
const char *aws_partition_of(const char *region);

/* arn:partition:service:region:account:resource taken apart, in the arena; else ERR_CONFIG. */
struct arn {
	const char *partition, *service, *region, *account, *resource;
};
MUST_CHECK int arn_parse(struct arena *a, const char *text, struct arn *out, struct err *e);

/* It has the form of a region's name, such as eu-central-1. */
bool aws_is_region(const char *text);

/* The region that an ARN names, in the arena. NULL: the text is no ARN, or names none. */
const char *arn_region(struct arena *a, const char *text);

#endif
