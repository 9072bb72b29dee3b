"""The front as a server: its control interface, faults, the call log, TLS, its end."""
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from botocore.exceptions import ConnectionClosedError

from certs import certificate
from harness import HERE, Front, refused


def arm(front, **fault):
    assert front.control("POST", "faults", fault).status == 200


def keys(front):
    return front.client("kms").list_keys()["Keys"]


@pytest.mark.parametrize("fault, code, status", [
    ({"kind": "throttle"}, "ThrottlingException", 400),
    ({"kind": "500"}, "InternalFailure", 500),
    ({"kind": 503}, "ServiceUnavailable", 503),
    ({"kind": "error", "code": "KMSInternalException", "status": 500}, "KMSInternalException", 500),
])
def test_fault_errors_happen_before_the_work(front, fault, code, status):
    arm(front, match="kms:CreateKey", **fault)
    reply = front.raw("kms", "CreateKey")
    assert (reply.json()["__type"], reply.status) == (code, status)
    assert keys(front) == []
    assert front.raw("kms", "CreateKey").status == 200


def test_faults_in_the_other_protocols(front):
    arm(front, match="sts:*", kind="throttle")
    refused("Throttling", "Rate exceeded", front.client("sts").get_caller_identity)
    arm(front, match="eks:*", kind="503")
    refused("ServiceUnavailable", "", front.client("eks").list_clusters)
    arm(front, match="dynamodb:*", kind="throttle", provisioned=True)
    refused("ProvisionedThroughputExceededException", "", front.client("dynamodb").list_tables)


def test_drop_and_lost(front):
    kms = front.client("kms")
    arm(front, match="kms:CreateKey", kind="drop")
    with pytest.raises(ConnectionClosedError):
        kms.create_key()
    assert keys(front) == []
    arm(front, match="kms:CreateKey", kind="lost")
    with pytest.raises(ConnectionClosedError):
        kms.create_key()
    assert len(keys(front)) == 1
    codes = [c["code"] for c in front.calls() if c["action"] == "kms:CreateKey"]
    assert codes == ["dropped", "lost"]


def test_garbage(front):
    arm(front, match="kms:CreateKey", kind="garbage")
    reply = front.raw("kms", "CreateKey")
    assert reply.status == 200
    with pytest.raises(ValueError):
        reply.json()
    assert len(keys(front)) == 1
    arm(front, match="kms:CreateKey", kind="garbage", status=502, body="<html>")
    reply = front.raw("kms", "CreateKey")
    assert (reply.status, reply.body) == (502, b"<html>")


def test_delay(front):
    arm(front, match="kms:ListKeys", kind="delay", seconds=0.5)
    began = time.monotonic()
    assert keys(front) == []
    assert time.monotonic() - began >= 0.5


def test_count_and_skip(front):
    arm(front, match="kms:List*", kind="500", skip=1, count=2)
    statuses = [front.raw("kms", "ListKeys").status for _ in range(4)]
    assert statuses == [200, 500, 500, 200]
    front.client("sts").get_caller_identity()


def test_a_client_that_retries_gets_through(front):
    arm(front, match="kms:ListKeys", kind="throttle", count=2)
    assert front.client("kms", attempts=3).list_keys()["Keys"] == []
    assert [c["status"] for c in front.calls()] == [400, 400, 200]


def test_faults_can_be_listed_and_disarmed(front):
    front.control("POST", "faults", [{"match": "kms:*", "kind": "500", "count": 9},
                                     {"match": "sts:*", "kind": "drop"}])
    assert [f["match"] for f in front.control("GET", "faults").json()] == ["kms:*", "sts:*"]
    front.control("DELETE", "faults")
    assert front.control("GET", "faults").json() == []
    assert keys(front) == []


@pytest.mark.parametrize("what, value, words", [
    ("faults", {"match": "*", "kind": "explode"}, "kind"),
    ("faults", {"kind": "drop"}, "match"),
    ("faults", {"match": "*", "kind": "delay"}, "seconds"),
    ("faults", {"match": "*", "kind": "error"}, "code"),
    ("set", {"tag_lag": 1}, "no setting 'tag_lag'"),
    ("set", {"tag_lag_s": "soon"}, "soon"),
])
def test_nonsense_is_refused(front, what, value, words):
    reply = front.control("POST", what, value)
    assert reply.status == 400 and words in reply.json()["error"]


def test_unknown_control_path(front):
    assert front.control("GET", "nothing").status == 404
    assert front.control("DELETE", "reset").status == 404


def test_reset_empties_the_account(front):
    front.client("kms").create_key()
    who = front.session(front.role("r"))
    front.control("POST", "register-cluster", {"name": "c", "issuer": "https://i.example",
                                               "endpoint": "https://e.example", "ca": "eA=="})
    assert front.control("POST", "reset").status == 200
    assert keys(front) == []
    assert front.client("eks").list_clusters()["clusters"] == []
    assert front.client("iam").list_roles()["Roles"] == []
    refused("InvalidClientTokenId", "", front.client("sts", who).get_caller_identity)


def test_call_log(front):
    front.client("kms", region="eu-west-1").list_keys()
    refused("NoSuchEntity", "", front.client("iam").get_role, RoleName="no")
    first, second = front.calls()
    assert first["action"] == "kms:ListKeys" and first["region"] == "eu-west-1"
    assert first["status"] == 200 and first["code"] == "" and first["ms"] >= 0
    assert first["principal"].endswith(":user/admin") and "Boto3" in first["agent"]
    assert first["peer"].startswith("127.0.0.1:") and first["resources"] == ["*"]
    assert second["status"] == 404 and "NoSuchEntity" in second["code"]
    with open(os.path.join(front.state, "calls.jsonl"), encoding="utf-8") as f:
        assert [json.loads(line) for line in f][-2:] == [first, second]
    front.control("DELETE", "calls")
    assert front.calls() == []


def test_latency(front):
    front.control("POST", "set", {"latency_ms": 300})
    began = time.monotonic()
    keys(front)
    assert time.monotonic() - began >= 0.3


def test_connections_are_kept(front):
    c = front.connection()
    ports = set()
    for _ in range(3):
        method, path, body, headers = front.signed("kms", "ListKeys")
        c.request(method, path, body, headers)
        assert c.getresponse().read()
    c.close()
    ports = {call["peer"] for call in front.calls()}
    assert len(ports) == 1


def test_tls(tmp_path):
    cert, key = certificate(tmp_path, "*.us-east-1.amazonaws.com")
    front = Front(str(tmp_path / "state"), "--cert", cert, "--key", key, scheme="https", ca=cert)
    try:
        assert keys(front) == []
        with open(os.path.join(front.state, "calls.jsonl"), encoding="utf-8") as f:
            assert json.loads(f.readline())["action"] == "kms:ListKeys"
    finally:
        front.stop()


def test_sigterm_ends_it_at_once(tmp_path):
    front = Front(str(tmp_path / "state"), "--tag-lag-s", "3", "--creating-s", "4", own=True)
    try:
        settings = front.control("POST", "set", {}).json()
        assert settings["tag_lag_s"] == 3 and settings["creating_s"] == 4
        open_connection = front.connection()
        open_connection.connect()
        front.process.send_signal(signal.SIGTERM)
        assert front.process.wait(timeout=10) == 0
        open_connection.close()
    finally:
        front.stop()


@pytest.mark.parametrize("options, words", [
    (["--http", "--listen", "0.0.0.0:0"], "loopback"),
    (["--listen", "127.0.0.1:0"], "--cert and --key"),
])
def test_command_line_is_checked(tmp_path, options, words):
    ran = subprocess.run([sys.executable, os.path.join(HERE, "front.py"), "--state", str(tmp_path),
                          *options], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2 and words in ran.stderr
