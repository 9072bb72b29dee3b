/*
 * What Vault says of itself without a token: sys/seal-status, sys/health and
 * sys/leader (Vault 1.14 and 1.21, http/sys_seal.go, sys_health.go,
 * sys_leader.go). Texts are borrowed from the reply's tree, which lives in the
 * arena; what is absent is NULL, false or 0.
 */
#ifndef VAULT_SYS_H
#define VAULT_SYS_H

#include "core/value.h"
#include "net/request.h"

#define VAULT_SEAL_STATUS "/v1/sys/seal-status"
#define VAULT_HEALTH      "/v1/sys/health"
#define VAULT_LEADER      "/v1/sys/leader"

/* sys/health tells a server's state by its status. */
enum vault_state {
	VAULT_ACTIVE = 200, VAULT_STANDBY = 429, VAULT_DR_SECONDARY = 472, VAULT_PERFORMANCE_STANDBY = 473,
	VAULT_CUT_OFF = 474,          /* a standby that does not reach the active one */
	VAULT_NOT_INITIALIZED = 501, VAULT_SEALED = 503, VAULT_REMOVED = 530
};

struct vault_seal_status {
	bool initialized, sealed, migration;
	bool recovery_seal;           /* its shares are recovery keys */
	int64_t threshold, shares, progress;   /* of the shares that unseal; progress: given so far */
	const char *nonce;            /* of that progress; "": none was given */
	const char *type, *storage_type, *version, *cluster_id;
};

struct vault_health {
	int status;                   /* an enum vault_state, or what else came */
	bool initialized, sealed, standby;
	const char *version, *cluster_id;
	int64_t server_time_s;        /* the server's clock, since 1970; 0: not told */
};

struct vault_leader {
	bool ha_enabled, is_self;
	const char *address;          /* of the active one; NULL: nobody holds the lock, as far as this one knows */
};

/* ERR_REMOTE when it is no such answer, with Vault's own errors where it gave some; status as in the reply. */
MUST_CHECK int vault_seal_status_read(struct arena *a, const struct reply *reply, struct vault_seal_status *out,
                                      struct err *e);
MUST_CHECK int vault_health_read(struct arena *a, const struct reply *reply, struct vault_health *out, struct err *e);
/* A sealed Vault answers 503 here: ERR_REMOTE too. */
MUST_CHECK int vault_leader_read(struct arena *a, const struct reply *reply, struct vault_leader *out, struct err *e);

/*
 * Any answer of Vault's: *out is its tree, NULL where it has none (204). Not 2xx: ERR_DENIED (403), ERR_ABSENT (404), else
 * ERR_REMOTE.
 */
MUST_CHECK int vault_read(struct arena *a, const struct reply *reply, const struct value **out, struct err *e);

/* Go's words when http is spoken to a listener with TLS. */
bool vault_wants_tls(const struct reply *reply);

#endif
