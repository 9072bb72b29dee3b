/*
 * The chain of a release, pods -> service account -> role -> key and table, as
 * the findings leave it: what each link is called, how it fares, and at which
 * one the first failure stands. Behind the chain come the things around it
 * (Vault itself, the cluster, External Secrets). Reports draw it.
 *
 *	struct chain chain;
 *
 *	chain_read(&chain, mem, diag, findings);
 */
#ifndef DOMAIN_CHAIN_H
#define DOMAIN_CHAIN_H

#include "domain/diag.h"

enum { CHAIN_LINKS = 5, CHAIN_NODES = 8 };

struct chain_node {
	enum chain_link link;
	const char *id, *title;  /* "account", "service account" */
	const char *name;        /* what it is called here; NULL: not known */
	size_t checks;           /* how many were chosen that belong to it */
	/*
	 * The worst of its checks: failed, not checked, warned, skipped for the sake of an earlier one, passed. SKIP
	 * also where none was judged.
	 */
	enum verdict state;
	bool broken;             /* the root is one of its checks */
};

struct chain {
	struct chain_node nodes[CHAIN_NODES];  /* the first CHAIN_LINKS of them are the chain proper */
};

/* The names are copied into the arena. */
void chain_read(struct chain *out, struct arena *a, const struct diag *d, const struct findings *f);

#endif
