"""The account that a cloud case meets: the front of tests/aws, made new for each case.

Every account starts with the EKS cluster 'prod' in us-east-1 and nothing else. Each line of the
case's file `cloud` then changes it, in order:

    run WORDS...                  the case's program, which must end well
    helm WORDS...                 vault-aws, likewise
    aws SERVICE[@REGION] OPERATION JSON    a call by boto3; $KEY is the id of the key of prod's alias
    as USER                       from here on the program has an access key of this IAM user
    set JSON                      settings of the front
    fault JSON                    a fault of the front
    # a comment
"""
import collections
import json
import os
import re
import shlex
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "aws"))
import harness  # noqa: E402

CLUSTER = {"name": "prod", "endpoint": "https://127.0.0.1:6443", "ca": "AAAA",
           "issuer": "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"}
ALIAS = "alias/prod-vault-unseal"
AS_NEW = {"latency_ms": 0, "tag_lag_s": 0, "creating_s": 0, "backups_s": 0, "iam_lag_s": 0}


def times(what, n):
    """How often; a read that was polled comes as often as it takes."""
    return "N" if n > 2 and what.partition(":")[2].startswith(("Describe", "Get", "List")) else n


def error_code(logged):
    """The error's code; the front logs the whole document when moto made it."""
    found = re.search(r'"__type": "(?:[^"#]*#)?(\w+)"|<Code>(\w+)</Code>', logged)
    return found.group(1) or found.group(2) if found else logged


class Account:
    """One front for all cases of a run; used as a context."""

    def __enter__(self):
        self._state = tempfile.mkdtemp(prefix="golden-aws-")
        self.front = harness.Front(self._state)
        return self

    def __exit__(self, *_):
        self.front.stop()
        shutil.rmtree(self._state)

    def environment(self):
        return {"AWS_ENDPOINT_URL": self.front.url, "AWS_ACCESS_KEY_ID": harness.ADMIN.access_key,
                "AWS_SECRET_ACCESS_KEY": harness.ADMIN.secret_key}

    def new(self):
        """Empty, as of today, with the cluster."""
        for method, what, value in (("POST", "reset", {}), ("DELETE", "faults", None),
                                    ("POST", "set", AS_NEW), ("POST", "register-cluster", CLUSTER)):
            self._control(method, what, value)

    def prepare(self, case, at, env):
        """Make the account what the case asks for, then forget the calls so far."""
        self.new()
        for line in case.text("cloud").splitlines():
            word, _, rest = line.partition(" ")
            if word == "run":
                self._run(case, at, env, shlex.split(rest))
            elif word == "helm":
                self._run(case, at, env, shlex.split(rest), "helm")
            elif word == "aws":
                self._aws(*rest.split(" ", 2))
            elif word == "as":
                env.update(self._access_key(rest))
            elif word == "set":
                self._control("POST", "set", json.loads(rest))
            elif word == "fault":
                self._control("POST", "faults", json.loads(rest))
            elif word and word != "#":
                raise ValueError(f"{case.name}/cloud: what is '{line}'?")
        self._control("DELETE", "calls", None)

    def calls(self):
        """The calls since prepare: how often, how answered; sorted, for calls at once have no order."""
        seen = collections.Counter(f"{c['action']} {c['status']} {error_code(c['code'])}".strip()
                                   for c in self.front.calls())
        return "".join(f"{times(what, n)} x {what}\n" for what, n in sorted(seen.items()))

    def _control(self, method, what, value):
        reply = self.front.control(method, what, value)
        if reply.status != 200:
            raise RuntimeError(f"{method} {what}: {reply.status} {reply.body!r}")

    def _run(self, case, at, env, words, kind=None):
        result = case.run(at, env, words, kind)
        if result.exit:
            raise RuntimeError(f"{case.name}: '{shlex.join(words)}' ended with {result.exit}:\n"
                               f"{result.stdout}{result.stderr}")

    def _access_key(self, user):
        made = self.front.client("iam").create_access_key(UserName=user)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": made["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}

    def _aws(self, service, operation, arguments="{}"):
        if "$KEY" in arguments:
            key = self.front.client("kms").describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"]
            arguments = arguments.replace("$KEY", key)
        service, _, region = service.partition("@")
        getattr(self.front.client(service, region=region or harness.REGION), operation)(**json.loads(arguments))
