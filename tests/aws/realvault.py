"""A real Vault of a test's own, on a front of its own, and the programs: BINARY is what VAULT_BIN names ("": nothing), PLUGIN
what VAULT_AWS_BIN does, else that of the release build. NEEDS_BOTH marks the tests that run one against the other."""
import importlib.machinery
import importlib.util
import json
import os
import time
import urllib.error
import urllib.request

import pytest

import vault_account
from harness import HERE, Front

BINARY = os.environ.get("VAULT_BIN", "")
PLUGIN = os.environ.get("VAULT_AWS_BIN") or os.path.join(HERE, "../../build/release/bin/vault-aws")
NEEDS_BOTH = pytest.mark.skipif(not os.access(BINARY, os.X_OK) or not os.access(PLUGIN, os.X_OK),
                                reason="VAULT_BIN names no vault binary, or the plugin is not built")


def _tools():
    """tests/aws/vault-server as a module: it is a program, and has no .py."""
    loader = importlib.machinery.SourceFileLoader("vault_server", os.path.join(HERE, "vault-server"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


TOOLS = _tools()


class Running:
    """A Vault that runs: state is its folder, env what a client needs to find it and its AWS."""

    def __init__(self, state, env):
        self.state, self.env = state, env

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

    def sealed(self):
        return self.ask("GET", "/v1/sys/seal-status")[1]["sealed"]

    def calls(self):
        """What Vault called of AWS."""
        with open(os.path.join(self.state, "front", "calls.jsonl"), encoding="utf-8") as f:
            return [c for c in map(json.loads, f) if "assumed-role" in (c["principal"] or "")]

    def log(self):
        with open(os.path.join(self.state, "vault.log"), encoding="utf-8") as f:
            return f.read()


class Server(Running):
    """One that is started here, and is to be stopped. What keeps it from coming up is raised."""

    def __init__(self, state, without=(), seal="awskms"):
        super().__init__(state, {})
        self.kind, self.vault = seal, None
        os.makedirs(state, exist_ok=True)
        self.front = Front(os.path.join(state, "front"))
        try:
            self.account = vault_account.provision(self.front, without)
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        self.vault = TOOLS.Vault(BINARY, self.front, self.account, self.state, self.kind)
        self.vault.wait()
        self.env = TOOLS.for_clients(self.front, self.vault)

    def stop(self):
        if self.vault:
            self.vault.stop()
        self.front.stop()

    def seal(self, token):
        """By hand. A Vault that was started before init tries to unseal itself every 5 s, until it finds itself unsealed
        (vault, command/server.go, runUnseal), so another one takes its place first. It answers before it has sealed."""
        self.until_active()
        if "failed to unseal core" in self.log():
            self.vault.stop()
            self._start()
            self.until_active()
        assert self.ask("PUT", "/v1/sys/seal", token=token)[0] == 204
        deadline = time.monotonic() + 60
        while not self.sealed():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)
