"""An API server that forwards ports of pods over WebSocket, as Kubernetes does: one behaviour a pod's name.

In the pod stands the server of servers.py, plain on any port and with TLS on 8443. Counted, for GET /hits/...:

    pods/POD            upgrades asked for
    pods/POD/open       and opened
    pods/POD/pong       pongs that came
    pods/POD/CODE       closes that came with this code
"""
import base64
import hashlib
import json
import socket
import struct
import threading
import urllib.parse

import servers

DATA, ERROR = 0, 1
REFUSED = ("error forwarding port {0} to pod 5be1, uid : failed to execute portforward in network namespace "
           "\"/run/netns/cni-1\": failed to connect to localhost:{0} inside namespace: dial tcp4 127.0.0.1:{0}: "
           "connect: connection refused")
BROKEN = "error forwarding port {0} to pod 5be1, uid : read tcp4 127.0.0.1:{0}: connection reset by peer"


class WebSocket:
    """The server's side of one, after the upgrade."""

    def __init__(self, c, pod, port):
        self.c, self.pod, self.port = c, pod, port
        self.lock = threading.Lock()

    def count(self, what):
        servers.HITS[f"/pods/{self.pod}/{what}"] += 1

    def frame(self, op, payload, fin=True, head=None):
        n = len(payload)
        size = bytes([n]) if n < 126 else b"\x7e" + struct.pack(">H", n) if n < 65536 else b"\x7f" + struct.pack(">Q", n)
        with self.lock:
            self.c.sock.sendall((head or bytes([fin << 7 | op]) + size) + payload)

    def channel(self, number, data):
        self.frame(2, bytes([number]) + data)

    def hello(self):
        for channel in (DATA, ERROR):
            self.channel(channel, struct.pack("<H", self.port))

    def close(self, code=1000):
        self.frame(8, struct.pack(">H", code))

    def read(self):
        """One frame of the client: opcode and payload."""
        first, second = self.c.exactly(2)
        if not second & 0x80:
            raise AssertionError("the client's frame is not masked")
        n = second & 0x7f
        if n > 125:
            n = int.from_bytes(self.c.exactly(2 if n == 126 else 8), "big")
        mask, payload = self.c.exactly(4), self.c.exactly(n)
        return first & 15, bytes(b ^ mask[i % 4] for i, b in enumerate(payload))

    def data(self):
        """The next piece of the client's stream; b"" when it has closed."""
        while True:
            op, payload = self.read()
            if op == 8:
                self.count(int.from_bytes(payload[:2], "big"))
                return b""
            if op == 10:
                self.count("pong")
            elif payload[:1] != bytes([DATA]):
                raise AssertionError("the client speaks on another channel than 0")
            else:
                return payload[1:]

    def settle(self):
        """Until the client has closed."""
        while self.data():
            pass


def into_pod(folder, port):
    """The other end of a connection to the server in the pod."""
    near, far = socket.socketpair()
    context = servers.tls_context(folder, "good") if port == 8443 else None
    threading.Thread(target=servers.one, args=(far, context, servers.serve), daemon=True).start()
    return near


def up(ws, pod):
    while data := ws.data():
        pod.sendall(data)
    pod.shutdown(socket.SHUT_RDWR)


def good(ws, folder, send=None):
    ws.hello()
    with into_pod(folder, ws.port) as pod:
        threading.Thread(target=servers.quietly, args=(up, ws, pod), daemon=True).start()
        while data := pod.recv(32768):
            (send or ws.channel)(DATA, data)
        ws.close()


def drip(ws, folder):
    """In parts of two bytes, empty ones and pings between them."""
    def send(channel, data):
        data = bytes([channel]) + data
        for at in range(0, len(data), 2):
            ws.frame(0 if at else 2, data[at:at + 2], fin=False)
            ws.frame(9, b"still there?")
        ws.frame(0, b"")
    good(ws, folder, send)


def refused(ws, folder):
    ws.hello()
    ws.channel(ERROR, REFUSED.format(ws.port).encode())
    ws.close()
    ws.settle()


def gone(ws, folder):
    """As refused, but that is said late: what came meanwhile a real node's runtime writes into its log."""
    ws.hello()
    if b"secret" in (ws.data() or b""):
        ws.count("logged")
    ws.channel(ERROR, REFUSED.format(ws.port).encode())
    ws.close()
    ws.settle()


def talks(ws, folder):
    """Answers a greeting with more than that."""
    ws.hello()
    ws.data()
    ws.channel(DATA, b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nok")
    if b"secret" in (ws.data() or b""):
        ws.count("logged")
    ws.settle()


def dies(ws, folder):
    ws.hello()
    ws.data()
    ws.channel(DATA, b"HTTP/1.1 200 x\r\nContent-Length: 100\r\n\r\nten bytes.")
    ws.channel(ERROR, BROKEN.format(ws.port).encode())
    ws.close()
    ws.settle()


def crashes(ws, folder):
    """As dies, before the first byte of the reply."""
    ws.hello()
    ws.data()
    ws.channel(ERROR, BROKEN.format(ws.port).encode())
    ws.close()
    ws.settle()


def tires(ws, folder):
    """One good reply; the way breaks when the next request, which ends in {}, is whole."""
    ws.hello()
    ws.data()
    ws.channel(DATA, b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nok")
    while not (ws.data() or b"{}").endswith(b"{}"):
        pass
    ws.channel(ERROR, BROKEN.format(ws.port).encode())
    ws.close()
    ws.settle()


def ends(ws, folder):
    ws.hello()
    ws.data()
    ws.close()
    ws.settle()


def vanishes(ws, folder):
    ws.hello()
    ws.data()
    ws.channel(DATA, b"HTTP/1.1 200 x\r\nContent-Length: 100\r\n\r\nten bytes.")
    ws.c.reset()


def masked(ws, folder):
    ws.frame(2, b"\0\0\0\0\0\0\0", head=b"\x82\x83")
    ws.settle()


def too_long(ws, folder):
    ws.hello()
    ws.frame(2, b"", head=b"\x82\x7f" + struct.pack(">Q", 1 << 40))
    ws.settle()


def other_port(ws, folder):
    ws.port += 1
    ws.hello()
    ws.settle()


def strange_channel(ws, folder):
    ws.hello()
    ws.channel(7, b"x")
    ws.settle()


PODS = {"good": good, "drip": drip, "refused": refused, "gone": gone, "talks": talks, "dies": dies, "crashes": crashes, "tires": tires, "ends": ends,
        "vanishes": vanishes, "masked": masked, "too-long": too_long, "other-port": other_port,
        "strange-channel": strange_channel}
STATUSES = {"absent": (404, "NotFound", 'pods "absent" not found'),
            "forbidden": (403, "Forbidden", 'pods "forbidden" is forbidden: User "u" cannot create resource "pods/portforward"'),
            "unauthorized": (401, "Unauthorized", "Unauthorized"),
            "unready": (503, "ServiceUnavailable", "apiserver is shutting down"),
            "broken": (500, "InternalError", "error dialing backend: dial tcp 10.0.0.1:10250: i/o timeout")}


def upgrade(c, headers, accept=None, protocol="v4.channel.k8s.io"):
    if headers.get("upgrade") != "websocket" or headers.get("sec-websocket-version") != "13":
        raise AssertionError("no upgrade to a WebSocket")
    if "application/json" in headers.get("accept", ""):
        return c.reply(406, b"406: Not Acceptable")
    digest = hashlib.sha1((headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Accept: {accept or base64.b64encode(digest).decode()}"]
    lines += [f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []
    return c.sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")


def status(c, code, reason, message):
    body = json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason,
                       "message": message}).encode()
    c.reply(code, body, ["Content-Type: application/json"])


def serve(folder, c, url, headers):
    pod = url.path.split("/")[6]
    port = int(urllib.parse.parse_qs(url.query)["ports"][0])
    servers.HITS[f"/pods/{pod}"] += 1
    servers.HITS[f"/token/{headers.get('authorization', 'none').rsplit(' ', 1)[-1]}"] += 1
    if "x-vault-token" in headers:
        raise AssertionError("the API server sees Vault's token")
    if pod in STATUSES:
        status(c, *STATUSES[pod])
    elif pod == "silent":
        c.hold()
    elif pod == "hangs-up":
        return
    elif pod == "wrong-accept":
        upgrade(c, headers, accept="AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        c.hold()
    elif pod == "no-protocol":
        upgrade(c, headers, protocol=None)
        c.hold()
    else:
        if headers.get("sec-websocket-protocol") != "v4.channel.k8s.io":
            raise AssertionError("the protocol of port-forward is not asked for")
        upgrade(c, headers)
        ws = WebSocket(c, pod, port)
        ws.count("open")
        PODS[pod](ws, folder)
