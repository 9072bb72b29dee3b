#include "aws/services.h"

#include "aws/endpoint.h"

const struct aws_service *const aws_services[] = {
	&aws_kms, &aws_dynamodb, &aws_iam, &aws_sts, &aws_eks, &aws_tagging, &aws_cloudwatch,
	&aws_secretsmanager, &aws_logs, &aws_ssm, &aws_s3,
};
const size_t aws_services_n = COUNT_OF(aws_services);
