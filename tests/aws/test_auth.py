"""Who may do what: signatures, principals and refusals, in each protocol's own shape."""
import re
import uuid

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from harness import ACCOUNT, ADMIN, allow, document, key_schema, root

# service, operation, parameters of one call in each protocol
PROTOCOLS = {
    "json-1.1": ("kms", "ListKeys", {}),
    "json-1.0": ("dynamodb", "DescribeTable", {"TableName": "t"}),
    "query": ("iam", "GetRole", {"RoleName": "r"}),
    "rest-json": ("eks", "/clusters/c", None),
}
WRONG_SECRET = Credentials(ADMIN.access_key, "x" * 40)
UNKNOWN_KEY = Credentials("AKIAUNKNOWNUNKNOWN00", "x" * 40)
FOREIGN_TOKEN = Credentials(ADMIN.access_key, ADMIN.secret_key, "token")


def error_of(protocol, reply):
    """(code, message, request id) as a client of this protocol finds them."""
    if protocol == "query":
        text = reply.body.decode()
        code, message = (re.search(f"<{tag}>([^<]*)</{tag}>", text).group(1)
                         for tag in ("Code", "Message"))
        return code, message, re.search("<RequestId>([^<]+)<", text).group(1)
    body = reply.json()
    if protocol == "rest-json":
        code = reply.headers["x-amzn-errortype"]
    else:
        assert "x-amzn-errortype" not in reply.headers
        code = body["__type"].rpartition("#")[2]
    return code, body.get("message") or body.get("Message"), reply.headers["x-amzn-requestid"]


def refused(front, protocol, code, status, **kwargs):
    reply = front.raw(*PROTOCOLS[protocol], **kwargs)
    got, message, request_id = error_of(protocol, reply)
    assert (got, reply.status) == (code, status)
    assert uuid.UUID(request_id)
    return message


@pytest.mark.parametrize("protocol, code, status", [
    ("json-1.1", "MissingAuthenticationTokenException", 400),
    ("json-1.0", "MissingAuthenticationTokenException", 400),
    ("query", "MissingAuthenticationToken", 403),
    ("rest-json", "MissingAuthenticationTokenException", 403),
])
def test_unsigned(front, protocol, code, status):
    message = refused(front, protocol, code, status, credentials=None)
    assert "Missing Authentication Token" in message


@pytest.mark.parametrize("protocol, code, status", [
    ("json-1.1", "InvalidSignatureException", 400),
    ("json-1.0", "InvalidSignatureException", 400),
    ("query", "SignatureDoesNotMatch", 403),
    ("rest-json", "InvalidSignatureException", 403),
])
@pytest.mark.parametrize("how", [
    {"credentials": WRONG_SECRET}, {"scope_region": "eu-west-1"}, {"scope_service": "s3"},
])
def test_bad_signature(front, protocol, code, status, how):
    refused(front, protocol, code, status, **how)


@pytest.mark.parametrize("protocol, code, status", [
    ("json-1.1", "UnrecognizedClientException", 400),
    ("json-1.0", "UnrecognizedClientException", 400),
    ("query", "InvalidClientTokenId", 403),
    ("rest-json", "UnrecognizedClientException", 403),
])
@pytest.mark.parametrize("who", [UNKNOWN_KEY, FOREIGN_TOKEN])
def test_unknown_caller(front, protocol, code, status, who):
    refused(front, protocol, code, status, credentials=who)


@pytest.mark.parametrize("token", [None, "another"])
def test_session_credentials_need_their_own_token(front, token):
    real = front.session(front.role("r"))
    assert front.raw("sts", "GetCallerIdentity", credentials=real).status == 200
    forged = Credentials(real.access_key, real.secret_key, token)
    reply = front.raw("sts", "GetCallerIdentity", credentials=forged)
    assert error_of("query", reply)[0] == "InvalidClientTokenId"


@pytest.mark.parametrize("protocol, code, status", [
    ("json-1.1", "ExpiredTokenException", 400),
    ("json-1.0", "ExpiredTokenException", 400),
    ("query", "ExpiredToken", 403),
    ("rest-json", "ExpiredTokenException", 403),
])
def test_expired_session(front, protocol, code, status):
    old = front.session(front.role("r"))
    assert front.control("POST", "expire-sessions").json() == {"expired": 1}
    assert "expired" in refused(front, protocol, code, status, credentials=old)
    new = front.session(f"arn:aws:iam::{ACCOUNT}:role/r")
    assert front.raw("sts", "GetCallerIdentity", credentials=new).status == 200


def test_body_changed_on_the_way(front):
    method, path, body, headers = front.signed("kms", "CreateKey", {"Description": "a"})
    reply = front.send(method, path, body.replace(b'"a"', b'"b"'), headers)
    assert error_of("json-1.1", reply)[0] == "InvalidSignatureException"
    assert front.client("kms").list_keys()["Keys"] == []


def test_target_changed_on_the_way(front):
    method, path, body, headers = front.signed("kms", "ListKeys", {})
    headers["X-Amz-Target"] = "TrentService.CreateKey"
    reply = front.send(method, path, body, headers)
    assert error_of("json-1.1", reply)[0] == "InvalidSignatureException"


@pytest.mark.parametrize("service, operation, code", [
    ("kms", "CreateAlias", "ValidationException"),
    ("iam", "SimulatePrincipalPolicy", "ValidationError"),
    ("dynamodb", "TransactWriteItems", "ValidationException"),
])
def test_missing_parameters(front, service, operation, code):
    reply = front.raw(service, operation, {})
    assert error_of("query" if service == "iam" else "json-1.1", reply)[0] == code


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"7"])
def test_unreadable_bodies(front, body):
    headers = {"X-Amz-Target": "TrentService.ListKeys"}
    reply = front.send("POST", "/", body, headers)
    assert (reply.json()["__type"], reply.status) == ("SerializationException", 400)


def test_iam_is_signed_for_us_east_1_only(front):
    message = refused(front, "query", "SignatureDoesNotMatch", 403, scope_region="eu-central-1",
                      host="iam.amazonaws.com")
    assert "valid region" in message


@pytest.mark.parametrize("protocol, action, resource, code, status", [
    ("json-1.1", "kms:ListKeys", "*", "AccessDeniedException", 400),
    ("json-1.0", "dynamodb:DescribeTable", f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t",
     "AccessDeniedException", 400),
    ("query", "iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/r", "AccessDenied", 403),
    ("rest-json", "eks:DescribeCluster", f"arn:aws:eks:us-east-1:{ACCOUNT}:cluster/c",
     "AccessDeniedException", 403),
])
def test_least_privilege(front, protocol, action, resource, code, status):
    """A role that may do all but one thing is refused that thing, in AWS's own words."""
    everything = allow("*", "*")
    but = {"Effect": "Allow", "NotAction": action, "Resource": "*"}
    front.client("dynamodb").create_table(TableName="t", **key_schema("Path", "Key"))
    front.control("POST", "register-cluster", {"name": "c", "issuer": "https://i.example",
                                               "endpoint": "https://e.example", "ca": "eA=="})
    front.role("r")
    able = front.session(front.role("able", [everything]))
    unable = front.session(front.role("unable", [but]))
    assert front.raw(*PROTOCOLS[protocol], credentials=able).status == 200
    message = refused(front, protocol, code, status, credentials=unable)
    assert message.startswith(f"User: arn:aws:sts::{ACCOUNT}:assumed-role/unable/tester is not "
                              f"authorized to perform: {action}")
    assert f"because no identity-based policy allows the {action} action" in message
    assert resource == "*" or f"on resource: {resource} " in message


def attempt(client_call, **kwargs):
    """The error code of a call, 'ok' where it succeeds."""
    try:
        client_call(**kwargs)
    except ClientError as e:
        return e.response["Error"]["Code"]
    return "ok"


def test_explicit_deny_wins(front):
    deny = allow("kms:ListKeys", "*", Effect="Deny")
    who = front.session(front.role("r", [allow("*", "*"), deny]))
    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
        front.client("kms", who).list_keys()


def test_boundary_caps(front):
    iam = front.client("iam")
    arn = iam.create_policy(PolicyName="cap", PolicyDocument=document(allow("dynamodb:*", "*")))
    boundary = arn["Policy"]["Arn"]
    who = front.session(front.role("r", [allow("*", "*")], PermissionsBoundary=boundary))
    assert attempt(front.client("dynamodb", who).list_tables) == "ok"
    with pytest.raises(ClientError, match="no permissions boundary allows the kms:ListKeys"):
        front.client("kms", who).list_keys()


def test_attached_policy_counts(front):
    iam = front.client("iam")
    made = iam.create_policy(PolicyName="p", PolicyDocument=document(allow("kms:ListKeys", "*")))
    who = front.session(front.role("r"))
    assert attempt(front.client("kms", who).list_keys) == "AccessDeniedException"
    iam.attach_role_policy(RoleName="r", PolicyArn=made["Policy"]["Arn"])
    assert attempt(front.client("kms", who).list_keys) == "ok"


def test_user_with_access_key(front):
    iam = front.client("iam")
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    who = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    arn = front.client("sts", who).get_caller_identity()["Arn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:user/u"
    assert attempt(front.client("kms", who).list_keys) == "AccessDeniedException"
    iam.put_user_policy(UserName="u", PolicyName="p",
                        PolicyDocument=document(allow("kms:ListKeys", "*")))
    assert attempt(front.client("kms", who).list_keys) == "ok"


def test_setting_tags_needs_the_right_to_tag(front):
    who = front.session(front.role("r", [allow("kms:CreateKey", "*")]))
    kms = front.client("kms", who)
    assert attempt(kms.create_key) == "ok"
    with pytest.raises(ClientError, match="kms:TagResource"):
        kms.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])


def test_tag_conditions(front):
    only_team_a = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    who = front.session(front.role("r", [
        allow("dynamodb:DescribeTable", "*", Condition=only_team_a),
        allow(["dynamodb:CreateTable", "dynamodb:TagResource"], "*",
              Condition={"StringEquals": {"aws:RequestTag/team": "a"}})]))
    dynamodb = front.client("dynamodb", who)
    for name, team, code in (("ta", "a", "ok"), ("tb", "b", "AccessDeniedException")):
        tags = [{"Key": "team", "Value": team}]
        assert attempt(dynamodb.create_table, TableName=name, Tags=tags,
                       **key_schema("Path", "Key")) == code
    front.client("dynamodb").create_table(TableName="tb", Tags=[{"Key": "team", "Value": "b"}],
                                          **key_schema("Path", "Key"))
    assert attempt(dynamodb.describe_table, TableName="ta") == "ok"
    assert attempt(dynamodb.describe_table, TableName="tb") == "AccessDeniedException"


def test_key_policy_without_the_account_shuts_identity_policies_out(front):
    """The key policy decides whether IAM has a say at all."""
    role = front.role("r", [allow("kms:*", "*")])
    who, kms = front.session(role), front.client("kms")
    admin_only = document(allow("kms:*", "*", {"AWS": f"arn:aws:iam::{ACCOUNT}:user/admin"}))
    key = kms.create_key(Policy=admin_only)["KeyMetadata"]["KeyId"]
    with pytest.raises(ClientError, match="because no resource-based policy allows"):
        front.client("kms", who).describe_key(KeyId=key)
    kms.put_key_policy(KeyId=key, Policy=document(allow("kms:*", "*", {"AWS": root()})))
    assert attempt(front.client("kms", who).describe_key, KeyId=key) == "ok"


def test_key_policy_may_name_a_role_that_has_no_policy(front):
    who, kms = front.session(front.role("r")), front.client("kms")
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    key = kms.create_key(Policy=document(allow("kms:*", "*", {"AWS": root()}),
                                         allow("kms:Encrypt", "*", {"AWS": role})))
    key = key["KeyMetadata"]["KeyId"]
    assert attempt(front.client("kms", who).encrypt, KeyId=key, Plaintext=b"x") == "ok"
    assert attempt(front.client("kms", who).describe_key, KeyId=key) == "AccessDeniedException"


def test_key_policy_deny(front):
    who = front.session(front.role("r", [allow("kms:*", "*")]))
    deny = allow("kms:Decrypt", "*", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/r"}, Effect="Deny")
    key = front.client("kms").create_key(
        Policy=document(allow("kms:*", "*", {"AWS": root()}), deny))["KeyMetadata"]["KeyId"]
    kms = front.client("kms", who)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        kms.decrypt(CiphertextBlob=blob)


def test_service_control_policy_binds_all_but_the_administrator(front):
    iam = front.client("iam")
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    who = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    iam.put_user_policy(UserName="u", PolicyName="p",
                        PolicyDocument=document(allow("kms:*", "*")))
    only = {"Statement": [{"Effect": "Allow", "Action": "kms:ListAliases", "Resource": "*"}]}
    assert front.control("POST", "organization", only).status == 200
    assert attempt(front.client("kms", who).list_aliases) == "ok"
    with pytest.raises(ClientError, match="because no service control policy allows"):
        front.client("kms", who).list_keys()
    assert attempt(front.client("kms").list_keys) == "ok"
