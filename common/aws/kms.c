/* AWS KMS, API version 2014-11-01. */
#include "aws/services.h"

const struct aws_service aws_kms = {
	.id = "kms",
	.env_id = "KMS",
	.prefix = "kms",
	.signing_name = "kms",
	.protocol = AWS_JSON_1_1,
	.target = "TrentService",
};

#define KMS(op) { .service = &aws_kms, .name = (op) }

const struct aws_op kms_create_key = KMS("CreateKey");
const struct aws_op kms_describe_key = KMS("DescribeKey");
const struct aws_op kms_create_alias = KMS("CreateAlias");
const struct aws_op kms_update_alias = KMS("UpdateAlias");
const struct aws_op kms_enable_key_rotation = KMS("EnableKeyRotation");
const struct aws_op kms_disable_key_rotation = KMS("DisableKeyRotation");
const struct aws_op kms_get_key_rotation_status = KMS("GetKeyRotationStatus");
const struct aws_op kms_get_key_policy = KMS("GetKeyPolicy");
const struct aws_op kms_put_key_policy = KMS("PutKeyPolicy");
const struct aws_op kms_list_resource_tags = KMS("ListResourceTags");
const struct aws_op kms_tag_resource = KMS("TagResource");
const struct aws_op kms_encrypt = KMS("Encrypt");
const struct aws_op kms_decrypt = KMS("Decrypt");
const struct aws_op kms_list_grants = KMS("ListGrants");
const struct aws_op kms_list_aliases = KMS("ListAliases");
const struct aws_op kms_generate_data_key = KMS("GenerateDataKey");
