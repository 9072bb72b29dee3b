/*
 * The certificate of Vault's listener: which there is, whether it is good, and
 * a new one.
 *
 * It lies in a Secret of type kubernetes.io/tls (tls.crt, tls.key, and ca.crt:
 * who vouches for it), which the pods have as a folder. Who writes that Secret
 * is want.tls: we do (TLS_OWN), cert-manager does from objects that we apply, or
 * a user does (TLS_SECRET), and then it is only looked at. Vault reads it anew by
 * itself (domain/values.c), so a change of the Secret is a rotation.
 *
 * TLS_OWN. The authority's key lies in a Secret of its own, <release>-ca, that no
 * pod has. A certificate lasts LISTENER_DAYS and is due at LISTENER_DUE_DAYS
 * before its end; that leaves weeks in which a renewal may fail before anybody is
 * warned (LISTENER_WARN_DAYS), and those again before anything breaks. A new
 * authority is also signed by the one before it: servers show that signature
 * along with their own certificate, so clients that trust only the old authority
 * go on, and ca.crt names both until the old one is over or forgotten.
 *
 * Steps run over struct world, whose `listener` is this. Keys are in struct
 * secret, and go into the API server's two Secrets alone.
 */
#ifndef DOMAIN_LISTENER_H
#define DOMAIN_LISTENER_H

#include "core/secret.h"
#include "domain/world.h"
#include "formats/x509.h"
#include "kube/objects.h"
#include "kube/portforward.h"
#include "net/graph.h"

enum {
	LISTENER_DAYS = 90, LISTENER_DUE_DAYS = 45, LISTENER_WARN_DAYS = 30,
	AUTHORITY_DAYS = 3650, AUTHORITY_DUE_DAYS = 365,
	LISTENER_PODS_MAX = 16
};

#define LISTENER_MANAGER "helm-vault-aws"   /* the field manager, and the label that says that an object is ours */

/* What a Secret of type kubernetes.io/tls says, without its key. */
struct tls_secret {
	enum presence presence;
	const char *chain, *authorities;     /* tls.crt, ca.crt; NULL: not there */
	bool ours, key_fits;                 /* we made it; tls.key belongs to tls.crt */
	const char *manager;                 /* the Certificate of cert-manager's that fills it; NULL: none */
	const char *version;                 /* resourceVersion */
};

/* What one server shows. */
struct shown {
	const char *pod;
	struct kube_pod_port port;
	const char *chain;                   /* PEM; NULL: nothing yet */
	const char *why;                     /* it could not be asked; NULL: it could */
};

struct listener {
	/* wanted */
	bool renew, new_authority, forget;   /* asked for, whether due or not; forget: authorities before the present one */
	enum tls_mode mode;                  /* as wanted; TLS_AUTO becomes what the cluster has */
	const char *fullname;                /* of the chart's objects */

	/* found */
	struct tls_secret leaf, authority;   /* authority.chain: the certificate that signs */
	struct secret authority_key;
	const char *previous, *bridge;       /* the authority before it, and the new one signed by that; NULL: none */
	struct shown shown[LISTENER_PODS_MAX];
	size_t n_shown;
	bool plain;                          /* a pod says http of itself */

	/* made in this run */
	struct secret new_key, new_authority_key;
	const char *new_chain, *new_bundle, *new_authority_pem, *new_bridge, *new_previous;
};

/* This run wrote it: the Secret holds what was made here. */
bool listener_renewed(const struct listener *l);
bool listener_authority_renewed(const struct listener *l);

/* mode and fullname from want, with nothing found yet. */
void listener_init(struct listener *l, const struct want *want);
/* Wipes the keys. */
void listener_release(struct listener *l);

/* "<release>-ca" */
const char *listener_authority_name(struct arena *a, const struct want *want);
/* Every name that clients use, and those of the present certificate. NULL-terminated, in the arena. */
const char *const *listener_names(const struct world *w);

/* Why a new certificate of our own is due, or a new authority; NULL: it is not. In the arena. */
const char *listener_due(const struct world *w);
const char *listener_authority_due(const struct world *w);

/*
 * What is amiss with a certificate for these names (NULL-terminated), one problem each: that it cannot be read, is not
 * valid yet or any more, does not speak for a name, is not vouched for by `authorities`. Nothing about how long it still
 * lasts: *left_days says that (of the one in the chain that ends first).
 */
void listener_judge(const char *chain, const char *authorities, const char *const *names, int64_t now_ms, int64_t *left_days,
                    struct err *problems);

/* A key and its certificate into new_..., from the authority that is there. */
MUST_CHECK int listener_make_authority(struct world *w, struct err *e);
MUST_CHECK int listener_make_leaf(struct world *w, struct err *e);

/* The objects that are sent: Secrets of ours; cert-manager's (Issuers and Certificates); those of the CronJob. */
struct value *listener_leaf_object(const struct world *w, struct arena *a);
struct value *listener_authority_object(const struct world *w, struct arena *a);
size_t listener_manager_count(const struct world *w);
struct value *listener_manager_object(const struct world *w, size_t item, struct arena *a);
size_t listener_renewer_count(const struct world *w);
struct value *listener_renewer_object(const struct world *w, size_t item, struct arena *a);
/* Where such an object is applied: "/apis/batch/v1/namespaces/vault/cronjobs/vault-tls-renew". */
const char *listener_object_path(struct arena *a, const struct value *object);

/* One line for `plan` and `install`: what the listener will have, and who renews it. In the arena. */
const char *listener_summary(const struct want *want, enum tls_mode mode, struct arena *a);

/* `tls status` reads; `tls renew` reads, writes what is due, and waits until every server shows it. */
extern const struct step listener_status_steps[];
extern const size_t n_listener_status_steps;
extern const struct step listener_renew_steps[];
extern const size_t n_listener_renew_steps;
/* The last rows alone, over a listener that has been renewed. */
extern const struct step listener_shown_steps[];
extern const size_t n_listener_shown_steps;

/* Does the server show the Secret's certificate? */
bool listener_shows_it(const struct listener *l, const struct shown *s, struct arena *a);

#endif
