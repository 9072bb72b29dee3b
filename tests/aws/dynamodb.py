"""DynamoDB: table ARNs, the time a table is CREATING, the time backups take to come up, what tags may be."""
import json
import re

import kms
from errors import AwsError
from service import Service
from world import ACCOUNT, dynamodb_backend, now, settings, world

BACKUPS = {"UpdateContinuousBackups", "CreateBackup"}
ITEMS = {"Query", "Scan"}
TAGS = {"TagResource", "UntagResource"}
TAG_TEXT = re.compile(r"[\w\s.:/=+\-@]*")
TAGS_MAX = 50
BACKUP_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")


def arn_of(region, name):
    """A table's ARN from its name or ARN."""
    return name if name.startswith("arn:") else f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}"


def table_of(region, arn):
    """moto's table behind an ARN, or None."""
    return dynamodb_backend(region).tables.get(arn.split("/")[1]) if ":table/" in arn else None


class Dynamodb(Service):
    def resources(self, req):
        p = req.params
        if req.operation in ("BatchWriteItem", "BatchGetItem"):
            return [arn_of(req.region, name) for name in p.get("RequestItems", {})] or ["*"]
        if req.operation.startswith("Transact"):
            return [arn_of(req.region, next(iter(i.values()))["TableName"])
                    for i in req.need("TransactItems")]
        names = ("TableName", "ResourceArn", "TableArn", "TargetTableName")
        name = next((p[n] for n in names if p.get(n)), None)
        arn = arn_of(req.region, name) if name else "*"
        return [arn + "/index/" + p["IndexName"]] if "IndexName" in p else [arn]

    def tags(self, req, resource):
        table = table_of(req.region, resource)
        return tags_of(table) if table else {}

    def context(self, req, resource):
        key = req.params.get("Key")
        if not isinstance(key, dict):
            return {}
        table = table_of(req.region, resource)
        hash_name = table.hash_key_attr if table else None
        return {"dynamodb:leadingkeys": [next(iter(v.values())) for k, v in key.items()
                                         if k == hash_name]}

    def before(self, req):
        if req.operation in ("CreateTable", "UpdateTable") and "SSESpecification" in req.params:
            _encrypt(req, table_of(req.region, req.resources[0]))
        if req.operation == "UpdateContinuousBackups":
            _check_recovery_period(req.params.get("PointInTimeRecoverySpecification") or {})
        if req.operation in TAGS:
            _check_tags(req, table_of(req.region, req.resources[0]))
        if req.operation == "CreateBackup":
            _check_backup(req, table_of(req.region, req.resources[0]))
        if req.operation == "DeleteTable":
            _check_protection(table_of(req.region, req.resources[0]))
        for arn in req.resources:
            if creating(arn) and req.operation in TAGS:
                raise AwsError("ResourceInUseException", f"Table is being created: {arn}")
            if creating(arn):
                _refuse_creating(req.operation, arn.split("/")[1])
            if req.operation in BACKUPS and world.table_backups.get(arn, 0) > now():
                raise _backups_unavailable(arn.split("/")[1])

    def after(self, req, response):
        if req.operation == "CreateTable":
            ready = now() + settings["creating_s"]
            world.table_ready[req.resources[0]] = ready
            world.table_backups[req.resources[0]] = ready + settings["backups_s"]
        if req.operation == "UpdateTable" and req.params.get("BillingMode") == "PAY_PER_REQUEST":
            world.on_demand[req.resources[0]] = now()
        if req.operation == "TagResource":
            table = table_of(req.region, req.resources[0])    # moto keeps what stood there before, too
            table.tags = [{"Key": k, "Value": v} for k, v in tags_of(table).items()]
        if req.operation in ("CreateBackup", "DescribeBackup", "ListBackups"):
            _correct_backups(req, response)
        correct = CORRECT.get(req.operation)
        if correct:
            body = response.json()
            correct(req, body)
            response.replace_json(body)


def tags_of(table):
    return {t["Key"]: t["Value"] for t in table.tags}


def creating(arn):
    return world.table_ready.get(arn, 0) > now()


def _backups_unavailable(name):
    return AwsError("ContinuousBackupsUnavailableException",
                    f"Backups are being enabled for the table: {name}. Please retry later")


def _refuse_creating(operation, name):
    if operation in BACKUPS or operation == "DescribeContinuousBackups":
        raise _backups_unavailable(name)
    if operation in ("UpdateTable", "DeleteTable"):
        raise AwsError("ResourceInUseException", "Attempt to change a resource which is still in "
                       f"use: Table is being created: {name}")
    if "Item" in operation or operation in ITEMS:
        raise AwsError("ResourceNotFoundException", "Requested resource not found")


def _check_recovery_period(spec):
    days = spec.get("RecoveryPeriodInDays")
    if days is not None and not 1 <= days <= 35:
        raise AwsError("ValidationException", f"1 validation error detected: Value '{days}' at "
                       "'pointInTimeRecoverySpecification.recoveryPeriodInDays' failed to satisfy "
                       "constraint: Member must have value between 1 and 35")


def _encrypt(req, table):
    """Name the key by its ARN, whatever the request calls it; moto's UpdateTable forgets it."""
    spec = dict(req.params["SSESpecification"])
    if spec.get("KMSMasterKeyId"):
        try:
            spec["KMSMasterKeyId"] = kms.find(req.region, spec["KMSMasterKeyId"]).arn
        except AwsError as e:
            raise AwsError("Invalid", f"KMS validation error: {e.message}") from None
    req.params["SSESpecification"] = spec
    req.body = json.dumps(req.params).encode()
    if req.operation == "UpdateTable" and table:
        if spec.get("Enabled"):
            spec.setdefault("KMSMasterKeyId",
                            table._get_default_encryption_key(ACCOUNT, req.region))
        table.sse_specification = spec


def _check_tags(req, table):
    """moto takes any tag of any table, also of one that is not there."""
    if not table:
        raise AwsError("ResourceNotFoundException", "Requested resource not found: ResourcArn: "
                       f"{req.params.get('ResourceArn')} not found")
    if req.operation == "UntagResource":
        if not req.params.get("TagKeys"):
            raise AwsError("ValidationException", "Atleast one Tag Key needs to be provided as Input.")
        return
    given = req.params.get("Tags")
    if not given:
        raise AwsError("ValidationException", "Atleast one Tag needs to be provided as Input.")
    for tag in given:
        _check_tag(tag["Key"], tag["Value"])
    if len(tags_of(table) | {t["Key"]: t["Value"] for t in given}) > TAGS_MAX:
        raise AwsError("ValidationException", f"Too many tags: more than {TAGS_MAX}")


def _check_tag(key, value):
    for text, most, what in ((key, 128, "key"), (value, 256, "value")):
        if len(text) > most or not TAG_TEXT.fullmatch(text):
            raise AwsError("ValidationException", f"1 validation error detected: Value at 'tags.{what}' failed to "
                           f"satisfy constraint: at most {most} letters, spaces, digits and _ . : / = + - @")
    if not key or key.startswith("aws:"):
        raise AwsError("ValidationException", "One of the provided Tag Keys is not valid: it is empty or begins with aws:")


def _check_backup(req, table):
    if not table:
        raise AwsError("TableNotFoundException", f"Table not found: {req.params.get('TableName')}")
    if not BACKUP_NAME.fullmatch(req.params.get("BackupName", "")):
        raise AwsError("ValidationException", "1 validation error detected: Value at 'backupName' failed to satisfy "
                       "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")


def _correct_backups(req, response):
    """The reply to CreateBackup never says AVAILABLE; later ones do, once its time is over."""
    body = response.json()
    if req.operation == "CreateBackup":
        world.backup_ready[body["BackupDetails"]["BackupArn"]] = now() + settings["saving_s"]
        found = [body["BackupDetails"]]
    elif req.operation == "DescribeBackup":
        found = [body["BackupDescription"]["BackupDetails"]]
    else:
        found = body["BackupSummaries"]
    for backup in found:
        if req.operation == "CreateBackup" or world.backup_ready.get(backup["BackupArn"], 0) > now():
            backup["BackupStatus"] = "CREATING"
    response.replace_json(body)


def _check_protection(table):
    if table and table.deletion_protection_enabled:
        raise AwsError("ValidationException", "Resource cannot be deleted as it is currently "
                       "protected against deletion. Disable deletion protection first.")


def _correct_table(req, body):
    table = body["TableDescription" if "TableDescription" in body else "Table"]
    # The reply to CreateTable never says ACTIVE.
    if creating(req.resources[0]) or req.operation == "CreateTable":
        table["TableStatus"] = "CREATING"
    for name in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        if not table.get(name):
            table.pop(name, None)
    billing = table.get("BillingModeSummary", {})
    if billing.get("BillingMode") == "PROVISIONED":
        del table["BillingModeSummary"]
    elif req.resources[0] in world.on_demand:
        billing["LastUpdateToPayPerRequestDateTime"] = round(world.on_demand[req.resources[0]], 3)


CORRECT = {op: _correct_table for op in ("CreateTable", "DescribeTable", "UpdateTable",
                                         "DeleteTable")}
