/*
 * `upgrade`: an install of a release that is there (domain/install.h), and then
 * its pods replaced by the StatefulSet's present template, one at a time, since
 * the chart's update strategy (OnDelete) leaves them as they are.
 *
 *	upgrade_reads    a table of reads, run anew in each round
 *	upgrade_judge    why not (exit 4), or 0
 *	upgrade_next     pure: what is to be done next, from what was read alone
 *	upgrade_table    the rows of that one move
 *
 * So whoever is killed leaves nothing to remember, as with seal-migrate.
 *
 * The order: standbys first, then the active one, which steps down before where
 * there is a token. But where pods lack a volume of their StatefulSet, the
 * lowest number first: the controller cannot give a running pod a volume, stops
 * at the first that lacks one, and makes none of those after it (Kubernetes 1.34,
 * stateful_set_control.go: processReplica, slowStartBatch; seen).
 */
#ifndef DOMAIN_UPGRADE_H
#define DOMAIN_UPGRADE_H

#include "domain/install.h"
#include "domain/roll.h"

struct upgrade {
	struct roll roll;                /* first: its rows take it for their world */
	const char *set;                 /* name of the StatefulSet */
	unsigned patience_s;             /* of each wait */
	const char *set_uid, *revision;  /* revision: that pods shall be of */
	const char *version;             /* of Vault, by the image's tag; NULL: it does not say */
	const struct value *claims;      /* volumeClaimTemplates */
	bool *lacks;                     /* boot.pods.n: it has no volume of them */
	const char *asked_down;          /* uid of the pod that was asked to step down last; NULL: none */
};

enum upgrade_step {
	UPGRADE_DONE,
	UPGRADE_RESTART,                 /* a pod: ended, and made anew by its StatefulSet */
	UPGRADE_STEP_DOWN,               /* the active one, which is restarted next */
	UPGRADE_AWAIT                    /* pods, a leader */
};

struct upgrade_move {
	enum upgrade_step step;
	size_t pod;
};

/* After the install of world.install. boot_release(&u->roll.boot) always. */
MUST_CHECK int upgrade_init(struct upgrade *u, struct world *w, const struct boot_options *boot, struct err *e);
void upgrade_forget(struct upgrade *u);
/* ERR_GUARD: an older Vault; nobody would be left to answer. */
MUST_CHECK int upgrade_judge(const struct upgrade *u, struct err *e);
struct upgrade_move upgrade_next(const struct upgrade *u);
/* How many pods are not of the present template. */
size_t upgrade_pending(const struct upgrade *u);
/* [{name, state, then}] in the order in which they come. */
struct value *upgrade_plan(const struct upgrade *u, struct arena *a);
const struct step *upgrade_table(struct upgrade *u, struct upgrade_move move, size_t *n);

enum { UPGRADE_READS = 5 };
extern const struct step upgrade_reads[UPGRADE_READS];

#endif
