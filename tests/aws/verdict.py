"""One decision on one action: what bounds the caller, what the caller's own policies say, and what the
resource's says, put together as AWS does within one account. Nothing here knows of requests.
"""
import policy


class Verdict:
    """word is 'allow', 'deny' or 'implicit'; reason is AWS's half sentence; said the statements;
    grantable: nothing bounds the caller, so a grant would do."""

    def __init__(self, word, reason="", said=(), grantable=False):
        self.word, self.reason, self.said, self.grantable = word, reason, list(said), grantable


class Policies:
    """All that has a say; documents as text or parsed. None: there is none of that kind."""

    def __init__(self, identity, resource=None, boundary=None, organization=None,
                 arns=frozenset(), account=None):
        self.identity, self.resource, self.boundary = identity, resource, boundary
        self.organization, self.arns, self.account = organization, arns, account


def decide(policies, action, resource, ctx):
    """The verdict on one action. A resource's policy, where there is one, must let the caller in by
    itself: naming the caller allows, naming the account leaves it to the identity policies."""
    statements = [s for d in policies.identity for s in policy.parse(d)]
    identity, said = policy.decide(statements, action, resource, ctx)
    if identity == "deny":
        return Verdict("deny", "with an explicit deny in an identity-based policy", said)
    by_resource = None
    if policies.resource is not None:
        by_resource = policy.decide_resource(policy.parse(policies.resource), policies.arns,
                                             policies.account, action, resource, ctx)
    if by_resource == "deny":
        return Verdict("deny", "with an explicit deny in a resource-based policy")
    for document, kind in ((policies.organization, "service control policy"),
                           (policies.boundary, "permissions boundary")):
        refused = _limit(document, kind, action, resource, ctx)
        if refused:
            return refused
    if by_resource == "direct":
        return Verdict("allow", said=said)
    if policies.resource is not None and by_resource is None:
        return Verdict("implicit", f"because no resource-based policy allows the {action} action",
                       grantable=True)
    if identity == "allow":
        return Verdict("allow", said=said)
    return Verdict("implicit", f"because no identity-based policy allows the {action} action",
                   grantable=True)


def _limit(document, kind, action, resource, ctx):
    """The refusal of a policy that only bounds, None when it lets the action through."""
    if document is None:
        return None
    word, said = policy.decide(policy.parse(document), action, resource, ctx)
    if word == "deny":
        return Verdict("deny", f"with an explicit deny in a {kind}", said)
    if word is None:
        return Verdict("implicit", f"because no {kind} allows the {action} action")
    return None
