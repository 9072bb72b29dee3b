/*
 * The plan: what apply would make and change, attribute by attribute, from the
 * rows that a run with plan_only left as planned.
 */
#ifndef DOMAIN_PLAN_H
#define DOMAIN_PLAN_H

#include "domain/world.h"

struct plan_attr {
	const char *name, *old, *new;     /* old NULL: is made */
};

struct plan_change {
	const char *step;                 /* "table.create" */
	const char *action;               /* "create", "change" */
	const char *kind, *name;          /* "DynamoDB table", "prod-vault" */
	struct plan_attr *attrs;
	size_t n_attrs;
};

struct plan {
	struct plan_change *changes;
	size_t n;
};

/* In the world's arena. */
struct plan plan_make(const struct world *w, const struct graph *g);

/* {"changes": [...], "chart": ..., "resources": {...}, ...}; the documented form of `plan -o json`. */
struct value *plan_value(const struct world *w, const struct plan *plan);

#endif
