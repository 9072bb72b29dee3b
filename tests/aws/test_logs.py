"""CloudWatch Logs: groups with tags, and what a role may send to which of them."""
from harness import ACCOUNT, REGION, allow, refused

GROUP = "/vault/prod-vault/audit"
ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}"
EVENT = {"timestamp": 1795498584000, "message": '{"type":"request"}'}


def as_role(front, *statements):
    return front.client("logs", front.session(front.role("r", statements)))


def test_a_group_is_found_by_its_name_and_made_once(front):
    logs = front.client("logs")
    assert logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"] == []
    logs.create_log_group(logGroupName=GROUP + "-2")
    logs.create_log_group(logGroupName=GROUP, tags={"ManagedBy": "helm-vault-aws"})
    names = [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]]
    assert names == [GROUP, GROUP + "-2"]
    assert logs.list_tags_for_resource(resourceArn=ARN)["tags"] == {"ManagedBy": "helm-vault-aws"}
    refused("ResourceAlreadyExistsException", "", logs.create_log_group, logGroupName=GROUP)


def test_a_group_with_tags_takes_the_right_to_tag(front):
    logs = as_role(front, allow("logs:CreateLogGroup", "*"))
    refused("AccessDeniedException", "logs:TagResource", logs.create_log_group, logGroupName=GROUP, tags={"a": "b"})
    logs.create_log_group(logGroupName=GROUP)


def test_the_collectors_policy_reaches_its_group_and_no_other(front):
    for name in (GROUP, GROUP + "-2"):
        front.client("logs").create_log_group(logGroupName=name)
    logs = as_role(front, allow(["logs:CreateLogStream", "logs:PutLogEvents"], ARN + ":*"))
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=[EVENT])
    refused("AccessDeniedException", "logs:CreateLogStream", logs.create_log_stream, logGroupName=GROUP + "-2", logStreamName="s")
    refused("AccessDeniedException", "logs:CreateLogGroup", logs.create_log_group, logGroupName=GROUP + "-3")
    refused("AccessDeniedException", "logs:DescribeLogGroups", logs.describe_log_groups)
    events = front.client("logs").get_log_events(logGroupName=GROUP, logStreamName="s")["events"]
    assert [e["message"] for e in events] == [EVENT["message"]]
