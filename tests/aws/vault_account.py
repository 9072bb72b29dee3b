"""The AWS side of a Vault, made by boto3: key, table, and the role with the least policy.

The nine actions are all that a running Vault calls (seen over 14,000 calls of three real servers).
"""
from harness import ACCOUNT, REGION, allow, document, key_schema

DYNAMODB = ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Query",
            "dynamodb:BatchWriteItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
KMS = ["kms:DescribeKey", "kms:Encrypt", "kms:Decrypt"]
NINE = DYNAMODB + KMS
TABLE = "vault-data"
ALIAS = "alias/vault-unseal"
SESSION_S = 43200


def least_policy(key_arn, without=()):
    """The role's policy: the nine actions less those given."""
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"
    parts = (("Storage", DYNAMODB, table), ("Unseal", KMS, key_arn))
    return document(*(allow([a for a in actions if a not in without], resource, Sid=sid)
                      for sid, actions, resource in parts))


def provision(front, without=(), multi_region=False):
    """Make it all on a running Front; {key, table, role, credentials}, the latter the role's."""
    unknown = set(without) - set(NINE)
    if unknown:
        raise ValueError(f"'{sorted(unknown)[0]}' is not one of {', '.join(NINE)}")
    kms, dynamodb, iam = (front.client(n) for n in ("kms", "dynamodb", "iam"))
    key = kms.create_key(Description="vault unseal", MultiRegion=multi_region)["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=key)
    dynamodb.create_table(TableName=TABLE, **key_schema("Path", "Key"))
    dynamodb.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})
    role = front.role("vault-role", MaxSessionDuration=SESSION_S)
    iam.put_role_policy(RoleName="vault-role", PolicyName="vault-policy",
                        PolicyDocument=least_policy(key, without))
    return {"key": key, "table": TABLE, "role": role,
            "credentials": front.session(role, "vault", SESSION_S)}
