/*
 * The operations that we call, as rows; one file a service (kms.c, dynamodb.c,
 * iam.c, sts.c, eks.c, tagging.c, cloudwatch.c, logs.c, secretsmanager.c, ssm.c, s3.c). Parameters and answers are
 * in AWS's own names; shapes: the service's API reference.
 */
#ifndef AWS_SERVICES_H
#define AWS_SERVICES_H

#include "aws/client.h"

extern const struct aws_service aws_kms, aws_dynamodb, aws_iam, aws_sts, aws_eks, aws_tagging,
	aws_cloudwatch, aws_secretsmanager, aws_logs, aws_ssm, aws_s3;

extern const struct aws_op kms_create_key, kms_describe_key, kms_create_alias, kms_update_alias,
	kms_enable_key_rotation, kms_disable_key_rotation, kms_get_key_rotation_status,
	kms_get_key_policy, kms_put_key_policy, kms_list_resource_tags, kms_tag_resource,
	kms_encrypt, kms_decrypt, kms_list_grants, kms_list_aliases, kms_generate_data_key;

extern const struct aws_op dynamodb_create_table, dynamodb_describe_table, dynamodb_update_table,
	dynamodb_describe_continuous_backups, dynamodb_update_continuous_backups,
	dynamodb_list_tags_of_resource, dynamodb_tag_resource, dynamodb_untag_resource,
	dynamodb_create_backup, dynamodb_list_backups, dynamodb_scan, dynamodb_query,
	dynamodb_get_item, dynamodb_update_item, dynamodb_delete_item, dynamodb_batch_write_item;

extern const struct aws_op iam_get_role, iam_create_role, iam_get_role_policy, iam_put_role_policy,
	iam_update_assume_role_policy, iam_tag_role, iam_list_role_tags, iam_list_role_policies,
	iam_list_attached_role_policies, iam_get_policy, iam_get_policy_version,
	iam_get_open_id_connect_provider, iam_create_open_id_connect_provider,
	iam_add_client_id_to_open_id_connect_provider, iam_simulate_principal_policy,
	iam_list_open_id_connect_providers, iam_tag_open_id_connect_provider, iam_list_roles;

extern const struct aws_op sts_get_caller_identity, sts_assume_role,
	sts_assume_role_with_web_identity, sts_decode_authorization_message;

extern const struct aws_op eks_describe_cluster, eks_list_clusters,
	eks_list_pod_identity_associations, eks_describe_pod_identity_association, eks_describe_addon;

extern const struct aws_op tagging_get_resources;

extern const struct aws_op cloudwatch_get_metric_data;

extern const struct aws_op logs_describe_log_groups, logs_create_log_group;

extern const struct aws_op secretsmanager_create_secret, secretsmanager_describe_secret, secretsmanager_update_secret,
	secretsmanager_get_secret_value, secretsmanager_replicate_secret_to_regions, secretsmanager_put_secret_value,
	secretsmanager_update_secret_version_stage;

extern const struct aws_op ssm_put_parameter, ssm_get_parameter, ssm_get_parameter_history;

/* Of an object's own metadata there are two: State and Owner. */
extern const struct aws_op s3_head_object, s3_get_object, s3_put_object, s3_get_bucket_versioning,
	s3_get_public_access_block;

#endif
