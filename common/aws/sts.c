/* AWS STS, API version 2011-06-15. */
#include "aws/services.h"

const struct aws_service aws_sts = {
	.id = "sts",
	.env_id = "STS",
	.prefix = "sts",
	.signing_name = "sts",
	.protocol = AWS_QUERY,
	.version = "2011-06-15",
	.gov_is_fips = true,
};

#define STS(op) { .service = &aws_sts, .name = (op) }

const struct aws_op sts_get_caller_identity = STS("GetCallerIdentity");
const struct aws_op sts_assume_role = STS("AssumeRole");
const struct aws_op sts_assume_role_with_web_identity = {
	.service = &aws_sts,
	.name = "AssumeRoleWithWebIdentity",
	.unsigned_ = true,
};
const struct aws_op sts_decode_authorization_message = STS("DecodeAuthorizationMessage");
