"""May they: identity policies, the resource's own policy and the boundary, put together as AWS
does within one account, and the sentence AWS says when the answer is no.

A resource policy (a key policy, a role's trust policy) must let the caller in by itself: naming
the caller allows, naming the account leaves it to the caller's identity policies.
"""
from datetime import datetime, timezone

import policy
from errors import AwsError
from world import ACCOUNT

FREE = {"sts:GetCallerIdentity", "sts:AssumeRoleWithWebIdentity"}
# Calls that set tags need the right to tag as well.
TAGGING_RIGHT = {"kms:CreateKey": "kms:TagResource", "dynamodb:CreateTable": "dynamodb:TagResource",
                 "iam:CreateRole": "iam:TagRole",
                 "iam:CreateOpenIDConnectProvider": "iam:TagOpenIDConnectProvider",
                 "eks:CreateCluster": "eks:TagResource"}


class Verdict:
    """word is 'allow', 'deny' or 'implicit'; reason is AWS's half sentence; said the statements."""

    def __init__(self, word, reason="", said=()):
        self.word, self.reason, self.said = word, reason, list(said)


def decide(who, action, resource, ctx, resource_policy=None):
    """The verdict on one action. resource_policy is a document, None where there is none."""
    statements = [s for d in who.documents() for s in policy.parse(d)]
    identity, said = policy.decide(statements, action, resource, ctx)
    if identity == "deny":
        return Verdict("deny", "with an explicit deny in an identity-based policy", said)
    by_resource = None
    if resource_policy is not None:
        by_resource = policy.decide_resource(policy.parse(resource_policy), who.arns, who.account,
                                             action, resource, ctx)
    if by_resource == "deny":
        return Verdict("deny", "with an explicit deny in a resource-based policy")
    refused = _boundary_refusal(who, action, resource, ctx)
    if refused:
        return refused
    if by_resource == "direct":
        return Verdict("allow", said=said)
    if resource_policy is not None and by_resource is None:
        return Verdict("implicit", f"because no resource-based policy allows the {action} action")
    if identity == "allow":
        return Verdict("allow", said=said)
    return Verdict("implicit", f"because no identity-based policy allows the {action} action")


def _boundary_refusal(who, action, resource, ctx):
    limit = who.boundary()
    if limit is None:
        return None
    word, said = policy.decide(policy.parse(limit), action, resource, ctx)
    if word == "deny":
        return Verdict("deny", "with an explicit deny in a permissions boundary", said)
    if word is None:
        return Verdict("implicit", f"because no permissions boundary allows the {action} action")
    return None


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
    actions = [req.action]
    if req.action in TAGGING_RIGHT and req.request_tags():
        actions.append(TAGGING_RIGHT[req.action])
    for resource in req.resources:
        ctx = context(req, resource, service)
        own = service.policy_of(req, resource)
        for action in actions:
            verdict = decide(req.who, action, resource, ctx, own)
            if verdict.word != "allow":
                raise refusal(req, action, resource, verdict)


def refusal(req, action, resource, verdict):
    where = "" if resource == "*" and req.protocol == "query" else f" on resource: {resource}"
    return AwsError("AccessDenied", f"User: {req.who.arn} is not authorized to perform: "
                                    f"{action}{where} {verdict.reason}")
