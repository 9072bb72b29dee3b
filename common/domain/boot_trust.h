/* The row that finds out who vouches for Vault's listener: in boot_steps, and where each server is asked by its pod. */
#ifndef DOMAIN_BOOT_TRUST_H
#define DOMAIN_BOOT_TRUST_H

#include "domain/boot.h"

/* The listener has TLS, and its pods have their authorities from a Secret. */
bool boot_trust_due(const void *world, size_t item);
/* That Secret. */
int boot_ask_trust(const void *world, size_t item, struct request *rq, struct err *e);
/* Fills boot.tls.ca_pem unless VAULT_CACERT did, and tls_note. ERR_AUTH or ERR_DENIED: nobody is left who vouches. */
enum heard boot_hear_trust(void *world, size_t item, const struct reply *reply, struct err *e);

#endif
