/* Amazon S3, API version 2006-03-01. */
#include "aws/services.h"

const struct aws_service aws_s3 = {
	.id = "s3",
	.env_id = "S3",
	.prefix = "s3",
	.signing_name = "s3",
	.protocol = AWS_REST_XML,
};

#define OBJECT "/{Bucket}/{Key+}"
#define S3(op, verb, at) .service = &aws_s3, .name = (op), .method = (verb), .path = (at)

static const struct aws_header object_headers[] = {
	{ "ETag", "ETag" },
	{ "LastModified", "Last-Modified" },
	{ "VersionId", "x-amz-version-id" },
	{ "ServerSideEncryption", "x-amz-server-side-encryption" },
	{ "SSEKMSKeyId", "x-amz-server-side-encryption-aws-kms-key-id" },
	{ "State", "x-amz-meta-state" },
	{ "Owner", "x-amz-meta-owner" },
	{ NULL, NULL },
};

static const struct aws_header put_headers[] = {
	{ "IfMatch", "If-Match" },
	{ "IfNoneMatch", "If-None-Match" },
	{ "ServerSideEncryption", "x-amz-server-side-encryption" },
	{ "SSEKMSKeyId", "x-amz-server-side-encryption-aws-kms-key-id" },
	{ "ExpectedBucketOwner", "x-amz-expected-bucket-owner" },
	{ "Tagging", "x-amz-tagging" },
	{ "State", "x-amz-meta-state" },
	{ "Owner", "x-amz-meta-owner" },
	{ NULL, NULL },
};

const struct aws_op s3_head_object = { S3("HeadObject", "HEAD", OBJECT), .hears = object_headers };
const struct aws_op s3_get_object = { S3("GetObject", "GET", OBJECT), .hears = object_headers, .raw = true };
const struct aws_op s3_put_object = { S3("PutObject", "PUT", OBJECT), .sends = put_headers, .hears = object_headers };
const struct aws_op s3_get_bucket_versioning = { S3("GetBucketVersioning", "GET", "/{Bucket}?versioning") };
const struct aws_op s3_get_public_access_block = { S3("GetPublicAccessBlock", "GET", "/{Bucket}?publicAccessBlock") };
