"""Secrets Manager: secrets by name or ARN, their tags, and the KMS key that each takes.

What it does with a customer's key it does in the caller's name: writing takes kms:GenerateDataKey
and kms:Decrypt, reading kms:Decrypt, and the key must be enabled.
"""
from moto.secretsmanager.models import secretsmanager_backends

import authorize
import kms
from errors import AwsError
from service import Service
from world import ACCOUNT

WRITES = {"CreateSecret", "PutSecretValue", "UpdateSecret"}
VALUES = ("SecretString", "SecretBinary")
VALUE_MAX = 65536


def backend(region):
    return secretsmanager_backends[ACCOUNT][region]


def find(region, name):
    """moto's secret by name or ARN, None where there is none."""
    store = backend(region).secrets
    return store[name] if name and name in store else None


def tags_of(secret):
    return {t["Key"]: t["Value"] for t in secret.tags or []}


def inventory(region):
    """ARN -> tags of all that are not being deleted, for searches by tag."""
    return {s.arn: tags_of(s) for s in backend(region).secrets.values() if not s.is_deleted()}


class SecretsManager(Service):
    def resources(self, req):
        if req.operation in ("ListSecrets", "GetRandomPassword"):
            return ["*"]
        name = req.need("Name" if req.operation == "CreateSecret" else "SecretId")
        secret = find(req.region, name)
        if secret:
            return [secret.arn]
        return [name if name.startswith("arn:") else
                f"arn:aws:secretsmanager:{req.region}:{ACCOUNT}:secret:{name}-AbCdEf"]

    def tags(self, req, resource):
        secret = find(req.region, resource)
        return tags_of(secret) if secret else {}

    def context(self, req, resource):
        return {"secretsmanager:name": req.params["Name"]} if "Name" in req.params else {}

    def before(self, req):
        op, secret = req.operation, find(req.region, req.resources[0])
        if op in WRITES and any(v in req.params for v in VALUES):
            _check_value(req)
            _use_key(req, secret, ("kms:GenerateDataKey", "kms:Decrypt"), "EncryptionFailure")
        if op == "GetSecretValue" and secret and not secret.is_deleted():
            _use_key(req, secret, ("kms:Decrypt",), "DecryptionFailure")
        if op == "CreateSecret" and secret and secret.is_deleted():
            raise AwsError("InvalidRequestException", "You can't create this secret because a secret "
                           "with this name is already scheduled for deletion.")

    def after(self, req, response):
        """GetSecretValue gives AWSCURRENT where no stage is named; moto, what was last put there."""
        if req.operation == "UpdateSecretVersionStage" and req.params["VersionStage"] == "AWSCURRENT":
            secret = find(req.region, req.params["SecretId"])
            secret.set_default_version_id(req.params["MoveToVersionId"])


def _check_value(req):
    token = req.params.get("ClientRequestToken")
    if not token or not 32 <= len(token) <= 64:
        raise AwsError("InvalidParameterException", "You must provide a ClientRequestToken value of "
                       "32 to 64 characters.")
    if all(v in req.params for v in VALUES):
        raise AwsError("InvalidParameterException", "You can't specify both a binary secret value and "
                       "a string secret value in the same secret.")
    if len(req.params.get("SecretString", "").encode()) > VALUE_MAX:
        raise AwsError("ValidationException", "1 validation error detected: Value at 'secretString' "
                       "failed to satisfy constraint: Member must have length less than or equal to "
                       f"{VALUE_MAX}")


def _use_key(req, secret, actions, failure):
    """As the service uses the key for the caller; AWS's own key lets everybody in the account in."""
    name = req.params.get("KmsKeyId") or getattr(secret, "kms_key_id", None)
    if not name or name.endswith("alias/aws/secretsmanager"):
        return
    try:
        key = kms.find(req.region, name)
    except AwsError:
        raise AwsError(failure, f"The KMS key {name} is not found") from None
    if key.key_state != "Enabled":
        raise AwsError(failure, f"The KMS key {name} is {key.key_state}")
    if req.who.is_admin:
        return
    ctx = {"kms:viaservice": f"secretsmanager.{req.region}.amazonaws.com"}
    for action in actions:
        if authorize.decide(req.who, action, key.arn, ctx, key.policy).word != "allow":
            raise AwsError("AccessDeniedException", "Access to KMS is not allowed")
