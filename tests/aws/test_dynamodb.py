"""DynamoDB as Vault's storage needs it: tables, their states, backups, consistent reads."""
import json
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import ACCOUNT, key_schema, refused

ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t"
SCHEMA = key_schema("Path", "Key")


@pytest.fixture
def dynamodb(front):
    return front.client("dynamodb")



def until_active(dynamodb):
    """Describe until ACTIVE, for at most half a minute; how often it was CREATING."""
    deadline, waited = time.monotonic() + 30, 0
    while dynamodb.describe_table(TableName="t")["Table"]["TableStatus"] != "ACTIVE":
        assert time.monotonic() < deadline, "the table did not become ACTIVE"
        waited += 1
        time.sleep(0.05)
    return waited


def test_create_table(dynamodb):
    made = dynamodb.create_table(
        TableName="t", DeletionProtectionEnabled=True, Tags=[{"Key": "a", "Value": "b"}],
        SSESpecification={"Enabled": True, "SSEType": "KMS"}, **SCHEMA)["TableDescription"]
    assert made["TableStatus"] == "CREATING" and made["TableArn"] == ARN
    table = dynamodb.describe_table(TableName="t")["Table"]
    assert table["TableStatus"] == "ACTIVE" and table["DeletionProtectionEnabled"] is True
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSEDescription"]["SSEType"] == "KMS"
    assert table["SSEDescription"]["KMSMasterKeyArn"].startswith("arn:aws:kms:us-east-1:")
    assert "GlobalSecondaryIndexes" not in table
    assert dynamodb.list_tags_of_resource(ResourceArn=ARN)["Tags"] == [{"Key": "a", "Value": "b"}]


def test_defaults_show_nothing(dynamodb):
    schema = SCHEMA | {"BillingMode": "PROVISIONED",
                       "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
    dynamodb.create_table(TableName="t", **schema)
    table = dynamodb.describe_table(TableName="t")["Table"]
    assert "BillingModeSummary" not in table and "SSEDescription" not in table
    assert not table.get("DeletionProtectionEnabled")


def test_encryption_can_be_changed(front, dynamodb):
    key = front.client("kms").create_key()["KeyMetadata"]
    dynamodb.create_table(TableName="t", **SCHEMA)

    def change(**spec):
        dynamodb.update_table(TableName="t", SSESpecification=spec)
        table = dynamodb.describe_table(TableName="t")["Table"]
        return table.get("SSEDescription", {}).get("KMSMasterKeyArn")

    assert change(Enabled=True, SSEType="KMS", KMSMasterKeyId=key["KeyId"]) == key["Arn"]
    assert change(Enabled=True, SSEType="KMS") not in (None, key["Arn"])
    assert change(Enabled=False) is None
    refused("ValidationException", "does not exist", change, Enabled=True,
            KMSMasterKeyId="12345678-1234-1234-1234-123456789012")


def test_absent_and_twice(dynamodb):
    refused("ResourceNotFoundException", "Table: t not found", dynamodb.describe_table,
            TableName="t")
    refused("TableNotFoundException", "t", dynamodb.describe_continuous_backups, TableName="t")
    dynamodb.create_table(TableName="t", **SCHEMA)
    refused("ResourceInUseException", "already exists", dynamodb.create_table, TableName="t",
            **SCHEMA)


def test_tags(dynamodb):
    dynamodb.create_table(TableName="t", Tags=[{"Key": "a", "Value": "b"}], **SCHEMA)
    dynamodb.tag_resource(ResourceArn=ARN, Tags=[{"Key": "a", "Value": "B"},
                                                 {"Key": "c", "Value": "d"}])
    tags = dynamodb.list_tags_of_resource(ResourceArn=ARN)["Tags"]
    assert sorted((t["Key"], t["Value"]) for t in tags) == [("a", "B"), ("c", "d")]
    dynamodb.untag_resource(ResourceArn=ARN, TagKeys=["a", "none"])
    assert dynamodb.list_tags_of_resource(ResourceArn=ARN)["Tags"] == [{"Key": "c", "Value": "d"}]
    refused("ValidationException", "Tag Key", dynamodb.untag_resource, ResourceArn=ARN, TagKeys=[])
    for tags in ([], [{"Key": "k", "Value": "no(brackets)"}], [{"Key": "k", "Value": "x" * 257}],
                 [{"Key": "aws:k", "Value": "x"}], [{"Key": f"k{i}", "Value": "x"} for i in range(50)]):
        refused("ValidationException", "", dynamodb.tag_resource, ResourceArn=ARN, Tags=tags)
    for call, more in ((dynamodb.tag_resource, {"Tags": [{"Key": "k", "Value": "v"}]}), (dynamodb.untag_resource, {"TagKeys": ["k"]})):
        refused("ResourceNotFoundException", "not found", call, ResourceArn=ARN + "x", **more)
    refused("ResourceNotFoundException", "not found", dynamodb.list_tags_of_resource,
            ResourceArn=ARN + "x")


def test_deletion_protection(dynamodb):
    dynamodb.create_table(TableName="t", DeletionProtectionEnabled=True, **SCHEMA)
    refused("ValidationException", "protected against deletion", dynamodb.delete_table,
            TableName="t")
    dynamodb.update_table(TableName="t", DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName="t")
    refused("ResourceNotFoundException", "", dynamodb.describe_table, TableName="t")


def recovery(dynamodb):
    got = dynamodb.describe_continuous_backups(TableName="t")["ContinuousBackupsDescription"]
    return got["PointInTimeRecoveryDescription"]


def recover(dynamodb, **spec):
    dynamodb.update_continuous_backups(
        TableName="t", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True} | spec)


def test_point_in_time_recovery(dynamodb):
    dynamodb.create_table(TableName="t", **SCHEMA)
    assert recovery(dynamodb)["PointInTimeRecoveryStatus"] == "DISABLED"
    recover(dynamodb)
    assert recovery(dynamodb)["RecoveryPeriodInDays"] == 35
    recover(dynamodb, RecoveryPeriodInDays=7)
    assert recovery(dynamodb)["PointInTimeRecoveryStatus"] == "ENABLED"
    assert recovery(dynamodb)["RecoveryPeriodInDays"] == 7
    for days in (0, 36):
        refused("ValidationException", "recoveryPeriodInDays", recover, dynamodb=dynamodb,
                RecoveryPeriodInDays=days)


def test_creating(front, dynamodb):
    front.control("POST", "set", {"creating_s": 1.5})
    dynamodb.create_table(TableName="t", DeletionProtectionEnabled=True, **SCHEMA)
    refused("ContinuousBackupsUnavailableException", "being enabled for the table: t", recover,
            dynamodb=dynamodb)
    refused("ResourceInUseException", "being created", dynamodb.update_table, TableName="t",
            DeletionProtectionEnabled=False)
    refused("ResourceNotFoundException", "", dynamodb.get_item, TableName="t",
            Key={"Path": {"S": "a"}, "Key": {"S": "b"}})
    refused("ResourceNotFoundException", "", dynamodb.scan, TableName="t")
    assert until_active(dynamodb) > 0
    recover(dynamodb)
    dynamodb.get_item(TableName="t", Key={"Path": {"S": "a"}, "Key": {"S": "b"}})


def test_backups_come_up_after_the_table(front, dynamodb):
    front.control("POST", "set", {"backups_s": 1.0})
    dynamodb.create_table(TableName="t", **SCHEMA)
    assert until_active(dynamodb) == 0
    refused("ContinuousBackupsUnavailableException", "Please retry later", recover,
            dynamodb=dynamodb)
    deadline = time.monotonic() + 30
    while True:
        try:
            recover(dynamodb)
            break
        except dynamodb.exceptions.ContinuousBackupsUnavailableException:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_backup_takes_its_time(front, dynamodb):
    dynamodb.create_table(TableName="t", **SCHEMA)
    refused("ValidationException", "backupName", dynamodb.create_backup, TableName="t", BackupName="a b")
    refused("TableNotFoundException", "none", dynamodb.create_backup, TableName="none", BackupName="one")
    front.control("POST", "set", {"saving_s": 0.5})
    made = dynamodb.create_backup(TableName="t", BackupName="one")["BackupDetails"]

    def status():
        return dynamodb.list_backups(TableName="t")["BackupSummaries"][0]["BackupStatus"]

    assert made["BackupStatus"] == status() == "CREATING"
    while status() == "CREATING":
        time.sleep(0.05)
    assert status() == "AVAILABLE"
    described = dynamodb.describe_backup(BackupArn=made["BackupArn"])["BackupDescription"]["BackupDetails"]
    assert described["BackupStatus"] == "AVAILABLE"


def test_consistent_reads(dynamodb):
    dynamodb.create_table(TableName="t", **SCHEMA)
    assert dynamodb.scan(TableName="t", Limit=1, ConsistentRead=True)["Items"] == []
    for n in "123":
        dynamodb.put_item(TableName="t", Item={"Path": {"S": "core"}, "Key": {"S": n}})
    page = dynamodb.scan(TableName="t", Limit=1, ConsistentRead=True)
    assert page["Count"] == 1 and "LastEvaluatedKey" in page
    found = dynamodb.query(TableName="t", ConsistentRead=True, Limit=2,
                           KeyConditionExpression="#p = :p",
                           ExpressionAttributeNames={"#p": "Path"},
                           ExpressionAttributeValues={":p": {"S": "core"}})
    assert [i["Key"]["S"] for i in found["Items"]] == ["1", "2"]
    assert found["LastEvaluatedKey"] == {"Path": {"S": "core"}, "Key": {"S": "2"}}


def test_checksum_covers_the_body_that_is_sent(front, dynamodb):
    dynamodb.create_table(TableName="t", **SCHEMA)
    for operation, params in (("DescribeTable", {"TableName": "t"}),
                              ("DescribeTable", {"TableName": "no"}), ("ListTables", {})):
        reply = front.raw("dynamodb", operation, params)
        assert int(reply.headers["x-amz-crc32"]) == zlib.crc32(reply.body)


def test_error_names(front):
    absent = front.raw("dynamodb", "DescribeTable", {"TableName": "t"})
    assert "x-amzn-errortype" not in absent.headers
    assert absent.json()["__type"] == "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
    front.client("dynamodb").create_table(TableName="t", **SCHEMA)
    invalid = front.raw("dynamodb", "PutItem", {"TableName": "t", "Item": {}}).json()
    assert invalid["__type"] == "com.amazon.coral.validate#ValidationException"


def test_by_account_endpoint(front):
    """SDKs put the account in the host name when they know it from an ARN."""
    host = f"{ACCOUNT}.ddb.us-east-1.amazonaws.com"
    reply = front.raw("dynamodb", "ListTables", {}, host=host)
    assert (reply.status, json.loads(reply.body)) == (200, {"TableNames": []})


def test_one_winner_of_a_conditional_write(front, dynamodb):
    """Vault's lock stands on this: of many writers at once, exactly one gets the item."""
    dynamodb.create_table(TableName="t", **SCHEMA)
    lock = {"TableName": "t", "Key": {"Path": {"S": "core"}, "Key": {"S": "_lock"}},
            "UpdateExpression": "SET #v = :v", "ConditionExpression": "attribute_not_exists(#v)",
            "ExpressionAttributeNames": {"#v": "Value"}}

    def attempt(n):
        return front.raw("dynamodb", "UpdateItem",
                         lock | {"ExpressionAttributeValues": {":v": {"S": str(n)}}})

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(attempt, range(24)))
    lost = [r.json()["__type"].rpartition("#")[2] for r in replies if r.status != 200]
    assert lost == ["ConditionalCheckFailedException"] * 23


def test_the_time_of_the_switch_to_on_demand_is_told(dynamodb):
    schema = SCHEMA | {"BillingMode": "PROVISIONED",
                       "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}
    dynamodb.create_table(TableName="t", **schema)
    assert "BillingModeSummary" not in dynamodb.describe_table(TableName="t")["Table"]
    before = time.time()
    dynamodb.update_table(TableName="t", BillingMode="PAY_PER_REQUEST")
    billing = dynamodb.describe_table(TableName="t")["Table"]["BillingModeSummary"]
    assert billing["BillingMode"] == "PAY_PER_REQUEST"
    assert billing["LastUpdateToPayPerRequestDateTime"].timestamp() >= before - 1
