/* Kubernetes cannot be had: what the cluster's name leads to stands for what the release would have told. */
#include "domain/diag_irsa_part.h"

#include "core/text.h"
#include "domain/names.h"

static const char *namespace_of(const struct diag *d)
{
	return d->options.namespace_ ? d->options.namespace_ : inputs_text(d->options.inputs, "vault_namespace");
}

/* Of no replica: there is nobody to ask. */
static void assume_release(struct diag *d)
{
	const struct inputs *in = d->options.inputs;
	const char *name = d->options.release ? d->options.release : inputs_text(in, "release");

	d->release = (struct release){
		.name = name,
		.namespace_ = namespace_of(d),
		.fullname = strstr(name, "vault") ? name : arena_printf(d->mem, "%s-vault", name),
		.service_account = inputs_text(in, "vault_service_account"),
	};
}

void diag_assume(struct diag *d, const struct err *why)
{
	const char *cluster = diag_cluster_name(d), *region = diag_cluster_region(d), *key, *key_region;
	struct names names = {0};

	if (d->kube) {
		d->kube = NULL;
		err_copy(&d->kube_why, why);
	}
	if (!d->options.inputs || text_empty(cluster) || text_empty(region))
		return;
	names_choose(d->mem, d->options.inputs, cluster, region, &names);
	key = inputs_text(d->options.inputs, "kms_key_id");
	key_region = arn_region(d->mem, key);
	assume_release(d);
	d->role_name = names.role;
	d->facts = (struct vault_facts){
		.storage = "dynamodb", .table = names.table, .storage_region = region, .ha_enabled = "true",
		.seal = "awskms", .seal_region = key_region ? key_region : region, .key_id = key ? key : names.alias,
	};
	d->assumed = true;
}

enum verdict unknown_assumed(struct finding *f, const char *what, const char *name, const char *flag)
{
	return unknown(f, NULL, "there is no %s '%s', as it would be called after the cluster; its name is given by --%s", what, name,
	               flag);
}
