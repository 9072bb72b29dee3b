/*
 * The world of a diagnosis: what one Vault release is configured to use, and
 * what cluster and AWS say about it. Steps fill it, checks read it; nothing is
 * ever written by it but the trials that checks marked `proof` stand on.
 *
 * What several families need is here; what one family alone needs is in its own
 * struct (diag_irsa.h ...), reached by a pointer that the family's first step
 * makes with diag_part.
 */
#ifndef DOMAIN_DIAG_H
#define DOMAIN_DIAG_H

#include "aws/services.h"
#include "domain/check.h"
#include "domain/vault_config.h"
#include "kube/client.h"
#include "kube/objects.h"

enum diag_family { DIAG_IRSA, DIAG_KMS, DIAG_DYNAMODB, DIAG_VAULT, DIAG_CLUSTER, DIAG_ESO, DIAG_HARDENING, DIAG_FAMILIES };

struct release {
	const char *name, *namespace_, *fullname;
	const char *service_account;
	int64_t replicas;
	const struct value *statefulset;
};

struct diag_options {
	const char *namespace_;          /* -n; NULL: the context's, then "vault", then all */
	const char *release;             /* NULL: the only one */
	const char *selector;            /* -l: only a StatefulSet with these labels; NULL: any */
	bool all_namespaces, proof, from_pod;
	const char *cluster_name, *region;  /* where the cluster cannot tell */
	const struct inputs *inputs;     /* for diag_assume */
	const char *token_file;          /* of a token for Vault; NULL: VAULT_TOKEN, then ~/.vault-token */
	bool token_given;                /* in one of these places there is something */
};

struct diag {
	struct arena *mem;
	const struct host *host;
	struct diag_options options;

	const struct kube *kube;         /* NULL: not to be had; kube_why says why */
	bool crowd;                      /* so many clusters are asked at once that a connection costs more than a wait */
	const struct aws *aws;           /* NULL: not to be had; aws_why says why */
	struct err kube_why, aws_why;
	bool assumed;                    /* Kubernetes told nothing: the names below are those that the cluster's name leads to */
	struct kube_eks eks;             /* what the kubeconfig tells of the cluster */

	/* the release */
	unsigned scope;                  /* where it is looked for now: 0 the namespace, 1 "vault", 2 all */
	const char *looked_in;           /* for the message */
	struct release release;
	struct err release_why;          /* why none was found */
	const struct value *config_map;
	const char *config;              /* Vault's configuration as the ConfigMap has it; NULL: none */
	struct vault_facts facts;
	struct service_account account;
	enum { DIAG_UNREAD, DIAG_ABSENT, DIAG_PRESENT } account_presence, config_presence;
	struct pod_list pods;            /* of the release's servers */

	/* AWS as the release uses it */
	const char *caller_arn, *caller_account;
	const char *issuer;              /* the cluster's, from its API server */
	const char *role_name;           /* from the annotation */
	const struct value *role;        /* GetRole's Role; NULL: absent */
	const struct value *trust;       /* its trust policy; NULL: none */
	bool role_read;
	const struct value *key;         /* DescribeKey's KeyMetadata; NULL: absent */
	bool key_read;
	const struct value *table;       /* DescribeTable's Table; NULL: absent */
	bool table_read;

	void *part[DIAG_FAMILIES];
};

/* The family's own struct of n bytes, zeroed when it is new. */
void *diag_part(struct diag *d, enum diag_family family, size_t n);

/* In asks: -1 with the reason when that half of the world is not to be had. */
MUST_CHECK int diag_ask_kube(const struct diag *d, struct request *rq, const char *method, const char *path,
                             const struct value *body, struct err *e);
/* As kube_ask_token. */
MUST_CHECK int diag_ask_token(const struct diag *d, struct request *rq, const char *namespace_, const char *account,
                              const struct value *audiences, struct err *e);
/* region NULL: the run's own. */
MUST_CHECK int diag_ask_aws(const struct diag *d, struct request *rq, const char *region, const struct aws_op *op,
                            const struct value *params, struct err *e);

/*
 * In hears: HEARD_DONE with answer->ok, or without it where the code is `absent` (kube: 404); else why not. A refusal
 * for want of a right (403) has the right as its hint.
 */
enum heard diag_hear_kube(struct diag *d, const struct reply *reply, struct kube_answer *answer, struct err *e,
                          const char *doing, ...) PRINTF_LIKE(5, 6);
enum heard diag_hear_aws(struct diag *d, const struct aws_op *op, const struct reply *reply, const char *absent,
                         struct aws_answer *answer, struct err *e, const char *doing, ...) PRINTF_LIKE(7, 8);

/* What storage and seal are is known: read, or assumed. */
bool diag_configured(const struct diag *d);
/* What the server's container has in its environment; before there is a pod, what its template gives it. NULL: not set. */
const char *diag_setting(const struct diag *d, const char *name);
/* The running pods' effective settings: the pod's environment, then the configuration, then the default. */
const char *diag_table_name(const struct diag *d);
const char *diag_table_region(const struct diag *d);
const char *diag_key_id(const struct diag *d);
const char *diag_key_region(const struct diag *d);

/*
 * Kubernetes cannot be had, for the reason why: from now on nothing more is asked of it, and release, role, key and
 * table are called what `helm vault-aws install` would call them, or what the inputs say. Without a cluster's name and
 * a region nothing can be assumed, and d->assumed stays false.
 */
void diag_assume(struct diag *d, const struct err *why);
/* "not checked", since what is called so by assumption is not there; flag tells the right name ("kms-key-id"). */
enum verdict unknown_assumed(struct finding *f, const char *what, const char *name, const char *flag);

void diag_release(struct diag *d);

/*
 * diag_ahead.c: has the connections made that all checks of one cluster need; what fails is left to who asks. Some 23, to
 * AWS with an unsigned "GET /ping" each, to the API server without a request.
 */
void diag_ahead(const struct diag *d, const struct transport *t);

#endif
