/*
 * What the eso family learns of External Secrets: what the API server serves of
 * it, its operator, the stores that lead to this release's Vault, the
 * ExternalSecrets that use them, and the events in which the operator says what
 * its conditions keep to themselves.
 */
#ifndef DOMAIN_DIAG_ESO_H
#define DOMAIN_DIAG_ESO_H

#include "domain/diag_list.h"
#include "domain/eso_object.h"
#include "kube/portforward.h"

enum { ESO_EVENT_KINDS = 3, ESO_LOGINS_MAX = 8 };

/* A login as a store makes it: with a token of its service account, for its role. */
struct eso_login {
	struct kube_pod_port port;
	struct tls tls;
	struct secret jwt, token;            /* wiped with the run; token: until it is revoked */
	bool accepted;
	const char *why;                     /* what Vault or the API server says to it; NULL: nothing yet */
};

struct diag_eso {
	bool group_read, absent;             /* the API group; absent: External Secrets is not installed */
	const char *version;                 /* in which objects are read: "v1", else "v1beta1"; NULL: neither is served */
	bool serves_v1, serves_v1beta1;
	struct diag_list deployments, cluster_stores, stores, secrets;
	struct eso_login login[ESO_LOGINS_MAX];     /* of the first stores, as eso_store_at counts them */
	struct diag_list events[ESO_EVENT_KINDS];   /* warnings only, of ClusterSecretStore, SecretStore, ExternalSecret */
};

/* Never NULL: empty before the first step of the family has ended. */
const struct diag_eso *diag_eso(const struct diag *d);

/* A store of Vault's provider. Texts are borrowed; NULL: not said. */
struct eso_store {
	const struct value *object;
	const char *kind, *name, *namespace_;       /* of the store; namespace NULL: a ClusterSecretStore */
	const char *server, *path, *version;        /* version: "v2" where nothing is said */
	const char *mount, *role, *account, *account_namespace;   /* of kubernetes auth */
	const struct value *audiences;              /* a list; NULL: none */
};

/* Stores that lead to this release's Vault, i from 0; false: there are no more. */
bool eso_store_at(const struct diag *d, size_t i, struct eso_store *out);
/* The store that the ExternalSecret (or one of its data) names; NULL kind in out and false: it is none of ours. */
bool eso_store_of(const struct diag *d, const struct value *secret, struct eso_store *out);
/* The store that it names is not there, whoever's it would be; NULL: it is, or names none. The name, borrowed. */
const char *eso_store_lacking(const struct diag *d, const struct value *secret);
/* Does the address lead to a service or pod of the release? */
bool eso_server_is_ours(const struct diag *d, const char *server);

/* What the newest warning about the object says; NULL: none. */
const char *eso_event(const struct diag *d, const char *kind, const struct value *object);
/* The operator's deployment; NULL: none. */
const struct value *eso_operator(const struct diag *d);

enum { DIAG_ESO_STEPS = 9 };
extern const struct step diag_eso_steps[DIAG_ESO_STEPS];

/* diag_eso_login.c: the proof that a store's login works. Tokens are revoked at once. */
size_t eso_count_logins(const void *world);
bool eso_jwt_due(const void *world, size_t item);
bool eso_login_due(const void *world, size_t item);
bool eso_revoke_due(const void *world, size_t item);
int eso_prepare_login(void *world, size_t item, struct err *e);
int eso_ask_jwt(const void *world, size_t item, struct request *rq, struct err *e);
int eso_ask_login(const void *world, size_t item, struct request *rq, struct err *e);
int eso_ask_revoke(const void *world, size_t item, struct request *rq, struct err *e);
enum heard eso_hear_jwt(void *world, size_t item, const struct reply *reply, struct err *e);
enum heard eso_hear_login(void *world, size_t item, const struct reply *reply, struct err *e);
enum heard eso_hear_revoke(void *world, size_t item, const struct reply *reply, struct err *e);
bool eso_missed_login(void *world, size_t item, const struct err *why);

/* Wipes tokens. */
void diag_eso_release(struct diag *d);

#endif
