/*
 * What a file says about the inside of Vault, and how Vault is made so: mounts of the
 * key-value engine, kubernetes auth with its roles, policies, audit devices, and
 * the role `vault-operator` that can repeat all of it, so that the root token is
 * needed once.
 *
 *	kv:         { secret: { version: 2 } }
 *	kubernetes:
 *	  kubernetes:
 *	    kubernetes_host: https://kubernetes.default.svc
 *	    roles:
 *	      app: { bound_service_account_names: [app], bound_service_account_namespaces: [default],
 *	             audience: vault, token_policies: [app-policy], token_ttl: 24h }
 *	policies:   { app-policy: "path ..." }
 *	audit:      { stdout: { type: file, file_path: stdout } }
 *	operator:   { service_account: vault-operator }
 *	userpass:   { userpass: { users: { alice: { password: { env: ALICE_PASSWORD } } } } }
 *	oidc:       { oidc: { oidc_discovery_url: ..., oidc_client_secret: { file: PATH }, roles: { people: ... } } }
 *	jwt:        { jwt: { jwks_url: ..., roles: { ci: ... } } }
 *	entities:   { alice: { aliases: { userpass: alice } } }
 *	groups:     { admins: { policies: [admin], members: [alice] } }
 *
 * A secret never stands in the file: only where it is. Vault gives none back; so that a new value is noticed, and the old
 * one not written again, the manifest keeps a digest of what was written last (see configure_secret.c).
 *
 * Names are Vault's own; an attribute that the file leaves out stays as it is in Vault. A run: configure_read (file to
 * items, everything that is wrong at once), the table of reads (all at once), configure_compare (what differs), consent, the
 * table of writes (independent ones at once), the reads again with a value written, read and destroyed.
 *
 * What a run made is written down in Vault, in a KV version 2 mount of its own, `vault-aws`, which no policy for secrets
 * reaches by accident: {"made": ["policy/app-policy", ...], "run": {"by": ..., "until": ...}}. It is written with
 * check-and-set before the first change and after the last one: so two runs at once cannot both go on, and `--prune`
 * knows what is ours. A run that was killed holds it for CONFIGURE_LOCK_MS.
 */
#ifndef DOMAIN_CONFIGURE_H
#define DOMAIN_CONFIGURE_H

#include "core/digest.h"
#include "core/secret.h"
#include "domain/boot.h"

/* Rounds of a secret's digest: some 30 ms each. */
enum { CONFIGURE_ROUNDS = 100000 };

#define CONFIGURE_MOUNT    "vault-aws"
#define CONFIGURE_OPERATOR "vault-operator"   /* role and policy */

enum { CONFIGURE_FILE_MAX = 4 << 20, CONFIGURE_ITEMS_MAX = 2000, CONFIGURE_LOCK_MS = 120000 };

enum config_kind {
	CONFIG_KV, CONFIG_AUTH, CONFIG_AUTH_CONFIG, CONFIG_POLICY, CONFIG_ROLE, CONFIG_USER, CONFIG_ENTITY, CONFIG_ALIAS,
	CONFIG_GROUP, CONFIG_AUDIT, CONFIG_KINDS
};

enum secret_source { SECRET_ENV, SECRET_FILE, SECRET_MANAGER };

/* A secret that goes into an item, and where it comes from. */
struct config_secret {
	const char *attr;            /* "password" */
	enum secret_source source;
	const char *from, *key;      /* a variable, a path, a name or ARN; key: within its JSON, NULL: all of it */
	struct mark mark;
	const struct aws *aws;       /* where Secrets Manager is asked */
	struct secret value;         /* once resolved */
	char digest[SHA256_HEX];     /* of value, under the manifest's salt */
	bool written;                /* by this run, and Vault said so */
};


struct config_item {
	enum config_kind kind;
	const char *mount;           /* of what is an auth method's own: roles, users, aliases, its configuration; else NULL */
	const char *name;            /* "secret", "kubernetes", "app-policy", "app", "stdout" */
	struct mark mark;
	struct value *want;          /* attributes, by Vault's names */
	const struct value *have;    /* the same as Vault has them; NULL: it is not there */
	bool made;                   /* by this run, or may have been: its reply was lost */
	struct config_secret *secret;   /* NULL: none goes into it */
	bool secret_same;            /* Vault has it, as the manifest says */
	const char *id;              /* Vault's, of an entity or group that is there */
	const char *alias_mount, *alias_name;   /* of an external group: what its provider calls it */
};

struct config_list {
	struct config_item *at;
	size_t n;
};

struct config {
	struct config_list lists[CONFIG_KINDS];
	/* Whose account takes the role vault-operator; NULL: the file makes none. namespace_ NULL: the release's. */
	const char *operator_account, *operator_namespace, *operator_mount;
};

/* One thing that a run would do. */
struct config_attr {
	const char *name, *old, *new;   /* old NULL: is made */
};

struct config_change {
	const char *action;          /* "create", "change", "remove" */
	const char *kind, *name;     /* "policy", "app-policy" */
	struct config_attr *attrs;
	size_t n_attrs;
};

struct config_changes {
	struct config_change *at;
	size_t n;
};

/* What an earlier run made and the file has no more. */
struct dropped {
	enum config_kind kind;
	const char *id, *mount, *name;
	const char *kept;            /* why --prune leaves it; NULL: it goes */
	bool counted;                /* of a secrets engine: so many paths are at its top */
	size_t paths;
	const char *vault_id;        /* of an entity alias: Vault's own */
	bool removed;                /* by this run, or a secrets engine by somebody else */
};

struct manifest {
	bool mounted;                /* its mount is there */
	int64_t version;             /* of what was read; 0: none */
	struct value *made;          /* a list of ids; never NULL after the reads */
	const struct value *secrets; /* item -> digest of what was written into it last; NULL: none */
	const char *salt;            /* of the digests, in hexadecimal; NULL: none yet */
	unsigned rounds;
	const char *run_by;          /* another run's mark, or our own; NULL: nobody is at work */
	int64_t run_until_ms;
};

struct configure {
	struct boot boot;            /* first: the rows of boot.h find it here */
	struct config config;
	bool consent, prune;
	const char *prune_data;      /* a secrets engine that may go with all that it holds; NULL: none */

	const struct value *mounts, *auths, *audits;   /* as listed by Vault, names with '/' at their ends */
	const char *token_path;      /* how the token was got: "auth/token/root" */
	const struct value *token_policies, *identity_policies;
	bool token_is_root;
	enum presence account;       /* the operator's service account */

	struct manifest manifest;
	const struct value *entities;   /* id -> {name, aliases}; NULL: not asked for */
	struct config_secret **secrets;
	size_t n_secrets;
	const char *digested;        /* the salt that the digests were made under */
	unsigned rounds;             /* of digests under a new salt; 0: CONFIGURE_ROUNDS */
	struct err unresolved;       /* secrets that are not where the file says */
	const char *mark;            /* this run's */
	bool locked;                 /* the manifest is ours */
	struct dropped *dropped;
	size_t n_dropped;

	const char *probe_mount, *probe_path, *probe_value;   /* mount NULL: there is no KV version 2 */
	bool probe_right;            /* it came back as it was written */

	struct secret jwt, operator_token, first_token;
	const char *denied;          /* a path that the operator may not write; NULL: it may all */
	bool root_gone;              /* a look-up with it is refused */
};

/* ---- the file (configure_file.c, configure_policy.c) ---- */

/*
 * tree: of YAML or JSON, with marks. ERR_CONFIG: all that is wrong in it, each with its place and the nearest name.
 * warnings: what is taken, but probably not meant. Texts are borrowed from the tree or in the arena.
 */
MUST_CHECK int configure_read(struct arena *a, const struct value *tree, struct config *out, struct err *warnings,
                              struct err *e);

/* The policies' part of it: their HCL, what roles name, and the operator's own policy. For configure_read alone. */
void configure_check_policies(struct arena *a, const struct config *c, struct err *warnings, struct err *e);
const char *configure_operator_policy(struct arena *a, const struct config *c);

/* The set-up of the page, as a file; and one with people. */
extern const char configure_example[], configure_example_people[];

/* ---- secrets (configure_secret.c) ---- */

/* "the variable 'X'", for plan and errors; in the arena. */
const char *config_secret_said(struct arena *a, const struct config_secret *s);
/* Reads those in variables and files; e gets each that is not there. For the config as far as it could be read. */
void configure_resolve(const struct host *host, struct config *c, struct err *e);
void configure_release_secrets(struct config *c);
/* Some are in Secrets Manager: configure_secrets, over a world with boot.aws logged in to, and then unresolved is empty. */
bool configure_asks_aws(const struct configure *w);
/* After the reads: which secrets Vault has. */
MUST_CHECK int configure_digest(struct configure *w, struct err *e);
/* A map of {item: digest} and the salt into the manifest's data; beginning: without those about to be written. */
void configure_put_digests(const struct configure *w, struct arena *a, struct value *data, bool beginning);
/*
 * `attrs` as JSON with the item's secret, to be wiped; a user's password only where Vault does not have it: by now he may
 * have chosen another.
 */
void configure_print_body(const struct config_item *item, const struct value *attrs, struct buf *out);

/* ---- the decisions (configure_plan.c) ---- */

/* NULL: the file has none. mount NULL, except for roles and auth configurations. */
const struct config_item *config_find(const struct config *c, enum config_kind kind, const char *mount, const char *name);
/* It is not there, as of the last reads. */
bool config_absent(const struct config_item *item);
/* It is there, and some attribute is not as wanted. */
bool config_differs(const struct config_item *item);
const char *config_kind_name(enum config_kind kind);
/* "role/kubernetes/app": what the manifest calls it. In the arena. */
const char *config_id(struct arena *a, const struct config_item *item);

/*
 * After the reads. Fills w->dropped. ERR_CONFLICT: what is there cannot become what the file says (a mount of another
 * type or version, an audit device with other options), or another run is at work. ERR_GUARD: an audit device would
 * write where the pods have no volume.
 */
MUST_CHECK int configure_compare(struct configure *w, struct err *e);
/* A run with consent would remove it. */
bool configure_removes(const struct configure *w, const struct dropped *d);
/* What the writes would do; in the arena. */
struct config_changes configure_changes(const struct configure *w);
/* Some change is to what exists, and so is asked for; not the removal of prune_data, for which more was asked already. */
bool configure_touches(const struct configure *w);
/* [{"action","kind","name","attributes":[{"name","old","new"}]}] */
struct value *configure_changes_value(struct arena *a, const struct config_changes *changes);

/* ---- the tables ---- */

/* From an opened session's boot: fills the rest. host: random marks. */
MUST_CHECK int configure_init(struct configure *w, struct err *e);
void configure_release(struct configure *w);
/* Forgets what was read, so that the reads can be run again. */
void configure_forget(struct configure *w);

/* reads, probe and unlock stand behind boot_steps (boot_table). */
extern const struct step configure_secrets[];
extern const size_t n_configure_secrets;
extern const struct step configure_reads[], configure_writes[], configure_probe[], configure_unlock[];
extern const size_t n_configure_reads, n_configure_writes, n_configure_probe, n_configure_unlock;

/* Whether the token is one; after configure_compare, what dropped secrets engines hold, as far as this token may list it. */
extern const struct step configure_look_up[], configure_count[];
extern const size_t n_configure_look_up, n_configure_count;
/* There is something for configure_count. */
bool configure_dropped_data(const struct configure *w);

/* Login as the operator, into w->operator_token; what it may do, and that generate-root answers it; the end of root. */
extern const struct step configure_login[], configure_rights[], configure_revoke[], configure_logout[];
extern const size_t n_configure_login, n_configure_rights, n_configure_revoke, n_configure_logout;

/* From now on requests carry the operator's token; what was carried before is kept in first_token. */
void configure_become_operator(struct configure *w);
void configure_become_first(struct configure *w);

#endif
