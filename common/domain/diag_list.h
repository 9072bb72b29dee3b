/*
 * Lists of Kubernetes objects as families read them: page after page, up to a
 * ceiling, "absent" where the API server does not know the kind (404).
 *
 *	ASK(ask_nodes) { return diag_ask_list(world, &cluster(world)->nodes, rq, "/api/v1/nodes", "", e); }
 *	HEAR(hear_nodes) { return diag_hear_list(world, &part->nodes, reply, e, "reading the nodes"); }
 */
#ifndef DOMAIN_DIAG_LIST_H
#define DOMAIN_DIAG_LIST_H

#include "domain/diag.h"

enum { DIAG_LIST_MAX = 5000 };

struct diag_list {
	struct value *items;         /* a list, in the diagnosis's arena; NULL: nothing heard yet */
	const char *more;            /* for the next page; NULL: that was all */
	bool read, absent;           /* all of it was read; the kind is not there */
	bool cut;                    /* more than DIAG_LIST_MAX: the rest was left */
};

/* path as kube_path makes it; query is "" or further parameters, encoded ("labelSelector=a%3Db"). */
MUST_CHECK int diag_ask_list(const struct diag *d, const struct diag_list *list, struct request *rq, const char *path,
                             const char *query, struct err *e);
enum heard diag_hear_list(struct diag *d, struct diag_list *list, const struct reply *reply, struct err *e, const char *doing);

/* How many objects were heard, and each of them. */
size_t diag_list_n(const struct diag_list *list);
const struct value *diag_list_at(const struct diag_list *list, size_t i);
/* The object of that name, in that namespace (NULL: in any); NULL: none. */
const struct value *diag_list_find(const struct diag_list *list, const char *namespace_, const char *name);

#endif
