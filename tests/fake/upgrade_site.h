/*
 * A release of Vault servers under a StatefulSet, as seen with Kubernetes 1.34: the controller adopts the pods it finds,
 * makes those that are away, and stops at the first that lacks a volume of its set; a deletion with its pods orphaned takes
 * the set away after a while. helm makes it anew, or changes its template. Time is the transport's.
 */
#ifndef FAKE_UPGRADE_SITE_H
#define FAKE_UPGRADE_SITE_H

#include "fake/transport.h"

enum { UPGRADE_SERVERS_MAX = 5 };

struct upgrade_pod {
	bool there, owned, volume;
	unsigned uid;
	const char *revision, *version;  /* version: of Vault */
	int64_t gone_ms;                 /* from then on it is away; 0: it is not being deleted */
	int64_t runs_ms, opens_ms;       /* opens_ms -1: it stays sealed */
};

/* What helm gives to the set. */
struct upgrade_template {
	unsigned number;                 /* of its revision */
	const char *version;             /* of Vault */
	const char *size;                /* of the volumes; NULL: there are none */
};

struct upgrade_site {
	struct arena mem;
	struct fake_transport net;
	size_t n;
	struct upgrade_pod pods[UPGRADE_SERVERS_MAX];
	size_t active;                   /* n: none */
	bool initialized;
	struct upgrade_template has, helm_has;   /* the set, and what helm would give it */
	const char *claim;               /* size of a claim that was left; NULL: there is none */
	bool set_there;
	unsigned set_uid, set_version, set_generation;
	int64_t set_gone_ms, seen_ms;    /* set_gone_ms 0: it is not being deleted; seen_ms: when the controller looks at it */
	unsigned conflicts;              /* so often the set's status changes right before its deletion */
	unsigned ended, orphaned, step_downs;
	unsigned away_most;              /* pods that were away at once */
	bool active_too_early;           /* it was ended while others of before were there, and no volume was the reason */
};

void upgrade_site_open(struct upgrade_site *s, size_t servers);
void upgrade_site_close(struct upgrade_site *s);

#endif
