"""IAM: ARNs of what a call names, checks on policy documents, the policy simulator."""
import re
from xml.sax.saxutils import escape

import auth
import authorize
import policy
from errors import AwsError, reply_xml
from service import Service
from world import ACCOUNT, iam_backend, now, role_named, world

DOCUMENTS = {"CreateRole", "UpdateAssumeRolePolicy", "PutRolePolicy", "PutUserPolicy",
             "CreatePolicy", "CreatePolicyVersion"}
TRUST_LIMIT, INLINE_LIMIT = 2048, 10240
WORDS = {"allow": "allowed", "deny": "explicitDeny", "implicit": "implicitDeny"}


class Iam(Service):
    def resources(self, req):
        p = req.params
        for key in ("PolicySourceArn", "OpenIDConnectProviderArn", "PolicyArn"):
            if key in p and "RoleName" not in p:
                return [p[key]]
        if "RoleName" in p:
            role = role_named(p["RoleName"])
            made = f"arn:aws:iam::{ACCOUNT}:role{p.get('Path', '/')}{p['RoleName']}"
            return [role.arn if role else made]
        if "UserName" in p:
            return [f"arn:aws:iam::{ACCOUNT}:user/{p['UserName']}"]
        if req.operation == "CreateOpenIDConnectProvider":
            return [f"arn:aws:iam::{ACCOUNT}:oidc-provider/"
                    f"{req.need('Url').removeprefix('https://')}"]
        return ["*"]

    def tags(self, req, resource):
        return tags_of(resource)

    def context(self, req, resource):
        boundary = req.params.get("PermissionsBoundary")
        return {"iam:permissionsboundary": boundary} if boundary else {}

    def before(self, req):
        if req.operation in DOCUMENTS:
            _check_documents(req)
        if req.operation in ("CreateRole", "PutRolePermissionsBoundary"):
            _check_boundary(req.params.get("PermissionsBoundary"))
        if req.operation == "CreateOpenIDConnectProvider":
            _check_provider(req.params.get("Url", ""), req.resources[0])

    def after(self, req, response):
        if req.operation in ("CreateRole", "CreateUser"):
            arn = re.search(rb"<Arn>([^<]+)</Arn>", response.body).group(1).decode()
            world.iam_born[arn] = now()

    def answer(self, req):
        own = {"SimulatePrincipalPolicy": simulate,
               "AddClientIDToOpenIDConnectProvider": _change_client_ids,
               "RemoveClientIDFromOpenIDConnectProvider": _change_client_ids}
        return own[req.operation](req) if req.operation in own else None


def tags_of(arn):
    """The tags of a role or OIDC provider; {} for what is not there."""
    role = next((r for r in iam_backend().roles.values() if r.arn == arn), None)
    found = role or iam_backend().open_id_providers.get(arn)
    tags = found.tags if found else {}
    pairs = tags.values() if isinstance(tags, dict) else tags
    return {t["Key"]: t["Value"] for t in pairs}


def _check_documents(req):
    p = req.params
    try:
        if req.operation in ("CreateRole", "UpdateAssumeRolePolicy"):
            text = p.get("AssumeRolePolicyDocument") or p.get("PolicyDocument")
            policy.check_trust(text)
            _check_trusted(text)
        else:
            text = req.need("PolicyDocument")
            policy.check_identity(text)
    except policy.BadPolicy as e:
        raise AwsError("MalformedPolicyDocument", str(e)) from None
    _check_size(req, text)


def _size(text):
    """IAM does not count white space."""
    return len(re.sub(r"\s", "", text))


def _check_size(req, text):
    if req.operation in ("CreateRole", "UpdateAssumeRolePolicy"):
        if _size(text) > TRUST_LIMIT:
            raise AwsError("LimitExceeded",
                           f"Cannot exceed quota for ACLSizePerRole: {TRUST_LIMIT}", 409)
    role = role_named(req.params.get("RoleName"))
    if req.operation == "PutRolePolicy" and role:
        others = (t for n, t in role.policies.items() if n != req.need("PolicyName"))
        if _size(text) + sum(map(_size, others)) > INLINE_LIMIT:
            raise AwsError("LimitExceeded", f"Maximum policy size of {INLINE_LIMIT} bytes exceeded "
                                            f"for role {role.name}", 409)


def _check_trusted(text):
    """A trust policy may name an OIDC provider that is not there yet, but no such role or user."""
    for s in policy.parse(text):
        principal = s.get("Principal")
        for name in policy.listed(principal.get("AWS", [])) if isinstance(principal, dict) else []:
            mine = name.startswith(f"arn:aws:iam::{ACCOUNT}:") and not name.endswith(":root")
            if mine and not auth.exists(name):
                raise policy.BadPolicy(f'Invalid principal in policy: "AWS":"{name}"')


def _check_boundary(arn):
    mine = arn and arn.startswith(f"arn:aws:iam::{ACCOUNT}:policy/")
    if mine and arn not in iam_backend().managed_policies:
        raise AwsError("NoSuchEntity",
                       f"Scope ARN: {arn} does not exist or is not attachable.", 404)


def _check_provider(url, arn):
    if not re.fullmatch(r"https://[^/:]+(/[^?#]*[^?#/])?", url):
        raise AwsError("ValidationError", "Invalid Open ID Connect Provider URL")
    if arn in iam_backend().open_id_providers:
        raise AwsError("EntityAlreadyExists", f"Provider with url {url} already exists.", 409)


def _change_client_ids(req):
    """The two calls that change a provider's audiences; both may be repeated."""
    provider = iam_backend().open_id_providers.get(req.resources[0])
    if provider is None:
        raise AwsError("NoSuchEntity", f"OpenIDConnect Provider not found for arn "
                                       f"{req.resources[0]}", 404)
    client = req.need("ClientID")
    kept = [c for c in provider.client_id_list if c != client]
    added = [client] if req.operation.startswith("Add") else []
    provider.client_id_list = kept + added
    return reply_xml(req, None)


def _simulation_context(req):
    """The condition keys that the caller of the simulator gives."""
    p, ctx = req.params, {}
    for i in range(1, 100):
        base = f"ContextEntries.member.{i}."
        if base + "ContextKeyName" not in p:
            break
        values = req.members(base + "ContextKeyValues")
        many = p.get(base + "ContextKeyType", "").endswith("List")
        ctx[p[base + "ContextKeyName"].lower()] = values if many else values[0]
    return ctx


def _evaluation(who, action, resource, ctx):
    """One <member> of EvaluationResults."""
    verdict = authorize.decide(who, action, resource, ctx)
    bound, limit = "", who.boundary()
    if limit:
        ok = policy.decide(policy.parse(limit), action, resource, ctx)[0] == "allow"
        bound = ("<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>"
                 f"{str(ok).lower()}</AllowedByPermissionsBoundary>"
                 "</PermissionsBoundaryDecisionDetail>")
    if world.organization:
        ok = policy.decide(policy.parse(world.organization), action, resource, ctx)[0] == "allow"
        bound += ("<OrganizationsDecisionDetail><AllowedByOrganizations>"
                  f"{str(ok).lower()}</AllowedByOrganizations></OrganizationsDecisionDetail>")
    matched = "".join(
        f"<member><SourcePolicyId>{escape(s.get('Sid', 'inline'))}</SourcePolicyId>"
        "<SourcePolicyType>IAM Policy</SourcePolicyType></member>" for s in verdict.said)
    return (f"<member><EvalActionName>{escape(action)}</EvalActionName>"
            f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
            f"<EvalDecision>{WORDS[verdict.word]}</EvalDecision>"
            f"<MatchedStatements>{matched}</MatchedStatements><MissingContextValues/>{bound}"
            "</member>")


def simulate(req):
    """SimulatePrincipalPolicy, on the same evaluator that guards the calls."""
    source = req.need("PolicySourceArn")
    roles, users = iam_backend().roles.values(), iam_backend().users.values()
    entity = next((e for e in [*roles, *users] if e.arn == source), None)
    if entity is None:
        raise AwsError("NoSuchEntity", f"The entity {source} cannot be found.", 404)
    who = auth.Principal(source, entity.id, entity)
    ctx, out = _simulation_context(req), []
    for action in req.members("ActionNames"):
        if not re.fullmatch(r"[\w-]+:[\w*?]+", action):
            raise AwsError("InvalidInput", f"Invalid action: {action}")
        for resource in req.members("ResourceArns") or ["*"]:
            out.append(_evaluation(who, action, resource, ctx))
    return reply_xml(req, "<IsTruncated>false</IsTruncated>"
                          f"<EvaluationResults>{''.join(out)}</EvaluationResults>")
