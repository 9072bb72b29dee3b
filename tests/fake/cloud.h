/*
 * An account of AWS behind the fake transport: KMS, DynamoDB, IAM, STS, EKS,
 * Secrets Manager, Parameter Store, S3, CloudWatch Logs and the search by tags, as far as the workflow calls them, each in its own
 * protocol with its own words for what went wrong.
 *
 *	struct fake_cloud cloud;
 *	fake_cloud_init(&cloud);                  an account with the cluster 'prod' and nothing else
 *	fake_transport_fault(&cloud.net, 3, FAULT_LOST_REPLY, REACH_ONCE);
 *	... a loop over &cloud.transport, with the host of a fake_machine ...
 *	fake_cloud_assert_one_of_each(&cloud);
 *	fake_cloud_release(&cloud);
 *
 * It lags as the real one does (struct cloud_lags). What is in the account may be
 * read and changed by the test at any time through the arrays; texts and trees
 * that are put there must outlive the cloud (cloud.mem is at hand).
 *
 * A request that is not signed, a parameter that is missing and an operation
 * that is not known end the test: they are mistakes of ours.
 */
#ifndef FAKE_CLOUD_H
#define FAKE_CLOUD_H

#include "core/value.h"
#include "fake/host.h"
#include "fake/transport.h"

#define CLOUD_ACCOUNT "111122223333"
#define CLOUD_REGION  "eu-central-1"
#define CLOUD_CLUSTER "prod"
/* The issuer without "https://". */
#define CLOUD_SITE    "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
/* The wall clock when the transport's stands at 0. */
#define CLOUD_START_MS INT64_C(1795498584000)

enum { CLOUD_MAX = 16 };    /* of each kind */
enum { CLOUD_ITEMS = 64 };  /* of a table, by name */

/* How late things show, in ms. */
struct cloud_lags {
	unsigned tags;          /* in a search by tags, new or changed */
	unsigned creating;      /* a table is CREATING */
	unsigned backups;       /* PITR cannot be set, after it is ACTIVE */
	unsigned roles;         /* a role is not known to IAM's other calls */
	unsigned keys;          /* a key or alias is not known to KMS's other calls */
};

/* What a resource is tagged with, and what the search still shows. */
struct cloud_tags {
	const struct value *now, *before;   /* maps of texts; NULL: not there */
	int64_t since_ms;
};

struct cloud_key {
	const char *id, *arn, *state, *usage, *spec, *description;
	struct cloud_tags tags;
	int64_t made_ms, rotation_days;
	bool multi_region, rotation;
};

struct cloud_alias {
	const char *name, *key;             /* "alias/x", a key's id */
	int64_t made_ms;
};

struct cloud_table {
	const char *name, *arn, *hash_key, *range_key, *billing, *sse_key;
	const char *status;                 /* NULL: CREATING, then ACTIVE */
	struct cloud_tags tags;
	const char *wrapped_by;             /* ARN of the key that wraps the stored root key; NULL: none is stored */
	int64_t made_ms, pitr_days, items;
	bool protection, pitr;
	const char *stored[CLOUD_ITEMS];    /* "core/keyring": beside the nameless `items` */
	unsigned n_stored;
	int64_t lock_ms;                    /* "core/_lock" is held until then, of the wall clock; 0: it is not there */
};

struct cloud_backup {
	const char *table, *name;
	int64_t made_ms;                    /* CREATING for a while from then on; 0: of old */
};

struct cloud_role {
	const char *name, *path, *arn, *trust, *boundary;
	struct cloud_tags tags;
	const struct value *policies;       /* a map: name, document as text */
	int64_t made_ms;
};

struct cloud_provider {
	const char *site;                   /* the URL without "https://" */
	const struct value *audiences;      /* a list of texts */
};

struct cloud_secret {
	const char *name, *arn, *key, *value, *description;
	const char *token;                  /* of the last write that became current: its version's id */
	struct cloud_version {
		const char *id, *value;         /* NULL: none */
	} pending, previous;
	struct cloud_tags tags;
	int64_t made_ms;
	unsigned updates;
	const struct value *copies;         /* ReplicationStatus; NULL: none */
	bool deleted;                       /* in its recovery window */
};

struct cloud_group {
	const char *name;
	const struct value *tags;           /* a map of texts */
};

/* What Parameter Store and the bucket keep. */
struct cloud_kept {
	const char *name, *key, *value;
	const char *says;                   /* its description; its state in the metadata */
	const char *owner;                  /* in the metadata */
	struct cloud_tags tags;
	int64_t made_ms;
	unsigned version;
};

/* The one bucket of the account. */
struct cloud_bucket {
	const char *name, *versioning;      /* versioning NULL: never switched on */
	bool open;                          /* no public access block */
};

/* Something of another service that carries tags: a recovery point. */
struct cloud_other {
	const char *arn;
	struct cloud_tags tags;
};

struct fake_cloud {
	struct fake_transport net;
	struct transport transport;
	struct arena mem;
	struct cloud_lags lags;
	unsigned page;                      /* of a search by tags, at most; 0: as asked */
	const char *cluster_status;         /* NULL: there is no cluster */
	const char *denied;                 /* an operation that nobody may call: "kms:DescribeKey" */

	struct cloud_key keys[CLOUD_MAX];
	struct cloud_alias aliases[CLOUD_MAX];
	struct cloud_table tables[CLOUD_MAX];
	struct cloud_backup backups[CLOUD_MAX];
	struct cloud_role roles[CLOUD_MAX];
	struct cloud_provider providers[CLOUD_MAX];
	struct cloud_other others[CLOUD_MAX];
	struct cloud_secret secrets[CLOUD_MAX];
	struct cloud_group groups[CLOUD_MAX];
	struct cloud_kept parameters[CLOUD_MAX], objects[CLOUD_MAX];
	struct cloud_bucket bucket;
	unsigned n_secrets, n_groups, n_parameters, n_objects;
	unsigned n_keys, n_aliases, n_tables, n_backups, n_roles, n_providers, n_others;

	unsigned writes;                    /* changing calls that were let in, refused ones included */
};

void fake_cloud_init(struct fake_cloud *c);
void fake_cloud_release(struct fake_cloud *c);
SCOPE_END(fake_cloud, struct fake_cloud, fake_cloud_release(v))

/* Milliseconds since 1970, as the account has it. */
int64_t fake_cloud_now_ms(const struct fake_cloud *c);
/* Lets time pass. */
void fake_cloud_pass(struct fake_cloud *c, int64_t ms);

/* Tags from pairs "Name", "text", ..., NULL; known to the search already. */
struct cloud_tags fake_cloud_tags(struct fake_cloud *c, ...) __attribute__((sentinel));
/* Sets or (NULL) takes off one tag; the search lags. */
void fake_cloud_tag(struct fake_cloud *c, struct cloud_tags *tags, const char *name, const char *text);
/* NULL: none. */
const char *fake_cloud_tag_of(const struct cloud_tags *tags, const char *name);

/* Makes what a test wants to be there: enabled, active, old; the caller fills in what differs. */
struct cloud_key *fake_cloud_add_key(struct fake_cloud *c, struct cloud_tags tags);
struct cloud_alias *fake_cloud_add_alias(struct fake_cloud *c, const char *name, const struct cloud_key *key);
struct cloud_table *fake_cloud_add_table(struct fake_cloud *c, const char *name, struct cloud_tags tags);
/* An item by name ("core/keyring", "core/"), unless it is there. The name is borrowed. */
void fake_cloud_store(struct cloud_table *t, const char *name);
bool fake_cloud_stores(const struct cloud_table *t, const char *name);

/* One key, with one alias that leads to it; one table, one provider; one role, and a second where there is a log group. */
void fake_cloud_assert_one_of_each(const struct fake_cloud *c);

/*
 * A machine that runs our program: its files and variables (fake/host.h), with
 * the wall clock of the cloud, credentials and a home. Several may use one cloud.
 */
struct fake_machine {
	struct fake_host files;
	struct host host, plain;
	const struct fake_cloud *cloud;
	int64_t clock_off_ms;    /* so much is its clock ahead */
};

void fake_machine_init(struct fake_machine *m, const struct fake_cloud *c);
void fake_machine_release(struct fake_machine *m);

#endif
