/* The decisions that the steps of the workflow rest on (workflow.h): pure, over a world. */
#ifndef DOMAIN_PROVISION_H
#define DOMAIN_PROVISION_H

#include "domain/world.h"

/* From the moment in which a run may begin to make the key until it surely shows in the search; see claim_steps.c. */
enum { TAG_LAG_S = 60 };

/* Fills want from complete inputs. ERR_CONFIG, all problems at once. */
MUST_CHECK int want_fill(struct arena *a, const struct inputs *in, struct want *out, struct err *e);

/* Before a run: the claim of this run, and the note that an earlier one left. */
MUST_CHECK int provision_prepare(struct world *w, struct err *e);
/*
 * After a run that ended well. ERR_GUARD when something was only planned, or waits for consent, and provision_guard
 * stands against it; else the note is not needed any more.
 */
MUST_CHECK int provision_finish(struct world *w, bool plan_only, struct err *e);

/*
 * What must not be made by itself, decided after the reads: no table beside a key, backup or secret of ours; no key beside
 * data. ERR_GUARD.
 */
MUST_CHECK int provision_guard(const struct world *w, struct err *e);

/* Changes to what exists and was not made by this run; they need consent. */
bool role_trust_differs(const struct world *w);
bool role_policy_differs(const struct world *w);
bool key_rotation_differs(const struct world *w);
bool collector_trust_differs(const struct world *w);
bool collector_policy_differs(const struct world *w);
bool table_pitr_differs(const struct world *w);
bool table_protection_differs(const struct world *w);
/* They may be made: somebody said so, or an earlier run was cut short before it had set them. */
bool provision_may_change(const struct world *w);
/* How many of these are pending and need consent. */
unsigned provision_modifications(const struct world *w);
/* Something would be made or changed, but for the consent that is missing: so nothing is. */
bool provision_held(const struct world *w);

/* What is not as wanted and is not ours to change by itself: one warning each. */
void provision_warnings(const struct world *w, struct err *warnings);

/* The claim that a run wrote down before it made a key; see claim_steps.c. Owned by the caller. */
char *provision_note_path(const struct world *w);

#endif
