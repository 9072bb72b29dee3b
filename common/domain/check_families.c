#include "domain/diag_base.h"

/* Order is the order of judging and of output: what others stand on comes first. */
const struct check_family *const check_families[] = {
	&base_family, &irsa_family, &kms_family, &dynamodb_family, &vault_family, &cluster_family, &eso_family, &hardening_family,
};

const size_t n_check_families = COUNT_OF(check_families);
