"""Who is calling: the signature checked, the caller named, its policies found."""
import sigv4
from errors import AwsError
from request import SIGNING
from world import (ACCOUNT, ADMIN_ARN, ADMIN_ID, ADMIN_KEYS, has_spread, iam_backend, now,
                   role_by_arn, world)

INVALID_TOKEN = "The security token included in the request is invalid."


class Principal:
    """A caller. arns are the names by which a resource policy may call it; entity is moto's role
    or user, None for the administrator, who may do everything."""

    def __init__(self, arn, user_id, entity=None, arns=None, principal_arn=None):
        self.arn, self.user_id, self.entity = arn, user_id, entity
        self.arns = arns or {arn}
        self.principal_arn = principal_arn or arn
        self.account = ACCOUNT

    @property
    def is_admin(self):
        return self.entity is None

    def documents(self):
        """All identity policy documents, inline and attached, also through groups."""
        if self.entity is None:
            return ['{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}']
        inline = self.entity.policies
        inline = inline.values() if isinstance(inline, dict) else [p["document"] for p in inline]
        out = list(inline) + _attached(self.entity)
        if not hasattr(self.entity, "assume_role_policy_document"):
            for group in iam_backend().groups.values():
                if self.entity in group.users:
                    out += list(group.policies.values()) + _attached(group)
        return out

    def boundary(self):
        """The permissions boundary's document, or None."""
        arn = getattr(self.entity, "permissions_boundary_arn", None)
        found = iam_backend().managed_policies.get(arn) if arn else None
        if arn and not found:
            return '{"Statement": []}'      # a boundary that was deleted allows nothing
        return found and _managed_text(found)


def _managed_text(managed):
    return next(v.document for v in managed.versions if v.version_id == managed.default_version_id)


def _attached(entity):
    return [_managed_text(p) for p in entity.managed_policies.values()]


def admin():
    return Principal(ADMIN_ARN, ADMIN_ID)


def of_role(role, session):
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.name}/{session}"
    return Principal(arn, f"{role.id}:{session}", role, {arn, role.arn}, role.arn)


def of_user(user):
    return Principal(user.arn, user.id, user)


def _user_key(key_id):
    """The IAM user and access key with this id, or (None, None)."""
    for user in iam_backend().users.values():
        for key in user.access_keys:
            if key.access_key_id == key_id and key.status == "Active":
                return user, key
    return None, None


def _secret_of(scope, token):
    """The secret that the request should be signed with, and what the key id stands for."""
    session = world.sessions.get(scope.key)
    if session:
        return (session.secret if session.token == token else None), session
    if token:
        return None, None
    if scope.key in ADMIN_KEYS:
        return ADMIN_KEYS[scope.key], None
    user, key = _user_key(scope.key)
    return (key and key.secret_access_key), user


def _expected_region(req):
    """The only region the scope may name; None where the address says nothing."""
    if req.host_region is None:
        return None
    return "us-east-1" if req.service == "iam" else req.host_region


def authenticate(req):
    """Check the signature and return the Principal; AwsError when it does not hold."""
    try:
        scope = sigv4.scope_of(req.headers)
        if scope is None:
            raise sigv4.Rejected("MissingToken", "Missing Authentication Token")
        secret, holder = _secret_of(scope, req.headers.get("x-amz-security-token"))
        if not secret:
            raise sigv4.Rejected("UnknownKey", INVALID_TOKEN)
        req.region = scope.region
        sigv4.verify(req.method, req.target, req.pairs, req.body, scope, secret,
                     SIGNING.get(req.service, req.service), _expected_region(req))
    except sigv4.Rejected as e:
        raise AwsError(e.code, e.message) from None
    if hasattr(holder, "expires"):
        return _holder_of(holder)
    return of_user(holder) if holder else admin()


def _holder_of(session):
    """The role behind temporary credentials, if both still live."""
    if session.expires < now():
        raise AwsError("ExpiredToken", "The security token included in the request is expired")
    role = role_by_arn(session.role_arn)
    if role is None:
        raise AwsError("UnknownKey", INVALID_TOKEN)
    return of_role(role, session.name)


def exists(arn):
    """Whether this user or role can be seen by a service that is handed its ARN."""
    known = [ADMIN_ARN, *(u.arn for u in iam_backend().users.values())]
    return has_spread(arn) and (arn in known or role_by_arn(arn) is not None)
