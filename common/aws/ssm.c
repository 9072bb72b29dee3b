/* AWS Systems Manager, Parameter Store, API version 2014-11-06. */
#include "aws/services.h"

const struct aws_service aws_ssm = {
	.id = "ssm",
	.env_id = "SSM",
	.prefix = "ssm",
	.signing_name = "ssm",
	.protocol = AWS_JSON_1_1,
	.target = "AmazonSSM",
	.gov_is_fips = true,
};

#define SSM(op) { .service = &aws_ssm, .name = (op) }

const struct aws_op ssm_put_parameter = SSM("PutParameter");
const struct aws_op ssm_get_parameter = SSM("GetParameter");
const struct aws_op ssm_get_parameter_history = SSM("GetParameterHistory");
