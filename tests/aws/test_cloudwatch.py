"""CloudWatch: what the front throttled shows in DynamoDB's metrics, and nothing else does."""
import time

from harness import key_schema, refused

SCHEMA = key_schema("Path", "Key")
KEY = {"Path": {"S": "a"}, "Key": {"S": "b"}}


def query(ident, metric, operation=None, table="t"):
    dimensions = [{"Name": "TableName", "Value": table}]
    if operation:
        dimensions.append({"Name": "Operation", "Value": operation})
    metric = {"Namespace": "AWS/DynamoDB", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": ident, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}


def sums(front, *queries, start=3600, end=60):
    now = time.time()
    reply = front.raw("monitoring", "GetMetricData", {"MetricDataQueries": list(queries),
                                                      "StartTime": now - start, "EndTime": now + end})
    assert reply.status == 200, reply.body
    results = reply.json()["MetricDataResults"]
    for r in results:
        assert r["StatusCode"] == "Complete" and len(r["Timestamps"]) == len(r["Values"])
    return {r["Id"]: sum(r["Values"]) for r in results}


def test_throttled_requests_are_counted(front):
    dynamodb = front.client("dynamodb")
    dynamodb.create_table(TableName="t", **SCHEMA)
    asked = (query("w", "WriteThrottleEvents"), query("r", "ReadThrottleEvents"),
             query("u", "ThrottledRequests", "UpdateItem"), query("g", "ThrottledRequests", "GetItem"),
             query("other", "WriteThrottleEvents", table="u"))
    assert sums(front, *asked) == dict.fromkeys("wrug", 0) | {"other": 0}
    front.control("POST", "faults", [
        {"match": "dynamodb:UpdateItem", "kind": "throttle", "provisioned": True, "count": 2},
        {"match": "dynamodb:GetItem", "kind": "throttle"}, {"match": "dynamodb:Query", "kind": "500"}])
    for _ in range(2):
        refused("ProvisionedThroughputExceededException", "", dynamodb.update_item, TableName="t", Key=KEY)
    refused("ThrottlingException", "", dynamodb.get_item, TableName="t", Key=KEY)
    refused("InternalFailure", "", dynamodb.query, TableName="t")
    assert sums(front, *asked) == {"w": 2, "r": 1, "u": 2, "g": 1, "other": 0}
    assert sums(front, *asked, start=7200, end=-3600)["w"] == 0


def test_times_that_make_no_sense(front):
    reply = front.raw("monitoring", "GetMetricData",
                      {"MetricDataQueries": [query("w", "WriteThrottleEvents")], "StartTime": 2, "EndTime": 1})
    assert reply.status == 400 and b"StartTime must be less" in reply.body
