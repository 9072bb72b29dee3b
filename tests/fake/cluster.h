/*
 * A cluster with one release of Vault beside the fake cloud: a StatefulSet of
 * one pod, whose scale ends and starts the fake Vault, and what `init` reads of a
 * cluster. Behind the same transport, under FAKE_CLUSTER_URL.
 *
 *	struct fake_cluster cluster;
 *	fake_cluster_init(&cluster, &vault);      after fake_vault_init
 *	kube.server = FAKE_CLUSTER_URL;
 */
#ifndef FAKE_CLUSTER_H
#define FAKE_CLUSTER_H

#include "fake/vault.h"

#define FAKE_CLUSTER_URL "https://cluster.example"
#define FAKE_JWT         "eyJhbGciOiJSUzI1NiJ9.5ec2e7.c2ln"

struct fake_cluster {
	struct fake_vault *vault;
	void (*serve_rest)(void *to, const struct request *rq, struct reply *reply, unsigned *latency_ms);
	void (*spoil_rest)(void *to, enum fault fault, const struct request *rq, struct reply *reply);
	int64_t replicas;
	char annotation[32];         /* of the number of replicas; "": there is none */
	int64_t gone_ms, there_ms;   /* of the transport's clock: from then on the pod is gone, runs */
	unsigned scales;             /* changes of the number */
};

void fake_cluster_init(struct fake_cluster *k, struct fake_vault *v);

#endif
