"""Servers that misbehave on purpose: one behaviour a path, on plain and TLS ports, and a proxy.

    plain                    HTTP
    tls                      HTTPS with a certificate for localhost
    other_name, expired, unknown   HTTPS with a certificate that must not be accepted
    client                   HTTPS that wants a client certificate
    proxy                    leads CONNECT to the tls port, whatever host is asked for, and answers
                             plain requests itself
    no_proxy                 refuses CONNECT with 403
    closed                   bound, and nobody listens
    api                      HTTPS that runs commands in pods and forwards their ports, over WebSocket: exec.py

GET /hits/PATH says how many requests for /PATH have come so far.
"""
import collections
import os
import socket
import ssl
import struct
import threading

import exec as api

HITS = collections.Counter()


class Gone(Exception):
    """The other side has closed the connection."""


class Connection:
    """One connection: requests are read whole and answered by the row of their path."""

    def __init__(self, sock):
        self.sock = sock
        self.rest = b""
        self.doomed = False

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        self.rest += data

    def until(self, mark):
        while mark not in self.rest:
            self.more()
        head, self.rest = self.rest.split(mark, 1)
        return head

    def exactly(self, n):
        while len(self.rest) < n:
            self.more()
        body, self.rest = self.rest[:n], self.rest[n:]
        return body

    def request(self):
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        return method, target, headers, self.exactly(int(headers.get("content-length", 0)))

    def reply(self, status, body=b"", head=()):
        lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", *head]
        self.sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def pour(self, piece):
        """Sends piece for ever: ends when the other side closes."""
        while True:
            self.sock.sendall(piece)

    def hold(self):
        """Says nothing until the other side closes."""
        while True:
            self.more()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone


def ok(c, rq):
    c.reply(200, b"ok")


def echo(c, rq):
    method, target, headers, body = rq
    lines = [f"{method} {target}"] + [f"{k}: {v}" for k, v in sorted(headers.items())]
    c.reply(200, "\n".join(lines).encode() + b"\n\n" + body)


def size(c, rq):
    c.reply(200, str(len(rq[3])).encode())


def hits(c, rq):
    c.reply(200, str(HITS["/" + rq[1].split("/", 2)[2]]).encode())


def status(c, rq):
    c.reply(int(rq[1].rsplit("/", 1)[1]), b"as asked")


def head_only(c, rq):
    c.sock.sendall(b"HTTP/1.1 200 x\r\nContent-Length: 1000\r\nX-Length: told\r\n\r\n")


def reset(c, rq):
    c.reset()


def close(c, rq):
    raise Gone


def doom(c, rq):
    """A good reply; but the next request on this connection gets none."""
    c.doomed = True
    c.reply(200, b"ok")


def partial(c, rq):
    c.sock.sendall(b"HTTP/1.1 200 x\r\nContent-Length: 100\r\n\r\nten bytes.")
    raise Gone


def slow(c, rq):
    c.hold()


def slow_body(c, rq):
    c.sock.sendall(b"HTTP/1.1 200 x\r\nContent-Length: 100\r\n\r\nten bytes.")
    c.hold()


def garbage(c, rq):
    c.sock.sendall(b"\x00\x01\x02 this is no HTTP\r\n\r\n")
    raise Gone


def huge(c, rq):
    c.sock.sendall(b"HTTP/1.1 200 x\r\nContent-Length: 1000000000000\r\n\r\n")
    c.pour(b"x" * 65536)


def endless_head(c, rq):
    c.sock.sendall(b"HTTP/1.1 200 x\r\n")
    c.pour(b"X-More: of the same\r\n" * 100)


def endless_interim(c, rq):
    c.pour(b"HTTP/1.1 103 x\r\nX-More: of the same\r\n\r\n" * 100)


def interim(c, rq):
    c.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n")
    c.reply(200, b"ok", ["X-Final: yes"])


def trailer(c, rq):
    c.sock.sendall(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\nDate: in the head\r\n\r\n"
                   b"2\r\nok\r\n0\r\nDate: behind the body\r\n\r\n")


def redirect(c, rq):
    c.reply(302, b"", ["Location: /ok"])


def ping(c, rq):
    c.reply(404, b"")      # as from a server that knows nothing of it


ROWS = {"ok": ok, "ping": ping, "echo": echo, "size": size, "hits": hits, "status": status, "reset": reset,
        "close": close, "doom": doom, "partial": partial, "slow": slow, "slow-body": slow_body,
        "garbage": garbage, "huge": huge, "endless-head": endless_head,
        "endless-interim": endless_interim, "interim": interim, "trailer": trailer,
        "redirect": redirect, "head-only": head_only}


def serve(sock):
    c = Connection(sock)
    while True:
        rq = c.request()
        path = rq[1].split("?", 1)[0]
        HITS[path] += 1
        if c.doomed:
            raise Gone
        if rq[:2] == ("OPTIONS", "*"):      # as Go's net/http
            c.reply(200)
            continue
        ROWS[path.split("/")[1]](c, rq)


def pump(source, sink):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
    except OSError:
        pass
    for sock in (source, sink):
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def proxy(to_port):
    def serve_proxy(sock):
        c = Connection(sock)
        method, target, _, _ = c.request()
        HITS[f"/proxy/{method}/{target}"] += 1
        if method != "CONNECT":
            c.reply(200, b"by the proxy")
            return
        if to_port is None:
            c.reply(403, b"no way")
            return
        with socket.create_connection(("127.0.0.1", to_port)) as onward:
            c.sock.sendall(b"HTTP/1.1 200 x\r\nX-Proxy: yes\r\n\r\n")
            back = threading.Thread(target=pump, args=(onward, sock), daemon=True)
            back.start()
            pump(sock, onward)
            back.join()
    return serve_proxy


def tls_context(folder, name, wants_client=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, f"{name}.pem"), os.path.join(folder, f"{name}.key"))
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(os.path.join(folder, "ca.pem"))
    return context


def quietly(work, *args):
    try:
        work(*args)
    except (Gone, OSError):
        pass  # what a misbehaving server's clients do


def one(sock, context, work):
    def in_tls(sock):
        with sock:
            if context:
                sock = context.wrap_socket(sock, server_side=True)
            with sock:
                work(sock)
    quietly(in_tls, sock)


def listen(work, context=None):
    """A listening socket on a port of its own; each connection is worked on in a thread."""
    server = socket.create_server(("127.0.0.1", 0), backlog=128)

    def accept():
        while True:
            sock, _ = server.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=one, args=(sock, context, work), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


CLOSED = []  # keeps the port bound


def start(folder):
    """All of them: name -> port."""
    ports = {"plain": listen(serve), "tls": listen(serve, tls_context(folder, "good"))}
    for name in ("other-name", "expired", "unknown"):
        ports[name.replace("-", "_")] = listen(serve, tls_context(folder, name))
    ports["client"] = listen(serve, tls_context(folder, "good", wants_client=True))
    ports["proxy"] = listen(proxy(ports["tls"]))
    ports["no_proxy"] = listen(proxy(None))
    ports["api"] = listen(api.server(folder), tls_context(folder, "good"))
    CLOSED.append(socket.socket())
    CLOSED[0].bind(("127.0.0.1", 0))
    ports["closed"] = CLOSED[0].getsockname()[1]
    return ports
