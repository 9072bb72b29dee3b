/*
 * Starting over: a table that an init of before left initialised and useless is
 * emptied, and Vault is initialised anew.
 *
 *	OVER_AGAIN   our own note (spool, or the table's tag) proves that the reply of our sys/init was lost: nobody has the
 *	             keys. Where the table holds a fresh init's items alone the next init does this by itself
 *	OVER_ASKED   --start-over: the same, or an init of anybody's that was refused half-way (its flag is there). The table
 *	             is backed up first, and its name typed
 *
 * Refused, with every reason: keys in custody or in a spool, a server that is
 * unsealed where no note of ours says that nobody has keys, items that no fresh
 * init writes (fresh_items.h), and no cluster at hand, since the pods go first.
 *
 *	over.set ... over.lock       wait for a run that may still be under way; back up; note; pods down, number remembered
 *	                             in an annotation; nobody holds the lock
 *	over.items ... over.verify   only a fresh init's items, still; the keyring goes first, so that Vault says "not
 *	                             initialised" of whatever is left, the flag last; nothing is left
 *	over.up ... over.still       pods back, annotation away, Vault answers that it is not initialised, the note is still ours
 *
 * Killed anywhere, the next init finds the pods down by the annotation and brings
 * them back first (init_revive_rows), then goes on as what it finds tells.
 */
#ifndef DOMAIN_INIT_OVER_H
#define DOMAIN_INIT_OVER_H

#include "domain/fresh_items.h"
#include "kube/objects.h"
#include "net/graph.h"

struct init_world;

enum init_over_kind { OVER_NONE, OVER_AGAIN, OVER_ASKED };

struct init_over {
	enum init_over_kind kind;
	bool ours;                       /* our note proves that nobody has the keys */
	size_t unsealed;                 /* servers, where --start-over asked for them */

	bool set_read;                   /* the StatefulSet, as it was: */
	int64_t replicas, remembered;    /* remembered: in the annotation; 0: not */
	size_t pods, running;            /* of the release, as last seen */
	bool server_back;                /* the one that is asked runs again */
	bool down;                       /* we took them down */
	const char *since;               /* of the note that this run left */
	struct fresh_items items;        /* when the pods were gone */
	const char *backup, *backup_status;   /* its name; NULL: not found */
};

/*
 * Vault is initialised, or its table holds something, and no keys of ours are at hand: sets the kind, or ERR_GUARD with what
 * is there and what can still be done.
 */
MUST_CHECK int init_over_decide(struct init_world *in, struct err *e);
/* --start-over, although keys are at hand: ERR_GUARD. */
MUST_CHECK int init_over_allowed(const struct init_world *in, struct err *e);
/* A run that goes on for another machine takes its id: custody's placeholders are that run's. NULL: a new one. */
const char *init_over_run(const struct init_world *in, const char **since);

/* A row of init_find: whether a server is unsealed. */
bool init_over_asked(const void *world, size_t item);
enum heard init_over_hear_health(void *world, size_t item, const struct reply *reply, struct err *e);
bool init_over_missed_health(void *world, size_t item, const struct err *why);

/* Alone, before anything else, where there is a cluster: pods that an init took down and left so are brought back. */
enum { INIT_REVIVE_ROWS = 5, INIT_OVER_ROWS = 21 };
extern const struct step init_revive_rows[INIT_REVIVE_ROWS];
/* Between custody's proof and the call. */
extern const struct step init_over_rows[INIT_OVER_ROWS];

/* init_over_pods.c: the asks and hears that both tables use. */
int init_ask_set(const void *world, size_t item, struct request *rq, struct err *e);
enum heard init_hear_set(void *world, size_t item, const struct reply *reply, struct err *e);
int init_ask_pods_now(const void *world, size_t item, struct request *rq, struct err *e);
/* How many there are, and how many run. */
enum heard init_read_pods(struct init_world *in, const struct reply *reply, struct err *e);
MUST_CHECK int init_ask_scale(const struct init_world *in, struct request *rq, int64_t replicas, struct err *e);
enum heard init_hear_scale(void *world, size_t item, const struct reply *reply, struct err *e);
/* replicas 0: the annotation goes. */
MUST_CHECK int init_ask_remember(const struct init_world *in, struct request *rq, int64_t replicas, struct err *e);
int init_ask_forget(const void *world, size_t item, struct request *rq, struct err *e);
enum heard init_hear_annotated(void *world, size_t item, const struct reply *reply, struct err *e);

#endif
