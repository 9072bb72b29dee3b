"""What a service module tells the front; each overrides what it needs.

The front calls, in this order and under the lock: resources, (policy_of, granted, tags, context for
the decision), before, answer, after.
"""


class Service:
    def resources(self, req):
        """The ARNs the call is about, ["*"] where IAM knows no narrower resource."""
        return ["*"]

    def right(self, req):
        """What IAM calls the operation."""
        return req.action

    def policy_of(self, req, resource):
        """The resource's own policy document, None where it has none."""
        return None

    def granted(self, req, resource):
        """Whether a grant on the resource lets the caller do this, no policy asked."""
        return False

    def tags(self, req, resource):
        """The resource's tags, a dict, for aws:ResourceTag conditions."""
        return {}

    def context(self, req, resource):
        """Condition keys of the service's own, in lower case."""
        return {}

    def before(self, req):
        """Refuse what the service would refuse and moto does not; may rewrite req.body."""

    def answer(self, req):
        """The whole reply, where moto cannot give it; None leaves it to moto."""
        return None

    def after(self, req, response):
        """Correct moto's reply to a call that succeeded."""
