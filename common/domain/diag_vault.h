/*
 * The vault family's part of a diagnosis: what each server says of itself, and
 * what it has logged. Servers are asked by the names that a StatefulSet gives, so
 * that nobody waits for the list of pods.
 */
#ifndef DOMAIN_DIAG_VAULT_H
#define DOMAIN_DIAG_VAULT_H

#include "domain/diag.h"
#include "domain/log_catalogue.h"
#include "kube/portforward.h"
#include "vault/sys.h"

enum { VAULT_SERVERS_MAX = 16, VAULT_LOG_LINES = 200, VAULT_LOG_BYTES_MAX = 1 << 20 };

struct server_log {
	bool read;
	struct log_record *at;       /* oldest first */
	size_t n;
};

struct vault_server {
	const char *name;            /* of its pod */
	struct kube_pod_port port;
	bool seal_read, health_read, leader_read;
	struct vault_seal_status seal;
	struct vault_health health;
	struct vault_leader leader;
	int64_t asked_ms;            /* our clock when sys/health was answered */
	bool wants_tls;              /* it was spoken to without */
	const char *why;             /* what the first question that was not answered ended with; NULL: all were */
	enum err_kind why_kind;
	const char *chain;           /* the certificates that it showed, PEM; NULL: none */
	struct server_log log, log_before;
	const char *log_why;         /* why its log could not be read; NULL: it could */
	enum err_kind log_why_kind;
	const struct value *stats;   /* its node's stats/summary; NULL: not read */
};

struct diag_vault {
	struct vault_server at[VAULT_SERVERS_MAX];
	size_t n;
	bool service_read;
	const struct value *service; /* <fullname>-active; NULL: absent */
	const struct value *slices;  /* its EndpointSlices, a list; NULL: not read */
	const char *stats_why;
	const struct value *audit;   /* sys/audit's data: a map of devices; NULL: not read */
};

enum { DIAG_VAULT_STEPS = 9 };
extern const struct step diag_vault_steps[DIAG_VAULT_STEPS];

/* NULL when none of the family's steps has run. */
const struct diag_vault *diag_vault(const struct diag *d);
/* How many servers are asked. */
size_t vault_servers(const struct diag *d);
/* VAULT_ADDR in the pods says so, which the chart takes from global.tlsDisable. */
bool vault_by_tls(const struct diag *d);

/* Those that the hears share: the server of an item. Makes the part when it is not there yet. */
struct vault_server *vault_server_at(struct diag *d, size_t item);

/* diag_vault_log.c, diag_vault_audit.c */
int vault_ask_log(const void *world, size_t item, struct request *rq, struct err *e);
int vault_ask_log_before(const void *world, size_t item, struct request *rq, struct err *e);
enum heard vault_hear_log(void *world, size_t item, const struct reply *reply, struct err *e);
enum heard vault_hear_log_before(void *world, size_t item, const struct reply *reply, struct err *e);
bool vault_missed_log(void *world, size_t item, const struct err *why);
bool vault_audit_due(const void *world, size_t item);
int vault_ask_audit(const void *world, size_t item, struct request *rq, struct err *e);
enum heard vault_hear_audit(void *world, size_t item, const struct reply *reply, struct err *e);

#endif
