/*
 * The world of one run: all that is wanted and all that was found about one
 * Vault. Steps fill it, decisions read it. Everything lives in the run's arena.
 */
#ifndef DOMAIN_WORLD_H
#define DOMAIN_WORLD_H

#include "aws/client.h"
#include "domain/inputs.h"
#include "domain/names.h"
#include "kube/client.h"

/* Where the listener's certificate comes from. */
enum tls_mode {
	TLS_OFF,
	TLS_AUTO,                /* from cert-manager where its API is served, else our own */
	TLS_OWN, TLS_CERT_MANAGER, TLS_SECRET,
	TLS_UNKNOWN              /* no word of ours */
};

#define TLS_SECRET_PREFIX "secret:"
#define TLS_FOLDER "/vault/tls"    /* where the pods have its Secret */

/* "own", "secret:NAME"; true and false are taken for auto and off. */
enum tls_mode tls_mode_of(const char *text);

/* What is wanted: inputs, resolved. */
struct want {
	const char *cluster, *environment, *region;
	const char *account;                     /* NULL: any */
	const char *namespace_, *service_account, *release;
	struct names names;
	const char *role_path, *boundary;        /* boundary NULL: none */
	const char *given_key;                   /* kms_key_id; NULL: one of our own */
	const char *given_issuer, *given_provider;
	bool create_provider;
	bool rotation, multi_region;
	int64_t rotation_days, deletion_window_days;
	bool pitr, deletion_protection, on_demand;
	int64_t pitr_days, read_capacity, write_capacity;
	const char *table_key;                   /* dynamodb_kms_key_id; NULL: AWS's own */
	int64_t replicas;
	const char *image_tag;
	bool injector;
	const char *audit_storage, *audit_storage_class;   /* size and class of the audit volumes; NULL: none, the default */
	const char *audit_to, *audit_bucket;     /* "cloudwatch", "s3"; NULL: nothing is collected */
	const struct value *network_policy;      /* namespaces that may reach Vault; NULL: no policy */
	const struct value *api_addresses;       /* of the API server, for that policy, as found by an install; NULL: not read */
	enum tls_mode tls;
	const char *tls_secret;                  /* that holds tls.crt, tls.key and ca.crt; also where tls is off */
	const char *tls_issuer, *tls_renew_image; /* NULL: none */
};

enum presence { UNKNOWN_YET, ABSENT, PRESENT };

struct have_key {
	enum presence presence;
	const char *id, *arn, *state, *usage, *spec;
	bool multi_region;
	const struct value *tags;                /* a map of texts; NULL: not read */
	bool by_alias;                           /* the alias points to it */
	bool made;                               /* by this run */
	enum presence rotation_read;
	bool rotation;
	int64_t rotation_days;
};

struct have_table {
	enum presence presence;
	const char *arn, *status, *hash_key, *range_key, *billing, *sse_key;
	int64_t created_ms;
	bool deletion_protection;
	const struct value *tags;
	bool made;
	bool holds_items;                        /* a consistent read found one */
	enum presence pitr_read;
	bool pitr, backups_on;
	int64_t pitr_days;
	size_t backups;                          /* of a table of this name, deleted tables included */
	const char *backup;                      /* one of them, for the message */
};

struct have_role {
	enum presence presence;
	const char *arn, *boundary, *path;
	const struct value *trust, *tags;
	bool made;
	enum presence policy_presence;
	const struct value *policy;
};

/* The root key that Vault stores in the table; ABSENT: none yet. */
struct have_root_key {
	enum presence read;
	const char **keys;                       /* ARNs of those that wrap it: the seal key's, and others while it moves */
	size_t n;
};

struct have_provider {
	enum presence presence;
	const char *arn;
	bool has_audience;
	bool made;
};

/* One row of a search by tags. */
struct tagged {
	const char *arn;
	const struct value *tags;
	struct tagged *next;
};

struct have_cluster {                        /* what EKS says */
	enum presence presence;
	const char *arn, *issuer, *status, *version, *endpoint;
};

struct pod_list;
struct install;
struct listener;

/* What the Kubernetes side of an install found. */
struct have_kube {
	enum presence namespace_, service_account, config;
	const char *account_role, *account_manager, *account_release, *account_release_namespace;
	const char *config_text;                 /* Vault's running configuration */
	bool binding_taken;                      /* the cluster-wide binding belongs to another release */
	const char *binding_owner;
	struct pod_list *pods;
};

struct world {
	struct arena *mem;
	const struct host *host;
	const struct aws *aws, *aws_iam_region;  /* the second: us-east-1's partition peer, for what is global */
	const struct kube *kube;                 /* NULL: no Kubernetes is needed */
	const struct inputs *inputs;
	struct want want;

	const char *caller_arn, *caller_account, *partition;
	struct have_cluster cluster;
	struct have_key key;
	const char *key_gone;                    /* a mark led to it, but it is not there; NULL: none */
	struct have_table table;
	struct have_role role;
	struct have_root_key root_key;
	struct have_role collector;              /* of the collector of audit lines */
	enum presence log_group;
	struct have_provider provider;
	struct tagged *tagged;                   /* by cluster, namespace and release */
	bool tagged_whole;                       /* every page was read */
	const char *page;                        /* of the search under way; NULL: the first */
	struct have_kube k;

	/* Who may make the key (claim_steps.c). Times are the server's. */
	const char *claimant;                    /* the random part of this run's claims */
	const char *claim;                       /* this run's first one, which a table that it makes carries */
	int64_t lease_end_ms;                    /* until when this run may make the key; 0: it may not */
	int64_t claim_read_ms, claim_taken_ms;
	bool rival;                              /* another run took over */
	const char *noted_claim;                 /* of the run that wrote down that it is about to make the key; NULL: none */
	int64_t noted_ms;                        /* when; 0: never */
	unsigned looks;                          /* while waiting for another run's key */
	bool server_clock;                       /* an answer told the time: so much is the server ahead of us */
	int64_t server_ahead_ms;

	bool consent;                            /* what exists may be changed */
	struct install *install;                 /* NULL: nothing is installed */
	struct listener *listener;               /* its certificate; NULL: nobody looks at it */
};

/* Why a row of the search, or a resource's tags, are ours: cluster, namespace and release agree. */
bool world_tags_are_ours(const struct world *w, const struct value *tags);

/* A key's or table's tags say that it is the one in use. */
bool world_tags_are_live(const struct value *tags);

/* [{Key,Value}] or [{TagKey,TagValue}] to a map and back. */
const struct value *tags_from_list(struct arena *a, const struct value *list);
struct value *tags_to_list(struct arena *a, const struct value *map, const char *key_name, const char *value_name);

/* "arn:<partition>:iam::<account>:oidc-provider/<issuer>" and the like; partition and account as found. */
const char *world_provider_arn(const struct world *w);
const char *world_role_arn(const struct world *w);
const char *world_table_arn(const struct world *w);
/* The issuer without "https://". */
const char *world_issuer_site(const struct world *w);

/* The documents that the role shall have. */
struct value *world_trust_policy(const struct world *w);
/* With the keys that wrap the stored root key beside `key_arn`, where they were read. */
struct value *world_role_policy(const struct world *w, const char *key_arn);
/* Those of the collector's role, by want.audit_to. */
const char *world_collector_arn(const struct world *w);
struct value *world_collector_trust(const struct world *w);
struct value *world_collector_policy(const struct world *w);

#endif
