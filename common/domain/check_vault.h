/* The judges of the vault family, one file a subject; check_vault.c has the table. */
#ifndef DOMAIN_CHECK_VAULT_H
#define DOMAIN_CHECK_VAULT_H

#include "domain/diag_vault.h"
#include "domain/fix.h"

#define JUDGE(name) enum verdict name(const struct diag *d, struct finding *f)

/* check_vault_state.c: what the servers say of themselves */
JUDGE(judge_vault_answers);
JUDGE(judge_vault_initialized);
JUDGE(judge_vault_unsealed);
JUDGE(judge_vault_leader);
JUDGE(judge_vault_clock);

/* check_vault_log.c */
JUDGE(judge_vault_log);

/* check_vault_service.c: labels, Service and endpoints */
JUDGE(judge_vault_labels);
JUDGE(judge_vault_service);

/* check_vault_more.c: version, certificate, audit, disk */
JUDGE(judge_vault_version);
JUDGE(judge_vault_certificate);
JUDGE(judge_vault_audit);
JUDGE(judge_vault_disk);

/* check_vault_state.c, for the others */

/* Unsealed, and active or a standby. */
bool vault_serves(const struct vault_server *s);
bool vault_is_active(const struct vault_server *s);
/* The first active server; NULL: none says that it is. */
const struct vault_server *vault_active(const struct diag *d);
/* Some server answers and none is initialised. */
bool vault_uninitialized(const struct diag *d);
/* "not initialised yet" as the reason why a check does not apply; false: it does. */
bool vault_too_early(const struct diag *d, struct finding *f);
/* No server was heard: "not checked", with the right when that is why; false: at least one was. */
bool vault_unheard(const struct diag *d, struct finding *f);
/* "vault-0, vault-2": more, or one after none. In the finding's arena. */
const char *vault_and(struct finding *f, const char *names, const char *more);
/* Starts the pods of these names ("a, b") anew. */
void vault_fix_restart(const struct diag *d, struct finding *f, const char *names);

#endif
