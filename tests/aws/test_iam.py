"""IAM as the product uses it: roles, inline policies, OIDC providers, the simulator."""
import json

import pytest

from harness import ACCOUNT, allow, document, refused, root

URL = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{URL.removeprefix('https://')}"
TRUST = document(allow("sts:AssumeRoleWithWebIdentity", principal={"Federated": PROVIDER}))
LEAST = document(allow("kms:Encrypt", "*"))


@pytest.fixture
def iam(front):
    return front.client("iam")


def test_role(iam):
    made = iam.create_role(RoleName="r", Path="/vault/", AssumeRolePolicyDocument=TRUST,
                           Tags=[{"Key": "a", "Value": "b"}], MaxSessionDuration=7200)["Role"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/vault/r"
    role = iam.get_role(RoleName="r")["Role"]
    assert role["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert role["Tags"] == [{"Key": "a", "Value": "b"}] and role["MaxSessionDuration"] == 7200
    assert role["RoleId"].startswith("AROA")
    refused("EntityAlreadyExists", "Role with name r already exists.", iam.create_role,
            RoleName="r", AssumeRolePolicyDocument=TRUST)
    refused("NoSuchEntity", "The role with name no cannot be found.", iam.get_role, RoleName="no")


def test_documents_come_percent_encoded(front, iam):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    body = front.raw("iam", "GetRole", {"RoleName": "r"}).body
    assert b"<AssumeRolePolicyDocument>%7B%22Version%22" in body
    assert b'xmlns="https://iam.amazonaws.com/doc/2010-05-08/"' in body


def test_role_boundary(iam):
    arn = iam.create_policy(PolicyName="b", PolicyDocument=LEAST)["Policy"]["Arn"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=arn)
    boundary = iam.get_role(RoleName="r")["Role"]["PermissionsBoundary"]
    assert boundary["PermissionsBoundaryArn"] == arn
    refused("NoSuchEntity", "does not exist or is not attachable", iam.create_role, RoleName="s",
            AssumeRolePolicyDocument=TRUST, PermissionsBoundary=arn + "x")


def test_role_policy(iam):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    refused("NoSuchEntity", "cannot be found", iam.get_role_policy, RoleName="r", PolicyName="p")
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=LEAST)
    got = iam.get_role_policy(RoleName="r", PolicyName="p")["PolicyDocument"]
    assert got == json.loads(LEAST)
    assert iam.list_role_policies(RoleName="r")["PolicyNames"] == ["p"]
    refused("DeleteConflict", "must delete policies first", iam.delete_role, RoleName="r")


def test_trust_can_be_changed(iam):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    other = document(allow("sts:AssumeRole", principal={"AWS": root()}))
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=other)
    assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"] == json.loads(other)


def test_role_tags(iam):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.tag_role(RoleName="r", Tags=[{"Key": "c", "Value": "d"}])
    assert iam.list_role_tags(RoleName="r")["Tags"] == [{"Key": "c", "Value": "d"}]
    refused("NoSuchEntity", "cannot be found", iam.list_role_tags, RoleName="no")


@pytest.mark.parametrize("trust, words", [
    ("{", "invalid Json"),
    (document(allow("sts:AssumeRole")), "Missing required field Principal"),
    (document(allow("sts:AssumeRole", "*", {"AWS": root()})), "prohibited field Resource"),
    (document(allow("sts:AssumeRole", principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/no"})),
     "Invalid principal in policy"),
])
def test_bad_trust(iam, trust, words):
    refused("MalformedPolicyDocument", words, iam.create_role, RoleName="r",
            AssumeRolePolicyDocument=trust)


@pytest.mark.parametrize("policy, words", [
    ("{", "invalid Json"),
    (document(allow("kms:Encrypt")), "must contain resources"),
    (document(allow("kms:Encrypt", "*", "*")), "should not specify a principal"),
])
def test_bad_identity_policy(iam, policy, words):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    refused("MalformedPolicyDocument", words, iam.put_role_policy, RoleName="r", PolicyName="p",
            PolicyDocument=policy)


def test_policies_have_a_size_without_white_space(iam):
    def fill(size, **keys):
        action = "kms:Encrypt" if "resource" in keys else "sts:AssumeRole"
        statement = allow(action, **keys)
        bare = document(statement | {"Sid": ""}).replace(" ", "")
        return document(statement | {"Sid": "x" * (size - len(bare))})

    trust = {"principal": {"AWS": root()}}
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=fill(2048, **trust))
    refused("LimitExceeded", "ACLSizePerRole", iam.create_role, RoleName="s",
            AssumeRolePolicyDocument=fill(2049, **trust))
    half = fill(5120, resource="*")
    iam.put_role_policy(RoleName="r", PolicyName="a", PolicyDocument=half)
    iam.put_role_policy(RoleName="r", PolicyName="b", PolicyDocument=half)
    refused("LimitExceeded", "for role r", iam.put_role_policy, RoleName="r", PolicyName="b",
            PolicyDocument=fill(5121, resource="*"))


def test_oidc_provider(iam):
    refused("NoSuchEntity", PROVIDER, iam.get_open_id_connect_provider,
            OpenIDConnectProviderArn=PROVIDER)
    made = iam.create_open_id_connect_provider(Url=URL, ClientIDList=["sts.amazonaws.com"],
                                               Tags=[{"Key": "a", "Value": "b"}])
    assert made["OpenIDConnectProviderArn"] == PROVIDER
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER,
                                     Tags=[{"Key": "c", "Value": "d"}])
    got = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)
    assert got["Url"] == URL.removeprefix("https://")
    assert got["ClientIDList"] == ["sts.amazonaws.com"]
    assert {t["Key"]: t["Value"] for t in got["Tags"]} == {"a": "b", "c": "d"}
    listed = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert listed == [{"Arn": PROVIDER}]
    refused("EntityAlreadyExists", f"Provider with url {URL} already exists.",
            iam.create_open_id_connect_provider, Url=URL, ClientIDList=["sts.amazonaws.com"])


@pytest.mark.parametrize("url", ["http://x.example", "x.example", URL + "/",
                                 "https://x.example:8443/id/1", "https://x.example/?a=b"])
def test_bad_provider_url(iam, url):
    refused("ValidationError", "Invalid Open ID Connect Provider URL",
            iam.create_open_id_connect_provider, Url=url, ClientIDList=["a"])


def simulate(iam, **kwargs):
    got = iam.simulate_principal_policy(**kwargs)["EvaluationResults"]
    return {(r["EvalActionName"], r["EvalResourceName"]): r["EvalDecision"] for r in got}


def test_simulation(front, iam):
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
    role = front.role("r", [allow("kms:*", key), allow("kms:Decrypt", "*", Effect="Deny")])
    got = simulate(iam, PolicySourceArn=role, ActionNames=["kms:Encrypt", "kms:Decrypt"],
                   ResourceArns=[key, key + "2"])
    assert got == {("kms:Encrypt", key): "allowed", ("kms:Encrypt", key + "2"): "implicitDeny",
                   ("kms:Decrypt", key): "explicitDeny", ("kms:Decrypt", key + "2"): "explicitDeny"}


def test_simulation_with_context(front, iam):
    role = front.role("r", [allow("kms:*", "*", Condition={"StringEquals": {
        "aws:RequestedRegion": "eu-west-1"}})])
    for region, word in (("eu-west-1", "allowed"), ("us-east-1", "implicitDeny")):
        entry = {"ContextKeyName": "aws:RequestedRegion", "ContextKeyType": "string",
                 "ContextKeyValues": [region]}
        got = simulate(iam, PolicySourceArn=role, ActionNames=["kms:Encrypt"],
                       ContextEntries=[entry])
        assert got == {("kms:Encrypt", "*"): word}


def test_simulation_shows_the_boundary(front, iam):
    cap = iam.create_policy(PolicyName="b", PolicyDocument=document(allow("kms:Decrypt", "*")))
    role = front.role("r", [allow("kms:*", "*")], PermissionsBoundary=cap["Policy"]["Arn"])
    got = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=["kms:Encrypt"])
    result = got["EvaluationResults"][0]
    assert result["EvalDecision"] == "implicitDeny"
    detail = result["PermissionsBoundaryDecisionDetail"]
    assert detail["AllowedByPermissionsBoundary"] is False


def test_simulation_of_what_is_not_there(iam):
    refused("NoSuchEntity", "cannot be found", iam.simulate_principal_policy,
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/no", ActionNames=["kms:Encrypt"])


def test_unknown_operation(front):
    reply = front.raw("iam", "MakeCoffee")
    assert reply.status == 400 and b"<Code>InvalidAction</Code>" in reply.body
    assert front.raw("kms", "MakeCoffee").json()["__type"] == "UnknownOperationException"


def test_service_control_policy_binds_and_shows_in_the_simulator(front, iam):
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document(allow("kms:*", "*")))

    def simulated(action):
        said = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=[action])
        return said["EvaluationResults"][0]
    assert "OrganizationsDecisionDetail" not in simulated("kms:Decrypt")
    denies = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"},
                            {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}]}
    assert front.control("POST", "organization", denies).status == 200
    assert front.control("GET", "organization").json() == denies
    detail = simulated("kms:Decrypt")
    assert detail["EvalDecision"] == "explicitDeny"
    assert detail["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    detail = simulated("kms:Encrypt")["OrganizationsDecisionDetail"]
    assert detail == {"AllowedByOrganizations": True}
    assert front.control("DELETE", "organization").status == 200
    assert simulated("kms:Decrypt")["EvalDecision"] == "allowed"
    assert front.control("POST", "organization", {"Statement": [{"Effect": "Maybe"}]}).status == 400
