/*
 * `eso --install`: the operator of External Secrets by its own chart, where
 * there is none. What helm is given beyond chart and place is the user's own.
 * Nothing is done where an operator runs, however it came there.
 */
#ifndef DOMAIN_ESO_INSTALL_H
#define DOMAIN_ESO_INSTALL_H

#include "kube/client.h"

#define ESO_CHART_REPOSITORY "https://charts.external-secrets.io"

enum { ESO_INSTALL_STEPS = 2 };

/* All is borrowed. */
struct eso_install {
	struct arena *mem;
	const struct kube *kube;
	const char *helm_bin;
	const char *chart;                 /* NULL: external-secrets, of its own repository */
	const char *namespace_;
	const char *const *rest;           /* what stood after --, for helm; NULL: nothing */
	bool there;                        /* an operator runs */
};

/* World: struct eso_install. */
extern const struct step eso_install_steps[ESO_INSTALL_STEPS];

#endif
