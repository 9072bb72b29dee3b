"""A Helm release of real Vault servers without Kubernetes: processes for pods, and as much of an API server as moves them.

A pod that is deleted comes back as a new process with the configuration that `helm upgrade` left; its ports are forwarded
over WebSocket. `helm` is a script that keeps the release's values in a file, and writes down the words and the environment
that it is given.
"""
import base64
import hashlib
import http.client
import http.server
import json
import os
import re
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import urllib.parse

from harness import REGION
from vault_account import TABLE

SERVER = """
disable_mlock = true
ui = false
api_addr = "http://127.0.0.1:{port}"
cluster_addr = "https://127.0.0.1:{cluster}"
listener "tcp" {{
	address = "127.0.0.1:{port}"
	cluster_address = "127.0.0.1:{cluster}"
	tls_disable = true
}}
"""
STORAGE = f"""storage "dynamodb" {{
	ha_enabled = "true"
	region = "{REGION}"
	table = "{TABLE}"
}}
"""
HELM = """\
#!{python}
import json, os, sys, yaml
path, words = {path!r}, sys.argv[1:]
with open(path + ".given", "a", encoding="utf-8") as f:
    f.write(json.dumps([words, dict(os.environ)]) + "\\n")
with open(path, encoding="utf-8") as f:
    values = json.load(f)
if words[:2] == ["get", "values"]:
    print(json.dumps(values))
elif words[0] == "upgrade":
    with open("/dev/fd/3", encoding="utf-8") as f:
        given = yaml.safe_load(f)["server"]
    values["server"]["ha"]["config"] = given["ha"]["config"]
    values["server"]["annotations"] = given["annotations"]
    values["server"]["extraEnvironmentVars"] |= given.get("extraEnvironmentVars", {{}})
    values["revision"] += 1
    with open(path, "w", encoding="utf-8") as f:
        json.dump(values, f)
else:
    sys.exit("Error: unknown command")
"""
POD = re.compile(r"^/api/v1/namespaces/vault/pods/(vault-\d)(?::8200)?(/proxy(/.*)|/portforward)?$")


class Server:
    """One pod: a Vault process, started with what the values say then."""

    def __init__(self, release, name, ports):
        self.release, self.name, self.uids = release, name, 0
        self.port, self.cluster = ports
        self.process = None
        self.folder = os.path.join(release.state, name)
        os.makedirs(self.folder)

    def start(self):
        server = self.release.values()["server"]
        self.uids += 1
        self.mark = server["annotations"]
        path = os.path.join(self.folder, "vault.hcl")
        with open(path, "w", encoding="utf-8") as f:
            f.write(SERVER.format(port=self.port, cluster=self.cluster) + server["ha"]["config"])
        with open(os.path.join(self.folder, "vault.log"), "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([self.release.binary, "server", "-config", path], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT, env=self.release.environment | server["extraEnvironmentVars"])

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()

    def ask(self, method, path, value=None, token=None):
        """Status and JSON of the reply."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            c.request(method, path, None if value is None else json.dumps(value), {"X-Vault-Token": token} if token else {})
            reply = c.getresponse()
            return reply.status, json.loads(reply.read() or b"null")
        finally:
            c.close()

    def object(self):
        return {"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Running"}, "spec": {"serviceAccountName": "vault"},
                "metadata": {"name": self.name, "namespace": "vault", "uid": f"{self.name}-{self.uids}",
                             "annotations": self.mark}}


class Release:
    """binary: Vault. environment: of the servers. token: gives a token of the service account. role: its ARN."""

    def __init__(self, state, binary, environment, ports, seal, role, token):
        self.state, self.binary, self.environment = state, binary, environment
        self.role, self.token = role, token
        self.deleted, self.forwarded = [], []
        self.lock = threading.Lock()
        self._write_values(seal)
        self.servers = {f"vault-{i}": Server(self, f"vault-{i}", ports[2 * i:2 * i + 2]) for i in range(len(ports) // 2)}
        for server in self.servers.values():
            server.start()
        self._serve()

    def _write_values(self, seal):
        self.path = os.path.join(self.state, "values.json")
        with open(self.path, "w", encoding="utf-8") as f:
            json.dump({"revision": 1, "server": {"annotations": {}, "extraEnvironmentVars": {}, "ha": {"config": STORAGE + seal}}}, f)
        self.helm = os.path.join(self.state, "helm")
        with open(self.helm, "w", encoding="utf-8") as f:
            f.write(textwrap.dedent(HELM).format(python=sys.executable, path=self.path))
        os.chmod(self.helm, 0o755)

    def values(self):
        with open(self.path, encoding="utf-8") as f:
            return json.load(f)

    def given(self):
        """Command lines and environments of helm so far."""
        with open(self.path + ".given", encoding="utf-8") as f:
            return f.read()

    def _serve(self):
        release = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                url = urllib.parse.urlsplit(self.path)
                m = POD.match(url.path)
                if m and m.group(2) == "/portforward":
                    release.forward(self, release.servers[m.group(1)])
                    return
                status, value = release.answer(self.command, url.path, body)
                text = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_DELETE = do_PATCH = _answer

            def log_message(self, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=[0.02], daemon=True).start()

    def answer(self, method, path, body):
        m = POD.match(path)
        if m:
            return self._answer_pod(self.servers[m.group(1)], method, m.group(3), body)
        if path.endswith("/pods"):
            return 200, {"kind": "PodList", "apiVersion": "v1", "items": [s.object() for s in self.servers.values()]}
        if path.endswith("/configmaps/vault-config"):
            config = "disable_mlock = true\n" + self.values()["server"]["ha"]["config"]
            return 200, {"data": {"extraconfig-from-values.hcl": config}}
        if path.endswith("/statefulsets/vault"):
            server = self.values()["server"]
            meta = {"annotations": server["annotations"], "labels": {"helm.sh/chart": "vault-0.34.1"}}
            env = [{"name": name, "value": value} for name, value in server["extraEnvironmentVars"].items()]
            return 200, {"spec": {"replicas": len(self.servers), "updateStrategy": {"type": "OnDelete"},
                                  "template": {"metadata": meta, "spec": {"containers": [{"name": "vault", "env": env}]}}}}
        if path.endswith("/serviceaccounts/vault/token"):
            return 201, {"status": {"token": self.token()}}
        if path.endswith("/serviceaccounts/vault"):
            return 200, {"metadata": {"name": "vault", "namespace": "vault",
                                      "annotations": {"eks.amazonaws.com/role-arn": self.role}}}
        return 404, {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}

    def _answer_pod(self, server, method, proxied, body):
        if proxied:
            try:
                status, value = server.ask("GET", proxied)
                return status, value
            except (OSError, http.client.HTTPException):
                return 502, b"error trying to reach service: connection refused"
        with self.lock:
            if method == "DELETE" and json.loads(body)["preconditions"]["uid"] == server.object()["metadata"]["uid"]:
                self.deleted.append(server.name)
                server.stop()
                server.start()
        return 200, server.object()

    def forward(self, handler, server):
        """v4.channel.k8s.io: each message begins with its channel, the first two name the port."""
        self.forwarded.append(server.name)
        key = handler.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        handler.wfile.write((f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n").encode())
        handler.close_connection = True
        for channel in (0, 1):
            send(handler.wfile, 2, bytes([channel]) + struct.pack("<H", 8200))
        with socket.create_connection(("127.0.0.1", server.port)) as pod:
            threading.Thread(target=pump, args=(handler.rfile, pod), daemon=True).start()
            try:
                while data := pod.recv(32768):
                    send(handler.wfile, 2, b"\0" + data)
                send(handler.wfile, 8, struct.pack(">H", 1000))
            except OSError:
                pass

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        for server in self.servers.values():
            server.stop()


def send(out, op, payload):
    """One frame of the server's side."""
    n = len(payload)
    size = bytes([n]) if n < 126 else b"\x7e" + struct.pack(">H", n) if n < 65536 else b"\x7f" + struct.pack(">Q", n)
    out.write(bytes([0x80 | op]) + size + payload)
    out.flush()


def pump(frames, pod):
    """The client's frames, unmasked, into the server, until one side closes."""
    try:
        while head := frames.read(2):
            n = head[1] & 0x7f
            if n > 125:
                n = int.from_bytes(frames.read(2 if n == 126 else 8), "big")
            mask, payload = frames.read(4), frames.read(n)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
            if head[0] & 15 == 8:
                break
            if head[0] & 15 == 2:
                pod.sendall(data[1:])
        pod.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
