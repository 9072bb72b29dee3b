"""Parameter Store: parameters by name, their tiers and sizes, and the KMS key of each SecureString.

What it does with a customer's key it does in the caller's name and for one parameter: writing takes
kms:Encrypt (past 4096 bytes kms:GenerateDataKey), reading kms:Decrypt, both with PARAMETER_ARN.
"""
import json
import re

from moto.ssm.models import ssm_backends

import authorize
import kms
from errors import AwsError
from service import Service
from world import ACCOUNT

STANDARD_MAX, ADVANCED_MAX = 4096, 8192
NAME = re.compile(r"[A-Za-z0-9_.\-/]{1,1011}")
TIERS = ("Standard", "Advanced", "Intelligent-Tiering")
ONE = {"PutParameter", "GetParameter", "GetParameterHistory", "DeleteParameter", "LabelParameterVersion"}


def find(region, name):
    """moto's newest version of a parameter, None where there is none."""
    versions = ssm_backends[ACCOUNT][region]._parameters.get(name)
    return versions[-1] if versions else None


def arn_of(region, name):
    return f"arn:aws:ssm:{region}:{ACCOUNT}:parameter{'' if name.startswith('/') else '/'}{name}"


class Ssm(Service):
    def resources(self, req):
        if req.operation in ONE:
            return [arn_of(req.region, req.need("Name"))]
        if req.operation == "GetParameters":
            return [arn_of(req.region, n) for n in req.need("Names")]
        return ["*"]

    def tags(self, req, resource):
        backend, name = ssm_backends[ACCOUNT][req.region], req.params.get("Name")
        return dict(backend.list_tags_for_resource("Parameter", name)) if name and find(req.region, name) else {}

    def context(self, req, resource):
        return {"ssm:overwrite": str(bool(req.params.get("Overwrite"))).lower()} \
            if req.operation == "PutParameter" else {}

    def before(self, req):
        op, p = req.operation, req.params
        have = find(req.region, p["Name"]) if op in ONE else None
        if op == "PutParameter":
            _check_put(p, have)
            if (have.parameter_type if have else p["Type"]) == "SecureString":
                kind = "kms:Encrypt" if p["Tier"] == "Standard" else "kms:GenerateDataKey"
                _use_key(req, p.get("KeyId"), kind)
            req.body = json.dumps(p).encode()
        if op == "GetParameter" and p.get("WithDecryption") and have and have.parameter_type == "SecureString":
            _use_key(req, have.keyid, "kms:Decrypt")


def _check_put(p, have):
    """Refuse what the service refuses; the tier that it chooses goes into p."""
    name, size, tier = p["Name"], len(p.get("Value", "").encode()), p.get("Tier", "Standard")
    if not NAME.fullmatch(name) or name.count("/") > 15 or re.match(r"/?(aws|ssm)", name, re.I):
        raise AwsError("ValidationException", f"Parameter name: can't be {name}")
    if "/" in name and not name.startswith("/"):
        raise AwsError("ValidationException", "Parameter name must be a fully qualified name.")
    if have and not p.get("Overwrite"):
        raise AwsError("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the "
                       "overwrite option in the request to true.")
    if p.get("Overwrite") and p.get("Tags"):
        raise AwsError("ValidationException", "Invalid request: tags and overwrite can't be used together. To create a "
                       "parameter with tags, please remove overwrite flag.")
    if not have and p.get("Type") not in ("String", "StringList", "SecureString"):
        raise AwsError("ValidationException", "A parameter type is required when you create a parameter.")
    if tier not in TIERS:
        raise AwsError("ValidationException", f"Tier {tier} is not one of {', '.join(TIERS)}")
    advanced = tier == "Advanced" or (tier == "Intelligent-Tiering" and size > STANDARD_MAX)
    if size > (ADVANCED_MAX if advanced else STANDARD_MAX):
        raise AwsError("ValidationException", f"{'Advanced' if advanced else 'Standard'} tier parameters support a maximum "
                       f"parameter value of {ADVANCED_MAX if advanced else STANDARD_MAX} characters.")
    p["Tier"] = "Advanced" if advanced else "Standard"


def _use_key(req, name, action):
    """As the service uses the key for the caller; AWS's own key lets everybody in the account in."""
    if not name or name.endswith("alias/aws/ssm"):
        return
    try:
        key = kms.find(req.region, name)
    except AwsError:
        raise AwsError("InvalidKeyId", f"Invalid keyId {name}") from None
    if key.key_state != "Enabled":
        raise AwsError("InvalidKeyId", f"{key.arn} is {key.key_state.lower()}.")
    if req.who.is_admin:
        return
    ctx = {"kms:viaservice": f"ssm.{req.region}.amazonaws.com",
           "kms:encryptioncontext:parameter_arn": arn_of(req.region, req.params["Name"]),
           "aws:principalarn": req.who.principal_arn}
    said = authorize.decide(req.who, action, key.arn, ctx, key.policy)
    if said.word != "allow":
        raise authorize.refusal(req, action, key.arn, said)
