/* Amazon CloudWatch Logs, API version 2014-03-28. */
#include "aws/services.h"

const struct aws_service aws_logs = {
	.id = "logs",
	.env_id = "CLOUDWATCH_LOGS",
	.prefix = "logs",
	.signing_name = "logs",
	.protocol = AWS_JSON_1_1,
	.target = "Logs_20140328",
	.gov_is_fips = true,
};

#define LOGS(op) { .service = &aws_logs, .name = (op) }

const struct aws_op logs_describe_log_groups = LOGS("DescribeLogGroups");
const struct aws_op logs_create_log_group = LOGS("CreateLogGroup");
