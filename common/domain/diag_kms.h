/*
 * What the kms and dynamodb families learn: the key from all sides, the table
 * from all sides, and what Vault itself keeps in the table: read there, so that it
 * can be told with every pod down.
 *
 * Steps that other families may name in their `reads`:
 *
 *	stored.read      the items seal-config, barrier-unseal-keys and _lock: diag_stored
 *	key.policy       key.rotation, key.grants: diag_kms
 *	table.backups    PITR: diag_dynamodb; backups.list, table.metrics, table.key likewise
 */
#ifndef DOMAIN_DIAG_KMS_H
#define DOMAIN_DIAG_KMS_H

#include "domain/diag_irsa.h"

enum { STORED_KEYS_MAX = 8, TRIAL_BYTES = 32, TRIAL_KEY_CALLS = 2, METRIC_MINUTES = 60, METRIC_PERIOD_S = 60, METRICS = 6 };

/* What Vault keeps in the table in the open. */
struct stored {
	bool read;                           /* all of it */
	bool table_absent;
	bool sealed_config, root_key, lock;  /* the items are there */
	const char *seal_type;               /* of core/seal-config; NULL: not said */
	const char *keys[STORED_KEYS_MAX];   /* ids or ARNs of what wraps the root key */
	size_t n_keys;
	bool root_key_foreign;               /* there, but no blob of a seal's */
	const char *lock_holder;             /* the uuid that the holder gave itself */
	const char *lock_expires_text;       /* ns since 1970, as stored */
	int64_t lock_expires_ms;
	int64_t aws_ms, our_ms;              /* both clocks when the lock was read */
};

/* One call as the role, and how it ended. */
struct trial {
	bool asked, allowed;
	const char *code, *message;          /* of a refusal */
};

struct diag_kms {
	struct stored stored;
	bool elsewhere_read, policy_read, rotation_read, grants_read, wrapping_read;
	const struct value *elsewhere;       /* KeyMetadata by the stanza's or the ARN's own region; NULL: absent */
	const struct value *policy;
	const struct value *rotation;        /* GetKeyRotationStatus; NULL: the key has none */
	struct value *grants;                /* of all pages */
	const char *more_grants;
	const struct value *wrapping;        /* KeyMetadata of the key that wraps the root key, where it is another; NULL: absent */

	struct secret probe;                 /* random bytes, encrypted as the role ... */
	const char *probe_blob;              /* ... to this ... */
	bool probe_same;                     /* ... and back */
	struct trial trial_key[TRIAL_KEY_CALLS], trial_decrypt;  /* DescribeKey, Encrypt */
};

struct diag_dynamodb {
	bool elsewhere_read, backups_read, list_read, key_read, metrics_read;
	const struct value *elsewhere;       /* Table by the stanza's region; NULL: absent */
	const struct value *backups;         /* ContinuousBackupsDescription; NULL: no such table */
	const char *last_backup, *last_backup_arn;   /* the newest ... */
	int64_t last_backup_ms;              /* ... and when it was made */
	size_t n_backups;
	const char *more_backups;
	const struct value *key;             /* KeyMetadata of its own key; NULL: absent */
	const struct value *metrics;         /* MetricDataResults: "m0" ... are diag_metrics, of the last hour */
	int64_t metrics_ms;                  /* when they were asked for */
	struct trial trial[DIAG_TABLE_ACTIONS];        /* in the order of diag_actions */
	const char *trial_item;              /* the random key that the proofs name */
};

/* Never NULL: empty before the first step has ended. */
const struct diag_kms *diag_kms(const struct diag *d);
const struct diag_dynamodb *diag_dynamodb(const struct diag *d);
const struct stored *diag_stored(const struct diag *d);

/* Not the key itself, but a name that somebody can point to another one. */
bool diag_key_is_alias(const char *id);

/* What stands for the key in calls that take no alias: its ARN, else the id that is configured; NULL: only an alias is known. */
const char *diag_key_ref(const struct diag *d);
/* The region that configuration (by the key's ARN, else by the stanza) means; NULL: it says none. */
const char *diag_key_home(const struct diag *d);
/* The first key that wraps the root key and is not the configured one; NULL: none, or not known. */
const char *diag_other_wrapping(const struct diag *d);

/* Metric and operation of each of METRICS; the operation is NULL for those of the whole table. */
struct metric {
	const char *name, *operation;
};
extern const struct metric diag_metrics[METRICS];
/* The sum of one of them, from that time on. No datapoints are zero. */
double diag_metric_sum(const struct diag *d, size_t metric, int64_t from_ms);
/* A timestamp of the JSON protocols (seconds since 1970, with a fraction or without) in ms; 0: none. */
int64_t diag_stamp_ms(const struct value *v);

/* Reads how a call as the role ended into `out`: a refusal is an answer. For hears of trials. */
enum heard diag_hear_trial(struct diag *d, struct arena *a, const struct aws_op *op, const struct reply *reply,
                           const char *allowed_code, struct trial *out, struct aws_answer *answer, struct err *e);

void diag_kms_release(struct diag *d);

enum { DIAG_KMS_STEPS = 8, DIAG_DYNAMODB_STEPS = 6 };
extern const struct step diag_kms_steps[DIAG_KMS_STEPS], diag_dynamodb_steps[DIAG_DYNAMODB_STEPS];

#endif
