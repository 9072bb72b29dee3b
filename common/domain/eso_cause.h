/*
 * What an event of External Secrets means. The operator's conditions say "unable
 * to create client" for a dozen causes; its events hold Vault's own words, which
 * a table maps to the part that is at fault.
 */
#ifndef DOMAIN_ESO_CAUSE_H
#define DOMAIN_ESO_CAUSE_H

#include <stddef.h>

enum eso_part {
	ESO_ROLE,         /* no such role in Vault */
	ESO_NAMESPACE,    /* the role is bound to another namespace ... */
	ESO_ACCOUNT,      /* ... or service account ... */
	ESO_AUDIENCE,     /* ... or audience */
	ESO_MOUNT,        /* no auth method there, or Vault may not review tokens: one answer for both */
	ESO_NO_ACCOUNT,   /* the service account does not exist */
	ESO_SERVER,       /* the name of the server leads nowhere */
	ESO_SCHEME,       /* http where it is https, or the other way */
	ESO_TLS,          /* the certificate is not trusted */
	ESO_SEALED,       /* Vault is sealed, or has no leader */
	ESO_UNREACHABLE,
	ESO_TOKEN,        /* login works, lookup-self does not */
	ESO_POLICY,       /* the policy, or the engine's mount */
	ESO_ABSENT,       /* nothing at the path */
	ESO_PROPERTY,     /* the secret lacks the property */
	ESO_NO_STORE,     /* the store does not exist ... */
	ESO_STORE,        /* ... or is not ready */
	ESO_OTHER
};

struct eso_cause {
	enum eso_part part;
	const char *words[3];    /* all of them stand in the message; NULL: fewer */
	const char *text;        /* "the role does not exist in Vault" */
};

/* Never NULL: the last row is ESO_OTHER. message NULL: nothing is known. */
const struct eso_cause *eso_cause_of(const char *message);

#endif
