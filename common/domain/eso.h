/*
 * `eso`: from a configured Vault to a store of External Secrets that is ready.
 *
 * What is wanted (struct eso_want) becomes one target for each store: a
 * ClusterSecretStore, whose logins are the operator's own service account, or a
 * SecretStore in each namespace that was named, which the operator lets log in
 * with an account of its own namespace alone, so that each has one, and a role.
 *
 * Two loops, so that nothing is written before everything is known:
 * eso_read_steps find versions, operator, the active pod's service, engines and
 * what is there of ours; eso_judge says what cannot be; eso_plan what would be
 * written; eso_write_steps write policy and roles, log in as each store will,
 * with a token of its account, and out again, and only then write the stores:
 * an operator that met a store before its role would wait longer and longer.
 *
 *	eso_init(&w, &s.world, &options, &want, e)
 *	session_loop_in(&s, &w, eso_read_steps(mem, &n), n, e)
 *	eso_judge(&w, e)
 *	plan = eso_plan(&w)                 ask where one of them is a change
 *	session_loop_in(&s, &w, eso_write_steps, ESO_WRITE_STEPS, e)
 *	eso_release(&w)
 *
 * A second run finds nothing to write; it logs in and out again as proof.
 */
#ifndef DOMAIN_ESO_H
#define DOMAIN_ESO_H

#include "domain/boot.h"
#include "domain/eso_kv.h"
#include "domain/eso_object.h"

#define ESO_MANAGER "helm-vault-aws"

enum { ESO_TARGETS_MAX = 64 };

/* Texts are borrowed. */
struct eso_want {
	const char *store;                     /* "vault-backend" */
	const char *mount, *role;              /* of kubernetes auth: "kubernetes", "external-secrets" */
	const char *path;                      /* of the KV engine: "secret" */
	bool find;                             /* keys may be searched for (dataFrom.find) */
	const char *const *namespaces;         /* of SecretStores; none: one ClusterSecretStore */
	size_t n_namespaces;
	const char *operator_namespace;        /* NULL: whichever it is */
	const char *const *examples;           /* keys */
	size_t n_examples;
};

/* One store and what belongs to it. */
struct eso_target {
	const char *namespace_;                /* NULL: a ClusterSecretStore */
	const char *role, *account, *account_namespace;
	bool namespace_absent, account_there;
	const struct value *have_role, *have_store;   /* NULL: absent */
	struct secret jwt, token;              /* token: until it is revoked */
	struct boot asker;                     /* the way to Vault, with the token of the trial or none; all of it is borrowed */
	bool accepted;                         /* the login worked, in this run */
	const struct value *seen;              /* the store as last read while waiting */
};

struct eso_world {
	struct boot boot;
	struct eso_want want;
	bool serves_v1, serves_v1beta1;
	const struct value *deployment;        /* of the operator */
	const char *account, *account_namespace;      /* the operator's own */
	const char *server;                    /* "http://vault-active.vault.svc:8200" */
	const struct value *engines, *auths;   /* maps: "secret/" to what it is */
	int version;                           /* of the engine: 1 or 2 */
	const char *have_policy;               /* NULL: absent */
	struct eso_target *targets;
	size_t n_targets;
};

/* One thing that would be written. */
struct eso_change {
	const char *kind, *name;
	const char *from_to;                   /* what differs in something that is there already; NULL: it is made */
};

struct eso_plan {
	struct eso_change *at;
	size_t n;
	bool changes;                          /* something that is there is changed */
};

/* Every problem of what was given, at once, without asking anybody. ERR_USAGE; ERR_CONFIG for keys of a bad form. */
MUST_CHECK int eso_want_check(const struct eso_want *want, struct arena *a, struct err *e);

/* want was checked; its texts and w's arena outlive the run. */
MUST_CHECK int eso_init(struct eso_world *w, const struct world *s, const struct boot_options *options,
                        const struct eso_want *want, struct err *e);
/* Wipes tokens. */
void eso_release(struct eso_world *w);

/* boot_steps and ours, in the arena. */
const struct step *eso_read_steps(struct arena *a, size_t *n);

/* After reading: what is not as it must be for a store to work, all of it. ERR_ABSENT, ERR_CONFIG. Sets version. */
MUST_CHECK int eso_judge(struct eso_world *w, struct err *e);

/* Pure. In the arena. */
struct eso_plan eso_plan(const struct eso_world *w);

enum { ESO_WRITE_STEPS = 9 };
extern const struct step eso_write_steps[ESO_WRITE_STEPS];

/* ---- what is wanted of each thing (eso_want.c), made in the arena ---- */

/* HCL of the policy: read on data, with find also read and list on metadata. */
const char *eso_policy_text(const struct eso_world *w, struct arena *a);
/* The rules of the policy that is there and those that it should have, each on one line. */
const char *eso_policy_differs(const struct eso_world *w, struct arena *a);
/* The role's fields; those of a role that is there are kept where they do no harm (further policies, lifetimes). */
struct value *eso_role_body(const struct eso_world *w, const struct eso_target *t, struct arena *a);
/* Of External Secrets, version v1: its server, engine, and login as the target says. */
struct value *eso_store_object(const struct eso_world *w, const struct eso_target *t, struct arena *a);
/* The ServiceAccount of a SecretStore. */
struct value *eso_account_object(const struct eso_target *t, struct arena *a);
/* An ExternalSecret that takes all properties of the key. */
struct value *eso_example(const struct eso_want *want, const char *key, struct arena *a);
/* What in have is not as in want, "server: a -> b, ..."; NULL: all of want is there. Lists must be the same. */
const char *eso_differs(struct arena *a, const struct value *want, const struct value *have);

/* Absent, or not as wanted: eso.c. */
bool eso_policy_due(const struct eso_world *w);
bool eso_role_due(const struct eso_world *w, const struct eso_target *t);
bool eso_store_due(const struct eso_world *w, const struct eso_target *t);

/* "ClusterSecretStore", "SecretStore". */
const char *eso_target_kind(const struct eso_target *t);

/* ---- asks and hears, one file a side; eso.c puts them together ---- */

#define ESO_ASK(name)  int name(const void *world, size_t item, struct request *rq, struct err *e)
#define ESO_HEAR(name) enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define ESO_DUE(name)  bool name(const void *world, size_t item)

/* eso_kube_steps.c */
ESO_ASK(eso_ask_group); ESO_HEAR(eso_hear_group);
ESO_ASK(eso_ask_operator); ESO_HEAR(eso_hear_operator);
ESO_ASK(eso_ask_service); ESO_HEAR(eso_hear_service);
ESO_ASK(eso_ask_namespace); ESO_HEAR(eso_hear_namespace); ESO_DUE(eso_namespaced);
ESO_ASK(eso_ask_account); ESO_HEAR(eso_hear_account);
ESO_ASK(eso_ask_store); ESO_HEAR(eso_hear_store); ESO_DUE(eso_v1_served);
ESO_ASK(eso_ask_make_account); ESO_HEAR(eso_hear_made_account); ESO_DUE(eso_account_due);
ESO_ASK(eso_ask_apply); ESO_HEAR(eso_hear_applied); ESO_DUE(eso_apply_due);
ESO_ASK(eso_ask_nudge); ESO_HEAR(eso_hear_nudged); ESO_DUE(eso_nudge_due);
ESO_HEAR(eso_hear_ready);
size_t eso_count_targets(const void *world);

/* eso_vault_steps.c */
int eso_check_open(void *world, size_t item, struct err *e); ESO_DUE(eso_is_open);
ESO_ASK(eso_ask_engines); ESO_HEAR(eso_hear_engines);
ESO_ASK(eso_ask_auths); ESO_HEAR(eso_hear_auths);
ESO_ASK(eso_ask_policy); ESO_HEAR(eso_hear_policy);
ESO_ASK(eso_ask_role); ESO_HEAR(eso_hear_role);
ESO_ASK(eso_ask_put_policy); ESO_HEAR(eso_hear_put_policy); ESO_DUE(eso_put_policy_due);
ESO_ASK(eso_ask_put_role); ESO_HEAR(eso_hear_put_role); ESO_DUE(eso_put_role_due);
int eso_ask_as_nobody(void *world, size_t item, struct err *e);
int eso_ask_as_trial(void *world, size_t item, struct err *e);
ESO_ASK(eso_ask_trial_token); ESO_HEAR(eso_hear_trial_token);
ESO_ASK(eso_ask_trial_login); ESO_HEAR(eso_hear_trial_login);
ESO_ASK(eso_ask_trial_revoke); ESO_HEAR(eso_hear_trial_revoke); ESO_DUE(eso_trial_revoke_due);

#endif
