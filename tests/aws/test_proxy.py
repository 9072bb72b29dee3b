"""`proxy` on a real Vault behind a small API server that lists two pods and forwards their ports over WebSocket."""
import base64
import hashlib
import http.server
import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time
import urllib.request

import pytest

from realvault import BINARY, NEEDS_BOTH, PLUGIN, Server
from test_configure import KUBECONFIG

pytestmark = NEEDS_BOTH
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class PortForward:
    """Pods "vault-0" and "vault-1", of which `active` is; a pod in `gone` is not there. Each port is Vault's."""

    def __init__(self, port):
        self.port, self.active, self.gone, self.opened, self.listed = port, "vault-0", set(), [], 0
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                parts = self.path.split("?")[0].split("/")
                if parts[-1] == "portforward" and parts[-2] not in api.gone:
                    api.opened.append(parts[-2])
                    self.close_connection = True
                    api.forward(self)
                elif parts[-1] == "portforward":
                    self.answer(404, {"kind": "Status", "code": 404, "reason": "NotFound", "message": "no such pod"})
                else:
                    api.listed += 1
                    self.answer(200, api.pods())

            def answer(self, status, value):
                text = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pods(self):
        return {"kind": "PodList", "apiVersion": "v1", "items": [
            {"metadata": {"name": name, "namespace": "vault", "uid": name,
                          "labels": {"vault-active": str(name == self.active).lower()}},
             "spec": {"containers": [{"name": "vault", "env": [{"name": "VAULT_ADDR", "value": "http://127.0.0.1:8200"}]}]},
             "status": {"phase": "Running"}} for name in ("vault-0", "vault-1") if name not in self.gone]}

    def forward(self, h):
        """Bytes between a WebSocket (channel 0) and Vault's port, until either ends."""
        accept = base64.b64encode(hashlib.sha1(h.headers["Sec-WebSocket-Key"].encode() + GUID).digest()).decode()
        h.wfile.write(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                      f"{accept}\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n".encode())
        for channel in (0, 1):
            self.frame(h.wfile, 2, bytes([channel]) + struct.pack("<H", 8200))
        with socket.create_connection(("127.0.0.1", self.port)) as pod:
            threading.Thread(target=self.up, args=(h.rfile, pod), daemon=True).start()
            try:
                while data := pod.recv(30000):
                    self.frame(h.wfile, 2, b"\0" + data)
                self.frame(h.wfile, 8, b"\x03\xe8")
            except OSError:
                pass

    @staticmethod
    def frame(out, op, payload):
        n = len(payload)
        out.write(bytes([0x80 | op]) + (bytes([n]) if n < 126 else b"\x7e" + struct.pack(">H", n)) + payload)

    @staticmethod
    def up(rfile, pod):
        try:
            while len(head := rfile.read(2)) == 2:
                n = head[1] & 0x7f
                if n > 125:
                    n = int.from_bytes(rfile.read(2 if n == 126 else 8), "big")
                mask, payload = rfile.read(4), rfile.read(n)
                if head[0] & 15 == 8:
                    break
                pod.sendall((bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))[1:])
            pod.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Place:
    def __init__(self, state):
        self.state = state
        self.vault = Server(state)
        self.api = PortForward(int(self.vault.env["VAULT_ADDR"].rsplit(":", 1)[1]))
        with open(os.path.join(state, "kubeconfig"), "w", encoding="utf-8") as f:
            f.write(KUBECONFIG % self.api.url)

    def env(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": self.state, "KUBECONFIG": os.path.join(self.state, "kubeconfig"),
                "VAULT_ADDR": "http://vault.elsewhere:8200", "VAULT_AGENT_ADDR": "http://127.0.0.1:1"} | more

    def run(self, *words, **more):
        return subprocess.run([PLUGIN, "proxy", "--", *words], env=self.env(**more), capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, check=False)

    def stay(self, *words):
        """One that stays, once its port is known; and its address. It hears SIGINT, whoever started these tests."""
        process = subprocess.Popen([PLUGIN, "proxy", "-o", "json", *words], env=self.env(), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                                   preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        text = ""
        while not text.strip().endswith("}"):
            line = process.stdout.readline()
            assert line, process.stderr.read()
            text += line
        return process, json.loads(text)["VAULT_ADDR"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = Place(str(tmp_path_factory.mktemp("proxy") / "vault"))
    yield made
    made.api.close()
    made.vault.stop()


def get(address, path="/v1/sys/seal-status"):
    with urllib.request.urlopen(address + path, timeout=60) as reply:
        return json.loads(reply.read())


def test_a_program_asks_vault_through_it(place):
    ran = place.run(BINARY, "status", "-format=json")
    assert json.loads(ran.stdout)["type"] == "awskms", ran.stdout + ran.stderr
    assert ran.returncode in (0, 2)
    assert "connections go to the pod 'vault-0'" in ran.stderr


def test_its_exit_code_and_its_environment(place):
    assert place.run("sh", "-c", "exit 7").returncode == 7
    env = place.run("env").stdout
    assert "VAULT_ADDR=http://127.0.0.1:" in env and "elsewhere" not in env and "VAULT_AGENT_ADDR" not in env
    assert "VAULT_TOKEN" not in env and "VAULT_CACERT" not in env
    absent = place.run("no-such-program")
    assert absent.returncode == 1 and "no-such-program" in absent.stderr


def test_many_connections_at_once_and_a_signal_ends_it(place):
    process, address = place.stay()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(get(address)["type"])) for _ in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert answers == ["awskms"] * 20
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130, process.stderr.read()
    with pytest.raises(OSError):
        get(address)


def test_a_client_that_has_said_all_hears_the_answer(place):
    process, address = place.stay()
    with socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1])), timeout=60) as c:
        c.sendall(b"GET /v1/sys/seal-status HTTP/1.1\r\nHost: x\r\n\r\n")
        c.shutdown(socket.SHUT_WR)
        said = b""
        while chunk := c.recv(4096):
            said += chunk
    assert said.startswith(b"HTTP/1.1 200") and b"awskms" in said
    process.terminate()
    assert process.wait(30) == 143


def test_after_a_change_of_the_leader_it_goes_to_the_new_one(place):
    process, address = place.stay()
    assert get(address)["type"] == "awskms"
    place.api.active, place.api.gone = "vault-1", {"vault-0"}
    before = len(place.api.opened)
    try:
        assert get(address)["type"] == "awskms"
        assert place.api.opened[before:] == ["vault-1"]
        place.api.gone = {"vault-0", "vault-1"}           # nobody is there for a while
        late = []
        t = threading.Thread(target=lambda: late.append(get(address)["type"]))
        t.start()
        listed = place.api.listed
        deadline = time.monotonic() + 60
        while place.api.listed < listed + 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        place.api.active, place.api.gone = "vault-0", set()
        t.join(60)
        assert late == ["awskms"]
    finally:
        place.api.active, place.api.gone = "vault-0", set()
        process.terminate()
    assert process.wait(30) == 143
    said = process.stderr.read()
    assert "pod 'vault-1'" in said and "no pod of the release" in said, said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_is_turned_away(place):
    process, address = place.stay()
    ran = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-s", "-m", "30", address],
                         capture_output=True, check=False)
    assert ran.returncode != 0 and not ran.stdout
    assert get(address)["type"] == "awskms"
    process.terminate()
    assert process.wait(30) == 143


def test_a_port_that_is_taken_is_told(place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = subprocess.run([PLUGIN, "proxy", "--port", str(port)], env=place.env(), capture_output=True, text=True, timeout=60,
                             stdin=subprocess.DEVNULL, check=False)
    assert ran.returncode == 1 and f"listening on port {port}" in ran.stderr
