/* Helm values for the hashicorp/vault chart, and the seven outputs of the module. */
#ifndef DOMAIN_VALUES_H
#define DOMAIN_VALUES_H

#include "domain/world.h"

/* The values that install gives to helm. key_arn and role_arn: as found, or what stands for them. */
struct value *values_make(struct arena *a, const struct want *want, const char *key_arn, const char *role_arn);

/* Into server.extraEnvironmentVars: the region in which the pods ask KMS, where EKS's webhook would give them the cluster's. */
void values_set_key_region(struct arena *a, struct value *environment, const char *region);

/*
 * server.networkPolicy: the API from the namespaces of want->network_policy, all ports of the servers among themselves;
 * out of the servers DNS, each other, and HTTPS to everywhere (AWS, the API server) but the node's metadata service.
 */
struct value *values_network_policy(struct arena *a, const struct want *want);

/*
 * kms_key_id, kms_key_arn, dynamodb_table_name, dynamodb_table_arn, iam_role_arn, iam_role_name, vault_config
 * ({namespace, service_account, region, values}). ERR_ABSENT, all at once, for what does not exist yet.
 */
MUST_CHECK int outputs_make(const struct world *w, struct value **out, struct err *e);

#endif
