"""GetResources: filters, pages, and the lag of a search behind the tags."""
import time

import pytest

from harness import ACCOUNT, key_schema, refused

SCHEMA = key_schema("Path", "Key")
LAG_S = 1.0


@pytest.fixture
def tagging(front):
    return front.client("resourcegroupstaggingapi")


def make_table(front, name, **tags):
    front.client("dynamodb").create_table(
        TableName=name, Tags=[{"Key": k, "Value": v} for k, v in tags.items()], **SCHEMA)
    return f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{name}"


def make_key(front, **tags):
    made = front.client("kms").create_key(
        Tags=[{"TagKey": k, "TagValue": v} for k, v in tags.items()])
    return made["KeyMetadata"]["Arn"]


def arns(tagging, **search):
    return {r["ResourceARN"] for r in tagging.get_resources(**search)["ResourceTagMappingList"]}


def by_tags(**tags):
    return {"TagFilters": [{"Key": k, "Values": v} for k, v in tags.items()]}


def test_filters(front, tagging):
    table, other = make_table(front, "t", a="1", b="2"), make_table(front, "u", a="2")
    key = make_key(front, a="1")
    make_table(front, "untagged")
    assert arns(tagging) == {table, other, key}
    assert arns(tagging, **by_tags(a=["1"])) == {table, key}
    assert arns(tagging, **by_tags(a=["1", "2"])) == {table, other, key}
    assert arns(tagging, **by_tags(a=[])) == {table, other, key}
    assert arns(tagging, **by_tags(a=["1"], b=["2"])) == {table}
    assert arns(tagging, **by_tags(A=["1"])) == set()
    for kinds, want in ((["kms:key"], {key}), (["kms"], {key}), (["dynamodb:table"], {table}),
                        (["kms:key", "dynamodb"], {key, table}), (["s3"], set())):
        assert arns(tagging, ResourceTypeFilters=kinds, **by_tags(a=["1"])) == want
    assert arns(tagging, ResourceARNList=[other]) == {other}


def test_tags_are_shown(front, tagging):
    table = make_table(front, "t", a="1", b="2")
    found = tagging.get_resources()["ResourceTagMappingList"]
    assert found == [{"ResourceARN": table, "Tags": [{"Key": "a", "Value": "1"},
                                                     {"Key": "b", "Value": "2"}]}]


def test_only_the_region_asked(front):
    make_table(front, "t", a="1")
    assert arns(front.client("resourcegroupstaggingapi", region="eu-west-1")) == set()


def test_pages(front, tagging):
    made = {make_table(front, f"t{n}", a="1") for n in range(5)}
    seen, pages, token = [], 0, ""
    while True:
        page = tagging.get_resources(ResourcesPerPage=2, PaginationToken=token, **by_tags(a=["1"]))
        seen += [r["ResourceARN"] for r in page["ResourceTagMappingList"]]
        pages, token = pages + 1, page["PaginationToken"]
        if not token:
            break
    assert (pages, len(seen), set(seen)) == (3, 5, made)
    refused("InvalidParameterException", "token", tagging.get_resources, PaginationToken="nonsense")
    refused("InvalidParameterException", "ResourcesPerPage", tagging.get_resources,
            ResourcesPerPage=101)


def test_roles_are_never_found_and_providers_in_one_region(front, tagging):
    iam = front.client("iam")
    front.role("r", Tags=[{"Key": "a", "Value": "1"}])
    provider = iam.create_open_id_connect_provider(
        Url="https://i.example/1", ClientIDList=["x"], Tags=[{"Key": "a", "Value": "1"}])
    assert arns(tagging) == {provider["OpenIDConnectProviderArn"]}
    assert arns(front.client("resourcegroupstaggingapi", region="eu-west-1")) == set()


def test_untagged_resources_linger_without_tags(front, tagging):
    table = make_table(front, "t", a="1")
    front.client("dynamodb").untag_resource(ResourceArn=table, TagKeys=["a"])
    assert arns(tagging, **by_tags(a=[])) == set()
    assert tagging.get_resources()["ResourceTagMappingList"] == [{"ResourceARN": table, "Tags": []}]


def until(condition):
    """Seconds until the condition held, at most half a minute."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < 30, "it never came"
        time.sleep(0.05)
    return time.monotonic() - start


def test_lag(front, tagging):
    """A search shows nothing before the lag has passed, for each resource by itself, and a read of
    the resource shows the tags at once."""
    front.control("POST", "set", {"tag_lag_s": LAG_S})
    began = time.monotonic()
    key = make_key(front, a="1")
    assert front.client("kms").list_resource_tags(KeyId=key)["Tags"]
    until(lambda: arns(tagging, **by_tags(a=["1"])) == {key})
    assert time.monotonic() - began >= LAG_S
    began = time.monotonic()
    table = make_table(front, "t", a="1")
    until(lambda: arns(tagging, **by_tags(a=["1"])) == {key, table})
    assert time.monotonic() - began >= LAG_S


def test_lag_shows_old_tags_and_deleted_resources(front, tagging):
    table = make_table(front, "t", a="old")
    front.control("POST", "set", {"tag_lag_s": 3600})
    assert arns(tagging) == set()
    front.control("POST", "set", {"tag_lag_s": 0})
    front.client("dynamodb").tag_resource(ResourceArn=table, Tags=[{"Key": "a", "Value": "new"}])
    assert arns(tagging, **by_tags(a=["new"])) == {table}
    front.client("dynamodb").delete_table(TableName="t")
    assert arns(tagging) == set()
