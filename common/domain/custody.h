/*
 * Custody: where recovery keys and the root token are kept, each in an entry of
 * its own, so that who may read the one need not see the other. In AWS Secrets
 * Manager the entries are
 *
 *	helm-vault-aws/<cluster>/<namespace>/<release>/recovery-keys
 *	helm-vault-aws/<cluster>/<namespace>/<release>/root-token
 *
 * encrypted with a KMS key other than the seal key. An entry is made before Vault
 * is initialised, with a placeholder that names the run, and read back: so all
 * that storing takes is proven first, and two runs cannot both think that the
 * place is theirs. Its description says whether it holds something yet, since
 * UpdateSecret changes both in one call; what holds something is never written.
 */
#ifndef DOMAIN_CUSTODY_H
#define DOMAIN_CUSTODY_H

#include "aws/services.h"
#include "core/secret.h"
#include "domain/world.h"

enum custody_entry { CUSTODY_RECOVERY_KEYS, CUSTODY_ROOT_TOKEN, CUSTODY_ENTRIES };

/* The last part of the name: "recovery-keys". */
const char *custody_entry_word(enum custody_entry entry);
/* The whole name, in the arena. */
const char *custody_name(struct arena *a, const struct want *want, enum custody_entry entry);

enum custody_state {
	CUSTODY_ABSENT,
	CUSTODY_PREPARED,   /* a placeholder of ours */
	CUSTODY_HOLDS,      /* keys, or what somebody else put there */
	CUSTODY_DELETED     /* its name is taken until the recovery window ends */
};

/* What is there. */
struct custody_have {
	enum custody_state state;
	const char *arn, *kms_key, *changed;   /* changed: when, as text; NULL: not said */
	bool ours;                             /* cluster, namespace and release in its tags */
	const struct value *tags;
	const struct value *copies;            /* ReplicationStatus; NULL: none */
};

/* A copy in another region, under a key of that region. */
struct custody_copy {
	const char *region, *key;
};

/* From the answer of DescribeSecret. */
MUST_CHECK int custody_read(struct arena *a, const struct world *w, const struct value *body, struct custody_have *out,
                            struct err *e);

/* The placeholder of the run `id` (32 characters). */
const char *custody_placeholder(struct arena *a, const char *id);
/* The run that a value is the placeholder of, in the arena; NULL: it is none. */
const char *custody_placeholder_run(struct arena *a, struct view value);

/* Parameters of CreateSecret with the placeholder, and of UpdateSecret with what is to be held. */
struct value *custody_create_params(struct arena *a, const struct want *want, enum custody_entry entry, const char *kms_key,
                                    const char *id);
struct value *custody_store_params(struct arena *a, const struct want *want, enum custody_entry entry, const char *id,
                                   struct view value);

/* The copies of copy[n] that are not there yet. */
size_t custody_missing(const struct custody_have *have, const struct custody_copy *copy, size_t n);
/* Parameters of ReplicateSecretToRegions for them. */
struct value *custody_copy_params(struct arena *a, const struct want *want, enum custody_entry entry,
                                  const struct custody_have *have, const struct custody_copy *copy, size_t n);

/*
 * The values of both entries from the answer of sys/init: recovery keys as JSON with what they belong to, the root token as
 * it is. `out`: CUSTODY_ENTRIES of them. ERR_REMOTE: it is no such answer.
 */
MUST_CHECK int custody_values(const struct want *want, const struct value *answer, int64_t threshold, const char *when,
                              struct secret *out, struct err *e);

/*
 * A resource policy for an entry that leaves reading it to the caller alone (arn: what sts:GetCallerIdentity said); it is
 * printed, and whoever owns the account decides. In the arena.
 */
const struct value *custody_policy(struct arena *a, const char *arn);

/* How to read an entry, as a command. */
const char *custody_how_to_read(struct arena *a, const struct want *want, enum custody_entry entry);

#endif
