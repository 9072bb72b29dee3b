/* The asks and hears of a listener's certificate, for the tables that have them; over struct world. */
#ifndef DOMAIN_LISTENER_STEPS_H
#define DOMAIN_LISTENER_STEPS_H

#include "domain/listener.h"
#include "domain/steps.h"

/* listener_steps.c */
DUE(manager_api_due); ASK(ask_manager_api); HEAR(hear_manager_api);
DUE(leaf_matters); ASK(ask_leaf); HEAR(hear_leaf);
DUE(authority_matters); ASK(ask_authority); HEAR(hear_authority);
DUE(authority_due); ASK(ask_create_authority); HEAR(hear_created_authority);
DUE(authority_change_due); ASK(ask_change_authority);
DUE(leaf_due); ASK(ask_write_leaf); HEAR(hear_written_leaf);
int before_authority(void *world, size_t item, struct err *e);
int before_leaf(void *world, size_t item, struct err *e);

/* listener_install.c: what install alone does */
DUE(manager_due); ASK(ask_manager_object); HEAR(hear_manager_object); HEAR(hear_listener_object);
size_t count_manager(const void *world);
DUE(manager_wait_due); HEAR(hear_manager_made);
DUE(renewer_due); ASK(ask_renewer_object);
size_t count_renewer(const void *world);
/* No dry run, and nothing waits for consent. */
bool listener_may_write(const struct world *w);
/* As the chart was rendered, else as the chart makes it of the release's name. */
const char *listener_fullname(const struct world *w);

#endif
