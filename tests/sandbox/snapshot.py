"""All that the cluster and the AWS account hold, as sorted JSON: two of these are equal when nothing was changed between them.
Runs inside the sandbox. Left out is what moves by itself, and nothing else: see `still_object` and `still_item`.

usage: snapshot.py cluster|aws
"""
import json
import subprocess
import sys


# ---- the cluster ----

# Objects made anew for every reply, or heartbeats of others; an event is somebody's report, not state.
MOVING = {"Event", "ComponentStatus"}


def still_object(it):
    """An object without what its own keepers renew; all others keep the version that every write counts up, so that even a
    change that was taken back shows."""
    meta = it["metadata"]
    if it["kind"] in ("Lease", "Node"):
        for name in ("resourceVersion", "managedFields"):
            meta.pop(name, None)
    if it["kind"] == "Lease":
        it["spec"].pop("renewTime", None)
    if it["kind"] == "Node":
        for condition in it["status"]["conditions"]:
            condition.pop("lastHeartbeatTime", None)
    return it


def kubectl(*argv):
    return subprocess.run(["kubectl", *argv], check=True, capture_output=True, text=True).stdout


def cluster():
    names = kubectl("api-resources", "--verbs=list", "--output=name").split()
    objects = {}
    for it in json.loads(kubectl("get", ",".join(names), "--all-namespaces", "--output=json"))["items"]:
        if it["kind"] not in MOVING:
            meta = it["metadata"]
            objects[f"{it['kind']}.{it['apiVersion']} {meta.get('namespace', '-')}/{meta['name']}"] = still_object(it)
    return objects


# ---- AWS ----

def still_item(item):
    """Vault's own lock is renewed every five seconds."""
    return (item["Path"], item["Key"]) != ({"S": "core"}, {"S": "_lock"})


def plain(value):
    """An answer without the words about the answer."""
    if isinstance(value, dict):
        value.pop("ResponseMetadata", None)
    return value


def table(dynamodb, name):
    described = dynamodb.describe_table(TableName=name)["Table"]
    for counted in ("ItemCount", "TableSizeBytes"):
        described.pop(counted, None)
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    for moving in ("EarliestRestorableDateTime", "LatestRestorableDateTime"):
        backups["PointInTimeRecoveryDescription"].pop(moving, None)
    pages = dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    items = [item for page in pages for item in page["Items"] if still_item(item)]
    return {"table": described, "backups": backups, "time to live": plain(dynamodb.describe_time_to_live(TableName=name)),
            "tags": dynamodb.list_tags_of_resource(ResourceArn=described["TableArn"])["Tags"],
            "items": {f"{i['Path']['S']}/{i['Key']['S']}": i for i in items}}


def key(kms, key_id):
    policies = kms.list_key_policies(KeyId=key_id)["PolicyNames"]
    return {"key": kms.describe_key(KeyId=key_id)["KeyMetadata"],
            "policies": {name: kms.get_key_policy(KeyId=key_id, PolicyName=name)["Policy"] for name in policies},
            "rotation": plain(kms.get_key_rotation_status(KeyId=key_id)),
            "grants": kms.list_grants(KeyId=key_id)["Grants"], "tags": kms.list_resource_tags(KeyId=key_id)["Tags"]}


def identities(iam):
    details = plain(iam.get_account_authorization_details())
    for role in details["RoleDetailList"]:
        role.pop("RoleLastUsed", None)
    providers = [p["Arn"] for p in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    return {"details": details, "providers": {p: plain(iam.get_open_id_connect_provider(OpenIDConnectProviderArn=p))
                                              for p in providers},
            "keys": {u["UserName"]: iam.list_access_keys(UserName=u["UserName"])["AccessKeyMetadata"]
                     for u in details["UserDetailList"]}}


def aws():
    import boto3
    dynamodb, kms, iam, eks = (boto3.client(name) for name in ("dynamodb", "kms", "iam", "eks"))
    clusters = eks.list_clusters()["clusters"]
    return {"tables": {name: table(dynamodb, name) for name in dynamodb.list_tables()["TableNames"]},
            "backups": dynamodb.list_backups()["BackupSummaries"],
            "keys": {k["KeyId"]: key(kms, k["KeyId"]) for k in kms.list_keys()["Keys"]},
            "aliases": kms.list_aliases()["Aliases"], "identities": identities(iam),
            "clusters": {name: [eks.describe_cluster(name=name)["cluster"],
                                eks.list_pod_identity_associations(clusterName=name)["associations"]] for name in clusters}}


if __name__ == "__main__":
    json.dump({"cluster": cluster, "aws": aws}[sys.argv[1]](), sys.stdout, indent=1, sort_keys=True, default=str)
