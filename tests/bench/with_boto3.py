"""The same account by boto3, independent calls in threads: what a careful script would do."""
import json
from concurrent.futures import ThreadPoolExecutor

import boto3

PREFIX = "bench-vault"


def main():
    clients = {name: boto3.client(name, region_name="us-east-1") for name in ("sts", "eks", "kms", "dynamodb", "iam")}
    kms, dynamodb, iam = clients["kms"], clients["dynamodb"], clients["iam"]
    with ThreadPoolExecutor(8) as pool:
        caller = pool.submit(clients["sts"].get_caller_identity)
        cluster = pool.submit(clients["eks"].describe_cluster, name="bench")
        table = pool.submit(
            dynamodb.create_table, TableName=PREFIX, BillingMode="PAY_PER_REQUEST", DeletionProtectionEnabled=True,
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("Path", "Key")],
            KeySchema=[{"AttributeName": "Path", "KeyType": "HASH"}, {"AttributeName": "Key", "KeyType": "RANGE"}])
        key = pool.submit(kms.create_key, Description="bench")
        account = caller.result()["Account"]
        issuer = cluster.result()["cluster"]["identity"]["oidc"]["issuer"]
        site = issuer.removeprefix("https://")
        trust = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": f"arn:aws:iam::{account}:oidc-provider/{site}"},
            "Condition": {"StringEquals": {f"{site}:sub": "system:serviceaccount:vault:vault",
                                           f"{site}:aud": "sts.amazonaws.com"}}}]}
        rest = [pool.submit(iam.create_open_id_connect_provider, Url=issuer, ClientIDList=["sts.amazonaws.com"])]
        role = pool.submit(iam.create_role, RoleName=PREFIX, AssumeRolePolicyDocument=json.dumps(trust))
        arn = key.result()["KeyMetadata"]["Arn"]
        rest += [pool.submit(kms.create_alias, AliasName=f"alias/{PREFIX}-unseal", TargetKeyId=arn),
                 pool.submit(kms.enable_key_rotation, KeyId=arn)]
        table.result()
        role.result()
        policy = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["kms:DescribeKey", "kms:Encrypt", "kms:Decrypt"], "Resource": arn},
            {"Effect": "Allow", "Resource": f"arn:aws:dynamodb:us-east-1:{account}:table/{PREFIX}",
             "Action": [f"dynamodb:{a}" for a in ("DescribeTable", "GetItem", "Query", "BatchWriteItem", "UpdateItem",
                                                  "DeleteItem")]}]}
        rest.append(pool.submit(iam.put_role_policy, RoleName=PREFIX, PolicyName="vault-policy",
                                PolicyDocument=json.dumps(policy)))
        dynamodb.get_waiter("table_exists").wait(TableName=PREFIX, WaiterConfig={"Delay": 1})
        rest.append(pool.submit(dynamodb.update_continuous_backups, TableName=PREFIX,
                                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}))
        for done in rest:
            done.result()


main()
