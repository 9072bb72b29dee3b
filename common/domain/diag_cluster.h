/*
 * What the cluster family learns: nodes, disruption budgets, services and their
 * endpoints, network policies with the namespaces and pods that they may mean,
 * whether Vault's service account may review tokens, and what a pod reaches.
 */
#ifndef DOMAIN_DIAG_CLUSTER_H
#define DOMAIN_DIAG_CLUSTER_H

#include "domain/diag_from_pod.h"
#include "domain/diag_list.h"

enum { REVIEWER_ROLES_MAX = 32 };

struct bound_role {
	const char *name, *namespace_;       /* NULL: a ClusterRole */
	const char *binding;
	bool read, reviews;                  /* it allows creating TokenReviews */
};

struct diag_cluster {
	struct diag_list nodes, budgets, services, slices, policies, namespaces, dns_pods, bindings;
	struct diag_list daemon_sets;        /* of all namespaces */
	struct diag_list api;                /* EndpointSlices of the API server, in 'default' */
	struct bound_role role[REVIEWER_ROLES_MAX];   /* of the release's service account, by ClusterRoleBindings */
	size_t n_roles;
	struct from_pod from_pod;
};

/* Never NULL: empty before the first step of the family has ended. */
const struct diag_cluster *diag_cluster(const struct diag *d);

enum { DIAG_CLUSTER_STEPS = 12 };
extern const struct step diag_cluster_steps[DIAG_CLUSTER_STEPS];

/* The ClusterRole that exists to let its holder review tokens. */
#define AUTH_DELEGATOR "system:auth-delegator"

#endif
