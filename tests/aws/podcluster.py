"""A Kubernetes API in memory over real Vault processes: a StatefulSet of one pod, whose scale starts and ends a server.

What `init` asks of a cluster: the pod, its configuration and account, TokenRequest (signed, for an AWS front that verifies),
the StatefulSet with its annotations and scale, the pod's port by proxy and by port-forward over WebSocket.
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
import threading
import time

import vault_account
from harness import ACCOUNT, REGION, Front, allow, document, root
from realvault import TOOLS
from test_sts import AUDIENCE, ISSUER, PROVIDER, SITE, SUBJECT, Issuer

BASE = "/api/v1/namespaces/vault"
SET = "/apis/apps/v1/namespaces/vault/statefulsets/vault"
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONFIG = """
storage "dynamodb" {{
  ha_enabled = "true"
  region = "{region}"
  table = "{table}"
}}
seal "awskms" {{
  region = "{region}"
  kms_key_id = "{key}"
}}
"""


class Stream:
    """The server's side of a port-forward: a WebSocket of one TCP connection."""

    def __init__(self, handler):
        self.sock, self.read = handler.connection, handler.rfile.read

    def frame(self, op, payload):
        n = len(payload)
        size = bytes([n]) if n < 126 else b"\x7e" + struct.pack(">H", n)
        self.sock.sendall(bytes([0x80 | op]) + size + payload)

    def data(self):
        """The next piece of the client's stream; b"" when it has closed."""
        while len(head := self.read(2)) == 2:
            n = head[1] & 0x7f
            if n > 125:
                n = int.from_bytes(self.read(2 if n == 126 else 8), "big")
            mask, masked = self.read(4), self.read(n)
            payload = bytes(b ^ mask[i % 4] for i, b in enumerate(masked))
            if head[0] & 15 == 8:
                break
            if head[0] & 15 == 2:
                return payload[1:]
        return b""


class Cluster:
    """A front, an account of AWS, and the pod. cut: how often the way to the pod breaks where sys/init has answered."""

    def __init__(self, state, binary, without=()):
        self.state, self.binary, self.cut, self.writes = state, binary, 0, []
        self.front, self.issuer = Front(os.path.join(state, "front")), Issuer()
        self.account = vault_account.provision(self.front, without)
        self._trust()
        self.replicas, self.annotations, self.vault, self.born = 1, {}, None, 0
        self.lock, self.on_gone = threading.RLock(), lambda: None
        self._serve()
        self.start()

    def _trust(self):
        self.front.control("POST", "register-cluster", {"name": "prod", "issuer": ISSUER, "endpoint": "https://e.example",
                                                        "ca": "eA==", "jwks_url": self.issuer.url})
        iam = self.front.client("iam")
        iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=[AUDIENCE])
        equals = {SITE + ":sub": SUBJECT, SITE + ":aud": AUDIENCE}
        iam.update_assume_role_policy(RoleName="vault-role", PolicyDocument=document(
            allow("sts:AssumeRole", principal={"AWS": root()}),
            allow("sts:AssumeRoleWithWebIdentity", principal={"Federated": PROVIDER}, Condition={"StringEquals": equals})))

    def start(self):
        self.vault = TOOLS.Vault(self.binary, self.front, self.account, self.state)
        self.born += 1
        self.vault.wait()

    def restart(self):
        """The pod dies and comes back, as after a kill of its process."""
        with self.lock:
            self.vault.process.kill()
            self.vault.stop()
            self.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.issuer.close()
        if self.vault:
            self.vault.stop()
        self.front.stop()

    def scale(self, replicas):
        with self.lock:
            self.writes.append(f"scale {replicas}")
            self.replicas = replicas
            if not replicas and self.vault:
                self.vault.stop()
                self.vault = None
                self.on_gone()
            elif replicas and not self.vault:
                self.start()

    def ask(self, method, path, value=None, token=None):
        """Status and JSON of Vault's reply."""
        c = http.client.HTTPConnection("127.0.0.1", self.vault.port, timeout=60)
        c.request(method, path, None if value is None else json.dumps(value), {"X-Vault-Token": token} if token else {})
        got = c.getresponse()
        body = got.read()
        c.close()
        return got.status, json.loads(body or b"null")

    # ---- objects ----

    def pods(self):
        if not self.vault:
            return {"items": []}
        env = [{"name": "VAULT_ADDR", "value": "http://127.0.0.1:8200"}]
        return {"items": [{
            "metadata": {"name": "vault-0", "namespace": "vault", "uid": f"uid-{self.born}",
                         "labels": {"app.kubernetes.io/instance": "vault", "component": "server"}},
            "spec": {"serviceAccountName": "vault", "containers": [{"name": "vault", "env": env}]},
            "status": {"phase": "Running"}}]}

    def stateful_set(self):
        return {"metadata": {"name": "vault", "namespace": "vault", "annotations": self.annotations},
                "spec": {"replicas": self.replicas}}

    def answer(self, method, path, body):
        """Status and object of the reply."""
        account = {"metadata": {"name": "vault", "namespace": "vault",
                                "annotations": {"eks.amazonaws.com/role-arn": self.account["role"]}}}
        config = CONFIG.format(region=REGION, table=self.account["table"], key=self.account["key"])
        if method == "PUT" and path == SET + "/scale":
            self.scale(json.loads(body)["spec"]["replicas"])
            return 200, {"kind": "Scale"}
        if method == "PATCH" and path == SET:
            self.annotations = json.loads(body)["metadata"].get("annotations", {})
            self.writes.append(f"annotations {self.annotations}")
            return 200, self.stateful_set()
        if method == "POST" and path == BASE + "/serviceaccounts/vault/token":
            return 201, {"status": {"token": self.issuer.token(), "expirationTimestamp": "2099-01-01T00:00:00Z"}}
        known = {BASE + "/pods": self.pods(), BASE + "/serviceaccounts/vault": account, SET: self.stateful_set(),
                 BASE + "/configmaps/vault-config": {"data": {"extraconfig-from-values.hcl": config}},
                 "/apis/discovery.k8s.io/v1/namespaces/vault/endpointslices":
                     {"items": [{"endpoints": [{"addresses": ["10.0.0.1"]}]}]}}
        if method == "GET" and path in known:
            return 200, known[path]
        return 404, {"kind": "Status", "reason": "NotFound", "message": path + " not found", "code": 404}

    # ---- the wire ----

    def _serve(self):
        cluster = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self):
                path = self.path.split("?")[0]
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if path.endswith("/portforward"):
                    cluster.forward(self)
                elif m := re.match(BASE + r"/pods/vault-0:8200/proxy(/.*)", path):
                    cluster.proxy(self, m.group(1))
                else:
                    with cluster.lock:
                        status, value = cluster.answer(self.command, path, body)
                    self.say(status, json.dumps(value).encode())

            def say(self, status, text):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_PATCH = _any

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()

    def proxy(self, handler, path):
        try:
            c = http.client.HTTPConnection("127.0.0.1", self.vault.port, timeout=60)
            c.request("GET", path)
            got = c.getresponse()
            handler.say(got.status, got.read())
        except (OSError, AttributeError):
            handler.say(503, b'{"kind":"Status","reason":"ServiceUnavailable","message":"error trying to reach the pod"}')

    def forward(self, handler):
        assert handler.headers["Sec-WebSocket-Protocol"] == "v4.channel.k8s.io"
        key = hashlib.sha1((handler.headers["Sec-WebSocket-Key"] + GUID).encode()).digest()
        handler.close_connection = True
        if not self.vault:
            handler.say(404, b'{"kind":"Status","reason":"NotFound","message":"pods \\"vault-0\\" not found","code":404}')
            return
        handler.send_response(101)
        for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade"),
                            ("Sec-WebSocket-Accept", base64.b64encode(key).decode()),
                            ("Sec-WebSocket-Protocol", "v4.channel.k8s.io")):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.flush()
        self._pump(Stream(handler), socket.create_connection(("127.0.0.1", self.vault.port)))

    def _pump(self, stream, pod):
        for channel in (0, 1):
            stream.frame(2, bytes([channel]) + struct.pack("<H", 8200))
        asked = []

        def down():
            try:
                while got := pod.recv(16384):
                    if self.cut and any(b"PUT /v1/sys/init" in a for a in asked):
                        self.cut -= 1
                        break
                    stream.frame(2, b"\0" + got)
                stream.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

        threading.Thread(target=down, daemon=True).start()
        try:
            while got := stream.data():
                asked.append(got)
                pod.sendall(got)
        except OSError:
            pass
        pod.close()


def items(front):
    """What the table holds, by name."""
    got = front.client("dynamodb").scan(TableName=vault_account.TABLE, ConsistentRead=True)["Items"]
    return sorted(i["Key"]["S"] if i["Path"]["S"] == " " else f"{i['Path']['S']}/{i['Key']['S']}" for i in got)


def note(front):
    """The tag of an init that has begun, or None."""
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{vault_account.TABLE}"
    tags = front.client("dynamodb").list_tags_of_resource(ResourceArn=arn)["Tags"]
    return next((t["Value"] for t in tags if t["Key"] == "helm-vault-aws/init"), None)


def age_note(front, seconds):
    """As if that much time had passed since it was made."""
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{vault_account.TABLE}"
    stage, _, run = note(front).split(" ")
    then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))
    front.client("dynamodb").tag_resource(ResourceArn=arn, Tags=[{"Key": "helm-vault-aws/init",
                                                                  "Value": f"{stage} {then} {run}"}])
