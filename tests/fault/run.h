/*
 * A process that runs `apply` or `plan`: inputs, AWS client and world as
 * cli/session.c builds them, over a fake cloud and a fake machine, without cli.
 *
 *	AUTO(run) struct run r;
 *
 *	run_open(&r, &cloud, &machine, settings);
 *	assert_int_equal(run_apply(&r), 0);
 */
#ifndef FAULT_RUN_H
#define FAULT_RUN_H

#include "domain/provision.h"
#include "fake/cloud.h"
#include "net/graph.h"

struct run {
	struct fake_cloud *cloud;
	struct fake_machine *machine;
	struct arena mem;
	struct inputs inputs;
	struct aws aws;
	struct world world;
	struct graph graph;      /* of the last run */
	struct err e;            /* why it failed */
};

/* settings: "key=value" each, NULL-terminated; NULL: none. cluster, environment and region are given by themselves. */
void run_open(struct run *r, struct fake_cloud *c, struct fake_machine *m, const char *const *settings);
void run_close(struct run *r);
SCOPE_END(run, struct run, run_close(v))

/* One loop over the workflow. 0, or -1 with r->e. */
int run_apply(struct run *r);
int run_plan(struct run *r);
/* Both in one loop, as two programs started together: the fake serves their calls by turns. */
int run_both(struct run *a, struct run *b);

/* One loop over rows of another world's. 0, or -1 with r->e. */
int run_table(struct run *r, void *world, const struct step *steps, size_t n);

/* A new account with one machine. */
struct account {
	struct fake_cloud cloud;
	struct fake_machine machine;
};

void account_init(struct account *a);
void account_release(struct account *a);
SCOPE_END(account, struct account, account_release(v))

/* A process from start to end: opened, applied, closed. -1: e (may be NULL) holds why. */
int apply_once(struct fake_cloud *c, struct fake_machine *m, const char *const *settings, struct err *e);

#endif
