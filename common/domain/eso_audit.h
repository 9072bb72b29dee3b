/*
 * What is wrong with objects of External Secrets, live ones or those of files:
 * the version v1beta1 that is served no more from 0.17 on, keys and paths of
 * Vault's KV engine that cannot be right, intervals that hammer Vault. Pure:
 * objects in, findings out.
 *
 *	struct eso_audit audit = { .mem = mem, .path = NULL };
 *
 *	eso_audit_objects(&audit, objects);
 *	for (i = 0; i < audit.n; i++) ... audit.at[i]
 */
#ifndef DOMAIN_ESO_AUDIT_H
#define DOMAIN_ESO_AUDIT_H

#include "core/value.h"

enum eso_rule { ESO_RULE_VERSION, ESO_RULE_PATH, ESO_RULE_INTERVAL, ESO_RULE_LOAD };

struct eso_finding {
	enum eso_rule rule;
	const char *object;            /* "ExternalSecret apps/database"; "" for all together */
	const char *text;              /* a clause */
	struct mark mark;              /* file NULL: a live object */
	const char *from, *to;         /* the word at the mark, and what it should be; NULL: nothing that we may decide */
};

struct eso_audit {
	struct arena *mem;
	const char *path;              /* of the engine, for keys whose store is not among the objects; NULL: not known */
	/* What is mounted in the Vault behind `server` ("vault-active.vault.svc", without scheme and port); NULL: not known. */
	const struct value *engines;
	const char *server;
	bool tokens_cached;            /* the operator keeps its tokens: refreshes are no logins */
	struct eso_finding *at;        /* in the order of the objects */
	size_t n, room;
};

/* objects: a list of maps; what is none of External Secrets' is passed over. May be called once. */
void eso_audit_objects(struct eso_audit *audit, const struct value *objects);

/* The store that a secretStoreRef in namespace ns names; NULL: it is not among the objects. */
const struct value *eso_store_named(const struct value *objects, const struct value *ref, const char *ns);

/* "version", "path", "interval", "load". */
const char *eso_rule_name(enum eso_rule rule);

#endif
