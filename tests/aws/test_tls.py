"""helm vault-aws tls: what it makes, as openssl sees it and as a real Vault serves it, also while it changes.

Needs the binary that VAULT_BIN names, and the plugin: VAULT_AWS_BIN, else that of the release build.
"""
import base64
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from kubeapi import KubeApi
from realvault import BINARY, NEEDS_BOTH, PLUGIN
from test_configure import KUBECONFIG

pytestmark = NEEDS_BOTH
LEAF, AUTHORITY = ("vault", "vault-tls"), ("vault", "vault-ca")
CONFIG = """
disable_mlock = true
api_addr = "https://127.0.0.1:{port}"
storage "inmem" {{}}
listener "tcp" {{
  address = "127.0.0.1:{port}"
  tls_cert_file = "{folder}/tls.crt"
  tls_key_file = "{folder}/tls.key"
}}
"""


class Bench:
    def __init__(self, folder):
        self.folder, self.kube, self.said = str(folder), KubeApi(), ""
        self.kubeconfig = os.path.join(self.folder, "kubeconfig")
        with open(self.kubeconfig, "w", encoding="utf-8") as f:
            f.write(KUBECONFIG % self.kube.url)

    def run(self, *words, want=0, env=None):
        done = subprocess.run([PLUGIN, *words], capture_output=True, text=True, timeout=60, check=False, env={
            "PATH": os.environ["PATH"], "HOME": self.folder, "KUBECONFIG": self.kubeconfig} | (env or {}))
        self.said += done.stdout + done.stderr
        assert done.returncode == want, done.stdout + done.stderr
        return done

    def renew(self, *words, want=0):
        trace = os.path.join(self.folder, "trace")
        return self.run("tls", "renew", "--wait=false", "--yes", "--trace", trace, *words, want=want)

    def begin(self):
        """As an install leaves it: the authority and the first certificate, from nothing but a damaged Secret of ours."""
        self.kube.secrets[LEAF] = {"apiVersion": "v1", "kind": "Secret", "metadata": {
            "name": LEAF[1], "resourceVersion": "1", "labels": {"app.kubernetes.io/managed-by": "helm-vault-aws"}}}
        self.renew("--if-due")

    def part(self, where, name):
        return base64.b64decode(self.kube.secrets[where]["data"][name])

    def unpack(self):
        """The Secret as the kubelet brings it into a pod: all files, and then all of them at once."""
        for name in self.kube.secrets[LEAF]["data"]:
            path = os.path.join(self.folder, name)
            with open(path + ".new", "wb") as f:
                f.write(self.part(LEAF, name))
        for name in self.kube.secrets[LEAF]["data"]:
            os.replace(os.path.join(self.folder, name + ".new"), os.path.join(self.folder, name))
        return os.path.join(self.folder, "ca.crt")

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(content)
        return path


@pytest.fixture(name="bench")
def _bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.kube.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def openssl(*words):
    return subprocess.run(["openssl", *words], capture_output=True, text=True, check=True).stdout


def test_openssl_agrees(bench):
    bench.begin()
    ca = bench.unpack()
    crt = os.path.join(bench.folder, "tls.crt")
    for name in ("vault.vault.svc", "vault-active.vault.svc", "vault-0.vault-internal.vault.svc", "localhost"):
        openssl("verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", name, "-CAfile", ca, crt)
    openssl("verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip", "127.0.0.1", "-CAfile", ca, crt)
    openssl("verify", "-x509_strict", "-CAfile", ca, ca)
    text = openssl("x509", "-in", crt, "-noout", "-text")
    for what in ("prime256v1", "CA:FALSE", "Digital Signature", "TLS Web Server Authentication", "ecdsa-with-SHA256"):
        assert what in text
    text = openssl("x509", "-in", ca, "-noout", "-text")
    for what in ("CA:TRUE, pathlen:1", "Certificate Sign, CRL Sign"):
        assert what in text
    assert openssl("pkey", "-in", os.path.join(bench.folder, "tls.key"), "-noout", "-text_pub").count("P-256") == 1
    openssl("x509", "-in", crt, "-noout", "-checkend", str(89 * 86400))
    assert subprocess.run(["openssl", "x509", "-in", crt, "-noout", "-checkend", str(91 * 86400)], check=False,
                          stdout=subprocess.DEVNULL).returncode == 1


def test_second_run_and_what_is_refused(bench):
    bench.renew(want=1)
    assert "there is neither a certificate" in bench.said and not bench.kube.secrets
    bench.begin()
    before = repr(bench.kube.secrets)
    assert "nothing is due" in bench.renew("--if-due").stdout
    assert repr(bench.kube.secrets) == before
    bench.run("tls", "renw", want=2)
    assert "did you mean 'renew'?" in bench.said
    bench.kube.secrets[LEAF]["metadata"] |= {"labels": {}, "annotations": {"cert-manager.io/certificate-name": "mine"}}
    bench.renew(want=4)
    assert "cmctl renew -n vault mine" in bench.said
    assert "which renews it" in bench.renew("--if-due").stderr


def given_secret(bench, days):
    """A certificate of somebody's own for the servers, which ends in so many days and some minutes."""
    at = lambda name: os.path.join(bench.folder, name)
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *ec, "-subj", "/CN=authority", "-days", "365", "-keyout", at("a.key"), "-out", at("a.crt"))
    openssl("req", *ec, "-subj", "/CN=vault", "-keyout", at("l.key"), "-out", at("l.csr"))
    names = bench.file("names", b"subjectAltName=DNS:vault.vault.svc,DNS:vault-active.vault.svc,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", at("l.csr"), "-CA", at("a.crt"), "-CAkey", at("a.key"), "-days", str(days), "-extfile", names,
            "-out", at("l.crt"))
    data = {}
    for name, path in (("tls.crt", "l.crt"), ("tls.key", "l.key"), ("ca.crt", "a.crt")):
        with open(at(path), "rb") as f:
            data[name] = base64.b64encode(f.read()).decode()
    bench.kube.secrets[LEAF] = {"apiVersion": "v1", "kind": "Secret", "data": data,
                                "metadata": {"name": LEAF[1], "resourceVersion": "1"}}


@pytest.mark.parametrize("days, code, word", [(31, 0, "good"), (29, 3, "ends soon: renew it"), (-1, 3, "expired")])
def test_its_end_is_warned_of_thirty_days_before(bench, days, code, word):
    given_secret(bench, days)
    rows = json.loads(bench.run("tls", "status", "-o", "json", want=code).stdout)
    assert word in rows[0]["state"] and rows[0]["good"] is (code == 0), rows
    assert rows[0]["where"] == "Secret vault/vault-tls"


def test_no_key_is_said(bench):
    bench.begin()
    bench.renew("--new-ca")
    with open(os.path.join(bench.folder, "trace"), encoding="utf-8") as f:
        said = bench.said + f.read() + repr(bench.kube.calls)
    for where in (LEAF, AUTHORITY):
        for line in bench.part(where, "tls.key").decode().splitlines()[1:-1]:
            assert line not in said
            assert base64.b64encode(line.encode()).decode()[4:40] not in said


class Client(threading.Thread):
    """Asks with a new connection each time until it is told to stop."""

    def __init__(self, port, ca):
        super().__init__(daemon=True)
        self.port, self.context = port, ssl.create_default_context(cafile=ca)
        self.asked, self.failed, self.seen, self.stop = 0, [], [], threading.Event()

    def ask(self):
        c = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=self.context)
        try:
            c.connect()
            shown = c.sock.getpeercert(binary_form=True)
            c.request("GET", "/v1/sys/seal-status")
            assert c.getresponse().status == 200
            return shown
        finally:
            c.close()

    def run(self):
        while not self.stop.is_set():
            self.asked += 1
            try:
                shown = self.ask()
            except (OSError, http.client.HTTPException, AssertionError) as e:
                self.failed.append(repr(e))
                continue
            if shown not in self.seen:
                self.seen.append(shown)


class Server:
    def __init__(self, bench):
        self.port = free_port()
        config = bench.file("vault.hcl", CONFIG.format(port=self.port, folder=bench.folder).encode())
        self.log = open(os.path.join(bench.folder, "vault.log"), "wb")
        self.process = subprocess.Popen([BINARY, "server", "-config", config], stdout=self.log, stderr=self.log,
                                        env={"HOME": bench.folder, "PATH": os.environ["PATH"]})

    def end(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def until(what):
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def answers(client):
    try:
        return client.ask()
    except OSError:
        return None


def test_a_real_vault_changes_certificate_and_authority(bench):
    bench.begin()
    first_ca = bench.file("first.crt", bench.part(LEAF, "ca.crt"))
    bench.unpack()
    server = Server(bench)
    client = Client(server.port, first_ca)
    try:
        until(lambda: answers(client))
        client.start()
        for n, words in enumerate(([], ["--new-ca"], []), 1):
            until(lambda: len(client.seen) == n)
            bench.renew(*words)
            bench.unpack()
            server.process.send_signal(signal.SIGHUP)
            until(lambda: len(client.seen) == n + 1)
        newest = Client(server.port, bench.file("new.crt", bench.part(AUTHORITY, "tls.crt")))
        assert newest.ask()
        with pytest.raises(ssl.SSLError):
            Client(server.port, bench.file("none.crt", bench.part(LEAF, "tls.crt").split(b"-----END")[0]
                                           + b"-----END CERTIFICATE-----\n")).ask()
    finally:
        client.stop.set()
        if client.ident:
            client.join()
        server.end()
    assert not client.failed and client.asked > 10, client.failed[:3]


def test_our_own_client_verifies(bench):
    bench.begin()
    ca = bench.unpack()
    bench.file("vault.yaml", b"kv: {secret: {version: 2}}\n")
    os.makedirs(os.path.join(bench.folder, "other"))
    other = Bench(os.path.join(bench.folder, "other"))
    other.begin()
    server = Server(bench)
    words = ("configure", "--vault-addr", f"https://127.0.0.1:{server.port}", "-f", os.path.join(bench.folder, "vault.yaml"))
    try:
        until(lambda: answers(Client(server.port, ca)))
        bench.run(*words, want=1, env={"VAULT_TOKEN": "x", "VAULT_CACERT": other.unpack()})
        assert "is not accepted" in bench.said
        bench.said = ""
        bench.run(*words, want=1, env={"VAULT_TOKEN": "x", "VAULT_CACERT": ca})
        assert "not initialised" in bench.said or "sealed" in bench.said, bench.said
    finally:
        server.end()
        other.kube.close()
