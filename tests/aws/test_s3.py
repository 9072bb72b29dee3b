"""S3: path and host, digests and signatures, conditions, rights on object, bucket and key."""
import hashlib

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest

from harness import ADMIN, REGION, allow, document, refused

BLOCK = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


@pytest.fixture
def key(front):
    return front.client("kms").create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def s3(front):
    client = front.client("s3")
    client.create_bucket(Bucket="keys")
    return client


def put(client, key=None, **more):
    sse = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}
    return client.put_object(**{"Bucket": "keys", "Key": "a/b", "Body": b"x"} | sse | more)


def as_role(front, *statements):
    return front.client("s3", front.session(front.role("r", statements)))


def test_a_value_comes_back(s3, key):
    made = put(s3, key, Metadata={"state": "holds"})
    have = s3.get_object(Bucket="keys", Key="a/b")
    assert have["Body"].read() == b"x" and have["ETag"] == made["ETag"]
    head = s3.head_object(Bucket="keys", Key="a/b")
    assert head["SSEKMSKeyId"] == key and head["Metadata"] == {"state": "holds"}


def test_conditions_decide(s3, key):
    made = put(s3, key, IfNoneMatch="*")
    refused("PreconditionFailed", "", put, client=s3, key=key, Body=b"y", IfNoneMatch="*")
    refused("PreconditionFailed", "", put, client=s3, key=key, Body=b"y", IfMatch='"0"')
    put(s3, key, Body=b"y", IfMatch=made["ETag"])
    refused("PreconditionFailed", "", put, client=s3, key=key, Body=b"z", IfMatch=made["ETag"])
    refused("NoSuchKey", "", put, client=s3, key=key, Key="c", IfMatch=made["ETag"])
    assert s3.get_object(Bucket="keys", Key="a/b")["Body"].read() == b"y"


def test_buckets_tell_of_versions_and_the_public(s3):
    assert "Status" not in s3.get_bucket_versioning(Bucket="keys")
    refused("NoSuchPublicAccessBlockConfiguration", "", s3.get_public_access_block, Bucket="keys")
    s3.put_bucket_versioning(Bucket="keys", VersioningConfiguration={"Status": "Enabled"})
    s3.put_public_access_block(Bucket="keys", PublicAccessBlockConfiguration=BLOCK)
    assert s3.get_bucket_versioning(Bucket="keys")["Status"] == "Enabled"
    assert s3.get_public_access_block(Bucket="keys")["PublicAccessBlockConfiguration"] == BLOCK
    refused("NoSuchBucket", "", s3.get_bucket_versioning, Bucket="none")


@pytest.mark.parametrize("right,call", [("kms:GenerateDataKey", "put"), ("kms:Decrypt", "get")])
def test_the_key_takes_rights_too(front, s3, key, right, call):
    put(s3, key)
    rights = [r for r in ("kms:GenerateDataKey", "kms:Decrypt") if r != right]
    client = as_role(front, allow("s3:*", "*"), allow(rights, key))
    what = {"put": lambda: put(client, key), "get": lambda: client.get_object(Bucket="keys", Key="a/b")}[call]
    refused("AccessDenied", right, what)


def test_the_key_may_be_for_one_object_alone(front, s3, key):
    put(s3, key)
    put(s3, key, Key="c")
    client = as_role(front, allow("s3:GetObject", "*"), allow("kms:Decrypt", key, Condition={
        "StringEquals": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::keys/a/b", "kms:ViaService": f"s3.{REGION}.amazonaws.com"}}))
    assert client.get_object(Bucket="keys", Key="a/b")["Body"].read() == b"x"
    refused("AccessDenied", "kms:Decrypt", client.get_object, Bucket="keys", Key="c")


def test_a_policy_is_judged_by_the_object(front, s3):
    put(s3)
    put(s3, Key="c")
    client = as_role(front, allow("s3:GetObject", "arn:aws:s3:::keys/a/*"))
    assert client.get_object(Bucket="keys", Key="a/b")["Body"].read() == b"x"
    refused("AccessDenied", "s3:GetObject", client.get_object, Bucket="keys", Key="c")
    refused("403", "", client.head_object, Bucket="keys", Key="c")


def test_what_is_not_there_is_told_to_who_may_list(front, s3):
    client = as_role(front, allow("s3:GetObject", "*"))
    refused("AccessDenied", "", client.get_object, Bucket="keys", Key="none")
    refused("NoSuchKey", "", s3.get_object, Bucket="keys", Key="none")
    refused("404", "", s3.head_object, Bucket="keys", Key="none")


def test_the_buckets_own_policy_counts(front, s3):
    put(s3)
    role = front.role("reader", [allow("s3:GetObject", "*")])
    client = front.client("s3", front.session(role))
    assert client.get_object(Bucket="keys", Key="a/b")["Body"].read() == b"x"
    s3.put_bucket_policy(Bucket="keys", Policy=document(allow(
        "s3:GetObject", "arn:aws:s3:::keys/a/b", principal="*", Effect="Deny",
        Condition={"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/another"}})))
    refused("AccessDenied", "explicit deny", client.get_object, Bucket="keys", Key="a/b")


def test_conditions_on_encryption_are_known(front, s3, key):
    client = as_role(front, allow("kms:*", key), allow("s3:PutObject", "*", Condition={
        "StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": key}}))
    put(client, key)
    refused("AccessDenied", "s3:PutObject", put, client=client)


def test_another_region_is_refused(front, s3):
    put(s3)
    there = front.client("s3", region="eu-west-1")
    refused("AuthorizationHeaderMalformed", "expecting 'us-east-1'", there.get_object, Bucket="keys", Key="a/b")


def raw(front, path, host, body=b"", method="GET", digest=None):
    request = AWSRequest(method, f"https://{host}{path}", data=body, headers={"Host": host})
    S3SigV4Auth(ADMIN, "s3", REGION).add_auth(request)
    headers = dict(request.headers.items())
    if digest is not None:
        headers["X-Amz-Content-SHA256"] = digest
    if digest == "":
        del headers["X-Amz-Content-SHA256"]
    return front.send(method, path, body, headers)


def test_the_bucket_may_be_in_the_host(front, s3):
    put(s3, Key="a b/c")
    got = raw(front, "/a%20b/c", f"keys.s3.{REGION}.amazonaws.com")
    assert (got.status, got.body) == (200, b"x")
    got = raw(front, "/keys/a%20b/c", f"s3.{REGION}.amazonaws.com")
    assert (got.status, got.body) == (200, b"x")
    assert raw(front, "/a%20b/c", f"none.s3.{REGION}.amazonaws.com").status == 404


@pytest.mark.parametrize("digest,code", [("", b"InvalidRequest"), (hashlib.sha256(b"y").hexdigest(), b"XAmzContentSHA256Mismatch")])
def test_the_digest_must_be_there_and_true(front, s3, digest, code):
    got = raw(front, "/keys/n", f"s3.{REGION}.amazonaws.com", b"x", "PUT", digest)
    assert got.status == 400 and code in got.body


def test_a_path_that_is_encoded_twice_is_not_signed_right(front, s3):
    put(s3, Key="a b")
    from botocore.auth import SigV4Auth
    request = AWSRequest("GET", f"https://s3.{REGION}.amazonaws.com/keys/a%20b",
                         headers={"Host": f"s3.{REGION}.amazonaws.com", "X-Amz-Content-SHA256": hashlib.sha256(b"").hexdigest()})
    SigV4Auth(ADMIN, "s3", REGION).add_auth(request)
    got = front.send("GET", "/keys/a%20b", b"", dict(request.headers.items()))
    assert got.status == 403 and b"SignatureDoesNotMatch" in got.body
