/*
 * `recover seal-migrate`: Vault's root key is wrapped anew, by another KMS key,
 * by shares (Shamir), or from shares by a KMS key, with the data where it is.
 *
 *	seal_reads      a table of reads, run anew in each round: configuration, release, pods, table, key, role
 *	seal_judge      why not (exit 4), or 0
 *	seal_next       pure: what is to be done next, from what was read alone
 *	seal_table      the rows of that one move
 *
 * A round is all four; rounds go on until seal_next says SEAL_DONE. So whoever
 * is killed leaves nothing to remember: the next run reads where it stands.
 *
 * Which seal a pod was started for stands in an annotation that the StatefulSet's
 * template got together with the configuration (SEAL_MARK); helm writes the
 * ConfigMap before the StatefulSet, so a pod with the mark has the seal with it.
 *
 * Seen with Vault 1.21.1 of three servers:
 *
 *	another KMS key    A server that is started with another kms_key_id unseals by itself, since KMS finds the key by the
 *	                   ciphertext, and wraps root key and recovery key anew when it becomes active. One with the old key
 *	                   that becomes active wraps them back: so the old active one goes last.
 *	to Shamir          The stanza gets disabled = "true"; servers stay sealed until the recovery keys come with
 *	                   migrate = true; the first of them that becomes active rewrites core/seal-config. From then on a
 *	                   server takes the same shares, as unseal keys, without migrate (with it: 500), and no stanza at all.
 *	from Shamir        The stanza is added; unseal keys with migrate = true; afterwards servers unseal by themselves, and
 *	                   the unseal keys are the recovery keys.
 *	another region     AWS_REGION of the pod beats the region of every awskms stanza (go-kms-wrapping, awskms.go), so no
 *	                   server has seals of two regions. A replica of the present key decrypts what that one encrypted: it is
 *	                   another KMS key, with AWS_REGION beside it. To any other key it goes by way of Shamir.
 */
#ifndef DOMAIN_SEAL_MIGRATE_H
#define DOMAIN_SEAL_MIGRATE_H

#include "domain/custody.h"
#include "domain/roll.h"
#include "domain/vault_config.h"
#include "domain/vault_role.h"

#define SEAL_MARK "helm-vault-aws/seal"
#define SEAL_POLICY "vault-seal-migrate"

struct seal_options {
	const char *to;                  /* "awskms" or "shamir"; NULL: as to_key says */
	const char *to_key;              /* id, ARN or alias; NULL: none */
	const char *to_region;           /* of an id or alias; NULL: as to_key says, else where the present seal is */
};

/* How helm is run. Borrowed. */
struct seal_release {
	const char *helm_bin, *chart, *repo;
	const char *version;             /* NULL: the one that is installed */
	const char *const *rest;         /* what stood after --; NULL: nothing */
};

struct seal_key {
	const char *arn, *id, *state, *usage, *spec;
};

/* What the table says of the root key. */
struct seal_stored {
	const char *type;                /* of core/seal-config; NULL: there is none */
	const char *root_key, *recovery_key;   /* the KMS keys that wrap them; NULL: none does */
};

enum { SEAL_WANTED_KEY, SEAL_PRESENT_KEY, SEAL_KEYS };

/* What the role may do with one key. */
struct seal_trial {
	bool encrypts, decrypts;
	const char *blob, *said;         /* said: the refusal */
};

struct seal_migrate {
	struct roll roll;                /* first: its rows take it for their world */
	struct seal_options options;
	struct seal_release release;

	/* read in every round */
	struct vault_facts facts;        /* of the ConfigMap */
	const char *config;              /* server.ha.config of the release's values; NULL: not a text */
	bool annotations_text;           /* server.annotations is a text, to which nothing can be added */
	const char *mark;                /* that the template has; NULL: none */
	const char *strategy, *chart_label;
	const char *region, *default_region;   /* AWS_REGION and AWS_DEFAULT_REGION of the template; NULL: not there */
	bool table_region;               /* the template has AWS_DYNAMODB_REGION */
	struct seal_stored stored;
	struct seal_key key;             /* the wanted one */
	bool region_given;               /* of the wanted key */
	struct aws key_aws, table_aws;
	bool by_shamir;                  /* shares take over first: seal_settle */

	/* the proof */
	struct vault_role role;
	struct secret probe;
	struct seal_trial trials[SEAL_KEYS];

	const struct secret *shares;     /* borrowed; n_shares of them, 0: not read */
	size_t n_shares, share;          /* share: the next one to be given */
	const char *shares_from;         /* for messages */

	bool stepped_down;               /* the active one was asked to, for this configuration */
	const char *custody_token;       /* of the one call that changes its entry */
	const char *custody_words;       /* that its entry is to be described with; NULL: it is */
	bool granted;                    /* the role's policy was written in this run */
};

enum seal_step {
	SEAL_DONE,
	SEAL_GRANT,                      /* the role may not use the new key yet */
	SEAL_CONFIGURE,                  /* by helm */
	SEAL_RESTART,                    /* a pod: ended, and made anew by its StatefulSet */
	SEAL_AWAIT,                      /* pods, a leader, the key that is wrapped anew */
	SEAL_UNSEAL,                     /* a pod, with shares out of custody */
	SEAL_STEP_DOWN                   /* the active one, once all others are current */
};

struct seal_move {
	enum seal_step step;
	size_t pod;
};

/* Every problem of them at once, ERR_USAGE. */
MUST_CHECK int seal_check_options(const struct seal_options *o, struct err *e);

/* Over an opened session's world. Texts are borrowed. seal_release_all always. */
MUST_CHECK int seal_prepare(struct seal_migrate *m, struct world *w, const struct boot_options *boot,
                            const struct seal_options *o, const struct seal_release *release, struct err *e);
void seal_release_all(struct seal_migrate *m);

/* Shares, and no KMS key, are what is wanted in the end. */
bool seal_wants_shamir(const struct seal_migrate *m);
/* Shares are what is wanted next: in the end, or on the way to a key of another region. */
bool seal_to_shamir(const struct seal_migrate *m);
/* The pods must be told in which region the key is. */
bool seal_sets_region(const struct seal_migrate *m);
/* The names of one key: ARNs that are the same, or an id and an ARN that ends in it. */
bool seal_same_key(const char *a, const char *b);
/* The pod takes shares: it is sealed, and nothing else opens it. */
bool seal_takes_shares(const struct roll_pod *p);
/* On the way to and from Shamir; not from one KMS key to another. */
bool seal_needs_shares(const struct seal_migrate *m);
/* What the table shall say in the end, it says. */
bool seal_stored_as_wanted(const struct seal_migrate *m);
/* What the template shall be marked with. */
const char *seal_mark(const struct seal_migrate *m, struct arena *a);
/* The release's configuration as it shall be. ERR_CONFIG: it cannot be read. */
MUST_CHECK int seal_config(const struct seal_migrate *m, struct arena *a, char **out, struct err *e);

/* After the reads: which of the two legs it is that is gone now, and which pods are there for it. */
void seal_settle(struct seal_migrate *m);
/* ERR_GUARD with everything that stands against it. */
MUST_CHECK int seal_judge(const struct seal_migrate *m, struct err *e);
struct seal_move seal_next(const struct seal_migrate *m);

/* The reads, with the proof, in the arena. */
const struct step *seal_reads(struct arena *a, size_t *n);
/* Before the reads of another round: nothing of the last one is believed. */
void seal_forget(struct seal_migrate *m);
/* The rows of a move; it may set roll.at. */
const struct step *seal_table(struct seal_migrate *m, struct seal_move move, size_t *n);

/* What is there and what will be done: {seal, to, by_way_of, wrapped_by, pods: [{name, state, then}], ...}. */
struct value *seal_plan(const struct seal_migrate *m, struct arena *a);

/* seal_migrate_proof.c, and seal_grant_rows */
enum { SEAL_PROOF_ROWS = 5 };
extern const struct step seal_proof_rows[SEAL_PROOF_ROWS];
/* ERR_GUARD with what the role lacks. */
MUST_CHECK int seal_proof_verdict(const struct seal_migrate *m, struct err *e);

/* seal_migrate_act.c, one table a move. */
extern const struct step seal_grant_rows[], seal_configure_rows[], seal_unseal_rows[];
extern const size_t n_seal_grant_rows, n_seal_configure_rows, n_seal_unseal_rows;
/* After roll_await_rows. */
enum { SEAL_STORED_ROWS = 1 };
extern const struct step seal_stored_rows[SEAL_STORED_ROWS];

/* seal_migrate_custody.c: when all is done, the entry in Secrets Manager says what its keys are now. */
enum { SEAL_CUSTODY_ROWS = 2 };
extern const struct step seal_custody_rows[SEAL_CUSTODY_ROWS];

/* Asks and hears that both reads and waits use (seal_migrate_read.c). */
int seal_ask_stored(const void *world, size_t item, struct request *rq, struct err *e);
enum heard seal_hear_stored(void *world, size_t item, const struct reply *reply, struct err *e);
size_t seal_count_stored(const void *world);

#endif
