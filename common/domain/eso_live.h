/*
 * The objects of External Secrets in a cluster, for `eso audit`: stores and secrets of all namespaces, the operator, and,
 * where there is a token for Vault, what is mounted there.
 */
#ifndef DOMAIN_ESO_LIVE_H
#define DOMAIN_ESO_LIVE_H

#include "domain/boot.h"
#include "domain/eso_object.h"

enum { ESO_LIVE_KINDS = 4 };

struct eso_live {
	struct boot boot;                     /* made by boot_init; without a token Vault is not asked */
	const char *version;                  /* that is served: "v1", else "v1beta1" */
	const struct value *deployment;       /* of the operator; NULL: none was seen */
	struct value *objects;                /* a list, made by eso_live_steps */
	const struct value *engines;          /* a map, of sys/mounts; NULL: not asked for */
	const char *more[ESO_LIVE_KINDS];     /* for the next page; NULL: none */
};

/* World: w, which is ready then. In the arena of its boot. ERR_ABSENT: External Secrets is not installed. */
const struct step *eso_live_steps(struct eso_live *w, size_t *n);

#endif
