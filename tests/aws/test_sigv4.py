"""Signatures: the public AWS suite, and what may not be changed after signing."""
import json
import os
from datetime import datetime, timedelta, timezone

import pytest

import sigv4

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SUITE = os.path.join(os.path.dirname(REPO), "shared", "data", "aws-sigv4-suite")
CASES = sorted(os.listdir(SUITE)) if os.path.isdir(SUITE) else []
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=timezone.utc)


def read(case, name):
    with open(os.path.join(SUITE, case, name), encoding="latin-1", newline="") as f:
        return f.read()


def parse_request(text):
    """Method, target, header pairs and body of a suite's request; folded lines are unfolded."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n")
    method, target = first.split(" ", 1)
    pairs = []
    for line in lines:
        if line.startswith(" "):
            name, value = pairs[-1]
            pairs[-1] = name, value + " " + line.strip()
        elif line:
            name, _, value = line.partition(":")
            pairs.append((name.lower(), value))
    return method, target.rsplit(" ", 1)[0], pairs, body.encode("latin-1")


@pytest.mark.skipif(not CASES, reason="the public suite is not in ../shared/data")
def test_suite_is_whole():
    assert len(CASES) == 38


@pytest.mark.parametrize("case", CASES)
def test_suite(case):
    context = json.loads(read(case, "context.json"))
    method, target, pairs, body = parse_request(read(case, "header-signed-request.txt"))
    scope = sigv4.scope_of(dict(pairs))
    normalize = context["normalize"]
    text = sigv4.canonical(method, target, pairs, body, scope, normalize)
    assert text == read(case, "header-canonical-request.txt")
    to_sign = sigv4.string_to_sign(text, dict(pairs)["x-amz-date"], scope)
    assert to_sign == read(case, "header-string-to-sign.txt")
    secret = context["credentials"]["secret_access_key"]
    assert sigv4.signature(to_sign, scope, secret) == read(case, "header-signature.txt").strip()
    if context.get("omit_session_token"):
        with pytest.raises(sigv4.Rejected, match="X-Amz-Security-Token"):
            sigv4.verify(method, target, pairs, body, scope, secret, "service", "us-east-1", NOW)
    else:
        sigv4.verify(method, target, pairs, body, scope, secret, "service", "us-east-1", NOW,
                     normalize)


# A case of our own, so that the tests below need no suite.
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
BODY = b"Param1=value1"
PAIRS = [("host", "example.amazonaws.com"), ("content-type", "text/plain"),
         ("x-amz-date", "20150830T123600Z"), ("x-amz-security-token", "tok")]


def signed(pairs=PAIRS, target="/a/b?x=1&y=2", body=BODY, names=None, method="POST",
           date="20150830", region="us-east-1", service="service"):
    names = names or sorted(n for n, _ in pairs)
    scope = sigv4.Scope("AKIDEXAMPLE", date, region, service, ";".join(names), "0" * 64)
    text = sigv4.canonical(method, target, pairs, body, scope)
    to_sign = sigv4.string_to_sign(text, dict(pairs)["x-amz-date"], scope)
    scope.signature = sigv4.signature(to_sign, scope, SECRET)
    return [method, target, list(pairs), body, scope, SECRET, "service", "us-east-1", NOW]


def test_golden():
    """A signature known from outside, so that this file proves something without the suite."""
    pairs = [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")]
    scope = signed(pairs, "/", b"", method="GET")[4]
    assert scope.signature == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"


def test_good():
    sigv4.verify(*signed())


def test_order_of_parameters_does_not_matter():
    request = signed()
    request[1] = "/a/b?y=2&x=1"
    sigv4.verify(*request)


def change(at, value):
    def apply(request):
        request[at] = value
    return apply


def change_header(name, value):
    def apply(request):
        request[2] = [(n, value if n == name else v) for n, v in request[2]]
    return apply


@pytest.mark.parametrize("tamper", [
    change(0, "PUT"), change(1, "/a/c?x=1&y=2"), change(1, "/a/b?x=1&y=3"), change(1, "/a/b?x=1"),
    change(3, b"Param1=value2"), change(3, b""), change(5, SECRET + "x"),
    change_header("host", "example.amazonaws.com:80"), change_header("content-type", "text/html"),
    change_header("x-amz-security-token", "other"), change_header("x-amz-date", "20150830T123601Z"),
])
def test_tampered(tamper):
    request = signed()
    tamper(request)
    with pytest.raises(sigv4.Rejected) as e:
        sigv4.verify(*request)
    assert e.value.code == "SignatureDoesNotMatch"
    assert "does not match the signature you provided" in e.value.message


@pytest.mark.parametrize("left_out", ["host", "x-amz-date", "x-amz-security-token"])
def test_headers_that_must_be_signed(left_out):
    names = sorted(n for n, _ in PAIRS if n != left_out)
    with pytest.raises(sigv4.Rejected, match="must be a 'SignedHeader'"):
        sigv4.verify(*signed(names=names))


@pytest.mark.parametrize("field, value, words", [
    ("service", "kms", "correct service"),
    ("region", "eu-west-1", "valid region"),
    ("date", "20150829", "Date in Credential scope"),
])
def test_scope(field, value, words):
    with pytest.raises(sigv4.Rejected, match=words):
        sigv4.verify(*signed(**{field: value}))


@pytest.mark.parametrize("seconds, words", [
    (299, None), (-299, None), (301, "Signature expired"), (-301, "Signature not yet current"),
])
def test_clock_window(seconds, words):
    request = signed()
    request[8] = NOW + timedelta(seconds=seconds)
    if words is None:
        sigv4.verify(*request)
        return
    with pytest.raises(sigv4.Rejected, match=words):
        sigv4.verify(*request)


def test_content_hash_must_be_true():
    with pytest.raises(sigv4.Rejected, match="x-amz-content-sha256"):
        sigv4.verify(*signed(pairs=[*PAIRS, ("x-amz-content-sha256", "0" * 64)]))


@pytest.mark.parametrize("header", ["AWS4-HMAC-SHA256 Credential=a/b", "Bearer x",
                                    "AWS4-HMAC-SHA512 Credential=a/20150830/r/s/aws4_request, "
                                    "SignedHeaders=host, Signature=" + "0" * 64])
def test_other_headers_are_incomplete(header):
    with pytest.raises(sigv4.Rejected) as e:
        sigv4.scope_of({"authorization": header})
    assert e.value.code == "IncompleteSignature"


def test_unsigned():
    assert sigv4.scope_of({"host": "x"}) is None
