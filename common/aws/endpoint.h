/*
 * Which host serves a service, and by which region its requests are signed.
 *
 * Configured endpoints come first: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL,
 * the profile's services section, the profile's endpoint_url; they change where
 * we call, never how we sign. Without one, the host follows from partition and
 * region as in botocore's endpoint rule sets. Plain http is for loopback only.
 */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include "aws/client.h"
#include "aws/settings.h"

struct aws_endpoints {
	const char *any;             /* for every service; NULL: none */
	const char **by_service;     /* in the order of aws_services; NULL: none for it */
};

struct endpoint {
	const char *origin;          /* "https://kms.eu-west-1.amazonaws.com", without a slash at its end */
	const char *host;            /* as the Host header has it, with the port unless it is the scheme's */
	const char *base_path;       /* "" or "/base": of a configured endpoint */
	const char *region;          /* of the signing scope */
};

/* Every service of services.h. */
extern const struct aws_service *const aws_services[];
extern const size_t aws_services_n;

/* NULL in out when nothing is configured. In the arena. ERR_CONFIG names the variable or key. */
MUST_CHECK int endpoints_read(struct aws_endpoints **out, struct arena *a, const struct host *host,
                              const struct aws_settings *s, struct err *e);

/* ERR_CONFIG when a region is needed and there is none, or none that can be. In the arena. */
MUST_CHECK int endpoint_find(struct endpoint *out, struct arena *a, const struct aws *aws,
                             const struct aws_service *service, struct err *e);

/* Puts a label in front of the host: "bucket.s3.eu-west-1.amazonaws.com". In the arena. */
void endpoint_prepend(struct endpoint *at, struct arena *a, const char *label);

/* "amazonaws.com" for "aws"; an unknown partition is taken for that. */
const char *partition_dns_suffix(const char *partition);

#endif
