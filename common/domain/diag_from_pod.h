/*
 * What a running server can reach: STS, KMS and DynamoDB, each tried by probe.h's
 * script in the container, by exec. Only with --from-pod.
 */
#ifndef DOMAIN_DIAG_FROM_POD_H
#define DOMAIN_DIAG_FROM_POD_H

#include "domain/diag.h"
#include "domain/probe.h"

#define SERVER_CONTAINER "vault"

enum probe_service { PROBE_STS, PROBE_KMS, PROBE_DYNAMODB, PROBES };

struct from_pod {
	struct probe at[PROBES];
};

/* "STS", and "sts" as hosts begin */
const char *probe_service_name(enum probe_service service);
const char *probe_service_prefix(enum probe_service service);

/* The server that is asked: the first that runs; NULL: none does. */
const struct pod *from_pod_server(const struct diag *d);
/* The proxy by which the servers' programs go to AWS, which the tools may not use; NULL: none. */
const char *from_pod_proxy(const struct diag *d);
/* The region in which the servers use the service. */
const char *from_pod_region(const struct diag *d, enum probe_service service);
/* Where the servers find the service: what they are told, else the region's own endpoint. */
void from_pod_place(const struct diag *d, enum probe_service service, struct probe *out);

/* The row of diag_cluster.c. */
size_t from_pod_count(const void *world);
bool from_pod_due(const void *world, size_t item);
int from_pod_ask(const void *world, size_t item, struct request *rq, struct err *e);
enum heard from_pod_hear(void *world, size_t item, const struct reply *reply, struct err *e);

#endif
