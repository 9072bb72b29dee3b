"""KMS: keys by id, ARN or alias, key policies, key states, rotation periods."""
import base64
import json

import moto.kms.models
import moto.kms.responses

import auth
import authorize
import policy
from errors import AwsError
from service import Service
from world import ACCOUNT, kms_backend, now, world

USES = {"Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
        "GenerateMac", "VerifyMac", "Sign", "Verify"}
# What a key pending deletion refuses.
ALIVE = USES | {"EnableKeyRotation", "DisableKeyRotation", "EnableKey", "DisableKey",
                "ScheduleKeyDeletion", "CreateGrant", "TagResource", "UntagResource",
                "UpdateKeyDescription", "CreateAlias", "UpdateAlias", "RotateKeyOnDemand",
                "GetKeyRotationStatus"}
# Calls that take no alias, only a key id or ARN.
NO_ALIAS = {"EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus", "GetKeyPolicy",
            "PutKeyPolicy", "TagResource", "UntagResource", "ListResourceTags", "EnableKey",
            "DisableKey", "ScheduleKeyDeletion", "CancelKeyDeletion", "UpdateKeyDescription"}
# moto wants a bare id here and fails on an ARN.
BARE_ID = {"DisableKey", "EnableKey", "ScheduleKeyDeletion", "CancelKeyDeletion", "ReplicateKey"}
# Calls that take an asymmetric key, and what KMS says to a symmetric one.
ASYMMETRIC = {"GetPublicKey": "UnsupportedOperationException", "Sign": "InvalidKeyUsageException",
              "Verify": "InvalidKeyUsageException"}
LOCKOUT = "The new key policy will not allow you to update the key policy in the future."

_pair = moto.kms.models.generate_private_key
# moto makes an RSA key for a symmetric one too, which has none: 60 ms of work at each CreateKey.
moto.kms.models.generate_private_key = lambda spec: None if spec == "SYMMETRIC_DEFAULT" else _pair(spec)

_key_id = moto.kms.models.generate_key_id
# KMS's ids of multi-Region keys are as long as any other; moto's are longer, and cut off in its ciphertexts.
moto.kms.models.generate_key_id = lambda multi: "mrk-" + _key_id().replace("-", "") if multi else _key_id()
# It would refuse such an id; find() has looked for the key by then.
moto.kms.responses.KmsResponse._validate_cmk_id = lambda self, key_id: None


def find(region, name):
    """The key that a KeyId means (id, ARN, alias name, alias ARN), or KMS's own refusal."""
    if name.startswith("arn:") and name.split(":")[3] != region:
        raise AwsError("NotFoundException", f"Invalid arn {name.split(':')[3]}")
    backend = kms_backend(region)
    alias = backend.get_alias_name(name)
    if alias.startswith("alias/"):
        key_id = backend.get_key_id_from_alias(alias)
        if key_id is None:
            arn = f"arn:aws:kms:{region}:{ACCOUNT}:{alias}"
            raise AwsError("NotFoundException", f"Alias {arn} is not found.")
    else:
        key_id = backend.get_key_id(name)
    if key_id not in backend.keys:
        arn = name if name.startswith("arn:") else f"arn:aws:kms:{region}:{ACCOUNT}:key/{name}"
        raise AwsError("NotFoundException", f"Key '{arn}' does not exist")
    return backend.keys[key_id]


def _key_of(req, resource):
    """The key behind one of the request's resources, None for an alias or '*'."""
    return find(req.region, resource) if ":key/" in resource else None


def _blob_key_id(req):
    """The key id in front of moto's ciphertext."""
    try:
        return base64.b64decode(req.params.get("CiphertextBlob", ""))[:36].decode("ascii")
    except ValueError:
        raise AwsError("InvalidCiphertextException", "") from None


class Kms(Service):
    def resources(self, req):
        p, op = req.params, req.operation
        if op in ("Decrypt", "ReEncrypt") and "KeyId" not in p:
            try:
                return [find(req.region, _blob_key_id(req)).arn]
            except AwsError:
                raise AwsError("InvalidCiphertextException", "") from None
        if op in ("CreateAlias", "UpdateAlias", "DeleteAlias"):
            alias = req.need("AliasName")
            key = find(req.region, alias if op == "DeleteAlias" else req.need("TargetKeyId"))
            return [key.arn, f"arn:aws:kms:{req.region}:{ACCOUNT}:{alias}"]
        if not p.get("KeyId") or op == "ListAliases":
            return ["*"]
        if op in NO_ALIAS and "alias/" in p["KeyId"]:
            raise AwsError("NotFoundException", f"Invalid keyId '{p['KeyId']}'")
        return [find(req.region, p["KeyId"]).arn]

    def policy_of(self, req, resource):
        key = _key_of(req, resource)
        return key and key.policy

    def granted(self, req, resource):
        key = _key_of(req, resource)
        return any(_grants(g, req) for g in key.grants.values()) if key else False

    def tags(self, req, resource):
        key = _key_of(req, resource)
        return tags_of(req.region, key) if key else {}

    def context(self, req, resource):
        ctx = {"kms:encryptioncontext:" + k.lower(): v
               for k, v in (req.params.get("EncryptionContext") or {}).items()}
        if req.params.get("KeyId", "").startswith("alias/"):
            ctx["kms:requestalias"] = req.params["KeyId"]
        key = _key_of(req, resource)
        if key:
            ctx["kms:resourcealiases"] = list(key.aliases)
        return ctx

    def before(self, req):
        if req.operation in ("PutKeyPolicy", "CreateKey") and req.params.get("Policy"):
            _check_policy(req)
        if req.operation == "EnableKeyRotation":
            _check_period(req.params.get("RotationPeriodInDays", 365))
        if req.operation in ("GetKeyPolicy", "PutKeyPolicy"):
            # moto insists on the name that KMS takes for granted
            req.body = json.dumps({"PolicyName": "default"} | req.params).encode()
        key = _key_of(req, req.resources[0])
        if key:
            _check_state(req, key)
            if req.operation in BARE_ID:
                req.body = json.dumps(req.params | {"KeyId": key.id}).encode()

    def after(self, req, response):
        correct = CORRECT.get(req.operation)
        if correct:
            body = response.json()
            correct(req, body)
            response.replace_json(body)
        if req.operation == "EnableKeyRotation":
            period = req.params.get("RotationPeriodInDays", 365)
            world.rotation[req.resources[0]] = period, now()


def _grants(grant, req):
    """Whether a grant lets the caller do this; one with an encryption context asks for that one."""
    if grant.grantee_principal not in req.who.arns or req.operation not in grant.operations:
        return False
    given, wanted = req.params.get("EncryptionContext") or {}, grant.constraints or {}
    return (wanted.get("EncryptionContextEquals", given) == given
            and wanted.get("EncryptionContextSubset", {}).items() <= given.items())


def tags_of(region, key):
    listed = kms_backend(region).list_resource_tags(key.id)["Tags"]
    return {t["TagKey"]: t["TagValue"] for t in listed}


def _check_policy(req):
    """Shape, principals and the lockout check of a key policy about to be stored."""
    text = req.params["Policy"]
    try:
        statements = policy.parse(text)
        known = all(_known_principals(s) for s in statements)
    except policy.BadPolicy:
        raise AwsError("MalformedPolicyDocumentException",
                       "The new key policy is malformed.") from None
    if not known:
        raise AwsError("MalformedPolicyDocumentException",
                       "Policy contains a statement with one or more invalid principals.")
    if not req.params.get("BypassPolicyLockoutSafetyCheck"):
        verdict = authorize.decide(req.who, "kms:PutKeyPolicy", req.resources[0], {}, text)
        if verdict.word != "allow":
            raise AwsError("MalformedPolicyDocumentException", LOCKOUT)


def _known_principals(statement):
    """KMS takes no policy that names a principal which it cannot see."""
    if "Principal" not in statement and "NotPrincipal" not in statement:
        raise policy.BadPolicy("no principal")
    names = statement.get("Principal", statement.get("NotPrincipal"))
    names = policy.listed(names.get("AWS", [])) if isinstance(names, dict) else []
    for name in names:
        if name.startswith(f"arn:aws:iam::{ACCOUNT}:") and not name.endswith(":root"):
            if not auth.exists(name):
                return False
    return True


def _check_period(days):
    if not 90 <= days <= 2560:
        raise AwsError("ValidationException", "1 validation error detected: Value "
                       f"'{days}' at 'rotationPeriodInDays' failed to satisfy constraint: "
                       "Member must have value between 90 and 2560")


def _check_state(req, key):
    op, pending = req.operation, key.key_state == "PendingDeletion"
    if pending and op in ALIVE:
        raise AwsError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    if not pending and op == "CancelKeyDeletion":
        raise AwsError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
    if op in ASYMMETRIC and key.key_spec == "SYMMETRIC_DEFAULT":
        raise AwsError(ASYMMETRIC[op], f"{key.arn} key usage is ENCRYPT_DECRYPT which is not valid for {op}.")
    if key.key_state == "Disabled" and op in USES | {"EnableKeyRotation", "DisableKeyRotation"}:
        raise AwsError("DisabledException", f"{key.arn} is disabled.")
    if op == "ScheduleKeyDeletion" and not 7 <= req.params.get("PendingWindowInDays", 30) <= 30:
        raise AwsError("ValidationException", "1 validation error detected: Value at "
                       "'pendingWindowInDays' failed to satisfy constraint: Member must have "
                       "value between 7 and 30")
    if op == "Decrypt" and "KeyId" in req.params and _blob_key_id(req) != key.id:
        raise AwsError("IncorrectKeyException", "The key ID in the request does not identify "
                       "a CMK that can perform this operation.")


def _correct_metadata(req, body):
    meta = body["KeyMetadata"]
    meta |= {"KeyUsage": meta.get("KeyUsage") or "ENCRYPT_DECRYPT",
             "MultiRegion": meta.get("MultiRegion") or False}
    if meta.get("KeySpec") == "SYMMETRIC_DEFAULT":
        meta.pop("SigningAlgorithms", None)


def _correct_deletion(req, body):
    body |= {"KeyId": req.resources[0], "KeyState": "PendingDeletion",
             "PendingWindowInDays": req.params.get("PendingWindowInDays", 30)}


def _correct_rotation(req, body):
    body["KeyId"] = req.resources[0]
    if body.get("KeyRotationEnabled"):
        days, since = world.rotation.get(req.resources[0], (365, now()))
        body |= {"RotationPeriodInDays": days, "NextRotationDate": round(since + days * 86400, 3)}


def _correct_policy(req, body):
    body["PolicyName"] = "default"


CORRECT = {"CreateKey": _correct_metadata, "DescribeKey": _correct_metadata,
           "ScheduleKeyDeletion": _correct_deletion, "GetKeyRotationStatus": _correct_rotation,
           "GetKeyPolicy": _correct_policy}
