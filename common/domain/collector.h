/*
 * The collector of audit lines: a DaemonSet of Fluent Bit with a service account and a role of its own, so that the
 * role of Vault's pods keeps its nine actions.
 *
 * It reads the nodes' log files of the servers, takes the lines that an audit device wrote to stdout (JSON with the type
 * request or response) as they are, and sends them to the log group or the bucket of want.audit_to. How far it came is
 * kept on the node, so that its own restart loses and doubles nothing. An audit device that writes a file is not read:
 * its volume belongs to Vault's pod.
 */
#ifndef DOMAIN_COLLECTOR_H
#define DOMAIN_COLLECTOR_H

#include "domain/world.h"

/* AWS's build of Fluent Bit; the tag is a release that is not moved. */
#define COLLECTOR_IMAGE "public.ecr.aws/aws-observability/aws-for-fluent-bit:3.4.12"
/* app.kubernetes.io/name of all its objects. */
#define COLLECTOR_APP   "vault-audit-collector"

enum { COLLECTOR_OBJECTS = 3 };

/* Its ServiceAccount, ConfigMap, DaemonSet, in this order; role_arn: of the account. In the arena. */
struct value *collector_object(struct arena *a, const struct want *want, const char *role_arn, size_t nth);

/* Where the API server has that object. */
const char *collector_path(struct arena *a, const struct want *want, size_t nth);

#endif
