/*
 * `init`: Vault is initialised once, and what it answers is in custody before
 * anything else is done with it.
 *
 *	init_prepare    the options, and what an earlier run left in the spool
 *	init_find       a table of reads: Vault, its configuration, the two keys, custody, the table
 *	init_decide     pure: what is to be done, or why not (exit 4)
 *	init_table      the work: the proof of nine actions as the role, custody prepared, sys/init, custody stored and read
 *	                back, Vault ready
 *
 * sys/init is sent once. Its reply is all there ever is of the keys: the first
 * thing done with it is to seal it into the spool (spool.h). Killed at any
 * instant, the next run finishes from spool and custody, or says what is there:
 *
 *	not initialised, spool none, prepared or begun    it goes on from there
 *	initialised, spool keys                           they are stored and read back
 *	initialised, custody holds keys, spool none       nothing is left to do
 *	initialised, spool or tag begun                   the reply was lost: nobody has these keys, and where the table holds
 *	                                                  a fresh init's items alone it is started over (init_over.h)
 */
#ifndef DOMAIN_INIT_H
#define DOMAIN_INIT_H

#include "domain/begun_tag.h"
#include "domain/boot.h"
#include "domain/custody.h"
#include "domain/custody_file.h"
#include "domain/init_over.h"
#include "domain/pgp.h"
#include "domain/spool.h"
#include "domain/vault_config.h"
#include "domain/vault_role.h"

enum { INIT_SHARE_BYTES = 33 };  /* vault, shamir.go: the share of a key of 32 bytes, and where it was cut */
enum { INIT_ACTIONS = 9, INIT_COPIES_MAX = 8 };
extern const char *const init_actions[INIT_ACTIONS];    /* "kms:DescribeKey" ... "dynamodb:DeleteItem" */

struct init_options {
	const char *const *custody;      /* where, NULL-terminated; NULL: not said */
	const char *custody_key;         /* --custody-kms-key */
	const char *bucket;              /* --custody-bucket */
	const char *const *copies;       /* --custody-replica, "REGION=KEY" each, NULL-terminated; NULL: none */
	const char *folder;              /* --out, of custody in files */
	/* Lists, NULL-terminated; NULL: none. */
	const char *const *recipients;   /* --recipient; split: of one share each */
	const char *const *root_recipients;  /* --root-recipient; NULL: those of the shares, unless split */
	const char *const *pgp_keys;     /* --pgp-key, a file each */
	const char *root_pgp_key;        /* --root-pgp-key */
	bool split;                      /* each share is an entry of its own ... */
	const char *const *share_keys, *const *share_readers;  /* ... under a KMS key, for a principal of its own */
	int64_t shares, threshold;
	bool start_over;                 /* --start-over */
};

/* How one of the nine actions went. */
struct init_trial {
	bool asked, allowed;
	const char *said;                /* code and message of the refusal */
};

enum init_plan {
	INIT_UNDECIDED,
	INIT_FRESH,                      /* Vault is to be initialised */
	INIT_STORE,                      /* it was, and the keys are in the spool */
	INIT_DONE                        /* it was, and the keys are in custody */
};

struct init_key {
	const char *arn, *state, *usage, *spec;
};

/* One entry in one custody of AWS's. */
struct init_item {
	const struct custody_store *store;
	const struct custody_entry *entry;
	struct custody_have have;
	const char *run_there;           /* whose placeholder it holds; NULL: none */
	bool placed;                     /* it already holds what is to be stored */
	bool verified;
};

struct init_world {
	struct boot boot;                /* first: boot_steps take it for their world */
	struct world *world;             /* the session's */
	struct init_options options;
	bool in_aws, in_files;           /* where custody is: both, where several are chosen */
	struct custody_store stores[CUSTODY_KINDS];  /* those in AWS */
	size_t n_stores;
	struct custody_entry *entries;
	size_t n_entries, n_items, n_files;
	size_t n_pgp, n_keys;            /* of pgp: those that Vault encrypts to come first, then recipients of files */
	struct init_item *items_kept;    /* stores x entries: Secrets Manager's, where chosen, come first */
	struct custody_file *files;
	struct pgp_key *pgp;             /* of each share, then of the root token; and whom gpg encrypts files to. NULL: none */
	const char *pgp_home;            /* a folder for gpg */

	struct vault_facts facts;        /* what the running Vault uses */
	struct aws key_aws, table_aws;   /* in the regions of seal and storage */
	struct init_key custody_key, seal_key, *share_keys;
	struct custody_copy copies[INIT_COPIES_MAX];
	struct aws copy_aws[INIT_COPIES_MAX];
	size_t n_copies;
	bool files_placed;
	struct fresh_items items;        /* of the table, as found before anything is done */
	struct begun_tag note;           /* the table's tag */
	const char *note_page;           /* of its tags, while they are read; NULL: the first */
	struct init_over over;

	struct spool spool;
	struct secret data_key, values[CUSTODY_VALUES];
	enum init_plan plan;

	struct vault_role role;          /* its arn NULL: the proof is made with the caller's own credentials */
	struct secret probe;
	const char *probe_blob, *trial_item;
	struct init_trial trials[INIT_ACTIONS];

	size_t copies_verified;          /* of all entries */
	bool sent, lost;                 /* sys/init; lost: no whole reply came */
	bool taken;                      /* somebody else called it at the same time: our own note is taken back */
	const char *refused;             /* what Vault said instead of keys; NULL: nothing */
	bool began_before;               /* an earlier run had noted that it was about to call it */
	size_t unsealed;                 /* servers */
	const char *leader;
};

/* init_options.c: every problem of them at once, ERR_USAGE. */
MUST_CHECK int init_check_options(const struct init_options *o, struct err *e);

/* The files that they name can be read; the same. */
MUST_CHECK int init_check_files(const struct init_options *o, const struct host *host, struct err *e);
bool init_chosen(const struct init_options *o, const char *kind);
/* "REGION=KEY" taken apart; a NULL: only checked. */
MUST_CHECK int init_read_copy(const char *text, struct arena *a, struct custody_copy *out, struct err *e);

/* init_prepare.c: fills `in` over an opened session's world, and reads the spool. ERR_USAGE: cluster or region are not known. */
MUST_CHECK int init_prepare(struct init_world *in, struct world *w, const struct boot_options *boot,
                            const struct init_options *options, struct err *e);
void init_release(struct init_world *in);
/* ERR_USAGE: an entry of so many bytes is more than a chosen custody takes. */
MUST_CHECK int init_check_size(const struct init_world *in, size_t bytes, struct err *e);

/* init_pgp.c: public keys are looked at by gpg before anybody else is asked; a table of its own. */
enum { INIT_PGP_ROWS = 2 };
extern const struct step init_pgp_rows[INIT_PGP_ROWS];
/* After it: every key that will not do at once, ERR_USAGE. Where none was asked for, nothing. */
MUST_CHECK int init_check_pgp(struct init_world *in, struct err *e);

/* The reads: rows after boot_steps. */
extern const struct step init_find_rows[];
extern const size_t n_init_find_rows;

/* The work, for what init_decide says: a table in the arena. */
const struct step *init_table(struct arena *a, size_t *n);

/* Sets in->plan, or ERR_GUARD with what is there; ERR_USAGE for shares that the seal does not take. */
MUST_CHECK int init_decide(struct init_world *in, struct err *e);

/* After init_table ended well: -1 where sys/init was sent and no keys came of it. */
MUST_CHECK int init_finish(struct init_world *in, struct err *e);

/* What there is to tell: where the keys are, how they are read. */
struct value *init_report(struct init_world *in, struct arena *a);

/* init_find.c: what is in custody under one entry's name. */
size_t init_count_items(const void *world);
int init_ask_entry(const void *world, size_t item, struct request *rq, struct err *e);
enum heard init_hear_entry(void *world, size_t item, const struct reply *reply, struct err *e);
/* init_custody.c: before the call and after it. */
enum { INIT_PREPARE_ROWS = 4, INIT_STORE_ROWS = 3 };
extern const struct step init_prepare_rows[INIT_PREPARE_ROWS], init_store_rows[INIT_STORE_ROWS];
/* Everything that was stored was read back, copies and files too. */
bool init_all_verified(const struct init_world *in);
/* In front of e: that the keys wait in the spool, or that they are lost; the spool is written once more where it has none. */
void init_say_where_they_wait(struct init_world *in, struct err *e);
/* When everything was read back the spool goes. */
MUST_CHECK int init_let_go(struct init_world *in, struct err *e);

/* init_files.c: what gpg does before the call; after it; and the files. */
enum { INIT_WRAP_ROWS = 2 };
extern const struct step init_wrap_rows[INIT_WRAP_ROWS], init_files_row;
/* Makes the files of the values, into the spool; and puts those in place that are made. Both where custody is in files. */
MUST_CHECK int init_seal_files(struct init_world *in, struct err *e);
MUST_CHECK int init_place_files(struct init_world *in, struct err *e);
/* A file that waits in the spool for gpg was sealed for the recipients that it has now, or does not wait. */
bool init_same_recipients(const struct init_world *in, const struct custody_file *f);
/* -1 where gpg has not made them all: ERR_GUARD where it did not open the spool, else ERR_REMOTE. */
MUST_CHECK int init_finish_files(struct init_world *in, struct err *e);

/* init_steps.c: more is to be done than looking; and the keys are in our hands, out of the reply or out of the spool. */
bool init_has_work(const struct init_world *in);
bool init_keys_held(const struct init_world *in);

/* init_proof.c, the first rows of the work; the verdict: ERR_GUARD with every action that the role lacks. */
enum { INIT_PROOF_ROWS = 5 };
extern const struct step init_proof_rows[INIT_PROOF_ROWS];
MUST_CHECK int init_proof_verdict(const struct init_world *in, struct err *e);

/* init_items.c: the table's items and its tag, as they are now. */
int init_ask_items(const void *world, size_t item, struct request *rq, struct err *e);
enum heard init_hear_items(void *world, size_t item, const struct reply *reply, struct err *e);
int init_ask_note(const void *world, size_t item, struct request *rq, struct err *e);
enum heard init_hear_note(void *world, size_t item, const struct reply *reply, struct err *e);
/* A Scan's answer into `out`. HEARD_DONE. */
enum heard init_read_items(struct init_world *in, const struct reply *reply, struct fresh_items *out, struct err *e);
/* TagResource with this stage of our run. */
MUST_CHECK int init_ask_tag(const struct init_world *in, struct request *rq, enum begun_stage stage, const char *since,
                            struct err *e);
enum heard init_hear_tag(void *world, size_t item, const struct reply *reply, struct err *e);
/* Around the call: begun, then lost or keys, and off when all is in custody. */
extern const struct step init_note_begin, init_note_mark, init_note_end;

/* init_ready.c: sys/health of one of the release's servers. */
size_t init_count_servers(const void *world);
int init_ask_health(const void *world, size_t item, struct request *rq, struct err *e);
/* The last rows: every server unsealed, one active, and its Service with an endpoint. */
enum { INIT_READY_ROWS = 3 };
extern const struct step init_ready_rows[INIT_READY_ROWS];

#endif
