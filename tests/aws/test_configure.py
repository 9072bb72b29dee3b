"""helm vault-aws configure against a real Vault: made, made again without a write, pruned, handed over.

Needs the binary that VAULT_BIN names, and the plugin: VAULT_AWS_BIN, else that of the release build.
"""
import http.client
import http.server
import json
import os
import re
import socket
import subprocess
import textwrap
import threading
import time
from urllib.parse import urlsplit

import pytest

from kubeapi import KubeApi
from realvault import NEEDS_BOTH, PLUGIN, Server

pytestmark = NEEDS_BOTH

FILE = """
kv: {secret: {version: 2}}
kubernetes:
  kubernetes:
    kubernetes_host: %s
    disable_local_ca_jwt: true
    roles:
      app:
        bound_service_account_names: [app]
        bound_service_account_namespaces: [default]
        audience: vault
        token_policies: [app-policy]
        token_ttl: 24h
policies:
  app-policy: |
    path "secret/data/app/*" { capabilities = ["read"] }
operator: {service_account: vault-operator}
"""
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "%s"}}]
users: [{name: test, user: {token: caller}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
"""


# Where nobody listens: a run that asked Vault would end with 1.
NOWHERE = ("--vault-addr", "http://127.0.0.1:9")


class Bench:
    """One Vault, initialised, its root token in a file, beside it a small Kubernetes API."""

    def __init__(self, state):
        self.state = state
        self.vault = Server(state)
        status, made = self.vault.initialise()
        assert status == 200, made
        self.vault.until_active()
        self.root = made["root_token"]
        self.kube = KubeApi()
        self.put("root", self.root)
        self.put("kubeconfig", KUBECONFIG % self.kube.url)
        self.put("vault.yaml", FILE % self.kube.url)

    def put(self, name, text):
        with open(self.at(name), "w", encoding="utf-8") as f:
            f.write(text)

    def edit(self, old, new):
        """Change the file; what is replaced must be there."""
        with open(self.at("vault.yaml"), encoding="utf-8") as f:
            text = f.read()
        assert old in text
        self.put("vault.yaml", text.replace(old, new))

    def at(self, name):
        return os.path.join(self.state, name)

    def argv(self, *words):
        return [PLUGIN, "configure", "-f", self.at("vault.yaml"), *words]

    def env(self):
        return {"PATH": os.environ["PATH"], "HOME": self.state, "KUBECONFIG": self.at("kubeconfig"),
                "VAULT_ADDR": self.vault.env["VAULT_ADDR"]}

    def run(self, *words, token=True, status=0):
        """Run it as root (or with no token at all), -o json; its answer, or what it said."""
        words = (*words, "--token-file", self.at("root")) if token else words
        ran = subprocess.run(self.argv("-o", "json", *words), capture_output=True, text=True,
                             timeout=120, env=self.env(), stdin=subprocess.DEVNULL, check=False)
        assert self.root not in ran.stdout + ran.stderr
        assert ran.returncode == status, ran.stdout + ran.stderr
        return json.loads(ran.stdout) if status == 0 else ran.stderr

    def ask(self, method, path, value=None):
        return self.vault.ask(method, "/v1/" + path, value, self.root)

    def read(self, path):
        status, answer = self.ask("GET", path)
        return answer["data"] if status == 200 else status

    def audited(self):
        """Method and path of every call that the audit device wrote down (it logs to Vault's stdout)."""
        found = []
        for line in self.vault.log().splitlines():
            if line.startswith('{"') and '"type":"request"' in line:
                request = json.loads(line)["request"]
                found.append((request["operation"], request["path"]))
        return found

    def manifest(self):
        return self.read("vault-aws/data/configure")["data"]


@pytest.fixture
def bench(tmp_path):
    made = Bench(str(tmp_path / "vault"))
    yield made
    made.kube.close()
    made.vault.stop()


def names(answer, action):
    return {f'{c["kind"]} {c["name"]}' for c in answer["changes"] if c["action"] == action}


def test_an_empty_vault_becomes_what_the_file_says(bench):
    answer = bench.run()
    assert answer["applied"] and not names(answer, "change")
    assert names(answer, "create") == {
        "secrets engine secret", "secrets engine vault-aws", "auth method kubernetes",
        "auth configuration kubernetes", "policy app-policy", "policy vault-operator",
        "role kubernetes/app", "role kubernetes/vault-operator", "audit device stdout"}
    assert bench.read("sys/mounts")["secret/"]["options"] == {"version": "2"}
    role = bench.read("auth/kubernetes/role/app")
    assert (role["audience"], role["token_ttl"], role["token_policies"]) == ("vault", 86400, ["app-policy"])
    assert bench.read("sys/audit")["stdout/"]["options"] == {"file_path": "stdout"}
    # the value that was written is gone without a trace
    assert bench.ask("LIST", "secret/metadata/vault-aws-probe")[0] == 404


def test_run_again_it_only_reads(bench):
    bench.run()
    before = len(bench.audited())
    answer = bench.run()
    assert answer["changes"] == [] and not answer["applied"]
    seen = bench.audited()[before:]
    assert len(seen) > 8 and {operation for operation, _ in seen} == {"read"}


def test_every_attribute_of_a_role_comes_back_as_it_was_written(bench):
    bench.edit("token_ttl: 24h", "token_ttl: 1h\n        token_max_ttl: 2h\n        token_explicit_max_ttl: 3h\n"
               "        token_bound_cidrs: [10.0.0.0/8, 192.0.2.7]\n        token_no_default_policy: true\n"
               "        token_type: service\n        token_period: 30m\n        alias_name_source: serviceaccount_name")
    bench.edit("disable_local_ca_jwt: true", "disable_local_ca_jwt: true\n    default_lease_ttl: 1h\n    max_lease_ttl: 48h")
    bench.run()
    assert bench.run()["changes"] == []
    role = bench.read("auth/kubernetes/role/app")
    assert (role["token_max_ttl"], role["token_period"], role["token_type"]) == (7200, 1800, "service")
    bench.edit("max_lease_ttl: 48h", "max_lease_ttl: 24h")
    [change] = bench.run("--yes")["changes"]
    assert change["attributes"] == [{"name": "max_lease_ttl", "old": "172800", "new": "86400"}]
    assert bench.read("sys/auth")["kubernetes/"]["config"]["max_lease_ttl"] == 86400


def test_drift_is_told_and_mended_only_with_consent(bench):
    bench.run()
    bench.ask("POST", "auth/kubernetes/role/app", {"token_ttl": "1h", "audience": "other"})
    said = bench.run(status=2)
    assert "--yes" in said
    assert bench.read("auth/kubernetes/role/app")["token_ttl"] == 3600
    answer = bench.run("--yes")
    [change] = answer["changes"]
    assert (change["action"], change["name"]) == ("change", "kubernetes/app")
    assert {(a["name"], a["old"], a["new"]) for a in change["attributes"]} == {
        ("token_ttl", "3600", "86400"), ("audience", "other", "vault")}
    assert bench.read("auth/kubernetes/role/app")["token_ttl"] == 86400


def test_dry_run_changes_nothing(bench):
    assert len(bench.run("--dry-run")["changes"]) == 9
    assert "secret/" not in bench.read("sys/mounts") and bench.read("sys/audit") == {}


def test_prune_removes_what_it_made_and_nothing_else(bench):
    bench.edit("policies:\n", "policies:\n  old: 'path \"secret/data/old\" { capabilities = [\"read\"] }'\n")
    bench.edit("kv: {secret: {version: 2}}", "kv: {secret: {version: 2}, attic: {version: 1}}")
    bench.run()
    bench.ask("POST", "attic/chest", {"gold": "1"})
    bench.ask("PUT", "sys/policies/acl/foreign", {"policy": 'path "x" { capabilities = ["read"] }'})
    bench.edit("  old: 'path \"secret/data/old\" { capabilities = [\"read\"] }'\n", "")
    bench.edit(", attic: {version: 1}", "")
    dropped = {d["name"]: (d["kept"], d.get("paths")) for d in bench.run()["dropped"]}
    assert dropped == {"old": (None, None), "attic": ("it holds data", 1)}
    assert bench.read("sys/policies/acl/old") != 404
    answer = bench.run("--prune", "--yes")
    assert names(answer, "remove") == {"policy old"}
    assert bench.read("sys/policies/acl/old") == 404
    assert bench.read("sys/policies/acl/foreign") != 404
    assert "attic/" in bench.read("sys/mounts")
    assert "policy/old" not in bench.manifest()["made"] and "kv/attic" in bench.manifest()["made"]
    assert bench.run("--prune", "--yes")["changes"] == []


def test_what_was_there_before_is_not_pruned(bench):
    bench.ask("PUT", "sys/policies/acl/app-policy", {"policy": 'path "x" { capabilities = ["read"] }'})
    bench.run("--yes")
    assert "policy/app-policy" not in bench.manifest()["made"]


def test_a_mount_of_another_version_is_refused_before_anything_is_done(bench):
    bench.ask("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "1"}})
    said = bench.run("--yes", status=4)
    assert "version '1' in Vault, and '2' in the file" in said
    assert bench.read("sys/audit") == {}


def test_another_run_at_work_is_left_alone(bench):
    bench.run()
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    made = bench.manifest()["made"]
    bench.ask("POST", "vault-aws/data/configure", {"data": {"made": made, "run": {"by": "f00", "until": until}}})
    assert "another configure is at work" in bench.run("--yes", status=4)
    past = {"by": "f00", "until": "2020-01-01T00:00:00Z"}
    bench.ask("POST", "vault-aws/data/configure", {"data": {"made": made, "run": past}})
    bench.ask("DELETE", "sys/policies/acl/app-policy")
    assert bench.run("--yes")["applied"]
    assert "run" not in bench.manifest()


def test_two_at_once_end_as_one(bench):
    argv = bench.argv("--yes", "--token-file", bench.at("root"))
    both = [subprocess.Popen(argv, env=bench.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    said = [p.communicate(timeout=120)[0] for p in both]
    codes = [p.returncode for p in both]
    assert 0 in codes and set(codes) <= {0, 4}, said
    assert all("another configure" in s for s, c in zip(said, codes) if c), said
    assert bench.run()["changes"] == []


def test_a_path_that_cannot_be_opened_stops_it_and_the_next_run_converges(bench):
    bench.edit("operator:", "audit: {file: {file_path: /proc/nowhere/audit.log, type: file}}\noperator:")
    assert "unable to open" in bench.run(status=1)
    assert "run" not in bench.manifest()
    bench.edit("/proc/nowhere/audit.log", bench.at("audit.log"))
    assert bench.run()["applied"]
    assert bench.run()["changes"] == []


def test_audit_goes_to_a_socket_too(bench):
    """Beside another device: a socket alone is warned of, since Vault answers nobody while nobody listens."""
    listener = socket.create_server(("127.0.0.1", 0))
    heard = []

    def listen():
        while True:
            try:
                near = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=heard.extend, args=[near.makefile("r", encoding="utf-8")], daemon=True).start()
    threading.Thread(target=listen, daemon=True).start()
    device = f"{{type: socket, address: '127.0.0.1:{listener.getsockname()[1]}', socket_type: tcp}}"
    bench.edit("operator:", f"audit: {{stdout: {{type: file, file_path: stdout}}, wire: {device}}}\noperator:")
    assert {"audit device stdout", "audit device wire"} <= names(bench.run(), "create")
    assert bench.run()["changes"] == []
    assert bench.read("sys/audit")["wire/"]["options"]["socket_type"] == "tcp"
    deadline = time.monotonic() + 60
    while not any('"path":"sys/audit"' in line for line in list(heard)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    listener.close()


def test_a_token_without_rights_changes_nothing(bench):
    weak = bench.ask("POST", "auth/token/create", {"policies": ["default"]})[1]["auth"]["client_token"]
    bench.put("weak", weak)
    said = bench.run("--token-file", bench.at("weak"), token=False, status=1)
    assert "Vault says 403" in said and weak not in said
    assert bench.read("sys/audit") == {}


def test_a_token_that_vault_does_not_know_is_told_once(bench):
    bench.put("gone", "hvs.CAESIJgone")
    said = bench.run("--token-file", bench.at("gone"), token=False, status=1)
    assert said.count("Vault does not know it") == 1 and "permission denied" not in said, said
    assert "give another with --token-file" in said and "hvs.CAESIJgone" not in said
    assert bench.read("sys/audit") == {}


def test_root_goes_only_after_the_operator_has_repeated_it_all(bench):
    answer = bench.run("--yes", "--revoke-root")
    assert answer["applied"] and answer["root_revoked"]
    assert bench.ask("GET", "auth/token/lookup-self")[0] == 403
    assert ("PATCH", "/api/v1/namespaces/vault/serviceaccounts/vault-operator") in bench.kube.calls
    # from now on the operator does it, without a token in anybody's hands
    bench.edit("24h", "12h")
    again = bench.run("--revoke-root", "--yes", token=False)
    assert names(again, "change") == {"role kubernetes/app"} and not again["root_revoked"]
    assert bench.run("--revoke-root", token=False)["changes"] == []
    assert bench.run(token=False)["changes"] == []


def test_the_operator_reads_no_secret(bench):
    """It may do all of the file again; that is not to say that it sees what lies in the engines."""
    bench.run()
    bench.ask("POST", "secret/data/app/database", {"data": {"password": "s3"}})
    account = ("vault", "vault-operator")
    bench.kube.accounts.setdefault(account, "uid")
    jwt = bench.kube.token(account, {"audiences": ["vault"], "expirationSeconds": 600})["status"]["token"]
    made = bench.vault.ask("POST", "/v1/auth/kubernetes/login", {"role": "vault-operator", "jwt": jwt})[1]["auth"]
    assert sorted(made["policies"]) == ["default", "vault-operator"] and made["lease_duration"] == 900
    for method, path in (("GET", "secret/data/app/database"), ("LIST", "secret/metadata/app"), ("GET", "sys/raw/core"),
                         ("POST", "secret/data/app/database"), ("DELETE", "sys/mounts/secret"), ("POST", "auth/token/create-orphan")):
        status, answer = bench.vault.ask(method, "/v1/" + path, {} if method == "POST" else None, made["client_token"])
        assert status == 403, (method, path, answer)
    assert bench.vault.ask("GET", "/v1/sys/mounts", None, made["client_token"])[0] == 200


def test_root_stays_where_the_operator_cannot_log_in(bench):
    bench.kube.refuse = True
    said = bench.run("--yes", "--revoke-root", status=4)
    assert "the root token stays" in said
    assert bench.ask("GET", "auth/token/lookup-self")[0] == 200


def test_root_stays_without_an_operator_in_the_file(bench):
    bench.edit("operator: {service_account: vault-operator}", "")
    assert "no 'operator'" in bench.run("--yes", "--revoke-root", status=2)
    assert bench.read("sys/audit") == {}


def test_the_example_is_a_file_that_it_takes(bench):
    example = subprocess.run([PLUGIN, "configure", "--example"], capture_output=True, text=True, check=True).stdout
    bench.put("vault.yaml", re.sub(r"( +)kubernetes_host:.*", r"\g<0>\n\1disable_local_ca_jwt: true", example))
    assert bench.run()["applied"]


def test_wrong_input_is_refused_as_a_whole_before_vault_is_asked(bench):
    bench.put("vault.yaml", textwrap.dedent("""
        kvs: {}
        kubernetes:
          kubernetes:
            roles:
              app: {bound_service_account_names: [a], bound_service_account_namespaces: [b],
                    audience: vault, token_policies: [ap-policy], ttl: 24h}
        policies:
          app-policy: 'path "secret/x" { capabilities = ["reed"] }'
        """))
    said = bench.run(*NOWHERE, status=2)
    for part in ("unknown key 'kvs'", "unknown key 'ttl'", "names the policy 'ap-policy'", "did you mean 'app-policy'?",
                 "'reed' is no capability", "did you mean 'read'?"):
        assert part in said, said


class SecondMajor:
    """Vault behind a proxy that says it is 2.0.0, where generate-root takes a token with rights."""

    def __init__(self, bench, closed):
        self.seen = []
        target = urlsplit(bench.vault.env["VAULT_ADDR"])
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                c = http.client.HTTPConnection(target.hostname, target.port, timeout=60)
                c.request(self.command, self.path, body, dict(self.headers))
                got = c.getresponse()
                status, answer = got.status, got.read()
                c.close()
                if self.path == "/v1/sys/seal-status":
                    answer = answer.replace(b'"version":"1.', b'"version":"2.')
                if self.path.startswith("/v1/sys/generate-root"):
                    proxy.seen.append(self.headers.get("X-Vault-Token"))
                    if closed:
                        status, answer = 403, b'{"errors":["permission denied"]}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_PUT = do_POST = do_DELETE = _pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("closed", [True, False])
def test_on_vault_2_root_goes_only_where_the_operator_reaches_generate_root(bench, closed):
    two = SecondMajor(bench, closed)
    result = bench.run("--yes", "--revoke-root", "--vault-addr", two.address, status=4 if closed else 0)
    two.close()
    assert two.seen and bench.root not in two.seen and None not in two.seen
    if closed:
        assert "the root token stays" in result and "generate-root" in result
        assert bench.ask("GET", "auth/token/lookup-self")[0] == 200
    else:
        assert result["root_revoked"] and bench.ask("GET", "auth/token/lookup-self")[0] == 403


def test_a_run_that_was_killed_in_the_middle_is_gone_on_with(bench):
    """The claim of the dead run holds until its time is over; then the next one makes the rest."""
    for i in range(80):
        bench.edit("policies:\n", f'policies:\n  many-{i}: \'path "secret/data/{i}" {{ capabilities = ["read"] }}\'\n')
    first = subprocess.Popen(bench.argv("--token-file", bench.at("root")), env=bench.env(), stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while "policies/acl/many-" not in bench.vault.log():
        assert time.monotonic() < deadline and first.poll() is None
    first.kill()
    first.wait()
    manifest = bench.manifest()
    assert "run" in manifest
    assert "another configure is at work" in bench.run("--yes", status=4)
    manifest["run"]["until"] = "2020-01-01T00:00:00Z"
    bench.ask("POST", "vault-aws/data/configure", {"data": manifest})
    answer = bench.run("--yes")
    assert answer["applied"] and 0 < len(answer["changes"]) < 90
    assert bench.run()["changes"] == []
    assert len([m for m in bench.manifest()["made"] if m.startswith("policy/many-")]) == 80
