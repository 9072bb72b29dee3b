"""Policy evaluation, statement by statement."""
import pytest

import policy

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/vault"
ROLE = "arn:aws:iam::123456789012:role/vault"
SESSION = "arn:aws:sts::123456789012:assumed-role/vault/pod"
ACCOUNT = "123456789012"


def allow(**keys):
    return {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"} | keys


def without(statement, *keys):
    return {k: v for k, v in statement.items() if k not in keys}


ACTIONS = [
    ("dynamodb:GetItem", "dynamodb:GetItem", True),
    ("DynamoDB:getitem", "dynamodb:GetItem", True),
    ("dynamodb:Get*", "dynamodb:GetItem", True),
    ("dynamodb:?etItem", "dynamodb:GetItem", True),
    ("*", "dynamodb:GetItem", True),
    ("dynamodb:Get", "dynamodb:GetItem", False),
    ("kms:*", "dynamodb:GetItem", False),
    (["kms:*", "dynamodb:GetItem"], "dynamodb:GetItem", True),
    ("dynamodb.GetItem", "dynamodb:GetItem", False),
    ([], "dynamodb:GetItem", False),
]


@pytest.mark.parametrize("pattern, action, hit", ACTIONS)
def test_action(pattern, action, hit):
    assert policy.matches(allow(Action=pattern), action, TABLE, {}) is hit


@pytest.mark.parametrize("pattern, action, hit", ACTIONS)
def test_not_action_is_the_opposite(pattern, action, hit):
    s = without(allow(NotAction=pattern), "Action")
    assert policy.matches(s, action, TABLE, {}) is not hit


RESOURCES = [
    (TABLE, TABLE, True),
    ("*", TABLE, True),
    ("arn:aws:dynamodb:*:*:table/vault", TABLE, True),
    ("arn:aws:dynamodb:us-east-1:123456789012:table/*", TABLE, True),
    (TABLE + "*", TABLE + "/index/i", True),
    (TABLE, TABLE + "/index/i", False),
    (TABLE.upper(), TABLE, False),
    (["arn:aws:kms:*", TABLE], TABLE, True),
    ("arn:aws:dynamodb:us-east-1:${aws:PrincipalAccount}:table/vault", TABLE, True),
    ("arn:aws:dynamodb:us-east-1:${aws:Absent}:table/vault", TABLE, False),
    ("arn:aws:dynamodb:us-east-1:${aws:Absent, '123456789012'}:table/vault", TABLE, True),
    ("arn:aws:dynamodb:us-east-1:${aws:PrincipalAccount, 'x'}:table/vault", TABLE, True),
    (TABLE.replace("vault", "${*}"), TABLE, False),
    (TABLE.replace("vault", "${*}"), TABLE.replace("vault", "*"), True),
]


@pytest.mark.parametrize("pattern, resource, hit", RESOURCES)
def test_resource(pattern, resource, hit):
    ctx = {"aws:principalaccount": ACCOUNT}
    s = allow(Resource=pattern)
    assert policy.matches(s, "dynamodb:GetItem", resource, ctx) is hit


@pytest.mark.parametrize("pattern, resource, hit", RESOURCES)
def test_not_resource_is_the_opposite(pattern, resource, hit):
    ctx = {"aws:principalaccount": ACCOUNT}
    s = without(allow(NotResource=pattern), "Resource")
    assert policy.matches(s, "dynamodb:GetItem", resource, ctx) is not hit


CONTEXT = {"k": "abc", "many": ["a", "b"], "one": ["a"], "flag": "true", "n": "5",
           "star": "?$", "wild": "*", "aws:sourceip": "10.1.2.3", "arn": SESSION, "when": "2025-06-15T15:06:40Z"}
CONDITIONS = [
    ("StringEquals", "k", "abc", True),
    ("StringEquals", "K", "abc", True),
    ("StringEquals", "k", "ABC", False),
    ("StringEquals", "k", ["x", "abc"], True),
    ("StringEquals", "absent", "abc", False),
    ("StringEqualsIfExists", "absent", "abc", True),
    ("StringEqualsIfExists", "k", "x", False),
    ("StringEqualsIgnoreCase", "k", "ABC", True),
    ("StringNotEquals", "k", "x", True),
    ("StringNotEquals", "k", ["x", "abc"], False),
    ("StringNotEquals", "absent", "abc", True),
    ("StringLike", "k", "a*", True),
    ("StringLike", "k", "A*", False),
    ("StringNotLike", "k", "a*", False),
    ("StringEquals", "k", "${K}", True),
    ("StringEquals", "one", "${one}", True),
    ("StringEquals", "k", ["${many}", "${absent}"], False),
    ("StringEquals", "star", "${?}${$}", True),
    ("StringLike", "k", "${wild}", False),
    ("StringLike", "wild", "${wild}", True),
    ("StringEquals", "wild", "${wild}", True),
    ("ArnLike", "arn", "arn:aws:sts::*:assumed-role/vault/*", True),
    ("ArnEquals", "arn", SESSION, True),
    ("ArnLike", "arn", "*", True),
    ("ArnLike", "arn", "arn:aws:*", False),
    ("ArnLike", "arn", "arn:*:assumed-role/vault/pod", False),
    ("ArnLike", "k", "a*", False),
    ("ArnNotLike", "arn", "arn:aws:sts::*:assumed-role/other/*", True),
    ("Bool", "flag", True, True),
    ("Bool", "flag", "false", False),
    ("Bool", "absent", "true", False),
    ("Null", "absent", "true", True),
    ("Null", "absent", True, True),
    ("Null", "k", "true", False),
    ("Null", "k", "false", True),
    ("NumericEquals", "n", 5, True),
    ("NumericLessThan", "n", "5", False),
    ("NumericLessThanEquals", "n", "5", True),
    ("NumericGreaterThan", "n", "4", True),
    ("NumericGreaterThanEquals", "n", "6", False),
    ("NumericEquals", "k", "5", False),
    ("DateLessThan", "when", "2026-01-01T00:00:00Z", True),
    ("DateGreaterThan", "when", "2026-01-01T00:00:00Z", False),
    ("DateEquals", "when", "1750000000", True),
    ("DateNotEquals", "when", "2026-01-01", True),
    ("IpAddress", "aws:SourceIp", "10.0.0.0/8", True),
    ("IpAddress", "aws:SourceIp", "10.1.2.4", False),
    ("NotIpAddress", "aws:SourceIp", "192.168.0.0/16", True),
    ("ForAnyValue:StringEquals", "many", ["b", "c"], True),
    ("ForAnyValue:StringEquals", "many", "c", False),
    ("ForAnyValue:StringEquals", "absent", "c", False),
    ("ForAllValues:StringEquals", "many", ["a", "b", "c"], True),
    ("ForAllValues:StringEquals", "many", "a", False),
    ("ForAllValues:StringEquals", "one", ["a", "b"], True),
    ("ForAllValues:StringEquals", "absent", "a", True),
    ("ForAnyValue:StringNotEquals", "many", "a", True),
    ("ForAnyValue:StringNotEquals", "absent", "a", False),
    ("ForAnyValue:StringNotEqualsIfExists", "absent", "a", True),
    ("ForAllValues:StringNotEquals", "absent", "a", True),
    ("ForAllValues:StringNotEquals", "many", "a", False),
    ("ForAllValues:StringLike", "many", "?", True),
]


@pytest.mark.parametrize("operator, key, want, hit", CONDITIONS)
def test_condition(operator, key, want, hit):
    s = allow(Condition={operator: {key: want}})
    assert policy.matches(s, "dynamodb:GetItem", TABLE, CONTEXT) is hit


def test_all_conditions_must_hold():
    s = allow(Condition={"StringEquals": {"k": "abc", "n": "6"}, "Bool": {"flag": "true"}})
    assert not policy.matches(s, "dynamodb:GetItem", TABLE, CONTEXT)


@pytest.mark.parametrize("operator", ["StringAlmost", "ForSomeValues:StringEquals", "", "Date"])
def test_unknown_operator_is_an_error_and_not_a_pass(operator):
    s = allow(Condition={operator: {"k": "abc"}})
    with pytest.raises(policy.BadPolicy, match="Invalid Condition type"):
        policy.parse({"Statement": s})


DENY = {"Effect": "Deny", "Action": "dynamodb:GetItem", "Resource": "*"}


@pytest.mark.parametrize("statements, word", [
    ([], None),
    ([allow()], "allow"),
    ([allow(), DENY], "deny"),
    ([DENY, allow()], "deny"),
    ([DENY], "deny"),
    ([allow(), DENY | {"Condition": {"Bool": {"flag": "false"}}}], "allow"),
    ([allow(Action="kms:*")], None),
])
def test_deny_wins_in_any_order(statements, word):
    assert policy.decide(statements, "dynamodb:GetItem", TABLE, CONTEXT)[0] == word


PRINCIPALS = [
    ("*", "direct"),
    ({"AWS": "*"}, "direct"),
    ({"AWS": ROLE}, "direct"),
    ({"AWS": [ROLE, "arn:aws:iam::123456789012:role/x"]}, "direct"),
    ({"AWS": SESSION}, "direct"),
    ({"AWS": "arn:aws:iam::123456789012:root"}, "account"),
    ({"AWS": ACCOUNT}, "account"),
    ({"AWS": "arn:aws-cn:iam::123456789012:root"}, "account"),
    ({"AWS": "arn:aws:iam::999999999999:root"}, None),
    ({"AWS": "arn:aws:iam::123456789012:role/x"}, None),
    ({"Service": "pods.eks.amazonaws.com"}, None),
    ({"Federated": ROLE}, None),
]


@pytest.mark.parametrize("principal, how", PRINCIPALS)
def test_principal(principal, how):
    assert policy.principal_match({"Principal": principal}, {ROLE, SESSION}, ACCOUNT) == how


def test_not_principal():
    names = {ROLE, SESSION}
    assert policy.principal_match({"NotPrincipal": {"AWS": ROLE}}, names, ACCOUNT) is None
    other = {"NotPrincipal": {"AWS": "arn:aws:iam::123456789012:role/x"}}
    assert policy.principal_match(other, names, ACCOUNT) == "direct"


def test_resource_policy_deny_wins_over_direct_allow():
    names = {"AWS": ROLE}
    statements = [allow(Principal=names), DENY | {"Principal": "*"}]
    word = policy.decide_resource(statements, {ROLE}, ACCOUNT, "dynamodb:GetItem", TABLE, {})
    assert word == "deny"


def test_resource_policy_naming_caller_beats_naming_account():
    statements = [allow(Principal={"AWS": ACCOUNT}), allow(Principal={"AWS": ROLE})]
    word = policy.decide_resource(statements, {ROLE}, ACCOUNT, "dynamodb:GetItem", TABLE, {})
    assert word == "direct"


IDENTITY_ERRORS = [
    ("{", "invalid Json"),
    ("[]", "Syntax"),
    ('{"Version": "2012-10-17"}', "Syntax"),
    ('{"Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]}', "Syntax"),
    ('{"Statement": [{"Effect": "Allow", "Resource": "*"}]}', "Syntax"),
    ('{"Statement": [{"Effect": "Allow", "Action": "a:b", "NotAction": "a:c", "Resource": "*"}]}',
     "Syntax"),
    ('{"Statement": [{"Effect": "Allow", "Action": "a:b"}]}', "must contain resources"),
    ('{"Statement": [{"Effect": "Allow", "Action": "ab", "Resource": "*"}]}', "vendor"),
    ('{"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Principal": "*"}]}',
     "should not specify a principal"),
]


@pytest.mark.parametrize("text, words", IDENTITY_ERRORS)
def test_identity_policy_errors(text, words):
    with pytest.raises(policy.BadPolicy, match=words):
        policy.check_identity(text)


@pytest.mark.parametrize("text, words", [
    ('{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}', "Principal"),
    ('{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*", '
     '"Resource": "*"}]}', "Resource"),
    ('{"Statement": [{"Effect": "Allow", "Action": "kms:Encrypt", "Principal": "*"}]}', "STS"),
])
def test_trust_policy_errors(text, words):
    with pytest.raises(policy.BadPolicy, match=words):
        policy.check_trust(text)
