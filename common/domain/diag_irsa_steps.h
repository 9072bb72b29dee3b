/* The asks and hears of diag_irsa_steps, one file a subject; diag_irsa_steps.c alone puts them together. */
#ifndef DOMAIN_DIAG_IRSA_STEPS_H
#define DOMAIN_DIAG_IRSA_STEPS_H

#include "domain/diag_irsa_part.h"
#include "domain/hear.h"

#define ASK(name)   int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name)  enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)   bool name(const void *world, size_t item)
#define COUNT(name) size_t name(const void *world)

/* What this family has found so far; zeroed at first. */
static inline struct diag_irsa *irsa_part(struct diag *d)
{
	return diag_part(d, DIAG_IRSA, sizeof(struct diag_irsa));
}

/* diag_role_steps.c: the role's policies, its boundary, IAM's simulator */
DUE(irsa_role_named);
ASK(ask_inline_names); HEAR(hear_inline_names);
COUNT(count_inline); ASK(ask_inline); HEAR(hear_inline);
ASK(ask_attached_names); HEAR(hear_attached_names);
COUNT(count_attached); ASK(ask_attached); HEAR(hear_attached);
DUE(attached_has_version); ASK(ask_attached_document); HEAR(hear_attached_document);
DUE(has_boundary); ASK(ask_boundary); HEAR(hear_boundary);
DUE(boundary_has_version); ASK(ask_boundary_document); HEAR(hear_boundary_document);
DUE(policies_lacking); ASK(ask_lacking); HEAR(hear_lacking);
COUNT(count_simulated); DUE(simulation_due); ASK(ask_simulation); HEAR(hear_simulation);

/* diag_trial_steps.c: a token of the service account, given to STS */
DUE(token_due); ASK(ask_trial_token); HEAR(hear_trial_token);
DUE(assume_due); ASK(ask_assume); HEAR(hear_assume);

#endif
