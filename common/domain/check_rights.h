/*
 * What each step of a diagnosis must be allowed to do, as rows: a right a row,
 * one or more rows a step. `policy` prints them as RBAC and as an IAM policy,
 * and a unit test sees to it that every step of every family has its rows.
 *
 * Most are reads. A few are strong: whoever holds them can do more than look.
 */
#ifndef DOMAIN_CHECK_RIGHTS_H
#define DOMAIN_CHECK_RIGHTS_H

#include "core/value.h"

enum right_kind {
	RIGHT_NONE,        /* allowed to everybody, or asked as the role itself */
	RIGHT_KUBE,
	RIGHT_AWS
};

/* IN_OPERATOR: where External Secrets runs */
enum right_where { IN_RELEASE, IN_CLUSTER, IN_KUBE_SYSTEM, IN_OPERATOR };

struct right {
	const char *step;
	enum right_kind kind;
	bool strong;
	/* Kubernetes; group NULL: resource is a path that is no resource */
	enum right_where where;
	const char *group, *resource, *verb;
	bool from_pod;     /* for what is tried with --from-pod only */
	bool own_account;  /* of that namespace's one service account alone, that of Vault or of the operator */
	/* AWS; on: the end of the ARN behind the partition, with %s for the account; NULL: any resource */
	const char *action, *on;
	bool own_items;    /* of the items that Vault's storage has and other tables hardly: see policy_print.c */
};

extern const struct right check_rights[];
extern const size_t n_check_rights;

struct policy_choice {
	const char *namespace_;      /* of the release */
	const char *service_account; /* Vault's */
	const char *operator_namespace;   /* of External Secrets; NULL: there is none */
	const char *group;           /* whom the roles are bound to */
	const char *partition, *account;  /* "aws", "*" */
	bool strong;                 /* with the strong rights */
	bool from_pod;               /* and with those of --from-pod */
};

/* ClusterRole, Role and their bindings: a list of objects, strong ones alone or reads alone; empty: there are none. */
struct value *policy_kubernetes(struct arena *a, const struct policy_choice *choice, bool strong);
/* An IAM policy document. */
struct value *policy_aws(struct arena *a, const struct policy_choice *choice);

#endif
