#include "domain/eso_cause.h"

#include <string.h>

/* First match counts. Seen with External Secrets 0.20.4 and Vault 1.21; vault-plugin-auth-kubernetes, path_login.go. */
static const struct eso_cause causes[] = {
	{ ESO_NO_STORE, { "could not get", "SecretStore", "not found" }, "the store does not exist" },
	{ ESO_STORE, { "SecretStore", "is not ready" }, "the store is not ready" },
	{ ESO_ROLE, { "invalid role name" }, "the role does not exist in Vault" },
	{ ESO_NAMESPACE, { "namespace not authorized" }, "the role is bound to another namespace" },
	{ ESO_ACCOUNT, { "service account name not authorized" }, "the role is bound to another service account" },
	{ ESO_AUDIENCE, { "invalid audience" }, "role and store do not agree on the token's audience" },
	{ ESO_NO_ACCOUNT, { "cannot get Kubernetes service account" }, "the service account that the store names does not exist" },
	{ ESO_TOKEN, { "invalid vault credentials" }, "the token may not look itself up: the role leaves the default policy out" },
	{ ESO_SCHEME, { "gave HTTP response to HTTPS client" }, "Vault listens without TLS there, and the store says https" },
	{ ESO_SCHEME, { "HTTP request to an HTTPS server" }, "Vault listens with TLS there, and the store says http" },
	{ ESO_TLS, { "x509:" }, "the store does not trust Vault's certificate" },
	{ ESO_TLS, { "tls:" }, "the TLS handshake with Vault fails" },
	{ ESO_SERVER, { "dial tcp: lookup" }, "the server's name is not known in the cluster" },
	{ ESO_SERVER, { "no such host" }, "the server's name is not known in the cluster" },
	{ ESO_SEALED, { "Vault is sealed" }, "Vault is sealed" },
	{ ESO_SEALED, { "Code: 503" }, "Vault is sealed" },
	{ ESO_SEALED, { "local node not active" }, "Vault has no leader" },
	{ ESO_MOUNT, { "/login", "Code: 403", "permission denied" },
	  "there is no kubernetes auth method at that path, or Vault may not review tokens" },
	{ ESO_MOUNT, { "/login", "Code: 404" }, "there is no auth method at that path" },
	{ ESO_POLICY, { "Code: 403", "permission denied" }, "the role's policies do not allow the path, or there is no engine at it" },
	{ ESO_ABSENT, { "Secret does not exist" }, "there is no secret at the path" },
	{ ESO_ABSENT, { "secret not found" }, "there is no secret at the path" },
	{ ESO_PROPERTY, { "cannot find secret data for key" }, "the secret has no such property" },
	{ ESO_UNREACHABLE, { "connection refused" }, "nobody listens at the server's address" },
	{ ESO_UNREACHABLE, { "i/o timeout" }, "Vault does not answer: a network policy, or no pod behind the service" },
	{ ESO_UNREACHABLE, { "deadline exceeded" }, "Vault does not answer in time" },
	{ ESO_OTHER, { NULL }, "of a cause that is not known here" },
};

static int has_all(const char *message, const struct eso_cause *cause)
{
	for (size_t i = 0; i < sizeof(cause->words) / sizeof(cause->words[0]) && cause->words[i]; i++)
		if (!strstr(message, cause->words[i]))
			return 0;
	return 1;
}

const struct eso_cause *eso_cause_of(const char *message)
{
	const struct eso_cause *cause = causes;

	while (cause->part != ESO_OTHER && !(message && has_all(message, cause)))
		cause++;
	return cause;
}
