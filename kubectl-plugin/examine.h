/*
 * One examination: the clients opened, the chosen checks' steps run in one loop
 * and the checks judged. AWS or Kubernetes not to be had is no failure here: the
 * checks that need it are "not checked", and the other half still runs.
 */
#ifndef KUBECTL_PLUGIN_EXAMINE_H
#define KUBECTL_PLUGIN_EXAMINE_H

#include "cli/app.h"
#include "cli/progress.h"
#include "domain/diag.h"

struct examination {
	struct app *app;
	const struct transport *transport;
	struct inputs inputs;
	struct aws aws;
	struct kube kube;
	bool kube_open, aws_open;
	struct diag diag;
	struct graph graph;
	struct progress progress;
	struct findings findings;
};

/* choice and options as the command line says. */
MUST_CHECK int examine(struct examination *x, struct app *app, const struct check_choice *choice,
                       const struct diag_options *options, struct err *e);
void examination_release(struct examination *x);

#endif
