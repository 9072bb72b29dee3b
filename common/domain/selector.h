/*
 * Label selectors of Kubernetes: which objects a Service, a PodDisruptionBudget
 * or a NetworkPolicy means. Pure, on value trees.
 */
#ifndef DOMAIN_SELECTOR_H
#define DOMAIN_SELECTOR_H

#include "core/value.h"

/*
 * A LabelSelector (matchLabels and matchExpressions; all must hold) against a map of labels (NULL: no labels). An empty
 * selector matches everything; so does NULL, which callers give another meaning where the API does. An operator that is
 * not known matches nothing.
 */
bool selector_matches(const struct value *selector, const struct value *labels);

/* A plain map of labels, as a Service has it: empty or NULL matches nothing. */
bool labels_match(const struct value *wanted, const struct value *labels);

/* "a=b, c in (d)" for messages; "everything" when it is empty. In the arena. */
const char *selector_text(struct arena *a, const struct value *selector);

#endif
