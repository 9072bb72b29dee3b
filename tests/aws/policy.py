"""IAM policy evaluation: statements against one action, one resource and a request context.

The context is a dict of condition keys in lower case; a value is a string, or a list for a key with
several values.
"""
import functools
import ipaddress
import json
import re
from datetime import datetime


class BadPolicy(Exception):
    """The document is not a policy AWS would accept."""


def listed(value):
    """Policy documents write one value for a list of one."""
    return value if isinstance(value, list) else [value]


# Stands before a * or ? that a variable brought along, which is no wildcard. No policy can hold it.
_LITERAL = "\udfff"


@functools.lru_cache(maxsize=4096)
def _pattern(glob, fold):
    text = re.sub(f"{_LITERAL}.|[*?]|[^*?{_LITERAL}]+",
                  lambda m: {"*": ".*", "?": "."}.get(m[0]) or re.escape(m[0].lstrip(_LITERAL)),
                  glob, flags=re.S)
    return re.compile(text + r"\Z", re.S | (re.I if fold else 0))


def glob(pattern, value, fold=False):
    """Whether value matches a pattern with * and ?; fold ignores case."""
    return _pattern(pattern, fold).match(value) is not None


def _arn_like(pattern, value):
    """Each of the six parts on its own, so that no wildcard reaches past a colon."""
    wants, gots = pattern.split(":", 5), value.split(":", 5)
    if pattern == "*":
        return True
    return len(wants) == len(gots) == 6 and all(glob(w, g) for w, g in zip(wants, gots))


def parse(document):
    """Parse and check the shape of a policy document; return its statements."""
    try:
        policy = json.loads(document) if isinstance(document, (str, bytes)) else document
    except ValueError:
        raise BadPolicy("This policy contains invalid Json") from None
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise BadPolicy("Syntax errors in policy.")
    for s in listed(policy["Statement"]):
        if not isinstance(s, dict) or s.get("Effect") not in ("Allow", "Deny"):
            raise BadPolicy("Syntax errors in policy.")
        if ("Action" in s) == ("NotAction" in s):
            raise BadPolicy("Syntax errors in policy.")
        for operator in s.get("Condition", {}):
            if not _known(operator):
                raise BadPolicy(f"Invalid Condition type : {operator}.")
    return listed(policy["Statement"])


def check_identity(document):
    """Refuse what IAM would not take as the policy of a role or user."""
    for s in parse(document):
        if "Principal" in s or "NotPrincipal" in s:
            raise BadPolicy("Policy document should not specify a principal.")
        if ("Resource" in s) == ("NotResource" in s):
            raise BadPolicy("Policy statement must contain resources.")
        for action in listed(s.get("Action", s.get("NotAction"))):
            if action != "*" and ":" not in action:
                raise BadPolicy("Actions/Conditions must be prefaced by a vendor, "
                                "e.g., iam, sdb, ec2, etc.")


def check_trust(document):
    """Refuse what IAM would not take as the trust policy of a role."""
    for s in parse(document):
        if "Principal" not in s and "NotPrincipal" not in s:
            raise BadPolicy("Missing required field Principal")
        if "Resource" in s or "NotResource" in s:
            raise BadPolicy("Has prohibited field Resource")
        for action in listed(s.get("Action", [])):
            if not action.startswith(("sts:", "*")):
                raise BadPolicy("AssumeRole policy may only specify STS AssumeRole actions.")


def _fill(text, ctx):
    """Policy variables replaced; None when one is not there, since that matches nothing."""
    missing = []

    def value(m):
        key, comma, other = (part.strip() for part in m.group(1).partition(","))
        if not comma and key in ("*", "?", "$"):
            return re.sub("[*?]", _LITERAL + r"\g<0>", key)
        got = ctx.get(key.lower())
        got = listed(got) if got is not None else []
        if len(got) == 1:
            other = f"'{got[0]}'"
        elif not (comma and len(other) > 1 and other[0] == other[-1] == "'"):
            missing.append(key)
        return re.sub("[*?]", _LITERAL + r"\g<0>", other[1:-1])
    filled = re.sub(r"\$\{([^}]+)\}", value, text)
    return None if missing else filled


def _number(x):
    try:
        return float(x)
    except ValueError:
        return float("nan")


def _time(x):
    """Seconds since 1970 of an ISO 8601 date or an epoch time."""
    try:
        return datetime.fromisoformat(x.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return _number(x)


def _in_network(want, got):
    try:
        return ipaddress.ip_address(got) in ipaddress.ip_network(want, strict=False)
    except ValueError:
        return False


TESTS = {
    "stringequals": lambda want, got: got == want,
    "stringequalsignorecase": lambda want, got: got.lower() == want.lower(),
    "stringlike": glob,
    "arnequals": _arn_like,
    "arnlike": _arn_like,
    "bool": lambda want, got: got.lower() == want.lower(),
    "ipaddress": _in_network,
    "numericequals": lambda want, got: _number(got) == _number(want),
    "numericlessthan": lambda want, got: _number(got) < _number(want),
    "numericlessthanequals": lambda want, got: _number(got) <= _number(want),
    "numericgreaterthan": lambda want, got: _number(got) > _number(want),
    "numericgreaterthanequals": lambda want, got: _number(got) >= _number(want),
    "dateequals": lambda want, got: _time(got) == _time(want),
    "datelessthan": lambda want, got: _time(got) < _time(want),
    "datelessthanequals": lambda want, got: _time(got) <= _time(want),
    "dategreaterthan": lambda want, got: _time(got) > _time(want),
    "dategreaterthanequals": lambda want, got: _time(got) >= _time(want),
    "binaryequals": lambda want, got: got == want,
}
PATTERNS = {"stringlike", "arnequals", "arnlike"}
NEGATED = {"stringnotequals": "stringequals", "stringnotlike": "stringlike",
           "stringnotequalsignorecase": "stringequalsignorecase", "arnnotequals": "arnequals",
           "arnnotlike": "arnlike", "notipaddress": "ipaddress",
           "numericnotequals": "numericequals", "datenotequals": "dateequals"}


def _parts(operator):
    """Quantifier ('' for none), plain operator, whether it ends in IfExists; in lower case."""
    quantifier, _, op = operator.lower().rpartition(":")
    return quantifier, op.removesuffix("ifexists"), op.endswith("ifexists")


def _known(operator):
    quantifier, op, _ = _parts(operator)
    return quantifier in ("", "foranyvalue", "forallvalues") and (
        op in TESTS or op in NEGATED or op == "null")


def _condition(operator, key, wants, ctx):
    """Whether one line of a Condition block holds."""
    quantifier, op, if_exists = _parts(operator)
    got = ctx.get(key.lower())
    if op == "null":
        return (got is None) == (str(listed(wants)[0]).lower() == "true")
    negate = op in NEGATED
    op = NEGATED.get(op, op)
    if got is None:
        return if_exists or quantifier == "forallvalues" or (negate and quantifier == "")
    wants = [_fill(str(w).lower() if isinstance(w, bool) else str(w), ctx) for w in listed(wants)]
    wants = [w if op in PATTERNS else w.replace(_LITERAL, "") for w in wants if w is not None]
    hits = [any(TESTS[op](w, str(g)) for w in wants) != negate for g in listed(got)]
    if quantifier == "forallvalues":
        return all(hits)
    return any(hits) if quantifier == "foranyvalue" or not negate else all(hits)


def _lists(patterns, resource, ctx):
    filled = (_fill(p, ctx) for p in listed(patterns))
    return any(glob(p, resource) for p in filled if p is not None)


def matches(s, action, resource, ctx):
    """Whether one statement (principal aside) applies."""
    if "Action" in s:
        if not any(glob(a, action, True) for a in listed(s["Action"])):
            return False
    elif any(glob(a, action, True) for a in listed(s["NotAction"])):
        return False
    if "Resource" in s and not _lists(s["Resource"], resource, ctx):
        return False
    if "NotResource" in s and _lists(s["NotResource"], resource, ctx):
        return False
    return all(_condition(op, key, wants, ctx)
               for op, pairs in s.get("Condition", {}).items() for key, wants in pairs.items())


def decide(statements, action, resource, ctx):
    """'deny', 'allow' or None, and the statements that said so."""
    hit = [s for s in statements if matches(s, action, resource, ctx)]
    for effect in ("Deny", "Allow"):
        said = [s for s in hit if s["Effect"] == effect]
        if said:
            return effect.lower(), said
    return None, []


def principal_match(s, arns, account):
    """How a resource policy's statement names a caller: 'direct', 'account' or None."""
    if "NotPrincipal" in s:
        named = principal_match({"Principal": s["NotPrincipal"]}, arns, account)
        return None if named else "direct"
    p = s.get("Principal")
    if p == "*":
        return "direct"
    names = listed(p.get("AWS", [])) if isinstance(p, dict) else []
    if "*" in names or any(name in arns for name in names):
        return "direct"
    root = rf"arn:aws[a-z-]*:iam::{account}:root"
    if any(name == account or re.fullmatch(root, name) for name in names):
        return "account"
    return None


def decide_resource(statements, arns, account, action, resource, ctx):
    """A resource policy's word on a caller: 'deny', 'direct', 'account' or None."""
    how = set()
    for s in statements:
        named = principal_match(s, arns, account)
        if named and matches(s, action, resource, ctx):
            if s["Effect"] == "Deny":
                return "deny"
            how.add(named)
    return "direct" if "direct" in how else "account" if how else None
