/*
 * Connections for what is going to be asked, made while the first questions, which tell what, are under way: without them
 * each server's first answer comes two round trips later.
 */
#include "domain/diag.h"

#include "aws/services.h"
#include "kube/portforward.h"

/* As many as questions wait for one another where Vault is as the chart makes it: three pods with two tunnels each. */
enum { TUNNELS = 6 };

static const struct {
	const struct aws_service *service;
	unsigned n;
} services[] = {
	{ &aws_kms, 4 }, { &aws_dynamodb, 4 }, { &aws_iam, 3 }, { &aws_ssm, 2 }, { &aws_secretsmanager, 2 }, { &aws_cloudwatch, 1 }, { &aws_eks, 1 },
};

void diag_ahead(const struct diag *d, const struct transport *t)
{
	if (d->kube)
		kube_ahead(d->kube, t, TUNNELS);
	for (size_t i = 0; d->aws && i < COUNT_OF(services); i++)
		aws_ahead(d->aws, t, services[i].service, services[i].n);
}
