/* What an install wants and finds, besides the world; and the values that it gives to helm. */
#ifndef DOMAIN_INSTALL_H
#define DOMAIN_INSTALL_H

#include "core/secret.h"
#include "domain/world.h"
#include "kube/objects.h"
#include "net/graph.h"

struct install {
	/* wanted; borrowed */
	const char *helm_bin;
	const char *chart, *chart_version, *repo;    /* repo NULL: as helm has it */
	const char *kube_context;
	bool version_given;                          /* by the user, so that another one is worth a word */
	bool wait;
	int64_t timeout_ms;                          /* of the waiting */
	bool upgrade;                                /* of a release that is there: its StatefulSet may be replaced */
	bool dry_run;                                /* nothing is written anywhere */
	const char *dry_run_mode;                    /* helm's word for it; NULL: client */
	/* The user's own flags in the words of this major; NULL-terminated, in the arena. -1: a flag it does not know. */
	int (*helm_flags)(void *to, unsigned major, const char *const **out, struct err *e);
	const char *const *rest;                     /* what stood after --; NULL: nothing */
	void *to;

	/* found */
	unsigned helm_major;
	bool has_repository;                         /* `hashicorp` is one of helm's */
	const char *fullname;                        /* of the chart's objects */
	const struct value *set;                     /* the servers' StatefulSet, as rendered */
	bool set_replaced;                           /* the one that is there is replaced, for its volumes; its pods stay */
	bool set_leaving, set_gone;                  /* it is being deleted; it is not there */
	const char *set_uid, *set_version;           /* version: resourceVersion */
	int64_t set_generation;
	const char *volumes_before, *volumes_then;   /* where they differ, in words */
	const char *chart_seen;                      /* "vault 0.34.1": what was really rendered */
	const char *manifest;
	int64_t wait_until_ms;                       /* wall clock; 0: not waiting yet */
	const char *token_path;
	struct secret token;                         /* of the service account, for the trial */
	bool token_refused;                          /* we may not ask for one: no trial */
	struct pod_list pods;
	bool initialized, initialized_read;
	unsigned answering;                          /* pods whose API answered */
	const char *status;                          /* helm's word: "deployed" */
	int64_t revision;                            /* of the release; of a dry run, the one that would be made */
	int64_t revision_before;                     /* 0: there was none */
};

void install_release(struct install *in);

/*
 * Takes a failed install of the release back (not of anything in AWS): to the revision before, or away where there was
 * none. What --atomic and --rollback-on-failure ask for. To be run when chart.install was.
 */
extern const struct step rollback_steps[];
extern const size_t n_rollback_steps;

/* The values for helm as they stand: with what is known, or with stand-ins before the first apply. In the arena. */
MUST_CHECK int install_values(const struct world *w, bool stand_ins, struct arena *a, struct view *out, struct err *e);

#endif
