"""Secrets Manager: rights on the secret and on its key, tokens, deletion, and the search by tags."""
import pytest

from harness import REGION, allow, refused

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def key(front):
    return front.client("kms").create_key()["KeyMetadata"]["Arn"]


def make(client, name="a/b", **more):
    return client.create_secret(**{"Name": name, "SecretString": "x", "ClientRequestToken": TOKEN} | more)


def as_role(front, *statements):
    return front.client("secretsmanager", front.session(front.role("r", statements)))


def secret_arn(name):
    return f"arn:aws:secretsmanager:{REGION}:123456789012:secret:{name}-*"


def test_a_value_comes_back(front, key):
    client = front.client("secretsmanager")
    make(client, KmsKeyId=key, Tags=[{"Key": "t", "Value": "v"}])
    assert client.get_secret_value(SecretId="a/b")["SecretString"] == "x"
    have = client.describe_secret(SecretId="a/b")
    assert have["KmsKeyId"] == key and have["Tags"] == [{"Key": "t", "Value": "v"}]


def test_the_same_token_repeats_and_another_value_is_refused(front):
    client = front.client("secretsmanager")
    assert make(client)["ARN"] == make(client)["ARN"]
    refused("ResourceExistsException", "", make, client=client, SecretString="y")
    refused("ResourceExistsException", "", make, client=client, ClientRequestToken=TOKEN[::-1])


def test_a_token_is_needed(front):
    method, path, body, headers = front.signed("secretsmanager", "CreateSecret", {"Name": "n", "SecretString": "x"})
    reply = front.send(method, path, body, headers)
    assert reply.status == 400 and "ClientRequestToken" in reply.body.decode()


@pytest.mark.parametrize("lacking", ["kms:GenerateDataKey", "kms:Decrypt"])
def test_writing_takes_the_key_too(front, key, lacking):
    rights = [a for a in ("kms:GenerateDataKey", "kms:Decrypt") if a != lacking]
    client = as_role(front, allow("secretsmanager:*", "*"), allow(rights, key))
    refused("AccessDeniedException", "KMS", make, client=client, KmsKeyId=key)


def test_reading_takes_the_key_too(front, key):
    make(front.client("secretsmanager"), KmsKeyId=key)
    client = as_role(front, allow("secretsmanager:*", "*"))
    refused("AccessDeniedException", "KMS", client.get_secret_value, SecretId="a/b")


def test_a_policy_is_judged_by_the_secrets_name(front):
    admin = front.client("secretsmanager")
    make(admin)
    make(admin, "c/d")
    client = as_role(front, allow("secretsmanager:GetSecretValue", secret_arn("a/b")))
    assert client.get_secret_value(SecretId="a/b")["SecretString"] == "x"
    refused("AccessDeniedException", "secretsmanager:GetSecretValue", client.get_secret_value, SecretId="c/d")


def test_tags_take_the_right_to_tag(front):
    client = as_role(front, allow("secretsmanager:CreateSecret", "*"))
    refused("AccessDeniedException", "secretsmanager:TagResource", make, client=client, Tags=[{"Key": "t", "Value": "v"}])
    make(client)


def test_a_disabled_key_fails(front, key):
    client = front.client("secretsmanager")
    make(client, KmsKeyId=key)
    front.client("kms").disable_key(KeyId=key)
    refused("DecryptionFailure", "Disabled", client.get_secret_value, SecretId="a/b")
    refused("EncryptionFailure", "Disabled", client.update_secret, SecretId="a/b", SecretString="y",
            ClientRequestToken=TOKEN[::-1])


def test_a_deleted_name_is_taken(front):
    client = front.client("secretsmanager")
    make(client)
    client.delete_secret(SecretId="a/b", RecoveryWindowInDays=7)
    assert "DeletedDate" in client.describe_secret(SecretId="a/b")
    refused("InvalidRequestException", "scheduled for deletion", make, client=client, ClientRequestToken=TOKEN[::-1])


def test_a_search_by_tag_finds_it(front):
    make(front.client("secretsmanager"), Tags=[{"Key": "t", "Value": "v"}])
    found = front.client("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "t", "Values": ["v"]}])
    assert [r["ResourceARN"].split(":")[2] for r in found["ResourceTagMappingList"]] == ["secretsmanager"]
    front.client("secretsmanager").delete_secret(SecretId="a/b", ForceDeleteWithoutRecovery=True)
    found = front.client("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "t", "Values": ["v"]}])
    assert found["ResourceTagMappingList"] == []


def test_updating_changes_value_and_description_at_once(front, key):
    client = front.client("secretsmanager")
    make(client, KmsKeyId=key, Description="before")
    client.update_secret(SecretId="a/b", SecretString="y", Description="after", ClientRequestToken=TOKEN[::-1])
    assert client.get_secret_value(SecretId="a/b")["SecretString"] == "y"
    assert client.describe_secret(SecretId="a/b")["Description"] == "after"
    assert client.describe_secret(SecretId="a/b")["KmsKeyId"] == key
