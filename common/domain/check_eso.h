/* The judges of the eso family, one file a subject; check_eso.c has the table. */
#ifndef DOMAIN_CHECK_ESO_H
#define DOMAIN_CHECK_ESO_H

#include "domain/diag_eso.h"
#include "domain/eso_cause.h"
#include "domain/eso_kv.h"
#include "domain/fix.h"

#define JUDGE(name) enum verdict name(const struct diag *d, struct finding *f)

/* check_eso_operator.c: is it there, and which versions */
JUDGE(judge_operator);
JUDGE(judge_versions);
JUDGE(judge_old_objects);

/* check_eso_store.c */
JUDGE(judge_stores);
JUDGE(judge_store_server);
JUDGE(judge_login);

/* check_eso_secret.c */
JUDGE(judge_paths);
JUDGE(judge_secrets);
JUDGE(judge_refresh);
JUDGE(judge_stale);

/* External Secrets is not installed, or nothing of it leads to this Vault: says so, and is true. */
bool eso_unused(const struct diag *d, struct finding *f);

/* "http://vault-active.vault.svc:8200", as the listener is. In the arena. */
const char *eso_right_server(const struct diag *d, struct arena *a);
/* "-n NAMESPACE " or "", and "clustersecretstore vault" for kubectl. In the arena. */
const char *eso_object(struct arena *a, const char *kind, const struct value *object);
/* Makes the operator look at the object now, since it waits longer after each failure. */
void fix_sync(struct finding *f, const char *kind, const struct value *object);

#endif
