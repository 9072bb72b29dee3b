/*
 * The copy of the spool's note as a tag on the table, so that another machine can
 * go on: "helm-vault-aws/init" = "begun 2026-11-24T12:00:00Z ID", set before
 * sys/init is called and taken off when the keys are in custody and read back.
 *
 *	begun    sys/init is about to be called, or was
 *	lost     it was, and no whole reply came: nobody has the keys
 *	keys     the keys are in the spool of the machine that called it
 *
 * From "begun" alone nobody can tell whether that run still waits for its reply:
 * it does for BEGUN_LEASE_S at most.
 */
#ifndef DOMAIN_BEGUN_TAG_H
#define DOMAIN_BEGUN_TAG_H

#include "core/err.h"
#include "core/value.h"

#include <stdint.h>

#define TAG_BEGUN "helm-vault-aws/init"

/* Longer than sys/init may take (init_steps.c), and some for clocks that differ. */
enum { BEGUN_LEASE_S = 75 };

enum begun_stage { BEGUN_NONE, BEGUN_BEGUN, BEGUN_LOST, BEGUN_KEYS };

struct begun_tag {
	enum begun_stage stage;          /* BEGUN_NONE: there is no such tag */
	const char *id;                  /* of the run, as in its spool */
	const char *since;               /* when it called sys/init, ISO 8601 */
	int64_t since_ms;
};

/* From the table's tags, a map. ERR_GUARD: there is one that is none of ours. */
MUST_CHECK int begun_tag_read(struct begun_tag *out, struct arena *a, const struct value *tags, struct err *e);

/* Its value, in the arena. */
const char *begun_tag_print(struct arena *a, const struct begun_tag *t);

#endif
