/* vault: the servers themselves. What is wrong here because identity, key or table are wrong is left to their checks. */
#include "domain/check_vault.h"
#include "domain/diag_base.h"

#include "core/text.h"

#define AWS_SIDE "irsa", "kms", "dynamodb"

static const struct check checks[] = {
	{ .id = "vault-log", .title = "the servers' logs tell of no fault", .link = LINK_VAULT, .needs = NEEDS("release"),
	  .follows = NEEDS(AWS_SIDE), .reads = NEEDS("vault.log", "vault.log-before"),
	  .uses = NEEDS("pods.read", "vault.health", "vault.leader"), .judge = judge_vault_log,
	  .decides = "Reads the last 200 lines of each server's log, and of its container before, and looks each record up in a "
	             "catalogue of what Vault prints. Faults that close a server count while it does not serve and no good news came "
	             "after them; those that come while it serves count for two minutes. Lines that are normal before init are known "
	             "as such.",
	  .remedy = "mend the cause that the line names",
	  .reference = "Vault 1.21.2 and 1.14.9, recorded fault by fault" },
	{ .id = "vault-answers", .title = "each server answers", .link = LINK_VAULT, .needs = NEEDS("release"),
	  .follows = NEEDS(AWS_SIDE, "vault-log"), .reads = NEEDS("vault.seal", "vault.health"), .uses = NEEDS("pods.read"),
	  .judge = judge_vault_answers,
	  .decides = "Asks sys/seal-status and sys/health of every server by port-forward through the API server, without a token. A "
	             "pod whose container does not run is left to the checks of the cluster.",
	  .remedy = "read the pod's log; start it anew",
	  .reference = "vault, http/sys_health.go; Kubernetes, pods/portforward" },
	{ .id = "vault-initialized", .title = "Vault is initialised", .link = LINK_VAULT, .needs = NEEDS("release"),
	  .follows = NEEDS("vault-answers"), .reads = NEEDS("vault.seal", "vault.health"), .judge = judge_vault_initialized,
	  .decides = "sys/health and sys/seal-status say whether the table holds an initialised Vault. Before init no pod is Ready, "
	             "since its readiness is 'vault status'; that is no fault.",
	  .remedy = "initialise it, and keep the keys",
	  .reference = "vault, http/sys_init.go; vault-helm, values.yaml, server.readinessProbe" },
	{ .id = "vault-unsealed", .title = "every server is unsealed", .link = LINK_VAULT, .needs = NEEDS("release"),
	  .follows = NEEDS(AWS_SIDE, "vault-log", "vault-answers", "vault-initialized"),
	  .reads = NEEDS("vault.seal", "vault.health"), .uses = NEEDS("vault.log"), .judge = judge_vault_unsealed,
	  .decides = "An initialised server that is sealed while key and rights are good was sealed by hand, or has sealed itself: "
	             "auto-unseal acts at the start of a process only.",
	  .remedy = "start the pod anew; recovery shares alone never unseal",
	  .reference = "vault, command/server.go; hashicorp/vault#29921" },
	{ .id = "vault-leader", .title = "exactly one server is active", .link = LINK_VAULT, .needs = NEEDS("release"),
	  .follows = NEEDS(AWS_SIDE, "vault-log", "vault-answers", "vault-initialized", "vault-unsealed"),
	  .reads = NEEDS("vault.health", "vault.leader"), .uses = NEEDS("config.read"), .judge = judge_vault_leader,
	  .decides = "sys/health is 200 on the active server and 429 on a standby; sys/leader tells whether high availability is on "
	             "and whom each takes for the leader.",
	  .remedy = "set ha_enabled = \"true\" in the storage stanza; start the pods anew when nobody takes the lock",
	  .reference = "vault, http/sys_leader.go, physical/dynamodb/dynamodb.go" },
	{ .id = "vault-labels", .title = "the pods' labels say what the servers say", .link = LINK_VAULT,
	  .needs = NEEDS("release"), .follows = NEEDS("vault-answers", "vault-leader"), .reads = NEEDS("pods.read", "vault.health"),
	  .judge = judge_vault_labels,
	  .decides = "Vault labels its own pod: vault-active, vault-sealed ... The Services select by these labels; stale ones, or "
	             "two pods labelled active, lead clients astray.",
	  .remedy = "correct the label, and the right to patch pods when it is stale again",
	  .reference = "vault, serviceregistration/kubernetes" },
	{ .id = "vault-service", .title = "the Service for the active server leads to it alone", .link = LINK_VAULT,
	  .needs = NEEDS("release"), .follows = NEEDS("vault-leader", "vault-labels"),
	  .reads = NEEDS("vault.service", "vault.slices", "vault.health"), .judge = judge_vault_service,
	  .decides = "The selector of <fullname>-active must be the chart's, and its EndpointSlices must hold one ready endpoint: the "
	             "active server's pod.",
	  .remedy = "correct the selector or the labels",
	  .reference = "vault-helm, templates/server-ha-active-service.yaml" },
	{ .id = "vault-clock", .title = "the servers' clocks agree", .link = LINK_VAULT, .needs = NEEDS("release"),
	  .reads = NEEDS("vault.health"), .judge = judge_vault_clock,
	  .decides = "sys/health tells the server's time. The lock in the table holds 15 seconds by the clock of each node.",
	  .remedy = "let the nodes keep time (chrony, the Amazon Time Sync Service)",
	  .reference = "vault, physical/dynamodb/dynamodb.go" },
	{ .id = "vault-version", .title = "no version is known to be bad", .link = LINK_VAULT, .needs = NEEDS("release"),
	  .reads = NEEDS("vault.health", "vault.seal"), .judge = judge_vault_version,
	  .decides = "Compares the versions of the servers, and of the chart, with a table of known-bad ones, and with each other.",
	  .remedy = "upgrade, standbys first",
	  .reference = "table of versions of 2026-11-24" },
	{ .id = "vault-certificate", .title = "the certificates are valid", .link = LINK_VAULT, .needs = NEEDS("release"),
	  .reads = NEEDS("vault.health", "vault.seal"), .judge = judge_vault_certificate,
	  .decides = "Where the listener has TLS: looks at what each server shows, its dates and names, and whether it leads to the "
	             "authority that VAULT_CACERT names.",
	  .remedy = "issue it anew, with 127.0.0.1 and the Services' names in it, and start the pods anew or send them SIGHUP",
	  .reference = "vault-helm, templates/server-statefulset.yaml" },
	{ .id = "vault-audit", .title = "an audit device is on", .link = LINK_VAULT, .needs = NEEDS("release"),
	  .follows = NEEDS("vault-answers", "vault-leader"), .reads = NEEDS("vault.health", "vault.audit"),
	  .judge = judge_vault_audit,
	  .decides = "Reads sys/audit of the active server with the token of VAULT_TOKEN or ~/.vault-token; without one it is not "
	             "checked.",
	  .remedy = "turn two on, one of them stdout: a single one that cannot write stops Vault",
	  .reference = "hashicorp/vault#18943, #18664" },
	{ .id = "vault-disk", .title = "the disks have room", .link = LINK_VAULT, .needs = NEEDS("release"),
	  .reads = NEEDS("pods.read", "vault.stats"), .judge = judge_vault_disk,
	  .decides = "Where the pods have volume claims (audit storage): the kubelets' own count of what is free.",
	  .remedy = "enlarge the claim or rotate the file",
	  .reference = "hashicorp/vault#18943; Kubernetes, kubelet stats/summary" },
};

const struct check_family vault_family = {
	.name = "vault", .title = "Vault", .checks = checks, .n_checks = COUNT_OF(checks),
	.steps = diag_vault_steps, .n_steps = DIAG_VAULT_STEPS,
};
