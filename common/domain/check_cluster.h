/* The judges of the cluster family, one file a subject; check_cluster.c has the table. */
#ifndef DOMAIN_CHECK_CLUSTER_H
#define DOMAIN_CHECK_CLUSTER_H

#include "domain/diag_cluster.h"
#include "domain/fix.h"

#define JUDGE(name) enum verdict name(const struct diag *d, struct finding *f)

/* check_cluster_pods.c: why a pod does not run */
JUDGE(judge_schedule);
JUDGE(judge_images);
JUDGE(judge_memory);
JUDGE(judge_restarts);
JUDGE(judge_stuck);

/* check_cluster_set.c: the StatefulSet, its budget, its nodes, and what waits for a restart */
JUDGE(judge_nodes);
JUDGE(judge_config_age);
JUDGE(judge_update);
JUDGE(judge_budget);
JUDGE(judge_resources);

/* check_cluster_net.c: services, network policies */
JUDGE(judge_services);
JUDGE(judge_reviewer);
JUDGE(judge_dns_open);
JUDGE(judge_peers_open);
JUDGE(judge_api_open);
JUDGE(judge_aws_open);
JUDGE(judge_kube_open);

/* check_from_pod.c: what a running server reaches */
JUDGE(judge_from_pod_sts);
JUDGE(judge_from_pod_kms);
JUDGE(judge_from_pod_dynamodb);

/* cluster_fix.c */
typedef bool pod_is(const struct diag *d, const struct pod *p);
/*
 * Names of the pods for which it is so (is NULL: all), parted by spaces, standbys before the active one; NULL: none.
 * Pods that are being deleted do not count.
 */
const char *server_pods(const struct diag *d, struct arena *a, pod_is *is);
size_t server_pods_n(const struct diag *d, pod_is *is);
/* Lines that start these pods (as server_pods gives them) anew, one after the other where some are Ready: Vault stays up. */
void fix_restart_pods(const struct diag *d, struct finding *f, const char *pods);
/* "kubectl patch statefulset ... --type json -p ..." */
void fix_patch_set(const struct diag *d, struct finding *f, const char *json_patch);
/* The server's container in the template. */
const struct value *server_template(const struct diag *d);
/* v as JSON on one line, in the arena. */
const char *json_line(struct arena *a, const struct value *v);

#endif
