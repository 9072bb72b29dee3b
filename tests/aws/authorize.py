"""May they: the verdict on a request (verdict.py) with the policies of its caller and resources,
and the sentence AWS says when the answer is no.
"""
from datetime import datetime, timezone

import verdict
from errors import AwsError
from world import ACCOUNT, world

FREE = {"sts:GetCallerIdentity", "sts:AssumeRoleWithWebIdentity"}
# Calls that set tags need the right to tag as well.
TAGGING_RIGHT = {"kms:CreateKey": "kms:TagResource", "dynamodb:CreateTable": "dynamodb:TagResource",
                 "iam:CreateRole": "iam:TagRole",
                 "iam:CreateOpenIDConnectProvider": "iam:TagOpenIDConnectProvider",
                 "eks:CreateCluster": "eks:TagResource",
                 "logs:CreateLogGroup": "logs:TagResource",
                 "secretsmanager:CreateSecret": "secretsmanager:TagResource",
                 "ssm:PutParameter": "ssm:AddTagsToResource"}


def decide(who, action, resource, ctx, resource_policy=None):
    """The verdict on one action. resource_policy is a document, None where there is none."""
    policies = verdict.Policies(who.documents(), resource_policy, who.boundary(),
                                world.organization, who.arns, who.account)
    return verdict.decide(policies, action, resource, ctx)


def context(req, resource, service):
    """The condition keys of a request, in lower case."""
    who, now = req.who, datetime.now(timezone.utc)
    ctx = {"aws:principalarn": who.principal_arn, "aws:principalaccount": ACCOUNT,
           "aws:currenttime": now.isoformat(), "aws:epochtime": str(int(now.timestamp())),
           "aws:userid": who.user_id, "aws:requestedregion": req.region,
           "aws:securetransport": "true", "aws:sourceip": req.connection[0],
           "aws:principaltype": "AssumedRole" if ":assumed-role/" in who.arn else "User"}
    tags = req.request_tags()
    for key, value in tags.items():
        ctx["aws:requesttag/" + key.lower()] = value
    if tags:
        ctx["aws:tagkeys"] = list(tags)
    for key, value in service.tags(req, resource).items():
        ctx["aws:resourcetag/" + key.lower()] = value
    return ctx | service.context(req, resource)


def authorize(req, service):
    """Refuse the request with AwsError unless every resource it touches may be touched."""
    if req.who is None or req.who.is_admin or req.action in FREE:
        return
    actions = [service.right(req)]
    if req.action in TAGGING_RIGHT and req.request_tags():
        actions.append(TAGGING_RIGHT[req.action])
    for resource in req.resources:
        ctx = context(req, resource, service)
        own = service.policy_of(req, resource)
        for action in actions:
            said = decide(req.who, action, resource, ctx, own)
            if said.word == "implicit" and said.grantable and service.granted(req, resource):
                continue
            if said.word != "allow":
                raise refusal(req, action, resource, said)


def refusal(req, action, resource, said):
    where = "" if resource == "*" and req.protocol == "query" else f" on resource: {resource}"
    return AwsError("AccessDenied", f"User: {req.who.arn} is not authorized to perform: "
                                    f"{action}{where} {said.reason}")
