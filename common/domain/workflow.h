/*
 * All steps of provisioning and install as one table.
 *
 * `apply` runs it with w->install NULL: then the rows of cluster and chart are
 * not due. `plan`, `values` and `outputs` run the same with plan_only. `install`
 * runs all of it: what the cluster says and whether the chart renders come
 * before the first write anywhere; the service account, the chart and the
 * waiting come when the AWS side stands.
 *
 * On a new account the longest way of `apply` is 4 round trips, and 2 when
 * nothing is to do.
 *
 * CreateKey is the one call that doubles: no idempotency token, and a search by
 * tag lags behind. So the table is the lock: CreateTable is atomic by name and
 * carries a random claim; only the run that made the table makes the key at
 * once, and only within seconds. Whoever finds a table without a key looks for
 * that key until all that another run may have made would show, then takes the
 * claim over and makes one (claim_steps.c).
 */
#ifndef DOMAIN_WORKFLOW_H
#define DOMAIN_WORKFLOW_H

#include "net/graph.h"

extern const struct step workflow_steps[];
extern const size_t n_workflow_steps;

#endif
