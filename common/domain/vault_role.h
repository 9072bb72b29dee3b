/*
 * Vault's role, taken from outside the pod as the pods take it: the role that the
 * service account names, a token of that account, and STS. For proofs made with
 * real calls before something that cannot be taken back (init, seal-migrate).
 *
 * A world holds a struct vault_role; its rows' asks and hears hand over to these
 * three pairs, in this order.
 */
#ifndef DOMAIN_VAULT_ROLE_H
#define DOMAIN_VAULT_ROLE_H

#include "domain/boot.h"

struct vault_role {
	const char *session;             /* the name of the session, for CloudTrail */
	const char *undone;              /* "nothing was initialised": behind the hint where the role cannot be taken */
	const char *arn;                 /* NULL: not read yet, or there is no cluster */
	struct secret jwt;
	struct aws aws;                  /* once open: calls as the role */
	bool open;
};

void vault_role_release(struct vault_role *r);

/* The service account of the server that is asked, else the one of the inputs. */
const char *vault_role_account(const struct boot *b);

/* HEARD_REFUSED with ERR_GUARD: the account is not there, or names no role. */
MUST_CHECK int vault_role_ask_account(const struct boot *b, struct request *rq, struct err *e);
enum heard vault_role_hear_account(struct vault_role *r, const struct boot *b, struct world *w, const struct reply *reply,
                                   struct err *e);
/* Takes the right to create serviceaccounts/token, which a refusal names. */
MUST_CHECK int vault_role_ask_token(const struct boot *b, struct request *rq, struct err *e);
enum heard vault_role_hear_token(struct vault_role *r, const struct reply *reply, struct err *e);
/* AssumeRoleWithWebIdentity. */
MUST_CHECK int vault_role_ask_assume(const struct vault_role *r, const struct boot *b, struct request *rq, struct err *e);
enum heard vault_role_hear_assume(struct vault_role *r, const struct boot *b, const struct reply *reply, struct err *e);

#endif
