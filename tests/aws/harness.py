"""A front of one's own: started, driven, asked by boto3 or byte by byte, and ended."""
import http.client
import json
import os
import ssl
import subprocess
import sys
import time
from urllib.parse import urlencode

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

HERE = os.path.dirname(os.path.abspath(__file__))
ACCOUNT = "123456789012"
ADMIN = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
REGION = "us-east-1"
JSON_TARGETS = {"kms": ("TrentService", "1.1"), "dynamodb": ("DynamoDB_20120810", "1.0"),
                "tagging": ("ResourceGroupsTaggingAPI_20170126", "1.1"),
                "monitoring": ("GraniteServiceVersion20100801", "1.0"),
                "secretsmanager": ("secretsmanager", "1.1"), "ssm": ("AmazonSSM", "1.1")}
QUERY_VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}
START_S = 30


class Reply:
    """A raw reply; header names in lower case."""

    def __init__(self, reply):
        self.status, self.body = reply.status, reply.read()
        self.headers = {n.lower(): v for n, v in reply.getheaders()}

    def json(self):
        return json.loads(self.body)


class Front:
    """A running front. scheme is 'http' or 'https'; ca is the file that verifies the latter. own: by its command line,
    though there be a mould."""

    mould = None        # fronts are copies of this one (mould.Mould); None: each is started by its command line

    def __init__(self, state, *options, scheme="http", ca=None, own=False):
        self.state, self.scheme, self.ca = state, scheme, ca
        self._clients = {}
        os.makedirs(state, exist_ok=True)
        if os.path.exists(os.path.join(state, "port")):
            os.remove(os.path.join(state, "port"))      # of a front that ran here before
        argv = ["--state", state, *options] + (["--http"] if scheme == "http" else [])
        self._errors = os.path.join(state, "errors.log")
        with open(self._errors, "wb") as f:
            if self.mould and not own:
                self.process = self.mould.copy(argv, self._errors)
            else:
                self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "front.py"), *argv], stderr=f)
        try:
            self.port = self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self):
        """The port, once the front answers."""
        deadline, path = time.monotonic() + START_S, os.path.join(self.state, "port")
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError("the front ended at start:\n" + self.errors())
            try:
                with open(path, encoding="ascii") as f:
                    self.port = int(f.read())
                if self.control("GET", "calls").status == 200:
                    return self.port
            except (OSError, ValueError):
                pass
            time.sleep(0.01)
        raise RuntimeError(f"the front did not answer within {START_S} s:\n" + self.errors())

    def errors(self):
        """What the front wrote to standard error."""
        with open(self._errors, encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def connection(self):
        if self.scheme == "http":
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        tls = ssl.create_default_context(cafile=self.ca)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=tls)

    def send(self, method, path, body=b"", headers=None):
        c = self.connection()
        try:
            c.request(method, path, body, headers or {})
            return Reply(c.getresponse())
        finally:
            c.close()

    def control(self, method, what, value=None):
        body = b"" if value is None else json.dumps(value).encode()
        return self.send(method, "/_sandbox/" + what, body)

    def calls(self):
        return self.control("GET", "calls").json()

    def client(self, service, credentials=ADMIN, region=REGION, attempts=1):
        """A boto3 client that does not retry unless told so. Kept: making one takes long."""
        which = service, credentials, region, attempts
        if which not in self._clients:
            self._clients[which] = self._make_client(*which)
        return self._clients[which]

    def _make_client(self, service, credentials, region, attempts):
        return boto3.client(
            service, region_name=region, endpoint_url=self.url, verify=self.ca or True,
            aws_access_key_id=credentials.access_key, aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            config=Config(parameter_validation=False,
                          retries={"total_max_attempts": attempts, "mode": "standard"}))

    def signed(self, service, operation, params=None, credentials=ADMIN, region=REGION, host=None,
               scope_region=None, scope_service=None):
        """A request for send(): (method, path, body, headers), signed by botocore's signer."""
        method, path, headers = "POST", "/", {}
        host = host or ("iam.amazonaws.com" if service == "iam"
                        else f"{service}.{region}.amazonaws.com")
        if service in QUERY_VERSIONS:
            body = urlencode({"Action": operation, "Version": QUERY_VERSIONS[service]}
                             | (params or {}))
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        elif service == "eks":
            method, path, body = "GET", operation, ""
        else:
            prefix, version = JSON_TARGETS[service]
            body = json.dumps(params or {})
            headers |= {"X-Amz-Target": f"{prefix}.{operation}",
                        "Content-Type": f"application/x-amz-json-{version}"}
        request = AWSRequest(method, f"https://{host}{path}", data=body,
                             headers=headers | {"Host": host})
        if credentials:
            SigV4Auth(credentials, scope_service or service,
                      scope_region or region).add_auth(request)
        return method, path, body.encode(), dict(request.headers.items())

    def raw(self, *args, **kwargs):
        """Send what signed() makes."""
        return self.send(*self.signed(*args, **kwargs))

    def session(self, role_arn, name="tester", seconds=3600):
        """Temporary credentials of a role that trusts the account."""
        got = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=name,
                                             DurationSeconds=seconds)["Credentials"]
        return Credentials(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])

    def role(self, name, statements=(), **create):
        """Make a role that trusts the account and has these statements; its ARN."""
        iam = self.client("iam")
        trust = document(allow("sts:AssumeRole", principal={"AWS": root()}))
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **create)
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
        return made["Role"]["Arn"]


def root():
    return f"arn:aws:iam::{ACCOUNT}:root"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource=None, principal=None, **more):
    """A statement; further keys (Effect, Condition) override."""
    out = {"Effect": "Allow", "Action": action}
    if resource:
        out["Resource"] = resource
    if principal:
        out["Principal"] = principal
    return out | more


def key_schema(*names):
    """Arguments of CreateTable for string keys, the first the hash key."""
    kinds = ("HASH", "RANGE")
    return {"AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in names],
            "KeySchema": [{"AttributeName": n, "KeyType": k} for n, k in zip(names, kinds)],
            "BillingMode": "PAY_PER_REQUEST"}


def refused(code, words, call, **kwargs):
    """Assert that a boto3 call is refused with this code and these words in its message."""
    try:
        call(**kwargs)
    except ClientError as e:
        error = e.response["Error"]
        assert error["Code"] == code, error
        assert words in error["Message"], error
        return
    raise AssertionError(f"not refused: {code} was expected")
