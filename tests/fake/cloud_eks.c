/* EKS of the fake cloud: one cluster. */
#include "fake/cloud_service.h"

#include "core/text.h"

static void describe_cluster(struct cloud_ask *ask)
{
	const char *name = cloud_text(ask, "name"), *status = ask->cloud->cluster_status;
	struct arena *a = ask->mem;
	struct value *body = value_new_map(a), *cluster = value_set(a, body, "cluster", value_new_map(a));

	if (!status || !text_same(name, CLOUD_CLUSTER)) {
		cloud_refuse(ask, 404, "ResourceNotFoundException", "No cluster found for name: %s.", name);
		return;
	}
	value_set_text(a, cluster, "name", name);
	value_set_text(a, cluster, "arn", "arn:aws:eks:" CLOUD_REGION ":" CLOUD_ACCOUNT ":cluster/" CLOUD_CLUSTER);
	value_set_text(a, cluster, "status", status);
	value_set_text(a, cluster, "version", "1.33");
	value_set_text(a, cluster, "endpoint", "https://EXAMPLE.gr7." CLOUD_REGION ".eks.amazonaws.com");
	value_put(a, cluster, "identity.oidc.issuer", value_new_text(a, "https://" CLOUD_SITE));
	cloud_answer(ask, body);
}

static const struct cloud_op ops[] = {
	{ "DescribeCluster", false, describe_cluster },
};

const struct cloud_service cloud_eks = {
	.id = "eks",
	.protocol = CLOUD_REST,
	.throttled = "TooManyRequestsException",
	.throttled_status = 429,
	.failed = "ServerException",
	.ops = ops,
	.n_ops = COUNT_OF(ops),
};
