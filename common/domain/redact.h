/*
 * Taking secrets out of what is handed to others (`bundle`). Rather one word too
 * many than one secret: what looks like one goes, wherever it stands.
 *
 * In any text:
 * - tokens of Vault (hvs. hvb. hvr., s. and b. of old), JWTs, AWS access key ids
 *   and what has the shape of a secret key, private keys in PEM
 * - the value after a name that says so (password=, "token": , secret_key = ,
 *   --token X, Authorization: , X-Vault-Token: ), user and password in a URL
 * - long runs of base64 or hexadecimal digits, but for digests of images
 * In objects of Kubernetes besides:
 * - the environment of containers, but for names known to be harmless
 * - values under such a name; what follows such an option in a list of words
 * - the copy of the whole object that kubectl keeps in an annotation
 */
#ifndef DOMAIN_REDACT_H
#define DOMAIN_REDACT_H

#include "core/buf.h"
#include "core/value.h"

#define REDACTED "(redacted)"

/* Appends text without its secrets. */
void redact_text(struct buf *out, struct view text);

/* A copy of the tree without its secrets, in the arena. */
struct value *redact_value(struct arena *a, const struct value *v);

/* Does a name say that its value is secret? "token", "secretKey", "VAULT_TOKEN"; not "token_ttl", "secretName". */
bool redact_name(struct view name);

#endif
