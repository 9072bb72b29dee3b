/* eso: does External Secrets get what it asks this Vault for? */
#include "domain/check_eso.h"
#include "domain/diag_base.h"

#define STORE_READS NEEDS("eso.group", "eso.cluster-stores", "eso.stores")
#define SECRET_READS NEEDS("eso.group", "eso.cluster-stores", "eso.stores", "eso.secrets")
#define CHECK(name, sentence, ...) { .id = "eso-" name, .title = sentence, .link = LINK_ESO, __VA_ARGS__ }

static const struct check checks[] = {
	CHECK("operator", "the operator of External Secrets runs", .needs = NEEDS("release"),
	  .reads = NEEDS("eso.group", "eso.operator"),
	  .uses = NEEDS("eso.cluster-stores", "eso.stores", "eso.secrets"), .judge = judge_operator,
	  .decides = "Deployments labelled app.kubernetes.io/name=external-secrets in all namespaces, and their ready replicas. "
	             "Not installed at all is no fault.",
	  .remedy = "install or scale up the operator", .reference = "external-secrets, deploy/charts/external-secrets"),
	CHECK("versions", "the API server serves " ESO_GROUP "/v1", .needs = NEEDS("release"),
	  .follows = NEEDS("eso-operator"), .reads = NEEDS("eso.group"),
	  .judge = judge_versions,
	  .decides = "GET /apis/" ESO_GROUP ": v1 came with 0.16, v1beta1 is not served from 0.17 on.",
	  .remedy = "upgrade External Secrets", .reference = "external-secrets, release notes of 0.16.0 and 0.17.0"),
	CHECK("old-objects", "no object was written as v1beta1", .needs = NEEDS("release"), .reads = SECRET_READS,
	  .judge = judge_old_objects,
	  .decides = "managedFields of stores and ExternalSecrets keep the version in which each manager wrote; so does kubectl's "
	             "last-applied-configuration.",
	  .remedy = "write the manifests as " ESO_GROUP "/v1", .reference = "external-secrets, release notes of 0.17.0"),
	CHECK("store-server", "the stores ask the active pod", .needs = NEEDS("release"), .follows = NEEDS("eso-operator"),
	  .reads = STORE_READS,
	  .judge = judge_store_server,
	  .decides = "spec.provider.vault.server of the stores that lead to this release: NAME-active, and not NAME, which is every "
	             "pod, unready ones too.",
	  .remedy = "name the service NAME-active in the store", .reference = "vault-helm, templates/server-service.yaml"),
	CHECK("store", "the stores log in", .needs = NEEDS("release"), .reads = STORE_READS, .uses = NEEDS("eso.events"),
	  .follows = NEEDS("eso-operator", "cluster-reviewer", "vault"), .judge = judge_stores,
	  .decides = "The condition Ready of each store that leads to this release. Why it is not comes from the operator's events, "
	             "where Vault's own answer is; a store's Ready says nothing of rights on paths.",
	  .remedy = "mend role, namespace, account, audience, mount or server of the store: the event says which",
	  .reference = "external-secrets, pkg/controllers/secretstore/common.go; vault-plugin-auth-kubernetes, path_login.go"),
	CHECK("login", "the stores' logins work now", .needs = NEEDS("release"),
	  .follows = NEEDS("eso-operator", "cluster-reviewer", "eso-store", "vault"),
	  .reads = NEEDS("eso.group", "eso.cluster-stores", "eso.stores", "eso.trial-token", "eso.trial-login"),
	  .uses = NEEDS("eso.trial-revoke"), .proof = true, .judge = judge_login,
	  .decides = "Logs in as each store does: a TokenRequest for its service account and audiences, given to its role at Vault "
	             "through a port-forward. The token that comes of it is revoked at once.",
	  .remedy = "mend role, namespace, account, audience or mount: Vault's answer says which",
	  .reference = "vault-plugin-auth-kubernetes, path_login.go"),
	CHECK("path", "the keys have a form that can be right", .needs = NEEDS("release"), .reads = SECRET_READS,
	  .follows = NEEDS("eso-operator", "eso-store"), .judge = judge_paths,
	  .decides = "What the operator makes of the store's path and the key of KV version 2, for ExternalSecrets that are not "
	             "ready: data/ twice, metadata/, no engine.",
	  .remedy = "use the bare key: 'app/database' with the store's path 'secret'",
	  .reference = "external-secrets, providers/v1/vault/client_get.go, buildPath"),
	CHECK("secrets", "every ExternalSecret is synchronised", .needs = NEEDS("release"), .reads = SECRET_READS,
	  .uses = NEEDS("eso.events"), .follows = NEEDS("eso-operator", "eso-store", "eso-path", "vault"), .judge = judge_secrets,
	  .decides = "The condition Ready of the ExternalSecrets that use these stores; the failing ones are grouped by what the "
	             "operator's events say of them.",
	  .remedy = "allow the path in the role's policy, or put the secret or property there",
	  .reference = "external-secrets, pkg/controllers/externalsecret"),
	CHECK("stale", "what is ready was looked at lately", .needs = NEEDS("release"), .follows = NEEDS("eso-operator"),
	  .reads = SECRET_READS, .judge = judge_stale,
	  .decides = "status.refreshTime against twice the refreshInterval.",
	  .remedy = "start the operator anew, and read its log", .reference = "external-secrets, apis/externalsecrets/v1"),
	CHECK("refresh", "the refreshes are no load on Vault", .needs = NEEDS("release"), .follows = NEEDS("eso-operator"),
	  .reads = SECRET_READS,
	  .judge = judge_refresh,
	  .decides = "The sum of 1/refreshInterval: each refresh logs in, which writes to the storage. More than 60 a minute is told, "
	             "unless the operator caches tokens.",
	  .remedy = "have longer intervals, or the token cache", .reference = "external-secrets/external-secrets#376"),
};

const struct check_family eso_family = {
	.name = "eso", .title = "External Secrets", .checks = checks, .n_checks = COUNT_OF(checks),
	.steps = diag_eso_steps, .n_steps = COUNT_OF(diag_eso_steps),
};
