/*
 * The pods of a release replaced one after the other, while Vault goes on: what
 * each server says, one pod ended and waited for, the active one stepping down.
 * A world of these rows begins with a struct roll:
 *
 *	struct upgrade {
 *		struct roll roll;
 *		...
 *	};
 *
 * Which pod is next is the caller's to say (in roll.at); nothing is remembered
 * from one round to the next but what stands in the cluster.
 */
#ifndef DOMAIN_ROLL_H
#define DOMAIN_ROLL_H

#include "domain/boot.h"

struct roll;

struct roll_pod {
	bool current;                    /* made of what is wanted */
	bool runs, answers, active;
	struct vault_seal_status status;
};

struct roll_rules {
	/* The pod was made of what is wanted. */
	bool (*is_current)(const struct roll *r, const struct pod *p);
	/* The server is sealed, and will open by itself. */
	bool (*opens)(const struct roll *r, const struct roll_pod *p);
	/* The server is waited for until it answers and is open. */
	bool (*is_awaited)(const struct roll *r, const struct roll_pod *p);
	bool alone;                      /* nobody's share opens a server: what is shut opens by itself, or not at all */
};

struct roll {
	struct boot boot;                /* first: the row that finds the pods takes it for its world */
	struct world *world;
	const struct roll_rules *rules;
	int64_t replicas;
	struct roll_pod *pods;           /* boot.pods.n of them; NULL: not read */
	size_t at;                       /* the pod that the move is about */
};

/* Over an opened session's world. boot_release(&r->boot) always. ERR_USAGE as of boot_init. */
MUST_CHECK int roll_init(struct roll *r, struct world *w, const struct boot_options *boot, const struct roll_rules *rules,
                         struct err *e);
/* Before another round: nothing of the last one is believed. */
void roll_forget(struct roll *r);
/* Says anew which pods are current. */
void roll_mark(struct roll *r);
const struct pod *roll_pod_at(const struct roll *r);
size_t roll_count_active(const struct roll *r);
bool roll_any_deleting(const struct roll *r);
/* The last pod for which it is so; boot.pods.n: none. */
size_t roll_find(const struct roll *r, bool (*is)(const struct roll_pod *));
/* "active", "standby", "sealed", "does not run", "does not answer". */
const char *roll_state(const struct roll_pod *p);

/* Reads, for tables of the caller's. That none runs is an answer, where all are restarted. */
int roll_ask_pods(const void *world, size_t item, struct request *rq, struct err *e);
enum heard roll_hear_pods(void *world, size_t item, const struct reply *reply, struct err *e);
size_t roll_count_pods(const void *world);
int roll_ask_status(const void *world, size_t item, struct request *rq, struct err *e);
enum heard roll_hear_status(void *world, size_t item, const struct reply *reply, struct err *e);
bool roll_status_due(const void *world, size_t item);
int roll_ask_leader(const void *world, size_t item, struct request *rq, struct err *e);
enum heard roll_hear_leader(void *world, size_t item, const struct reply *reply, struct err *e);
bool roll_leader_due(const void *world, size_t item);
/* One that does not answer is seen so, and hides nothing of the others. */
bool roll_missed(void *world, size_t item, const struct err *why);

enum { ROLL_LOOK_S = 10, ROLL_LEADER_S = 180 };

/* Whether all servers answer, unsealed: then one of them is active, or will be. */
bool roll_all_open(const struct roll *r);

/* A way to the pod at roll.at alone, with the caller's token: before a change. */
int roll_before_pod(void *world, size_t item, struct err *e);

/* roll.at ended, made anew by its StatefulSet, answering and open. */
enum { ROLL_RESTART_ROWS = 3, ROLL_DOWN_ROWS = 1, ROLL_AWAIT_ROWS = 3 };
extern const struct step roll_restart_rows[ROLL_RESTART_ROWS];
/* roll.at steps down. */
extern const struct step roll_down_rows[ROLL_DOWN_ROWS];
/* "pods.settle", "pods.answer", "vault.leader": all pods there, open as far as awaited, one of them active. */
extern const struct step roll_await_rows[ROLL_AWAIT_ROWS];

#endif
