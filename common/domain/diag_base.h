/* The families of checks, one file (or a few) each; check_families.c puts them in order. */
#ifndef DOMAIN_DIAG_BASE_H
#define DOMAIN_DIAG_BASE_H

#include "domain/diag.h"
#include "domain/names.h"

extern const struct check_family base_family, irsa_family, kms_family, dynamodb_family, vault_family, cluster_family,
	eso_family, hardening_family;

#endif
