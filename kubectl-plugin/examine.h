/*
 * Examinations: of one cluster or of many at once. The clients are opened once;
 * a round runs the steps of the chosen checks, of all clusters in one loop, and
 * judges the checks. Rounds may be repeated (--watch): each has its own memory.
 *
 * AWS or Kubernetes not to be had is no failure here: the checks that need it
 * are "not checked", and the other half still runs. No release, or several of
 * them, is told in `why` of that cluster.
 *
 *	struct examiner x;
 *
 *	if (examiner_open(&x, app, &choice, &options, contexts, e) == 0 && examiner_run(&x, e) == 0)
 *		... x.at[0].findings
 *	examiner_release(&x);        always
 */
#ifndef KUBECTL_PLUGIN_EXAMINE_H
#define KUBECTL_PLUGIN_EXAMINE_H

#include "cli/app.h"
#include "cli/progress.h"
#include "domain/chain.h"

/* One cluster. */
struct examination {
	const char *context;             /* "" when it has no name */
	struct kube kube;
	struct aws aws;
	bool kube_open, aws_open;
	const struct aws *logged_in;     /* whose credentials: its own, or of an earlier cluster with the same profile */
	const char *profile;
	struct kube_eks eks;
	struct err kube_why, aws_why;    /* what could not be opened */

	/* of a round */
	struct arena mem;                /* of the diagnosis; of many clusters gone when the cluster's last step has ended */
	struct arena kept;               /* of what stays: findings and chain */
	struct diag diag;
	struct findings findings;
	struct chain chain;
	const char *release, *namespace_;  /* NULL: none is known */
	struct err why;                  /* there is no release, or no choosing one; empty: it was examined */
};

struct examiner {
	struct app *app;
	const struct transport *transport;
	struct inputs inputs;
	struct diag_options options;
	const bool *chosen;
	const struct step *steps;
	size_t n_steps;
	struct examination *at;
	size_t n;
	bool many;                       /* contexts were named */
	bool whole;                      /* all checks are to be made, for the first time */
	struct graph *graphs;            /* one a cluster */
	struct progress progress;
	bool quiet;                      /* no progress is shown */
};

/* contexts NULL: the one of the command line; else names, NULL-terminated. choice and options as the command line says. */
MUST_CHECK int examiner_open(struct examiner *x, struct app *app, const struct check_choice *choice,
                             const struct diag_options *options, const char *const *contexts, struct err *e);
/* One round. -1: stopped, or our own fault. */
MUST_CHECK int examiner_run(struct examiner *x, struct err *e);
/* Further steps over one cluster's diagnosis, after a round; world is whatever they work on. */
MUST_CHECK int examiner_loop(struct examiner *x, struct graph *g, struct err *e);
void examiner_release(struct examiner *x);

#endif
