/*
 * Custody: where recovery keys and the root token are kept, each in an entry of
 * its own, so that who may read the one need not see the other. Entries are
 *
 *	recovery-keys, root-token                        as a rule
 *	recovery-key-1 ... recovery-key-N, root-token    split: no entry holds enough to do anything
 *
 * Where they are kept is a row (struct custody_kind): AWS Secrets Manager,
 * Parameter Store, S3, or files. Those in AWS have one name everywhere,
 *
 *	helm-vault-aws/<cluster>/<namespace>/<release>/recovery-keys
 *
 * and are encrypted with a KMS key other than the seal key. An entry is made
 * before Vault is initialised, with a placeholder that names the run, and read
 * back: so all that storing takes is proven first, and two runs cannot both think
 * that the place is theirs. What says whether it holds something yet changes in
 * one call with the value; what holds something is never written.
 *
 * To read what is kept (a store is a kind, and where that is):
 *
 *	struct custody_store store = { .kind = custody_kind_of("ssm"), .want = want, .aws = aws };
 *
 *	custody_ask_value(&store, "root-token", rq, e)               in a step's ask
 *	custody_hear_value(&store, "root-token", reply, &out, e)     in its hear
 */
#ifndef DOMAIN_CUSTODY_H
#define DOMAIN_CUSTODY_H

#include "aws/services.h"
#include "core/secret.h"
#include "domain/world.h"

/* What sys/init answers is two values, whatever entries become of them. */
enum { CUSTODY_RECOVERY_KEYS, CUSTODY_ROOT_TOKEN, CUSTODY_VALUES };

struct custody_entry {
	const char *word;                /* the last part of its name */
	size_t share;                    /* which of the recovery keys, from 1; 0: all of them, or the root token */
	bool root;
	const char *kms_key;             /* ARN of its own; NULL: the store's */
	const char *reader;              /* ARN of who alone is to read it; NULL: whoever init was run by */
};

/* The entries of shares in the arena: two, or with `split` one more than the shares. */
struct custody_entry *custody_entries(struct arena *a, size_t shares, bool split, size_t *n);
/* What an entry that holds something is described with. */
const char *custody_description(const struct custody_entry *entry);

enum custody_state {
	CUSTODY_ABSENT,
	CUSTODY_PREPARED,   /* a placeholder of ours */
	CUSTODY_HOLDS,      /* keys, or what somebody else put there */
	CUSTODY_DELETED     /* its name is taken until the recovery window ends */
};

/* What is there. */
struct custody_have {
	enum custody_state state;
	const char *kms_key, *changed;   /* changed: when, as text; NULL: not said */
	bool ours;                       /* it carries cluster, namespace and release as its own */
	const struct value *copies;      /* ReplicationStatus; NULL: none */
	const char *etag;                /* S3: what was read, and what alone is written over */
};

struct custody_store;

/* Parameters of a call about one entry, in the arena. */
typedef struct value *custody_params(struct arena *a, const struct custody_store *s, const struct custody_entry *entry);

struct custody_kind {
	const char *word;                /* "ssm" */
	const char *where;               /* "AWS Systems Manager, Parameter Store" */
	size_t max;                      /* bytes that an entry takes; 0: enough */
	bool stages;                     /* a new value lies beside the valid one, until it takes its place in one step */
	/* The four calls; all NULL: files. */
	const struct aws_op *find, *make, *read, *store;
	const char *absent;              /* what `find` says when nothing is there */
	const char *taken;               /* what `make` says when something is: reading tells what */
	const char *stale;               /* what `store` says when what was read is not there any more: reading tells. NULL */
	const char *value;               /* where the value is in the answer of `read` */
	custody_params *find_params, *read_params;
	struct value *(*make_params)(struct arena *, const struct custody_store *, const struct custody_entry *, const char *id);
	struct value *(*store_params)(struct arena *, const struct custody_store *, const struct custody_entry *,
	                              const struct custody_have *, const char *id, struct view value);
	/* From the answer of `find`. */
	int (*found)(struct arena *, const struct custody_store *, const struct world *, const struct custody_entry *,
	            const struct value *body, struct custody_have *out, struct err *e);
	/* What must be so of the place itself: reads, and what is wrong (ERR_GUARD). The last one's op is NULL. */
	const struct custody_proof *proofs;
	const char *(*how_to_read)(struct arena *, const struct custody_store *, const struct custody_entry *);
	/* The statement that leaves reading an entry to one principal, and where it goes. NULL: there is none. */
	const struct value *(*policy)(struct arena *, const struct custody_store *, const struct custody_entry *, const char *arn);
	const char *policy_goes_to;
};

struct custody_proof {
	const struct aws_op *op;
	const char *absent;              /* the code that counts as an empty answer; NULL: none */
	int (*judge)(const struct custody_store *, const struct value *body, struct err *e);
};
enum { CUSTODY_PROOFS_MAX = 2 };

enum { CUSTODY_KINDS = 5 };
extern const struct custody_kind custody_kinds[CUSTODY_KINDS];

/* NULL: there is none of that word. */
const struct custody_kind *custody_kind_of(const char *word);
/* Its calls are there: what it keeps is in AWS. */
bool custody_in_aws(const struct custody_kind *kind);

/* What can be no bucket's name is a problem more in e (ERR_USAGE) about --custody-bucket. Empty is not given. */
void custody_check_bucket(const char *name, struct err *e);

/* One custody: a kind, and where that is. All borrowed. */
struct custody_store {
	const struct custody_kind *kind;
	const struct want *want;
	const struct aws *aws;           /* in its region; NULL: files */
	const char *kms_key;             /* ARN; only for making */
	const char *bucket;              /* S3 alone */
	const char *account;             /* for ARNs in policies; NULL: not known */
};

/* Policies know a session by its role: of arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION it is that. In the arena. */
const char *custody_principal(struct arena *a, const char *arn);

/* The whole name of an entry, in the arena. */
const char *custody_name(struct arena *a, const struct want *want, const char *word);

/* Asks and hears of the four calls. `*have` is filled by finding, its etag by reading too. */
MUST_CHECK int custody_ask_find(const struct custody_store *s, const struct custody_entry *entry, struct request *rq,
                                struct err *e);
enum heard custody_hear_find(const struct custody_store *s, struct world *w, const struct custody_entry *entry,
                             const struct reply *reply, struct custody_have *have, struct err *e);
MUST_CHECK int custody_ask_make(const struct custody_store *s, const struct custody_entry *entry, const char *id,
                                struct request *rq, struct err *e);
enum heard custody_hear_make(const struct custody_store *s, struct world *w, const struct custody_entry *entry,
                             const struct reply *reply, struct err *e);
MUST_CHECK int custody_ask_store(const struct custody_store *s, const struct custody_entry *entry,
                                 const struct custody_have *have, const char *id, struct view value, struct request *rq,
                                 struct err *e);
enum heard custody_hear_store(const struct custody_store *s, struct world *w, const struct custody_entry *entry,
                              const struct reply *reply, struct err *e);
MUST_CHECK int custody_ask_value(const struct custody_store *s, const char *word, struct request *rq, struct err *e);
/* have: its etag is taken; NULL: nobody writes it. HEARD_REFUSED with ERR_ABSENT: nothing is there. */
enum heard custody_hear_value(const struct custody_store *s, const char *word, const struct reply *reply,
                              struct secret *out, struct arena *a, struct custody_have *have, struct err *e);

/* The placeholder of the run `id` (32 characters). */
const char *custody_placeholder(struct arena *a, const char *id);
/* The run that a value is the placeholder of, in the arena; NULL: it is none. */
const char *custody_placeholder_run(struct arena *a, struct view value);

/* Parameters of CreateSecret for an entry that init did not make: it holds, with the placeholder until something is promoted. */
struct value *custody_adopt_params(struct arena *a, const struct custody_store *s, const struct custody_entry *entry,
                                   const char *id);

/* A copy in another region, under a key of that region: Secrets Manager alone has them. */
struct custody_copy {
	const char *region, *key;
};
/* The copies of copy[n] that are not there yet. */
size_t custody_missing(const struct custody_have *have, const struct custody_copy *copy, size_t n);
/* Parameters of ReplicateSecretToRegions for them. */
struct value *custody_copy_params(struct arena *a, const struct want *want, const char *word,
                                  const struct custody_have *have, const struct custody_copy *copy, size_t n);

/*
 * Both values from the answer of sys/init: recovery keys as JSON with what they belong to, the root token as it is. `out`:
 * CUSTODY_VALUES of them. pgp: they are messages, which are kept as base64 alone. ERR_REMOTE: it is no such answer.
 */
MUST_CHECK int custody_values(const struct want *want, const struct value *answer, int64_t threshold, bool pgp,
                              const char *when, struct secret *out, struct err *e);
/* What one entry is to hold, out of both. ERR_CONFIG: there is no such share. */
MUST_CHECK int custody_part(const struct custody_entry *entry, const struct secret *values, struct secret *out,
                            struct err *e);
/* Share number `share` of a value of recovery keys as base64, in the arena; NULL: there is none. */
const char *custody_share(struct arena *a, struct view value, size_t share);
/* How large the largest entry gets, when each share takes so many bytes. */
MUST_CHECK int custody_largest(const struct want *want, const struct custody_entry *entries, size_t n, size_t shares,
                               size_t share_bytes, bool pgp, size_t *out, struct err *e);

#endif
