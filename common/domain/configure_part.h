/* What the files of configure share among themselves: how a write is heard, and the manifest's asks and hears. */
#ifndef DOMAIN_CONFIGURE_PART_H
#define DOMAIN_CONFIGURE_PART_H

#include "domain/configure.h"

/* A write that Vault answers with 2xx; `doing` 'name' stands in front of the error. A 404 is a refusal. */
enum heard configure_hear_plain(struct configure *w, const struct reply *reply, struct err *e, const char *doing,
                                const char *name);
/* The same for what can be made once: that its path is in use is no failure (see there). */
enum heard configure_hear_made(struct configure *w, const struct reply *reply, struct err *e, const char *doing,
                               const char *name);

/* Adds to e (ERR_GUARD) each new audit device whose file would lie on no volume that outlives the pods (none known: nothing). */
void configure_check_volumes(const struct configure *w, struct err *e);
/* It names a file, and neither a device nor a word of Vault's (stdout, discard). */
bool configure_audit_is_file(const char *file_path);

/* The manifest's own mount. */
bool configure_mount_due(const void *world, size_t item);
int configure_ask_mount(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_mount(void *world, size_t item, const struct reply *reply, struct err *e);

/* The claim, with all that this run is about to make. */
bool configure_begin_due(const void *world, size_t item);
int configure_ask_begin(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_begin(void *world, size_t item, const struct reply *reply, struct err *e);

/* For rows that others settle by, and that ask for nothing by themselves. */
bool configure_never(const void *world, size_t item);
int configure_ask_look(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_look(void *world, size_t item, const struct reply *reply, struct err *e);

/* What was made, and the claim no more. */
bool configure_end_due(const void *world, size_t item);
int configure_ask_end(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_end(void *world, size_t item, const struct reply *reply, struct err *e);

/* The answer's data, in the run's arena; NULL for a 404. */
enum heard configure_hear_data(struct configure *w, const struct reply *reply, const struct value **out, struct err *e,
                               const char *doing);
const struct config_item *configure_seen(const void *world, enum config_kind kind, size_t item);
/* A POST of `attrs` and the item's secret. */
int configure_ask_secret_body(const struct configure *w, const struct config_item *item, const struct value *attrs,
                              struct request *rq, const char *path, struct err *e);

/* ---- people (configure_identity.c, configure_identity_write.c) ---- */

/* What is there, and whether it is asked for. */
size_t configure_count_users(const void *world);
size_t configure_count_entities(const void *world);
size_t configure_count_aliases(const void *world);
size_t configure_count_groups(const void *world);
int configure_ask_user(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_user(void *world, size_t item, const struct reply *reply, struct err *e);
int configure_ask_entity(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_entity(void *world, size_t item, const struct reply *reply, struct err *e);
int configure_ask_group(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_group(void *world, size_t item, const struct reply *reply, struct err *e);
bool configure_entities_due(const void *world, size_t item);
int configure_ask_entities(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_entities(void *world, size_t item, const struct reply *reply, struct err *e);

/* ---- people: by their names (configure_join.c) ---- */

/* After the reads: whose the aliases are, and who is in the groups. */
void configure_join(struct configure *w);
/* Vault's ids, of what the last list of entities has; NULL: it does not have it. */
const char *configure_entity_id(const struct configure *w, const char *name);
const char *configure_alias_id(const struct configure *w, const char *mount, const char *name);

/* What is written, and how that is heard: a refusal says that it was not made. */
bool configure_user_due(const void *world, size_t item);
int configure_begin_user(void *world, size_t item, struct err *e);
int configure_ask_user_write(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_user_written(void *world, size_t item, const struct reply *reply, struct err *e);
bool configure_entity_due(const void *world, size_t item);
int configure_begin_entity(void *world, size_t item, struct err *e);
int configure_ask_entity_write(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_entity_written(void *world, size_t item, const struct reply *reply, struct err *e);
bool configure_alias_due(const void *world, size_t item);
int configure_begin_alias(void *world, size_t item, struct err *e);
int configure_ask_alias_write(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_alias_written(void *world, size_t item, const struct reply *reply, struct err *e);
bool configure_group_due(const void *world, size_t item);
int configure_begin_group(void *world, size_t item, struct err *e);
int configure_ask_group_write(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_group_written(void *world, size_t item, const struct reply *reply, struct err *e);
/* The auth methods' accessors and the entities' ids, anew, for who is to be named by them. */
bool configure_ids_due(const void *world, size_t item);
int configure_ask_accessors(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_accessors(void *world, size_t item, const struct reply *reply, struct err *e);
bool configure_group_alias_due(const void *world, size_t item);
enum heard configure_hear_group_id(void *world, size_t item, const struct reply *reply, struct err *e);
int configure_ask_group_alias(const void *world, size_t item, struct request *rq, struct err *e);
enum heard configure_hear_group_alias(void *world, size_t item, const struct reply *reply, struct err *e);

#endif
