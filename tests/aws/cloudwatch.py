"""CloudWatch: GetMetricData over what the front itself throttled in DynamoDB, by JSON 1.0."""
import json

import world
from errors import AwsError, Response
from service import Service

THROTTLES = {"Throttled", "ProvisionedThroughputExceededException"}
READS = {"GetItem", "BatchGetItem", "Query", "Scan"}
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}


def observe(req, error):
    """Keep a refusal of DynamoDB's that its metrics would count."""
    if req.service == "dynamodb" and error.code in THROTTLES:
        for table in _tables(req.params):
            world.world.throttles.append((world.now(), req.region, table, req.operation))


def _tables(params):
    return [params["TableName"]] if "TableName" in params else list(params.get("RequestItems", {}))


class Cloudwatch(Service):
    def answer(self, req):
        if req.operation != "GetMetricData":
            raise AwsError("UnknownOperation", f"no operation {req.operation}")
        start, end = req.need("StartTime"), req.need("EndTime")
        if not start < end:
            raise AwsError("Invalid", "The parameter StartTime must be less than the parameter EndTime.")
        results = [_result(req.region, query, start, end)
                   for query in req.need("MetricDataQueries")]
        body = json.dumps({"MetricDataResults": results, "Messages": []}).encode()
        return Response(200, [("Content-Type", "application/x-amz-json-1.0")], body)


def _result(region, query, start, end):
    """Sums by period, newest first as CloudWatch has them; a period without an event has no point."""
    stat = query["MetricStat"]
    sums = {}
    for at, where, table, operation in world.world.throttles:
        if where == region and start <= at < end and _counts(stat["Metric"], table, operation):
            begun = at // stat["Period"] * stat["Period"]
            sums[begun] = sums.get(begun, 0) + 1
    times = sorted(sums, reverse=True)
    return {"Id": query["Id"], "Label": stat["Metric"]["MetricName"], "StatusCode": "Complete",
            "Timestamps": times, "Values": [float(sums[t]) for t in times]}


def _counts(metric, table, operation):
    """Whether a throttled request counts for the metric."""
    dimensions = {d["Name"]: d["Value"] for d in metric.get("Dimensions", [])}
    if metric["Namespace"] != "AWS/DynamoDB" or dimensions.pop("TableName", None) != table:
        return False
    if metric["MetricName"] == "ThrottledRequests":
        return dimensions == {"Operation": operation}
    return not dimensions and operation in {"ReadThrottleEvents": READS,
                                            "WriteThrottleEvents": WRITES}.get(metric["MetricName"], ())
