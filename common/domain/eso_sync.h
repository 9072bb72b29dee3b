/*
 * `eso sync`: has the operator read ExternalSecrets now, and waits for what
 * comes of it. The operator looks again when an annotation changes
 * (pkg/controllers/externalsecret: the synced version is made of generation,
 * labels and annotations). That version moves only when it succeeded, so a
 * failure is what is still there when patience ends; status.refreshTime moves
 * with it, but counts in seconds.
 *
 *	eso_sync_init(&w, mem, &host, &kube, "apps", names, n);
 *	loop over eso_sync_read, then eso_sync_judge, then eso_sync_write
 */
#ifndef DOMAIN_ESO_SYNC_H
#define DOMAIN_ESO_SYNC_H

#include "domain/eso_object.h"
#include "kube/client.h"

struct eso_sync_item {
	const char *name;
	bool absent;
	const char *synced;          /* status.syncedResourceVersion and refreshTime before */
	const struct value *now;     /* as last read */
};

struct eso_sync {
	struct arena *mem;
	const struct host *host;
	const struct kube *kube;
	const char *namespace_;
	struct eso_sync_item *items;
	size_t n;
};

enum { ESO_SYNC_READ = 1, ESO_SYNC_WRITE = 2 };
extern const struct step eso_sync_read[ESO_SYNC_READ], eso_sync_write[ESO_SYNC_WRITE];

/* All is borrowed. */
void eso_sync_init(struct eso_sync *w, struct arena *mem, const struct host *host, const struct kube *kube,
                   const char *namespace_, const char *const *names, size_t n);
/* Those that are not there, all of them. ERR_ABSENT. */
MUST_CHECK int eso_sync_judge(const struct eso_sync *w, struct err *e);

#endif
