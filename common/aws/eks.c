/* Amazon EKS, API version 2017-11-01. */
#include "aws/services.h"

const struct aws_service aws_eks = {
	.id = "eks",
	.env_id = "EKS",
	.prefix = "eks",
	.signing_name = "eks",
	.protocol = AWS_REST_JSON,
	.fips_aws = "fips.eks",
	.gov_is_fips = true,
};

#define EKS_GET(op, at) { .service = &aws_eks, .name = (op), .method = "GET", .path = (at) }
#define PAGE "maxResults={maxResults}&nextToken={nextToken}"
#define ASSOCIATIONS "/clusters/{clusterName}/pod-identity-associations"

const struct aws_op eks_describe_cluster = EKS_GET("DescribeCluster", "/clusters/{name}");
const struct aws_op eks_list_clusters = EKS_GET("ListClusters", "/clusters?" PAGE);
const struct aws_op eks_list_pod_identity_associations =
	EKS_GET("ListPodIdentityAssociations",
	        ASSOCIATIONS "?namespace={namespace}&serviceAccount={serviceAccount}&" PAGE);
const struct aws_op eks_describe_pod_identity_association =
	EKS_GET("DescribePodIdentityAssociation", ASSOCIATIONS "/{associationId}");
const struct aws_op eks_describe_addon =
	EKS_GET("DescribeAddon", "/clusters/{clusterName}/addons/{addonName}");
