/*
 * What a command that asks AWS or Kubernetes stands on: inputs resolved, the
 * clients opened and logged in, a world, and the loop over it.
 *
 *	struct session s;
 *
 *	if (session_open(&s, app, SESSION_AWS, e) < 0 || session_run(&s, false, e) < 0)
 *		...
 *	session_close(&s);      always, also after a failure
 *
 * What was found, and where (cluster, region, account, namespace), is told on
 * stderr, since a wrong guess there is a Vault in the wrong place.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/app.h"
#include "cli/progress.h"
#include "domain/boot.h"
#include "domain/install.h"
#include "domain/provision.h"

enum {
	SESSION_KUBE = 1 << 0,   /* a cluster is needed; else its kubeconfig only helps to find names */
	SESSION_QUIET = 1 << 1,  /* nothing is told about what was found */
	/* A release that is there is worked on: no input need be given, and want.names are only known with cluster and region. */
	SESSION_RELEASE = 1 << 2,
	SESSION_NO_AWS = 1 << 3  /* AWS is not logged in to */
};

struct session {
	struct app *app;
	const struct transport *transport;
	struct inputs inputs;
	struct aws aws;
	struct kube kube;
	bool kube_open;
	struct world world;
	struct graph graph;          /* of the last run */
	struct progress progress;
	bool skew_told, certificate_told;
};

/*
 * Before session_open, by a command that has looked at its own options and files: what is wrong with the address and the bucket
 * of `boot` (NULL: it takes none) comes behind what is in e, and then what is wrong with the inputs, so that all of it is told
 * in one run. -1: e holds something. 0: only the inputs are not looked at yet, which session_open does.
 */
MUST_CHECK int session_check(struct app *app, const struct boot_options *boot, struct err *e);

MUST_CHECK int session_open(struct session *s, struct app *app, unsigned needs, struct err *e);

/*
 * Runs the workflow once. plan_only: reads only. Every row that failed is in e, the first one first. Without --yes,
 * changes to what exists are asked for (and then the workflow is run again); when nobody can be asked, ERR_USAGE, and
 * nothing was done.
 */
MUST_CHECK int session_run(struct session *s, bool plan_only, struct err *e);

/* The rows of a table of steps over the session's world, in one loop, with its renewals and its progress. */
MUST_CHECK int session_loop(struct session *s, const struct step *steps, size_t n, bool plan_only, struct err *e);
/* The same over a world of the command's own, which outlives the session's next loop. */
MUST_CHECK int session_loop_over(struct session *s, void *world, const struct step *steps, size_t n, bool plan_only,
                                 struct err *e);

/* AWS, for who said SESSION_NO_AWS and needs it after all; once. */
MUST_CHECK int session_login_aws(struct session *s, struct err *e);
/* The cluster of the kubeconfig, for who did not say SESSION_KUBE and needs it after all. ERR_AUTH: there is none. */
MUST_CHECK int session_login_kube(struct session *s, struct err *e);
/* The same for a world that begins with a struct boot; what there is to say of the listener's certificate is told, once. */
MUST_CHECK int session_loop_boot(struct session *s, struct boot *b, const struct step *steps, size_t n, struct err *e);

/* The root token in custody (domain/boot_custody.h). Where it is from is told. ERR_AUTH with each place that was tried. */
MUST_CHECK int session_custody_token(struct session *s, struct boot *b, struct err *e);

/*
 * A token for Vault: as boot_find_token has it, else the root token that `init` left in custody, for which AWS is logged in
 * to. Where it is from is told. ERR_AUTH with each place that was tried.
 */
MUST_CHECK int session_find_token(struct session *s, struct boot *b, struct err *e);

void session_close(struct session *s);

#endif
