/*
 * What we want to know of pods and service accounts, read out of the API
 * server's objects (core/v1). Texts are borrowed from the tree, which lives in
 * the same arena; what is absent is NULL, false or 0.
 *
 *	struct pod_list pods = { 0 };
 *
 *	if (pod_list_read(&pods, mem, answer.body, e) < 0)
 *		return HEARD_UNSURE;
 *	if (pods.more)
 *		return HEARD_MORE;
 */
#ifndef KUBE_OBJECTS_H
#define KUBE_OBJECTS_H

#include "core/value.h"

/* ---- any object ---- */

/* metadata.name; "" when absent. */
const char *object_name(const struct value *object);
/* One label or annotation, whose name may hold dots; NULL when absent. */
const char *object_label(const struct value *object, const char *name);
const char *object_annotation(const struct value *object, const char *name);

/* ---- pods ---- */

/* How a container ended, now or the time before. */
struct container_end {
	bool there;
	const char *reason, *message; /* "Error", "OOMKilled", "Completed" */
	int code, signal;
};

struct container {
	const char *name, *image;
	bool init, running, ready;
	unsigned restarts;
	const char *waiting_reason, *waiting_message; /* NULL: it is not waiting */
	struct container_end end, last_end;
};

struct pod {
	const char *name, *namespace_, *uid, *node, *ip, *created;
	const char *phase;            /* "Pending", "Running", "Succeeded", "Failed", "Unknown" */
	const char *reason, *message; /* of the pod as a whole: "Evicted" */
	const char *unscheduled_reason, *unscheduled_message; /* NULL: it has a node */
	const char *service_account;
	bool deleting, ready;
	struct container *containers; /* init containers first, in the spec's order */
	size_t n_containers;
	const struct value *object; /* all of it */
};

struct pod_list {
	struct pod *at;
	size_t n;
	const char *more; /* for `continue=` of the next page; NULL: that was all */
};

/* ERR_REMOTE when it is no pod. */
MUST_CHECK int pod_read(struct pod *out, struct arena *a, const struct value *object,
						struct err *e);

/* Appends the pods of one page. ERR_REMOTE when it is no list of pods. */
MUST_CHECK int pod_list_read(struct pod_list *list, struct arena *a, const struct value *body,
							 struct err *e);

/* NULL when there is none of that name. */
const struct pod *pod_list_find(const struct pod_list *list, const char *name);

/*
 * Why the pod does not run, in its own words, on one line ("unschedulable: 0/1 nodes are available:
 * ..."); NULL when it runs (ready or not) or has done its work. *stuck (may be NULL): waiting alone
 * will hardly help.
 */
const char *pod_reason(struct arena *a, const struct pod *p, bool *stuck);

/* A plain value in a container's environment (container NULL: the first one); NULL when absent. */
const char *pod_env(const struct pod *p, const char *container, const char *name);

/* A service account token projected into the pod. */
struct token_volume {
	const char *audience, *path; /* path: within the volume */
	int64_t expires_s;
	const char *mount_path; /* in that container; NULL: not mounted there */
};

/*
 * The token volume of this name ("aws-iam-token"), and where the container (NULL: the first one)
 * has it; false when the pod has none.
 */
bool pod_find_token_volume(const struct pod *p, const char *container, const char *volume,
						   struct token_volume *out);

/* A file of a Secret's volume. */
struct secret_file {
	const char *secret, *key;
};

/*
 * Which key of which Secret the container (NULL: the first one) has at that path; false when it is
 * no Secret's. key is made in a.
 */
bool pod_find_secret_file(const struct pod *p, struct arena *a, const char *container, const char *path,
						  struct secret_file *out);

/* ---- service accounts ---- */

struct service_account {
	const char *name, *namespace_;
	const char *role_arn;                    /* eks.amazonaws.com/role-arn */
	const char *managed_by;                  /* app.kubernetes.io/managed-by */
	const char *release, *release_namespace; /* meta.helm.sh/... */
	const struct value *object;
};

/* ERR_REMOTE when it is no service account. */
MUST_CHECK int service_account_read(struct service_account *out, const struct value *object,
									struct err *e);

#endif
