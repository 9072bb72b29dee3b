"""Parameter Store: rights on the parameter and on its key, sizes and tiers, what is never written over."""
import pytest

from harness import ACCOUNT, REGION, allow, refused

NAME = "/a/b"
ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/a/b"


@pytest.fixture
def key(front):
    return front.client("kms").create_key()["KeyMetadata"]["Arn"]


def put(client, key, value="x", **more):
    return client.put_parameter(**{"Name": NAME, "Value": value, "Type": "SecureString", "KeyId": key} | more)


def as_role(front, *statements):
    return front.client("ssm", front.session(front.role("r", statements)))


def test_a_value_comes_back(front, key):
    client = front.client("ssm")
    put(client, key, Description="d", Tags=[{"Key": "t", "Value": "v"}])
    assert client.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]["Value"] == "x"
    have, = client.get_parameter_history(Name=NAME)["Parameters"]
    assert (have["Description"], have["KeyId"], have["Version"]) == ("d", key, 1)
    assert have["Value"] != "x"


def test_nothing_is_written_over_unless_asked(front, key):
    client = front.client("ssm")
    put(client, key)
    refused("ParameterAlreadyExists", "overwrite", put, client=client, key=key, value="y")
    put(client, key, "y", Overwrite=True, Description="after")
    assert client.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]["Value"] == "y"
    newest = client.get_parameter_history(Name=NAME)["Parameters"][-1]
    assert (newest["Version"], newest["Description"]) == (2, "after")
    refused("ValidationException", "tags and overwrite", put, client=client, key=key, Overwrite=True,
            Tags=[{"Key": "t", "Value": "v"}])


def test_what_is_not_there_is_said(front):
    client = front.client("ssm")
    refused("ParameterNotFound", "", client.get_parameter, Name=NAME, WithDecryption=True)
    refused("ParameterNotFound", "", client.get_parameter_history, Name=NAME)


@pytest.mark.parametrize("tier,size,fits", [("Standard", 4096, True), ("Standard", 4097, False),
                                            ("Intelligent-Tiering", 4097, True), ("Intelligent-Tiering", 8192, True),
                                            ("Intelligent-Tiering", 8193, False)])
def test_a_tier_has_a_size(front, key, tier, size, fits):
    client = front.client("ssm")
    if not fits:
        refused("ValidationException", "maximum", put, client=client, key=key, value="x" * size, Tier=tier)
        return
    put(client, key, "x" * size, Tier=tier)
    assert client.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]["Value"] == "x" * size


@pytest.mark.parametrize("size,right", [(10, "kms:Encrypt"), (5000, "kms:GenerateDataKey")])
def test_writing_takes_the_key_too(front, key, size, right):
    other = {"kms:Encrypt": "kms:GenerateDataKey", "kms:GenerateDataKey": "kms:Encrypt"}[right]
    client = as_role(front, allow("ssm:*", "*"), allow(other, key))
    refused("AccessDeniedException", right, put, client=client, key=key, value="x" * size, Tier="Intelligent-Tiering")


def test_the_key_may_be_for_one_parameter_alone(front, key):
    put(front.client("ssm"), key)
    put(front.client("ssm"), key, Name="/c/d")
    client = as_role(front, allow("ssm:GetParameter", "*"), allow("kms:Decrypt", key, Condition={
        "StringEquals": {"kms:EncryptionContext:PARAMETER_ARN": ARN, "kms:ViaService": f"ssm.{REGION}.amazonaws.com"}}))
    assert client.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]["Value"] == "x"
    refused("AccessDeniedException", "kms:Decrypt", client.get_parameter, Name="/c/d", WithDecryption=True)


def test_a_policy_is_judged_by_the_parameters_name(front, key):
    admin = front.client("ssm")
    put(admin, key)
    put(admin, key, Name="/c/d")
    client = as_role(front, allow(["ssm:GetParameter", "ssm:GetParameterHistory"], ARN), allow("kms:Decrypt", key))
    assert client.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]["Value"] == "x"
    refused("AccessDeniedException", "ssm:GetParameter", client.get_parameter, Name="/c/d", WithDecryption=True)
    refused("AccessDeniedException", "ssm:GetParameterHistory", client.get_parameter_history, Name="/c/d")


def test_tags_take_the_right_to_tag(front, key):
    client = as_role(front, allow("ssm:PutParameter", "*"), allow("kms:Encrypt", key))
    refused("AccessDeniedException", "ssm:AddTagsToResource", put, client=client, key=key, Tags=[{"Key": "t", "Value": "v"}])
    put(client, key)


def test_a_policy_may_ask_for_a_tag(front, key):
    put(front.client("ssm"), key, Tags=[{"Key": "t", "Value": "v"}])
    put(front.client("ssm"), key, Name="/c/d")
    client = as_role(front, allow("kms:Decrypt", key), allow("ssm:GetParameter", "*", Condition={
        "StringEquals": {"aws:ResourceTag/t": "v"}}))
    assert client.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]["Value"] == "x"
    refused("AccessDeniedException", "ssm:GetParameter", client.get_parameter, Name="/c/d", WithDecryption=True)


def test_a_disabled_key_fails(front, key):
    client = front.client("ssm")
    put(client, key)
    front.client("kms").disable_key(KeyId=key)
    refused("InvalidKeyId", "disabled", client.get_parameter, Name=NAME, WithDecryption=True)
    refused("InvalidKeyId", "disabled", put, client=client, key=key, Overwrite=True)


@pytest.mark.parametrize("name", ["a/b", "/aws/x", "/a b", "/" + "/".join("abcdefghijklmnop")])
def test_names_are_checked(front, key, name):
    refused("ValidationException", "Parameter name", put, client=front.client("ssm"), key=key, Name=name)
