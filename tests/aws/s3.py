"""S3: buckets and objects by path or by the bucket's own host, bucket policies, conditional writes,
and the KMS key of each object.

What it does with a customer's key it does in the caller's name and for one object: writing takes
kms:GenerateDataKey, reading kms:Decrypt. Asking for what is not there takes s3:ListBucket to be told so.
"""
from urllib.parse import parse_qs, unquote

from moto.s3.models import s3_backends

import authorize
import kms
from errors import AwsError
from service import Service
from world import ACCOUNT

# Method and what marks the query -> operation, of a bucket and of an object.
BUCKET = {("PUT", ""): "CreateBucket", ("GET", ""): "ListObjectsV2", ("HEAD", ""): "HeadBucket",
          ("DELETE", ""): "DeleteBucket",
          ("GET", "versioning"): "GetBucketVersioning", ("PUT", "versioning"): "PutBucketVersioning",
          ("GET", "versions"): "ListObjectVersions",
          ("GET", "publicAccessBlock"): "GetPublicAccessBlock", ("PUT", "publicAccessBlock"): "PutPublicAccessBlock",
          ("DELETE", "publicAccessBlock"): "DeletePublicAccessBlock",
          ("GET", "policy"): "GetBucketPolicy", ("PUT", "policy"): "PutBucketPolicy"}
OBJECT = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
# What IAM calls an operation, where that is another name.
RIGHTS = {"HeadObject": "GetObject", "HeadBucket": "ListBucket", "ListObjectsV2": "ListBucket",
          "ListObjectVersions": "ListBucketVersions", "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
          "PutPublicAccessBlock": "PutBucketPublicAccessBlock", "DeletePublicAccessBlock": "PutBucketPublicAccessBlock"}
SSE, SSE_KEY = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"


def identify(req):
    """Operation and parameters of a request; the bucket is in the host or in the path."""
    path = unquote(req.path).lstrip("/")
    bucket, _, key = (req.bucket, "", path) if req.bucket else path.partition("/")
    query = parse_qs(req.query, keep_blank_values=True)
    mark = next((m for _, m in BUCKET if m in query), "")
    req.params = {"Bucket": bucket, "Key": key, "versionId": query.get("versionId", [None])[0]}
    if bucket:
        req.operation = OBJECT.get(req.method) if key else BUCKET.get((req.method, mark))


def find_bucket(name):
    return s3_backends[ACCOUNT]["aws"].buckets.get(name)


def arn_of(p):
    return f"arn:aws:s3:::{p['Bucket']}" + (f"/{p['Key']}" if p["Key"] else "")


class S3(Service):
    def resources(self, req):
        return [arn_of(req.params)]

    def right(self, req):
        name = RIGHTS.get(req.operation, req.operation)
        return f"s3:{name}Version" if name == "GetObject" and req.params["versionId"] else f"s3:{name}"

    def policy_of(self, req, resource):
        bucket = find_bucket(req.params["Bucket"])
        policy = bucket.policy if bucket else None
        return policy.decode() if isinstance(policy, bytes) else policy

    def context(self, req, resource):
        return {"s3:" + n: req.headers[n] for n in (SSE, SSE_KEY, "if-none-match", "if-match") if n in req.headers}

    def before(self, req):
        op, p = req.operation, req.params
        bucket = find_bucket(p["Bucket"])
        if req.bucket:      # moto is asked by path
            req.target = f"/{req.bucket}{req.target}"
        if op == "CreateBucket":
            return
        if not bucket:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404)
        if bucket.region_name != req.region:
            raise AwsError("AuthorizationHeaderMalformed", f"The authorization header is malformed; the region '{req.region}' "
                           f"is wrong; expecting '{bucket.region_name}'", 400)
        if op == "PutObject":
            _check_conditions(req, bucket.keys.get(p["Key"]))
            if req.headers.get(SSE) == "aws:kms":
                _use_key(req, req.headers.get(SSE_KEY), "kms:GenerateDataKey")
        if op in ("GetObject", "HeadObject"):
            _find(req, bucket)

    def after(self, req, response):
        response.headers = [(n, v) for n, v in response.headers if n.lower() != "x-amzn-requestid"]
        response.headers.append(("x-amz-request-id", "4442587FB7D0A2F9"))


def _check_conditions(req, have):
    """S3 User Guide, "How to prevent object overwrites with conditional writes"."""
    none, match = req.headers.get("if-none-match"), req.headers.get("if-match")
    if none not in (None, "*"):
        raise AwsError("NotImplemented", "A header you provided implies functionality that is not implemented", 501)
    if match and not have:
        raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
    if (none and have) or (match and match.strip('"') != have.etag.strip('"')):
        raise AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)
    # moto has ideas of its own of these.
    req.pairs = [(n, v) for n, v in req.pairs if n not in ("if-match", "if-none-match")]


def _find(req, bucket):
    have = bucket.keys.get(req.params["Key"])
    if not have:
        if not _may(req, "s3:ListBucket", f"arn:aws:s3:::{bucket.name}", {}):
            raise AwsError("AccessDenied", "Access Denied")
        raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
    if req.operation == "GetObject" and have.encryption == "aws:kms":
        _use_key(req, have.kms_key_id, "kms:Decrypt")


def _may(req, action, resource, ctx, own=None):
    ctx = ctx | {"aws:principalarn": req.who.principal_arn}
    return req.who.is_admin or authorize.decide(req.who, action, resource, ctx, own).word == "allow"


def _use_key(req, name, action):
    """As the service uses the key for the caller; AWS's own key lets everybody in the account in."""
    if not name or name.endswith("alias/aws/s3"):
        return
    try:
        key = kms.find(req.region, name)
    except AwsError as e:
        raise AwsError("KMS.NotFoundException", e.message, 400) from None
    if key.key_state != "Enabled":
        raise AwsError("KMS.DisabledException", f"{key.arn} is {key.key_state.lower()}.", 400)
    ctx = {"kms:viaservice": f"s3.{req.region}.amazonaws.com", "kms:encryptioncontext:aws:s3:arn": arn_of(req.params)}
    if not _may(req, action, key.arn, ctx, key.policy):
        raise AwsError("AccessDenied", f"User: {req.who.arn} is not authorized to perform: {action} on resource: {key.arn} "
                       f"because no identity-based policy allows the {action} action")
