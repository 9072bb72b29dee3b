"""A real Vault on the front: the nine actions are enough, and one too few is too few.

Needs the binary that VAULT_BIN names.
"""
import json
import os
import subprocess
import sys

import pytest

import vault_account
from harness import HERE
from realvault import BINARY, Running

pytestmark = pytest.mark.skipif(not os.access(BINARY, os.X_OK),
                                reason="VAULT_BIN names no vault binary")


def vault_server(*words, timeout=120):
    argv = [sys.executable, os.path.join(HERE, "vault-server"), *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=timeout)


class Server(Running):
    """One in the background, by the command that is tested here."""

    def __init__(self, state, without=()):
        options = [w for action in without for w in ("--without", action)]
        self.ran = vault_server("up", "--state", state, *options)
        super().__init__(state, dict(line.split("=", 1) for line in self.ran.stdout.splitlines()))


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
