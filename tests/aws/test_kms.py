"""KMS as Vault's key needs it: aliases, rotation, policies, tags, states."""
import json

import pytest

from harness import ACCOUNT, allow, document, refused, root

ROOT_POLICY = document(allow("kms:*", "*", {"AWS": root()}))


@pytest.fixture
def kms(front):
    return front.client("kms")


@pytest.fixture
def key(kms):
    made = kms.create_key(Description="unseal", Policy=ROOT_POLICY,
                          Tags=[{"TagKey": "a", "TagValue": "b"}])
    return made["KeyMetadata"]["Arn"]



def test_create_key(kms, key):
    meta = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert meta["KeyState"] == "Enabled" and meta["Enabled"] is True
    assert meta["KeyUsage"] == "ENCRYPT_DECRYPT" and meta["KeySpec"] == "SYMMETRIC_DEFAULT"
    assert meta["MultiRegion"] is False and meta["KeyManager"] == "CUSTOMER"
    assert "SigningAlgorithms" not in meta
    assert json.loads(kms.get_key_policy(KeyId=key)["Policy"]) == json.loads(ROOT_POLICY)


def test_only_an_asymmetric_key_has_a_pair(kms, key):
    refused("UnsupportedOperationException", "GetPublicKey", kms.get_public_key, KeyId=key)
    refused("InvalidKeyUsageException", "Sign", kms.sign, KeyId=key, Message=b"m",
            SigningAlgorithm="RSASSA_PSS_SHA_256")
    pair = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048", Policy=ROOT_POLICY)["KeyMetadata"]["Arn"]
    assert kms.get_public_key(KeyId=pair)["PublicKey"]


def test_alias(kms, key):
    kms.create_alias(AliasName="alias/vault-unseal", TargetKeyId=key)
    assert kms.describe_key(KeyId="alias/vault-unseal")["KeyMetadata"]["Arn"] == key
    refused("AlreadyExistsException", "alias/vault-unseal already exists", kms.create_alias,
            AliasName="alias/vault-unseal", TargetKeyId=key)
    refused("NotFoundException", f"Alias arn:aws:kms:us-east-1:{ACCOUNT}:alias/no is not found.",
            kms.describe_key, KeyId="alias/no")


def test_absent_key(kms):
    gone = "12345678-1234-1234-1234-123456789012"
    refused("NotFoundException", f"key/{gone}' does not exist", kms.describe_key, KeyId=gone)
    refused("NotFoundException", "does not exist", kms.create_alias, AliasName="alias/x",
            TargetKeyId=gone)


def test_rotation(kms, key):
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    status = kms.get_key_rotation_status(KeyId=key)
    assert status["KeyRotationEnabled"] and status["RotationPeriodInDays"] == 180
    assert status["KeyId"] == key and "NextRotationDate" in status
    kms.disable_key_rotation(KeyId=key)
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)


@pytest.mark.parametrize("days", [89, 2561])
def test_rotation_period_has_limits(kms, key, days):
    refused("ValidationException", "rotationPeriodInDays", kms.enable_key_rotation, KeyId=key,
            RotationPeriodInDays=days)


def test_rotation_takes_no_alias(kms, key):
    kms.create_alias(AliasName="alias/x", TargetKeyId=key)
    refused("NotFoundException", "Invalid keyId", kms.get_key_rotation_status, KeyId="alias/x")


def test_tags(kms, key):
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "c", "TagValue": "d"},
                                      {"TagKey": "a", "TagValue": "B"}])
    tags = kms.list_resource_tags(KeyId=key)["Tags"]
    assert {t["TagKey"]: t["TagValue"] for t in tags} == {"a": "B", "c": "d"}


def test_replies_without_content_are_empty(front, key):
    reply = front.raw("kms", "EnableKeyRotation", {"KeyId": key})
    assert (reply.status, reply.body) == (200, b"")


@pytest.mark.parametrize("policy, words", [
    ("{", "malformed"),
    (document(), "will not allow you to update the key policy"),
    (document(allow("kms:Encrypt", "*", {"AWS": root()})), "will not allow you to update"),
    (document(allow("kms:*", "*")), "malformed"),
    (document(allow("kms:*", "*", {"AWS": [root(), f"arn:aws:iam::{ACCOUNT}:role/not-yet"]})),
     "invalid principals"),
])
def test_bad_key_policies(kms, key, policy, words):
    code = "MalformedPolicyDocumentException"
    refused(code, words, kms.put_key_policy, KeyId=key, Policy=policy)
    refused(code, words, kms.create_key, Policy=policy)
    assert len(kms.list_keys()["Keys"]) == 1


def test_lockout_can_be_forced(kms, key):
    policy = document(allow("kms:Encrypt", "*", {"AWS": root()}))
    kms.put_key_policy(KeyId=key, Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    assert json.loads(kms.get_key_policy(KeyId=key)["Policy"]) == json.loads(policy)


def test_encrypt_and_decrypt(kms, key):
    other = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext={"a": "b"})
    blob = blob["CiphertextBlob"]
    got = kms.decrypt(CiphertextBlob=blob, KeyId=key, EncryptionContext={"a": "b"})
    assert got["Plaintext"] == b"secret" and got["KeyId"] == key
    refused("InvalidCiphertextException", "", kms.decrypt, CiphertextBlob=blob, KeyId=key)
    refused("InvalidCiphertextException", "", kms.decrypt, CiphertextBlob=b"nonsense")
    refused("IncorrectKeyException", "", kms.decrypt, CiphertextBlob=blob, KeyId=other,
            EncryptionContext={"a": "b"})


def test_disabled_key(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    refused("DisabledException", "is disabled", kms.encrypt, KeyId=key, Plaintext=b"x")
    refused("DisabledException", "is disabled", kms.decrypt, CiphertextBlob=blob)
    refused("DisabledException", "is disabled", kms.enable_key_rotation, KeyId=key)
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_pending_deletion(kms, key):
    for days in (6, 31):
        refused("ValidationException", "pendingWindowInDays", kms.schedule_key_deletion, KeyId=key,
                PendingWindowInDays=days)
    refused("KMSInvalidStateException", "not pending", kms.cancel_key_deletion, KeyId=key)
    assert kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["KeyState"] == \
        "PendingDeletion"
    for call, more in ((kms.encrypt, {"Plaintext": b"x"}), (kms.enable_key_rotation, {}),
                       (kms.get_key_rotation_status, {}), (kms.enable_key, {}),
                       (kms.tag_resource, {"Tags": [{"TagKey": "a", "TagValue": "b"}]})):
        refused("KMSInvalidStateException", "pending deletion", call, KeyId=key, **more)
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"


def test_another_regions_arn(front, key):
    elsewhere = front.client("kms", region="eu-west-1")
    refused("NotFoundException", "Invalid arn", elsewhere.describe_key, KeyId=key)


def test_a_grant_lets_in_without_any_policy(front):
    kms, iam = front.client("kms"), front.client("iam")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    role = front.role("granted")
    as_role = front.client("kms", front.session(role))
    refused("AccessDeniedException", "no identity-based policy", as_role.encrypt, KeyId=key, Plaintext=b"x")
    kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["Encrypt"])
    blob = as_role.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    refused("AccessDeniedException", "", as_role.decrypt, CiphertextBlob=blob)
    listed = kms.list_grants(KeyId=key)["Grants"]
    assert [(g["GranteePrincipal"], g["Operations"]) for g in listed] == [(role, ["Encrypt"])]
    iam.put_role_policy(RoleName="granted", PolicyName="p", PolicyDocument=document(
        allow("kms:Encrypt", key, Effect="Deny")))
    refused("AccessDeniedException", "explicit deny", as_role.encrypt, KeyId=key, Plaintext=b"x")


def test_a_grant_with_a_context_asks_for_it(front):
    kms = front.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    role = front.role("bound")
    as_role = front.client("kms", front.session(role))
    kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["Encrypt"],
                     Constraints={"EncryptionContextSubset": {"a": "1"}})
    refused("AccessDeniedException", "", as_role.encrypt, KeyId=key, Plaintext=b"x")
    as_role.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1", "b": "2"})
