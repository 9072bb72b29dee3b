/*
 * The six actions of Vault's storage, tried without leaving anything: what reads
 * finds nothing, what writes cannot succeed. A right that is missing is refused
 * all the same, since DynamoDB looks at rights first.
 *
 *	item = table_trial_item(a, host, "vault-check", e)     a key that no item has
 *	params = table_trial_params(a, TRIAL_UPDATE, table, item)
 *	aws_ask(aws, rq, table_trial_ops[TRIAL_UPDATE], params, e)
 */
#ifndef DOMAIN_TABLE_TRIAL_H
#define DOMAIN_TABLE_TRIAL_H

#include "aws/services.h"

enum table_trial {
	TRIAL_DESCRIBE, TRIAL_GET, TRIAL_QUERY, TRIAL_BATCH, TRIAL_UPDATE, TRIAL_DELETE, TABLE_TRIALS
};

extern const struct aws_op *const table_trial_ops[TABLE_TRIALS];

/* The code by which a write that was let in says that it did nothing. */
#define TABLE_TRIAL_HELD_BACK "ConditionalCheckFailedException"

/* prefix and 128 random bits, in the arena; NULL with e set. */
const char *table_trial_item(struct arena *a, const struct host *host, const char *prefix, struct err *e);

struct value *table_trial_params(struct arena *a, enum table_trial trial, const char *table, const char *item);

#endif
