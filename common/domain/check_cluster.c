/* cluster: do Kubernetes and its network let the release's pods run and talk? */
#include "domain/check_cluster.h"
#include "domain/diag_base.h"

#define POLICY_READS NEEDS("cluster.netpols", "pods.read")
#define POLICY_USES NEEDS("cluster.namespaces")
#define POLICY_REMEDY "policies only add: allow what is lacking in one more"
#define POLICY_REFERENCE "Kubernetes API, NetworkPolicy; evaluated by us, so a plug-in that enforces none is no pass for another"
#define CHECK(name, sentence, ...) { .id = "cluster-" name, .title = sentence, .link = LINK_CLUSTER, .needs = NEEDS("release"), __VA_ARGS__ }

#define FROM_POD(name, service, judges) \
	CHECK("from-pod-" name, "a pod reaches " service, .reads = NEEDS("pods.read", "cluster.from-pod"), .uses = NEEDS("cluster.dns"), \
	  .follows = NEEDS("cluster-network-dns", "cluster-network-aws"), .judge = judges, .in_pod = true, \
	  .decides = "From a server that runs, with what its image has (nc, wget, curl, bash, vault): whether the endpoint's name " \
	             "has an address, and whether somebody answers on its port. Only with --from-pod, since it runs a command there.", \
	  .remedy = "open the way: DNS, security groups, network ACLs, the route to a NAT gateway or a VPC endpoint and its policy", \
	  .reference = "AWS service endpoints; EKS, Private clusters; Kubernetes, pods/exec")

static const struct check checks[] = {
	CHECK("schedule", "every replica has a node", .reads = NEEDS("pods.read"), .uses = NEEDS("cluster.nodes"),
	  .judge = judge_schedule,
	  .decides = "The scheduler's own message of a pod without a node; whether the template wants a node for each pod, and how "
	             "many nodes take its pods (cordons, taints, node selector).",
	  .remedy = "add nodes, or soften the anti-affinity",
	  .reference = "vault-helm, values.yaml, server.affinity; Kubernetes, Assigning Pods to Nodes"),
	CHECK("image", "every pod gets its image", .reads = NEEDS("pods.read"), .judge = judge_images,
	  .decides = "What the kubelet says of a container that waits for its image; whether the tag is a fixed one.",
	  .remedy = "name an image that is there, and give the nodes what it takes to pull it",
	  .reference = "Kubernetes, Images"),
	CHECK("memory", "no pod is killed for want of memory", .reads = NEEDS("pods.read"), .judge = judge_memory,
	  .decides = "OOMKilled as the present or last end of the server's container, against its limit.",
	  .remedy = "raise the memory limit", .reference = "Kubernetes, Resource Management for Pods and Containers"),
	CHECK("restarts", "no server ends again and again", .reads = NEEDS("pods.read"), .judge = judge_restarts,
	  .follows = NEEDS("irsa", "kms", "dynamodb", "config", "vault-log", "cluster-memory"),
	  .decides = "CrashLoopBackOff, or a server's container that has ended, with reason and exit code. Where identity, key or "
	             "table are at fault this is what follows from it.",
	  .remedy = "read the last lines of the log: the vault checks explain them",
	  .reference = "Kubernetes, Pod Lifecycle"),
	CHECK("pods", "nothing else keeps a pod from running", .reads = NEEDS("pods.read"), .judge = judge_stuck,
	  .decides = "The reason of a pod or container that waits for something that does not come by itself: a missing Secret or "
	             "ConfigMap, an eviction.",
	  .remedy = "give the pod what it waits for", .reference = "Kubernetes, Debug Pods"),
	CHECK("nodes", "the nodes of the pods are well", .reads = NEEDS("pods.read", "cluster.nodes"), .judge = judge_nodes,
	  .decides = "Ready and the pressure conditions of the nodes with pods of the release; over how many nodes and zones they "
	             "are spread.",
	  .remedy = "mend or replace the node", .reference = "Kubernetes, Node Status"),
	CHECK("config-age", "every server has the present configuration", .reads = NEEDS("config.read", "pods.read"),
	  .judge = judge_config_age,
	  .decides = "When the server's container started, against when managedFields say that the ConfigMap's data was changed: "
	             "the chart's start script reads it once. Pods that differ from each other are a failure, a change that no pod "
	             "has yet a warning.",
	  .remedy = "start the older pods anew, standbys first",
	  .reference = "vault-helm, templates/_helpers.tpl, vault.args"),
	CHECK("update", "no change of the pods waits", .reads = NEEDS("pods.read"), .judge = judge_update,
	  .decides = "The pods' label controller-revision-hash against the StatefulSet's updateRevision. currentRevision says "
	             "nothing with OnDelete.",
	  .remedy = "start the older pods anew, standbys first", .reference = "Kubernetes, StatefulSets, Update strategies"),
	CHECK("budget", "a drain takes one server at a time", .reads = NEEDS("cluster.budgets"), .judge = judge_budget,
	  .decides = "The PodDisruptionBudgets whose selector means the servers: exactly one, which lets some go but not all.",
	  .remedy = "have one budget with maxUnavailable 1", .reference = "Kubernetes, Disruptions"),
	CHECK("services", "the services lead to the pods", .reads = NEEDS("cluster.services", "cluster.endpoints", "pods.read"),
	  .judge = judge_services,
	  .decides = "The services NAME, NAME-internal and NAME-active: there, with a selector that means pods of the release, and "
	             "with ready endpoints as soon as there may be some.",
	  .remedy = "put the chart's service back", .reference = "vault-helm, templates/server-*service.yaml"),
	CHECK("reviewer", "Vault may review tokens", .reads = NEEDS("cluster.bindings", "cluster.bound-roles"), .judge = judge_reviewer,
	  .decides = "ClusterRoleBindings of the service account or of a group that it is in, to system:auth-delegator, "
	             "cluster-admin, or a role that may create TokenReviews. A token_reviewer_jwt of another account inside Vault "
	             "cannot be seen from here.",
	  .remedy = "bind system:auth-delegator to Vault's service account",
	  .reference = "vault-helm, templates/server-clusterrolebinding.yaml; Vault, Kubernetes auth method"),
	CHECK("network-dns", "network policies leave DNS open", .reads = POLICY_READS,
	  .uses = NEEDS("cluster.namespaces", "cluster.dns"),
	  .judge = judge_dns_open,
	  .decides = "Egress of the servers to the pods of k8s-app=kube-dns in kube-system, port 53 by UDP and TCP.",
	  .remedy = POLICY_REMEDY, .reference = POLICY_REFERENCE),
	CHECK("network-peers", "network policies leave the peers open", .reads = POLICY_READS, .uses = POLICY_USES,
	  .judge = judge_peers_open, .decides = "Egress and ingress between the servers, TCP port 8201: standbys pass requests "
	  "on there.",
	  .remedy = POLICY_REMEDY, .reference = POLICY_REFERENCE),
	CHECK("network-api", "network policies let clients in", .reads = POLICY_READS, .uses = POLICY_USES, .judge = judge_api_open,
	  .decides = "Ingress to TCP port 8200 from any namespace or address at all.",
	  .remedy = POLICY_REMEDY, .reference = POLICY_REFERENCE),
	CHECK("network-aws", "network policies leave AWS open", .reads = POLICY_READS, .uses = POLICY_USES, .judge = judge_aws_open,
	  .decides = "Egress to TCP port 443 outside of the cluster: STS, KMS and DynamoDB. A rule for some addresses only is told, "
	             "since VPC endpoints may be among them.",
	  .remedy = POLICY_REMEDY, .reference = POLICY_REFERENCE),
	CHECK("network-kube", "network policies leave the API server open", .reads = POLICY_READS, .uses = NEEDS("cluster.api"),
	  .judge = judge_kube_open,
	  .decides = "Egress to the address and port that the endpoints of the service 'kubernetes' name: Vault labels its pods and "
	             "reviews tokens there.",
	  .remedy = POLICY_REMEDY, .reference = POLICY_REFERENCE),
	FROM_POD("sts", "STS", judge_from_pod_sts),
	FROM_POD("kms", "KMS", judge_from_pod_kms),
	FROM_POD("dynamodb", "DynamoDB", judge_from_pod_dynamodb),
	CHECK("resources", "the servers have memory of their own", .reads = NEEDS("release.find"), .judge = judge_resources,
	  .decides = "Requests and limits of the server's container in the template.",
	  .remedy = "set server.resources in the values", .reference = "Kubernetes, Pod Quality of Service Classes"),
};

const struct check_family cluster_family = {
	.name = "cluster", .title = "Cluster", .checks = checks, .n_checks = COUNT_OF(checks),
	.steps = diag_cluster_steps, .n_steps = COUNT_OF(diag_cluster_steps),
};
