"""CloudWatch Logs: moto's groups and streams, under the ARNs that AWS names when it says no."""
from service import Service
from world import ACCOUNT


class Logs(Service):
    def resources(self, req):
        if req.operation == "DescribeLogGroups":
            return [_stream(req.region, "", "")]
        if "resourceArn" in req.params:
            return [req.params["resourceArn"]]
        return [_stream(req.region, req.need("logGroupName"), req.params.get("logStreamName", "")
                        if req.operation == "PutLogEvents" else "")]


def _stream(region, group, stream):
    """What a denial calls it, also where the call is about the group alone."""
    return f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{group}:log-stream:{stream}"
