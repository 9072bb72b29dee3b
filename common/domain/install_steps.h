/* The asks and hears of the install's rows; workflow.c alone puts them together. */
#ifndef DOMAIN_INSTALL_STEPS_H
#define DOMAIN_INSTALL_STEPS_H

#include "domain/install.h"
#include "domain/steps.h"

DUE(installing);          /* something is installed (or tried) */
DUE(installing_for_real); /* and it is no dry run */

/* helm_steps.c */
ASK(ask_helm_version); HEAR(hear_helm_version);
ASK(ask_helm_repositories); HEAR(hear_helm_repositories); DUE(repositories_matter);
ASK(ask_render); HEAR(hear_render);
ASK(ask_helm_install); HEAR(hear_helm_install);

/* network_steps.c */
ASK(ask_operators); HEAR(hear_operators); DUE(network_due);
ASK(ask_api_addresses); HEAR(hear_api_addresses);

/* collector_kube_steps.c */
ASK(ask_apply_collector); HEAR(hear_applied_collector); DUE(collector_installed);
size_t count_collector(const void *world);

/* cluster_steps.c */
ASK(ask_namespace); HEAR(hear_namespace);
ASK(ask_account); HEAR(hear_account);
ASK(ask_config); HEAR(hear_config);
ASK(ask_binding); HEAR(hear_binding);
ASK(ask_create_namespace); HEAR(hear_created_namespace); DUE(namespace_due);
ASK(ask_apply_account); HEAR(hear_applied_account);

/* set_steps.c */
ASK(ask_set); HEAR(hear_set); HEAR(hear_set_again); HEAR(hear_set_gone);
ASK(ask_claims); HEAR(hear_claims); DUE(claims_matter);
ASK(ask_orphan_set); HEAR(hear_orphaned_set);
DUE(set_replaced); DUE(set_orphan_due); DUE(set_leaving);

/* trial_steps.c */
ASK(ask_token); HEAR(hear_token);
ASK(ask_trial); HEAR(hear_trial); DUE(trial_due);

/* wait_steps.c */
ASK(ask_pods); HEAR(hear_pods_running); HEAR(hear_pods_ready); DUE(wait_due); DUE(ready_due);
size_t count_pods(const void *world);
ASK(ask_init_status); HEAR(hear_init_status);

#endif
