"""STS: who the caller is, and temporary credentials that the front will recognise again."""
import re
from datetime import datetime
from xml.sax.saxutils import escape

import policy
import webidentity
from errors import AwsError, reply_xml
from service import Service
from world import ACCOUNT, Session, role_by_arn, visible_role, world


class Sts(Service):
    def resources(self, req):
        return [req.params.get("RoleArn", "*")] if req.operation == "AssumeRole" else ["*"]

    def policy_of(self, req, resource):
        """The trust policy; a role that is not there trusts nobody."""
        if req.operation != "AssumeRole":
            return None
        role = visible_role(resource)
        return role.assume_role_policy_document if role else '{"Statement": []}'

    def context(self, req, resource):
        ctx = {"sts:rolesessionname": req.params.get("RoleSessionName", "")}
        if "ExternalId" in req.params:
            ctx["sts:externalid"] = req.params["ExternalId"]
        return ctx

    def before(self, req):
        if req.operation == "AssumeRole":
            _check_session_name(req)
            _check_assume(req, self)
        elif req.operation == "AssumeRoleWithWebIdentity":
            _check_session_name(req)
            claims, provider = webidentity.verify(req.params.get("WebIdentityToken", ""))
            role = webidentity.trusted_role(req.params.get("RoleArn"), claims, provider)
            _check_duration(role, req)
            req.identity = claims, provider

    def answer(self, req):
        if req.operation != "GetCallerIdentity":
            return None
        return reply_xml(req, f"<Arn>{escape(req.who.arn)}</Arn><UserId>{req.who.user_id}</UserId>"
                              f"<Account>{ACCOUNT}</Account>")

    def after(self, req, response):
        if req.operation in ("AssumeRole", "AssumeRoleWithWebIdentity"):
            _remember_session(req, response)


def _check_session_name(req):
    name = req.params.get("RoleSessionName", "")
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.A):
        raise AwsError("ValidationError", f"1 validation error detected: Value '{name}' at "
                       "'roleSessionName' failed to satisfy constraint: Member must satisfy "
                       "regular expression pattern: [\\w+=,.@-]*")


def _check_duration(role, req):
    seconds = int(req.params.get("DurationSeconds", "3600"))
    if seconds < 900:
        raise AwsError("ValidationError", f"1 validation error detected: Value '{seconds}' at "
                       "'durationSeconds' failed to satisfy constraint: Member must have value "
                       "greater than or equal to 900")
    if seconds > int(role.max_session_duration or 3600):
        raise AwsError("ValidationError", "The requested DurationSeconds exceeds the "
                                          "MaxSessionDuration set for this role.")


def _check_assume(req, service):
    """The administrator too is only let in by a trust policy; all others were judged already."""
    arn = req.params.get("RoleArn", "")
    role = role_by_arn(arn)
    if req.who.is_admin:
        statements = policy.parse(service.policy_of(req, arn))
        word = policy.decide_resource(statements, req.who.arns, req.who.account, req.action, arn,
                                      service.context(req, arn))
        if word not in ("direct", "account"):
            raise AwsError("AccessDenied", f"User: {req.who.arn} is not authorized to perform: "
                                           f"sts:AssumeRole on resource: {arn}")
    _check_duration(role, req)


def _remember_session(req, response):
    """Note credentials as moto hands them out, so that their holder can be judged."""
    text = response.body.decode()

    def value(tag):
        return re.search(f"<{tag}>([^<]+)</{tag}>", text).group(1)

    expires = datetime.fromisoformat(value("Expiration").replace("Z", "+00:00")).timestamp()
    world.sessions[value("AccessKeyId")] = Session(
        value("SecretAccessKey"), value("SessionToken"), req.params["RoleArn"],
        req.params["RoleSessionName"], expires)
    if req.operation == "AssumeRoleWithWebIdentity":
        claims, provider = req.identity
        extra = (f"<Provider>{escape(provider.arn)}</Provider>"
                 f"<SubjectFromWebIdentityToken>{escape(claims['sub'])}"
                 "</SubjectFromWebIdentityToken>"
                 f"<Audience>{escape(policy.listed(claims['aud'])[0])}</Audience>")
        text = text.replace("</AssumedRoleUser>", "</AssumedRoleUser>" + extra, 1)
        response.replace_body(text.encode())
