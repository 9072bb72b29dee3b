/* AWS IAM, API version 2010-05-08. One endpoint a partition. */
#include "aws/services.h"

const struct aws_service aws_iam = {
	.id = "iam",
	.env_id = "IAM",
	.prefix = "iam",
	.signing_name = "iam",
	.protocol = AWS_QUERY,
	.version = "2010-05-08",
	.global = true,
};

#define IAM(op) { .service = &aws_iam, .name = (op) }

const struct aws_op iam_get_role = IAM("GetRole");
const struct aws_op iam_create_role = IAM("CreateRole");
const struct aws_op iam_get_role_policy = IAM("GetRolePolicy");
const struct aws_op iam_put_role_policy = IAM("PutRolePolicy");
const struct aws_op iam_update_assume_role_policy = IAM("UpdateAssumeRolePolicy");
const struct aws_op iam_tag_role = IAM("TagRole");
const struct aws_op iam_list_role_tags = IAM("ListRoleTags");
const struct aws_op iam_list_role_policies = IAM("ListRolePolicies");
const struct aws_op iam_list_attached_role_policies = IAM("ListAttachedRolePolicies");
const struct aws_op iam_get_policy = IAM("GetPolicy");
const struct aws_op iam_get_policy_version = IAM("GetPolicyVersion");
const struct aws_op iam_get_open_id_connect_provider = IAM("GetOpenIDConnectProvider");
const struct aws_op iam_create_open_id_connect_provider = IAM("CreateOpenIDConnectProvider");
const struct aws_op iam_add_client_id_to_open_id_connect_provider =
	IAM("AddClientIDToOpenIDConnectProvider");
const struct aws_op iam_simulate_principal_policy = IAM("SimulatePrincipalPolicy");
const struct aws_op iam_list_open_id_connect_providers = IAM("ListOpenIDConnectProviders");
const struct aws_op iam_tag_open_id_connect_provider = IAM("TagOpenIDConnectProvider");
const struct aws_op iam_list_roles = IAM("ListRoles");
