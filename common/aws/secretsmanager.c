/* AWS Secrets Manager, API version 2017-10-17. */
#include "aws/services.h"

const struct aws_service aws_secretsmanager = {
	.id = "secretsmanager",
	.env_id = "SECRETS_MANAGER",
	.prefix = "secretsmanager",
	.signing_name = "secretsmanager",
	.protocol = AWS_JSON_1_1,
	.target = "secretsmanager",
};

#define SECRETS(op) { .service = &aws_secretsmanager, .name = (op) }

const struct aws_op secretsmanager_create_secret = SECRETS("CreateSecret");
const struct aws_op secretsmanager_describe_secret = SECRETS("DescribeSecret");
const struct aws_op secretsmanager_update_secret = SECRETS("UpdateSecret");
const struct aws_op secretsmanager_replicate_secret_to_regions = SECRETS("ReplicateSecretToRegions");
const struct aws_op secretsmanager_get_secret_value = SECRETS("GetSecretValue");
const struct aws_op secretsmanager_put_secret_value = SECRETS("PutSecretValue");
const struct aws_op secretsmanager_update_secret_version_stage = SECRETS("UpdateSecretVersionStage");
