#include "domain/workflow.h"

#include "domain/install_steps.h"

/*
 * Every read that a creation rests on. A change to what exists needs consent, and without it nothing is made either;
 * so creations wait for all of these. On a new account those of the second round are not due and cost no round trip.
 */
#define READS "caller.read", "cluster.read", "key.by-alias", "tagged.read", "table.read", "pitr.read", "backups.read", \
	"role.read", "policy.read", "collector.role-read", "collector.policy-read", "group.read", "table.tags", "key.tags-found", "rotation.read-found", "table.items", \
	"chart.render", "account.read", "binding.read", "config.read", "set.read"

/* The AWS side stands. */
#define AWS_DONE "alias.create", "rotation.set", "pitr.set", "protection.set", "policy.put", "trust.set", \
	"provider.create", "table.mark", "collector.policy", "collector.trust", "group.create"

const struct step workflow_steps[] = {
	/* what cluster and chart say, before the first write anywhere */
	{ .name = "helm.version", .due = installing, .ask = ask_helm_version, .hear = hear_helm_version },
	{ .name = "helm.repositories", .due = repositories_matter, .ask = ask_helm_repositories, .hear = hear_helm_repositories },
	{ .name = "namespace.read", .due = installing, .ask = ask_namespace, .hear = hear_namespace },
	{ .name = "operators.read", .due = network_due, .ask = ask_operators, .hear = hear_operators },
	{ .name = "api.addresses", .due = network_due, .ask = ask_api_addresses, .hear = hear_api_addresses },
	{ .name = "account.read", .due = installing, .ask = ask_account, .hear = hear_account },
	/* first round: what AWS has */
	{ .name = "caller.read", .ask = ask_caller, .hear = hear_caller },
	{ .name = "cluster.read", .ask = ask_cluster, .hear = hear_cluster },
	{ .name = "key.by-alias", .ask = ask_key_by_alias, .hear = hear_key_by_alias },
	{ .name = "tagged.read", .ask = ask_tagged, .hear = hear_tagged },
	{ .name = "table.read", .ask = ask_table, .hear = hear_table },
	{ .name = "pitr.read", .ask = ask_pitr, .hear = hear_pitr },
	{ .name = "backups.read", .ask = ask_backups, .hear = hear_backups },
	{ .name = "role.read", .ask = ask_role, .hear = hear_role },
	{ .name = "policy.read", .ask = ask_policy, .hear = hear_policy },
	{ .name = "collector.role-read", .due = collector_wanted, .ask = ask_collector_role, .hear = hear_collector_role },
	{ .name = "collector.policy-read", .due = collector_wanted, .ask = ask_collector_policy, .hear = hear_collector_policy },
	{ .name = "group.read", .due = log_group_wanted, .ask = ask_log_group, .hear = hear_log_group },
	/* the chart with what was found, or with stand-ins for what is to be made */
	{ .name = "chart.render", .title = "render the chart",
	  .needs = NEEDS("helm.version", "helm.repositories", "key.by-alias", "role.read", "operators.read", "api.addresses"),
	  .due = installing, .ask = ask_render, .hear = hear_render },
	{ .name = "set.read", .needs = NEEDS("chart.render"), .due = installing, .ask = ask_set, .hear = hear_set },
	{ .name = "binding.read", .needs = NEEDS("chart.render"), .due = installing, .ask = ask_binding, .hear = hear_binding },
	/* second round: about what was found */
	{ .name = "provider.read", .needs = NEEDS("caller.read", "cluster.read"), .ask = ask_provider, .hear = hear_provider },
	{ .name = "table.tags", .needs = NEEDS("table.read"), .due = table_tags_unread,
	  .ask = ask_table_tags, .hear = hear_table_tags },
	{ .name = "key.found", .needs = NEEDS("key.by-alias", "tagged.read", "table.tags"), .due = key_found_elsewhere,
	  .ask = ask_key_found, .hear = hear_key_found },
	{ .name = "key.tags", .needs = NEEDS("key.by-alias"), .due = key_tags_unread,
	  .ask = ask_key_tags, .hear = hear_key_tags },
	{ .name = "rotation.read", .needs = NEEDS("key.by-alias"), .due = rotation_unread,
	  .ask = ask_rotation, .hear = hear_rotation },
	/* those two again for a key that only a mark leads to */
	{ .name = "key.tags-found", .needs = NEEDS("key.tags", "key.found"), .due = key_tags_unread,
	  .ask = ask_key_tags, .hear = hear_key_tags },
	{ .name = "rotation.read-found", .needs = NEEDS("rotation.read", "key.found"), .due = rotation_unread,
	  .ask = ask_rotation, .hear = hear_rotation },
	{ .name = "table.items", .needs = NEEDS("table.read", "key.by-alias", "key.found"), .due = table_items_matter,
	  .ask = ask_table_items, .hear = hear_table_items },
	{ .name = "config.read", .needs = NEEDS("chart.render", "key.by-alias", "key.found"), .due = installing,
	  .ask = ask_config, .hear = hear_config },
	/* the table is the lock */
	{ .name = "table.again", .needs = NEEDS(READS), .due = table_doubtful, .ask = ask_table, .hear = hear_table },
	{ .name = "table.create", .needs = NEEDS("table.again"), .due = table_due, .change = "create the table", .before = change_guard,
	  .settle = "table.read", .settle_s = 5, .ask = ask_create_table, .hear = hear_created_table },
	{ .name = "table.tags-late", .needs = NEEDS("table.create"), .due = table_tags_unread,
	  .ask = ask_table_tags, .hear = hear_table_tags },
	{ .name = "role.create", .needs = NEEDS("table.again"), .due = role_due, .change = "create the role",
	  .before = change_guard, .settle = "role.read", .settle_s = 5, .ask = ask_create_role, .hear = hear_created_role },
	{ .name = "provider.create", .needs = NEEDS("table.again", "provider.read"), .due = provider_due,
	  .change = "create the OIDC provider", .before = change_guard, .settle = "provider.read", .settle_s = 5,
	  .ask = ask_create_provider, .hear = hear_created_provider },
	{ .name = "trust.set", .needs = NEEDS("table.again", "role.create"), .due = trust_due, .change = "set the trust policy",
	  .before = change_guard, .ask = ask_set_trust, .hear = hear_set_trust },
	{ .name = "protection.set", .needs = NEEDS("table.again"), .due = protection_due, .change = "set the deletion protection",
	  .before = change_guard, .patience_s = 120, .ask = ask_set_protection, .hear = hear_set_protection },
	/* the collector of audit lines */
	{ .name = "collector.role", .needs = NEEDS("table.again"), .due = collector_role_due, .change = "create the collector's role",
	  .before = change_guard, .settle = "collector.role-read", .settle_s = 5,
	  .ask = ask_create_collector_role, .hear = hear_created_collector_role },
	{ .name = "collector.trust", .needs = NEEDS("collector.role"), .due = collector_trust_due,
	  .change = "set the collector's trust policy", .before = change_guard,
	  .ask = ask_set_collector_trust, .hear = hear_set_collector_trust },
	{ .name = "collector.policy", .needs = NEEDS("collector.role"), .due = collector_policy_due,
	  .change = "write the collector's policy", .before = change_guard, .patience_s = 120,
	  .ask = ask_put_collector_policy, .hear = hear_put_collector_policy },
	{ .name = "group.create", .needs = NEEDS("table.again"), .due = log_group_due, .change = "create the log group",
	  .before = change_guard, .settle = "group.read", .settle_s = 5, .patience_s = 60,
	  .ask = ask_create_log_group, .hear = hear_created_log_group },
	/* one key, whoever makes it */
	{ .name = "key.settled", .title = "look for a key that another run may have made",
	  .needs = NEEDS("table.tags-late", "table.items"), .due = key_may_be_elsewhere, .patience_s = TAG_LAG_S + 30,
	  .ask = ask_key_settled, .hear = hear_key_settled },
	{ .name = "key.found-late", .needs = NEEDS("key.settled"), .due = key_found_elsewhere,
	  .ask = ask_key_found, .hear = hear_key_found },
	{ .name = "key.tags-late", .needs = NEEDS("key.found-late"), .due = key_tags_unread,
	  .ask = ask_key_tags, .hear = hear_key_tags },
	{ .name = "rotation.read-late", .needs = NEEDS("key.found-late"), .due = rotation_unread,
	  .ask = ask_rotation, .hear = hear_rotation },
	{ .name = "table.items-late", .needs = NEEDS("key.tags-late"), .due = table_items_matter,
	  .ask = ask_table_items, .hear = hear_table_items },
	{ .name = "claim.read", .needs = NEEDS("table.items-late"), .due = claim_unread,
	  .ask = ask_table_tags, .hear = hear_claim },
	{ .name = "claim.take", .needs = NEEDS("claim.read"), .due = claim_due, .change = "claim the table",
	  .patience_s = 120, .timeout_ms = 5000, .ask = ask_take_claim, .hear = hear_took_claim },
	{ .name = "claim.held", .title = "see whether another run claims the table as well", .needs = NEEDS("claim.take"), .due = claim_taken,
	  .patience_s = 60, .ask = ask_table_tags, .hear = hear_claim_held },
	{ .name = "key.awaited", .title = "look for another run's key", .needs = NEEDS("claim.held"),
	  .due = key_awaited, .patience_s = 2 * TAG_LAG_S, .ask = ask_key_settled, .hear = hear_key_awaited },
	{ .name = "key.create", .needs = NEEDS("key.awaited"), .due = key_due, .change = "create the seal key",
	  .before = key_note_claim, .settle = "tagged.read", .settle_s = TAG_LAG_S, .timeout_ms = 15000,
	  .ask = ask_create_key, .hear = hear_created_key },
	{ .name = "key.found-last", .needs = NEEDS("key.create"), .due = key_found_elsewhere,
	  .ask = ask_key_found, .hear = hear_key_found },
	{ .name = "key.tags-last", .needs = NEEDS("key.found-last"), .due = key_tags_unread,
	  .ask = ask_key_tags, .hear = hear_key_tags },
	{ .name = "rotation.read-last", .needs = NEEDS("key.found-last"), .due = rotation_unread,
	  .ask = ask_rotation, .hear = hear_rotation },
	/* what hangs on key, table and role */
	{ .name = "alias.create", .needs = NEEDS("key.tags-last"), .due = alias_due, .change = "name the seal key",
	  .settle = "key.by-alias", .settle_s = 5, .patience_s = 120, .ask = ask_create_alias, .hear = hear_created_alias },
	{ .name = "rotation.set", .needs = NEEDS("key.tags-last", "rotation.read-late", "rotation.read-last"), .due = rotation_due,
	  .change = "set the key's rotation", .patience_s = 120, .ask = ask_set_rotation, .hear = hear_set_rotation },
	{ .name = "table.wait", .title = "wait for the table", .needs = NEEDS("table.tags-late"), .due = table_not_active, .patience_s = 600,
	  .ask = ask_table, .hear = hear_table_active },
	{ .name = "pitr.set", .needs = NEEDS("table.wait", "pitr.read"), .due = pitr_due, .change = "set PITR",
	  .patience_s = 600, .ask = ask_set_pitr, .hear = hear_set_pitr },
	{ .name = "policy.put", .needs = NEEDS("role.create", "key.tags-last", "policy.read"), .due = policy_due,
	  .change = "write the role policy", .patience_s = 120, .ask = ask_put_policy, .hear = hear_put_policy },
	{ .name = "table.mark", .needs = NEEDS("key.tags-last", "table.wait", "role.create"), .due = mark_due,
	  .change = "mark table, key and role as in use", .patience_s = 120, .ask = ask_mark_table, .hear = hear_marked_table },
	/* the cluster */
	{ .name = "namespace.create", .needs = NEEDS("namespace.read", AWS_DONE), .due = namespace_due,
	  .change = "create the namespace", .settle = "namespace.read", .settle_s = 5,
	  .ask = ask_create_namespace, .hear = hear_created_namespace },
	{ .name = "account.apply", .needs = NEEDS("account.read", "namespace.create"), .due = installing_for_real,
	  .change = "make the service account", .ask = ask_apply_account, .hear = hear_applied_account },
	{ .name = "token.ask", .needs = NEEDS("account.apply"), .due = installing_for_real, .ask = ask_token, .hear = hear_token },
	{ .name = "role.trial", .title = "wait until the service account can take the role", .needs = NEEDS("token.ask"), .due = trial_due, .patience_s = 300,
	  .ask = ask_trial, .hear = hear_trial },
	{ .name = "collector.apply", .needs = NEEDS("namespace.create", "chart.render"), .due = collector_installed,
	  .count = count_collector, .change = "install the collector of audit lines", .ask = ask_apply_collector, .hear = hear_applied_collector },
	{ .name = "chart.install", .needs = NEEDS("role.trial", "chart.render"), .due = installing_for_real,
	  .change = "install the chart", .ask = ask_helm_install, .hear = hear_helm_install },
	{ .name = "pods.running", .title = "wait for the pods", .needs = NEEDS("chart.install"), .due = wait_due, .patience_s = 86400,
	  .ask = ask_pods, .hear = hear_pods_running },
	{ .name = "init.answers", .title = "wait for Vault to answer", .needs = NEEDS("pods.running"), .due = wait_due, .patience_s = 86400, .count = count_pods,
	  .ask = ask_init_status, .hear = hear_init_status },
	{ .name = "pods.ready", .title = "wait for Vault to be unsealed", .needs = NEEDS("init.answers"), .due = ready_due, .patience_s = 86400,
	  .ask = ask_pods, .hear = hear_pods_ready },
};

const size_t n_workflow_steps = COUNT_OF(workflow_steps);
