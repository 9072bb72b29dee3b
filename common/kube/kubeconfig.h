/*
 * The files behind kube/config.h: read, checked for shape and merged, nothing
 * chosen yet. Within kube/ only.
 *
 * Clusters, users and contexts are keyed by name; of several files the first
 * that has a name wins with its whole entry, and the first non-empty
 * current-context wins (client-go, tools/clientcmd/loader.go). An entry keeps
 * the folder of its file, since relative paths in it start there.
 *
 * Files hold tokens and keys: the tree lives in an arena that the caller wipes.
 */
#ifndef KUBE_KUBECONFIG_H
#define KUBE_KUBECONFIG_H

#include "core/host.h"
#include "core/value.h"

enum {
	KUBECONFIG_FILE_MAX = 16 << 20, /* of one kubeconfig, with the certificates of many clusters */
	KUBECONFIG_PEM_MAX = 1 << 20    /* of one certificate bundle, key or token file */
};

struct kubeconfig_entry {
	const char *kind; /* "cluster", "user", "context": for messages */
	const char *name;
	const struct value *v; /* its map; NULL: empty */
	const char *dir;       /* the folder of its file */
	struct kubeconfig_entry *next;
};

struct kubeconfig {
	struct kubeconfig_entry *clusters, *users, *contexts; /* in order of appearance */
	const char *current_context;                          /* "" when none is set */
	const char *files; /* "'a', 'b'": what was read or looked for, for messages */
	bool found;        /* at least one file was there */
};

/*
 * Only `file` when given (it must be there), else the list in KUBECONFIG with missing ones left
 * out, else ~/.kube/config, which may be missing. ERR_CONFIG with file, line and column.
 */
MUST_CHECK int kubeconfig_load(struct arena *a, const struct host *host, const char *file,
							   struct kubeconfig *out, struct err *e);

/* True when nothing is configured in it at all. */
bool kubeconfig_is_empty(const struct kubeconfig *kc);

/* ERR_CONFIG "there is no context 'x' in ...", the nearest name or those that there are as hint. */
MUST_CHECK int kubeconfig_find(const struct kubeconfig *kc, const struct kubeconfig_entry *list,
							   const char *kind, const char *name,
							   const struct kubeconfig_entry **out, struct err *e);

/* A text of the entry; NULL when absent, null or "". ERR_CONFIG for another type. */
MUST_CHECK int kubeconfig_text(const struct kubeconfig_entry *x, const char *name, const char **out,
							   struct err *e);
/* The same for a list of texts, in the arena: NULL-terminated; NULL when absent or empty. */
MUST_CHECK int kubeconfig_texts(const struct kubeconfig_entry *x, struct arena *a, const char *name,
								const char *const **out, struct err *e);

/* A path of this entry: as it is when absolute, else relative to the entry's file. In the arena. */
const char *kubeconfig_path(const struct kubeconfig_entry *x, struct arena *a, const char *path);

/*
 * What `NAME-data` (base64) or the file `NAME` holds, appended to out, which stays empty when
 * neither is there. Both at once are refused. ERR_CONFIG.
 */
MUST_CHECK int kubeconfig_blob(const struct kubeconfig_entry *x, const struct host *host,
							   const char *name, struct buf *out, struct err *e);

#endif
