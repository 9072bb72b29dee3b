"""Writes the cases of this folder anew, each stage as botocore computes it.

    python3 -m venv V && V/bin/pip install botocore && V/bin/python tests/golden/sigv4/make.py

The keys are AWS's own examples. request, canonical, to-sign, signature and signed are what the
unit test compares; context says who signs, where and when.
"""
import datetime
import json
import os
import re
from unittest import mock

import botocore.auth
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

HERE = os.path.dirname(os.path.abspath(__file__))
KEY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
TOKEN = ("AQoEXAMPLEH4aoAH0gNCAPyJxz4BlCFFxWNE1OPTgk5TthT+FvwqnKwRcOIfrRh3c/LTo6UDdyJwOOvEVPvLXCrr"
         "rUtdnniCEXAMPLE/IvU1dYUg2RVAJBanLiHb4IgRmpRV3zrkuWJOgQs8IZZaIv2BXIa2R4OlgkBN9bkUDNCJiBeb")
WHEN = "2026-11-24T05:36:24Z"
FORM = "application/x-www-form-urlencoded; charset=utf-8"

CASES = {
    "kms-describe-key": {
        "service": "kms", "region": "eu-west-1", "token": TOKEN, "method": "POST", "path": "/",
        "headers": [("Host", "kms.eu-west-1.amazonaws.com"),
                    ("Content-Type", "application/x-amz-json-1.1"),
                    ("X-Amz-Target", "TrentService.DescribeKey")],
        "body": '{"KeyId":"alias/prod-vault-unseal"}'},
    "iam-get-role": {
        "service": "iam", "region": "us-east-1", "method": "POST", "path": "/",
        "headers": [("Host", "iam.amazonaws.com"), ("Content-Type", FORM)],
        "body": "Action=GetRole&Version=2010-05-08&RoleName=vault%2Bprod"},
    "eks-path-encoded": {
        "service": "eks", "region": "us-gov-west-1", "method": "GET",
        "path": "/clusters/a%2Fb%20c/addons/x",
        "headers": [("Host", "eks.us-gov-west-1.amazonaws.com")]},
    "eks-query-unsorted": {
        "service": "eks", "region": "eu-central-1", "token": TOKEN, "method": "GET",
        "path": "/clusters/c1/pod-identity-associations",
        "query": "serviceAccount=vault&namespace=va%20ult%2F1&maxResults=100&max=2&nextToken=",
        "headers": [("Host", "eks.eu-central-1.amazonaws.com")]},
    "dynamodb-host-with-port": {
        "service": "dynamodb", "region": "eu-west-1", "method": "POST", "path": "/",
        "headers": [("Host", "localhost:4566"), ("Content-Type", "application/x-amz-json-1.0"),
                    ("X-Amz-Target", "DynamoDB_20120810.DescribeTable"),
                    ("User-Agent", "not signed/1.0"), ("Expect", "100-continue")],
        "body": '{"TableName":"vault"}'},
    "sts-china": {
        "service": "sts", "region": "cn-north-1", "method": "POST", "path": "/",
        "headers": [("Host", "sts.cn-north-1.amazonaws.com.cn"), ("Content-Type", FORM)],
        "body": "Action=GetCallerIdentity&Version=2011-06-15"},
    "body-utf8": {
        "service": "kms", "region": "ap-southeast-2", "method": "POST", "path": "/",
        "headers": [("Host", "kms.ap-southeast-2.amazonaws.com"),
                    ("Content-Type", "application/x-amz-json-1.1"),
                    ("X-Amz-Target", "TrentService.CreateKey")],
        "body": '{"Description":"Schlüssel 鍵"}'},
    "header-inner-spaces": {
        "service": "tagging", "region": "us-east-1", "method": "POST", "path": "/",
        "headers": [("Host", "tagging.us-east-1.amazonaws.com"), ("X-Zeta", "  a   b  c "),
                    ("X-Alpha", "q"), ("Content-Type", "application/x-amz-json-1.1")],
        "body": "{}"},
    "endpoint-with-base-path": {
        "service": "eks", "region": "eu-west-1", "method": "GET", "path": "/proxy/./aws//clusters/",
        "headers": [("Host", "gateway.example.com:8443")]},
    "presigned-caller-identity": {
        "service": "sts", "region": "eu-west-1", "method": "GET", "path": "/", "presign": True,
        "query": "Action=GetCallerIdentity&Version=2011-06-15", "expires": 60,
        "headers": [("Host", "sts.eu-west-1.amazonaws.com"), ("x-k8s-aws-id", "prod cluster")]},
    "presigned-with-token": {
        "service": "sts", "region": "us-west-2", "method": "GET", "path": "/", "presign": True,
        "query": "Action=GetCallerIdentity&Version=2011-06-15", "expires": 900, "token": TOKEN,
        "headers": [("Host", "sts.us-west-2.amazonaws.com"), ("x-k8s-aws-id", "c1")]},
}


class Kept:
    """Keeps each stage that a signer passes through."""

    def canonical_request(self, request):
        self.canonical = super().canonical_request(request)
        return self.canonical

    def string_to_sign(self, request, canonical_request):
        self.to_sign = super().string_to_sign(request, canonical_request)
        return self.to_sign

    def signature(self, string_to_sign, request):
        self.signed_with = super().signature(string_to_sign, request)
        return self.signed_with


class Header(Kept, SigV4Auth):
    pass


class Query(Kept, SigV4QueryAuth):
    pass


def raw(method, target, headers, body):
    lines = [f"{method} {target} HTTP/1.1"] + [f"{n}:{v}" for n, v in headers] + ["", body]
    return "\n".join(lines)


def make(name, case):
    now = datetime.datetime.fromisoformat(WHEN.replace("Z", "+00:00"))
    credentials = Credentials(*KEY, case.get("token"))
    body, query = case.get("body", ""), case.get("query")
    target = case["path"] + ("?" + query if query else "")
    host = dict(case["headers"])["Host"]
    request = AWSRequest(case["method"], f"https://{host}{target}", data=body.encode())
    for n, v in case["headers"]:
        request.headers[n] = v
    if case.get("presign"):
        signer = Query(credentials, case["service"], case["region"], case["expires"])
    else:
        signer = Header(credentials, case["service"], case["region"])
    now = now.replace(tzinfo=None)
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=now):
        signer.add_auth(request)
    if case.get("presign"):
        signed = request.url.split(host, 1)[1].split("?", 1)[1]
        # The order on the wire means nothing; here it is that of AWS's own suite.
        signed = re.sub("(&X-Amz-Expires=[^&]*)(&X-Amz-SignedHeaders=[^&]*)", r"\2\1", signed)
    else:
        signed = request.headers["Authorization"]
    context = {
        "credentials": {"access_key_id": KEY[0], "secret_access_key": KEY[1]},
        "region": case["region"], "service": case["service"], "timestamp": WHEN,
        "presign": bool(case.get("presign")), "expiration_in_seconds": case.get("expires", 0)}
    if case.get("token"):
        context["credentials"]["token"] = case["token"]
    folder = os.path.join(HERE, name)
    os.makedirs(folder, exist_ok=True)
    files = {"request": raw(case["method"], target, case["headers"], body),
             "context": json.dumps(context, indent=2) + "\n", "canonical": signer.canonical,
             "to-sign": signer.to_sign, "signature": signer.signed_with, "signed": signed}
    for file, text in files.items():
        with open(os.path.join(folder, file), "w", encoding="utf-8") as f:
            f.write(text)


for case_name, facts in CASES.items():
    make(case_name, facts)
