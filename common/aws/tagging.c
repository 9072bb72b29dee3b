/* Resource Groups Tagging API, version 2017-01-26. IAM actions are named tag:. */
#include "aws/services.h"

const struct aws_service aws_tagging = {
	.id = "tag",
	.env_id = "RESOURCE_GROUPS_TAGGING_API",
	.prefix = "tagging",
	.signing_name = "tagging",
	.protocol = AWS_JSON_1_1,
	.target = "ResourceGroupsTaggingAPI_20170126",
};

#define TAGGING(op) { .service = &aws_tagging, .name = (op) }

const struct aws_op tagging_get_resources = TAGGING("GetResources");
