/* Amazon DynamoDB, API version 2012-08-10. */
#include "aws/services.h"

const struct aws_service aws_dynamodb = {
	.id = "dynamodb",
	.env_id = "DYNAMODB",
	.prefix = "dynamodb",
	.signing_name = "dynamodb",
	.protocol = AWS_JSON_1_0,
	.target = "DynamoDB_20120810",
	.gov_is_fips = true,
};

#define DYNAMODB(op) { .service = &aws_dynamodb, .name = (op) }

const struct aws_op dynamodb_create_table = DYNAMODB("CreateTable");
const struct aws_op dynamodb_describe_table = DYNAMODB("DescribeTable");
const struct aws_op dynamodb_update_table = DYNAMODB("UpdateTable");
const struct aws_op dynamodb_describe_continuous_backups = DYNAMODB("DescribeContinuousBackups");
const struct aws_op dynamodb_update_continuous_backups = DYNAMODB("UpdateContinuousBackups");
const struct aws_op dynamodb_list_tags_of_resource = DYNAMODB("ListTagsOfResource");
const struct aws_op dynamodb_tag_resource = DYNAMODB("TagResource");
const struct aws_op dynamodb_scan = DYNAMODB("Scan");
const struct aws_op dynamodb_query = DYNAMODB("Query");
const struct aws_op dynamodb_get_item = DYNAMODB("GetItem");
const struct aws_op dynamodb_update_item = DYNAMODB("UpdateItem");
const struct aws_op dynamodb_delete_item = DYNAMODB("DeleteItem");
const struct aws_op dynamodb_batch_write_item = DYNAMODB("BatchWriteItem");
const struct aws_op dynamodb_untag_resource = DYNAMODB("UntagResource");
const struct aws_op dynamodb_create_backup = DYNAMODB("CreateBackup");
const struct aws_op dynamodb_list_backups = DYNAMODB("ListBackups");
