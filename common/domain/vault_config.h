/*
 * Vault's own configuration: the one that we write, and the facts in one that
 * is found. Stanzas: developer.hashicorp.com/vault/docs/configuration.
 */
#ifndef DOMAIN_VAULT_CONFIG_H
#define DOMAIN_VAULT_CONFIG_H

#include "domain/world.h"

/* What ties a running Vault to its data and its key. NULL: not said. */
struct vault_facts {
	const char *storage, *table, *storage_region, *ha_enabled;   /* storage: "dynamodb" */
	const char *seal, *seal_region, *key_id;                     /* seal: "awskms" */
	const char *seal_disabled;                                   /* "true" on the way to Shamir */
	const char *address, *tls_disable;                           /* of the first tcp listener */
};

/* The text for server.ha.config. key_id: an id or ARN, never an alias; an ARN's region is the seal's. */
char *vault_config_print(struct arena *a, const struct want *want, const char *key_id);

/* HCL or JSON as the chart's ConfigMap holds it. ERR_CONFIG when it is neither. */
MUST_CHECK int vault_config_read(struct arena *a, const char *text, struct vault_facts *out, struct err *e);

/*
 * The text with another seal: its first stanza keeps what it has (endpoint and the like) but gets these settings, a map of
 * texts in which a NULL takes one away; further ones go. Where there is none, one is appended. settings NULL: every one goes.
 * ERR_CONFIG: the stanza cannot be read, or the text is JSON.
 */
MUST_CHECK int vault_config_set_seal(struct arena *a, const char *text, const struct value *settings, char **out, struct err *e);

/* Every fact of have that differs from want's, one problem each ("storage table: 'a' is wanted, 'b' is there"). */
void vault_facts_compare(const struct vault_facts *want, const struct vault_facts *have, struct err *problems);

#endif
