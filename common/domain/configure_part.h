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

#endif
