/* The asks and hears of provision_steps, one file a subject; provision.c alone puts them together. */
#ifndef DOMAIN_STEPS_H
#define DOMAIN_STEPS_H

#include "domain/hear.h"
#include "domain/provision.h"

#define ASK(name)  int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  bool name(const void *world, size_t item)

/* caller_steps.c: who we are, the cluster, the search by tags */
ASK(ask_caller); HEAR(hear_caller);
ASK(ask_cluster); HEAR(hear_cluster);
ASK(ask_tagged); HEAR(hear_tagged);
/* The one resource of a type that the search shows as in use, NULL: none; more than one: refused. */
enum heard tagged_in_use(const struct world *w, const char *service, const char *type, const struct tagged **out, struct err *e);

/* Refuses, with exit 4, what has a name of ours but belongs to somebody else. `what`: "table", `name`: its name. */
enum heard check_ours(const struct world *w, const struct value *tags, const char *what, const char *name, struct err *e);

/* key_steps.c */
ASK(ask_key_by_alias); HEAR(hear_key_by_alias);
ASK(ask_key_found); HEAR(hear_key_found); DUE(key_found_elsewhere);
ASK(ask_key_tags); HEAR(hear_key_tags); DUE(key_tags_unread);
ASK(ask_rotation); HEAR(hear_rotation); DUE(rotation_unread);
ASK(ask_create_key); HEAR(hear_created_key); DUE(key_due);
ASK(ask_create_alias); HEAR(hear_created_alias); DUE(alias_due);
ASK(ask_set_rotation); HEAR(hear_set_rotation); DUE(rotation_due);
bool key_absent(const struct world *w);

/* claim_steps.c: who may make the key */
ASK(ask_key_settled); HEAR(hear_key_settled); DUE(key_may_be_elsewhere);
HEAR(hear_claim); DUE(claim_unread);
ASK(ask_take_claim); HEAR(hear_took_claim); DUE(claim_due);
HEAR(hear_claim_held); DUE(claim_taken);
HEAR(hear_key_awaited); DUE(key_awaited);
int key_note_claim(void *world, size_t item, struct err *e);
/* The claim that the table carries, as last read; NULL: none. */
const char *claim_of_table(const struct world *w);
/* The claim was made by this run. */
bool claim_is_own(const struct world *w, const char *claim);
/* This run made the table, whose creation time is known: its lease begins. */
void claim_take_table(struct world *w);
/* This run, and no other, may make the key now. */
bool key_lease_holds(const struct world *w);

/* table_steps.c */
ASK(ask_table); HEAR(hear_table);
ASK(ask_table_tags); HEAR(hear_table_tags); DUE(table_tags_unread);
ASK(ask_table_items); HEAR(hear_table_items); DUE(table_items_matter);
ASK(ask_pitr); HEAR(hear_pitr);
ASK(ask_backups); HEAR(hear_backups);
ASK(ask_create_table); HEAR(hear_created_table); DUE(table_due); DUE(table_doubtful);
HEAR(hear_table_active); DUE(table_not_active);
ASK(ask_set_pitr); HEAR(hear_set_pitr); DUE(pitr_due);
ASK(ask_set_protection); HEAR(hear_set_protection); DUE(protection_due);
ASK(ask_mark_table); HEAR(hear_marked_table); DUE(mark_due);
/* The answer to TagResource; HEARD_NOT_YET while the table is being changed. */
enum heard hear_tagged_table(struct world *w, const struct reply *reply, struct err *e);
/* Before whatever is made or changed first: provision_guard. */
int change_guard(void *world, size_t item, struct err *e);

/*
 * role_steps.c: any role of ours by its name, and what is known of it; `trust` and documents outlive the run.
 * `what`: how its description begins.
 */
int role_ask(const struct world *w, struct request *rq, const char *name, struct err *e);
enum heard role_hear(struct world *w, struct have_role *role, const char *name, const struct reply *reply, struct err *e);
int role_ask_policy(const struct world *w, struct request *rq, const char *name, const char *policy, struct err *e);
enum heard role_hear_policy(struct world *w, struct have_role *role, const char *name, const struct reply *reply,
                            struct err *e);
int role_ask_create(const struct world *w, struct request *rq, const char *name, const char *what, const struct value *trust,
                    struct err *e);
enum heard role_hear_created(struct world *w, struct have_role *to, const char *name, const struct value *trust,
                             const struct reply *reply, struct err *e);
int role_ask_set_trust(const struct world *w, struct request *rq, const char *name, const struct value *trust, struct err *e);
enum heard role_hear_set_trust(struct world *w, struct have_role *role, const char *name, const struct value *trust,
                               const struct reply *reply, struct err *e);
int role_ask_put_policy(const struct world *w, struct request *rq, const char *name, const char *policy,
                        const struct value *document, struct err *e);
enum heard role_hear_put_policy(struct world *w, struct have_role *role, const char *name, const struct value *document,
                                const struct reply *reply, struct err *e);

/* wrapping_steps.c: which keys wrap the root key that the table holds, read where the role would lose one */
ASK(ask_root_key); HEAR(hear_root_key); DUE(root_key_matters); DUE(root_key_unread);
/* The table names a key that still wraps the root key: its mark stays until the seal has moved to the given one. */
bool mark_stays(const struct world *w);
/* What the table's mark shall name. */
const char *mark_of_key(const struct world *w);
/* Refuses another key than the table's, but one that is given and that the seal has moved to or is on its way to. */
MUST_CHECK int mark_guard(const struct world *w, struct err *e);
/* Before the role's policy is written: mark_guard. */
int before_policy(void *world, size_t item, struct err *e);

/* collector_steps.c: what the collector of audit lines needs in AWS, where audit_to asks for one */
ASK(ask_collector_role); HEAR(hear_collector_role); DUE(collector_wanted);
ASK(ask_collector_policy); HEAR(hear_collector_policy);
ASK(ask_log_group); HEAR(hear_log_group); DUE(log_group_wanted);
ASK(ask_create_collector_role); HEAR(hear_created_collector_role); DUE(collector_role_due);
ASK(ask_set_collector_trust); HEAR(hear_set_collector_trust); DUE(collector_trust_due);
ASK(ask_put_collector_policy); HEAR(hear_put_collector_policy); DUE(collector_policy_due);
ASK(ask_create_log_group); HEAR(hear_created_log_group); DUE(log_group_due);

/* role_steps.c: Vault's */
ASK(ask_role); HEAR(hear_role);
ASK(ask_policy); HEAR(hear_policy);
ASK(ask_provider); HEAR(hear_provider);
ASK(ask_create_provider); HEAR(hear_created_provider); DUE(provider_due);
ASK(ask_create_role); HEAR(hear_created_role); DUE(role_due);
ASK(ask_set_trust); HEAR(hear_set_trust); DUE(trust_due);
ASK(ask_put_policy); HEAR(hear_put_policy); DUE(policy_due);

#endif
