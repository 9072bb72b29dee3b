#include "domain/check_rights.h"

#include "core/scope.h"

#define NOTHING(s)             { .step = (s), .kind = RIGHT_NONE }
#define KUBE(s, w, g, r, v)    { .step = (s), .kind = RIGHT_KUBE, .where = (w), .group = (g), .resource = (r), .verb = (v) }
#define STRONG(s, w, g, r, v)  { .step = (s), .kind = RIGHT_KUBE, .strong = true, .where = (w), .group = (g), .resource = (r), .verb = (v) }
#define TOKEN(s, w)            { .step = (s), .kind = RIGHT_KUBE, .strong = true, .where = (w), .group = "", \
                                 .resource = "serviceaccounts/token", .verb = "create", .own_account = true }
#define AWS(s, act, res)       { .step = (s), .kind = RIGHT_AWS, .action = (act), .on = (res) }

#define KEY      "kms:*:%s:key/*"
#define TABLE    "dynamodb:*:%s:table/*"
#define ROLE     "iam::%s:role/*"
#define PROVIDER "iam::%s:oidc-provider/*"
#define CLUSTER  "eks:*:%s:cluster/*"
#define SECRET   "secretsmanager:*:%s:secret:helm-vault-aws/*"
#define PARAMETER "ssm:*:%s:parameter/helm-vault-aws/*"

#define DISCOVERY "discovery.k8s.io"
#define RBAC      "rbac.authorization.k8s.io"
#define ESO       "external-secrets.io"

/* A WebSocket is opened by a GET, and newer API servers want "create" for it as well (KEP-4006). */
#define FORWARD(s) STRONG(s, IN_RELEASE, "", "pods/portforward", "get"), STRONG(s, IN_RELEASE, "", "pods/portforward", "create")

/* Whoever has this right is whoever the pods are: printed only when it is asked for. */
#define EXEC(s, v)             { .step = (s), .kind = RIGHT_KUBE, .strong = true, .from_pod = true, .where = IN_RELEASE, .group = "", \
                                 .resource = "pods/exec", .verb = (v) }

const struct right check_rights[] = {
	KUBE("release.find", IN_RELEASE, "apps", "statefulsets", "list"),
	NOTHING("caller.read"),
	KUBE("issuer.read", IN_CLUSTER, NULL, "/.well-known/openid-configuration", "get"),
	KUBE("config.read", IN_RELEASE, "", "configmaps", "get"),
	KUBE("account.read", IN_RELEASE, "", "serviceaccounts", "get"),
	KUBE("pods.read", IN_RELEASE, "", "pods", "list"),
	AWS("role.read", "iam:GetRole", ROLE),
	AWS("key.resolve", "kms:DescribeKey", KEY),
	AWS("key.read", "kms:DescribeKey", KEY),
	AWS("table.read", "dynamodb:DescribeTable", TABLE),

	AWS("issuer.eks", "eks:DescribeCluster", CLUSTER),
	NOTHING("issuer.known"),
	AWS("role.expected", "iam:GetRole", ROLE),
	NOTHING("irsa.fix"),
	KUBE("webhook.read", IN_CLUSTER, "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "get"),
	KUBE("webhook.endpoints", IN_CLUSTER, DISCOVERY, "endpointslices", "list"),
	AWS("provider.read", "iam:GetOpenIDConnectProvider", PROVIDER),
	AWS("associations.read", "eks:ListPodIdentityAssociations", CLUSTER),
	AWS("role.inline-names", "iam:ListRolePolicies", ROLE),
	AWS("role.inline", "iam:GetRolePolicy", ROLE),
	AWS("role.attached-names", "iam:ListAttachedRolePolicies", ROLE),
	AWS("role.attached", "iam:GetPolicy", NULL),
	AWS("role.attached-documents", "iam:GetPolicyVersion", NULL),
	AWS("role.boundary", "iam:GetPolicy", NULL),
	AWS("role.boundary-document", "iam:GetPolicyVersion", NULL),
	NOTHING("role.policies"),
	AWS("role.simulate", "iam:SimulatePrincipalPolicy", ROLE),
	TOKEN("trial.token", IN_RELEASE),
	NOTHING("trial.assume"),

	AWS("key.elsewhere", "kms:DescribeKey", KEY),
	AWS("key.policy", "kms:GetKeyPolicy", KEY),
	AWS("key.rotation", "kms:GetKeyRotationStatus", KEY),
	AWS("key.grants", "kms:ListGrants", KEY),
	{ .step = "stored.read", .kind = RIGHT_AWS, .action = "dynamodb:GetItem", .on = TABLE, .own_items = true },
	AWS("key.wrapping", "kms:DescribeKey", KEY),
	NOTHING("trial.key"),
	NOTHING("trial.decrypt"),

	AWS("table.elsewhere", "dynamodb:DescribeTable", TABLE),
	AWS("table.backups", "dynamodb:DescribeContinuousBackups", TABLE),
	AWS("backups.list", "dynamodb:ListBackups", NULL),
	AWS("table.key", "kms:DescribeKey", KEY),
	AWS("table.metrics", "cloudwatch:GetMetricData", NULL),
	NOTHING("trial.table"),

	AWS("custody.secret", "secretsmanager:DescribeSecret", SECRET),
	/* without the right to decrypt: what is answered is ciphertext */
	AWS("custody.parameter", "ssm:GetParameterHistory", PARAMETER),

	FORWARD("vault.seal"),
	FORWARD("vault.health"),
	FORWARD("vault.leader"),
	KUBE("vault.log", IN_RELEASE, "", "pods/log", "get"),
	KUBE("vault.log-before", IN_RELEASE, "", "pods/log", "get"),
	KUBE("vault.service", IN_RELEASE, "", "services", "get"),
	KUBE("vault.slices", IN_RELEASE, DISCOVERY, "endpointslices", "list"),
	/* through the kubelet's API, where the same right also runs commands in every pod of the node */
	STRONG("vault.stats", IN_CLUSTER, "", "nodes/proxy", "get"),
	FORWARD("vault.audit"),

	KUBE("cluster.nodes", IN_CLUSTER, "", "nodes", "list"),
	KUBE("cluster.namespaces", IN_CLUSTER, "", "namespaces", "list"),
	KUBE("cluster.dns", IN_KUBE_SYSTEM, "", "pods", "list"),
	KUBE("cluster.daemon-sets", IN_CLUSTER, "apps", "daemonsets", "list"),
	KUBE("cluster.api", IN_CLUSTER, DISCOVERY, "endpointslices", "list"),
	KUBE("cluster.budgets", IN_RELEASE, "policy", "poddisruptionbudgets", "list"),
	KUBE("cluster.services", IN_RELEASE, "", "services", "list"),
	KUBE("cluster.endpoints", IN_RELEASE, DISCOVERY, "endpointslices", "list"),
	KUBE("cluster.netpols", IN_RELEASE, "networking.k8s.io", "networkpolicies", "list"),
	KUBE("cluster.bindings", IN_CLUSTER, RBAC, "clusterrolebindings", "list"),
	KUBE("cluster.bound-roles", IN_CLUSTER, RBAC, "clusterroles", "get"),
	EXEC("cluster.from-pod", "get"),
	EXEC("cluster.from-pod", "create"),

	NOTHING("eso.group"),
	KUBE("eso.operator", IN_CLUSTER, "apps", "deployments", "list"),
	KUBE("eso.cluster-stores", IN_CLUSTER, ESO, "clustersecretstores", "list"),
	KUBE("eso.stores", IN_CLUSTER, ESO, "secretstores", "list"),
	KUBE("eso.secrets", IN_CLUSTER, ESO, "externalsecrets", "list"),
	KUBE("eso.events", IN_CLUSTER, "", "events", "list"),
	/* for the cluster it would make its holder everybody: a store with another account needs one more such role */
	TOKEN("eso.trial-token", IN_OPERATOR),
	FORWARD("eso.trial-login"),
	FORWARD("eso.trial-revoke"),

	KUBE("bundle.events", IN_RELEASE, "", "events", "list"),
	KUBE("bundle.logs", IN_RELEASE, "", "pods/log", "get"),
};

const size_t n_check_rights = COUNT_OF(check_rights);
