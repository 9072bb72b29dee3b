"""A real Vault on the front: the nine actions are enough, and one too few is too few.

Needs the binary that VAULT_BIN names.
"""
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone

import pytest

import vault_account
from harness import HERE

BINARY = os.environ.get("VAULT_BIN", "")
pytestmark = pytest.mark.skipif(not os.access(BINARY, os.X_OK),
                                reason="VAULT_BIN names no vault binary")


def vault_server(*words, timeout=120):
    argv = [sys.executable, os.path.join(HERE, "vault-server"), *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=timeout)


class Server:
    """A running Vault and its front's call log."""

    def __init__(self, state, without=(), seal="awskms"):
        self.state = state
        options = ["--seal", seal] + [w for action in without for w in ("--without", action)]
        self.ran = vault_server("up", "--state", state, *options)
        self.env = dict(line.split("=", 1) for line in self.ran.stdout.splitlines())

    def ask(self, method, path, value=None, token=None):
        """Status and JSON of Vault's reply."""
        request = urllib.request.Request(
            self.env["VAULT_ADDR"] + path, method=method,
            data=None if value is None else json.dumps(value).encode(),
            headers={"X-Vault-Token": token} if token else {})
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as e:
            return e.code, json.loads(e.read() or b"null")

    def initialise(self):
        return self.ask("PUT", "/v1/sys/init", {"recovery_shares": 1, "recovery_threshold": 1})

    def until_active(self):
        """A new Vault answers init a moment before it has become the leader."""
        deadline = time.monotonic() + 60
        while self.ask("GET", "/v1/sys/health")[0] != 200:
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def seal(self, token):
        """By hand, once it would not unseal itself again: what started before init tries that every 5 s, until it finds itself
        unsealed (vault, command/server.go, runUnseal). It answers before it has sealed."""
        self.until_active()
        for line in [line for line in self.log().splitlines() if "failed to unseal core" in line][-1:]:
            failed = datetime.fromisoformat(line.split()[0].replace("Z", "+00:00"))
            time.sleep(max(0, 6 - (datetime.now(timezone.utc) - failed).total_seconds()))
        assert self.ask("PUT", "/v1/sys/seal", token=token)[0] == 204
        deadline = time.monotonic() + 60
        while not self.sealed():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def sealed(self):
        return self.ask("GET", "/v1/sys/seal-status")[1]["sealed"]

    def calls(self):
        with open(os.path.join(self.state, "front", "calls.jsonl"), encoding="utf-8") as f:
            return [c for c in map(json.loads, f) if "assumed-role" in (c["principal"] or "")]

    def log(self):
        with open(os.path.join(self.state, "vault.log"), encoding="utf-8") as f:
            return f.read()


@pytest.fixture
def start(tmp_path):
    state = str(tmp_path / "vault")
    os.makedirs(state)
    yield lambda without=(): Server(state, without)
    assert vault_server("down", "--state", state).returncode == 0


def test_nine_actions_are_enough(start):
    server = start()
    assert server.ran.returncode == 0, server.ran.stderr
    assert server.ask("GET", "/v1/sys/init") == (200, {"initialized": False})
    status, made = server.initialise()
    assert status == 200, made
    status, seal = server.ask("GET", "/v1/sys/seal-status")
    assert (seal["initialized"], seal["sealed"], seal["type"]) == (True, False, "awskms")
    server.until_active()
    token = made["root_token"]
    assert server.ask("GET", "/v1/auth/token/lookup-self", token=token)[0] == 200
    calls = server.calls()
    assert {c["action"] for c in calls} <= set(vault_account.NINE)
    assert not [c for c in calls if "AccessDenied" in c["code"]]


def test_without_encrypt_init_fails(start):
    server = start(["kms:Encrypt"])
    assert server.ran.returncode == 0, server.ran.stderr
    status, reply = server.initialise()
    assert status >= 400 and "root_token" not in reply
    assert "not authorized to perform: kms:Encrypt" in json.dumps(reply)
    refused = {c["action"] for c in server.calls() if "AccessDenied" in c["code"]}
    assert refused == {"kms:Encrypt"}


@pytest.mark.parametrize("action", ["dynamodb:DescribeTable", "kms:DescribeKey"])
def test_without_describe_it_ends_at_start(start, action):
    server = start([action])
    assert server.ran.returncode == 1
    assert "vault ended at start" in server.ran.stderr
    assert "AccessDenied" in server.ran.stderr and action in server.ran.stderr
    refused = {c["action"] for c in server.calls() if "AccessDenied" in c["code"]}
    assert refused == {action}


def test_a_command_gets_the_environment_and_its_status_comes_back():
    script = 'test -n "$VAULT_ADDR" && test -n "$AWS_ENDPOINT_URL" && exit 7'
    assert vault_server("run", "--", "sh", "-c", script).returncode == 7


def test_unknown_action_is_refused(tmp_path):
    ran = vault_server("up", "--state", str(tmp_path), "--without", "kms:Encrpt")
    assert ran.returncode == 2 and "kms:Encrpt" in ran.stderr
