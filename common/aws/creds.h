/*
 * AWS credentials and the chain of places where they may be.
 *
 * Order (aws-cli's): environment, assume-role profile, web identity, SSO,
 * shared credentials file, login session, credential_process, config file,
 * container, instance metadata. Each place is a row of a table; a place that has
 * nothing says so, a place that has something broken ends the search. The error
 * names every place tried: "no AWS credentials: environment (not set), profile
 * 'ops' (neither in ~/.aws/config nor in ~/.aws/credentials), ...". SSO, login
 * sessions, containers and instance metadata are not read; a profile or variable
 * that names one of the first three ends the search with the way around it.
 */
#ifndef AWS_CREDS_H
#define AWS_CREDS_H

#include "core/arena.h"
#include "core/secret.h"

#include <stdint.h>

struct credentials {
	char *key_id;                /* owned; NULL: none */
	struct secret secret_key;
	struct secret session_token; /* not held: none */
	int64_t expires_ms;          /* wall clock; 0: never */
	char *source;                /* "environment", "profile 'ops' (~/.aws/credentials)": for people; owned */
};

void credentials_release(struct credentials *c);
SCOPE_END(credentials, struct credentials, credentials_release(v))

#endif
