/* The judges of kms and dynamodb, one file a subject; check_kms.c and check_dynamodb.c have the tables. */
#ifndef DOMAIN_CHECK_KMS_H
#define DOMAIN_CHECK_KMS_H

#include "domain/check_allow.h"
#include "domain/diag_kms.h"
#include "domain/fix.h"

#define JUDGE(name) enum verdict name(const struct diag *d, struct finding *f)

/* check_kms_key.c: the key itself */
JUDGE(judge_key_region);
JUDGE(judge_key);
JUDGE(judge_key_state);
JUDGE(judge_key_usage);
JUDGE(judge_multi_region);
JUDGE(judge_rotation);

/* check_kms_wrapping.c: the key that wraps the stored root key */
JUDGE(judge_alias);
JUDGE(judge_wrapping);

/* check_kms_access.c: key policy, the three actions, the round trip */
JUDGE(judge_key_policy);
JUDGE(judge_allow_describe);
JUDGE(judge_allow_encrypt);
JUDGE(judge_allow_decrypt);
JUDGE(judge_kms_proof);

/* check_table.c: the table itself */
JUDGE(judge_table_region);
JUDGE(judge_table);
JUDGE(judge_schema);
JUDGE(judge_status);
JUDGE(judge_encryption);
JUDGE(judge_ha);
JUDGE(judge_capacity);
JUDGE(judge_throttles);
JUDGE(judge_protection);
JUDGE(judge_size);

/* check_table_backup.c */
JUDGE(judge_pitr);
JUDGE(judge_backup);

/* check_table_vault.c: what Vault keeps in it */
JUDGE(judge_initialised);
JUDGE(judge_seal_type);
JUDGE(judge_lock);
JUDGE(judge_clock);

/* check_table_access.c: the six actions, CreateTable, and each action tried */
JUDGE(judge_allow_describe_table);
JUDGE(judge_allow_get_item);
JUDGE(judge_allow_query);
JUDGE(judge_allow_batch_write_item);
JUDGE(judge_allow_update_item);
JUDGE(judge_allow_delete_item);
JUDGE(judge_create_table);
JUDGE(judge_table_proof);

/* The finding is a mere consequence of what the earlier check `id` says (check_irsa_proof.c). */
enum verdict consequence(struct finding *f, const char *id);

/* Lines that give Vault's container another environment, and start the pods anew with it. */
void fix_setting(const struct diag *d, struct finding *f, const char *name, const char *text);
void fix_restart(const struct diag *d, struct finding *f);

/* "3 days ago", "in 2 h": how far a time lies from now; "2 h": how long it lasts. In the arena. */
const char *ago(struct arena *a, int64_t at_ms, int64_t now_ms);
const char *span(struct arena *a, int64_t ms);

/* Where the pods look for the key, as a word of a shell: where nothing says so, the run's own region. */
const char *key_region_word(const struct diag *d, struct arena *a);

#endif
