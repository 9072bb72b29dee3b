/*
 * Amazon CloudWatch, API version 2010-08-01, by JSON 1.0 as botocore speaks it. IAM actions and
 * AWS_ENDPOINT_URL_CLOUDWATCH have the service's name, its hosts and signatures "monitoring".
 */
#include "aws/services.h"

const struct aws_service aws_cloudwatch = {
	.id = "cloudwatch",
	.env_id = "CLOUDWATCH",
	.prefix = "monitoring",
	.signing_name = "monitoring",
	.protocol = AWS_JSON_1_0,
	.target = "GraniteServiceVersion20100801",
	.query_mode = true,
	.gov_is_fips = true,
};

#define CLOUDWATCH(op) { .service = &aws_cloudwatch, .name = (op) }

const struct aws_op cloudwatch_get_metric_data = CLOUDWATCH("GetMetricData");
